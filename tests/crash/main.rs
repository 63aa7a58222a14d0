//! A node of a cluster dies at each point at which something becomes durable, and wherever it happens to be, while the
//! cluster is written to. It comes back by itself, nothing that was acknowledged is lost, and the members agree.
//!
//! `ALIASD_CRASHES` says how often; `cargo xtask crash` sets it. The log alone, without a node around it, dies in
//! `crates/replica/src/log/crash_tests.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use aliasd_faults::Failpoint;
use aliasd_tests::cluster::{Cluster, Node, PATIENCE};
use aliasd_tests::dice::Dice;
use aliasd_tests::load::Load;
use aliasd_tests::{programs, wait};
use anyhow::{Context, Result, ensure};

/// Lives, unless `ALIASD_CRASHES` says otherwise.
const LIVES: u64 = 6;

/// Reached while entries come in. A snapshot is taken every 50 of them.
const WRITING: &[Failpoint] = &[
    Failpoint::LogAppended,
    Failpoint::LogVoted,
    Failpoint::LogPurged,
    Failpoint::LogSynced,
    Failpoint::LogMarked,
    Failpoint::LogSettled,
    Failpoint::CatalogWritten,
    Failpoint::CatalogFlushed,
];

/// Reached when a snapshot comes in, because the log of the others begins behind what the node has.
const INSTALLING: &[Failpoint] = &[
    Failpoint::SnapshotPartStored,
    Failpoint::InstallStaged,
    Failpoint::InstallStateWritten,
    Failpoint::InstallFlushed,
    Failpoint::InstallNextNamed,
    Failpoint::InstallRenamed,
    Failpoint::InstallSwitched,
    Failpoint::InstallRetired,
    Failpoint::FileWritten,
    Failpoint::FileSynced,
    Failpoint::DirectorySynced,
];

/// Reached when a data directory is made.
const BEGINNING: &[Failpoint] =
    &[Failpoint::FileWritten, Failpoint::FileSynced, Failpoint::FileRenamed, Failpoint::DirectorySynced];

/// Starts a node that dies where it is told to.
fn start_doomed(node: &mut Node, programs: &Path, point: Failpoint, count: u64) -> Result<()> {
    let mut command = Command::new(programs.join("aliasd"));
    command.args(node.command().get_args()).env("ALIASD_FAILPOINT", format!("{}:{count}", point.name()));
    node.start_as(command)
}

/// Whatever a node was doing when its data directory was made, it can do it again.
fn die_in_the_beginning(node: &mut Node, programs: &Path) -> Result<u64> {
    let mut died = 0;
    for point in BEGINNING {
        for count in 1..=2 {
            start_doomed(node, programs, *point, count)?;
            let (ended, _) = wait::until("the node to die or to listen", PATIENCE, || -> Result<bool> {
                if node.has_ended() {
                    return Ok(true);
                }
                node.http("/livez").map(|_| false)
            })?;
            died += u64::from(ended);
            node.kill();
            node.start()?;
            node.wait_listening(PATIENCE).with_context(|| format!("after {}:{count}", point.name()))?;
            node.kill();
            fs::remove_dir_all(&node.data)?;
        }
    }
    Ok(died)
}

/// The lives of nodes under load, one after the other.
struct Lives {
    cluster: Cluster,
    programs: PathBuf,
    dice: Dice,
    /// How often a node died at each point.
    died: BTreeMap<&'static str, u64>,
}

impl Lives {
    async fn one(&mut self, load: &Load) -> Result<()> {
        let victim = self.dice.pick(1..4);
        let choice = self.dice.pick(0..10);
        let (points, count) = match choice {
            0..4 => (WRITING, self.dice.pick(1..60)),
            4..8 => (INSTALLING, 1),
            _ => (&[][..], 0),
        };
        self.cluster.node(victim).kill();
        if (4..8).contains(&choice) {
            // The log is purged 512 entries at a time.
            for _ in 0..7 {
                load.progress(100).await?;
            }
        }
        let end = 40 + usize::try_from(self.dice.pick(0..100))?;
        let Some(last) = points.len().checked_sub(1) else {
            self.cluster.node(victim).start()?;
            load.progress(end).await?;
            self.cluster.node(victim).kill();
            return self.come_back(victim, "killed").await;
        };
        let point = points[usize::try_from(self.dice.pick(0..last as u64 + 1))?];
        start_doomed(self.cluster.node(victim), &self.programs, point, count)?;
        let goal = load.acknowledged() + end;
        let node = self.cluster.node(victim);
        let ended = wait::until_async("the node to die", PATIENCE, async || -> Result<bool> {
            // It may be fast, and the point far.
            ensure!(node.has_ended() || load.acknowledged() >= goal, "{} writes", load.acknowledged());
            Ok(node.has_ended())
        });
        let how = if ended.await?.0 { point.name() } else { "killed" };
        self.cluster.node(victim).kill();
        self.come_back(victim, how).await
    }

    async fn come_back(&mut self, victim: u64, how: &'static str) -> Result<()> {
        *self.died.entry(how).or_default() += 1;
        let node = self.cluster.node(victim);
        node.start()?;
        node.wait_ready(PATIENCE).with_context(|| format!("node {victim}, {how}"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_dies_at_any_point_keeps_what_it_acknowledged() -> Result<()> {
    let lives = std::env::var("ALIASD_CRASHES").ok().map_or(Ok(LIVES), |text| text.parse())?;
    // Before any other program is asked for: those of a build for use take the place of these where cargo leaves them.
    let programs = programs::with_faults()?;
    let mut cluster = Cluster::prepare("dies", 3)?;
    cluster.configure("snapshot_after = 50\nlog_kept = 10")?;
    let young = die_in_the_beginning(cluster.node(3), &programs)?;
    ensure!(young > 4, "only {young} died while their data directory was made");
    cluster.start()?;
    let client = cluster.admin().sdk(&cluster, &cluster.endpoints())?;
    let load = Load::start(&client, 4);
    load.progress(20).await?;
    let mut all = Lives { cluster, programs, dice: Dice::seeded(), died: BTreeMap::new() };
    for _ in 0..lives {
        all.one(&load).await?;
    }
    let history = load.stop().await;
    history.check(&client).await?;
    all.cluster.wait_equal_digests()?;
    println!("{lives} lives, {young} in the beginning: {:?}", all.died);
    println!("{} acknowledged, {} open", history.acknowledged.len(), history.open.len());
    Ok(())
}
