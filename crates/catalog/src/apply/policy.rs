//! ALTER CLUSTER SET POLICY.

use std::sync::Arc;

use crate::{Meta, Outcome, PolicyChange, Record, RecordKey};

use super::draft::{Draft, updated};

impl Draft {
    /// In effect from this revision on. What was decided by the policy before stays as it was decided: a database keeps
    /// its language.
    pub(super) fn set_policy(&mut self, change: PolicyChange) -> Outcome {
        let before = self.catalog.meta().expect("a command other than the first one has a formed catalog");
        let policy = change.applied(before.policy);
        if policy == before.policy {
            return updated(0);
        }
        let meta = Meta { policy, ..before.clone() };
        self.set(RecordKey::Meta, Some(Record::Meta(Arc::new(meta))));
        updated(1)
    }
}
