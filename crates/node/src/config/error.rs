//! What is wrong with a configuration: which setting, where it was given, and the way out.

use std::fmt;
use std::path::PathBuf;

/// Where a setting's value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The default that is compiled in.
    Default,
    /// A line of the configuration file, counted from 1.
    File {
        /// The path that was read, as it was given.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// An environment variable.
    Environment {
        /// The whole name, such as `ALIASD_NODE_ID`.
        variable: String,
    },
}

/// One thing that is wrong. Never holds the value of a secret setting or the output of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// The setting at fault, such as `node.client_listen`; absent when the file as a whole is.
    pub setting: Option<String>,
    /// Where the value came from, if it came from anywhere.
    pub origin: Option<Origin>,
    /// What is wrong, with the value if it is no secret.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// Everything that is wrong with a configuration, so that it can be put right in one go. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// What the texts are not first, then what the settings are not.
    pub errors: Vec<SettingError>,
}

// === impl SettingError ===

impl SettingError {
    /// Something wrong with the configuration as a whole.
    pub(super) fn general(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { setting: None, origin: None, message: message.into(), hint: hint.into() }
    }

    /// Something wrong with one setting.
    pub(super) fn of(setting: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { setting: Some(setting.to_owned()), origin: None, message: message.into(), hint: hint.into() }
    }

    /// The same, with where the value came from.
    pub(super) fn at(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }
}

impl std::error::Error for SettingError {}

/// What is wrong and where; the way out is apart.
impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(setting) = &self.setting {
            write!(f, "{setting}: ")?;
        }
        write!(f, "{}", self.message)?;
        match &self.origin {
            Some(Origin::File { path, line }) => write!(f, " ({}, line {line})", path.display()),
            Some(Origin::Environment { variable }) => write!(f, " (environment variable {variable})"),
            Some(Origin::Default) | None => Ok(()),
        }
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
