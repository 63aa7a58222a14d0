//! What a node tells about itself: logs, metrics, liveness and readiness.
//!
//! Nothing here decides anything, and no secret comes here: statements arrive printed, with their secrets covered.

pub mod http;
pub mod logging;
pub mod metrics;
mod process;
mod seen;
mod trail;
