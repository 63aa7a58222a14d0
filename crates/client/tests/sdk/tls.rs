//! TLS 1.3, with the authorities that are given and no others.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aliasd_client::{Class, Client, ClientBuilder, Lookup, UNREACHABLE, UNTRUSTED};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;

use crate::cluster::Cluster;
use crate::{PATIENCE, member};

const CA: &str = include_str!("../certificates/ca.pem");
const STRANGER: &str = include_str!("../certificates/stranger.pem");
const SERVER: &str = include_str!("../certificates/server.pem");
const SERVER_KEY: &str = include_str!("../certificates/server-key.pem");
const CLIENT: &str = include_str!("../certificates/client.pem");
const CLIENT_KEY: &str = include_str!("../certificates/client-key.pem");

/// A member behind TLS; returns its address.
async fn serve(cluster: &Cluster, wants_certificate: bool) -> String {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&[&rustls::version::TLS13]);
    let config = config.unwrap();
    let config = if wants_certificate {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(CA.as_bytes()).unwrap()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        config.with_client_cert_verifier(verifier)
    } else {
        config.with_no_client_auth()
    };
    let certificate = CertificateDer::from_pem_slice(SERVER.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(SERVER_KEY.as_bytes()).unwrap();
    let mut config = config.with_single_cert(vec![certificate], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (connections, incoming) = mpsc::channel(10);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                let _ = connections.send(Ok::<_, std::io::Error>(stream)).await;
            }
        }
    });
    let routes = member::routes(0, Arc::clone(&cluster.world));
    let server = tonic::transport::Server::builder().add_routes(routes);
    tokio::spawn(server.serve_with_incoming(ReceiverStream::new(incoming)));
    format!("https://{address}")
}

fn builder(endpoint: &str) -> ClientBuilder {
    Client::builder().endpoint(endpoint).deadline(PATIENCE)
}

#[tokio::test]
async fn a_server_of_the_authority_is_trusted() {
    let cluster = Cluster::start(1).await;
    let endpoint = serve(&cluster, false).await;
    let client = builder(&endpoint).ca_pem(CA).build().unwrap();
    client.resolve(&Lookup::name("films")).await.unwrap();
}

#[tokio::test]
async fn a_server_of_another_authority_is_not_talked_to() {
    let cluster = Cluster::start(1).await;
    let endpoint = serve(&cluster, false).await;
    let started = Instant::now();
    let client = builder(&endpoint).ca_pem(STRANGER).build().unwrap();
    let error = client.execute("CREATE ROLE r").await.unwrap_err();
    // Another attempt would meet the same certificates.
    assert_eq!((error.code.as_str(), error.class), (UNTRUSTED, Class::Rejected), "{error}");
    assert!(error.message.contains("certificate") && error.hint.contains("another authority"), "{error:?}");
    assert!(cluster.calls("execute").is_empty());
    // It would be the same each time, so the deadline is not waited for.
    assert!(started.elapsed() < PATIENCE - Duration::from_secs(1));
}

#[tokio::test]
async fn a_certificate_is_shown_where_one_is_wanted() {
    let cluster = Cluster::start(1).await;
    let endpoint = serve(&cluster, true).await;
    let client = builder(&endpoint).ca_pem(CA).certificate(CLIENT, CLIENT_KEY).build().unwrap();
    client.resolve(&Lookup::name("films")).await.unwrap();

    let nobody = builder(&endpoint).ca_pem(CA).build().unwrap();
    let error = nobody.execute("CREATE ROLE r").await.unwrap_err();
    assert_eq!(error.code, UNTRUSTED, "{error}");
    // The port of the members does that.
    assert!(error.hint.contains("The port for the members wants one"), "{error:?}");
    assert!(cluster.calls("execute").is_empty());
}

#[tokio::test]
async fn who_speaks_the_wrong_language_is_told_so() {
    let cluster = Cluster::start(1).await;
    let with_tls = serve(&cluster, false).await;
    let in_clear = with_tls.replace("https", "http");
    let client = builder(&in_clear).allow_plaintext().deadline(Duration::from_millis(500)).build().unwrap();
    let error = client.execute("CREATE ROLE r").await.unwrap_err();
    assert_eq!((error.code.as_str(), error.class), (UNREACHABLE, Class::RetryHere));
    assert!(error.message.contains("if it speaks TLS, use https://"), "{error}");

    // What answers is no TLS: HTTP/1, as the port of metrics does.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let metrics = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let client = builder(&metrics).ca_pem(CA).build().unwrap();
    let error = client.execute("CREATE ROLE r").await.unwrap_err();
    assert_eq!((error.code.as_str(), error.class), (UNTRUSTED, Class::Rejected), "{error}");
    assert!(error.hint.contains("Nobody speaks TLS there"), "{error:?}");
}

#[tokio::test]
async fn an_encrypted_key_is_said_to_be_one() {
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let error = builder("https://127.0.0.1:1").ca_pem(CA).certificate(CLIENT, encrypted).build().unwrap_err();
    assert!(error.to_string().contains("encrypted") && error.hint().is_some(), "{error}");
}

#[tokio::test]
async fn a_key_that_does_not_fit_is_found_before_connecting() {
    let builder = builder("https://127.0.0.1:1").ca_pem(CA).certificate(CLIENT, SERVER_KEY);
    let error = builder.build().unwrap_err().to_string();
    assert!(error.contains("client certificate"), "{error}");
}
