//! Privileges: what may be done, on what, and which of them satisfy an action. The implication rules are
//! Neo4j's, with the decisions of this project: `RESOLVE ALIAS` is implied by nothing but itself.

use std::collections::BTreeSet;

use crate::{CatalogName, Glob, RoleName, UserName};

/// A privilege that a role was granted or denied. Also the identity of that fact: granting twice is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grant {
    /// The role that holds it.
    pub role: RoleName,
    /// Granted or denied.
    pub effect: GrantEffect,
    /// What it is about.
    pub privilege: Privilege,
    /// Whether ordinary administration cannot change it.
    pub immutable: bool,
}

impl Grant {
    /// Sorts before every other grant of the role: where a range over grants begins.
    pub(crate) fn lowest(role: RoleName) -> Self {
        let privilege = Privilege::Dbms(DbmsAction::All);
        Self { role, effect: GrantEffect::Granted, privilege, immutable: false }
    }

    /// Whether it stays when the database or alias that it names is dropped (semantics §4.4). Whoever may drop an alias and
    /// make it anew, and may not administer privileges, must not lift the denial of its password by that.
    pub(crate) fn outlives_what_it_names(&self) -> bool {
        self.effect == GrantEffect::Denied && matches!(self.privilege, Privilege::ResolveAlias(_))
    }
}

/// Whether a privilege allows or forbids. A denial beats any grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GrantEffect {
    /// Allows.
    Granted,
    /// Forbids, whatever else is granted.
    Denied,
}

impl GrantEffect {
    /// `GRANTED` or `DENIED`, as listings show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "GRANTED",
            Self::Denied => "DENIED",
        }
    }
}

/// One privilege on one scope. A statement that names several scopes makes several privileges.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Privilege {
    /// On the DBMS as a whole; with [`DbmsAction::ResolveAlias`] on every alias.
    Dbms(DbmsAction),
    /// `IMPERSONATE (…) ON DBMS`.
    Impersonate(UserScope),
    /// On databases.
    Database(DatabaseAction, DatabaseScope),
    /// On transactions in databases, of the users named. Stored and listed, never evaluated here.
    Transaction(TransactionAction, DatabaseScope, UserScope),
    /// On the procedures, functions or settings whose names fit. Stored and listed, never evaluated here.
    Qualified(QualifiedAction, Glob),
    /// `LOAD ON …`. Stored and listed, never evaluated here.
    Load(LoadScope),
    /// On the data of graphs. Stored and listed, never evaluated here.
    Graph {
        /// What may be done.
        action: GraphAction,
        /// Which properties or labels it concerns.
        resource: Resource,
        /// Which graphs it concerns.
        scope: GraphScope,
        /// Which elements it concerns.
        segment: Segment,
    },
    /// `RESOLVE ALIAS (…) ON DBMS`: to receive the stored credentials of the alias of this name, whether there is one yet or
    /// not. On every alias it is [`DbmsAction::ResolveAlias`].
    ResolveAlias(CatalogName),
}

/// Which users may be impersonated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UserScope {
    /// Every user.
    All,
    /// The user of this name, whether there is one yet or not.
    Named(UserName),
}

/// From where data may be loaded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LoadScope {
    /// `ALL DATA`.
    All,
    /// `CIDR`: addresses in this range, as given.
    Cidr(String),
    /// `URL`: addresses that fit this pattern, as given.
    Url(String),
}

/// Which databases a privilege concerns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DatabaseScope {
    /// Whatever the user's home is at the time.
    Home,
    /// Every database and every remote alias.
    All,
    /// A database, or a remote alias by its own name. A local alias is resolved to its target when granted.
    Named(CatalogName),
}

/// Which graphs a privilege concerns; one graph per database.
pub type GraphScope = DatabaseScope;

macro_rules! actions {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $words:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every action, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The keywords of the action, as a GRANT spells them.
            pub fn keywords(self) -> &'static str {
                match self { $(Self::$variant => $words,)+ }
            }

            /// The action whose keywords these are, in upper case with single spaces.
            pub fn from_keywords(words: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|action| action.keywords() == words)
            }
        }
    };
}

actions!(
    /// What a DBMS privilege allows.
    DbmsAction {
        /// Everything on the DBMS except [`Self::ResolveAlias`].
        All = "ALL DBMS PRIVILEGES",
        /// Every alias action.
        AliasManagement = "ALIAS MANAGEMENT",
        /// Create aliases.
        CreateAlias = "CREATE ALIAS",
        /// Drop aliases.
        DropAlias = "DROP ALIAS",
        /// Alter aliases.
        AlterAlias = "ALTER ALIAS",
        /// List aliases.
        ShowAlias = "SHOW ALIAS",
        /// Receive the stored credentials of remote aliases, of all of them.
        ResolveAlias = "RESOLVE ALIAS",
        /// Every database action, composite ones included.
        DatabaseManagement = "DATABASE MANAGEMENT",
        /// Register databases.
        CreateDatabase = "CREATE DATABASE",
        /// Drop databases.
        DropDatabase = "DROP DATABASE",
        /// Alter databases.
        AlterDatabase = "ALTER DATABASE",
        /// Change whether databases are read-only.
        SetDatabaseAccess = "SET DATABASE ACCESS",
        /// Change the default language of databases.
        SetDatabaseDefaultLanguage = "SET DATABASE DEFAULT LANGUAGE",
        /// Every composite database action.
        CompositeDatabaseManagement = "COMPOSITE DATABASE MANAGEMENT",
        /// Create composite databases.
        CreateCompositeDatabase = "CREATE COMPOSITE DATABASE",
        /// Drop composite databases.
        DropCompositeDatabase = "DROP COMPOSITE DATABASE",
        /// Alter composite databases.
        AlterCompositeDatabase = "ALTER COMPOSITE DATABASE",
        /// Every user action.
        UserManagement = "USER MANAGEMENT",
        /// Create users.
        CreateUser = "CREATE USER",
        /// Drop users.
        DropUser = "DROP USER",
        /// Rename users.
        RenameUser = "RENAME USER",
        /// List users.
        ShowUser = "SHOW USER",
        /// Every `SET` of a user.
        AlterUser = "ALTER USER",
        /// Set passwords.
        SetPasswords = "SET PASSWORDS",
        /// Set ways to authenticate, passwords included.
        SetAuth = "SET AUTH",
        /// Suspend and activate users.
        SetUserStatus = "SET USER STATUS",
        /// Set home databases.
        SetUserHomeDatabase = "SET USER HOME DATABASE",
        /// Every action on what users are tagged with.
        UserMetadataManagement = "USER METADATA MANAGEMENT",
        /// Tag users.
        SetUserMetadata = "SET USER METADATA",
        /// See the tags of users.
        ShowUserMetadata = "SHOW USER METADATA",
        /// Every role action.
        RoleManagement = "ROLE MANAGEMENT",
        /// Create roles.
        CreateRole = "CREATE ROLE",
        /// Drop roles.
        DropRole = "DROP ROLE",
        /// Rename roles.
        RenameRole = "RENAME ROLE",
        /// List roles.
        ShowRole = "SHOW ROLE",
        /// Give roles to users.
        AssignRole = "ASSIGN ROLE",
        /// Take roles from users.
        RemoveRole = "REMOVE ROLE",
        /// Every privilege action.
        PrivilegeManagement = "PRIVILEGE MANAGEMENT",
        /// List privileges.
        ShowPrivilege = "SHOW PRIVILEGE",
        /// Grant and deny privileges.
        AssignPrivilege = "ASSIGN PRIVILEGE",
        /// Revoke privileges.
        RemovePrivilege = "REMOVE PRIVILEGE",
        /// Every auth rule action.
        AuthRuleManagement = "AUTH RULE MANAGEMENT",
        /// Create auth rules.
        CreateAuthRule = "CREATE AUTH RULE",
        /// Drop auth rules.
        DropAuthRule = "DROP AUTH RULE",
        /// Alter auth rules.
        AlterAuthRule = "ALTER AUTH RULE",
        /// Rename auth rules.
        RenameAuthRule = "RENAME AUTH RULE",
        /// List auth rules.
        ShowAuthRule = "SHOW AUTH RULE",
        /// Run the procedures that only an administrator may run.
        ExecuteAdminProcedures = "EXECUTE ADMIN PROCEDURES",
        /// Change the policy of the cluster, and see it.
        AlterClusterPolicy = "ALTER CLUSTER POLICY",
        /// Operate the cluster.
        ServerManagement = "SERVER MANAGEMENT",
        /// See the cluster's members.
        ShowServers = "SHOW SERVERS",
    }
);

actions!(
    /// What a database privilege allows.
    DatabaseAction {
        /// Everything but starting, stopping and transaction management.
        All = "ALL DATABASE PRIVILEGES",
        /// Use the database or remote alias.
        Access = "ACCESS",
        /// Start the database.
        Start = "START",
        /// Stop the database.
        Stop = "STOP",
        /// Create indexes.
        CreateIndex = "CREATE INDEX",
        /// Drop indexes.
        DropIndex = "DROP INDEX",
        /// Create constraints.
        CreateConstraint = "CREATE CONSTRAINT",
        /// Drop constraints.
        DropConstraint = "DROP CONSTRAINT",
        /// Create labels.
        CreateLabel = "CREATE NEW NODE LABEL",
        /// Create relationship types.
        CreateType = "CREATE NEW RELATIONSHIP TYPE",
        /// Create property names.
        CreatePropertyName = "CREATE NEW PROPERTY NAME",
        /// Create, drop and list indexes.
        IndexManagement = "INDEX MANAGEMENT",
        /// Create, drop and list constraints.
        ConstraintManagement = "CONSTRAINT MANAGEMENT",
        /// Create labels, types and property names.
        NameManagement = "NAME MANAGEMENT",
        /// List indexes.
        ShowIndex = "SHOW INDEX",
        /// List constraints.
        ShowConstraint = "SHOW CONSTRAINT",
        /// Alter the database.
        AlterDatabase = "ALTER DATABASE",
        /// Alter the composite database.
        AlterCompositeDatabase = "ALTER COMPOSITE DATABASE",
        /// Change whether the database is read-only.
        SetDatabaseAccess = "SET DATABASE ACCESS",
        /// Change the default language of the database.
        SetDatabaseDefaultLanguage = "SET DATABASE DEFAULT LANGUAGE",
    }
);

actions!(
    /// What a transaction privilege allows.
    TransactionAction {
        /// List and terminate transactions.
        Management = "TRANSACTION MANAGEMENT",
        /// List transactions.
        Show = "SHOW TRANSACTION",
        /// Terminate transactions.
        Terminate = "TERMINATE TRANSACTION",
    }
);

actions!(
    /// What a privilege on names that fit a pattern allows.
    QualifiedAction {
        /// Run procedures.
        ExecuteProcedure = "EXECUTE PROCEDURE",
        /// Run procedures with every privilege.
        ExecuteBoostedProcedure = "EXECUTE BOOSTED PROCEDURE",
        /// Run user-defined functions.
        ExecuteFunction = "EXECUTE FUNCTION",
        /// Run user-defined functions with every privilege.
        ExecuteBoostedFunction = "EXECUTE BOOSTED FUNCTION",
        /// List settings.
        ShowSetting = "SHOW SETTING",
    }
);

actions!(
    /// What a graph privilege allows, at the DBMS that holds the graph.
    GraphAction {
        /// Find elements.
        Traverse = "TRAVERSE",
        /// Read properties.
        Read = "READ",
        /// Find elements and read properties.
        Match = "MATCH",
        /// Merge elements.
        Merge = "MERGE",
        /// Create elements.
        Create = "CREATE",
        /// Delete elements.
        Delete = "DELETE",
        /// Set labels.
        SetLabel = "SET LABEL",
        /// Remove labels.
        RemoveLabel = "REMOVE LABEL",
        /// Set properties.
        SetProperty = "SET PROPERTY",
        /// Write everything.
        Write = "WRITE",
        /// Everything on a graph.
        All = "ALL GRAPH PRIVILEGES",
    }
);

/// Which properties or labels a graph privilege concerns. The language makes a privilege for each of several, so that
/// each can be revoked by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// The action takes no resource.
    None,
    /// `{*}` or, for label actions, `*`.
    All,
    /// The properties between braces, or the labels.
    Named(BTreeSet<String>),
}

/// Which elements a graph privilege concerns. The language makes a privilege for each of several labels or types, and
/// for nodes and relationships apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// The action takes no segment.
    None,
    /// `ELEMENTS`; none named means `*`.
    Elements(BTreeSet<String>),
    /// `NODES`, by label; none named means `*`.
    Nodes(BTreeSet<String>),
    /// `RELATIONSHIPS`, by type; none named means `*`.
    Relationships(BTreeSet<String>),
    /// `FOR (…) WHERE …`: the nodes that a rule over their properties picks. What follows `FOR`, as printed.
    Pattern(String),
}

impl DbmsAction {
    /// Every privilege that satisfies this action, itself included.
    /// `database_implies_alias` says whether `DATABASE MANAGEMENT` covers the alias actions.
    pub fn satisfied_by(self, database_implies_alias: bool) -> Vec<Self> {
        let mut sufficient = vec![self];
        let mut next = self;
        while let Some(wider) = next.implied_by() {
            sufficient.push(wider);
            next = wider;
        }
        if database_implies_alias && sufficient.contains(&Self::AliasManagement) {
            sufficient.push(Self::DatabaseManagement);
        }
        if matches!(self, Self::SetPasswords) {
            sufficient.push(Self::SetAuth);
        }
        sufficient
    }

    /// The next wider privilege that contains this one.
    fn implied_by(self) -> Option<Self> {
        match self {
            Self::All | Self::ResolveAlias => None,
            Self::CreateAlias | Self::DropAlias | Self::AlterAlias | Self::ShowAlias => Some(Self::AliasManagement),
            Self::SetDatabaseAccess | Self::SetDatabaseDefaultLanguage => Some(Self::AlterDatabase),
            Self::CreateDatabase | Self::DropDatabase | Self::AlterDatabase | Self::CompositeDatabaseManagement => {
                Some(Self::DatabaseManagement)
            }
            Self::CreateCompositeDatabase | Self::DropCompositeDatabase | Self::AlterCompositeDatabase => {
                Some(Self::CompositeDatabaseManagement)
            }
            Self::SetPasswords | Self::SetAuth | Self::SetUserStatus | Self::SetUserHomeDatabase => {
                Some(Self::AlterUser)
            }
            Self::CreateUser | Self::DropUser | Self::RenameUser | Self::ShowUser | Self::AlterUser => {
                Some(Self::UserManagement)
            }
            Self::CreateRole
            | Self::DropRole
            | Self::RenameRole
            | Self::ShowRole
            | Self::AssignRole
            | Self::RemoveRole => Some(Self::RoleManagement),
            Self::ShowPrivilege | Self::AssignPrivilege | Self::RemovePrivilege => Some(Self::PrivilegeManagement),
            Self::ShowServers => Some(Self::ServerManagement),
            Self::CreateAuthRule
            | Self::DropAuthRule
            | Self::AlterAuthRule
            | Self::RenameAuthRule
            | Self::ShowAuthRule => Some(Self::AuthRuleManagement),
            // Not of user management: elsewhere tags are a way to roles.
            Self::SetUserMetadata | Self::ShowUserMetadata => Some(Self::UserMetadataManagement),
            Self::UserMetadataManagement
            | Self::AuthRuleManagement
            | Self::ExecuteAdminProcedures
            | Self::AlterClusterPolicy => Some(Self::All),
            Self::AliasManagement
            | Self::DatabaseManagement
            | Self::UserManagement
            | Self::RoleManagement
            | Self::PrivilegeManagement
            | Self::ServerManagement => Some(Self::All),
        }
    }
}

impl Privilege {
    /// The users that this privilege is about, if it is about users.
    pub(crate) fn users_mut(&mut self) -> Option<&mut UserScope> {
        match self {
            Self::Impersonate(users) | Self::Transaction(_, _, users) => Some(users),
            _ => None,
        }
    }

    /// The databases or graphs that this privilege is about, if it is about those.
    pub(crate) fn scope_mut(&mut self) -> Option<&mut DatabaseScope> {
        match self {
            Self::Database(_, scope) | Self::Transaction(_, scope, _) | Self::Graph { scope, .. } => Some(scope),
            _ => None,
        }
    }

    /// The databases or graphs that this privilege is about, if it is about those.
    pub fn scope(&self) -> Option<&DatabaseScope> {
        match self {
            Self::Database(_, scope) | Self::Transaction(_, scope, _) | Self::Graph { scope, .. } => Some(scope),
            Self::Dbms(_) | Self::Impersonate(_) | Self::ResolveAlias(_) | Self::Qualified(..) | Self::Load(_) => None,
        }
    }

    /// The database or remote alias that this privilege names, if it names one. When that is dropped, the
    /// privilege is lost, unless it is one that outlives it.
    pub fn names(&self) -> Option<&CatalogName> {
        match (self, self.scope()) {
            (Self::ResolveAlias(name), _) | (_, Some(DatabaseScope::Named(name))) => Some(name),
            (_, Some(DatabaseScope::Home | DatabaseScope::All) | None) => None,
        }
    }
}

#[cfg(test)]
mod tests;
