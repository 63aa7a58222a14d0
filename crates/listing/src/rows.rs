//! Rows that are made while they are asked for.

use aliasd_catalog::Value;
use aliasd_cypher::SpannedRefusal;

/// Rows, one by one. A row may fail on its own, for example by a division by zero.
pub(super) type Rows<'a> = Box<dyn Iterator<Item = Result<Vec<Value>, SpannedRefusal>> + Send + 'a>;
