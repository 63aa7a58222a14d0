//! Driver settings of a remote alias: how a DBMS connects to the remote. An absent setting means the
//! DBMS's own default.

use std::fmt;

use crate::{Attempt, Duration, Listed, Rejection, SettingType, Value, ValueMap, Verb};

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
    /// Failures only.
    Error,
    /// Nothing.
    None,
}

/// Why a `DRIVER` map does not hold driver settings. Declared in order of precedence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriverSettingsError {
    /// Keys that are none.
    Unknown(Vec<String>),
    /// A value of another type.
    Type {
        /// Its key, in lower case.
        setting: String,
        /// The type of its values.
        expected: SettingType,
    },
    /// A duration that may not be negative.
    Negative {
        /// Its key, in lower case.
        setting: String,
    },
    /// A number that may not be zero.
    Zero {
        /// Its key, in lower case.
        setting: String,
    },
    /// A log level that there is not.
    Level {
        /// Its key, in lower case.
        setting: String,
        /// What it would have been.
        value: String,
    },
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

    /// Reads a `DRIVER` map whose values were evaluated. Keys are case-insensitive.
    ///
    /// # Errors
    /// An unknown key, a value of another type, a negative `connection_timeout`, a zero
    /// `connection_pool_max_size` or an unknown log level, in this order of precedence. Nothing is read in
    /// part.
    pub fn from_values(values: &ValueMap) -> Result<Self, DriverSettingsError> {
        let is_known = |key: &String| Self::KEYS.contains(&key.to_lowercase().as_str());
        let unknown: Vec<String> = values.keys().filter(|key| !is_known(key)).cloned().collect();
        if !unknown.is_empty() {
            return Err(DriverSettingsError::Unknown(unknown));
        }
        let mut settings = Self::default();
        let errors = values.iter().filter_map(|(key, value)| settings.read(key, value).err());
        // They are ordered by precedence, so the smallest is the one to give.
        errors.min().map_or(Ok(settings), Err)
    }

    fn read(&mut self, key: &str, value: &Value) -> Result<(), DriverSettingsError> {
        match key.to_lowercase().as_str() {
            "ssl_enforced" => self.ssl_enforced = Some(boolean(key, value)?),
            "connection_timeout" => self.connection_timeout = Some(timeout(key, value)?),
            "connection_max_lifetime" => self.connection_max_lifetime = Some(duration(key, value)?),
            "connection_pool_acquisition_timeout" => {
                self.connection_pool_acquisition_timeout = Some(duration(key, value)?);
            }
            "connection_pool_idle_test" => self.connection_pool_idle_test = Some(duration(key, value)?),
            "connection_pool_max_size" => self.connection_pool_max_size = Some(pool_size(key, value)?),
            "logging_level" => self.logging_level = Some(log_level(key, value)?),
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

// === impl DriverSettingsError ===

impl DriverSettingsError {
    /// The refusal of a statement that creates or alters the alias of this name.
    pub fn refuse(self, verb: Verb, alias: impl Into<String>) -> Rejection {
        let (action, name) = (Attempt::On(verb).into(), alias.into());
        match self {
            Self::Unknown(settings) => {
                Rejection::UnknownDriverSettings { action, name, settings: Listed::of(&settings).into() }
            }
            Self::Type { setting, expected } => {
                Rejection::DriverSettingType { action, name, setting, expected: expected.into() }
            }
            Self::Negative { setting } => Rejection::DriverSettingNegative { action, name, setting },
            Self::Zero { setting } => Rejection::DriverSettingZero { action, name, setting },
            Self::Level { setting, value } => Rejection::DriverSettingLevel { action, name, setting, value },
        }
    }
}

impl fmt::Display for DriverSettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(settings) => write!(f, "there is no driver setting {}", settings.join(", ")),
            Self::Type { setting, expected } => write!(f, "the driver setting {setting} is not {expected}"),
            Self::Negative { setting } => write!(f, "the driver setting {setting} is negative"),
            Self::Zero { setting } => write!(f, "the driver setting {setting} is zero"),
            Self::Level { setting, value } => write!(f, "the driver setting {setting} is '{value}'"),
        }
    }
}

impl std::error::Error for DriverSettingsError {}

// === Single settings ===

fn wrong_type(key: &str, expected: SettingType) -> DriverSettingsError {
    DriverSettingsError::Type { setting: key.into(), expected }
}

fn boolean(key: &str, value: &Value) -> Result<bool, DriverSettingsError> {
    match value {
        Value::Boolean(truth) => Ok(*truth),
        _ => Err(wrong_type(key, SettingType::Boolean)),
    }
}

fn duration(key: &str, value: &Value) -> Result<Duration, DriverSettingsError> {
    match value {
        Value::Duration(duration) => Ok(*duration),
        _ => Err(wrong_type(key, SettingType::Duration)),
    }
}

fn timeout(key: &str, value: &Value) -> Result<Duration, DriverSettingsError> {
    let duration = duration(key, value)?;
    if duration.is_negative() {
        return Err(DriverSettingsError::Negative { setting: key.into() });
    }
    Ok(duration)
}

fn pool_size(key: &str, value: &Value) -> Result<i64, DriverSettingsError> {
    match value {
        Value::Integer(0) => Err(DriverSettingsError::Zero { setting: key.into() }),
        Value::Integer(size) => Ok(*size),
        _ => Err(wrong_type(key, SettingType::Integer)),
    }
}

fn log_level(key: &str, value: &Value) -> Result<LogLevel, DriverSettingsError> {
    let Value::String(text) = value else {
        return Err(wrong_type(key, SettingType::String));
    };
    let known = LogLevel::ALL.into_iter().find(|level| level.as_str().eq_ignore_ascii_case(text));
    known.ok_or_else(|| DriverSettingsError::Level { setting: key.into(), value: text.clone() })
}

#[cfg(test)]
mod tests;
