//! Damaged files are refused with the file's name and the way out, and never taken for absent ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use aliasd_tests::cluster::{Cluster, PATIENCE};
use aliasd_tests::files::copy;
use aliasd_tests::load::Load;
use aliasd_tests::wait;
use anyhow::{Context, Result, ensure};

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

/// Starts a node, which must end by itself with an error that names `file` and a way out. Whoever checks its configuration
/// before that is told the same.
fn expect_refusal(cluster: &mut Cluster, id: u64, file: &Path) -> Result<()> {
    let checked = cluster.check_config(id)?;
    ensure!(checked.code == Some(2) && checked.stdout.is_empty(), "the check calls it good: {}", checked.stdout);
    let found = checked.stderr.split_once("error: node.data_dir: ");
    let (_, found) = found.with_context(|| format!("the check finds nothing:\n{}", checked.stderr))?;
    let found = found.lines().next().unwrap_or_default();
    ensure!(found.contains(&file.display().to_string()), "{} is not named by the check: {found}", file.display());
    ensure!(checked.stderr.contains("hint: put the data directory back"), "{}", checked.stderr);

    let node = cluster.node(id);
    let before = node.said().len();
    node.start()?;
    let status = node.wait_exit(PATIENCE)?;
    let said = node.said();
    let said = &said[before.min(said.len())..];
    assert!(!status.success(), "it started on a damaged {}", file.display());
    assert!(said.contains(&file.display().to_string()), "{} is not named:\n{said}", file.display());
    assert!(said.contains("damaged"), "it does not say what is wrong:\n{said}");
    assert!(said.contains("put the data directory back"), "it does not say what to do:\n{said}");
    // What caused it may be told in other words.
    let finding = found.split(": ").take(2).collect::<Vec<_>>().join(": ");
    assert!(said.contains(&finding), "the check says {finding:?}, and the node:\n{said}");
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

/// The newest file below `directory` whose name begins with `prefix`.
fn newest_of(directory: &Path, prefix: &str) -> Result<PathBuf> {
    let named = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix));
    files(directory, "")?.into_iter().filter(named).max().with_context(|| format!("there is no {prefix}"))
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

/// The newest write-ahead log of a node.
fn newest_wal(data: &Path) -> Result<PathBuf> {
    files(&data.join("log"), ".log")?.into_iter().max().context("the log has a write-ahead log")
}

/// Puts a copy in the place of a directory.
fn put_back(copied: &Path, directory: &Path) -> Result<()> {
    fs::remove_dir_all(directory)?;
    copy(copied, directory)
}

/// What a member loses, the file that the refusal names, and how it goes.
type Loss<'a> = (&'a str, &'a Path, &'a dyn Fn() -> Result<()>);

#[test]
fn what_a_follower_lost_of_its_log_is_refused_and_the_others_go_on() -> Result<()> {
    let mut cluster = Cluster::running("lost-log", 3)?;
    let follower = if cluster.status(&cluster.nodes[0])?.leader_id == Some(3) { 2 } else { 3 };
    let data = cluster.node(follower).data.clone();
    let older = cluster.layout().root.join("older-copy");
    let newest = cluster.layout().root.join("newest-copy");
    cluster.exec("CREATE ALIAS `before` FOR DATABASE neo4j")?;
    cluster.wait_equal_digests()?;
    cluster.node(follower).kill();
    copy(&data, &older)?;
    cluster.node(follower).start()?;
    cluster.node(follower).wait_ready(PATIENCE)?;
    for number in 0..10 {
        cluster.exec(&format!("CREATE ALIAS `alias-{number}` FOR DATABASE neo4j"))?;
    }
    cluster.wait_equal_digests()?;
    // Killed, so that its catalog was never flushed: all that it has lies in the log.
    cluster.node(follower).kill();
    copy(&data, &newest)?;

    let log = data.join("log");
    let cut = |log: &Path| -> Result<()> {
        let wal = newest_wal(log)?;
        let file = fs::OpenOptions::new().write(true).open(&wal)?;
        Ok(file.set_len(file.metadata()?.len() - 1)?)
    };
    let losses: [Loss<'_>; 9] = [
        ("a byte of its newest write-ahead log", &log, &|| cut(&data)),
        ("its newest write-ahead log", &log, &|| Ok(fs::remove_file(newest_wal(&data)?)?)),
        ("its log", &log, &|| Ok(fs::remove_dir_all(&log)?)),
        ("all that was in its log", &log, &|| Ok(fs::remove_dir_all(&log).and_then(|()| fs::create_dir(&log))?)),
        ("its watermark", &data.join("watermark"), &|| Ok(fs::remove_file(data.join("watermark"))?)),
        ("the end of its log", &log, &|| put_back(&older.join("log"), &log)),
        ("its identity", &data.join("identity"), &|| Ok(fs::remove_file(data.join("identity"))?)),
        ("what its log consists of", &log, &|| Ok(fs::write(newest_of(&log, "MANIFEST")?, "nonsense\n")?)),
        ("what its catalog consists of", &data.join("catalog"), &|| {
            Ok(fs::write(newest_of(&data.join("catalog"), "MANIFEST")?, "nonsense\n")?)
        }),
    ];
    for (number, (what, named, lose)) in losses.iter().enumerate() {
        println!("it loses {what}");
        put_back(&newest, &data)?;
        lose()?;
        expect_refusal(&mut cluster, follower, named)?;
        cluster.exec(&format!("CREATE ALIAS `meanwhile-{number}` FOR DATABASE neo4j"))?;
    }
    put_back(&newest, &data)?;
    cluster.node(follower).start()?;
    cluster.node(follower).wait_ready(PATIENCE)?;
    cluster.wait_equal_digests()?;
    Ok(())
}

/// A node whose catalog cannot be opened: the file that would say which one it is never gives an answer.
fn unopenable(name: &str, more: &str) -> Result<Cluster> {
    let mut cluster = stopped(name)?;
    cluster.configure(more)?;
    let current = cluster.node(1).data.join("catalog").join("CURRENT");
    fs::remove_file(&current)?;
    let made = Command::new("mkfifo").arg(&current).status()?;
    ensure!(made.success(), "mkfifo: {made}");
    Ok(cluster)
}

#[test]
fn an_opening_without_end_ends_with_a_sentence() -> Result<()> {
    let mut cluster = unopenable("slow-open", "open_timeout = \"2s\"")?;
    let checked = cluster.check_config(1)?;
    ensure!(checked.code == Some(2) && checked.stderr.contains("could not be opened within 2s"), "{}", checked.stderr);
    let node = cluster.node(1);
    node.start()?;
    let status = node.wait_exit(PATIENCE)?;
    let said = node.said();
    ensure!(status.code() == Some(1), "{status}:\n{said}");
    ensure!(said.contains("could not be opened within 2s") && said.contains("node.open_timeout"), "{said}");
    ensure!(said.contains(&node.data.display().to_string()), "{said}");
    Ok(())
}

#[test]
fn a_node_that_is_still_opening_ends_when_it_is_told_to() -> Result<()> {
    let mut cluster = unopenable("stop-open", "")?;
    let node = cluster.node(1);
    node.start()?;
    wait::until("the node to open its catalog", PATIENCE, || {
        ensure!(node.said().contains("still being opened"), "{}", node.said());
        Ok(())
    })?;
    let status = node.stop(PATIENCE)?;
    ensure!(status.success(), "{status}:\n{}", node.said());
    ensure!(node.said().contains("told to stop before the node served"), "{}", node.said());
    Ok(())
}
