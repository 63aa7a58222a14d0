//! Taking log entries.

use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};

use aliasd_wire::peer::v1 as wire;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use openraft::raft::{AppendEntriesRequest, StreamAppendError};

use super::admission::PeerAdmission;
use super::stopped;
use crate::codec::{append_reply_to_wire, append_request_from_wire, log_id_from_wire};
use crate::core::Core;
use crate::links::{Incoming, LinkError, PeerRefusal};
use crate::runtime;
use crate::types::TypeConfig;

pub(super) fn append(
    core: &Arc<Core>,
    admission: PeerAdmission,
    requests: Incoming<wire::AppendRequest>,
) -> BoxStream<'static, Result<wire::AppendReply, PeerRefusal>> {
    let end = StreamEnd::default();
    let (listener, leader) = (Arc::clone(core), admission.peer);
    let requests = admitted(admission, requests, end.clone());
    let answers = runtime::enter(&core.runtime, || core.raft.stream_append(requests));
    let answers = answers.map(move |answer| {
        let answer = answer.map_err(|error| stopped(&error))?;
        // Whoever is told of a higher vote does not lead.
        if !matches!(answer, Err(StreamAppendError::HigherVote(_))) {
            listener.heard_of(leader);
        }
        Ok(append_reply_to_wire(&answer))
    });
    let refusal = futures::stream::once(async move { end.take() }).filter_map(ready).map(Err);
    // Read by whoever sends the answers, on a task of the transport.
    runtime::stream_within(&core.runtime, answers.chain(refusal)).boxed()
}

/// The requests that are admitted; the first that is not ends the stream.
fn admitted(
    admission: PeerAdmission,
    requests: Incoming<wire::AppendRequest>,
    end: StreamEnd,
) -> impl Stream<Item = AppendEntriesRequest<TypeConfig>> + Send + Unpin + 'static {
    let requests = requests.scan(end, move |end, request| {
        let (admission, end) = (admission.clone(), end.clone());
        async move { check(&admission, request).await.map_err(|refusal| end.set(refusal)).ok() }
    });
    requests.boxed()
}

async fn check(
    admission: &PeerAdmission,
    request: Result<wire::AppendRequest, LinkError>,
) -> Result<AppendEntriesRequest<TypeConfig>, PeerRefusal> {
    let mut request = request?;
    if !is_whole(&request) {
        return Err(PeerRefusal::Incomplete("an entry is not at the index behind the one before it"));
    }
    admission.admit(request.route.take()).await?;
    let vote = admission.admit_vote(request.vote)?;
    let lacks_entries = match request.acknowledged.map(log_id_from_wire) {
        Some(acknowledged) => admission.core.lacks(vote, acknowledged).await,
        None => false,
    };
    // To the leader that knows of it Raft answers that an entry is missing, so that it learns what this member is. From
    // another one it would take what it lacks, as if it had lost nothing.
    if !lacks_entries && admission.core.is_rolled_back() {
        return Err(PeerRefusal::RolledBack);
    }
    Ok(append_request_from_wire(request)?)
}

/// Whether each entry is at the index behind the one before it, and the first behind what the request begins after. Raft takes
/// that for granted; a hole in a log would never be noticed by it, and entries in it never be applied.
fn is_whole(request: &wire::AppendRequest) -> bool {
    let index = |id: Option<aliasd_wire::store::log::LogId>| id.map(|id| id.index);
    let first = index(request.previous).map_or(0, |previous| previous.saturating_add(1));
    request.entries.iter().zip(first..).all(|(entry, expected)| index(entry.log_id) == Some(expected))
}

/// Why a stream of requests ended early, told after the last answer.
#[derive(Clone, Default)]
struct StreamEnd(Arc<Mutex<Option<PeerRefusal>>>);

impl StreamEnd {
    fn set(&self, refusal: PeerRefusal) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
    }

    fn take(&self) -> Option<PeerRefusal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use aliasd_wire::store::log::{LogEntry, LogId};

    use super::*;

    #[test]
    fn entries_that_would_leave_a_hole_are_seen() {
        let id = |index| Some(LogId { term: 1, node_id: 1, index });
        let is_taken = |previous: Option<u64>, entries: &[u64]| {
            let entry = |index: &u64| LogEntry { log_id: id(*index), ..LogEntry::default() };
            let (previous, entries) = (previous.and_then(id), entries.iter().map(entry).collect());
            is_whole(&wire::AppendRequest { previous, entries, ..wire::AppendRequest::default() })
        };
        assert!(
            is_taken(None, &[])
                && is_taken(None, &[0, 1, 2])
                && is_taken(Some(54), &[])
                && is_taken(Some(54), &[55, 56])
        );
        assert!(!is_taken(Some(54), &[61, 62]), "the log was purged in between");
        assert!(!is_taken(Some(54), &[55, 57]) && !is_taken(Some(54), &[54]) && !is_taken(None, &[1]));
        let unnamed = wire::AppendRequest { entries: vec![LogEntry::default()], ..wire::AppendRequest::default() };
        assert!(!is_whole(&unnamed), "an entry without a place");
    }
}
