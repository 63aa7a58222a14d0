//! The Bolt gateway as a process, with a cluster of real `aliasd` processes beside it: here between official drivers and
//! Neo4j Community, in `protocol` between ends that do what no real peer does.
//!
//! What a driver does is in `suite.py`, one function for each scenario, and in `suite.mjs`, all in one. The DBMS takes long to start, so that all of them share
//! one; where a peer is not there, nothing of this runs, and it says so. Every byte that the gateway sends to a client is kept
//! and searched for what no client may see.

mod bolt;
mod configuration;
mod peers;
mod protocol;
mod recorder;

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use aliasd_tests::cluster::{Cluster, PATIENCE};
use aliasd_tests::ports::free_port;
use aliasd_tests::process::{self, Process};
use aliasd_tests::programs::program;
use aliasd_tests::{secrets, wait};
use anyhow::{Context, Result, ensure};

use self::peers::{Peers, Remote};
use self::recorder::Recorder;

const CAROL_PASSWORD: &str = "password-of-carol";
const DAVE_PASSWORD: &str = "password-of-dave";
const ONE_PASSWORD: &str = "stored-password-one";
const TWO_PASSWORD: &str = "stored-password-two";

/// In this order: what changes the aliases comes last.
const SCENARIOS: &[&str] = &[
    "direct",
    "use",
    "home",
    "transactions",
    "streams",
    "types",
    "bookmarks",
    "errors",
    "remote_faults",
    "system",
    "many",
    "interrupted",
    "encrypted",
    "alter",
    "gone",
    "churn",
];

/// A running gateway and where it is reached.
struct Gateway {
    address: String,
    process: Process,
}

#[test]
fn drivers_use_aliases_as_databases() -> Result<()> {
    let Some(peers) = peers::find() else { return Ok(()) };
    let mut cluster = Cluster::prepare("gateway", 3)?;
    let root = cluster.layout().root.clone();
    // First, since it takes longest.
    let remote = peers.start_neo4j(&root.join("neo4j"), &cluster.layout().captured().join("neo4j.out"))?;
    cluster.start()?;
    populate(&cluster, &remote)?;
    cluster.layout().issue_client("gateway-1")?;
    let mut gateway = start_gateway(&cluster, "plain", "")?;
    let node = cluster.layout().pki().join("node-1");
    let tls = format!("[tls]\ncertificate = \"{0}.pem\"\nkey = \"{0}-key.pem\"\n", node.display());
    let encrypted = start_gateway(&cluster, "tls", &tls)?;
    let recorded = root.join("recorded");
    let recorder = Recorder::start(&gateway.address, &recorded)?;

    let suite = Suite { peers: &peers, cluster: &cluster, remote: &remote, recorder: &recorder, encrypted: &encrypted };
    suite.run("prepare")?;
    let mut failed: Vec<String> =
        SCENARIOS.iter().filter_map(|name| suite.run(name).err().map(|error| format!("{error:#}"))).collect();
    if let Some(node) = peers.javascript() {
        failed.extend(suite.run_as("JavaScript", node, "suite.mjs").err().map(|error| format!("{error:#}")));
    }
    let said = gateway.process.output();
    ensure!(failed.is_empty(), "{}\nthe gateway said:\n{said}", failed.join("\n"));

    let status = gateway.process.terminate(PATIENCE)?;
    ensure!(status.success(), "the gateway ended with {status}");
    drop(encrypted);
    nothing_is_told(&cluster, &remote, &recorded)
}

/// Searches what the gateway sent to its clients, and what it said in its log.
fn nothing_is_told(cluster: &Cluster, remote: &Remote, recorded: &Path) -> Result<()> {
    let address = remote.url.trim_start_matches("bolt://");
    let hidden = [address, "stored_one", "stored_two", ONE_PASSWORD, TWO_PASSWORD];
    let (files, leaks) = secrets::search(recorded, &hidden)?;
    ensure!(files > SCENARIOS.len(), "only {files} connections were recorded");
    // Administrators read addresses and users of aliases where they administer; nobody else does.
    let leaks: Vec<_> = leaks.into_iter().filter(|leak| !is_listing(&leak.file)).collect();
    ensure!(leaks.is_empty(), "clients were told: {leaks:?}");
    let passwords =
        [CAROL_PASSWORD, DAVE_PASSWORD, ONE_PASSWORD, TWO_PASSWORD, cluster.administrator.password.as_str()];
    let (_, leaks) = secrets::search(&cluster.layout().captured(), &passwords)?;
    ensure!(leaks.is_empty(), "a log holds a password: {leaks:?}");
    Ok(())
}

/// Whether a connection listed aliases with their addresses, as the scenario `system` does.
fn is_listing(recorded: &Path) -> bool {
    let content = fs::read(recorded).unwrap_or_default();
    content.windows(4).any(|window| window == b"\x83url")
}

/// Users, aliases, and the user that the gateway logs in as.
fn populate(cluster: &Cluster, remote: &Remote) -> Result<()> {
    for (user, password) in [("carol", CAROL_PASSWORD), ("dave", DAVE_PASSWORD)] {
        cluster.exec(&format!("CREATE USER {user} SET PASSWORD '{password}' CHANGE NOT REQUIRED"))?;
    }
    for alias in ["films", "books"] {
        let statement = format!(
            "CREATE ALIAS {alias} FOR DATABASE neo4j AT '{}' USER stored_one PASSWORD '{ONE_PASSWORD}' DRIVER {{ssl_enforced: false}}",
            remote.url
        );
        cluster.exec(&statement)?;
    }
    for statement in [
        "CREATE ROLE audience",
        "GRANT ACCESS ON DATABASE films TO audience",
        "GRANT ACCESS ON DATABASE books TO audience",
        "GRANT ROLE audience TO carol",
        "ALTER USER carol SET HOME DATABASE films",
        "CREATE USER gateway SET AUTH 'mtls' {SET ID 'gateway-1'}",
        "CREATE ROLE gateway",
        "GRANT RESOLVE ALIAS (*) ON DBMS TO gateway",
        "GRANT IMPERSONATE (*) ON DBMS TO gateway",
        "GRANT ROLE gateway TO gateway",
    ] {
        cluster.exec(statement)?;
    }
    Ok(())
}

/// Writes a configuration and starts a gateway with it; `more` is put behind it.
fn start_gateway(cluster: &Cluster, name: &str, more: &str) -> Result<Gateway> {
    start_gateway_with(cluster, name, "", more)
}

/// As [`start_gateway`], with more settings in the section of the gateway itself.
fn start_gateway_with(cluster: &Cluster, name: &str, own: &str, more: &str) -> Result<Gateway> {
    let address = format!("127.0.0.1:{}", free_port());
    let file = |suffix: &str| cluster.layout().pki().join(format!("gateway-1{suffix}.pem"));
    let (certificate, key) = (file(""), file("-key"));
    let text = format!(
        "[gateway]\nlisten = \"{address}\"\n{own}[aliasd]\nendpoints = \"{}\"\nca = \"{}\"\ncertificate = \"{}\"\nkey = \"{}\"\n\
         [log]\nlevel = \"debug\"\n[remote]\nca = \"{}\"\n{more}",
        cluster.endpoints().join(","),
        cluster.layout().ca().display(),
        certificate.display(),
        key.display(),
        cluster.layout().ca().display(),
    );
    let config = cluster.layout().root.join(format!("gateway-{name}.toml"));
    fs::write(&config, text)?;
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600))?;
    let mut command = Command::new(program("aliasd-gateway"));
    command.args(["start", "--config"]).arg(&config);
    let output = cluster.layout().captured().join(format!("gateway-{name}.out"));
    let mut process = Process::start("the gateway", &mut command, &output)?;
    wait::until("the gateway to listen", PATIENCE, || {
        ensure!(process.exited().is_none(), "it has ended:\n{}", process.output());
        TcpStream::connect(&address).map_err(anyhow::Error::from)
    })?;
    Ok(Gateway { address, process })
}

/// What a scenario needs.
struct Suite<'a> {
    peers: &'a Peers,
    cluster: &'a Cluster,
    remote: &'a Remote,
    recorder: &'a Recorder,
    encrypted: &'a Gateway,
}

impl Suite<'_> {
    fn run(&self, scenario: &str) -> Result<()> {
        self.run_as(scenario, self.peers.python(), "suite.py")
    }

    fn run_as(&self, scenario: &str, mut program: Command, file: &str) -> Result<()> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("gateway").join(file);
        program
            .arg(file)
            .arg(scenario)
            .env("GATEWAY", &self.recorder.address)
            .env("GATEWAY_TLS", &self.encrypted.address)
            .env("CA", self.cluster.layout().ca())
            .env("REMOTE", &self.remote.url)
            .env("ADMIN_PASSWORD", &self.cluster.administrator.password)
            .env("CAROL_PASSWORD", CAROL_PASSWORD)
            .env("DAVE_PASSWORD", DAVE_PASSWORD)
            .env("ONE_PASSWORD", ONE_PASSWORD)
            .env("TWO_PASSWORD", TWO_PASSWORD);
        let started = std::time::Instant::now();
        let finished =
            process::run(&mut program, &self.cluster.layout().root.join("suite.out")).context(scenario.to_owned())?;
        println!("{scenario}: {:.1} s", started.elapsed().as_secs_f64());
        ensure!(finished.code == Some(0), "{scenario}:\n{}{}", finished.stdout, finished.stderr);
        Ok(())
    }
}
