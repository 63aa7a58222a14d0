//! A runtime that runs on one seed: which ready task is polled next, how the dice fall and what time it is.
//!
//! Tasks run one at a time on the calling thread, and so does work that may block, each as a task. The clock stands still
//! while any task is ready and then jumps to the next deadline. Which task was woken first makes no difference, because the
//! next one is drawn from all that are ready: libraries that wake in an order of their own (tokio's watch channel does)
//! cannot make two runs differ. What does make them differ shows in the [`Simulation::fingerprint`].
//!
//! It knows nothing of nodes, networks or disks: a [`Machine`] is whatever has a clock and loses its tasks all at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime};

use futures::future::BoxFuture;

use crate::{Moment, Runtime};

/// The task of whoever runs the simulation.
const MAIN: u64 = 0;

/// What the clocks on the walls show at first: the first second of 2026, in UTC.
const BEGINNING: Duration = Duration::from_secs(1_767_225_600);

/// Everything that happens on one seed. See the module.
pub struct Simulation(Mutex<State>);

#[derive(Default)]
struct State {
    dice: u64,
    now: Duration,
    numbers: u64,
    fingerprint: u64,
    /// Tasks that are not being polled, with the machine they belong to.
    tasks: BTreeMap<u64, (u64, BoxFuture<'static, ()>)>,
    ready: BTreeSet<u64>,
    timers: BTreeMap<(Duration, u64), Waker>,
    off: BTreeSet<u64>,
    /// Nothing begins any more.
    is_over: bool,
}

impl State {
    /// SplitMix64.
    fn random(&mut self) -> u64 {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.dice)
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn note(&mut self, what: u64) {
        self.fingerprint = mixed(self.fingerprint.rotate_left(7) ^ what);
    }
}

fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

impl Simulation {
    /// One that has not begun.
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { dice: seed, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A machine whose tasks end together.
    pub fn machine(self: &Arc<Self>) -> Arc<Machine> {
        let number = self.state().number();
        Arc::new(Machine { simulation: Arc::clone(self), number, wall: Mutex::new(BEGINNING) })
    }

    /// What stands for every choice that was made so far, and for when. Two runs of one seed have the same at the same place;
    /// if not, something behind the simulation's back decided what happens.
    pub fn fingerprint(&self) -> u64 {
        self.state().fingerprint
    }

    /// Runs everything until `main` ends; what is still running then is dropped.
    ///
    /// # Panics
    /// A task panics; or `main` waits for something that nothing will bring about, since no task is ready and no time is waited
    /// for.
    pub fn run<F: Future>(self: &Arc<Self>, main: F) -> F::Output {
        let mut main = pin!(main);
        self.state().ready.insert(MAIN);
        loop {
            let Some(task) = self.next() else { continue };
            let waker = Waker::from(Arc::new(TaskWaker { simulation: Arc::clone(self), task }));
            let mut context = Context::from_waker(&waker);
            if task == MAIN {
                if let Poll::Ready(output) = main.as_mut().poll(&mut context) {
                    self.end();
                    return output;
                }
                continue;
            }
            let Some((owner, mut future)) = self.state().tasks.remove(&task) else { continue };
            if future.as_mut().poll(&mut context).is_pending() && !self.state().off.contains(&owner) {
                self.state().tasks.insert(task, (owner, future));
            }
        }
    }

    /// Drops what runs. Whatever that sets off ends at once.
    fn end(&self) {
        let mut state = self.state();
        state.is_over = true;
        let left = (std::mem::take(&mut state.tasks), std::mem::take(&mut state.timers));
        drop(state);
        drop(left);
    }

    /// Draws one of the ready tasks. While there is none, time passes.
    fn next(&self) -> Option<u64> {
        let mut state = self.state();
        if state.ready.is_empty() {
            let due = state.timers.first_key_value().expect("somebody waits for the time").0.0;
            state.now = state.now.max(due);
            let later = state.timers.split_off(&(due, u64::MAX));
            let woken = std::mem::replace(&mut state.timers, later);
            state.note(u64::try_from(due.as_nanos()).unwrap_or(u64::MAX));
            drop(state);
            woken.into_values().for_each(Waker::wake);
            return None;
        }
        let ready = state.ready.len() as u64;
        let drawn = usize::try_from(state.random() % ready).unwrap_or_default();
        let task = state.ready.iter().nth(drawn).copied()?;
        state.ready.remove(&task);
        state.note(task);
        Some(task)
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation").finish_non_exhaustive()
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

/// What one node or one client runs on. All machines of a simulation have one clock that never goes back, and each has a clock
/// on the wall.
pub struct Machine {
    simulation: Arc<Simulation>,
    number: u64,
    /// What the clock on the wall showed when the simulation began, or would have.
    wall: Mutex<Duration>,
}

impl Machine {
    /// Ends every task where it is, for ever. One that ends itself so is polled no more after that.
    pub fn power_off(&self) {
        let mut state = self.simulation.state();
        state.off.insert(self.number);
        let ended: Vec<u64> = state.tasks.iter().filter(|(_, it)| it.0 == self.number).map(|(task, _)| *task).collect();
        let ended: Vec<_> = ended.into_iter().map(|task| state.tasks.remove(&task)).collect();
        // What they drop may wake others.
        drop(state);
        drop(ended);
    }

    /// Whether it has lost its power.
    pub fn is_off(&self) -> bool {
        self.simulation.state().off.contains(&self.number)
    }

    /// Sets the clock on the wall. It goes on from there.
    pub fn set_time_of_day(&self, time: SystemTime) {
        let since_1970 = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let elapsed = self.simulation.state().now;
        *self.wall.lock().unwrap_or_else(PoisonError::into_inner) = since_1970.saturating_sub(elapsed);
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
        if state.is_over || state.off.contains(&self.number) {
            drop(state);
            return drop(task);
        }
        let number = state.number();
        state.tasks.insert(number, (self.number, task));
        state.ready.insert(number);
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        self.spawn(Box::pin(async move { work() }));
    }

    fn now(&self) -> Moment {
        Moment::after_start(self.simulation.state().now)
    }

    fn sleep_until(&self, deadline: Moment) -> BoxFuture<'static, ()> {
        let number = self.simulation.state().number();
        let timer = (deadline.since_start(), number);
        Box::pin(Sleep { simulation: Arc::clone(&self.simulation), timer })
    }

    fn time_of_day(&self) -> SystemTime {
        let wall = *self.wall.lock().unwrap_or_else(PoisonError::into_inner);
        SystemTime::UNIX_EPOCH + wall + self.simulation.state().now
    }

    fn random(&self) -> u64 {
        self.simulation.state().random()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        let mut state = self.simulation.state();
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&state.random().to_le_bytes()[..chunk.len()]);
        }
    }

    fn processors(&self) -> usize {
        2
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
        let replaced = state.timers.insert(self.timer, context.waker().clone());
        drop(state);
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let waker = self.simulation.state().timers.remove(&self.timer);
        drop(waker);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn runtime(machine: &Arc<Machine>) -> crate::SharedRuntime {
        machine.clone()
    }

    /// In which order ten tasks end that pause now and then, and what the run looked like.
    fn story(seed: u64) -> (Vec<u64>, u64) {
        let simulation = Simulation::new(seed);
        let machine = runtime(&simulation.machine());
        let ended = Arc::new(Mutex::new(Vec::new()));
        for task in 0..10 {
            let (own, ended) = (Arc::clone(&machine), Arc::clone(&ended));
            machine.spawn(Box::pin(async move {
                own.sleep(Duration::from_millis(own.random() % 5)).await;
                own.blocking(move || ended.lock().unwrap().push(task)).await.unwrap();
            }));
        }
        simulation.run(machine.sleep(SECOND));
        let ended = ended.lock().unwrap().clone();
        (ended, simulation.fingerprint())
    }

    #[test]
    fn one_seed_is_one_run_and_another_is_another() {
        assert_eq!(story(1), story(1));
        assert_eq!(story(1).0.len(), 10);
        assert_ne!(story(1).0, story(2).0);
        assert_ne!(story(1).1, story(2).1);
    }

    #[test]
    fn time_passes_while_nothing_is_ready_and_each_wall_has_a_clock() {
        let simulation = Simulation::new(1);
        let (one, other) = (simulation.machine(), simulation.machine());
        let (wall, start) = (one.time_of_day(), one.now());
        assert_eq!(wall, SystemTime::UNIX_EPOCH + BEGINNING);
        other.set_time_of_day(wall - SECOND);
        simulation.run(runtime(&one).sleep(3 * SECOND));
        assert_eq!(one.now() - start, 3 * SECOND);
        assert_eq!(one.time_of_day(), wall + 3 * SECOND);
        assert_eq!(other.time_of_day(), wall + 2 * SECOND);
        other.set_time_of_day(wall);
        assert_eq!((other.time_of_day(), other.now()), (wall, one.now()));
    }

    #[test]
    fn a_machine_without_power_does_nothing_more() {
        let simulation = Simulation::new(1);
        let (off, on) = (simulation.machine(), simulation.machine());
        let done = Arc::new(Mutex::new(Vec::new()));
        let note = |machine: &Arc<Machine>, what: &'static str| {
            let (own, done) = (runtime(machine), Arc::clone(&done));
            machine.spawn(Box::pin(async move {
                own.sleep(SECOND).await;
                done.lock().unwrap().push(what);
            }));
        };
        note(&off, "off");
        note(&on, "on");
        let ending = off.clone();
        simulation.run(async {
            runtime(&on).sleep(SECOND / 2).await;
            ending.power_off();
            note(&off, "begun while off");
            runtime(&on).sleep(2 * SECOND).await;
        });
        assert!(off.is_off() && !on.is_off());
        assert_eq!(*done.lock().unwrap(), ["on"]);
    }

    #[test]
    #[should_panic(expected = "somebody waits for the time")]
    fn to_wait_for_nothing_is_found() {
        Simulation::new(1).run(std::future::pending::<()>());
    }
}
