//! The edge between bytes and the catalog: generated protobuf and its conversions.
//!
//! * [`v1`] is the public gRPC surface; [`peer`] is what members say to each other. Both are generated from `proto/`.
//!   The clients and servers of their services, and failures as statuses, are there with the feature `grpc` alone, which
//!   is for the ends of a connection: node, SDK and tests.
//! * [`store`] is all that is on disk: the log, the catalog store, and the records of snapshots. It stands alone: no message
//!   and no code of the public surface, so that one can change without the other.
//! * [`value`] is values of the language; the surface and the store have messages of their own for them.
//! * [`route`], [`privilege`] and [`explanation`] belong to the surface, which also converts from `Notification` to
//!   [`v1::Notification`].
//! * [`failure`] is the error model of the surface: five classes by the caller's next move.
//!
//! This crate never decides anything: it does no I/O, keeps no state and knows no policy. Whatever
//! comes in is validated by the catalog's own constructors; whatever is damaged gives an error,
//! never a panic. Fields marked `debug_redact` in the `.proto` files are never printed, and wiped when a
//! message of [`v1`] is dropped; so take them out with `std::mem::take`.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

pub mod explanation;
pub mod failure;
mod outcome;
pub mod privilege;
pub mod route;
pub mod store;
pub mod value;

/// The generated modules, one per protobuf package.
// Generated code is documented from the .proto files, which have no place for oneof modules and stubs.
#[allow(missing_docs, unreachable_pub, clippy::all)]
#[allow(clippy::too_many_lines, clippy::needless_pass_by_value, clippy::semicolon_if_nothing_returned)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/modules.rs"));

    /// What a `Debug` shows in place of a secret.
    const REDACTED: std::fmt::Arguments<'static> = format_args!("******");

    include!(concat!(env!("OUT_DIR"), "/redacted.rs"));
}

pub use generated::aliasd::{peer, v1};

/// The encoded `FileDescriptorSet` of every `.proto` file and its imports, for server reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
