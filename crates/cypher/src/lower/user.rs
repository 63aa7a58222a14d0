//! Statements about users to commands.

use std::collections::BTreeSet;

use aliasd_catalog::{
    AlterUser, AuthId, AuthProvider, Command, CreateUser, HomeChange, OpenCommand, PasswordChange, Plain, PlainSecret,
    Rejection, Removal, TagChange, UserName, UserTag, Value,
};

use super::{catalog_name, name, secret, string, wrong_parameter};
use crate::ast::{AuthRemoval, Operand, PasswordClause, TagEdits, TagList, TagRemoval, UserSettings, UserStatement};
use crate::error::{ErrorCode, SpannedError};
use crate::parameters::Parameters;
use crate::refusal::SpannedRefusal;
use crate::span::{Located, Span};

/// The provider that is this catalog itself.
const NATIVE: &str = "native";

pub(super) fn lower(statement: &UserStatement, parameters: &Parameters) -> Result<Command<Plain>, SpannedRefusal> {
    match statement {
        UserStatement::Create(create) => {
            let name = UserName::new(&name(&create.name, parameters)?)?;
            let settings = &create.settings;
            let home = settings.home.as_ref().map(|home| catalog_name(home, parameters)).transpose()?;
            Ok(Command::CreateUser(CreateUser {
                name,
                mode: create.mode,
                password: password(settings, parameters)?,
                status: settings.status.as_ref().map(|status| status.value),
                home,
                auth: auth(settings, parameters)?,
                tags: settings
                    .tags
                    .as_ref()
                    .map(|list| tags(list.span, &list.value, parameters))
                    .transpose()?
                    .unwrap_or_default(),
            }))
        }
        UserStatement::Alter(alter) => {
            let name = UserName::new(&name(&alter.name, parameters)?)?;
            let settings = &alter.settings;
            let home = settings.home.as_ref().map(|home| catalog_name(home, parameters)).transpose()?;
            Ok(Command::AlterUser(AlterUser {
                name,
                if_exists: alter.if_exists,
                password: password(settings, parameters)?,
                unchanged_since: (),
                status: settings.status.as_ref().map(|status| status.value),
                home: home.map(HomeChange::Set).or(alter.remove_home.then_some(HomeChange::Remove)),
                remove_auth: removal(&alter.remove_auth, parameters)?,
                set_auth: auth(settings, parameters)?,
                tags: tag_change(&alter.tags, settings.tags.as_ref(), parameters)?,
            }))
        }
        UserStatement::AlterTags(alter) => {
            let names = alter.names.iter().map(|user| Ok(UserName::new(&name(user, parameters)?)?));
            Ok(Command::Open(OpenCommand::AlterUserTags {
                names: names.collect::<Result<_, SpannedRefusal>>()?,
                if_exists: alter.if_exists,
                tags: tag_change(&alter.tags, alter.set_tags.as_ref(), parameters)?,
            }))
        }
        UserStatement::ChangePassword(change) => {
            let present = secret(&change.from, parameters)?;
            let password = new_password(&change.to, parameters)?;
            Ok(Command::ChangeOwnPassword { present, password, unchanged_since: () })
        }
        UserStatement::Rename(rename) => Ok(Command::Open(OpenCommand::RenameUser {
            from: UserName::new(&name(&rename.from, parameters)?)?,
            to: UserName::new(&name(&rename.to, parameters)?)?,
            if_exists: rename.if_exists,
        })),
        UserStatement::Drop(drop) => {
            let name = UserName::new(&name(&drop.name, parameters)?)?;
            Ok(Command::Open(OpenCommand::DropUser { name, if_exists: drop.if_exists }))
        }
    }
}

/// What the clauses come down to. Tags that are taken and given again are given.
fn tag_change(edits: &TagEdits, set: Option<&TagList>, parameters: &Parameters) -> Result<TagChange, SpannedRefusal> {
    let mut change = TagChange { clear: set.is_some(), ..TagChange::default() };
    if let Some(removal) = &edits.remove {
        match &removal.value {
            TagRemoval::All => change.clear = true,
            TagRemoval::Tags(list) => change.remove.extend(tags(removal.span, list, parameters)?),
        }
    }
    for list in edits.add.iter().chain(set) {
        change.add.extend(tags(list.span, &list.value, parameters)?);
    }
    Ok(change)
}

fn tags(span: Span, list: &Operand<Vec<String>>, parameters: &Parameters) -> Result<BTreeSet<UserTag>, SpannedRefusal> {
    let texts = match list {
        Operand::Literal(texts) => texts.iter().cloned().collect(),
        Operand::Parameter(parameter) => texts(parameter, span, parameters)?,
    };
    texts.iter().map(|text| Ok(UserTag::new(text)?)).collect()
}

/// The new password, from `SET PASSWORD` or from `SET AUTH 'native'`; not from both.
fn password(settings: &UserSettings, parameters: &Parameters) -> Result<Option<PasswordChange<Plain>>, SpannedRefusal> {
    let direct = &settings.password;
    let native = settings.auth.iter().find(|auth| auth.value.provider.value == NATIVE);
    let clause = match native {
        None => direct,
        Some(native) if direct == &PasswordClause::default() => &native.value.password,
        Some(native) => {
            let message = "Cannot combine old and new auth syntax for the same auth provider.";
            let error = SpannedError::new(ErrorCode::ConflictingClauses, native.span, message);
            return Err(error
                .with_hint("Give the password either with SET PASSWORD or with SET AUTH 'native'.")
                .into());
        }
    };
    if let (true, Some(hash)) = (clause.encrypted, &clause.password) {
        return Err(refuse_encrypted(secret(hash, parameters)?.expose()).into());
    }
    let password = clause.password.as_ref().map(|password| new_password(password, parameters)).transpose()?;
    let change_required = clause.change_required.as_ref().map(|required| required.value);
    Ok((password.is_some() || change_required.is_some()).then_some(PasswordChange { password, change_required }))
}

fn new_password(
    operand: &Located<Operand<PlainSecret>>,
    parameters: &Parameters,
) -> Result<PlainSecret, SpannedRefusal> {
    let password = secret(operand, parameters)?;
    password.require_password()?;
    Ok(password)
}

/// Why a hash is refused: its form is not `version,hash,salt`, or nobody here computes hashes of that version.
fn refuse_encrypted(hash: &str) -> Rejection {
    let hexadecimal = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let well_formed = match hash.split(',').collect::<Vec<_>>().as_slice() {
        [version, hash, salt] => version.parse::<u8>().is_ok() && hexadecimal(hash) && hexadecimal(salt),
        _ => false,
    };
    match well_formed {
        true => Rejection::EncryptionVersionUnavailable {},
        false => Rejection::EncryptedPasswordFormat {},
    }
}

/// The identities of external providers.
fn auth(settings: &UserSettings, parameters: &Parameters) -> Result<Vec<(AuthProvider, AuthId)>, SpannedRefusal> {
    let external = settings.auth.iter().filter(|auth| auth.value.provider.value != NATIVE);
    external
        .map(|auth| {
            let provider = AuthProvider::of_a_login(&auth.value.provider.value)?;
            // The parser refuses an external provider without an id: it may not have a password.
            let id = auth.value.id.as_ref().map(|id| string(id, parameters)).transpose()?;
            Ok((provider, AuthId::new(&id.unwrap_or_default())?))
        })
        .collect()
}

fn removal(clauses: &[Located<AuthRemoval>], parameters: &Parameters) -> Result<Removal, SpannedRefusal> {
    let mut removal = Removal::default();
    for clause in clauses {
        match &clause.value {
            AuthRemoval::All => removal.all = true,
            AuthRemoval::Provider(Operand::Literal(provider)) => remove(&mut removal, provider)?,
            AuthRemoval::Provider(Operand::Parameter(parameter)) => {
                for provider in texts(parameter, clause.span, parameters)? {
                    remove(&mut removal, &provider)?;
                }
            }
        }
    }
    Ok(removal)
}

fn remove(removal: &mut Removal, provider: &str) -> Result<(), SpannedRefusal> {
    if provider == NATIVE {
        removal.native = true;
    } else {
        removal.providers.insert(AuthProvider::new(provider)?);
    }
    Ok(())
}

/// A parameter that stands for one text or a list of them.
fn texts(parameter: &str, span: Span, parameters: &Parameters) -> Result<BTreeSet<String>, SpannedError> {
    let value = parameters.get(parameter, span)?;
    let members = match &**value {
        Value::List(members) => members.as_slice(),
        single => std::slice::from_ref(single),
    };
    let names = members.iter().map(|member| match member {
        Value::String(name) => Ok(name.clone()),
        other => Err(wrong_parameter(parameter, "a string or a list of strings", other, span)),
    });
    names.collect()
}
