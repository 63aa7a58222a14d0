//! The numbers and identities that travel in an entry. They are made by the proposer, never here.

use std::fmt;

use crate::UserName;

/// A position in the replicated log: the one number for preconditions, cache validation, read freshness
/// and watch positions. Zero is "before everything".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Milliseconds since the Unix epoch, as the proposer's clock showed them. [`crate::Catalog::apply`]
/// clamps it so that it never runs backwards along the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

/// Where and when a record came to be or last changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// The log position of the entry.
    pub revision: Revision,
    /// The clamped time of the entry.
    pub time: Timestamp,
}

/// Ids of some bytes, shown in hexadecimal digits.
macro_rules! byte_id {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $length]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

pub(crate) use byte_id;

byte_id!(
    /// Names one request of one caller, drawn at random by the caller; a retry carries the same one.
    RequestId,
    16
);
byte_id!(
    /// Names a cluster for its whole life, drawn at random when it is formed. Bound into every sealed
    /// credential, so that a ciphertext does not open in another cluster.
    ClusterId,
    16
);
byte_id!(
    /// Tells an alias with stored credentials from every other one, also from one that had its name before. Drawn at random
    /// when its credential is first sealed, and bound into the ciphertext.
    AliasId,
    16
);
byte_id!(
    /// The fingerprint of an encryption key, derived from the key itself and never from its name.
    KeyId,
    16
);

byte_id!(
    /// Tells one statement with its parameters from every other. It is computed under a key of the cluster, since what it is
    /// computed of may hold a password.
    StatementFingerprint,
    32
);

byte_id!(
    /// Tells one login token from every other: a part of a hash of it, from which nobody can make the token.
    TokenTrace,
    16
);

/// On whose behalf an entry was proposed or a question is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal {
    /// The cluster itself: it issues the entry that forms it, and those in which a leader says what came of a change of the
    /// members.
    System,
    /// A user of the catalog, authenticated by the member that proposed.
    User(UserName),
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("<system>"),
            Self::User(name) => name.fmt(f),
        }
    }
}
