//! Crashes under load: whatever is killed, no acknowledged write is lost, and the members agree.

use std::time::Duration;

use aliasd_tests::cluster::{Cluster, PATIENCE};
use aliasd_tests::dice::Dice;
use aliasd_tests::load::Load;
use anyhow::Result;

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_of_any_node_at_any_moment_loses_nothing() -> Result<()> {
    let mut dice = Dice::seeded();
    let mut cluster = Cluster::running("kill", 3)?;
    let client = cluster.admin().sdk(&cluster, &cluster.endpoints())?;
    let load = Load::start(&client, 8);
    for round in 0..8 {
        // Somewhere in the middle of whatever is going on.
        load.progress(usize::try_from(dice.pick(1..60))?).await?;
        tokio::time::sleep(Duration::from_millis(dice.pick(0..40))).await;
        let victim = dice.pick(1..4);
        println!("round {round}: SIGKILL to node {victim}");
        cluster.node(victim).kill();
        // The other two go on without it.
        load.progress(20).await?;
        cluster.node(victim).start()?;
        cluster.node(victim).wait_ready(PATIENCE)?;
    }
    let history = load.stop().await;
    println!(
        "{} acknowledged, {} open, {} refused",
        history.acknowledged.len(),
        history.open.len(),
        history.refused.len()
    );
    history.check(&client).await?;
    cluster.wait_equal_digests()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn all_nodes_killed_at_once_come_back_with_everything() -> Result<()> {
    let mut dice = Dice::seeded();
    let mut cluster = Cluster::running("blackout", 3)?;
    let client = cluster.admin().sdk(&cluster, &cluster.endpoints())?;
    for _ in 0..2 {
        let load = Load::start(&client, 8);
        load.progress(usize::try_from(dice.pick(50..200))?).await?;
        for node in &mut cluster.nodes {
            node.kill();
        }
        let writers = load.stop();
        for node in &mut cluster.nodes {
            node.start()?;
        }
        let history = writers.await;
        cluster.wait_ready()?;
        history.check(&client).await?;
        cluster.wait_equal_digests()?;
        for name in &history.acknowledged {
            // So that the next round may use the same names.
            client.execute(aliasd_client::Statement::new(format!("DROP ALIAS `{name}` FOR DATABASE"))).await?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_stop_of_the_leader_hands_over_and_loses_nothing() -> Result<()> {
    let mut cluster = Cluster::running("stop", 3)?;
    let client = cluster.admin().sdk(&cluster, &cluster.endpoints())?;
    let load = Load::start(&client, 4);
    load.progress(50).await?;
    let leader = cluster.status(&cluster.nodes[0])?.leader_id.unwrap_or(1);
    let status = cluster.node(leader).stop(PATIENCE)?;
    assert!(status.success(), "{status}: {}", cluster.node(leader).said());
    load.progress(50).await?;
    cluster.node(leader).start()?;
    cluster.node(leader).wait_ready(PATIENCE)?;
    let history = load.stop().await;
    history.check(&client).await?;
    cluster.wait_equal_digests()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_far_behind_receives_a_snapshot_while_writes_go_on() -> Result<()> {
    let mut cluster = Cluster::prepare("snapshot", 3)?;
    // So that a few hundred writes leave the log behind.
    cluster.configure("snapshot_after = 200\nlog_kept = 20")?;
    cluster.start()?;
    let client = cluster.admin().sdk(&cluster, &cluster.endpoints())?;
    let load = Load::start(&client, 8);
    load.progress(50).await?;
    cluster.node(3).kill();
    load.progress(1500).await?;
    cluster.node(3).start()?;
    cluster.node(3).wait_ready(PATIENCE)?;
    load.progress(100).await?;
    let history = load.stop().await;
    history.check(&client).await?;
    cluster.wait_equal_digests()?;
    let said = cluster.node(3).said();
    assert!(said.to_lowercase().contains("snapshot"), "node 3 does not speak of a snapshot:\n{said}");
    // It stands on its own feet: what it received survives its own crash.
    cluster.node(3).kill();
    cluster.node(3).start()?;
    cluster.node(3).wait_ready(PATIENCE)?;
    cluster.wait_equal_digests()?;
    Ok(())
}
