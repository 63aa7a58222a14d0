//! The values of a statement's parameters.

use std::fmt;
use std::sync::Arc;

use aliasd_catalog::{Value, ValueMap};
use zeroize::Zeroize;

use crate::error::{ErrorCode, SpannedError};
use crate::span::Span;

/// Values by parameter name, without the `$`. They may hold passwords: `Debug` prints names only, and
/// strings are wiped when the last owner lets go of them.
#[derive(Clone, Default)]
pub struct Parameters {
    values: Vec<(String, Arc<Value>)>,
}

// === impl Parameters ===

impl Parameters {
    /// Takes over the values.
    #[must_use]
    pub fn new(values: ValueMap) -> Self {
        // Ordered by name, as the map was.
        Self { values: values.into_iter().map(|(name, value)| (name, Arc::new(value))).collect() }
    }

    /// Every parameter, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(name, value)| (name.as_str(), &**value))
    }

    /// The value of a parameter.
    ///
    /// # Errors
    /// The caller gave no such parameter.
    pub(crate) fn get(&self, name: &str, span: Span) -> Result<&Arc<Value>, SpannedError> {
        match self.values.binary_search_by(|(known, _)| known.as_str().cmp(name)) {
            Ok(index) => Ok(&self.values[index].1),
            Err(_) => {
                let message = format!("The statement needs a parameter '{name}', which was not given.");
                Err(SpannedError::new(ErrorCode::MissingParameter, span, message))
            }
        }
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.values.iter().map(|(name, _)| name)).finish()
    }
}

impl Drop for Parameters {
    fn drop(&mut self) {
        for (_, value) in &mut self.values {
            if let Some(value) = Arc::get_mut(value) {
                wipe(value);
            }
        }
    }
}

/// Overwrites every string of a value.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::List(members) => members.iter_mut().for_each(wipe),
        Value::Map(entries) => entries.values_mut().for_each(wipe),
        Value::Null | Value::Boolean(_) | Value::Integer(_) | Value::Float(_) | Value::Duration(_) => {}
    }
}

/// The kind of a value, as messages name it. Never the value: it may be a secret.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "NULL",
        Value::Boolean(_) => "a boolean",
        Value::Integer(_) => "an integer",
        Value::Float(_) => "a float",
        Value::String(_) => "a string",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
        Value::Duration(_) => "a duration",
    }
}
