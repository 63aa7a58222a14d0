//! Logging to standard error: text for a terminal, JSON for everything else. Set up once, before anything else starts.
//!
//! Libraries speak at `warn` and above only, whatever the level: below that, some would print headers and payloads.

use std::io::{self, IsTerminal as _};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::config::{Config, LogFormat, LogLevel};

/// Makes every later event go where the configuration says.
pub(crate) fn set_up(config: &Config) {
    let layer = fmt::layer().with_writer(io::stderr);
    let layer = if is_json(config.log_format) {
        layer.json().flatten_event(true).boxed()
    } else {
        layer.with_ansi(io::stderr().is_terminal()).boxed()
    };
    // An embedding program may have set up its own; then that one is kept.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter(config.log_level))).try_init();
}

/// Whether the log is for programs to read.
fn is_json(format: LogFormat) -> bool {
    match format {
        LogFormat::Auto => !io::stderr().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    }
}

fn filter(level: LogLevel) -> Targets {
    let ours = LevelFilter::from_level(level);
    Targets::new().with_default(ours.min(LevelFilter::WARN)).with_target("aliasd", ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_never_speak_below_warn() {
        for level in [LogLevel::INFO, LogLevel::DEBUG, LogLevel::TRACE] {
            let filter = filter(level);
            assert!(!filter.would_enable("rustls::client", &LogLevel::INFO), "{level}");
            assert!(filter.would_enable("h2", &LogLevel::ERROR), "{level}");
            assert!(filter.would_enable("aliasd_gateway::session", &level), "{level}");
        }
    }
}
