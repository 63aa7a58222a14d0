//! The file with the token that proves an operator to a node without a cluster. It is in the data directory, which only the
//! node's own user and the superuser can read, is written anew by each start, and goes once there is a cluster. The token
//! is in no log.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aliasd_replica::Replica;
use aliasd_runtime::Runtime;
use aliasd_service::FormationToken;

/// The name of the file below `node.data_dir`.
const FILE: &str = "formation-token";

/// Draws a token and writes it down, if the replica belongs to no cluster, and sees to it that the file goes when it does.
/// Removes what an earlier start left, if there is a cluster, or one that the node was told to join.
///
/// # Errors
/// The file cannot be written or removed.
pub(crate) fn token(replica: &Replica, runtime: &dyn Runtime, data_dir: &Path) -> io::Result<Option<FormationToken>> {
    let path = data_dir.join(FILE);
    if replica.view().catalog.meta().is_some() || replica.joins().is_some() {
        return remove(&path).map(|()| None);
    }
    let (token, text) = FormationToken::draw(runtime);
    let new = path.with_extension("new");
    remove(&new)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    writeln!(file, "{}", text.expose())?;
    fs::rename(&new, &path)?;
    tracing::info!(file = %path.display(), "the node belongs to no cluster; the file proves who may form one");
    runtime.spawn(Box::pin(remove_when_formed(replica.clone(), path)));
    Ok(Some(token))
}

async fn remove_when_formed(replica: Replica, path: PathBuf) {
    // From before the first look on, so that nothing happens between the look and the wait.
    let Ok(mut updates) = replica.subscribe(None) else { return };
    while replica.view().catalog.meta().is_none() {
        if updates.next().await.is_err() {
            return;
        }
    }
    if let Err(error) = remove(&path) {
        tracing::warn!(file = %path.display(), %error, "the formation token cannot be removed; it is good for nothing any more");
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
