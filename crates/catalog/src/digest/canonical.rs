//! The canonical encoding of records, which is hashed and never read back: fixed-width integers, length-prefixed text
//! and sets, one tag per variant.
//!
//! It must never change for a record that exists, or members of different versions would disagree about it. Each type
//! is one row of a table that the compiler holds against the type: a field or variant without a place in it does not
//! compile. What is on disk has an encoding of its own; docs/decisions/0010 says why the two are not one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::{
    Alias, AliasId, AliasKind, AliasName, AuthId, AuthProvider, CatalogName, ClusterId, CypherVersion, Database,
    DatabaseAccess, DatabaseAction, DatabaseKind, DatabaseName, DatabaseScope, DatabaseStatus, DbmsAction,
    DriverSettings, Duration, Effect, Float, Glob, Grant, GrantEffect, GraphAction, Invitation, JoinTokenHash,
    JoinedMember, KeyId, LoadScope, LogLevel, MemberChange, MemberChangeKind, MemberIncarnation, MemberLedger, Meta,
    Notification, Outcome, PasswordHash, Policy, Principal, Privilege, QualifiedAction, Record, RecordKey, Rejection,
    ReleaseStaleness, RemoteAlias, RemoteLogin, RemoteUrl, RemoteUserName, ReplacedMember, RequestId, RequestOwner,
    RequestRecord, Resource, Revision, Role, RoleAssignment, RoleName, SealedSecret, Segment, Stamp,
    StatementFingerprint, Timestamp, TokenLifetime, TokenTrace, TransactionAction, User, UserName, UserScope,
    UserStatus, UserTag, Value,
};

/// What has a canonical encoding.
pub(super) trait Canonical {
    /// Feeds the encoding into the hash.
    fn encode(&self, hash: &mut Sha256);
}

// === The shapes ===

/// Structs: their fields, in the order of the encoding. Fields after `later` came when there were records already; they
/// are encoded only when they hold something, so that those records are encoded as before.
macro_rules! fields {
    ($($type:ty { $($field:ident),+ $(; later $($late:ident),+)? })+) => {$(
        impl Canonical for $type {
            fn encode(&self, hash: &mut Sha256) {
                let Self { $($field,)+ $($($late,)+)? } = self;
                $($field.encode(hash);)+
                $($(
                    if *$late != Default::default() {
                        $late.encode(hash);
                    }
                )+)?
            }
        }
    )+};
}

/// Enumerations: a tag for each variant, and what it holds. A variant without a tag is told from the others by what it
/// holds or by where it stands.
macro_rules! variants {
    ($($type:ty {
        $($variant:ident $(($($part:ident),+))? $({ $($field:ident),+ })? $(= $tag:literal)?),+ $(,)?
    })+) => {$(
        impl Canonical for $type {
            fn encode(&self, hash: &mut Sha256) {
                match self {
                    $(Self::$variant $(($($part),+))? $({ $($field),+ })? => {
                        $(hash.update([$tag]);)?
                        $($($part.encode(hash);)+)?
                        $($($field.encode(hash);)+)?
                    })+
                }
            }
        }
    )+};
}

/// What is encoded as something else that it gives.
macro_rules! encoded_as {
    ($($method:ident: $($type:ty),+;)+) => {$($(
        impl Canonical for $type {
            fn encode(&self, hash: &mut Sha256) {
                self.$method().encode(hash);
            }
        }
    )+)+};
}

/// What wraps one value and is encoded as that.
macro_rules! wrappers {
    ($($type:ty),+ $(,)?) => {$(
        impl Canonical for $type {
            fn encode(&self, hash: &mut Sha256) {
                self.0.encode(hash);
            }
        }
    )+};
}

// === The tables ===

impl Canonical for RecordKey {
    fn encode(&self, hash: &mut Sha256) {
        hash.update([self.kind().number()]);
        match self {
            Self::Meta | Self::Members => {}
            Self::Database(name) => name.encode(hash),
            Self::Alias(name) => name.encode(hash),
            Self::User(name) => name.encode(hash),
            Self::Role(name) => name.encode(hash),
            Self::RoleAssignment(user, role) => {
                user.encode(hash);
                role.encode(hash);
            }
            Self::Grant(grant) => grant.encode(hash),
            Self::Request(id) => id.encode(hash),
        }
    }
}

variants! {
    Record {
        Meta(meta), Database(database), Alias(alias), User(user), Role(role), RoleAssignment(assignment), Grant(created),
        Request(request), Members(ledger),
    }
    MemberChangeKind { Add(invitation) = 0, Promote = 1, Remove { incarnation, replaces } = 2 }
    AliasKind { Local(database) = 0, Remote(remote) = 1 }
    RemoteLogin<SealedSecret> { OidcForwarding = 0, Stored { user, credential } = 1 }
    Privilege {
        Dbms(action) = 0,
        Impersonate(users) = 1,
        Transaction(action, scope, users) = 2,
        Database(action, scope) = 3,
        Graph { action, resource, scope, segment } = 4,
        Qualified(action, glob) = 5,
        Load(scope),
        ResolveAlias(name) = 9,
    }
    LoadScope { All = 6, Cidr(range) = 7, Url(pattern) = 8 }
    UserScope { All = 0, Named(user) = 1 }
    DatabaseScope { Home = 0, All = 1, Named(name) = 2 }
    Resource { None = 0, All = 1, Named(names) = 2 }
    Segment { None = 0, Elements(names) = 1, Nodes(names) = 2, Relationships(names) = 3, Pattern(pattern) = 4 }
    Outcome { Ok(effect) = 0, Err(rejection) = 1 }
    Notification {
        HomeDatabaseNotFound(name) = 0,
        AlreadyAssigned { role } = 1,
        NotAssigned { role } = 2,
        ImpossibleRevoke { entity, name } = 3,
        OidcForwardingDisabled = 4,
        Omitted { count } = 5,
    }
    Value {
        Null = 0, Boolean(truth) = 1, Integer(number) = 2, Float(number) = 3, String(text) = 4, List(values) = 5,
        Map(map) = 6, Duration(duration) = 7,
    }
    GrantEffect { Granted = 0, Denied = 1 }
    DatabaseKind { System = 0, Standard = 1, Composite = 2 }
    DatabaseStatus { Online = 0, Offline = 1 }
    DatabaseAccess { ReadWrite = 0, ReadOnly = 1 }
    CypherVersion { Cypher5 = 5, Cypher25 = 25 }
    UserStatus { Active = 0, Suspended = 1 }
    Principal { System = 0, User(name) = 1 }
}

fields! {
    Meta { cluster_id, active_key, default_database, policy, created }
    Policy {
        database_management_implies_alias_management, oidc_credential_forwarding, default_language;
        later token_lifetime, release_staleness
    }
    Database { kind, status, access, default_language, created, modified }
    Alias { kind, composite, properties, created, modified }
    RemoteAlias { database, url, login, driver, default_language }
    SealedSecret { key_id, nonce, ciphertext; later alias_id }
    DriverSettings {
        ssl_enforced, connection_timeout, connection_max_lifetime, connection_pool_acquisition_timeout,
        connection_pool_idle_test, connection_pool_max_size, logging_level
    }
    Duration { months, days, seconds, nanoseconds }
    User {
        password, password_change_required, status, home, auth, credential_revision, created, modified;
        later tags, ended_tokens
    }
    Role { immutable, created }
    RoleAssignment { created }
    Grant { role, effect, immutable, privilege }
    RequestRecord { applied, outcome; later owner }
    RequestOwner { actor, fingerprint }
    Effect { system_updates, notifications }
    Stamp { revision, time }
    MemberLedger { change, joined, retired }
    MemberChange { node, kind, begun }
    JoinedMember { incarnation, token }
    Invitation { peer_address, client_address, learner, replaces, token, expires_at }
    ReplacedMember { node, incarnation }
}

encoded_as! {
    as_str: AliasName, AuthId, AuthProvider, CatalogName, DatabaseName, Glob, LogLevel, RemoteUrl, RemoteUserName,
        RoleName, UserName, UserTag, String;
    as_phc: PasswordHash;
    seconds: TokenLifetime;
    keywords: DatabaseAction, DbmsAction, GraphAction, QualifiedAction, TransactionAction;
}

wrappers! {
    AliasId, ClusterId, JoinTokenHash, KeyId, MemberIncarnation, RequestId, Revision, StatementFingerprint, Timestamp, TokenTrace
}

/// With its name: beside a token lifetime that is left out, the number alone could be taken for one.
impl Canonical for ReleaseStaleness {
    fn encode(&self, hash: &mut Sha256) {
        hash.update("release_staleness");
        self.milliseconds().encode(hash);
    }
}

impl Canonical for Rejection {
    fn encode(&self, hash: &mut Sha256) {
        self.code().code.encode(hash);
        self.values().encode(hash);
    }
}

// === What they are made of ===

impl Canonical for bool {
    fn encode(&self, hash: &mut Sha256) {
        hash.update([u8::from(*self)]);
    }
}

impl Canonical for u64 {
    fn encode(&self, hash: &mut Sha256) {
        hash.update(self.to_be_bytes());
    }
}

impl Canonical for u32 {
    fn encode(&self, hash: &mut Sha256) {
        u64::from(*self).encode(hash);
    }
}

impl Canonical for i64 {
    fn encode(&self, hash: &mut Sha256) {
        hash.update(self.to_be_bytes());
    }
}

impl Canonical for Float {
    fn encode(&self, hash: &mut Sha256) {
        self.0.to_bits().encode(hash);
    }
}

impl Canonical for [u8] {
    fn encode(&self, hash: &mut Sha256) {
        (self.len() as u64).encode(hash);
        hash.update(self);
    }
}

impl<const LENGTH: usize> Canonical for [u8; LENGTH] {
    fn encode(&self, hash: &mut Sha256) {
        self.as_slice().encode(hash);
    }
}

impl Canonical for str {
    fn encode(&self, hash: &mut Sha256) {
        self.as_bytes().encode(hash);
    }
}

impl<T: Canonical + ?Sized> Canonical for &T {
    fn encode(&self, hash: &mut Sha256) {
        (**self).encode(hash);
    }
}

impl<T: Canonical + ?Sized> Canonical for Arc<T> {
    fn encode(&self, hash: &mut Sha256) {
        (**self).encode(hash);
    }
}

impl<T: Canonical> Canonical for Option<T> {
    fn encode(&self, hash: &mut Sha256) {
        self.is_some().encode(hash);
        if let Some(value) = self {
            value.encode(hash);
        }
    }
}

/// How many there are, then each.
fn encode_each<T: Canonical>(items: impl ExactSizeIterator<Item = T>, hash: &mut Sha256) {
    (items.len() as u64).encode(hash);
    for item in items {
        item.encode(hash);
    }
}

impl<T: Canonical> Canonical for Vec<T> {
    fn encode(&self, hash: &mut Sha256) {
        encode_each(self.iter(), hash);
    }
}

impl<T: Canonical> Canonical for BTreeSet<T> {
    fn encode(&self, hash: &mut Sha256) {
        encode_each(self.iter(), hash);
    }
}

impl<K: Canonical, V: Canonical> Canonical for BTreeMap<K, V> {
    fn encode(&self, hash: &mut Sha256) {
        encode_each(self.iter(), hash);
    }
}

impl<A: Canonical, B: Canonical> Canonical for (A, B) {
    fn encode(&self, hash: &mut Sha256) {
        self.0.encode(hash);
        self.1.encode(hash);
    }
}
