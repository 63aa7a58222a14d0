//! `CREATE`, `ALTER`, `DROP`, `START` and `STOP` of databases, and `CALL`.

use aliasd_catalog::CypherVersion;

use super::elsewhere::DATABASES_ELSEWHERE;
use super::{Parsed, Parser};
use crate::ast::{
    AlterDatabase, Body, CreateDatabase, DatabaseAccess, DatabaseStatement, DropDatabase, NameOperand, Operand, Wait,
};
use crate::error::ErrorCode;
use crate::lexer::{TokenKind, decode_integer};
use crate::span::Located;

/// The procedures that there are, as they are written.
const SET_DEFAULT_DATABASE: &str = "dbms.setDefaultDatabase";
const COMPONENTS: &str = "dbms.components";

impl Parser<'_> {
    /// After `CREATE [OR REPLACE] [COMPOSITE] DATABASE`.
    pub(super) fn create_database(&mut self, replace: bool, composite: bool) -> Parsed<DatabaseStatement> {
        let name = self.created_database_name()?;
        let mode = self.create_mode(replace, "database", &name)?;
        self.refuse_elsewhere(DATABASES_ELSEWHERE)?;
        // Cypher 5 has no SET here.
        let set = self.version() == CypherVersion::Cypher25 && self.accept("SET");
        self.refuse_elsewhere(DATABASES_ELSEWHERE)?;
        let mut default_language = None;
        if self.accept("DEFAULT") {
            default_language = Some(self.default_language()?);
            self.refuse_more_sets()?;
        } else if set {
            return Err(self.unexpected());
        }
        if self.accept("OPTIONS") {
            self.no_options()?;
        }
        let wait = self.wait()?;
        Ok(DatabaseStatement::Create(CreateDatabase { name, mode, composite, default_language, wait }))
    }

    /// After `OPTIONS`: a map without entries, for nothing in this catalog has options.
    fn no_options(&mut self) -> Parsed<()> {
        let options = self.map_operand("database options")?;
        let message = match &options.value {
            Operand::Literal(entries) if entries.is_empty() => return Ok(()),
            Operand::Literal(entries) => {
                let keys: Vec<&str> = entries.iter().map(|(key, _)| key.value.as_str()).collect();
                format!("Could not create database with specified option(s): {}.", keys.join(", "))
            }
            Operand::Parameter(_) => "Options of databases cannot be given as a parameter.".to_owned(),
        };
        let error = self.error(ErrorCode::NotSupported, options.span, message);
        Err(error.with_hint("A catalog registers databases and holds no stores: write OPTIONS {}, or leave it out."))
    }

    /// The clauses that Neo4j has after the language; `SET` may stand before them.
    fn refuse_more_sets(&mut self) -> Parsed<()> {
        if self.at("SET") {
            let place = self.place_here();
            self.advance();
            self.refuse_elsewhere(DATABASES_ELSEWHERE)?;
            self.go_back(place);
        }
        self.refuse_elsewhere(DATABASES_ELSEWHERE)
    }

    /// After `ALTER DATABASE`. Each clause stands at most once.
    pub(super) fn alter_database(&mut self) -> Parsed<DatabaseStatement> {
        let name = self.catalog_name("a database name")?;
        let if_exists = self.if_exists()?;
        let mut alter = AlterDatabase { name, if_exists, access: None, default_language: None, wait: Wait::default() };
        if self.at("REMOVE") && self.at_ahead(1, "OPTION") {
            self.advance();
            self.refuse_elsewhere(DATABASES_ELSEWHERE)?;
        }
        self.expect("SET")?;
        loop {
            self.alter_database_clause(&mut alter)?;
            if !self.accept("SET") {
                break;
            }
        }
        alter.wait = self.wait()?;
        Ok(DatabaseStatement::Alter(alter))
    }

    /// After `SET`.
    fn alter_database_clause(&mut self, alter: &mut AlterDatabase) -> Parsed<()> {
        let span = self.span();
        self.refuse_elsewhere(DATABASES_ELSEWHERE)?;
        if self.accept("ACCESS") {
            self.once(alter.access.as_ref(), "SET ACCESS", span)?;
            let span = self.span();
            self.expect("READ")?;
            let read_only = self.expect_one_of(&["ONLY", "WRITE"])? == "ONLY";
            let access = if read_only { DatabaseAccess::ReadOnly } else { DatabaseAccess::ReadWrite };
            alter.access = Some(Located::new(access, span.to(self.previous_span())));
            return Ok(());
        }
        self.expect("DEFAULT")?;
        self.once(alter.default_language.as_ref(), "SET DEFAULT LANGUAGE", span)?;
        alter.default_language = Some(self.default_language()?);
        Ok(())
    }

    /// After `DROP [COMPOSITE] DATABASE`.
    pub(super) fn drop_database(&mut self, composite: bool) -> Parsed<DatabaseStatement> {
        let name = self.catalog_name("a database name")?;
        let if_exists = self.if_exists()?;
        let cascade_aliases = self.accept("CASCADE");
        if cascade_aliases {
            self.expect_one_of(&["ALIASES", "ALIAS"])?;
        } else {
            // RESTRICT is the default; saying it changes nothing.
            self.accept("RESTRICT");
        }
        // There is no data here to dump or to destroy.
        if self.accept_one_of(&["DUMP", "DESTROY"]).is_some() {
            self.accept("DATA");
        }
        let wait = self.wait()?;
        Ok(DatabaseStatement::Drop(DropDatabase { name, if_exists, composite, cascade_aliases, wait }))
    }

    /// After `START DATABASE` and `STOP DATABASE`.
    pub(super) fn operated_database(&mut self) -> Parsed<(NameOperand, Wait)> {
        let name = self.catalog_name("a database name")?;
        Ok((name, self.wait()?))
    }

    /// `[WAIT [n [SEC[OND[S]]]] | NOWAIT]`.
    fn wait(&mut self) -> Parsed<Wait> {
        if self.accept("NOWAIT") {
            return Ok(Wait::No);
        }
        if !self.accept("WAIT") {
            return Ok(Wait::Unsaid);
        }
        let seconds = match self.kind() {
            TokenKind::Integer => decode_integer(self.text(self.span())).and_then(|count| u64::try_from(count).ok()),
            _ => None,
        };
        if seconds.is_some() {
            self.advance();
            self.accept_one_of(&["SECONDS", "SECOND", "SEC"]);
        } else {
            self.note_kind("a number of seconds");
        }
        Ok(Wait::Yes(seconds))
    }

    /// After `CALL`.
    pub(super) fn call_procedure(&mut self) -> Parsed<Body> {
        let start = self.span();
        let mut name = self.identifier("a procedure name")?.value;
        while self.accept_symbol(".") {
            name.push('.');
            name.push_str(&self.identifier("the next part of the name")?.value);
        }
        if name.eq_ignore_ascii_case(COMPONENTS) {
            return Ok(Body::Show(Box::new(self.call_components(start)?)));
        }
        if !name.eq_ignore_ascii_case(SET_DEFAULT_DATABASE) {
            let message =
                format!("There is no procedure with the name `{name}` registered for this database instance.");
            let error = self.error(ErrorCode::UnknownProcedure, start.to(self.previous_span()), message);
            return Err(error.with_hint(format!("There are {SET_DEFAULT_DATABASE}('name') and {COMPONENTS}().")));
        }
        self.expect_symbol("(")?;
        let database = self.string_operand("a database name in quotes")?;
        self.expect_symbol(")")?;
        Ok(Body::Database(DatabaseStatement::SetDefault(database)))
    }
}
