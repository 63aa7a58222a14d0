//! What the catalog decides by: configured before the cluster is formed, agreed from then on.

use aliasd_wire::v1;
use aliasd_wire::v1::execute_response::Part;
use aliasd_wire::v1::route::Destination;
use aliasd_wire::v1::value::Kind;

use crate::rig::{Caller, PASSWORD};
use crate::{formed, formed_with, until_ready};

const CREATE: &str = "CREATE ALIAS films FOR DATABASE movies AT 'neo4j+s://b.example:7687' OIDC CREDENTIAL FORWARDING";
const LANGUAGES: &str = "SHOW ALIASES FOR DATABASE YIELD defaultLanguage";

/// The only value of a listing of one row and one column.
async fn value(caller: &Caller, statement: &str) -> Option<Kind> {
    let parts = caller.execute_all(statement, Vec::new()).await.unwrap();
    let [Part::Header(_), Part::Rows(rows), Part::Summary(_)] = &parts[..] else { panic!("{statement}: {parts:?}") };
    rows.rows[0].values[0].kind.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_word_identities_are_not_forwarded_and_the_language_is_the_older() {
    let (mut rig, admin) = formed().await;
    let summary = admin.execute(CREATE).await.unwrap();
    let statuses: Vec<_> = summary.notifications.iter().map(|one| one.gqlstatus.as_str()).collect();
    assert_eq!(statuses, ["01N74"], "{:?}", summary.notifications);
    let refused = admin.resolve("films", false).await.unwrap_err();
    assert_eq!(refused.gqlstatus, ["42NFF"], "{refused}");
    assert_eq!(refused.neo4j_code, "Neo.ClientError.Security.Forbidden");
    assert_eq!(value(&admin, LANGUAGES).await, Some(Kind::StringValue("CYPHER 5".to_owned())));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_ended_one_by_one() {
    let (mut rig, admin) = formed().await;
    let log_in = async || rig.bearer(&rig.stranger().login("admin", PASSWORD).await.unwrap());
    let other = log_in().await;
    let mut watch = other.watch(None).await.unwrap();
    other.logout().await.unwrap();
    for refused in [other.who_am_i().await.map(drop), other.logout().await.map(drop)] {
        let refused = refused.unwrap_err();
        assert!(refused.code == "TOKEN_ENDED" && refused.message.contains("it was ended"), "{refused}");
    }
    let ended = loop {
        match watch.message().await {
            Ok(Some(_)) => {}
            ended => break aliasd_wire::failure::Failure::from(ended.unwrap_err()),
        }
    };
    assert_eq!(ended.code, "CREDENTIALS_ENDED", "a watch goes on with a token that was ended");
    admin.who_am_i().await.unwrap();
    let basic = rig.basic("admin", PASSWORD);
    assert_eq!(basic.logout().await.unwrap_err().code, "TOKEN_MISSING");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_keeps_to_what_it_was_formed_with() {
    let permissive = "allow_oidc_credential_forwarding = true\ndefault_language = 'CYPHER_25'";
    let (mut rig, admin) = formed_with(permissive).await;
    let summary = admin.execute(CREATE).await.unwrap();
    assert!(summary.notifications.is_empty(), "{:?}", summary.notifications);
    rig.stop().await;

    // Another configuration changes nothing: the policy is in the log, where every member reads the same.
    rig.configure_cluster("allow_oidc_credential_forwarding = false\ndefault_language = 'CYPHER_5'");
    rig.start().await;
    until_ready(&rig).await;
    let admin = rig.basic("admin", PASSWORD);
    let written = admin.execute("CREATE ALIAS other FOR DATABASE movies AT 'neo4j+s://b' OIDC CREDENTIAL FORWARDING");
    assert!(written.await.unwrap().notifications.is_empty());
    let route = admin.resolve("films", false).await.unwrap().route.unwrap();
    let Some(Destination::RemoteDatabase(remote)) = route.destination else { panic!("a remote alias leads elsewhere") };
    assert!(remote.oidc_credential_forwarding);
    assert_eq!((remote.user.as_str(), remote.password.as_deref()), ("", None));
    assert_eq!(remote.default_language(), v1::DefaultLanguage::Cypher25);
    let distinct = format!("{LANGUAGES} RETURN DISTINCT defaultLanguage");
    assert_eq!(value(&admin, &distinct).await, Some(Kind::StringValue("CYPHER 25".to_owned())));
    rig.stop().await;
}

/// What stands in a node's file decides no outcome, but what the node could not keep to is not agreed through it.
#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_not_released_from_states_that_nothing_else_is_read_from() {
    let (mut rig, admin) = formed_with("max_staleness = '4s'").await;
    let alter = |staleness: &str| format!("ALTER CLUSTER SET POLICY {{release_staleness: duration('{staleness}')}}");
    let refused = admin.execute(&alter("PT4.001S")).await.unwrap_err();
    assert_eq!(
        (refused.code.as_str(), &refused.gqlstatus[..]),
        ("RELEASE_STALENESS_TOO_LONG", &["22003", "22N03"].map(str::to_owned)[..])
    );
    assert!(refused.message.contains("4.001s") && refused.message.contains("older than 4s"), "{refused}");
    assert_eq!(admin.execute(&alter("PT4S")).await.unwrap().counters.unwrap().system_updates, 1);
    // Nobody learns what stands in the file who may not change the policy.
    admin.execute("CREATE USER carol SET PASSWORD 'carol-password' CHANGE NOT REQUIRED").await.unwrap();
    let refused = rig.basic("carol", "carol-password").execute(&alter("PT5S")).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
    let text = admin.execute("ALTER CLUSTER SET POLICY {release_staleness: 'PT2S'}").await.unwrap_err();
    assert!(text.hint.contains("duration('PT2S')"), "{text}");
    rig.stop().await;
}
