//! Connections of nodes that were members and are none any more.
//!
//! They take places that members need, and what they ask is refused anyway. All that such a node may learn here is that it was
//! removed, so that even a connection that it makes later lasts for a moment.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::PeerConnection;

/// How long a node that was removed may still ask.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Waits until a connection is to end.
pub(super) struct Parting(BoxFuture<'static, ()>);

impl Parting {
    /// A moment after its node was removed.
    pub(super) fn after(removed: BoxFuture<'static, ()>, of: PeerConnection) -> Self {
        let parting = async move {
            removed.await;
            tokio::time::sleep(LAST_WORDS).await;
            let PeerConnection { remote, node_id } = of;
            tracing::info!(%remote, node = node_id, "a connection of a node that was removed is closed");
        };
        Self(parting.boxed())
    }

    /// Ready when it is time.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl fmt::Debug for Parting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parting")
    }
}
