//! Who waits for which time.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::Simulation;

/// Wakers by deadline. Several with one deadline are woken together.
#[derive(Default)]
pub(super) struct Timers {
    waiting: BTreeMap<(Duration, u64), Waker>,
    numbers: u64,
}

impl Timers {
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.waiting.first_key_value().map(|((due, _), _)| *due)
    }

    pub(super) fn take_due(&mut self, now: Duration) -> Vec<Waker> {
        let mut due = Vec::new();
        while let Some(first) = self.waiting.first_entry()
            && first.key().0 <= now
        {
            due.push(first.remove());
        }
        due
    }

    fn wait(&mut self, deadline: Duration, number: Option<u64>, waker: &Waker) -> u64 {
        let number = number.unwrap_or_else(|| {
            self.numbers += 1;
            self.numbers
        });
        match self.waiting.get_mut(&(deadline, number)) {
            Some(known) => known.clone_from(waker),
            None => drop(self.waiting.insert((deadline, number), waker.clone())),
        }
        number
    }
}

/// Resolves at a time since the beginning of the simulation.
pub struct Sleep {
    simulation: Arc<Simulation>,
    deadline: Duration,
    /// Of the timer, once it was polled.
    number: Option<u64>,
}

impl Sleep {
    pub(super) fn new(simulation: Arc<Simulation>, deadline: Duration) -> Self {
        Self { simulation, deadline, number: None }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let mut state = this.simulation.state();
        if state.now >= this.deadline {
            return Poll::Ready(());
        }
        let number = state.timers.wait(this.deadline, this.number, context.waker());
        drop(state);
        this.number = Some(number);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let waker = self.simulation.state().timers.waiting.remove(&(self.deadline, number));
            drop(waker);
        }
    }
}
