//! Points in time as people read them.

use aliasd_catalog::Timestamp;

const DAY_MILLISECONDS: u64 = 86_400_000;

/// `2026-03-01T12:00:00.000Z`: a point in time in UTC, to the millisecond, as Neo4j prints a date and time.
pub(super) fn iso_8601(time: Timestamp) -> String {
    let (year, month, day) = civil(time.0 / DAY_MILLISECONDS);
    let millisecond = time.0 % DAY_MILLISECONDS;
    let (hour, minute, second) = (millisecond / 3_600_000, millisecond / 60_000 % 60, millisecond / 1_000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", millisecond % 1_000)
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
fn civil(days: u64) -> (u64, u64, u64) {
    // Counted from 0000-03-01, so that a leap day is the last of its year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, iso_8601};

    #[test]
    fn known_dates() {
        for (milliseconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_700_000_000_001, "2023-11-14T22:13:20.001Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(iso_8601(Timestamp(milliseconds)), text);
        }
    }
}
