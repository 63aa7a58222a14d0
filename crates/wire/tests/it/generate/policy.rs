//! What a cluster goes by.

use aliasd_catalog::{Policy, PolicyChange, ReleaseStaleness};
use proptest::option::of;
use proptest::prelude::*;

use super::language;
use super::tokens::lifetime;

fn staleness() -> impl Strategy<Value = ReleaseStaleness> {
    let milliseconds = ReleaseStaleness::MILLISECONDS_MIN..=ReleaseStaleness::MILLISECONDS_MAX;
    milliseconds.prop_filter_map("within the bounds", |it| ReleaseStaleness::from_milliseconds(it.into()))
}

pub(super) fn policy() -> impl Strategy<Value = Policy> {
    (any::<bool>(), any::<bool>(), language(), lifetime(), staleness()).prop_map(
        |(implied, forwarding, default_language, token_lifetime, release_staleness)| Policy {
            database_management_implies_alias_management: implied,
            oidc_credential_forwarding: forwarding,
            default_language,
            token_lifetime,
            release_staleness,
        },
    )
}

pub(super) fn policy_change() -> impl Strategy<Value = PolicyChange> {
    (of(any::<bool>()), of(any::<bool>()), of(language()), of(lifetime()), of(staleness())).prop_map(
        |(implied, oidc_credential_forwarding, default_language, token_lifetime, release_staleness)| PolicyChange {
            database_management_implies_alias_management: implied,
            oidc_credential_forwarding,
            default_language,
            token_lifetime,
            release_staleness,
        },
    )
}
