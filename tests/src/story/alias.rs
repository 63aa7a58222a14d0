//! Alice defines the alias and says who may do what with it.

use anyhow::{Context, Result};

use super::characters::INSTANCE;
use super::{ALIAS, CAROL_PASSWORD, Characters, DAVE_PASSWORD, MALLORY_PASSWORD, Narrator, REMOTE_PASSWORD};
use crate::cluster::Cluster;

pub(super) fn define(all: &Characters, narrator: &mut Narrator) -> Result<()> {
    create(all, narrator)?;
    narrator.remark("Carol may use the alias:");
    let people = [
        "CREATE ROLE analyst".to_owned(),
        format!("GRANT ACCESS ON DATABASE `{ALIAS}` TO analyst"),
        format!("CREATE USER carol SET PASSWORD '{CAROL_PASSWORD}' CHANGE NOT REQUIRED"),
        "GRANT ROLE analyst TO carol".to_owned(),
    ];
    run(all, narrator, &people)?;
    narrator.remark("Dave administers aliases and nothing else; Mallory gets nothing at all:");
    let others = [
        "CREATE ROLE aliasadmin".to_owned(),
        "GRANT ALIAS MANAGEMENT ON DBMS TO aliasadmin".to_owned(),
        format!("CREATE USER dave SET PASSWORD '{DAVE_PASSWORD}' CHANGE NOT REQUIRED"),
        "GRANT ROLE aliasadmin TO dave".to_owned(),
        format!("CREATE USER mallory SET PASSWORD '{MALLORY_PASSWORD}' CHANGE NOT REQUIRED"),
    ];
    run(all, narrator, &others)?;
    narrator.remark("An instance of the DBMS proves itself by certificate. It may open credentials, for any user:");
    let instance = [
        "CREATE ROLE dbms".to_owned(),
        "GRANT RESOLVE ALIAS ON DBMS TO dbms".to_owned(),
        "GRANT IMPERSONATE (*) ON DBMS TO dbms".to_owned(),
        format!("CREATE USER instance SET AUTH 'mtls' {{SET ID '{INSTANCE}'}}"),
        "GRANT ROLE dbms TO instance".to_owned(),
    ];
    run(all, narrator, &instance)?;
    let shown = narrator.does(&all.dave, &all.a, "SHOW ALIASES FOR DATABASE")?;
    let as_created = shown.contains(ALIAS) && shown.contains(&all.b_url());
    narrator.claim("Dave sees the alias as it was created, and no password", as_created && !shows_password(&shown));
    Ok(())
}

fn create(all: &Characters, narrator: &mut Narrator) -> Result<()> {
    let (follower, id) = follower(&all.a)?;
    narrator.remark(format!("Node {id} follows. Alice talks to it alone."));
    let url = all.b_url();
    let statement =
        format!("CREATE ALIAS `{ALIAS}` FOR DATABASE `neo4j` AT \"{url}\" USER alice PASSWORD '{REMOTE_PASSWORD}'");
    let finished = narrator.says(&all.alice, &all.a, &[follower], &statement)?;
    narrator.claim("the follower sees to it that the leader writes it", finished.code == Some(0));
    Ok(())
}

fn run(all: &Characters, narrator: &mut Narrator, statements: &[String]) -> Result<()> {
    statements.iter().try_for_each(|statement| narrator.does(&all.alice, &all.a, statement).map(drop))
}

/// Address and id of a node that does not lead.
fn follower(cluster: &Cluster) -> Result<(String, u64)> {
    for node in &cluster.nodes {
        let status = cluster.status(node)?;
        if status.leader_id.is_some_and(|leader| leader != node.id) {
            return Ok((node.client_address.clone(), node.id));
        }
    }
    None.context("three nodes, and none of them follows a leader")
}

pub(super) fn shows_password(text: &str) -> bool {
    super::PASSWORDS.iter().any(|password| text.contains(password))
}
