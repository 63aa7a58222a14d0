//! Privileges of a user, as a DBMS is told of them.

use aliasd_catalog::{Grant, GrantEffect, PrivilegeRow};

use crate::v1;

/// The messages for a grant or denial: one for each resource and segment.
pub fn to_proto(grant: &Grant) -> Vec<v1::Privilege> {
    let access = match grant.effect {
        GrantEffect::Granted => v1::PrivilegeAccess::Granted,
        GrantEffect::Denied => v1::PrivilegeAccess::Denied,
    };
    let message = |row: PrivilegeRow| v1::Privilege {
        access: access.into(),
        action: row.action,
        resource: row.resource,
        graph: row.graph,
        segment: row.segment,
        role: row.role.to_string(),
        immutable: row.immutable,
    };
    grant.rows().into_iter().map(message).collect()
}
