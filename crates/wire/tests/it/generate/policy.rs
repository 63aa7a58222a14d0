//! What a cluster goes by.

use aliasd_catalog::{Policy, PolicyChange};
use proptest::option::of;
use proptest::prelude::*;

use super::language;
use super::tokens::lifetime;

pub(super) fn policy() -> impl Strategy<Value = Policy> {
    (any::<bool>(), any::<bool>(), language(), lifetime()).prop_map(
        |(implied, forwarding, default_language, token_lifetime)| Policy {
            database_management_implies_alias_management: implied,
            oidc_credential_forwarding: forwarding,
            default_language,
            token_lifetime,
        },
    )
}

pub(super) fn policy_change() -> impl Strategy<Value = PolicyChange> {
    (of(any::<bool>()), of(any::<bool>()), of(language()), of(lifetime())).prop_map(
        |(implied, oidc_credential_forwarding, default_language, token_lifetime)| PolicyChange {
            database_management_implies_alias_management: implied,
            oidc_credential_forwarding,
            default_language,
            token_lifetime,
        },
    )
}
