//! The use case of operators: form a cluster, look at it, hand the leadership on, stop.

mod form;
mod lead;
mod policy;
mod status;

use std::sync::Arc;
use std::time::SystemTime;

use aliasd_catalog::Policy;

pub use self::form::{Formation, Formed};
pub use self::lead::Transferred;
pub use self::policy::AGREED_SETTINGS;
pub use self::status::{Figures, HeldKey, Status};
use crate::read::Reader;
use crate::readiness::Readiness;
use crate::vault::Vault;
use crate::write::Writer;

/// The use case: forms, shows, leads and stops. Cheap to clone.
#[derive(Clone)]
pub struct Operate {
    reader: Reader,
    writer: Writer,
    readiness: Readiness,
    vault: Arc<Vault>,
    /// The policy of a cluster that this node forms.
    policy: Policy,
    started_at: SystemTime,
}

impl Operate {
    pub(crate) fn new(reader: Reader, writer: Writer, readiness: Readiness, vault: Arc<Vault>, policy: Policy) -> Self {
        Self { reader, writer, readiness, vault, policy, started_at: SystemTime::now() }
    }

    /// From now on every new call but those about the node itself is refused, and watches end.
    pub fn stop(&self) {
        self.readiness.stop();
    }
}
