//! The audit trail: who did what, and what came of it. Every line of it is written here.
//!
//! Lines are events of the log with the target [`TARGET`]. None ever holds a secret: statements arrive printed, with
//! their secrets covered, and a caller that was not let in is not named.

use std::net::SocketAddr;

use aliasd_catalog::{Revision, UserName};

/// What tells the lines of the audit trail from the rest of the log.
const TARGET: &str = "aliasd::audit";

/// A statement was run. `printed` is the statement with its secrets covered, if it could be understood.
pub(crate) fn statement(actor: &UserName, printed: Option<&str>, revision: Option<Revision>, outcome: &str) {
    // What could not be understood is not shown: nobody can tell which part of it is a secret.
    let statement = printed.unwrap_or("<not understood>");
    let revision = revision.map(|revision| revision.0);
    tracing::info!(target: TARGET, %actor, statement, revision, outcome, "statement");
}

/// A caller was not let in. Whom it claimed to be is left out: people type passwords where names belong.
pub(crate) fn caller_refused(remote: SocketAddr, call: &str, outcome: &str) {
    tracing::info!(target: TARGET, %remote, call, outcome, "caller refused");
}
