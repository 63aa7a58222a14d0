//! The time of day as the catalog keeps it.

use std::time::SystemTime;

use aliasd_catalog::Timestamp;
use aliasd_runtime::Runtime;

/// What the node's clock shows.
pub(crate) fn now(runtime: &dyn Runtime) -> Timestamp {
    timestamp(runtime.time_of_day())
}

/// Times before 1970 are 1970.
pub(crate) fn timestamp(time: SystemTime) -> Timestamp {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
