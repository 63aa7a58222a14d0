//! What tells one data directory from every other one, and how ids of 16 bytes are read from messages.

use std::fmt;

use aliasd_catalog::ClusterId;

use aliasd_runtime::Runtime;

use crate::frame::FrameError;

/// Tells one data directory from every other one. Drawn when the directory is made; no secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Incarnation(pub [u8; 16]);

impl Incarnation {
    pub(crate) fn draw(runtime: &dyn Runtime) -> Self {
        let mut bytes = [0; 16];
        let (first, second) = bytes.split_at_mut(8);
        first.copy_from_slice(&runtime.random().to_be_bytes());
        second.copy_from_slice(&runtime.random().to_be_bytes());
        Self(bytes)
    }

    pub(crate) fn from_wire(bytes: &[u8]) -> Result<Self, FrameError> {
        sixteen(bytes, "incarnation").map(Self)
    }

    pub(crate) fn to_wire(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Incarnation({self})")
    }
}

pub(crate) fn cluster_from_wire(bytes: &[u8]) -> Result<ClusterId, FrameError> {
    sixteen(bytes, "cluster id").map(ClusterId)
}

fn sixteen(bytes: &[u8], what: &'static str) -> Result<[u8; 16], FrameError> {
    bytes.try_into().map_err(|_| FrameError::finding(what, "it does not have 16 bytes"))
}
