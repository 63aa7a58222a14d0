//! What is wrong with a configuration: which setting, on which line, and the way out.

use std::fmt;

/// One thing that is wrong. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SettingError {
    /// The setting at fault, such as `gateway.listen`; absent when the file as a whole is.
    pub(super) setting: Option<String>,
    /// The line of the file, counted from 1.
    line: Option<usize>,
    message: String,
    /// What to do about it.
    hint: String,
}

/// Everything that is wrong with a configuration, so that it can be put right in one go. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) struct ConfigError {
    /// What the texts are not first, then what the settings are not.
    pub(crate) errors: Vec<SettingError>,
}

impl SettingError {
    /// Something wrong with the configuration as a whole.
    pub(crate) fn general(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { setting: None, line: None, message: message.into(), hint: hint.into() }
    }

    /// Something wrong with one setting.
    pub(crate) fn of(setting: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { setting: Some(setting.to_owned()), line: None, message: message.into(), hint: hint.into() }
    }

    /// The same, with where the value stands.
    pub(crate) fn at(mut self, line: Option<usize>) -> Self {
        self.line = line;
        self
    }
}

/// What is wrong and where, and the way out on a line of its own.
impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(setting) = &self.setting {
            write!(f, "{setting}: ")?;
        }
        write!(f, "{}", self.message)?;
        if let Some(line) = self.line {
            write!(f, " (line {line})")?;
        }
        write!(f, "\n  hint: {}", self.hint)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl From<SettingError> for ConfigError {
    fn from(error: SettingError) -> Self {
        Self { errors: vec![error] }
    }
}
