//! What one member knows to be committed at an index is there on every other one.

use std::collections::BTreeMap;

use aliasd_replica::{LoggedEntry, NodeId};

/// What is known to be committed, by index, and who knew it first.
#[derive(Default)]
pub struct CommittedPrefix {
    known: BTreeMap<u64, (NodeId, LoggedEntry)>,
}

impl CommittedPrefix {
    /// A member knows that this entry of its log is committed.
    ///
    /// # Errors
    /// Another one is known to be committed there.
    pub fn committed(&mut self, node: NodeId, entry: LoggedEntry) -> Result<(), String> {
        let (first, known) = self.known.entry(entry.id.index).or_insert((node, entry));
        if *known == entry {
            return Ok(());
        }
        Err(format!("member {first} has committed {known:?}, and member {node} {entry:?}"))
    }

    /// What is known to be committed at an index.
    pub fn at(&self, index: u64) -> Option<&LoggedEntry> {
        self.known.get(&index).map(|(_, entry)| entry)
    }
}

#[cfg(test)]
mod tests {
    use aliasd_wire::store::log::LogId;

    use super::*;

    #[test]
    fn two_entries_at_one_index_are_a_violation() {
        let entry =
            |term, index, checksum| LoggedEntry { id: LogId { term, node_id: 1, index }, request: None, checksum };
        let mut prefix = CommittedPrefix::default();
        assert!(prefix.committed(1, entry(1, 5, 7)).is_ok());
        assert!(prefix.committed(2, entry(1, 5, 7)).is_ok());
        assert!(prefix.committed(3, entry(2, 6, 7)).is_ok());
        assert!(prefix.committed(3, entry(2, 5, 7)).is_err(), "of another leader");
        assert!(prefix.committed(3, entry(1, 5, 8)).is_err(), "with other contents");
    }
}
