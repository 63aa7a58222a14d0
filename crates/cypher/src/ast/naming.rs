//! Which names of a statement came in parameters. Neo4j's chain of statuses says so where such a name is at fault.

use super::{
    AliasStatement, AuthRuleStatement, Body, DatabaseStatement, NameOperand, NameScope, Operand, PrivilegeTerm,
    RoleStatement, Statement, UserStatement,
};

/// The status that stands before one for an entity whose name came in a parameter.
pub const PARAMETER_STATUS: &str = "42N51";

impl Statement {
    /// Where [`PARAMETER_STATUS`] belongs in the chain of statuses of a refusal: before the status for an entity that is
    /// missing or exists already, if a parameter gave its name.
    #[must_use]
    pub fn parameter_status_place<'a>(&self, chain: impl IntoIterator<Item = &'a str>) -> Option<usize> {
        chain.into_iter().position(|status| self.names(status).iter().any(|name| is_parameter(name)))
    }

    /// The names that a status may be about.
    fn names(&self, status: &str) -> Vec<&NameOperand> {
        let missing = matches!(status, "42N00" | "42N09" | "42N10" | "42NAD");
        let exists = matches!(status, "42N11" | "42N12" | "42N13");
        if !missing && !exists {
            return Vec::new();
        }
        match &self.body.value {
            Body::Alias(AliasStatement::Create(create)) if missing => vec![&create.target],
            Body::Alias(AliasStatement::Create(create)) => vec![&create.name],
            Body::Alias(AliasStatement::Alter(alter)) => {
                [Some(&alter.name), alter.target.as_ref()].into_iter().flatten().collect()
            }
            Body::Alias(AliasStatement::Drop(drop)) => vec![&drop.name],
            Body::Database(statement) => match statement {
                DatabaseStatement::Create(create) => vec![&create.name],
                DatabaseStatement::Alter(alter) => vec![&alter.name],
                DatabaseStatement::Drop(drop) => vec![&drop.name],
                DatabaseStatement::Start(name, _) | DatabaseStatement::Stop(name, _) => vec![name],
                DatabaseStatement::SetDefault(_) => Vec::new(),
            },
            Body::User(UserStatement::Create(create)) => vec![&create.name],
            Body::User(UserStatement::Alter(alter)) => vec![&alter.name],
            Body::User(UserStatement::AlterTags(alter)) => alter.names.iter().collect(),
            Body::User(UserStatement::Drop(drop)) => vec![&drop.name],
            Body::User(UserStatement::Rename(rename)) => vec![if missing { &rename.from } else { &rename.to }],
            Body::Role(RoleStatement::Create(create)) if missing => create.copy_of.iter().collect(),
            Body::Role(RoleStatement::Create(create)) => vec![&create.name],
            Body::Role(RoleStatement::Drop(drop)) => vec![&drop.name],
            Body::Role(RoleStatement::Rename(rename)) => vec![if missing { &rename.from } else { &rename.to }],
            Body::Role(RoleStatement::Grant(assignment) | RoleStatement::Revoke(assignment)) => {
                let named = if status == "42N09" { &assignment.users } else { &assignment.roles };
                named.iter().collect()
            }
            Body::AuthRule(statement) => match statement {
                AuthRuleStatement::Alter(alter) => vec![&alter.name],
                AuthRuleStatement::Drop(drop) => vec![&drop.name],
                AuthRuleStatement::Rename(rename) => vec![&rename.from],
                AuthRuleStatement::Grant(assignment) | AuthRuleStatement::Revoke(assignment) => {
                    let named = if status == "42N10" { &assignment.roles } else { &assignment.rules };
                    named.iter().collect()
                }
            },
            Body::Privilege(privilege) => match &privilege.privilege.value {
                _ if status == "42N10" => privilege.roles.iter().collect(),
                PrivilegeTerm::Database { scope: NameScope::Named(names), .. }
                | PrivilegeTerm::Transaction { scope: NameScope::Named(names), .. }
                | PrivilegeTerm::Graph { scope: NameScope::Named(names), .. } => names.iter().collect(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }
}

fn is_parameter(name: &NameOperand) -> bool {
    matches!(name.value, Operand::Parameter(_))
}
