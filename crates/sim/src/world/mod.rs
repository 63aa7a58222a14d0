//! The cluster of one run, what is done to it, and what is seen of it.

mod clients;
mod faults;
mod member;
mod node;
mod operators;
mod record;
pub mod recovery;
mod setting_up;
mod streams;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use aliasd_replica::NodeId;
use aliasd_runtime::SharedRuntime;
use anyhow::Result;

use self::clients::Clients;
use self::member::{SimulatedMember, Surroundings};
pub use self::node::STALENESS_MAX;
use self::operators::Operators;
use self::record::Recorder;
use crate::coverage::Coverage;
use crate::invariants::{SharedInspector, Violation};
use crate::network::Network;
use crate::schedule::{Schedule, Setting};
use crate::trace::{Lines, Trace};
use aliasd_runtime::simulation::{Machine, Simulation};

/// See the module.
pub struct World {
    surroundings: Surroundings,
    members: BTreeMap<NodeId, SimulatedMember>,
    clients: Clients,
    operators: Operators,
    /// What belongs to no member runs on this.
    outside: Arc<Machine>,
    inspector: SharedInspector,
}

impl World {
    /// The members start, one of them forms a cluster, and what there has to be before the load is made.
    ///
    /// # Errors
    /// The cluster cannot be set up, which has nothing to do with faults: there are none yet.
    pub fn new(setting: &Setting, coverage: &Coverage, lines: &Lines) -> Result<Self> {
        let simulation = Simulation::new(setting.seed);
        let trace = Trace::new(&simulation, lines);
        let voters = usize::try_from(setting.nodes - setting.fewer).unwrap_or(usize::MAX);
        let inspector = SharedInspector::new(voters, &simulation, coverage);
        let network = Network::new(&simulation, setting.seed, &trace, coverage, &inspector);
        let outside = simulation.machine();
        let runtime: SharedRuntime = Arc::clone(&outside) as _;
        inspector.lock().opens_with(node::vault(&runtime)?);
        let coverage = coverage.clone();
        let recorder = Recorder::new(&simulation, &inspector, &coverage, &trace);
        let clients = Clients::new(&recorder, &network, &outside, setting.last_node())?;
        let mut world = Self {
            members: (1..=setting.nodes).map(|node| (node, SimulatedMember::new(node))).collect(),
            clients,
            operators: Operators::default(),
            outside,
            inspector,
            surroundings: Surroundings { simulation, network, setting: setting.clone(), coverage, trace },
        };
        (1..=setting.nodes).for_each(|node| world.start(node));
        world.set_up()?;
        Ok(world)
    }

    /// Runs the whole schedule and then the recovery. Gives the first violation.
    pub fn run(&mut self, schedule: &Schedule) -> Option<Violation> {
        for step in &schedule.steps {
            if self.run_until(step.at()) {
                break;
            }
            self.surroundings.trace.line(|| format!("! {:?}", step.action));
            self.act(&step.action);
        }
        if self.violation().is_none() && !self.run_until(schedule.heal_at()) {
            self.recover();
        }
        if self.violation().is_none() {
            self.clients.recorder.judge();
        }
        self.violation()
    }

    /// The first violation so far.
    pub fn violation(&self) -> Option<Violation> {
        self.inspector.lock().violation().cloned()
    }

    /// How much time went by.
    pub fn now(&self) -> Duration {
        self.surroundings.simulation.now()
    }

    /// How often a task was polled.
    pub fn polls(&self) -> u64 {
        self.surroundings.simulation.polls()
    }

    /// How many events of clients there are to judge.
    pub fn events(&self) -> u64 {
        self.clients.recorder.events()
    }

    /// Lets time go on, and looks at everybody each time before it does. True if an invariant does not hold.
    fn run_until(&mut self, deadline: Duration) -> bool {
        let simulation = Arc::clone(&self.surroundings.simulation);
        simulation.run_until(deadline, || self.look())
    }

    fn look(&mut self) -> ControlFlow<()> {
        self.start_the_invited();
        let mut inspector = self.inspector.lock();
        for member in self.members.values_mut() {
            member.look(&self.surroundings, &mut inspector);
        }
        inspector.has_looked();
        let violated = inspector.violation().is_some();
        if violated { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn start(&mut self, node: NodeId) {
        if let Some(member) = self.members.get_mut(&node) {
            member.start(&self.surroundings);
        }
    }
}

/// Members reach the network and the network reaches members: somebody has to pull the plugs, or nothing of a run is ever freed.
impl Drop for World {
    fn drop(&mut self) {
        for node in std::mem::take(&mut self.members).into_keys() {
            self.surroundings.network.pull_out(node);
        }
        self.surroundings.simulation.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::generate;

    /// Runs of an hour would use up the memory of the computer.
    #[test]
    fn nothing_of_a_run_outlives_it() {
        let schedule = generate::schedule(1, 3, false);
        let mut world = World::new(&schedule.setting, &Coverage::default(), &None).unwrap();
        let simulation = Arc::downgrade(&world.surroundings.simulation);
        assert_eq!(world.run(&schedule), None);
        drop(world);
        assert_eq!(simulation.strong_count(), 0, "somebody still holds on to it");
    }
}
