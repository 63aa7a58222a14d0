//! The aliasd SDK: one client for the catalog of database aliases, for programs that resolve names,
//! administer the catalog, or must stop a transaction when its alias changes.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use aliasd_client::{Client, Lookup};
//!
//! let client = Client::builder()
//!     .endpoint("https://a.example:7680")
//!     .ca_pem(std::fs::read("ca.pem")?)
//!     .password("alice", std::env::var("ALIASD_PASSWORD")?)
//!     .build()?;
//! client.execute("CREATE ALIAS films FOR DATABASE neo4j").await?;
//! let route = client.resolve(&Lookup::name("films")).await?;
//! println!("{} leads to {:?}", route.name, route.destination);
//! # Ok(())
//! # }
//! ```
//!
//! * **Where calls go.** Reads go to the nearest member that answers, writes to the leader, which the client learns
//!   from every answer. A member that fails is left aside for a while.
//! * **How often.** A call is repeated, with pauses, until it succeeds, is refused or its deadline is over. Every
//!   repetition of a write carries the same request id, so it takes effect once.
//! * **What is read.** A client reads its own writes, and never goes back in time: it asks for everything up to the
//!   highest revision it has seen, unless told otherwise with a [`Freshness`].
//! * **What went wrong.** A [`Failure`] says what to do next by its [`Class`]. "Outcome unknown" comes only after the
//!   repetitions did not tell.
//! * **Watching.** [`Client::route`] caches routes and [`Client::begin`] guards transactions. Both live by one
//!   watch per client and fail closed when it has been silent for too long. [`Client::watch_privileges`] keeps a DBMS
//!   up to date on what a user may do.
//!
//! The SDK never writes a secret to a log or an error, never talks to a server whose certificate it cannot verify,
//! and never uses plaintext unless told to, and then on loopback only.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests run on the machine"))]

mod address;
mod attempt_error;
mod build_error;
mod builder;
mod cache;
mod client;
mod cluster;
mod connect;
mod core;
mod guard;
mod hub;
mod identity;
mod members;
mod privileges;
mod relevance;
mod route;
mod statement;
pub mod transport;
mod watch;

/// What a [`BuildError`] says, and what each of its sources adds, on one line.
pub use aliasd_catalog::error_chain;
pub use aliasd_catalog::{Duration, Float, PlainSecret as Secret, Value, ValueMap};
pub use aliasd_wire::failure::{Class, Failure, GrpcCode, TextPosition};
/// The messages that some calls answer with, as `proto/aliasd/v1` describes them.
pub use aliasd_wire::v1 as messages;
pub use attempt_error::{ANSWER_INVALID, DEADLINE_EXCEEDED, OUTCOME_UNKNOWN, UNREACHABLE, UNTRUSTED};
pub use build_error::BuildError;
pub use builder::ClientBuilder;
pub use client::Client;
pub use cluster::{FormedCluster, MemberReport, NewCluster};
pub use guard::{Ended, GUARD_CHANGED, Guard};
pub use hub::WATCH_SILENT;
pub use identity::Login;
pub use privileges::PrivilegeWatch;
pub use route::{Destination, Freshness, Lookup, RemoteDatabase, Route};
pub use statement::{Execution, REQUEST_ID_LENGTH, Statement, Summary};
pub use watch::{Event, Watch, WatchFrom};

/// Every code that the SDK itself puts into a [`Failure`]; all others come from the cluster.
pub const CODES: [&str; 7] =
    [ANSWER_INVALID, DEADLINE_EXCEEDED, GUARD_CHANGED, OUTCOME_UNKNOWN, UNREACHABLE, UNTRUSTED, WATCH_SILENT];
