//! Where an alias leads, as what is needed to get there.

use std::time::Duration;

use aliasd_catalog::{DriverSettings, RemoteUrl, Scheme};
use aliasd_client::{RemoteDatabase, Route, Secret};

use super::error::RemoteError;
use crate::translate::Hidden;

/// The port of Bolt, if a URL names none.
const DEFAULT_PORT: u16 = 7687;

/// How a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// Not at all.
    None,
    /// With a certificate that an authority vouches for.
    Verified,
    /// With whatever certificate the server shows.
    SelfSigned,
}

/// A remote DBMS and the login there, by one version of an alias.
#[derive(Clone)]
pub(crate) struct RemoteTarget {
    /// By its name, as the catalog writes it.
    pub(crate) alias: String,
    /// The revision at which it was last created or altered.
    pub(crate) version: u64,
    /// A name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) encryption: Encryption,
    /// Whether the server is told that it may pass work on to other members of its cluster.
    pub(crate) is_routed: bool,
    /// The database there.
    pub(crate) database: String,
    pub(crate) user: String,
    pub(crate) password: Secret,
    pub(crate) driver: DriverSettings,
}

impl RemoteTarget {
    /// What a route says.
    ///
    /// # Errors
    /// The catalog released no password, the URL is none that can be used here, or its scheme is one that the alias forbids.
    pub(crate) fn new(route: &Route, remote: &RemoteDatabase) -> Result<Self, RemoteError> {
        let url = RemoteUrl::stored(&remote.url).map_err(|_| RemoteError::Address)?;
        let (host, port) = host_and_port(url.as_str()).ok_or(RemoteError::Address)?;
        let driver = DriverSettings::from_values(&remote.driver).map_err(|_| RemoteError::DriverSettings)?;
        if driver.ssl_enforced() && !url.scheme().is_secure() {
            return Err(RemoteError::NotSecure);
        }
        let (encryption, is_routed) = match url.scheme() {
            Scheme::Bolt => (Encryption::None, false),
            Scheme::BoltSecure => (Encryption::Verified, false),
            Scheme::BoltSelfSigned => (Encryption::SelfSigned, false),
            Scheme::Neo4j => (Encryption::None, true),
            Scheme::Neo4jSecure => (Encryption::Verified, true),
            Scheme::Neo4jSelfSigned => (Encryption::SelfSigned, true),
        };
        Ok(Self {
            alias: route.name.clone(),
            version: route.version,
            host,
            port,
            encryption,
            is_routed,
            database: remote.database.clone(),
            user: remote.user.clone(),
            password: remote.password.clone().ok_or(RemoteError::NoPassword)?,
            driver,
        })
    }

    /// What the client of the alias is never shown.
    pub(crate) fn hidden(&self) -> Hidden {
        let password = self.password.expose().to_owned();
        Hidden::new([format!("{}:{}", self.host, self.port), self.host.clone(), self.user.clone(), password])
    }

    /// How long connecting may take, login included; `default` if the alias does not say.
    pub(crate) fn connect_within(&self, default: Duration) -> Duration {
        self.driver.connection_timeout.map_or(default, |timeout| whole(&timeout))
    }
}

/// As a length of time on a clock. A month has thirty days here; what is negative is nothing.
pub(super) fn whole(duration: &aliasd_client::Duration) -> Duration {
    let days = duration.months.saturating_mul(30).saturating_add(duration.days);
    let seconds = days.saturating_mul(86_400).saturating_add(duration.seconds);
    Duration::new(u64::try_from(seconds).unwrap_or_default(), duration.nanoseconds)
}

/// Host and port of a URL whose form was checked.
fn host_and_port(url: &str) -> Option<(String, u16)> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map(|(host, port)| (host, port.strip_prefix(':')))?,
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Some(DEFAULT_PORT), |port| port.parse().ok())?;
    Some((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_read() {
        for (url, host, port) in [
            ("bolt://a.example", "a.example", 7687),
            ("neo4j+s://a.example:7688?policy=eu", "a.example", 7688),
            ("bolt+ssc://[::1]:7000", "::1", 7000),
            ("bolt://[::1]", "::1", 7687),
        ] {
            assert_eq!(host_and_port(url), Some((host.to_owned(), port)), "{url}");
        }
    }

    #[test]
    fn durations_of_settings_are_lengths_of_time() {
        let duration = aliasd_client::Duration { days: 1, seconds: 5, nanoseconds: 7, ..Default::default() };
        assert_eq!(whole(&duration), Duration::new(86_405, 7));
        assert_eq!(whole(&aliasd_client::Duration { seconds: -1, ..Default::default() }), Duration::ZERO);
    }
}
