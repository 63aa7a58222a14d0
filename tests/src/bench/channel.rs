//! gRPC channels over TLS 1.3 with nothing between the caller and the wire: no retries, no tokens, no cache.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint, Uri};

/// What a client with a certificate needs to connect.
pub(super) fn tls(ca: &Path, certificate: &Path, key: &Path) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca)?)?;
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)?.collect::<Result<_, _>>()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

/// One connection to the node at `address`.
pub(super) async fn connect(address: &str, tls: &Arc<ClientConfig>) -> Result<Channel> {
    let (host, _) = address.rsplit_once(':').context("an address is host:port")?;
    let name = ServerName::try_from(host.to_owned())?;
    let connector = {
        let (address, tls) = (address.to_owned(), Arc::clone(tls));
        tower::service_fn(move |_: Uri| {
            let (address, tls, name) = (address.clone(), Arc::clone(&tls), name.clone());
            async move {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let stream = TlsConnector::from(tls).connect(name, stream).await?;
                Ok::<_, std::io::Error>(TokioIo::new(stream))
            }
        })
    };
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?.origin(format!("https://{address}").parse()?);
    Ok(endpoint.connect_with_connector(connector).await?)
}
