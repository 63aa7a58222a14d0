//! The use case of operators: form a cluster, look at it, change its members, hand the leadership on, stop.

mod alarms;
mod certificate;
mod form;
mod lead;
mod members;
mod policy;
mod status;

use std::sync::Arc;
use std::time::SystemTime;

use aliasd_catalog::Policy;
use arc_swap::ArcSwap;

pub use self::certificate::{CertificateEnd, EXPIRY_NOTICE, in_words};
pub use self::form::{Formation, Formed};
pub use self::lead::Transferred;
pub use self::members::{Invited, MemberChangeStatus, NewMember, Progress, Replacing};
pub use self::policy::AGREED_SETTINGS;
pub use self::status::{Advertised, Figures, HeldKey, Status};
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
    advertised: Advertised,
    /// When the certificates that the node uses now end.
    certificates: Arc<ArcSwap<Vec<CertificateEnd>>>,
    started_at: SystemTime,
}

impl Operate {
    pub(crate) fn new(
        reader: Reader,
        writer: Writer,
        readiness: Readiness,
        vault: Arc<Vault>,
        policy: Policy,
        advertised: Advertised,
    ) -> Self {
        let (certificates, started_at) = (Arc::default(), reader.runtime().time_of_day());
        Self { reader, writer, readiness, vault, policy, advertised, certificates, started_at }
    }

    /// From now on the node uses certificates that end then.
    pub fn use_certificates(&self, certificates: Vec<CertificateEnd>) {
        self.certificates.store(Arc::new(certificates));
    }

    /// From now on every new call but those about the node itself is refused, and watches end.
    pub fn stop(&self) {
        self.readiness.stop();
    }
}
