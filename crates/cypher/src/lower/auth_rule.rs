//! Statements about auth rules, which this catalog does not have: what each of them is answered with.

use std::collections::BTreeSet;

use aliasd_catalog::{Attempt, AuthRuleName, DbmsAction, Effect, Outcome, Rejection, RoleName, Verb};

use super::name;
use super::privilege::roles;
use crate::ast::{AuthRuleStatement, NameOperand, RuleAssignment};
use crate::parameters::Parameters;
use crate::refusal::SpannedRefusal;

/// A statement that changes nothing whatever a catalog holds. Nothing is proposed for it; its answer is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoOp {
    /// The privilege that the caller needs, asked before anything else.
    pub needs: DbmsAction,
    /// Roles that must be there and not be `PUBLIC`, and what would be done with them.
    pub roles: Option<(BTreeSet<RoleName>, Verb)>,
    /// What it is answered with then.
    pub outcome: Outcome,
}

/// What an altered rule would be like does not matter, since there is none.
pub(super) fn lower(statement: &AuthRuleStatement, parameters: &Parameters) -> Result<NoOp, SpannedRefusal> {
    let rule = |operand: &NameOperand| -> Result<AuthRuleName, SpannedRefusal> {
        Ok(AuthRuleName::new(&name(operand, parameters)?)?)
    };
    let (needs, if_exists, rejection) = match statement {
        AuthRuleStatement::Alter(alter) => (
            DbmsAction::AlterAuthRule,
            alter.if_exists,
            missing(Attempt::OnSpecified(Verb::Alter), &rule(&alter.name)?),
        ),
        AuthRuleStatement::Drop(drop) => {
            (DbmsAction::DropAuthRule, drop.if_exists, missing(Attempt::OnSpecified(Verb::Drop), &rule(&drop.name)?))
        }
        AuthRuleStatement::Rename(rename) => {
            let (from, to) = (rule(&rename.from)?, rule(&rename.to)?);
            let missing = Rejection::RenamedAuthRuleNotFound { from: (&from).into(), to: (&to).into() };
            (DbmsAction::RenameAuthRule, rename.if_exists, missing)
        }
        AuthRuleStatement::Grant(assignment) => {
            return of_roles(assignment, (DbmsAction::AssignRole, Verb::Grant), parameters);
        }
        AuthRuleStatement::Revoke(assignment) => {
            return of_roles(assignment, (DbmsAction::RemoveRole, Verb::Revoke), parameters);
        }
    };
    let outcome = if if_exists { Ok(Effect::default()) } else { Err(rejection) };
    Ok(NoOp { needs, roles: None, outcome })
}

/// The reasons against giving roles to users come first, as where there are rules. Of several rules, the first by name is
/// the one that is missed.
fn of_roles(
    assignment: &RuleAssignment,
    (needs, verb): (DbmsAction, Verb),
    parameters: &Parameters,
) -> Result<NoOp, SpannedRefusal> {
    let roles = roles(&assignment.roles, parameters)?;
    let rules = assignment.rules.iter().map(|rule| Ok(AuthRuleName::new(&name(rule, parameters)?)?));
    let rules = rules.collect::<Result<BTreeSet<_>, SpannedRefusal>>()?;
    let attempt = match verb {
        Verb::Revoke => Attempt::RevokeRoles(roles.clone()),
        _ => Attempt::GrantRoles(roles.clone()),
    };
    let outcome = rules.first().map_or_else(|| Ok(Effect::default()), |rule| Err(missing(attempt, rule)));
    Ok(NoOp { needs, roles: Some((roles, verb)), outcome })
}

fn missing(action: Attempt, rule: &AuthRuleName) -> Rejection {
    Rejection::AuthRuleNotFound { action: action.into(), name: rule.into() }
}
