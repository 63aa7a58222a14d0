//! What a user may do, why, and when that changes.
//!
//! A DBMS enforces privileges that the catalog holds. It asks once, and again whenever a watch reports something that
//! may have changed the answer: the table of `Auth.EffectivePrivileges` in `proto/aliasd/v1/auth.proto`.

use std::fmt;
use std::sync::Arc;

use aliasd_wire::v1::auth_client::AuthClient;
use aliasd_wire::v1::{
    self, Change, ChangeSubject, EffectivePrivilegesRequest, EffectivePrivilegesResponse, ExplainAccessRequest,
    ExplainAccessResponse,
};

use crate::core::{AccessMode, Core};
use crate::watch::{Event, Watch, WatchFrom};
use crate::{Failure, Freshness};

/// Asks a member what a user may do.
pub(crate) async fn effective(
    core: &Core,
    user: Option<&str>,
    freshness: Option<Freshness>,
) -> Result<EffectivePrivilegesResponse, Failure> {
    let answer = core.call(AccessMode::Read, |attempt| {
        let request = attempt.request(EffectivePrivilegesRequest {
            user: user.map(str::to_owned),
            freshness: Some(Freshness::or_seen(freshness, core.seen())),
        });
        async move { AuthClient::new(attempt.channel()).effective_privileges(request).await }
    });
    let answer = answer.await?.into_inner();
    core.note_seen(answer.served_at_revision);
    Ok(answer)
}

/// Asks a member why a user can or cannot use a name.
pub(crate) async fn explain_access(
    core: &Core,
    user: Option<&str>,
    name: &str,
    freshness: Option<Freshness>,
) -> Result<ExplainAccessResponse, Failure> {
    let answer = core.call(AccessMode::Read, |attempt| {
        let request = attempt.request(ExplainAccessRequest {
            user: user.map(str::to_owned),
            name: name.to_owned(),
            freshness: Some(Freshness::or_seen(freshness, core.seen())),
        });
        async move { AuthClient::new(attempt.channel()).explain_access(request).await }
    });
    let answer = answer.await?.into_inner();
    core.note_seen(answer.served_at_revision);
    Ok(answer)
}

/// The privileges of one user, again whenever they change. Made by [`Client::watch_privileges`](crate::Client::watch_privileges).
///
/// What was given last is what the user may do at every revision from its own `served_at_revision` up to
/// [`PrivilegeWatch::position`]. Intermediate states may be passed over; the latest never is.
pub struct PrivilegeWatch {
    core: Arc<Core>,
    user: Option<String>,
    watch: Option<Watch>,
    /// What was given last; `None` before the first answer and while there is no such user.
    known: Option<EffectivePrivilegesResponse>,
    /// The privileges may have changed at this revision and have to be asked for.
    due: Option<u64>,
    /// Everything up to here has been looked at.
    position: u64,
}

// === impl PrivilegeWatch ===

impl PrivilegeWatch {
    pub(crate) fn new(core: Arc<Core>, user: Option<String>) -> Self {
        Self { core, user, watch: None, known: None, due: None, position: 0 }
    }

    /// The privileges: at the first call those of now, then those of the next change. Waits for as long as it takes, over
    /// failures of members and changes of the leader. Nothing is lost if the future is dropped before it is ready.
    ///
    /// # Errors
    /// The caller may not ask, or the user does not exist; a later call waits until that changes. Or no member could
    /// answer in time; a later call tries again.
    pub async fn next(&mut self) -> Result<EffectivePrivilegesResponse, Failure> {
        loop {
            let Some(watch) = &mut self.watch else {
                let first = effective(&self.core, self.user.as_deref(), None).await?;
                let from = WatchFrom::after(first.served_at_revision).access_only();
                self.watch = Some(Watch::new(Arc::clone(&self.core), from));
                self.position = first.served_at_revision;
                return Ok(self.known.insert(first).clone());
            };
            if let Some(revision) = self.due {
                if let Some(changed) = self.ask_again(revision).await? {
                    return Ok(changed);
                }
                continue;
            }
            let event = watch.next().await?;
            let is_another = match (&self.user, &self.known, watch.user()) {
                (None, Some(known), Some(user)) => known.user != user,
                _ => false,
            };
            self.record_event(&event, is_another);
        }
    }

    /// The revision up to which the last privileges given are known to hold. While [`PrivilegeWatch::next`] waits it
    /// grows with every sign of life of the watch.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// `is_another`: the caller, whose privileges these are, has another name by now.
    fn record_event(&mut self, event: &Event, is_another: bool) {
        let (revision, is_relevant) = match event {
            Event::Changes { revision, changes } => (*revision, changes.iter().any(|change| self.is_relevant(change))),
            Event::Progress { revision } => (*revision, false),
            Event::Resync { revision } => (*revision, true),
        };
        if is_another {
            self.due = Some(revision);
            return;
        }
        // What was answered at a later revision has seen it already.
        if revision <= self.position {
            return;
        }
        if is_relevant {
            self.due = Some(revision);
        } else {
            self.position = revision;
        }
    }

    /// Whether a change may have changed the privileges.
    fn is_relevant(&self, change: &Change) -> bool {
        let name = change.name.as_str();
        match (change.subject(), &self.known) {
            (ChangeSubject::Alias | ChangeSubject::Database, _) => false,
            (ChangeSubject::User, Some(known)) => name.is_empty() || name == known.user,
            (ChangeSubject::User, None) => name.is_empty() || self.user.as_deref().is_none_or(|user| user == name),
            (ChangeSubject::Role, Some(known)) => name.is_empty() || known.roles.iter().any(|role| role == name),
            // Before there is a user, none of its roles count.
            (ChangeSubject::Role, None) => false,
            (ChangeSubject::Settings | ChangeSubject::Unspecified, _) => true,
        }
    }

    async fn ask_again(&mut self, revision: u64) -> Result<Option<EffectivePrivilegesResponse>, Failure> {
        let freshness = Freshness::AtLeast(revision.max(self.core.seen()));
        let answer = match effective(&self.core, self.user.as_deref(), Some(freshness)).await {
            Err(error) if !error.class.is_retryable() => {
                (self.due, self.known, self.position) = (None, None, revision);
                return Err(error);
            }
            answer => answer?,
        };
        (self.due, self.position) = (None, answer.served_at_revision);
        let served_at_revision = answer.served_at_revision;
        let same = self
            .known
            .as_ref()
            .is_some_and(|known| v1::EffectivePrivilegesResponse { served_at_revision, ..known.clone() } == answer);
        let answer = self.known.insert(answer).clone();
        Ok((!same).then_some(answer))
    }
}

impl fmt::Debug for PrivilegeWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivilegeWatch")
            .field("user", &self.user)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
