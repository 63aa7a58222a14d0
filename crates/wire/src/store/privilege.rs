//! Privileges, as commands hold them.

use std::collections::BTreeSet;

use aliasd_catalog::{DatabaseScope, Privilege, Resource, Segment, UserScope};

use super::Fault;
use super::choice::Choice;
use super::parts::{catalog_name, set, text, texts, user_name};
use super::proto::{
    self, SegmentKind, database_scope::Scope as StoredDatabaseScope, privilege::Kind,
    user_scope::Scope as StoredUserScope,
};

pub(super) fn to_proto(privilege: &Privilege) -> proto::Privilege {
    let kind = match privilege {
        Privilege::Dbms(action) => Kind::Dbms(action.number()),
        Privilege::Impersonate(scope) => Kind::Impersonate(user_scope(scope)),
        Privilege::Database(action, scope) => {
            Kind::Database(proto::DatabasePrivilege { action: action.number(), scope: Some(database_scope(scope)) })
        }
        Privilege::Graph { action, resource: on, scope, segment: of } => Kind::Graph(proto::GraphPrivilege {
            action: action.number(),
            resource: resource(on),
            scope: Some(database_scope(scope)),
            segment: segment(of),
        }),
    };
    proto::Privilege { kind: Some(kind) }
}

pub(super) fn from_proto(stored: proto::Privilege) -> Result<Privilege, Fault> {
    Ok(match stored.kind.ok_or_else(|| Fault::missing("privilege"))? {
        Kind::Dbms(action) => Privilege::Dbms(Choice::required(action, "DBMS action")?),
        Kind::Impersonate(scope) => Privilege::Impersonate(user_scope_from(scope)?),
        Kind::Database(proto::DatabasePrivilege { action, scope }) => {
            Privilege::Database(Choice::required(action, "database action")?, database_scope_from(scope)?)
        }
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

fn user_scope_from(stored: proto::UserScope) -> Result<UserScope, Fault> {
    Ok(match stored.scope.ok_or_else(|| Fault::missing("user scope"))? {
        StoredUserScope::All(()) => UserScope::All,
        StoredUserScope::Named(user) => UserScope::Named(user_name(&user)?),
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

fn database_scope_from(stored: Option<proto::DatabaseScope>) -> Result<DatabaseScope, Fault> {
    let scope = stored.and_then(|stored| stored.scope).ok_or_else(|| Fault::missing("database scope"))?;
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

fn resource_from(stored: Option<proto::Resource>) -> Result<Resource, Fault> {
    Ok(match stored {
        None => Resource::None,
        Some(proto::Resource { all: true, names }) if names.is_empty() => Resource::All,
        Some(proto::Resource { all: true, .. }) => return Err(Fault::damaged("a resource is all and some")),
        Some(proto::Resource { all: false, names }) => Resource::Named(set(names, Ok)?),
    })
}

fn segment(segment: &Segment) -> Option<proto::Segment> {
    let (kind, names): (_, &BTreeSet<String>) = match segment {
        Segment::None => return None,
        Segment::Elements(names) => (SegmentKind::Elements, names),
        Segment::Nodes(names) => (SegmentKind::Nodes, names),
        Segment::Relationships(names) => (SegmentKind::Relationships, names),
    };
    Some(proto::Segment { kind: kind.into(), names: texts(names) })
}

fn segment_from(stored: Option<proto::Segment>) -> Result<Segment, Fault> {
    let Some(proto::Segment { kind, names }) = stored else { return Ok(Segment::None) };
    let kind = SegmentKind::try_from(kind).map_err(|_| Fault::newer(format!("segment kind number {kind}")))?;
    let names = set(names, Ok)?;
    Ok(match kind {
        SegmentKind::Unspecified => return Err(Fault::missing("segment kind")),
        SegmentKind::Elements => Segment::Elements(names),
        SegmentKind::Nodes => Segment::Nodes(names),
        SegmentKind::Relationships => Segment::Relationships(names),
    })
}
