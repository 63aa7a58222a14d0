//! Two members at one revision have one digest.

use std::collections::BTreeMap;

use aliasd_catalog::{Digest, Revision};
use aliasd_replica::NodeId;

/// The digest at each revision, and who showed it first.
#[derive(Default)]
pub struct Digests {
    known: BTreeMap<Revision, (NodeId, Digest)>,
}

impl Digests {
    /// A member shows a digest at a revision.
    ///
    /// # Errors
    /// Another one has shown another.
    pub fn seen(&mut self, node: NodeId, revision: Revision, digest: Digest) -> Result<(), String> {
        let (first, known) = self.known.entry(revision).or_insert((node, digest));
        if *known == digest {
            return Ok(());
        }
        Err(format!("at revision {revision} member {first} has digest {known:?}, and member {node} {digest:?}"))
    }
}

#[cfg(test)]
mod tests {
    use aliasd_catalog::{Catalog, Principal};

    use super::*;

    #[test]
    fn two_digests_at_one_revision_are_a_violation() {
        let empty = Catalog::default();
        let mut other = Catalog::default();
        let entry = crate::made_up::role(1, Principal::System);
        other.apply(Revision(1), &entry);
        let mut digests = Digests::default();
        assert!(digests.seen(1, Revision(1), empty.digest()).is_ok());
        assert!(digests.seen(2, Revision(1), empty.digest()).is_ok());
        assert!(digests.seen(2, Revision(2), other.digest()).is_ok());
        assert!(digests.seen(3, Revision(1), other.digest()).is_err());
    }
}
