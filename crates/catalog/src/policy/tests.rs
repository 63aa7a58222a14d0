//! A change is read whole or refused by name.

use super::{Policy, PolicyChange, PolicySetting};
use crate::{CypherVersion, Rejection, SettingType, Value, ValueMap};

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
    };
    let shown: ValueMap =
        PolicySetting::ALL.into_iter().map(|setting| (setting.name().to_owned(), setting.value_in(&policy))).collect();
    let change = PolicyChange::from_values(&shown).expect("every setting has a value of its type");
    assert_eq!(change.applied(Policy::default()), policy);
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
