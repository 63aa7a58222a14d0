//! Whether a log and a catalog belong together.
//!
//! Each is whole in itself by the time it is asked. A catalog may lag: the log brings it up. It may be ahead only where a
//! snapshot has just been installed. Anything else is a copy of another time, or the half of one.

use std::path::Path;

use openraft::storage::{LogState, RaftLogReader, RaftLogStorage};

use crate::error::StartError;
use crate::fault::StorageFault;
use crate::log::end::LogEnd;
use crate::log::position;
use crate::machine::Machine;
use crate::types::{LogEntry, LogId, TypeConfig};

/// Checks that the log in `place` continues the catalog.
pub(crate) async fn check<L>(place: &Path, log: &mut L, machine: &Machine) -> Result<(), StartError>
where
    L: RaftLogStorage<TypeConfig>,
{
    let LogState { last_purged_log_id: purged, last_log_id: last } =
        log.get_log_state().await.map_err(StartError::raft)?;
    let mut reader = log.get_log_reader().await;
    let vote = reader.read_vote().await.map_err(StartError::raft)?;
    let Some(common) = common(place, &LogEnd { vote, last, purged }, machine.last_applied(), machine.is_in_log())?
    else {
        return Ok(());
    };
    let found = reader.try_get_log_entries(common.index..=common.index).await.map_err(StartError::raft)?;
    Ok(meet(place, common, found.first())?)
}

/// Checks that a log with this end can continue a catalog that has applied so much, which the log must reach, too, if
/// `is_in_log` says so. Gives the entry that both must have.
pub(crate) fn common(
    place: &Path,
    end: &LogEnd,
    applied: Option<LogId>,
    is_in_log: bool,
) -> Result<Option<LogId>, StorageFault> {
    let LogEnd { vote, last, purged } = *end;
    if purged > applied {
        let (begins, ends) = (position(purged.as_ref()), position(applied.as_ref()));
        let finding = format!("it ends at {ends}, while the log beside it begins behind {begins}: it is an older copy");
        return Err(StorageFault::damaged(&place.with_file_name("catalog"), finding));
    }
    let Some(applied) = applied else { return Ok(None) };
    if last.is_none() && vote.is_none() {
        // Voting again without the old votes could elect two leaders in one term.
        return Err(StorageFault::damaged(place, "it is empty, while the catalog beside it is not"));
    }
    if last.is_none_or(|last| last.index < applied.index) {
        if !is_in_log {
            return Ok(None);
        }
        let last = position(last.as_ref());
        let finding = format!("the log ends at {last}, while the catalog beside it has applied entry {applied}");
        return Err(StorageFault::damaged(place, finding));
    }
    Ok(Some(applied).filter(|applied| purged.is_none_or(|purged| purged.index < applied.index)))
}

/// Checks that the log has the entry that the catalog has applied.
pub(crate) fn meet(place: &Path, applied: LogId, found: Option<&LogEntry>) -> Result<(), StorageFault> {
    let found = found.map(|entry| &entry.log_id);
    if found == Some(&applied) {
        return Ok(());
    }
    let found = position(found);
    let finding = format!("the log has {found} where the catalog beside it has applied entry {applied}");
    Err(StorageFault::damaged(place, finding))
}
