//! Operators who change the members: they ask until somebody takes it, and start the nodes that are invited.
//!
//! What was taken is the cluster's work, with or without them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aliasd_catalog::MemberLedger;
use aliasd_client::messages as v1;
use aliasd_client::{Class, Failure};
use aliasd_replica::{JoinToken, Lifecycle, NodeId, Replica};
use aliasd_runtime::Runtime;
use futures::FutureExt;

use super::World;
use super::clients::Clients;
use super::member::SimulatedMember;
use crate::network::client::address_of;
use crate::schedule::MembersChange;

/// How long operators go on asking after the last fault.
const ASKED_AFTER_HEALING: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(300);
/// As long as it can be: clocks differ by up to two days here.
const TOKEN_LIFETIME: Duration = Duration::from_secs(86_400);
/// What an operator waits out, and asks again.
const PASSES: [&str; 2] = ["MEMBER_CHANGE_RUNNING", "MEMBER_QUORUM_LOST"];

/// The nodes that were invited, and who still asks.
#[derive(Default)]
struct Asking {
    invited: Vec<(NodeId, JoinToken)>,
    /// The members that are to go.
    leaving: BTreeSet<NodeId>,
    operators: usize,
}

/// What operators have done by now; clones share it.
#[derive(Clone, Default)]
pub(super) struct Operators(Arc<Mutex<Asking>>);

impl Operators {
    fn with<T>(&self, look: impl FnOnce(&mut Asking) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl World {
    /// Has an operator ask for a change.
    pub(super) fn change_members(&mut self, change: MembersChange) {
        self.surroundings.coverage.count("change of the members asked for");
        let until = Duration::from_millis(self.surroundings.setting.heal_at_ms) + ASKED_AFTER_HEALING;
        let (clients, operators) = (self.clients.clone(), self.operators.clone());
        let coverage = self.surroundings.coverage.clone();
        let leaving = match change {
            MembersChange::Remove { old } | MembersChange::Replace { old, .. } => Some(old),
            MembersChange::Add { .. } | MembersChange::Promote { .. } => None,
        };
        operators.with(|asking| {
            asking.operators += 1;
            asking.leaving.extend(leaving);
        });
        if let Some(member) = leaving.and_then(|old| self.members.get_mut(&old)) {
            member.may_go = true;
        }
        self.outside.spawn(
            async move {
                let (counted, invited) = match clients.ask_for(change, until).await {
                    Ok(invited) => ("change of the members taken", invited),
                    Err(_) => ("change of the members refused", None),
                };
                coverage.count(counted);
                operators.with(|asking| {
                    asking.operators -= 1;
                    asking.invited.extend(invited);
                });
            }
            .boxed(),
        );
    }

    /// Starts the nodes that were invited of late.
    pub(super) fn start_the_invited(&mut self) {
        for (node, token) in self.operators.with(|asking| std::mem::take(&mut asking.invited)) {
            let member = self.members.entry(node).or_insert_with(|| SimulatedMember::new(node));
            member.token = Some(token);
            member.may_go = self.operators.with(|asking| asking.leaving.contains(&node));
            member.start(&self.surroundings);
        }
    }

    /// What has become of the members, as whoever has read furthest knows; nothing while nobody runs.
    fn ledger(&self) -> Option<MemberLedger> {
        let replicas = self.members.keys().filter_map(|node| self.replica(*node));
        let view = replicas.map(|replica| replica.view()).max_by_key(|view| view.revision)?;
        Some(view.catalog.members().clone())
    }

    /// The nodes that belong to the cluster by what was agreed on.
    pub(super) fn belonging(&self) -> BTreeSet<NodeId> {
        let ledger = self.ledger().unwrap_or_default();
        let first = 1..=self.surroundings.setting.nodes;
        first.chain(ledger.joined.keys().copied()).filter(|node| !ledger.is_retired(*node)).collect()
    }

    /// Whether nobody asks any more, everything that was taken is done, and whoever went knows.
    ///
    /// # Errors
    /// What is left to be done.
    pub(super) fn members_have_changed(&self) -> Result<(), String> {
        let operators = self.operators.with(|asking| asking.operators);
        if operators > 0 {
            return Err(format!("{operators} operators still ask"));
        }
        let Some(ledger) = self.ledger() else { return Err("nobody runs".to_owned()) };
        if let Some(change) = &ledger.change {
            // An answer that was lost took the token with it.
            let is_awaited = self.members.get(&change.node).is_some_and(|member| !member.was_turned_away());
            let has_come = ledger.joined.contains_key(&change.node) || ledger.invitation(change.node).is_none();
            if has_come || is_awaited {
                return Err(format!("{change}"));
            }
        }
        let belonging = self.belonging();
        let is_lost = |node: &NodeId| self.members.get(node).is_none_or(|member| member.is_lost);
        // Somebody has to tell it, and it knows only those who were there in its time.
        let finds_out = |replica: &Replica| {
            let known = replica.status().members;
            known.keys().any(|node| belonging.contains(node) && !is_lost(node))
        };
        let knows = |replica: &Replica| matches!(replica.lifecycle(), Lifecycle::Removed | Lifecycle::Stopped(_));
        let gone = ledger.retired.keys().filter(|node| !is_lost(node)).filter_map(|node| self.replica(*node));
        match { gone }.find(|replica| finds_out(replica) && !knows(replica)) {
            Some(replica) => Err(format!("member {} does not know that it was removed", replica.node())),
            None => Ok(()),
        }
    }
}

impl Clients {
    /// Asks until it is taken. Gives the node that it lets in, with its token.
    async fn ask_for(&self, change: MembersChange, until: Duration) -> Result<Option<(NodeId, JoinToken)>, Failure> {
        loop {
            let asked = self.ask_once(change).await;
            let passes =
                |failure: &Failure| failure.class != Class::Rejected || PASSES.contains(&failure.code.as_str());
            match asked {
                Err(failure) if passes(&failure) && self.recorder.simulation.now() < until => self.pause(PAUSE).await,
                asked => return asked,
            }
        }
    }

    async fn ask_once(&self, change: MembersChange) -> Result<Option<(NodeId, JoinToken)>, Failure> {
        let sdk = &self.administrator.sdk;
        let peer_address = |node| format!("node{node}.example:7681");
        let token_lifetime = TOKEN_LIFETIME.try_into().ok();
        let invited = |node, text: &str| JoinToken::parse(text).ok().map(|token| (node, token));
        match change {
            MembersChange::Add { new: node_id, learner } => {
                let (peer_address, client_address) = (peer_address(node_id), address_of(node_id));
                let new = v1::AddMemberRequest { node_id, peer_address, client_address, learner, token_lifetime };
                Ok(invited(node_id, &sdk.add_member(&new).await?.join_token))
            }
            MembersChange::Replace { old, new } => {
                let new_member = v1::ReplaceMemberRequest {
                    old_node_id: old,
                    new_node_id: new,
                    peer_address: peer_address(new),
                    client_address: address_of(new),
                    token_lifetime,
                };
                let replacing = sdk.replace_member(&new_member).await?;
                Ok(replacing.join_token.as_deref().and_then(|token| invited(new, token)))
            }
            MembersChange::Promote { learner } => sdk.promote_member(learner).await.map(|_| None),
            MembersChange::Remove { old } => sdk.remove_member(old).await.map(|_| None),
        }
    }
}
