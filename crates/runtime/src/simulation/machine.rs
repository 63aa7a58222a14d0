//! What one member, or one client, runs on.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::FutureExt;
use futures::future::BoxFuture;

use super::{Dice, MachineState, Simulation};
use crate::{Moment, Runtime};

/// What the dice of the first machine are for; each machine has its own. See [`Dice::new`].
const MACHINES: u64 = 1000;

/// What clocks on walls show when the simulation begins: some morning, in UTC.
pub(super) const MORNING: Duration = Duration::from_secs(1_900_000_000);

/// Millionths in a whole.
const MILLION: u128 = 1_000_000;

/// How a machine's own clock goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// How many microseconds pass on it while a second passes.
    pub rate: u32,
    /// What it shows when the simulation begins.
    pub ahead: Duration,
}

impl Default for Clock {
    fn default() -> Self {
        Self { rate: 1_000_000, ahead: Duration::ZERO }
    }
}

impl Clock {
    /// What it shows at a time since the beginning.
    pub fn shows(self, at: Duration) -> Duration {
        self.ahead + scaled(at, u128::from(self.rate), MILLION)
    }

    /// The first time since the beginning at which it shows this.
    fn when(self, shown: Duration) -> Duration {
        let elapsed = shown.saturating_sub(self.ahead).as_nanos() * MILLION;
        nanoseconds(elapsed.div_ceil(u128::from(self.rate.max(1))))
    }

    /// How long a time is by the clock that all others are held against.
    pub fn true_length(self, shown: Duration) -> Duration {
        scaled(shown, MILLION, u128::from(self.rate.max(1)))
    }
}

fn scaled(time: Duration, by: u128, of: u128) -> Duration {
    nanoseconds(time.as_nanos() * by / of)
}

fn nanoseconds(nanoseconds: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

/// See the module.
pub struct Machine {
    simulation: Arc<Simulation>,
    number: usize,
}

impl Simulation {
    /// A machine whose tasks are paused and end together, with a clock that goes right.
    pub fn machine(self: &Arc<Self>) -> Arc<Machine> {
        self.machine_with(Clock::default())
    }

    /// The same, with this clock.
    pub fn machine_with(self: &Arc<Self>, clock: Clock) -> Arc<Machine> {
        let mut state = self.state();
        let number = state.machines.len();
        let dice = Dice::new(self.seed, MACHINES + number as u64);
        let (is_off, is_paused, stalled, wall_off_ms) = (false, false, Vec::new(), 0);
        state.machines.push(MachineState { is_off, is_paused, stalled, dice, clock, wall_off_ms });
        Arc::new(Machine { simulation: Arc::clone(self), number })
    }
}

impl Machine {
    /// Ends every task where it is, for ever.
    pub fn power_off(&self) {
        self.simulation.power_off(self.number);
    }

    /// Polls no task until [`Machine::resume`], while time goes on.
    pub fn pause(&self) {
        self.simulation.pause(self.number, true);
    }

    /// Polls its tasks again.
    pub fn resume(&self) {
        self.simulation.pause(self.number, false);
    }

    /// Whether it has lost its power.
    pub fn is_off(&self) -> bool {
        self.simulation.state().machines[self.number].is_off
    }

    /// The clock on its wall is wrong by that much from now on.
    pub fn set_wall_off(&self, by_ms: i64) {
        self.simulation.state().machines[self.number].wall_off_ms = by_ms;
    }

    /// Sets the clock on its wall, to the millisecond. It goes on from there.
    pub fn set_time_of_day(&self, time: SystemTime) {
        let mut state = self.simulation.state();
        let now = state.now;
        let machine = &mut state.machines[self.number];
        let right = SystemTime::UNIX_EPOCH + MORNING + machine.clock.shows(now);
        let milliseconds = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        machine.wall_off_ms = match time.duration_since(right) {
            Ok(ahead) => milliseconds(ahead),
            Err(behind) => -milliseconds(behind.duration()),
        };
    }

    /// How its clock goes.
    pub fn clock(&self) -> Clock {
        self.simulation.state().machines[self.number].clock
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "machine {}", self.number)
    }
}

impl Runtime for Machine {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.simulation.spawn(self.number, task);
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        self.spawn(Box::pin(async move { work() }));
    }

    fn now(&self) -> Moment {
        let state = self.simulation.state();
        Moment::after_start(state.machines[self.number].clock.shows(state.now))
    }

    fn sleep_until(&self, deadline: Moment) -> BoxFuture<'static, ()> {
        let when = self.clock().when(deadline.since_start());
        self.simulation.sleep_until(when).boxed()
    }

    fn time_of_day(&self) -> SystemTime {
        let state = self.simulation.state();
        let machine = &state.machines[self.number];
        let shown = SystemTime::UNIX_EPOCH + MORNING + machine.clock.shows(state.now);
        let off = Duration::from_millis(machine.wall_off_ms.unsigned_abs());
        if machine.wall_off_ms < 0 { shown - off } else { shown + off }
    }

    fn random(&self) -> u64 {
        self.simulation.state().machines[self.number].dice.throw()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        let mut state = self.simulation.state();
        let dice = &mut state.machines[self.number].dice;
        for chunk in bytes.chunks_mut(8) {
            let thrown = dice.throw().to_le_bytes();
            chunk.copy_from_slice(&thrown[..chunk.len()]);
        }
    }

    fn processors(&self) -> usize {
        2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_drifts_never_wakes_anybody_early() {
        for rate in [900_000, 999_983, 1_000_000, 1_000_017, 1_100_000] {
            let clock = Clock { rate, ahead: Duration::from_secs(7) };
            for nanoseconds in [0, 1, 999, 1_000_000_007, 3_600_000_000_001] {
                let shown = clock.ahead + Duration::from_nanos(nanoseconds);
                let when = clock.when(shown);
                assert!(clock.shows(when) >= shown, "{rate}: {shown:?}");
                let before = when.saturating_sub(Duration::from_nanos(2));
                assert!(when.is_zero() || clock.shows(before) < shown, "{rate}: {shown:?} no later than needed");
            }
        }
    }
}
