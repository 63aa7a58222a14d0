//! What SUCCESS says, by the request that it answers.

use super::error::MessageError;
use super::field::{Entries, put};
use crate::packstream::{Map, Value};

/// SUCCESS for HELLO.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HelloAnswer {
    /// Product and version. Some drivers want it to begin with `Neo4j/`.
    pub server: String,
    /// For the logs of both ends.
    pub connection_id: String,
    /// What the client may take into account, such as `ssr.enabled`.
    pub hints: Map,
    /// The patches that were granted, in 4.4.
    pub patches: Vec<String>,
    /// Everything else, such as the `protocol_version` that Neo4j repeats.
    pub other: Map,
}

/// SUCCESS for RUN.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunAnswer {
    /// The names of the columns.
    pub fields: Vec<String>,
    /// How long it took until there was a first row, in milliseconds.
    pub t_first_ms: Option<i64>,
    /// The number of the result in its transaction; none outside of one.
    pub result: Option<i64>,
    /// The database, if the client named none. Since 5.8, and only outside of a transaction.
    pub database: Option<String>,
    /// Everything else.
    pub other: Map,
}

/// SUCCESS for PULL and DISCARD.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FetchAnswer {
    /// Whether there are more rows; then nothing else is said.
    pub has_more: bool,
    /// Outside of a transaction, what has happened now.
    pub bookmark: Option<String>,
    /// Where the rows are from.
    pub database: Option<String>,
    /// Everything else: `type`, `stats`, `plan`, `profile`, `notifications` or `statuses`, `t_last`.
    pub other: Map,
}

/// What SUCCESS for ROUTE says under `rt`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoutingTable {
    /// For how many seconds it can be used.
    pub ttl_seconds: i64,
    /// The database that it is about.
    pub database: Option<String>,
    /// Who can be asked for such a table.
    pub routers: Vec<String>,
    /// Where to read.
    pub readers: Vec<String>,
    /// Where to write.
    pub writers: Vec<String>,
}

impl HelloAnswer {
    /// Reads what a server said.
    ///
    /// # Errors
    /// If an entry is of another type.
    pub fn read(map: Map) -> Result<Self, MessageError> {
        let mut entries = Entries::new("SUCCESS for HELLO", map);
        Ok(Self {
            server: entries.string("server")?.unwrap_or_default(),
            connection_id: entries.string("connection_id")?.unwrap_or_default(),
            hints: entries.map("hints")?.unwrap_or_default(),
            patches: entries.strings("patch_bolt")?.unwrap_or_default(),
            other: entries.rest(),
        })
    }

    /// What a server says.
    pub fn write(self) -> Map {
        let mut map = Map::new().with("server", self.server).with("connection_id", self.connection_id);
        map.insert("hints", self.hints);
        put(&mut map, "patch_bolt", Some(self.patches).filter(|all| !all.is_empty()));
        extended(map, self.other)
    }
}

impl RunAnswer {
    /// Reads what a server said.
    ///
    /// # Errors
    /// If an entry is of another type.
    pub fn read(map: Map) -> Result<Self, MessageError> {
        let mut entries = Entries::new("SUCCESS for RUN", map);
        Ok(Self {
            fields: entries.strings("fields")?.unwrap_or_default(),
            t_first_ms: entries.integer("t_first")?,
            result: entries.integer("qid")?,
            database: entries.string("db")?,
            other: entries.rest(),
        })
    }

    /// What a server says.
    pub fn write(self) -> Map {
        let mut map = Map::new().with("fields", self.fields);
        put(&mut map, "t_first", self.t_first_ms);
        put(&mut map, "qid", self.result);
        put(&mut map, "db", self.database);
        extended(map, self.other)
    }
}

impl FetchAnswer {
    /// Reads what a server said.
    ///
    /// # Errors
    /// If an entry is of another type.
    pub fn read(map: Map) -> Result<Self, MessageError> {
        let mut entries = Entries::new("SUCCESS for PULL or DISCARD", map);
        Ok(Self {
            has_more: entries.boolean("has_more")?.unwrap_or_default(),
            bookmark: entries.string("bookmark")?,
            database: entries.string("db")?,
            other: entries.rest(),
        })
    }

    /// What a server says.
    pub fn write(self) -> Map {
        let mut map = Map::new();
        put(&mut map, "has_more", self.has_more.then_some(true));
        put(&mut map, "bookmark", self.bookmark);
        put(&mut map, "db", self.database);
        extended(map, self.other)
    }
}

impl RoutingTable {
    /// Reads what a server said.
    ///
    /// # Errors
    /// If there is no table, or an entry is of another type. A role that is not known is passed over.
    pub fn read(map: Map) -> Result<Self, MessageError> {
        const MESSAGE: &str = "SUCCESS for ROUTE";
        let mut entries = Entries::new(MESSAGE, map);
        let Some(table) = entries.map("rt")? else { return entries.fault("rt", "a map") };
        let mut entries = Entries::new(MESSAGE, table);
        let mut table = Self {
            ttl_seconds: entries.integer("ttl")?.unwrap_or_default(),
            database: entries.string("db")?,
            ..Self::default()
        };
        for server in entries.list("servers")?.unwrap_or_default() {
            let Value::Map(server) = server else { return entries.fault("servers", "a list of maps") };
            let mut server = Entries::new(MESSAGE, server);
            let addresses = server.strings("addresses")?.unwrap_or_default();
            match server.string("role")?.as_deref() {
                Some("ROUTE") => table.routers.extend(addresses),
                Some("READ") => table.readers.extend(addresses),
                Some("WRITE") => table.writers.extend(addresses),
                _ => {}
            }
        }
        Ok(table)
    }

    /// What a server says.
    pub fn write(self) -> Map {
        let role = |role: &str, addresses: Vec<String>| Map::new().with("addresses", addresses).with("role", role);
        let servers = vec![role("WRITE", self.writers), role("READ", self.readers), role("ROUTE", self.routers)];
        let mut table = Map::new().with("ttl", self.ttl_seconds);
        put(&mut table, "db", self.database);
        Map::new().with("rt", table.with("servers", servers))
    }
}

/// A map with the entries of another one behind its own.
fn extended(mut map: Map, other: Map) -> Map {
    for (name, value) in other {
        map.insert(name, value);
    }
    map
}
