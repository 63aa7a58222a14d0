//! TLS towards remote DBMSs: authorities for `+s`, and for `+ssc` any certificate. TLS 1.3 only.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::address::Encryption;

/// Both ways to encrypt a connection.
#[derive(Clone)]
pub(crate) struct RemoteTls {
    verified: Arc<ClientConfig>,
    self_signed: Arc<ClientConfig>,
}

/// Why the file of authorities cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoteTlsError {
    /// The system does not let us read it.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        source: std::io::Error,
    },
    /// It holds something else.
    #[error("{} holds no certificate in PEM form", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

impl RemoteTls {
    /// With the authorities of a file. Certificates in it that are none of authorities are passed over, as bundles of systems
    /// hold some.
    pub(crate) fn load(authorities: &Path) -> Result<Self, RemoteTlsError> {
        let path = || authorities.to_owned();
        let pem = fs::read(authorities).map_err(|source| RemoteTlsError::Unreadable { path: path(), source })?;
        let mut roots = RootCertStore::empty();
        let certificates = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok);
        roots.add_parsable_certificates(certificates);
        if roots.is_empty() {
            return Err(RemoteTlsError::Empty { path: path() });
        }
        Ok(Self::with_roots(roots))
    }

    fn with_roots(roots: RootCertStore) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = || {
            ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_protocol_versions(&[&rustls::version::TLS13])
                .expect("the provider has suites of TLS 1.3")
        };
        let any = Arc::new(AnyCertificate(Arc::clone(&provider)));
        Self {
            verified: Arc::new(builder().with_root_certificates(roots).with_no_client_auth()),
            self_signed: Arc::new(builder().dangerous().with_custom_certificate_verifier(any).with_no_client_auth()),
        }
    }

    /// None for a connection that is not encrypted.
    pub(super) fn config(&self, encryption: Encryption) -> Option<Arc<ClientConfig>> {
        match encryption {
            Encryption::None => None,
            Encryption::Verified => Some(Arc::clone(&self.verified)),
            Encryption::SelfSigned => Some(Arc::clone(&self.self_signed)),
        }
    }
}

/// Takes any certificate, as the schemes that end with `+ssc` say, and still wants the server to have its key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
