//! What is tried again, with what, and what is said when it did not help.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aliasd_client::{Class, Client, Destination, Failure, GrpcCode, Lookup, OUTCOME_UNKNOWN, Statement, UNREACHABLE};

use crate::cluster::{Cluster, Fault};

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_with_the_same_request_id() {
    let cluster = Cluster::start(3).await;
    cluster.fault(0, Fault::DoThenBreak);
    cluster.fault(1, Fault::Break);
    let client = cluster.client(&[0, 1, 2]);
    let (_, summary) = client.execute("CREATE ROLE r").await.unwrap().collect().await.unwrap();
    assert_eq!(summary.revision, 1);
    let calls = cluster.calls("execute");
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call.request_id == calls[0].request_id && call.request_id.len() == 16));
    assert_eq!(cluster.world.state().executed.len(), 1);
    // Another statement is another request.
    client.execute("CREATE ROLE r").await.unwrap();
    assert_eq!(cluster.world.state().executed.len(), 2);
}

#[tokio::test]
async fn a_request_id_may_be_chosen() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(&[0]);
    for _ in 0..2 {
        client.execute(Statement::new("CREATE ROLE r").request_id([7; 16])).await.unwrap();
    }
    assert_eq!(cluster.world.state().executed.len(), 1);
}

#[tokio::test]
async fn an_outcome_is_unknown_only_when_time_is_over() {
    let cluster = Cluster::start(1).await;
    for _ in 0..1000 {
        cluster.fault(0, Fault::DoThenBreak);
    }
    let client = cluster.builder(&[0]).deadline(Duration::from_millis(300)).build().unwrap();
    let error = client.execute("CREATE ROLE r").await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::OutcomeUnknown, OUTCOME_UNKNOWN));
    assert!(error.hint.contains("same request id"), "{}", error.hint);
    assert!(cluster.calls("execute").len() > 1);

    // A listing has no outcome: it can simply be run again.
    let error = client.execute("SHOW ROLES").await.unwrap().collect().await.unwrap_err();
    assert_eq!(error.class, Class::RetryHere);
}

#[tokio::test]
async fn what_is_refused_is_not_tried_again() {
    let cluster = Cluster::start(2).await;
    let refusal = Failure::rejected(GrpcCode::AlreadyExists, "ROLE_EXISTS", "It exists.").with_hint("Choose another.");
    cluster.fault(0, Fault::Refuse(refusal.clone()));
    let error = cluster.client(&[0, 1]).execute("CREATE ROLE r").await.unwrap_err();
    assert_eq!(error, refusal);
    assert_eq!(cluster.calls("execute").len(), 1);
}

#[tokio::test]
async fn a_member_that_cannot_answer_now_is_asked_again() {
    let cluster = Cluster::start(1).await;
    for _ in 0..3 {
        cluster.fault(0, Fault::Refuse(Failure::retry_here("NO_LEADER", "No leader is known.")));
    }
    cluster.client(&[0]).execute("CREATE ROLE r").await.unwrap();
    assert_eq!(cluster.calls("execute").len(), 4);
}

/// A member that cannot tell how old its state is hands out no password; the next one is asked for it.
#[tokio::test]
async fn a_password_that_one_member_does_not_release_another_one_does() {
    let cluster = Cluster::start(3).await;
    let stale = "This node releases no credential, because it cannot tell that what it has is at most 2s old.";
    for member in [0, 1] {
        cluster.fault(member, Fault::Refuse(Failure::retry_here("RELEASE_STALE", stale)));
    }
    let lookup = Lookup::name("films").with_credentials();
    let route = cluster.client(&[0, 1, 2]).resolve(&lookup).await.unwrap();
    let Destination::Remote(remote) = route.destination else { panic!("it is remote") };
    assert!(remote.password.is_some());
    let asked: Vec<usize> = cluster.calls("resolve").iter().map(|call| call.member).collect();
    assert_eq!(asked, [0, 1, 2]);
}

#[tokio::test]
async fn no_leader_until_the_deadline_is_unavailable_and_not_unknown() {
    let cluster = Cluster::start(1).await;
    for _ in 0..1000 {
        cluster.fault(0, Fault::Refuse(Failure::retry_here("NO_LEADER", "No leader is known.")));
    }
    let client = cluster.builder(&[0]).deadline(Duration::from_millis(200)).build().unwrap();
    let error = client.execute("CREATE ROLE r").await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::RetryHere, "NO_LEADER"));
}

#[tokio::test]
async fn what_a_living_member_says_counts_more_than_the_silence_of_dead_ones() {
    let mut cluster = Cluster::start(3).await;
    for _ in 0..1000 {
        cluster.fault(0, Fault::Refuse(Failure::retry_here("NO_LEADER", "No leader is known.")));
    }
    cluster.stop(1).await;
    cluster.stop(2).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let builder = cluster.builder(&[0, 1, 2]).deadline(Duration::from_millis(500));
    let client = builder.on_retry(move |failure, _| tell.lock().unwrap().push(failure.code.clone())).build().unwrap();
    let error = client.execute("CREATE ROLE r").await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::RetryHere, "NO_LEADER"));
    assert!(error.message.starts_with("No leader is known. Given up after "), "{error}");
    let told = told.lock().unwrap();
    assert!(!told.is_empty() && told.iter().all(|code| code == "NO_LEADER"), "{told:?}");
}

/// The time of a call would not be enough for one whole attempt.
#[tokio::test]
async fn members_that_hang_leave_time_for_the_one_that_lives() {
    let cluster = Cluster::start(3).await;
    let client = || cluster.builder(&[0, 1, 2]).deadline(Duration::from_secs(3)).build().unwrap();
    for call in ["execute", "resolve"] {
        for member in [0, 1] {
            cluster.fault(member, Fault::Hang);
        }
        match call {
            "execute" => drop(client().execute("CREATE ROLE r").await.unwrap()),
            _ => drop(client().resolve(&Lookup::name("films")).await.unwrap()),
        }
        let asked: Vec<usize> = cluster.calls(call).iter().map(|call| call.member).collect();
        assert_eq!(asked, [0, 1, 2], "{call}");
    }
}

#[tokio::test]
async fn a_member_that_is_gone_is_passed_over() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(&[0, 1, 2]);
    client.execute("CREATE ROLE a").await.unwrap();
    cluster.stop(0).await;
    cluster.world.state().leader = 1;
    for _ in 0..5 {
        client.resolve(&Lookup::name("films")).await.unwrap();
        client.execute("CREATE ROLE b").await.unwrap();
    }
}

#[tokio::test]
async fn members_that_cannot_be_reached_had_no_effect() {
    let mut cluster = Cluster::start(1).await;
    cluster.stop(0).await;
    let client = cluster.builder(&[0]).deadline(Duration::from_millis(200)).build().unwrap();
    let error = client.execute("CREATE ROLE r").await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::RetryHere, UNREACHABLE));
    let address = cluster.world.state().addresses[0].to_string();
    assert!(error.message.contains(&address), "{}", error.message);
}

#[tokio::test]
async fn a_member_that_hangs_is_given_up_for_another() {
    let cluster = Cluster::start(2).await;
    cluster.fault(0, Fault::Hang);
    let client = cluster.builder(&[0, 1]).attempt_deadline(Duration::from_millis(100)).build().unwrap();
    client.execute("CREATE ROLE r").await.unwrap();
    let calls = cluster.calls("execute");
    assert_eq!((calls[0].member, calls[1].member), (0, 1));
    assert_eq!(calls[0].request_id, calls[1].request_id);
}

#[tokio::test]
async fn two_members_that_take_each_other_for_the_leader_do_not_make_a_loop() {
    let cluster = Cluster::start(2).await;
    for (member, leader) in [(0, 1), (1, 0)] {
        cluster.world.state().leader = leader;
        let leader = cluster.world.state().leader();
        for _ in 0..1000 {
            cluster.fault(member, Fault::Refuse(Failure::go_to_leader("NOT_LEADER", "No.", Some(leader.clone()))));
        }
    }
    let client = cluster.builder(&[0, 1]).deadline(Duration::from_millis(200)).build().unwrap();
    let error = client.execute("CREATE ROLE r").await.unwrap_err();
    assert_eq!(error.class, Class::RetryHere);
    // Two per round, with a pause in between that grows.
    let calls = cluster.calls("execute").len();
    assert!(calls < 50, "{calls} calls");
}

#[tokio::test]
async fn a_client_needs_an_endpoint_and_trust() {
    assert!(Client::builder().build().is_err());
    assert!(Client::builder().endpoint("https://a.example").build().is_err());
    assert!(Client::builder().endpoint("http://127.0.0.1:1").build().is_err());
    assert!(Client::builder().endpoint("a.example").ca_pem("no certificate").build().is_err());
}

#[tokio::test]
async fn a_process_that_is_stopped_had_no_effect() {
    // The system accepts the connection, and nobody ever says a word.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let client = Client::builder().endpoint(endpoint).allow_plaintext().deadline(Duration::from_millis(200));
    let error = client.build().unwrap().execute("CREATE ROLE r").await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::RetryHere, UNREACHABLE));
}
