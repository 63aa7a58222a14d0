//! `aliasctl resolve`: where a name leads.

use aliasd_client::{Destination, Lookup, Route};
use serde_json::{Value as Json, json};

use super::print;
use crate::arguments::{Format, Resolve};
use crate::command_error::CommandError;
use crate::output::{fields, from_map};

pub(crate) async fn run(command: Box<Resolve>) -> Result<(), CommandError> {
    let mut lookup = match &command.name {
        Some(name) => Lookup::name(name),
        None => Lookup::home(),
    };
    lookup = lookup.freshness(command.freshness);
    if let Some(user) = &command.user_impersonated {
        lookup = lookup.on_behalf_of(user);
    }
    if let Some(database) = &command.connected_to {
        lookup = lookup.connected_to(database);
    }
    if command.show_credentials {
        lookup = lookup.with_credentials();
    }
    let route = command.connection.client()?.resolve(&lookup).await?;
    let text = match command.format {
        Format::Table => fields(&table(&route)),
        Format::Json => format!("{}\n", json(&route)),
    };
    print(&text)
}

fn table(route: &Route) -> Vec<(&'static str, String)> {
    let mut out = vec![("name", route.name.clone())];
    match &route.destination {
        Destination::Local { database } => {
            out.extend([("location", "local".to_owned()), ("database", database.clone())]);
        }
        Destination::Remote(remote) => {
            out.extend([
                ("location", "remote".to_owned()),
                ("url", remote.url.clone()),
                ("database", remote.database.clone()),
                ("user", remote.user.clone()),
            ]);
            if let Some(password) = &remote.password {
                out.push(("password", password.expose().to_owned()));
            }
            if let Some(version) = remote.default_language {
                out.push(("language", format!("CYPHER {version}")));
            }
            if !remote.driver.is_empty() {
                out.push(("driver", from_map(&remote.driver).to_string()));
            }
        }
    }
    if !route.properties.is_empty() {
        out.push(("properties", from_map(&route.properties).to_string()));
    }
    out.extend([("version", route.version.to_string()), ("revision", route.served_at.to_string())]);
    out
}

/// The same fields for every route; those that a local database does not have are null.
fn json(route: &Route) -> Json {
    let mut out = json!({
        "name": route.name,
        "location": "local",
        "url": null,
        "database": null,
        "user": null,
        "password": null,
        "default_language": null,
        "driver": {},
        "properties": from_map(&route.properties),
        "version": route.version,
        "revision": route.served_at,
    });
    match &route.destination {
        Destination::Local { database } => out["database"] = json!(database),
        Destination::Remote(remote) => {
            out["location"] = json!("remote");
            out["url"] = json!(remote.url);
            out["database"] = json!(remote.database);
            out["user"] = json!(remote.user);
            out["password"] = json!(remote.password.as_ref().map(|password| password.expose()));
            out["default_language"] = json!(remote.default_language);
            out["driver"] = from_map(&remote.driver);
        }
    }
    out
}
