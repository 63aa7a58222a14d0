//! Waiting for a condition with a deadline, instead of sleeping and hoping.

use std::fmt::Display;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

const PAUSE: Duration = Duration::from_millis(20);

/// Asks until `probe` gives a value and returns it with the time that took.
///
/// `what` completes the sentence "waited … for". Fails after `limit` with what the probe said last.
pub fn until<T, E: Display>(
    what: &str,
    limit: Duration,
    mut probe: impl FnMut() -> Result<T, E>,
) -> Result<(T, Duration)> {
    let start = Instant::now();
    loop {
        match probe() {
            Ok(value) => return Ok((value, start.elapsed())),
            Err(error) if start.elapsed() >= limit => {
                bail!("waited {} s for {what}: {error:#}", limit.as_secs());
            }
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

/// As [`until`], for a probe that awaits.
pub async fn until_async<T, E: Display>(
    what: &str,
    limit: Duration,
    mut probe: impl AsyncFnMut() -> Result<T, E>,
) -> Result<(T, Duration)> {
    let start = Instant::now();
    loop {
        match probe().await {
            Ok(value) => return Ok((value, start.elapsed())),
            Err(error) if start.elapsed() >= limit => {
                bail!("waited {} s for {what}: {error:#}", limit.as_secs());
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
