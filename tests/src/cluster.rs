//! Clusters of real `aliasd` processes in a directory of their own, with generated certificates and a
//! keystore, made the way an operator makes them: with `aliasctl` and configuration files.

mod node;
mod setup;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

pub use node::Node;
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
    /// directory. Starts nothing.
    pub fn prepare(name: &str, count: u64) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix(&format!("aliasd-{name}-")).tempdir()?;
        let root = directory.path().to_path_buf();
        let mut cluster = Self::prepare_in(&root, name, count)?;
        cluster.directory = Some(directory);
        Ok(cluster)
    }

    /// As [`Cluster::prepare`], in a directory that the caller looks after.
    pub fn prepare_in(root: &Path, name: &str, count: u64) -> Result<Self> {
        let layout = Layout::new(root, name)?;
        layout.make_authority()?;
        layout.make_keystore()?;
        let nodes: Result<Vec<Node>> = (1..=count).map(|id| Node::prepare(&layout, id)).collect();
        Ok(Self { nodes: nodes?, administrator: Administrator::new(name), layout, directory: None })
    }

    /// Starts every node, forms the cluster and waits until every node is ready.
    pub fn start(&mut self) -> Result<()> {
        for node in &mut self.nodes {
            node.start()?;
        }
        for node in &mut self.nodes {
            node.wait_listening(PATIENCE)?;
        }
        self.layout.form(&self.nodes, &self.administrator)?;
        self.wait_ready()
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
        self.nodes.iter().map(|node| node.client_address.clone()).collect()
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

/// An error if the program did not end with 0; says what it printed.
fn succeeded(what: &str, finished: crate::process::Finished) -> Result<String> {
    if finished.code != Some(0) {
        bail!("{what} ended with {:?}:\n{}{}", finished.code, finished.stdout, finished.stderr);
    }
    Ok(finished.stdout)
}

/// `text` written to `path`, readable by its owner only.
fn write_private(path: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;

    let mut options = std::fs::OpenOptions::new();
    let file = options.create(true).truncate(true).write(true).mode(0o600).open(path);
    let mut file = file.with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(text.as_bytes())?;
    Ok(())
}
