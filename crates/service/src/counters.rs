//! What the use cases count. Who shows it, and how, is the node's matter.

use std::fmt;
use std::sync::Arc;

/// What is counted by its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// A statement was run.
    Statement,
    /// A log entry was proposed.
    Proposal,
    /// A name was resolved.
    Resolve,
    /// A caller was not let in.
    RefusedCaller,
}

/// Counts. Every method is called on the path of a call, so none may wait.
pub trait Counters: fmt::Debug + Send + Sync {
    /// Something came to an end; `code` is `OK` or that of the failure.
    fn count(&self, what: Counted, code: &'static str);

    /// A watch begins.
    fn watch_begins(&self);

    /// A watch ends.
    fn watch_ends(&self);
}

/// The counters of a node, which all its use cases share.
pub type SharedCounters = Arc<dyn Counters>;

/// A watch that is counted as long as this lives.
pub(crate) struct CountedWatch(SharedCounters);

impl CountedWatch {
    pub(crate) fn begin(counters: SharedCounters) -> Self {
        counters.watch_begins();
        Self(counters)
    }
}

impl Drop for CountedWatch {
    fn drop(&mut self) {
        self.0.watch_ends();
    }
}
