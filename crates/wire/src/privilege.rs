//! Privileges as rows, in the columns and words of Neo4j's SHOW PRIVILEGES.

use std::collections::BTreeSet;

use aliasd_catalog::{
    DatabaseAction, DatabaseScope, DbmsAction, Grant, GrantEffect, GraphAction, Privilege, Resource, Segment, UserScope,
};

use crate::v1;

impl From<&Grant> for v1::Privilege {
    fn from(grant: &Grant) -> Self {
        let Grant { role, effect, privilege, immutable } = grant;
        let (action, resource, graph, segment) = columns(privilege);
        let access = match effect {
            GrantEffect::Granted => v1::PrivilegeAccess::Granted,
            GrantEffect::Denied => v1::PrivilegeAccess::Denied,
        };
        Self { access: access.into(), action, resource, graph, segment, role: role.to_string(), immutable: *immutable }
    }
}

/// Action, resource, graph and segment.
fn columns(privilege: &Privilege) -> (String, String, String, String) {
    let database = || "database".to_owned();
    match privilege {
        Privilege::Dbms(action) => (dbms_action(*action), database(), "*".to_owned(), database()),
        Privilege::Impersonate(scope) => {
            let user = match scope {
                UserScope::All => "*",
                UserScope::Named(user) => user.as_str(),
            };
            ("impersonate".to_owned(), database(), "*".to_owned(), format!("USER({user})"))
        }
        Privilege::Database(action, scope) => (database_action(*action), database(), graph(scope), database()),
        Privilege::Graph { action, resource: on, scope, segment: of } => {
            (graph_action(*action), resource(*action, on), graph(scope), segment(of))
        }
    }
}

/// `CREATE ALIAS` to `create_alias`.
fn lower(keywords: &str) -> String {
    keywords.to_lowercase().replace(' ', "_")
}

fn dbms_action(action: DbmsAction) -> String {
    match action {
        DbmsAction::All => "dbms_actions".to_owned(),
        _ => lower(action.keywords()),
    }
}

fn database_action(action: DatabaseAction) -> String {
    match action {
        DatabaseAction::All => "database_actions".to_owned(),
        DatabaseAction::Start => "start_database".to_owned(),
        DatabaseAction::Stop => "stop_database".to_owned(),
        DatabaseAction::IndexManagement => "index".to_owned(),
        DatabaseAction::ConstraintManagement => "constraint".to_owned(),
        DatabaseAction::NameManagement => "token".to_owned(),
        _ => lower(action.keywords()),
    }
}

fn graph_action(action: GraphAction) -> String {
    match action {
        GraphAction::All => "graph_actions".to_owned(),
        GraphAction::Create => "create_element".to_owned(),
        GraphAction::Delete => "delete_element".to_owned(),
        _ => lower(action.keywords()),
    }
}

fn graph(scope: &DatabaseScope) -> String {
    match scope {
        DatabaseScope::Home => "DEFAULT".to_owned(),
        DatabaseScope::All => "*".to_owned(),
        DatabaseScope::Named(name) => name.to_string(),
    }
}

fn resource(action: GraphAction, resource: &Resource) -> String {
    let labels = matches!(action, GraphAction::SetLabel | GraphAction::RemoveLabel);
    match (resource, labels) {
        (Resource::None, _) => "graph".to_owned(),
        (Resource::All, false) => "all_properties".to_owned(),
        (Resource::All, true) => "all_labels".to_owned(),
        (Resource::Named(names), false) => format!("property({})", list(names)),
        (Resource::Named(names), true) => format!("label({})", list(names)),
    }
}

fn segment(segment: &Segment) -> String {
    match segment {
        Segment::None => "database".to_owned(),
        Segment::Elements(names) => format!("ELEMENT({})", list(names)),
        Segment::Nodes(names) => format!("NODE({})", list(names)),
        Segment::Relationships(names) => format!("RELATIONSHIP({})", list(names)),
    }
}

fn list(names: &BTreeSet<String>) -> String {
    if names.is_empty() { "*".to_owned() } else { names.iter().map(String::as_str).collect::<Vec<_>>().join(", ") }
}
