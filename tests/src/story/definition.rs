//! Chapters about defining the alias and following it.

use anyhow::{Context, Result};
use serde_json::Value;

use super::characters::{Characters, INSTANCE};
use super::{Narrator, REMOTE_PASSWORD};
use crate::cluster::{Actor, Cluster};

/// The name that everything is about.
pub const ALIAS: &str = "remote-neo4j";

/// Bob makes a user at B for those who come through the alias.
pub fn remote_user(all: &Characters, narrator: &mut Narrator) -> Result<()> {
    narrator.chapter("Bob lets a remote user into B");
    let statements = [
        "CREATE ROLE remote".to_owned(),
        format!("CREATE USER alice SET PASSWORD '{REMOTE_PASSWORD}'"),
        "GRANT MATCH {*} ON GRAPH neo4j TO remote".to_owned(),
        "GRANT ROLE remote TO alice".to_owned(),
        // Nobody will sit at the other end to choose a new one.
        "ALTER USER alice SET PASSWORD CHANGE NOT REQUIRED".to_owned(),
    ];
    for statement in statements {
        narrator.does(&all.bob, &all.b, &statement)?;
    }
    Ok(())
}

/// Alice defines the alias on a follower and lets people use it.
pub fn alias(all: &Characters, narrator: &mut Narrator) -> Result<()> {
    narrator.chapter("Alice defines the alias on A, at a node that does not lead");
    let follower = follower(&all.a)?;
    let location = &all.b.nodes[0].client_address;
    let statement = format!(
        "CREATE ALIAS `{ALIAS}` FOR DATABASE `neo4j` AT \"neo4j+s://{location}\" USER alice PASSWORD '{REMOTE_PASSWORD}'"
    );
    let finished = narrator.says(&all.alice, &all.a, &[follower], &statement)?;
    narrator.claim("a follower takes the statement and has the leader do it", finished.code == Some(0));
    let instance = format!("CREATE USER instance SET AUTH 'mtls' {{SET ID '{INSTANCE}'}}");
    let statements = [
        "CREATE ROLE analyst",
        "GRANT ACCESS ON DATABASE `remote-neo4j` TO analyst",
        "CREATE USER carol SET PASSWORD 'carols own password' CHANGE NOT REQUIRED",
        "GRANT ROLE analyst TO carol",
        "CREATE ROLE aliasadmin",
        "GRANT ALIAS MANAGEMENT ON DBMS TO aliasadmin",
        "CREATE USER dave SET PASSWORD 'daves own password' CHANGE NOT REQUIRED",
        "GRANT ROLE aliasadmin TO dave",
        "CREATE USER mallory SET PASSWORD 'mallorys own password' CHANGE NOT REQUIRED",
        "CREATE ROLE dbms",
        "GRANT RESOLVE ALIAS ON DBMS TO dbms",
        "GRANT IMPERSONATE (*) ON DBMS TO dbms",
        &instance,
        "GRANT ROLE dbms TO instance",
        "SHOW ALIASES FOR DATABASE",
    ];
    for statement in statements {
        narrator.does(&all.alice, &all.a, statement)?;
    }
    Ok(())
}

/// The instance resolves for carol on every member and logs in at B; Carol and Mallory try themselves.
pub fn resolving(all: &Characters, narrator: &mut Narrator) -> Result<()> {
    narrator.chapter("An instance of A follows the alias for Carol, on each of the three members");
    for node in &all.a.nodes {
        let asked = std::slice::from_ref(&node.client_address);
        let arguments = ["resolve", ALIAS, "--as", "carol", "--show-credentials", "--format", "json"];
        let finished = all.instance.run(&all.a, asked, &arguments)?;
        let route: Value = serde_json::from_str(&finished.stdout).unwrap_or_default();
        let (user, password) = (&route["user"], &route["password"]);
        narrator.remark(&format!("node {}: {} as {user}, password {} characters", node.id, route["url"], length(password)));
        narrator.claim(
            &format!("node {} gives the route and the credential", node.id),
            *user == "alice" && *password == REMOTE_PASSWORD,
        );
        let Some(password) = password.as_str() else { continue };
        let at_b = Actor::with_password("The instance, as alice,", "alice", password);
        let shown = narrator.does(&at_b, &all.b, "SHOW USER PRIVILEGES YIELD access, action, graph, role")?;
        narrator.claim("B knows alice by it", shown.contains("match"));
    }

    narrator.remark("Carol herself asks:");
    let arguments = ["resolve", ALIAS, "--format", "json"];
    let finished = all.carol.run(&all.a, &all.a.endpoints(), &arguments)?;
    narrator.show(&finished);
    let route: Value = serde_json::from_str(&finished.stdout).unwrap_or_default();
    narrator.claim("Carol gets the route without the password", route["user"] == "alice" && route["password"].is_null());

    narrator.remark("Mallory, who has no ACCESS, asks for the alias and for a name that does not exist:");
    let arguments = |name| ["resolve", name];
    let hidden = all.mallory.run(&all.a, &all.a.endpoints(), &arguments(ALIAS))?;
    narrator.show(&hidden);
    let absent = all.mallory.run(&all.a, &all.a.endpoints(), &arguments("no-such-name"))?;
    narrator.show(&absent);
    let alike = hidden.stderr.replace(ALIAS, "NAME") == absent.stderr.replace("no-such-name", "NAME");
    narrator.claim("both answers are the same", alike && hidden.code == absent.code && hidden.code != Some(0));
    Ok(())
}

/// The alias becomes Carol's home.
pub fn home(all: &Characters, narrator: &mut Narrator) -> Result<()> {
    narrator.chapter("The alias becomes Carol's home database");
    narrator.does(&all.alice, &all.a, &format!("ALTER USER carol SET HOME DATABASE `{ALIAS}`"))?;
    let arguments = ["resolve", "--home", "--as", "carol", "--format", "json"];
    let finished = all.instance.run(&all.a, &all.a.endpoints(), &arguments)?;
    let route: Value = serde_json::from_str(&finished.stdout).unwrap_or_default();
    narrator.remark(&format!("home of carol: {} at {}", route["name"], route["url"]));
    let at_b = format!("neo4j+s://{}", all.b.nodes[0].client_address);
    narrator.claim("home leads Carol to B", route["url"] == at_b);
    Ok(())
}

/// The address of a node that does not lead.
fn follower(cluster: &Cluster) -> Result<String> {
    for node in &cluster.nodes {
        let status = cluster.status(node)?;
        if status.leader_id.is_some_and(|leader| leader != node.id) {
            return Ok(node.client_address.clone());
        }
    }
    None.context("three nodes, and none of them follows a leader")
}

fn length(text: &Value) -> usize {
    text.as_str().map_or(0, str::len)
}
