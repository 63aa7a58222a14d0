//! What the commands about users hold.

use std::collections::BTreeSet;

use aliasd_catalog::{
    AlterUser, AuthId, AuthProvider, Command, CreateUser, HomeChange, OpenCommand, PasswordChange, PasswordHash,
    Removal, Revision, Sealed, TagChange, UserName,
};

use super::FieldError;
use super::choice::Choice;
use super::parts::{auth_id, auth_provider, catalog_name, optional, password, set, text, texts, user_name, user_tag};
use super::proto::{self, alter_user};

fn change_to(change: &PasswordChange<Sealed>) -> proto::PasswordChange {
    let PasswordChange { password: hash, change_required } = change;
    proto::PasswordChange { password: hash.as_ref().map(password), change_required: *change_required }
}

fn change_from(stored: proto::PasswordChange) -> PasswordChange<Sealed> {
    let proto::PasswordChange { password, change_required } = stored;
    PasswordChange { password: password.map(PasswordHash::new), change_required }
}

fn identities_to(auth: &[(AuthProvider, AuthId)]) -> Vec<proto::AuthIdentity> {
    auth.iter().map(|(provider, id)| proto::AuthIdentity { provider: text(provider), id: text(id) }).collect()
}

fn identities_from(stored: Vec<proto::AuthIdentity>) -> Result<Vec<(AuthProvider, AuthId)>, FieldError> {
    let read = |proto::AuthIdentity { provider, id }| Ok((auth_provider(&provider)?, auth_id(&id)?));
    stored.into_iter().map(read).collect()
}

pub(super) fn create_user_to(create: &CreateUser<Sealed>) -> proto::CreateUser {
    let CreateUser { name, mode, password, status, home, auth, tags } = create;
    proto::CreateUser {
        name: text(name),
        mode: mode.number(),
        password: password.as_ref().map(change_to),
        status: Choice::optional_number(*status),
        home: home.as_ref().map(text),
        auth: identities_to(auth),
        tags: texts(tags),
    }
}

pub(super) fn create_user_from(stored: proto::CreateUser) -> Result<CreateUser<Sealed>, FieldError> {
    let proto::CreateUser { name, mode, password, status, home, auth, tags } = stored;
    Ok(CreateUser {
        name: user_name(&name)?,
        mode: Choice::required(mode, "mode")?,
        password: password.map(change_from),
        status: Choice::from_number(status)?,
        home: optional(home, |home| catalog_name(&home))?,
        auth: identities_from(auth)?,
        tags: set(&tags, |tag| user_tag(tag))?,
    })
}

pub(super) fn alter_user_to(alter: &AlterUser<Sealed>) -> proto::AlterUser {
    let AlterUser { name, if_exists, password, unchanged_since, status, home, remove_auth, set_auth, tags } = alter;
    let Removal { all, native, providers } = remove_auth;
    proto::AlterUser {
        name: text(name),
        if_exists: *if_exists,
        password: password.as_ref().map(change_to),
        status: Choice::optional_number(*status),
        home: home.as_ref().map(|home| match home {
            HomeChange::Set(name) => alter_user::Home::SetHome(text(name)),
            HomeChange::Remove => alter_user::Home::RemoveHome(()),
        }),
        remove_all_auth: *all,
        remove_native_auth: *native,
        remove_auth: texts(providers),
        set_auth: identities_to(set_auth),
        unchanged_since: unchanged_since.map(|revision| revision.0),
        tags: (!tags.is_empty()).then(|| tag_change_to(tags)),
    }
}

pub(super) fn alter_user_from(stored: proto::AlterUser) -> Result<AlterUser<Sealed>, FieldError> {
    let proto::AlterUser {
        name,
        if_exists,
        password,
        status,
        home,
        remove_all_auth,
        remove_native_auth,
        remove_auth,
        set_auth,
        tags,
        unchanged_since,
    } = stored;
    let home = optional(home, |home| {
        Ok(match home {
            alter_user::Home::SetHome(name) => HomeChange::Set(catalog_name(&name)?),
            alter_user::Home::RemoveHome(()) => HomeChange::Remove,
        })
    })?;
    let providers = set(&remove_auth, |provider| auth_provider(provider))?;
    Ok(AlterUser {
        name: user_name(&name)?,
        if_exists,
        password: password.map(change_from),
        unchanged_since: unchanged_since.map(Revision),
        status: Choice::from_number(status)?,
        home,
        remove_auth: Removal { all: remove_all_auth, native: remove_native_auth, providers },
        set_auth: identities_from(set_auth)?,
        tags: tags.map_or_else(|| Ok(TagChange::default()), tag_change_from)?,
    })
}

fn tag_change_to(change: &TagChange) -> proto::TagChange {
    let TagChange { clear, remove, add } = change;
    proto::TagChange { clear: *clear, remove: texts(remove), add: texts(add) }
}

fn tag_change_from(stored: proto::TagChange) -> Result<TagChange, FieldError> {
    let proto::TagChange { clear, remove, add } = stored;
    Ok(TagChange { clear, remove: set(&remove, |tag| user_tag(tag))?, add: set(&add, |tag| user_tag(tag))? })
}

pub(super) fn alter_tags_to(names: &BTreeSet<UserName>, if_exists: bool, tags: &TagChange) -> proto::AlterUserTags {
    proto::AlterUserTags { names: texts(names), if_exists, tags: Some(tag_change_to(tags)) }
}

pub(super) fn alter_tags_from(stored: proto::AlterUserTags) -> Result<Command<Sealed>, FieldError> {
    let proto::AlterUserTags { names, if_exists, tags } = stored;
    Ok(Command::Open(OpenCommand::AlterUserTags {
        names: set(&names, |name| user_name(name))?,
        if_exists,
        tags: tag_change_from(tags.ok_or_else(|| FieldError::missing("tags"))?)?,
    }))
}

pub(super) fn own_password_to(
    present: Revision,
    hash: &PasswordHash,
    unchanged_since: Option<Revision>,
) -> proto::ChangeOwnPassword {
    let unchanged_since = unchanged_since.map(|revision| revision.0);
    proto::ChangeOwnPassword { verified_at: present.0, password: password(hash), unchanged_since }
}

pub(super) fn own_password_from(stored: proto::ChangeOwnPassword) -> Command<Sealed> {
    let proto::ChangeOwnPassword { verified_at, password, unchanged_since } = stored;
    let (present, password) = (Revision(verified_at), PasswordHash::new(password));
    Command::ChangeOwnPassword { present, password, unchanged_since: unchanged_since.map(Revision) }
}
