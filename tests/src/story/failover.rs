//! The leader is killed while others resolve and write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use aliasd_client::Statement;
use aliasd_wire::v1;
use anyhow::{Context, Result, ensure};
use tokio::task::JoinHandle;
use tonic::transport::Channel;

use super::guard::milliseconds;
use super::{ALIAS, Characters, Narrator};
use crate::cluster::PATIENCE;
use crate::grpc;
use crate::wait::until_async;

/// What somebody saw who did nothing but resolve.
#[derive(Debug, Default)]
struct Seen {
    answered: u64,
    failed: u64,
    first_failure: Option<String>,
    slowest: Duration,
}

/// Resolves over and over at one member until it is told to stop.
struct Resolver {
    node: u64,
    answered: Arc<std::sync::atomic::AtomicU64>,
    stop: Arc<AtomicBool>,
    task: JoinHandle<Seen>,
}

pub(super) async fn leader_killed(all: &mut Characters, narrator: &mut Narrator) -> Result<()> {
    let leader = all.a.status(&all.a.nodes[0])?.leader_id.context("A has a leader")?;
    let resolvers = start_resolvers(all, leader).await?;
    let alice = all.alice.sdk(&all.a, &all.a.endpoints())?;
    alice.execute("CREATE ALIAS `before-the-kill` FOR DATABASE neo4j").await?.collect().await?;
    narrator.remark("At both followers a client of the instance resolves over and over, without the SDK: one attempt");
    narrator.remark("per call, nothing is retried.");

    narrator.acts("The operator @ A", format!("kill -9 of node {leader}, the leader"));
    all.a.node(leader).kill();
    let killed = Instant::now();
    let statement = "CREATE ALIAS `after-the-kill` FOR DATABASE neo4j";
    narrator.acts("Alice @ A, through the SDK", statement);
    let written = alice.execute(Statement::new(statement)).await?.collect().await;
    let took = killed.elapsed();
    narrator.claim(&format!("the next write succeeds, {} after the kill", milliseconds(took)), written.is_ok());
    stop_resolvers(resolvers, narrator).await?;
    let remaining: Vec<_> = all.a.nodes.iter().filter(|node| node.is_started()).collect();
    let new_leader = all.a.status(remaining.first().context("two nodes are left")?)?.leader_id;
    let elected = new_leader.is_some_and(|new| new != leader);
    narrator.claim(&format!("node {} leads now", new_leader.unwrap_or_default()), elected);

    narrator.acts("The operator @ A", format!("starts node {leader} again"));
    let started = Instant::now();
    all.a.node(leader).start()?;
    all.a.wait_ready()?;
    let agreed = all.a.wait_equal_digests()?;
    narrator.remark(format!("it was ready and level with the others {} later", milliseconds(started.elapsed())));
    let finished = narrator.runs(&all.alice, &all.a, &["cluster", "status", "--all"])?;
    narrator.claim(
        &format!("all three show the digest {}… at revision {}", head(&agreed.digest), agreed.applied_revision),
        finished.code == Some(0) && !agreed.digest.is_empty(),
    );
    let shown = narrator.does(&all.alice, &all.a, "SHOW ALIASES FOR DATABASE YIELD name, location")?;
    narrator.claim("nothing that was acknowledged is lost", {
        [ALIAS, "unrelated", "before-the-kill", "after-the-kill"].iter().all(|name| shown.contains(name))
    });
    Ok(())
}

/// One per member that does not lead, each seen to work before this returns.
async fn start_resolvers(all: &Characters, leader: u64) -> Result<Vec<Resolver>> {
    let (certificate, key) = all.instance.certificate().context("the instance has a certificate")?;
    let tls = grpc::tls(&all.a.layout().ca(), certificate, key)?;
    let mut resolvers = Vec::new();
    for node in all.a.nodes.iter().filter(|node| node.id != leader) {
        let channel = grpc::connect(&node.client_address, &tls).await?;
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let task = tokio::spawn(resolve_until(channel, Arc::clone(&stop), Arc::clone(&answered)));
        resolvers.push(Resolver { node: node.id, answered, stop, task });
    }
    for resolver in &resolvers {
        resolver.wait_for_more().await?;
    }
    Ok(resolvers)
}

async fn stop_resolvers(resolvers: Vec<Resolver>, narrator: &mut Narrator) -> Result<()> {
    for resolver in resolvers {
        // Also after the new leader is there.
        let went_on = resolver.wait_for_more().await;
        resolver.stop.store(true, Ordering::Relaxed);
        let seen = resolver.task.await?;
        let Seen { answered, failed, first_failure, slowest } = seen;
        let slowest = milliseconds(slowest);
        let what = format!("node {}: {answered} resolves, {failed} failed, the slowest took {slowest}", resolver.node);
        narrator.claim(&what, failed == 0 && went_on.is_ok());
        first_failure.iter().for_each(|failure| narrator.quotes(failure));
    }
    Ok(())
}

impl Resolver {
    /// Waits until some more names have been resolved.
    async fn wait_for_more(&self) -> Result<()> {
        let before = self.answered.load(Ordering::Relaxed);
        let what = format!("node {} to resolve", self.node);
        until_async(&what, PATIENCE, async || -> Result<()> {
            ensure!(self.answered.load(Ordering::Relaxed) >= before + 10, "it does not go on");
            Ok(())
        })
        .await
        .map(drop)
    }
}

async fn resolve_until(channel: Channel, stop: Arc<AtomicBool>, answered: Arc<std::sync::atomic::AtomicU64>) -> Seen {
    let mut router = v1::router_client::RouterClient::new(channel);
    let mut seen = Seen::default();
    while !stop.load(Ordering::Relaxed) {
        let request = v1::ResolveRequest {
            target: Some(v1::resolve_request::Target::Name(ALIAS.to_owned())),
            on_behalf_of: Some("carol".to_owned()),
            freshness: Some(v1::Freshness { level: Some(v1::freshness::Level::Local(())) }),
            with_credentials: true,
            connected_to: None,
        };
        let started = Instant::now();
        match router.resolve(request).await {
            Ok(_) => {
                seen.answered += 1;
                answered.fetch_add(1, Ordering::Relaxed);
            }
            Err(status) => {
                seen.failed += 1;
                seen.first_failure.get_or_insert_with(|| status.to_string());
            }
        }
        seen.slowest = seen.slowest.max(started.elapsed());
    }
    seen
}

fn head(digest: &str) -> &str {
    digest.get(..16).unwrap_or(digest)
}
