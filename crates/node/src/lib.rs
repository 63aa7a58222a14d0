//! The daemon: everything of aliasd that owns sockets, disks, clocks and dice.
//!
//! * [`commands`] is what the program can be told; [`node`] starts everything in order and ends it in order.
//! * [`config`] reads and validates the settings.
//! * [`tls`] accepts and opens connections that prove who is at the other end.
//! * [`replica`] is this member's copy of the replicated catalog.
//! * [`vault`] holds the keys; [`identity`] finds out who is calling.
//! * [`session`] decides what a caller may do and does it, on catalog types.
//! * [`api`] is the gRPC surface before it.
//! * [`observe`] tells about the node: logs, metrics, liveness, readiness.
//!
//! The rules of the catalog are not here: `aliasd-catalog` decides what an entry does, `aliasd-cypher` what a statement
//! means. No module reads configuration on its own; what it needs is handed to it.

pub mod api;
pub mod commands;
pub mod config;
pub mod identity;
pub mod node;
pub mod observe;
pub mod replica;
pub mod session;
pub mod tls;
pub mod vault;
