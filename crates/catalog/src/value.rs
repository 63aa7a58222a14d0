//! Values of properties, driver settings, parameters and result columns.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

/// A map of values, ordered by key.
pub type ValueMap = BTreeMap<String, Value>;

/// One value. The order is total and used for `ORDER BY` and for canonical encoding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// The absence of a value.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A 64-bit signed integer.
    Integer(i64),
    /// A 64-bit floating point number.
    Float(Float),
    /// Text.
    String(String),
    /// Values in order.
    List(Vec<Value>),
    /// Values by key.
    Map(ValueMap),
    /// A length of time.
    Duration(Duration),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A floating point number under the total order of IEEE 754, so that records compare bit for bit.
#[derive(Clone, Copy, Debug)]
pub struct Float(pub f64);

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Float {}

impl PartialOrd for Float {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Float {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// A Cypher duration. The parts are independent: a month has no fixed number of days, nor a day of
/// seconds. `nanoseconds` is always within one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    /// Whole months.
    pub months: i64,
    /// Whole days.
    pub days: i64,
    /// Whole seconds, rounded towards negative infinity.
    pub seconds: i64,
    /// The rest of a second, `0..1_000_000_000`.
    pub nanoseconds: u32,
}

impl Duration {
    /// A duration of whole seconds.
    pub fn from_seconds(seconds: i64) -> Self {
        Self { seconds, ..Self::default() }
    }

    /// Whether any part points backwards in time.
    pub fn is_negative(&self) -> bool {
        self.months < 0 || self.days < 0 || self.seconds < 0
    }
}

/// ISO 8601, the way Neo4j prints it: `PT5S`, `PT1M`, `P1DT2H`, `PT0S`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P")?;
        let parts = [(self.months / 12, 'Y'), (self.months % 12, 'M'), (self.days, 'D')];
        for (amount, unit) in parts.into_iter().filter(|(amount, _)| *amount != 0) {
            write!(f, "{amount}{unit}")?;
        }
        let nanoseconds = i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanoseconds);
        let nothing_yet = self.months == 0 && self.days == 0;
        if nanoseconds == 0 {
            return if nothing_yet { f.write_str("T0S") } else { Ok(()) };
        }
        f.write_str("T")?;
        let whole = nanoseconds / 1_000_000_000;
        for (amount, unit) in [(whole / 3600, 'H'), (whole / 60 % 60, 'M')] {
            if amount != 0 {
                write!(f, "{amount}{unit}")?;
            }
        }
        let (seconds, rest) = (whole % 60, nanoseconds % 1_000_000_000);
        match (seconds, rest) {
            (0, 0) => Ok(()),
            (_, 0) => write!(f, "{seconds}S"),
            _ => {
                let sign = if rest < 0 && seconds == 0 { "-" } else { "" };
                let digits = format!("{:09}", rest.unsigned_abs());
                write!(f, "{sign}{seconds}.{}S", digits.trim_end_matches('0'))
            }
        }
    }
}

#[cfg(test)]
mod tests;
