//! Reading `DRIVER` maps: each key, each refusal, and which refusal comes first.

use super::{DriverSettings, LogLevel};
use crate::{Duration, Rejection, Value, ValueMap, Verb};

const FAILURE: &str = "Failed to create the specified database alias 'x'";

fn read(values: &[(&str, Value)]) -> Result<DriverSettings, Rejection> {
    let values: ValueMap = values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    DriverSettings::from_values(&values).map_err(|error| error.refuse(Verb::Create, "x"))
}

fn seconds(seconds: i64) -> Value {
    Value::Duration(Duration::from_seconds(seconds))
}

fn full() -> Vec<(&'static str, Value)> {
    vec![
        ("SSL_Enforced", Value::from(false)),
        ("connection_timeout", seconds(5)),
        ("connection_max_lifetime", seconds(-1)),
        ("connection_pool_acquisition_timeout", seconds(-1)),
        ("connection_pool_idle_test", seconds(0)),
        ("connection_pool_max_size", Value::from(-1)),
        ("LOGGING_LEVEL", Value::from("info")),
    ]
}

#[test]
fn every_key_is_read_in_any_case() {
    let settings = read(&full()).expect("every value is valid");
    assert_eq!(settings.ssl_enforced, Some(false));
    assert_eq!(settings.connection_timeout, Some(Duration::from_seconds(5)));
    assert_eq!(settings.connection_max_lifetime, Some(Duration::from_seconds(-1)));
    assert_eq!(settings.connection_pool_acquisition_timeout, Some(Duration::from_seconds(-1)));
    assert_eq!(settings.connection_pool_idle_test, Some(Duration::from_seconds(0)));
    assert_eq!(settings.connection_pool_max_size, Some(-1));
    assert_eq!(settings.logging_level, Some(LogLevel::Info));
}

#[test]
fn a_listing_shows_lower_case_keys_and_upper_case_levels_and_reads_back() {
    let settings = read(&full()).expect("every value is valid");
    let shown = settings.to_values();
    assert!(shown.keys().all(|key| DriverSettings::KEYS.contains(&key.as_str())));
    assert_eq!(shown.len(), DriverSettings::KEYS.len());
    assert_eq!(shown["logging_level"], Value::from("INFO"));
    assert_eq!(DriverSettings::from_values(&shown), Ok(settings));
    assert!(DriverSettings::default().to_values().is_empty());
}

#[test]
fn security_is_enforced_unless_it_says_otherwise() {
    assert!(DriverSettings::default().ssl_enforced());
    assert!(read(&[("ssl_enforced", Value::from(true))]).expect("it is valid").ssl_enforced());
    assert!(!read(&[("ssl_enforced", Value::from(false))]).expect("it is valid").ssl_enforced());
}

#[test]
fn every_key_wants_its_own_type() {
    for (key, _) in full() {
        let refused = read(&[(key, Value::Null)]).expect_err("null is no setting").to_string();
        assert!(refused.starts_with(&format!("{FAILURE}: Invalid driver settings value for '{key}'. Expected a")));
    }
    let refused = read(&[("connection_timeout", Value::from(5))]).expect_err("a number is no duration").to_string();
    assert!(refused.ends_with("Expected a duration value."));
    let refused = read(&[("connection_pool_max_size", Value::from("5"))]).expect_err("text is no number").to_string();
    assert!(refused.ends_with("Expected an integer value."));
}

/// All wrong at once; each refusal goes away with its reason, in order of precedence.
#[test]
fn the_first_reason_in_order_of_precedence_is_given() {
    let mut values = vec![
        ("a_typo", Value::Null),
        ("connection_pool_max_size", Value::from(0)),
        ("connection_timeout", seconds(-5)),
        ("logging_level", Value::from("LOUD")),
        ("ssl_enforced", Value::from("yes")),
    ];
    let ladder = [
        ("DRIVER_SETTING_UNKNOWN", "a_typo"),
        ("DRIVER_SETTING_TYPE", "ssl_enforced"),
        ("DRIVER_SETTING_NEGATIVE", "connection_timeout"),
        ("DRIVER_SETTING_ZERO", "connection_pool_max_size"),
        ("DRIVER_SETTING_LEVEL", "logging_level"),
    ];
    for (code, lifted) in ladder {
        assert_eq!(read(&values).expect_err("a reason is left").code().code, code);
        values.retain(|(key, _)| *key != lifted);
    }
    assert_eq!(read(&values), Ok(DriverSettings::default()));
}

#[test]
fn unknown_keys_are_named_beside_the_known_ones() {
    let refused = read(&[("b", Value::Null), ("a", Value::Null)]).expect_err("both are unknown").to_string();
    let known = DriverSettings::KEYS.join(", ");
    assert_eq!(
        refused,
        format!("{FAILURE}: Invalid driver setting(s) provided: a, b. Valid driver settings are: {known}")
    );
}

#[test]
fn levels_are_named_where_one_is_unknown() {
    let refused = read(&[("logging_level", Value::from("LOUD"))]).expect_err("it is unknown").to_string();
    let known = LogLevel::ALL.map(LogLevel::as_str).join(", ");
    let expected =
        format!("{FAILURE}: Invalid driver settings value for 'logging_level': 'LOUD'. Expected one of {known}.");
    assert_eq!(refused, expected);
}
