//! Statement and parameter values to a command of the catalog, to the description of a listing, or to the answer itself.
//!
//! Names are checked by the catalog's own constructors, so a command that leaves here is well formed.
//! Whether it is allowed and whether it makes sense for what the catalog holds is decided there.

mod alias;
mod auth_rule;
mod map;
mod privilege;
mod rule;
mod show;
mod user;

use aliasd_catalog::{
    CatalogName, Command, CypherVersion, DatabaseName, DatabaseStatus, OpenCommand, Plain, PlainSecret, PolicyChange,
    Rejection, Value,
};

pub use auth_rule::NoOp;

use crate::ast::{Body, ClusterStatement, DatabaseStatement, NameOperand, Operand, Statement};
use crate::error::{ErrorCode, SpannedError};
use crate::parameters::{Parameters, kind_of};
use crate::parser::parse;
use crate::refusal::{Refusal, SpannedRefusal};
use crate::span::{Located, Span};
use crate::subject::ListingRequest;

/// What a statement comes down to.
#[derive(Clone, Debug)]
pub enum Lowered {
    /// Something for the catalog to apply. Its secrets are still in clear.
    Command(Box<Command<Plain>>),
    /// Something to read from a catalog, described and not read.
    Listing(Box<ListingRequest>),
    /// Something that changes nothing, whatever a catalog holds.
    NoOp(Box<NoOp>),
}

/// Parses and lowers a statement.
///
/// # Errors
/// The text is not a statement, a parameter is missing or of the wrong type, or a name or value breaks a
/// rule of the catalog.
pub fn compile(source: &str, parameters: &Parameters) -> Result<Lowered, Refusal> {
    let statement = parse(source)?;
    lower(&statement, parameters).map_err(|refusal| refusal.in_source(source))
}

/// Joins a statement with the values of its parameters.
///
/// # Errors
/// As [`compile`]. They can be shown once they have met the text again: see [`Refusal::in_source`].
pub fn lower(statement: &Statement, parameters: &Parameters) -> Result<Lowered, SpannedRefusal> {
    let version = statement.version.unwrap_or(CypherVersion::Cypher25);
    let command = match &statement.body.value {
        Body::Alias(body) => alias::lower(body, version, parameters)?,
        Body::Database(statement) => database(statement, parameters)?,
        Body::User(statement) => user::lower(statement, parameters)?,
        Body::Role(body) => privilege::lower_role(body, version, parameters)?,
        Body::AuthRule(body) => return Ok(Lowered::NoOp(Box::new(auth_rule::lower(body, parameters)?))),
        Body::Cluster(statement) => cluster(statement, parameters)?,
        Body::Privilege(body) => privilege::lower(body, version, parameters)?,
        Body::Show(show) => return Ok(Lowered::Listing(Box::new(show::lower(show, version, parameters)?))),
    };
    Ok(Lowered::Command(Box::new(command)))
}

fn database(statement: &DatabaseStatement, parameters: &Parameters) -> Result<Command<Plain>, SpannedRefusal> {
    Ok(match statement {
        DatabaseStatement::Create(create) => {
            let name = DatabaseName::new(&name(&create.name, parameters)?)?;
            let default_language = create.default_language.as_ref().map(|language| language.value);
            Command::Open(OpenCommand::CreateDatabase {
                name,
                mode: create.mode,
                composite: create.composite,
                default_language,
            })
        }
        DatabaseStatement::Alter(alter) => Command::Open(OpenCommand::AlterDatabase {
            name: catalog_name(&alter.name, parameters)?,
            if_exists: alter.if_exists,
            access: alter.access.as_ref().map(|access| access.value),
            default_language: alter.default_language.as_ref().map(|language| language.value),
        }),
        DatabaseStatement::Drop(drop) => Command::Open(OpenCommand::DropDatabase {
            name: catalog_name(&drop.name, parameters)?,
            if_exists: drop.if_exists,
            composite: drop.composite,
            cascade_aliases: drop.cascade_aliases,
        }),
        DatabaseStatement::Start(name, _) => Command::Open(OpenCommand::SetDatabaseStatus {
            name: catalog_name(name, parameters)?,
            status: DatabaseStatus::Online,
        }),
        DatabaseStatement::Stop(name, _) => Command::Open(OpenCommand::SetDatabaseStatus {
            name: catalog_name(name, parameters)?,
            status: DatabaseStatus::Offline,
        }),
        DatabaseStatement::SetDefault(name) => {
            Command::Open(OpenCommand::SetDefaultDatabase { name: CatalogName::new(&string(name, parameters)?)? })
        }
    })
}

fn cluster(statement: &ClusterStatement, parameters: &Parameters) -> Result<Command<Plain>, SpannedRefusal> {
    Ok(match statement {
        ClusterStatement::SetPolicy(map) => {
            let change = PolicyChange::from_values(&map::values(map, map::POLICY, parameters)?)?;
            Command::Open(OpenCommand::SetPolicy(change))
        }
    })
}

// === operands ===

/// The full name that an operand stands for.
fn name(operand: &NameOperand, parameters: &Parameters) -> Result<String, SpannedError> {
    match &operand.value {
        Operand::Literal(name) => Ok(name.display()),
        Operand::Parameter(parameter) => string_parameter(parameter, operand.span, parameters),
    }
}

/// The name of a database or alias that an operand stands for.
fn catalog_name(operand: &NameOperand, parameters: &Parameters) -> Result<CatalogName, SpannedRefusal> {
    Ok(CatalogName::new(&name(operand, parameters)?)?)
}

fn string(operand: &Located<Operand<String>>, parameters: &Parameters) -> Result<String, SpannedError> {
    match &operand.value {
        Operand::Literal(text) => Ok(text.clone()),
        Operand::Parameter(parameter) => string_parameter(parameter, operand.span, parameters),
    }
}

/// The secret that an operand stands for, in a buffer that wipes itself.
fn secret(operand: &Located<Operand<PlainSecret>>, parameters: &Parameters) -> Result<PlainSecret, SpannedRefusal> {
    let secret = match &operand.value {
        Operand::Literal(secret) => secret.clone(),
        Operand::Parameter(parameter) => PlainSecret::new(string_parameter(parameter, operand.span, parameters)?),
    };
    if secret.expose().is_empty() {
        return Err(Rejection::PasswordEmpty {}.into());
    }
    Ok(secret)
}

fn string_parameter(name: &str, span: Span, parameters: &Parameters) -> Result<String, SpannedError> {
    match &**parameters.get(name, span)? {
        Value::String(text) => Ok(text.clone()),
        other => Err(wrong_parameter(name, "a string", other, span)),
    }
}

/// The error for a parameter of another type. Shows the type and never the value.
fn wrong_parameter(name: &str, expected: &str, found: &Value, span: Span) -> SpannedError {
    let message = format!("Expected parameter ${name} to be {expected}, found {}.", kind_of(found));
    SpannedError::new(ErrorCode::WrongType, span, message).by_parameter()
}
