//! Tokens: fetched once, renewed when refused.

use aliasd_client::{Failure, GrpcCode, Lookup, Secret};

use crate::cluster::{Cluster, Fault};
use crate::member::PASSWORD;

#[tokio::test]
async fn many_calls_log_in_once() {
    let cluster = Cluster::start(1).await;
    let client = cluster.builder(&[0]).password("alice", PASSWORD).build().unwrap();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.resolve(&Lookup::name("films")).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(cluster.calls("login").len(), 1);
    assert!(cluster.calls("resolve").iter().all(|call| call.authorization == "Bearer token-0"));
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed() {
    let cluster = Cluster::start(1).await;
    let client = cluster.builder(&[0]).password("alice", PASSWORD).build().unwrap();
    client.resolve(&Lookup::name("films")).await.unwrap();
    cluster.world.state().tokens_from = 1;
    client.execute("CREATE ROLE r").await.unwrap();
    assert_eq!(cluster.calls("login").len(), 2);
    // A token that nobody can renew is the caller's matter.
    cluster.world.state().tokens_from = 2;
    let client = cluster.builder(&[0]).token("token-0").build().unwrap();
    let error = client.resolve(&Lookup::name("films")).await.unwrap_err();
    assert_eq!((error.grpc_code, error.code.as_str()), (GrpcCode::Unauthenticated, "TOKEN_EXPIRED"));
    assert_eq!(cluster.calls("login").len(), 2);
}

/// That somebody who is asked about is not there is no reason to log in again.
#[tokio::test]
async fn a_user_who_is_unknown_costs_no_login() {
    let cluster = Cluster::start(1).await;
    let client = cluster.builder(&[0]).password("alice", PASSWORD).build().unwrap();
    for code in ["USER_UNKNOWN", "USER_SUSPENDED"] {
        let refusal = Failure::rejected(GrpcCode::Unauthenticated, code, "The user 'carol' is not there.");
        cluster.fault(0, Fault::Refuse(refusal));
        let error = client.resolve(&Lookup::name("films").on_behalf_of("carol")).await.unwrap_err();
        assert_eq!(error.code, code);
    }
    assert_eq!((cluster.calls("login").len(), cluster.calls("resolve").len()), (1, 2));
}

#[tokio::test]
async fn a_wrong_password_is_said_at_once() {
    let cluster = Cluster::start(1).await;
    let client = cluster.builder(&[0]).password("alice", "wrong").build().unwrap();
    let error = client.resolve(&Lookup::name("films")).await.unwrap_err();
    assert_eq!(error.code, "UNAUTHENTICATED");
    assert_eq!((cluster.calls("login").len(), cluster.calls("resolve").len()), (1, 0));
}

#[tokio::test]
async fn basic_needs_no_login() {
    let cluster = Cluster::start(1).await;
    let client = cluster.builder(&[0]).basic("alice", PASSWORD).build().unwrap();
    client.resolve(&Lookup::name("films")).await.unwrap();
    assert_eq!(cluster.calls("login").len(), 0);
    assert_eq!(cluster.calls("resolve")[0].authorization, "Basic YWxpY2U6c2VjcmV0cGFzc3dvcmQ=");
}

#[tokio::test]
async fn nothing_of_a_client_prints_its_secrets() {
    let cluster = Cluster::start(1).await;
    let builder = cluster.builder(&[0]).password("alice", PASSWORD);
    let mut printed = format!("{builder:?}");
    let client = builder.build().unwrap();
    let login = client.login("alice", &Secret::from(PASSWORD)).await.unwrap();
    printed.push_str(&format!("{client:?} {login:?}"));
    assert!(!printed.contains(PASSWORD) && !printed.contains("token-0"), "{printed}");
}

/// A token that is good for nothing any more need not be ended; of one that nobody here made that cannot be said.
#[tokio::test]
async fn a_token_that_is_not_known_is_not_called_ended() {
    let cluster = Cluster::start(1).await;
    for (code, is_done) in [("TOKEN_ENDED", true), ("TOKEN_EXPIRED", true), ("TOKEN_INVALID", false)] {
        let refusal = Failure::rejected(GrpcCode::Unauthenticated, code, "The token is not accepted.");
        cluster.fault(0, Fault::Refuse(refusal));
        let client = cluster.builder(&[0]).token("token-0").build().unwrap();
        let ended = client.logout().await;
        assert_eq!(ended.as_ref().map_err(|failure| failure.code.as_str()), if is_done { Ok(&()) } else { Err(code) });
    }
}
