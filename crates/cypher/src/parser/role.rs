//! `CREATE ROLE`, `RENAME ROLE`, `DROP ROLE`, `GRANT ROLE`, `REVOKE ROLE`.

use aliasd_catalog::CypherVersion;

use super::{Parsed, Parser};
use crate::ast::{
    AuthRuleStatement, Body, CreateRole, DropRole, RenameRole, RoleStatement, RolesAndUsers, RuleAssignment,
};
use crate::lexer::TokenKind;

impl Parser<'_> {
    /// After `CREATE [OR REPLACE] [IMMUTABLE] ROLE`.
    pub(super) fn create_role(&mut self, replace: bool, immutable: bool) -> Parsed<RoleStatement> {
        let name = self.simple_name("a role name")?;
        let mode = self.create_mode(replace, "role", &name)?;
        let copy_of = if self.accept("AS") {
            self.expect("COPY")?;
            self.expect("OF")?;
            Some(self.simple_name("a role name")?)
        } else {
            None
        };
        Ok(RoleStatement::Create(CreateRole { name, mode, immutable, copy_of }))
    }

    /// After `RENAME ROLE`.
    pub(super) fn rename_role(&mut self) -> Parsed<RoleStatement> {
        let from = self.simple_name("a role name")?;
        let if_exists = self.if_exists()?;
        self.expect("TO")?;
        let to = self.simple_name("a role name")?;
        Ok(RoleStatement::Rename(RenameRole { from, if_exists, to }))
    }

    /// After `DROP ROLE`.
    pub(super) fn drop_role(&mut self) -> Parsed<RoleStatement> {
        let name = self.simple_name("a role name")?;
        let if_exists = self.if_exists()?;
        Ok(RoleStatement::Drop(DropRole { name, if_exists }))
    }

    /// `GRANT ROLE[S] r, … TO …` and `REVOKE ROLE[S] r, … FROM …`: `[USER[S]] u, …` or `AUTH RULE[S] x, …`.
    pub(super) fn assign_roles(&mut self) -> Parsed<Body> {
        let grant = self.accept("GRANT");
        if !grant {
            self.expect("REVOKE")?;
        }
        self.expect_one_of(&["ROLES", "ROLE"])?;
        let roles = self.comma_separated(|parser| parser.simple_name("a role name"))?;
        self.expect(if grant { "TO" } else { "FROM" })?;
        if self.accept_auth_rules() {
            let rules = self.comma_separated(|parser| parser.simple_name("an auth rule name"))?;
            let assignment = RuleAssignment { roles, rules };
            let statement = if grant { AuthRuleStatement::Grant } else { AuthRuleStatement::Revoke };
            return Ok(Body::AuthRule(statement(assignment)));
        }
        // A user may be called `user`: the keyword is one only if a name follows. Cypher 5 does not have it.
        let a_name_follows = matches!(self.kind_ahead(1), TokenKind::Word | TokenKind::Quoted | TokenKind::Parameter);
        if a_name_follows && self.version() == CypherVersion::Cypher25 {
            self.accept_one_of(&["USERS", "USER"]);
        }
        let users = self.comma_separated(|parser| parser.simple_name("a user name"))?;
        let assignment = RolesAndUsers { roles, users };
        Ok(Body::Role(if grant { RoleStatement::Grant(assignment) } else { RoleStatement::Revoke(assignment) }))
    }
}
