//! Many clients doing the same thing for a while, and the distribution of how long it took.

use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

/// Times of calls that succeeded. Microseconds, three digits.
#[derive(Clone, Debug)]
pub struct Figures {
    histogram: Histogram<u64>,
    duration: Duration,
}

impl Default for Figures {
    fn default() -> Self {
        let histogram = Histogram::new(3).expect("three digits are a valid precision");
        Self { histogram, duration: Duration::ZERO }
    }
}

// === impl Figures ===

impl Figures {
    /// Adds one call.
    pub fn record(&mut self, time: Duration) {
        let microseconds = u64::try_from(time.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX);
        // The histogram grows by itself, so only a time beyond all reason could fail.
        let _ = self.histogram.record(microseconds);
    }

    /// Over which time the calls were made.
    pub fn set_duration(&mut self, duration: Duration) {
        self.duration = duration;
    }

    /// How many calls there were.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// Calls per second.
    #[expect(clippy::cast_precision_loss, reason = "a count of calls is far below 2^52")]
    pub fn rate(&self) -> f64 {
        self.count() as f64 / self.duration.as_secs_f64().max(f64::EPSILON)
    }

    /// The time that this share of calls stayed within, in milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a call are far below 2^52")]
    pub fn milliseconds_at(&self, share: f64) -> f64 {
        self.histogram.value_at_quantile(share) as f64 / 1000.0
    }

    fn add(&mut self, other: &Self) {
        // Both have the same precision, and histograms of the same precision always add.
        let _ = self.histogram.add(&other.histogram);
    }
}

/// Has `clients` clients call `operation` over and over for `window`; see [`run_until`].
pub(super) async fn run<F, Fut>(clients: usize, window: Duration, operation: F) -> Result<Figures>
where
    F: Fn(usize, u64) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let started = Instant::now();
    run_until(clients, move || started.elapsed() >= window, operation).await
}

/// Has `clients` clients call `operation` over and over until it is `enough`. The operation is given the
/// number of the client and of its call. The first error ends everything.
pub(super) async fn run_until<E, F, Fut>(clients: usize, enough: E, operation: F) -> Result<Figures>
where
    E: Fn() -> bool + Clone + Send + 'static,
    F: Fn(usize, u64) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for client in 0..clients {
        let (enough, operation) = (enough.clone(), operation.clone());
        tasks.spawn(async move {
            let mut figures = Figures::default();
            let mut number = 0;
            while !enough() {
                let start = Instant::now();
                operation(client, number).await?;
                figures.record(start.elapsed());
                number += 1;
            }
            Ok::<_, anyhow::Error>(figures)
        });
    }
    let mut all = Figures::default();
    while let Some(figures) = tasks.join_next().await {
        all.add(&figures??);
    }
    all.set_duration(started.elapsed());
    Ok(all)
}
