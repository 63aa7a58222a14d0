//! The alias becomes Carol's home database.

use aliasd_client::{Freshness, Lookup};
use anyhow::Result;

use super::resolving::{credential, described};
use super::{ALIAS, Characters, Narrator};

pub(super) async fn becomes_the_alias(all: &Characters, narrator: &mut Narrator) -> Result<()> {
    narrator.does(&all.alice, &all.a, &format!("ALTER USER carol SET HOME DATABASE `{ALIAS}`"))?;
    let instance = all.instance.sdk(&all.a, &all.a.endpoints())?;
    let lookup = Lookup::home().on_behalf_of("carol").with_credentials().freshness(Freshness::Linearizable);
    let route = instance.resolve(&lookup).await?;
    let (remote, password) = credential(&route)?;
    narrator.acts("Instance @ A", format!("resolve the home of carol → {}: {}", route.name, described(remote)));
    narrator.claim("home leads Carol to B", route.name == ALIAS && remote.url == all.b_url());
    let known = all.at_b(&remote.url, &remote.user, password)?.who_am_i().await?;
    narrator.claim("and B lets her in as alice", known.user == "alice");
    let finished = narrator.runs(&all.carol, &all.a, &["resolve", "--home"])?;
    narrator.claim("Carol sees the same, without the password", finished.stdout.contains(&all.b_url()));
    Ok(())
}
