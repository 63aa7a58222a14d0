//! The audit trail: who did what, from where, for whom, and what came of it. Every line of it is written here.
//!
//! A line is an event of the log with the target [`TARGET`], which whoever writes the log lets through whatever its level. It
//! is written when the outcome is known; one whose caller gives up before that says so, because a write may take effect all
//! the same. None ever holds a secret: statements arrive printed, with their secrets covered, and whom a caller that was not
//! let in claimed to be is shown only if there is such a user, since people type passwords where names belong.

use std::net::SocketAddr;

use aliasd_catalog::{Revision, UserName};

use crate::failure::Failure;
use crate::identity::{Authenticated, ClientConnection};

/// What tells the lines of the audit trail from the rest of the log.
pub const TARGET: &str = "aliasd::audit";

/// The outcome of what its caller did not wait for. It may have taken effect.
const ABANDONED: &str = "ABANDONED";

/// What is done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// A statement was run.
    Statement,
    /// A stored password of a remote alias was asked for.
    CredentialRelease,
    /// A password was shown to be let in with.
    LogIn,
    /// A token was to be ended.
    LogOut,
    /// A caller asked whether a password is somebody else's.
    VerifyUser,
    /// Nodes were to become a cluster.
    FormCluster,
    /// The leadership was to go to another member.
    TransferLeader,
    /// A node was to become a member.
    AddMember,
    /// A learner was to get a vote.
    PromoteMember,
    /// A member was to go.
    RemoveMember,
    /// A node was to take the place of a member.
    ReplaceMember,
    /// Any other call that was not let in.
    Call,
}

/// A line that is written when what it is about ends, or is given up.
#[derive(Debug)]
pub(crate) struct Line {
    action: Action,
    remote: SocketAddr,
    actor: Option<String>,
    on_behalf_of: Option<String>,
    what: Option<String>,
    ended: bool,
}

impl Action {
    const fn text(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::CredentialRelease => "credential release",
            Self::LogIn => "login",
            Self::LogOut => "logout",
            Self::VerifyUser => "password verification",
            Self::FormCluster => "cluster formation",
            Self::TransferLeader => "leadership transfer",
            Self::AddMember => "member addition",
            Self::PromoteMember => "member promotion",
            Self::RemoveMember => "member removal",
            Self::ReplaceMember => "member replacement",
            Self::Call => "call refused",
        }
    }
}

impl Line {
    /// Something that comes from an address, whoever does it.
    pub(crate) fn from(action: Action, remote: SocketAddr) -> Self {
        Self { action, remote, actor: None, on_behalf_of: None, what: None, ended: false }
    }

    /// Something that a user does.
    pub(crate) fn by(action: Action, caller: &Authenticated) -> Self {
        let mut line = Self::from(action, caller.remote);
        line.actor(Some(caller.user.to_string()));
        line
    }

    /// Something that an operator does before there are users.
    pub(crate) fn by_operator(action: Action, connection: &ClientConnection) -> Self {
        let certificate = connection.certificate.as_ref();
        let actor = certificate.map_or_else(|| "operator".to_owned(), |shown| format!("operator '{}'", shown.identity));
        let mut line = Self::from(action, connection.remote);
        line.actor(Some(actor));
        line
    }

    /// Who does it; none if that is not known.
    pub(crate) fn actor(&mut self, actor: Option<String>) {
        self.actor = actor;
    }

    /// For whom, if that is somebody else.
    pub(crate) fn on_behalf_of(&mut self, user: Option<&UserName>) {
        self.on_behalf_of = user.map(ToString::to_string);
    }

    /// What it is about. Never a secret.
    pub(crate) fn what(&mut self, what: impl Into<String>) {
        self.what = Some(what.into());
    }

    /// Writes the line. `outcome` is `OK` or the code of what was refused; `revision` that of what was written or read.
    pub(crate) fn end(mut self, outcome: &str, revision: Option<Revision>) {
        self.ended = true;
        self.write(outcome, revision);
    }

    fn write(&self, outcome: &str, revision: Option<Revision>) {
        let Self { action, remote, actor, on_behalf_of, what, .. } = self;
        let (actor, on_behalf_of, what) = (actor.as_deref(), on_behalf_of.as_deref(), what.as_deref());
        let revision = revision.map(|revision| revision.0);
        tracing::info!(target: TARGET, actor, %remote, what, on_behalf_of, outcome, revision, "{}", action.text());
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.ended {
            self.write(ABANDONED, None);
        }
    }
}

/// `OK`, or the code of what was refused.
pub(crate) fn outcome<T>(result: &Result<T, Failure>) -> &'static str {
    result.as_ref().err().map_or("OK", |failure| failure.code)
}
