//! From the text of a setting to a validated value. Every function answers a sentence about what it expected.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use rustls_pki_types::ServerName;

use super::{LogFormat, LogLevel};

/// What a setting should look like.
type Expected = &'static str;

pub(super) fn flag(text: &str) -> Result<bool, Expected> {
    text.parse().map_err(|_| "true or false")
}

pub(super) fn count(text: &str) -> Result<usize, Expected> {
    let count = text.parse().ok().filter(|count| (1..=1_000_000).contains(count));
    count.ok_or("a whole number from 1 to 1000000")
}

/// No value of Bolt is longer than two gigabytes.
pub(super) fn mebibytes(text: &str) -> Result<usize, Expected> {
    let count = text.parse().ok().filter(|count| (1..=2047).contains(count));
    count.ok_or("a whole number from 1 to 2047")
}

/// A duration of at least a millisecond and at most 365 days.
pub(super) fn duration(text: &str) -> Result<Duration, Expected> {
    const EXPECTED: Expected = "a duration from 1ms to 365d with a unit, such as 500ms, 5s, 10m, 1h or 7d";
    let unit_at = text.find(|character: char| !character.is_ascii_digit()).ok_or(EXPECTED)?;
    let (number, unit) = text.split_at(unit_at);
    let milliseconds_per_unit: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(EXPECTED),
    };
    let number: u64 = number.parse().map_err(|_| EXPECTED)?;
    let milliseconds = number.checked_mul(milliseconds_per_unit).ok_or(EXPECTED)?;
    if milliseconds == 0 || milliseconds > 365 * 86_400_000 {
        return Err(EXPECTED);
    }
    Ok(Duration::from_millis(milliseconds))
}

pub(super) fn listen(text: &str) -> Result<SocketAddr, Expected> {
    text.parse().map_err(|_| "an IP address and a port, such as 127.0.0.1:7687 or [::]:7687")
}

/// Kept as it was written, which is how drivers are told.
pub(super) fn address(text: &str) -> Result<String, Expected> {
    const EXPECTED: Expected = "a host name or address and a port, such as graph.example.com:7687";
    let (host, port) = text.rsplit_once(':').ok_or(EXPECTED)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let is_port = port.parse::<u16>().is_ok_and(|port| port != 0);
    // An address with colons needs its brackets, or its end would be read as a port.
    if !is_port || (bare.contains(':') && bare == host) || ServerName::try_from(bare).is_err() {
        return Err(EXPECTED);
    }
    Ok(text.to_owned())
}

pub(super) fn absolute_path(text: &str) -> Result<PathBuf, Expected> {
    let path = PathBuf::from(text);
    if path.is_absolute() { Ok(path) } else { Err("an absolute path") }
}

/// Separated by commas; the SDK looks at each.
pub(super) fn endpoints(text: &str) -> Result<Vec<String>, Expected> {
    let endpoints: Vec<String> = text.split(',').map(|endpoint| endpoint.trim().to_owned()).collect();
    if endpoints.iter().any(String::is_empty) {
        Err("members separated by commas, host:port each")
    } else {
        Ok(endpoints)
    }
}

pub(super) fn user(text: &str) -> Result<String, Expected> {
    if text.is_empty() { Err("the name of a user") } else { Ok(text.to_owned()) }
}

pub(super) fn log_level(text: &str) -> Result<LogLevel, Expected> {
    match text {
        "error" => Ok(LogLevel::ERROR),
        "warn" => Ok(LogLevel::WARN),
        "info" => Ok(LogLevel::INFO),
        "debug" => Ok(LogLevel::DEBUG),
        "trace" => Ok(LogLevel::TRACE),
        _ => Err("error, warn, info, debug or trace"),
    }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, Expected> {
    match text {
        "auto" => Ok(LogFormat::Auto),
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("auto, text or json"),
    }
}
