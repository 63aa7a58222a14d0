//! The daemon: sockets, files, certificates and settings around the use cases of `aliasd-service`.
//!
//! * [`commands`] is what the program can be told; [`node`] starts everything in order and ends it in order.
//! * [`config`] reads and validates the settings.
//! * [`admission`] says who finds room at a listener, `descriptors` how much room there is.
//! * [`tls`] accepts and opens connections that prove who is at the other end.
//! * `serve` puts the gRPC interface, which is `aliasd-api`, and the replica's own behind those connections.
//! * [`peers`] carries the members' messages: gRPC around the replica.
//! * [`observe`] tells about the node: logs, metrics, liveness, readiness.
//!
//! What a caller may do and what a call does is decided in `aliasd-service`, what an entry does in `aliasd-catalog`. No module
//! reads configuration on its own; what it needs is handed to it.

// `println!` and `eprintln!` panic when nobody reads any more.
#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable, clippy::print_stdout, clippy::print_stderr))]

pub mod admission;
pub mod commands;
pub mod config;
mod descriptors;
mod formation;
pub mod node;
pub mod observe;
pub mod peers;
mod replica;
mod serve;
pub mod tls;
