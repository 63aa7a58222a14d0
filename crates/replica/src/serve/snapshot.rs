//! Taking a snapshot: parts are checked and stored as they come, and the whole is installed at once.

use aliasd_catalog::error_chain;
use aliasd_runtime::WorkLost;
use aliasd_wire::peer::v1 as wire;
use aliasd_wire::peer::v1::snapshot_part::Part;
use futures::StreamExt;

use super::admission::PeerAdmission;
use super::{PeerServer, stopped};
use crate::codec::{log_id_from_wire, stored_membership_from_wire, vote_to_wire};
use crate::links::{Incoming, PeerRefusal};
use crate::machine::snapshot::{Received, SnapshotData};
use crate::machine::store::StageError;
use crate::types::SnapshotMeta;

pub(super) async fn install(
    server: &PeerServer,
    admission: PeerAdmission,
    mut parts: Incoming<wire::SnapshotPart>,
) -> Result<wire::SnapshotReply, PeerRefusal> {
    let Some(Part::Header(header)) = next_part(server, &mut parts).await?.and_then(|part| part.part) else {
        return Err(PeerRefusal::Incomplete("a snapshot begins with its header"));
    };
    admission.admit(header.route).await?;
    let vote = admission.admit_vote(header.vote)?;
    if server.core.is_rolled_back() {
        return Err(PeerRefusal::RolledBack);
    }
    let meta = SnapshotMeta {
        last_log_id: header.last_log_id.map(log_id_from_wire),
        last_membership: stored_membership_from_wire(header.membership)?,
    };
    let Ok(_receiving) = server.receiving.try_lock() else {
        return Err(PeerRefusal::Busy);
    };
    let received = receive(server, parts).await?;
    let snapshot = openraft::Snapshot { meta, snapshot: SnapshotData::Received(received) };
    let answer = server.core.within(server.core.raft.install_full_snapshot(vote, snapshot)).await;
    let answer = answer.map_err(|error| stopped(&error))?;
    Ok(wire::SnapshotReply { vote: Some(vote_to_wire(&answer.vote)) })
}

async fn next_part(
    server: &PeerServer,
    parts: &mut Incoming<wire::SnapshotPart>,
) -> Result<Option<wire::SnapshotPart>, PeerRefusal> {
    match server.core.runtime.timeout(server.snapshot_timeout, parts.next()).await {
        Ok(part) => Ok(part.transpose()?),
        Err(_) => Err(PeerRefusal::Silence),
    }
}

/// Stores a snapshot beside the current catalog, each part where it holds up nobody.
async fn receive(server: &PeerServer, mut parts: Incoming<wire::SnapshotPart>) -> Result<Received, PeerRefusal> {
    let lost = |error: WorkLost| PeerRefusal::Internal(format!("receiving a snapshot failed: {error}"));
    let staging = Received::stage(&server.core.runtime, server.store.clone());
    let mut received = staging.await.map_err(lost)?.map_err(|error| refusal(&error.into()))?;
    while let Some(part) = next_part(server, &mut parts).await? {
        let (so_far, whole) = received.add(part).await.map_err(lost)?.map_err(|error| refusal(&error))?;
        if whole {
            return Ok(so_far);
        }
        received = so_far;
    }
    Err(refusal(&StageError::finding("it ends before its trailer")))
}

fn refusal(error: &StageError) -> PeerRefusal {
    let text = error_chain(error);
    tracing::error!(error = text, "a snapshot was not taken; its sender will try again");
    match error {
        StageError::Damaged(_) => PeerRefusal::DamagedSnapshot(text),
        StageError::Storage(_) => PeerRefusal::Storage(text),
    }
}
