//! What can be done to a log, and who must know when it is durable.

use std::io;

use tokio::sync::oneshot;

use crate::types::{FlushCallback, LogEntry, LogId, Vote};

/// One write. Writes take effect in the order in which they are made, and what survives a crash is a prefix of them.
#[derive(Clone, Debug)]
pub(crate) enum LogWrite {
    /// The term, and whom this member voted for in it.
    Vote(Vote),
    /// The commit point.
    Committed(Option<LogId>),
    /// Entries behind the last one.
    Append(Vec<LogEntry>),
    /// No entry behind this one.
    TruncateAfter(Option<LogId>),
    /// No entry up to this one.
    Purge {
        /// The oldest index that there may be.
        from: u64,
        /// The last one that goes.
        upto: LogId,
    },
}

impl LogWrite {
    /// The first index that is gone after a truncation behind `last`.
    pub(crate) fn first_truncated(last: Option<&LogId>) -> u64 {
        last.map_or(0, |last| last.index + 1)
    }
}

/// Somebody who must know when everything written so far is durable.
pub(crate) enum Waiter {
    /// An append that openraft tracks.
    Append(FlushCallback),
    /// A write whose caller waits, such as a vote.
    Write(oneshot::Sender<io::Result<()>>),
}

impl Waiter {
    pub(crate) fn complete(self, result: io::Result<()>) {
        match self {
            Self::Append(callback) => callback.io_completed(result),
            // A caller that stopped waiting does not need the answer.
            Self::Write(caller) => drop(caller.send(result)),
        }
    }
}
