//! What facts there are about the catalog, and what they may be.

use std::fmt;

use crate::history::{GrantKind, Privilege};

/// One thing that may be so or otherwise, apart from all others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fact {
    /// What has this name: a [`Kind`].
    Kind(String),
    /// The database that the alias leads to.
    Database(String),
    /// The address of the other DBMS.
    Url(String),
    /// Who logs in there.
    RemoteUser(String),
    /// The tag of the password there.
    Credential(String),
    /// The revision of the last change of the alias or database.
    Version(String),
    /// Whether there is such a user and it is not suspended.
    Active(String),
    /// The tag of the user's password.
    Password(String),
    /// Whether the user has the role.
    Member(String, String),
    /// Whether the role was given the privilege, or denied it.
    Grant(String, GrantKind, Privilege),
    /// Whether the token was ended by itself.
    TokenEnded(String),
}

/// What a fact may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Anything: the history does not tell.
    Any,
    /// There is none.
    Nothing,
    /// A name, an address or a tag.
    Text(String),
    /// The position of a change.
    Revision(u64),
    /// A revision that is higher than this one.
    After(u64),
    /// Whether it is so.
    Flag(bool),
    /// What has a name.
    Kind(Kind),
    /// What another fact was just before.
    As(Box<Fact>),
}

/// What has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Neither an alias nor a database.
    Absent,
    /// A database of this DBMS.
    Database,
    /// An alias for a database of this DBMS.
    Local,
    /// An alias for a database of another one.
    Remote,
}

/// Whether something was so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tri {
    /// Certainly not.
    No,
    /// The history does not tell.
    Maybe,
    /// Certainly.
    Yes,
}

// === impl Tri ===

impl Tri {
    pub(crate) fn and(self, other: Self) -> Self {
        self.min(other)
    }

    pub(crate) fn or(self, other: Self) -> Self {
        self.max(other)
    }

    pub(crate) fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }

    /// What is so in all of these cases, in none of them, or in some.
    pub(crate) fn of(cases: impl IntoIterator<Item = Self>) -> Self {
        let mut cases = cases.into_iter();
        let first = cases.next().unwrap_or(Self::Maybe);
        cases.fold(first, |sum, case| if sum == case { sum } else { Self::Maybe })
    }
}

impl Fact {
    /// What a finding calls it.
    pub(crate) const fn noun(&self) -> &'static str {
        match self {
            Self::Kind(_) => "kind",
            Self::Database(_) => "database",
            Self::Url(_) => "address",
            Self::RemoteUser(_) => "user",
            Self::Credential(_) => "credential",
            Self::Version(_) => "version",
            Self::Active(_) => "status",
            Self::Password(_) => "password",
            Self::Member(..) => "role",
            Self::Grant(..) => "privilege",
            Self::TokenEnded(_) => "token",
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any | Self::As(_) => f.write_str("anything"),
            Self::Nothing => f.write_str("none"),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Revision(revision) => write!(f, "{revision}"),
            Self::After(revision) => write!(f, "one after {revision}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Kind(kind) => write!(f, "{kind:?}"),
        }
    }
}
