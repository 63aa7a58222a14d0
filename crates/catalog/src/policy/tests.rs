//! A change is read whole or refused by name.

use super::{Policy, PolicyChange, PolicySetting, TokenLifetime};
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
    for (days, seconds) in [(0, 0), (30, 1), (0, -1), (i64::MAX, 0), (1, i64::MAX)] {
        let refused = lifetime(days, seconds).unwrap_err();
        assert!(refused.to_string().ends_with("Expected a duration from 1 second to 30 days."), "{refused}");
    }
    assert!(read(&[("token_lifetime", Value::from("PT15M"))]).is_err());
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
