//! A program that starts nodes takes them with it, however it is ended politely.

use std::fs;
use std::process::Command;

use aliasd_tests::cluster::PATIENCE;
use aliasd_tests::process::Process;
use aliasd_tests::{programs, wait};
use anyhow::{Result, ensure};

/// The nodes that this process has started and that run.
fn nodes_of(parent: u32) -> Result<Vec<u32>> {
    let ids = fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    Ok(ids.filter(|id| parent_of_node(*id) == Some(parent)).collect())
}

/// The parent of the node with this process id; none if there is no such node, or it has ended.
fn parent_of_node(id: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name stands in parentheses, then the state, then the parent.
    let (before, after) = stat.rsplit_once(')')?;
    let mut fields = after.split_whitespace();
    let running = fields.next()? != "Z";
    let parent = fields.next()?.parse().ok()?;
    (running && before.ends_with("(aliasd")).then_some(parent)
}

#[test]
fn a_demo_that_is_terminated_leaves_no_node_and_no_directory() -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let mut command = Command::new(programs::program("aliasd-story"));
    command.env("TMPDIR", scratch.path());
    let output = tempfile::NamedTempFile::new()?;
    let mut story = Process::start("the demo", &mut command, output.path())?;
    let (nodes, _) = wait::until("the demo to have nodes", PATIENCE, || {
        let nodes = nodes_of(story.id())?;
        ensure!(nodes.len() >= 3, "{nodes:?}\n{}", story.output());
        Ok(nodes)
    })?;
    let status = story.terminate(PATIENCE)?;
    ensure!(status.code() == Some(143), "{status}\n{}", story.output());
    let running: Vec<&u32> = nodes.iter().filter(|id| parent_of_node(**id).is_some()).collect();
    ensure!(running.is_empty(), "{running:?} still run");
    let left: Vec<_> = fs::read_dir(scratch.path())?.collect::<Result<_, _>>()?;
    ensure!(left.is_empty(), "{left:?} is left");
    Ok(())
}
