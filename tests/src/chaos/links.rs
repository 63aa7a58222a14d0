//! What the network does to each directed link at the moment: the faults that are active on it, taken together.
//!
//! Knows nothing of sockets. A proxy asks what to do with the bytes of a connection; the nemesis adds faults and takes
//! them away again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// Who talks to whom. A connection belongs to the link of the one who dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LinkId {
    /// Connections of one member to another.
    Peer { from: u64, to: u64 },
    /// Connections of clients to a member.
    Client { to: u64 },
}

/// The direction of bytes on a link, as seen from whoever dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    There,
    Back,
}

/// Which connections of a link. Members use one for what is urgent, one for entries and one for snapshots. TLS hides which is
/// which; the one that has carried most is most likely that of the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// The connection that has carried most bytes, and those that are made meanwhile.
    Busiest,
    /// All others, and those that are made meanwhile.
    Others,
}

/// What happens to the bytes of one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// Nothing arrives, and nobody is told.
    pub(super) silent: bool,
    pub(super) delay: Duration,
    /// Up to so much more, drawn for each piece.
    pub(super) jitter: Duration,
    /// How many of 1000 pieces are late as if they had been lost and sent again.
    pub(super) lost_per_mille: u64,
    pub(super) bytes_per_second: Option<u64>,
    /// How many of 1000 pieces arrive with a bit turned over.
    pub(super) flipped_per_mille: u64,
    /// How many of 1000 pieces end the connection.
    pub(super) resets_per_mille: u64,
}

/// One fault of a link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) there: Way,
    pub(super) back: Way,
    /// Connections are reset, and new ones too.
    pub(super) cut: bool,
    /// Says of `silent` that it is for these connections alone.
    pub(super) lane: Option<Lane>,
}

/// Names a fault that is active.
pub(super) type FaultId = u64;

/// The state of all links, shared by proxies and nemesis.
#[derive(Clone)]
pub(super) struct Links {
    shared: Arc<Mutex<Shared>>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Shared {
    rules: BTreeMap<LinkId, BTreeMap<FaultId, Rule>>,
    connections: BTreeMap<u64, Connection>,
    last_connection: u64,
    bytes: u64,
}

struct Connection {
    link: LinkId,
    bytes: u64,
    /// Faults of a lane that hold it.
    held_by: BTreeSet<FaultId>,
    /// It is to be reset.
    doomed: bool,
}

/// What a proxy does with a connection, seen at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// It is reset.
    Reset,
    /// Its bytes go this way.
    Carry(Way),
}

// === impl Way ===

impl Way {
    fn add(&mut self, other: &Self) {
        self.silent |= other.silent;
        self.delay += other.delay;
        self.jitter += other.jitter;
        self.lost_per_mille = self.lost_per_mille.max(other.lost_per_mille);
        self.flipped_per_mille = self.flipped_per_mille.max(other.flipped_per_mille);
        self.resets_per_mille = self.resets_per_mille.max(other.resets_per_mille);
        self.bytes_per_second = match (self.bytes_per_second, other.bytes_per_second) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

// === impl Rule ===

impl Rule {
    /// Both directions alike.
    pub(super) fn both(way: Way) -> Self {
        Self { there: way.clone(), back: way, ..Self::default() }
    }

    /// No connection, and whoever tries is told.
    pub(super) fn cut() -> Self {
        Self { cut: true, ..Self::default() }
    }

    /// No byte arrives in either direction, and nobody is told.
    pub(super) fn silent() -> Self {
        Self::both(Way { silent: true, ..Way::default() })
    }

    fn way(&self, direction: Direction) -> &Way {
        match direction {
            Direction::There => &self.there,
            Direction::Back => &self.back,
        }
    }
}

// === impl Links ===

impl Links {
    pub(super) fn new() -> Self {
        Self { shared: Arc::default(), changed: watch::Sender::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of every change of the faults.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Lets a fault begin.
    pub(super) fn begin(&self, id: FaultId, rules: &[(LinkId, Rule)]) {
        let mut shared = self.lock();
        for (link, rule) in rules {
            shared.rules.entry(*link).or_default().insert(id, rule.clone());
            shared.strike(*link, id, rule);
        }
        drop(shared);
        self.changed.send_modify(|count| *count += 1);
    }

    /// Lets a fault end. Nothing happens if it is none.
    pub(super) fn end(&self, id: FaultId) {
        let mut shared = self.lock();
        for rules in shared.rules.values_mut() {
            rules.remove(&id);
        }
        for connection in shared.connections.values_mut() {
            connection.held_by.remove(&id);
        }
        drop(shared);
        self.changed.send_modify(|count| *count += 1);
    }

    /// Lets every fault end.
    pub(super) fn heal(&self) {
        let mut shared = self.lock();
        shared.rules.clear();
        shared.connections.values_mut().for_each(|connection| connection.held_by.clear());
        drop(shared);
        self.changed.send_modify(|count| *count += 1);
    }

    /// Takes note of a new connection; `None` if it is refused.
    pub(super) fn connect(&self, link: LinkId) -> Option<u64> {
        let mut shared = self.lock();
        let rules = shared.rules.get(&link).cloned().unwrap_or_default();
        if rules.values().any(|rule| rule.cut) {
            return None;
        }
        let held_by = rules.iter().filter(|(_, rule)| rule.lane.is_some()).map(|(id, _)| *id).collect();
        shared.last_connection += 1;
        let id = shared.last_connection;
        shared.connections.insert(id, Connection { link, bytes: 0, held_by, doomed: false });
        Some(id)
    }

    /// Takes note that a connection has ended.
    pub(super) fn disconnect(&self, connection: u64) {
        self.lock().connections.remove(&connection);
    }

    /// What becomes of the bytes of a connection now.
    pub(super) fn treatment(&self, connection: u64, direction: Direction) -> Treatment {
        let shared = self.lock();
        let Some(known) = shared.connections.get(&connection).filter(|known| !known.doomed) else {
            return Treatment::Reset;
        };
        let mut way = Way::default();
        for (id, rule) in shared.rules.get(&known.link).into_iter().flatten() {
            if rule.lane.is_none() || known.held_by.contains(id) {
                way.add(rule.way(direction));
            }
        }
        Treatment::Carry(way)
    }

    /// Takes note of bytes that were carried.
    pub(super) fn carried(&self, connection: u64, bytes: u64) {
        let mut shared = self.lock();
        shared.bytes += bytes;
        if let Some(known) = shared.connections.get_mut(&connection) {
            known.bytes += bytes;
        }
    }

    /// How many connections there were, and how many bytes they carried.
    pub(super) fn totals(&self) -> (u64, u64) {
        let shared = self.lock();
        (shared.last_connection, shared.bytes)
    }
}

// === impl Shared ===

impl Shared {
    /// What a fault does to the connections that there are when it begins.
    fn strike(&mut self, link: LinkId, id: FaultId, rule: &Rule) {
        let mine = || self.connections.iter().filter(|(_, connection)| connection.link == link);
        let busiest = mine().max_by_key(|(_, connection)| connection.bytes).map(|(id, _)| *id);
        for (number, connection) in self.connections.iter_mut().filter(|(_, connection)| connection.link == link) {
            let held = match rule.lane {
                None => false,
                Some(Lane::Busiest) => Some(*number) == busiest,
                Some(Lane::Others) => Some(*number) != busiest,
            };
            if held {
                connection.held_by.insert(id);
            }
            connection.doomed |= rule.cut;
        }
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer { from, to } => write!(f, "{from}-{to}"),
            Self::Client { to } => write!(f, "clients-{to}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: LinkId = LinkId::Peer { from: 1, to: 2 };

    fn is_silent(links: &Links, connection: u64, direction: Direction) -> bool {
        match links.treatment(connection, direction) {
            Treatment::Carry(way) => way.silent,
            Treatment::Reset => panic!("it is reset"),
        }
    }

    #[test]
    fn faults_of_a_link_add_up_and_end_one_by_one() {
        let links = Links::new();
        let connection = links.connect(LINK).unwrap();
        let late = Way { delay: Duration::from_millis(5), ..Way::default() };
        links.begin(1, &[(LINK, Rule::both(late.clone()))]);
        links.begin(
            2,
            &[(LINK, Rule { there: Way { silent: true, delay: late.delay, ..Way::default() }, ..Rule::default() })],
        );
        let both = Way { silent: true, delay: Duration::from_millis(10), ..Way::default() };
        assert_eq!(links.treatment(connection, Direction::There), Treatment::Carry(both));
        assert_eq!(links.treatment(connection, Direction::Back), Treatment::Carry(late));
        links.end(2);
        links.end(1);
        assert_eq!(links.treatment(connection, Direction::There), Treatment::Carry(Way::default()));
    }

    #[test]
    fn a_cut_resets_what_there_is_and_refuses_what_comes() {
        let links = Links::new();
        let (connection, other) = (links.connect(LINK).unwrap(), links.connect(LinkId::Client { to: 2 }).unwrap());
        links.begin(1, &[(LINK, Rule::cut())]);
        assert_eq!(links.treatment(connection, Direction::There), Treatment::Reset);
        assert!(links.connect(LINK).is_none());
        assert!(!is_silent(&links, other, Direction::There));
        links.end(1);
        assert!(links.connect(LINK).is_some());
    }

    #[test]
    fn a_lane_is_silent_alone_and_so_is_what_would_replace_it() {
        for (lane, expected) in [(Lane::Busiest, [false, true]), (Lane::Others, [true, false])] {
            let links = Links::new();
            let connections = [links.connect(LINK).unwrap(), links.connect(LINK).unwrap()];
            links.carried(connections[1], 1000);
            links.begin(1, &[(LINK, Rule { lane: Some(lane), ..Rule::silent() })]);
            assert_eq!(connections.map(|connection| is_silent(&links, connection, Direction::Back)), expected);
            let new = links.connect(LINK).unwrap();
            assert!(is_silent(&links, new, Direction::There));
            links.end(1);
            assert!(!is_silent(&links, new, Direction::There));
        }
    }
}
