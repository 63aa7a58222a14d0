//! The Bolt front door: drivers of Neo4j connect here with a user of the catalog, and use remote aliases as if they were
//! databases of one DBMS.
//!
//! # Life of a session
//!
//! 1. `server` accepts a connection and gives it a task of its own, which `session` is.
//! 2. Version, HELLO and LOGON: the user is proven to the catalog through the SDK, with its own password, which is not kept.
//! 3. At BEGIN, or at RUN outside of a transaction, the name of the database is resolved for that user, and a guard pins the
//!    version of the alias that it is. `query` finds a leading `USE`.
//! 4. `remote` hands out a connection to the DBMS that the alias leads to, logged in with what the alias holds. Requests are
//!    passed on, rows come back unread. Names, bookmarks and failures are translated (`bookmarks`, `translate`).
//! 5. Before a COMMIT is passed on, the guard asks once more. An alias that has changed ends the transaction with a failure that
//!    drivers answer by trying again.
//! 6. What is sent to `system` is a statement of the administration language, run as the user.
//!
//! What bytes mean is `aliasd-bolt`'s, who may do what the catalog's. Nothing of the gateway's own words names a remote DBMS or the
//! user there to a client, and no password or token is ever logged.

// `println!` and `eprintln!` panic when nobody reads any more.
#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable, clippy::print_stdout, clippy::print_stderr))]

mod bookmarks;
pub mod commands;
mod config;
mod failure;
mod files;
mod gateway;
mod logging;
mod materials;
mod query;
mod remote;
mod server;
mod session;
mod translate;
