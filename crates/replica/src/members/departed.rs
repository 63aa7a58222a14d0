//! Tells whoever holds the connections of other nodes when one of these was removed from the cluster.

use std::collections::BTreeSet;
use std::future::pending;

use tokio::sync::watch;

use crate::types::NodeId;

/// The nodes that were removed, as far as this member has read.
pub(crate) struct Departed(watch::Sender<BTreeSet<NodeId>>);

impl Departed {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(BTreeSet::new()))
    }

    /// Takes note of all of them. None ever comes back.
    pub(crate) fn note(&self, retired: impl ExactSizeIterator<Item = NodeId>) {
        self.0.send_if_modified(|known| {
            let more = retired.len() != known.len();
            if more {
                known.extend(retired);
            }
            more
        });
    }

    /// Resolves once that node was removed, which may be never.
    pub(crate) fn removed(&self, node: NodeId) -> impl Future<Output = ()> + Send + 'static {
        let mut departed = self.0.subscribe();
        async move {
            if departed.wait_for(|departed| departed.contains(&node)).await.is_err() {
                // The replica is gone, and with it the one who holds the connections.
                pending::<()>().await;
            }
        }
    }
}
