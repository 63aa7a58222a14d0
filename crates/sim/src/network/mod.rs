//! The network between members: what becomes of each message.
//!
//! The members' transport is gRPC, one connection a lane. Its contract, which is kept here: messages of one stream arrive
//! in order or not at all, and behind one that is lost none arrives; a call is answered once. Between calls, and between
//! lanes, there is no order. A connection that is cut is silent, or breaks and says so, or lives through the cut and
//! delivers then what was under way. What TCP never does and this network does all the same: votes, read indexes, digests
//! and proposals may arrive twice, as if the caller had asked twice; a member must bear that.

pub mod client;
mod link;
pub mod raw;
mod stream;

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aliasd_replica::{LinkError, Links, MemoryStorage, NodeId, PeerServer};
use futures::future::{Either, select};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use self::client::Served;
use self::link::MemberLinks;
use crate::coverage::Coverage;
use crate::invariants::SharedInspector;
use crate::trace::Trace;
use aliasd_runtime::simulation::{Dice, Machine, Simulation};

/// What the network's dice are for; see [`Dice::new`].
const WEATHER: u64 = 2;

/// How long a connection may be silent until the transport gives it up: a keep-alive after five seconds, three more for its
/// answer.
const SILENCE_MAX: Duration = Duration::from_secs(8);
/// How long a connection may take to be made.
const CONNECTION_MAX: Duration = Duration::from_secs(3);

/// What a link carries. A lane can be cut while the other one is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Votes, heartbeats, read indexes, transfers of the leadership, digests.
    Control,
    /// Entries, snapshots, proposals on their way to the leader.
    Data,
    /// What clients ask and are answered. Clients are node 0.
    Client,
}

/// How messages fare where nothing is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weather {
    /// The least time that a message takes.
    pub delay_us_min: u64,
    /// The most.
    pub delay_us_max: u64,
    /// How many of a thousand messages are lost, and their connection with them.
    pub lost: u64,
    /// How many of a thousand calls arrive twice.
    pub repeated: u64,
    /// How many of a thousand messages take up to twenty times as long.
    pub late: u64,
}

impl Weather {
    /// Nothing is lost.
    pub const FAIR: Self = Self { delay_us_min: 300, delay_us_max: 2_000, lost: 0, repeated: 0, late: 0 };
}

/// What a member is reached by, as long as its process lives.
#[derive(Clone)]
struct Plug {
    server: PeerServer,
    served: Served,
    machine: Arc<Machine>,
    disk: MemoryStorage,
}

/// The network; clones share it.
#[derive(Clone)]
pub struct Network(Arc<Inner>);

struct Inner {
    simulation: Arc<Simulation>,
    state: Mutex<State>,
    /// How often the network was healed.
    healed: watch::Sender<u64>,
    trace: Trace,
    coverage: Coverage,
    inspector: SharedInspector,
}

struct State {
    dice: Dice,
    members: BTreeMap<NodeId, Plug>,
    cut: BTreeSet<(NodeId, NodeId, Lane)>,
    slow: BTreeMap<(NodeId, NodeId), Duration>,
    weather: Weather,
    /// Whatever a member sent up to then never arrives.
    void_until: BTreeMap<NodeId, Duration>,
}

/// What becomes of a message.
enum Fate {
    Arrives(Duration),
    /// Once the network was healed more often than this.
    AfterHealing(u64),
    Silent,
    Broken(Duration),
}

/// A way from one member to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    from: NodeId,
    to: NodeId,
    lane: Lane,
}

impl Way {
    fn back(self) -> Self {
        Self { from: self.to, to: self.from, lane: self.lane }
    }
}

impl Network {
    /// A network to which nobody is connected.
    pub fn new(
        simulation: &Arc<Simulation>,
        seed: u64,
        trace: &Trace,
        coverage: &Coverage,
        inspector: &SharedInspector,
    ) -> Self {
        let state = State {
            dice: Dice::new(seed, WEATHER),
            members: BTreeMap::new(),
            cut: BTreeSet::new(),
            slow: BTreeMap::new(),
            weather: Weather::FAIR,
            void_until: BTreeMap::new(),
        };
        Self(Arc::new(Inner {
            simulation: Arc::clone(simulation),
            state: Mutex::new(state),
            healed: watch::Sender::new(0),
            trace: trace.clone(),
            coverage: coverage.clone(),
            inspector: inspector.clone(),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The links of a process.
    pub fn links(&self, from: NodeId, machine: &Arc<Machine>) -> Arc<dyn Links> {
        Arc::new(MemberLinks { network: self.clone(), from, machine: Arc::clone(machine) })
    }

    /// A member can be reached from now on.
    pub fn plug_in(
        &self,
        node: NodeId,
        (server, served): (PeerServer, Served),
        machine: &Arc<Machine>,
        disk: &MemoryStorage,
    ) {
        let plug = Plug { server, served, machine: Arc::clone(machine), disk: disk.clone() };
        self.state().members.insert(node, plug);
    }

    /// A member's process is gone.
    pub fn pull_out(&self, node: NodeId) {
        let plug = self.state().members.remove(&node);
        drop(plug);
    }

    /// Whatever a member has sent and has not arrived yet never does.
    pub fn forget_sent_by(&self, node: NodeId) {
        let now = self.0.simulation.now();
        self.state().void_until.insert(node, now);
    }

    /// Nothing passes this way any more.
    pub fn cut(&self, from: NodeId, to: NodeId, lane: Lane) {
        self.state().cut.insert((from, to, lane));
    }

    /// Messages this way take this much longer.
    pub fn slow_down(&self, from: NodeId, to: NodeId, by: Duration) {
        self.state().slow.insert((from, to), by);
    }

    /// From now on messages fare like this.
    pub fn set_weather(&self, weather: Weather) {
        self.state().weather = weather;
    }

    /// Nothing is cut or slow any more. The weather stays.
    pub fn heal(&self) {
        {
            let mut state = self.state();
            state.cut.clear();
            state.slow.clear();
        }
        self.0.healed.send_modify(|times| *times += 1);
    }

    fn fate(&self, way: Way) -> Fate {
        let now = self.0.simulation.now();
        let mut state = self.state();
        let Weather { delay_us_min, delay_us_max, lost, late, .. } = state.weather;
        let mut delay = Duration::from_micros(state.dice.within(delay_us_min..=delay_us_max));
        if state.dice.chance(late) {
            delay *= u32::try_from(state.dice.within(2..=20)).unwrap_or(1);
        }
        if let Some(more) = state.slow.get(&(way.from, way.to)) {
            delay += *more;
        }
        let is_cut = state.cut.contains(&(way.from, way.to, way.lane));
        if !is_cut && !state.dice.chance(lost) {
            return Fate::Arrives(now + delay);
        }
        let fate = match state.dice.below(3) {
            0 if is_cut => Fate::AfterHealing(*self.0.healed.borrow()),
            0 | 1 => Fate::Silent,
            _ => Fate::Broken(now + delay),
        };
        drop(state);
        self.0.coverage.count(match &fate {
            Fate::AfterHealing(_) => "message delayed over a cut",
            Fate::Broken(_) => "connection broken",
            _ => "message lost",
        });
        fate
    }

    /// One message on its way; resolves when it arrives, which may be never.
    async fn carry(&self, way: Way) -> Result<(), LinkError> {
        let sent_at = self.0.simulation.now();
        let fate = self.fate(way);
        self.arrive(way, sent_at, fate).await
    }

    async fn arrive(&self, way: Way, sent_at: Duration, fate: Fate) -> Result<(), LinkError> {
        match fate {
            Fate::Arrives(at) => self.0.simulation.sleep_until(at).await,
            Fate::Silent => return self.silence(sent_at, SILENCE_MAX).await,
            Fate::Broken(at) => {
                self.0.simulation.sleep_until(at).await;
                return Err(LinkError::Lost("the network broke the connection".to_owned()));
            }
            Fate::AfterHealing(times) => {
                let mut healed = self.0.healed.subscribe();
                let healed = healed.wait_for(|healed| *healed > times);
                let given_up = self.silence(sent_at, SILENCE_MAX);
                match select(pin!(healed), pin!(given_up)).await {
                    Either::Left(_) => {}
                    Either::Right((given_up, _)) => return given_up,
                }
                let after = self.state().dice.within(1_000..=200_000);
                let at = self.0.simulation.now() + Duration::from_micros(after);
                self.0.simulation.sleep_until(at).await;
            }
        }
        let is_void = self.state().void_until.get(&way.from).is_some_and(|until| sent_at <= *until);
        if is_void { self.silence(sent_at, SILENCE_MAX).await } else { Ok(()) }
    }

    /// Nothing is heard any more, and after a while the transport gives the connection up.
    async fn silence(&self, since: Duration, limit: Duration) -> Result<(), LinkError> {
        self.0.simulation.sleep_until(since + limit).await;
        Err(LinkError::Lost("nothing was heard for too long".to_owned()))
    }

    /// What a member answers clients with, and where.
    fn served(&self, node: NodeId) -> Option<(Served, Arc<Machine>)> {
        self.plug(node).map(|plug| (plug.served, plug.machine))
    }

    fn plug(&self, node: NodeId) -> Option<Plug> {
        self.state().members.get(&node).cloned()
    }

    fn draws(&self, of_thousand: impl FnOnce(&Weather) -> u64) -> bool {
        let mut state = self.state();
        let chance = of_thousand(&state.weather);
        state.dice.chance(chance)
    }
}
