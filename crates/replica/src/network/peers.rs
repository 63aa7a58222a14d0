//! The links of this member, and the questions that the replica itself has for the others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aliasd_catalog::{Digest, Revision};
use aliasd_wire::peer::v1 as wire;

use crate::frame::FrameError;
use crate::links::{Call, Link, LinkError, Links};
use crate::machine::state::decode_digest;
use crate::runtime::SharedRuntime;
use crate::types::NodeId;

/// What a link carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// Heartbeats, votes, read indexes, digests: small and urgent.
    Control,
    /// Log entries, replicated or on their way to the leader.
    Data,
    /// Snapshots.
    Snapshot,
}

/// The links of this member, one per other member and lane, made when first needed.
pub(crate) struct Peers {
    pub(super) own: NodeId,
    pub(super) runtime: SharedRuntime,
    links: Arc<dyn Links>,
    made: Mutex<BTreeMap<(NodeId, Lane), MadeLink>>,
}

/// A link, and the address that it was made for.
type MadeLink = (String, Arc<dyn Link>);

/// Why a call to another member has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("its answer is not usable")]
    Answer(#[from] FrameError),
}

impl Peers {
    pub(crate) fn new(own: NodeId, links: Arc<dyn Links>, runtime: SharedRuntime) -> Self {
        Self { own, runtime, links, made: Mutex::default() }
    }

    pub(super) fn route(&self, receiver: NodeId) -> Option<wire::Route> {
        Some(wire::Route { sender: self.own, receiver })
    }

    pub(super) fn link(&self, target: NodeId, address: &str, lane: Lane) -> Arc<dyn Link> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        match made.get(&(target, lane)) {
            Some((known, link)) if known == address => Arc::clone(link),
            _ => {
                let link = self.links.link(target, address);
                made.insert((target, lane), (address.to_owned(), Arc::clone(&link)));
                link
            }
        }
    }

    /// Awaits an answer, but not for ever.
    pub(super) async fn answer<T>(&self, timeout: Duration, call: Call<T>) -> Result<T, CallError> {
        match self.runtime.timeout(timeout, call).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(CallError::Timeout(timeout)),
        }
    }

    /// Asks the leader for the log index that a linearizable read must have applied.
    pub(crate) async fn read_index(
        &self,
        leader: NodeId,
        address: &str,
        timeout: Duration,
    ) -> Result<Option<wire::read_index_reply::Result>, CallError> {
        let request = wire::ReadIndexRequest { route: self.route(leader) };
        let call = self.link(leader, address, Lane::Control).read_index(request);
        Ok(self.answer(timeout, call).await?.result)
    }

    /// Asks a member for its digest at a revision.
    pub(crate) async fn digest(
        &self,
        target: NodeId,
        address: &str,
        revision: Revision,
        timeout: Duration,
    ) -> Result<Option<Digest>, CallError> {
        let request = wire::DigestRequest { route: self.route(target), revision: revision.0 };
        let call = self.link(target, address, Lane::Control).digest(request);
        let reply = self.answer(timeout, call).await?;
        Ok(reply.digest.map(|digest| decode_digest(&digest)).transpose()?)
    }

    /// Hands an entry to the leader, on a link on which it cannot delay a heartbeat.
    pub(crate) async fn propose(
        &self,
        leader: NodeId,
        address: &str,
        entry: &[u8],
        timeout: Duration,
    ) -> Result<Option<wire::propose_reply::Result>, CallError> {
        let request = wire::ProposeRequest { route: self.route(leader), entry: entry.to_vec() };
        let call = self.link(leader, address, Lane::Data).propose(request);
        Ok(self.answer(timeout, call).await?.result)
    }
}
