//! The DBMS behind the gateway and the drivers before it, which `cargo xtask peers` fetches.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use aliasd_tests::ports::free_port;
use aliasd_tests::process::Process;
use anyhow::Result;

/// Where the peers are.
pub(crate) struct Peers {
    neo4j: PathBuf,
    python: PathBuf,
    javascript: PathBuf,
}

/// A running DBMS. Dropping it kills it.
pub(crate) struct Remote {
    /// Where it is reached.
    pub(crate) url: String,
    _process: Process,
}

/// Nothing, said on standard error, if a peer is not there or cannot run here.
pub(crate) fn find() -> Option<Peers> {
    let directory = match env::var_os("ALIASD_PEERS") {
        Some(given) => PathBuf::from(given),
        // The tests run in `deps`, below the profile, below the target directory.
        None => env::current_exe().ok()?.ancestors().nth(3)?.join("peers"),
    };
    let (neo4j, python) = (directory.join("neo4j-5.26.0"), directory.join("python-6.4.1"));
    let javascript = directory.join("javascript-6.3.0");
    let runs = |program: &str, argument: &str| Command::new(program).arg(argument).output().is_ok();
    let missing = if !neo4j.exists() || !runs("java", "-version") {
        "Neo4j or Java"
    } else if !python.exists() || !runs("python3", "--version") {
        "the driver for Python, or Python"
    } else {
        return Some(Peers { neo4j, python, javascript });
    };
    skipped(missing);
    None
}

fn skipped(missing: &str) {
    // Not by a macro, which the test harness would keep to itself.
    let said = format!("SKIPPED: {missing} is not there: `cargo xtask peers` fetches what the gateway's tests need\n");
    let _ = std::io::stderr().write_all(said.as_bytes());
}

impl Peers {
    /// Starts Neo4j with its data in a directory. It takes a while until it listens.
    pub(crate) fn start_neo4j(&self, directory: &Path, output: &Path) -> Result<Remote> {
        let address = format!("localhost:{}", free_port());
        let conf = directory.join("conf");
        fs::create_dir_all(&conf)?;
        let mut settings = format!(
            "server.bolt.listen_address={address}\nserver.bolt.advertised_address={address}\nserver.http.enabled=false\n\
             server.https.enabled=false\nserver.memory.heap.max_size=512m\nserver.memory.pagecache.size=64m\n\
             dbms.usage_report.enabled=false\n"
        );
        for name in ["data", "logs", "run", "plugins", "import"] {
            settings.push_str(&format!("server.directories.{name}={}\n", directory.join(name).display()));
        }
        fs::write(conf.join("neo4j.conf"), settings)?;
        let mut java = Command::new("java");
        java.arg("-Xmx512m");
        for package in ["java.nio", "java.io", "sun.nio.ch", "java.lang"] {
            java.arg(format!("--add-opens=java.base/{package}=ALL-UNNAMED"));
        }
        java.arg("-cp").arg(self.neo4j.join("*")).arg("org.neo4j.server.CommunityEntryPoint");
        java.arg(format!("--home-dir={}", directory.display())).arg(format!("--config-dir={}", conf.display()));
        let process = Process::start("Neo4j", &mut java, output)?;
        Ok(Remote { url: format!("bolt://{address}"), _process: process })
    }

    /// A program of Python that has the driver.
    pub(crate) fn python(&self) -> Command {
        let mut python = Command::new("python3");
        python.env("PYTHONPATH", &self.python).env("PYTHONDONTWRITEBYTECODE", "1");
        python
    }

    /// A program of JavaScript that finds the driver by `DRIVER`. Nothing, said on standard error, if there is none.
    pub(crate) fn javascript(&self) -> Option<Command> {
        let mut node = Command::new("node");
        if !self.javascript.exists() || Command::new("node").arg("--version").output().is_err() {
            skipped("the driver for JavaScript, or Node.js");
            return None;
        }
        node.env("DRIVER", self.javascript.join("node_modules/neo4j-driver/lib/index.js"));
        Some(node)
    }
}
