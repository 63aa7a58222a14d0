//! Bob makes a user at B for those who come through the alias.

use anyhow::Result;

use super::{Characters, Narrator, REMOTE_PASSWORD};

pub(super) fn user(all: &Characters, narrator: &mut Narrator) -> Result<()> {
    narrator.does(&all.bob, &all.b, "CREATE ROLE remote")?;
    narrator.does(&all.bob, &all.b, &format!("CREATE USER alice SET PASSWORD '{REMOTE_PASSWORD}'"))?;
    narrator.does(&all.bob, &all.b, "GRANT MATCH {*} ON GRAPH neo4j TO remote")?;
    narrator.does(&all.bob, &all.b, "GRANT ROLE remote TO alice")?;
    narrator.remark("A password that an administrator sets must be changed at the first login. Nobody sits at the");
    narrator.remark("other end of an alias to do that, so Bob lifts it:");
    narrator.does(&all.bob, &all.b, "ALTER USER alice SET PASSWORD CHANGE NOT REQUIRED")?;
    let users = narrator.does(&all.bob, &all.b, "SHOW USERS YIELD user, roles, passwordChangeRequired, suspended")?;
    narrator.claim("B knows alice, with the role remote", users.contains("alice") && users.contains("remote"));
    Ok(())
}
