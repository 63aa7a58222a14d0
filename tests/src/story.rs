//! The story of two DBMSs and a remote alias, told while it happens on real processes.
//!
//! Everything that is printed was done by the built programs, and every claim is checked: a step with a claim
//! that does not hold is marked in the summary, and the story as a whole has failed. What people do goes
//! through `aliasctl` and is shown as they see it; what an instance of a DBMS does goes through the SDK.
//!
//! The passwords of the story stand in the narrated statements, because somebody types them, and nowhere
//! else: not in a file, a log, a metric or an answer. A step must never print one that was read back.

mod alias;
mod characters;
mod failover;
mod guard;
mod home;
mod narrator;
mod palette;
mod refusals;
mod remote;
mod resolving;
mod summary;

use std::path::Path;

use anyhow::Result;

pub use characters::Characters;
pub use narrator::Narrator;
pub use summary::StorySummary;

/// The password of alice at B: what the whole story is about keeping.
pub const REMOTE_PASSWORD: &str = "secretpassword";
/// The password of Carol, who uses the alias.
pub const CAROL_PASSWORD: &str = "carols-own-password";
/// The password of Dave, who administers aliases and nothing else.
pub const DAVE_PASSWORD: &str = "daves-own-password";
/// The password of Mallory, who may do nothing.
pub const MALLORY_PASSWORD: &str = "mallorys-own-password";

/// Every password of the story that a user of either catalog has, but for those of the two administrators, which
/// the clusters know. None may be found anywhere after the story.
pub const PASSWORDS: [&str; 4] = [REMOTE_PASSWORD, CAROL_PASSWORD, DAVE_PASSWORD, MALLORY_PASSWORD];

/// The name that everything is about.
const ALIAS: &str = "remote-neo4j";

/// Tells the story. Files of both clusters, logs and everything that was printed by a program end up below
/// `directory`; the clusters still run at the end.
///
/// # Errors
/// Something without which the story cannot go on. The step that it happened in is marked as broken, too.
/// What went on but not as expected is in the summary only.
pub async fn tell(directory: &Path, narrator: &mut Narrator) -> Result<Characters> {
    let result = go_through(directory, narrator).await;
    if let Err(error) = &result {
        narrator.breaks_off(error);
    }
    result
}

async fn go_through(directory: &Path, narrator: &mut Narrator) -> Result<Characters> {
    narrator.step("Two DBMSs: A with a catalog on three nodes, B with a catalog on one");
    let mut all = characters::introduce(directory, narrator)?;
    narrator.step("Bob, who runs B, lets a user in from elsewhere");
    remote::user(&all, narrator)?;
    narrator.step("Alice, who runs A, defines the alias, at a node that does not lead");
    alias::define(&all, narrator)?;
    narrator.step("An instance of A follows the alias for Carol, on each of the three members");
    resolving::for_carol(&all, narrator).await?;
    resolving::without_the_right(&all, narrator)?;
    narrator.step("The alias becomes Carol's home");
    home::becomes_the_alias(&all, narrator).await?;
    narrator.step("A transaction is guarded while Alice alters the alias");
    guard::fires(&all, narrator).await?;
    narrator.step("The leader is killed");
    failover::leader_killed(&mut all, narrator).await?;
    narrator.step("What is refused, and how it is said");
    refusals::statements(&all, narrator)?;
    refusals::keystores(directory, narrator)?;
    Ok(all)
}
