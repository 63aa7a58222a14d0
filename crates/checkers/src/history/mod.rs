//! The history of a run: one event per finished call, step of a stream or observation, and its form as lines of JSON.
//!
//! **One clock.** All times are nanoseconds on one clock, that of the recorder, which never runs backwards. `begin` is read
//! before a call is made, `end` after its answer has come. A call that is still open when recording ends is recorded with that
//! moment as its `end` and the outcome [`Outcome::Unknown`]. Events may stand in any order in the file.
//!
//! **Names** are written as the catalog keeps them: those of databases, aliases and users as they are listed.
//!
//! **Secrets are never recorded**, but a tag that stands for each: whoever sets a credential, a password or a token gives it a
//! tag of its own, and whoever sees one looks up whose it is. A value that nobody set gets a tag of its own as well.
//!
//! **A client** is one client object of the SDK, with the revisions that it has seen; a new object gets a new number. Numbers of
//! clients, streams and guards are the recorder's.
//!
//! **Privileges** are given on databases and on remote aliases. To give one on a local alias, whose target would get it, is
//! not recorded: name the target.

mod command;
mod lines;
mod observation;
mod outcome;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use command::{Command, CreateMode, Destination, GrantKind, Privilege};
pub use lines::LineError;
pub use observation::{
    AuditLine, Change, ChangeKind, Digest, Fault, Guard, GuardStep, Lookup, Subject, Watch, WatchStep,
};
pub use outcome::{Freshness, Login, Outcome, Proof, Resolve, Route, Session, Write, Written};

/// What happened in a run, in the order of the lines of its file: the first event is line 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// All of it.
    pub events: Vec<Event>,
}

impl History {
    /// The events with the numbers of their lines.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, &Event)> {
        self.events.iter().enumerate().map(|(at, event)| (at + 1, event))
    }
}

/// One line of a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// What there was before the first event, and what was promised. Once, before all others.
    Setup(Setup),
    /// A statement that writes, or the end of a token.
    Write(Write),
    /// A name was resolved, by a member or from the SDK's cache.
    Resolve(Resolve),
    /// A password was exchanged for a token.
    Login(Login),
    /// A step of a watch.
    Watch(Watch),
    /// A step of a transaction guard.
    Guard(Guard),
    /// Something was broken on purpose, for readers of findings.
    Fault(Fault),
    /// What a member computed of its catalog.
    Digest(Digest),
    /// A line of a member's audit trail.
    Audit(AuditLine),
}

/// What held before the first event. The catalog knows nothing else of what the history names, except for the role `PUBLIC`,
/// which everybody has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// How old answers may be.
    pub bounds: Bounds,
    /// The revision that had been reached.
    pub revision: u64,
    /// Names of the databases that there were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub databases: Vec<String>,
    /// Where everybody is at home. A privilege on the home is one on that, and `PUBLIC` has ACCESS there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_database: Option<String>,
    /// The aliases that there were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<AliasBefore>,
    /// The users that there were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<UserBefore>,
    /// What roles were granted and denied, the built-in roles included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<GrantBefore>,
    /// Whether the audit trails of all members are in the history, so that a line that is missing is a finding.
    #[serde(default)]
    pub audited: bool,
}

/// How old answers may be, in nanoseconds. What clocks of members may drift apart is added by whoever records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// `max_staleness` of the members: of LOCAL and AT_LEAST.
    pub max_staleness: u64,
    /// Of what credentials are released from; absent: no other than `max_staleness`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_staleness: Option<u64>,
    /// `silence_max` of the clients: of routes from their caches.
    pub silence_max: u64,
}

/// An alias that there was before the first event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AliasBefore {
    /// The whole name.
    pub name: String,
    /// Where it leads, with the tag of its credential.
    pub destination: Destination,
    /// The revision that it was last changed at.
    pub version: u64,
}

/// A user that there was before the first event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserBefore {
    /// Under which name it logs in.
    pub name: String,
    /// The tag of its password, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Whether it is suspended.
    #[serde(default)]
    pub suspended: bool,
    /// Its roles but `PUBLIC`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

/// A privilege that a role had before the first event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantBefore {
    /// Whose it is.
    pub role: String,
    /// For what.
    pub privilege: Privilege,
    /// Granted or denied.
    pub kind: GrantKind,
}
