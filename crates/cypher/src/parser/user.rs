//! `CREATE USER`, `ALTER USER`, `ALTER USERS`, `ALTER CURRENT USER`, `RENAME USER`, `DROP USER`. Tags are part of
//! Cypher 25 only.

use std::collections::BTreeSet;

use aliasd_catalog::CypherVersion;

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
        if !self.at_one_of(&["SET"]) {
            return Err(self.unexpected());
        }
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
            if self.accept_tags() {
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
            let start = self.span();
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

    /// `TAG[S]`, where the language has tags.
    fn accept_tags(&mut self) -> bool {
        self.version() == CypherVersion::Cypher25 && self.accept_one_of(&TAGS).is_some()
    }

    /// After `REMOVE [ALL] TAG[S]`; `start` is what follows REMOVE.
    fn tag_removal(&mut self, removal: &mut Option<Located<TagRemoval>>, all: bool, start: Span) -> Parsed<()> {
        self.once(removal.as_ref(), "REMOVE TAGS", start)?;
        let tags = if all { TagRemoval::All } else { TagRemoval::Tags(self.tag_list()?.value) };
        *removal = Some(Located::new(tags, start.to(self.previous_span())));
        Ok(())
    }

    /// `ADD TAG[S] …`, if it stands there.
    fn tag_additions(&mut self, tags: &mut TagEdits) -> Parsed<()> {
        while self.version() == CypherVersion::Cypher25 && self.accept("ADD") {
            self.once(tags.add.as_ref(), "ADD TAGS", self.span())?;
            self.expect_one_of(&TAGS)?;
            tags.add = Some(self.tag_list()?);
        }
        Ok(())
    }

    /// After `TAG[S]`: a tag, a list of tags in brackets, or a parameter.
    fn tag_list(&mut self) -> Parsed<TagList> {
        if let Some(parameter) = self.accept_parameter() {
            return Ok(parameter.map(Operand::Parameter));
        }
        let start = self.span();
        if !self.accept_symbol("[") {
            return Ok(self.string("a tag in quotes")?.map(|tag| Operand::Literal(vec![tag])));
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
            let span = self.span();
            if self.accept_tags() {
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
                    return Err(self.error(ErrorCode::DuplicateClause, span, message));
                }
                settings.auth.push(auth);
            } else {
                let gives_password = self.password_clause(&mut settings.password, span)?;
                if gives_password && self.accept("CHANGE") {
                    let start = self.previous_span();
                    self.change_required(&mut settings.password, start)?;
                }
            }
        }
        Ok(settings)
    }

    /// After `SET`: `[PLAINTEXT | ENCRYPTED] PASSWORD 'p'`, for which it answers true, or `PASSWORD CHANGE …`.
    fn password_clause(&mut self, clause: &mut PasswordClause, start: Span) -> Parsed<bool> {
        let stage = self.accept_one_of(&["PLAINTEXT", "ENCRYPTED"]);
        self.expect("PASSWORD")?;
        if stage.is_none() && self.accept("CHANGE") {
            self.change_required(clause, start)?;
            return Ok(false);
        }
        self.once(clause.password.as_ref(), "SET PASSWORD", start)?;
        clause.password = Some(self.secret()?);
        clause.encrypted = stage == Some("ENCRYPTED");
        Ok(true)
    }

    /// After `CHANGE`; `start` is where the clause begins.
    fn change_required(&mut self, clause: &mut PasswordClause, start: Span) -> Parsed<()> {
        self.once(clause.change_required.as_ref(), "SET PASSWORD CHANGE [NOT] REQUIRED", start)?;
        let required = !self.accept("NOT");
        self.expect("REQUIRED")?;
        clause.change_required = Some(Located::new(required, start.to(self.previous_span())));
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
            let span = self.span();
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
}
