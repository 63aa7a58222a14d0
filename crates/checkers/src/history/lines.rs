//! A history as text: one event per line, JSON.
//!
//! An event is an object with one field, its kind: `{"write":{"client":3,"begin":17,…}}`. Fields that are absent have the
//! value that stands for it in the documentation of the type. A field that is unknown is an error, since what it would say
//! would be judged by nobody.

use super::{Event, History};

/// Why a text is no history.
#[derive(Debug, thiserror::Error)]
#[error("line {line} is no event of a history")]
pub struct LineError {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    #[source]
    pub source: serde_json::Error,
}

impl Event {
    /// One line, without its end.
    ///
    /// # Errors
    /// None that a value of these types can cause.
    pub fn to_line(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

impl History {
    /// Reads lines. A last one that does not end counts; an empty one is an error, so that numbers of lines are those of
    /// events.
    ///
    /// # Errors
    /// The first line that is no event.
    pub fn from_lines(text: &str) -> Result<Self, LineError> {
        let event = |(at, line)| serde_json::from_str(line).map_err(|source| LineError { line: at + 1, source });
        Ok(Self { events: text.lines().enumerate().map(event).collect::<Result<_, _>>()? })
    }

    /// The text that [`Self::from_lines`] reads.
    ///
    /// # Errors
    /// As [`Event::to_line`].
    pub fn to_lines(&self) -> Result<String, serde_json::Error> {
        self.events.iter().map(|event| event.to_line().map(|line| line + "\n")).collect()
    }
}
