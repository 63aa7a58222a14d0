//! Where requests come from, whose they are and what became of them.

use aliasd_catalog::{
    Effect, Notification, Outcome, Principal, Rejection, RequestOrigin, RequestOwner, Revision, StatementFingerprint,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::{catalog_name, role_name, user_name};

pub(super) fn origin() -> impl Strategy<Value = RequestOrigin> {
    let parts = (any::<u64>(), any::<[u8; 32]>(), of(any::<u64>()), any::<bool>());
    parts.prop_map(|(made_at, fingerprint, shown, by_certificate)| RequestOrigin {
        made_at: Revision(made_at),
        fingerprint: StatementFingerprint(fingerprint),
        credential_revision: shown.map(Revision),
        by_certificate,
    })
}

pub(super) fn owner() -> impl Strategy<Value = RequestOwner> {
    let actor = prop_oneof![Just(Principal::System), user_name().prop_map(Principal::User)];
    (actor, any::<[u8; 32]>())
        .prop_map(|(actor, fingerprint)| RequestOwner { actor, fingerprint: StatementFingerprint(fingerprint) })
}

pub(super) fn outcome() -> impl Strategy<Value = Outcome> {
    let notification = prop_oneof![
        catalog_name().prop_map(Notification::HomeDatabaseNotFound),
        role_name().prop_map(|role| Notification::AlreadyAssigned { role }),
        role_name().prop_map(|role| Notification::NotAssigned { role }),
        (any::<String>(), any::<String>()).prop_map(|(entity, name)| Notification::ImpossibleRevoke { entity, name }),
        Just(Notification::OidcForwardingDisabled),
        any::<u64>().prop_map(|count| Notification::Omitted { count }),
    ];
    let effect = (any::<u64>(), vec(notification, 0..3))
        .prop_map(|(system_updates, notifications)| Effect { system_updates, notifications });
    let rejection = (select(Rejection::table()), any::<String>()).prop_map(|(row, text)| {
        let values: Vec<_> = row.fields.iter().map(|field| format!("{field} {text}")).collect();
        Rejection::from_parts(row.code, &values).unwrap()
    });
    prop_oneof![effect.prop_map(Ok), rejection.prop_map(Err)]
}
