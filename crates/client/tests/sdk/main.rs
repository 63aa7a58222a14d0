//! The SDK against members that do as they are told: what goes where, how often, with which request id, and what
//! a client makes of failures and silence. The real cluster is met in the tests package.
#![expect(clippy::unwrap_used, reason = "a test that fails with a panic at the line is a good test")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "these tests run on the machine")]

mod cache;
mod calls;
mod cluster;
mod guards;
mod identity;
mod member;
mod privileges;
mod retries;
mod tls;
mod watches;

use std::time::Duration;

/// How long anything may take that normally takes milliseconds: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for something that has to happen.
async fn soon<T>(what: &str, happening: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, happening).await.unwrap_or_else(|_| panic!("{what} did not happen"))
}
