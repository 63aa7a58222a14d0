//! What of the gateway no real peer shows: every version, clients that break the protocol, DBMSs that hang, lie or go away, and what
//! such a DBMS is told. Needs a cluster of one node and no peer.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use aliasd_bolt::{
    AuthToken, EncodedMap, Failure, Fetch, Map, Request, Response, Run, Secret, TransactionExtra, Value, Version,
};
use aliasd_tests::cluster::{Cluster, PATIENCE};
use aliasd_tests::wait;
use anyhow::{Context as _, Result, bail, ensure};

use crate::bolt::{Act, Driver, Scripted, success};
use crate::{CAROL_PASSWORD, Gateway, ONE_PASSWORD, start_gateway};

/// A cluster of one node, and a gateway that gives little time.
fn start(name: &str, more: &str) -> Result<(Cluster, Gateway)> {
    let cluster = Cluster::running(name, 1)?;
    cluster.layout().issue_client("gateway-1")?;
    for statement in [
        "CREATE USER gateway SET AUTH 'mtls' {SET ID 'gateway-1'}",
        "CREATE ROLE gateway",
        "GRANT RESOLVE ALIAS (*) ON DBMS TO gateway",
        "GRANT IMPERSONATE (*) ON DBMS TO gateway",
        "GRANT ROLE gateway TO gateway",
        &format!("CREATE USER carol SET PASSWORD '{CAROL_PASSWORD}' CHANGE NOT REQUIRED"),
        "GRANT ACCESS ON DATABASE * TO PUBLIC",
    ] {
        cluster.exec(statement)?;
    }
    let gateway = start_gateway(&cluster, "protocol", more)?;
    Ok((cluster, gateway))
}

fn alias(cluster: &Cluster, name: &str, address: &str) -> Result<()> {
    let statement = format!(
        "CREATE ALIAS {name} FOR DATABASE there AT 'bolt://{address}' USER stored_one PASSWORD '{ONE_PASSWORD}' \
         DRIVER {{ssl_enforced: false, connection_timeout: duration('PT2S')}}"
    );
    cluster.exec(&statement).map(drop)
}

fn run(query: &str, database: Option<&str>) -> Request {
    let extra = TransactionExtra { database: database.map(str::to_owned), ..TransactionExtra::default() };
    Request::Run(Run { query: query.to_owned(), parameters: EncodedMap::empty(), extra })
}

fn begin(database: &str, bookmarks: &[&str]) -> Request {
    let bookmarks = bookmarks.iter().map(|&bookmark| bookmark.to_owned()).collect();
    Request::Begin(TransactionExtra { database: Some(database.to_owned()), bookmarks, ..TransactionExtra::default() })
}

/// RUN and PULL succeed with one column and one row; COMMIT with a bookmark.
fn obliging(request: &Request) -> Act {
    match request {
        Request::Run(_) => Act::Answer(Response::Success(Map::new().with("fields", vec!["n"]))),
        Request::Pull(_) => Act::Row(
            vec![Value::Integer(1)],
            Response::Success(Map::new().with("db", "there").with("bookmark", "theirs:2")),
        ),
        Request::Commit => Act::Answer(Response::Success(Map::new().with("bookmark", "theirs:1"))),
        _ => Act::Answer(success()),
    }
}

#[test]
fn every_version_is_spoken_at_both_ends() -> Result<()> {
    let (cluster, gateway) = start("versions", "")?;
    let admin = &cluster.administrator;
    for (number, version) in Version::ALL.into_iter().filter(|version| *version != Version::V5_5).enumerate() {
        let mut driver = Driver::logged_in(&gateway.address, version, &admin.user, &admin.password)?;
        driver.succeed(&run("SHOW CURRENT USER YIELD user", Some("system")))?;
        let summary = driver.succeed(&Request::Pull(Fetch::ALL))?;
        ensure!(driver.rows == [[Value::from("admin")]], "Bolt {version}: {:?}", driver.rows);
        ensure!(summary.get("db") == Some(&Value::from("system")), "Bolt {version}: {summary:?}");

        let remote = Scripted::start(version, obliging)?;
        alias(&cluster, &format!("far{number}"), &remote.address)?;
        driver.rows.clear();
        driver.succeed(&begin(&format!("far{number}"), &[]))?;
        driver.succeed(&run("RETURN 1 AS n", None))?;
        let summary = driver.succeed(&Request::Pull(Fetch::ALL))?;
        ensure!(summary.get("db") == Some(&Value::from(format!("far{number}"))), "Bolt {version}: {summary:?}");
        driver.succeed(&Request::Commit)?;
        ensure!(driver.rows == [[Value::Integer(1)]], "Bolt {version}: {:?}", driver.rows);
        let failure = driver.fail(&run("RETURN 1", Some("nowhere")))?;
        ensure!(failure.code == "Neo.ClientError.Database.DatabaseNotFound", "Bolt {version}: {failure:?}");
    }
    // An older DBMS behind a newer driver, whose failures have another shape; and one that does not go with it.
    let refusing = |request: &Request| match request {
        Request::Run(_) => Act::Answer(Response::Failure(Failure::new("Neo.ClientError.Statement.TypeError", "no"))),
        _ => Act::Answer(success()),
    };
    alias(&cluster, "older", &Scripted::start(Version::V5_4, refusing)?.address)?;
    alias(&cluster, "oldest", &Scripted::start(Version::V4_4, obliging)?.address)?;
    let mut driver = Driver::logged_in(&gateway.address, Version::V5_8, &admin.user, &admin.password)?;
    let failure = driver.fail(&run("RETURN 1", Some("older")))?;
    let told = (failure.code.as_str(), failure.status.code.as_str());
    ensure!(told == ("Neo.ClientError.Statement.TypeError", "50N42"), "{failure:?}");
    driver.succeed(&Request::Reset)?;
    let failure = driver.fail(&run("RETURN 1", Some("oldest")))?;
    ensure!(failure.message.contains("speaks no such version"), "{failure:?}");
    Ok(())
}

#[test]
fn a_remote_dbms_is_told_its_own_names_and_bookmarks_only() -> Result<()> {
    let (cluster, gateway) = start("told", "")?;
    let (one, two) = (Scripted::start(Version::V5_8, obliging)?, Scripted::start(Version::V5_8, obliging)?);
    alias(&cluster, "one", &one.address)?;
    alias(&cluster, "two", &two.address)?;
    let mut driver = Driver::logged_in(&gateway.address, Version::V5_8, "carol", CAROL_PASSWORD)?;
    let mut mark = |database: &str, bookmarks: &[&str]| -> Result<String> {
        driver.succeed(&begin(database, bookmarks))?;
        driver.succeed(&run("RETURN 1 AS n", None))?;
        driver.succeed(&Request::Pull(Fetch::ALL))?;
        let committed = driver.succeed(&Request::Commit)?;
        let bookmark = committed.get("bookmark").and_then(Value::as_str).unwrap_or_default();
        Ok(bookmark.to_owned())
    };
    let first = mark("one", &[])?;
    let second = mark("two", &[&first])?;
    mark("one", &[&first, &second])?;
    let begun = |remote: &Scripted| {
        remote.seen(|seen| {
            let extra = |request: &Request| match request {
                Request::Begin(extra) => Some((extra.database.clone().unwrap_or_default(), extra.bookmarks.clone())),
                _ => None,
            };
            seen.requests.iter().filter_map(extra).collect::<Vec<_>>()
        })
    };
    let there = || "there".to_owned();
    ensure!(begun(&one) == [(there(), vec![]), (there(), vec!["theirs:1".to_owned()])], "{:?}", begun(&one));
    ensure!(begun(&two) == [(there(), vec![])], "{:?}", begun(&two));
    let logins = one.seen(|seen| seen.requests.iter().filter(|it| matches!(it, Request::Logon(_))).count());
    ensure!(logins == 1, "the connection was not used again");
    ensure!(!one.seen(|seen| format!("{:?}", seen.requests)).contains("carol"), "the user's name went on");
    Ok(())
}

#[test]
fn a_remote_dbms_that_fails_fails_its_transaction_and_no_more() -> Result<()> {
    let (cluster, gateway) = start("failing", "")?;
    let on_run = |act: fn() -> Act| {
        Scripted::start(Version::V5_8, move |request| match request {
            Request::Run(_) => act(),
            request => obliging(request),
        })
    };
    let hanging = on_run(|| Act::Hang)?;
    alias(&cluster, "hanging", &hanging.address)?;
    alias(&cluster, "closing", &on_run(|| Act::Close)?.address)?;
    alias(&cluster, "garbling", &on_run(|| Act::Garbage)?.address)?;
    // It takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0")?;
    alias(&cluster, "silent", &silent.local_addr()?.to_string())?;
    let fickle = Scripted::start(Version::V5_8, |request| match request {
        Request::Commit => Act::Close,
        request => obliging(request),
    })?;
    alias(&cluster, "fickle", &fickle.address)?;
    let mut driver = Driver::logged_in(&gateway.address, Version::V5_8, "carol", CAROL_PASSWORD)?;
    for name in ["closing", "garbling", "silent"] {
        let failure = driver.fail(&run("RETURN 1", Some(name)))?;
        let transient = "Neo.TransientError.Statement.RemoteExecutionTransientError";
        ensure!(failure.code == transient && failure.message.contains(name), "{name}: {failure:?}");
        ensure!(!format!("{failure:?}").contains("127.0.0.1"), "{name}: {failure:?}");
        driver.succeed(&Request::Reset)?;
    }

    // RESET interrupts what hangs, and what hangs is given up.
    driver.send(&run("RETURN 1", Some("hanging")))?;
    wait::until("the query to arrive", PATIENCE, || {
        let has_run = hanging.seen(|seen| seen.requests.iter().any(|it| matches!(it, Request::Run(_))));
        has_run.then_some(()).ok_or("not yet")
    })?;
    driver.send(&Request::Reset)?;
    ensure!(driver.answer()? == Response::Ignored);
    ensure!(matches!(driver.answer()?, Response::Success(_)));
    wait::until("the connection to be closed", PATIENCE, || {
        hanging.seen(|seen| (seen.closed == 1).then_some(()).ok_or(seen.closed))
    })?;
    driver.succeed(&run("SHOW CURRENT USER", Some("system")))?;
    driver.succeed(&Request::Discard(Fetch::ALL))?;

    // Nobody knows what became of a COMMIT: the driver has to lose its connection, too.
    driver.succeed(&begin("fickle", &[]))?;
    driver.succeed(&run("CREATE ()", None))?;
    driver.succeed(&Request::Pull(Fetch::ALL))?;
    driver.send(&Request::Commit)?;
    ensure!(driver.is_closed_silently()?, "COMMIT was answered");
    Ok(())
}

/// A DBMS locks users out whose password is wrong too often: the login that an alias holds is not shown with each query.
#[test]
fn a_login_that_is_refused_is_not_tried_with_each_query() -> Result<()> {
    let (cluster, gateway) = start("refused", "")?;
    let remote = Scripted::start(Version::V5_8, |request| match request {
        Request::Logon(token) if token.credentials == Some(Secret::new(ONE_PASSWORD.to_owned())) => {
            let code = "Neo.ClientError.Security.Unauthorized";
            Act::Answer(Response::Failure(Failure::new(code, "The client is unauthorized.")))
        }
        request => obliging(request),
    })?;
    alias(&cluster, "far", &remote.address)?;
    let mut driver = Driver::logged_in(&gateway.address, Version::V5_8, "carol", CAROL_PASSWORD)?;
    let mut told = Vec::new();
    for _ in 0..10 {
        told.push(driver.fail(&run("RETURN 1", Some("far")))?);
        driver.succeed(&Request::Reset)?;
    }
    ensure!(told.iter().all(|it| *it == told[0] && it.message.contains("does not accept the login")), "{told:?}");
    let logins = remote.seen(|seen| seen.requests.iter().filter(|it| matches!(it, Request::Logon(_))).count());
    ensure!((1..told.len()).contains(&logins), "{logins} logins for {} queries", told.len());
    // Another password is another login, and tried at once.
    cluster.exec("ALTER ALIAS far SET DATABASE PASSWORD 'another-one-1'")?;
    driver.succeed(&run("RETURN 1 AS n", Some("far")))?;
    driver.succeed(&Request::Pull(Fetch::ALL))?;
    Ok(())
}

/// Longer than what a client may have waiting for its turn.
#[test]
fn a_request_may_be_long() -> Result<()> {
    let (cluster, gateway) = start("long", "")?;
    let remote = Scripted::start(Version::V5_8, obliging)?;
    alias(&cluster, "far", &remote.address)?;
    let mut driver = Driver::logged_in(&gateway.address, Version::V5_8, "carol", CAROL_PASSWORD)?;
    let query = format!("RETURN '{}' AS text", "a".repeat(2 << 20));
    driver.succeed(&run(&query, Some("far")))?;
    driver.succeed(&Request::Pull(Fetch::ALL))?;
    let is_whole = |request: &Request| matches!(request, Request::Run(run) if run.query == query);
    ensure!(remote.seen(|seen| seen.requests.iter().any(is_whole)), "another query arrived");
    // One that never becomes whole is given up with its client.
    driver.succeed(&begin("far", &[]))?;
    driver.succeed(&run("CREATE ()", None))?;
    driver.succeed(&Request::Pull(Fetch::ALL))?;
    for _ in 0..8 {
        driver.send_bytes(&[0xFF, 0xFF])?;
        driver.send_bytes(&[0xB3; 0xFFFF])?;
    }
    drop(driver);
    wait::until("the transaction to end with its client", PATIENCE, || {
        remote.seen(|seen| (seen.closed == 1).then_some(()).ok_or(seen.closed))
    })?;
    Ok(())
}

/// A name that the gateway has no rights for leads nowhere, as one that does not exist.
#[test]
fn what_the_gateway_may_not_resolve_is_not_there() -> Result<()> {
    let (cluster, gateway) = start("rights", "")?;
    let remote = Scripted::start(Version::V5_8, obliging)?;
    alias(&cluster, "far", &remote.address)?;
    let mut driver = Driver::logged_in(&gateway.address, Version::V5_8, "carol", CAROL_PASSWORD)?;
    let missing = driver.fail(&run("RETURN 1", Some("near")))?;
    driver.succeed(&Request::Reset)?;
    for revoked in ["REVOKE RESOLVE ALIAS (*) ON DBMS FROM gateway", "REVOKE IMPERSONATE (*) ON DBMS FROM gateway"] {
        cluster.exec(revoked)?;
        let refused = driver.fail(&run("RETURN 1", Some("far")))?;
        ensure!(format!("{refused:?}").replace("far", "near") == format!("{missing:?}"), "{refused:?}, {missing:?}");
        driver.succeed(&Request::Reset)?;
    }
    Ok(())
}

/// With the authority of `remote.ca`: node 1 has a certificate for this address from there, and the gateway's own is for clients alone.
#[test]
fn the_scheme_says_whose_certificate_a_remote_dbms_may_show() -> Result<()> {
    let (cluster, gateway) = start("encrypted", "")?;
    let shows = |name: &str| {
        let file = |suffix: &str| cluster.layout().pki().join(format!("{name}{suffix}.pem"));
        Scripted::start_encrypted((&file(""), &file("-key")), Version::V5_8, obliging)
    };
    let (server, other, clear) = (shows("node-1")?, shows("gateway-1")?, Scripted::start(Version::V5_8, obliging)?);
    for (name, scheme, remote) in [
        ("verified", "bolt+s", &server),
        ("routed", "neo4j+s", &server),
        ("lenient", "bolt+ssc", &other),
        ("strict", "bolt+s", &other),
        ("clear", "bolt+s", &clear),
    ] {
        let (address, password) = (&remote.address, ONE_PASSWORD);
        cluster.exec(&format!(
            "CREATE ALIAS {name} FOR DATABASE there AT '{scheme}://{address}' USER u PASSWORD '{password}'"
        ))?;
    }
    let mut driver = Driver::logged_in(&gateway.address, Version::V5_8, "carol", CAROL_PASSWORD)?;
    for name in ["verified", "routed", "lenient"] {
        driver.succeed(&run("RETURN 1 AS n", Some(name))).with_context(|| name)?;
        driver.succeed(&Request::Pull(Fetch::ALL))?;
    }
    for name in ["strict", "clear"] {
        let failure = driver.fail(&run("RETURN 1 AS n", Some(name)))?;
        let said = &failure.message;
        ensure!(said.contains("no trusted TLS") && !said.contains("127.0.0.1"), "{name}: {failure:?}");
        driver.succeed(&Request::Reset)?;
    }
    let asked = |remote: &Scripted| remote.seen(|seen| seen.requests.len());
    ensure!(asked(&clear) == 0, "a password went over a connection that is not encrypted");
    Ok(())
}

#[test]
fn clients_that_do_not_log_in_are_turned_away() -> Result<()> {
    let (_cluster, gateway) = start("strangers", "")?;
    for scheme in ["none", "bearer", "kerberos", "custom"] {
        let mut driver = Driver::connect(&gateway.address, Version::V5_8)?;
        let token = AuthToken { scheme: Some(scheme.to_owned()), ..AuthToken::default() };
        let Response::Failure(failure) = driver.log_in(token)? else { bail!("{scheme} was taken") };
        ensure!(failure.code == "Neo.ClientError.Security.Unauthorized", "{failure:?}");
        ensure!(driver.is_closed_silently()?, "{scheme}: the connection is open");
    }
    let mut driver = Driver::connect(&gateway.address, Version::V5_8)?;
    let wrong = AuthToken::basic("carol", Secret::new("not-her-password".to_owned()));
    ensure!(matches!(driver.log_in(wrong)?, Response::Failure(_)));
    ensure!(driver.is_closed_silently()?);
    // More than 64 KiB before anybody is known.
    let mut driver = Driver::connect(&gateway.address, Version::V5_8)?;
    driver.send_bytes(&[0xFF, 0xFF])?;
    driver.send_bytes(&[0; 0xFFFF])?;
    driver.send_bytes(&[0xFF, 0xFF])?;
    ensure!(!driver.is_closed_silently()?, "there is no word about it");
    // A browser.
    let mut stream = TcpStream::connect(&gateway.address)?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("speaks Bolt"), "{answer}");
    // What no other version of Bolt begins with.
    let mut stream = TcpStream::connect(&gateway.address)?;
    stream.write_all(b"\x00\x01\x02\x03 and so on")?;
    ensure!(stream.read(&mut [0])? == 0);
    Ok(())
}

#[test]
fn who_says_nothing_is_not_held() -> Result<()> {
    let cluster = Cluster::running("patience", 1)?;
    cluster.layout().issue_client("gateway-1")?;
    let gateway = crate::start_gateway_with(&cluster, "patience", "authentication_timeout = \"300ms\"\n", "")?;
    let mut silent = TcpStream::connect(&gateway.address)?;
    silent.set_read_timeout(Some(PATIENCE))?;
    ensure!(silent.read(&mut [0])? == 0, "it was told something");
    let mut greeted = Driver::connect(&gateway.address, Version::V5_8)?;
    ensure!(greeted.is_closed_silently()?, "it was told something");
    Ok(())
}

#[test]
fn a_gateway_that_is_told_to_stop_lets_transactions_end() -> Result<()> {
    let (cluster, mut gateway) = start("stopping", "")?;
    let remote = Scripted::start(Version::V5_8, obliging)?;
    alias(&cluster, "far", &remote.address)?;
    let mut busy = Driver::logged_in(&gateway.address, Version::V5_8, "carol", CAROL_PASSWORD)?;
    let mut idle = Driver::logged_in(&gateway.address, Version::V5_8, "carol", CAROL_PASSWORD)?;
    busy.succeed(&begin("far", &[]))?;
    busy.succeed(&run("CREATE ()", None))?;
    gateway.process.signal(nix::sys::signal::Signal::SIGTERM)?;
    ensure!(idle.is_closed_silently()?, "it was told something");
    wait::until("the gateway to take no more clients", PATIENCE, || match TcpStream::connect(&gateway.address) {
        Ok(_) => Err("it listens"),
        Err(_) => Ok(()),
    })?;
    busy.succeed(&Request::Pull(Fetch::ALL))?;
    busy.succeed(&Request::Commit)?;
    ensure!(busy.is_closed_silently()?, "it was told something");
    let status = gateway.process.wait(PATIENCE + Duration::from_secs(10))?;
    ensure!(status.success(), "{status}");
    Ok(())
}

#[test]
fn a_user_who_is_suspended_goes_no_further() -> Result<()> {
    let (cluster, gateway) = start("suspended", "")?;
    let remote = Scripted::start(Version::V5_8, obliging)?;
    alias(&cluster, "far", &remote.address)?;
    let mut driver = Driver::logged_in(&gateway.address, Version::V5_8, "carol", CAROL_PASSWORD)?;
    driver.succeed(&begin("far", &[]))?;
    driver.succeed(&run("CREATE ()", None))?;
    driver.succeed(&Request::Pull(Fetch::ALL))?;
    cluster.exec("ALTER USER carol SET STATUS SUSPENDED")?;
    let failure = driver.fail(&Request::Commit)?;
    // A driver logs in again on this, and is then told that it cannot.
    ensure!(failure.code == "Neo.ClientError.Security.AuthorizationExpired", "{failure:?}");
    ensure!(!is_committed(&remote));
    driver.succeed(&Request::Reset)?;
    driver.succeed(&run("SHOW CURRENT USER", Some("system"))).map_or(Ok(()), |_| bail!("it was listed"))?;
    Ok(())
}

#[test]
fn without_the_cluster_transactions_end_and_none_begins() -> Result<()> {
    let (mut cluster, gateway) = start("alone", "")?;
    let remote = Scripted::start(Version::V5_8, obliging)?;
    alias(&cluster, "far", &remote.address)?;
    let mut driver = Driver::logged_in(&gateway.address, Version::V5_8, "carol", CAROL_PASSWORD)?;
    driver.succeed(&begin("far", &[]))?;
    driver.succeed(&run("CREATE ()", None))?;
    driver.succeed(&Request::Pull(Fetch::ALL))?;
    cluster.node(1).kill();
    // Nothing is asked: it ends by itself.
    wait::until("the connection to be closed", PATIENCE, || {
        remote.seen(|seen| (seen.closed == 1).then_some(()).ok_or(seen.closed))
    })?;
    let failure = driver.fail(&Request::Commit)?;
    ensure!(failure.code == "Neo.TransientError.Transaction.Outdated", "{failure:?}");
    ensure!(!is_committed(&remote));
    driver.succeed(&Request::Reset)?;
    let failure = driver.fail(&begin("far", &[]))?;
    ensure!(failure.code == "Neo.TransientError.Statement.RemoteExecutionTransientError", "{failure:?}");
    Ok(())
}

fn is_committed(remote: &Scripted) -> bool {
    remote.seen(|seen| seen.requests.contains(&Request::Commit))
}
