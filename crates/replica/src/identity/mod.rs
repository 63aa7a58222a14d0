//! Who this member is: its node id, the incarnation of its data directory, its cluster, and whether it is fenced, rolled
//! back or removed.
//!
//! Kept in a file of its own, which is written whole or not at all and is durable before anything rests on it. A directory
//! that has a log and no such file is of version 0.1, or the file was lost; the membership in the log tells which.
//!
//! It decides nothing about others: what a message must prove is for [`crate::serve`].

mod store;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aliasd_catalog::{ClusterId, Revision};
use aliasd_runtime::{SharedRuntime, WorkLost};
use aliasd_wire::store::log as wire;

pub(crate) use self::store::{IdentityStore, MemoryIdentity};
use crate::fault::StorageFault;
use crate::frame::{self, FrameError};
use crate::incarnation::{Incarnation, cluster_from_wire};
use crate::types::NodeId;

/// Who this member is, as its data directory keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) node: NodeId,
    pub(crate) incarnation: Incarnation,
    /// `None`: it belongs to none, or to one of version 0.1 whose catalog it has not read yet.
    pub(crate) cluster: Option<ClusterId>,
    /// Where its catalog was first seen to differ from the others'.
    pub(crate) fenced_at: Option<Revision>,
    /// What it had acknowledged and was found not to have.
    pub(crate) loss: Option<Loss>,
    /// The cluster goes on without it, for ever.
    pub(crate) removed: bool,
}

/// What a member had acknowledged to the leader and does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    /// Where its log ended when that was found.
    pub(crate) reached: Revision,
    /// How far it had acknowledged the log.
    pub(crate) acknowledged: Revision,
}

impl Kept {
    fn encode(&self) -> Vec<u8> {
        frame::frame(&wire::MemberIdentity {
            node_id: self.node,
            incarnation: self.incarnation.to_wire(),
            cluster_id: self.cluster.map(|cluster| cluster.0.to_vec()),
            fenced_at: self.fenced_at.map(|revision| revision.0),
            removed: self.removed,
            loss: self
                .loss
                .map(|Loss { reached, acknowledged }| wire::Loss { reached: reached.0, acknowledged: acknowledged.0 }),
        })
    }

    fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let kept: wire::MemberIdentity = frame::unframe("member identity", bytes)?;
        Ok(Self {
            node: kept.node_id,
            incarnation: Incarnation::from_wire(&kept.incarnation)?,
            cluster: kept.cluster_id.as_deref().map(cluster_from_wire).transpose()?,
            fenced_at: kept.fenced_at.map(Revision),
            removed: kept.removed,
            loss: kept.loss.map(|wire::Loss { reached, acknowledged }| Loss {
                reached: Revision(reached),
                acknowledged: Revision(acknowledged),
            }),
        })
    }
}

/// This member's identity, in memory and on disk.
pub(crate) struct Identity {
    kept: Mutex<Kept>,
    store: IdentityStore,
    runtime: SharedRuntime,
    /// Held while the file is written, so that two writers do not undo each other's.
    writing: tokio::sync::Mutex<()>,
}

impl Identity {
    /// Reads who the member is, and draws an incarnation where none is kept. Blocks.
    pub(crate) fn open(store: IdentityStore, node: NodeId, runtime: SharedRuntime) -> Result<Self, StorageFault> {
        let kept = match kept_by(&store, node)? {
            Some(kept) => kept,
            None => {
                let incarnation = Incarnation::draw(&*runtime);
                let kept = Kept { node, incarnation, cluster: None, fenced_at: None, loss: None, removed: false };
                store.write(&kept)?;
                kept
            }
        };
        Ok(Self { kept: Mutex::new(kept), store, runtime, writing: tokio::sync::Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who this member is.
    pub(crate) fn kept(&self) -> Kept {
        *self.lock()
    }

    pub(crate) fn incarnation(&self) -> Incarnation {
        self.lock().incarnation
    }

    pub(crate) fn is_fenced(&self) -> bool {
        self.lock().fenced_at.is_some()
    }

    /// Where it is kept, for messages.
    pub(crate) fn path(&self) -> &Path {
        self.store.path()
    }

    /// Belongs to a cluster from now on, unless it belongs to one already; gives the one that it belongs to.
    pub(crate) async fn join(&self, cluster: ClusterId) -> Result<ClusterId, StorageFault> {
        let kept = self.change(|kept| *kept = Kept { cluster: kept.cluster.or(Some(cluster)), ..*kept }).await?;
        Ok(kept.cluster.unwrap_or(cluster))
    }

    /// Is fenced from now on. The first difference stays.
    pub(crate) async fn fence(&self, at: Revision) -> Result<(), StorageFault> {
        self.change(|kept| *kept = Kept { fenced_at: kept.fenced_at.or(Some(at)), ..*kept }).await.map(drop)
    }

    /// Is rolled back from now on. The first loss that was found stays.
    pub(crate) async fn roll_back(&self, loss: Loss) -> Result<(), StorageFault> {
        self.change(|kept| *kept = Kept { loss: kept.loss.or(Some(loss)), ..*kept }).await.map(drop)
    }

    /// Is removed from now on.
    pub(crate) async fn remove(&self) -> Result<(), StorageFault> {
        self.change(|kept| *kept = Kept { removed: true, ..*kept }).await.map(drop)
    }

    async fn change(&self, change: impl FnOnce(&mut Kept)) -> Result<Kept, StorageFault> {
        let _writing = self.writing.lock().await;
        let before = self.kept();
        let mut after = before;
        change(&mut after);
        if after != before {
            let store = self.store.clone();
            let written = self.runtime.blocking(move || store.write(&after)).await;
            let lost = |error: WorkLost| StorageFault::Failed {
                action: "write",
                path: self.store.path().to_owned(),
                source: error.into(),
            };
            written.map_err(lost)??;
            *self.lock() = after;
        }
        Ok(after)
    }
}

/// Who the member is, by what is kept of it; nothing where nothing is. Blocks.
pub(crate) fn kept_by(store: &IdentityStore, node: NodeId) -> Result<Option<Kept>, StorageFault> {
    match store.read()? {
        Some(Kept { node: found, .. }) if found != node => {
            Err(StorageFault::Foreign { path: store.path().to_owned(), found, expected: node })
        }
        kept => Ok(kept),
    }
}

/// Checks that the identity kept at `path` belongs to the log, whose membership records an incarnation of this node, and to
/// the catalog, which is of a cluster. One that is drawn now belongs to none that there was before.
pub(crate) fn check(
    path: &Path,
    kept: Option<&Kept>,
    recorded: Option<Incarnation>,
    catalogued: Option<ClusterId>,
) -> Result<(), StorageFault> {
    if recorded.is_some() && recorded != kept.map(|kept| kept.incarnation) {
        return Err(StorageFault::damaged(path, "it is not the one that the log beside it was written with"));
    }
    match (kept.and_then(|kept| kept.cluster), catalogued) {
        (Some(cluster), Some(catalogued)) if cluster != catalogued => {
            let finding = format!("it belongs to cluster {cluster}, while the catalog beside it is of {catalogued}");
            Err(StorageFault::damaged(path, finding))
        }
        _ => Ok(()),
    }
}
