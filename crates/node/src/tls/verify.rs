//! Whether others would take the certificates of this node: what a peer and a client verify, asked of the same library.
//!
//! What is wrong for good (another authority, a gap in the chain, the wrong use) keeps a node from starting. What is wrong
//! with the time does not: this machine's clock may be the one that is wrong, and those who refuse say so.

use std::sync::Arc;

use aliasd_keyring::pki;
use aliasd_tls::WordedTlsError;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{CertificateError, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::TlsErrorKind;

/// A certificate with what stands behind it in its file.
pub(super) struct Chain<'a>(pub(super) &'a [CertificateDer<'static>]);

impl Chain<'_> {
    fn split(&self) -> Result<(&CertificateDer<'static>, &[CertificateDer<'static>]), TlsErrorKind> {
        self.0.split_first().ok_or(TlsErrorKind::Empty("certificate"))
    }

    /// Another member dials this one, and this one dials another.
    pub(super) fn verify_as_peer(
        &self,
        provider: &Arc<CryptoProvider>,
        authorities: &RootCertStore,
        node_id: u64,
        now: UnixTime,
    ) -> Result<(), TlsErrorKind> {
        let (certificate, chain) = self.split()?;
        let roots = Arc::new(authorities.clone());
        let unusable = |error| TlsErrorKind::UnusableAuthority(Box::new(error));
        let name = ServerName::try_from(pki::peer_name(node_id)).expect("a peer name is a DNS name");
        WebPkiServerVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(provider))
            .build()
            .map_err(unusable)?
            .verify_server_cert(certificate, chain, &name, &[], now)
            .map_err(|error| refused("the members that dial this node", certificate, error))?;
        WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider))
            .build()
            .map_err(unusable)?
            .verify_client_cert(certificate, chain, now)
            .map_err(|error| refused("the members that this node dials", certificate, error))?;
        Ok(())
    }

    /// A client dials this node. Which authorities it trusts is not known here; that which the chain ends with is one.
    pub(super) fn verify_as_server(
        &self,
        provider: &CryptoProvider,
        authorities: &RootCertStore,
        now: UnixTime,
    ) -> Result<(), TlsErrorKind> {
        let (certificate, chain) = self.split()?;
        let mut roots = authorities.clone();
        if let Some(last) = chain.last() {
            // One that cannot be an authority leads to nothing, which is then said.
            let _ = roots.add(last.clone());
        }
        let refused = |error| refused("clients", certificate, error);
        let parsed = ParsedCertificate::try_from(certificate).map_err(refused)?;
        let algorithms = provider.signature_verification_algorithms.all;
        match verify_server_cert_signed_by_trust_anchor(&parsed, &roots, chain, now, algorithms) {
            // Its issuer is one that the clients know and this node does not.
            Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) if chain.is_empty() => Ok(()),
            verified => verified.map_err(refused),
        }
    }

    /// Whether the certificate is for that host, which clients are told to dial.
    pub(super) fn covers(&self, host: &str) -> bool {
        let Ok((certificate, _)) = self.split() else { return false };
        let (Ok(parsed), Ok(name)) = (ParsedCertificate::try_from(certificate), ServerName::try_from(host)) else {
            return false;
        };
        verify_server_name(&parsed, &name).is_ok()
    }
}

fn refused(by: &'static str, certificate: &CertificateDer<'_>, source: rustls::Error) -> TlsErrorKind {
    let issuer = pki::issuer(certificate).unwrap_or_default();
    TlsErrorKind::Refused { by, issuer, source: WordedTlsError(source) }
}
