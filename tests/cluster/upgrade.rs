//! What an earlier version wrote is read: a data directory of each format is started with the present programs.

use std::fs;
use std::path::{Path, PathBuf};

use aliasd_tests::cluster::{Actor, Cluster, PATIENCE};
use aliasd_tests::files::copy;
use anyhow::{Context, Result, ensure};

/// The directory that version 0.1 left behind when it was killed; its README says how it was made.
fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/data-0.1")
}

/// The revision that the directory reaches, and the digest there, as the version that wrote it said.
const REVISION: u64 = 148;
const DIGEST: &str = "cd4cffadf9a4766a67aff828b7b1f99d30fab1888419f1933c7cc9cf817a0631";

/// A node that was started on a copy of the fixture. Certificates are no part of it: any of the node's id will do.
fn started() -> Result<Cluster> {
    // The names that the fixture's passwords were made of.
    let mut cluster = Cluster::prepare("before", 1)?;
    // Written over, so that it keeps the mode that the programs insist on.
    fs::write(cluster.layout().keystore(), fs::read(fixture().join("keystore.p12"))?)?;
    copy(&fixture().join("data"), &cluster.node(1).data)?;
    cluster.node(1).start()?;
    cluster.node(1).wait_ready(PATIENCE)?;
    Ok(cluster)
}

/// Where a name leads, password included, as the DBMS that asks is told.
fn resolved(cluster: &Cluster, name: &str) -> Result<serde_json::Value> {
    let dbms = Actor::with_password("a DBMS", "dbms", "dbms-password");
    let arguments = ["resolve", "--format", "json", "--show-credentials", name];
    let finished = dbms.run(cluster, &cluster.endpoints(), &arguments)?;
    ensure!(finished.code == Some(0), "{name}: {}{}", finished.stdout, finished.stderr);
    Ok(serde_json::from_str(&finished.stdout)?)
}

#[test]
fn a_data_directory_of_version_0_1_opens_and_says_what_it_said() -> Result<()> {
    let cluster = started()?;
    let status = cluster.status(&cluster.nodes[0])?;
    // Its own first entry as a leader is no record.
    ensure!(status.applied_revision > REVISION, "{status:?}");
    ensure!(status.digest == DIGEST, "{status:?}");

    let listings = fs::read_to_string(fixture().join("listings.txt"))?;
    let mut compared = 0;
    for listing in listings.trim_start_matches("> ").split("\n> ") {
        let (statement, expected) = listing.split_once('\n').context("a statement and its rows")?;
        let finished = cluster.admin().run(&cluster, &cluster.endpoints(), &["exec", "--format", "csv", statement])?;
        ensure!(finished.code == Some(0), "{statement}: {}", finished.stderr);
        ensure!(finished.stdout.trim_end() == expected.trim_end(), "{statement}:\n{}", finished.stdout);
        compared += 1;
    }
    ensure!(compared == 7, "{compared} listings");

    // One credential lies in the catalog's records, the other only in the log's tail.
    for (name, user, password) in [("far", "eve", "password-of-eve-there"), ("latefar", "eve", "late-password-of-eve")]
    {
        let route = resolved(&cluster, name)?;
        ensure!(route["user"] == user && route["password"] == password, "{name}: {route}");
    }
    // A password that was changed in the log's tail, and a catalog that can be written to.
    Actor::with_password("dora", "dora", "dora-password-2").exec(&cluster, "SHOW CURRENT USER")?;
    cluster.exec("CREATE ALIAS afterwards FOR DATABASE movies")?;
    Ok(())
}
