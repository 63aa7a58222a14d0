//! Who administers: somebody must remain who can give back what was taken away.
//!
//! There is no user outside of the catalog, so a statement that left no administrator could not be undone by any other.

use crate::{AuthProvider, Catalog, Change, DbmsAction, Principal, RecordKey, RoleName, UserName, UserStatus};

/// What an administrator may do: make a user and let it log in, give it roles and privileges, and take back denials.
const ADMINISTRATION: [DbmsAction; 5] = [
    DbmsAction::CreateUser,
    DbmsAction::SetPasswords,
    DbmsAction::AssignRole,
    DbmsAction::AssignPrivilege,
    DbmsAction::RemovePrivilege,
];

impl Catalog {
    /// Whether anybody administers. `likely` is looked at first: nearly always it is whoever made the change.
    pub(crate) fn has_administrator(&self, likely: &Principal) -> bool {
        let likely = match likely {
            Principal::User(name) => Some(name),
            Principal::System => None,
        };
        let admin = RoleName::admin();
        let mut candidates = likely.into_iter().chain(self.members_of(&admin));
        candidates.any(|name| self.is_administrator(name)) || self.users().any(|(name, _)| self.is_administrator(name))
    }

    /// An active user that can log in and holds what [`ADMINISTRATION`] lists. A password that has to be changed first is
    /// no obstacle: its user can change it.
    fn is_administrator(&self, name: &UserName) -> bool {
        let Some(user) = self.user(name.as_str()) else { return false };
        let logs_in = user.password.is_some() || user.auth.contains_key(&AuthProvider::mtls());
        user.status == UserStatus::Active
            && logs_in
            && ADMINISTRATION.into_iter().all(|action| self.holds_on_dbms(name, action))
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
