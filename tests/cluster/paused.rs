//! Members that hang, as on a machine that is suspended: whoever is left alone says so and hands out no passwords, and a member
//! that comes back answers nothing that it missed the end of.

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use aliasd_tests::cluster::{Actor, Cluster, PATIENCE};
use aliasd_tests::{process, wait};
use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The release staleness that a cluster has unless its policy says otherwise.
const RELEASE_STALENESS: Duration = Duration::from_secs(2);
const BEFORE: &str = "password-before-41c8";
const AFTER: &str = "password-after-9d02";

/// Three members that go on resolving names for as long as a test may take, an alias `far` with a password, and who may have
/// it.
fn running(name: &str) -> Result<(Cluster, Actor)> {
    let mut cluster = Cluster::prepare(name, 3)?;
    for node in &mut cluster.nodes {
        let mut command = node.command();
        command.env("ALIASD_CLUSTER_MAX_STALENESS", "1h");
        node.start_as(command)?;
    }
    cluster.form()?;
    cluster.wait_ready()?;
    let (certificate, key) = cluster.layout().issue_client("dbms-a")?;
    let create = format!("CREATE ALIAS far FOR DATABASE there AT 'neo4j+s://before:7687' USER bob PASSWORD '{BEFORE}'");
    for statement in [
        create.as_str(),
        "CREATE USER dbms SET AUTH 'mtls' {SET ID 'dbms-a'}",
        "CREATE ROLE resolver",
        "GRANT RESOLVE ALIAS (far) ON DBMS TO resolver",
        "GRANT ACCESS ON DATABASE far TO resolver",
        "GRANT ROLE resolver TO dbms",
    ] {
        cluster.exec(statement)?;
    }
    Ok((cluster, Actor::with_certificate("dbms", certificate, key)))
}

/// The leader and the two that follow it.
fn roles(cluster: &Cluster) -> Result<(u64, Vec<u64>)> {
    let (leader, _) = wait::until("a leader that is known", PATIENCE, || {
        let known = cluster.status(&cluster.nodes[0])?.leader_id;
        known.context("nobody leads")
    })?;
    Ok((leader, (1..=3).filter(|node| *node != leader).collect()))
}

/// `aliasctl resolve` of the alias at one member, on its way.
fn resolve(cluster: &Cluster, who: &Actor, node: u64, more: &[&str]) -> Result<Child> {
    let at = cluster.nodes.iter().find(|it| it.id == node).context("a node of the cluster")?;
    let mut command = who.aliasctl(cluster, std::slice::from_ref(&at.client_address));
    command.args(["resolve", "far", "--format", "json"]).args(more);
    Ok(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?)
}

/// What came of it: the route, or what was said.
fn answer(child: Child) -> Result<Result<Value, String>> {
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(Ok(serde_json::from_slice(&output.stdout)?));
    }
    Ok(Err(String::from_utf8_lossy(&output.stderr).into_owned()))
}

const LOCAL: [&str; 2] = ["--freshness", "local"];
const LOCAL_RELEASE: [&str; 5] = ["--freshness", "local", "--show-credentials", "--timeout", "3"];

#[test]
fn a_member_that_is_left_alone_says_so_and_releases_no_credential() -> Result<()> {
    let (mut cluster, dbms) = running("left")?;
    let (leader, followers) = roles(&cluster)?;
    let left = followers[0];
    wait::until("the follower to have the alias", PATIENCE, || {
        let route = answer(resolve(&cluster, &dbms, left, &LOCAL_RELEASE)?)?.map_err(anyhow::Error::msg)?;
        ensure!(route["password"] == BEFORE, "{route}");
        Ok::<_, anyhow::Error>(())
    })?;
    for node in [leader, followers[1]] {
        cluster.node(node).pause()?;
    }
    wait::until("it to say that it is left alone", PATIENCE, || {
        let (status, body) = cluster.node(left).http("/readyz")?;
        ensure!(status == 503 && body == "not ready: UNCONFIRMED\n", "{status} {body}");
        Ok::<_, anyhow::Error>(())
    })?;
    let mut command = cluster.client();
    command.env("ALIASD_ENDPOINTS", &cluster.node(left).client_address).args(["cluster", "status"]);
    let (status, _) = wait::until("the status to say which members are silent", PATIENCE, || {
        let status = process::run(&mut command, &cluster.layout().record())?;
        ensure!(status.stdout.contains("UNCONFIRMED"), "{}{}", status.stdout, status.stderr);
        ensure!(status.stdout.matches("not heard of for ").count() == 2, "{}", status.stdout);
        Ok::<_, anyhow::Error>(status.stdout)
    })?;
    let own = status.lines().find(|line| line.contains(&cluster.node(left).client_address));
    ensure!(own.is_some_and(|line| !line.contains("not heard of")), "{status}");

    // From then on its state is older than a release allows, whatever becomes of the elections that it stands for.
    wait::until("it to release nothing any more", PATIENCE, || {
        let refused = answer(resolve(&cluster, &dbms, left, &LOCAL_RELEASE)?)?.err();
        let refused = refused.context("it still releases the password")?;
        ensure!(refused.contains("RELEASE_STALE") && refused.contains("at most 2s old"), "{refused}");
        Ok::<_, anyhow::Error>(())
    })?;
    let named = answer(resolve(&cluster, &dbms, left, &LOCAL)?)?;
    ensure!(named.as_ref().is_ok_and(|route| route["url"] == "neo4j+s://before:7687"), "{named:?}");

    for node in [leader, followers[1]] {
        cluster.node(node).resume()?;
    }
    cluster.wait_ready()?;
    wait::until("it to release again", PATIENCE, || {
        let route = answer(resolve(&cluster, &dbms, left, &LOCAL_RELEASE)?)?.map_err(anyhow::Error::msg)?;
        ensure!(route["password"] == BEFORE, "{route}");
        Ok::<_, anyhow::Error>(())
    })?;
    Ok(())
}

/// Whoever takes a login for a proof would go on letting in users that were suspended since.
#[test]
fn a_member_that_cannot_tell_how_old_its_state_is_lets_nobody_in() -> Result<()> {
    let mut cluster = Cluster::running("nobody", 3)?;
    for node in [2, 3] {
        cluster.node(node).pause()?;
    }
    for call in ["login", "whoami"] {
        let mut command = cluster.client();
        let address = &cluster.node(1).client_address;
        command.env("ALIASD_ENDPOINTS", address).args([call, "--timeout", "1"]);
        wait::until("it to let nobody in", PATIENCE, || {
            let finished = process::run(&mut command, &cluster.layout().record())?;
            ensure!(finished.code == Some(3) && finished.stderr.contains("STALE"), "{call}: {}", finished.stderr);
            Ok::<_, anyhow::Error>(())
        })?;
    }
    for node in [2, 3] {
        cluster.node(node).resume()?;
    }
    Ok(())
}

/// What a caller is told that has all three members to ask, of which only this one answers.
fn told(cluster: &Cluster, who: &Actor, arguments: &[&str]) -> Result<String> {
    let finished = who.run(cluster, &cluster.endpoints(), arguments)?;
    ensure!(finished.code == Some(3), "{arguments:?} ended with {:?}: {}", finished.code, finished.stderr);
    Ok(finished.stderr)
}

fn address(cluster: &Cluster, node: u64) -> String {
    let of_node = cluster.nodes.iter().find(|it| it.id == node);
    of_node.map(|it| it.client_address.clone()).unwrap_or_default()
}

/// The one that is left leads, and then follows: what it waits for differs, and what is heard must not.
#[test]
fn who_asks_while_a_majority_hangs_is_told_why_by_the_one_that_answers() -> Result<()> {
    let (mut cluster, dbms) = running("majority")?;
    let (leader, followers) = roles(&cluster)?;
    let ahead = told(&cluster, &dbms, &["resolve", "far", "--freshness", "at-least=1000000"])?;
    ensure!(ahead.contains("REVISION_NOT_REACHED") && ahead.contains("1000000"), "{ahead}");
    for (left, hung) in [(leader, followers.clone()), (followers[0], vec![leader, followers[1]])] {
        for node in &hung {
            cluster.node(*node).pause()?;
        }
        wait::until("it to notice", PATIENCE, || {
            let (status, body) = cluster.node(left).http("/readyz")?;
            ensure!(status == 503, "{status} {body}");
            Ok::<_, anyhow::Error>(())
        })?;
        let linearizable = told(&cluster, &dbms, &["resolve", "far", "--freshness", "linearizable"])?;
        ensure!(linearizable.contains("NO_LEADER"), "node {left}: {linearizable}");
        let released = told(&cluster, &dbms, &["resolve", "far", "--freshness", "local", "--show-credentials"])?;
        ensure!(released.contains("RELEASE_STALE"), "node {left}: {released}");
        let listed =
            told(&cluster, &cluster.admin(), &["exec", "--freshness", "linearizable", "SHOW ALIASES FOR DATABASE"])?;
        ensure!(listed.contains("NO_LEADER"), "node {left}: {listed}");
        // Nothing was sent to a leader that nobody hears of, so that it is known what came of it.
        let written = told(&cluster, &cluster.admin(), &["exec", "CREATE ROLE nobody"])?;
        ensure!(written.contains("NO_LEADER"), "node {left}: {written}");
        // In less time than one attempt may take, those that hang are asked first and the one that lives all the same.
        let mut first: Vec<String> = hung.iter().map(|node| address(&cluster, *node)).collect();
        first.push(address(&cluster, left));
        let named = dbms.run(&cluster, &first, &["resolve", "far", "--freshness", "local", "--timeout", "3"])?;
        ensure!(named.code == Some(0), "node {left}: {}", named.stderr);
        let moved = cluster.admin().run(&cluster, &first, &["cluster", "transfer", "--timeout", "4"])?;
        ensure!(
            ["SUCCESSOR_UNFIT", "NOT_LEADER", "NO_LEADER"].iter().any(|code| moved.stderr.contains(code)),
            "node {left}: {}",
            moved.stderr
        );
        for node in &hung {
            cluster.node(*node).resume()?;
        }
        cluster.wait_ready()?;
    }
    // What came late is told in words of ours, or not at all.
    for node in &cluster.nodes {
        let of_libraries = |line: &&str| line.contains(r#""target":"#) && !line.contains(r#""target":"aliasd"#);
        let said = node.said();
        ensure!(!said.lines().any(|line| of_libraries(&line)), "node {}: {said}", node.id);
    }
    Ok(())
}

#[test]
fn a_member_that_was_paused_answers_nothing_that_has_ended_meanwhile() -> Result<()> {
    let (mut cluster, dbms) = running("paused")?;
    for round in ["follower", "leader"] {
        let (leader, followers) = roles(&cluster)?;
        // A leader comes back as one that does not know yet that it is none.
        let node = if round == "leader" { leader } else { followers[0] };
        let others = cluster.nodes.iter().filter(|it| it.id != node);
        let others: Vec<String> = others.map(|it| it.client_address.clone()).collect();
        let (wanted_url, wanted_password) = (format!("neo4j+s://after-{round}:7687"), format!("{AFTER}-{round}"));
        cluster.node(node).pause()?;
        let alter = format!(
            "ALTER ALIAS far SET DATABASE TARGET there AT '{wanted_url}' USER bob PASSWORD '{wanted_password}'"
        );
        let mut statements = vec![alter];
        statements.extend((0..20).map(|number| format!("CREATE ALIAS `while-{round}-{number}` FOR DATABASE neo4j")));
        let script = cluster.layout().root.join("statements.cypher");
        fs::write(&script, statements.join(";\n"))?;
        let mut command = cluster.admin().aliasctl(&cluster, &others);
        command.args(["exec", "-f"]).arg(&script);
        let finished = process::run(&mut command, &cluster.layout().record())?;
        ensure!(finished.code == Some(0), "writes go on: {}", finished.stderr);
        let acknowledged = Instant::now();
        wait::until("a release of what was before to be forbidden", PATIENCE, || {
            ensure!(acknowledged.elapsed() > RELEASE_STALENESS, "not yet");
            Ok::<_, anyhow::Error>(())
        })?;

        // Asked while it hangs, so that the answers are the first that it gives.
        let linearizable = resolve(&cluster, &dbms, node, &["--timeout", "30"])?;
        let released = resolve(&cluster, &dbms, node, &LOCAL_RELEASE)?;
        cluster.node(node).resume()?;
        let linearizable = answer(linearizable)?.map_err(anyhow::Error::msg)?;
        ensure!(linearizable["url"] == wanted_url.as_str(), "{linearizable}");
        match answer(released)? {
            Ok(route) => {
                ensure!(
                    route["password"] == wanted_password.as_str() && route["url"] == wanted_url.as_str(),
                    "{route}"
                );
            }
            Err(refused) => ensure!(refused.contains("RELEASE_STALE"), "{refused}"),
        }
        cluster.wait_ready()?;
        cluster.wait_equal_digests()?;
    }
    Ok(())
}

/// The lines of a node's audit trail about handing on the leadership: what was asked for, and what came of it.
fn transfers(cluster: &mut Cluster, node: u64) -> Vec<(String, String)> {
    let said = cluster.node(node).said();
    let lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let lines = lines.filter(|line| line["target"] == "aliasd::audit" && line["message"] == "leadership transfer");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    lines.map(|line| (text(&line["what"]), text(&line["outcome"]))).collect()
}

#[test]
fn the_leadership_is_never_given_to_a_member_that_hangs() -> Result<()> {
    let (mut cluster, _) = running("successor")?;
    let (leader, followers) = roles(&cluster)?;
    let (alive, hung) = (followers[0], followers[1]);
    cluster.wait_equal_digests()?;
    cluster.node(hung).pause()?;
    let paused = Instant::now();
    wait::until("longer than an election takes", PATIENCE, || {
        ensure!(paused.elapsed() > RELEASE_STALENESS, "not yet");
        Ok::<_, anyhow::Error>(())
    })?;
    let named = hung.to_string();
    let at_leader = [cluster.node(leader).client_address.clone()];
    let told = cluster.admin().run(&cluster, &at_leader, &["cluster", "transfer", "--to", &named])?;
    ensure!(told.code == Some(1), "{:?}: {}", told.code, told.stderr);
    for part in ["SUCCESSOR_UNFIT", "nothing was done", &format!("node {hung} has not been heard of for "), "status"] {
        ensure!(told.stderr.contains(part), "{part}: {}", told.stderr);
    }
    ensure!(roles(&cluster)?.0 == leader, "it leads on");
    let refused = (format!("to node {hung}"), "SUCCESSOR_UNFIT".to_owned());
    ensure!(transfers(&mut cluster, leader) == [refused], "{:?}", transfers(&mut cluster, leader));

    // Nor does a node that stops give it there, although that one has as much of the log.
    cluster.node(leader).stop(PATIENCE)?;
    let said = cluster.node(leader).said();
    let handed = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let handed: Vec<Value> = handed.filter(|line| line["message"] == "the leadership is handed on").collect();
    ensure!(handed.len() == 1 && handed[0]["leader"] == alive, "{handed:?} of {said}");
    cluster.node(hung).resume()?;
    Ok(())
}
