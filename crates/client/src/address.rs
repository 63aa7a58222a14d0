//! Where a member is reached: `https://host:port`, or `http://` on loopback when that was asked for.

use std::fmt;
use std::net::IpAddr;

use http::Uri;

use crate::build_error::BuildError;

/// The port of clients when an endpoint names none.
const DEFAULT_PORT: u16 = 7680;

/// Host, port, and whether TLS is spoken there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// The port for clients.
    pub port: u16,
    /// Plaintext stays on this machine.
    pub tls: bool,
}

impl Address {
    /// Reads an endpoint as a person writes it: `https://host:port`, `host:port` or `host`.
    pub(crate) fn parse(text: &str, allow_plaintext: bool) -> Result<Self, BuildError> {
        let text = text.trim();
        // Checked before anything can quote it: what stands before the `@` may be a password.
        if text.contains('@') {
            return Err(BuildError::EndpointWithUser);
        }
        let bad = || BuildError::Endpoint { endpoint: text.to_owned() };
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let uri: Uri = with_scheme.parse().map_err(|_| bad())?;
        let path_is_empty = uri.path_and_query().is_none_or(|path| path.as_str() == "/");
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(bad()),
        };
        let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
        let host = uri.host().unwrap_or_default();
        let port = match authority.strip_prefix(host).unwrap_or_default() {
            "" => DEFAULT_PORT,
            port => port.strip_prefix(':').and_then(|port| port.parse().ok()).ok_or_else(bad)?,
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() || !path_is_empty {
            return Err(bad());
        }
        let address = Self { host, port, tls };
        let is_allowed = tls || (allow_plaintext && address.is_loopback());
        if !is_allowed {
            return Err(BuildError::Plaintext { endpoint: text.to_owned() });
        }
        Ok(address)
    }

    /// An address that a member advertises, spoken to in the same way as that member. `None` if it cannot be
    /// one, or if it would be plaintext that leaves this machine.
    pub(crate) fn advertised(host_and_port: &str, tls: bool) -> Option<Self> {
        let address = Self::parse(host_and_port, false).ok()?;
        let address = Self { tls, ..address };
        (tls || address.is_loopback()).then_some(address)
    }

    /// The URI that the channel is made for. The connector does TLS itself, hence always `http`.
    pub(crate) fn uri(&self, scheme: &str) -> Uri {
        format!("{scheme}://{self}").parse().expect("host and port came out of a URI")
    }

    fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost") || self.host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }
}

/// `host:port`, with brackets around an IPv6 address.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read_as_people_write_them() {
        for (text, shown) in [
            ("https://a.example:7000", "a.example:7000"),
            ("a.example:7000", "a.example:7000"),
            (" a.example/ ", "a.example:7680"),
            ("https://[::1]:7000", "[::1]:7000"),
        ] {
            assert_eq!(Address::parse(text, false).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        for text in ["", "https://", "ftp://a:1", "https://a:7680/path", "https://a:7680?x=1", "a:port"] {
            assert!(matches!(Address::parse(text, true), Err(BuildError::Endpoint { .. })), "{text}");
        }
        let error = Address::parse("https://carol:geheim@a:1", true).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("geheim"));
    }

    #[test]
    fn plaintext_needs_a_word_and_a_loopback_address() {
        assert!(Address::parse("http://127.0.0.1:1", false).is_err());
        assert!(Address::parse("http://a.example:1", true).is_err());
        for text in ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"] {
            assert!(!Address::parse(text, true).unwrap().tls);
        }
        assert_eq!(Address::advertised("b.example:1", false), None);
        assert!(Address::advertised("b.example:1", true).unwrap().tls);
    }
}
