//! SIGHUP: a node reads its files again while it serves, and goes on with what it has where a file is of no use.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use aliasd_client::{Class, Freshness, Lookup};
use aliasd_tests::cluster::{Cluster, KEYSTORE_PASSWORD, PATIENCE, aliasctl};
use aliasd_tests::{grpc, process, wait};
use anyhow::{Context, Result, ensure};
use rustls_pki_types::CertificateDer;

/// Waits until the file holds all of these.
fn wait_for_lines(file: &Path, wanted: &[&str]) -> Result<String> {
    let what = format!("{wanted:?} in {}", file.display());
    let (text, _) = wait::until(&what, PATIENCE, || {
        let text = fs::read_to_string(file)?;
        ensure!(wanted.iter().all(|line| text.contains(line)), "{text}");
        Ok(text)
    })?;
    Ok(text)
}

/// Gives a file another name beside it, as a rotation does.
fn rename(file: &Path, ending: &str) -> Result<PathBuf> {
    let renamed = PathBuf::from(format!("{}.{ending}", file.display()));
    fs::rename(file, &renamed)?;
    Ok(renamed)
}

fn served(cluster: &mut Cluster) -> Result<CertificateDer<'static>> {
    let tls = grpc::tls_without_certificate(&cluster.layout().ca())?;
    let address = cluster.node(1).client_address.clone();
    tokio::runtime::Runtime::new()?.block_on(grpc::served_certificate(&address, &tls))
}

#[test]
fn a_rotated_log_and_a_new_certificate_are_taken_over_and_bad_files_change_nothing() -> Result<()> {
    let mut cluster = Cluster::running("reload", 1)?;
    let log = cluster.node(1).log.clone();
    let (pki, keystore) = (cluster.layout().pki(), cluster.layout().keystore());
    let certificate = pki.join("node-1.pem");
    let first = served(&mut cluster)?;

    let rotated = rename(&log, "1")?;
    for file in [&certificate, &pki.join("node-1-key.pem")] {
        fs::remove_file(file)?;
    }
    cluster.layout().issue_node(1)?;
    ensure!(served(&mut cluster)? == first, "a certificate was taken over unasked");
    cluster.node(1).reload()?;
    let taken = ["the log file was opened again", "the certificates were read again", "the keystore was read again"];
    wait_for_lines(&log, &taken)?;
    let before = fs::read_to_string(&rotated)?;
    ensure!(before.contains("the node serves") && !before.contains(taken[0]), "{before}");
    let second = served(&mut cluster)?;
    ensure!(second != first, "the old certificate is served");

    // Nothing of what is in place now is of use.
    let rotated = rename(&log, "2")?;
    fs::create_dir(&log)?;
    fs::write(&certificate, "damaged")?;
    let good = fs::read(&keystore)?;
    fs::write(&keystore, "damaged")?;
    cluster.node(1).reload()?;
    let refused = [
        "the log file cannot be opened again",
        "the certificates cannot be read again",
        "tls.peer_certificate",
        "the keystore cannot be read again",
    ];
    wait_for_lines(&rotated, &refused)?;
    ensure!(served(&mut cluster)? == second, "another certificate is served");
    cluster.exec("CREATE ALIAS a FOR DATABASE d AT 'neo4j+s://h:7687' USER u PASSWORD 'a-password-to-seal'")?;
    ensure!(cluster.node(1).http("/readyz")?.0 == 200, "the node is not ready any more");

    fs::write(&keystore, good)?;
    Ok(())
}

/// What a start asks of files with secrets, a reload asks of them too.
#[test]
fn files_that_others_can_read_are_not_taken_over() -> Result<()> {
    let mut cluster = Cluster::running("exposed", 1)?;
    let (log, keystore) = (cluster.node(1).log.clone(), cluster.layout().keystore());
    let key = cluster.layout().pki().join("node-1-key.pem");
    for (file, setting, what) in [
        (&keystore, "keystore.path", "the keystore cannot be read again"),
        (&key, "tls.peer_key", "the certificates cannot be read again"),
    ] {
        let private = fs::metadata(file)?.permissions();
        fs::set_permissions(file, fs::Permissions::from_mode(0o644))?;
        cluster.node(1).reload()?;
        let said = wait_for_lines(&log, &[what])?;
        let line = said.lines().find(|line| line.contains(what)).context("it was there")?;
        ensure!([setting, "mode 644", "chmod 640"].iter().all(|part| line.contains(part)), "{line}");
        ensure!(cluster.node(1).http("/readyz")?.0 == 200, "the node is not ready any more");
        fs::set_permissions(file, private)?;
        // In its place it is taken again.
        rename(&log, setting)?;
        cluster.node(1).reload()?;
        wait_for_lines(&log, &["the certificates were read again", "the keystore was read again"])?;
    }
    Ok(())
}

#[test]
fn what_is_to_be_read_again_during_a_start_is_read_when_the_node_has_started() -> Result<()> {
    let mut cluster = Cluster::running("reload-start", 1)?;
    let first = served(&mut cluster)?;
    ensure!(cluster.node(1).stop(PATIENCE)?.success(), "it did not end cleanly");
    // Reading this file waits until somebody writes to it: by then the certificates have long been read.
    let current = cluster.node(1).data.join("catalog").join("CURRENT");
    let content = fs::read(&current)?;
    fs::remove_file(&current)?;
    ensure!(Command::new("mkfifo").arg(&current).status()?.success(), "mkfifo");
    cluster.node(1).start()?;
    wait::until("the node to open its catalog", PATIENCE, || {
        ensure!(cluster.node(1).said().contains("still being opened"), "{}", cluster.node(1).said());
        Ok(())
    })?;
    for suffix in ["", "-key"] {
        fs::remove_file(cluster.layout().pki().join(format!("node-1{suffix}.pem")))?;
    }
    cluster.layout().issue_node(1)?;
    cluster.node(1).reload()?;
    let log = cluster.node(1).log.clone();
    wait_for_lines(&log, &["the log file was opened again"])?;
    let whole = current.with_extension("whole");
    fs::write(&whole, &content)?;
    let mut waiting = fs::OpenOptions::new().write(true).open(&current)?;
    fs::rename(&whole, &current)?;
    waiting.write_all(&content)?;
    drop(waiting);
    cluster.node(1).wait_ready(PATIENCE)?;
    wait_for_lines(&log, &["the certificates were read again", "the keystore was read again"])?;
    ensure!(served(&mut cluster)? != first, "the old certificate is served");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_goes_during_a_call_is_missing_and_no_bug() -> Result<()> {
    let mut cluster = Cluster::prepare("reload-race", 3)?;
    let (shared, own) = (cluster.layout().keystore(), cluster.layout().root.join("keystore-1.p12"));
    fs::copy(&shared, &own)?;
    let node = cluster.node(1);
    let mut command = node.command();
    command.env("ALIASD_KEYSTORE_PATH", &own);
    node.start_as(command)?;
    for id in [2, 3] {
        cluster.node(id).start()?;
    }
    cluster.form()?;
    cluster.wait_ready()?;
    let administrator = cluster.admin().sdk(&cluster, &cluster.endpoints()[1..])?;
    let mut revision = 0;
    for statement in [
        "CREATE ALIAS a FOR DATABASE d AT 'neo4j+s://h:7687' USER u PASSWORD 'a-password-to-seal'",
        "CREATE ROLE resolver",
        "GRANT RESOLVE ALIAS (a) ON DBMS TO resolver",
        "GRANT ROLE resolver TO admin",
    ] {
        revision = administrator.execute(statement).await?.collect().await?.1.revision;
    }

    // Let in while the key is there, and then held up until there is another revision, which comes when it is gone.
    let asking = cluster.admin().sdk(&cluster, &cluster.endpoints()[..1])?;
    let lookup = |revision| Lookup::name("a").with_credentials().freshness(Freshness::AtLeast(revision));
    asking.resolve(&lookup(revision)).await?;
    let held_up = tokio::spawn(async move { asking.resolve(&lookup(revision + 1)).await });
    let mut create = aliasctl();
    let other = own.with_extension("other");
    create.args(["keystore", "create"]).arg(&other).env("ALIASD_KEYSTORE_PASSWORD", KEYSTORE_PASSWORD);
    ensure!(process::run(&mut create, &cluster.layout().record())?.code == Some(0), "no other keystore");
    fs::rename(&other, &own)?;
    cluster.node(1).reload()?;
    wait_for_lines(&cluster.node(1).log, &["the keystore was read again"])?;
    administrator.execute("CREATE ROLE another").await?.collect().await?;
    // Another member may have been asked meanwhile.
    let failure = held_up.await?.err();
    ensure!(failure.as_ref().is_none_or(|failure| failure.class != Class::Bug), "{failure:?}");
    Ok(())
}

#[test]
fn a_missing_key_is_put_in_place_without_a_restart() -> Result<()> {
    let mut cluster = Cluster::running("reload-key", 1)?;
    let (log, keystore) = (cluster.node(1).log.clone(), cluster.layout().keystore());
    let with_key = rename(&keystore, "right")?;
    let mut create = aliasctl();
    create.args(["keystore", "create"]).arg(&keystore).env("ALIASD_KEYSTORE_PASSWORD", KEYSTORE_PASSWORD);
    let created = process::run(&mut create, &cluster.layout().record())?;
    ensure!(created.code == Some(0), "{}", created.stderr);

    cluster.node(1).reload()?;
    wait_for_lines(&log, &["the keystore was read again"])?;
    let (status, reasons) = cluster.node(1).http("/readyz")?;
    ensure!(status == 503 && reasons == "not ready: KEY_MISSING\n", "{status}: {reasons}");

    fs::rename(&with_key, &keystore).context("the right file goes back")?;
    cluster.node(1).reload()?;
    cluster.node(1).wait_ready(PATIENCE)
}

/// A certificate that a member cannot dial the others with: nobody would hear of it but by its silence.
#[test]
fn a_certificate_that_is_not_good_for_clients_is_refused_by_name() -> Result<()> {
    let mut cluster = Cluster::running("server-only", 1)?;
    let (log, pki) = (cluster.node(1).log.clone(), cluster.layout().pki());
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/node/tests/certificates");
    for (from, to) in [("server-only.pem", "node-1.pem"), ("node-1-key.pem", "node-1-key.pem"), ("ca.pem", "ca.pem")] {
        fs::write(pki.join(to), fs::read(made.join(from))?)?;
    }
    let said =
        ["tls.peer_certificate", "would be refused by the members that this node dials", "both server and client use"];
    cluster.node(1).reload()?;
    let text = wait_for_lines(&log, &["the certificates cannot be read again"])?;
    let line = text.lines().find(|line| line.contains("the certificates cannot be read again"));
    ensure!(line.is_some_and(|line| said.iter().all(|part| line.contains(part))), "{line:?}");
    ensure!(cluster.node(1).http("/readyz")?.0 == 200, "it goes on with the one that it has");

    // A start has none to go on with.
    cluster.node(1).stop(PATIENCE)?;
    let before = cluster.node(1).said().len();
    cluster.node(1).start()?;
    let ended = cluster.node(1).wait_exit(PATIENCE)?;
    let text = cluster.node(1).said().split_off(before);
    ensure!(!ended.success() && said.iter().all(|part| text.contains(part)), "{ended}: {text}");
    Ok(())
}
