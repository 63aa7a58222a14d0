//! A request has one effect, however often it is sent, and whoever installs a snapshot still knows it.

use std::collections::BTreeMap;

use aliasd_catalog::{RequestId, Revision};
use aliasd_replica::NodeId;

/// Where each request had its effect.
#[derive(Default)]
pub struct Requests {
    effects: BTreeMap<RequestId, Revision>,
}

impl Requests {
    /// Some member's catalog was changed by a request at a revision.
    ///
    /// # Errors
    /// It was at another one, too.
    pub fn effect(&mut self, request: RequestId, revision: Revision) -> Result<(), String> {
        let known = *self.effects.entry(request).or_insert(revision);
        if known == revision { Ok(()) } else { Err(format!("request {request} had effects at {known} and {revision}")) }
    }

    /// A member has a catalog as of a revision that knows requests like this.
    ///
    /// # Errors
    /// It does not know one, or knows another revision.
    pub fn are_all_in(
        &self,
        node: NodeId,
        revision: Revision,
        known: impl Fn(&RequestId) -> Option<Revision>,
    ) -> Result<(), String> {
        for (request, effect) in self.effects.iter().filter(|(_, effect)| **effect <= revision) {
            let found = known(request);
            if found != Some(*effect) {
                return Err(format!("member {node} at {revision}: request {request} is at {effect}, not {found:?}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_effects_of_a_request_and_one_that_is_forgotten_are_violations() {
        let (first, second) = (RequestId([1; 16]), RequestId([2; 16]));
        let mut requests = Requests::default();
        assert!(requests.effect(first, Revision(3)).is_ok());
        assert!(requests.effect(first, Revision(3)).is_ok(), "another member applies it");
        assert!(requests.effect(second, Revision(7)).is_ok());
        assert!(requests.are_all_in(1, Revision(5), |request| (*request == first).then_some(Revision(3))).is_ok());
        assert!(requests.are_all_in(1, Revision(7), |request| (*request == first).then_some(Revision(3))).is_err());
        assert!(requests.are_all_in(1, Revision(5), |_| Some(Revision(4))).is_err());
        assert!(requests.effect(first, Revision(4)).is_err());
    }
}
