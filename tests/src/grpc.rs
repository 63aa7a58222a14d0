//! gRPC channels over TLS 1.3 with nothing between the caller and the wire: no retries, no tokens, no cache.
//! For measuring, and for calls that no client would make.

use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use hyper_util::rt::TokioIo;
use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Code, Status};
use tower::Service;

/// What a client with a certificate needs to connect.
pub fn tls(ca: &Path, certificate: &Path, key: &Path) -> Result<Arc<ClientConfig>> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)?.collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    Ok(with_http2(trusting(ca)?.with_client_auth_cert(chain, key)?))
}

/// What a client without a certificate needs to connect.
pub fn tls_without_certificate(ca: &Path) -> Result<Arc<ClientConfig>> {
    Ok(with_http2(trusting(ca)?.with_no_client_auth()))
}

fn trusting(ca: &Path) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    Ok(builder.with_protocol_versions(&[&rustls::version::TLS13])?.with_root_certificates(roots))
}

fn with_http2(mut config: ClientConfig) -> Arc<ClientConfig> {
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

/// One connection to the node at `address`.
pub async fn connect(address: &str, tls: &Arc<ClientConfig>) -> Result<Channel> {
    let (endpoint, connector) = endpoint(address, tls)?;
    Ok(endpoint.connect_with_connector(connector).await?)
}

/// As [`connect`], at the first use, and again whenever the connection was lost.
pub fn connect_when_used(address: &str, tls: &Arc<ClientConfig>) -> Result<Channel> {
    let (endpoint, connector) = endpoint(address, tls)?;
    Ok(endpoint.connect_with_connector_lazy(connector))
}

type TlsIo = TokioIo<TlsStream<TcpStream>>;

fn endpoint(
    address: &str,
    tls: &Arc<ClientConfig>,
) -> Result<(
    Endpoint,
    impl Service<Uri, Response = TlsIo, Error = io::Error, Future = impl Future<Output = io::Result<TlsIo>> + Send>
    + Send
    + 'static,
)> {
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
                Ok::<_, io::Error>(TokioIo::new(stream))
            }
        })
    };
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?.origin(format!("https://{address}").parse()?);
    Ok((endpoint, connector))
}

/// The certificate that is shown by who listens at `address`.
pub async fn served_certificate(address: &str, tls: &Arc<ClientConfig>) -> Result<CertificateDer<'static>> {
    let (host, _) = address.rsplit_once(':').context("an address is host:port")?;
    let stream = TcpStream::connect(address).await?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(ServerName::try_from(host.to_owned())?, stream).await?;
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).context("no certificate is shown")?;
    Ok(shown.clone().into_owned())
}

/// Calls a method, `/package.Service/Method`, with an empty message; the status of the answer. A method that
/// streams its answers is asked for the first one.
pub async fn call_with_nothing(channel: &Channel, method: &str) -> Code {
    let mut client = Grpc::new(channel.clone());
    let result = async {
        client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let path = method.parse().map_err(|_| Status::invalid_argument("not a path"))?;
        // An answer of any kind decodes as the empty message, which ignores every field.
        let codec = tonic_prost::ProstCodec::<(), ()>::default();
        let mut answers = client.server_streaming(tonic::Request::new(()), path, codec).await?.into_inner();
        answers.message().await
    };
    result.await.map_or_else(|status: Status| status.code(), |_| Code::Ok)
}
