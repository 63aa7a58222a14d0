//! Replication: one stream of appends, answered in order, with many under way at once.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aliasd_runtime::{Moment, SharedRuntime};
use aliasd_wire::peer::v1 as wire;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use openraft::RPCTypes;
use openraft::errors::RPCError;
use openraft::network::{NetStreamAppend, RPCOption};
use openraft::raft::{AppendEntriesRequest, StreamAppendError, StreamAppendResult};
use tokio::sync::oneshot;

use super::peers::Lane;
use super::{CallError, Network};
use crate::codec::{append_reply_from_wire, append_request_to_wire};
use crate::links::Incoming;
use crate::runtime::stream_within;
use crate::types::{TypeConfig, Vote};

/// What arrives: answers, or the error that ends them.
type Answer = Result<StreamAppendResult<TypeConfig>, RPCError<TypeConfig>>;
type Answers<'s> = BoxStream<'s, Answer>;

/// When the unanswered requests were sent, and by which vote, oldest first.
#[derive(Clone)]
struct Unanswered {
    runtime: SharedRuntime,
    sent: Arc<Mutex<VecDeque<(Moment, Vote)>>>,
}

impl Unanswered {
    fn new(runtime: &SharedRuntime) -> Self {
        Self { runtime: Arc::clone(runtime), sent: Arc::default() }
    }

    fn sent(&self, vote: Vote) {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push_back((self.runtime.now(), vote));
    }

    /// The vote of the request that was answered.
    fn answered(&self) -> Option<Vote> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).pop_front().map(|(_, vote)| vote)
    }

    fn overdue(&self, timeout: Duration) -> bool {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.front().is_some_and(|(oldest, _)| self.runtime.now().saturating_since(*oldest) >= timeout)
    }

    /// The next answer; `None` at the end of the stream.
    async fn next(
        &self,
        replies: &mut Incoming<wire::AppendReply>,
        timeout: Duration,
    ) -> Option<Result<(Option<Vote>, StreamAppendResult<TypeConfig>), CallError>> {
        loop {
            // An idle stream may be silent for long; only an unanswered request makes silence an error.
            match self.runtime.timeout(timeout, replies.next()).await {
                Ok(Some(Ok(reply))) => {
                    let vote = self.answered();
                    let answer = append_reply_from_wire(reply).map_err(CallError::Answer);
                    return Some(answer.map(|answer| (vote, answer)));
                }
                Ok(Some(Err(error))) => return Some(Err(CallError::Link(error))),
                Ok(None) => return None,
                Err(_) if self.overdue(timeout) => return Some(Err(CallError::Timeout(timeout))),
                Err(_) => {}
            }
        }
    }
}

impl Network {
    /// Keeps what the member acknowledges. That it does not have any more what it had, Raft never hears: for Raft, that
    /// cannot be.
    fn checked(
        &self,
        vote: Option<Vote>,
        answer: StreamAppendResult<TypeConfig>,
    ) -> Result<StreamAppendResult<TypeConfig>, CallError> {
        let (Some(vote), known) = (vote, &self.peers.acknowledged) else { return Ok(answer) };
        match &answer {
            Ok(matched) => known.acknowledge(self.target, vote, *matched),
            Err(StreamAppendError::Conflict(missing)) if known.is_contradicted(self.target, vote, *missing) => {
                return Err(CallError::RolledBack);
            }
            Err(_) => {}
        }
        Ok(answer)
    }

    fn append_error(&self, error: &CallError) -> RPCError<TypeConfig> {
        self.peers.reach.failed(self.target, error);
        self.rpc_error(RPCTypes::AppendEntries, error)
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
            if self.lane == Lane::Data {
                // openraft's own backoff does not hold for the first append of a stream.
                self.peers.reach.pause(self.target).await;
            }
            let unanswered = Unanswered::new(&self.peers.runtime);
            let sent = unanswered.clone();
            let (roster, target, incarnation) = (Arc::clone(&self.peers.roster), self.target, self.incarnation);
            let known = Arc::clone(&self.peers.acknowledged);
            let (wanted, unwanted) = oneshot::channel();
            let requests = until_nothing_is_left(while_wanted(input, unwanted)).map(move |request| {
                sent.sent(request.vote);
                let acknowledged = known.last(target, request.vote);
                append_request_to_wire(Some(roster.route(target, incarnation)), &request, acknowledged)
            });
            let opened = self
                .peers
                .attempt(timeout, self.link(self.lane).append(stream_within(&self.peers.runtime, requests).boxed()))
                .await;
            let replies = opened.map_err(|error| self.append_error(&error))?;
            let network: &Network = self;
            let answers = futures::stream::unfold(Some(replies), move |replies| {
                let _while_this_lives = &wanted;
                let unanswered = unanswered.clone();
                async move {
                    let mut replies = replies?;
                    let answer = unanswered.next(&mut replies, timeout).await?;
                    let answer = answer.and_then(|(vote, answer)| network.checked(vote, answer));
                    let answer = answer.map_err(|error| network.append_error(&error));
                    match &answer {
                        Ok(Ok(_)) => network.peers.reach.takes_part(network.target),
                        Ok(Err(_)) => network.peers.reach.answered(network.target),
                        Err(_) => {}
                    }
                    let goes_on = matches!(answer, Ok(Ok(_)));
                    Some((answer, goes_on.then_some(replies)))
                }
            });
            Ok(answers.boxed())
        })
    }
}

/// The requests for as long as somebody takes the answers. Raft opens the next stream on the same state as soon as it has let go
/// of the answers of this one: what a transport still took from this one would be lost, and the next one would never send it.
fn while_wanted<S>(
    input: S,
    unwanted: oneshot::Receiver<Infallible>,
) -> impl Stream<Item = AppendEntriesRequest<TypeConfig>> + Send + Unpin + 'static
where
    S: Stream<Item = AppendEntriesRequest<TypeConfig>> + Send + Unpin + 'static,
{
    let requests = futures::stream::unfold((input, unwanted), |(mut input, mut unwanted)| async move {
        let request = tokio::select! {
            biased;
            _ = &mut unwanted => None,
            request = input.next() => request,
        };
        Some((request?, (input, unwanted)))
    });
    requests.boxed()
}

/// The requests up to one that has no entries for a member that lacks some, that one included. What follows would be the same
/// again: the log was purged there while the stream went on, and Raft gives a stream nothing else to do, such as to go on behind
/// the snapshot that the member has got by now, before it ends.
fn until_nothing_is_left<S>(input: S) -> impl Stream<Item = AppendEntriesRequest<TypeConfig>> + Send
where
    S: Stream<Item = AppendEntriesRequest<TypeConfig>> + Send + Unpin + 'static,
{
    futures::stream::unfold(Some(input), |input| async {
        let mut input = input?;
        let request = input.next().await?;
        let (previous, committed) = (request.prev_log_id.map(|id| id.index), request.leader_commit.map(|id| id.index));
        let is_last = request.entries.is_empty() && previous < committed;
        Some((request, (!is_last).then_some(input)))
    })
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::tests::{create_role, log_entry, log_id};

    fn request(previous: u64, committed: u64, entries: u64) -> AppendEntriesRequest<TypeConfig> {
        AppendEntriesRequest {
            vote: Vote::new_committed(1, 1),
            prev_log_id: Some(log_id(1, previous)),
            leader_commit: Some(log_id(1, committed)),
            entries: (previous + 1..=previous + entries).map(|index| log_entry(1, index, create_role(index))).collect(),
        }
    }

    async fn passed(requests: &[(u64, u64, u64)]) -> usize {
        let requests: Vec<_> =
            requests.iter().map(|(previous, committed, count)| request(*previous, *committed, *count)).collect();
        until_nothing_is_left(futures::stream::iter(requests)).count().await
    }

    #[tokio::test]
    async fn nothing_is_taken_for_a_stream_whose_answers_nobody_takes() {
        let (wanted, unwanted) = oneshot::channel();
        let (more, input) = futures::channel::mpsc::unbounded();
        let mut requests = while_wanted(input, unwanted);
        more.unbounded_send(request(4, 9, 1)).unwrap();
        assert!(requests.next().await.is_some());
        let mut next = requests.next();
        assert!((&mut next).now_or_never().is_none(), "it waits for more");
        drop(wanted);
        more.unbounded_send(request(5, 9, 1)).unwrap();
        assert!(next.await.is_none());
        assert!(more.is_closed(), "what it was taken from is let go");
    }

    #[tokio::test]
    async fn a_stream_ends_when_the_log_lacks_what_the_member_needs() {
        assert_eq!(passed(&[(4, 9, 2), (6, 9, 0), (6, 9, 0), (6, 9, 0)]).await, 2, "it was purged there");
        assert_eq!(
            passed(&[(4, 9, 2), (6, 9, 3), (9, 9, 0), (9, 9, 0), (9, 9, 1), (10, 10, 0)]).await,
            6,
            "it has all"
        );
    }
}
