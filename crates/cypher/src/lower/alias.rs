//! Statements about aliases to commands.

use aliasd_catalog::{
    AliasName, AliasTarget, AlterAlias, CatalogName, Command, CreateAlias, CypherVersion, DriverSettings, NameForm,
    OpenCommand, Plain, RemoteLogin, RemoteTarget, RemoteUrl, RemoteUserName, Value, ValueMap,
};

use super::{Refusal, catalog_name, name, secret, string};
use crate::ast::{AliasStatement, LoginClause, MapEntries, NameOperand, Operand, RemoteClauses};
use crate::error::{ErrorCode, LanguageError};
use crate::formula::Scope;
use crate::parameters::{Parameters, kind_of};
use crate::span::Located;

/// Which map of an alias is being read, for its messages.
#[derive(Clone, Copy)]
struct MapKind {
    /// How Neo4j's messages call it.
    label: &'static str,
    /// The message for an expression that is not constant.
    not_constant: &'static str,
}

const DRIVER: MapKind =
    MapKind { label: "driver settings", not_constant: "This expression is not valid in driver settings." };
const PROPERTIES: MapKind =
    MapKind { label: "properties", not_constant: "This expression is not valid in properties." };

pub(super) fn lower(
    statement: &AliasStatement,
    version: CypherVersion,
    parameters: &Parameters,
) -> Result<Command<Plain>, Refusal> {
    match statement {
        AliasStatement::Create(create) => {
            let form = name_form(&create.name, version)?;
            let alias = AliasName::new(&name(&create.name, parameters)?)?;
            let failure = format!("Failed to create the specified database alias '{alias}'");
            let target = match &create.remote {
                None => AliasTarget::Local(catalog_name(&create.target, parameters)?),
                Some(remote) => {
                    let database = catalog_name(&create.target, parameters)?;
                    let remote = remote_target(&failure, remote, database, parameters)?;
                    AliasTarget::Remote(remote)
                }
            };
            let properties = create.properties.as_ref().map(|map| values(map, PROPERTIES, parameters)).transpose()?;
            let properties = properties.unwrap_or_default();
            Ok(Command::CreateAlias(CreateAlias { name: alias, form, mode: create.mode, target, properties }))
        }
        AliasStatement::Alter(alter) => alter_alias(alter, version, parameters),
        AliasStatement::Drop(drop) => Ok(Command::Open(OpenCommand::DropAlias {
            name: catalog_name(&drop.name, parameters)?,
            form: name_form(&drop.name, version)?,
            if_exists: drop.if_exists,
        })),
    }
}

/// Where the name of a composite database may end in the name of an alias. Only Cypher 5 looks at how the name
/// was written; a dot inside of a part shows that the part was quoted.
fn name_form(operand: &NameOperand, version: CypherVersion) -> Result<NameForm, Refusal> {
    Ok(match (&operand.value, version) {
        (_, CypherVersion::Cypher25) => NameForm::AnyDot,
        (Operand::Parameter(_), CypherVersion::Cypher5) => NameForm::FirstDot,
        (Operand::Literal(name), CypherVersion::Cypher5) => match name.parts.as_slice() {
            [_] => NameForm::Plain,
            [composite, _] => NameForm::Within(CatalogName::new(composite)?),
            _ => NameForm::FirstDot,
        },
    })
}

fn remote_target(
    failure: &str,
    remote: &RemoteClauses,
    database: CatalogName,
    parameters: &Parameters,
) -> Result<RemoteTarget<Plain>, Refusal> {
    let driver = remote.driver.as_ref().map(|map| driver(failure, map, parameters)).transpose()?;
    Ok(RemoteTarget {
        database,
        url: RemoteUrl::new(&string(&remote.url, parameters)?)?,
        login: match &remote.login {
            LoginClause::Stored { user, password } => RemoteLogin::Stored {
                user: RemoteUserName::new(&name(user, parameters)?)?,
                credential: secret(password, parameters)?,
            },
            LoginClause::OidcForwarding => RemoteLogin::OidcForwarding,
        },
        driver: driver.unwrap_or_default(),
        default_language: remote.default_language.as_ref().map(|language| language.value),
    })
}

fn alter_alias(
    alter: &crate::ast::AlterAlias,
    version: CypherVersion,
    parameters: &Parameters,
) -> Result<Command<Plain>, Refusal> {
    let alias = catalog_name(&alter.name, parameters)?;
    let failure = format!("Failed to alter the specified database alias '{alias}'");
    let url = alter.url.as_ref().map(|url| Ok::<_, Refusal>(RemoteUrl::new(&string(url, parameters)?)?)).transpose()?;
    let target = alter.target.as_ref().map(|target| catalog_name(target, parameters)).transpose()?;
    let user = alter.user.as_ref();
    let user = user.map(|user| Ok::<_, Refusal>(RemoteUserName::new(&name(user, parameters)?)?)).transpose()?;
    Ok(Command::AlterAlias(AlterAlias {
        name: alias,
        form: name_form(&alter.name, version)?,
        if_exists: alter.if_exists,
        target: target.map(|target| (target, url)),
        user,
        credential: alter.password.as_ref().map(|password| secret(password, parameters)).transpose()?,
        driver: alter.driver.as_ref().map(|map| driver(&failure, map, parameters)).transpose()?,
        default_language: alter.default_language.as_ref().map(|language| language.value),
        properties: alter.properties.as_ref().map(|map| values(map, PROPERTIES, parameters)).transpose()?,
    }))
}

fn driver(
    failure: &str,
    map: &Located<Operand<MapEntries>>,
    parameters: &Parameters,
) -> Result<DriverSettings, Refusal> {
    Ok(DriverSettings::from_values(failure, &values(map, DRIVER, parameters)?)?)
}

/// The values of a map, keys in lower case. Of keys that differ in case only, the last one counts.
fn values(
    map: &Located<Operand<MapEntries>>,
    kind: MapKind,
    parameters: &Parameters,
) -> Result<ValueMap, LanguageError> {
    let entries = match &map.value {
        Operand::Literal(entries) => entries,
        Operand::Parameter(parameter) => {
            let value = parameters.get(parameter, map.span)?;
            let Value::Map(entries) = &**value else {
                let (label, found) = (kind.label, kind_of(value));
                // The value itself may be a secret in the wrong place, so the parameter's name stands for it.
                let message = format!("Invalid {label} '${parameter}'. Expected a map value, found {found}.");
                return Err(LanguageError::new("", ErrorCode::WrongType, map.span, message).by_parameter());
            };
            return Ok(entries.iter().map(|(key, value)| (key.to_lowercase(), value.clone())).collect());
        }
    };
    let mut scope = Scope::of_constants(parameters, (ErrorCode::ExpressionNotValid, kind.not_constant));
    let mut values = ValueMap::new();
    for (key, expression) in entries {
        let formula = scope.bind(expression)?;
        let value = formula.evaluate(&[]).map_err(|error| {
            let message = format!("Failed evaluating the given {}.", kind.label);
            let failed = LanguageError::new("", ErrorCode::DriverEvaluation, error.span(), message);
            failed.with_hint(error.message())
        })?;
        values.insert(key.value.to_lowercase(), value.into_owned());
    }
    Ok(values)
}
