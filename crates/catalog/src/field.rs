//! What varies in the message of a rejection: names and values of their own types, which are text only when they are shown
//! or stored.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use crate::{
    Action, AliasName, AuthId, AuthProvider, AuthRuleName, CatalogName, DatabaseName, KeyId, Principal, Revision,
    RoleName, UserName,
};

/// A field of a rejection. Whoever refuses gives the value; a rejection that comes back from the store has what was shown
/// then, which may be the words of another version. Two fields are equal when they show the same.
#[derive(Clone, Debug)]
pub enum Field<T> {
    /// Decided here.
    Value(T),
    /// Read back as it was shown.
    Shown(String),
}

/// Several names, shown as `'a', 'b'`; of many the first, and how many there are besides. A rejection is stored as the
/// outcome of its request, so that it must not grow with what is in the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted<T>(FirstNames<T>);

/// As [`Quoted`], shown as `a, b`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T>(FirstNames<T>);

/// The first of several names, and the number of the others.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FirstNames<T> {
    names: Vec<T>,
    more: usize,
}

/// Names that a list shows at most.
const NAMES_MAX: usize = 20;
/// Bytes that the names of a list have at most, unless it is the first alone that has more.
const NAMES_BYTES_MAX: usize = 4096;

/// What failed: the words after "Failed to".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// `alter`: the message says of what.
    On(Verb),
    /// `alter the specified`: the message goes on with the kind and the name.
    OnSpecified(Verb),
    /// `drop the specified role`.
    OnSpecifiedRole(Verb),
    /// `create a role as copy of`.
    CopyRole,
    /// `grant role 'a', 'b' to`.
    GrantRoles(BTreeSet<RoleName>),
    /// `revoke role 'a', 'b' from`.
    RevokeRoles(BTreeSet<RoleName>),
    /// `grant a privilege to`.
    GrantPrivilege,
    /// `deny a privilege to`.
    DenyPrivilege,
    /// `revoke a privilege from`.
    RevokePrivilege,
    /// `list the privileges of`.
    ListPrivileges,
    /// `explain the access of`.
    ExplainAccess,
}

/// What a statement does to what it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `create`
    Create,
    /// `alter`
    Alter,
    /// `rename`
    Rename,
    /// `drop`
    Drop,
    /// `delete`, as Neo4j says where a user, role or database is dropped.
    Delete,
    /// `replace`
    Replace,
    /// `start`
    Start,
    /// `stop`
    Stop,
    /// `set as default`
    SetAsDefault,
    /// `grant`
    Grant,
    /// `revoke`
    Revoke,
}

/// What a name that breaks a rule would have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// `database name`, which an alias may have as well.
    Database,
    /// `target database name`
    Target,
    /// `alias`
    Alias,
    /// `username`
    User,
    /// `role name`
    Role,
    /// `name pattern`
    Pattern,
    /// `remote username`
    RemoteUser,
    /// `auth provider`
    AuthProvider,
    /// `auth id`
    AuthId,
    /// `tag`
    Tag,
    /// `auth rule name`
    AuthRule,
}

/// Why a URL is no address of a DBMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlFault {
    /// A user or password is part of it, which would be stored and listed in clear.
    UserInformation,
    /// White space or a control character is part of it.
    Spaces,
    /// Host and port cannot be told apart.
    Address,
    /// There is no host.
    NoHost,
    /// The port is none.
    Port,
    /// Nothing can have that as its name or address.
    Host,
    /// A path follows the address.
    Path,
    /// A fragment follows the address.
    Fragment,
    /// A query follows the address that is not the name of a routing policy.
    Query,
}

/// What the value of a setting has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SettingType {
    /// `a boolean`
    Boolean,
    /// `a duration`
    Duration,
    /// `an integer`
    Integer,
    /// `a string`
    String,
    /// The name of a version of the language.
    Language,
    /// How long a token may live.
    TokenLifetime,
    /// How old the state may be that a credential is released from.
    ReleaseStaleness,
}

// === impl Field ===

macro_rules! decided {
    ($($value:ty),+) => {$(
        impl From<$value> for Field<$value> {
            fn from(value: $value) -> Self {
                Self::Value(value)
            }
        }
    )+};
}

decided!(Action, Attempt, KeyId, NameKind, Revision, SettingType, UrlFault, u64);

/// A name is lent by whoever holds it: it is copied only when there is something to refuse.
macro_rules! named {
    ($($name:ty),+) => {$(
        impl From<&$name> for Field<$name> {
            fn from(name: &$name) -> Self {
                Self::Value(name.clone())
            }
        }
    )+};
}

named!(AliasName, AuthId, AuthProvider, AuthRuleName, CatalogName, DatabaseName, Principal, RoleName, UserName);

impl From<&AliasName> for Field<CatalogName> {
    fn from(name: &AliasName) -> Self {
        Self::Value(name.into())
    }
}

impl From<&DatabaseName> for Field<CatalogName> {
    fn from(name: &DatabaseName) -> Self {
        Self::Value(name.into())
    }
}

impl From<&UserName> for Field<Principal> {
    fn from(name: &UserName) -> Self {
        Self::Value(Principal::User(name.clone()))
    }
}

impl<T> From<Quoted<T>> for Field<Quoted<T>> {
    fn from(names: Quoted<T>) -> Self {
        Self::Value(names)
    }
}

impl<T> From<Listed<T>> for Field<Listed<T>> {
    fn from(names: Listed<T>) -> Self {
        Self::Value(names)
    }
}

impl<T> From<String> for Field<T> {
    fn from(shown: String) -> Self {
        Self::Shown(shown)
    }
}

impl<T> From<&str> for Field<T> {
    fn from(shown: &str) -> Self {
        Self::Shown(shown.to_owned())
    }
}

impl<T: fmt::Display> fmt::Display for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => value.fmt(f),
            Self::Shown(text) => f.write_str(text),
        }
    }
}

impl<T: fmt::Display> PartialEq for Field<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T: fmt::Display> Eq for Field<T> {}

impl<T: fmt::Display> PartialOrd for Field<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: fmt::Display> Ord for Field<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.to_string().cmp(&other.to_string())
    }
}

// === The words ===

impl<T: fmt::Display + Clone> FirstNames<T> {
    fn of<'a>(names: impl IntoIterator<Item = &'a T>) -> Self
    where
        T: 'a,
    {
        let (mut shown, mut bytes, mut more) = (Vec::new(), 0, 0);
        for name in names {
            if more == 0 {
                bytes += name.to_string().len();
            }
            if more == 0 && (shown.is_empty() || (shown.len() < NAMES_MAX && bytes <= NAMES_BYTES_MAX)) {
                shown.push(name.clone());
            } else {
                more += 1;
            }
        }
        Self { names: shown, more }
    }
}

impl<T: fmt::Display> FirstNames<T> {
    fn write(&self, f: &mut fmt::Formatter<'_>, quote: &str) -> fmt::Result {
        for (at, name) in self.names.iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            write!(f, "{separator}{quote}{name}{quote}")?;
        }
        if self.more == 0 { Ok(()) } else { write!(f, " and {} more", self.more) }
    }
}

impl<T: fmt::Display + Clone> Quoted<T> {
    /// The first of these names, and the number of the others.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a T>) -> Self
    where
        T: 'a,
    {
        Self(FirstNames::of(names))
    }
}

impl<T: fmt::Display + Clone> Listed<T> {
    /// The first of these names, and the number of the others.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a T>) -> Self
    where
        T: 'a,
    {
        Self(FirstNames::of(names))
    }
}

impl<T: fmt::Display> fmt::Display for Quoted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, "'")
    }
}

impl<T: fmt::Display> fmt::Display for Listed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, "")
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(verb) => verb.fmt(f),
            Self::OnSpecified(verb) => write!(f, "{verb} the specified"),
            Self::OnSpecifiedRole(verb) => write!(f, "{verb} the specified role"),
            Self::CopyRole => f.write_str("create a role as copy of"),
            Self::GrantRoles(roles) => write!(f, "grant role {} to", Quoted::of(roles)),
            Self::RevokeRoles(roles) => write!(f, "revoke role {} from", Quoted::of(roles)),
            Self::GrantPrivilege => f.write_str("grant a privilege to"),
            Self::DenyPrivilege => f.write_str("deny a privilege to"),
            Self::RevokePrivilege => f.write_str("revoke a privilege from"),
            Self::ListPrivileges => f.write_str("list the privileges of"),
            Self::ExplainAccess => f.write_str("explain the access of"),
        }
    }
}

impl From<Verb> for Field<Attempt> {
    fn from(verb: Verb) -> Self {
        Self::Value(Attempt::On(verb))
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Alter => "alter",
            Self::Rename => "rename",
            Self::Drop => "drop",
            Self::Delete => "delete",
            Self::Replace => "replace",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::SetAsDefault => "set as default",
            Self::Grant => "grant",
            Self::Revoke => "revoke",
        })
    }
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Database => "database name",
            Self::Target => "target database name",
            Self::Alias => "alias",
            Self::User => "username",
            Self::Role => "role name",
            Self::Pattern => "name pattern",
            Self::RemoteUser => "remote username",
            Self::AuthProvider => "auth provider",
            Self::AuthId => "auth id",
            Self::Tag => "tag",
            Self::AuthRule => "auth rule name",
        })
    }
}

impl fmt::Display for SettingType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boolean => "a boolean",
            Self::Duration => "a duration",
            Self::Integer => "an integer",
            Self::String => "a string",
            Self::Language => "'CYPHER_5' or 'CYPHER_25'",
            Self::TokenLifetime => "a duration from 1 second to 30 days",
            Self::ReleaseStaleness => "a duration from 100 milliseconds to 5 minutes",
        })
    }
}

impl fmt::Display for UrlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UserInformation => "it must not hold user information; give it with USER and PASSWORD",
            Self::Spaces => "it holds white space or control characters",
            Self::Address => "its address is malformed",
            Self::NoHost => "it names no host",
            Self::Port => "its port is not a number from 1 to 65535",
            Self::Host => "what stands before the port cannot be the name of a host",
            Self::Path => "it has a path; name the database with TARGET or FOR DATABASE",
            Self::Fragment => "it has a fragment, which begins with '#'",
            Self::Query => "all that may follow the address is ?policy=NAME, and that with a neo4j scheme only",
        })
    }
}
