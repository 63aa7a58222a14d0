//! `ALTER AUTH RULE`, `RENAME AUTH RULE`, `DROP AUTH RULE`, and roles given to auth rules.
//!
//! There is no auth rule in this catalog and none can be created; what would be done with one is understood all the
//! same, so that it is refused for the reason that holds.

use super::{Expression, NameOperand};
use crate::span::Located;

/// A statement about an auth rule.
#[derive(Clone, Debug, PartialEq)]
pub enum AuthRuleStatement {
    /// `ALTER AUTH RULE`.
    Alter(AlterAuthRule),
    /// `RENAME AUTH RULE`.
    Rename(RenameAuthRule),
    /// `DROP AUTH RULE`.
    Drop(DropAuthRule),
    /// `GRANT ROLES … TO AUTH RULE …`.
    Grant(RuleAssignment),
    /// `REVOKE ROLES … FROM AUTH RULE …`.
    Revoke(RuleAssignment),
}

/// `ALTER AUTH RULE name [IF EXISTS] SET …`, with at least one clause.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterAuthRule {
    /// The rule to alter.
    pub name: NameOperand,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// `SET CONDITION`.
    pub condition: Option<Located<Expression>>,
    /// `SET ENABLED`.
    pub enabled: Option<bool>,
}

/// `RENAME AUTH RULE name [IF EXISTS] TO name`.
#[derive(Clone, Debug, PartialEq)]
pub struct RenameAuthRule {
    /// The rule to rename.
    pub from: NameOperand,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// Its new name.
    pub to: NameOperand,
}

/// `DROP AUTH RULE name [IF EXISTS]`.
#[derive(Clone, Debug, PartialEq)]
pub struct DropAuthRule {
    /// The rule to drop.
    pub name: NameOperand,
    /// `IF EXISTS`.
    pub if_exists: bool,
}

/// Roles and the auth rules that would get or lose them. Neither list is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleAssignment {
    /// The roles, in the order of the text.
    pub roles: Vec<NameOperand>,
    /// After `AUTH RULE`, in the order of the text.
    pub rules: Vec<NameOperand>,
}
