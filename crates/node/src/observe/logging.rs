//! Logging: text for a terminal, JSON for everything else. Set up once, before anything else starts; a file is opened
//! again after it was rotated.
//!
//! Libraries speak at `warn` and above only, whatever the level: below that, some would print headers and payloads. Raft's
//! library warns of every attempt at a member that does not answer, which is many a second; the replica says itself, once,
//! that a member cannot be reached. Those below the connections warn of what any stranger can send, and of what arrives late
//! after a pause; who was turned away is said in words of ours. So the warnings of both are only for whoever debugs.
//!
//! The audit trail has no level that could switch it off: its lines are there whatever `log.level` says.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use aliasd_service::audit;

use super::seen::Seen;
use super::trail::Trail;
use crate::config::{LogConfig, LogFormat, LogLevel, require_log_file};

/// The file that the log is written to.
#[derive(Clone, Debug)]
pub struct LogFile {
    path: PathBuf,
    current: Arc<ArcSwap<File>>,
}

/// Makes every later event go where the configuration says. Returns the file, if it is one.
///
/// # Errors
/// The file cannot be opened for appending.
pub fn set_up(config: &LogConfig) -> io::Result<Option<LogFile>> {
    let file = config.file.as_deref().map(LogFile::open).transpose()?;
    let layer = fmt::layer().with_writer(Seen(writer(file.as_ref())));
    let layers = if is_json(config) {
        let others = layer.json().flatten_event(true).with_filter(filter(config.level, Trails::Elsewhere));
        let trail = Trail(writer(file.as_ref())).with_filter(trail_alone());
        others.and_then(trail).boxed()
    } else {
        let to_terminal = file.is_none() && io::stderr().is_terminal();
        layer.with_ansi(to_terminal).with_filter(filter(config.level, Trails::Here)).boxed()
    };
    // An embedding program, such as a test, may have set up its own; then that one is kept.
    let _ = tracing_subscriber::registry().with(layers).try_init();
    Ok(file)
}

/// Where everything is written to.
fn writer(file: Option<&LogFile>) -> BoxMakeWriter {
    let Some(LogFile { current, .. }) = file else { return BoxMakeWriter::new(io::stderr) };
    let current = Arc::clone(current);
    BoxMakeWriter::new(move || current.load_full())
}

/// Whether the lines of the audit trail are written with the others.
#[derive(Clone, Copy)]
enum Trails {
    Here,
    Elsewhere,
}

/// Whether the log is for programs to read.
pub fn is_json(config: &LogConfig) -> bool {
    match config.format {
        LogFormat::Auto => config.file.is_some() || !io::stderr().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    }
}

// === impl LogFile ===

impl LogFile {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_path_buf(), current: Arc::new(ArcSwap::from_pointee(open(path)?)) })
    }

    /// Opens the path anew, so that a file that was renamed is let go. On an error the open one is written on.
    ///
    /// # Errors
    /// The file cannot be opened for appending.
    pub fn reopen(&self) -> io::Result<()> {
        self.current.store(Arc::new(open(&self.path)?));
        Ok(())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn open(path: &Path) -> io::Result<File> {
    require_log_file(path)?;
    OpenOptions::new().create(true).append(true).mode(0o640).open(path)
}

/// Libraries of which a warning is no news to an operator.
const TALKATIVE: [&str; 7] = ["openraft", "h2", "hyper", "hyper_util", "rustls", "tonic", "tower"];

/// Lets the audit trail through and nothing else.
fn trail_alone() -> Targets {
    Targets::new().with_target(audit::TARGET, Level::INFO)
}

fn filter(level: LogLevel, trails: Trails) -> Targets {
    let ours = match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    };
    let libraries = LevelFilter::from_level(ours).min(LevelFilter::WARN);
    let talkative = if ours >= Level::DEBUG { libraries } else { libraries.min(LevelFilter::ERROR) };
    let trail = match trails {
        Trails::Here => LevelFilter::from_level(ours.max(Level::INFO)),
        Trails::Elsewhere => LevelFilter::OFF,
    };
    Targets::new()
        .with_default(libraries)
        .with_targets(TALKATIVE.map(|library| (library, talkative)))
        .with_target("aliasd", ours)
        .with_target(audit::TARGET, trail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_never_speak_below_warn() {
        for level in [LogLevel::Info, LogLevel::Debug, LogLevel::Trace] {
            let filter = filter(level, Trails::Here);
            for library in TALKATIVE.into_iter().chain(["h2::codec", "another"]) {
                assert!(!filter.would_enable(library, &Level::INFO), "{library}");
                assert!(filter.would_enable(library, &Level::ERROR), "{library}");
            }
            assert!(filter.would_enable("another", &Level::WARN));
        }
        for level in [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Trace] {
            assert!(
                filter(level, Trails::Here).would_enable(audit::TARGET, &Level::INFO),
                "{level:?} switches the trail off"
            );
        }
        for (level, said) in [(LogLevel::Error, false), (LogLevel::Info, false), (LogLevel::Debug, true)] {
            for library in TALKATIVE.into_iter().chain(["h2::proto::ping_pong"]) {
                assert_eq!(
                    filter(level, Trails::Here).would_enable(library, &Level::WARN),
                    said,
                    "{library} {level:?}"
                );
            }
        }
        let elsewhere = filter(LogLevel::Trace, Trails::Elsewhere);
        assert!(!elsewhere.would_enable(audit::TARGET, &Level::ERROR), "a line of the trail is written once");
        assert!(trail_alone().would_enable(audit::TARGET, &Level::INFO));
        assert!(!trail_alone().would_enable("aliasd_node", &Level::ERROR));
        assert!(filter(LogLevel::Trace, Trails::Here).would_enable("aliasd_node", &Level::TRACE));
    }
}
