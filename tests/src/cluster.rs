//! Clusters of real `aliasd` processes in a directory of their own, with generated certificates and a
//! keystore, made the way an operator makes them: with `aliasctl` and configuration files.

mod actor;
mod node;
mod setup;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::process::{self, Finished};
use crate::programs::program;
use crate::wait;
pub use actor::Actor;
pub use node::{Advertised, Node};

pub use setup::{Administrator, KEYSTORE_PASSWORD, Layout, aliasctl};

/// How long anything may take that normally takes a second or two: the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A cluster and the directory that everything of it is in. Dropping it kills the nodes and, unless it
/// is kept, removes the directory.
pub struct Cluster {
    /// The nodes in the order of their ids, which start at 1.
    pub nodes: Vec<Node>,
    /// The administrator that `cluster init` made.
    pub administrator: Administrator,
    layout: Layout,
    // Last, so that the nodes are gone when the directory is removed.
    directory: Option<TempDir>,
}

// === impl Cluster ===

impl Cluster {
    /// Makes certificates, a keystore and configuration files for `count` nodes in a throw-away
    /// directory. Starts nothing. `ALIASD_KEEP` in the environment keeps the directory, to look into it.
    pub fn prepare(name: &str, count: u64) -> Result<Self> {
        let mut directory = tempfile::Builder::new().prefix(&format!("aliasd-{name}-")).tempdir()?;
        if std::env::var_os("ALIASD_KEEP").is_some() {
            directory.disable_cleanup(true);
            println!("{} is kept", directory.path().display());
        }
        let root = directory.path().to_path_buf();
        let mut cluster = Self::prepare_in(&root, name, count)?;
        cluster.directory = Some(directory);
        Ok(cluster)
    }

    /// As [`Cluster::prepare`], in a directory that the caller looks after.
    pub fn prepare_in(root: &Path, name: &str, count: u64) -> Result<Self> {
        let layout = Layout::new(root, name)?;
        layout.make_keystore()?;
        Self::prepare_nodes(layout, count)
    }

    /// As [`Cluster::prepare_in`], with a keystore made by keytool where there is one.
    pub fn prepare_with_keytool(root: &Path, name: &str, count: u64) -> Result<Self> {
        let mut layout = Layout::new(root, name)?;
        if layout.make_keystore_with_keytool()? {
            layout.keystore_maker = "keytool";
        } else {
            layout.make_keystore()?;
        }
        Self::prepare_nodes(layout, count)
    }

    fn prepare_nodes(layout: Layout, count: u64) -> Result<Self> {
        layout.make_authority()?;
        let name = layout.name.clone();
        let nodes: Result<Vec<Node>> = (1..=count).map(|id| Node::prepare(&layout, id)).collect();
        Ok(Self { nodes: nodes?, administrator: Administrator::new(&name), layout, directory: None })
    }

    /// Writes the configuration files again with more settings in their `[node]` sections.
    pub fn configure(&self, more: &str) -> Result<()> {
        self.nodes.iter().try_for_each(|node| self.layout.configure(node, &format!("{more}\n")))
    }

    /// Starts every node, forms the cluster and waits until every node is ready.
    pub fn start(&mut self) -> Result<()> {
        for node in &mut self.nodes {
            node.start()?;
        }
        self.form()?;
        self.wait_ready()
    }

    /// Makes one cluster of the nodes, once all of them listen.
    pub fn form(&mut self) -> Result<()> {
        for node in &mut self.nodes {
            node.wait_listening(PATIENCE)?;
        }
        self.init()
    }

    /// Starts the first `count` nodes, and makes one cluster of those alone.
    pub fn start_first(&mut self, count: usize) -> Result<()> {
        for node in self.nodes.iter_mut().take(count) {
            node.start()?;
            node.wait_listening(PATIENCE)?;
        }
        self.layout.form(self.nodes.iter().take(count), &self.administrator)?;
        self.wait_ready()
    }

    /// `aliasctl cluster init` with all nodes, whether they run or not.
    pub fn init(&self) -> Result<()> {
        self.layout.form(&self.nodes, &self.administrator)
    }

    /// [`Cluster::prepare`] and [`Cluster::start`].
    pub fn running(name: &str, count: u64) -> Result<Self> {
        let mut cluster = Self::prepare(name, count)?;
        cluster.start()?;
        Ok(cluster)
    }

    /// Waits until every node that runs says that it is ready.
    pub fn wait_ready(&mut self) -> Result<()> {
        for node in self.nodes.iter_mut().filter(|node| node.is_started()) {
            node.wait_ready(PATIENCE)?;
        }
        Ok(())
    }

    /// The node with this id.
    ///
    /// # Panics
    /// If there is none.
    pub fn node(&mut self, id: u64) -> &mut Node {
        let found = self.nodes.iter_mut().find(|node| node.id == id);
        found.expect("a node of this cluster")
    }

    /// The addresses for clients, in the order of the nodes.
    pub fn endpoints(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.reached_by_clients_at().to_owned()).collect()
    }

    /// The administrator as one who uses `aliasctl`.
    pub fn admin(&self) -> Actor {
        let administrator = &self.administrator;
        Actor::with_password("the administrator", &administrator.user, &administrator.password)
    }

    /// `aliasctl` as the administrator, with all nodes as endpoints.
    pub fn client(&self) -> Command {
        self.admin().aliasctl(self, &self.endpoints())
    }

    /// Has the configuration of a node checked.
    pub fn check_config(&self, id: u64) -> Result<Finished> {
        let node = self.nodes.iter().find(|node| node.id == id).context("the cluster has that node")?;
        let mut check = Command::new(program("aliasd"));
        check.args(["config", "check"]).arg(&node.config);
        process::run(&mut check, &self.layout().record())
    }

    /// Runs a statement as the administrator; what it prints, or an error with what it said.
    pub fn exec(&self, statement: &str) -> Result<String> {
        self.admin().exec(self, statement)
    }

    /// What a node says about itself and the cluster.
    pub fn status(&self, node: &Node) -> Result<Status> {
        let mut command = self.client();
        command.env("ALIASD_ENDPOINTS", &node.client_address).args(["cluster", "status", "--format", "json"]);
        let printed = succeeded("aliasctl cluster status", process::run(&mut command, &self.layout.record())?)?;
        Status::read(&printed)
    }

    /// Waits until every node that runs has applied the same revision, and compares their digests.
    pub fn wait_equal_digests(&self) -> Result<Status> {
        let running = || self.nodes.iter().filter(|node| node.is_started());
        let (seen, _) = wait::until("all nodes to have applied the same revision", PATIENCE, || {
            let seen: Result<Vec<Status>> = running().map(|node| self.status(node)).collect();
            let seen = seen?;
            ensure!(seen.windows(2).all(|pair| pair[0].applied_revision == pair[1].applied_revision), "{seen:?}");
            Ok(seen)
        })?;
        ensure!(seen.windows(2).all(|pair| pair[0].digest == pair[1].digest), "digests differ: {seen:?}");
        seen.into_iter().next().context("no node runs")
    }

    /// Where everything of the cluster is.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Leaves the nodes running and the directory in place, and returns it.
    pub fn leave(mut self) -> PathBuf {
        for node in &mut self.nodes {
            node.leave();
        }
        if let Some(directory) = self.directory.take() {
            let _ = directory.keep();
        }
        self.layout.root.clone()
    }
}

/// What a node says about itself, as far as tests ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its node id.
    pub node_id: u64,
    /// The leader, if it knows one.
    pub leader_id: Option<u64>,
    /// The revision that it has applied.
    pub applied_revision: u64,
    /// Digest of the applied state.
    pub digest: String,
}

impl Status {
    fn read(json: &str) -> Result<Self> {
        let value: serde_json::Value = serde_json::from_str(json).with_context(|| format!("not JSON: {json}"))?;
        let node = &value["node"];
        Ok(Self {
            node_id: node["node_id"].as_u64().with_context(|| format!("no node id: {json}"))?,
            leader_id: value["leader"]["node_id"].as_u64(),
            applied_revision: node["applied_revision"].as_u64().with_context(|| format!("no revision: {json}"))?,
            digest: node["digest"].as_str().with_context(|| format!("no digest: {json}"))?.to_owned(),
        })
    }
}

/// An error if the program did not end with 0; says what it printed.
fn succeeded(what: &str, finished: process::Finished) -> Result<String> {
    if finished.code != Some(0) {
        bail!("{what} ended with {:?}:\n{}{}", finished.code, finished.stdout, finished.stderr);
    }
    Ok(finished.stdout)
}

/// `text` written to `path`, readable by its owner only.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;

    let mut options = std::fs::OpenOptions::new();
    let file = options.create(true).truncate(true).write(true).mode(0o600).open(path);
    let mut file = file.with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(text.as_bytes())?;
    Ok(())
}
