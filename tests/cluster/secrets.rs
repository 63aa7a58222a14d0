//! No password is in any file, log, metric or output of a run, in any form that a leak would give it.

use std::fs::{self, File, OpenOptions, Permissions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use aliasd_client::{Lookup, Secret, Statement};
use aliasd_tests::cluster::{Actor, Cluster, KEYSTORE_PASSWORD, PATIENCE};
use aliasd_tests::programs::program;
use aliasd_tests::{secrets, wait};
use anyhow::{Context, Result, ensure};
use nix::fcntl::OFlag;

/// Everything that is typed in the run below and must be found nowhere afterwards. Each is long and odd
/// enough that it is nowhere by accident.
const REMOTE_PASSWORD: &str = "secretpassword-of-bob-7f3a";
const ALTERED_PASSWORD: &str = "secretpassword-of-bob-9c1e";
const USER_PASSWORD: &str = "carols-own-password-51d0";
const NEW_USER_PASSWORD: &str = "carols-new-password-88ab";
const MISTYPED_PASSWORD: &str = "typed-in-the-wrong-place-2b6c";
const WRONG_PASSWORD: &str = "not-her-password-at-all-e4f7";

/// A user who is not root, and whom every system has.
const NOBODY: u32 = 65_534;

#[tokio::test(flavor = "multi_thread")]
async fn no_password_is_left_anywhere() -> Result<()> {
    let mut cluster = Cluster::prepare("secrets", 3)?;
    // The more a node says, the more it could give away; snapshots are files, too.
    cluster.configure("snapshot_after = 20\nlog_kept = 5")?;
    for node in &mut cluster.nodes {
        let mut command = node.command();
        command.env("ALIASD_LOG_LEVEL", "trace").env("RUST_BACKTRACE", "1");
        node.start_as(command)?;
    }
    cluster.form()?;
    cluster.wait_ready()?;
    live(&cluster).await?;
    mistakes(&cluster).await?;

    // Let one be behind, so that a snapshot goes over the wire, and crash one.
    cluster.node(2).kill();
    for number in 0..60 {
        cluster.exec(&remote(&format!("later-{number}"), REMOTE_PASSWORD))?;
    }
    cluster.node(2).start()?;
    cluster.node(2).wait_ready(PATIENCE)?;
    cluster.wait_equal_digests()?;
    for node in &cluster.nodes {
        let (_, metrics) = node.http("/metrics")?;
        fs::write(cluster.layout().captured().join(format!("metrics-{}", node.id)), metrics)?;
    }
    cluster.node(1).stop(PATIENCE)?;

    let administrator = cluster.administrator.password.clone();
    let passwords = [
        REMOTE_PASSWORD,
        ALTERED_PASSWORD,
        USER_PASSWORD,
        NEW_USER_PASSWORD,
        MISTYPED_PASSWORD,
        WRONG_PASSWORD,
        administrator.as_str(),
        KEYSTORE_PASSWORD,
    ];
    // The configuration files hold the keystore's password by intent; everything else is searched.
    let data = cluster.nodes.iter().map(|node| node.data.clone());
    for directory in data.chain([cluster.layout().captured(), cluster.layout().pki()]) {
        let (files, leaks) = secrets::search(&directory, &passwords)?;
        println!("{files} files searched in {}", directory.display());
        ensure!(files > 0, "nothing to search in {}", directory.display());
        ensure!(leaks.is_empty(), "passwords are left behind: {leaks:#?}");
    }
    Ok(())
}

/// Everything that handles a password as it should be handled.
async fn live(cluster: &Cluster) -> Result<()> {
    let admin = cluster.admin().sdk(cluster, &cluster.endpoints())?;
    let by_parameter = "CREATE ALIAS given FOR DATABASE neo4j AT 'neo4j+s://b:7687' USER bob PASSWORD $password";
    admin.execute(Statement::new(by_parameter).parameter("password", REMOTE_PASSWORD)).await?.collect().await?;
    for statement in [
        remote("written", REMOTE_PASSWORD),
        format!("ALTER ALIAS written SET DATABASE PASSWORD '{ALTERED_PASSWORD}'"),
        format!("CREATE USER carol SET PASSWORD '{USER_PASSWORD}' CHANGE NOT REQUIRED"),
        "CREATE ROLE dbms".to_owned(),
        "GRANT RESOLVE ALIAS ON DBMS TO dbms".to_owned(),
        "GRANT ACCESS ON DATABASES * TO dbms".to_owned(),
        "GRANT ROLE dbms TO carol".to_owned(),
    ] {
        admin.execute(statement.as_str()).await?.collect().await?;
    }
    for node in &cluster.nodes {
        let endpoint = std::slice::from_ref(&node.client_address);
        let carol = Actor::with_password("Carol", "carol", USER_PASSWORD).sdk(cluster, endpoint)?;
        let route = carol.resolve(&Lookup::name("written").with_credentials()).await?;
        let aliasd_client::Destination::Remote(remote) = route.destination else {
            anyhow::bail!("the alias is remote");
        };
        let password = remote.password.context("carol may see it")?;
        ensure!(password.expose() == ALTERED_PASSWORD, "node {} opens another password", node.id);
        carol.verify_user("carol", &Secret::from(USER_PASSWORD), aliasd_client::Freshness::Linearizable).await.ok();
    }
    let change = format!("ALTER USER carol SET PASSWORD '{NEW_USER_PASSWORD}' CHANGE NOT REQUIRED");
    admin.execute(change.as_str()).await?.collect().await?;
    Ok(())
}

/// What people get wrong with a password in hand. Every error is kept among the captured outputs.
async fn mistakes(cluster: &Cluster) -> Result<()> {
    let admin = cluster.admin();
    for statement in [
        format!("CREATE ALIAS x FOR DATABASE neo4j AT 'neo4j+s://b:1' USER bob PASWORD '{MISTYPED_PASSWORD}'"),
        format!("CREATE ALIAS x FOR DATABASE neo4j AT 'neo4j+s://b:1' USER bob PASSWORD {MISTYPED_PASSWORD}"),
        format!("CREATE ALIAS x FOR DATABASE neo4j AT 'neo4j+s://bob:{MISTYPED_PASSWORD}@b:1' USER bob PASSWORD 'y'"),
        format!("CREATE USER carol SET PASSWORD '{MISTYPED_PASSWORD}' CHANGE"),
        format!("CREATE USER carol SET PASSWORD '{MISTYPED_PASSWORD}"),
        format!("CREATE USER carol SET PASSWORD '{MISTYPED_PASSWORD}'"),
        format!("ALTER USER nobody SET PASSWORD '{MISTYPED_PASSWORD}'"),
        format!("'{MISTYPED_PASSWORD}'"),
    ] {
        let finished = admin.run(cluster, &cluster.endpoints(), &["exec", &statement])?;
        ensure!(finished.code == Some(1), "this was not refused: {}", finished.stdout);
    }
    let impostor = Actor::with_password("an impostor", "carol", WRONG_PASSWORD);
    let finished = impostor.run(cluster, &cluster.endpoints(), &["exec", "SHOW USERS"])?;
    ensure!(finished.code == Some(2), "a wrong password was accepted, or is not the caller's to put right");
    let mut client = impostor.sdk(cluster, &cluster.endpoints())?;
    client.who_am_i().await.err().context("a wrong password was accepted")?;
    client = Actor::with_password("nobody", "nobody", WRONG_PASSWORD).sdk(cluster, &cluster.endpoints())?;
    let error = client.who_am_i().await.err().context("an unknown user was accepted")?;
    fs::write(cluster.layout().captured().join("error"), format!("{error} {error:?}"))?;
    Ok(())
}

fn remote(name: &str, password: &str) -> String {
    format!("CREATE ALIAS `{name}` FOR DATABASE neo4j AT 'neo4j+s://b:7687' USER bob PASSWORD '{password}'")
}

/// Who owns what the system shows of a process: of one whose memory is shown to root alone, that is root.
fn shown_to(process: u32) -> Result<u32> {
    Ok(fs::metadata(format!("/proc/{process}/coredump_filter"))?.uid())
}

/// A program of this project that waits for its configuration, or for its script, as a user who is not root.
fn waiting(name: &str, arguments: &[&str], fifo: &Path) -> Result<Child> {
    // Where the programs are built, only their owner may look for them. One that is open is found.
    let file = File::open(program(name))?;
    let mut command = Command::new(format!("/proc/self/fd/{}", file.as_raw_fd()));
    if nix::unistd::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.args(arguments).arg(fifo).env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command.spawn()?)
}

/// Looked at from outside, as another process of the same user would: root is shown everything.
#[test]
fn a_node_shows_its_memory_to_nobody_of_its_user() -> Result<()> {
    let root = tempfile::tempdir()?;
    fs::set_permissions(root.path(), Permissions::from_mode(0o755))?;
    let fifo = root.path().join("waited-for");
    ensure!(Command::new("mkfifo").args(["--mode", "644"]).arg(&fifo).status()?.success(), "mkfifo");
    let me = nix::unistd::geteuid();
    let user = if me.is_root() { NOBODY } else { me.as_raw() };
    let script = ["exec", "--endpoints", "https://127.0.0.1:1", "--user", "nobody", "--file"];
    for (name, arguments, wanted) in [("aliasd", ["start", "--config"].as_slice(), 0), ("aliasctl", &script, user)] {
        let mut child = waiting(name, arguments, &fifo)?;
        let shown = wait::until("it to wait for what it reads", PATIENCE, || {
            ensure!(child.try_wait()?.is_none(), "{name} has ended");
            // There is nobody to write to before it reads; from then on it waits for what is written.
            let writer = OpenOptions::new().write(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&fifo)?;
            let shown = shown_to(child.id())?;
            drop(writer);
            Ok::<_, anyhow::Error>(shown)
        });
        // It may have ended by itself, with nothing to read.
        drop(child.kill());
        child.wait()?;
        let (shown, _) = shown?;
        ensure!(shown == wanted, "what there is to see of {name} belongs to user {shown}, and not to {wanted}");
    }
    Ok(())
}
