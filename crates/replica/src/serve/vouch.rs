//! Members that this one has not read of yet.
//!
//! A member that was away while the members changed does not know a leader that came meanwhile, and would never read of it
//! if it did not listen to it. So it asks the members that it does know: what one of them says of the newcomer counts, as
//! long as this member's own log has not come so far.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aliasd_runtime::Moment;
use futures::future::join_all;

use crate::core::Core;
use crate::incarnation::Incarnation;
use crate::network::Peers;
use crate::types::NodeId;

const ANSWER_TIME: Duration = Duration::from_secs(1);
/// How soon the others are asked again about a node that none of them knows.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Nodes remembered, at most. Their ids are proved by certificates, so there are no more than somebody signed.
const NODES_MAX: usize = 256;

/// See the module.
pub(crate) struct Vouchers {
    peers: Arc<Peers>,
    known: Mutex<BTreeMap<NodeId, Word>>,
}

/// What the others said of a node.
#[derive(Clone, Copy)]
struct Word {
    asked_at: Moment,
    incarnation: Option<Incarnation>,
}

impl Vouchers {
    pub(crate) fn new(peers: Arc<Peers>) -> Self {
        Self { peers, known: Mutex::default() }
    }

    /// Whether another member knows a node as a member with this data directory.
    pub(super) async fn vouch_for(&self, core: &Core, node: NodeId, incarnation: Incarnation) -> bool {
        if self.said(node, incarnation) {
            return true;
        }
        if !self.begins_to_ask(core, node) {
            return false;
        }
        let members = core.roster.ask_members(|members| {
            let others = members.nodes().filter(|(id, _)| **id != core.node && **id != node);
            others.map(|(id, it)| (*id, it.clone())).collect::<Vec<_>>()
        });
        let asked = members.unwrap_or_default().into_iter().map(|(id, recorded)| async move {
            let address = &recorded.member.peer_address;
            let answer = self.peers.identify_and_ask(id, address, Some(node), ANSWER_TIME).await.ok()?;
            // Whoever answers there must be the member that this one knows.
            let is_member = Some(answer.incarnation) == recorded.incarnation && answer.cluster == core.roster.cluster();
            answer.about.filter(|_| is_member)
        });
        let known = join_all(asked).await.into_iter().flatten().find(|about| *about == incarnation);
        if known.is_some() {
            tracing::info!("node {node} is a member by the word of another one; this one has not read of it yet");
            self.note(node, Word { asked_at: core.runtime.now(), incarnation: known });
        }
        known.is_some()
    }

    fn said(&self, node: NodeId, incarnation: Incarnation) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&node).is_some_and(|word| word.incarnation == Some(incarnation))
    }

    /// Whether it is time to ask about a node. Whoever asks first asks for all.
    fn begins_to_ask(&self, core: &Core, node: NodeId) -> bool {
        let now = core.runtime.now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.get(&node).is_some_and(|word| now.saturating_since(word.asked_at) < ASKED_AGAIN_AFTER) {
            return false;
        }
        if known.len() >= NODES_MAX {
            known.clear();
        }
        known.insert(node, Word { asked_at: now, incarnation: None });
        true
    }

    fn note(&self, node: NodeId, word: Word) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(node, word);
    }
}
