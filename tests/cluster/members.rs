//! A member is its data directory: one that lost it is refused, and says what happened. And what the log of a cluster with a
//! member down looks like. And what of it others on the same machine can read.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use aliasd_tests::cluster::{Cluster, Node, PATIENCE};
use aliasd_tests::{process, wait};
use anyhow::{Context, Result, ensure};

/// What a node logs that is about a text.
fn lines(cluster: &mut Cluster, node: u64, text: &str) -> Vec<String> {
    let said = cluster.node(node).said();
    said.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
}

/// Any member but the one that leads.
fn follower(cluster: &Cluster) -> Result<u64> {
    let leads = |metrics: &str| metrics.lines().any(|line| line.starts_with("aliasd_leading 1"));
    let follows = cluster.nodes.iter().find(|node| node.http("/metrics").is_ok_and(|(_, body)| !leads(&body)));
    Ok(follows.context("nobody follows")?.id)
}

#[test]
fn a_member_whose_data_directory_is_lost_takes_no_part_and_says_why() -> Result<()> {
    let mut cluster = Cluster::running("emptied", 3)?;
    cluster.exec("CREATE ALIAS before FOR DATABASE neo4j")?;
    let lost = follower(&cluster)?;
    let data = cluster.node(lost).data.clone();
    let aside = data.with_extension("aside");
    cluster.node(lost).kill();
    fs::rename(&data, &aside)?;
    cluster.node(lost).start()?;
    wait::until("it to say that it is not recognised", PATIENCE, || {
        let (_, body) = cluster.node(lost).http("/readyz")?;
        // The others go on to send it what it refuses.
        ensure!(body == "not ready: NODE_NOT_RECOGNISED\nwarning: MESSAGES_REFUSED\n", "{body}");
        Ok::<_, anyhow::Error>(())
    })?;
    ensure!(cluster.node(lost).http("/livez")?.0 == 200, "starting it again does not help");
    cluster.exec("CREATE ALIAS meanwhile FOR DATABASE neo4j")?;
    for node in (1..=3).filter(|node| *node != lost) {
        cluster.node(node).wait_ready(PATIENCE)?;
    }
    ensure!(lines(&mut cluster, lost, "this node is not recognised").len() == 1);
    // Nor does it forget what it was, and become a cluster of its own.
    let node = cluster.nodes.iter().find(|node| node.id == lost).context("it is a node")?;
    let mut init = cluster.client();
    init.env("ALIASD_ENDPOINTS", &node.client_address).env("ALIASD_TOKEN_FILE", node.data.join("formation-token"));
    init.args(["cluster", "init", "--member", &format!("{lost}={},{}", node.peer_address, node.client_address)]);
    let refused = process::run(&mut init, &cluster.layout().record())?;
    ensure!(refused.code == Some(3) && refused.stdout.is_empty(), "{:?}: {}", refused.code, refused.stdout);
    let way_out = format!("'aliasctl cluster replace {lost} NEW'");
    ensure!(
        refused.stderr.contains("INIT_MEMBERS_NOT_READY") && refused.stderr.contains(&way_out),
        "{}",
        refused.stderr
    );

    // Its own directory is all that it takes.
    cluster.node(lost).kill();
    fs::remove_dir_all(&data)?;
    fs::rename(&aside, &data)?;
    cluster.node(lost).start()?;
    cluster.wait_ready()?;
    cluster.wait_equal_digests()?;
    Ok(())
}

#[test]
fn a_member_that_is_down_costs_the_others_a_line() -> Result<()> {
    let mut cluster = Cluster::running("down", 3)?;
    let down = follower(&cluster)?;
    cluster.node(down).kill();
    // Each statement has the leader try to send it on.
    let statements = (0..300).map(|number| format!("CREATE ALIAS `alias-{number}` FOR DATABASE neo4j;\n"));
    let script = cluster.layout().root.join("statements.cypher");
    fs::write(&script, statements.collect::<String>())?;
    let mut command = cluster.client();
    command.args(["exec", "-f"]).arg(&script);
    let finished = process::run(&mut command, &cluster.layout().record())?;
    ensure!(finished.code == Some(0), "{}", finished.stderr);
    let others: Vec<u64> = (1..=3).filter(|node| *node != down).collect();
    wait::until("both to say that it is down", PATIENCE, || {
        let said = others.iter().all(|node| !lines(&mut cluster, *node, "cannot be reached").is_empty());
        ensure!(said, "not yet");
        Ok::<_, anyhow::Error>(())
    })?;
    cluster.node(down).start()?;
    cluster.wait_ready()?;
    cluster.wait_equal_digests()?;
    for node in others {
        let about = lines(&mut cluster, node, &format!("member {down} "));
        // Two, or a few more where the machine itself holds a member up. It was thousands a second.
        ensure!(about.len() <= 10, "node {node}: {about:?}");
        let library = lines(&mut cluster, node, "\"target\":\"openraft");
        ensure!(library.is_empty(), "node {node}: {library:?}");
    }
    Ok(())
}

/// The one that is left is heard, and it names nobody who is dead.
#[test]
fn without_a_majority_the_living_member_says_what_is_so() -> Result<()> {
    let mut cluster = Cluster::running("alone", 3)?;
    let left = follower(&cluster)?;
    for node in (1..=3).filter(|node| *node != left) {
        cluster.node(node).kill();
    }
    wait::until("it to notice", PATIENCE, || {
        let (_, body) = cluster.node(left).http("/readyz")?;
        ensure!(body.contains("UNCONFIRMED") || body.contains("STALE"), "{body}");
        Ok::<_, anyhow::Error>(())
    })?;
    let mut command = cluster.client();
    command.args(["exec", "CREATE ROLE r", "--timeout", "3"]);
    let finished = process::run(&mut command, &cluster.layout().record())?;
    ensure!(
        finished.code == Some(3) && finished.stderr.contains("NO_LEADER"),
        "{:?} {}",
        finished.code,
        finished.stderr
    );
    let address = cluster.node(left).client_address.clone();
    let mut command = cluster.client();
    command.env("ALIASD_ENDPOINTS", address).args(["cluster", "status", "--format", "json"]);
    let status = process::run(&mut command, &cluster.layout().record())?;
    ensure!(status.stdout.contains("\"leader\":null"), "{}{}", status.stdout, status.stderr);
    Ok(())
}

/// Whoever reads what a node prints is told once why it does not start, in whatever form.
#[test]
fn why_a_node_does_not_start_is_said_once() -> Result<()> {
    let mut cluster = Cluster::prepare("refused", 1)?;
    let config = cluster.node(1).config.clone();
    let text = fs::read_to_string(&config)?.replace("node-1-key.pem", "node-1.pem");
    // Its own fault, and not that others can read it.
    fs::set_permissions(cluster.layout().pki().join("node-1.pem"), fs::Permissions::from_mode(0o640))?;
    for (format, with_file) in [("json", false), ("text", false), ("json", true)] {
        let mut text = text.replace("format = \"json\"", &format!("format = \"{format}\""));
        if !with_file {
            text = text.lines().filter(|line| !line.starts_with("file = ")).collect::<Vec<_>>().join("\n");
        }
        fs::write(&config, text)?;
        let finished = process::run(&mut cluster.node(1).command(), &cluster.layout().record())?;
        ensure!(finished.code == Some(2), "{:?}", finished.code);
        let said = finished.stderr.matches("holds no private key in PEM form").count();
        ensure!(said == 1, "{format}, log file {with_file}: said {said} times:\n{}", finished.stderr);
    }
    Ok(())
}

#[test]
fn a_cluster_is_not_formed_before_every_member_answers() -> Result<()> {
    let mut cluster = Cluster::prepare("missing", 3)?;
    for node in 1..=2 {
        cluster.node(node).start()?;
        cluster.node(node).wait_listening(PATIENCE)?;
    }
    let refused = cluster.init().err().context("it is formed without node 3")?.to_string();
    let address = cluster.node(3).peer_address.clone();
    ensure!(refused.contains(&format!("node 3 does not answer at {address}")), "{refused}");
    ensure!(cluster.node(1).http("/readyz")?.1.contains("NODE_EMPTY"), "nothing was changed");

    cluster.node(3).start()?;
    cluster.form()?;
    cluster.wait_ready()
}

/// Others go by what `cluster init` was given, whatever a node is configured with.
#[test]
fn a_node_that_others_are_told_another_address_of_says_so() -> Result<()> {
    let mut cluster = Cluster::prepare("elsewhere", 1)?;
    cluster.configure("client_advertise = \"db1.example.com:7680\"")?;
    cluster.start()?;
    let address = cluster.node(1).client_address.clone();
    let said = |cluster: &Cluster| -> Result<String> {
        let mut command = cluster.client();
        let finished = process::run(command.args(["cluster", "status"]), &cluster.layout().record())?;
        Ok(finished.stdout)
    };
    let status = said(&cluster)?;
    let differs = format!("{address} is recorded, and node.client_advertise stands for db1.example.com:7680");
    ensure!(status.contains("ADDRESS_DIFFERS") && status.contains(&differs), "{status}");
    let (code, body) = cluster.node(1).http("/readyz")?;
    ensure!(code == 200 && body.contains("warning: ADDRESS_DIFFERS"), "{code} {body}");
    wait::until("the log to say so", PATIENCE, || {
        ensure!(!lines(&mut cluster, 1, &differs).is_empty(), "not yet");
        Ok::<_, anyhow::Error>(())
    })?;

    cluster.node(1).stop(PATIENCE)?;
    let checked = cluster.check_config(1)?.stderr;
    ensure!(checked.contains("warning: node.data_dir: ") && checked.contains(&differs), "{checked}");
    cluster.configure("")?;
    let checked = cluster.check_config(1)?.stderr;
    ensure!(!checked.contains("is recorded, and"), "{checked}");
    cluster.node(1).start()?;
    cluster.wait_ready()?;
    let (status, (_, body)) = (said(&cluster)?, cluster.node(1).http("/readyz")?);
    ensure!(!status.contains("ADDRESS_DIFFERS") && !body.contains("ADDRESS_DIFFERS"), "{status}{body}");
    Ok(())
}

#[test]
fn a_certificate_that_ends_soon_is_said_before_it_does() -> Result<()> {
    let mut cluster = Cluster::prepare("ending", 1)?;
    let pki = cluster.layout().pki().display().to_string();
    let issue = |cluster: &Cluster, days: &str| -> Result<()> {
        let who = ["pki", "issue", "node", "--dir", &pki, "--id", "1", "--host", "127.0.0.1"];
        let issued = cluster.layout().aliasctl(&[&who[..], &["--days", days, "--replace"]].concat())?;
        ensure!(issued.code == Some(0), "{}", issued.stderr);
        Ok(())
    };
    issue(&cluster, "29")?;
    cluster.start()?;
    let (code, body) = cluster.node(1).http("/readyz")?;
    ensure!(code == 200 && body.contains("warning: CERTIFICATE_ENDS"), "{code} {body}");
    let mut command = cluster.client();
    let status = process::run(command.args(["cluster", "status"]), &cluster.layout().record())?;
    ensure!(status.stdout.contains("CERTIFICATE_ENDS"), "{}", status.stdout);
    wait::until("the log to say so", PATIENCE, || {
        ensure!(!lines(&mut cluster, 1, "end soon or have ended").is_empty(), "not yet");
        Ok::<_, anyhow::Error>(())
    })?;

    issue(&cluster, "31")?;
    cluster.node(1).reload()?;
    wait::until("the new one to be used", PATIENCE, || {
        let (code, body) = cluster.node(1).http("/readyz")?;
        ensure!(code == 200 && !body.contains("warning"), "{code} {body}");
        Ok::<_, anyhow::Error>(())
    })?;
    Ok(())
}

#[test]
fn the_members_are_listed_as_servers_with_their_addresses_and_whether_they_answer() -> Result<()> {
    let mut cluster = Cluster::running("servers", 3)?;
    let down = follower(&cluster)?;
    let expected = |down: Option<u64>| -> Vec<String> {
        let row = |node: &Node| {
            let health = if down == Some(node.id) { "Unavailable" } else { "Available" };
            format!("{},node-{},{},Enabled,{health}", node.id, node.id, node.client_address)
        };
        cluster.nodes.iter().map(row).collect()
    };
    let (all, without) = (expected(None), expected(Some(down)));
    let listed = |cluster: &Cluster, from: u64| -> Result<Vec<String>> {
        let node = cluster.nodes.iter().find(|node| node.id == from).context("a node of this cluster")?;
        let mut command = cluster.client();
        command.env("ALIASD_ENDPOINTS", &node.client_address).args(["exec", "--format", "csv"]);
        command.arg("SHOW SERVERS YIELD serverId, name, address, state, health");
        let finished = process::run(&mut command, &cluster.layout().record())?;
        ensure!(finished.code == Some(0), "{}", finished.stderr);
        Ok(finished.stdout.lines().skip(1).map(str::to_owned).collect())
    };
    let show = |cluster: &Cluster, wanted: &[String]| {
        for from in cluster.nodes.iter().filter(|node| node.is_started()).map(|node| node.id) {
            wait::until("each to list what is so", PATIENCE, || {
                let rows = listed(cluster, from)?;
                ensure!(rows == wanted, "node {from}: {rows:?}, and not {wanted:?}");
                Ok::<_, anyhow::Error>(())
            })?;
        }
        Ok::<_, anyhow::Error>(())
    };
    show(&cluster, &all)?;
    cluster.node(down).kill();
    show(&cluster, &without)
}

/// Whatever the umask is that it is started with.
#[test]
fn a_node_keeps_its_data_and_its_operators_token_to_itself() -> Result<()> {
    let mut cluster = Cluster::prepare("private", 1)?;
    cluster.node(1).start()?;
    cluster.node(1).wait_listening(PATIENCE)?;
    let (data, log) = (cluster.node(1).data.clone(), cluster.node(1).log.clone());
    let token = data.join("formation-token");
    ensure!(mode(&token)? == 0o600, "{:o}", mode(&token)?);
    let first = fs::read_to_string(&token)?;
    cluster.node(1).stop(PATIENCE)?;
    let said = cluster.node(1).said();
    ensure!(!said.contains("WARN") && !said.contains("ERROR"), "nothing went wrong: {said}");
    cluster.node(1).start()?;
    cluster.node(1).wait_listening(PATIENCE)?;
    ensure!(fs::read_to_string(&token)? != first, "a token is good for one start");

    cluster.form()?;
    cluster.wait_ready()?;
    wait::until("the token to go", PATIENCE, || {
        ensure!(!token.try_exists()?, "not yet");
        Ok::<_, anyhow::Error>(())
    })?;
    ensure!(mode(&data)? == 0o700, "{:o}", mode(&data)?);
    let mut places = vec![data, log];
    while let Some(place) = places.pop() {
        ensure!(mode(&place)? & 0o027 == 0, "{} has mode {:o}", place.display(), mode(&place)?);
        if place.is_dir() {
            places.extend(fs::read_dir(&place)?.map(|entry| entry.map(|it| it.path())).collect::<Result<Vec<_>, _>>()?);
        }
    }
    Ok(())
}

fn mode(path: &Path) -> Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o7777)
}

/// `aliasctl cluster transfer`, and whom it made the leader.
fn transfer(cluster: &Cluster, to: u64) -> Result<(serde_json::Value, String)> {
    let to = to.to_string();
    let told = cluster.admin().run(
        cluster,
        &cluster.endpoints(),
        &["cluster", "transfer", "--format", "json", "--to", &to],
    )?;
    ensure!(told.code == Some(0), "{}", told.stderr);
    Ok((serde_json::from_str(&told.stdout)?, told.stderr))
}

#[test]
fn who_leads_already_is_not_replaced_by_being_named() -> Result<()> {
    let cluster = Cluster::running("named", 3)?;
    let chosen = follower(&cluster)?;
    let (first, _) = transfer(&cluster, chosen)?;
    ensure!(first["leader"]["node_id"] == chosen && first["led_already"] == false, "{first}");
    let (again, said) = transfer(&cluster, chosen)?;
    ensure!(again["leader"]["node_id"] == chosen && again["led_already"] == true, "{again}");
    ensure!(again["term"] == first["term"], "nobody was elected: {first} {again}");
    ensure!(said.contains(&format!("Node {chosen} leads already")), "{said}");
    Ok(())
}
