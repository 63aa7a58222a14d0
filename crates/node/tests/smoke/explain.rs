//! Why a user can or cannot use a name: what is told, and to whom.

use aliasd_wire::v1;
use aliasd_wire::v1::access_rule::Rule;
use aliasd_wire::v1::explain_access_response::Verdict;

use crate::formed;

const SETUP: &[&str] = &[
    "CREATE DATABASE movies",
    "CREATE ALIAS films FOR DATABASE movies",
    "CREATE ALIAS `far-away` FOR DATABASE `neo4j` AT 'neo4j+s://location:7687' USER alice PASSWORD 'secretpassword'",
    "CREATE ROLE analyst",
    "CREATE ROLE intern",
    "CREATE USER carol SET PASSWORD 'carols-password' CHANGE NOT REQUIRED",
    "GRANT ROLE analyst, intern TO carol",
    "CREATE ROLE auditor",
    "GRANT SHOW USER ON DBMS TO auditor",
    "GRANT SHOW PRIVILEGE ON DBMS TO auditor",
    "CREATE USER audrey SET PASSWORD 'audreys-password' CHANGE NOT REQUIRED",
    "GRANT ROLE auditor TO audrey",
];

fn rules(explained: &v1::ExplainAccessResponse) -> Vec<Rule> {
    explained.rules.iter().map(|rule| rule.rule.clone().unwrap()).collect()
}

/// What is left of an explanation when the name is taken out.
fn anonymous(explained: &v1::ExplainAccessResponse) -> String {
    let served = v1::ExplainAccessResponse { served_at_revision: 0, ..explained.clone() };
    format!("{served:?}").replace(&explained.name, "*")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rule_is_reported_with_the_commands_behind_it() {
    let (mut rig, admin) = formed().await;
    admin.execute_each(SETUP).await;
    let granted = admin.execute("GRANT ACCESS ON DATABASE films TO analyst").await.unwrap().revision;
    let explained = admin.explain(Some("carol"), "FILMS").await.unwrap();
    assert_eq!((explained.user.as_str(), explained.name.as_str()), ("carol", "films"));
    let movies = v1::LocalDatabase { database: "movies".to_owned() };
    assert_eq!(explained.verdict, Some(Verdict::LocalDatabase(movies)));
    let [Rule::User(user), Rule::Name(name), Rule::Roles(roles), Rule::Home(home), Rule::Access(access)] =
        &rules(&explained)[..]
    else {
        panic!("other rules: {explained:?}");
    };
    assert_eq!((user.state(), user.password_change_required), (v1::UserState::Active, false));
    assert_eq!((name.kind(), name.database.as_str()), (v1::NameKind::LocalAlias, "movies"));
    assert_eq!(roles.roles, ["analyst", "intern", "PUBLIC"]);
    assert_eq!((home.name.as_str(), home.by_default), ("neo4j", true));
    let command = "GRANT ACCESS ON DATABASE `movies` TO `analyst`".to_owned();
    let grant = v1::AccessGrant {
        access: v1::PrivilegeAccess::Granted.into(),
        role: "analyst".to_owned(),
        command: command.clone(),
        revision: granted,
    };
    assert_eq!((access.on.as_str(), access.allowed, &access.grants), ("movies", true, &vec![grant]));
    // The command that is told is one that can be typed.
    admin.execute(&command).await.unwrap();

    let denied = admin.execute("DENY ACCESS ON DATABASE * TO intern").await.unwrap().revision;
    let explained = admin.explain(Some("carol"), "films").await.unwrap();
    let Some(Verdict::Refusal(refusal)) = &explained.verdict else { panic!("a denial outweighs a grant") };
    let resolved = rig.basic("carol", "carols-password").resolve("films", false).await.unwrap_err();
    assert_eq!((&refusal.code, &refusal.message), (&resolved.code, &resolved.message));
    assert_eq!((&refusal.gqlstatus, &refusal.neo4j_code), (&resolved.gqlstatus, &resolved.neo4j_code));
    let Some(Rule::Access(access)) = rules(&explained).pop() else { panic!("no rule about ACCESS") };
    let rules: Vec<_> = access.grants.iter().map(|grant| (grant.access(), grant.revision)).collect();
    assert_eq!(rules, [(v1::PrivilegeAccess::Granted, granted), (v1::PrivilegeAccess::Denied, denied)]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_explained_to_those_who_may_see_all_of_the_answer() {
    let (mut rig, admin) = formed().await;
    admin.execute_each(SETUP).await;
    let (carol, audrey) = (rig.basic("carol", "carols-password"), rig.basic("audrey", "audreys-password"));
    assert_eq!(carol.explain(Some("audrey"), "neo4j").await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(carol.explain(Some("nobody"), "neo4j").await.unwrap_err().code, "PERMISSION_DENIED");
    let lacking = audrey.explain(Some("carol"), "far-away").await.unwrap_err();
    assert!(lacking.message.contains("SHOW ALIAS"), "{lacking}");
    admin.execute("GRANT SHOW ALIAS ON DBMS TO auditor").await.unwrap();
    let explained = audrey.explain(Some("carol"), "far-away").await.unwrap();
    assert!(
        rules(&explained)
            .iter()
            .any(|rule| matches!(rule, Rule::Name(name) if name.kind() == v1::NameKind::RemoteAlias))
    );
    let explained = audrey.explain(Some("nobody"), "far-away").await.unwrap();
    assert!(matches!(&rules(&explained)[0], Rule::User(user) if user.state() == v1::UserState::Missing));
    admin.execute("ALTER USER carol SET STATUS SUSPENDED").await.unwrap();
    let explained = audrey.explain(Some("carol"), "neo4j").await.unwrap();
    assert!(matches!(&rules(&explained)[0], Rule::User(user) if user.state() == v1::UserState::Suspended));
    assert!(matches!(explained.verdict, Some(Verdict::Refusal(_))));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_name_and_a_missing_one_are_explained_alike() {
    let (mut rig, admin) = formed().await;
    admin.execute_each(SETUP).await;
    // Denied, with a grant: neither shows.
    admin
        .execute_each(&["GRANT ACCESS ON DATABASE movies TO analyst", "DENY ACCESS ON DATABASE movies TO intern"])
        .await;
    let carol = rig.basic("carol", "carols-password");
    let missing = carol.explain(None, "no-such-name").await.unwrap();
    assert!(matches!(&rules(&missing)[..], [Rule::User(_), Rule::Name(name)] if name.kind() == v1::NameKind::Nothing));
    for hidden in ["far-away", "movies", "films"] {
        let explained = carol.explain(Some("carol"), hidden).await.unwrap();
        assert_eq!(anonymous(&explained), anonymous(&missing), "{hidden}");
    }
    // What one may use is explained in full, without a privilege.
    let explained = carol.explain(None, "neo4j").await.unwrap();
    assert!(matches!(&rules(&explained)[..], [.., Rule::Access(access)] if access.allowed));
    assert!(matches!(&rules(&carol.explain(None, "system").await.unwrap())[..], [.., Rule::System(())]));
    rig.stop().await;
}
