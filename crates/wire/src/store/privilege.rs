//! Privileges, as commands hold them.

use std::collections::BTreeSet;

use aliasd_catalog::{DatabaseScope, LoadScope, Privilege, Resource, Segment, UserScope};

use super::FieldError;
use super::choice::Choice;
use super::parts::{catalog_name, glob, set, text, texts, user_name};
use super::proto::{
    self, SegmentKind, database_scope::Scope as StoredDatabaseScope, load_scope::Scope as StoredLoadScope,
    privilege::Kind, user_scope::Scope as StoredUserScope,
};

pub(super) fn to_proto(privilege: &Privilege) -> proto::Privilege {
    let kind = match privilege {
        Privilege::Dbms(action) => Kind::Dbms(action.number()),
        Privilege::Impersonate(scope) => Kind::Impersonate(user_scope(scope)),
        Privilege::ResolveAlias(alias) => Kind::ResolveAlias(text(alias)),
        Privilege::Database(action, scope) => {
            Kind::Database(proto::DatabasePrivilege { action: action.number(), scope: Some(database_scope(scope)) })
        }
        Privilege::Transaction(action, scope, users) => Kind::Transaction(proto::TransactionPrivilege {
            action: action.number(),
            scope: Some(database_scope(scope)),
            users: Some(user_scope(users)),
        }),
        Privilege::Qualified(action, glob) => {
            Kind::Qualified(proto::QualifiedPrivilege { action: action.number(), glob: text(glob) })
        }
        Privilege::Load(scope) => Kind::Load(load_scope(scope)),
        Privilege::Graph { action, resource: on, scope, segment: of } => Kind::Graph(proto::GraphPrivilege {
            action: action.number(),
            resource: resource(on),
            scope: Some(database_scope(scope)),
            segment: segment(of),
        }),
    };
    proto::Privilege { kind: Some(kind) }
}

pub(super) fn from_proto(stored: proto::Privilege) -> Result<Privilege, FieldError> {
    Ok(match stored.kind.ok_or_else(|| FieldError::missing("privilege"))? {
        Kind::Dbms(action) => Privilege::Dbms(Choice::required(action, "DBMS action")?),
        Kind::Impersonate(scope) => Privilege::Impersonate(user_scope_from(scope)?),
        Kind::ResolveAlias(alias) => Privilege::ResolveAlias(catalog_name(&alias)?),
        Kind::Database(proto::DatabasePrivilege { action, scope }) => {
            Privilege::Database(Choice::required(action, "database action")?, database_scope_from(scope)?)
        }
        Kind::Transaction(proto::TransactionPrivilege { action, scope, users }) => Privilege::Transaction(
            Choice::required(action, "transaction action")?,
            database_scope_from(scope)?,
            user_scope_from(users.ok_or_else(|| FieldError::missing("users"))?)?,
        ),
        Kind::Qualified(proto::QualifiedPrivilege { action, glob: pattern }) => {
            Privilege::Qualified(Choice::required(action, "qualified action")?, glob(&pattern)?)
        }
        Kind::Load(scope) => Privilege::Load(load_scope_from(scope)?),
        Kind::Graph(proto::GraphPrivilege { action, resource, scope, segment }) => Privilege::Graph {
            action: Choice::required(action, "graph action")?,
            resource: resource_from(resource)?,
            scope: database_scope_from(scope)?,
            segment: segment_from(segment)?,
        },
    })
}

fn user_scope(scope: &UserScope) -> proto::UserScope {
    let scope = match scope {
        UserScope::All => StoredUserScope::All(()),
        UserScope::Named(user) => StoredUserScope::Named(text(user)),
    };
    proto::UserScope { scope: Some(scope) }
}

fn user_scope_from(stored: proto::UserScope) -> Result<UserScope, FieldError> {
    Ok(match stored.scope.ok_or_else(|| FieldError::missing("user scope"))? {
        StoredUserScope::All(()) => UserScope::All,
        StoredUserScope::Named(user) => UserScope::Named(user_name(&user)?),
    })
}

fn load_scope(scope: &LoadScope) -> proto::LoadScope {
    let scope = match scope {
        LoadScope::All => StoredLoadScope::All(()),
        LoadScope::Cidr(range) => StoredLoadScope::Cidr(range.clone()),
        LoadScope::Url(pattern) => StoredLoadScope::Url(pattern.clone()),
    };
    proto::LoadScope { scope: Some(scope) }
}

fn load_scope_from(stored: proto::LoadScope) -> Result<LoadScope, FieldError> {
    Ok(match stored.scope.ok_or_else(|| FieldError::missing("load scope"))? {
        StoredLoadScope::All(()) => LoadScope::All,
        StoredLoadScope::Cidr(range) => LoadScope::Cidr(range),
        StoredLoadScope::Url(pattern) => LoadScope::Url(pattern),
    })
}

fn database_scope(scope: &DatabaseScope) -> proto::DatabaseScope {
    let scope = match scope {
        DatabaseScope::Home => StoredDatabaseScope::Home(()),
        DatabaseScope::All => StoredDatabaseScope::All(()),
        DatabaseScope::Named(name) => StoredDatabaseScope::Named(text(name)),
    };
    proto::DatabaseScope { scope: Some(scope) }
}

fn database_scope_from(stored: Option<proto::DatabaseScope>) -> Result<DatabaseScope, FieldError> {
    let scope = stored.and_then(|stored| stored.scope).ok_or_else(|| FieldError::missing("database scope"))?;
    Ok(match scope {
        StoredDatabaseScope::Home(()) => DatabaseScope::Home,
        StoredDatabaseScope::All(()) => DatabaseScope::All,
        StoredDatabaseScope::Named(name) => DatabaseScope::Named(catalog_name(&name)?),
    })
}

fn resource(resource: &Resource) -> Option<proto::Resource> {
    match resource {
        Resource::None => None,
        Resource::All => Some(proto::Resource { all: true, names: Vec::new() }),
        Resource::Named(names) => Some(proto::Resource { all: false, names: texts(names) }),
    }
}

fn resource_from(stored: Option<proto::Resource>) -> Result<Resource, FieldError> {
    Ok(match stored {
        None => Resource::None,
        Some(proto::Resource { all: true, names }) if names.is_empty() => Resource::All,
        Some(proto::Resource { all: true, .. }) => return Err(FieldError::damaged("a resource is all and some")),
        Some(proto::Resource { all: false, names }) => Resource::Named(set(names, Ok)?),
    })
}

fn segment(segment: &Segment) -> Option<proto::Segment> {
    let (kind, names): (_, &BTreeSet<String>) = match segment {
        Segment::Pattern(pattern) => {
            return Some(proto::Segment { kind: SegmentKind::Pattern.into(), names: vec![pattern.clone()] });
        }
        Segment::None => return None,
        Segment::Elements(names) => (SegmentKind::Elements, names),
        Segment::Nodes(names) => (SegmentKind::Nodes, names),
        Segment::Relationships(names) => (SegmentKind::Relationships, names),
    };
    Some(proto::Segment { kind: kind.into(), names: texts(names) })
}

fn segment_from(stored: Option<proto::Segment>) -> Result<Segment, FieldError> {
    let Some(proto::Segment { kind, names }) = stored else { return Ok(Segment::None) };
    let kind = SegmentKind::try_from(kind).map_err(|_| FieldError::newer(format!("segment kind number {kind}")))?;
    Ok(match kind {
        SegmentKind::Unspecified => return Err(FieldError::missing("segment kind")),
        SegmentKind::Elements => Segment::Elements(set(names, Ok)?),
        SegmentKind::Nodes => Segment::Nodes(set(names, Ok)?),
        SegmentKind::Relationships => Segment::Relationships(set(names, Ok)?),
        SegmentKind::Pattern => {
            let one =
                <[String; 1]>::try_from(names).map_err(|_| FieldError::damaged("a segment is not one pattern"))?;
            let [pattern] = one;
            Segment::Pattern(pattern)
        }
    })
}
