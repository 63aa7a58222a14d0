//! Statements about auth rules: there is none, so that each finds its rule missing. Never makes a change.

use std::collections::BTreeSet;

use crate::{AuthRuleCommand, AuthRuleName, Outcome, Rejection, RoleName};

use super::access::quoted;
use super::draft::{Draft, updated};

impl Draft {
    pub(super) fn auth_rule(&self, command: &AuthRuleCommand) -> Outcome {
        match command {
            AuthRuleCommand::Alter { if_exists: true, .. }
            | AuthRuleCommand::Rename { if_exists: true, .. }
            | AuthRuleCommand::Drop { if_exists: true, .. } => updated(0),
            AuthRuleCommand::Alter { name, .. } => Err(missing("alter the specified", name)),
            AuthRuleCommand::Drop { name, .. } => Err(missing("drop the specified", name)),
            AuthRuleCommand::Rename { from, to, .. } => {
                Err(Rejection::RenamedAuthRuleNotFound { from: from.to_string(), to: to.to_string() })
            }
            AuthRuleCommand::GrantRoles { roles, rules } => self.roles_by_rule(roles, rules, "grant", "to"),
            AuthRuleCommand::RevokeRoles { roles, rules } => self.roles_by_rule(roles, rules, "revoke", "from"),
        }
    }

    /// The reasons against giving roles to users come first, as where there are rules.
    fn roles_by_rule(
        &self,
        roles: &BTreeSet<RoleName>,
        rules: &BTreeSet<AuthRuleName>,
        verb: &str,
        preposition: &str,
    ) -> Outcome {
        self.require_assignable(roles, verb)?;
        match rules.first() {
            Some(rule) => Err(missing(&format!("{verb} role {} {preposition}", quoted(roles)), rule)),
            None => updated(0),
        }
    }
}

fn missing(action: &str, name: &AuthRuleName) -> Rejection {
    Rejection::AuthRuleNotFound { action: action.into(), name: name.to_string() }
}
