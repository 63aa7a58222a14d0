//! Members that come and go: a cluster that grows and shrinks under load, learners, replacements, and each way in which a node
//! is not let in or a change is refused, in the words that an operator reads.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aliasd_tests::cluster::{Cluster, PATIENCE};
use aliasd_tests::load::Load;
use aliasd_tests::process::{self, Finished};
use aliasd_tests::{grpc, wait};
use anyhow::{Context, Result, ensure};
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Runs `aliasctl cluster …` as the administrator.
fn cluster_command(cluster: &Cluster, arguments: &[&str]) -> Result<Finished> {
    let mut command = cluster.client();
    command.arg("cluster").args(arguments);
    process::run(&mut command, &cluster.layout().record())
}

fn done(finished: &Finished) -> Result<()> {
    ensure!(finished.code == Some(0), "{:?}:\n{}{}", finished.code, finished.stdout, finished.stderr);
    Ok(())
}

/// It is refused with this code: exit code 1.
fn refused(finished: &Finished, code: &str) -> Result<()> {
    ensure!(finished.code == Some(1) && finished.stderr.contains(code), "{:?}:\n{}", finished.code, finished.stderr);
    Ok(())
}

/// Where a token is saved.
fn token_file(cluster: &Cluster, node: u64) -> PathBuf {
    cluster.layout().root.join(format!("join-{node}"))
}

/// `aliasctl cluster add` of a node, its token saved.
fn add(cluster: &Cluster, node: u64, more: &[&str]) -> Result<Finished> {
    let new = cluster.nodes.iter().find(|it| it.id == node).context("a node of this cluster")?;
    let (id, file) = (node.to_string(), token_file(cluster, node).display().to_string());
    let place = ["--peer", &new.peer_address, "--client", &new.client_address, "--save", &file];
    cluster_command(cluster, &[&["add", "--id", &id], &place[..], more].concat())
}

fn replace(cluster: &Cluster, old: u64, node: u64) -> Result<Finished> {
    let new = cluster.nodes.iter().find(|it| it.id == node).context("a node of this cluster")?;
    let (old, id, file) = (old.to_string(), node.to_string(), token_file(cluster, node).display().to_string());
    let place = ["--peer", &new.peer_address, "--client", &new.client_address, "--save", &file];
    cluster_command(cluster, &[&["replace", &old, &id], &place[..]].concat())
}

/// Starts a node with a token file.
fn start_with(cluster: &mut Cluster, node: u64, token: &Path) -> Result<()> {
    let mut command = cluster.node(node).command();
    command.env("ALIASD_NODE_JOIN_TOKEN_FILE", token);
    cluster.node(node).start_as(command)
}

/// Adds a node, starts it with its token and waits until it serves.
fn grow(cluster: &mut Cluster, node: u64, more: &[&str]) -> Result<()> {
    done(&add(cluster, node, more)?)?;
    let token = token_file(cluster, node);
    start_with(cluster, node, &token)?;
    cluster.node(node).wait_ready(PATIENCE)
}

/// What a node says that was not removed: one that was knows of nothing that came after.
fn status(cluster: &Cluster, asked: u64) -> Result<Value> {
    let node = cluster.nodes.iter().find(|it| it.id == asked).context("a node of this cluster")?;
    let mut command = cluster.client();
    command.env("ALIASD_ENDPOINTS", &node.client_address).args(["cluster", "status", "--format", "json"]);
    let finished = process::run(&mut command, &cluster.layout().record())?;
    done(&finished)?;
    Ok(serde_json::from_str(&finished.stdout)?)
}

/// The members by their kind, `true` for voters, and whether a change is under way.
fn members(cluster: &Cluster, asked: u64) -> Result<(Vec<(u64, bool)>, bool)> {
    let status = status(cluster, asked)?;
    let members = status["members"].as_array().context("members")?.iter();
    let members = members.filter_map(|member| Some((member["node_id"].as_u64()?, member["voter"].as_bool()?)));
    Ok((members.collect(), !status["member_change"].is_null()))
}

fn wait_for_members(cluster: &Cluster, wanted: &[(u64, bool)]) -> Result<()> {
    let what = format!("the members to be {wanted:?}");
    let (asked, _) = *wanted.first().context("somebody is left")?;
    let reached = wait::until(&what, PATIENCE, || {
        let (members, changing) = members(cluster, asked)?;
        ensure!(members == wanted && !changing, "{members:?}, changing: {changing}");
        Ok::<_, anyhow::Error>(())
    });
    reached.map(drop)
}

/// What a node says once it has given up.
fn gives_up(cluster: &mut Cluster, node: u64, token: &Path) -> Result<String> {
    let files = [cluster.node(node).output.clone(), cluster.node(node).log.clone()];
    let before = files.clone().map(|file| fs::read(file).unwrap_or_default().len());
    start_with(cluster, node, token)?;
    let status = cluster.node(node).wait_exit(PATIENCE)?;
    ensure!(matches!(status.code(), Some(1 | 2)), "{status}");
    let added = files.iter().zip(before).map(|(file, before)| {
        let said = fs::read(file).unwrap_or_default();
        String::from_utf8_lossy(said.get(before..).unwrap_or_default()).into_owned()
    });
    Ok(added.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_grows_to_five_and_shrinks_back_under_load_and_loses_nothing() -> Result<()> {
    let mut cluster = Cluster::prepare("growth", 5)?;
    cluster.start_first(1)?;
    let sdk = cluster.admin().sdk(&cluster, &cluster.endpoints())?;
    let load = Load::start(&sdk, 4);
    load.progress(20).await?;
    for node in 2..=5 {
        grow(&mut cluster, node, &[])?;
        let voters: Vec<(u64, bool)> = (1..=node).map(|node| (node, true)).collect();
        wait_for_members(&cluster, &voters)?;
        load.progress(20).await?;
    }
    // The one that formed the cluster among them.
    for (node, left) in [(1, vec![2, 3, 4, 5]), (4, vec![2, 3, 5]), (2, vec![3, 5]), (5, vec![3])] {
        done(&cluster_command(&cluster, &["remove", &node.to_string()])?)?;
        wait::until("it to say that it was removed", PATIENCE, || {
            let (code, body) = cluster.node(node).http("/readyz")?;
            ensure!(code == 503 && body.contains("NODE_REMOVED"), "{code} {body}");
            Ok::<_, anyhow::Error>(())
        })?;
        wait_for_members(&cluster, &left.iter().map(|node| (*node, true)).collect::<Vec<_>>())?;
        load.progress(20).await?;
        cluster.node(node).stop(PATIENCE)?;
    }
    let history = load.stop().await;
    ensure!(history.refused.is_empty() && history.open.is_empty(), "{:?} {:?}", history.refused, history.open);
    history.check(&sdk).await
}

#[test]
fn a_learner_reads_without_a_vote_until_it_is_promoted() -> Result<()> {
    let mut cluster = Cluster::prepare("learner", 2)?;
    cluster.start_first(1)?;
    cluster.exec("CREATE ALIAS films FOR DATABASE neo4j")?;
    grow(&mut cluster, 2, &["--learner"])?;
    wait_for_members(&cluster, &[(1, true), (2, false)])?;
    let listed = |cluster: &mut Cluster, freshness: &str| -> Result<String> {
        let address = cluster.node(2).client_address.clone();
        let mut command = cluster.client();
        command.env("ALIASD_ENDPOINTS", address).args(["resolve", "films", "--freshness", freshness]);
        let finished = process::run(&mut command, &cluster.layout().record())?;
        done(&finished)?;
        Ok(finished.stdout)
    };
    for freshness in ["local", "at-least=1", "linearizable"] {
        ensure!(listed(&mut cluster, freshness)?.contains("neo4j"), "{freshness}");
    }
    done(&cluster_command(&cluster, &["promote", "2"])?)?;
    wait_for_members(&cluster, &[(1, true), (2, true)])?;
    done(&cluster_command(&cluster, &["promote", "2"])?)?;
    refused(&cluster_command(&cluster, &["promote", "9"])?, "MEMBER_UNKNOWN")
}

#[test]
fn a_node_is_let_in_with_its_own_token_in_time_and_once() -> Result<()> {
    let mut cluster = Cluster::prepare("tokens", 3)?;
    cluster.start_first(1)?;
    let token = token_file(&cluster, 2);
    let given_up = |cluster: &mut Cluster, node, token: &Path, code: &str| -> Result<()> {
        let said = gives_up(cluster, node, token)?;
        ensure!(said.contains(code), "{code} in {said}");
        let data = cluster.node(node).data.clone();
        Ok(fs::remove_dir_all(data)
            .or_else(|error| if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) })?)
    };

    done(&add(&cluster, 2, &["--token-lifetime", "1"])?)?;
    wait::until("it to expire", PATIENCE, || {
        // Another change may begin only when what was invited can come no more.
        done(&add(&cluster, 3, &[])?)
    })?;
    refused(&add(&cluster, 2, &[])?, "MEMBER_CHANGE_RUNNING")?;
    given_up(&mut cluster, 2, &token, "JOIN_TOKEN_WRONG")?;
    done(&cluster_command(&cluster, &["remove", "3"])?)?;

    done(&add(&cluster, 2, &["--token-lifetime", "1"])?)?;
    let issued = std::time::SystemTime::now();
    wait::until("a second to pass", PATIENCE, || {
        ensure!(issued.elapsed()?.as_millis() > 1_100, "not yet");
        Ok::<_, anyhow::Error>(())
    })?;
    given_up(&mut cluster, 2, &token, "JOIN_TOKEN_EXPIRED")?;

    done(&add(&cluster, 2, &[])?)?;
    given_up(&mut cluster, 3, &token, "is for node 2, and this is node 3")?;
    let text = fs::read_to_string(&token)?;
    for (wrong, said) in
        [(&text[..text.len() - 8], "not a whole join token"), ("at1.something", "not a whole join token")]
    {
        let file = cluster.layout().root.join("mistyped");
        fs::write(&file, wrong)?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
        given_up(&mut cluster, 2, &file, said)?;
    }
    let nowhere = cluster.layout().root.join("nowhere");
    given_up(&mut cluster, 2, &nowhere, "is not there, and the node belongs to no cluster yet")?;
    fs::set_permissions(&token, fs::Permissions::from_mode(0o644))?;
    given_up(&mut cluster, 2, &token, "has mode 644")?;
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600))?;

    start_with(&mut cluster, 2, &token)?;
    cluster.node(2).wait_ready(PATIENCE)?;
    wait_for_members(&cluster, &[(1, true), (2, true)])?;
    // With the token still at hand, and after it was removed.
    for file in [&token, &nowhere] {
        cluster.node(2).kill();
        start_with(&mut cluster, 2, file)?;
        cluster.node(2).wait_ready(PATIENCE)?;
    }
    ensure!(!cluster.node(2).said().contains(text.trim()), "the token is in no log");

    // The same token on another machine, or after the directory was lost.
    cluster.node(2).kill();
    let data = cluster.node(2).data.clone();
    let aside = data.with_extension("aside");
    fs::rename(&data, &aside)?;
    // Without the other voter nothing is agreed on: whoever joins waits.
    start_with(&mut cluster, 2, &token)?;
    wait::until("it to wait to be let in", PATIENCE, || {
        let (_, body) = cluster.node(2).http("/readyz")?;
        ensure!(body.contains("NODE_JOINING") || body.contains("NODE_NOT_RECOGNISED"), "{body}");
        Ok::<_, anyhow::Error>(())
    })?;
    Ok(())
}

#[test]
fn a_token_that_was_used_or_is_of_another_cluster_lets_nobody_in() -> Result<()> {
    let mut cluster = Cluster::prepare("used", 2)?;
    cluster.start_first(1)?;
    grow(&mut cluster, 2, &["--learner"])?;
    wait_for_members(&cluster, &[(1, true), (2, false)])?;
    cluster.node(2).kill();
    let (data, token) = (cluster.node(2).data.clone(), token_file(&cluster, 2));
    fs::rename(&data, data.with_extension("aside"))?;
    let said = gives_up(&mut cluster, 2, &token)?;
    ensure!(said.contains("JOIN_TOKEN_USED"), "{said}");

    // Another cluster of the same authority took over the address that the token names.
    cluster.node(1).kill();
    let first = cluster.node(1).data.clone();
    fs::rename(&first, first.with_extension("aside"))?;
    cluster.start_first(1)?;
    fs::remove_dir_all(&data)?;
    let said = gives_up(&mut cluster, 2, &token)?;
    ensure!(said.contains("JOIN_CLUSTER_WRONG"), "{said}");
    Ok(())
}

#[test]
fn a_lost_member_is_replaced_and_never_comes_back() -> Result<()> {
    let mut cluster = Cluster::prepare("replaced", 4)?;
    cluster.start_first(3)?;
    cluster.exec("CREATE ALIAS before FOR DATABASE neo4j")?;
    cluster.node(3).kill();
    done(&replace(&cluster, 3, 4)?)?;
    refused(&cluster_command(&cluster, &["remove", "3"])?, "MEMBER_CHANGE_RUNNING")?;
    refused(&cluster_command(&cluster, &["promote", "4"])?, "MEMBER_UNKNOWN")?;
    // The answer was lost, and it is given again.
    done(&replace(&cluster, 3, 4)?)?;
    let token = token_file(&cluster, 4);
    start_with(&mut cluster, 4, &token)?;
    cluster.node(4).wait_ready(PATIENCE)?;
    let finished = replace(&cluster, 3, 4)?;
    done(&finished)?;
    ensure!(finished.stdout.contains("Node 4 has the place of node 3"), "{}", finished.stdout);
    wait_for_members(&cluster, &[(1, true), (2, true), (4, true)])?;
    cluster.exec("CREATE ALIAS after FOR DATABASE neo4j")?;

    // It was away when it was removed.
    cluster.node(3).start()?;
    wait::until("it to find out", PATIENCE, || {
        let (_, body) = cluster.node(3).http("/readyz")?;
        ensure!(body.contains("NODE_REMOVED"), "{body}");
        Ok::<_, anyhow::Error>(())
    })?;
    refused(&add(&cluster, 3, &[])?, "MEMBER_RETIRED")?;
    refused(&add(&cluster, 4, &[])?, "MEMBER_EXISTS")?;
    cluster.node(3).kill();
    cluster.wait_equal_digests().map(drop)
}

/// Two connections with the certificate of a node, to the port of node 1 for members.
#[tokio::test(flavor = "multi_thread")]
async fn the_others_drop_the_connections_of_a_member_that_is_removed() -> Result<()> {
    let mut cluster = Cluster::prepare("dropped", 3)?;
    cluster.start_first(3)?;
    let connect = async |cluster: &Cluster, node: u64| -> Result<TlsStream<TcpStream>> {
        let (pki, first) = (cluster.layout().pki(), cluster.nodes.first().context("node 1")?);
        let stem = pki.join(format!("node-{node}"));
        let key = pki.join(format!("node-{node}-key.pem"));
        let tls = grpc::tls(&cluster.layout().ca(), &stem.with_extension("pem"), &key)?;
        let stream = TcpStream::connect(&first.peer_address).await?;
        Ok(TlsConnector::from(tls).connect(ServerName::try_from("node-1.peer.aliasd")?, stream).await?)
    };
    let mut goes = connect(&cluster, 3).await?;
    let mut stays = connect(&cluster, 2).await?;
    done(&cluster_command(&cluster, &["remove", "3"])?)?;
    // An orderly end or not: what counts is that it comes.
    let _ = timeout(PATIENCE, goes.read_to_end(&mut Vec::new())).await.context("the connection stays open")?;
    let open = timeout(Duration::from_millis(500), stays.read_to_end(&mut Vec::new())).await;
    ensure!(open.is_err(), "the connection of a member was closed");
    let said = cluster.node(1).said();
    ensure!(said.contains("a connection of a node that was removed is closed"), "{said}");
    Ok(())
}

#[test]
fn what_would_cost_the_quorum_is_refused() -> Result<()> {
    let mut cluster = Cluster::prepare("quorum", 4)?;
    cluster.start_first(3)?;
    cluster.node(3).kill();
    refused(&cluster_command(&cluster, &["remove", "2"])?, "MEMBER_QUORUM_LOST")?;
    refused(&cluster_command(&cluster, &["remove", "9"])?, "MEMBER_UNKNOWN")?;
    done(&cluster_command(&cluster, &["remove", "3"])?)?;
    done(&cluster_command(&cluster, &["remove", "3"])?)?;
    done(&cluster_command(&cluster, &["remove", "2"])?)?;
    refused(&cluster_command(&cluster, &["remove", "1"])?, "MEMBER_LAST_VOTER")?;

    // Two voters, of which one is gone: nothing can be agreed on.
    grow(&mut cluster, 4, &[])?;
    wait_for_members(&cluster, &[(1, true), (4, true)])?;
    cluster.node(4).kill();
    let finished = cluster_command(&cluster, &["remove", "4", "--timeout", "3"])?;
    // Whether the time was up between two attempts or within one is chance.
    ensure!(matches!(finished.code, Some(3 | 4)), "{:?} {}", finished.code, finished.stderr);
    Ok(())
}
