//! Whether an entry is to be applied at all: each request at most once, for its own caller, with proof that still holds.
//!
//! There is no clock here to say when a request is too old. The caller tells a revision that it had seen before it first
//! sent the request, and what took effect since is remembered, or else the entry is refused: docs/decisions/0014.

use aliasd_faults::{Mistake, is_planted};

use crate::{Catalog, Entry, Outcome, Principal, REQUEST_WINDOW, Rejection, RequestOrigin, RequestOwner, Revision};

/// What an entry is, before its command is carried out.
pub(super) enum Novelty {
    /// Its request was never applied.
    New,
    /// Its request was applied before.
    Repeated {
        /// Where it was.
        revision: Revision,
        /// What it was answered.
        outcome: Outcome,
    },
    /// It is refused and leaves no record, so that its request id goes on standing for what it stood for.
    Void(Rejection),
}

impl RequestOrigin {
    /// Whom the outcome will belong to.
    pub(super) fn owned_by(self, actor: &Principal) -> RequestOwner {
        RequestOwner { actor: actor.clone(), fingerprint: self.fingerprint }
    }
}

impl Catalog {
    pub(super) fn novelty(&self, at: Revision, entry: &Entry) -> Novelty {
        let recorded = self.recorded_request(&entry.request);
        let repeated = |record: &crate::RequestRecord| Novelty::Repeated {
            revision: record.applied.revision,
            outcome: record.outcome.clone(),
        };
        let Some(origin) = entry.origin else { return recorded.map_or(Novelty::New, repeated) };
        let reason = match recorded {
            Some(record) if is_planted(Mistake::RequestOfAnybody) => return repeated(record),
            Some(record) if record.owner.as_ref().is_none_or(|owner| *owner == origin.owned_by(&entry.actor)) => {
                return repeated(record);
            }
            Some(_) => Some(Rejection::RequestIdReused {}),
            None => too_old(at, origin),
        };
        // Whoever may not ask is told that and nothing of the request.
        match self.proven(entry, origin).err().or(reason) {
            Some(rejection) => {
                Novelty::Void(self.authorise_command(&entry.actor, &entry.command).err().unwrap_or(rejection))
            }
            None => Novelty::New,
        }
    }

    /// Whether the caller still has the credentials that it showed: a change that was committed earlier wins.
    fn proven(&self, entry: &Entry, origin: RequestOrigin) -> Result<(), Rejection> {
        let (Principal::User(name), Some(shown)) = (&entry.actor, origin.credential_revision) else { return Ok(()) };
        match self.user(name.as_str()) {
            Some(user) if user.credential_revision != shown => Err(Rejection::CredentialsChanged { user: name.into() }),
            _ => Ok(()),
        }
    }
}

/// Refuses a request that may have been applied and forgotten. What was applied after `made_at` is remembered up to
/// `made_at + REQUEST_WINDOW` at least.
fn too_old(at: Revision, origin: RequestOrigin) -> Option<Rejection> {
    let remembered_until = origin.made_at.0.saturating_add(REQUEST_WINDOW);
    (remembered_until < at.0 && !is_planted(Mistake::RequestWindowOpen)).then(|| Rejection::RequestTooOld {
        made_at: origin.made_at.into(),
        revision: at.into(),
        window: REQUEST_WINDOW.into(),
    })
}
