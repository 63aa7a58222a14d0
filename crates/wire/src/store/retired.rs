//! Commands that are read from old logs and passed on to members that lack them, but never made.

use std::collections::BTreeSet;

use aliasd_catalog::{AuthRuleName, RetiredCommand, RoleName};

use super::FieldError;
use super::parts::{auth_rule_name, role_name, set, text, texts};
use super::proto::{self, command::Kind};

pub(super) fn auth_rule_to(command: &RetiredCommand) -> Kind {
    let named = |name, if_exists: &bool| proto::NamedAuthRule { name: text(name), if_exists: *if_exists };
    let assignment = |roles, rules| proto::RuleAssignment { roles: texts::<RoleName>(roles), rules: texts(rules) };
    match command {
        RetiredCommand::Alter { name, if_exists } => Kind::AlterAuthRule(named(name, if_exists)),
        RetiredCommand::Rename { from, to, if_exists } => {
            Kind::RenameAuthRule(proto::Rename { from: text(from), to: text(to), if_exists: *if_exists })
        }
        RetiredCommand::Drop { name, if_exists } => Kind::DropAuthRule(named(name, if_exists)),
        RetiredCommand::GrantRoles { roles, rules } => Kind::GrantRolesToRules(assignment(roles, rules)),
        RetiredCommand::RevokeRoles { roles, rules } => Kind::RevokeRolesFromRules(assignment(roles, rules)),
    }
}

pub(super) fn alter_rule_from(stored: &proto::NamedAuthRule) -> Result<RetiredCommand, FieldError> {
    Ok(RetiredCommand::Alter { name: auth_rule_name(&stored.name)?, if_exists: stored.if_exists })
}

pub(super) fn rename_rule_from(stored: &proto::Rename) -> Result<RetiredCommand, FieldError> {
    let (from, to) = (auth_rule_name(&stored.from)?, auth_rule_name(&stored.to)?);
    Ok(RetiredCommand::Rename { from, to, if_exists: stored.if_exists })
}

pub(super) fn drop_rule_from(stored: &proto::NamedAuthRule) -> Result<RetiredCommand, FieldError> {
    Ok(RetiredCommand::Drop { name: auth_rule_name(&stored.name)?, if_exists: stored.if_exists })
}

pub(super) fn grant_to_rules_from(stored: &proto::RuleAssignment) -> Result<RetiredCommand, FieldError> {
    let (roles, rules) = rule_assignment_from(stored)?;
    Ok(RetiredCommand::GrantRoles { roles, rules })
}

pub(super) fn revoke_from_rules_from(stored: &proto::RuleAssignment) -> Result<RetiredCommand, FieldError> {
    let (roles, rules) = rule_assignment_from(stored)?;
    Ok(RetiredCommand::RevokeRoles { roles, rules })
}

/// The roles and the rules of a stored assignment.
fn rule_assignment_from(
    stored: &proto::RuleAssignment,
) -> Result<(BTreeSet<RoleName>, BTreeSet<AuthRuleName>), FieldError> {
    let rules = set(&stored.rules, |name| auth_rule_name(name))?;
    Ok((set(&stored.roles, |name| role_name(name))?, rules))
}
