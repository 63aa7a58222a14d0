//! Breaking a cluster of real processes on purpose, under a load that means something, and judging what its clients saw.
//!
//! A run starts `aliasd` processes with TLS and RocksDB. Every connection goes through a proxy that can lose, delay, hold and
//! spoil it; every process has a shim between itself and its disk, its clock and its sockets. A plan that follows from a seed
//! says which faults begin when. Clients meanwhile write, resolve, watch and guard, all about the same few names, and record
//! what they asked and were answered. Afterwards everything is healed, the members have to agree and be ready, and the
//! history is judged by `aliasd-checkers`.
//!
//! The same seed gives the same plan and the same clients; how they meet in time is real, and so never the same twice.
//! Nothing here knows how the service works: it is met as its users meet it. tests/README.md says how to run it.

mod clients;
mod directories;
mod disk;
mod disks;
mod fault;
mod files;
mod links;
mod load;
mod machine;
mod members;
mod nemesis;
mod operator;
mod plan;
mod proxy;
mod record;
mod report;
mod rig;
mod roster;
mod run;
mod shim;
mod streams;
mod verdict;
mod world;

pub use report::Report;
pub use run::{Options, run};
