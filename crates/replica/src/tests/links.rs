//! Links between members in one process: messages are handed from one replica to the other.
//!
//! A member's part of a call runs on the member's own runtime, so that it ends with it. A link that is cut is silent:
//! what was under way is lost, and nobody is told.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aliasd_runtime::SharedRuntime;
use aliasd_wire::peer::v1 as wire;
use futures::channel::mpsc;
use futures::future::{Either, select};
use futures::stream::BoxStream;
use futures::{FutureExt, SinkExt, StreamExt};
use tokio::sync::oneshot;

use crate::runtime::spawn;
use crate::{Call, Incoming, Link, LinkError, Links, NodeId, PeerRefusal, PeerServer};

/// Messages of a stream that are under way, at most.
const UNDER_WAY: usize = 16;

/// So many streams of appends to one member are no work but a flood.
const FLOOD: u64 = 100_000;

/// Who can be reached, and which ways are cut.
#[derive(Clone, Default)]
pub(super) struct Switchboard(Arc<Mutex<Lines>>);

#[derive(Default)]
struct Lines {
    latency: Duration,
    /// Messages take exactly that long, and not up to twice as long.
    is_steady: bool,
    members: BTreeMap<NodeId, (PeerServer, SharedRuntime)>,
    cut: BTreeSet<(NodeId, NodeId)>,
    /// How often a stream of appends was begun, by whom it goes to.
    appends: BTreeMap<NodeId, u64>,
    starved: Option<NodeId>,
    /// Members that say what those of an earlier version say.
    old: BTreeSet<NodeId>,
}

impl Switchboard {
    /// Every message takes between this long and twice as long, by the clock of whoever gets it.
    pub(super) fn with_latency(latency: Duration) -> Self {
        Self(Arc::new(Mutex::new(Lines { latency, ..Lines::default() })))
    }

    /// A message and its answer take this long, and nothing else takes any time.
    pub(super) fn with_round_trip(round_trip: Duration) -> Self {
        let lines = Lines { latency: round_trip / 2, is_steady: true, ..Lines::default() };
        Self(Arc::new(Mutex::new(lines)))
    }

    async fn pass(&self, runtime: &SharedRuntime) {
        let (latency, is_steady) = {
            let lines = self.0.lock().unwrap();
            (lines.latency, lines.is_steady)
        };
        if is_steady {
            runtime.sleep(latency).await;
        } else if !latency.is_zero() {
            let more = runtime.random() % u64::try_from(latency.as_nanos()).unwrap();
            runtime.sleep(latency + Duration::from_nanos(more)).await;
        }
    }

    /// The links of one member.
    pub(super) fn links(&self, from: NodeId) -> Arc<dyn Links> {
        Arc::new(MemberLinks { board: self.clone(), from })
    }

    /// The member can be reached from now on; its part of each call runs on this runtime.
    pub(super) fn plug_in(&self, node: NodeId, server: PeerServer, runtime: SharedRuntime) {
        self.0.lock().unwrap().members.insert(node, (server, runtime));
    }

    pub(super) fn pull_out(&self, node: NodeId) {
        self.0.lock().unwrap().members.remove(&node);
    }

    /// Nothing passes between the two any more.
    pub(super) fn cut(&self, one: NodeId, other: NodeId) {
        self.0.lock().unwrap().cut.extend([(one, other), (other, one)]);
    }

    /// Entries no longer reach this member, while everything else does, heartbeats among it.
    pub(super) fn starve(&self, member: Option<NodeId>) {
        self.0.lock().unwrap().starved = member;
    }

    /// The member runs an earlier version, or this one again.
    pub(super) fn downgrade(&self, member: NodeId, is_old: bool) {
        let old = &mut self.0.lock().unwrap().old;
        if is_old {
            old.insert(member)
        } else {
            old.remove(&member)
        };
    }

    fn is_old(&self, member: NodeId) -> bool {
        self.0.lock().unwrap().old.contains(&member)
    }

    fn is_starved(&self, member: NodeId) -> bool {
        self.0.lock().unwrap().starved == Some(member)
    }

    pub(super) fn heal(&self) {
        self.0.lock().unwrap().cut.clear();
    }

    /// How often somebody began to send log entries or heartbeats to a member.
    pub(super) fn appends_begun(&self, to: NodeId) -> u64 {
        self.0.lock().unwrap().appends.get(&to).copied().unwrap_or_default()
    }

    fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.0.lock().unwrap().cut.contains(&(from, to))
    }
}

struct MemberLinks {
    board: Switchboard,
    from: NodeId,
}

impl Links for MemberLinks {
    fn link(&self, member: NodeId, _address: &str) -> Arc<dyn Link> {
        Arc::new(MemberLink { board: self.board.clone(), from: self.from, to: member })
    }
}

#[derive(Clone)]
struct MemberLink {
    board: Switchboard,
    from: NodeId,
    to: NodeId,
}

impl MemberLink {
    /// Where messages take time, a member that is gone is as silent as a link that is cut.
    async fn reach(&self) -> Result<(PeerServer, SharedRuntime), LinkError> {
        let (found, latency) = {
            let lines = self.board.0.lock().unwrap();
            (lines.members.get(&self.to).cloned(), lines.latency)
        };
        match found {
            Some(found) => Ok(found),
            None if latency.is_zero() => Err(LinkError::Unreachable("nobody is there".to_owned())),
            None => pending().await,
        }
    }

    fn is_cut(&self) -> bool {
        self.board.is_cut(self.from, self.to)
    }

    /// Lets the member work on a call where the member lives.
    fn call<F, T>(&self, ask: impl FnOnce(PeerServer, NodeId) -> F + Send + 'static) -> Call<T>
    where
        F: Future<Output = Result<T, PeerRefusal>> + Send + 'static,
        T: Send + 'static,
    {
        let link = self.clone();
        async move {
            if link.is_cut() {
                return pending().await;
            }
            let (server, runtime) = link.reach().await?;
            let (mut done, answer) = oneshot::channel();
            let (work, board, clock) = (ask(server, link.from), link.board.clone(), Arc::clone(&runtime));
            spawn(&runtime, async move {
                let work = async {
                    board.pass(&clock).await;
                    let answer = work.await;
                    board.pass(&clock).await;
                    answer
                };
                // Who gives a call up ends it there too, as gRPC does.
                let answer = match select(pin!(work), pin!(done.closed())).await {
                    Either::Left((answer, _)) => answer,
                    Either::Right(_) => return,
                };
                drop(done.send(answer));
            });
            let answer = answer.await.map_err(|_| LinkError::Interrupted("the member is gone".to_owned()))?;
            if link.is_cut() { pending().await } else { Ok(answer?) }
        }
        .boxed()
    }

    /// Carries messages to where the other side reads them.
    fn carry<T: Send + 'static>(&self, messages: BoxStream<'static, T>, on: &SharedRuntime) -> BoxStream<'static, T> {
        let (mut sender, receiver) = mpsc::channel(UNDER_WAY);
        let (link, clock, mut messages) = (self.clone(), Arc::clone(on), messages);
        spawn(on, async move {
            while let Some(message) = messages.next().await {
                link.board.pass(&clock).await;
                if link.is_cut() {
                    return pending().await;
                }
                if sender.send(message).await.is_err() {
                    return;
                }
            }
        });
        receiver.boxed()
    }
}

impl Link for MemberLink {
    fn append(&self, requests: BoxStream<'static, wire::AppendRequest>) -> Call<Incoming<wire::AppendReply>> {
        let link = self.clone();
        {
            let mut lines = self.board.0.lock().unwrap();
            let begun = lines.appends.entry(self.to).or_default();
            *begun += 1;
            assert!(*begun < FLOOD, "member {} is flooded with attempts", self.to);
        }
        async move {
            if link.is_cut() {
                return pending().await;
            }
            let (server, runtime) = link.reach().await?;
            let board = (link.board.clone(), link.to);
            let requests = requests.then(move |request| {
                let is_lost = board.0.is_starved(board.1) && !request.entries.is_empty();
                async move { if is_lost { pending().await } else { request } }
            });
            let requests = link.carry(requests.boxed(), &runtime).map(Ok).boxed();
            let replies = link.carry(server.append(link.from, requests), &runtime);
            Ok(replies.map(|reply| reply.map_err(LinkError::from)).boxed())
        }
        .boxed()
    }

    fn vote(&self, request: wire::VoteRequest) -> Call<wire::VoteReply> {
        self.call(move |server, from| async move { server.vote(from, request).await })
    }

    fn install_snapshot(&self, parts: BoxStream<'static, wire::SnapshotPart>) -> Call<wire::SnapshotReply> {
        self.call(move |server, from| async move { server.install_snapshot(from, parts.map(Ok).boxed()).await })
    }

    fn transfer_leader(&self, request: wire::TransferLeaderRequest) -> Call<wire::TransferLeaderReply> {
        self.call(move |server, from| async move { server.transfer_leader(from, request).await })
    }

    fn read_index(&self, request: wire::ReadIndexRequest) -> Call<wire::ReadIndexReply> {
        self.call(move |server, from| async move { server.read_index(from, request).await })
    }

    fn propose(&self, request: wire::ProposeRequest) -> Call<wire::ProposeReply> {
        self.call(move |server, from| async move { server.propose(from, request).await })
    }

    fn digest(&self, request: wire::DigestRequest) -> Call<wire::DigestReply> {
        self.call(move |server, from| async move { server.digest(from, request).await })
    }

    fn identify(&self, request: wire::IdentifyRequest) -> Call<wire::IdentifyReply> {
        let is_old = self.board.is_old(self.to);
        self.call(move |server, from| async move {
            let mut reply = server.identify(from, request).await?;
            if is_old {
                reply.level = 0;
            }
            Ok(reply)
        })
    }

    fn join(&self, request: wire::JoinRequest) -> Call<wire::JoinReply> {
        self.call(move |server, from| async move { server.join(from, request).await })
    }
}
