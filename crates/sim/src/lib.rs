//! Deterministic simulation: whole clusters of real members on one seed, with faults, invariants and a verdict.
//!
//! The members are those of production: replica over openraft, catalog, keys, use cases and gRPC interface; and so are the
//! clients, which are the SDK, with clients beside it that speak to one member. What is
//! simulated is what they are handed: tasks, clocks and dice ([`aliasd_runtime::simulation`]), what lies between them ([`network`]), and
//! the "disk" in memory, which knows what is flushed. A run follows from its [`schedule`] alone; two runs of one are the same
//! run, to the byte of their traces (but for what is sealed: the keystore is made anew for each process).
//!
//! What must hold is judged all the time ([`invariants`]), and what clients called and were told at the end, by
//! `aliasd-checkers`.
//!
//! # What the faults respect
//!
//! A simulator that does what no design could bear finds nothing. So:
//!
//! * A *crash* loses unflushed steps only, and a prefix of them may be kept. Any number of members may be down or cut off at
//!   any time: then nothing is written, and nothing is lost.
//! * A *failing flush* ends the process; the disk works again when the member is started again.
//! * A *wiped* member has lost what it acknowledged. At most a minority is wiped or rolled back, and a wiped one never
//!   takes part again: at best, another node takes its place.
//! * A member that is *rolled back* to an older copy of its disk has forgotten votes and entries. As long as the leader of
//!   then leads it is found out; a leader that changed since cannot know
//!   (`docs/decisions/0016-members-that-went-back.md`). So a member is rolled back only when so many others have
//!   everything durable that it had, that no majority with it lacks any of that, and nothing that it sent is under way.
//! * *Clocks* of members go at rates that differ from the true one by up to 0.5 %, ten times as much as a time service
//!   corrects; a pause is a clock that jumps. The time of day is anything within two days. Neither may decide anything but
//!   when something is tried again.
//! * The *network* keeps what gRPC promises, and repeats some calls nevertheless: see [`network`].
//! * *Operators* add, promote, replace and remove members where a run is to have that, under all other faults. Each asks
//!   until somebody takes it; what is dangerous, the cluster has to refuse. A token lets nodes in for a day, and clocks are
//!   off by up to two: a newcomer may be turned away. Nobody is rolled back in such a run, and nobody wiped where voters
//!   may become fewer.
//! * Once everything is *healed* the cluster has [`world::recovery::RECOVERY_MAX`] to be whole again.
//!
//! # What is not here yet
//!
//! Rotation of keys and backups, since the product does not have them.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

pub mod campaign;
pub mod coverage;
pub mod invariants;
#[cfg(test)]
mod made_up;
pub mod minimise;
pub mod network;
pub mod run;
pub mod schedule;
pub mod trace;
pub mod world;
