//! A DBMS that keeps the privileges of a user current, on a cluster of three: at every revision it holds what a fresh answer
//! says.

use aliasd_client::Client;
use aliasd_client::messages::EffectivePrivilegesResponse;
use aliasd_tests::cluster::{Actor, Cluster, PATIENCE};
use anyhow::{Context, Result, ensure};
use tokio::time::timeout;

const SETUP: &[&str] = &[
    "CREATE DATABASE movies",
    "CREATE DATABASE books",
    "CREATE ALIAS lounge FOR DATABASE movies",
    "CREATE ROLE r",
    "CREATE USER carol SET PASSWORD 'carols-password' CHANGE NOT REQUIRED",
    // What a DBMS needs in order to ask, and nothing more.
    "CREATE ROLE asker",
    "GRANT SHOW USER ON DBMS TO asker",
    "GRANT SHOW PRIVILEGE ON DBMS TO asker",
    "CREATE USER dbms SET PASSWORD 'dbms-password' CHANGE NOT REQUIRED",
    "GRANT ROLE asker TO dbms",
];

/// What happens, and whether it changes what carol may do.
const SCRIPT: &[(&str, bool)] = &[
    ("GRANT ROLE r TO carol", true),
    ("GRANT ACCESS ON DATABASE movies TO r", true),
    ("GRANT ACCESS ON DATABASE movies TO r", false),
    ("DENY ACCESS ON DATABASE books TO r", true),
    ("GRANT MATCH {*} ON GRAPH movies NODES Person TO r", true),
    ("DENY READ {secret} ON GRAPH * FOR (n:Email) WHERE n.sealed = true TO r", true),
    ("REVOKE GRANT MATCH {*} ON GRAPH movies NODES Person FROM r", true),
    ("GRANT TRAVERSE ON HOME GRAPH TO PUBLIC", true),
    ("CREATE ROLE other", false),
    ("GRANT WRITE ON GRAPH movies TO other", false),
    ("CREATE ROLE copy AS COPY OF other", false),
    ("GRANT ROLE copy TO carol", true),
    ("RENAME ROLE copy TO replica", true),
    ("DROP ROLE replica", true),
    ("ALTER USER carol SET HOME DATABASE lounge", true),
    ("CREATE ALIAS elsewhere FOR DATABASE books", false),
    ("ALTER ALIAS lounge SET DATABASE TARGET books", true),
    ("DROP ALIAS lounge FOR DATABASE", true),
    ("CREATE ALIAS lounge FOR DATABASE n AT 'neo4j+s://b.example' OIDC CREDENTIAL FORWARDING", true),
    ("GRANT ACCESS ON DATABASE lounge TO r", true),
    ("CREATE OR REPLACE ALIAS lounge FOR DATABASE movies", true),
    ("DROP DATABASE movies CASCADE ALIASES", true),
    ("ALTER USER carol REMOVE HOME DATABASE", true),
    ("CALL dbms.setDefaultDatabase('books')", true),
    ("ALTER USER carol SET PASSWORD CHANGE REQUIRED", true),
    ("ALTER USER carol SET STATUS SUSPENDED", true),
    ("ALTER USER dbms SET HOME DATABASE books", false),
    ("REVOKE ROLE r FROM carol", true),
];

/// The same privileges, whenever they were asked for.
fn same(one: &EffectivePrivilegesResponse, other: &EffectivePrivilegesResponse) -> bool {
    EffectivePrivilegesResponse { served_at_revision: other.served_at_revision, ..one.clone() } == *other
}

async fn execute(client: &Client, statement: &str) -> Result<u64> {
    let executed = async { client.execute(statement).await?.collect().await };
    let (_, summary) = executed.await.with_context(|| statement.to_owned())?;
    Ok(summary.revision)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dbms_holds_at_every_revision_what_a_fresh_answer_says() -> Result<()> {
    let cluster = Cluster::running("privileges", 3)?;
    let endpoints = cluster.endpoints();
    let admin = cluster.admin().sdk(&cluster, &endpoints)?;
    for statement in SETUP {
        execute(&admin, statement).await?;
    }
    // Each consumer watches at another member.
    let mut consumers = Vec::new();
    for endpoint in &endpoints {
        let dbms = Actor::with_password("a DBMS", "dbms", "dbms-password");
        let mut watch = dbms.sdk(&cluster, std::slice::from_ref(endpoint))?.watch_privileges(Some("carol"));
        let held = timeout(PATIENCE, watch.next()).await.context("no first answer")??;
        consumers.push((watch, held));
    }
    for (statement, changes) in SCRIPT {
        let before = admin.effective_privileges(Some("carol")).await?;
        let revision = execute(&admin, statement).await?;
        let fresh = admin.effective_privileges(Some("carol")).await?;
        ensure!(fresh.served_at_revision >= revision, "the SDK reads its own writes");
        ensure!(same(&before, &fresh) != *changes, "{statement} changes what carol may do: {}", !changes);
        for (watch, held) in &mut consumers {
            if *changes {
                let next =
                    timeout(PATIENCE, watch.next()).await.with_context(|| format!("not told of: {statement}"))?;
                *held = next?;
                ensure!(held.served_at_revision >= revision, "{statement}: told of an older revision");
            }
            // Whatever was told without need would stand here in place of the next change.
            ensure!(same(held, &fresh), "after {statement}\nheld  {held:?}\nfresh {fresh:?}");
        }
    }
    Ok(())
}
