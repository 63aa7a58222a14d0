//! What BEGIN, and RUN outside of a transaction, say of the transaction.

use super::extra::NotificationFilter;
use super::field::{Entries, Read, put};
use crate::packstream::Map;
use crate::version::Version;

/// Whether a transaction may write, which decides where it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessMode {
    /// `w`, which is what absence means.
    #[default]
    Write,
    /// `r`.
    Read,
}

/// The map behind BEGIN, and behind the parameters of RUN.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransactionExtra {
    /// What has to have happened before.
    pub bookmarks: Vec<String>,
    /// In milliseconds; absent means: as the server is set up.
    pub timeout_ms: Option<i64>,
    /// For the server's log and its list of transactions.
    pub metadata: Option<Map>,
    /// `w` if it is not said.
    pub mode: AccessMode,
    /// Absent or empty means: the user's own.
    pub database: Option<String>,
    /// Whose privileges count, if they are not those of the one who asks.
    pub impersonated_user: Option<String>,
    /// Since 5.2.
    pub notifications: NotificationFilter,
    /// Entries that the version does not have, as they came.
    pub other: Map,
}

impl TransactionExtra {
    pub(super) fn read(mut entries: Entries, version: Version) -> Read<Self> {
        let mode = match entries.string("mode")?.as_deref() {
            None | Some("w") => AccessMode::Write,
            Some("r") => AccessMode::Read,
            Some(_) => return entries.fault("mode", "'r' or 'w'"),
        };
        Ok(Self {
            bookmarks: entries.strings("bookmarks")?.unwrap_or_default(),
            timeout_ms: entries.integer("tx_timeout")?,
            metadata: entries.map("tx_metadata")?,
            mode,
            database: entries.string("db")?.filter(|name| !name.is_empty()),
            impersonated_user: entries.string("imp_user")?,
            notifications: NotificationFilter::read(&mut entries, version)?,
            other: entries.rest(),
        })
    }

    /// What is not said, is left out.
    pub(super) fn write(&self, version: Version) -> Map {
        let mut map = Map::new();
        put(&mut map, "bookmarks", Some(&self.bookmarks).filter(|all| !all.is_empty()).cloned());
        put(&mut map, "tx_timeout", self.timeout_ms);
        put(&mut map, "tx_metadata", self.metadata.clone());
        put(&mut map, "mode", (self.mode == AccessMode::Read).then_some("r"));
        put(&mut map, "db", self.database.clone());
        put(&mut map, "imp_user", self.impersonated_user.clone());
        self.notifications.write(&mut map, version);
        for (name, value) in self.other.iter() {
            map.insert(name, value.clone());
        }
        map
    }
}
