//! Statements about aliases to commands.

use aliasd_catalog::{
    AliasName, AliasTarget, AlterAlias, CatalogName, Command, CreateAlias, CypherVersion, DriverSettings, NameForm,
    OpenCommand, Plain, RemoteLogin, RemoteTarget, RemoteUrl, RemoteUserName, Verb,
};

use super::map::{DRIVER, PROPERTIES, values};
use super::{catalog_name, name, secret, string};
use crate::ast::{AliasStatement, LoginClause, MapEntries, NameOperand, Operand, RemoteClauses};
use crate::parameters::Parameters;
use crate::refusal::SpannedRefusal;
use crate::span::Located;

pub(super) fn lower(
    statement: &AliasStatement,
    version: CypherVersion,
    parameters: &Parameters,
) -> Result<Command<Plain>, SpannedRefusal> {
    match statement {
        AliasStatement::Create(create) => {
            let form = name_form(&create.name, version)?;
            let alias = AliasName::new(&name(&create.name, parameters)?)?;
            let target = match &create.remote {
                None => AliasTarget::Local(catalog_name(&create.target, parameters)?),
                Some(remote) => {
                    let database = catalog_name(&create.target, parameters)?;
                    let remote = remote_target(&alias, remote, database, parameters)?;
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
fn name_form(operand: &NameOperand, version: CypherVersion) -> Result<NameForm, SpannedRefusal> {
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
    alias: &AliasName,
    remote: &RemoteClauses,
    database: CatalogName,
    parameters: &Parameters,
) -> Result<RemoteTarget<Plain>, SpannedRefusal> {
    let driver = remote.driver.as_ref().map(|map| driver(Verb::Create, alias.as_str(), map, parameters)).transpose()?;
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
) -> Result<Command<Plain>, SpannedRefusal> {
    let alias = catalog_name(&alter.name, parameters)?;
    let driver = alter.driver.as_ref().map(|map| driver(Verb::Alter, alias.as_str(), map, parameters));
    let url = alter
        .url
        .as_ref()
        .map(|url| Ok::<_, SpannedRefusal>(RemoteUrl::new(&string(url, parameters)?)?))
        .transpose()?;
    let target = alter.target.as_ref().map(|target| catalog_name(target, parameters)).transpose()?;
    let user = alter.user.as_ref();
    let user = user.map(|user| Ok::<_, SpannedRefusal>(RemoteUserName::new(&name(user, parameters)?)?)).transpose()?;
    Ok(Command::AlterAlias(AlterAlias {
        name: alias,
        form: name_form(&alter.name, version)?,
        if_exists: alter.if_exists,
        target: target.map(|target| (target, url)),
        user,
        credential: alter.password.as_ref().map(|password| secret(password, parameters)).transpose()?,
        carried: None,
        seen: None,
        driver: driver.transpose()?,
        default_language: alter.default_language.as_ref().map(|language| language.value),
        properties: alter.properties.as_ref().map(|map| values(map, PROPERTIES, parameters)).transpose()?,
    }))
}

fn driver(
    verb: Verb,
    alias: &str,
    map: &Located<Operand<MapEntries>>,
    parameters: &Parameters,
) -> Result<DriverSettings, SpannedRefusal> {
    let values = values(map, DRIVER, parameters)?;
    Ok(DriverSettings::from_values(&values).map_err(|error| error.refuse(verb, alias))?)
}
