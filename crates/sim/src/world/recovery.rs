//! What must come about once everything is healed: members of one state that serve, within a bound of time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aliasd_checkers::history::{Digest, Event};
use aliasd_replica::{Lifecycle, NodeId};
use aliasd_runtime::Runtime;
use futures::FutureExt;

use super::World;

/// How long after the last fault members may take until they are of one state, and then until each has served. Three
/// elections in a row may fail (two seconds each), a connection that is silent is given up after eight, and a member that did
/// not answer for long is asked again after a second at most; a snapshot may have been on its way meanwhile.
pub const RECOVERY_MAX: Duration = Duration::from_secs(25);

/// How long the last question to a member may take beyond that.
const ANSWERED_WITHIN: Duration = Duration::from_secs(7);

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Who is to serve, and who has.
type Served = Arc<Mutex<Vec<(NodeId, Result<(), String>)>>>;

impl World {
    /// Ends all faults, and sees to it that the cluster recovers.
    pub(super) fn recover(&mut self) {
        self.surroundings.trace.line(|| "! everything heals".to_owned());
        self.end_faults();
        let deadline = self.now() + RECOVERY_MAX;
        if !self.settles(deadline, "to come to one state") {
            return;
        }
        let (served, asked) = self.ask_everybody(deadline);
        while served.lock().unwrap_or_else(PoisonError::into_inner).len() < asked {
            if self.run_until(self.now() + LOOK_EVERY) {
                return;
            }
            if self.now() > deadline + ANSWERED_WITHIN {
                let detail = format!("of {asked} members these have served: {served:?}");
                return self.inspector.lock().judge("the cluster recovers", Err(detail));
            }
        }
        for (node, result) in served.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let verdict = result.clone().map_err(|reason| format!("member {node} does not serve: {reason}"));
            self.inspector.lock().judge("the cluster recovers", verdict);
        }
        if self.settles(deadline, "to come to one state again") {
            for node in self.expected() {
                if let Some(replica) = self.replica(node) {
                    let view = replica.view();
                    self.inspector.lock().holds_everything(node, &view.catalog);
                    let (at, digest) = (self.clients.recorder.now(), format!("{:?}", view.catalog.digest()));
                    let (member, revision) = (node, view.revision.0);
                    self.clients.recorder.push(Event::Digest(Digest { member, at, revision, digest, last: true }));
                }
            }
        }
    }

    /// The members that have to take part.
    fn expected(&self) -> Vec<NodeId> {
        let belonging = self.belonging();
        let members = self.members.iter().filter(|(node, member)| !member.is_lost && belonging.contains(node));
        let is_out = |lifecycle: Option<Lifecycle>| matches!(lifecycle, Some(Lifecycle::RolledBack { .. }));
        let members = members.filter(|(_, member)| {
            let lifecycle = member.process.as_ref().and_then(super::member::Process::lifecycle);
            !(member.was_rolled_back && is_out(lifecycle))
        });
        members.map(|(node, _)| *node).collect()
    }

    /// Lets time go on until all members are at one revision, and a leader is known to each. False if they are not in time.
    fn settles(&mut self, deadline: Duration, what: &str) -> bool {
        loop {
            if self.run_until(self.now() + LOOK_EVERY) {
                return false;
            }
            let state = |node: &NodeId| {
                let replica = self.replica(*node)?;
                Some((replica.view().revision, replica.raft_position().committed, replica.leader()?.0))
            };
            let states: Vec<_> = self.expected().iter().map(state).collect();
            let is_one = states.windows(2).all(|pair| pair[0] == pair[1]);
            let all_applied = states
                .iter()
                .flatten()
                .all(|(revision, committed, _)| committed.is_some_and(|committed| committed.index == revision.0));
            let changed = self.members_have_changed();
            if is_one && all_applied && states.iter().all(Option::is_some) && changed.is_ok() {
                return true;
            }
            if self.now() > deadline {
                let states: Vec<_> = self.expected().into_iter().zip(states).collect();
                let detail = format!("waited in vain for members {what}: {states:?}; {changed:?}");
                self.inspector.lock().judge("the cluster recovers", Err(detail));
                return false;
            }
        }
    }

    /// Asks each member for a write and for a linearizable read.
    fn ask_everybody(&mut self, deadline: Duration) -> (Served, usize) {
        let (served, expected) = (Served::default(), self.expected());
        for node in expected.iter().copied() {
            let (served, clients) = (Arc::clone(&served), self.clients.clone());
            let work = async move {
                let result = clients.served_by(node, deadline).await;
                served.lock().unwrap_or_else(PoisonError::into_inner).push((node, result));
            };
            self.outside.spawn(work.boxed());
        }
        (served, expected.len())
    }
}
