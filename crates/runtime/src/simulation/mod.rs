//! A runtime that runs on one seed: which ready task is polled next, how the dice fall and what time it is.
//!
//! Tasks run one at a time on the calling thread, and so does work that may block, each as a task. The clock stands still
//! while any task is ready and then jumps to the next deadline. Which task was woken first makes no difference, because the
//! next one is drawn from all that are ready: libraries that wake in an order of their own (tokio's watch channel does)
//! cannot make two runs differ. What does make them differ shows in the [`Simulation::fingerprint`].
//!
//! It knows nothing of nodes, networks or disks: a [`Machine`] is whatever has a clock and loses its tasks all at once. A
//! machine can be switched off (its tasks end where they are), be paused (they are not polled while time goes on) and have a
//! clock that goes faster or slower than the others'.
//!
//! It never asks the computer for anything: no time, no thread, no randomness.

mod dice;
mod machine;
mod ready;
mod timers;

use std::fmt;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::future::BoxFuture;

pub use self::dice::Dice;
pub use self::machine::{Clock, Machine};
use self::ready::{Ready, TASKS_MAX};
pub use self::timers::Sleep;
use self::timers::Timers;

/// What the executor's own dice are for; see [`Dice::new`].
const WHO_IS_NEXT: u64 = 1;

/// The task of whoever runs the simulation up to an end of its own; see [`Simulation::run`].
const MAIN: usize = 0;

/// See the module. Shared by everything that runs in it.
pub struct Simulation {
    seed: u64,
    state: Mutex<State>,
    ready: Arc<Ready>,
}

struct State {
    now: Duration,
    tasks: Vec<Task>,
    free: Vec<usize>,
    timers: Timers,
    machines: Vec<MachineState>,
    polls: u64,
    who_is_next: Dice,
    fingerprint: u64,
    /// Nothing begins any more.
    is_over: bool,
}

#[derive(Default)]
struct Task {
    machine: usize,
    future: Option<BoxFuture<'static, ()>>,
    waker: Option<Waker>,
    /// Whether it is being polled at this moment.
    runs: bool,
}

struct MachineState {
    is_off: bool,
    is_paused: bool,
    /// Tasks that became ready during the pause.
    stalled: Vec<usize>,
    dice: Dice,
    clock: Clock,
    /// How wrong the clock on its wall is.
    wall_off_ms: i64,
}

struct TaskWaker {
    ready: Arc<Ready>,
    task: usize,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.ready.insert(self.task);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ready.insert(self.task);
    }
}

impl Simulation {
    /// A world in which nothing has happened yet.
    pub fn new(seed: u64) -> Arc<Self> {
        let state = State {
            now: Duration::ZERO,
            tasks: vec![Task::default()],
            free: Vec::new(),
            timers: Timers::default(),
            machines: Vec::new(),
            polls: 0,
            who_is_next: Dice::new(seed, WHO_IS_NEXT),
            fingerprint: 0,
            is_over: false,
        };
        Arc::new(Self { seed, state: Mutex::new(state), ready: Arc::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time since the beginning, by the clock that all others are held against.
    pub fn now(&self) -> Duration {
        self.state().now
    }

    /// How many times any task was polled.
    pub fn polls(&self) -> u64 {
        self.state().polls
    }

    /// Resolves at this time since the beginning.
    pub fn sleep_until(self: &Arc<Self>, deadline: Duration) -> Sleep {
        Sleep::new(Arc::clone(self), deadline)
    }

    /// What stands for every choice that was made so far, and for when. Two runs of one seed have the same at the same place;
    /// if not, something behind the simulation's back decided what happens.
    pub fn fingerprint(&self) -> u64 {
        self.state().fingerprint
    }

    /// Runs everything up to a time since the beginning. Each time before the clock moves, when nobody has anything left
    /// to do, `each` looks, and may end the run. True if it did.
    pub fn run_until(&self, deadline: Duration, mut each: impl FnMut() -> ControlFlow<()>) -> bool {
        loop {
            while let Some(task) = self.next() {
                self.poll(task);
            }
            if each().is_break() {
                return true;
            }
            if !self.pass_time(Some(deadline)) {
                return false;
            }
        }
    }

    /// Runs everything until `main` ends; what is still running then is dropped, and nothing begins any more.
    ///
    /// # Panics
    /// A task panics; or `main` waits for something that nothing will bring about, since no task is ready and no time is waited
    /// for.
    pub fn run<F: Future>(&self, main: F) -> F::Output {
        let mut main = pin!(main);
        let waker = self.waker(MAIN);
        self.ready.insert(MAIN);
        loop {
            match self.next() {
                Some(MAIN) => {
                    if let Poll::Ready(output) = main.as_mut().poll(&mut Context::from_waker(&waker)) {
                        self.end();
                        return output;
                    }
                }
                Some(task) => self.poll(task),
                None => assert!(self.pass_time(None), "nobody waits for anything that will come"),
            }
        }
    }

    /// Draws one of the ready tasks.
    fn next(&self) -> Option<usize> {
        let count = self.ready.count();
        if count == 0 {
            return None;
        }
        let mut state = self.state();
        let nth = if count == 1 { 0 } else { state.who_is_next.below(count as u64) };
        let task = self.ready.take(usize::try_from(nth).unwrap_or_default())?;
        state.note(task as u64);
        Some(task)
    }

    /// Moves the clock to the next time that somebody waits for, at most to a deadline. False if nobody does before that.
    fn pass_time(&self, deadline: Option<Duration>) -> bool {
        let woken = {
            let mut state = self.state();
            match state.timers.next_due() {
                Some(due) if deadline.is_none_or(|deadline| due <= deadline) => {
                    let now = state.now.max(due);
                    state.now = now;
                    state.note(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX));
                    state.timers.take_due(now)
                }
                _ => {
                    state.now = state.now.max(deadline.unwrap_or_default());
                    return false;
                }
            }
        };
        woken.into_iter().for_each(Waker::wake);
        true
    }

    fn waker(&self, task: usize) -> Waker {
        Waker::from(Arc::new(TaskWaker { ready: Arc::clone(&self.ready), task }))
    }

    fn poll(&self, number: usize) {
        let (mut future, waker) = {
            let mut state = self.state();
            let Some(task) = state.tasks.get_mut(number) else { return };
            let machine = task.machine;
            if task.future.is_none() {
                return;
            }
            if state.machines[machine].is_paused {
                state.machines[machine].stalled.push(number);
                return;
            }
            state.polls += 1;
            let task = &mut state.tasks[number];
            task.runs = true;
            match (task.future.take(), task.waker.clone()) {
                (Some(future), Some(waker)) => (future, waker),
                _ => return,
            }
        };
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        let mut state = self.state();
        let is_off = state.machines[state.tasks[number].machine].is_off;
        state.tasks[number].runs = false;
        if polled == Poll::Pending && !is_off {
            state.tasks[number].future = Some(future);
        } else {
            state.free_task(number);
            drop(state);
            drop(future);
        }
    }

    fn spawn(&self, machine: usize, future: BoxFuture<'static, ()>) {
        let mut state = self.state();
        if state.is_over || state.machines[machine].is_off {
            drop(state);
            return drop(future);
        }
        let number = state.free.pop().unwrap_or_else(|| {
            state.tasks.push(Task::default());
            state.tasks.len() - 1
        });
        assert!(number < TASKS_MAX, "more than {TASKS_MAX} tasks at a time");
        let waker = self.waker(number);
        state.tasks[number] = Task { machine, future: Some(future), waker: Some(waker), runs: false };
        self.ready.insert(number);
    }

    /// Ends every task of a machine where it is, for ever.
    fn power_off(&self, machine: usize) {
        let mut state = self.state();
        state.machines[machine].is_off = true;
        let mut ended: Vec<BoxFuture<'static, ()>> = Vec::new();
        for number in 0..state.tasks.len() {
            let task = &mut state.tasks[number];
            if task.machine == machine
                && !task.runs
                && let Some(future) = task.future.take()
            {
                ended.push(future);
                state.free_task(number);
            }
        }
        // What they drop may wake others.
        drop(state);
        drop(ended);
    }

    fn pause(&self, machine: usize, is_paused: bool) {
        let stalled = {
            let mut state = self.state();
            let machine = &mut state.machines[machine];
            machine.is_paused = is_paused;
            if is_paused { Vec::new() } else { std::mem::take(&mut machine.stalled) }
        };
        stalled.into_iter().for_each(|task| self.ready.insert(task));
    }

    /// Ends everything. What is left is dropped, which a task may answer to by waking or spawning others.
    pub fn end(&self) {
        let machines = {
            let mut state = self.state();
            state.is_over = true;
            state.machines.len()
        };
        (0..machines).for_each(|machine| self.power_off(machine));
    }
}

impl State {
    fn note(&mut self, what: u64) {
        self.fingerprint = dice::mixed(self.fingerprint.rotate_left(7) ^ what);
    }

    fn free_task(&mut self, number: usize) {
        self.tasks[number] = Task::default();
        self.free.push(number);
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation").field("seed", &self.seed).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
