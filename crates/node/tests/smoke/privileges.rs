//! What a DBMS is told of a user's privileges: every form, in parts, and enough to decide as the catalog does.

use aliasd_wire::v1;
use aliasd_wire::v1::route::Destination;
use aliasd_wire::v1::{PrivilegeAccess, PrivilegeScope, QualifierKind, ResourceKind};

use crate::formed;
use crate::rig::Caller;

/// `access action scope database resource qualifier`, for the privileges that carol has through the role `r`.
async fn reported_privileges(caller: &Caller) -> Vec<String> {
    let answer = caller.privileges(Some("carol")).await.unwrap();
    let rows = answer.privileges.iter().filter(|row| row.role == "r").map(|row| {
        let access = if row.access() == PrivilegeAccess::Denied { "-" } else { "+" };
        let scope = match row.scope() {
            PrivilegeScope::Dbms => "dbms".to_owned(),
            PrivilegeScope::All => "*".to_owned(),
            PrivilegeScope::Home => format!("home={}", row.database),
            PrivilegeScope::Named => row.database.clone(),
            PrivilegeScope::Unspecified => panic!("{row:?}"),
        };
        let resource = match row.resource_kind() {
            ResourceKind::Database => String::new(),
            kind => format!(" {kind:?}({})", row.resource_name),
        };
        let qualifier = match row.qualifier_kind() {
            QualifierKind::None => String::new(),
            kind => format!(" {kind:?}({})", row.qualifier_name),
        };
        format!("{access}{} {scope}{resource}{qualifier}", row.action)
    });
    rows.collect()
}

/// Each form of a privilege, and how a DBMS is told of it.
const FORMS: &[(&str, &[&str])] = &[
    ("GRANT CREATE ALIAS ON DBMS", &["+create_alias dbms"]),
    ("GRANT ACCESS ON DATABASE *", &["+access *"]),
    ("DENY ACCESS ON DATABASE films", &["-access movies"]),
    ("GRANT ACCESS ON DATABASE `far-away`", &["+access far-away"]),
    ("GRANT START ON HOME DATABASE", &["+start_database home=movies"]),
    ("GRANT ALL DATABASE PRIVILEGES ON DATABASE movies", &["+database_actions movies"]),
    ("GRANT INDEX MANAGEMENT ON DATABASE movies", &["+index movies"]),
    ("GRANT SHOW TRANSACTION (carol) ON DATABASE movies", &["+show_transaction movies User(carol)"]),
    ("GRANT TERMINATE TRANSACTION (*) ON HOME DATABASE", &["+terminate_transaction home=movies AllUsers()"]),
    ("GRANT IMPERSONATE (bob) ON DBMS", &["+impersonate dbms User(bob)"]),
    ("DENY IMPERSONATE (*) ON DBMS", &["-impersonate dbms AllUsers()"]),
    (
        "GRANT EXECUTE PROCEDURE apoc.*, db.label? ON DBMS",
        &["+execute dbms Procedures(apoc.*)", "+execute dbms Procedures(db.label?)"],
    ),
    ("DENY EXECUTE BOOSTED FUNCTION apoc.* ON DBMS", &["-execute_boosted dbms Functions(apoc.*)"]),
    ("GRANT SHOW SETTING dbms.* ON DBMS", &["+show_setting dbms Settings(dbms.*)"]),
    ("GRANT LOAD ON ALL DATA", &["+load dbms AllData()"]),
    ("DENY LOAD ON CIDR '127.0.0.1/32'", &["-load dbms Cidr(127.0.0.1/32)"]),
    ("GRANT TRAVERSE ON GRAPH movies NODES Person", &["+traverse movies Graph() Nodes(Person)"]),
    (
        "GRANT READ {name, born} ON HOME GRAPH RELATIONSHIPS KNOWS",
        &[
            "+read home=movies Property(born) Relationships(KNOWS)",
            "+read home=movies Property(name) Relationships(KNOWS)",
        ],
    ),
    (
        "DENY MATCH {*} ON GRAPH * ELEMENTS *",
        &["-match * AllProperties() AllNodes()", "-match * AllProperties() AllRelationships()"],
    ),
    (
        "DENY READ {*} ON GRAPH * FOR (n:Email) WHERE n.secret = true",
        &["-read * AllProperties() PropertyRule((n:Email) WHERE n.secret = true)"],
    ),
    ("GRANT SET LABEL Good ON GRAPH movies", &["+set_label movies Label(Good)"]),
    ("GRANT REMOVE LABEL * ON GRAPH movies", &["+remove_label movies AllLabels()"]),
    ("GRANT SET PROPERTY {name} ON GRAPH movies NODES *", &["+set_property movies Property(name) AllNodes()"]),
    ("GRANT WRITE ON GRAPH films", &["+write movies Graph() AllNodes()", "+write movies Graph() AllRelationships()"]),
    ("DENY ALL GRAPH PRIVILEGES ON GRAPH movies", &["-graph_actions movies Graph()"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_a_privilege_arrives_in_parts() {
    let (mut rig, admin) = formed().await;
    let setup = [
        "CREATE DATABASE movies",
        "CREATE ALIAS films FOR DATABASE movies",
        "CREATE ALIAS `far-away` FOR DATABASE n AT 'neo4j+s://location' USER alice PASSWORD 'secretpassword'",
        "CREATE ROLE r",
        "CREATE USER bob SET PASSWORD 'bobs-password'",
        "CREATE USER carol SET PASSWORD 'carols-password' CHANGE NOT REQUIRED SET HOME DATABASE films",
        "GRANT ROLE r TO carol",
    ];
    admin.execute_each(&setup).await;
    assert_eq!(reported_privileges(&admin).await, [""; 0]);
    for (form, expected) in FORMS {
        admin.execute_each(&[&format!("{form} TO r")]).await;
        assert_eq!(reported_privileges(&admin).await, *expected, "{form}");
        let revoke = form.replacen("GRANT ", "REVOKE GRANT ", 1).replacen("DENY ", "REVOKE DENY ", 1);
        admin.execute_each(&[&format!("{revoke} FROM r")]).await;
        assert_eq!(reported_privileges(&admin).await, [""; 0], "{revoke}");
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_part_of_a_user_is_reported() {
    let (mut rig, admin) = formed().await;
    let setup = [
        "CREATE USER carol SET PASSWORD 'carols-password' CHANGE NOT REQUIRED",
        "CREATE ROLE zoo",
        "CREATE ROLE ape",
        "GRANT ROLE zoo, ape TO carol",
    ];
    admin.execute_each(&setup).await;
    let carol = rig.basic("carol", "carols-password");
    let own = carol.privileges(None).await.unwrap();
    assert_eq!(own, v1::EffectivePrivilegesResponse { ..admin.privileges(Some("carol")).await.unwrap() });
    assert_eq!((own.user.as_str(), own.suspended, own.password_change_required), ("carol", false, false));
    assert_eq!(own.roles, ["PUBLIC", "ape", "zoo"]);
    let home = own.home.unwrap();
    assert_eq!((home.name.as_str(), home.by_default, home.stands_for.as_deref()), ("neo4j", true, Some("neo4j")));
    // PUBLIC counts for everyone.
    assert!(own.privileges.iter().any(|row| row.role == "PUBLIC" && row.action == "access" && row.database == "neo4j"));

    let moves = ["ALTER USER carol SET HOME DATABASE nowhere", "ALTER USER carol SET STATUS SUSPENDED"];
    admin.execute_each(&moves).await;
    admin.execute("ALTER USER carol SET PASSWORD CHANGE REQUIRED").await.unwrap();
    let reported = admin.privileges(Some("carol")).await.unwrap();
    assert!(reported.suspended && reported.password_change_required);
    let home = reported.home.unwrap();
    assert_eq!((home.name.as_str(), home.by_default, home.stands_for), ("nowhere", false, None));
    assert_eq!(admin.privileges(Some("nobody")).await.unwrap_err().code, "USER_NOT_FOUND");
    rig.stop().await;
}

/// What a DBMS does with the privileges: whether they let their user use a route. The rule stands in the comment on
/// `EffectivePrivilegesResponse.privileges`.
fn lets_use(privileges: &v1::EffectivePrivilegesResponse, route: &v1::Route) -> bool {
    let stands_for = match route.destination.as_ref().unwrap() {
        Destination::LocalDatabase(local) => &local.database,
        Destination::RemoteDatabase(_) => &route.name,
    };
    let lets_access = |database: &str| {
        let about = privileges.privileges.iter().filter(|row| {
            let covers = row.scope() == PrivilegeScope::All || row.database == database;
            covers && ["access", "database_actions"].contains(&row.action.as_str())
        });
        let (denied, granted): (Vec<_>, Vec<_>) = about.partition(|row| row.access() != PrivilegeAccess::Granted);
        denied.is_empty() && !granted.is_empty()
    };
    let usable = !privileges.suspended && !privileges.password_change_required;
    usable
        && (stands_for == "system" || (lets_access(stands_for) && route.composite.as_deref().is_none_or(lets_access)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dbms_that_knows_the_privileges_decides_as_the_catalog_does() {
    let (mut rig, admin) = formed().await;
    let setup = [
        "CREATE DATABASE movies",
        "CREATE DATABASE books",
        "CREATE ALIAS films FOR DATABASE movies",
        "CREATE ALIAS far FOR DATABASE n AT 'neo4j+s://location' USER alice PASSWORD 'secretpassword'",
        "CREATE ROLE r",
        "CREATE ROLE s",
        "CREATE USER carol SET PASSWORD 'carols-password' CHANGE NOT REQUIRED",
        "GRANT ROLE r, s TO carol",
        // The administrator sees every route that there is.
        "GRANT ACCESS ON DATABASE * TO admin",
    ];
    admin.execute_each(&setup).await;
    let script = [
        "GRANT ACCESS ON DATABASE films TO r",
        "DENY ACCESS ON DATABASE films TO s",
        "REVOKE DENY ACCESS ON DATABASE movies FROM s",
        "GRANT ALL DATABASE PRIVILEGES ON DATABASE far TO s",
        "DENY ACCESS ON HOME DATABASE TO s",
        "ALTER USER carol SET HOME DATABASE films",
        "GRANT ACCESS ON DATABASE * TO r",
        "ALTER USER carol SET HOME DATABASE far",
        "REVOKE ROLE s FROM carol",
        "DENY ALL DATABASE PRIVILEGES ON DATABASE books TO PUBLIC",
        "ALTER USER carol SET STATUS SUSPENDED",
    ];
    for statement in script {
        admin.execute_each(&[statement]).await;
        let privileges = admin.privileges(Some("carol")).await.unwrap();
        for name in ["neo4j", "system", "movies", "books", "films", "far"] {
            let route = admin.resolve(name, false).await.map(|resolved| resolved.route.unwrap());
            let Ok(route) = route else { continue };
            let explained = admin.explain(Some("carol"), name).await.unwrap();
            let allowed = !matches!(explained.verdict, Some(v1::explain_access_response::Verdict::Refusal(_)));
            assert_eq!(lets_use(&privileges, &route), allowed, "{name} after {statement}");
        }
    }
    rig.stop().await;
}
