//! Statements about the cluster as a whole.

use super::{MapEntries, Operand};
use crate::span::Located;

/// A statement about the cluster as a whole.
#[derive(Clone, Debug, PartialEq)]
pub enum ClusterStatement {
    /// `ALTER CLUSTER SET POLICY map`.
    SetPolicy(Located<Operand<MapEntries>>),
}
