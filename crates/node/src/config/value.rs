//! From the text of a setting to a validated value. Every function answers a sentence about what it expected,
//! without the text itself: the caller adds that where it is no secret.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use aliasd_catalog::{CypherVersion, PlainSecret, ReleaseStaleness, TokenLifetime};

use super::{Address, LogFormat, LogLevel};

/// What a setting should look like.
type Expected = &'static str;

pub(super) fn name(text: &str) -> Result<String, Expected> {
    let fits = !text.is_empty() && text.chars().count() <= 64 && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err("1 to 64 printable characters") }
}

pub(super) fn flag(text: &str) -> Result<bool, Expected> {
    text.parse().map_err(|_| "true or false")
}

/// In the words of Neo4j's `db.query.default_language`.
pub(super) fn language(text: &str) -> Result<CypherVersion, Expected> {
    match text {
        "CYPHER_5" => Ok(CypherVersion::Cypher5),
        "CYPHER_25" => Ok(CypherVersion::Cypher25),
        _ => Err("CYPHER_5 or CYPHER_25"),
    }
}

pub(super) fn positive(text: &str) -> Result<NonZeroU64, Expected> {
    text.parse().map_err(|_| "a whole number from 1 on")
}

/// A number of tries in a minute.
pub(super) fn tries(text: &str) -> Result<u32, Expected> {
    let tries = text.parse().ok().filter(|tries| (1..=100_000).contains(tries));
    tries.ok_or("a whole number from 1 to 100000")
}

pub(super) fn count(text: &str) -> Result<u64, Expected> {
    text.parse().map_err(|_| "a whole number")
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

/// In whole seconds.
pub(super) fn lifetime(text: &str) -> Result<TokenLifetime, Expected> {
    let whole = duration(text).ok().filter(|lifetime| lifetime.subsec_nanos() == 0);
    let lifetime = whole.and_then(|lifetime| TokenLifetime::from_seconds(lifetime.as_secs()));
    lifetime.ok_or("a duration from 1s to 30d with a unit, such as 10m, 1h or 7d")
}

/// In whole milliseconds.
pub(super) fn release_staleness(text: &str) -> Result<ReleaseStaleness, Expected> {
    let milliseconds = duration(text).ok().and_then(|staleness| u64::try_from(staleness.as_millis()).ok());
    let staleness = milliseconds.and_then(ReleaseStaleness::from_milliseconds);
    staleness.ok_or("a duration from 100ms to 5m with a unit, such as 500ms, 2s or 1m")
}

pub(super) fn listen(text: &str) -> Result<SocketAddr, Expected> {
    text.parse().map_err(|_| "an IP address and a port, such as 127.0.0.1:7680 or [::]:7680")
}

pub(super) fn address(text: &str) -> Result<Address, Expected> {
    const EXPECTED: Expected = "a host name or address and a port, such as db1.example.com:7680";
    let (host, port) = text.rsplit_once(':').ok_or(EXPECTED)?;
    let port: u16 = port.parse().map_err(|_| EXPECTED)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    // An address with colons needs its brackets, or its end would be read as a port.
    if port == 0 || (bare.contains(':') && bare == host) {
        return Err(EXPECTED);
    }
    if rustls_pki_types::ServerName::try_from(bare).is_err() {
        return Err(EXPECTED);
    }
    Ok(Address { host: bare.to_owned(), port })
}

pub(super) fn absolute_path(text: &str) -> Result<PathBuf, Expected> {
    let path = PathBuf::from(text);
    if path.is_absolute() { Ok(path) } else { Err("an absolute path") }
}

pub(super) fn password(text: &str) -> Result<PlainSecret, Expected> {
    if text.is_empty() {
        return Err("a password");
    }
    Ok(PlainSecret::new(text.to_owned()))
}

pub(super) fn log_level(text: &str) -> Result<LogLevel, Expected> {
    match text {
        "error" => Ok(LogLevel::Error),
        "warn" => Ok(LogLevel::Warn),
        "info" => Ok(LogLevel::Info),
        "debug" => Ok(LogLevel::Debug),
        "trace" => Ok(LogLevel::Trace),
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

// === impl Address ===

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().to_string(), port: address.port() }
    }
}
