//! What a stranger can make a node spend: little, and not for long.

use aliasd_wire::v1;
use aliasd_wire::v1::auth_client::AuthClient;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::formed;

#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_send_is_bounded() {
    let (mut rig, _) = formed().await;
    let large = "x".repeat(600 << 10);
    let login = v1::LoginRequest { user: "admin".to_owned(), password: large.clone() };
    let status = AuthClient::new(rig.stranger().channel).login(login).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange, "{status}");
    let question = HealthCheckRequest { service: large };
    let status = HealthClient::new(rig.stranger().channel).check(question).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange, "{status}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_http_port_waits_for_nobody() {
    let (mut rig, _) = formed().await;
    let address = rig.node().addresses().http;
    let mut silent = TcpStream::connect(address).await.unwrap();
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET /metrics HTTP/1.1\r\nHost: local").await.unwrap();
    // Both are closed, with or without a word. Before that they keep nobody from asking.
    assert_eq!(super::get(&rig, "/livez").await.0, 200);
    let mut rest = Vec::new();
    let _ = silent.read_to_end(&mut rest).await;
    let _ = slow.read_to_end(&mut rest).await;
    rig.stop().await;
}
