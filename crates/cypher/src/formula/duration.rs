//! `duration('P1DT2H')` and `duration({days: 1, hours: 2})`.

use aliasd_catalog::{Duration, Value, ValueMap};

/// The parts of a duration: name in a map, months, days and nanoseconds of one unit.
const UNITS: [(&str, i64, i64, i128); 11] = [
    ("years", 12, 0, 0),
    ("quarters", 3, 0, 0),
    ("months", 1, 0, 0),
    ("weeks", 0, 7, 0),
    ("days", 0, 1, 0),
    ("hours", 0, 0, 3_600_000_000_000),
    ("minutes", 0, 0, 60_000_000_000),
    ("seconds", 0, 0, 1_000_000_000),
    ("milliseconds", 0, 0, 1_000_000),
    ("microseconds", 0, 0, 1_000),
    ("nanoseconds", 0, 0, 1),
];

/// Reads a duration from a string in ISO 8601 form or from a map of units. The error says why not.
pub(super) fn from_value(value: &Value) -> Result<Duration, String> {
    match value {
        Value::Duration(duration) => Ok(*duration),
        Value::String(text) => from_text(text).ok_or_else(|| "the text is not of the form P1Y2M3DT4H5M6S".to_owned()),
        Value::Map(entries) => from_map(entries),
        _ => Err("give text such as 'PT5S' or a map such as {seconds: 5}".to_owned()),
    }
}

#[derive(Default)]
struct Sum {
    months: i64,
    days: i64,
    nanoseconds: i128,
}

impl Sum {
    /// Adds `whole` units and, for units of fixed length, billionths of one. None if it overflows or a
    /// fraction of a month or day is asked for.
    fn add(&mut self, unit: &(&str, i64, i64, i128), whole: i64, billionths: i128) -> Option<()> {
        let (_, months, days, nanoseconds) = unit;
        if billionths != 0 && *nanoseconds == 0 {
            return None;
        }
        self.months = self.months.checked_add(whole.checked_mul(*months)?)?;
        self.days = self.days.checked_add(whole.checked_mul(*days)?)?;
        // At most 2^63 * 3.6e12 per unit and a few units: far below 2^127.
        self.nanoseconds += i128::from(whole) * nanoseconds + billionths * nanoseconds / 1_000_000_000;
        Some(())
    }

    fn finish(&self) -> Option<Duration> {
        let seconds = i64::try_from(self.nanoseconds.div_euclid(1_000_000_000)).ok()?;
        let nanoseconds = u32::try_from(self.nanoseconds.rem_euclid(1_000_000_000)).ok()?;
        Some(Duration { months: self.months, days: self.days, seconds, nanoseconds })
    }
}

fn from_map(entries: &ValueMap) -> Result<Duration, String> {
    let mut sum = Sum::default();
    for (key, value) in entries {
        let Some(unit) = UNITS.iter().find(|(name, ..)| name == key) else {
            let known = UNITS.map(|(name, ..)| name).join(", ");
            return Err(format!("there is no unit '{key}'; the units are {known}"));
        };
        let added = match value {
            Value::Integer(whole) => sum.add(unit, *whole, 0),
            Value::Float(number) => {
                split(&format!("{:?}", number.0)).and_then(|(whole, billionths)| sum.add(unit, whole, billionths))
            }
            _ => None,
        };
        added.ok_or_else(|| format!("the value of '{key}' is not a number that fits"))?;
    }
    sum.finish().ok_or_else(|| "it is too long".to_owned())
}

fn from_text(text: &str) -> Option<Duration> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let text = text.strip_prefix('P')?;
    let (date, time) = match text.split_once('T') {
        Some((date, time)) if !time.is_empty() => (date, time),
        Some(_) => return None,
        None => (text, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let mut sum = Sum::default();
    add_parts(&mut sum, date, &[('Y', 0), ('M', 2), ('W', 3), ('D', 4)], negative)?;
    add_parts(&mut sum, time, &[('H', 5), ('M', 6), ('S', 7)], negative)?;
    sum.finish()
}

/// Adds parts such as `4H5M`; the letters come in the order of `letters`, each at most once.
fn add_parts(sum: &mut Sum, mut text: &str, letters: &[(char, usize)], negative: bool) -> Option<()> {
    let mut letters = letters.iter();
    while !text.is_empty() {
        let end = text.find(|character: char| character.is_ascii_alphabetic())?;
        let letter = text[end..].chars().next()?;
        let (_, unit) = letters.by_ref().find(|(known, _)| *known == letter)?;
        let (whole, billionths) = split(&text[..end])?;
        let sign = if negative { -1 } else { 1 };
        sum.add(&UNITS[*unit], whole.checked_mul(sign)?, billionths * i128::from(sign))?;
        text = &text[end + 1..];
    }
    Some(())
}

/// Splits a decimal number into its whole part and billionths; digits beyond those are dropped.
fn split(text: &str) -> Option<(i64, i128)> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let nine: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let sign = if negative { -1 } else { 1 };
    Some((whole.parse::<i64>().ok()? * sign, nine.parse::<i128>().ok()? * i128::from(sign)))
}
