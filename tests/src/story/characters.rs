//! Who is in the story, and the two clusters it happens on.

use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result};

use super::Narrator;
use crate::cluster::{Actor, Cluster};

/// Everybody, and both clusters.
pub struct Characters {
    /// DBMS A's catalog: three nodes.
    pub a: Cluster,
    /// DBMS B's: one node.
    pub b: Cluster,
    /// Runs B.
    pub bob: Actor,
    /// Administers A.
    pub alice: Actor,
    /// Uses the alias.
    pub carol: Actor,
    /// Manages aliases of A and nothing else.
    pub dave: Actor,
    /// A user of A without any privilege.
    pub mallory: Actor,
    /// An instance of DBMS A, which resolves names for its users.
    pub instance: Actor,
    /// Certificate and key of the instance.
    pub instance_certificate: (PathBuf, PathBuf),
}

/// The identity that the instance's certificate proves.
pub const INSTANCE: &str = "dbms-a-1";

/// Starts both clusters and makes the instance's certificate.
pub async fn introduce(directory: &Path, narrator: &mut Narrator) -> Result<Characters> {
    narrator.chapter("Two DBMSs: A's catalog on three nodes, B's on one");
    let start = |name: &'static str, count: u64| {
        let root = directory.join(name);
        thread::spawn(move || -> Result<Cluster> {
            let mut cluster = Cluster::prepare_with_keytool(&root, name, count)?;
            cluster.start()?;
            Ok(cluster)
        })
    };
    let (a, b) = (start("A", 3), start("B", 1));
    let joined = |cluster: thread::JoinHandle<Result<Cluster>>| {
        cluster.join().ok().context("a thread that starts a cluster does not panic")?
    };
    let (a, b) = (joined(a)?, joined(b)?);
    narrator.remark(&format!("everything is in {}", directory.display()));
    for cluster in [&a, &b] {
        let endpoints = cluster.endpoints().join(", ");
        narrator.remark(&format!("{} serves at {endpoints}", cluster.layout().name));
    }
    narrator.claim("both clusters are formed and all four nodes are ready", true);

    let administrator = |name: &str, cluster: &Cluster| {
        let administrator = &cluster.administrator;
        Actor::with_password(name, &administrator.user, &administrator.password)
    };
    let (certificate, key) = a.layout().issue_client(INSTANCE)?;
    Ok(Characters {
        bob: administrator("Bob", &b),
        alice: administrator("Alice", &a),
        carol: Actor::with_password("Carol", "carol", "carols own password"),
        dave: Actor::with_password("Dave", "dave", "daves own password"),
        mallory: Actor::with_password("Mallory", "mallory", "mallorys own password"),
        instance: Actor::with_certificate("DBMS instance", certificate.clone(), key.clone()),
        instance_certificate: (certificate, key),
        a,
        b,
    })
}
