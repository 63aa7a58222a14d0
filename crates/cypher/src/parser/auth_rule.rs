//! `ALTER AUTH RULE`, `RENAME AUTH RULE`, `DROP AUTH RULE`, and why there is no `CREATE AUTH RULE`. Part of Cypher 25 only.

use aliasd_catalog::CypherVersion;

use super::{Parsed, Parser};
use crate::ast::{AlterAuthRule, AuthRuleStatement, DropAuthRule, RenameAuthRule};
use crate::error::{ErrorCode, LanguageError};

impl Parser<'_> {
    /// `AUTH` where a kind of thing is due.
    pub(super) fn accept_auth(&mut self) -> bool {
        self.version() == CypherVersion::Cypher25 && self.accept("AUTH")
    }

    /// `AUTH RULE[S]` where users are due, one of whom may be called `auth`.
    pub(super) fn accept_auth_rules(&mut self) -> bool {
        let ahead = self.version() == CypherVersion::Cypher25 && self.at("AUTH");
        let ahead = ahead && (self.at_ahead(1, "RULE") || self.at_ahead(1, "RULES"));
        if ahead {
            self.advance();
            self.advance();
        }
        ahead
    }

    /// After `CREATE [OR REPLACE] AUTH`.
    pub(super) fn no_auth_rule(&mut self) -> LanguageError {
        if let Err(error) = self.expect("RULE") {
            return error;
        }
        let message =
            "Auth rules give roles by what an identity provider says of a user, and no login here carries that.";
        let error = self.error(ErrorCode::NotSupported, self.previous_span(), message);
        error.with_hint("Give the roles to users with GRANT ROLE.")
    }

    /// After `ALTER AUTH`.
    pub(super) fn alter_auth_rule(&mut self) -> Parsed<AuthRuleStatement> {
        self.expect("RULE")?;
        let name = self.simple_name("an auth rule name")?;
        let if_exists = self.if_exists()?;
        let (mut condition, mut enabled) = (None, None);
        self.expect("SET")?;
        loop {
            let span = self.span();
            if self.expect_one_of(&["CONDITION", "ENABLED"])? == "CONDITION" {
                self.once(condition.as_ref(), "SET CONDITION", span)?;
                condition = Some(self.expression()?);
            } else {
                self.once(enabled.as_ref(), "SET ENABLED", span)?;
                enabled = Some(self.expect_one_of(&["TRUE", "FALSE"])? == "TRUE");
            }
            if !self.accept("SET") {
                break;
            }
        }
        Ok(AuthRuleStatement::Alter(AlterAuthRule { name, if_exists, condition, enabled }))
    }

    /// After `RENAME AUTH`.
    pub(super) fn rename_auth_rule(&mut self) -> Parsed<AuthRuleStatement> {
        self.expect("RULE")?;
        let from = self.simple_name("an auth rule name")?;
        let if_exists = self.if_exists()?;
        self.expect("TO")?;
        let to = self.simple_name("an auth rule name")?;
        Ok(AuthRuleStatement::Rename(RenameAuthRule { from, if_exists, to }))
    }

    /// After `DROP AUTH`.
    pub(super) fn drop_auth_rule(&mut self) -> Parsed<AuthRuleStatement> {
        self.expect("RULE")?;
        let name = self.simple_name("an auth rule name")?;
        let if_exists = self.if_exists()?;
        Ok(AuthRuleStatement::Drop(DropAuthRule { name, if_exists }))
    }
}
