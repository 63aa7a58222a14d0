//! The links of one process: every message between members passes here, is traced, and is shown to the inspector.

use std::sync::Arc;
use std::time::Duration;

use aliasd_replica::{Call, Incoming, Link, LinkError, Links, NodeId, PeerRefusal, PeerServer};
use aliasd_runtime::Runtime;
use aliasd_wire::peer::v1 as wire;
use aliasd_wire::peer::v1::append_reply::Result as AppendAnswer;
use aliasd_wire::peer::v1::snapshot_part::Part;
use aliasd_wire::store::log::Vote;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use tokio::sync::oneshot;

use super::stream::{Arriving, carry};
use super::{CONNECTION_MAX, Lane, Network, Plug, SILENCE_MAX, Way};
use aliasd_runtime::simulation::Machine;

pub(super) struct MemberLinks {
    pub(super) network: Network,
    pub(super) from: NodeId,
    pub(super) machine: Arc<Machine>,
}

impl Links for MemberLinks {
    fn link(&self, member: NodeId, _address: &str) -> Arc<dyn Link> {
        let (network, machine) = (self.network.clone(), Arc::clone(&self.machine));
        Arc::new(MemberLink { network, machine, from: self.from, to: member })
    }
}

#[derive(Clone)]
struct MemberLink {
    network: Network,
    machine: Arc<Machine>,
    from: NodeId,
    to: NodeId,
}

/// Whether the network may deliver a call twice; see the module of the network.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeats {
    Never,
    Maybe,
}

impl MemberLink {
    fn way(&self, lane: Lane) -> Way {
        Way { from: self.from, to: self.to, lane }
    }

    fn says(&self, what: impl FnOnce() -> String) {
        let (from, to) = (self.from, self.to);
        self.network.0.trace.line(|| format!("{from}>{to} {}", what()));
    }

    /// The member, if its process lives. If not, either its machine says so, or nobody does.
    async fn reach(&self, lane: Lane) -> Result<Plug, LinkError> {
        match self.network.plug(self.to) {
            Some(plug) => Ok(plug),
            None => {
                if self.network.draws(|_| 500) {
                    self.network.carry(self.way(lane)).await?;
                } else {
                    let now = self.network.0.simulation.now();
                    // Nobody refuses the connection either.
                    let _ = self.network.silence(now, CONNECTION_MAX).await;
                }
                Err(LinkError::Unreachable("nobody listens there".to_owned()))
            }
        }
    }

    /// Lets the member work on a call where the member lives. The call goes on there although the caller gives up.
    fn call<F, T>(
        &self,
        lane: Lane,
        repeats: Repeats,
        ask: impl Fn(PeerServer, NodeId) -> F + Send + Sync + 'static,
    ) -> Call<T>
    where
        F: Future<Output = Result<T, PeerRefusal>> + Send + 'static,
        T: Send + 'static,
    {
        let link = self.clone();
        async move {
            let way = link.way(lane);
            let plug = link.reach(lane).await?;
            let (done, answer) = oneshot::channel();
            let ask = Arc::new(ask);
            if repeats == Repeats::Maybe && link.network.draws(|weather| weather.repeated) {
                link.network.0.coverage.count("call repeated by the network");
                let (network, server, ask) = (link.network.clone(), plug.server.clone(), Arc::clone(&ask));
                plug.machine.spawn(Box::pin(async move {
                    if network.carry(way).await.is_ok() {
                        drop(ask(server, way.from).await);
                    }
                }));
            }
            let (network, server) = (link.network.clone(), plug.server.clone());
            plug.machine.spawn(Box::pin(async move {
                let answer = match network.carry(way).await {
                    Ok(()) => ask(server, way.from).await.map_err(LinkError::from),
                    Err(broken) => Err(broken),
                };
                // Who gave up does not need the answer.
                let _ = done.send(answer);
            }));
            let Ok(answer) = answer.await else {
                // Its process ended meanwhile.
                let now = link.network.0.simulation.now();
                let limit = if link.network.draws(|_| 500) { Duration::ZERO } else { SILENCE_MAX };
                link.network.silence(now, limit).await?;
                return Err(LinkError::Interrupted("the member is gone".to_owned()));
            };
            link.network.carry(way.back()).await?;
            answer
        }
        .boxed()
    }

    fn answered(&self, plug: &Plug, vote: Option<Vote>, reply: &wire::AppendReply) {
        let to = self.to;
        if let Some(AppendAnswer::Matched(wire::Matched { log_id: Some(matched) })) = &reply.result {
            let durable = plug.disk.durable_log();
            self.network.0.inspector.lock().append_acknowledged(to, vote, *matched, &durable);
        }
        self.network.0.trace.line(|| format!("{to}>{} append answered {:?}", self.from, reply.result));
    }

    fn answers(&self, plug: Plug, requests: Arriving<wire::AppendRequest>) -> Arriving<Answer> {
        let link = self.clone();
        let vote = Arc::new(std::sync::Mutex::new(None));
        let voted = Arc::clone(&vote);
        let requests = requests.inspect(move |request| {
            if let Ok(request) = request {
                *voted.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = request.vote;
            }
        });
        let replies = plug.server.append(self.from, requests.boxed());
        let machine = Arc::clone(&plug.machine);
        let replies = replies.map(move |reply| {
            if let Ok(reply) = &reply {
                let vote = *vote.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                link.answered(&plug, vote, reply);
            }
            reply
        });
        let back = self.way(Lane::Control).back();
        // The answers to entries and to heartbeats differ in nothing: what is cut one way for a lane passes back.
        carry(&self.network, move |_: &Answer| back, &machine, replies.boxed())
    }
}

type Answer = Result<wire::AppendReply, PeerRefusal>;

impl Link for MemberLink {
    fn append(&self, requests: BoxStream<'static, wire::AppendRequest>) -> Call<Incoming<wire::AppendReply>> {
        let link = self.clone();
        async move {
            link.network.carry(link.way(Lane::Control)).await?;
            let plug = link.reach(Lane::Control).await?;
            let (says, from) = (link.clone(), link.from);
            let requests = requests.inspect(move |request| {
                says.says(|| describe(request));
                says.network.0.inspector.lock().append_sent(from, request.vote);
            });
            let way = link.way(Lane::Control);
            let lane = move |request: &wire::AppendRequest| Way {
                lane: if request.entries.is_empty() { Lane::Control } else { Lane::Data },
                ..way
            };
            let requests = carry(&link.network, lane, &link.machine, requests.boxed());
            let replies = link.answers(plug, requests);
            Ok(replies.map(|reply| reply.and_then(|reply| reply.map_err(LinkError::from))).boxed())
        }
        .boxed()
    }

    fn vote(&self, request: wire::VoteRequest) -> Call<wire::VoteReply> {
        let pre_vote = request.pre_vote;
        self.says(|| format!("{}vote {:?}", if pre_vote { "pre-" } else { "" }, request.vote));
        let link = self.clone();
        self.call(Lane::Control, Repeats::Maybe, move |server, from| {
            let (request, link) = (request.clone(), link.clone());
            async move {
                let vote = request.vote;
                let reply = server.vote(from, request).await?;
                let (to, granted) = (link.to, reply.granted);
                link.network.0.trace.line(|| format!("{to}>{from} vote answered {granted}"));
                if granted
                    && !pre_vote
                    && let (Some(vote), Some(plug)) = (vote, link.network.plug(to))
                {
                    let durable = plug.disk.durable_log();
                    link.network.0.inspector.lock().vote_given(to, vote, durable.vote);
                }
                Ok(reply)
            }
        })
    }

    fn install_snapshot(&self, parts: BoxStream<'static, wire::SnapshotPart>) -> Call<wire::SnapshotReply> {
        let (link, way) = (self.clone(), self.way(Lane::Data));
        let says = self.clone();
        let parts = parts.inspect(move |part| {
            if let Some(Part::Header(sent)) = &part.part {
                says.says(|| format!("snapshot up to {:?}", sent.last_log_id));
            }
        });
        let parts = carry(&self.network, move |_| way, &self.machine, parts.boxed());
        let parts = std::sync::Mutex::new(Some(parts));
        self.call(Lane::Data, Repeats::Never, move |server, from| {
            let parts = parts.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
            let link = link.clone();
            async move {
                let parts = parts.ok_or(PeerRefusal::Incomplete("the snapshot was sent once"))?;
                let reply = server.install_snapshot(from, parts.boxed()).await;
                link.network.0.trace.line(|| format!("{}>{from} snapshot answered {reply:?}", link.to));
                reply
            }
        })
    }

    fn transfer_leader(&self, request: wire::TransferLeaderRequest) -> Call<wire::TransferLeaderReply> {
        self.says(|| format!("leadership to {}", request.successor));
        self.call(Lane::Control, Repeats::Never, move |server, from| {
            let request = request.clone();
            async move { server.transfer_leader(from, request).await }
        })
    }

    fn read_index(&self, request: wire::ReadIndexRequest) -> Call<wire::ReadIndexReply> {
        let link = self.clone();
        self.call(Lane::Control, Repeats::Maybe, move |server, from| {
            let (request, link) = (request.clone(), link.clone());
            async move {
                let reply = server.read_index(from, request).await;
                link.network.0.trace.line(|| format!("{}>{from} read index {reply:?}", link.to));
                reply
            }
        })
    }

    fn propose(&self, request: wire::ProposeRequest) -> Call<wire::ProposeReply> {
        self.network.0.coverage.count("write handed to the leader");
        let link = self.clone();
        self.call(Lane::Data, Repeats::Maybe, move |server, from| {
            let (request, link) = (request.clone(), link.clone());
            async move {
                let reply = server.propose(from, request).await;
                link.network.0.trace.line(|| format!("{}>{from} proposal answered {reply:?}", link.to));
                reply
            }
        })
    }

    fn digest(&self, request: wire::DigestRequest) -> Call<wire::DigestReply> {
        self.call(Lane::Control, Repeats::Maybe, move |server, from| {
            let request = request.clone();
            async move { server.digest(from, request).await }
        })
    }

    fn identify(&self, request: wire::IdentifyRequest) -> Call<wire::IdentifyReply> {
        self.call(Lane::Control, Repeats::Maybe, move |server, from| {
            let request = request.clone();
            async move { server.identify(from, request).await }
        })
    }

    fn join(&self, request: wire::JoinRequest) -> Call<wire::JoinReply> {
        self.call(Lane::Control, Repeats::Maybe, move |server, from| {
            let request = request.clone();
            async move { server.join(from, request).await }
        })
    }
}

fn describe(request: &wire::AppendRequest) -> String {
    let index = |entry: Option<&aliasd_wire::store::log::LogEntry>| entry.and_then(|entry| entry.log_id);
    let (first, last) = (index(request.entries.first()), index(request.entries.last()));
    let (vote, commit) = (request.vote, request.leader_commit);
    match (first, last) {
        (Some(first), Some(last)) => {
            format!("append {}..={} of {vote:?}, committed {commit:?}", first.index, last.index)
        }
        _ => format!("heartbeat of {vote:?}, committed {commit:?}"),
    }
}
