//! Nodes whose messages are refused: a line in the log when it begins, when the reason changes and when it ends; and for the
//! status, who is refused at present.

use std::collections::BTreeMap;
use std::mem::{Discriminant, discriminant};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aliasd_catalog::error_chain;
use aliasd_runtime::Moment;

use crate::links::PeerRefusal;
use crate::types::NodeId;

/// Nodes remembered, at most. Their ids are proved by certificates, so there are no more than somebody signed.
const NODES_MAX: usize = 1024;
/// Who was not refused for longer than this has gone, or has found where it belongs. Members speak more often.
const LATELY: Duration = Duration::from_secs(30);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Strangers {
    refused: Mutex<BTreeMap<NodeId, Refused>>,
    /// Nodes that were not let in when they showed a join token, and by which code.
    outside: Mutex<BTreeMap<NodeId, &'static str>>,
}

#[derive(Debug)]
struct Refused {
    reason: Discriminant<PeerRefusal>,
    text: String,
    /// When it was refused last.
    at: Moment,
}

impl Strangers {
    /// Notes what became of a message that came now.
    pub(crate) fn note(&self, node: NodeId, refusal: Option<&PeerRefusal>, now: impl FnOnce() -> Moment) {
        let mut refused = self.lock();
        match refusal {
            None => {
                if refused.remove(&node).is_some() {
                    tracing::info!("messages of node {node} are taken again");
                }
            }
            Some(refusal) => {
                if refused.len() >= NODES_MAX {
                    refused.clear();
                }
                let (reason, text) = (discriminant(refusal), error_chain(refusal));
                let known = refused.insert(node, Refused { reason, text: text.clone(), at: now() });
                if known.is_none_or(|known| known.reason != reason) {
                    let hint = refusal.hint();
                    tracing::warn!(hint, "messages of node {node} are refused: {text}");
                }
            }
        }
    }

    /// Notes that a node is not let in. True if that is news: it asks again and again.
    pub(crate) fn may_not_join(&self, node: NodeId, code: &'static str) -> bool {
        let mut outside = self.outside.lock().unwrap_or_else(PoisonError::into_inner);
        if outside.len() >= NODES_MAX {
            outside.clear();
        }
        outside.insert(node, code) != Some(code)
    }

    /// Notes that a node was let in.
    pub(crate) fn may_join(&self, node: NodeId) {
        self.outside.lock().unwrap_or_else(PoisonError::into_inner).remove(&node);
    }

    /// Whose messages are refused at present, and why.
    pub(crate) fn refused(&self, now: Moment) -> BTreeMap<NodeId, String> {
        let refused = self.lock();
        let lately = refused.iter().filter(|(_, refused)| now.saturating_since(refused.at) <= LATELY);
        lately.map(|(node, refused)| (*node, refused.text.clone())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<NodeId, Refused>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
