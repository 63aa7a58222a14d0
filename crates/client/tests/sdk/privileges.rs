//! What a user may do is asked for again when, and only when, something that concerns it has changed.

use aliasd_client::messages::{ChangeKind, ChangeSubject};
use aliasd_client::{Failure, Freshness, GrpcCode, PrivilegeWatch};

use crate::cluster::{Cluster, Fault};
use crate::soon;

/// The roles and the revision of the next answer.
async fn next(watch: &mut PrivilegeWatch) -> Result<(Vec<String>, u64), Failure> {
    let answer = soon("privileges", watch.next()).await?;
    Ok((answer.roles, answer.served_at_revision))
}

fn roles(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn give(cluster: &Cluster, user: &str, names: &[&str]) {
    cluster.world.state().roles.insert(user.to_owned(), roles(names));
}

#[tokio::test]
async fn privileges_come_again_when_they_have_changed() {
    let cluster = Cluster::start(2).await;
    give(&cluster, "carol", &["PUBLIC"]);
    let mut watch = cluster.client(&[0, 1]).watch_privileges(Some("carol"));
    assert_eq!(next(&mut watch).await.unwrap(), (roles(&["PUBLIC"]), 0));

    give(&cluster, "carol", &["PUBLIC", "reader"]);
    let given = cluster.change(ChangeSubject::User, "carol", ChangeKind::AccessChanged);
    assert_eq!(next(&mut watch).await.unwrap(), (roles(&["PUBLIC", "reader"]), given));
    assert_eq!(watch.position(), given);

    // Nothing of this concerns carol, or changes what she may do.
    let before = cluster.calls("effective_privileges").len();
    cluster.change(ChangeSubject::User, "bob", ChangeKind::AccessChanged);
    cluster.change(ChangeSubject::Role, "writer", ChangeKind::AccessChanged);
    cluster.change(ChangeSubject::Alias, "", ChangeKind::Altered);
    cluster.change(ChangeSubject::Role, "reader", ChangeKind::AccessChanged);
    give(&cluster, "carol", &["PUBLIC"]);
    let moved = cluster.change(ChangeSubject::Settings, "", ChangeKind::Altered);
    assert_eq!(next(&mut watch).await.unwrap(), (roles(&["PUBLIC"]), moved));
    assert!(cluster.calls("effective_privileges").len() <= before + 2);

    // A watch that was cut misses nothing.
    cluster.cut(&Failure::retry_here("WATCH_STALE", "The leader has not been heard of."));
    give(&cluster, "carol", &["PUBLIC", "late"]);
    let late = cluster.change_in_silence(ChangeSubject::User, "carol", ChangeKind::AccessChanged).revision;
    assert_eq!(next(&mut watch).await.unwrap(), (roles(&["PUBLIC", "late"]), late));
}

#[tokio::test]
async fn a_user_who_goes_and_comes_back_is_followed() {
    let cluster = Cluster::start(1).await;
    give(&cluster, "carol", &["PUBLIC"]);
    let mut watch = cluster.client(&[0]).watch_privileges(Some("carol"));
    next(&mut watch).await.unwrap();
    cluster.world.state().roles.clear();
    cluster.change(ChangeSubject::User, "carol", ChangeKind::Dropped);
    assert_eq!(next(&mut watch).await.unwrap_err().code, "USER_NOT_FOUND");

    give(&cluster, "carol", &["PUBLIC"]);
    let created = cluster.change(ChangeSubject::User, "carol", ChangeKind::Created);
    assert_eq!(next(&mut watch).await.unwrap(), (roles(&["PUBLIC"]), created));
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again() {
    let cluster = Cluster::start(1).await;
    give(&cluster, "service", &["PUBLIC"]);
    let mut watch = cluster.client(&[0]).watch_privileges(None);
    next(&mut watch).await.unwrap();
    give(&cluster, "service", &["PUBLIC", "reader"]);
    cluster.fault(0, Fault::Break);
    let given = cluster.change(ChangeSubject::User, "service", ChangeKind::AccessChanged);
    assert_eq!(next(&mut watch).await.unwrap(), (roles(&["PUBLIC", "reader"]), given));

    // One who may not ask is told so at once.
    let mut refused = cluster.client(&[0]).watch_privileges(Some("carol"));
    cluster.fault(0, Fault::Refuse(Failure::rejected(GrpcCode::PermissionDenied, "PERMISSION_DENIED", "No.")));
    assert_eq!(next(&mut refused).await.unwrap_err().code, "PERMISSION_DENIED");
}

#[tokio::test]
async fn an_explanation_is_as_fresh_as_asked() {
    let cluster = Cluster::start(1).await;
    let client = cluster.client(&[0]);
    let explained = client.explain_access(Some("carol"), "films", Some(Freshness::Linearizable)).await.unwrap();
    assert_eq!((explained.user.as_str(), explained.name.as_str()), ("carol", "films"));
    assert_eq!(client.explain_access(None, "films", None).await.unwrap().user, "service");
    let calls = cluster.calls("explain_access");
    assert_eq!(calls.len(), 2);
    assert_ne!(calls[0].freshness, calls[1].freshness);
}

#[tokio::test]
async fn privileges_of_the_caller_follow_its_name() {
    let cluster = Cluster::start(1).await;
    give(&cluster, "service", &["PUBLIC"]);
    give(&cluster, "server", &["PUBLIC", "reader"]);
    let mut watch = cluster.client(&[0]).watch_privileges(None);
    assert_eq!(next(&mut watch).await.unwrap().0, roles(&["PUBLIC"]));
    let begun = tokio::spawn(async move { watch.next().await });
    cluster.until("the watch", |state| state.watchers == 1).await;
    // Told under the new name only.
    cluster.world.state().renamed = Some("server".to_owned());
    cluster.change_in_silence(ChangeSubject::User, "server", ChangeKind::Created);
    cluster.cut(&Failure::rejected(GrpcCode::Unauthenticated, "CREDENTIALS_ENDED", "The user was renamed."));
    let answer = soon("privileges", begun).await.unwrap().unwrap();
    assert_eq!((answer.user.as_str(), answer.roles), ("server", roles(&["PUBLIC", "reader"])));
}
