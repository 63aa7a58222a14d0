//! A runtime that runs on one seed: which ready task is polled next, how the dice fall and what time it is.
//!
//! Tasks run one at a time on the calling thread. The clock stands still while any task is ready and then jumps to the
//! next deadline. Each task belongs to a machine, and a machine can be switched off (its tasks end where they are), be
//! paused (they are not polled while time goes on) and have a clock that goes faster or slower than the others'.
//!
//! It never asks the computer for anything: no time, no thread, no randomness.

mod machine;
mod ready;
mod timers;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::future::BoxFuture;

pub use self::machine::{Clock, Machine};
use self::ready::{Ready, TASKS_MAX};
pub use self::timers::Sleep;
use self::timers::Timers;
use crate::dice::Dice;

/// What the executor's own dice are for; see [`Dice::new`].
const WHO_IS_NEXT: u64 = 1;

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
            tasks: Vec::new(),
            free: Vec::new(),
            timers: Timers::default(),
            machines: Vec::new(),
            polls: 0,
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

    /// Runs everything up to a time since the beginning. Each time before the clock moves, when nobody has anything left
    /// to do, `each` looks, and may end the run. True if it did.
    pub fn run_until(&self, deadline: Duration, dice: &mut Dice, mut each: impl FnMut() -> ControlFlow<()>) -> bool {
        loop {
            loop {
                let count = self.ready.count();
                if count == 0 {
                    break;
                }
                let nth = if count == 1 { 0 } else { usize::try_from(dice.below(count as u64)).unwrap_or_default() };
                if let Some(task) = self.ready.take(nth) {
                    self.poll(task);
                }
            }
            if each().is_break() {
                return true;
            }
            let woken = {
                let mut state = self.state();
                match state.timers.next_due() {
                    Some(due) if due <= deadline => {
                        state.now = state.now.max(due);
                        let now = state.now;
                        state.timers.take_due(now)
                    }
                    _ => {
                        state.now = state.now.max(deadline);
                        return false;
                    }
                }
            };
            woken.into_iter().for_each(Waker::wake);
        }
    }

    /// Dice for [`Simulation::run_until`], which go on from run to run.
    pub fn dice(&self) -> Dice {
        Dice::new(self.seed, WHO_IS_NEXT)
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
        if state.machines[machine].is_off {
            drop(state);
            return drop(future);
        }
        let number = state.free.pop().unwrap_or_else(|| {
            state.tasks.push(Task::default());
            state.tasks.len() - 1
        });
        assert!(number < TASKS_MAX, "more than {TASKS_MAX} tasks at a time");
        let waker = Waker::from(Arc::new(TaskWaker { ready: Arc::clone(&self.ready), task: number }));
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
        let machines = self.state().machines.len();
        (0..machines).for_each(|machine| self.power_off(machine));
    }
}

impl State {
    fn free_task(&mut self, number: usize) {
        self.tasks[number] = Task::default();
        self.free.push(number);
    }
}

#[cfg(test)]
mod tests;
