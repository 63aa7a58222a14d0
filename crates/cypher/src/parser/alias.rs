//! `CREATE ALIAS`, `ALTER ALIAS`, `DROP ALIAS`.

use aliasd_catalog::CypherVersion;

use super::{Parsed, Parser};
use crate::ast::{
    AliasStatement, AlterAlias, CreateAlias, DropAlias, LoginClause, MapEntries, NameOperand, Operand, RemoteClauses,
};
use crate::error::ErrorCode;
use crate::span::Located;

impl Parser<'_> {
    /// After `CREATE [OR REPLACE] ALIAS`. The order of the clauses is fixed.
    pub(super) fn create_alias(&mut self, replace: bool) -> Parsed<AliasStatement> {
        let name = self.catalog_name("an alias name")?;
        let mode = self.create_mode(replace, "alias", &name)?;
        self.expect("FOR")?;
        self.expect("DATABASE")?;
        let target = self.catalog_name("a target database name")?;
        let remote = if self.accept("AT") { Some(self.remote_clauses()?) } else { None };
        self.check_dotted_name(&name, remote.is_some())?;
        let properties = self.optional_map("PROPERTIES", "properties")?;
        Ok(AliasStatement::Create(CreateAlias { name, mode, target, remote, properties }))
    }

    fn remote_clauses(&mut self) -> Parsed<RemoteClauses> {
        let url = self.string_operand("a url in quotes")?;
        // Cypher 5 has no credential forwarding.
        let login = if self.version() == CypherVersion::Cypher25 && self.accept("OIDC") {
            self.expect("CREDENTIAL")?;
            self.expect("FORWARDING")?;
            LoginClause::OidcForwarding
        } else {
            self.expect("USER")?;
            let user = self.simple_name("a user name")?;
            self.expect("PASSWORD")?;
            LoginClause::Stored { user, password: self.secret()? }
        };
        let driver = self.optional_map("DRIVER", "driver settings")?;
        let default_language = if self.accept("DEFAULT") { Some(self.default_language()?) } else { None };
        Ok(RemoteClauses { url, login, driver, default_language })
    }

    fn optional_map(
        &mut self,
        word: &'static str,
        place: &'static str,
    ) -> Parsed<Option<Located<Operand<MapEntries>>>> {
        if self.accept(word) { self.map_operand(place).map(Some) } else { Ok(None) }
    }

    /// In Cypher 5 the name of an alias has no dots of its own unless it is quoted: the first dot is that of a composite
    /// database.
    fn check_dotted_name(&self, name: &NameOperand, remote: bool) -> Parsed<()> {
        let Operand::Literal(parts) = &name.value else { return Ok(()) };
        if self.version() == CypherVersion::Cypher25 || parts.parts.len() <= 2 {
            return Ok(());
        }
        let (kind, rule) = match remote {
            true => ("remote", "Remote alias names using '.' must be quoted with backticks e.g. `remote.alias`."),
            false => (
                "local",
                "Local alias names using '.' must be quoted with backticks when adding a local alias to a composite \
                 database e.g. `local.alias`.",
            ),
        };
        let name_text = parts.display();
        let message = format!("'.' is not a valid character in the {kind} alias name '{name_text}'. {rule}");
        Err(self.error(ErrorCode::InvalidDottedName, name.span, message))
    }

    /// After `DEFAULT`.
    pub(super) fn default_language(&mut self) -> Parsed<Located<CypherVersion>> {
        self.expect("LANGUAGE")?;
        self.expect("CYPHER")?;
        let span = self.span();
        Ok(Located::new(self.cypher_version()?, span))
    }

    /// After `ALTER ALIAS`. The clauses come in any order, each at most once.
    pub(super) fn alter_alias(&mut self) -> Parsed<AliasStatement> {
        let name = self.catalog_name("an alias name")?;
        let if_exists = self.if_exists()?;
        self.expect("SET")?;
        self.expect("DATABASE")?;
        let mut alter = AlterAlias {
            name,
            if_exists,
            target: None,
            url: None,
            user: None,
            password: None,
            driver: None,
            default_language: None,
            properties: None,
        };
        if !self.alter_alias_clause(&mut alter)? {
            return Err(self.unexpected());
        }
        while self.alter_alias_clause(&mut alter)? {}
        self.check_remote_target(&alter)?;
        if alter.is_remote() {
            self.check_dotted_name(&alter.name, true)?;
        }
        Ok(AliasStatement::Alter(alter))
    }

    /// One clause of an `ALTER ALIAS`; false if none is here.
    fn alter_alias_clause(&mut self, alter: &mut AlterAlias) -> Parsed<bool> {
        let span = self.span();
        if self.accept("TARGET") {
            self.once(alter.target.as_ref(), "SET DATABASE TARGET", span)?;
            alter.target = Some(self.catalog_name("a target database name")?);
            if self.accept("AT") {
                alter.url = Some(self.string_operand("a url in quotes")?);
            }
        } else if self.accept("USER") {
            self.once(alter.user.as_ref(), "SET DATABASE USER", span)?;
            alter.user = Some(self.simple_name("a user name")?);
        } else if self.accept("PASSWORD") {
            self.once(alter.password.as_ref(), "SET DATABASE PASSWORD", span)?;
            alter.password = Some(self.secret()?);
        } else if self.accept("DRIVER") {
            self.once(alter.driver.as_ref(), "SET DATABASE DRIVER", span)?;
            alter.driver = Some(self.map_operand("driver settings")?);
        } else if self.accept("DEFAULT") {
            self.once(alter.default_language.as_ref(), "SET DATABASE DEFAULT LANGUAGE", span)?;
            alter.default_language = Some(self.default_language()?);
        } else if self.accept("PROPERTIES") {
            self.once(alter.properties.as_ref(), "SET DATABASE PROPERTIES", span)?;
            alter.properties = Some(self.map_operand("properties")?);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// A target without a url is local, and then nothing else may be remote.
    fn check_remote_target(&self, alter: &AlterAlias) -> Parsed<()> {
        let Some(target) = &alter.target else { return Ok(()) };
        if alter.url.is_some() || !alter.is_remote() {
            return Ok(());
        }
        let name = match &alter.name.value {
            Operand::Literal(name) => name.display(),
            Operand::Parameter(parameter) => format!("${parameter}"),
        };
        let message = format!(
            "Failed to alter the specified database alias '{name}': url needs to be defined to alter a remote alias target."
        );
        let error = self.error(ErrorCode::MissingClause, target.span, message);
        Err(error.with_hint("Write TARGET database AT 'url', or leave TARGET out to keep the target."))
    }

    /// After `DROP ALIAS`.
    pub(super) fn drop_alias(&mut self) -> Parsed<AliasStatement> {
        let name = self.catalog_name("an alias name")?;
        let if_exists = self.if_exists()?;
        self.expect("FOR")?;
        self.expect("DATABASE")?;
        Ok(AliasStatement::Drop(DropAlias { name, if_exists }))
    }
}
