//! Tells the log of nodes whose messages are refused: a line when it begins, when the reason changes and when it ends.

use std::collections::BTreeMap;
use std::mem::{Discriminant, discriminant};
use std::sync::{Mutex, PoisonError};

use aliasd_catalog::error_chain;

use crate::links::PeerRefusal;
use crate::types::NodeId;

/// Nodes remembered, at most. Their ids are proved by certificates, so there are no more than somebody signed.
const NODES_MAX: usize = 1024;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Strangers(Mutex<BTreeMap<NodeId, Discriminant<PeerRefusal>>>);

impl Strangers {
    /// Notes what became of a message.
    pub(crate) fn note(&self, node: NodeId, refusal: Option<&PeerRefusal>) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
                let reason = discriminant(refusal);
                if refused.insert(node, reason) != Some(reason) {
                    let (error, hint) = (error_chain(refusal), refusal.hint());
                    tracing::warn!(hint, "messages of node {node} are refused: {error}");
                }
            }
        }
    }
}
