//! How a client is made: endpoints, trust, identity, deadlines. Everything wrong with a setting is found
//! here, before the first connection.

use std::sync::Arc;
use std::time::Duration;

use aliasd_runtime::{SharedRuntime, TokioRuntime};
use aliasd_tls::WordedTlsError;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::address::Address;
use crate::build_error::BuildError;
use crate::connect::Dialer;
use crate::core::{Core, Limits, OnRetry};
use crate::identity::{Authenticator, Credentials};
use crate::members::Members;
use crate::transport::Connector;
use crate::{Client, Failure, Secret};

/// Makes a [`Client`].
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = aliasd_client::Client::builder()
///     .endpoints(["https://a.example:7680", "https://b.example:7680", "https://c.example:7680"])
///     .ca_pem(std::fs::read("ca.pem")?)
///     .password("alice", "secretpassword")
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    endpoints: Vec<String>,
    allow_plaintext: bool,
    ca_pem: Option<Vec<u8>>,
    certificate: Option<(Vec<u8>, Secret)>,
    credentials: Credentials,
    limits: Limits,
    on_retry: OnRetry,
    runtime: Option<SharedRuntime>,
    connector: Option<Arc<dyn Connector>>,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            endpoints: Vec::new(),
            allow_plaintext: false,
            ca_pem: None,
            certificate: None,
            credentials: Credentials::None,
            limits: Limits::default(),
            on_retry: OnRetry::default(),
            runtime: None,
            connector: None,
        }
    }
}

impl Client {
    /// Begins to make a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }
}

impl ClientBuilder {
    /// Adds a member: `https://host:port`, `host:port` or `host` (port 7680). One is enough, since the others
    /// are learned; several let the client start while one is down.
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoints.push(endpoint.into());
        self
    }

    /// Adds several members.
    pub fn endpoints<E: Into<String>>(mut self, endpoints: impl IntoIterator<Item = E>) -> Self {
        self.endpoints.extend(endpoints.into_iter().map(Into::into));
        self
    }

    /// Trusts the certificate authorities in this PEM text, and no others.
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_pem = Some(pem.into());
        self
    }

    /// Proves who calls with a client certificate (PEM, with its chain) and its private key (PEM).
    pub fn certificate(mut self, certificate_pem: impl Into<Vec<u8>>, key_pem: impl Into<Secret>) -> Self {
        self.certificate = Some((certificate_pem.into(), key_pem.into()));
        self
    }

    /// Proves who calls with a user and password, which are exchanged once for a short-lived token.
    pub fn password(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.credentials = Credentials::Password { user: user.into(), password: password.into() };
        self
    }

    /// Proves who calls with a user and password on every call, without a login. For a program that makes one call.
    pub fn basic(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.credentials = Credentials::Basic { user: user.into(), password: password.into() };
        self
    }

    /// Proves who calls with a token of an earlier [`Client::login`]. It is not renewed.
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.credentials = Credentials::Token(token.into());
        self
    }

    /// Lets `http://` endpoints on loopback through. Credentials cross them in clear.
    pub fn allow_plaintext(mut self) -> Self {
        self.allow_plaintext = true;
        self
    }

    /// The longest time of one call with all its retries. Default: 10 seconds.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.limits.call = deadline;
        self
    }

    /// The longest time of one attempt, after which another member is tried. Default: 3 seconds. An attempt takes no more than
    /// its share either of what is left of the call's time, in which each member that was not asked yet has the same.
    pub fn attempt_deadline(mut self, deadline: Duration) -> Self {
        self.limits.attempt = deadline;
        self
    }

    /// How long the route cache and the guards believe a stream that says nothing. Default: 5 seconds.
    pub fn silence_max(mut self, silence: Duration) -> Self {
        self.limits.silence = silence;
        self
    }

    /// How many routes are cached at most. Default: 10,000.
    pub fn cached_routes_max(mut self, routes: usize) -> Self {
        self.limits.cached_routes = routes;
        self
    }

    /// Is told each time that a call has failed everywhere and is tried again after a pause: why, and how long it has been
    /// tried for. It is called on the path of the call, so it must not wait.
    pub fn on_retry(mut self, tell: impl Fn(&Failure, Duration) + Send + Sync + 'static) -> Self {
        self.on_retry = OnRetry(Some(Arc::new(tell)));
        self
    }

    /// Runs the client on that in place of the tokio runtime that it is made on: a simulator's tasks, time and dice.
    pub fn runtime(mut self, runtime: SharedRuntime) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Reaches the members by that in place of TCP and TLS, whose settings count for nothing then: see [`transport`](crate::transport).
    pub fn connector(mut self, connector: Arc<dyn Connector>) -> Self {
        self.connector = Some(connector);
        self
    }

    /// Makes the client. Nothing is connected until the first call, which has to be inside a tokio runtime,
    /// as has this, unless it is given another [runtime](Self::runtime) and another [connector](Self::connector).
    ///
    /// # Errors
    /// A setting is missing or wrong.
    pub fn build(self) -> Result<Client, BuildError> {
        let mut addresses: Vec<Address> = Vec::new();
        for endpoint in &self.endpoints {
            let address = Address::parse(endpoint, self.allow_plaintext)?;
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.is_empty() {
            return Err(BuildError::NoEndpoint);
        }
        let tls = match self.ca_pem.filter(|_| self.connector.is_none()) {
            Some(ca_pem) => Some(Arc::new(tls(&ca_pem, self.certificate)?)),
            None if self.connector.is_none() && addresses.iter().any(|address| address.tls) => {
                return Err(BuildError::NoAuthority);
            }
            None => None,
        };
        let runtime = self.runtime.unwrap_or_else(|| Arc::new(TokioRuntime::current()));
        // Connecting ends before the attempt does, so that it is known that nothing was sent.
        let timeout = self.limits.attempt.min(self.limits.call) / 2;
        let dialer = || Arc::new(Dialer { runtime: Arc::clone(&runtime), tls, timeout }) as Arc<dyn Connector>;
        let connector = self.connector.unwrap_or_else(dialer);
        let members = Members::new(Arc::clone(&runtime), connector, addresses);
        let identity = Authenticator::new(self.credentials);
        Ok(Client::new(Core::new(runtime, members, identity, self.limits, self.on_retry)))
    }
}

fn tls(ca_pem: &[u8], certificate: Option<(Vec<u8>, Secret)>) -> Result<ClientConfig, BuildError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca_pem) {
        let certificate = certificate.map_err(|error| BuildError::Authority(Some(error.into())))?;
        roots.add(certificate).map_err(|error| BuildError::Authority(Some(error.into())))?;
    }
    if roots.is_empty() {
        return Err(BuildError::Authority(None));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("the provider has cipher suites of TLS 1.3")
        .with_root_certificates(roots);
    let mut config = match certificate {
        None => config.with_no_client_auth(),
        Some((certificate_pem, key_pem)) => {
            let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&certificate_pem).collect();
            let chain = chain.map_err(|error| BuildError::Certificate(Some(error.into())))?;
            if chain.is_empty() {
                return Err(BuildError::Certificate(None));
            }
            let key = PrivateKeyDer::from_pem_slice(key_pem.expose().as_bytes()).map_err(|_| {
                let is_encrypted = key_pem.expose().contains("ENCRYPTED");
                if is_encrypted { BuildError::CertificateKeyEncrypted } else { BuildError::CertificateKey }
            })?;
            config.with_client_auth_cert(chain, key).map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => BuildError::CertificateKeyForeign,
                error => BuildError::CertificateRefused(WordedTlsError(error)),
            })?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}
