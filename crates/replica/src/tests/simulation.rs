//! A runtime that runs on one seed: which ready task is polled next, how the dice fall and what time it is.
//!
//! Tasks run one at a time on the calling thread. The clock stands still while any task is ready and then jumps to the
//! next deadline. Which task was woken first makes no difference, because the next one is drawn from all that are ready:
//! libraries that wake in an order of their own (tokio's watch channel does) cannot make two runs differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::future::BoxFuture;

use crate::{Moment, Runtime};

/// The task of whoever runs the simulation.
const MAIN: u64 = 0;

pub(super) struct Simulation(Mutex<State>);

#[derive(Default)]
struct State {
    dice: u64,
    now: Duration,
    numbers: u64,
    /// Tasks that are not being polled, with the one they belong to.
    tasks: BTreeMap<u64, (u64, BoxFuture<'static, ()>)>,
    ready: BTreeSet<u64>,
    timers: BTreeMap<(Duration, u64), Waker>,
    ended: BTreeSet<u64>,
}

impl State {
    /// SplitMix64.
    fn random(&mut self) -> u64 {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.dice ^ (self.dice >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }
}

impl Simulation {
    pub(super) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { dice: seed, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// A runtime whose tasks end together.
    pub(super) fn machine(self: &Arc<Self>) -> Arc<Machine> {
        Arc::new(Machine { simulation: Arc::clone(self), number: self.state().number() })
    }

    /// Runs everything until `main` ends; what is still running then is dropped.
    pub(super) fn run<F: Future>(self: &Arc<Self>, main: F) -> F::Output {
        let mut main = pin!(main);
        self.state().ready.insert(MAIN);
        loop {
            let Some(task) = self.next() else { continue };
            let waker = Waker::from(Arc::new(TaskWaker { simulation: Arc::clone(self), task }));
            let mut context = Context::from_waker(&waker);
            if task == MAIN {
                if let Poll::Ready(output) = main.as_mut().poll(&mut context) {
                    let left = std::mem::take(&mut self.state().tasks);
                    drop(left);
                    return output;
                }
                continue;
            }
            let Some((owner, mut future)) = self.state().tasks.remove(&task) else { continue };
            if future.as_mut().poll(&mut context).is_pending() && !self.state().ended.contains(&owner) {
                self.state().tasks.insert(task, (owner, future));
            }
        }
    }

    /// Draws one of the ready tasks. While there is none, time passes.
    fn next(&self) -> Option<u64> {
        let mut state = self.state();
        if state.ready.is_empty() {
            let due = state.timers.first_key_value().expect("somebody waits for the time").0.0;
            state.now = state.now.max(due);
            let later = state.timers.split_off(&(due, u64::MAX));
            let woken = std::mem::replace(&mut state.timers, later);
            drop(state);
            woken.into_values().for_each(Waker::wake);
            return None;
        }
        let ready = state.ready.len() as u64;
        let drawn = usize::try_from(state.random() % ready).unwrap();
        let task = state.ready.iter().nth(drawn).copied()?;
        state.ready.remove(&task);
        Some(task)
    }
}

struct TaskWaker {
    simulation: Arc<Simulation>,
    task: u64,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.simulation.state().ready.insert(self.task);
    }
}

/// What one member runs on.
pub(super) struct Machine {
    simulation: Arc<Simulation>,
    number: u64,
}

impl Machine {
    /// Ends every task where it is, for ever.
    pub(super) fn power_off(&self) {
        let mut state = self.simulation.state();
        state.ended.insert(self.number);
        let ended: Vec<u64> = state.tasks.iter().filter(|(_, it)| it.0 == self.number).map(|(task, _)| *task).collect();
        let ended: Vec<_> = ended.into_iter().map(|task| state.tasks.remove(&task)).collect();
        // What they drop may wake others.
        drop(state);
        drop(ended);
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "machine {}", self.number)
    }
}

impl Runtime for Machine {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        let mut state = self.simulation.state();
        if state.ended.contains(&self.number) {
            drop(state);
            return drop(task);
        }
        let number = state.number();
        state.tasks.insert(number, (self.number, task));
        state.ready.insert(number);
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        work();
    }

    fn now(&self) -> Moment {
        Moment::after_start(self.simulation.state().now)
    }

    fn sleep_until(&self, deadline: Moment) -> BoxFuture<'static, ()> {
        let number = self.simulation.state().number();
        let timer = (deadline.since_start(), number);
        Box::pin(Sleep { simulation: Arc::clone(&self.simulation), timer })
    }

    fn random(&self) -> u64 {
        self.simulation.state().random()
    }
}

struct Sleep {
    simulation: Arc<Simulation>,
    timer: (Duration, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.simulation.state();
        if state.now >= self.timer.0 {
            return Poll::Ready(());
        }
        state.timers.insert(self.timer, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let waker = self.simulation.state().timers.remove(&self.timer);
        drop(waker);
    }
}
