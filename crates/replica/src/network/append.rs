//! Replication: one stream of appends, answered in order, with many under way at once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aliasd_wire::peer::v1 as wire;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use openraft::RPCTypes;
use openraft::errors::RPCError;
use openraft::network::{NetStreamAppend, RPCOption};
use openraft::raft::{AppendEntriesRequest, StreamAppendError, StreamAppendResult};
use tokio::time::Instant;

use super::{CallError, Lane, Network, within};
use crate::codec::{self, Malformed, log_id_from_wire, log_id_to_wire, vote_from_wire, vote_to_wire};
use crate::types::TypeConfig;

/// What arrives: answers, or the error that ends them.
type Answer = Result<StreamAppendResult<TypeConfig>, RPCError<TypeConfig>>;
type Answers<'s> = BoxStream<'s, Answer>;

/// When the unanswered requests were sent, oldest first.
#[derive(Clone, Default)]
struct Unanswered(Arc<Mutex<VecDeque<Instant>>>);

impl Unanswered {
    fn sent(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(Instant::now());
    }

    fn answered(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    }

    fn overdue(&self, timeout: Duration) -> bool {
        let sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sent.front().is_some_and(|oldest| oldest.elapsed() >= timeout)
    }
}

impl NetStreamAppend<TypeConfig> for Network {
    fn stream_append<'s, S>(
        &'s mut self,
        input: S,
        option: RPCOption,
    ) -> futures::future::BoxFuture<'s, Result<Answers<'s>, RPCError<TypeConfig>>>
    where
        S: Stream<Item = AppendEntriesRequest<TypeConfig>> + Send + Unpin + 'static,
    {
        // openraft bounds a heartbeat itself. It gives data the same short time, which a slow disk at the other end
        // would miss all the time; there the time is our own.
        let timeout = match self.lane {
            Lane::Control => option.soft_ttl(),
            Lane::Data | Lane::Snapshot => self.append_timeout.max(option.soft_ttl()),
        };
        Box::pin(async move {
            let unanswered = Unanswered::default();
            let (route, sent) = (self.route(), unanswered.clone());
            let requests = input.map(move |request| {
                sent.sent();
                request_to_wire(route, &request)
            });
            let open = async { within(timeout, self.client(self.lane)?.append(requests)).await };
            let replies = open.await.map_err(|error| self.rpc_error(RPCTypes::AppendEntries, &error))?;
            let network: &Network = self;
            let answers = futures::stream::unfold(Some(replies), move |replies| {
                let unanswered = unanswered.clone();
                async move {
                    let mut replies = replies?;
                    let answer = next_answer(&mut replies, &unanswered, timeout).await?;
                    let answer = answer.map_err(|error| network.rpc_error(RPCTypes::AppendEntries, &error));
                    let goes_on = matches!(answer, Ok(Ok(_)));
                    Some((answer, goes_on.then_some(replies)))
                }
            });
            Ok(answers.boxed())
        })
    }
}

/// The next answer; `None` at the end of the stream.
async fn next_answer(
    replies: &mut tonic::Streaming<wire::AppendReply>,
    unanswered: &Unanswered,
    timeout: Duration,
) -> Option<Result<StreamAppendResult<TypeConfig>, CallError>> {
    loop {
        // An idle stream may be silent for long; only an unanswered request makes silence an error.
        match tokio::time::timeout(timeout, replies.message()).await {
            Ok(Ok(Some(reply))) => {
                unanswered.answered();
                return Some(reply_from_wire(reply).map_err(CallError::Answer));
            }
            Ok(Ok(None)) => return None,
            Ok(Err(status)) => return Some(Err(CallError::Status(status))),
            Err(_) if unanswered.overdue(timeout) => return Some(Err(CallError::Timeout(timeout))),
            Err(_) => {}
        }
    }
}

fn request_to_wire(route: Option<wire::Route>, request: &AppendEntriesRequest<TypeConfig>) -> wire::AppendRequest {
    wire::AppendRequest {
        route,
        vote: Some(vote_to_wire(&request.vote)),
        previous: request.prev_log_id.as_ref().map(log_id_to_wire),
        entries: request.entries.iter().map(codec::log_entry_to_wire).collect(),
        leader_commit: request.leader_commit.as_ref().map(log_id_to_wire),
    }
}

pub(crate) fn request_from_wire(request: wire::AppendRequest) -> Result<AppendEntriesRequest<TypeConfig>, Malformed> {
    Ok(AppendEntriesRequest {
        vote: vote_from_wire(request.vote)?,
        prev_log_id: request.previous.map(log_id_from_wire),
        entries: request.entries.into_iter().map(codec::log_entry_from_wire).collect::<Result<_, _>>()?,
        leader_commit: request.leader_commit.map(log_id_from_wire),
    })
}

pub(crate) fn reply_to_wire(result: &StreamAppendResult<TypeConfig>) -> wire::AppendReply {
    use wire::append_reply::Result as Reply;
    let result = match result {
        Ok(matched) => Reply::Matched(wire::Matched { log_id: matched.as_ref().map(log_id_to_wire) }),
        Err(StreamAppendError::Conflict(at)) => Reply::Conflict(log_id_to_wire(at)),
        Err(StreamAppendError::HigherVote(vote)) => Reply::HigherVote(vote_to_wire(vote)),
    };
    wire::AppendReply { result: Some(result) }
}

fn reply_from_wire(reply: wire::AppendReply) -> Result<StreamAppendResult<TypeConfig>, Malformed> {
    use wire::append_reply::Result as Reply;
    Ok(match reply.result.ok_or_else(|| Malformed::content("answer", "it is empty"))? {
        Reply::Matched(matched) => Ok(matched.log_id.map(log_id_from_wire)),
        Reply::Conflict(at) => Err(StreamAppendError::Conflict(log_id_from_wire(at))),
        Reply::HigherVote(vote) => Err(StreamAppendError::HigherVote(vote_from_wire(Some(vote))?)),
    })
}
