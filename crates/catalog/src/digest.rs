//! A fingerprint of the whole catalog that is cheap to keep: two members at the same revision must show
//! the same one.
//!
//! Every record's SHA-256 is added into four 64-bit lanes, lane by lane and wrapping, so the order of
//! records does not matter and a changed record costs two hashes. The encoding that is hashed is canonical:
//! fixed-width integers, length-prefixed text, one tag per variant. It must never change for a record that
//! exists, or members of different versions would disagree.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::{
    Alias, AliasKind, CypherVersion, Database, DatabaseAccess, DatabaseKind, DatabaseScope, DatabaseStatus,
    DriverSettings, Duration, Effect, Grant, GrantEffect, LoadScope, Notification, Outcome, Privilege, Record,
    RecordKey, RemoteLogin, Resource, Segment, Stamp, User, UserScope, UserStatus, Value,
};

/// The fingerprint. `Display` is 64 hexadecimal digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Digest([u64; 4]);

impl Digest {
    /// The digest as 32 bytes, big-endian lanes.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, lane) in bytes.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&lane.to_be_bytes());
        }
        bytes
    }

    /// The digest whose bytes these are.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let mut lanes = [0; 4];
        for (lane, chunk) in lanes.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *lane = u64::from_be_bytes(*chunk);
        }
        Self(lanes)
    }

    pub(crate) fn add(&mut self, key: &RecordKey, record: &Record) {
        let hash = Self::of(key, record);
        for (lane, other) in self.0.iter_mut().zip(hash.0) {
            *lane = lane.wrapping_add(other);
        }
    }

    pub(crate) fn subtract(&mut self, key: &RecordKey, record: &Record) {
        let hash = Self::of(key, record);
        for (lane, other) in self.0.iter_mut().zip(hash.0) {
            *lane = lane.wrapping_sub(other);
        }
    }

    fn of(key: &RecordKey, record: &Record) -> Self {
        let mut encoder = Encoder(Sha256::new());
        encoder.key(key);
        encoder.record(record);
        Self::from_bytes(encoder.0.finalize().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|lane| write!(f, "{lane:016x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// Feeds the canonical encoding of records into the hash.
struct Encoder(Sha256);

impl Encoder {
    fn tag(&mut self, tag: u8) {
        self.0.update([tag]);
    }

    fn number(&mut self, number: u64) {
        self.0.update(number.to_be_bytes());
    }

    fn integer(&mut self, number: i64) {
        self.0.update(number.to_be_bytes());
    }

    fn flag(&mut self, flag: bool) {
        self.tag(u8::from(flag));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn option<T>(&mut self, value: Option<T>, encode: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            encode(self, value);
        }
    }

    fn each<T>(&mut self, values: impl ExactSizeIterator<Item = T>, mut encode: impl FnMut(&mut Self, T)) {
        self.number(values.len() as u64);
        for value in values {
            encode(self, value);
        }
    }

    fn stamp(&mut self, stamp: Stamp) {
        self.number(stamp.revision.0);
        self.number(stamp.time.0);
    }

    fn key(&mut self, key: &RecordKey) {
        match key {
            RecordKey::Meta => self.tag(0),
            RecordKey::Database(name) => {
                self.tag(1);
                self.text(name.as_str());
            }
            RecordKey::Alias(name) => {
                self.tag(2);
                self.text(name.as_str());
            }
            RecordKey::User(name) => {
                self.tag(3);
                self.text(name.as_str());
            }
            RecordKey::Role(name) => {
                self.tag(4);
                self.text(name.as_str());
            }
            RecordKey::Membership(user, role) => {
                self.tag(5);
                self.text(user.as_str());
                self.text(role.as_str());
            }
            RecordKey::Grant(grant) => {
                self.tag(6);
                self.grant(grant);
            }
            RecordKey::Request(id) => {
                self.tag(7);
                self.bytes(&id.0);
            }
        }
    }

    fn grant(&mut self, grant: &Grant) {
        self.text(grant.role.as_str());
        self.tag(match grant.effect {
            GrantEffect::Granted => 0,
            GrantEffect::Denied => 1,
        });
        self.flag(grant.immutable);
        match &grant.privilege {
            Privilege::Dbms(action) => {
                self.tag(0);
                self.text(action.keywords());
            }
            Privilege::Impersonate(users) => {
                self.tag(1);
                self.users(users);
            }
            Privilege::Transaction(action, scope, users) => {
                self.tag(2);
                self.text(action.keywords());
                self.scope(scope);
                self.users(users);
            }
            Privilege::Qualified(action, glob) => {
                self.tag(5);
                self.text(action.keywords());
                self.text(glob.as_str());
            }
            Privilege::Load(LoadScope::All) => self.tag(6),
            Privilege::Load(LoadScope::Cidr(range)) => {
                self.tag(7);
                self.text(range);
            }
            Privilege::Load(LoadScope::Url(pattern)) => {
                self.tag(8);
                self.text(pattern);
            }
            Privilege::Database(action, scope) => {
                self.tag(3);
                self.text(action.keywords());
                self.scope(scope);
            }
            Privilege::Graph { action, resource, scope, segment } => {
                self.tag(4);
                self.text(action.keywords());
                self.resource(resource);
                self.scope(scope);
                self.segment(segment);
            }
        }
    }

    fn users(&mut self, users: &UserScope) {
        match users {
            UserScope::All => self.tag(0),
            UserScope::Named(user) => {
                self.tag(1);
                self.text(user.as_str());
            }
        }
    }

    fn scope(&mut self, scope: &DatabaseScope) {
        match scope {
            DatabaseScope::Home => self.tag(0),
            DatabaseScope::All => self.tag(1),
            DatabaseScope::Named(name) => {
                self.tag(2);
                self.text(name.as_str());
            }
        }
    }

    fn resource(&mut self, resource: &Resource) {
        match resource {
            Resource::None => self.tag(0),
            Resource::All => self.tag(1),
            Resource::Named(names) => {
                self.tag(2);
                self.each(names.iter(), |encoder, name| encoder.text(name));
            }
        }
    }

    fn segment(&mut self, segment: &Segment) {
        let (tag, names) = match segment {
            Segment::None => return self.tag(0),
            Segment::Elements(names) => (1, names),
            Segment::Nodes(names) => (2, names),
            Segment::Relationships(names) => (3, names),
            Segment::Pattern(pattern) => {
                self.tag(4);
                return self.text(pattern);
            }
        };
        self.tag(tag);
        self.each(names.iter(), |encoder, name| encoder.text(name));
    }

    fn record(&mut self, record: &Record) {
        match record {
            Record::Meta(meta) => {
                self.bytes(&meta.cluster_id.0);
                self.bytes(&meta.active_key.0);
                self.text(meta.default_database.as_str());
                self.flag(meta.policy.database_management_implies_alias_management);
                self.flag(meta.policy.oidc_credential_forwarding);
                self.language(meta.policy.default_language);
                self.stamp(meta.created);
            }
            Record::Database(database) => self.database(database),
            Record::Alias(alias) => self.alias(alias),
            Record::User(user) => self.user(user),
            Record::Role(role) => {
                self.flag(role.immutable);
                self.stamp(role.created);
            }
            Record::Membership(membership) => self.stamp(membership.created),
            Record::Grant(created) => self.stamp(*created),
            Record::Request(request) => {
                self.stamp(request.applied);
                self.outcome(&request.outcome);
            }
        }
    }

    fn database(&mut self, database: &Database) {
        self.tag(match database.kind {
            DatabaseKind::System => 0,
            DatabaseKind::Standard => 1,
            DatabaseKind::Composite => 2,
        });
        self.tag(match database.status {
            DatabaseStatus::Online => 0,
            DatabaseStatus::Offline => 1,
        });
        self.tag(match database.access {
            DatabaseAccess::ReadWrite => 0,
            DatabaseAccess::ReadOnly => 1,
        });
        self.language(database.default_language);
        self.stamp(database.created);
        self.stamp(database.modified);
    }

    fn language(&mut self, language: CypherVersion) {
        self.tag(match language {
            CypherVersion::Cypher5 => 5,
            CypherVersion::Cypher25 => 25,
        });
    }

    fn alias(&mut self, alias: &Alias) {
        match &alias.kind {
            AliasKind::Local(database) => {
                self.tag(0);
                self.text(database.as_str());
            }
            AliasKind::Remote(remote) => {
                self.tag(1);
                self.text(remote.database.as_str());
                self.text(remote.url.as_str());
                match &remote.login {
                    RemoteLogin::OidcForwarding => self.tag(0),
                    RemoteLogin::Stored { user, credential } => {
                        self.tag(1);
                        self.text(user.as_str());
                        self.bytes(&credential.key_id.0);
                        self.bytes(&credential.nonce);
                        self.bytes(&credential.ciphertext);
                    }
                }
                self.driver(&remote.driver);
                self.option(remote.default_language, Self::language);
            }
        }
        self.option(alias.composite.as_ref(), |encoder, composite| encoder.text(composite.as_str()));
        self.map(&alias.properties);
        self.stamp(alias.created);
        self.stamp(alias.modified);
    }

    fn driver(&mut self, driver: &DriverSettings) {
        self.option(driver.ssl_enforced, Self::flag);
        self.option(driver.connection_timeout, Self::duration);
        self.option(driver.connection_max_lifetime, Self::duration);
        self.option(driver.connection_pool_acquisition_timeout, Self::duration);
        self.option(driver.connection_pool_idle_test, Self::duration);
        self.option(driver.connection_pool_max_size, Self::integer);
        self.option(driver.logging_level, |encoder, level| encoder.text(level.as_str()));
    }

    fn duration(&mut self, duration: Duration) {
        self.integer(duration.months);
        self.integer(duration.days);
        self.integer(duration.seconds);
        self.number(u64::from(duration.nanoseconds));
    }

    fn user(&mut self, user: &User) {
        self.option(user.password.as_ref(), |encoder, hash| encoder.text(hash.as_phc()));
        self.flag(user.password_change_required);
        self.tag(match user.status {
            UserStatus::Active => 0,
            UserStatus::Suspended => 1,
        });
        self.option(user.home.as_ref(), |encoder, home| encoder.text(home.as_str()));
        self.each(user.auth.iter(), |encoder, (provider, id)| {
            encoder.text(provider.as_str());
            encoder.text(id.as_str());
        });
        self.number(user.credential_revision.0);
        self.stamp(user.created);
        self.stamp(user.modified);
        // They came later: a user without tags is encoded as before there were any.
        if !user.tags.is_empty() {
            self.each(user.tags.iter(), |encoder, tag| encoder.text(tag.as_str()));
        }
    }

    fn outcome(&mut self, outcome: &Outcome) {
        match outcome {
            Ok(Effect { system_updates, notifications }) => {
                self.tag(0);
                self.number(*system_updates);
                self.each(notifications.iter(), |encoder, notification| match notification {
                    Notification::HomeDatabaseNotFound(name) => {
                        encoder.tag(0);
                        encoder.text(name.as_str());
                    }
                    Notification::AlreadyAssigned { role } => {
                        encoder.tag(1);
                        encoder.text(role.as_str());
                    }
                    Notification::NotAssigned { role } => {
                        encoder.tag(2);
                        encoder.text(role.as_str());
                    }
                    Notification::ImpossibleRevoke { entity, name } => {
                        encoder.tag(3);
                        encoder.text(entity);
                        encoder.text(name);
                    }
                    Notification::OidcForwardingDisabled => encoder.tag(4),
                });
            }
            Err(rejection) => {
                self.tag(1);
                self.text(rejection.code().code);
                self.each(rejection.values().into_iter(), Self::text);
            }
        }
    }

    fn map(&mut self, map: &crate::ValueMap) {
        self.each(map.iter(), |encoder, (key, value)| {
            encoder.text(key);
            encoder.value(value);
        });
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.tag(0),
            Value::Boolean(truth) => {
                self.tag(1);
                self.flag(*truth);
            }
            Value::Integer(number) => {
                self.tag(2);
                self.integer(*number);
            }
            Value::Float(number) => {
                self.tag(3);
                self.number(number.0.to_bits());
            }
            Value::String(text) => {
                self.tag(4);
                self.text(text);
            }
            Value::List(values) => {
                self.tag(5);
                self.each(values.iter(), Self::value);
            }
            Value::Map(map) => {
                self.tag(6);
                self.map(map);
            }
            Value::Duration(duration) => {
                self.tag(7);
                self.duration(*duration);
            }
        }
    }
}

#[cfg(test)]
mod tests;
