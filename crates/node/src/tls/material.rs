//! From the files that the configuration names to rustls configurations. TLS 1.3 only.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use aliasd_keyring::{pki, text};
use aliasd_service::operate::CertificateEnd;
use aliasd_tls::WordedTlsError;
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use zeroize::Zeroizing;

use super::settings::{CertificatePaths, TlsSettings};
use super::verify::Chain;
use super::{TlsError, TlsErrorKind};

/// The only protocol that is spoken over these connections.
const ALPN_HTTP2: &[u8] = b"h2";

/// What TLS needs at run time, read from files as one whole.
pub(super) struct Material {
    /// For the listener that clients call.
    pub(super) clients: Arc<ServerConfig>,
    /// For the listener that the other nodes call.
    pub(super) peers: Arc<ServerConfig>,
    /// For dialling the other nodes.
    pub(super) dial: Arc<ClientConfig>,
    /// When each of the certificates ends.
    pub(super) ends: Vec<CertificateEnd>,
    /// Certificates that others would refuse at this time, though not at another.
    pub(super) out_of_time: Vec<TlsError>,
    /// What clients see.
    pub(super) server: Vec<CertificateDer<'static>>,
}

impl Material {
    pub(super) fn load(paths: &TlsSettings, node_id: u64) -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let peer = CertificateWithKey::load(&paths.peer, "tls.peer_certificate", "tls.peer_key")?;
        peer.check_node_id(&paths.peer, node_id)?;
        let peer_ca = authorities("tls.peer_ca", &paths.peer_ca)?;
        let server = match &paths.server {
            Some(server) => CertificateWithKey::load(server, "tls.server_certificate", "tls.server_key")?,
            None => peer.clone(),
        };
        let client_ca = match &paths.client_ca {
            Some(path) => Some((path.as_path(), authorities("tls.client_ca", path)?)),
            None => None,
        };
        let mut ends = vec![peer.end("tls.peer_certificate"), peer_ca.end("tls.peer_ca")];
        ends.extend(paths.server.is_some().then(|| server.end("tls.server_certificate")));
        ends.extend(client_ca.as_ref().map(|(_, authorities)| authorities.end("tls.client_ca")));
        let out_of_time = out_of_time(&provider, paths, node_id, (&peer, &server), &peer_ca.roots)?;
        let client_ca = client_ca.map(|(path, authorities)| (path, authorities.roots));
        Ok(Self {
            server: server.chain.clone(),
            clients: clients_config(&provider, &server, client_ca)?,
            peers: peers_config(&provider, &peer, paths, &peer_ca.roots)?,
            dial: dial_config(&provider, &peer, peer_ca.roots)?,
            ends: ends.into_iter().flatten().collect(),
            out_of_time,
        })
    }
}

/// The certificates that others would refuse at this time alone.
///
/// # Errors
/// They would refuse one at any time.
fn out_of_time(
    provider: &Arc<CryptoProvider>,
    paths: &TlsSettings,
    node_id: u64,
    (peer, server): (&CertificateWithKey, &CertificateWithKey),
    authorities: &RootCertStore,
) -> Result<Vec<TlsError>, TlsError> {
    let now = UnixTime::now();
    let as_peer = Chain(&peer.chain).verify_as_peer(provider, authorities, node_id, now);
    let as_server = match paths.server {
        Some(_) => Chain(&server.chain).verify_as_server(provider, authorities, now),
        None => Ok(()),
    };
    let mut faults = Vec::new();
    for (setting, paths, verified) in
        [("tls.peer_certificate", &peer.paths, as_peer), ("tls.server_certificate", &server.paths, as_server)]
    {
        match verified.map_err(|kind| error(setting, &paths.certificate, kind)) {
            Err(fault) if fault.kind.is_about_time() => faults.push(fault),
            verified => verified?,
        }
    }
    Ok(faults)
}

/// Certificate authorities as TLS takes them, and when the last of them ends.
struct Authorities {
    roots: RootCertStore,
    ends_at: Option<SystemTime>,
}

impl Authorities {
    fn end(&self, setting: &'static str) -> Option<CertificateEnd> {
        Some(CertificateEnd { setting, ends_at: self.ends_at? })
    }
}

/// A certificate chain with its key, and the settings they came from.
struct CertificateWithKey {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    paths: CertificatePaths,
    key_setting: &'static str,
}

impl Clone for CertificateWithKey {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key(), paths: self.paths.clone(), ..*self }
    }
}

impl CertificateWithKey {
    fn load(
        paths: &CertificatePaths,
        certificate_setting: &'static str,
        key_setting: &'static str,
    ) -> Result<Self, TlsError> {
        let chain = certificates(certificate_setting, &paths.certificate)?;
        let pem = read(key_setting, &paths.key)?;
        let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
            let encrypted = pki::is_encrypted_key(&pem);
            let kind = if encrypted { TlsErrorKind::EncryptedKey } else { TlsErrorKind::Empty("private key") };
            error(key_setting, &paths.key, kind)
        })?;
        Ok(Self { chain, key, paths: paths.clone(), key_setting })
    }

    /// When the first certificate of the chain ends, and with it the whole.
    fn end(&self, setting: &'static str) -> Option<CertificateEnd> {
        let ends_at = self.chain.iter().filter_map(|certificate| pki::expires_at(certificate).ok()).min()?;
        Some(CertificateEnd { setting, ends_at })
    }

    fn check_node_id(&self, paths: &CertificatePaths, expected: u64) -> Result<(), TlsError> {
        let kind = match self.chain.first().map(pki::peer_node_id) {
            Some(Ok(found)) if found == expected => return Ok(()),
            Some(Ok(found)) => TlsErrorKind::OtherNode { found, expected },
            Some(Err(error)) => TlsErrorKind::NoNodeId(error),
            None => TlsErrorKind::Empty("certificate"),
        };
        Err(error("tls.peer_certificate", &paths.certificate, kind))
    }

    /// The library refuses a key that is not the certificate's; the key file is the likelier mistake.
    fn unusable(&self, cause: rustls::Error) -> TlsError {
        let kind = match cause {
            rustls::Error::InconsistentKeys(_) => TlsErrorKind::ForeignKey,
            cause => TlsErrorKind::Unusable(WordedTlsError(cause)),
        };
        error(self.key_setting, &self.paths.key, kind)
    }
}

fn clients_config(
    provider: &Arc<CryptoProvider>,
    identity: &CertificateWithKey,
    authorities: Option<(&Path, RootCertStore)>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let builder = server_builder(provider);
    let builder = match authorities {
        None => builder.with_no_client_auth(),
        Some((path, roots)) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
                .allow_unauthenticated()
                .build()
                .map_err(|cause| unusable_authority("tls.client_ca", path, cause))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let config = builder
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .map_err(|cause| identity.unusable(cause))?;
    Ok(finished(config))
}

fn peers_config(
    provider: &Arc<CryptoProvider>,
    identity: &CertificateWithKey,
    paths: &TlsSettings,
    authorities: &RootCertStore,
) -> Result<Arc<ServerConfig>, TlsError> {
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities.clone()), Arc::clone(provider))
        .build()
        .map_err(|cause| unusable_authority("tls.peer_ca", &paths.peer_ca, cause))?;
    let config = server_builder(provider)
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .map_err(|cause| identity.unusable(cause))?;
    Ok(finished(config))
}

fn dial_config(
    provider: &Arc<CryptoProvider>,
    identity: &CertificateWithKey,
    authorities: RootCertStore,
) -> Result<Arc<ClientConfig>, TlsError> {
    let mut config = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("the provider has suites of TLS 1.3")
        .with_root_certificates(authorities)
        .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
        .map_err(|cause| identity.unusable(cause))?;
    config.alpn_protocols = vec![ALPN_HTTP2.to_vec()];
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

fn server_builder(provider: &Arc<CryptoProvider>) -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("the provider has suites of TLS 1.3")
}

fn finished(mut config: ServerConfig) -> Arc<ServerConfig> {
    config.alpn_protocols = vec![ALPN_HTTP2.to_vec()];
    // A resumed session would skip the check of the certificate against authorities that were reloaded meanwhile.
    // Connections live long, so there is little to gain from it.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Arc::new(config)
}

fn authorities(setting: &'static str, path: &Path) -> Result<Authorities, TlsError> {
    let mut authorities = Authorities { roots: RootCertStore::empty(), ends_at: None };
    for certificate in certificates(setting, path)? {
        if !pki::is_authority(&certificate).map_err(|cause| unusable_authority(setting, path, cause))? {
            let issuer = pki::issuer(&certificate).unwrap_or_default();
            return Err(error(setting, path, TlsErrorKind::NoAuthority { issuer }));
        }
        authorities.ends_at = authorities.ends_at.max(pki::expires_at(&certificate).ok());
        authorities.roots.add(certificate).map_err(|cause| unusable_authority(setting, path, cause))?;
    }
    Ok(authorities)
}

fn certificates(setting: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(setting, path)?;
    let empty = || error(setting, path, TlsErrorKind::Empty("certificate"));
    let certificates = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>().map_err(|_| empty())?;
    if certificates.is_empty() { Err(empty()) } else { Ok(certificates) }
}

fn read(setting: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let pem = fs::read(path).map(Zeroizing::new);
    let pem = pem.map_err(|cause| error(setting, path, TlsErrorKind::Unreadable(cause)))?;
    text::refuse_mark(&pem).map_err(|cause| error(setting, path, TlsErrorKind::NotText(cause)))?;
    Ok(pem)
}

fn unusable_authority(
    setting: &'static str,
    path: &Path,
    cause: impl std::error::Error + Send + Sync + 'static,
) -> TlsError {
    error(setting, path, TlsErrorKind::UnusableAuthority(Box::new(cause)))
}

fn error(setting: &'static str, path: &Path, kind: TlsErrorKind) -> TlsError {
    TlsError { setting, path: path.to_owned(), kind }
}
