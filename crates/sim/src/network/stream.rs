//! Messages of one stream on their way: in order, several under way at once, none behind one that is lost.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aliasd_replica::LinkError;
use aliasd_runtime::Runtime;
use futures::channel::mpsc;
use futures::future::{AbortHandle, abortable};
use futures::stream::BoxStream;
use futures::{FutureExt, SinkExt, Stream, StreamExt};

use super::{Fate, Network, Way};
use aliasd_runtime::simulation::Machine;

/// Messages of a stream that are under way, at most.
const UNDER_WAY: usize = 32;

/// What the sender's end puts on the way.
enum Parcel<T> {
    Message(std::time::Duration, Fate, T),
    /// The stream ended as streams do.
    End,
}

/// A stream that arrives. When it is dropped the sender stops sending.
pub(super) struct Arriving<T> {
    messages: BoxStream<'static, Result<T, LinkError>>,
    sending: AbortHandle,
}

impl<T> Stream for Arriving<T> {
    type Item = Result<T, LinkError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.messages.poll_next_unpin(context)
    }
}

impl<T> Drop for Arriving<T> {
    fn drop(&mut self) {
        self.sending.abort();
    }
}

/// Sends a stream on its way from the machine that it comes from.
pub(super) fn carry<T: Send + 'static>(
    network: &Network,
    way: impl Fn(&T) -> Way + Send + 'static,
    sender: &Arc<Machine>,
    mut messages: BoxStream<'static, T>,
) -> Arriving<T> {
    let (mut put, parcels) = mpsc::channel(UNDER_WAY);
    let (sends, back) = (network.clone(), way);
    let sending = async move {
        while let Some(message) = messages.next().await {
            let way = back(&message);
            let (now, fate) = (sends.0.simulation.now(), sends.fate(way));
            if put.send((way, Parcel::Message(now, fate, message))).await.is_err() {
                return;
            }
        }
        // Who no longer listens need not know.
        let _ = put.send((NOWHERE, Parcel::End)).await;
    };
    let (sending, handle) = abortable(sending);
    sender.spawn(sending.map(drop).boxed());

    let arriving = futures::stream::unfold(Some((network.clone(), parcels)), |state| async {
        let (network, mut parcels) = state?;
        match parcels.next().await {
            Some((way, Parcel::Message(sent_at, fate, message))) => match network.arrive(way, sent_at, fate).await {
                Ok(()) => Some((Ok(message), Some((network, parcels)))),
                Err(broken) => Some((Err(broken), None)),
            },
            Some((_, Parcel::End)) => None,
            None => Some((Err(LinkError::Lost("the sender is gone".to_owned())), None)),
        }
    });
    Arriving { messages: arriving.boxed(), sending: handle }
}

/// The end of a stream is no message that could be lost.
const NOWHERE: Way = Way { from: 0, to: 0, lane: super::Lane::Control };
