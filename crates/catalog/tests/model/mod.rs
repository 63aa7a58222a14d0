//! The catalog once more, as naively as it can be said: one unsorted list of records, linear scans, whole
//! copies to undo. Written from the semantics, not from the crate, of which it uses the public types only,
//! so that a mistake would have to be made twice to stay hidden.

mod access;
mod aliases;
mod databases;
mod members;
mod questions;
mod users;

pub(crate) use questions::Answer;

use std::sync::Arc;

use aliasd_catalog::{
    Alias, Command, Database, DbmsAction, Effect, Entry, Grant, GrantEffect, Meta, OpenCommand, Outcome, Principal,
    Record, RecordKey, Rejection, RequestRecord, Revision, Sealed, Stamp, Timestamp, User,
};

/// For how many revisions an outcome is remembered.
const REMEMBERED: u64 = 100_000;

#[derive(Clone, Default)]
pub(crate) struct Model {
    records: Vec<(RecordKey, Record)>,
}

impl Model {
    /// What the catalog has to answer to this entry, and to become.
    pub(crate) fn apply(&mut self, at: Revision, entry: &Entry) -> Outcome {
        for (key, record) in &self.records {
            if let (RecordKey::Request(id), Record::Request(request)) = (key, record)
                && *id == entry.request
            {
                return request.outcome.clone();
            }
        }
        let stamp = Stamp { revision: at, time: self.clock().max(entry.issued_at) };
        let untouched = self.clone();
        let mut outcome = self.decide(stamp, &entry.actor, &entry.command);
        // Nobody comes with a certificate here.
        let is_lost = |surely| untouched.somebody_administers(surely) && !self.somebody_administers(surely);
        if outcome.is_ok() && (is_lost(true) || is_lost(false)) {
            outcome = Err(Rejection::LastAdministrator {});
        }
        if outcome.is_err() {
            *self = untouched;
        }
        // Sealed anew, the same request may come again.
        if matches!(outcome, Err(Rejection::StaleKey { .. })) {
            return outcome;
        }
        let request = RequestRecord { applied: stamp, outcome: outcome.clone(), owner: None };
        self.put(RecordKey::Request(entry.request), Record::Request(Arc::new(request)));
        self.records.retain(|(_, record)| match record {
            Record::Request(request) => request.applied.revision.0 + REMEMBERED > at.0,
            _ => true,
        });
        outcome
    }

    /// Every record, sorted by key.
    pub(crate) fn records(&self) -> Vec<(RecordKey, Record)> {
        let mut records = self.records.clone();
        records.sort_by(|(left, _), (right, _)| left.cmp(right));
        records
    }

    /// The latest time that any remembered entry was given.
    fn clock(&self) -> Timestamp {
        let times = self.records.iter().map(|(_, record)| match record {
            Record::Request(request) => request.applied.time,
            _ => Timestamp(0),
        });
        times.max().unwrap_or_default()
    }

    fn decide(&mut self, stamp: Stamp, actor: &Principal, command: &Command<Sealed>) -> Outcome {
        if let Command::Bootstrap(bootstrap) = command {
            return self.form(stamp, actor, bootstrap);
        }
        if self.meta().is_none() {
            return Err(Rejection::NotFormed {});
        }
        self.check_privileges(actor, command)?;
        match command {
            Command::Bootstrap(_) => unreachable!("answered above"),
            Command::CreateAlias(create) => self.create_alias(stamp, create),
            Command::AlterAlias(alter) => self.alter_alias(stamp, actor, alter),
            Command::Open(OpenCommand::DropAlias { name, form, if_exists }) => {
                self.drop_alias(name.as_str(), form, *if_exists)
            }
            Command::Open(OpenCommand::CreateDatabase { name, mode, composite, default_language }) => {
                self.create_database(stamp, name.as_str(), *mode, *composite, *default_language)
            }
            Command::Open(OpenCommand::AlterDatabase { name, if_exists, access, default_language }) => {
                let hidden = self.hides_composite(actor, name, DbmsAction::AlterCompositeDatabase);
                self.alter_database(stamp, name.as_str(), hidden, *if_exists, *access, *default_language)
            }
            Command::Open(OpenCommand::SetDatabaseStatus { name, status }) => {
                self.set_database_status(stamp, name.as_str(), *status)
            }
            Command::Open(OpenCommand::SetDefaultDatabase { name }) => self.set_default_database(name),
            Command::Open(OpenCommand::SetPolicy(change)) => self.set_policy(change),
            Command::Open(OpenCommand::ChangeMembers(step)) => self.change_members(stamp, actor, step),
            Command::Open(OpenCommand::EndToken { token, expires_at }) => {
                self.end_token(stamp, actor, *token, *expires_at)
            }
            Command::Open(OpenCommand::DropDatabase { name, if_exists, composite, cascade_aliases }) => {
                let hidden = self.hides_composite(actor, name, DbmsAction::DropCompositeDatabase);
                self.drop_database(name.as_str(), hidden, *if_exists, *composite, *cascade_aliases)
            }
            Command::ChangeOwnPassword { present, password, unchanged_since } => {
                self.change_password(stamp, actor, *present, password, *unchanged_since)
            }
            Command::Open(OpenCommand::RenameUser { from, to, if_exists }) => {
                self.rename_user(stamp, from, to, *if_exists)
            }
            Command::Open(OpenCommand::RenameRole { from, to, if_exists }) => self.rename_role(from, to, *if_exists),
            Command::CreateUser(create) => self.create_user(stamp, actor, create),
            Command::AlterUser(alter) => self.alter_user(stamp, actor, alter),
            Command::Open(OpenCommand::AlterUserTags { names, if_exists, tags }) => {
                self.alter_user_tags(stamp, names, *if_exists, tags)
            }
            Command::Open(OpenCommand::Retired(rule)) => self.auth_rule(rule),
            Command::Open(OpenCommand::DropUser { name, if_exists }) => self.drop_user(actor, name, *if_exists),
            Command::Open(OpenCommand::CreateRole { immutable: true, .. }) => Err(Rejection::ImmutableDenied {}),
            Command::Open(OpenCommand::CreateRole { name, mode, immutable: false, copy_of }) => {
                self.create_role(stamp, name, *mode, copy_of.as_ref())
            }
            Command::Open(OpenCommand::DropRole { name, if_exists }) => self.drop_role(name, *if_exists),
            Command::Open(OpenCommand::GrantRoles { roles, users }) => self.grant_roles(stamp, roles, users),
            Command::Open(OpenCommand::RevokeRoles { roles, users, lenient }) => {
                self.revoke_roles(roles, users, *lenient)
            }
            Command::Open(OpenCommand::AssignPrivileges { effect, immutable, privileges, roles }) => {
                self.assign(stamp, *effect, *immutable, privileges, roles)
            }
            Command::Open(OpenCommand::RevokePrivileges { effect, immutable, privileges, roles, lenient }) => {
                self.revoke(*effect, *immutable, privileges, roles, *lenient)
            }
        }
    }

    // === Records ===

    /// Removes a database or alias, and every privilege that names it.
    fn forget_name(&mut self, name: &str) {
        self.records.retain(|(key, _)| match key {
            RecordKey::Database(it) => it.as_str() != name,
            RecordKey::Alias(it) => it.as_str() != name,
            RecordKey::Grant(grant) => named_by(grant) != Some(name),
            _ => true,
        });
    }

    fn put(&mut self, key: RecordKey, record: Record) {
        self.records.retain(|(other, _)| *other != key);
        self.records.push((key, record));
    }

    /// Removes the record; whether there was one.
    fn remove(&mut self, key: &RecordKey) -> bool {
        let before = self.records.len();
        self.records.retain(|(other, _)| other != key);
        self.records.len() < before
    }

    fn holds(&self, key: &RecordKey) -> bool {
        self.records.iter().any(|(other, _)| other == key)
    }

    fn meta(&self) -> Option<&Meta> {
        self.records.iter().find_map(|(_, record)| if let Record::Meta(meta) = record { Some(&**meta) } else { None })
    }

    fn database(&self, name: &str) -> Option<&Database> {
        self.records.iter().find_map(|(key, record)| match (key, record) {
            (RecordKey::Database(it), Record::Database(database)) if it.as_str() == name => Some(&**database),
            _ => None,
        })
    }

    fn alias(&self, name: &str) -> Option<&Alias> {
        self.records.iter().find_map(|(key, record)| match (key, record) {
            (RecordKey::Alias(it), Record::Alias(alias)) if it.as_str() == name => Some(&**alias),
            _ => None,
        })
    }

    fn user(&self, name: &str) -> Option<&User> {
        self.records.iter().find_map(|(key, record)| match (key, record) {
            (RecordKey::User(it), Record::User(user)) if it.as_str() == name => Some(&**user),
            _ => None,
        })
    }

    fn has_role(&self, name: &str) -> bool {
        self.records.iter().any(|(key, _)| matches!(key, RecordKey::Role(it) if it.as_str() == name))
    }

    fn grants_of(&self, role: &str) -> Vec<Grant> {
        let grants = self.records.iter().filter_map(|(key, _)| match key {
            RecordKey::Grant(grant) if grant.role.as_str() == role => Some((**grant).clone()),
            _ => None,
        });
        grants.collect()
    }
}

/// The database or alias that a privilege names and is lost with.
fn named_by(grant: &Grant) -> Option<&str> {
    use aliasd_catalog::{DatabaseScope, Privilege};
    match &grant.privilege {
        Privilege::Dbms(_) | Privilege::Impersonate(_) | Privilege::Qualified(..) | Privilege::Load(_) => None,
        Privilege::ResolveAlias(alias) => (grant.effect == GrantEffect::Granted).then_some(alias.as_str()),
        Privilege::Database(_, scope) | Privilege::Transaction(_, scope, _) | Privilege::Graph { scope, .. } => {
            match scope {
                DatabaseScope::Named(name) => Some(name.as_str()),
                DatabaseScope::All | DatabaseScope::Home => None,
            }
        }
    }
}

fn done(system_updates: u64) -> Outcome {
    Ok(Effect { system_updates, notifications: Vec::new() })
}
