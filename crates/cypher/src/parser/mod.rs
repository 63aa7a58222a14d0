//! Tokens to syntax tree, by recursive descent; one file per family of statements.
//!
//! Whatever the parser looks for and does not find is noted as *expected*; moving on forgets the notes.
//! So the notes at the moment of failure are exactly what could have stood there, and every error names
//! them without any grammar rule having to.

mod alias;
mod auth_rule;
mod cursor;
mod database;
mod elsewhere;
mod expression;
mod iteration;
mod operand;
mod pattern;
mod privilege;
mod role;
mod show;
#[cfg(test)]
mod tests;
mod user;

use aliasd_catalog::CypherVersion;

use crate::ast::{Body, ClusterStatement, CreateMode, DatabaseStatement, Expression, NameOperand, Operand, Statement};
use crate::error::{ErrorCode, LanguageError};
use crate::lexer::{TokenKind, invalid_version, tokenize};
use crate::span::{Located, Span};

use elsewhere::STATEMENTS_ELSEWHERE;

pub use cursor::{Continuation, LIST_MEMBERS_MAX, NESTING_MAX};
pub(crate) use cursor::{Parsed, Parser};
pub use elsewhere::unsupported;
pub(crate) use privilege::privilege_spellings;

/// Parses one statement, which may end with a semicolon.
///
/// # Errors
/// The text is not a statement of the language; the error says where and what was expected. It never
/// shows what may be a password.
pub fn parse(source: &str) -> Result<Statement, LanguageError> {
    let mut parser = Parser::new(source, tokenize(source)?);
    parser.statement()
}

impl Parser<'_> {
    /// A whole text.
    pub(crate) fn statement(&mut self) -> Parsed<Statement> {
        let version = self.version_prefix()?;
        let start = self.span();
        let body = self.body()?;
        let body = Located::new(body, start.to(self.previous_span()));
        self.accept_symbol(";");
        if self.kind() != TokenKind::End {
            return Err(self.unexpected());
        }
        Ok(Statement { version, body, deprecations: self.take_deprecations() })
    }

    /// An expression and nothing else.
    pub(crate) fn lone_expression(&mut self) -> Parsed<Located<Expression>> {
        let expression = self.expression()?;
        if self.kind() == TokenKind::End { Ok(expression) } else { Err(self.unexpected()) }
    }

    fn version_prefix(&mut self) -> Parsed<Option<CypherVersion>> {
        if !self.accept("CYPHER") {
            return Ok(None);
        }
        let version = self.cypher_version()?;
        self.set_version(version);
        Ok(Some(version))
    }

    /// The number of a Cypher version.
    fn cypher_version(&mut self) -> Parsed<CypherVersion> {
        let span = self.span();
        let text = self.text(span);
        let version = match text {
            "5" => CypherVersion::Cypher5,
            "25" => CypherVersion::Cypher25,
            _ if matches!(self.kind(), TokenKind::Integer | TokenKind::Float) => {
                return Err(self.error(ErrorCode::InvalidCypherVersion, span, invalid_version(text)));
            }
            _ => {
                self.note("5");
                self.note("25");
                return Err(self.unexpected());
            }
        };
        self.advance();
        Ok(version)
    }

    fn body(&mut self) -> Parsed<Body> {
        if self.at("USE") {
            let message = "The `USE` clause is not required for Administration Commands. \
                           Retry your query omitting the `USE` clause and it will be routed automatically.";
            return Err(self.error(ErrorCode::UseClauseNotAllowed, self.span(), message));
        }
        self.unless_elsewhere(STATEMENTS_ELSEWHERE, Self::command)
    }

    fn command(&mut self) -> Parsed<Body> {
        if self.accept("CREATE") {
            return self.create();
        }
        if self.accept("ALTER") {
            return self.alter();
        }
        if self.accept("DROP") {
            return self.drop_statement();
        }
        if self.accept("SHOW") {
            return Ok(Body::Show(Box::new(self.show()?)));
        }
        if let Some(verb) = self.accept_one_of(&["START", "STOP"]) {
            self.expect("DATABASE")?;
            let (name, wait) = self.operated_database()?;
            return Ok(Body::Database(match verb {
                "START" => DatabaseStatement::Start(name, wait),
                _ => DatabaseStatement::Stop(name, wait),
            }));
        }
        if self.accept("RENAME") {
            if self.accept_auth() {
                return Ok(Body::AuthRule(self.rename_auth_rule()?));
            }
            return Ok(match self.expect_one_of(&["USER", "ROLE"])? {
                "USER" => Body::User(self.rename_user()?),
                _ => Body::Role(self.rename_role()?),
            });
        }
        if self.accept("CALL") {
            return self.call_procedure();
        }
        if self.at_one_of(&["GRANT", "DENY", "REVOKE"]) {
            return self.grant_deny_revoke();
        }
        Err(self.unexpected())
    }

    fn create(&mut self) -> Parsed<Body> {
        let replace = self.accept("OR");
        if replace {
            self.expect("REPLACE")?;
        }
        if self.accept("ALIAS") {
            Ok(Body::Alias(self.create_alias(replace)?))
        } else if self.accept("DATABASE") {
            Ok(Body::Database(self.create_database(replace, false)?))
        } else if self.accept("COMPOSITE") {
            self.expect("DATABASE")?;
            Ok(Body::Database(self.create_database(replace, true)?))
        } else if self.accept("USER") {
            Ok(Body::User(self.create_user(replace)?))
        } else if self.accept("ROLE") {
            Ok(Body::Role(self.create_role(replace, false)?))
        } else if self.accept("IMMUTABLE") {
            self.expect("ROLE")?;
            Ok(Body::Role(self.create_role(replace, true)?))
        } else if self.accept_auth() {
            Err(self.no_auth_rule())
        } else {
            Err(self.unexpected())
        }
    }

    fn alter(&mut self) -> Parsed<Body> {
        if self.accept("ALIAS") {
            Ok(Body::Alias(self.alter_alias()?))
        } else if self.accept("DATABASE") {
            Ok(Body::Database(self.alter_database()?))
        } else if self.accept("CURRENT") {
            self.expect("USER")?;
            Ok(Body::User(self.change_password()?))
        } else if self.accept("USER") {
            Ok(Body::User(self.alter_user()?))
        } else if self.version() == CypherVersion::Cypher25 && self.accept("USERS") {
            Ok(Body::User(self.alter_users()?))
        } else if self.accept("CLUSTER") {
            self.expect("SET")?;
            self.expect("POLICY")?;
            Ok(Body::Cluster(ClusterStatement::SetPolicy(self.map_operand("a policy")?)))
        } else if self.accept_auth() {
            Ok(Body::AuthRule(self.alter_auth_rule()?))
        } else {
            Err(self.unexpected())
        }
    }

    fn drop_statement(&mut self) -> Parsed<Body> {
        if self.accept("ALIAS") {
            Ok(Body::Alias(self.drop_alias()?))
        } else if self.accept("DATABASE") {
            Ok(Body::Database(self.drop_database(false)?))
        } else if self.accept("COMPOSITE") {
            self.expect("DATABASE")?;
            Ok(Body::Database(self.drop_database(true)?))
        } else if self.accept("USER") {
            Ok(Body::User(self.drop_user()?))
        } else if self.accept("ROLE") {
            Ok(Body::Role(self.drop_role()?))
        } else if self.accept_auth() {
            Ok(Body::AuthRule(self.drop_auth_rule()?))
        } else {
            Err(self.unexpected())
        }
    }

    fn grant_deny_revoke(&mut self) -> Parsed<Body> {
        let next_is_role = self.at_ahead(1, "ROLE") || self.at_ahead(1, "ROLES");
        // `GRANT ROLE r` gives a role; `GRANT ROLE MANAGEMENT ON DBMS` gives a privilege.
        let management = self.at_ahead(1, "ROLE") && self.at_ahead(2, "MANAGEMENT") && self.at_ahead(3, "ON");
        if next_is_role && !management && !self.at("DENY") {
            return self.assign_roles();
        }
        Ok(Body::Privilege(self.privilege_statement()?))
    }

    /// `[IF NOT EXISTS]` after the name in a CREATE. `kind` is what is created, for the message.
    fn create_mode(&mut self, replace: bool, kind: &str, name: &NameOperand) -> Parsed<CreateMode> {
        let start = self.span();
        if !self.accept("IF") {
            return Ok(if replace { CreateMode::OrReplace } else { CreateMode::Fail });
        }
        self.expect("NOT")?;
        self.expect("EXISTS")?;
        if !replace {
            return Ok(CreateMode::IfNotExists);
        }
        let name = match &name.value {
            Operand::Literal(name) => name.display(),
            Operand::Parameter(parameter) => format!("${parameter}"),
        };
        let message = format!(
            "Failed to create the specified {kind} '{name}': cannot have both `OR REPLACE` and `IF NOT EXISTS`."
        );
        Err(self.error(ErrorCode::ConflictingClauses, start.to(self.previous_span()), message))
    }

    /// `[IF EXISTS]`.
    fn if_exists(&mut self) -> Parsed<bool> {
        let present = self.accept("IF");
        if present {
            self.expect("EXISTS")?;
        }
        Ok(present)
    }

    /// Refuses a clause that stands twice. `words` is the clause as Neo4j's message names it.
    fn once<T>(&self, slot: Option<&T>, words: &str, span: Span) -> Parsed<()> {
        if slot.is_none() {
            return Ok(());
        }
        Err(self.error(ErrorCode::DuplicateClause, span, format!("Duplicate {words} clause")))
    }
}
