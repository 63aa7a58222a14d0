//! Who administers: somebody must remain who can give back what was taken away.
//!
//! There is no user outside of the catalog, so a statement that left no administrator could not be undone by any other. Nor could
//! one that left only such as have nothing but the identity of a certificate, if nobody can show that: whether a member takes
//! certificates, and whether anybody has this one, is written nowhere here. What is known is which identity was proved by the
//! certificate that the statement came with (docs/decisions/0023).

use crate::{
    AuthId, AuthProvider, Catalog, Change, DbmsAction, Entry, Principal, RecordKey, RoleName, UserName, UserStatus,
};

/// What an administrator may do: make a user and let it log in, give it roles and privileges, and take back denials.
const ADMINISTRATION: [DbmsAction; 5] = [
    DbmsAction::CreateUser,
    DbmsAction::SetPasswords,
    DbmsAction::AssignRole,
    DbmsAction::AssignPrivilege,
    DbmsAction::RemovePrivilege,
];

/// What lets an administrator in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WayIn<'a> {
    /// A password, or the identity of a certificate that somebody may have.
    Any,
    /// A password, or the identity of a certificate that was shown just now.
    Sure(Option<&'a AuthId>),
}

impl Catalog {
    /// Whether anybody administers who has such a way in. `likely` is looked at first: nearly always it is whoever made the
    /// change.
    pub(crate) fn has_administrator(&self, likely: &Principal, way: WayIn<'_>) -> bool {
        let likely = match likely {
            Principal::User(name) => Some(name),
            Principal::System => None,
        };
        let admin = RoleName::admin();
        let mut candidates = likely.into_iter().chain(self.members_of(&admin));
        candidates.any(|name| self.is_administrator(name, way))
            || self.users().any(|(name, _)| self.is_administrator(name, way))
    }

    /// An active user that can log in and holds what [`ADMINISTRATION`] lists. A password that has to be changed first is
    /// no obstacle: its user can change it.
    fn is_administrator(&self, name: &UserName, way: WayIn<'_>) -> bool {
        let Some(user) = self.user(name.as_str()) else { return false };
        let identity = user.auth.get(&AuthProvider::mtls());
        let is_proved = match way {
            WayIn::Any => identity.is_some(),
            WayIn::Sure(proved) => identity.is_some() && identity == proved,
        };
        user.status == UserStatus::Active
            && (user.password.is_some() || is_proved)
            && ADMINISTRATION.into_iter().all(|action| self.holds_on_dbms(name, action))
    }

    /// The identity that the certificate proved which an entry's statement came with.
    pub(crate) fn proved_by(&self, entry: &Entry) -> Option<AuthId> {
        let by_certificate = entry.origin.is_some_and(|origin| origin.by_certificate);
        let Principal::User(actor) = &entry.actor else { return None };
        let user = self.user(actor.as_str()).filter(|_| by_certificate)?;
        user.auth.get(&AuthProvider::mtls()).cloned()
    }
}

/// Whether the change may take from somebody what an administrator needs: also a role that is given can, by what it is
/// denied.
pub(crate) fn may_disempower(change: &Change) -> bool {
    match &change.key {
        RecordKey::User(_) => change.before.is_some(),
        RecordKey::RoleAssignment(..) | RecordKey::Grant(_) => true,
        RecordKey::Meta
        | RecordKey::Database(_)
        | RecordKey::Alias(_)
        | RecordKey::Role(_)
        | RecordKey::Request(_)
        | RecordKey::Members => false,
    }
}
