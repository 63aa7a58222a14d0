//! What was acknowledged is where it was said to be, on every member, at the end.

use std::collections::BTreeMap;

use aliasd_catalog::{RequestId, Revision};
use aliasd_replica::NodeId;

/// The revision that was named for each request.
#[derive(Default)]
pub struct Acknowledged {
    writes: BTreeMap<RequestId, Revision>,
}

impl Acknowledged {
    /// A member says that a request took effect at a revision.
    ///
    /// # Errors
    /// It, or another one, named another revision before.
    pub fn write(&mut self, request: RequestId, revision: Revision) -> Result<(), String> {
        let known = *self.writes.entry(request).or_insert(revision);
        if known == revision {
            Ok(())
        } else {
            Err(format!("request {request} is said to be at {known} and {revision}"))
        }
    }

    /// A member knows requests like this.
    ///
    /// # Errors
    /// It does not know one, or knows another revision.
    pub fn are_all_in(&self, node: NodeId, known: impl Fn(&RequestId) -> Option<Revision>) -> Result<(), String> {
        for (request, revision) in &self.writes {
            let found = known(request);
            if found != Some(*revision) {
                let said = format!("request {request} was acknowledged at {revision}");
                return Err(format!("{said}, and member {node} has it at {found:?}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_write_and_one_with_two_revisions_are_violations() {
        let request = RequestId([1; 16]);
        let mut acknowledged = Acknowledged::default();
        assert!(acknowledged.write(request, Revision(3)).is_ok());
        assert!(acknowledged.write(request, Revision(3)).is_ok());
        assert!(acknowledged.are_all_in(1, |_| Some(Revision(3))).is_ok());
        assert!(acknowledged.are_all_in(1, |_| None).is_err());
        assert!(acknowledged.are_all_in(1, |_| Some(Revision(4))).is_err());
        assert!(acknowledged.write(request, Revision(4)).is_err());
    }
}
