//! Privileges as rows, in the columns and words of Neo4j's `SHOW PRIVILEGES`: what listings show and what a
//! DBMS is told of a user's privileges. Each cell is a value of its own type; its text is what a listing shows.

use std::fmt;

use crate::{
    CatalogName, DatabaseAction, DatabaseScope, DbmsAction, Glob, Grant, GrantEffect, GraphAction, LoadScope,
    Privilege, QualifiedAction, Resource, RoleName, Segment, UserScope,
};

/// One row of `SHOW PRIVILEGES`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivilegeRow {
    /// Whether it allows or forbids.
    pub access: GrantEffect,
    /// What it allows or forbids, such as `access` or `alias_management`.
    pub action: String,
    /// What it is about.
    pub resource: RowResource,
    /// The databases or graphs; none for what concerns the DBMS as a whole.
    pub scope: Option<DatabaseScope>,
    /// The part of it.
    pub segment: RowSegment,
    /// The role that holds it.
    pub role: RoleName,
    /// Whether ordinary administration cannot change it.
    pub immutable: bool,
}

/// What a privilege is about: the column `resource`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowResource {
    /// `database`: nothing narrower than what the action says.
    Database,
    /// `graph`: the graph as a whole.
    Graph,
    /// `all_properties`.
    AllProperties,
    /// `property(…)`: the property of this name.
    Property(String),
    /// `all_labels`.
    AllLabels,
    /// `label(…)`: this label.
    Label(String),
    /// `all_data`: data from anywhere.
    AllData,
    /// `cidr(…)`: data from addresses in this range.
    Cidr(String),
    /// `url(…)`: data from addresses that fit this pattern.
    Url(String),
}

/// The part that a privilege is about: the column `segment`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowSegment {
    /// `database`: all of it.
    Database,
    /// `NODE(…)`: nodes with this label; none means all.
    Nodes(Option<String>),
    /// `RELATIONSHIP(…)`: relationships of this type; none means all.
    Relationships(Option<String>),
    /// `FOR(…)`: the nodes that a rule over their properties picks. What follows `FOR`, as printed.
    Pattern(String),
    /// `USER(…)`: these users.
    Users(UserScope),
    /// `ALIAS(…)`: the alias of this name; none means all.
    Aliases(Option<CatalogName>),
    /// `PROCEDURE(…)`: procedures whose names fit.
    Procedures(Glob),
    /// `FUNCTION(…)`: functions whose names fit.
    Functions(Glob),
    /// `SETTING(…)`: settings whose names fit.
    Settings(Glob),
}

// === impl Grant ===

impl Grant {
    /// The rows of this grant or denial: one for each resource and segment.
    pub fn rows(&self) -> Vec<PrivilegeRow> {
        let action = match &self.privilege {
            Privilege::Dbms(action) => dbms_action(*action),
            Privilege::Impersonate(_) => "impersonate".to_owned(),
            Privilege::ResolveAlias(_) => dbms_action(DbmsAction::ResolveAlias),
            Privilege::Database(action, _) => database_action(*action),
            Privilege::Transaction(action, ..) => joined(action.keywords()),
            Privilege::Qualified(action, _) => qualified_action(*action).to_owned(),
            Privilege::Load(_) => "load".to_owned(),
            Privilege::Graph { action, .. } => graph_action(*action),
        };
        let (resources, segments) = match &self.privilege {
            Privilege::Dbms(DbmsAction::ResolveAlias) => (vec![RowResource::Database], vec![RowSegment::Aliases(None)]),
            Privilege::ResolveAlias(alias) => {
                (vec![RowResource::Database], vec![RowSegment::Aliases(Some(alias.clone()))])
            }
            Privilege::Dbms(_) | Privilege::Database(..) => (vec![RowResource::Database], vec![RowSegment::Database]),
            Privilege::Impersonate(users) | Privilege::Transaction(_, _, users) => {
                (vec![RowResource::Database], vec![RowSegment::Users(users.clone())])
            }
            Privilege::Qualified(action, glob) => {
                (vec![RowResource::Database], vec![qualified_segment(*action, glob.clone())])
            }
            Privilege::Load(scope) => (vec![load_resource(scope)], vec![RowSegment::Database]),
            Privilege::Graph { action, resource, segment, .. } => {
                (resources(*action, resource), segments(*action, segment))
            }
        };
        let row = |resource: &RowResource, segment: &RowSegment| PrivilegeRow {
            access: self.effect,
            action: action.clone(),
            resource: resource.clone(),
            scope: self.privilege.scope().cloned(),
            segment: segment.clone(),
            role: self.role.clone(),
            immutable: self.immutable,
        };
        resources.iter().flat_map(|resource| segments.iter().map(move |segment| row(resource, segment))).collect()
    }
}

fn qualified_action(action: QualifiedAction) -> &'static str {
    match action {
        QualifiedAction::ExecuteProcedure | QualifiedAction::ExecuteFunction => "execute",
        QualifiedAction::ExecuteBoostedProcedure | QualifiedAction::ExecuteBoostedFunction => "execute_boosted",
        QualifiedAction::ShowSetting => "show_setting",
    }
}

fn qualified_segment(action: QualifiedAction, glob: Glob) -> RowSegment {
    match action {
        QualifiedAction::ExecuteProcedure | QualifiedAction::ExecuteBoostedProcedure => RowSegment::Procedures(glob),
        QualifiedAction::ExecuteFunction | QualifiedAction::ExecuteBoostedFunction => RowSegment::Functions(glob),
        QualifiedAction::ShowSetting => RowSegment::Settings(glob),
    }
}

fn load_resource(scope: &LoadScope) -> RowResource {
    match scope {
        LoadScope::All => RowResource::AllData,
        LoadScope::Cidr(range) => RowResource::Cidr(range.clone()),
        LoadScope::Url(pattern) => RowResource::Url(pattern.clone()),
    }
}

fn resources(action: GraphAction, resource: &Resource) -> Vec<RowResource> {
    let labels = matches!(action, GraphAction::SetLabel | GraphAction::RemoveLabel);
    match resource {
        Resource::None => vec![RowResource::Graph],
        Resource::All if labels => vec![RowResource::AllLabels],
        Resource::All => vec![RowResource::AllProperties],
        Resource::Named(names) if labels => names.iter().cloned().map(RowResource::Label).collect(),
        Resource::Named(names) => names.iter().cloned().map(RowResource::Property).collect(),
    }
}

/// Elements are nodes and relationships, and listed as both; so is what `WRITE` is about.
fn segments(action: GraphAction, segment: &Segment) -> Vec<RowSegment> {
    type Kind = fn(Option<String>) -> RowSegment;
    let (kinds, names): (&[Kind], _) = match segment {
        Segment::None if action == GraphAction::Write => {
            return vec![RowSegment::Nodes(None), RowSegment::Relationships(None)];
        }
        Segment::None => return vec![RowSegment::Database],
        Segment::Elements(names) => (&[RowSegment::Nodes, RowSegment::Relationships], names),
        Segment::Nodes(names) => (&[RowSegment::Nodes], names),
        Segment::Relationships(names) => (&[RowSegment::Relationships], names),
        Segment::Pattern(pattern) => return vec![RowSegment::Pattern(pattern.clone())],
    };
    let of_kind = |kind: &Kind| match names.is_empty() {
        true => vec![kind(None)],
        false => names.iter().cloned().map(Some).map(kind).collect(),
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

// === impl PrivilegeRow ===

impl PrivilegeRow {
    /// The column `graph`: a name, `*`, or `DEFAULT` for the user's home.
    pub fn graph(&self) -> &str {
        match &self.scope {
            Some(DatabaseScope::Home) => "DEFAULT",
            Some(DatabaseScope::All) | None => "*",
            Some(DatabaseScope::Named(name)) => name.as_str(),
        }
    }

    /// The database or remote alias that it is about for a user whose home stands for `home`; none if it is about all of
    /// them, about none, or if the home leads nowhere.
    pub fn database<'a>(&'a self, home: Option<&'a CatalogName>) -> Option<&'a CatalogName> {
        match &self.scope {
            Some(DatabaseScope::Home) => home,
            Some(DatabaseScope::Named(name)) => Some(name),
            Some(DatabaseScope::All) | None => None,
        }
    }
}

impl fmt::Display for RowResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database => f.write_str("database"),
            Self::Graph => f.write_str("graph"),
            Self::AllProperties => f.write_str("all_properties"),
            Self::Property(name) => write!(f, "property({name})"),
            Self::AllLabels => f.write_str("all_labels"),
            Self::Label(name) => write!(f, "label({name})"),
            Self::AllData => f.write_str("all_data"),
            Self::Cidr(range) => write!(f, "cidr({range})"),
            Self::Url(pattern) => write!(f, "url({pattern})"),
        }
    }
}

impl fmt::Display for RowSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_all = |name: &Option<String>| name.clone().unwrap_or_else(|| "*".to_owned());
        match self {
            Self::Database => f.write_str("database"),
            Self::Nodes(label) => write!(f, "NODE({})", or_all(label)),
            Self::Relationships(kind) => write!(f, "RELATIONSHIP({})", or_all(kind)),
            Self::Pattern(pattern) => write!(f, "FOR{pattern}"),
            Self::Users(UserScope::All) => f.write_str("USER(*)"),
            Self::Users(UserScope::Named(user)) => write!(f, "USER({user})"),
            Self::Aliases(None) => f.write_str("ALIAS(*)"),
            Self::Aliases(Some(alias)) => write!(f, "ALIAS({alias})"),
            Self::Procedures(glob) => write!(f, "PROCEDURE({glob})"),
            Self::Functions(glob) => write!(f, "FUNCTION({glob})"),
            Self::Settings(glob) => write!(f, "SETTING({glob})"),
        }
    }
}
