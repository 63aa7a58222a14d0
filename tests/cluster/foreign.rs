//! A node that is started with what belongs to somebody else: another cluster's data directory, another keystore.

use std::fs;

use aliasd_tests::cluster::{Cluster, KEYSTORE_PASSWORD, PATIENCE, aliasctl};
use aliasd_tests::process;
use aliasd_tests::wait;
use anyhow::{Result, ensure};

/// Waits until a node's HTTP port and its status both name this alarm; gives what the status says of it.
fn alarm(cluster: &Cluster, node: usize, code: &str) -> Result<String> {
    let node = &cluster.nodes[node];
    let (said, _) = wait::until(&format!("node {} to say {code}", node.id), PATIENCE, || {
        let (_, body) = node.http("/readyz")?;
        ensure!(body.contains(&format!("warning: {code}\n")), "{body}");
        let mut status = cluster.client();
        status.env("ALIASD_ENDPOINTS", &node.client_address).args(["cluster", "status"]);
        let status = process::run(&mut status, &cluster.layout().record())?;
        let said = status.stdout.lines().find(|line| line.contains(code)).map(str::to_owned);
        ensure!(said.is_some(), "{}{}", status.stdout, status.stderr);
        Ok(said.unwrap_or_default())
    })?;
    Ok(said)
}

/// A cluster of one is ready, whatever others want of it: so it says that others want something.
#[test]
fn a_node_on_the_data_directory_of_another_cluster_says_so() -> Result<()> {
    let mut cluster = Cluster::prepare("foreign", 3)?;
    // The other cluster: node 3 alone, with the same administrator.
    cluster.nodes.swap(0, 2);
    cluster.start_first(1)?;
    cluster.nodes.swap(0, 2);
    ensure!(cluster.node(3).stop(PATIENCE)?.success(), "it did not end cleanly");
    let (data, elsewhere) = (cluster.node(3).data.clone(), cluster.layout().root.join("elsewhere"));
    fs::rename(&data, &elsewhere)?;
    cluster.start()?;
    ensure!(cluster.node(3).stop(PATIENCE)?.success(), "it did not end cleanly");
    fs::rename(&data, cluster.layout().root.join("its-own"))?;
    fs::rename(&elsewhere, &data)?;
    cluster.node(3).start()?;
    cluster.node(3).wait_ready(PATIENCE)?;

    let there = alarm(&cluster, 2, "MESSAGES_REFUSED")?;
    ensure!(there.contains("this node belongs to cluster") && there.contains("and the request to cluster"), "{there}");
    // The leader is one of the other two, and the only one that sends it entries; both compare catalogs with it.
    for node in [0, 1] {
        let here = alarm(&cluster, node, "MEMBER_TAKES_NO_PART")?;
        ensure!(here.contains("member 3 (\"this node belongs to cluster"), "{here}");
    }
    cluster.exec("CREATE ROLE goes_on")?;
    Ok(())
}

/// Puts another keystore in the place of the cluster's, and that one aside.
fn exchange_keystore(cluster: &Cluster) -> Result<()> {
    let (keystore, own) = (cluster.layout().keystore(), cluster.layout().root.join("own.p12"));
    fs::rename(&keystore, &own)?;
    let mut create = aliasctl();
    create.args(["keystore", "create"]).arg(&keystore).env("ALIASD_KEYSTORE_PASSWORD", KEYSTORE_PASSWORD);
    let created = process::run(&mut create, &cluster.layout().record())?;
    ensure!(created.code == Some(0), "{}", created.stderr);
    Ok(())
}

fn expect_good(cluster: &Cluster) -> Result<()> {
    let good = cluster.check_config(1)?;
    ensure!(good.code == Some(0) && good.stdout.ends_with(": good\n"), "{}{}", good.stdout, good.stderr);
    // But for what the others alone can tell.
    let (said, told) =
        (&good.stderr, "note: node.data_dir: whether the other members still take part with what lies in ");
    let severities = ["note: ", "warning: ", "error: "].map(|severity| said.matches(severity).count());
    // A node that runs listens where a start would.
    let listens = said.contains("a process listens there already");
    ensure!(said.contains(told) && severities == [1 + usize::from(listens), 0, 0], "{said}");
    Ok(())
}

fn expect_wrong_keys(cluster: &Cluster) -> Result<()> {
    let wrong = cluster.check_config(1)?;
    ensure!(wrong.code == Some(2) && !wrong.stdout.contains("good"), "{:?}: {}", wrong.code, wrong.stdout);
    for part in ["error: keystore.path: ", "does not hold the cluster's active key", "it holds", "hint: add the key"] {
        ensure!(wrong.stderr.contains(part), "'{part}' is not in {}", wrong.stderr);
    }
    Ok(())
}

/// What the data directory says of keys is held against the keystore, while the node runs, when it was killed with nothing of
/// its catalog flushed, and when it ended.
#[test]
fn a_keystore_without_the_keys_of_the_cluster_is_found_before_a_start() -> Result<()> {
    let mut cluster = Cluster::running("keys", 1)?;
    cluster.exec("CREATE ALIAS a FOR DATABASE d AT 'neo4j+s://h:7687' USER u PASSWORD 'a-password-to-seal'")?;
    let (keystore, own) = (cluster.layout().keystore(), cluster.layout().root.join("own.p12"));
    expect_good(&cluster)?;
    exchange_keystore(&cluster)?;
    expect_wrong_keys(&cluster)?;
    cluster.node(1).kill();
    expect_wrong_keys(&cluster)?;
    fs::rename(&own, &keystore)?;
    expect_good(&cluster)?;
    cluster.node(1).start()?;
    cluster.node(1).wait_ready(PATIENCE)?;
    ensure!(cluster.node(1).stop(PATIENCE)?.success(), "it did not end cleanly");
    expect_good(&cluster)?;
    exchange_keystore(&cluster)?;
    let before = fs::read_dir(cluster.node(1).data.join("catalog"))?.count();
    expect_wrong_keys(&cluster)?;
    ensure!(fs::read_dir(cluster.node(1).data.join("catalog"))?.count() == before, "the check leaves something behind");

    // A start says the same, and is held against the same keys while it runs.
    cluster.node(1).start()?;
    let missing = |cluster: &Cluster| -> Result<()> {
        let (_, body) = cluster.nodes[0].http("/readyz")?;
        ensure!(body.contains("not ready: KEY_MISSING"), "{body}");
        Ok(())
    };
    wait::until("the node to miss the key", PATIENCE, || missing(&cluster))?;
    expect_wrong_keys(&cluster)?;
    fs::rename(&own, &keystore)?;
    cluster.node(1).reload()?;
    cluster.wait_ready()
}

/// A node id and a data directory belong together, and a start says so with the same way out.
#[test]
fn the_data_directory_of_another_node_is_found_before_a_start() -> Result<()> {
    let mut cluster = Cluster::prepare("exchanged", 2)?;
    cluster.start()?;
    cluster.nodes.iter_mut().try_for_each(|node| node.stop(PATIENCE).map(drop))?;
    let (one, two) = (cluster.node(1).data.clone(), cluster.node(2).data.clone());
    fs::rename(&one, one.with_extension("own"))?;
    fs::rename(&two, &one)?;
    let found = cluster.check_config(1)?;
    ensure!(found.code == Some(2) && found.stdout.is_empty(), "{:?}: {}", found.code, found.stdout);
    let (said, way_out) = (
        "belongs to node 2, but this node has id 1",
        "hint: choose another data directory; if this node is node 2, set",
    );
    ensure!(found.stderr.contains(said) && found.stderr.contains(way_out), "{}", found.stderr);
    cluster.node(1).start()?;
    ensure!(!cluster.node(1).wait_exit(PATIENCE)?.success(), "it starts");
    let refused = cluster.node(1).said();
    ensure!(refused.contains(said) && refused.contains("set node.id to 2"), "{refused}");
    Ok(())
}
