//! What the retired commands are answered with, as on the day they were written: there is no auth rule, so that each finds
//! its rule missing. Never makes a change.

use std::collections::BTreeSet;

use crate::{Attempt, AuthRuleName, Outcome, Rejection, RetiredCommand, RoleName, Verb};

use super::draft::{Draft, updated};

impl Draft {
    pub(super) fn retired(&self, command: &RetiredCommand) -> Outcome {
        match command {
            RetiredCommand::Alter { if_exists: true, .. }
            | RetiredCommand::Rename { if_exists: true, .. }
            | RetiredCommand::Drop { if_exists: true, .. } => updated(0),
            RetiredCommand::Alter { name, .. } => Err(missing(Attempt::OnSpecified(Verb::Alter), name)),
            RetiredCommand::Drop { name, .. } => Err(missing(Attempt::OnSpecified(Verb::Drop), name)),
            RetiredCommand::Rename { from, to, .. } => {
                Err(Rejection::RenamedAuthRuleNotFound { from: from.into(), to: to.into() })
            }
            RetiredCommand::GrantRoles { roles, rules } => self.roles_by_rule(roles, rules, Verb::Grant),
            RetiredCommand::RevokeRoles { roles, rules } => self.roles_by_rule(roles, rules, Verb::Revoke),
        }
    }

    /// The reasons against giving roles to users come first, as where there are rules.
    fn roles_by_rule(&self, roles: &BTreeSet<RoleName>, rules: &BTreeSet<AuthRuleName>, verb: Verb) -> Outcome {
        self.catalog.require_assignable(roles, verb)?;
        match rules.first() {
            Some(rule) if verb == Verb::Revoke => Err(missing(Attempt::RevokeRoles(roles.clone()), rule)),
            Some(rule) => Err(missing(Attempt::GrantRoles(roles.clone()), rule)),
            None => updated(0),
        }
    }
}

fn missing(action: Attempt, name: &AuthRuleName) -> Rejection {
    Rejection::AuthRuleNotFound { action: action.into(), name: name.into() }
}
