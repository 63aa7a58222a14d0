//! A log as it lies in its directory, for whoever only looks: nothing there is taken, changed or made.

use super::end::LogEnd;
use super::recover::{self, LogPlace, Seen};
use crate::fault::StorageFault;
use crate::types::{LogEntry, NodeId};

/// A log that was read and found whole, as an opening would find it.
pub(crate) struct SeenLog {
    place: LogPlace,
    seen: Seen,
}

impl SeenLog {
    /// Reads the log of `node` once; none if there never was one. A node may write to it meanwhile. Blocks.
    pub(crate) fn look(place: LogPlace, node: NodeId) -> Result<Option<Self>, StorageFault> {
        Ok(recover::look(&place, node)?.map(|seen| Self { place, seen }))
    }

    /// Where it ends, was purged and whom it voted for.
    pub(crate) fn end(&self) -> LogEnd {
        let state = &self.seen.state;
        LogEnd { vote: state.vote, last: state.last, purged: state.purged }
    }

    /// The entry at an index, if it holds it. Blocks.
    pub(crate) fn entry(&self, index: u64) -> Result<Option<LogEntry>, StorageFault> {
        recover::entry(&self.place.directory, &self.seen.database, index)
    }

    /// Reads the entries from an index on, in order. Blocks.
    pub(crate) fn each_from(&self, index: u64, read: impl FnMut(LogEntry)) -> Result<(), StorageFault> {
        let first = index.max(self.seen.state.first_index);
        recover::each_entry(&self.place.directory, &self.seen.database, first, (None, first), read)
    }
}
