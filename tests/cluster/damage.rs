//! Damaged files are refused with the file's name and the way out, and never taken for absent ones.

use std::fs;
use std::path::{Path, PathBuf};

use aliasd_tests::cluster::{Cluster, PATIENCE};
use aliasd_tests::load::Load;
use anyhow::{Context, Result};

/// A formed one-node cluster with some content that has been stopped cleanly.
fn stopped(name: &str) -> Result<Cluster> {
    let mut cluster = Cluster::running(name, 1)?;
    for number in 0..200 {
        cluster.exec(&format!("CREATE ALIAS `alias-{number}` FOR DATABASE neo4j"))?;
    }
    let status = cluster.node(1).stop(PATIENCE)?;
    assert!(status.success(), "{status}: {}", cluster.node(1).said());
    Ok(cluster)
}

/// Starts a node, which must end by itself with an error that names `file` and a way out.
fn expect_refusal(cluster: &mut Cluster, id: u64, file: &Path) -> Result<()> {
    let node = cluster.node(id);
    let before = node.said().len();
    node.start()?;
    let status = node.wait_exit(PATIENCE)?;
    let said = node.said();
    let said = &said[before.min(said.len())..];
    assert!(!status.success(), "it started on a damaged {}", file.display());
    assert!(said.contains(&file.display().to_string()), "{} is not named:\n{said}", file.display());
    assert!(said.contains("damaged"), "it does not say what is wrong:\n{said}");
    assert!(said.contains("restore"), "it does not say what to do:\n{said}");
    Ok(())
}

/// The files below `directory` whose name ends with `suffix`, largest first.
fn files(directory: &Path, suffix: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path(), suffix)?);
        } else if entry.file_name().to_string_lossy().ends_with(suffix) {
            found.push(entry.path());
        }
    }
    found.sort_by_key(|path| std::cmp::Reverse(fs::metadata(path).map_or(0, |metadata| metadata.len())));
    Ok(found)
}

/// Turns over every bit of some bytes in the middle of a file.
fn damage(file: &Path) -> Result<()> {
    let mut content = fs::read(file)?;
    let middle = content.len() / 2;
    for byte in &mut content[middle..middle + 16] {
        *byte = !*byte;
    }
    fs::write(file, content)?;
    Ok(())
}

#[test]
fn a_damaged_log_is_refused() -> Result<()> {
    let mut cluster = stopped("damaged-log")?;
    let log = cluster.node(1).data.join("log");
    let written = [files(&log, ".log")?, files(&log, ".sst")?].concat();
    damage(written.first().context("the log has a file")?)?;
    expect_refusal(&mut cluster, 1, &log)
}

#[test]
fn a_damaged_catalog_is_refused() -> Result<()> {
    let mut cluster = stopped("damaged-catalog")?;
    let catalog = cluster.node(1).data.join("catalog");
    damage(files(&catalog, ".sst")?.first().context("the catalog has a table")?)?;
    expect_refusal(&mut cluster, 1, &catalog)
}

#[test]
fn a_missing_catalog_is_not_taken_for_an_empty_one() -> Result<()> {
    let mut cluster = stopped("missing-catalog")?;
    let catalog = cluster.node(1).data.join("catalog");
    fs::remove_dir_all(&catalog)?;
    expect_refusal(&mut cluster, 1, &catalog)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_snapshot_that_was_received_is_refused() -> Result<()> {
    let mut cluster = Cluster::prepare("damaged-snapshot", 3)?;
    cluster.configure("snapshot_after = 100\nlog_kept = 10")?;
    cluster.start()?;
    cluster.node(3).kill();
    let client = cluster.admin().sdk(&cluster, &cluster.endpoints())?;
    let load = Load::start(&client, 8);
    load.progress(600).await?;
    load.stop().await;
    cluster.node(3).start()?;
    cluster.node(3).wait_ready(PATIENCE)?;
    cluster.wait_equal_digests()?;
    assert!(cluster.node(3).stop(PATIENCE)?.success());

    let catalog = cluster.node(3).data.join("catalog");
    let received = fs::read_to_string(catalog.join("CURRENT"))?;
    assert_ne!(received.trim(), "generation-0", "node 3 has not received a snapshot");
    let received = catalog.join(received.trim());
    damage(files(&received, ".sst")?.first().context("the snapshot has a table")?)?;
    expect_refusal(&mut cluster, 3, &received)?;
    // The others go on.
    client.execute("CREATE ALIAS afterwards FOR DATABASE neo4j").await?.collect().await?;
    Ok(())
}
