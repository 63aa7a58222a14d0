//! Where calls go, and how fresh their answers have to be.

use std::net::SocketAddr;

use aliasd_client::messages::Leader;
use aliasd_client::messages::freshness::Level;
use aliasd_client::{Class, Failure, Freshness, Lookup, NewCluster, Statement, Value};

use crate::cluster::{Call, Cluster, Fault};
use crate::member::CLUSTER;

fn members(calls: &[Call]) -> Vec<usize> {
    calls.iter().map(|call| call.member).collect()
}

fn level(call: &Call) -> Option<Level> {
    call.freshness.and_then(|freshness| freshness.level)
}

#[tokio::test]
async fn writes_go_to_the_leader_once_it_is_known() {
    let cluster = Cluster::start(3).await;
    cluster.world.state().leader = 2;
    let client = cluster.client(&[0]);
    for _ in 0..3 {
        client.execute("CREATE ROLE r").await.unwrap();
    }
    assert_eq!(members(&cluster.calls("execute")), [0, 2, 2]);
    // A listing does not need the leader.
    client.execute("SHOW ROLES").await.unwrap().collect().await.unwrap();
    assert_eq!(cluster.world.state().executed.len(), 3);
}

#[tokio::test]
async fn a_member_that_names_the_leader_is_believed_at_once() {
    let cluster = Cluster::start(3).await;
    cluster.world.state().leader = 1;
    let leader = cluster.world.state().leader();
    cluster.fault(0, Fault::Refuse(Failure::go_to_leader("NOT_LEADER", "Not the leader.", Some(leader))));
    cluster.client(&[0]).execute("CREATE ROLE r").await.unwrap();
    assert_eq!(members(&cluster.calls("execute")), [0, 1]);
}

#[tokio::test]
async fn a_client_reads_its_own_writes() {
    let cluster = Cluster::start(1).await;
    cluster.world.state().revision = 41;
    let client = cluster.client(&[0]);
    client.resolve(&Lookup::name("films")).await.unwrap();
    client.execute("CREATE ROLE r").await.unwrap();
    client.resolve(&Lookup::name("films")).await.unwrap();
    client.resolve(&Lookup::home().freshness(Freshness::Linearizable)).await.unwrap();
    let levels: Vec<_> = cluster.calls("resolve").iter().map(level).collect();
    assert_eq!(levels, [Some(Level::Local(())), Some(Level::AtLeast(42)), Some(Level::Linearizable(()))]);
}

#[tokio::test]
async fn rows_come_before_the_summary() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(&[0]);
    let mut execution = client.execute(Statement::new("SHOW ROLES").parameter("p", 1)).await.unwrap();
    assert_eq!(execution.columns(), ["n", "m"]);
    assert_eq!(execution.next().await.unwrap(), Some(vec![Value::Integer(0), Value::Integer(0)]));
    let (rest, summary) = execution.collect().await.unwrap();
    assert_eq!((rest.len(), summary.system_updates), (2, 0));
}

#[tokio::test]
async fn an_answer_that_breaks_the_protocol_is_a_bug() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(&[0]);
    cluster.fault(0, Fault::Nonsense);
    let error = client.execute("SHOW ROLES").await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::Bug, "ANSWER_INVALID"));
    cluster.fault(0, Fault::Nonsense);
    let error = client.resolve(&Lookup::name("films")).await.unwrap_err();
    assert_eq!(error.code, "ANSWER_INVALID");
}

#[tokio::test]
async fn credentials_come_when_they_are_asked_for_and_are_never_printed() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(&[0]);
    let route = client.resolve(&Lookup::name("films").with_credentials()).await.unwrap();
    let aliasd_client::Destination::Remote(remote) = &route.destination else { panic!("{route:?}") };
    assert_eq!(remote.password.as_ref().unwrap().expose(), crate::member::PASSWORD);
    assert!(!format!("{route:?}").contains(crate::member::PASSWORD));
}

#[tokio::test]
async fn every_member_is_asked_for_its_status() {
    let mut cluster = Cluster::start(3).await;
    let client = cluster.client(&[1]);
    let reports = client.cluster_report().await.unwrap();
    let mut nodes: Vec<_> =
        reports.iter().map(|report| report.status.as_ref().unwrap().node.as_ref().unwrap().node_id).collect();
    nodes.sort_unstable();
    assert_eq!(nodes, [1, 2, 3]);
    cluster.stop(2).await;
    let reports = client.cluster_report().await.unwrap();
    assert_eq!(reports.iter().filter(|report| report.status.is_err()).count(), 1);
}

fn new_cluster() -> NewCluster {
    NewCluster { members: Vec::new(), administrator: "admin".to_owned(), password: None }
}

#[tokio::test]
async fn a_cluster_is_formed_once_and_its_password_cannot_be_printed() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(&[0]);
    let formed = client.init_cluster(&new_cluster()).await.unwrap();
    let password = formed.generated_password.as_ref().unwrap().expose();
    assert_eq!((formed.id.as_str(), cluster.world.state().formed_with.as_deref()), (CLUSTER, Some(password)));
    assert!(password.len() == 32 && !format!("{formed:?}").contains(password));
    // By another call than this one.
    let error = client.init_cluster(&new_cluster()).await.unwrap_err();
    assert_eq!((error.code.as_str(), cluster.calls("login").len()), ("CLUSTER_ALREADY_FORMED", 0));
}

#[tokio::test]
async fn a_cluster_that_was_formed_is_no_unknown_outcome_and_no_refusal() {
    let leads = |address: SocketAddr| Leader { node_id: 2, client_address: address.to_string() };
    for lost in [true, false] {
        let cluster = Cluster::start(2).await;
        let other = cluster.world.state().addresses[1];
        let fault = match lost {
            true => Fault::DoThenBreak,
            // It was handed on all the same when the leadership went to the other one.
            false => Fault::DoThenRefuse(Failure::go_to_leader("NOT_LEADER", "It does not lead.", Some(leads(other)))),
        };
        cluster.fault(0, fault);
        let formed = cluster.client(&[0]).init_cluster(&new_cluster()).await.unwrap();
        let password = formed.generated_password.as_ref().unwrap().expose();
        assert_eq!((formed.id.as_str(), cluster.world.state().formed_with.as_deref()), (CLUSTER, Some(password)));
        assert_eq!(cluster.calls("init").len(), if lost { 1 } else { 2 });
    }
}

#[tokio::test]
async fn what_nobody_can_tell_of_a_new_cluster_is_an_unknown_outcome() {
    let cluster = Cluster::start(1).await;
    // It is sent once: another member might form another one.
    cluster.fault(0, Fault::Break);
    let error = cluster.client(&[0]).init_cluster(&new_cluster()).await.unwrap_err();
    assert_eq!((error.class, cluster.calls("init").len()), (Class::OutcomeUnknown, 1));
    assert!(cluster.world.state().formed_with.is_none());
}
