//! Privileges of a user, as a DBMS is told of them.

use aliasd_catalog::{
    CatalogName, DatabaseScope, Grant, GrantEffect, PrivilegeRow, RowResource, RowSegment, UserScope,
};

use crate::v1;

/// The messages for a grant or denial: one for each resource and segment. `home` is what privileges on the user's home
/// attach to, if that is anything.
pub fn to_proto(grant: &Grant, home: Option<&CatalogName>) -> Vec<v1::Privilege> {
    let message = |row: PrivilegeRow| {
        let (resource_kind, resource_name) = resource(&row.resource);
        let (qualifier_kind, qualifier_name) = qualifier(&row.segment);
        v1::Privilege {
            access: access(row.access).into(),
            action: row.action.clone(),
            resource: row.resource.to_string(),
            graph: row.graph().to_owned(),
            segment: row.segment.to_string(),
            role: row.role.to_string(),
            immutable: row.immutable,
            scope: scope(row.scope.as_ref()).into(),
            database: row.database(home).map(ToString::to_string).unwrap_or_default(),
            resource_kind: resource_kind.into(),
            resource_name: resource_name.to_owned(),
            qualifier_kind: qualifier_kind.into(),
            qualifier_name: qualifier_name.to_owned(),
        }
    };
    grant.rows().into_iter().map(message).collect()
}

/// Whether a grant gives or takes.
pub(crate) fn access(effect: GrantEffect) -> v1::PrivilegeAccess {
    match effect {
        GrantEffect::Granted => v1::PrivilegeAccess::Granted,
        GrantEffect::Denied => v1::PrivilegeAccess::Denied,
    }
}

fn scope(scope: Option<&DatabaseScope>) -> v1::PrivilegeScope {
    match scope {
        None => v1::PrivilegeScope::Dbms,
        Some(DatabaseScope::Home) => v1::PrivilegeScope::Home,
        Some(DatabaseScope::All) => v1::PrivilegeScope::All,
        Some(DatabaseScope::Named(_)) => v1::PrivilegeScope::Named,
    }
}

fn resource(resource: &RowResource) -> (v1::ResourceKind, &str) {
    match resource {
        RowResource::Database => (v1::ResourceKind::Database, ""),
        RowResource::Graph => (v1::ResourceKind::Graph, ""),
        RowResource::AllProperties => (v1::ResourceKind::AllProperties, ""),
        RowResource::Property(name) => (v1::ResourceKind::Property, name),
        RowResource::AllLabels => (v1::ResourceKind::AllLabels, ""),
        RowResource::Label(name) => (v1::ResourceKind::Label, name),
        RowResource::AllData => (v1::ResourceKind::AllData, ""),
        RowResource::Cidr(range) => (v1::ResourceKind::Cidr, range),
        RowResource::Url(pattern) => (v1::ResourceKind::Url, pattern),
    }
}

fn qualifier(segment: &RowSegment) -> (v1::QualifierKind, &str) {
    match segment {
        RowSegment::Database => (v1::QualifierKind::None, ""),
        RowSegment::Nodes(None) => (v1::QualifierKind::AllNodes, ""),
        RowSegment::Nodes(Some(label)) => (v1::QualifierKind::Nodes, label),
        RowSegment::Relationships(None) => (v1::QualifierKind::AllRelationships, ""),
        RowSegment::Relationships(Some(kind)) => (v1::QualifierKind::Relationships, kind),
        RowSegment::Pattern(rule) => (v1::QualifierKind::PropertyRule, rule),
        RowSegment::Users(UserScope::All) => (v1::QualifierKind::AllUsers, ""),
        RowSegment::Users(UserScope::Named(user)) => (v1::QualifierKind::User, user.as_str()),
        RowSegment::Aliases(None) => (v1::QualifierKind::AllAliases, ""),
        RowSegment::Aliases(Some(alias)) => (v1::QualifierKind::Alias, alias.as_str()),
        RowSegment::Procedures(glob) => (v1::QualifierKind::Procedures, glob.as_str()),
        RowSegment::Functions(glob) => (v1::QualifierKind::Functions, glob.as_str()),
        RowSegment::Settings(glob) => (v1::QualifierKind::Settings, glob.as_str()),
    }
}
