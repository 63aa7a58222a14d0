//! Statements about auth rules: there is none, so that each finds its rule missing. Never makes a change.

use std::collections::BTreeSet;

use crate::{Attempt, AuthRuleCommand, AuthRuleName, Outcome, Rejection, RoleName, Verb};

use super::draft::{Draft, updated};

impl Draft {
    pub(super) fn auth_rule(&self, command: &AuthRuleCommand) -> Outcome {
        match command {
            AuthRuleCommand::Alter { if_exists: true, .. }
            | AuthRuleCommand::Rename { if_exists: true, .. }
            | AuthRuleCommand::Drop { if_exists: true, .. } => updated(0),
            AuthRuleCommand::Alter { name, .. } => Err(missing(Attempt::OnSpecified(Verb::Alter), name)),
            AuthRuleCommand::Drop { name, .. } => Err(missing(Attempt::OnSpecified(Verb::Drop), name)),
            AuthRuleCommand::Rename { from, to, .. } => {
                Err(Rejection::RenamedAuthRuleNotFound { from: from.to_string(), to: to.to_string() })
            }
            AuthRuleCommand::GrantRoles { roles, rules } => self.roles_by_rule(roles, rules, Verb::Grant),
            AuthRuleCommand::RevokeRoles { roles, rules } => self.roles_by_rule(roles, rules, Verb::Revoke),
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
    Rejection::AuthRuleNotFound { action: action.into(), name: name.to_string() }
}
