//! `SHOW SERVERS`: the members of the cluster, as whoever runs the listing knows them.

use aliasd_catalog::Value;

use super::rows::Rows;

/// A member of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The number that it has among the members.
    pub id: u64,
    /// How it is called where people read.
    pub name: String,
    /// Where clients reach it, host and port.
    pub address: String,
    /// It answers; `None` where that is not known.
    pub is_available: Option<bool>,
}

/// Every member holds all of the catalog, which is the database `system`, and nothing else.
pub(super) fn server_rows(servers: &[Server]) -> Rows<'_> {
    let texts = |texts: &[&str]| Value::List(texts.iter().copied().map(Value::from).collect());
    Box::new(servers.iter().map(move |Server { id, name, address, is_available }| {
        let health = is_available.map(|answers| if answers { "Available" } else { "Unavailable" });
        Ok(vec![
            Value::from(id.to_string().as_str()),
            Value::from(name.as_str()),
            Value::from(address.as_str()),
            Value::Null,
            Value::Null,
            Value::from("Enabled"),
            health.map_or(Value::Null, Value::from),
            texts(&["system"]),
            texts(&["system"]),
            texts(&[]),
            texts(&[]),
            texts(&[]),
            Value::from("NONE"),
            Value::Null,
        ])
    }))
}
