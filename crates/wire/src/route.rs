//! Routes, as the catalog resolves them, in their protobuf form.

use aliasd_catalog::{AliasKind, CypherVersion, Destination, PlainSecret, RemoteAlias, Route};

use crate::v1;
use crate::v1::route::Destination as Sent;
use crate::value::map_to_proto;

/// The route as it is sent. `password` is the opened credential of a remote alias, if it is released.
pub fn to_proto(route: &Route, password: Option<&PlainSecret>) -> v1::Route {
    let alias = match &route.destination {
        Destination::Local { alias, .. } => alias.as_ref(),
        Destination::Remote { alias, .. } => Some(alias),
    };
    v1::Route {
        name: route.name.to_string(),
        destination: Some(destination(&route.destination, password)),
        properties: alias.map(|alias| map_to_proto(&alias.properties)).unwrap_or_default(),
        version: route.revision.0,
        composite: alias.and_then(|alias| alias.composite.as_ref()).map(ToString::to_string),
    }
}

/// Where it leads.
pub(crate) fn destination(destination: &Destination, password: Option<&PlainSecret>) -> Sent {
    match destination {
        Destination::Local { database, .. } => local(database.to_string()),
        Destination::Remote { alias, .. } => match &alias.kind {
            AliasKind::Remote(remote_alias) => Sent::RemoteDatabase(remote(remote_alias, password)),
            AliasKind::Local(database) => local(database.to_string()),
        },
    }
}

fn local(database: String) -> Sent {
    Sent::LocalDatabase(v1::LocalDatabase { database })
}

fn remote(alias: &RemoteAlias, password: Option<&PlainSecret>) -> v1::RemoteDatabase {
    let RemoteAlias { database, url, login, driver, default_language } = alias;
    let language = match default_language {
        // A constituent takes the language of its composite database.
        None => v1::DefaultLanguage::Unspecified,
        Some(CypherVersion::Cypher5) => v1::DefaultLanguage::Cypher5,
        Some(CypherVersion::Cypher25) => v1::DefaultLanguage::Cypher25,
    };
    v1::RemoteDatabase {
        url: url.to_string(),
        database: database.to_string(),
        user: login.user().map(ToString::to_string).unwrap_or_default(),
        password: password.map(|password| password.expose().to_owned()),
        driver: map_to_proto(&driver.to_values()),
        default_language: language.into(),
        oidc_credential_forwarding: login.user().is_none(),
    }
}
