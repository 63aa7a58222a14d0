//! Sending a snapshot: a few parts ahead of the network, never the whole.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aliasd_catalog::error_chain;
use aliasd_runtime::Runtime;
use aliasd_wire::peer::v1 as wire;
use aliasd_wire::peer::v1::snapshot_part::Part;
use futures::StreamExt;
use openraft::RPCTypes;
use openraft::alias::SnapshotOf;
use openraft::errors::{NetworkError, ReplicationClosed, StreamingError};
use openraft::network::{NetSnapshot, RPCOption};
use openraft::raft::SnapshotResponse;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::peers::Lane;
use super::{CallError, Network};
use crate::codec::{log_id_to_wire, stored_membership_to_wire, vote_from_wire, vote_to_wire};
use crate::machine::snapshot::{SnapshotData, parts};
use crate::runtime;
use crate::types::{TypeConfig, Vote};

/// Parts made ahead of the network.
const PARTS_AHEAD: usize = 4;

impl NetSnapshot<TypeConfig> for Network {
    type SnapshotData = SnapshotData;

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: SnapshotOf<TypeConfig, SnapshotData>,
        cancel: impl Future<Output = ReplicationClosed> + Send + 'static,
        option: RPCOption,
    ) -> Result<SnapshotResponse<TypeConfig>, StreamingError<TypeConfig>> {
        let SnapshotData::Frozen(catalog) = snapshot.snapshot else {
            return Err(NetworkError::from_string("a snapshot that is just being received is not sent on").into());
        };
        if self.peers.roster.identity.is_fenced() {
            // What it holds may be wrong, and would come to be what the receiver holds.
            return Err(NetworkError::from_string("this node is fenced, and sends no snapshot").into());
        }
        let header = wire::SnapshotHeader {
            route: self.route(),
            vote: Some(vote_to_wire(&vote)),
            last_log_id: snapshot.meta.last_log_id.as_ref().map(log_id_to_wire),
            membership: Some(stored_membership_to_wire(&snapshot.meta.last_membership)),
        };
        let (ahead, outgoing) = mpsc::channel(PARTS_AHEAD);
        // A task of its own, which waits between two parts and ends when the call drops the receiving side.
        runtime::spawn(&self.peers.runtime, async move {
            let header = wire::SnapshotPart { part: Some(Part::Header(header)) };
            for part in std::iter::once(header).chain(parts(&catalog)) {
                if ahead.send(part).await.is_err() {
                    return;
                }
            }
        });

        let sent = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&sent);
        let outgoing = ReceiverStream::new(outgoing).inspect(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        let call = self.link(Lane::Snapshot).install_snapshot(outgoing.boxed());
        let timeout = option.soft_ttl();
        let answer = tokio::select! {
            biased;
            closed = cancel => return Err(closed.into()),
            answer = call => answer.map_err(CallError::Link),
            () = stall(&*self.peers.runtime, &sent, timeout) => Err(CallError::Timeout(timeout)),
        };
        let taken = answer.and_then(|reply| Ok(vote_from_wire(reply.vote)?));
        self.peers.note(self.target, &taken);
        if taken.as_ref().is_ok_and(|theirs| *theirs == vote) {
            // Under the vote of another leader, nothing of it is kept.
            self.peers.acknowledged.acknowledge(self.target, vote, snapshot.meta.last_log_id);
        }
        taken.map(SnapshotResponse::new).map_err(|error| {
            tracing::warn!(target = self.target, error = error_chain(&error), "a snapshot was not taken");
            self.rpc_error(RPCTypes::InstallSnapshot, &error).into()
        })
    }
}

/// Resolves when no part went out for `timeout`.
async fn stall(runtime: &dyn Runtime, sent: &AtomicU64, timeout: Duration) {
    let mut seen = u64::MAX;
    loop {
        let now = sent.load(Ordering::Relaxed);
        if now == seen {
            return;
        }
        seen = now;
        runtime.sleep(timeout).await;
    }
}
