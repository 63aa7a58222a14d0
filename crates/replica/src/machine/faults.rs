//! The steps in which a snapshot takes the place of a catalog, and how a test makes a store die at one of them.
//!
//! The store in memory can always be told to; the one on disk only in this crate's own tests, so that nothing that is
//! built for use can switch a fault on.

use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use aliasd_faults::{Failpoint, reach};

use crate::fault::StorageFault;

/// A step of an installation, named by what is done when it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InstallStep {
    /// The records of the new catalog are written beside the current one.
    Staged,
    /// How far they reach is written with them.
    StateWritten,
    /// The new catalog is durable, and not yet the current one.
    Flushed,
    /// The new catalog is named as the next one.
    NextNamed,
    /// The new catalog is the current one, if the machine does not lose power.
    Renamed,
    /// The new catalog is the current one, durably.
    Switched,
    /// The old catalog is on its way out.
    Retired,
}

impl InstallStep {
    /// Every step, in order.
    pub const ALL: [Self; 7] = [
        Self::Staged,
        Self::StateWritten,
        Self::Flushed,
        Self::NextNamed,
        Self::Renamed,
        Self::Switched,
        Self::Retired,
    ];
}

impl InstallStep {
    fn failpoint(self) -> Failpoint {
        match self {
            Self::Staged => Failpoint::InstallStaged,
            Self::StateWritten => Failpoint::InstallStateWritten,
            Self::Flushed => Failpoint::InstallFlushed,
            Self::NextNamed => Failpoint::InstallNextNamed,
            Self::Renamed => Failpoint::InstallRenamed,
            Self::Switched => Failpoint::InstallSwitched,
            Self::Retired => Failpoint::InstallRetired,
        }
    }
}

/// Where the process dies, if anywhere.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    dies_at: Option<InstallStep>,
    dead: bool,
    #[cfg(test)]
    fails_after: Option<InstallStep>,
}

impl Faults {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next installation gets as far as this step and no further.
    pub(super) fn die_at(&self, step: InstallStep) {
        self.state().dies_at = Some(step);
    }

    /// The next installation gets as far as this step, and fails without the process dying.
    #[cfg(test)]
    pub(super) fn fail_after(&self, step: InstallStep) {
        self.state().fails_after = Some(step);
    }

    /// Whether the process died: nothing that it would still do, not even tidying up, happens.
    pub(super) fn is_dead(&self) -> bool {
        self.state().dead
    }

    /// A new process.
    pub(super) fn revive(&self) {
        *self.state() = State::default();
    }

    /// Goes on after a step, unless the process dies there.
    pub(super) fn reached(&self, path: &Path, step: InstallStep) -> Result<(), StorageFault> {
        reach(step.failpoint());
        let mut state = self.state();
        state.dead |= state.dies_at == Some(step);
        #[cfg(test)]
        if state.fails_after == Some(step) {
            return Err(died(path));
        }
        if state.dead { Err(died(path)) } else { Ok(()) }
    }

    /// Does nothing more once the process died.
    pub(super) fn alive(&self, path: &Path) -> Result<(), StorageFault> {
        if self.is_dead() { Err(died(path)) } else { Ok(()) }
    }
}

fn died(path: &Path) -> StorageFault {
    StorageFault::from_io(path, "go on with", io::Error::other("it died on request"))
}
