//! The alias is followed: by an instance of the DBMS for Carol, by Carol herself, and by Mallory, who may not.

use aliasd_client::{Destination, Freshness, Lookup, RemoteDatabase, Route, Secret};
use anyhow::{Context, Result, ensure};

use super::alias::shows_password;
use super::{ALIAS, Characters, Narrator, REMOTE_PASSWORD};
use crate::cluster::{Actor, Node};

/// The instance resolves on every member and logs in at B with what it got.
pub(super) async fn for_carol(all: &Characters, narrator: &mut Narrator) -> Result<()> {
    let mut opened = None;
    for node in &all.a.nodes {
        let asked = std::slice::from_ref(&node.client_address);
        let instance = all.instance.sdk(&all.a, asked)?;
        // Every write that was acknowledged before, whichever member this is.
        let lookup = Lookup::name(ALIAS).on_behalf_of("carol").with_credentials().freshness(Freshness::Linearizable);
        let before = resolves_counted(node)?;
        let route = instance.resolve(&lookup).await?;
        let answered_itself = resolves_counted(node)? > before;
        let (remote, password) = credential(&route)?;
        narrator.acts(
            &format!("Instance @ A, node {}", node.id),
            format!(
                "resolve {ALIAS} for carol → {}, password of {} characters",
                described(remote),
                password.expose().len()
            ),
        );
        let right = remote.url == all.b_url() && remote.user == "alice" && password.expose() == REMOTE_PASSWORD;
        narrator.claim(&format!("node {} answers itself, with the route and the opened credential", node.id), {
            right && answered_itself
        });
        let at_b = all.at_b(&remote.url, &remote.user, password)?;
        let known = at_b.who_am_i().await?;
        let taken_for = format!("B takes the instance for {}, with the roles {}", known.user, known.roles.join(", "));
        narrator.claim(&taken_for, known.user == "alice" && known.roles.iter().any(|role| role == "remote"));
        opened = Some((remote.user.clone(), password.clone()));
    }
    let (user, password) = opened.context("A has nodes")?;
    let alice_at_b = Actor::with_password("Instance, as alice,", &user, password.expose());
    let shown =
        narrator.does(&alice_at_b, &all.b, "SHOW USER PRIVILEGES YIELD access, action, graph, segment, role")?;
    narrator.claim("alice may match in neo4j at B", shown.contains("match") && shown.contains("neo4j"));
    Ok(())
}

/// Carol gets the route only; Mallory does not even learn that there is one.
pub(super) fn without_the_right(all: &Characters, narrator: &mut Narrator) -> Result<()> {
    let finished = narrator.runs(&all.carol, &all.a, &["resolve", ALIAS])?;
    let route = finished.stdout.contains(&all.b_url()) && finished.stdout.contains("alice");
    narrator.claim("Carol herself gets the route, without the password", route && !shows_password(&finished.stdout));

    let hidden = narrator.runs(&all.mallory, &all.a, &["resolve", ALIAS])?;
    let absent = narrator.runs(&all.mallory, &all.a, &["resolve", "no-such-name"])?;
    let with = |text: &str, name: &str| text.replace(name, "NAME");
    let alike = with(&hidden.stderr, ALIAS) == with(&absent.stderr, "no-such-name")
        && hidden.stdout == absent.stdout
        && hidden.code == absent.code;
    let refused = hidden.code == Some(1) && !hidden.stderr.is_empty();
    narrator.claim("but for the name, both answers are the same", alike && refused);
    Ok(())
}

/// What a route says without its password.
pub(super) fn described(remote: &RemoteDatabase) -> String {
    format!("{}, database {}, user {}", remote.url, remote.database, remote.user)
}

/// The remote end of a route, and its credential.
pub(super) fn credential(route: &Route) -> Result<(&RemoteDatabase, &Secret)> {
    let Destination::Remote(remote) = &route.destination else {
        anyhow::bail!("{} leads to a database of A itself", route.name);
    };
    Ok((remote, remote.password.as_ref().context("the route came without a credential")?))
}

/// How many names this node has resolved since its start.
fn resolves_counted(node: &Node) -> Result<u64> {
    let (status, metrics) = node.http("/metrics")?;
    ensure!(status == 200, "node {} answers {status} for its metrics", node.id);
    let line = metrics.lines().find(|line| line.starts_with("aliasd_resolves_total{code=\"OK\"}"));
    line.and_then(|line| line.split(' ').nth(1)).map_or(Ok(0), |count| Ok(count.parse()?))
}
