//! What a stranger can make a node spend: little, and not for long.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use aliasd_wire::v1;
use aliasd_wire::v1::auth_client::AuthClient;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::formed;
use super::rig::PASSWORD;

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
async fn a_connection_on_which_nobody_proves_anything_is_let_go() {
    let (mut rig, admin) = formed().await;
    let token = admin.login("admin", PASSWORD).await.unwrap();
    rig.stop().await;
    rig.configure_node("authentication_timeout = \"500ms\"");
    rig.start().await;
    let (known, of_known) = rig.counted_bearer(&token);
    while known.who_am_i().await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Health is told to anybody, and proves nothing: sooner or later the next question takes another connection.
    let (stranger, of_stranger) = rig.counted_stranger();
    let before = of_known.load(Ordering::Relaxed);
    let deadline = Instant::now() + Duration::from_secs(60);
    while of_stranger.load(Ordering::Relaxed) < 3 {
        assert!(Instant::now() < deadline, "the stranger's connection is held");
        let _ = HealthClient::new(stranger.channel.clone()).check(HealthCheckRequest::default()).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    known.who_am_i().await.unwrap();
    assert_eq!(of_known.load(Ordering::Relaxed), before, "who is known keeps the connection");
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
