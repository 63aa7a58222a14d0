//! Connections on which nobody proves who they are. Each takes a place that somebody else may need, so it is held for a while
//! only.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aliasd_api::Proof;
use aliasd_service::identity::ClientConnection;
use tokio::time::{Instant, Sleep};

/// A client's connection, as a request carries it among its extensions.
#[derive(Clone, Debug)]
pub struct AcceptedClient {
    /// What the listener knows of it.
    pub connection: ClientConnection,
    /// To be given once a call on it has proved who makes it.
    pub proof: Proof,
}

/// Waits for a proof, but not for ever.
pub(super) struct Awaited {
    proof: Proof,
    over: Pin<Box<Sleep>>,
    in_vain: Box<dyn Fn() + Send + Sync>,
}

impl Awaited {
    /// For so long from now on. If it is in vain, that is told once.
    pub(super) fn new(proof: Proof, patience: Duration, in_vain: impl Fn() + Send + Sync + 'static) -> Self {
        // Further away than any clock goes is never.
        let far = Duration::from_secs(86_400 * 365 * 30);
        let over = tokio::time::sleep_until(Instant::now() + patience.min(far));
        Self { proof, over: Box::pin(over), in_vain: Box::new(in_vain) }
    }

    /// Ready with whether the proof was given, once it was or the time is over.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        if self.proof.is_given() {
            return Poll::Ready(true);
        }
        std::task::ready!(self.over.as_mut().poll(context));
        (self.in_vain)();
        Poll::Ready(false)
    }
}

impl fmt::Debug for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Awaited({:?})", self.proof)
    }
}
