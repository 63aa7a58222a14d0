//! The pure core of aliasd: what the catalog holds, how a committed entry changes it, who may do what,
//! and where a name leads.
//!
//! Everything here is a function of its arguments. This crate never reads a clock, draws a random
//! number, performs I/O, awaits, or iterates in hash order; every replica that is fed the same entries
//! holds the same records and the same [`Digest`].
//!
//! # Life of an entry
//!
//! 1. The language or a client builds a [`Command<Plain>`](Command), which may carry secrets in clear.
//! 2. The vault maps it to a [`Command<Sealed>`](Command). Only that fits an [`Entry`], so a plaintext
//!    secret in the log does not compile.
//! 3. The proposer stamps request id, actor and time into the [`Entry`]; the log commits it at a
//!    [`Revision`].
//! 4. [`Catalog::apply`] decides: an [`Outcome`] and the list of [`Change`]s that follow from it. The
//!    same list feeds the store, the in-memory view, the watch stream and the digest.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

mod action;
mod administrator;
mod apply;
mod authorise;
mod catalog;
mod chain;
mod change;
mod command;
mod credential;
mod digest;
mod driver;
mod field;
mod id;
mod members;
mod name;
mod policy;
mod privilege;
mod privilege_row;
mod record;
mod rejection;
mod secret;
mod standing;
mod sufficient;
mod supported;
mod url;
mod value;
mod visibility;

pub use action::Action;
pub use apply::{Applied, REQUEST_WINDOW};
pub use catalog::{Catalog, Named};
pub use chain::error_chain;
pub use change::{Change, Effect, Notification, Outcome};
pub use command::{
    AliasTarget, AlterAlias, AlterUser, Bootstrap, Command, CreateAlias, CreateMode, CreateUser, Entry, HomeChange,
    NameForm, OpenCommand, PasswordChange, RemoteTarget, Removal, RequestOrigin, RetiredCommand, TagChange,
};
pub use credential::{CredentialField, CredentialPlace, SeenAlias};
pub use digest::Digest;
pub use driver::{DriverSettings, DriverSettingsError, LogLevel};
pub use field::{Attempt, Field, Listed, NameKind, Quoted, SettingType, UrlFault, Verb};
pub use id::{
    AliasId, ClusterId, KeyId, Principal, RequestId, Revision, Stamp, StatementFingerprint, Timestamp, TokenTrace,
};
pub use members::{
    Invitation, JoinTokenHash, JoinedMember, MemberChange, MemberChangeKind, MemberIncarnation, MemberLedger,
    MemberStep, ReplacedMember,
};
pub use name::{
    AliasName, AuthId, AuthProvider, AuthRuleName, CatalogName, DatabaseName, Glob, RemoteUserName, RoleName, UserName,
    UserTag,
};
pub use policy::{Policy, PolicyChange, PolicySetting, ReleaseStaleness, TokenLifetime};
pub use privilege::{
    DatabaseAction, DatabaseScope, DbmsAction, Grant, GrantEffect, GraphAction, GraphScope, LoadScope, Privilege,
    QualifiedAction, Resource, Segment, TransactionAction, UserScope,
};
pub use privilege_row::{PrivilegeRow, RowResource, RowSegment};
pub use record::{
    Alias, AliasKind, CypherVersion, Database, DatabaseAccess, DatabaseKind, DatabaseStatus, Meta, Record, RecordKey,
    RecordKind, RemoteAlias, RemoteLogin, RequestOwner, RequestRecord, Role, RoleAssignment, User, UserStatus,
};
pub use rejection::{Rejection, RejectionCode};
pub use secret::{PasswordHash, Plain, PlainSecret, Sealed, SealedSecret, Stage};
pub use supported::{SUPPORTED_PRIVILEGES, SupportedPrivilege};
pub use url::{RemoteUrl, Scheme};
pub use value::{Duration, Float, Value, ValueMap};
pub use visibility::{
    Destination, EffectiveHome, EffectivePrivileges, Explanation, Found, Question, ResolveRequest, ResolveTarget,
    Route, Rule, UserStanding, Visibility, WatchEvent, WatchKind, WatchSubject, Watcher,
};
