//! Taking log entries.

use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};

use aliasd_wire::peer::v1 as wire;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use openraft::raft::AppendEntriesRequest;

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
    let requests = admitted(admission, requests, end.clone());
    let answers = runtime::enter(&core.runtime, || core.raft.stream_append(requests));
    let answers = answers.map(|answer| Ok(append_reply_to_wire(&answer.map_err(|error| stopped(&error))?)));
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
