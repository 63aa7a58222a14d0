//! What each version understands. An entry that a member cannot read would leave it behind for good, so none is proposed while
//! a member that answers says that it is too old for it.

use std::collections::BTreeSet;

use super::quorum::roll_call;
use crate::core::Core;
use crate::network::Peers;
use crate::types::NodeId;

/// What this version understands. Those before it say nothing, which is 0.
///
/// 1: changes of the members.
pub(crate) const LEVEL: u32 = 1;

/// Members cannot read what was to be proposed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("members {members:?} run an earlier version")]
pub struct TooOldError {
    /// Their node ids.
    pub members: BTreeSet<NodeId>,
}

/// Checks that every member that answers understands what this one does. One that does not answer is not waited for: it may
/// be the one that is to be replaced.
///
/// # Errors
/// The members that do not.
pub(crate) async fn check(core: &Core, peers: &Peers) -> Result<(), TooOldError> {
    let said = roll_call(core, peers).await;
    let members: BTreeSet<NodeId> = said.into_iter().filter(|(_, it)| it.level < LEVEL).map(|(id, _)| id).collect();
    if members.is_empty() { Ok(()) } else { Err(TooOldError { members }) }
}
