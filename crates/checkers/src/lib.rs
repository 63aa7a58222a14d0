//! Did the service keep its promises? Judges the history of a run: what clients asked, when, and what they were answered,
//! what watches and guards told, what members said of themselves.
//!
//! The simulator and the chaos runs write histories ([`history`]); nothing here talks to a cluster. Pure: the same history
//! gives the same findings, and time is the numbers that the history holds. It knows what the service promises and nothing of
//! how it keeps that, so it shares no code with it: a mistake in the catalog cannot hide here as well.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

pub mod history;

pub use history::{Event, History};
