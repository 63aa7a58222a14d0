//! Bytes that no client would send, at every port of a node: it lives, answers the others, and keeps nothing open for whoever
//! sent them.
//!
//! `ALIASD_FUZZ_MINUTES` says for how long; `cargo xtask fuzz ports` sets it. Without it, a few hundred connections are made.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aliasd_tests::cluster::{Cluster, PATIENCE};
use aliasd_tests::dice::Dice;
use aliasd_tests::{grpc, wait};
use anyhow::{Context, Result, ensure};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Connections, unless `ALIASD_FUZZ_MINUTES` says for how long.
const CONNECTIONS: u64 = 400;

/// How long an answer is waited for that need not come.
const ANSWER: Duration = Duration::from_millis(300);

/// What a port is sent, whole.
struct Sample {
    port: Port,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Port {
    Http,
    /// Of clients or of peers, before TLS has begun.
    Tls {
        of_peers: bool,
    },
    /// Of clients, when it has.
    Http2,
}

/// One frame of HTTP/2 on the first stream, or on the connection.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// A call of gRPC as it crosses the network, in the plainest spelling of its headers.
fn call(method: &str, message: &[u8]) -> Vec<u8> {
    let header = |name: &str, value: &str| {
        let length = |text: &str| u8::try_from(text.len()).expect("a short text");
        [&[0, length(name)], name.as_bytes(), &[length(value)], value.as_bytes()].concat()
    };
    let headers = [
        header(":method", "POST"),
        header(":scheme", "https"),
        header(":path", method),
        header(":authority", "localhost"),
        header("te", "trailers"),
        header("content-type", "application/grpc"),
        header("authorization", "Basic YWRtaW46d3Jvbmc="),
    ];
    let length = u32::try_from(message.len()).expect("a short message").to_be_bytes();
    let message = [&[0], &length[..], message].concat();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    let frames = [preface, frame(4, 0, 0, &[]), frame(1, 4, 1, &headers.concat()), frame(0, 1, 1, &message)];
    frames.concat()
}

fn samples(tls: &Arc<ClientConfig>) -> Result<Vec<Sample>> {
    let mut hello = Vec::new();
    ClientConnection::new(Arc::clone(tls), ServerName::try_from("127.0.0.1")?)?.write_tls(&mut hello)?;
    let http = |text: &str| Sample { port: Port::Http, bytes: text.as_bytes().to_vec() };
    let inside = |bytes: Vec<u8>| Sample { port: Port::Http2, bytes };
    // Field 1 a text, field 2 a map or message; what the calls make of it is their business.
    let message = b"\x0a\x05films\x12\x04\x0a\x02ab\x1a\x10aaaaaaaaaaaaaaaa\x20\x07";
    Ok(vec![
        http("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        http("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
        http("POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        Sample { port: Port::Tls { of_peers: false }, bytes: hello.clone() },
        Sample { port: Port::Tls { of_peers: true }, bytes: hello },
        inside(call("/aliasd.v1.Admin/Execute", message)),
        inside(call("/aliasd.v1.Router/Resolve", message)),
        inside(call("/aliasd.v1.Router/Watch", message)),
        inside(call("/aliasd.v1.Auth/Login", message)),
        inside(call("/aliasd.v1.Cluster/Init", message)),
        inside(call("/grpc.health.v1.Health/Check", b"")),
        inside(call("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", b"\x3a\x01*")),
    ])
}

/// The same bytes but for a few small differences.
fn damage(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..dice.pick(1..4) {
        let index = |end: usize, dice: &mut Dice| usize::try_from(dice.pick(0..end as u64 + 1)).unwrap_or_default();
        let at = index(bytes.len(), dice);
        let end = (at + index(24, dice)).min(bytes.len());
        match dice.pick(0..6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            3 => bytes[at..end].fill(0xff),
            4 => drop(bytes.splice(at..at, vec![0; 4096])),
            _ => bytes[at..end].iter_mut().take(1).for_each(|byte| *byte ^= 1 << (at % 8)),
        }
    }
    bytes
}

/// Sends the bytes, says that no more come, and reads what is answered for a moment.
async fn send(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8], hang_up: bool) -> Vec<u8> {
    let mut answer = Vec::new();
    // The other side may have closed it at the first wrong byte.
    let _ = stream.write_all(bytes).await;
    let _ = stream.flush().await;
    if hang_up {
        let _ = timeout(ANSWER, stream.shutdown()).await;
    }
    let _ = timeout(ANSWER, stream.read_to_end(&mut answer)).await;
    answer
}

/// Where the samples go.
struct Target {
    tls: Arc<ClientConfig>,
    http: String,
    clients: String,
    peers: String,
}

impl Target {
    async fn send(&self, port: Port, bytes: &[u8], hang_up: bool) -> Result<Vec<u8>> {
        let address = match port {
            Port::Http => &self.http,
            Port::Tls { of_peers: true } => &self.peers,
            Port::Tls { of_peers: false } | Port::Http2 => &self.clients,
        };
        let stream = TcpStream::connect(address).await.with_context(|| format!("{address} takes no connection"))?;
        if matches!(port, Port::Http2) {
            let name = ServerName::try_from("127.0.0.1")?;
            let stream = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await?;
            return Ok(send(stream, bytes, hang_up).await);
        }
        Ok(send(stream, bytes, hang_up).await)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_no_client_would_send_hurt_nobody() -> Result<()> {
    let minutes: Option<u64> = std::env::var("ALIASD_FUZZ_MINUTES").ok().and_then(|text| text.parse().ok());
    let mut cluster = Cluster::running("hostile", 1)?;
    let tls = grpc::tls_without_certificate(&cluster.layout().ca())?;
    let node = cluster.node(1);
    let (http, clients, peers) = (node.http_address.clone(), node.client_address.clone(), node.peer_address.clone());
    let target = Arc::new(Target { tls: Arc::clone(&tls), http, clients, peers });
    let samples = samples(&tls)?;
    for sample in &samples {
        // What is not damaged is understood, or the damage would be seen by nobody.
        let answer = target.send(sample.port, &sample.bytes, false).await?;
        ensure!(!answer.is_empty(), "{:?} does not answer b\"{}\"", sample.port, sample.bytes.escape_ascii());
    }
    let before = node.open_files()?;

    let mut dice = Dice::seeded();
    let until = minutes.map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    let mut sent = 0_u64;
    while until.map_or(sent < CONNECTIONS, |until| Instant::now() < until) {
        let mut attempts = Vec::new();
        for _ in 0..16 {
            let sample = &samples[usize::try_from(dice.pick(0..samples.len() as u64))?];
            let (port, bytes, hang_up) = (sample.port, damage(&sample.bytes, &mut dice), dice.pick(0..2) == 0);
            let (target, sent) = (Arc::clone(&target), bytes.clone());
            attempts.push((tokio::spawn(async move { target.send(port, &sent, hang_up).await }), port, bytes));
        }
        for (attempt, port, bytes) in attempts {
            sent += 1;
            let context = || format!("after {port:?} was sent b\"{}\"", bytes.escape_ascii());
            attempt.await?.with_context(context)?;
        }
        if sent.is_multiple_of(160) {
            let (ready, body) = cluster.node(1).http("/readyz")?;
            ensure!(ready == 200, "{body}");
        }
    }
    cluster.exec("CREATE ALIAS afterwards FOR DATABASE neo4j")?;
    let node = cluster.node(1);
    wait::until("what was sent to be let go", PATIENCE, || {
        let now = node.open_files()?;
        ensure!(now <= before + 4, "{now} files are open, {before} were before");
        Ok(())
    })?;
    ensure!(!node.said().contains("panicked"), "{}", node.said());
    println!("{sent} connections; {before} files were open before, {} are afterwards", node.open_files()?);
    Ok(())
}
