//! The audit trail: whoever reads the log knows who did what, from where, and what came of it, and learns no secret.

use std::collections::BTreeMap;
use std::time::Duration;

use aliasd_client::{Lookup, Secret, Statement};
use aliasd_tests::cluster::{Actor, Cluster, PATIENCE};
use aliasd_tests::{grpc, secrets, wait};
use aliasd_wire::v1;
use aliasd_wire::v1::admin_client::AdminClient;
use aliasd_wire::v1::auth_client::AuthClient;
use aliasd_wire::v1::cluster_client::ClusterClient;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tonic::Request;

const REMOTE_PASSWORD: &str = "password-of-bob-there-3b1f";
const USER_PASSWORD: &str = "carols-own-password-77c2";
const WRONG_PASSWORD: &str = "not-her-password-at-all-e4f7";

/// The lines of the trail of the only node, by what was done.
fn trail(cluster: &Cluster) -> Result<Vec<Value>> {
    let node = cluster.nodes.first().context("a cluster of one")?;
    let said = node.said();
    let lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(lines.filter(|line| line["target"] == "aliasd::audit").collect())
}

/// Whether a line is about this action of this actor, with this outcome, and from somewhere. An empty text is absent.
fn is(line: &Value, [action, actor, what, outcome]: [&str; 4]) -> bool {
    let text = |field: &str| line[field].as_str().unwrap_or_default();
    let from_somewhere = text("remote").starts_with("127.0.0.1:");
    from_somewhere && [text("message"), text("actor"), text("what"), text("outcome")] == [action, actor, what, outcome]
}

fn expect(cluster: &Cluster, wanted: [&str; 4]) -> Result<Value> {
    let (line, _) = wait::until(&format!("a line about {wanted:?}"), PATIENCE, || {
        let lines = trail(cluster)?;
        let found = lines.iter().find(|line| is(line, wanted)).cloned();
        found.with_context(|| format!("among {lines:#?}"))
    })?;
    Ok(line)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_is_said_at_any_level_and_without_secrets() -> Result<()> {
    let mut cluster = Cluster::prepare("audit", 1)?;
    let node = cluster.node(1);
    let mut command = node.command();
    command.env("ALIASD_LOG_LEVEL", "error");
    node.start_as(command)?;
    cluster.form()?;
    cluster.wait_ready()?;
    let (admin, carol) = act(&cluster).await?;

    let formed = expect_action(&cluster, "cluster formation")?;
    ensure!(formed["what"].as_str().is_some_and(|what| what.contains("members 1=")), "{formed}");
    ensure!(formed["outcome"] == "OK", "{formed}");
    expect(&cluster, ["login", &admin, "", "OK"])?;
    let created = "CREATE ALIAS films FOR DATABASE neo4j AT 'neo4j+s://there:7687' USER bob PASSWORD '******'";
    let line = expect(&cluster, ["statement", &admin, created, "OK"])?;
    ensure!(line["revision"].as_u64().is_some_and(|revision| revision > 0), "{line}");
    expect(&cluster, ["statement", &admin, "CREATE USER carol SET PASSWORD '******' CHANGE NOT REQUIRED", "OK"])?;
    let refused = ["statement", &carol, "DROP ALIAS films FOR DATABASE", "PERMISSION_DENIED"];
    expect(&cluster, refused)?;
    expect(&cluster, ["statement", &admin, "<not understood>", "SYNTAX_ERROR"])?;
    let line = expect(&cluster, ["credential release", &admin, "films: bob at neo4j+s://there:7687", "OK"])?;
    ensure!(line["on_behalf_of"] == "carol" && line["revision"].is_u64(), "{line}");
    expect(&cluster, ["credential release", &carol, "films", "PERMISSION_DENIED"])?;
    expect(&cluster, ["password verification", &admin, "carol", "OK"])?;
    expect(&cluster, ["password verification", &admin, "carol", "CREDENTIALS_INVALID"])?;
    expect(&cluster, ["login", "carol", "", "CREDENTIALS_INVALID"])?;
    // Nobody of that name: it may be a password in the wrong place.
    expect(&cluster, ["login", "", "", "CREDENTIALS_INVALID"])?;
    expect(&cluster, ["leadership transfer", &admin, "to any voter", "SUCCESSOR_UNFIT"])?;
    expect(&cluster, ["call refused", &carol, "/aliasd.v1.Cluster/TransferLeader", "PERMISSION_DENIED"])?;

    cluster.node(1).stop(PATIENCE)?;
    let passwords = [REMOTE_PASSWORD, USER_PASSWORD, WRONG_PASSWORD, cluster.administrator.password.as_str()];
    let (files, leaks) = secrets::search(&cluster.layout().captured(), &passwords)?;
    ensure!(files > 0 && leaks.is_empty(), "{leaks:#?}");
    Ok(())
}

fn expect_action(cluster: &Cluster, action: &str) -> Result<Value> {
    let lines = trail(cluster)?;
    lines.iter().find(|line| line["message"] == action).cloned().with_context(|| format!("{action} in {lines:#?}"))
}

/// Everything that the trail tells of. The names of the two who act.
async fn act(cluster: &Cluster) -> Result<(String, String)> {
    let sdk = cluster.admin().sdk(cluster, &cluster.endpoints())?;
    let run = async |statement: Statement| {
        let executed = async { sdk.execute(statement).await?.collect().await };
        executed.await
    };
    let create = "CREATE ALIAS $name FOR DATABASE neo4j AT $url USER $user PASSWORD $password";
    let create = Statement::new(create).parameter("name", "films").parameter("url", "neo4j+s://there:7687");
    run(create.parameter("user", "bob").parameter("password", REMOTE_PASSWORD)).await?;
    let create = Statement::new("CREATE USER $name SET PASSWORD $password CHANGE NOT REQUIRED");
    run(create.parameter("name", "carol").parameter("password", USER_PASSWORD)).await?;
    for statement in [
        "CREATE ROLE resolver",
        "GRANT RESOLVE ALIAS ON DBMS TO resolver",
        "GRANT IMPERSONATE (carol) ON DBMS TO resolver",
        "GRANT ACCESS ON DATABASE films TO PUBLIC",
    ] {
        run(statement.into()).await?;
    }
    run(Statement::new("GRANT ROLE resolver TO $user").parameter("user", cluster.administrator.user.as_str())).await?;
    run(format!("ALTER USER carol SET PASWORD '{WRONG_PASSWORD}'").as_str().into()).await.err().context("a typo")?;
    sdk.resolve(&Lookup::name("films").on_behalf_of("carol").with_credentials()).await?;
    for password in [USER_PASSWORD, WRONG_PASSWORD] {
        sdk.verify_user("carol", &Secret::from(password), aliasd_client::Freshness::Linearizable).await.ok();
    }

    let carol = Actor::with_password("Carol", "carol", USER_PASSWORD).sdk(cluster, &cluster.endpoints())?;
    carol.execute("DROP ALIAS films FOR DATABASE").await.err().context("carol may drop nothing")?;
    let lookup = Lookup::name("films").with_credentials();
    carol.resolve(&lookup).await.err().context("carol may not have the password")?;
    for user in ["carol", WRONG_PASSWORD] {
        let impostor = Actor::with_password("an impostor", user, WRONG_PASSWORD);
        impostor.sdk(cluster, &cluster.endpoints())?.who_am_i().await.err().context("a wrong password")?;
    }
    for (user, password) in
        [(cluster.administrator.user.as_str(), cluster.administrator.password.as_str()), ("carol", USER_PASSWORD)]
    {
        let (channel, token) = log_in(cluster, user, password).await?;
        let transfer = authorized(v1::TransferLeaderRequest { to_node_id: 0 }, &token)?;
        ClusterClient::new(channel).transfer_leader(transfer).await.err().context("nobody can take it")?;
    }
    Ok((cluster.administrator.user.clone(), "carol".to_owned()))
}

/// A connection and a token, with nothing between the caller and the wire.
async fn log_in(cluster: &Cluster, user: &str, password: &str) -> Result<(tonic::transport::Channel, String)> {
    let tls = grpc::tls_without_certificate(&cluster.layout().ca())?;
    let node = cluster.nodes.first().context("a cluster of one")?;
    let channel = grpc::connect(&node.client_address, &tls).await?;
    let login = v1::LoginRequest { user: user.to_owned(), password: password.to_owned() };
    let mut response = AuthClient::new(channel.clone()).login(login).await?.into_inner();
    Ok((channel, std::mem::take(&mut response.token)))
}

fn authorized<T>(message: T, token: &str) -> Result<Request<T>> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse()?);
    Ok(request)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_whose_caller_gives_up_has_its_line() -> Result<()> {
    let cluster = Cluster::running("abandoned", 1)?;
    let administrator = &cluster.administrator;
    let (channel, token) = log_in(&cluster, &administrator.user, &administrator.password).await?;
    // A deadline that is over before anything can be written. Now and then it is over before the statement has arrived, too.
    let deadline = std::time::Instant::now() + PATIENCE;
    for number in 0.. {
        let statement = format!("CREATE DATABASE given{number}");
        let message = v1::ExecuteRequest {
            statement: statement.clone(),
            parameters: BTreeMap::new(),
            request_id: Vec::new(),
            freshness: None,
            first_sent_after_revision: None,
        };
        let mut request = authorized(message, &token)?;
        request.set_timeout(Duration::from_nanos(1));
        let _ = AdminClient::new(channel.clone()).execute(request).await;
        let wanted = ["statement", administrator.user.as_str(), &statement, "ABANDONED"];
        if trail(&cluster)?.iter().any(|line| is(line, wanted)) {
            return Ok(());
        }
        ensure!(std::time::Instant::now() < deadline, "no line says that a caller gave up: {:#?}", trail(&cluster)?);
    }
    Ok(())
}
