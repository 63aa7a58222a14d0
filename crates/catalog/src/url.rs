//! The address of a remote DBMS.

use std::fmt;
use std::sync::Arc;

use self::host::{is_host, is_ipv6};
use crate::{Listed, Rejection, UrlFault};

/// A Bolt or routing URL whose scheme, host and port were checked; kept as it was given.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RemoteUrl {
    text: Arc<str>,
    scheme: Scheme,
}

/// How to connect to a remote DBMS. `+s` verifies the server's certificate, `+ssc` accepts a
/// self-signed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// `neo4j`: routing, unencrypted.
    Neo4j,
    /// `neo4j+s`: routing, encrypted.
    Neo4jSecure,
    /// `neo4j+ssc`: routing, encrypted, self-signed.
    Neo4jSelfSigned,
    /// `bolt`: one server, unencrypted.
    Bolt,
    /// `bolt+s`: one server, encrypted.
    BoltSecure,
    /// `bolt+ssc`: one server, encrypted, self-signed.
    BoltSelfSigned,
}

impl Scheme {
    /// Every accepted scheme, in the order messages list them.
    pub const ALL: [Self; 6] =
        [Self::Neo4j, Self::Neo4jSecure, Self::Neo4jSelfSigned, Self::Bolt, Self::BoltSecure, Self::BoltSelfSigned];

    /// The scheme as it stands before `://`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Neo4j => "neo4j",
            Self::Neo4jSecure => "neo4j+s",
            Self::Neo4jSelfSigned => "neo4j+ssc",
            Self::Bolt => "bolt",
            Self::BoltSecure => "bolt+s",
            Self::BoltSelfSigned => "bolt+ssc",
        }
    }

    /// Whether the connection is encrypted.
    pub fn is_secure(self) -> bool {
        !matches!(self, Self::Neo4j | Self::Bolt)
    }

    /// The schemes that a message offers.
    pub fn offered(secure_only: bool) -> Listed<&'static str> {
        let offered = Self::ALL.into_iter().filter(|scheme| !secure_only || scheme.is_secure());
        Listed::of(&offered.map(Self::as_str).collect::<Vec<_>>())
    }
}

impl RemoteUrl {
    /// Checks a URL: an accepted scheme, a host that can be one, at most a numeric port and, for a routing scheme, the
    /// name of a routing policy. User info is refused, because a password in a URL would be stored and listed in clear.
    ///
    /// # Errors
    /// The scheme is not accepted, or what follows it is more or other than that.
    pub fn new(text: &str) -> Result<Self, Rejection> {
        let url = Self::stored(text)?;
        let (_, rest) = text.split_once("://").unwrap_or_default();
        check_rest(url.scheme, rest).map_err(|reason| Rejection::InvalidUrl { reason: reason.into() })?;
        Ok(url)
    }

    /// Reads back a URL that was accepted when it was stored, perhaps by an earlier version, which looked at less of it.
    ///
    /// # Errors
    /// The scheme is not accepted, or there is user information, a blank, no host or no valid port.
    pub fn stored(text: &str) -> Result<Self, Rejection> {
        let invalid = |reason: UrlFault| Rejection::InvalidUrl { reason: reason.into() };
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(Rejection::InvalidUrlScheme {
                url: Self::redacted(text),
                schemes: Scheme::offered(false).into(),
            });
        };
        let known = Scheme::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(scheme));
        let Some(scheme) = known else {
            return Err(Rejection::InvalidUrlScheme {
                url: Self::redacted(text),
                schemes: Scheme::offered(false).into(),
            });
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if text.contains('@') {
            return Err(invalid(UrlFault::UserInformation));
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(invalid(UrlFault::Spaces));
        }
        let (host, port) = split_port(authority).ok_or_else(|| invalid(UrlFault::Address))?;
        if host.is_empty() {
            return Err(invalid(UrlFault::NoHost));
        }
        if port.is_some_and(|port| !is_port(port)) {
            return Err(invalid(UrlFault::Port));
        }
        Ok(Self { text: text.into(), scheme })
    }

    /// The URL as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How to connect.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }
}

/// Splits `host:port`, `[v6]:port`, `host`; none when the brackets do not match.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        return match after.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => after.is_empty().then_some((host, None)),
        };
    }
    match authority.split_once(':') {
        Some((_, port)) if port.contains(':') => None,
        Some((host, port)) => Some((host, Some(port))),
        None => Some((authority, None)),
    }
}

/// What the first versions took without looking at it: the host, and what follows the address.
fn check_rest(scheme: Scheme, rest: &str) -> Result<(), UrlFault> {
    let (rest, fragment) = rest.split_once('#').map_or((rest, None), |(rest, fragment)| (rest, Some(fragment)));
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, _) = split_port(authority).ok_or(UrlFault::Address)?;
    let known = if authority.starts_with('[') { is_ipv6(host) } else { is_host(host) };
    match query {
        _ if !known => Err(UrlFault::Host),
        _ if !path.is_empty() => Err(UrlFault::Path),
        _ if fragment.is_some() => Err(UrlFault::Fragment),
        Some(query) if !is_policy(scheme, query) => Err(UrlFault::Query),
        _ => Ok(()),
    }
}

/// True for `policy=name`, of a scheme that routes: all that a driver says to a server about routes.
fn is_policy(scheme: Scheme, query: &str) -> bool {
    let routes = !matches!(scheme, Scheme::Bolt | Scheme::BoltSecure | Scheme::BoltSelfSigned);
    routes && policy(query).is_some()
}

/// The name in `policy=name`.
fn policy(query: &str) -> Option<&str> {
    query.strip_prefix("policy=").filter(|name| !name.is_empty() && !name.contains(['&', '=', '?', ';', '#']))
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port != 0)
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.text)
    }
}

mod cover;
mod host;
#[cfg(test)]
mod tests;
