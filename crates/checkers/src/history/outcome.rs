//! What clients called, and what they were answered.

use serde::{Deserialize, Serialize};

use super::{Command, Destination};

/// What came of a call, as far as its caller knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome<T> {
    /// It was done.
    Ok(T),
    /// The cluster refused it: it changed nothing.
    Rejected {
        /// The stable code.
        code: String,
        /// Where the refusal was recorded or read, if the answer says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revision: Option<u64>,
    },
    /// It certainly had no effect, and nobody judged it.
    Failed {
        /// The stable code.
        code: String,
    },
    /// It may have taken effect, or take effect at any later time.
    Unknown {
        /// The stable code.
        code: String,
    },
}

/// A statement that writes, sent once by its caller. What the SDK repeats by itself is one event; what the caller sends again
/// with the same request id is another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// Which client object.
    pub client: u64,
    /// The member that was asked, if the caller chose one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<u64>,
    /// Before it was sent.
    pub begin: u64,
    /// After the answer.
    pub end: u64,
    /// The user that the client is.
    pub actor: String,
    /// Its request id, in whatever form; absent: drawn by the SDK and used for nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// What was asked.
    pub command: Command,
    /// What came of it.
    pub outcome: Outcome<Written>,
}

/// What a statement did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The revision of its effect, if the answer says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// The number of system updates: 0 where there was nothing to do, 2 where something was replaced.
    pub updates: u64,
}

/// A name was resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    /// Which client object.
    pub client: u64,
    /// The member that answered, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<u64>,
    /// Before it was asked.
    pub begin: u64,
    /// After the answer.
    pub end: u64,
    /// The user that the client is.
    pub caller: String,
    /// How that was proven.
    pub proof: Proof,
    /// The user on whose behalf it asked; absent: the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Which name.
    pub name: String,
    /// How fresh the answer had to be.
    pub freshness: Freshness,
    /// Whether the password was asked for.
    #[serde(default)]
    pub with_credentials: bool,
    /// Whether caller and user may do everything that this takes during the whole run, whatever is dropped: a refusal as
    /// not found then means that nothing had the name.
    #[serde(default)]
    pub unrestricted: bool,
    /// What came of it.
    pub outcome: Outcome<Route>,
}

/// How a caller proved who it is. A client that fetches tokens for a password by itself proves itself by that password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// By its client certificate.
    Certificate,
    /// By the password with this tag.
    Password(String),
    /// By the token with this tag.
    Token(String),
}

/// How fresh an answer had to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// Whatever a member has that is up to date.
    Local,
    /// Everything up to this revision.
    AtLeast(u64),
    /// Every write that was acknowledged to anyone before.
    Linearizable,
    /// What the SDK does unless told otherwise: everything that this client has seen.
    Session,
    /// What the SDK's cache may give: nothing that is older than this client's own writes, or than its bound.
    Cached,
}

/// Where a name led.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The name that was found.
    pub name: String,
    /// Where it led, with the tag of the credential if one came.
    pub destination: Destination,
    /// The revision at which the alias, or the database, was last changed.
    pub version: u64,
    /// The revision of the state that gave the answer.
    pub served_at: u64,
    /// Of a route from a cache: the revision up to which the client took it for true, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validated_at: Option<u64>,
}

/// A password was exchanged for a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// Which client object.
    pub client: u64,
    /// The member that answered, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<u64>,
    /// Before it was asked.
    pub begin: u64,
    /// After the answer.
    pub end: u64,
    /// Who wanted to be let in.
    pub user: String,
    /// The tag of the password that was shown.
    pub password: String,
    /// What came of it.
    pub outcome: Outcome<Session>,
}

/// What a login gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The tag of the token.
    pub token: String,
}

// === impl Outcome ===

impl<T> Outcome<T> {
    /// What was answered, if it was done.
    pub fn ok(&self) -> Option<&T> {
        match self {
            Self::Ok(answer) => Some(answer),
            Self::Rejected { .. } | Self::Failed { .. } | Self::Unknown { .. } => None,
        }
    }

    /// The code of a refusal by the cluster.
    pub fn rejected(&self) -> Option<&str> {
        match self {
            Self::Rejected { code, .. } => Some(code),
            Self::Ok(_) | Self::Failed { .. } | Self::Unknown { .. } => None,
        }
    }
}
