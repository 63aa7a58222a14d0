use std::future::pending;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aliasd_keyring::pki::{Authority, CertificateSubject, DEFAULT_VALIDITY};
use futures::FutureExt;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio_stream::StreamExt;
use tonic::transport::Server;
use tonic::transport::server::Connected;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::{CertificatePaths, TlsErrorKind, TlsSettings};
use super::{Tls, clients, clients_in_clear, peer_channel, peers};
use crate::admission::ConnectionLimits;

/// How long a client may prove nothing.
const PATIENCE: Duration = Duration::from_secs(60);
const LIMITS: ConnectionLimits = ConnectionLimits {
    connections_max: 12,
    connections_per_address_max: 6,
    certified_only: 2,
    handshakes_max: 6,
    handshakes_per_address_max: 4,
};

/// Certificates of three nodes and a client, from one authority, in one directory.
fn certificates() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::create("test").unwrap();
    authority.save(directory.path()).unwrap();
    for id in 1..=3 {
        let subject = CertificateSubject::Node { id, hosts: vec!["localhost".parse().unwrap()] };
        let issued = authority.issue(&subject, DEFAULT_VALIDITY).unwrap();
        issued.save(directory.path(), &format!("node-{id}")).unwrap();
    }
    let subject = CertificateSubject::Client { identity: "dbms-a".to_owned() };
    authority.issue(&subject, DEFAULT_VALIDITY).unwrap().save(directory.path(), "client").unwrap();
    directory
}

fn paths(directory: &Path, stem: &str) -> TlsSettings {
    TlsSettings {
        peer: CertificatePaths {
            certificate: directory.join(format!("{stem}.pem")),
            key: directory.join(format!("{stem}-key.pem")),
        },
        peer_ca: directory.join("ca.pem"),
        server: None,
        client_ca: Some(directory.join("ca.pem")),
    }
}

fn tls(directory: &Path, node_id: u64) -> Arc<Tls> {
    Arc::new(Tls::load(&paths(directory, &format!("node-{node_id}")), node_id).unwrap())
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address.to_string())
}

/// A peer listener of that node that answers health checks.
async fn health_server(tls: Arc<Tls>) -> String {
    let (listener, address) = listener().await;
    let (_, health) = tonic_health::server::health_reporter();
    let incoming = peers(listener, LIMITS, tls, |_| pending().boxed());
    tokio::spawn(Server::builder().add_service(health).serve_with_incoming(incoming));
    address
}

async fn check(from: &Arc<Tls>, node_id: u64, address: &str) -> Result<(), tonic::Status> {
    let mut client = HealthClient::new(peer_channel(from, node_id, address));
    client.check(HealthCheckRequest { service: String::new() }).await.map(|_| ())
}

#[tokio::test]
async fn nodes_reach_one_another_and_only_the_one_they_meant() {
    let directory = certificates();
    let address = health_server(tls(directory.path(), 2)).await;
    let from = tls(directory.path(), 1);
    check(&from, 2, &address).await.unwrap();
    // Somebody else's address: the answer comes from a node, but not from the node that was meant.
    check(&from, 3, &address).await.unwrap_err();
}

#[tokio::test]
async fn a_node_of_another_authority_is_turned_away_on_both_sides() {
    let ours = certificates();
    let theirs = certificates();
    let address = health_server(tls(ours.path(), 2)).await;
    check(&tls(theirs.path(), 1), 2, &address).await.unwrap_err();
    // One that trusts only the others would be refused by all of them, so it does not even start.
    let mut mixed = paths(theirs.path(), "node-1");
    mixed.peer_ca = ours.path().join("ca.pem");
    assert!(matches!(Tls::load(&mixed, 1).unwrap_err().kind, TlsErrorKind::Refused { .. }));
    let both = [ours.path(), theirs.path()].map(|directory| std::fs::read_to_string(directory.join("ca.pem")).unwrap());
    mixed.peer_ca = theirs.path().join("both.pem");
    std::fs::write(&mixed.peer_ca, both.concat()).unwrap();
    let mixed = Arc::new(Tls::load(&mixed, 1).unwrap());
    check(&mixed, 2, &address).await.unwrap_err();
}

#[tokio::test]
async fn a_peer_connection_carries_the_node_id() {
    let directory = certificates();
    let (listener, address) = listener().await;
    let mut incoming = peers(listener, LIMITS, tls(directory.path(), 2), |_| pending().boxed());
    let from = tls(directory.path(), 3);
    let call = tokio::spawn(async move { check(&from, 2, &address).await });
    let accepted = incoming.next().await.unwrap().unwrap();
    assert_eq!(accepted.connect_info().node_id, 3);
    call.abort();
}

#[tokio::test]
async fn a_connection_of_a_node_that_was_removed_is_closed_and_the_others_stay() {
    let directory = certificates();
    let (listener, address) = listener().await;
    let (removal, removed) = watch::channel(0);
    let removed = move |node| {
        let mut removed = removed.clone();
        async move { drop(removed.wait_for(|removed| *removed == node).await) }.boxed()
    };
    let incoming = peers(listener, LIMITS, tls(directory.path(), 2), removed);
    let (_, health) = tonic_health::server::health_reporter();
    tokio::spawn(Server::builder().add_service(health).serve_with_incoming(incoming));
    let connect = async |stem| {
        let stream = TcpStream::connect(&address).await.unwrap();
        let name = ServerName::try_from("node-2.peer.aliasd").unwrap();
        let config = client_config(directory.path(), Some(stem));
        tokio_rustls::TlsConnector::from(config).connect(name, stream).await.unwrap()
    };
    let (mut stays, mut goes) = (connect("node-1").await, connect("node-3").await);
    removal.send(3).unwrap();
    // Whether the end is orderly or not is of no account; that it comes is.
    let _ = goes.read_to_end(&mut Vec::new()).await;
    let open = tokio::time::timeout(Duration::from_millis(200), stays.read_to_end(&mut Vec::new())).await;
    assert!(open.is_err(), "the connection of a member was closed");
}

#[tokio::test]
async fn a_client_certificate_opens_no_peer_connection() {
    let directory = certificates();
    let address = health_server(tls(directory.path(), 2)).await;
    // A node does not even start with such a certificate, so this caller is made by hand.
    Tls::load(&paths(directory.path(), "client"), 1).unwrap_err();
    let config = client_config(directory.path(), Some("client"));
    let stream = TcpStream::connect(&address).await.unwrap();
    let name = ServerName::try_from("node-2.peer.aliasd").unwrap();
    let mut stream = tokio_rustls::TlsConnector::from(config).connect(name, stream).await.unwrap();
    assert_closed(&mut stream).await;
}

/// A client as any program could be: trusts the authority, and shows a certificate or none.
fn client_config(directory: &Path, stem: Option<&str>) -> Arc<rustls::ClientConfig> {
    client_config_of(directory, stem.map(|stem| directory.join(stem)).as_deref())
}

fn client_config_of(trusted: &Path, shown: Option<&Path>) -> Arc<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted.join("ca.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match shown {
        None => builder.with_no_client_auth(),
        Some(stem) => {
            let chain = vec![CertificateDer::from_pem_file(stem.with_extension("pem")).unwrap()];
            let key = PrivateKeyDer::from_pem_file(format!("{}-key.pem", stem.display())).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

async fn connect(
    config: Arc<rustls::ClientConfig>,
    address: &str,
) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    tokio_rustls::TlsConnector::from(config).connect(name, stream).await
}

async fn assert_closed(stream: &mut (impl AsyncReadExt + Unpin)) {
    let mut byte = [0];
    assert!(matches!(stream.read(&mut byte).await, Ok(0) | Err(_)), "the connection is still open");
}

#[tokio::test]
async fn clients_connect_with_and_without_a_certificate() {
    let directory = certificates();
    let (listener, address) = listener().await;
    let mut incoming = clients(listener, LIMITS, PATIENCE, tls(directory.path(), 1));

    let _anonymous = connect(client_config(directory.path(), None), &address).await.unwrap();
    assert_eq!(incoming.next().await.unwrap().unwrap().connect_info().connection.certificate, None);

    let _known = connect(client_config(directory.path(), Some("client")), &address).await.unwrap();
    let certificate = incoming.next().await.unwrap().unwrap().connect_info().connection.certificate.unwrap();
    assert_eq!(&*certificate.identity, "dbms-a");
    assert!(certificate.expires_at > SystemTime::now());
}

#[tokio::test]
async fn a_bad_handshake_neither_stops_nor_delays_the_others() {
    let directory = certificates();
    let stranger = certificates();
    let (listener, address) = listener().await;
    let mut incoming = clients(listener, LIMITS, PATIENCE, tls(directory.path(), 1));
    // One says nothing, one says rubbish, one trusts another authority, one shows a stranger's certificate.
    let _silent = TcpStream::connect(&address).await.unwrap();
    let mut rubbish = TcpStream::connect(&address).await.unwrap();
    rubbish.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    connect(client_config(stranger.path(), None), &address).await.unwrap_err();
    let shown = client_config_of(directory.path(), Some(&stranger.path().join("client")));
    let mut refused = connect(shown, &address).await.unwrap();
    assert_closed(&mut refused).await;

    let _good = connect(client_config(directory.path(), None), &address).await.unwrap();
    incoming.next().await.unwrap().unwrap();
}

/// On Linux, a whole network of addresses leads to the machine itself.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn who_holds_connections_open_keeps_nobody_else_out() {
    let directory = certificates();
    let (listener, address) = listener().await;
    let mut incoming = clients(listener, LIMITS, PATIENCE, tls(directory.path(), 1));
    // More than one address may have, all silent: the oldest give way to the others.
    let mut silent = Vec::new();
    for _ in 0..20 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        silent.push(socket.connect(address.parse().unwrap()).await.unwrap());
    }
    assert_closed(&mut silent[0]).await;
    // Somebody else gets in at once, and again, up to what one address may have.
    let (mut held, mut accepted) = (Vec::new(), Vec::new());
    for _ in 0..LIMITS.connections_per_address_max {
        held.push(connect(client_config(directory.path(), None), &address).await.unwrap());
        accepted.push(incoming.next().await.unwrap().unwrap());
    }
    connect(client_config(directory.path(), None), &address).await.unwrap_err();
    // A connection that ends makes room.
    accepted.pop();
    held.push(connect(client_config(directory.path(), None), &address).await.unwrap());
    incoming.next().await.unwrap().unwrap();
}

#[tokio::test]
async fn who_proves_nothing_is_let_go_and_nobody_else() {
    let directory = certificates();
    let (listener, address) = listener().await;
    let mut incoming = clients(listener, LIMITS, Duration::from_millis(1), tls(directory.path(), 1));
    let mut stranger = connect(client_config(directory.path(), None), &address).await.unwrap();
    let mut accepted = incoming.next().await.unwrap().unwrap();
    let error = accepted.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    drop(accepted);
    assert_closed(&mut stranger).await;

    // A certificate is a proof, and so is what a call shows, if it comes before anybody has looked at the time.
    for certificate in [Some("client"), None] {
        let mut client = connect(client_config(directory.path(), certificate), &address).await.unwrap();
        let mut accepted = incoming.next().await.unwrap().unwrap();
        if certificate.is_none() {
            accepted.connect_info().proof.give();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        client.write_u8(7).await.unwrap();
        assert_eq!(accepted.read_u8().await.unwrap(), 7);
    }
}

#[tokio::test]
async fn dropping_the_stream_closes_the_listener() {
    let directory = certificates();
    let (listener, address) = listener().await;
    drop(clients(listener, LIMITS, PATIENCE, tls(directory.path(), 1)));
    // The port becomes free once the loop has noticed.
    while TcpListener::bind(&address).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn tonic_clients_speak_to_the_client_listener() {
    let directory = certificates();
    let (listener, address) = listener().await;
    let (_, health) = tonic_health::server::health_reporter();
    tokio::spawn(Server::builder().add_service(health).serve_with_incoming(clients(
        listener,
        LIMITS,
        PATIENCE,
        tls(directory.path(), 1),
    )));
    let mut stream = connect(client_config(directory.path(), None), &address).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    assert_eq!(stream.get_ref().1.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[3], 4, "the server answers with its settings");
}

#[tokio::test]
async fn certificates_are_read_again_and_bad_ones_change_nothing() {
    let directory = certificates();
    let ours = tls(directory.path(), 2);
    let address = health_server(Arc::clone(&ours)).await;
    let fresh = certificates();
    for file in ["ca.pem", "node-2.pem", "node-2-key.pem"] {
        std::fs::copy(fresh.path().join(file), directory.path().join(file)).unwrap();
    }
    check(&tls(fresh.path(), 1), 2, &address).await.unwrap_err();
    ours.reload().unwrap();
    check(&tls(fresh.path(), 1), 2, &address).await.unwrap();

    std::fs::write(directory.path().join("node-2.pem"), "damaged").unwrap();
    let error = ours.reload().unwrap_err();
    assert_eq!(error.setting, "tls.peer_certificate");
    check(&tls(fresh.path(), 1), 2, &address).await.unwrap();
}

#[tokio::test]
async fn nothing_is_served_in_clear_except_on_loopback() {
    let everywhere = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let error = clients_in_clear(everywhere, LIMITS, PATIENCE).unwrap_err();
    assert!(error.to_string().starts_with("node.insecure_plaintext: 0.0.0.0:"), "{error}");
    let (listener, address) = listener().await;
    let mut incoming = clients_in_clear(listener, LIMITS, PATIENCE).unwrap();
    let _client = TcpStream::connect(&address).await.unwrap();
    assert!(incoming.next().await.unwrap().unwrap().connect_info().connection.certificate.is_none());
}

#[test]
fn errors_name_the_setting_and_debug_no_key() {
    let directory = certificates();
    let error = Tls::load(&paths(directory.path(), "node-1"), 2).unwrap_err();
    let file = directory.path().join("node-1.pem");
    let expected = format!("tls.peer_certificate: {} belongs to node 1, and node.id is 2", file.display());
    assert_eq!(error.to_string(), expected);
    let printed = format!("{:?}", tls(directory.path(), 1));
    assert!(printed.contains("node_id: 1") && !printed.contains("PRIVATE"), "{printed}");
}
