//! What a caller may do, and doing it: decisions on catalog types, without protobuf.

pub mod access;
pub(crate) mod fault;
pub use self::fault::{Fault, FaultCode};
