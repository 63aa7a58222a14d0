//! Who is in the story, and the two clusters it happens on.

use std::fs;
use std::path::Path;
use std::thread;

use aliasd_client::{Client, Secret};
use anyhow::{Context, Result};

use super::{CAROL_PASSWORD, DAVE_PASSWORD, MALLORY_PASSWORD, Narrator};
use crate::cluster::{Actor, Cluster};
use crate::programs::program;

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
    /// Administers the aliases of A and nothing else.
    pub dave: Actor,
    /// A user of A without any privilege.
    pub mallory: Actor,
    /// An instance of DBMS A, which resolves names for its users.
    pub instance: Actor,
}

/// The identity that the instance's certificate proves.
pub(super) const INSTANCE: &str = "dbms-a-1";

/// Starts both clusters and makes the instance's certificate.
pub(super) fn introduce(directory: &Path, narrator: &mut Narrator) -> Result<Characters> {
    narrator
        .acts("The operators", "make certificates, a keystore and configuration files for each, and start the nodes");
    let (a, b) = thread::scope(|scope| {
        let a = scope.spawn(|| start(directory, "A", 3));
        let b = start(directory, "B", 1);
        (a.join(), b)
    });
    let (a, b) = (a.ok().context("the thread that starts A does not panic")??, b?);
    narrator.remark(format!("everything is in {}", directory.display()));
    for cluster in [&a, &b] {
        let layout = cluster.layout();
        let (name, maker) = (&layout.name, layout.keystore_maker);
        narrator.remark(format!(
            "{name} serves clients at {}; its keystore was made by {maker}",
            cluster.endpoints().join(", ")
        ));
    }
    // They were waited for until they said that they were ready.
    let led = a.status(&a.nodes[0])?.leader_id.is_some() && b.status(&b.nodes[0])?.leader_id == Some(1);
    narrator.claim("all four nodes are ready, and both clusters have a leader", led);

    let administrator = |name: &str, cluster: &Cluster| {
        let administrator = &cluster.administrator;
        Actor::with_password(name, &administrator.user, &administrator.password)
    };
    let (certificate, key) = a.layout().issue_client(INSTANCE)?;
    Ok(Characters {
        bob: administrator("Bob", &b),
        alice: administrator("Alice", &a),
        carol: Actor::with_password("Carol", "carol", CAROL_PASSWORD),
        dave: Actor::with_password("Dave", "dave", DAVE_PASSWORD),
        mallory: Actor::with_password("Mallory", "mallory", MALLORY_PASSWORD),
        instance: Actor::with_certificate("Instance", certificate, key),
        a,
        b,
    })
}

fn start(directory: &Path, name: &str, nodes: u64) -> Result<Cluster> {
    let mut cluster = Cluster::prepare_with_keytool(&directory.join(name), name, nodes)?;
    cluster.start()?;
    Ok(cluster)
}

// === impl Characters ===

impl Characters {
    /// Where the alias leads: B's address for clients, as a URL of Neo4j's.
    pub(super) fn b_url(&self) -> String {
        format!("neo4j+s://{}", self.b.nodes[0].client_address)
    }

    /// An SDK client that logs in at B with what a route says.
    pub(super) fn at_b(&self, url: &str, user: &str, password: &Secret) -> Result<Client> {
        let (_, address) = url.split_once("://").context("a URL has a scheme")?;
        let client = Client::builder().endpoint(address).ca_pem(fs::read(self.b.layout().ca())?);
        Ok(client.password(user, password.clone()).build()?)
    }

    /// What to paste into a shell to talk to either cluster.
    pub fn how_to_connect(&self) -> String {
        let aliasctl = program("aliasctl");
        let aliasctl = aliasctl.display();
        let mut lines = Vec::new();
        for (who, cluster) in [("Alice, who administers A", &self.a), ("Bob, who administers B", &self.b)] {
            let (layout, administrator) = (cluster.layout(), &cluster.administrator);
            lines.push(format!("# As {who}:"));
            lines.push(format!(
                "export ALIASD_ENDPOINTS={} ALIASD_CA={} ALIASD_USER={} ALIASD_PASSWORD={}",
                cluster.endpoints().join(","),
                layout.ca().display(),
                administrator.user,
                administrator.password,
            ));
            lines.push(format!("{aliasctl} exec 'SHOW ALIASES FOR DATABASE'\n"));
        }
        for node in self.a.nodes.iter().chain(&self.b.nodes) {
            lines.push(format!("# metrics of {}: http://{}/metrics", node.data.display(), node.http_address));
        }
        lines.join("\n")
    }
}
