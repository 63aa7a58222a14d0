//! Driver settings of a remote alias: how a DBMS connects to the remote. An absent setting means the
//! DBMS's own default.

use crate::{Duration, Rejection, Value, ValueMap};

/// The settings that a `DRIVER` map holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriverSettings {
    /// Refuse an insecure URL scheme. Absent means true.
    pub ssl_enforced: Option<bool>,
    /// How long to wait for a connection to be established. Never negative.
    pub connection_timeout: Option<Duration>,
    /// Close pooled connections older than this; zero or less means never.
    pub connection_max_lifetime: Option<Duration>,
    /// How long to wait for a pooled connection; negative means without bound.
    pub connection_pool_acquisition_timeout: Option<Duration>,
    /// Test a pooled connection that was idle for longer; zero means always.
    pub connection_pool_idle_test: Option<Duration>,
    /// Pooled connections per host and user; negative means unlimited. Never zero.
    pub connection_pool_max_size: Option<i64>,
    /// How much the driver logs.
    pub logging_level: Option<LogLevel>,
}

/// How much the driver logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// Notable events.
    Info,
    /// What may be wrong.
    Warn,
    /// What is wrong.
    Error,
    /// Nothing.
    None,
}

impl LogLevel {
    /// Every level, most talkative first.
    pub const ALL: [Self; 5] = [Self::Debug, Self::Info, Self::Warn, Self::Error, Self::None];

    /// The level in upper case, as listings show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::None => "NONE",
        }
    }
}

impl DriverSettings {
    /// The keys of a `DRIVER` map, in the order messages list them.
    pub const KEYS: [&'static str; 7] = [
        "ssl_enforced",
        "connection_timeout",
        "connection_max_lifetime",
        "connection_pool_acquisition_timeout",
        "connection_pool_idle_test",
        "connection_pool_max_size",
        "logging_level",
    ];

    /// Whether an insecure URL scheme is refused.
    pub fn ssl_enforced(&self) -> bool {
        self.ssl_enforced.unwrap_or(true)
    }

    /// Reads a `DRIVER` map whose values were evaluated. Keys are case-insensitive. `failure` opens every
    /// message, for example "Failed to create the specified database alias 'x'".
    ///
    /// # Errors
    /// An unknown key, a value of another type, a negative `connection_timeout`, a zero
    /// `connection_pool_max_size` or an unknown log level, in this order of precedence. Nothing is read in
    /// part.
    pub fn from_values(failure: &str, values: &ValueMap) -> Result<Self, Rejection> {
        let unknown: Vec<&str> = values
            .keys()
            .map(String::as_str)
            .filter(|key| !Self::KEYS.contains(&key.to_lowercase().as_str()))
            .collect();
        if !unknown.is_empty() {
            let (settings, valid) = (unknown.join(", "), Self::KEYS.join(", "));
            return Err(Rejection::UnknownDriverSettings { failure: failure.into(), settings, valid });
        }
        let mut settings = Self::default();
        let read = Reader { failure };
        let refusals = values.iter().filter_map(|(key, value)| settings.read(&read, key, value).err());
        // Rejections are ordered by precedence, so the smallest is the one to give.
        refusals.min().map_or(Ok(settings), Err)
    }

    fn read(&mut self, read: &Reader<'_>, key: &str, value: &Value) -> Result<(), Rejection> {
        match key.to_lowercase().as_str() {
            "ssl_enforced" => self.ssl_enforced = Some(read.boolean(key, value)?),
            "connection_timeout" => self.connection_timeout = Some(read.timeout(key, value)?),
            "connection_max_lifetime" => self.connection_max_lifetime = Some(read.duration(key, value)?),
            "connection_pool_acquisition_timeout" => {
                self.connection_pool_acquisition_timeout = Some(read.duration(key, value)?);
            }
            "connection_pool_idle_test" => self.connection_pool_idle_test = Some(read.duration(key, value)?),
            "connection_pool_max_size" => self.connection_pool_max_size = Some(read.pool_size(key, value)?),
            "logging_level" => self.logging_level = Some(read.log_level(key, value)?),
            _ => {}
        }
        Ok(())
    }

    /// The settings that are present, as a listing shows them.
    pub fn to_values(&self) -> ValueMap {
        let level = self.logging_level.map(|level| Value::from(level.as_str()));
        let present = [
            ("ssl_enforced", self.ssl_enforced.map(Value::from)),
            ("connection_timeout", self.connection_timeout.map(Value::Duration)),
            ("connection_max_lifetime", self.connection_max_lifetime.map(Value::Duration)),
            ("connection_pool_acquisition_timeout", self.connection_pool_acquisition_timeout.map(Value::Duration)),
            ("connection_pool_idle_test", self.connection_pool_idle_test.map(Value::Duration)),
            ("connection_pool_max_size", self.connection_pool_max_size.map(Value::from)),
            ("logging_level", level),
        ];
        present.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }
}

/// Reads single settings, and says in whose favour when it refuses.
struct Reader<'a> {
    failure: &'a str,
}

impl Reader<'_> {
    fn wrong_type(&self, key: &str, expected: &str) -> Rejection {
        Rejection::DriverSettingType { failure: self.failure.into(), setting: key.into(), expected: expected.into() }
    }

    fn boolean(&self, key: &str, value: &Value) -> Result<bool, Rejection> {
        match value {
            Value::Boolean(truth) => Ok(*truth),
            _ => Err(self.wrong_type(key, "a boolean")),
        }
    }

    fn duration(&self, key: &str, value: &Value) -> Result<Duration, Rejection> {
        match value {
            Value::Duration(duration) => Ok(*duration),
            _ => Err(self.wrong_type(key, "a duration")),
        }
    }

    fn timeout(&self, key: &str, value: &Value) -> Result<Duration, Rejection> {
        let duration = self.duration(key, value)?;
        if duration.is_negative() {
            return Err(Rejection::DriverSettingNegative { failure: self.failure.into(), setting: key.into() });
        }
        Ok(duration)
    }

    fn pool_size(&self, key: &str, value: &Value) -> Result<i64, Rejection> {
        match value {
            Value::Integer(0) => {
                Err(Rejection::DriverSettingZero { failure: self.failure.into(), setting: key.into() })
            }
            Value::Integer(size) => Ok(*size),
            _ => Err(self.wrong_type(key, "an integer")),
        }
    }

    fn log_level(&self, key: &str, value: &Value) -> Result<LogLevel, Rejection> {
        let Value::String(text) = value else {
            return Err(self.wrong_type(key, "a string"));
        };
        let known = LogLevel::ALL.into_iter().find(|level| level.as_str().eq_ignore_ascii_case(text));
        known.ok_or_else(|| Rejection::DriverSettingLevel {
            failure: self.failure.into(),
            setting: key.into(),
            value: text.clone(),
            valid: LogLevel::ALL.map(LogLevel::as_str).join(", "),
        })
    }
}

#[cfg(test)]
mod tests;
