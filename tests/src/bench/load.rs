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

/// Slices of the same kind of call, taken in turns with slices of other kinds.
#[derive(Clone, Debug, Default)]
pub struct Slices {
    rates: Vec<f64>,
    all: Figures,
}

// === impl Slices ===

impl Slices {
    pub(super) fn add(&mut self, slice: &Figures) {
        self.rates.push(slice.rate());
        self.all.duration += slice.duration;
        self.all.add(slice);
    }

    /// Calls per second in the median slice.
    pub fn rate(&self) -> f64 {
        let mut rates = self.rates.clone();
        rates.sort_by(f64::total_cmp);
        match rates.as_slice() {
            [] => 0.0,
            rates if rates.len() % 2 == 1 => rates[rates.len() / 2],
            rates => f64::midpoint(rates[rates.len() / 2 - 1], rates[rates.len() / 2]),
        }
    }

    /// Calls per second in the slowest and in the fastest slice.
    pub fn range(&self) -> (f64, f64) {
        let least = self.rates.iter().copied().fold(f64::INFINITY, f64::min);
        (least.min(self.rate()), self.rates.iter().copied().fold(0.0, f64::max))
    }

    /// The calls of all slices.
    pub fn all(&self) -> &Figures {
        &self.all
    }
}

/// Has `clients` clients call `operation` over and over for `window`; see [`run_while`].
pub(super) async fn run<C, F, Fut>(clients: usize, window: Duration, context: C, operation: F) -> Result<Figures>
where
    C: Clone + Send + 'static,
    F: Fn(C, usize) -> Fut + Copy + Send + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let started = Instant::now();
    run_while(clients, move || started.elapsed() < window, context, operation).await
}

/// Has `clients` clients call `operation` over and over as long as it `goes_on`. The operation is given the
/// context and the number of the client. The first error ends everything.
pub(super) async fn run_while<G, C, F, Fut>(clients: usize, goes_on: G, context: C, operation: F) -> Result<Figures>
where
    G: Fn() -> bool + Clone + Send + 'static,
    C: Clone + Send + 'static,
    F: Fn(C, usize) -> Fut + Copy + Send + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for client in 0..clients {
        let (goes_on, context) = (goes_on.clone(), context.clone());
        tasks.spawn(async move {
            let mut figures = Figures::default();
            while goes_on() {
                let start = Instant::now();
                operation(context.clone(), client).await?;
                figures.record(start.elapsed());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_slice_counts() {
        let slice = |calls: u64| {
            let mut figures = Figures::default();
            (0..calls).for_each(|_| figures.record(Duration::from_millis(1)));
            figures.set_duration(Duration::from_secs(1));
            figures
        };
        let mut slices = Slices::default();
        [30, 10, 20].into_iter().for_each(|calls| slices.add(&slice(calls)));
        assert_eq!((slices.rate(), slices.range()), (20.0, (10.0, 30.0)));
        slices.add(&slice(40));
        assert_eq!(slices.rate(), 25.0);
        assert_eq!(slices.all().count(), 100);
    }
}
