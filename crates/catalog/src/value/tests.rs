//! Durations print as Neo4j prints them; values have a total order.

use std::collections::BTreeSet;

use super::{Duration, Float, Value};

fn shown(months: i64, days: i64, seconds: i64, nanoseconds: u32) -> String {
    Duration { months, days, seconds, nanoseconds }.to_string()
}

#[test]
fn durations_print_in_iso_8601() {
    let half = 500_000_000;
    let expected = [
        (shown(0, 0, 0, 0), "PT0S"),
        (shown(0, 0, 5, 0), "PT5S"),
        (shown(0, 0, 60, 0), "PT1M"),
        (shown(0, 0, 3600, 0), "PT1H"),
        (shown(0, 0, 3661, 0), "PT1H1M1S"),
        (shown(0, 1, 7200, 0), "P1DT2H"),
        (shown(0, 2, 0, 0), "P2D"),
        (shown(14, 3, 0, 0), "P1Y2M3D"),
        (shown(-14, 0, 0, 0), "P-1Y-2M"),
        (shown(0, 0, 0, half), "PT0.5S"),
        (shown(0, 0, 1, 1), "PT1.000000001S"),
        (shown(0, 0, -5, 0), "PT-5S"),
        (shown(0, 0, -1, half), "PT-0.5S"),
        (shown(0, 0, -2, half), "PT-1.5S"),
        (shown(0, 0, -61, half), "PT-1M-0.5S"),
        (shown(0, 0, 90_000, 0), "PT25H"),
        (shown(0, 0, i64::MAX, 999_999_999), "PT2562047788015215H30M7.999999999S"),
        (shown(0, 0, i64::MIN, 0), "PT-2562047788015215H-30M-8S"),
    ];
    for (actual, expected) in expected {
        assert_eq!(actual, expected);
    }
}

#[test]
fn a_duration_is_negative_if_any_part_is() {
    let negative = |months, days, seconds| Duration { months, days, seconds, nanoseconds: 999_999_999 }.is_negative();
    assert!(negative(-1, 1, 1) && negative(1, -1, 1) && negative(1, 1, -1));
    assert!(!negative(0, 0, 0));
}

/// Records are compared bit for bit, so not-a-number equals itself and the two zeros differ.
#[test]
fn floats_have_a_total_order() {
    let floats = [f64::NEG_INFINITY, -1.0, -0.0, 0.0, 1.0, f64::INFINITY, f64::NAN].map(Float);
    assert!(floats.is_sorted());
    assert_eq!(floats.iter().collect::<BTreeSet<_>>().len(), floats.len());
    assert_eq!(Float(f64::NAN), Float(f64::NAN));
}

#[test]
fn an_absent_value_is_null() {
    assert_eq!(Value::from(None::<i64>), Value::Null);
    assert_eq!(Value::from(Some("text")), Value::String("text".into()));
}
