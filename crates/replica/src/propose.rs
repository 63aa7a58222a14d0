//! Proposing an entry: here, at the leader, or for another member.
//!
//! Only sealed entries cross between members. An entry is handed on once: whoever gets it leads, or says that it does
//! not. The answer to what took effect is the revision alone, since the outcome is a record of the catalog that every
//! member applies; a rejection is sent as it is, since some leave no record.

use std::time::{Duration, UNIX_EPOCH};

use aliasd_catalog::{
    Command, Entry, MemberStep, OpenCommand, Outcome, Principal, Rejection, RequestId, Revision, Timestamp, error_chain,
};
use aliasd_runtime::Runtime;
use aliasd_wire::peer::v1 as wire;
use aliasd_wire::peer::v1::propose_reply::Result as Answer;
use openraft::errors::{ClientWriteError, RaftError};

use crate::core::Core;
use crate::error::{ProposeError, UnstorableError};
use crate::links::LinkError;
use crate::network::{CallError, Peers};
use crate::types::Proposal;

/// An encoded entry may be this long; anything larger would hold up replication.
pub(crate) const ENTRY_BYTES_MAX: usize = 1024 * 1024;
/// How long the leader follows an entry that was handed to it. The sender has a deadline of its own.
const FOLLOWED_FOR: Duration = Duration::from_secs(30);

/// Encodes an entry, unless it is too large.
pub(crate) fn encode(entry: Entry) -> Result<Proposal, ProposeError> {
    let proposal = Proposal::new(entry)?;
    let bytes = proposal.encoded().len();
    if bytes > ENTRY_BYTES_MAX {
        return Err(ProposeError::Unstorable(UnstorableError::TooLarge { bytes, limit: ENTRY_BYTES_MAX }));
    }
    Ok(proposal)
}

/// Proposes on this node and waits until it has applied the entry.
pub(crate) async fn propose_here(
    core: &Core,
    proposal: Proposal,
    timeout: Duration,
) -> Result<(Revision, Outcome), ProposeError> {
    let unknown = |reason: String| Err(ProposeError::OutcomeUnknown { reason });
    let written = core.within(core.raft.client_write(proposal));
    match core.runtime.timeout(timeout, written).await {
        Err(_) => unknown(format!("no answer within {timeout:?}")),
        // A repeated request took effect at the revision of the first, not where this entry stands.
        Ok(Ok(written)) => Ok(written.data.expect("a catalog entry has an outcome")),
        Ok(Err(RaftError::APIError(ClientWriteError::ForwardToLeader(to)))) => {
            Err(to.leader_id.map_or(ProposeError::Unavailable, |leader| ProposeError::ForwardToLeader { leader }))
        }
        Ok(Err(RaftError::APIError(error))) => unknown(error.to_string()),
        Ok(Err(RaftError::Fatal(error))) => unknown(format!("this node stopped meanwhile: {error}")),
    }
}

/// Hands an entry to the leader that this member knows, and waits until this member has applied it too.
pub(crate) async fn forward(
    core: &Core,
    peers: &Peers,
    entry: Entry,
    timeout: Duration,
) -> Result<(Revision, Outcome), ProposeError> {
    // To one that has not been heard of nothing is sent: what it would make of that, nobody could tell.
    let (leader, member) = core.leader().ok_or(ProposeError::Unavailable)?;
    let request = entry.request;
    let proposal = Proposal::new(entry)?;
    let unknown = |reason: String| ProposeError::OutcomeUnknown { reason };
    let answer = peers.propose(leader, &member.peer_address, &proposal, timeout).await;
    let answer = answer.map_err(|error| match error {
        // Whoever is taken for the leader is gone: nothing was sent, so that nothing can have happened.
        CallError::Link(LinkError::Unreachable(reason)) => {
            tracing::debug!(leader, reason, "the leader cannot be reached");
            ProposeError::Unavailable
        }
        error => unknown(format!("node {leader}: {}", error_chain(&error))),
    })?;
    let (revision, rejection) = match answer {
        Some(Answer::Revision(revision)) => (Revision(revision), None),
        Some(Answer::Rejected(wire::Rejected { revision, code, values })) => {
            let rejection = Rejection::from_parts(&code, &values);
            let rejection = rejection.ok_or_else(|| unknown(format!("node {leader} refused it with '{code}'")))?;
            (Revision(revision), Some(rejection))
        }
        Some(Answer::NotLeader(wire::NotLeader { leader: Some(leader) })) => {
            return Err(ProposeError::ForwardToLeader { leader });
        }
        Some(Answer::NotLeader(_) | Answer::NotServing(_)) => return Err(ProposeError::Unavailable),
        Some(Answer::OutcomeUnknown(wire::OutcomeUnknown { reason })) => return Err(unknown(reason)),
        None => return Err(unknown(format!("node {leader} gave an empty answer"))),
    };
    // The entry took effect; only the answer is missing if this member lags.
    if !core.feed.wait_applied(&*core.runtime, revision, timeout).await {
        let reached = core.feed.view().revision;
        return Err(unknown(format!("this node did not reach revision {revision} in time; it is at {reached}")));
    }
    if let Some(rejection) = rejection {
        return Ok((revision, Err(rejection)));
    }
    let view = core.feed.view();
    let recorded = view.catalog.recorded_request(&request);
    let recorded = recorded.ok_or_else(|| unknown("its outcome is no longer recorded".to_owned()))?;
    Ok((recorded.applied.revision, recorded.outcome.clone()))
}

/// Says in the name of the cluster what came of a change of the members. Only a leader does, of its own accord.
pub(crate) async fn propose_as_cluster(
    core: &Core,
    step: MemberStep,
    timeout: Duration,
) -> Result<(Revision, Outcome), ProposeError> {
    let mut request = [0; 16];
    let (first, second) = request.split_at_mut(8);
    first.copy_from_slice(&core.runtime.random().to_be_bytes());
    second.copy_from_slice(&core.runtime.random().to_be_bytes());
    let entry = Entry {
        request: RequestId(request),
        actor: Principal::System,
        issued_at: timestamp(&*core.runtime),
        command: Command::Open(OpenCommand::ChangeMembers(step)),
        origin: None,
    };
    propose_here(core, encode(entry)?, timeout).await
}

/// The time of day, as entries have it.
pub(crate) fn timestamp(runtime: &dyn Runtime) -> Timestamp {
    let since = runtime.time_of_day().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Proposes an entry that another member handed over.
pub(crate) async fn propose_for_member(core: &Core, proposal: Proposal) -> Answer {
    let proposed = match core.serving() {
        Ok(()) => propose_here(core, proposal, FOLLOWED_FOR).await,
        Err(reason) => Err(reason.into()),
    };
    match proposed {
        Ok((revision, Ok(_))) => Answer::Revision(revision.0),
        Ok((revision, Err(rejection))) => Answer::Rejected(wire::Rejected {
            revision: revision.0,
            code: rejection.code().code.to_owned(),
            values: rejection.values(),
        }),
        Err(ProposeError::ForwardToLeader { leader }) => Answer::NotLeader(wire::NotLeader { leader: Some(leader) }),
        Err(ProposeError::Unavailable) => Answer::NotLeader(wire::NotLeader { leader: None }),
        Err(ProposeError::Fatal(error)) => Answer::NotServing(wire::NotServing { reason: error_chain(&error) }),
        Err(error @ (ProposeError::OutcomeUnknown { .. } | ProposeError::Unstorable(_))) => {
            Answer::OutcomeUnknown(wire::OutcomeUnknown { reason: error_chain(&error) })
        }
    }
}
