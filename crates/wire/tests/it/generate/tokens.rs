//! How long login tokens live, and those that were ended.

use std::collections::BTreeMap;

use aliasd_catalog::{Command, OpenCommand, Sealed, Timestamp, TokenLifetime, TokenTrace};
use proptest::collection::btree_map;
use proptest::prelude::*;

pub(super) fn lifetime() -> impl Strategy<Value = TokenLifetime> {
    (1..=u64::from(TokenLifetime::SECONDS_MAX)).prop_filter_map("within the bounds", TokenLifetime::from_seconds)
}

pub(super) fn ended() -> impl Strategy<Value = BTreeMap<TokenTrace, Timestamp>> {
    btree_map(any::<[u8; 16]>().prop_map(TokenTrace), any::<u64>().prop_map(Timestamp), 0..3)
}

pub(super) fn ending() -> impl Strategy<Value = Command<Sealed>> {
    (any::<[u8; 16]>(), any::<u64>()).prop_map(|(token, end)| {
        Command::Open(OpenCommand::EndToken { token: TokenTrace(token), expires_at: Timestamp(end) })
    })
}
