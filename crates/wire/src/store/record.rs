//! Records of the catalog.

use std::sync::Arc;

use aliasd_catalog::{
    Alias, AliasKind, ClusterId, Database, KeyId, Meta, PasswordHash, Record, RemoteAlias, RequestOwner, RequestRecord,
    Revision, Role, RoleAssignment, StatementFingerprint, User,
};

use super::choice::Choice;
use super::parts::{
    actor, actor_from, array, auth_id, auth_provider, catalog_name, database_name, driver, driver_from, ended_token,
    ended_token_from, login, login_from, optional, password, policy, policy_from, set, stamp, stamp_from, text, texts,
    url, user_tag,
};
use super::proto::{self, alias, record::Kind};
use super::value::{map_from_proto, map_to_proto};
use super::{FieldError, members, outcome};

pub(super) fn to_proto(record: &Record) -> proto::Record {
    let kind = match record {
        Record::Meta(meta) => Kind::Meta(meta_to(meta)),
        Record::Database(database) => Kind::Database(database_to(database)),
        Record::Alias(alias) => Kind::Alias(alias_to(alias)),
        Record::User(user) => Kind::User(user_to(user)),
        Record::Role(role) => Kind::Role(proto::Role { immutable: role.immutable, created: Some(stamp(role.created)) }),
        Record::RoleAssignment(assignment) => Kind::RoleAssignment(stamp(assignment.created)),
        Record::Grant(created) => Kind::Grant(stamp(*created)),
        Record::Request(request) => Kind::Request(proto::RequestRecord {
            applied: Some(stamp(request.applied)),
            outcome: Some(outcome::to_proto(&request.outcome)),
            owner: request.owner.as_ref().map(|owner| proto::RequestOwner {
                actor: actor(&owner.actor),
                fingerprint: owner.fingerprint.0.to_vec(),
            }),
        }),
        Record::Members(ledger) => Kind::Members(members::ledger(ledger)),
    };
    proto::Record { kind: Some(kind) }
}

pub(super) fn from_proto(stored: proto::Record) -> Result<Record, FieldError> {
    Ok(match stored.kind.ok_or_else(|| FieldError::missing("record"))? {
        Kind::Meta(meta) => Record::Meta(Arc::new(meta_from(meta)?)),
        Kind::Database(database) => Record::Database(Arc::new(database_from(&database)?)),
        Kind::Alias(alias) => Record::Alias(Arc::new(alias_from(alias)?)),
        Kind::User(user) => Record::User(Arc::new(user_from(user)?)),
        Kind::Role(proto::Role { immutable, created }) => {
            Record::Role(Arc::new(Role { immutable, created: stamp_from(created, "created")? }))
        }
        Kind::RoleAssignment(created) => {
            Record::RoleAssignment(RoleAssignment { created: stamp_from(Some(created), "created")? })
        }
        Kind::Grant(created) => Record::Grant(stamp_from(Some(created), "created")?),
        Kind::Request(request) => Record::Request(Arc::new(request_from(request)?)),
        Kind::Members(ledger) => Record::Members(Arc::new(members::ledger_from(ledger)?)),
    })
}

fn request_from(stored: proto::RequestRecord) -> Result<RequestRecord, FieldError> {
    let proto::RequestRecord { applied, outcome: answer, owner: stored_owner } = stored;
    let owner = |proto::RequestOwner { actor, fingerprint }| -> Result<RequestOwner, FieldError> {
        let fingerprint = StatementFingerprint(array(&fingerprint, "fingerprint")?);
        Ok(RequestOwner { actor: actor_from(actor)?, fingerprint })
    };
    Ok(RequestRecord {
        applied: stamp_from(applied, "applied")?,
        outcome: outcome::from_proto(answer)?,
        owner: stored_owner.map(owner).transpose()?,
    })
}

fn meta_to(meta: &Meta) -> proto::Meta {
    let Meta { cluster_id, active_key, default_database, policy: choices, created } = meta;
    proto::Meta {
        cluster_id: cluster_id.0.to_vec(),
        active_key: active_key.0.to_vec(),
        default_database: text(default_database),
        policy: Some(policy(*choices)),
        created: Some(stamp(*created)),
    }
}

fn meta_from(stored: proto::Meta) -> Result<Meta, FieldError> {
    let proto::Meta { cluster_id, active_key, default_database, policy, created } = stored;
    Ok(Meta {
        cluster_id: ClusterId(array(&cluster_id, "cluster id")?),
        active_key: KeyId(array(&active_key, "active key")?),
        default_database: catalog_name(&default_database)?,
        policy: policy_from(policy)?,
        created: stamp_from(created, "created")?,
    })
}

fn database_to(database: &Database) -> proto::Database {
    let Database { kind, status, access, default_language, created, modified } = database;
    proto::Database {
        kind: kind.number(),
        status: status.number(),
        access: access.number(),
        default_language: default_language.number(),
        created: Some(stamp(*created)),
        modified: Some(stamp(*modified)),
    }
}

fn database_from(stored: &proto::Database) -> Result<Database, FieldError> {
    let proto::Database { kind, status, access, default_language, created, modified } = *stored;
    Ok(Database {
        kind: Choice::required(kind, "kind")?,
        status: Choice::required(status, "status")?,
        access: Choice::required(access, "access")?,
        default_language: Choice::required(default_language, "default language")?,
        created: stamp_from(created, "created")?,
        modified: stamp_from(modified, "modified")?,
    })
}

fn alias_to(alias: &Alias) -> proto::Alias {
    let Alias { kind, composite, properties, created, modified } = alias;
    let kind = match kind {
        AliasKind::Local(database) => alias::Kind::Local(text(database)),
        AliasKind::Remote(remote) => alias::Kind::Remote(remote_to(remote)),
    };
    proto::Alias {
        kind: Some(kind),
        composite: composite.as_ref().map(text),
        properties: map_to_proto(properties),
        created: Some(stamp(*created)),
        modified: Some(stamp(*modified)),
    }
}

fn alias_from(stored: proto::Alias) -> Result<Alias, FieldError> {
    let proto::Alias { kind, composite, properties, created, modified } = stored;
    let kind = match kind.ok_or_else(|| FieldError::missing("alias kind"))? {
        alias::Kind::Local(database) => AliasKind::Local(database_name(&database)?),
        alias::Kind::Remote(remote) => AliasKind::Remote(remote_from(remote)?),
    };
    Ok(Alias {
        kind,
        composite: optional(composite, |composite| database_name(&composite))?,
        properties: map_from_proto(properties)?,
        created: stamp_from(created, "created")?,
        modified: stamp_from(modified, "modified")?,
    })
}

fn remote_to(remote: &RemoteAlias) -> proto::RemoteAlias {
    let RemoteAlias { database, url, login: by, driver: settings, default_language } = remote;
    let (user, credential) = login(by);
    proto::RemoteAlias {
        database: text(database),
        url: text(url),
        user,
        credential,
        driver: Some(driver(settings)),
        default_language: Choice::optional_number(*default_language),
    }
}

fn remote_from(stored: proto::RemoteAlias) -> Result<RemoteAlias, FieldError> {
    let proto::RemoteAlias { database, url: address, user, credential, driver, default_language } = stored;
    Ok(RemoteAlias {
        database: catalog_name(&database)?,
        url: url(&address)?,
        login: login_from(user, credential)?,
        driver: driver_from(driver.ok_or_else(|| FieldError::missing("driver"))?)?,
        default_language: Choice::from_number(default_language)?,
    })
}

fn user_to(user: &User) -> proto::User {
    let User {
        password: hash,
        password_change_required,
        status,
        home,
        auth,
        tags,
        ended_tokens,
        credential_revision,
        created,
        modified,
    } = user;
    proto::User {
        password: hash.as_ref().map(password),
        password_change_required: *password_change_required,
        status: status.number(),
        home: home.as_ref().map(text),
        auth: auth.iter().map(|(provider, id)| (text(provider), text(id))).collect(),
        credential_revision: credential_revision.0,
        created: Some(stamp(*created)),
        modified: Some(stamp(*modified)),
        tags: texts(tags),
        ended_tokens: ended_tokens.iter().map(ended_token).collect(),
    }
}

fn user_from(stored: proto::User) -> Result<User, FieldError> {
    let proto::User {
        password,
        password_change_required,
        status,
        home,
        auth,
        credential_revision,
        created,
        modified,
        tags,
        ended_tokens,
    } = stored;
    let auth = auth.iter().map(|(provider, id)| Ok((auth_provider(provider)?, auth_id(id)?)));
    Ok(User {
        password: password.map(PasswordHash::new),
        password_change_required,
        status: Choice::required(status, "status")?,
        home: optional(home, |home| catalog_name(&home))?,
        auth: auth.collect::<Result<_, FieldError>>()?,
        tags: set(&tags, |tag| user_tag(tag))?,
        ended_tokens: ended_tokens.iter().map(ended_token_from).collect::<Result<_, FieldError>>()?,
        credential_revision: Revision(credential_revision),
        created: stamp_from(created, "created")?,
        modified: stamp_from(modified, "modified")?,
    })
}
