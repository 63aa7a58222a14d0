//! How fresh a read must be.

use aliasd_catalog::Revision;

use crate::v1;
use crate::v1::freshness::Level;

/// How fresh the state must be that a read is answered from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Freshness {
    /// The applied state of the member that is asked.
    Local,
    /// A state that holds everything up to this revision.
    AtLeast(Revision),
    /// A state that holds every write acknowledged before the call.
    #[default]
    Linearizable,
}

impl From<Freshness> for v1::Freshness {
    fn from(freshness: Freshness) -> Self {
        let level = match freshness {
            Freshness::Local => Level::Local(()),
            Freshness::AtLeast(revision) => Level::AtLeast(revision.0),
            Freshness::Linearizable => Level::Linearizable(()),
        };
        Self { level: Some(level) }
    }
}

/// Absent means linearizable: a caller that says nothing is never given less than everything.
impl From<Option<v1::Freshness>> for Freshness {
    fn from(freshness: Option<v1::Freshness>) -> Self {
        match freshness.and_then(|freshness| freshness.level) {
            Some(Level::Local(())) => Self::Local,
            Some(Level::AtLeast(revision)) => Self::AtLeast(Revision(revision)),
            Some(Level::Linearizable(())) | None => Self::Linearizable,
        }
    }
}
