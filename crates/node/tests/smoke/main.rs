//! A node from the outside: over real TLS, on ports that the system chose, from an empty directory to a restart.

// Clippy allows unwrap in test functions, but does not know the functions that they share.
#![allow(clippy::unwrap_used)]

mod cut;
mod explain;
mod limits;
mod past;
mod policy;
mod privileges;
mod refusals;
mod rig;

use aliasd_wire::failure::Class;
use aliasd_wire::v1;
use aliasd_wire::v1::execute_response::Part;
use aliasd_wire::v1::route::Destination;
use aliasd_wire::v1::watch_response::Event;
use rig::{Caller, PASSWORD, Rig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A running node of a formed cluster, and its administrator with a token.
async fn formed() -> (Rig, Caller) {
    formed_with("").await
}

/// As [`formed`], with this in the section `[cluster]` of its configuration.
async fn formed_with(cluster: &str) -> (Rig, Caller) {
    let mut rig = Rig::new();
    rig.configure_cluster(cluster);
    rig.start().await;
    rig.operator().init().await.unwrap();
    let token = rig.stranger().login("admin", PASSWORD).await.unwrap();
    let admin = rig.bearer(&token);
    (rig, admin)
}

/// Status and body of an HTTP answer.
async fn get(rig: &Rig, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(rig.node().addresses().http).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

/// Waits until the node serves every call.
async fn until_ready(rig: &Rig) {
    while get(rig, "/readyz").await.0 != 200 {
        tokio::task::yield_now().await;
    }
}

/// The next batch of a watch; progress marks are passed over.
async fn next_batch(watch: &mut tonic::Streaming<v1::WatchResponse>) -> v1::ChangeBatch {
    loop {
        match watch.message().await.unwrap().unwrap().event.unwrap() {
            Event::Batch(batch) => return batch,
            Event::Progress(_) => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn before_a_cluster_is_formed_only_the_node_itself_can_be_asked() {
    let mut rig = Rig::new();
    rig.start().await;
    let (status, body) = get(&rig, "/readyz").await;
    assert_eq!(status, 503);
    assert!(body.contains("NODE_EMPTY"), "{body}");
    assert_eq!(get(&rig, "/livez").await.0, 200);

    let error = rig.basic("admin", PASSWORD).resolve("neo4j", false).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.class), ("NODE_EMPTY", Class::RetryHere));
    let status = rig.stranger().status().await.unwrap();
    assert_eq!(status.cluster_id, "");
    assert_eq!(status.node.unwrap().role(), v1::NodeRole::Uninitialised);

    // To call from the node's own machine is not enough, nor is any other token.
    for nobody in [rig.stranger(), rig.bearer("0123456789abcdef"), rig.basic("admin", PASSWORD)] {
        let error = nobody.init().await.unwrap_err();
        assert_eq!((error.code.as_str(), error.class), ("OPERATOR_ONLY", Class::Rejected));
    }
    let operator = rig.operator();
    operator.init().await.unwrap();
    let error = operator.init().await.unwrap_err();
    assert_eq!((error.code.as_str(), error.class), ("CLUSTER_ALREADY_FORMED", Class::Rejected));
    assert_eq!(get(&rig, "/readyz").await.0, 200);
    // From now on, the operator is a user like any other.
    assert_eq!(rig.stranger().status().await.unwrap_err().code, "CREDENTIALS_MISSING");
    assert!(rig.basic("admin", PASSWORD).status().await.unwrap().node.unwrap().ready);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_is_known_by_password_token_or_certificate() {
    let (mut rig, admin) = formed().await;
    let who = admin.who_am_i().await.unwrap();
    assert_eq!((who.user.as_str(), who.method()), ("admin", v1::AuthenticationMethod::Token));
    assert_eq!(who.roles, ["PUBLIC", "admin"]);
    let who = rig.basic("admin", PASSWORD).who_am_i().await.unwrap();
    assert_eq!(who.method(), v1::AuthenticationMethod::Basic);

    assert_eq!(rig.stranger().who_am_i().await.unwrap_err().code, "CREDENTIALS_MISSING");
    assert_eq!(rig.basic("admin", "wrong-password").who_am_i().await.unwrap_err().code, "CREDENTIALS_INVALID");
    assert_eq!(rig.basic("nobody", PASSWORD).who_am_i().await.unwrap_err().code, "CREDENTIALS_INVALID");
    assert_eq!(rig.bearer("at1.AAAA").who_am_i().await.unwrap_err().code, "TOKEN_INVALID");

    let dbms = rig.certified("dbms-a");
    assert_eq!(dbms.who_am_i().await.unwrap_err().code, "CERTIFICATE_UNMAPPED");
    admin.execute("CREATE USER dbms SET AUTH 'mtls' {SET ID 'dbms-a'}").await.unwrap();
    let who = dbms.who_am_i().await.unwrap();
    assert_eq!((who.user.as_str(), who.method()), ("dbms", v1::AuthenticationMethod::Certificate));
    admin.execute("ALTER USER dbms SET STATUS SUSPENDED").await.unwrap();
    assert_eq!(dbms.who_am_i().await.unwrap_err().code, "CREDENTIALS_INVALID");

    // A changed password ends the token that was given for the old one.
    admin.execute("ALTER USER admin SET PASSWORD 'another-password' CHANGE NOT REQUIRED").await.unwrap();
    let ended = admin.who_am_i().await.unwrap_err();
    assert!(ended.code == "TOKEN_ENDED" && ended.message.contains("the user has changed"), "{ended}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_is_released_to_those_who_may_have_it() {
    let (mut rig, admin) = formed().await;
    let statements = [
        "CREATE ALIAS `remote-neo4j` FOR DATABASE `neo4j` AT 'neo4j+s://location:7687' USER alice PASSWORD 'secretpassword'",
        "CREATE ROLE analyst",
        "GRANT ACCESS ON DATABASE `remote-neo4j` TO analyst",
        "CREATE USER carol SET PASSWORD 'carols-password' CHANGE NOT REQUIRED",
        "GRANT ROLE analyst TO carol",
        "CREATE ROLE resolver",
        "GRANT RESOLVE ALIAS ON DBMS TO resolver",
        "GRANT IMPERSONATE (carol) ON DBMS TO resolver",
        "CREATE USER dbms SET AUTH 'mtls' {SET ID 'dbms-a'}",
        "GRANT ROLE resolver TO dbms",
    ];
    for statement in statements {
        admin.execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    let dbms = rig.certified("dbms-a");
    let route = dbms.resolve_for("REMOTE-neo4j", Some("carol"), true).await.unwrap().route.unwrap();
    let Some(Destination::RemoteDatabase(remote)) = route.destination else { panic!("a remote alias leads elsewhere") };
    assert_eq!((remote.url.as_str(), remote.user.as_str()), ("neo4j+s://location:7687", "alice"));
    assert_eq!(remote.password.as_deref(), Some("secretpassword"));

    let carol = rig.basic("carol", "carols-password");
    let route = carol.resolve("remote-neo4j", false).await.unwrap().route.unwrap();
    let Some(Destination::RemoteDatabase(remote)) = route.destination else { panic!("a remote alias leads elsewhere") };
    assert_eq!(remote.password, None);
    assert_eq!(carol.resolve("remote-neo4j", true).await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(dbms.resolve_for("remote-neo4j", Some("admin"), true).await.unwrap_err().code, "PERMISSION_DENIED");

    // What one may not use and what does not exist look alike.
    let hidden = dbms.resolve("remote-neo4j", false).await.unwrap_err();
    let missing = dbms.resolve("no-such-name", false).await.unwrap_err();
    assert_eq!(hidden.message.replace("remote-neo4j", "*"), missing.message.replace("no-such-name", "*"));
    assert_eq!((hidden.code, hidden.hint), (missing.code, missing.hint));

    rig.stop().await;
    let stored = rig.stored();
    for secret in ["secretpassword", "carols-password", PASSWORD] {
        assert!(!stored.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "a password is on disk");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_password_is_sent_elsewhere_only_by_who_may_have_it() {
    let (mut rig, admin) = formed().await;
    let statements = [
        "CREATE ALIAS far FOR DATABASE `neo4j` AT 'neo4j+s://location:7687' USER alice PASSWORD 'secretpassword'",
        "CREATE ROLE resolver",
        "CREATE USER dbms SET AUTH 'mtls' {SET ID 'dbms-a'}",
        "GRANT ROLE resolver TO dbms",
        "GRANT ACCESS ON DATABASE far TO resolver",
        "GRANT RESOLVE ALIAS (far) ON DBMS TO resolver",
        "GRANT ALTER ALIAS ON DBMS TO resolver",
    ];
    for statement in statements {
        admin.execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    let dbms = rig.certified("dbms-a");
    let leads = async || {
        let route = dbms.resolve("far", true).await.unwrap().route.unwrap();
        let Some(Destination::RemoteDatabase(remote)) = route.destination else {
            panic!("a remote alias leads elsewhere")
        };
        (remote.url.clone(), remote.user.clone(), remote.password.clone().unwrap())
    };
    let at =
        |host: &str, user: &str, password: &str| (format!("neo4j+s://{host}"), user.to_owned(), password.to_owned());

    let thief = "ALTER ALIAS far SET DATABASE TARGET neo4j AT 'neo4j+s://thief'";
    assert_eq!(admin.execute(thief).await.unwrap_err().code, "ALIAS_PASSWORD_REQUIRED");
    let refused = admin.execute("ALTER ALIAS far SET DATABASE USER eve").await.unwrap_err();
    assert_eq!(refused.code, "ALIAS_PASSWORD_REQUIRED");
    assert!(refused.hint.contains("PASSWORD") && refused.hint.contains("RESOLVE ALIAS"), "{}", refused.hint);
    assert_eq!(leads().await, at("location:7687", "alice", "secretpassword"));

    // Who may have it takes it along, and it is sealed anew for where it goes.
    dbms.execute("ALTER ALIAS far SET DATABASE TARGET neo4j AT 'neo4j+s://moved' USER bob").await.unwrap();
    assert_eq!(leads().await, at("moved", "bob", "secretpassword"));
    admin.execute(&format!("{thief} PASSWORD 'of-the-thief'")).await.unwrap();
    assert_eq!(leads().await, at("thief", "bob", "of-the-thief"));
    admin.execute("ALTER ALIAS far SET DATABASE PASSWORD 'another-one' PROPERTIES {a: 1}").await.unwrap();
    assert_eq!(leads().await, at("thief", "bob", "another-one"));

    // Statements that race for one alias are each sealed for what it is when they take effect.
    let racing = (0..12).map(|number| {
        let admin = admin.clone();
        async move {
            let statement = match number % 3 {
                0 => format!("ALTER ALIAS far SET DATABASE PASSWORD 'password-{number}'"),
                1 => format!(
                    "ALTER ALIAS far SET DATABASE TARGET neo4j AT 'neo4j+s://host{number}' PASSWORD 'password-{number}'"
                ),
                _ => format!("ALTER ALIAS far SET DATABASE USER user{number} PASSWORD 'password-{number}'"),
            };
            admin.execute(&statement).await
        }
    });
    for outcome in futures::future::join_all(racing).await {
        // Sealed again some times, and then left to the caller.
        assert!(outcome.as_ref().err().is_none_or(|error| error.code == "ALIAS_CHANGED"), "{outcome:?}");
    }
    let (_, _, password) = leads().await;
    assert!(password.starts_with("password-"), "it opens, and is that of one of them: {password}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_tells_what_its_user_may_know() {
    let (mut rig, admin) = formed().await;
    admin.execute("CREATE USER carol SET PASSWORD 'carols-password' CHANGE NOT REQUIRED").await.unwrap();
    admin.execute("CREATE DATABASE films").await.unwrap();
    admin.execute("CREATE ROLE analyst").await.unwrap();
    let start = admin.execute("GRANT ACCESS ON DATABASE films TO analyst").await.unwrap().revision;
    let mut carols = rig.basic("carol", "carols-password").watch(Some(start)).await.unwrap();
    let mut admins = admin.watch(Some(start)).await.unwrap();
    let Event::Progress(mark) = carols.message().await.unwrap().unwrap().event.unwrap() else {
        panic!("a watch begins with where it stands");
    };
    assert_eq!(mark.revision, start);

    admin.execute("CREATE ALIAS movies FOR DATABASE films").await.unwrap();
    let granted = admin.execute("GRANT ROLE analyst TO carol").await.unwrap().revision;
    admin.execute("DROP ALIAS movies FOR DATABASE").await.unwrap();
    let parts = |batch: v1::ChangeBatch| {
        let tell = |change: &v1::Change| (change.subject(), change.name.clone(), change.kind());
        (batch.revision, batch.changes.iter().map(tell).collect::<Vec<_>>())
    };
    let (revision, changes) = parts(next_batch(&mut carols).await);
    assert_eq!(revision, granted);
    let access = (v1::ChangeSubject::User, "carol".to_owned(), v1::ChangeKind::AccessChanged);
    assert_eq!(changes, [access]);
    let (_, changes) = parts(next_batch(&mut carols).await);
    assert_eq!(changes, [(v1::ChangeSubject::Alias, "movies".to_owned(), v1::ChangeKind::Dropped)]);
    let (_, changes) = parts(next_batch(&mut admins).await);
    assert_eq!(changes, [(v1::ChangeSubject::Alias, "movies".to_owned(), v1::ChangeKind::Created)]);

    // What happened earlier can be asked for as long as it is in history.
    let mut again = admin.watch(Some(granted)).await.unwrap();
    let (_, changes) = parts(next_batch(&mut again).await);
    assert_eq!(changes, [(v1::ChangeSubject::Alias, "movies".to_owned(), v1::ChangeKind::Dropped)]);

    // A user who is no longer what it was is told so, and then nothing more.
    admin.execute("ALTER USER carol SET STATUS SUSPENDED").await.unwrap();
    let (revision, _) = parts(next_batch(&mut carols).await);
    let error = aliasd_wire::failure::Failure::from(carols.message().await.unwrap_err());
    assert_eq!((error.code.as_str(), error.resume_revision), ("CREDENTIALS_ENDED", Some(revision)));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_answered_in_parts_and_repeated_once() {
    let (mut rig, admin) = formed().await;
    for number in 0..300 {
        admin.execute(&format!("CREATE ALIAS `alias-{number:03}` FOR DATABASE neo4j")).await.unwrap();
    }
    let parts = admin.execute_all("SHOW ALIASES FOR DATABASE YIELD name", Vec::new()).await.unwrap();
    let [Part::Header(header), chunks @ .., Part::Summary(_)] = &parts[..] else { panic!("other parts: {parts:?}") };
    assert_eq!(header.columns, ["name"]);
    let sizes = chunks.iter().map(|chunk| match chunk {
        Part::Rows(rows) => rows.rows.len(),
        other => panic!("{other:?} among the rows"),
    });
    // The first row is not held back for the others.
    assert_eq!(sizes.collect::<Vec<_>>(), [1, 4, 16, 64, 215]);

    let id = vec![7; 16];
    let first = admin.execute_all("CREATE DATABASE once", id.clone()).await.unwrap();
    let again = admin.execute_all("CREATE DATABASE once", id.clone()).await.unwrap();
    assert_eq!(first, again);
    let error = admin.execute_all("CREATE DATABASE other", id).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.class), ("REQUEST_ID_REUSED", Class::Rejected));
    let error = admin.execute("CREATE DATABASE once").await.unwrap_err();
    assert_eq!((error.code.as_str(), error.gqlstatus.concat().as_str()), ("DATABASE_EXISTS", "4200142N11"));
    let error = admin.execute("CRATE DATABASE twice").await.unwrap_err();
    assert_eq!((error.code.as_str(), error.class), ("SYNTAX_ERROR", Class::Rejected));
    assert!(error.hint.contains("CREATE"), "{}", error.hint);
    let error = admin.execute_all("SHOW USERS", vec![1, 2, 3]).await.unwrap_err();
    assert_eq!(error.code, "REQUEST_INVALID");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let (mut rig, admin) = formed().await;
    let written = admin.execute("CREATE ALIAS films FOR DATABASE neo4j").await.unwrap().revision;
    let failure = rig.start_again().await.err().map(|failure| failure.to_string());
    assert!(failure.is_some_and(|text| text.contains("in use")), "two processes in one directory");
    rig.stop().await;

    rig.start().await;
    until_ready(&rig).await;
    let admin = rig.basic("admin", PASSWORD);
    let resolved = admin.resolve("films", false).await.unwrap();
    assert!(resolved.served_at_revision >= written);
    assert_eq!(resolved.route.unwrap().version, written);
    let (_, metrics) = get(&rig, "/metrics").await;
    assert!(metrics.contains("aliasd_resolves_total{code=\"OK\"} 1"), "{metrics}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_no_table_is_refused_and_what_is_standard_is_there() {
    let (mut rig, _) = formed().await;
    let mut health = tonic_health::pb::health_client::HealthClient::new(rig.stranger().channel);
    let request = tonic_health::pb::HealthCheckRequest { service: "aliasd.v1.Router".to_owned() };
    // Readiness is looked at several times a second.
    loop {
        let answer = health.check(request.clone()).await.unwrap().into_inner();
        if answer.status() == tonic_health::pb::health_check_response::ServingStatus::Serving {
            break;
        }
        tokio::task::yield_now().await;
    }
    // The members' calls are not for clients.
    let mut peer = aliasd_wire::peer::v1::peer_client::PeerClient::new(rig.stranger().channel);
    let status = peer.read_index(aliasd_wire::peer::v1::ReadIndexRequest { route: None }).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unimplemented);
    assert_eq!(aliasd_wire::failure::Failure::from(status).code, "CALL_UNKNOWN");
    rig.stop().await;
}
