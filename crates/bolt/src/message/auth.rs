//! Who a user is. What proves it is never shown.

use std::fmt;

use zeroize::Zeroizing;

use super::field::{Entries, Read, put};
use crate::packstream::{Map, Value};

/// A text that is wiped when it is dropped, and that `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

/// What HELLO (up to 5.0) or LOGON (since 5.1) says of the user.
#[derive(Clone, Default, PartialEq)]
pub struct AuthToken {
    /// `none`, `basic`, `bearer`, `kerberos` or one of the server's own. A client may leave it out for `none`.
    pub scheme: Option<String>,
    /// The name of the user.
    pub principal: Option<String>,
    /// A password, token or ticket.
    pub credentials: Option<Secret>,
    /// Which of the server's providers knows the user.
    pub realm: Option<String>,
    /// More, for schemes of the server's own.
    pub parameters: Option<Map>,
    /// Entries that no version has, as they came.
    pub other: Map,
}

impl Secret {
    /// Takes a text over.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// In clear.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("'******'")
    }
}

impl fmt::Debug for AuthToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Parameters and unknown entries of a scheme may prove something too: only their names are shown.
        let names = |map: &Map| map.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
        f.debug_struct("AuthToken")
            .field("scheme", &self.scheme)
            .field("principal", &self.principal)
            .field("credentials", &self.credentials)
            .field("realm", &self.realm)
            .field("parameters", &self.parameters.as_ref().map(names))
            .field("other", &names(&self.other))
            .finish()
    }
}

impl AuthToken {
    /// A user name and a password.
    pub fn basic(principal: &str, credentials: Secret) -> Self {
        let (scheme, principal) = (Some("basic".to_owned()), Some(principal.to_owned()));
        Self { scheme, principal, credentials: Some(credentials), ..Self::default() }
    }

    /// Takes its entries out of a map, and leaves the others.
    pub(super) fn read(entries: &mut Entries) -> Read<Self> {
        Ok(Self {
            scheme: entries.string("scheme")?,
            principal: entries.string("principal")?,
            credentials: entries.string("credentials")?.map(Secret::new),
            realm: entries.string("realm")?,
            parameters: entries.map("parameters")?,
            other: Map::new(),
        })
    }

    pub(super) fn write(&self, map: &mut Map) {
        put(map, "scheme", self.scheme.clone());
        put(map, "principal", self.principal.clone());
        put(map, "credentials", self.credentials.as_ref().map(Secret::reveal));
        put(map, "realm", self.realm.clone());
        put(map, "parameters", self.parameters.clone());
        for (name, value) in self.other.iter() {
            map.insert(name, value.clone());
        }
    }
}

/// Wipes the texts of a map that held a secret.
pub(super) fn wipe(map: Map) {
    for (_, value) in map {
        if let Value::String(text) = value {
            drop(Zeroizing::new(text));
        }
    }
}
