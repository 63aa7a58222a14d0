//! What the machine denies: room on the disk, a port, the right certificate, the same time everywhere.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use aliasd_client::Statement;
use aliasd_tests::cluster::{Cluster, PATIENCE};
use aliasd_tests::dice::Dice;
use aliasd_tests::wait;
use anyhow::{Context, Result, ensure};

/// A file system of a few megabytes, gone when this is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one, if this user may.
    fn mount(at: &Path, megabytes: u32) -> Result<Self> {
        fs::create_dir_all(at)?;
        let options = format!("size={megabytes}m");
        let output = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(at).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(Self(at.to_path_buf()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the node may not have let go of it yet.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Runs `command` under a shell that lets no file grow beyond `megabytes`.
fn with_small_files(command: &Command, megabytes: u32) -> Command {
    let words: Vec<OsString> =
        [command.get_program()].into_iter().chain(command.get_args()).map(|word| word.to_os_string()).collect();
    let mut shell = Command::new("sh");
    // The limit counts blocks of 512 bytes. Without the trap the signal would end the process before it
    // can say anything.
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", megabytes * 2048);
    shell.arg("-c").arg(script).arg("sh").args(words);
    shell
}

#[test]
fn a_full_disk_stops_the_node_with_a_clear_error_and_loses_nothing() -> Result<()> {
    let mut cluster = Cluster::prepare("full-disk", 1)?;
    let data = cluster.node(1).data.clone();
    let disk = SmallDisk::mount(&data, 64);
    match &disk {
        Ok(_) => println!("a full disk is simulated with a file system of 64 MiB at {}", data.display()),
        Err(error) => println!("cannot mount a small file system ({error}); a limit on file sizes stands in for it"),
    }
    if disk.is_ok() {
        cluster.start()?;
    } else {
        let command = with_small_files(&cluster.node(1).command(), 4);
        cluster.node(1).start_as(command)?;
        cluster.form()?;
    }

    // Properties are the largest thing an alias can hold.
    let runtime = tokio::runtime::Runtime::new()?;
    let _inside = runtime.enter();
    let client = cluster.admin().sdk(&cluster, &cluster.endpoints())?;
    let mut dice = Dice::seeded();
    let mut acknowledged: u64 = 0;
    let (refused, _) = wait::until("the disk to be full", PATIENCE * 3, || {
        // Nothing that a disk could make smaller.
        let padding: String = (0..10_000).map(|_| format!("{:016x}", dice.pick(0..u64::MAX))).collect();
        let statement =
            format!("CREATE ALIAS `alias-{acknowledged}` FOR DATABASE neo4j PROPERTIES {{padding: $padding}}");
        let statement = Statement::new(statement).parameter("padding", padding);
        match runtime.block_on(async { client.execute(statement).await?.collect().await }) {
            Ok(_) => {
                acknowledged += 1;
                Err("it still takes writes")
            }
            Err(error) => Ok(error),
        }
    })?;
    println!("{acknowledged} writes were acknowledged before: {refused}");
    let status = cluster.node(1).wait_exit(PATIENCE)?;
    assert!(!status.success(), "it ended as if nothing had happened");
    let said = cluster.node(1).said();
    let data = data.display().to_string();
    assert!(said.contains(&data), "{data} is not named:\n{said}");
    assert!(said.contains("free space") || said.contains("full"), "it does not say what is wrong:\n{said}");

    // With room again, everything that was acknowledged is there.
    if let Ok(disk) = &disk {
        let options = "remount,size=256m";
        let status = Command::new("mount").args(["-o", options]).arg(&disk.0).status()?;
        ensure!(status.success(), "cannot enlarge the small file system");
    }
    cluster.node(1).start()?;
    cluster.node(1).wait_ready(PATIENCE)?;
    let listing = client.execute("SHOW ALIASES FOR DATABASE YIELD name");
    let (rows, _) = runtime.block_on(async { listing.await?.collect().await })?;
    let count = u64::try_from(rows.len())?;
    assert!(count >= acknowledged, "{acknowledged} writes were acknowledged, {count} are there");
    Ok(())
}

/// Runs `command` under a shell that grants it so many file descriptors.
fn with_descriptors(command: &Command, granted: u32) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("ulimit -n {granted}; exec \"$@\"")).arg("sh").arg(command.get_program());
    shell.args(command.get_args());
    shell
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn connections_never_take_the_files_that_storage_needs() -> Result<()> {
    let mut cluster = Cluster::prepare("descriptors", 1)?;
    let command = with_descriptors(&cluster.node(1).command(), 700);
    cluster.node(1).start_as(command)?;
    let status = cluster.node(1).wait_exit(PATIENCE)?;
    let said = cluster.node(1).said();
    ensure!(!status.success() && said.contains("may have 700 files") && said.contains("LimitNOFILE"), "{said}");

    let command = with_descriptors(&cluster.node(1).command(), 1400);
    cluster.node(1).start_as(command)?;
    cluster.form()?;
    cluster.wait_ready()?;
    let said = cluster.node(1).said();
    ensure!(said.contains("node.client_connections_max") && said.contains("fewer connections are held"), "{said}");
    // More connections than it was granted files, from two addresses of this machine that nobody else uses.
    let address: std::net::SocketAddr = cluster.node(1).client_address.parse()?;
    let mut held = Vec::new();
    for last in [2, 3].into_iter().cycle().take(1600) {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind(std::net::SocketAddr::from(([127, 0, 0, last], 0)))?;
        // The node closes what is too much; this side keeps its end.
        held.push(socket.connect(address).await);
    }
    cluster.exec("CREATE ALIAS films FOR DATABASE neo4j")?;
    let (ready, body) = cluster.node(1).http("/readyz")?;
    ensure!(ready == 200, "{body}");
    ensure!(cluster.node(1).stop(PATIENCE)?.success(), "it did not end cleanly");
    Ok(())
}

#[test]
fn a_port_in_use_is_named_together_with_its_setting() -> Result<()> {
    let mut cluster = Cluster::prepare("port-in-use", 1)?;
    let node = cluster.node(1);
    let addresses = [
        (node.client_address.clone(), "client_listen"),
        (node.peer_address.clone(), "peer_listen"),
        (node.http_address.clone(), "http_listen"),
    ];
    for (address, setting) in addresses {
        let taken = TcpListener::bind(&address)?;
        node.start()?;
        let status = node.wait_exit(PATIENCE)?;
        assert!(!status.success());
        let said = node.said();
        assert!(said.contains(&address), "{address} is not named:\n{said}");
        assert!(said.contains(setting), "{setting} is not named:\n{said}");
        drop(taken);
    }
    Ok(())
}

#[test]
fn a_certificate_of_another_authority_is_refused_by_peers_and_clients() -> Result<()> {
    let mut cluster = Cluster::running("wrong-certificate", 3)?;
    let stranger = Cluster::prepare("stranger", 3)?;

    // A client that trusts another authority does not talk to the node.
    let mut client = cluster.client();
    client.env("ALIASD_CA", stranger.layout().ca()).args(["exec", "SHOW USERS"]);
    let output = client.output()?;
    assert_ne!(output.status.code(), Some(0));
    let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
    assert!(said.contains("certificate"), "it does not say why: {said}");

    // A member with a certificate of another authority is not let in, and the others go on without it.
    cluster.node(3).kill();
    for suffix in ["", "-key"] {
        let name = format!("node-3{suffix}.pem");
        fs::copy(stranger.layout().pki().join(&name), cluster.layout().pki().join(&name))?;
    }
    cluster.node(3).start()?;
    cluster.exec("CREATE ALIAS without FOR DATABASE neo4j")?;
    wait::until("node 3 to be refused", PATIENCE, || {
        let said: String = cluster.nodes.iter().map(|node| node.said()).collect();
        ensure!(said.to_lowercase().contains("certificate"), "nobody speaks of a certificate");
        Ok(())
    })?;
    let (ready, _) = cluster.node(3).http("/readyz").unwrap_or((0, String::new()));
    assert_ne!(ready, 200, "a member that nobody talks to says that it is ready");

    // Nor one that proves to be another node than it claims.
    cluster.node(3).kill();
    for suffix in ["", "-key"] {
        let (from, to) = (format!("node-2{suffix}.pem"), format!("node-3{suffix}.pem"));
        fs::copy(cluster.layout().pki().join(from), cluster.layout().pki().join(to))?;
    }
    cluster.node(3).start()?;
    let status = cluster.node(3).wait_exit(PATIENCE)?;
    assert!(!status.success());
    let said = cluster.node(3).said();
    assert!(said.contains("node.id"), "it does not name the setting:\n{said}");
    Ok(())
}

/// The library of `clock.c`, compiled with the C compiler that the build needed already.
fn shifted_clock(directory: &Path) -> Result<PathBuf> {
    let library = directory.join("clock.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("cluster/clock.c");
    let compiler = env::var_os("CC").filter(|value| !value.to_string_lossy().contains(' '));
    let output = Command::new(compiler.unwrap_or_else(|| "cc".into()))
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(source)
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(library)
}

#[cfg(target_os = "linux")]
#[test]
fn nodes_whose_clocks_differ_by_hours_agree() -> Result<()> {
    let mut cluster = Cluster::prepare("clocks", 3)?;
    let library = shifted_clock(&cluster.layout().root)?;
    let shifts = ["7200", "0", "-7200"];
    let start = |cluster: &mut Cluster, id: u64| -> Result<()> {
        let node = cluster.node(id);
        let mut command = node.command();
        let shift = shifts[usize::try_from(id - 1)?];
        command.env("LD_PRELOAD", &library).env("ALIASD_TEST_CLOCK_SECONDS", shift);
        node.start_as(command)
    };
    for id in 1..=3 {
        start(&mut cluster, id)?;
    }
    cluster.form()?;
    cluster.wait_ready()?;

    // Whoever leads: each node in turn is away while the others write.
    for away in 1..=3 {
        cluster.node(away).kill();
        cluster.exec(&format!("CREATE ALIAS `without-{away}` FOR DATABASE neo4j"))?;
        start(&mut cluster, away)?;
        cluster.node(away).wait_ready(PATIENCE)?;
    }
    let listed = cluster.exec("SHOW ALIASES FOR DATABASE YIELD name")?;
    for away in 1..=3 {
        assert!(listed.contains(&format!("without-{away}")), "{listed}");
    }
    cluster.wait_equal_digests()?;

    // The shift was really there: the nodes' own logs disagree about the time.
    let hour = |id: u64, cluster: &mut Cluster| -> Result<String> {
        let log = fs::read_to_string(&cluster.node(id).log)?;
        let line = log.lines().last().context("an empty log")?;
        Ok(line.chars().take(40).collect())
    };
    assert_ne!(hour(1, &mut cluster)?, hour(3, &mut cluster)?);
    Ok(())
}
