//! A change is read whole or refused by name.

use super::{Policy, PolicyChange, PolicySetting, ReleaseStaleness, TokenLifetime};
use crate::{CypherVersion, Duration, Rejection, SettingType, Value, ValueMap};

fn read(values: &[(&str, Value)]) -> Result<PolicyChange, Rejection> {
    PolicyChange::from_values(&values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

#[test]
fn what_is_absent_stays() {
    let change = read(&[("default_language", Value::from("cypher_25"))]).expect("a setting and a value of it");
    let applied = change.applied(Policy::default());
    assert_eq!(applied, Policy { default_language: CypherVersion::Cypher25, ..Policy::default() });
    assert_eq!(PolicyChange::default().applied(applied), applied);
}

#[test]
fn what_a_policy_shows_makes_it_again() {
    let policy = Policy {
        database_management_implies_alias_management: false,
        oidc_credential_forwarding: true,
        default_language: CypherVersion::Cypher25,
        token_lifetime: TokenLifetime::from_seconds(60).expect("within the bounds"),
        release_staleness: ReleaseStaleness::from_milliseconds(1_500).expect("within the bounds"),
    };
    let shown: ValueMap =
        PolicySetting::ALL.into_iter().map(|setting| (setting.name().to_owned(), setting.value_in(&policy))).collect();
    let change = PolicyChange::from_values(&shown).expect("every setting has a value of its type");
    assert_eq!(change.applied(Policy::default()), policy);
}

#[test]
fn a_token_lives_from_a_second_to_thirty_days() {
    let lifetime = |days, seconds| {
        let value = Value::Duration(Duration { days, seconds, ..Duration::default() });
        read(&[("token_lifetime", value)]).map(|change| change.token_lifetime.map(TokenLifetime::seconds))
    };
    assert_eq!(lifetime(0, 1), Ok(Some(1)));
    assert_eq!(lifetime(1, 3600), Ok(Some(90_000)));
    assert_eq!(lifetime(30, 0), Ok(Some(TokenLifetime::SECONDS_MAX)));
    let fraction = Value::Duration(Duration { nanoseconds: 500_000_000, ..Duration::from_seconds(1) });
    assert!(read(&[("token_lifetime", fraction)]).is_err(), "whole seconds");
    for (days, seconds) in [(0, 0), (30, 1), (0, -1), (i64::MAX, 0), (1, i64::MAX)] {
        let refused = lifetime(days, seconds).unwrap_err();
        assert!(refused.to_string().ends_with("Expected a duration from 1 second to 30 days."), "{refused}");
    }
    assert!(read(&[("token_lifetime", Value::from("PT15M"))]).is_err());
}

#[test]
fn credentials_are_released_from_a_state_of_a_tenth_of_a_second_to_five_minutes() {
    let staleness = |seconds, nanoseconds| {
        let value = Value::Duration(Duration { nanoseconds, ..Duration::from_seconds(seconds) });
        read(&[("release_staleness", value)]).map(|change| change.release_staleness.map(ReleaseStaleness::milliseconds))
    };
    assert_eq!(staleness(0, 100_000_000), Ok(Some(ReleaseStaleness::MILLISECONDS_MIN)));
    assert_eq!(staleness(1, 500_000_000), Ok(Some(1_500)));
    assert_eq!(staleness(300, 0), Ok(Some(ReleaseStaleness::MILLISECONDS_MAX)));
    for (seconds, nanoseconds) in
        [(0, 0), (0, 99_000_000), (300, 1_000_000), (1, 500_000), (-1, 500_000_000), (i64::MAX, 0)]
    {
        let refused = staleness(seconds, nanoseconds).unwrap_err();
        let expected = "Expected a duration from 100 milliseconds to 5 minutes.";
        assert!(refused.to_string().ends_with(expected), "{refused}");
    }
    let months = Value::Duration(Duration { months: 1, ..Duration::from_seconds(2) });
    assert!(read(&[("release_staleness", months)]).is_err());
    assert!(read(&[("release_staleness", Value::from("PT2S"))]).is_err());
}

#[test]
fn unknown_names_come_before_wrong_values() {
    let forwarding = ("allow_oidc_credential_forwarding", Value::from("yes"));
    let refused = read(&[forwarding.clone(), ("colour", Value::Null), ("size", Value::Null)]).unwrap_err();
    assert_eq!(refused, Rejection::UnknownPolicySettings { settings: "colour, size".into() });
    for setting in PolicySetting::ALL {
        assert!(refused.hint().contains(setting.name()), "{}", refused.hint());
    }
    let refused = read(&[forwarding]).unwrap_err();
    let (setting, expected) = ("allow_oidc_credential_forwarding".into(), SettingType::Boolean.into());
    assert_eq!(refused, Rejection::PolicySettingType { setting, expected });
    assert!(read(&[("default_language", Value::from("CYPHER_4"))]).is_err());
}
