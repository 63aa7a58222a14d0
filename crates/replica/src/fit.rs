//! Whether a log and a catalog belong together.
//!
//! Each is whole in itself by the time it is asked. A catalog may lag: the log brings it up. It may be ahead only where a
//! snapshot has just been installed. Anything else is a copy of another time, or the half of one.

use std::path::Path;

use openraft::storage::{LogState, RaftLogReader, RaftLogStorage};

use crate::error::StartError;
use crate::fault::StorageFault;
use crate::log::position;
use crate::machine::Machine;
use crate::types::TypeConfig;

/// Checks that the log in `place` continues the catalog.
pub(crate) async fn check<L>(place: &Path, log: &mut L, machine: &Machine) -> Result<(), StartError>
where
    L: RaftLogStorage<TypeConfig>,
{
    let LogState { last_purged_log_id: purged, last_log_id: last } =
        log.get_log_state().await.map_err(StartError::raft)?;
    let mut reader = log.get_log_reader().await;
    let has_voted = reader.read_vote().await.map_err(StartError::raft)?.is_some();
    let applied = machine.last_applied();
    let damaged = |finding: String| Err(StorageFault::damaged(place, finding).into());

    if purged > applied {
        let (begins, ends) = (position(purged.as_ref()), position(applied.as_ref()));
        let finding = format!("it ends at {ends}, while the log beside it begins behind {begins}: it is an older copy");
        return Err(StorageFault::damaged(&place.with_file_name("catalog"), finding).into());
    }
    let Some(applied) = applied else { return Ok(()) };
    if last.is_none() && !has_voted {
        // Voting again without the old votes could elect two leaders in one term.
        return damaged("it is empty, while the catalog beside it is not".to_owned());
    }
    if last.is_none_or(|last| last.index < applied.index) {
        return if machine.is_in_log() {
            let last = position(last.as_ref());
            damaged(format!("the log ends at {last}, while the catalog beside it has applied entry {applied}"))
        } else {
            Ok(())
        };
    }
    if purged.is_some_and(|purged| purged.index >= applied.index) {
        return Ok(());
    }
    let found = reader.try_get_log_entries(applied.index..=applied.index).await.map_err(StartError::raft)?;
    match found.first() {
        Some(entry) if entry.log_id == applied => Ok(()),
        found => {
            let found = position(found.map(|entry| &entry.log_id));
            damaged(format!("the log has {found} where the catalog beside it has applied entry {applied}"))
        }
    }
}
