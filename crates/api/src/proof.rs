//! Whether somebody has proved who they are on a connection: whoever holds connections may hold those longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a listener puts among the extensions of each request that comes over a connection, and the access layer gives. Clones
/// are about the same connection.
#[derive(Clone, Debug, Default)]
pub struct Proof(Arc<AtomicBool>);

impl Proof {
    /// A call was let in that not everybody may make, or a login succeeded.
    pub fn give(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was given.
    pub fn is_given(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
