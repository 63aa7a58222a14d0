//! How far a log reaches, followed write by write.

use super::write::LogWrite;
use crate::types::{LogId, Vote};

/// The end of a log, and the vote in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogEnd {
    /// The last vote.
    pub(crate) vote: Option<Vote>,
    /// The last position, be it an entry or where the log was purged.
    pub(crate) last: Option<LogId>,
    /// Where the log was purged.
    pub(crate) purged: Option<LogId>,
}

impl LogEnd {
    /// How far the log reaches after a write.
    pub(crate) fn make(&mut self, write: &LogWrite) {
        match write {
            LogWrite::Vote(vote) => self.vote = Some(*vote),
            LogWrite::Committed(_) => {}
            LogWrite::Append(entries) => self.last = entries.last().map(|entry| entry.log_id).or(self.last),
            LogWrite::TruncateAfter(last) => {
                if self.last.is_some_and(|end| end.index >= LogWrite::first_truncated(last.as_ref())) {
                    self.last = (*last).max(self.purged);
                }
            }
            LogWrite::Purge { upto, .. } => {
                self.purged = self.purged.max(Some(*upto));
                self.last = self.last.max(Some(*upto));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{create_role, log_entry, log_id};

    #[test]
    fn each_write_moves_the_end_as_it_moves_the_log() {
        let mut end = LogEnd::default();
        let entries = |term, indexes: std::ops::Range<u64>| {
            LogWrite::Append(indexes.map(|index| log_entry(term, index, create_role(index))).collect())
        };
        let mut end_after = |write: &LogWrite| {
            end.make(write);
            end.last
        };
        assert_eq!(end_after(&entries(1, 0..10)), Some(log_id(1, 9)));
        assert_eq!(end_after(&LogWrite::TruncateAfter(Some(log_id(1, 20)))), Some(log_id(1, 9)), "nothing lies there");
        assert_eq!(end_after(&LogWrite::TruncateAfter(Some(log_id(1, 6)))), Some(log_id(1, 6)));
        assert_eq!(end_after(&entries(2, 7..8)), Some(log_id(2, 7)));
        assert_eq!(end_after(&LogWrite::Purge { from: 0, upto: log_id(1, 3) }), Some(log_id(2, 7)));
        assert_eq!(end_after(&LogWrite::TruncateAfter(None)), Some(log_id(1, 3)), "no further back than it was purged");
        assert_eq!(
            end_after(&LogWrite::Purge { from: 4, upto: log_id(2, 30) }),
            Some(log_id(2, 30)),
            "a snapshot came"
        );
    }
}
