//! What the catalog holds: a record under each key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::{
    AliasName, AuthId, AuthProvider, CatalogName, ClusterId, CredentialField, CredentialPlace, DatabaseName,
    DriverSettings, Grant, KeyId, MemberLedger, Outcome, PasswordHash, Policy, Principal, RemoteUrl, RemoteUserName,
    RequestId, Revision, RoleName, SealedSecret, Stamp, StatementFingerprint, Timestamp, TokenTrace, UserName, UserTag,
    ValueMap,
};

/// The identity of a record. Its order is the order of listings, snapshots and changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKey {
    /// What the cluster as a whole agreed on.
    Meta,
    /// A name that a graph of this DBMS has, or a composite one. Never that of an alias: they share one space of names.
    Database(DatabaseName),
    /// The whole name: that of a constituent holds its composite's and a dot.
    Alias(AliasName),
    /// Matched with its letters' case.
    User(UserName),
    /// `PUBLIC` is always there.
    Role(RoleName),
    /// There only while the user has the role. `PUBLIC`, which everybody has, is never recorded.
    RoleAssignment(UserName, RoleName),
    /// There only while the role has it; the key says all of it, the record when it came.
    Grant(Box<Grant>),
    /// The outcome of a recent request.
    Request(RequestId),
    /// What is agreed on about the members. There from the first change of the members on.
    Members,
}

/// The value under a [`RecordKey`] of the same variant. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// See [`Meta`].
    Meta(Arc<Meta>),
    /// See [`Database`].
    Database(Arc<Database>),
    /// See [`Alias`].
    Alias(Arc<Alias>),
    /// See [`User`].
    User(Arc<User>),
    /// See [`Role`].
    Role(Arc<Role>),
    /// See [`RoleAssignment`].
    RoleAssignment(RoleAssignment),
    /// When the privilege was granted or denied.
    Grant(Stamp),
    /// See [`RequestRecord`].
    Request(Arc<RequestRecord>),
    /// See [`MemberLedger`].
    Members(Arc<MemberLedger>),
}

/// Says of which kind a key and a record are: one list for whoever puts the two side by side or numbers them.
macro_rules! record_kinds {
    ($($kind:ident = $number:literal),+ $(,)?) => {
        /// What a record is about. A record belongs under a key of the same kind.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum RecordKind {
            $(#[doc = concat!("See [`Record::", stringify!($kind), "`].")] $kind,)+
        }

        impl RecordKind {
            /// Every kind, in the order of keys.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The number of the kind in the digest and in stored keys. Never changed, never reused.
            pub fn number(self) -> u8 {
                match self { $(Self::$kind => $number,)+ }
            }

            /// The kind with this number.
            pub fn from_number(number: u8) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.number() == number)
            }
        }

        impl RecordKey {
            /// What a record under this key is about.
            pub fn kind(&self) -> RecordKind {
                match self { $(Self::$kind { .. } => RecordKind::$kind,)+ }
            }
        }

        impl Record {
            /// What the record is about.
            pub fn kind(&self) -> RecordKind {
                match self { $(Self::$kind { .. } => RecordKind::$kind,)+ }
            }
        }
    };
}

record_kinds! {
    Meta = 0,
    Database = 1,
    Alias = 2,
    User = 3,
    Role = 4,
    RoleAssignment = 5,
    Grant = 6,
    Request = 7,
    Members = 8,
}

/// What the cluster as a whole agreed on when it was formed, and changes since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The cluster's identity, bound into every sealed credential.
    pub cluster_id: ClusterId,
    /// The key that new credentials are sealed with.
    pub active_key: KeyId,
    /// Where a user without a home database is led.
    pub default_database: CatalogName,
    /// Choices that decide outcomes and so must be the same on every member.
    pub policy: Policy,
    /// When the cluster was formed.
    pub created: Stamp,
}

/// A registered database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// What kind it is.
    pub kind: DatabaseKind,
    /// Whether it is to be online.
    pub status: DatabaseStatus,
    /// Whether it may be written to.
    pub access: DatabaseAccess,
    /// The language of queries on it.
    pub default_language: CypherVersion,
    /// When it was registered.
    pub created: Stamp,
    /// When it last changed.
    pub modified: Stamp,
}

/// What kind a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DatabaseKind {
    /// `system`, the catalog itself. There is exactly one, made with the cluster.
    System,
    /// A database with a graph.
    Standard,
    /// A name under which aliases, its constituents, are gathered. Holds no graph of its own.
    Composite,
}

/// Whether a database is to be online.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DatabaseStatus {
    /// Asked to run; whether it does only its DBMS knows.
    Online,
    /// Asked to stand still, by `STOP DATABASE`.
    Offline,
}

/// Whether a database may be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DatabaseAccess {
    /// Read and written.
    ReadWrite,
    /// Only read.
    ReadOnly,
}

impl DatabaseAccess {
    /// `read-write` or `read-only`, as listings show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadWrite => "read-write",
            Self::ReadOnly => "read-only",
        }
    }
}

/// A name that leads to a database here or on another DBMS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// Where it leads.
    pub kind: AliasKind,
    /// The composite database that it is a constituent of; its name then begins with this and a dot.
    pub composite: Option<DatabaseName>,
    /// Free properties, keys in lower case.
    pub properties: ValueMap,
    /// When it was created.
    pub created: Stamp,
    /// When it last changed. A transaction on the alias is bound to this revision.
    pub modified: Stamp,
}

impl Alias {
    /// The stored credential; none for a local alias, and for one that forwards the caller's identity.
    pub fn credential(&self) -> Option<&SealedSecret> {
        match &self.kind {
            AliasKind::Local(_) => None,
            AliasKind::Remote(remote) => remote.login.credential(),
        }
    }

    /// The stored credential of the alias, which has this name, and the place that it is bound to.
    pub fn stored(&self, name: &CatalogName) -> Option<(CredentialPlace, &SealedSecret)> {
        let AliasKind::Remote(RemoteAlias { url, login: RemoteLogin::Stored { user, credential }, .. }) = &self.kind
        else {
            return None;
        };
        let place = CredentialPlace {
            alias: name.clone(),
            field: CredentialField::Password,
            url: Some(url.clone()),
            user: Some(user.clone()),
            alias_id: credential.alias_id,
        };
        Some((place, credential))
    }
}

/// Where an alias leads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "most aliases are remote, and an alias is behind an Arc already")]
pub enum AliasKind {
    /// To a database of this catalog.
    Local(DatabaseName),
    /// To a database of another DBMS.
    Remote(RemoteAlias),
}

/// How to reach and log in at another DBMS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteAlias {
    /// The database there.
    pub database: CatalogName,
    /// The address of the DBMS.
    pub url: RemoteUrl,
    /// With a password that is kept here, or with the token of whoever asks.
    pub login: RemoteLogin<SealedSecret>,
    /// What the alias says of the driver; what it leaves out, the driver decides.
    pub driver: DriverSettings,
    /// The language of queries on it; none for a constituent, which takes its composite's.
    pub default_language: Option<CypherVersion>,
}

/// As whom a DBMS logs in at the remote of an alias. `C` is the password in some stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteLogin<C> {
    /// As one user, whoever asks.
    Stored {
        /// The user there.
        user: RemoteUserName,
        /// The password of that user.
        credential: C,
    },
    /// `OIDC CREDENTIAL FORWARDING`: as whoever asks, with the token of the caller. Nothing is stored.
    OidcForwarding,
}

impl<C> RemoteLogin<C> {
    /// The stored user; none when the caller's identity is forwarded.
    pub fn user(&self) -> Option<&RemoteUserName> {
        match self {
            Self::Stored { user, .. } => Some(user),
            Self::OidcForwarding => None,
        }
    }

    /// The stored password; none when the caller's identity is forwarded.
    pub fn credential(&self) -> Option<&C> {
        match self {
            Self::Stored { credential, .. } => Some(credential),
            Self::OidcForwarding => None,
        }
    }

    /// `STORED NATIVE CREDENTIALS` or `OIDC CREDENTIAL FORWARDING`, as listings show it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Stored { .. } => "STORED NATIVE CREDENTIALS",
            Self::OidcForwarding => "OIDC CREDENTIAL FORWARDING",
        }
    }
}

/// A version of the query language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CypherVersion {
    /// Cypher 5.
    Cypher5,
    /// Cypher 25.
    Cypher25,
}

impl CypherVersion {
    /// `CYPHER 5` or `CYPHER 25`, as listings show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cypher5 => "CYPHER 5",
            Self::Cypher25 => "CYPHER 25",
        }
    }

    /// `CYPHER_5` or `CYPHER_25`, as settings spell it.
    pub fn setting(self) -> &'static str {
        match self {
            Self::Cypher5 => "CYPHER_5",
            Self::Cypher25 => "CYPHER_25",
        }
    }
}

/// A user of this catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The hash of the password, if the user has one.
    pub password: Option<PasswordHash>,
    /// Whether the password must be changed before anything else.
    pub password_change_required: bool,
    /// Whether the user may log in.
    pub status: UserStatus,
    /// The database or alias that "home" means for this user; may name nothing that exists.
    pub home: Option<CatalogName>,
    /// The identities that external providers know this user by.
    pub auth: BTreeMap<AuthProvider, AuthId>,
    /// Labels. They decide nothing here.
    pub tags: BTreeSet<UserTag>,
    /// Login tokens that the user ended before their time, and when they would have ended by themselves. Those that have are
    /// forgotten when the next one is ended.
    pub ended_tokens: BTreeMap<TokenTrace, Timestamp>,
    /// Changes whenever password, status or auth do, which ends every token issued before.
    pub credential_revision: Revision,
    /// When the user was created.
    pub created: Stamp,
    /// When the user last changed.
    pub modified: Stamp,
}

/// Whether a user may log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UserStatus {
    /// May log in.
    Active,
    /// May not.
    Suspended,
}

/// A role of this catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Whether ordinary administration cannot change it.
    pub immutable: bool,
    /// When the role was created.
    pub created: Stamp,
}

/// That a user has a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleAssignment {
    /// When the role was granted.
    pub created: Stamp,
}

/// What became of a recent request, so that its retry has no second effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// Where and when it was applied.
    pub applied: Stamp,
    /// What it was answered.
    pub outcome: Outcome,
    /// Whose request it was and what it asked. Absent if its entry was of the first form.
    pub owner: Option<RequestOwner>,
}

/// Whom the outcome of a request belongs to: only the same user with the same statement is told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestOwner {
    /// Who asked.
    pub actor: Principal,
    /// What was asked.
    pub fingerprint: StatementFingerprint,
}
