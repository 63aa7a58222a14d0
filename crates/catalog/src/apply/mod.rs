//! `apply`: the only way the catalog changes. Total and deterministic: every entry gets an outcome, and
//! the same entries give the same records, everywhere and always.
//!
//! A refused entry changes nothing but the list of recent requests: it still uses up its revision and its
//! request id. One that [`request`] finds void does not even use up that, nor does one whose credential was sealed for what
//! an alias has ceased to be, or with a key that is no longer the active one.

mod access;
mod alias;
mod bootstrap;
mod database;
mod draft;
mod members;
mod policy;
mod request;
mod retired;
mod user;

use std::sync::Arc;

use aliasd_faults::{Mistake, is_planted};

use crate::administrator::WayIn;
use crate::{
    Catalog, Change, Command, DatabaseKind, Entry, OpenCommand, Outcome, Principal, Record, RecordKey, Rejection,
    RequestRecord, Revision, Sealed, Stamp,
};

use draft::Draft;
use request::Novelty;

/// For how many revisions the outcome of a request is remembered. A retry within that window has no second effect; one
/// from before it is refused.
pub const REQUEST_WINDOW: u64 = 100_000;

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The position of the effect: of this entry or, for a repeated request, of the one that came first.
    pub revision: Revision,
    /// The answer to the caller.
    pub outcome: Outcome,
    /// The records that changed, each at most once. Empty for a repeated request.
    pub changes: Vec<Change>,
}

impl Catalog {
    /// Applies the entry at a position of the log.
    pub fn apply(&mut self, at: Revision, entry: &Entry) -> Applied {
        match self.novelty(at, entry) {
            Novelty::New => {}
            Novelty::Repeated { revision, outcome } => return Applied { revision, outcome, changes: Vec::new() },
            Novelty::Void(rejection) => {
                return Applied { revision: at, outcome: Err(rejection), changes: Vec::new() };
            }
        }
        let mut stamp = Stamp { revision: at, time: self.clock().max(entry.issued_at) };
        if is_planted(Mistake::ClockRunsBack) {
            stamp.time = entry.issued_at;
        }
        let mut draft = Draft::new(self.clone(), stamp);
        let mut outcome = draft.run(&entry.actor, &entry.command);
        if let Err(rejection @ (Rejection::AliasChanged { .. } | Rejection::StaleKey { .. })) = outcome {
            // Nothing is wrong with the request but what its proposer saw: it may be proposed again.
            return Applied { revision: at, outcome: Err(rejection), changes: Vec::new() };
        }
        // Judged by what it comes to: there are too many ways to get there.
        if outcome.is_ok() && draft.may_disempower() && self.loses_administrator(&draft.catalog, entry) {
            outcome = Err(Rejection::LastAdministrator {});
        }
        if outcome.is_err() {
            draft = Draft::new(self.clone(), stamp);
        }
        let owner = entry.origin.map(|origin| origin.owned_by(&entry.actor));
        let request = RequestRecord { applied: stamp, outcome: outcome.clone(), owner };
        draft.set(RecordKey::Request(entry.request), Some(Record::Request(Arc::new(request))));
        if let Some(expired) = at.0.checked_sub(REQUEST_WINDOW) {
            for id in draft.catalog.requests_until(Revision(expired)) {
                draft.set(RecordKey::Request(id), None);
            }
        }
        let (catalog, changes) = draft.finish();
        *self = catalog;
        Applied { revision: at, outcome, changes }
    }
}

impl Catalog {
    /// Whether somebody administers here, and nobody would in what an entry makes of it: nobody at all, or nobody of whom it
    /// is sure that he can log in.
    fn loses_administrator(&self, after: &Self, entry: &Entry) -> bool {
        let proved = self.proved_by(entry);
        [WayIn::Sure(proved.as_ref()), WayIn::Any]
            .into_iter()
            .any(|way| !after.has_administrator(&entry.actor, way) && self.has_administrator(&entry.actor, way))
    }
}

impl Draft {
    fn run(&mut self, actor: &Principal, command: &Command<Sealed>) -> Outcome {
        if !is_planted(Mistake::AuthorisedAtProposalOnly) {
            self.catalog.authorise_command(actor, command)?;
        }
        match command {
            Command::Bootstrap(bootstrap) => self.bootstrap(actor, bootstrap),
            Command::CreateAlias(create) => self.create_alias(create),
            Command::AlterAlias(alter) => self.alter_alias(actor, alter),
            Command::Open(OpenCommand::DropAlias { name, form, if_exists }) => self.drop_alias(name, form, *if_exists),
            Command::Open(OpenCommand::CreateDatabase { name, mode, composite, default_language }) => {
                let kind = if *composite { DatabaseKind::Composite } else { DatabaseKind::Standard };
                self.create_database(name, *mode, kind, *default_language)
            }
            Command::Open(OpenCommand::AlterDatabase { name, if_exists, access, default_language }) => {
                self.alter_database(actor, name, *if_exists, *access, *default_language)
            }
            Command::Open(OpenCommand::SetDatabaseStatus { name, status }) => self.set_database_status(name, *status),
            Command::Open(OpenCommand::SetDefaultDatabase { name }) => self.set_default_database(name),
            Command::Open(OpenCommand::SetPolicy(change)) => self.set_policy(*change),
            Command::Open(OpenCommand::ChangeMembers(step)) => self.change_members(actor, step),
            Command::Open(OpenCommand::DropDatabase { name, if_exists, composite, cascade_aliases }) => {
                self.drop_database(actor, name, *if_exists, *composite, *cascade_aliases)
            }
            Command::CreateUser(create) => self.create_user(actor, create),
            Command::AlterUser(alter) => self.alter_user(actor, alter),
            Command::Open(OpenCommand::AlterUserTags { names, if_exists, tags }) => {
                self.alter_user_tags(names, *if_exists, tags)
            }
            Command::ChangeOwnPassword { present, password, unchanged_since } => {
                self.change_own_password(actor, *present, password, *unchanged_since)
            }
            Command::Open(OpenCommand::EndToken { token, expires_at }) => self.end_token(actor, *token, *expires_at),
            Command::Open(OpenCommand::RenameUser { from, to, if_exists }) => self.rename_user(from, to, *if_exists),
            Command::Open(OpenCommand::DropUser { name, if_exists }) => self.drop_user(actor, name, *if_exists),
            Command::Open(OpenCommand::CreateRole { name, mode, immutable, copy_of }) => {
                self.create_role(name, *mode, *immutable, copy_of.as_ref())
            }
            Command::Open(OpenCommand::RenameRole { from, to, if_exists }) => self.rename_role(from, to, *if_exists),
            Command::Open(OpenCommand::DropRole { name, if_exists }) => self.drop_role(name, *if_exists),
            Command::Open(OpenCommand::GrantRoles { roles, users }) => self.grant_roles(roles, users),
            Command::Open(OpenCommand::RevokeRoles { roles, users, lenient }) => {
                self.revoke_roles(roles, users, *lenient)
            }
            Command::Open(OpenCommand::Retired(retired)) => self.retired(retired),
            Command::Open(OpenCommand::AssignPrivileges { effect, immutable, privileges, roles }) => {
                self.assign_privileges(*effect, *immutable, privileges, roles)
            }
            Command::Open(OpenCommand::RevokePrivileges { effect, immutable, privileges, roles, lenient }) => {
                self.revoke_privileges(*effect, *immutable, privileges, roles, *lenient)
            }
        }
    }
}
