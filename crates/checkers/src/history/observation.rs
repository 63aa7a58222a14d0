//! What was told without being asked again: watches, guards, what members said of themselves, and what was done to them.

use serde::{Deserialize, Serialize};

use super::{Outcome, Proof, Route};

/// A step of a watch. The steps of one stream stand in the order in which they came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// Which client object.
    pub client: u64,
    /// Which stream. One that is resumed, also on another member, keeps its number.
    pub stream: u64,
    /// The member that it comes from, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<u64>,
    /// When it came, or for the opening, before it was asked for.
    pub at: u64,
    /// What came.
    pub step: WatchStep,
}

/// What comes of a watch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WatchStep {
    /// It was opened, or resumed.
    Open {
        /// After which revision; absent: from the present state of the member on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<u64>,
        /// The user that the watcher is.
        user: String,
        /// Which aliases and databases; absent: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        names: Option<Vec<String>>,
        /// Whether the watcher may know of everything during the whole run, as an administrator does.
        #[serde(default)]
        unrestricted: bool,
    },
    /// Everything relevant that one revision changed, or a part of it.
    Batch {
        /// The revision that changed it.
        revision: u64,
        /// What the message named.
        changes: Vec<Change>,
        /// Whether more of the same revision was to follow.
        #[serde(default)]
        continued: bool,
    },
    /// Nothing is missing up to this revision.
    Progress {
        /// Up to and including which.
        revision: u64,
    },
    /// Something was missed: what was derived before is void, and the stream goes on after this revision.
    Resync {
        /// After which.
        revision: u64,
    },
    /// It ended.
    Closed {
        /// The code of the error, if there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
}

/// One thing that changed, as a watcher was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// What kind of thing.
    pub subject: Subject,
    /// Its name; empty for what has none.
    pub name: String,
    /// What happened to it.
    pub kind: ChangeKind,
}

/// What kind of thing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An alias, local or remote.
    Alias,
    /// A database of this DBMS.
    Database,
    /// A user, or what it may do.
    User,
    /// A role, or what it allows.
    Role,
    /// The settings that routes depend on.
    Settings,
}

/// What happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Created,
    /// It is another now.
    Altered,
    /// It is gone.
    Dropped,
    /// It is as it was; what may be reached through it is not.
    AccessChanged,
}

/// A step of a transaction guard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// Which client object.
    pub client: u64,
    /// Which guard.
    pub guard: u64,
    /// Before the call.
    pub begin: u64,
    /// After the answer.
    pub end: u64,
    /// What was called, or told.
    pub step: GuardStep,
}

/// What is done with a guard, and what it tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "they are no larger than the other events that they stand among")]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum GuardStep {
    /// A route was pinned.
    Begin {
        /// For whom, and which.
        lookup: Lookup,
        /// What it led to.
        outcome: Outcome<Route>,
    },
    /// It was asked whether the transaction may commit.
    Validate {
        /// Ok: it may.
        outcome: Outcome<()>,
    },
    /// It warned that its alias had changed, or that it knew nothing any more.
    Ended {
        /// The revision that changed it; absent: it had heard nothing for too long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changed: Option<u64>,
    },
}

/// Whose route a guard pins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// The user that the client is.
    pub caller: String,
    /// How that was proven.
    pub proof: Proof,
    /// The user on whose behalf it asked; absent: the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Which name.
    pub name: String,
}

/// Something that was broken on purpose. No checker reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// When it began.
    pub at: u64,
    /// Where; absent: not at a single member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<u64>,
    /// What, for readers.
    pub what: String,
}

/// What a member computed of its catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digest {
    /// Which member.
    pub member: u64,
    /// When it had told.
    pub at: u64,
    /// The revision that it had applied.
    pub revision: u64,
    /// The digest, in whatever form.
    pub digest: String,
    /// Whether everything had healed and come to rest, so that all members have to agree.
    #[serde(default)]
    pub last: bool,
}

/// A line of a member's audit trail, with the names of its fields there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditLine {
    /// Which member wrote it.
    pub member: u64,
    /// `statement`, `credential release`, `login`, …
    pub action: String,
    /// Who did it, if that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// For whom, if that was somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// What it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// `OK`, or the code of a refusal.
    pub outcome: String,
    /// The revision that was written or read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}
