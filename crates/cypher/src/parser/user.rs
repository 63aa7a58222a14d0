//! `CREATE USER`, `ALTER USER`, `ALTER USERS`, `ALTER CURRENT USER`, `RENAME USER`, `DROP USER`.

use std::collections::BTreeSet;

use super::{Parsed, Parser};
use crate::ast::{
    AlterUser, AlterUsers, AuthRemoval, AuthSettings, ChangePassword, CreateUser, DropUser, Operand, PasswordClause,
    RenameUser, TagEdits, TagList, TagRemoval, UserSettings, UserStatement, UserStatus,
};
use crate::error::{ErrorCode, LanguageError};
use crate::lexer::TokenKind;
use crate::span::{Located, Span};

/// The keyword has a plural.
const TAGS: [&str; 2] = ["TAGS", "TAG"];

impl Parser<'_> {
    /// After `CREATE [OR REPLACE] USER`.
    pub(super) fn create_user(&mut self, replace: bool) -> Parsed<UserStatement> {
        let name = self.simple_name("a user name")?;
        let mode = self.create_mode(replace, "user", &name)?;
        let settings = self.user_settings()?;
        Ok(UserStatement::Create(CreateUser { name, mode, settings }))
    }

    /// After `ALTER USER`. Every `REMOVE` stands before every `ADD`, and every `ADD` before every `SET`.
    pub(super) fn alter_user(&mut self) -> Parsed<UserStatement> {
        let name = self.simple_name("a user name")?;
        let if_exists = self.if_exists()?;
        let mut remove_home = false;
        let mut remove_auth = Vec::new();
        let clauses_start = self.span();
        let mut tags = TagEdits::default();
        while self.accept("REMOVE") {
            let start = self.span();
            if self.accept("HOME") {
                self.expect("DATABASE")?;
                self.once(remove_home.then_some(&()), "REMOVE HOME DATABASE", start)?;
                remove_home = true;
                continue;
            }
            let all = self.accept("ALL");
            if self.accept_one_of(&TAGS).is_some() {
                self.tag_removal(&mut tags.remove, all, start)?;
            } else {
                self.auth_removal(&mut remove_auth, all, start)?;
            }
        }
        self.tag_additions(&mut tags)?;
        let settings = self.user_settings()?;
        if self.span() == clauses_start {
            return Err(self.no_clause("`ALTER USER` requires at least one clause."));
        }
        self.require_end_of_clauses()?;
        self.check_tags(&tags, settings.tags.as_ref())?;
        if let (true, Some(home)) = (remove_home, &settings.home) {
            let message = "A statement may either set or remove the home database, not both.";
            return Err(self.error(ErrorCode::ConflictingClauses, home.span, message));
        }
        Ok(UserStatement::Alter(AlterUser { name, if_exists, remove_home, remove_auth, tags, settings }))
    }

    /// After `ALTER USERS`.
    pub(super) fn alter_users(&mut self) -> Parsed<UserStatement> {
        let names = self.comma_separated(|parser| parser.simple_name("a user name"))?;
        let if_exists = self.if_exists()?;
        let clauses_start = self.span();
        let mut tags = TagEdits::default();
        while self.accept("REMOVE") {
            let start = self.span();
            let all = self.accept("ALL");
            self.expect_one_of(&TAGS)?;
            self.tag_removal(&mut tags.remove, all, start)?;
        }
        self.tag_additions(&mut tags)?;
        let mut set_tags = None;
        while self.accept("SET") {
            let start = self.previous_span();
            self.expect_one_of(&TAGS)?;
            self.once(set_tags.as_ref(), "SET TAGS", start)?;
            set_tags = Some(self.tag_list()?);
        }
        if self.span() == clauses_start {
            return Err(self.no_clause("`ALTER USERS` requires at least one tag clause."));
        }
        self.require_end_of_clauses()?;
        self.check_tags(&tags, set_tags.as_ref())?;
        Ok(UserStatement::AlterTags(AlterUsers { names, if_exists, tags, set_tags }))
    }

    fn require_end_of_clauses(&self) -> Parsed<()> {
        if self.at("REMOVE") || self.at("ADD") {
            let message = "Every REMOVE stands before every ADD, and every ADD before every SET.";
            return Err(self.error(ErrorCode::SyntaxError, self.span(), message));
        }
        Ok(())
    }

    /// Nothing to alter: the end of the statement, or something else where a clause is due.
    fn no_clause(&self, message: &str) -> LanguageError {
        if self.kind() != TokenKind::End && !self.at_symbol(";") {
            return self.unexpected();
        }
        let error = self.error(ErrorCode::MissingClause, self.span(), message);
        error.with_hint("Write what is to be altered: SET …, ADD … or REMOVE ….")
    }

    /// After `ALTER CURRENT USER`.
    pub(super) fn change_password(&mut self) -> Parsed<UserStatement> {
        self.expect("SET")?;
        self.expect("PASSWORD")?;
        self.expect("FROM")?;
        let from = self.secret()?;
        self.expect("TO")?;
        let to = self.secret()?;
        Ok(UserStatement::ChangePassword(ChangePassword { from, to }))
    }

    /// After `RENAME USER`.
    pub(super) fn rename_user(&mut self) -> Parsed<UserStatement> {
        let from = self.simple_name("a user name")?;
        let if_exists = self.if_exists()?;
        self.expect("TO")?;
        let to = self.simple_name("a user name")?;
        Ok(UserStatement::Rename(RenameUser { from, if_exists, to }))
    }

    /// After `REMOVE [ALL] TAG[S]`.
    fn tag_removal(&mut self, removals: &mut Vec<Located<TagRemoval>>, all: bool, start: Span) -> Parsed<()> {
        let removal = if all { TagRemoval::All } else { TagRemoval::Tags(self.tag_list()?.value) };
        removals.push(Located::new(removal, start.to(self.previous_span())));
        self.bound(removals.len())
    }

    /// `ADD TAG[S] …` as often as it stands there.
    fn tag_additions(&mut self, tags: &mut TagEdits) -> Parsed<()> {
        while self.accept("ADD") {
            self.expect_one_of(&TAGS)?;
            let list = self.tag_list()?;
            tags.add.push(list);
            self.bound(tags.add.len())?;
        }
        Ok(())
    }

    /// After `TAG[S]`: tags, a list of tags, or a parameter.
    fn tag_list(&mut self) -> Parsed<TagList> {
        if let Some(parameter) = self.accept_parameter() {
            return Ok(parameter.map(Operand::Parameter));
        }
        let start = self.span();
        if !self.accept_symbol("[") {
            let tags = self.comma_separated(|parser| Ok(parser.string("a tag in quotes")?.value))?;
            return Ok(Located::new(Operand::Literal(tags), start.to(self.previous_span())));
        }
        let mut tags = Vec::new();
        if !self.accept_symbol("]") {
            tags = self.comma_separated(|parser| Ok(parser.string("a tag in quotes")?.value))?;
            self.expect_symbol("]")?;
        }
        Ok(Located::new(Operand::Literal(tags), start.to(self.previous_span())))
    }

    fn check_tags(&self, edits: &TagEdits, set: Option<&TagList>) -> Parsed<()> {
        match set {
            Some(set) if !edits.is_empty() => {
                let message = "SET TAGS cannot be combined with ADD TAGS or REMOVE TAGS.";
                Err(self.error(ErrorCode::ConflictingClauses, set.span, message))
            }
            _ => Ok(()),
        }
    }

    /// After `REMOVE [ALL]`: `AUTH [PROVIDER[S]]`, and without `ALL` a provider or a list of providers.
    fn auth_removal(&mut self, removals: &mut Vec<Located<AuthRemoval>>, all: bool, start: Span) -> Parsed<()> {
        self.expect("AUTH")?;
        self.accept_one_of(&["PROVIDERS", "PROVIDER"]);
        if all {
            removals.push(Located::new(AuthRemoval::All, start.to(self.previous_span())));
            return self.bound(removals.len());
        }
        let list = self.accept_symbol("[");
        let providers = self.comma_separated(|parser| parser.string_operand("an auth provider in quotes"))?;
        if list {
            self.expect_symbol("]")?;
        }
        removals.extend(providers.into_iter().map(|provider| provider.map(AuthRemoval::Provider)));
        self.bound(removals.len())
    }

    /// After `DROP USER`.
    pub(super) fn drop_user(&mut self) -> Parsed<UserStatement> {
        let name = self.simple_name("a user name")?;
        let if_exists = self.if_exists()?;
        Ok(UserStatement::Drop(DropUser { name, if_exists }))
    }

    /// `SET …` as often as it stands there.
    fn user_settings(&mut self) -> Parsed<UserSettings> {
        let mut settings = UserSettings::default();
        let mut providers = BTreeSet::new();
        while self.accept("SET") {
            let span = self.previous_span();
            if self.accept_one_of(&TAGS).is_some() {
                self.once(settings.tags.as_ref(), "SET TAGS", span)?;
                settings.tags = Some(self.tag_list()?);
            } else if self.accept("STATUS") {
                self.once(settings.status.as_ref(), "SET STATUS {SUSPENDED|ACTIVE}", span)?;
                let span = self.span();
                let suspended = self.expect_one_of(&["ACTIVE", "SUSPENDED"])? == "SUSPENDED";
                let status = if suspended { UserStatus::Suspended } else { UserStatus::Active };
                settings.status = Some(Located::new(status, span));
            } else if self.accept("HOME") {
                self.expect("DATABASE")?;
                self.once(settings.home.as_ref(), "SET HOME DATABASE", span)?;
                settings.home = Some(self.catalog_name("a database name")?);
            } else if self.accept("AUTH") {
                let auth = self.auth_settings()?;
                let provider = &auth.value.provider;
                if !providers.insert(provider.value.clone()) {
                    let message = format!("Duplicate `SET AUTH '{}'` clause.", provider.value);
                    return Err(self.error(ErrorCode::DuplicateClause, provider.span, message));
                }
                settings.auth.push(auth);
            } else {
                self.password_clause(&mut settings.password, span)?;
            }
        }
        Ok(settings)
    }

    /// After `SET`: `[PLAINTEXT | ENCRYPTED] PASSWORD 'p' [CHANGE …]` or `PASSWORD CHANGE …`.
    fn password_clause(&mut self, clause: &mut PasswordClause, start: Span) -> Parsed<()> {
        let stage = self.accept_one_of(&["PLAINTEXT", "ENCRYPTED"]);
        self.expect("PASSWORD")?;
        if stage.is_none() && self.accept("CHANGE") {
            return self.change_required(clause, start);
        }
        self.once(clause.password.as_ref(), "SET PASSWORD", start)?;
        clause.password = Some(self.secret()?);
        clause.encrypted = stage == Some("ENCRYPTED");
        if self.accept("CHANGE") {
            let start = self.previous_span();
            self.change_required(clause, start)?;
        }
        Ok(())
    }

    /// After `CHANGE`.
    fn change_required(&mut self, clause: &mut PasswordClause, start: Span) -> Parsed<()> {
        let required = !self.accept("NOT");
        self.expect("REQUIRED")?;
        let span = start.to(self.previous_span());
        self.once(clause.change_required.as_ref(), "SET PASSWORD CHANGE [NOT] REQUIRED", span)?;
        clause.change_required = Some(Located::new(required, span));
        Ok(())
    }

    /// After `AUTH`: `[PROVIDER] 'provider' { SET … }`.
    fn auth_settings(&mut self) -> Parsed<Located<AuthSettings>> {
        self.accept("PROVIDER");
        let start = self.span();
        let provider = self.string("an auth provider in quotes")?;
        let mut settings = AuthSettings { provider, id: None, password: PasswordClause::default() };
        self.expect_symbol("{")?;
        self.expect("SET")?;
        loop {
            let span = self.previous_span();
            if self.accept("ID") {
                self.once(settings.id.as_ref(), "SET ID", span)?;
                settings.id = Some(self.string_operand("an id in quotes")?);
            } else {
                self.password_clause(&mut settings.password, span)?;
            }
            if !self.accept("SET") {
                break;
            }
        }
        self.expect_symbol("}")?;
        let span = start.to(self.previous_span());
        self.check_auth(&settings, span)?;
        Ok(Located::new(settings, span))
    }

    /// A native provider takes a password, every other one an id.
    fn check_auth(&self, settings: &AuthSettings, span: Span) -> Parsed<()> {
        let provider = &settings.provider.value;
        let native = provider == "native";
        let password = &settings.password;
        let has_password = password.password.is_some() || password.change_required.is_some();
        let message = match (native, settings.id.is_some(), has_password) {
            (true, true, _) => "Auth provider `native` does not allow `SET ID` clause.".to_owned(),
            (false, _, true) => format!("Auth provider `{provider}` does not allow `SET PASSWORD` clause."),
            _ => return Ok(()),
        };
        Err(self.error(ErrorCode::ConflictingClauses, span, message))
    }

    /// True if a clause of a `SHOW` or the end of the statement is next, so that no name can be.
    pub(super) fn at_projection(&self) -> bool {
        self.at("YIELD") || self.at("WHERE") || self.kind() == TokenKind::End || self.at_symbol(";")
    }
}
