//! The use cases of a node: what a caller may do, and doing it.
//!
//! Each use case is a type of its own with the questions and answers that belong to it. None knows a protocol or a
//! socket, and no secret in clear outlives the call that brought or asked it. What goes wrong is a [`Failure`], which a
//! protocol translates by a table of its own.
//!
//! | room | use case |
//! |---|---|
//! | [`authenticate`] | [`Authenticate`]: who calls, and may the call begin? The table of all calls |
//! | [`execute`] | [`Execute`]: a statement of the administration language |
//! | [`resolve`] | [`Resolve`]: where does a name lead? |
//! | [`watch`] | [`Watch`]: what changes? |
//! | [`account`] | [`Account`]: what is a user, and what may it do? |
//! | [`operate`] | [`Operate`]: form a cluster, look at it, change its members, hand the leadership on, stop |
//!
//! Beside them stand [`vault`] (the keys), [`identity`] (proving who somebody is) and [`audit`] (every line of the trail).
//!
//! # Life of a call
//!
//! 1. The table in [`authenticate`] says how the caller must be known, and the caller is authenticated.
//! 2. A write (`write`): courtesy check, seal, propose here or hand to the leader, wait until it shows here.
//! 3. A read (`read`) takes a view that is fresh enough and answers from it, without a lock.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests run on the machine"))]

pub mod account;
pub mod audit;
pub mod authenticate;
mod clock;
pub mod counters;
pub mod execute;
pub mod failure;
pub mod identity;
pub mod operate;
mod read;
mod readiness;
pub mod resolve;
pub mod vault;
pub mod watch;
mod write;

use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::Policy;
use aliasd_replica::Replica;
use aliasd_runtime::SharedRuntime;

pub use self::account::Account;
pub use self::authenticate::{Authenticate, FormationToken};
use self::counters::SharedCounters;
pub use self::execute::Execute;
pub use self::failure::{Class, Failure, Leader, NodeFailure, TextPosition};
use self::identity::Identity;
use self::operate::Advertised;
pub use self::operate::Operate;
pub use self::read::Freshness;
use self::read::Reader;
use self::readiness::Readiness;
pub use self::resolve::Resolve;
use self::vault::Vault;
pub use self::watch::Watch;
use self::write::Writer;
pub use self::write::Written;

/// What the use cases of a node are made of.
pub struct Parts {
    /// Tasks, time and dice.
    pub runtime: SharedRuntime,
    /// This member's copy of the catalog.
    pub replica: Replica,
    /// What seals, opens and hashes; holds the keys of the keystore.
    pub vault: Arc<Vault>,
    /// What checks certificates, tokens and passwords.
    pub identity: Identity,
    /// What proves who may form a cluster; nothing where there is one.
    pub formation: Option<FormationToken>,
    /// Where it is counted what becomes of calls.
    pub counters: SharedCounters,
    /// How old the state may be that LOCAL and AT_LEAST reads are answered from.
    pub max_staleness: Duration,
    /// What the catalog decides by in a cluster that this node forms.
    pub policy: Policy,
    /// Where others reach this node, to be compared with the membership.
    pub advertised: Advertised,
}

/// Every use case of a node, for whoever serves callers to take what it needs.
#[derive(Clone)]
pub struct UseCases {
    /// Who calls, and may the call begin?
    pub authenticate: Authenticate,
    /// What does a statement do, or list?
    pub execute: Execute,
    /// Where does a name lead?
    pub resolve: Resolve,
    /// What changes?
    pub watch: Watch,
    /// What is a user, and what may it do?
    pub account: Account,
    /// Form, show, lead, stop.
    pub operate: Operate,
}

impl UseCases {
    /// Use cases that serve at once.
    pub fn new(parts: Parts) -> Self {
        let Parts { runtime, replica, vault, identity, formation, counters, max_staleness, policy, advertised } = parts;
        let reader = Reader::new(replica, runtime, max_staleness);
        let readiness = Readiness::new(reader.clone(), Arc::clone(&vault));
        let identity = Arc::new(identity);
        let (sealing, known) = (Arc::clone(&vault), Arc::clone(&identity));
        let writer = Writer::new(reader.clone(), readiness.clone(), sealing, known, Arc::clone(&counters));
        let authenticate =
            Authenticate::new(reader.clone(), readiness.clone(), identity, formation, Arc::clone(&counters));
        Self {
            execute: Execute::new(reader.clone(), writer.clone(), Arc::clone(&vault), Arc::clone(&counters)),
            resolve: Resolve::new(reader.clone(), Arc::clone(&vault), Arc::clone(&counters)),
            watch: Watch::new(reader.clone(), readiness.clone(), counters),
            account: Account::new(reader.clone(), writer.clone(), authenticate.clone()),
            operate: Operate::new(reader, writer, readiness, vault, policy, advertised),
            authenticate,
        }
    }
}
