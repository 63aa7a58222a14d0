//! The members of the cluster as this client knows them: which answer, which is near, which leads.
//!
//! Knows nothing of calls. It is told what became of each attempt and answers which member to try next.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aliasd_runtime::{Moment, SharedRuntime};
use aliasd_wire::v1::Leader;

use crate::transport::{Address, Channel, ConnectionState, Connector};

/// How many members are remembered, so that nothing a member says can fill the memory.
const MEMBERS_MAX: usize = 64;

/// How long a member that failed once is avoided; doubles with each failure in a row.
const AVOIDED_FIRST: Duration = Duration::from_millis(200);
const AVOIDED_DOUBLINGS_MAX: u32 = 6;

/// One member and the connection to it.
pub(crate) struct Member {
    pub(crate) address: Address,
    pub(crate) channel: Channel,
    runtime: SharedRuntime,
    connection: ConnectionState,
    health: Mutex<Health>,
}

#[derive(Default)]
struct Health {
    failures: u32,
    avoided_until: Option<Moment>,
}

/// Whom a call should go to if there is a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preference {
    /// The member that answers soonest.
    Near,
    /// The leader, if one is known.
    Leader,
}

/// All members known.
pub(crate) struct Members {
    runtime: SharedRuntime,
    connector: Arc<dyn Connector>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    members: Vec<Arc<Member>>,
    leader: Option<Arc<Member>>,
}

// === impl Member ===

impl Member {
    fn new(runtime: &SharedRuntime, connector: &dyn Connector, address: Address) -> Self {
        let connection = ConnectionState::default();
        let (channel, runtime) = (connector.channel(&address, &connection), Arc::clone(runtime));
        Self { channel, runtime, address, connection, health: Mutex::default() }
    }

    /// It answered, if only to refuse.
    pub(crate) fn answered(&self) {
        *lock(&self.health) = Health::default();
    }

    /// It could not be reached, or did not answer.
    pub(crate) fn failed(&self) {
        let mut health = lock(&self.health);
        let pause = AVOIDED_FIRST * 2_u32.pow(health.failures.min(AVOIDED_DOUBLINGS_MAX));
        health.failures = health.failures.saturating_add(1);
        health.avoided_until = Some(self.runtime.now() + pause);
    }

    /// Whether a connection to it is being made right now, which means that no request is on its way.
    pub(crate) fn is_connecting(&self) -> bool {
        self.connection.is_connecting()
    }

    fn is_avoided(&self, now: Moment) -> bool {
        lock(&self.health).avoided_until.is_some_and(|until| now < until)
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Member({})", self.address)
    }
}

// === impl Members ===

impl Members {
    pub(crate) fn new(runtime: SharedRuntime, connector: Arc<dyn Connector>, addresses: Vec<Address>) -> Self {
        let member = |address| Arc::new(Member::new(&runtime, &*connector, address));
        let members = addresses.into_iter().map(member).collect();
        Self { runtime, connector, known: Mutex::new(Known { members, leader: None }) }
    }

    /// The member to try next, none of those tried already. Among equals a member whose distance is not known yet
    /// comes first, so that a few calls measure all of them; then the nearest; members that failed
    /// lately come last.
    pub(crate) fn choose(&self, prefer: Preference, tried: &[Arc<Member>]) -> Option<Arc<Member>> {
        let now = self.runtime.now();
        let known = lock(&self.known);
        let is_open = |member: &&Arc<Member>| !tried.iter().any(|tried| Arc::ptr_eq(tried, member));
        let leader = known.leader.as_ref().filter(|_| prefer == Preference::Leader).filter(is_open);
        if let Some(leader) = leader.filter(|leader| !leader.is_avoided(now)) {
            return Some(Arc::clone(leader));
        }
        let open = known.members.iter().filter(is_open);
        open.min_by_key(|member| (member.is_avoided(now), member.connection.distance())).cloned()
    }

    /// How many members are left that were not tried and did not fail lately.
    pub(crate) fn promising(&self, tried: &[Arc<Member>]) -> usize {
        let now = self.runtime.now();
        let is_open = |member: &&Arc<Member>| !tried.iter().any(|tried| Arc::ptr_eq(tried, member));
        lock(&self.known).members.iter().filter(is_open).filter(|member| !member.is_avoided(now)).count()
    }

    /// Takes note of who leads, and returns that member if it can be reached directly. `from` is who said so.
    pub(crate) fn learn_leader(&self, leader: &Leader, from: &Member) -> Option<Arc<Member>> {
        let leader = self.learn(&leader.client_address, from)?;
        lock(&self.known).leader = Some(Arc::clone(&leader));
        Some(leader)
    }

    /// Takes note of a member's address, and returns the member if it can be reached.
    pub(crate) fn learn(&self, host_and_port: &str, from: &Member) -> Option<Arc<Member>> {
        let address = Address::advertised(host_and_port, from.address.tls)?;
        let mut known = lock(&self.known);
        if let Some(member) = known.members.iter().find(|member| member.address == address) {
            return Some(Arc::clone(member));
        }
        if known.members.len() >= MEMBERS_MAX {
            return None;
        }
        let member = Arc::new(Member::new(&self.runtime, &*self.connector, address));
        known.members.push(Arc::clone(&member));
        Some(member)
    }

    /// Forgets who leads, if it was that member: it could not be reached or does not lead any more.
    pub(crate) fn forget_leader(&self, member: &Arc<Member>) {
        let mut known = lock(&self.known);
        if known.leader.as_ref().is_some_and(|leader| Arc::ptr_eq(leader, member)) {
            known.leader = None;
        }
    }

    /// Every member known.
    pub(crate) fn all(&self) -> Vec<Arc<Member>> {
        lock(&self.known).members.clone()
    }
}

/// A lock that outlives a panic elsewhere: what these locks guard is consistent after every statement.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use aliasd_runtime::TokioRuntime;

    use super::*;
    use crate::connect::Dialer;

    fn members(addresses: &[&str]) -> Members {
        let runtime: SharedRuntime = Arc::new(TokioRuntime::current());
        let dialer = Dialer { runtime: Arc::clone(&runtime), tls: None, timeout: Duration::from_secs(1) };
        let addresses = addresses.iter().map(|text| Address::parse(text, true).unwrap()).collect();
        Members::new(runtime, Arc::new(dialer), addresses)
    }

    fn order(members: &Members, prefer: Preference) -> Vec<u16> {
        let mut tried = Vec::new();
        while let Some(member) = members.choose(prefer, &tried) {
            tried.push(member);
        }
        tried.iter().map(|member| member.address.port).collect()
    }

    #[tokio::test]
    async fn members_that_failed_come_last_until_they_answer() {
        let members = members(&["http://127.0.0.1:1", "http://127.0.0.1:2"]);
        assert_eq!(order(&members, Preference::Near), [1, 2]);
        members.all()[0].failed();
        assert_eq!(order(&members, Preference::Near), [2, 1]);
        members.all()[0].answered();
        assert_eq!(order(&members, Preference::Near), [1, 2]);
    }

    #[tokio::test]
    async fn a_leader_is_learned_preferred_and_forgotten() {
        let members = members(&["http://127.0.0.1:1"]);
        let from = Arc::clone(&members.all()[0]);
        let leader_at = |address: &str| Leader { node_id: 2, client_address: address.to_owned() };
        let leader = members.learn_leader(&leader_at("127.0.0.1:2"), &from).unwrap();
        assert_eq!(order(&members, Preference::Leader), [2, 1]);
        assert_eq!(order(&members, Preference::Near), [1, 2]);
        leader.failed();
        assert_eq!(order(&members, Preference::Leader), [1, 2]);
        members.forget_leader(&leader);
        leader.answered();
        assert_eq!(order(&members, Preference::Leader), [1, 2]);
        // Plaintext stays on this machine, whatever a member says.
        assert!(members.learn_leader(&leader_at("b.example:2"), &from).is_none());
    }

    #[tokio::test]
    async fn a_member_cannot_make_the_list_endless() {
        let members = members(&["http://127.0.0.1:1"]);
        let from = Arc::clone(&members.all()[0]);
        for port in 1..1000 {
            members.learn(&format!("127.0.0.1:{port}"), &from);
        }
        assert_eq!(members.all().len(), MEMBERS_MAX);
    }
}
