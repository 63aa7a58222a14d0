//! What is agreed on about the members of the cluster beyond the membership that Raft keeps: which change is under way,
//! who came in with a join token, and which node ids are used up.
//!
//! Addresses and votes of members are Raft's. What stands here decides who may become a member at all, so that it must be
//! the same on every member and outlive each of them.

use std::collections::BTreeMap;
use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::id::byte_id;
use crate::{Rejection, Stamp, Timestamp};

byte_id!(
    /// Tells the data directory of one member from every other one. Drawn when the directory is made.
    MemberIncarnation,
    16
);

byte_id!(
    /// A hash of the secret in a join token: enough to recognise the token, and not to make one.
    JoinTokenHash,
    32
);

impl JoinTokenHash {
    /// That of a token's secret. The secret is drawn at random, so that nobody finds it by trying.
    pub fn of(secret: &[u8]) -> Self {
        Self(Sha256::digest(secret).into())
    }
}

/// The record about the members. Node ids are those of Raft.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberLedger {
    /// The change under way: at most one.
    pub change: Option<MemberChange>,
    /// The nodes that were let in with a join token and are members, or are about to be.
    pub joined: BTreeMap<u64, JoinedMember>,
    /// The nodes that were removed, with the data directory that each had if that is known. Neither ever comes back.
    pub retired: BTreeMap<u64, Option<MemberIncarnation>>,
}

/// A node that was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JoinedMember {
    /// The data directory that it showed the token with.
    pub incarnation: MemberIncarnation,
    /// The token, which lets no other one in.
    pub token: JoinTokenHash,
}

/// A change of the members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberChange {
    /// The node that it is about.
    pub node: u64,
    /// What becomes of it.
    pub kind: MemberChangeKind,
    /// When it began. Tells it from every other change.
    pub begun: Stamp,
}

/// What becomes of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberChangeKind {
    /// It becomes a member.
    Add(Invitation),
    /// A learner becomes a voter.
    Promote,
    /// It ceases to be a member.
    Remove {
        /// The data directory that the membership has for it.
        incarnation: Option<MemberIncarnation>,
        /// The member whose place it was to take, or has taken already.
        replaces: Option<ReplacedMember>,
    },
}

/// What a node becomes that shows a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Where the other members will reach it: `host:port`.
    pub peer_address: String,
    /// Where clients will reach it: `host:port`.
    pub client_address: String,
    /// It stays without a vote.
    pub learner: bool,
    /// The member whose place it takes, if it takes one.
    pub replaces: Option<ReplacedMember>,
    /// What lets it in, once.
    pub token: JoinTokenHash,
    /// From then on the token lets nobody in.
    pub expires_at: Timestamp,
}

/// A member whose place another one takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplacedMember {
    /// Its node id.
    pub node: u64,
    /// The data directory that the membership has for it.
    pub incarnation: Option<MemberIncarnation>,
}

/// One step of a change of the members. Operators begin a change; the leader says what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberStep {
    /// Begins to add a node, or gives one that has not come yet another token.
    Invite {
        /// Its node id, never used before.
        node: u64,
        /// What it becomes.
        invitation: Invitation,
    },
    /// Begins to make a learner a voter.
    Promote {
        /// Its node id.
        node: u64,
    },
    /// Begins to remove a member, or gives up adding a node.
    Remove {
        /// Its node id.
        node: u64,
        /// The data directory that the membership has for it.
        incarnation: Option<MemberIncarnation>,
    },
    /// A node has shown a token. In the name of the cluster only.
    Admit {
        /// The node id that its certificate proves.
        node: u64,
        /// What the node showed, and from where.
        shown: JoinedMember,
    },
    /// The membership is what a change is to make of it. In the name of the cluster only.
    Finish {
        /// The node that the change is about.
        node: u64,
        /// When the change began, so that no other one is taken for finished.
        begun: Stamp,
        /// A node that was to take the place of another one is removed, and the other one had gone before.
        replaced_is_gone: bool,
    },
}

impl MemberLedger {
    /// The invitation of a node, if it is being added.
    pub fn invitation(&self, node: u64) -> Option<&Invitation> {
        match &self.change {
            Some(MemberChange { node: of, kind: MemberChangeKind::Add(invitation), .. }) if *of == node => {
                Some(invitation)
            }
            _ => None,
        }
    }

    /// Whether a node is let in, or was, that shows this at that time.
    ///
    /// # Errors
    /// It is not, and how the node is wrong about it.
    pub fn admits(&self, node: u64, shown: JoinedMember, now: Timestamp) -> Result<(), Rejection> {
        let wrong = || Err(Rejection::JoinTokenWrong { node: node.into() });
        if self.is_retired(node) {
            return Err(Rejection::MemberRetired { node: node.into() });
        }
        if self.retired.values().any(|retired| *retired == Some(shown.incarnation)) {
            return Err(Rejection::IncarnationRetired { node: node.into() });
        }
        if let Some(known) = self.joined.get(&node) {
            return match *known {
                known if known == shown => Ok(()),
                known if known.token == shown.token => Err(Rejection::JoinTokenUsed { node: node.into() }),
                _ => wrong(),
            };
        }
        match self.invitation(node) {
            Some(invitation) if invitation.token != shown.token => wrong(),
            Some(invitation) if invitation.expires_at <= now => Err(Rejection::JoinTokenExpired { node: node.into() }),
            Some(_) => Ok(()),
            None => wrong(),
        }
    }

    /// Whether a node was removed for ever.
    pub fn is_retired(&self, node: u64) -> bool {
        self.retired.contains_key(&node)
    }
}

impl MemberChange {
    /// Whether its node can still come: it has, or the token holds.
    pub(crate) fn is_open(&self, ledger: &MemberLedger, now: Timestamp) -> bool {
        match &self.kind {
            MemberChangeKind::Add(invitation) => ledger.joined.contains_key(&self.node) || now < invitation.expires_at,
            MemberChangeKind::Promote | MemberChangeKind::Remove { .. } => true,
        }
    }
}

/// As a clause: `node 4 is being added`.
impl fmt::Display for MemberChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = self.node;
        match &self.kind {
            MemberChangeKind::Add(Invitation { replaces: Some(old), .. }) => {
                write!(f, "node {} is being replaced by node {node}", old.node)
            }
            MemberChangeKind::Add(_) => write!(f, "node {node} is being added"),
            MemberChangeKind::Promote => write!(f, "node {node} is being promoted"),
            MemberChangeKind::Remove { .. } => write!(f, "node {node} is being removed"),
        }
    }
}
