//! From the files that the configuration names to rustls configurations. TLS 1.3 only.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use aliasd_keyring::pki;
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use super::settings::{CertificatePaths, TlsSettings};
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
        Ok(Self {
            clients: clients_config(&provider, &server, client_ca)?,
            peers: peers_config(&provider, &peer, paths, &peer_ca)?,
            dial: dial_config(&provider, &peer, peer_ca)?,
        })
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
        let key = PrivateKeyDer::from_pem_slice(&pem)
            .map_err(|_| error(key_setting, &paths.key, TlsErrorKind::Empty("private key")))?;
        Ok(Self { chain, key, paths: paths.clone(), key_setting })
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
        error(self.key_setting, &self.paths.key, TlsErrorKind::Unusable(cause))
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

fn authorities(setting: &'static str, path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(setting, path)? {
        roots.add(certificate).map_err(|cause| unusable_authority(setting, path, cause))?;
    }
    Ok(roots)
}

fn certificates(setting: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(setting, path)?;
    let empty = || error(setting, path, TlsErrorKind::Empty("certificate"));
    let certificates = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>().map_err(|_| empty())?;
    if certificates.is_empty() { Err(empty()) } else { Ok(certificates) }
}

fn read(setting: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    fs::read(path).map(Zeroizing::new).map_err(|cause| error(setting, path, TlsErrorKind::Unreadable(cause)))
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
