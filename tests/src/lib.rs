//! What the tests on real processes, the demo and the benchmark share: starting and stopping
//! programs, forming clusters of them, waiting for conditions, searching for secrets, golden scripts.
//!
//! Meets the daemon only as its users do: as a process, through its configuration file, its ports and
//! the SDK. It never links the node, so that nothing here can depend on what a user cannot see.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

pub mod bench;
pub mod chaos;
pub mod cluster;
pub mod dice;
pub mod files;
pub mod golden;
pub mod grpc;
pub mod load;
pub mod ports;
pub mod process;
pub mod programs;
pub mod secrets;
pub mod story;
pub mod wait;
