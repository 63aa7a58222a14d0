//! Commands of log entries.

use std::fmt::Display;

use aliasd_catalog::{
    AliasTarget, AlterAlias, Bootstrap, CatalogName, ClusterId, Command, CreateAlias, CypherVersion, DatabaseAccess,
    KeyId, NameForm, OpenCommand, PasswordHash, Privilege, RemoteTarget, Revision, RoleName, Sealed, UserName,
};

use super::choice::Choice;
use super::parts::{
    alias_name, array, catalog_name, database_name, driver, driver_from, ended_token, ended_token_from, login,
    login_from, optional, password, policy, policy_change, policy_change_from, policy_from, remote_user_name,
    role_name, sealed, sealed_from, set, text, texts, url, user_name,
};
use super::proto::{self, command::Kind, create_alias, name_form};
use super::retired::{
    alter_rule_from, auth_rule_to, drop_rule_from, grant_to_rules_from, rename_rule_from, revoke_from_rules_from,
};
use super::user::{
    alter_tags_from, alter_tags_to, alter_user_from, alter_user_to, create_user_from, create_user_to,
    own_password_from, own_password_to,
};
use super::value::{map_from_proto, map_to_proto};
use super::{FieldError, members, privilege};

pub(super) fn to_proto(command: &Command<Sealed>) -> proto::Command {
    let kind = match command {
        Command::Bootstrap(bootstrap) => Kind::Bootstrap(bootstrap_to(bootstrap)),
        Command::CreateAlias(create) => Kind::CreateAlias(create_alias_to(create)),
        Command::AlterAlias(alter) => Kind::AlterAlias(alter_alias_to(alter)),
        Command::CreateUser(create) => Kind::CreateUser(create_user_to(create)),
        Command::AlterUser(alter) => Kind::AlterUser(alter_user_to(alter)),
        Command::ChangeOwnPassword { present, password, unchanged_since } => {
            Kind::ChangeOwnPassword(own_password_to(*present, password, *unchanged_since))
        }
        Command::Open(command) => open_to(command),
    };
    proto::Command { kind: Some(kind) }
}

fn open_to(command: &OpenCommand) -> Kind {
    match command {
        OpenCommand::DropAlias { name, form, if_exists } => {
            Kind::DropAlias(proto::DropAlias { name: text(name), form: Some(form_to(form)), if_exists: *if_exists })
        }
        OpenCommand::CreateDatabase { name, mode, composite, default_language } => {
            Kind::CreateDatabase(proto::CreateDatabase {
                name: text(name),
                mode: mode.number(),
                composite: *composite,
                default_language: Choice::optional_number(*default_language),
            })
        }
        OpenCommand::AlterDatabase { name, if_exists, access, default_language } => {
            Kind::AlterDatabase(alter_database_to(name, *if_exists, *access, *default_language))
        }
        OpenCommand::SetDatabaseStatus { name, status } => {
            Kind::SetDatabaseStatus(proto::SetDatabaseStatus { name: text(name), status: status.number() })
        }
        OpenCommand::SetDefaultDatabase { name } => Kind::SetDefaultDatabase(text(name)),
        OpenCommand::SetPolicy(change) => Kind::SetPolicy(policy_change(*change)),
        OpenCommand::ChangeMembers(step) => Kind::ChangeMembers(members::step(step)),
        OpenCommand::EndToken { token, expires_at } => Kind::EndToken(ended_token((token, expires_at))),
        OpenCommand::DropDatabase { name, if_exists, composite, cascade_aliases } => {
            Kind::DropDatabase(proto::DropDatabase {
                name: text(name),
                if_exists: *if_exists,
                composite: *composite,
                cascade_aliases: *cascade_aliases,
            })
        }
        OpenCommand::AlterUserTags { names, if_exists, tags } => {
            Kind::AlterUserTags(alter_tags_to(names, *if_exists, tags))
        }
        OpenCommand::Retired(rule) => auth_rule_to(rule),
        OpenCommand::RenameUser { from, to, if_exists } => Kind::RenameUser(rename_to(from, to, *if_exists)),
        OpenCommand::RenameRole { from, to, if_exists } => Kind::RenameRole(rename_to(from, to, *if_exists)),
        OpenCommand::DropUser { name, if_exists } => {
            Kind::DropUser(proto::DropUser { name: text(name), if_exists: *if_exists })
        }
        OpenCommand::CreateRole { name, mode, immutable, copy_of } => Kind::CreateRole(proto::CreateRole {
            name: text(name),
            mode: mode.number(),
            immutable: *immutable,
            copy_of: copy_of.as_ref().map(text),
        }),
        OpenCommand::DropRole { name, if_exists } => {
            Kind::DropRole(proto::DropRole { name: text(name), if_exists: *if_exists })
        }
        OpenCommand::GrantRoles { roles, users } => {
            Kind::GrantRoles(proto::RolesAndUsers { roles: texts(roles), users: texts(users), lenient: false })
        }
        OpenCommand::RevokeRoles { roles, users, lenient } => {
            Kind::RevokeRoles(proto::RolesAndUsers { roles: texts(roles), users: texts(users), lenient: *lenient })
        }
        OpenCommand::AssignPrivileges { effect, immutable, privileges, roles } => {
            Kind::AssignPrivileges(assignment_to(effect.number(), *immutable, privileges, roles, false))
        }
        OpenCommand::RevokePrivileges { effect, immutable, privileges, roles, lenient } => {
            let effect = Choice::optional_number(*effect);
            Kind::RevokePrivileges(assignment_to(effect, *immutable, privileges, roles, *lenient))
        }
    }
}

pub(super) fn from_proto(stored: proto::Command) -> Result<Command<Sealed>, FieldError> {
    Ok(match stored.kind.ok_or_else(|| FieldError::missing("command"))? {
        Kind::Bootstrap(bootstrap) => Command::Bootstrap(bootstrap_from(bootstrap)?),
        Kind::CreateAlias(create) => Command::CreateAlias(create_alias_from(create)?),
        Kind::AlterAlias(alter) => Command::AlterAlias(alter_alias_from(alter)?),
        Kind::DropAlias(proto::DropAlias { name, form, if_exists }) => {
            Command::Open(OpenCommand::DropAlias { name: catalog_name(&name)?, form: form_from(form)?, if_exists })
        }
        Kind::CreateDatabase(create) => create_database_from(&create)?,
        Kind::AlterDatabase(alter) => alter_database_from(&alter)?,
        Kind::SetDatabaseStatus(set) => set_status_from(&set)?,
        Kind::SetDefaultDatabase(name) => Command::Open(OpenCommand::SetDefaultDatabase { name: catalog_name(&name)? }),
        Kind::DropDatabase(drop) => drop_database_from(&drop)?,
        Kind::EndToken(ended) => {
            let (token, expires_at) = ended_token_from(&ended)?;
            Command::Open(OpenCommand::EndToken { token, expires_at })
        }
        Kind::SetPolicy(change) => Command::Open(OpenCommand::SetPolicy(policy_change_from(&change)?)),
        Kind::ChangeMembers(step) => Command::Open(OpenCommand::ChangeMembers(members::step_from(step)?)),
        Kind::ChangeOwnPassword(change) => own_password_from(change),
        Kind::RenameUser(proto::Rename { from, to, if_exists }) => {
            Command::Open(OpenCommand::RenameUser { from: user_name(&from)?, to: user_name(&to)?, if_exists })
        }
        Kind::RenameRole(proto::Rename { from, to, if_exists }) => {
            Command::Open(OpenCommand::RenameRole { from: role_name(&from)?, to: role_name(&to)?, if_exists })
        }
        Kind::CreateUser(create) => Command::CreateUser(create_user_from(create)?),
        Kind::AlterUser(alter) => Command::AlterUser(alter_user_from(alter)?),
        Kind::AlterUserTags(alter) => alter_tags_from(alter)?,
        Kind::AlterAuthRule(rule) => Command::Open(OpenCommand::Retired(alter_rule_from(&rule)?)),
        Kind::RenameAuthRule(rename) => Command::Open(OpenCommand::Retired(rename_rule_from(&rename)?)),
        Kind::DropAuthRule(rule) => Command::Open(OpenCommand::Retired(drop_rule_from(&rule)?)),
        Kind::GrantRolesToRules(assignment) => Command::Open(OpenCommand::Retired(grant_to_rules_from(&assignment)?)),
        Kind::RevokeRolesFromRules(assignment) => {
            Command::Open(OpenCommand::Retired(revoke_from_rules_from(&assignment)?))
        }
        Kind::DropUser(proto::DropUser { name, if_exists }) => {
            Command::Open(OpenCommand::DropUser { name: user_name(&name)?, if_exists })
        }
        Kind::CreateRole(create) => create_role_from(create)?,
        Kind::DropRole(proto::DropRole { name, if_exists }) => {
            Command::Open(OpenCommand::DropRole { name: role_name(&name)?, if_exists })
        }
        Kind::GrantRoles(assignment) => {
            let (roles, users, lenient) = role_assignment_from(assignment)?;
            require_strict(lenient)?;
            Command::Open(OpenCommand::GrantRoles { roles, users })
        }
        Kind::RevokeRoles(assignment) => {
            let (roles, users, lenient) = role_assignment_from(assignment)?;
            Command::Open(OpenCommand::RevokeRoles { roles, users, lenient })
        }
        Kind::AssignPrivileges(proto::PrivilegeAssignment { effect, immutable, privileges, roles, lenient }) => {
            require_strict(lenient)?;
            Command::Open(OpenCommand::AssignPrivileges {
                effect: Choice::required(effect, "effect")?,
                immutable,
                privileges: privileges_from(privileges)?,
                roles: roles_from(&roles)?,
            })
        }
        Kind::RevokePrivileges(proto::PrivilegeAssignment { effect, immutable, privileges, roles, lenient }) => {
            Command::Open(OpenCommand::RevokePrivileges {
                effect: Choice::from_number(effect)?,
                immutable,
                privileges: privileges_from(privileges)?,
                roles: roles_from(&roles)?,
                lenient,
            })
        }
    })
}

fn set_status_from(stored: &proto::SetDatabaseStatus) -> Result<Command<Sealed>, FieldError> {
    let name = catalog_name(&stored.name)?;
    Ok(Command::Open(OpenCommand::SetDatabaseStatus { name, status: Choice::required(stored.status, "status")? }))
}

fn drop_database_from(stored: &proto::DropDatabase) -> Result<Command<Sealed>, FieldError> {
    let proto::DropDatabase { name, if_exists, composite, cascade_aliases } = stored;
    Ok(Command::Open(OpenCommand::DropDatabase {
        name: catalog_name(name)?,
        if_exists: *if_exists,
        composite: *composite,
        cascade_aliases: *cascade_aliases,
    }))
}

fn create_role_from(stored: proto::CreateRole) -> Result<Command<Sealed>, FieldError> {
    let proto::CreateRole { name, mode, immutable, copy_of } = stored;
    Ok(Command::Open(OpenCommand::CreateRole {
        name: role_name(&name)?,
        mode: Choice::required(mode, "mode")?,
        immutable,
        copy_of: optional(copy_of, |name| role_name(&name))?,
    }))
}

type Names<T> = std::collections::BTreeSet<T>;

fn roles_from(roles: &[String]) -> Result<Names<RoleName>, FieldError> {
    set(roles, |name| role_name(name))
}

fn role_assignment_from(
    assignment: proto::RolesAndUsers,
) -> Result<(Names<RoleName>, Names<UserName>, bool), FieldError> {
    let proto::RolesAndUsers { roles, users, lenient } = assignment;
    Ok((roles_from(&roles)?, set(&users, |name| user_name(name))?, lenient))
}

/// Nothing that a grant is about may be missing.
fn require_strict(lenient: bool) -> Result<(), FieldError> {
    if lenient { Err(FieldError::damaged("a grant is lenient")) } else { Ok(()) }
}

fn assignment_to(
    effect: i32,
    immutable: bool,
    privileges: &Names<Privilege>,
    roles: &Names<RoleName>,
    lenient: bool,
) -> proto::PrivilegeAssignment {
    let privileges = privileges.iter().map(privilege::to_proto).collect();
    proto::PrivilegeAssignment { effect, immutable, privileges, roles: texts(roles), lenient }
}

fn rename_to<T: Display>(from: &T, to: &T, if_exists: bool) -> proto::Rename {
    proto::Rename { from: text(from), to: text(to), if_exists }
}

fn create_database_from(stored: &proto::CreateDatabase) -> Result<Command<Sealed>, FieldError> {
    let proto::CreateDatabase { name, mode, composite, default_language } = stored;
    Ok(Command::Open(OpenCommand::CreateDatabase {
        name: database_name(name)?,
        mode: Choice::required(*mode, "mode")?,
        composite: *composite,
        default_language: Choice::from_number(*default_language)?,
    }))
}

fn alter_database_to(
    name: &CatalogName,
    if_exists: bool,
    access: Option<DatabaseAccess>,
    default_language: Option<CypherVersion>,
) -> proto::AlterDatabase {
    proto::AlterDatabase {
        name: text(name),
        if_exists,
        access: Choice::optional_number(access),
        default_language: Choice::optional_number(default_language),
    }
}

fn alter_database_from(stored: &proto::AlterDatabase) -> Result<Command<Sealed>, FieldError> {
    let proto::AlterDatabase { name, if_exists, access, default_language } = stored;
    Ok(Command::Open(OpenCommand::AlterDatabase {
        name: catalog_name(name)?,
        if_exists: *if_exists,
        access: Choice::from_number(*access)?,
        default_language: Choice::from_number(*default_language)?,
    }))
}

fn form_to(form: &NameForm) -> proto::NameForm {
    let form = match form {
        NameForm::AnyDot => name_form::Form::AnyDot(()),
        NameForm::FirstDot => name_form::Form::FirstDot(()),
        NameForm::Plain => name_form::Form::Plain(()),
        NameForm::Within(namespace) => name_form::Form::Within(text(namespace)),
    };
    proto::NameForm { form: Some(form) }
}

fn form_from(stored: Option<proto::NameForm>) -> Result<NameForm, FieldError> {
    Ok(match stored.and_then(|stored| stored.form).ok_or_else(|| FieldError::missing("name form"))? {
        name_form::Form::AnyDot(()) => NameForm::AnyDot,
        name_form::Form::FirstDot(()) => NameForm::FirstDot,
        name_form::Form::Plain(()) => NameForm::Plain,
        name_form::Form::Within(namespace) => NameForm::Within(catalog_name(&namespace)?),
    })
}

fn privileges_from(privileges: Vec<proto::Privilege>) -> Result<Names<Privilege>, FieldError> {
    set(privileges, privilege::from_proto)
}

fn bootstrap_to(bootstrap: &Bootstrap<Sealed>) -> proto::Bootstrap {
    let Bootstrap { cluster_id, active_key, policy: choices, admin, password: hash } = bootstrap;
    proto::Bootstrap {
        cluster_id: cluster_id.0.to_vec(),
        active_key: active_key.0.to_vec(),
        policy: Some(policy(*choices)),
        admin: text(admin),
        password: password(hash),
    }
}

fn bootstrap_from(stored: proto::Bootstrap) -> Result<Bootstrap<Sealed>, FieldError> {
    let proto::Bootstrap { cluster_id, active_key, policy, admin, password } = stored;
    Ok(Bootstrap {
        cluster_id: ClusterId(array(&cluster_id, "cluster id")?),
        active_key: KeyId(array(&active_key, "active key")?),
        policy: policy_from(policy)?,
        admin: user_name(&admin)?,
        password: PasswordHash::new(password),
    })
}

fn create_alias_to(create: &CreateAlias<Sealed>) -> proto::CreateAlias {
    let CreateAlias { name, form, mode, target, properties } = create;
    let target = match target {
        AliasTarget::Local(database) => create_alias::Target::Local(text(database)),
        AliasTarget::Remote(remote) => create_alias::Target::Remote(remote_to(remote)),
    };
    proto::CreateAlias {
        name: text(name),
        form: Some(form_to(form)),
        mode: mode.number(),
        target: Some(target),
        properties: map_to_proto(properties),
    }
}

fn create_alias_from(stored: proto::CreateAlias) -> Result<CreateAlias<Sealed>, FieldError> {
    let proto::CreateAlias { name, form, mode, target, properties } = stored;
    let target = match target.ok_or_else(|| FieldError::missing("target"))? {
        create_alias::Target::Local(database) => AliasTarget::Local(catalog_name(&database)?),
        create_alias::Target::Remote(remote) => AliasTarget::Remote(remote_from(remote)?),
    };
    Ok(CreateAlias {
        name: alias_name(&name)?,
        form: form_from(form)?,
        mode: Choice::required(mode, "mode")?,
        target,
        properties: map_from_proto(properties)?,
    })
}

fn remote_to(remote: &RemoteTarget<Sealed>) -> proto::RemoteTarget {
    let RemoteTarget { database, url, login: by, driver: settings, default_language } = remote;
    let (user, credential) = login(by);
    proto::RemoteTarget {
        database: text(database),
        url: text(url),
        user,
        credential,
        driver: Some(driver(settings)),
        default_language: Choice::optional_number(*default_language),
    }
}

fn remote_from(stored: proto::RemoteTarget) -> Result<RemoteTarget<Sealed>, FieldError> {
    let proto::RemoteTarget { database, url: address, user, credential, driver, default_language } = stored;
    Ok(RemoteTarget {
        database: catalog_name(&database)?,
        url: url(&address)?,
        login: login_from(user, credential)?,
        driver: driver_from(driver.ok_or_else(|| FieldError::missing("driver"))?)?,
        default_language: Choice::from_number(default_language)?,
    })
}

fn alter_alias_to(alter: &AlterAlias<Sealed>) -> proto::AlterAlias {
    let AlterAlias { name, form, if_exists, target, user, credential, carried, seen, driver: settings, .. } = alter;
    let (default_language, properties) = (&alter.default_language, &alter.properties);
    proto::AlterAlias {
        name: text(name),
        form: Some(form_to(form)),
        if_exists: *if_exists,
        target: target.as_ref().map(|(database, _)| text(database)),
        url: target.as_ref().and_then(|(_, url)| url.as_ref()).map(text),
        user: user.as_ref().map(text),
        credential: credential.as_ref().map(sealed),
        driver: settings.as_ref().map(driver),
        default_language: Choice::optional_number(*default_language),
        properties: properties.as_ref().map(|map| proto::Properties { entries: map_to_proto(map) }),
        carried: carried.as_ref().map(sealed),
        seen_revision: seen.map(|seen| seen.0),
    }
}

fn alter_alias_from(stored: proto::AlterAlias) -> Result<AlterAlias<Sealed>, FieldError> {
    let proto::AlterAlias {
        name,
        form,
        if_exists,
        target,
        url: address,
        user,
        credential,
        driver,
        default_language,
        properties,
        carried,
        seen_revision,
    } = stored;
    let address = optional(address, |address| url(&address))?;
    let target = match (target, address) {
        (None, None) => None,
        (Some(database), address) => Some((catalog_name(&database)?, address)),
        (None, Some(_)) => return Err(FieldError::damaged("a url without a target")),
    };
    Ok(AlterAlias {
        name: catalog_name(&name)?,
        form: form_from(form)?,
        if_exists,
        target,
        user: optional(user, |user| remote_user_name(&user))?,
        credential: optional(credential, sealed_from)?,
        carried: optional(carried, sealed_from)?,
        seen: seen_revision.map(Revision),
        driver: optional(driver, driver_from)?,
        default_language: Choice::from_number(default_language)?,
        properties: optional(properties, |stored| Ok(map_from_proto(stored.entries)?))?,
    })
}
