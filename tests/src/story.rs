//! The story of two DBMSs and a remote alias, on real processes, told while it happens.
//!
//! Everything that is printed was done by the built programs; every claim is checked, and a claim that
//! does not hold makes the story fail at its end. Statements go through `aliasctl`, so that they are
//! shown as their author would see them; the parts that live in a DBMS go through the SDK.

mod changes;
mod characters;
mod definition;
mod failover;
mod narrator;
mod refusals;

use std::path::PathBuf;

use anyhow::Result;

pub use characters::Characters;
pub use narrator::{Narrator, Summary};

/// The password of alice at B: what the whole story is about keeping.
pub const REMOTE_PASSWORD: &str = "secretpassword";

/// Tells the story in `directory` and leaves the clusters to the caller.
///
/// # Errors
/// Only what makes it impossible to go on; what is not as expected is in the summary.
pub async fn tell(directory: PathBuf, narrator: &mut Narrator) -> Result<Characters> {
    let mut characters = characters::introduce(&directory, narrator).await?;
    definition::remote_user(&characters, narrator)?;
    definition::alias(&characters, narrator)?;
    definition::resolving(&characters, narrator)?;
    definition::home(&characters, narrator)?;
    changes::guard(&characters, narrator).await?;
    failover::leader_killed(&mut characters, narrator).await?;
    refusals::mistakes(&characters, narrator)?;
    refusals::keystores(&characters, narrator)?;
    Ok(characters)
}
