//! Privileges as rows, in the columns and words of Neo4j's `SHOW PRIVILEGES`: what listings show and what a
//! DBMS is told of a user's privileges.

use crate::{
    DatabaseAction, DatabaseScope, DbmsAction, Grant, GraphAction, LoadScope, Privilege, QualifiedAction, Resource,
    RoleName, Segment, UserScope,
};

/// One row of `SHOW PRIVILEGES`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivilegeRow {
    /// `GRANTED` or `DENIED`.
    pub access: &'static str,
    /// What it allows or forbids, such as `access` or `alias_management`.
    pub action: String,
    /// What it is about, such as `database`, `graph` or `all_properties`.
    pub resource: String,
    /// The database or graph: a name, `*`, or `DEFAULT` for the user's home.
    pub graph: String,
    /// The part of it, such as `NODE(*)`, or `database`.
    pub segment: String,
    /// The role that holds it.
    pub role: RoleName,
    /// Whether ordinary administration cannot change it.
    pub immutable: bool,
}

impl Grant {
    /// The rows of this grant or denial: one for each resource and segment.
    pub fn rows(&self) -> Vec<PrivilegeRow> {
        let (action, graph) = match &self.privilege {
            Privilege::Dbms(action) => (dbms_action(*action), "*"),
            Privilege::Impersonate(_) => ("impersonate".to_owned(), "*"),
            Privilege::Database(action, scope) => (database_action(*action), graph_of(scope)),
            Privilege::Transaction(action, scope, _) => (joined(action.keywords()), graph_of(scope)),
            Privilege::Qualified(action, _) => (qualified_action(*action).to_owned(), "*"),
            Privilege::Load(_) => ("load".to_owned(), "*"),
            Privilege::Graph { action, scope, .. } => (graph_action(*action), graph_of(scope)),
        };
        let (resources, segments) = match &self.privilege {
            Privilege::Dbms(_) | Privilege::Database(..) => (database(), database()),
            Privilege::Impersonate(users) | Privilege::Transaction(_, _, users) => {
                (database(), vec![user_segment(users)])
            }
            Privilege::Qualified(action, glob) => (database(), vec![format!("{}({glob})", qualified_segment(*action))]),
            Privilege::Load(LoadScope::All) => (vec!["all_data".to_owned()], database()),
            Privilege::Load(LoadScope::Cidr(range)) => (vec![format!("cidr({range})")], database()),
            Privilege::Load(LoadScope::Url(pattern)) => (vec![format!("url({pattern})")], database()),
            Privilege::Graph { action, resource, segment, .. } => (resources(*action, resource), segments(segment)),
        };
        let row = |resource: &String, segment: &String| PrivilegeRow {
            access: self.effect.as_str(),
            action: action.clone(),
            resource: resource.clone(),
            graph: graph.to_owned(),
            segment: segment.clone(),
            role: self.role.clone(),
            immutable: self.immutable,
        };
        resources.iter().flat_map(|resource| segments.iter().map(move |segment| row(resource, segment))).collect()
    }
}

fn database() -> Vec<String> {
    vec!["database".to_owned()]
}

fn user_segment(users: &UserScope) -> String {
    match users {
        UserScope::All => "USER(*)".to_owned(),
        UserScope::Named(user) => format!("USER({user})"),
    }
}

fn qualified_action(action: QualifiedAction) -> &'static str {
    match action {
        QualifiedAction::ExecuteProcedure | QualifiedAction::ExecuteFunction => "execute",
        QualifiedAction::ExecuteBoostedProcedure | QualifiedAction::ExecuteBoostedFunction => "execute_boosted",
        QualifiedAction::ShowSetting => "show_setting",
    }
}

fn qualified_segment(action: QualifiedAction) -> &'static str {
    match action {
        QualifiedAction::ExecuteProcedure | QualifiedAction::ExecuteBoostedProcedure => "PROCEDURE",
        QualifiedAction::ExecuteFunction | QualifiedAction::ExecuteBoostedFunction => "FUNCTION",
        QualifiedAction::ShowSetting => "SETTING",
    }
}

fn graph_of(scope: &DatabaseScope) -> &str {
    match scope {
        DatabaseScope::Home => "DEFAULT",
        DatabaseScope::All => "*",
        DatabaseScope::Named(name) => name.as_str(),
    }
}

fn resources(action: GraphAction, resource: &Resource) -> Vec<String> {
    let labels = matches!(action, GraphAction::SetLabel | GraphAction::RemoveLabel);
    let (every, one) = if labels { ("all_labels", "label") } else { ("all_properties", "property") };
    match resource {
        Resource::None => vec!["graph".to_owned()],
        Resource::All => vec![every.to_owned()],
        Resource::Named(names) => names.iter().map(|name| format!("{one}({name})")).collect(),
    }
}

/// Elements are nodes and relationships, and listed as both.
fn segments(segment: &Segment) -> Vec<String> {
    let (kinds, names): (&[&str], _) = match segment {
        Segment::None => return database(),
        Segment::Elements(names) => (&["NODE", "RELATIONSHIP"], names),
        Segment::Nodes(names) => (&["NODE"], names),
        Segment::Relationships(names) => (&["RELATIONSHIP"], names),
        Segment::Pattern(pattern) => return vec![format!("FOR{pattern}")],
    };
    let of_kind = |kind: &&str| match names.is_empty() {
        true => vec![format!("{kind}(*)")],
        false => names.iter().map(|name| format!("{kind}({name})")).collect(),
    };
    kinds.iter().flat_map(of_kind).collect()
}

/// Neo4j's name for an action: its keywords in lower case, except where the name is another.
fn dbms_action(action: DbmsAction) -> String {
    match action {
        DbmsAction::All => "dbms_actions".to_owned(),
        DbmsAction::ShowServers => "show_server".to_owned(),
        DbmsAction::ExecuteAdminProcedures => "execute_admin".to_owned(),
        other => joined(other.keywords()),
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
        DatabaseAction::CreateLabel => "create_label".to_owned(),
        DatabaseAction::CreateType => "create_reltype".to_owned(),
        DatabaseAction::CreatePropertyName => "create_propertykey".to_owned(),
        other => joined(other.keywords()),
    }
}

fn graph_action(action: GraphAction) -> String {
    match action {
        GraphAction::All => "graph_actions".to_owned(),
        GraphAction::Create => "create_element".to_owned(),
        GraphAction::Delete => "delete_element".to_owned(),
        other => joined(other.keywords()),
    }
}

fn joined(keywords: &str) -> String {
    keywords.to_lowercase().replace(' ', "_")
}
