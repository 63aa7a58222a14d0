//! `CREATE ROLE`, `RENAME ROLE`, `DROP ROLE`, `GRANT ROLE`, `REVOKE ROLE`.

use super::{Parsed, Parser};
use crate::ast::{CreateRole, DropRole, RenameRole, RoleAssignment, RoleStatement};
use crate::error::ErrorCode;
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

    /// `GRANT ROLE[S] r, … TO [USER[S]] u, …` and `REVOKE ROLE[S] r, … FROM [USER[S]] u, …`.
    pub(super) fn assign_roles(&mut self) -> Parsed<RoleStatement> {
        let grant = self.accept("GRANT");
        if !grant {
            self.expect("REVOKE")?;
        }
        self.expect_one_of(&["ROLES", "ROLE"])?;
        let roles = self.comma_separated(|parser| parser.simple_name("a role name"))?;
        self.expect(if grant { "TO" } else { "FROM" })?;
        if self.at("AUTH") && (self.at_ahead(1, "RULE") || self.at_ahead(1, "RULES")) {
            let message = "Auth rules are not supported: roles are granted to users.";
            return Err(self.error(ErrorCode::NotSupported, self.span(), message));
        }
        // A user may be called `user`: the keyword is one only if a name follows.
        let a_name_follows = matches!(self.kind_ahead(1), TokenKind::Word | TokenKind::Quoted | TokenKind::Parameter);
        if a_name_follows {
            self.accept_one_of(&["USERS", "USER"]);
        }
        let users = self.comma_separated(|parser| parser.simple_name("a user name"))?;
        let assignment = RoleAssignment { roles, users };
        Ok(if grant { RoleStatement::Grant(assignment) } else { RoleStatement::Revoke(assignment) })
    }
}
