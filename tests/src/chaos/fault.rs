//! What can go wrong on purpose, in the words of the plan. What each of them does to links is here too; what it does to
//! processes and disks is the nemesis's.
//!
//! A member is named by its place among those that there are when the fault begins, from 1 on.

use std::fmt;
use std::time::Duration;

use super::links::{Lane, LinkId, Rule, Way};
use super::roster::at;

/// What is to go wrong, by who carries it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Network(NetworkFault),
    Process(ProcessFault),
    Disk(DiskFault),
    Files(FilesFault),
    Members(MembersChange),
}

/// What the network does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NetworkFault {
    /// These members and the others do not reach each other. `told`: connections are reset rather than silent.
    Partition { minority: Vec<u64>, told: bool },
    /// Nobody reaches anybody.
    Apart { told: bool },
    /// Whoever leads when it begins is alone.
    LeaderAlone { told: bool },
    /// Each member reaches its two neighbours only.
    Ring,
    /// Two halves reach this member, and each other not at all.
    Bridge { over: u64 },
    /// What this member says is not heard, but it hears.
    Unheard { member: u64 },
    /// This member hears nothing, but is heard.
    Deaf { member: u64 },
    /// One lane of what a member says to another one is silent, and the others go on.
    Lane { from: u64, to: u64, lane: Lane },
    /// Something of every piece of these links.
    Bad { links: Stretch, what: Nuisance },
    /// Clients do not reach this member.
    Clients { to: u64, told: bool },
}

/// Which links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stretch {
    Everywhere,
    Around(u64),
    Clients,
}

/// What is wrong with a link that works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nuisance {
    Delay { delay_ms: u64, jitter_ms: u64 },
    Loss { per_mille: u64 },
    Throttle { bytes_per_second: u64 },
    Resets { per_mille: u64 },
    Flips { per_mille: u64 },
}

/// Who is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Member(u64),
    Leader,
    Everybody,
}

/// What happens to processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProcessFault {
    /// SIGKILL, and a restart at the end.
    Kill(Target),
    /// SIGKILL, and what was not synced is lost or torn; a restart at the end.
    PowerCut(Target),
    /// SIGSTOP, and SIGCONT at the end.
    Pause(Target),
    /// SIGTERM, and a restart at the end.
    Stop(Target),
    /// The leadership goes to another member.
    Transfer,
    /// The wall clock is off by so much.
    Clock { member: u64, shift_ms: i64 },
    /// So many idle connections to the clients' port.
    Flood { member: u64, connections: u64 },
}

/// What a disk does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DiskFault {
    /// Each sync takes so much longer.
    SlowSync { member: u64, delay_ms: u64 },
    /// Syncs fail, which ends the node; what was not synced is lost before it is restarted.
    FailedSync { member: u64 },
    /// No room is left, which ends the node.
    Full { member: u64 },
}

/// What somebody does to the files of one node, which has to notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FilesFault {
    /// Something of a stopped node's files is turned over or cut off. It is restored at the end.
    Damage { member: u64, of: Part, cut: bool },
    /// The keystore is missing at a restart. It is restored at the end.
    KeystoreMissing { member: u64 },
    /// The keystore is another one from a reload on. It is restored at the end.
    KeystoreOther { member: u64 },
    /// A new certificate is issued and taken over by a reload.
    Certificate { member: u64 },
    /// The data directory is empty at a restart, so that the node may take no part. It is put back at the end.
    Emptied { member: u64 },
    /// The data directory is an older copy of itself at a restart. Its own is put back once that was found.
    OlderCopy { member: u64 },
}

/// How an operator changes the members, while everything else goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MembersChange {
    Add {
        learner: bool,
        arrival: Arrival,
    },
    /// A learner gets a vote, if there is one.
    Promote,
    Remove {
        member: u64,
    },
    Replace {
        old: u64,
        is: Replaced,
        arrival: Arrival,
    },
}

/// What happens to a new node on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    Undisturbed,
    /// It is killed so long after its start, and started again.
    Killed {
        after_ms: u64,
    },
    /// It is given up so long after its start.
    GivenUp {
        after_ms: u64,
    },
}

/// What a member is like that is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replaced {
    Up,
    Down,
    /// Its directory is lost, and it is started on an empty one.
    Wiped,
    Damaged {
        of: Part,
        cut: bool,
    },
}

/// A part of a data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Log,
    Catalog,
}

// === impl Fault ===

impl Fault {
    /// What it is counted as.
    pub(super) fn class(&self) -> &'static str {
        match self {
            Self::Network(fault) => match fault {
                NetworkFault::Partition { .. } | NetworkFault::Apart { .. } => "partition",
                NetworkFault::LeaderAlone { .. } => "leader alone",
                NetworkFault::Ring => "ring",
                NetworkFault::Bridge { .. } => "bridge",
                NetworkFault::Unheard { .. } => "one way: not heard",
                NetworkFault::Deaf { .. } => "one way: hears nothing",
                NetworkFault::Lane { lane: Lane::Busiest, .. } => "lane: busiest silent",
                NetworkFault::Lane { lane: Lane::Others, .. } => "lane: others silent",
                NetworkFault::Bad { what: Nuisance::Delay { .. }, .. } => "delay",
                NetworkFault::Bad { what: Nuisance::Loss { .. }, .. } => "loss",
                NetworkFault::Bad { what: Nuisance::Throttle { .. }, .. } => "throttle",
                NetworkFault::Bad { what: Nuisance::Resets { .. }, .. } => "resets",
                NetworkFault::Bad { what: Nuisance::Flips { .. }, .. } => "bits flipped under way",
                NetworkFault::Clients { .. } => "clients cut off",
            },
            Self::Process(fault) => match fault {
                ProcessFault::Kill(Target::Everybody) => "SIGKILL to all",
                ProcessFault::Kill(_) => "SIGKILL",
                ProcessFault::PowerCut(Target::Everybody) => "power cut everywhere",
                ProcessFault::PowerCut(_) => "power cut",
                ProcessFault::Pause(_) => "SIGSTOP",
                ProcessFault::Stop(_) => "SIGTERM",
                ProcessFault::Transfer => "leader transfer",
                ProcessFault::Clock { .. } => "clock step",
                ProcessFault::Flood { .. } => "idle connections",
            },
            Self::Disk(fault) => match fault {
                DiskFault::SlowSync { .. } => "slow disk",
                DiskFault::FailedSync { .. } => "failing sync",
                DiskFault::Full { .. } => "full disk",
            },
            Self::Files(fault) => match fault {
                FilesFault::Damage { of: Part::Log, cut: false, .. } => "log damaged",
                FilesFault::Damage { of: Part::Log, cut: true, .. } => "log cut",
                FilesFault::Damage { of: Part::Catalog, cut: false, .. } => "catalog damaged",
                FilesFault::Damage { of: Part::Catalog, cut: true, .. } => "catalog cut",
                FilesFault::KeystoreMissing { .. } => "keystore missing",
                FilesFault::KeystoreOther { .. } => "keystore of another cluster",
                FilesFault::Certificate { .. } => "certificate changed",
                FilesFault::Emptied { .. } => "directory emptied",
                FilesFault::OlderCopy { .. } => "older copy of a directory",
            },
            Self::Members(change) => match change {
                MembersChange::Add { arrival: Arrival::GivenUp { .. }, .. } => "members: added and given up",
                MembersChange::Add { learner: false, .. } => "members: voter added",
                MembersChange::Add { learner: true, .. } => "members: learner added",
                MembersChange::Promote => "members: learner promoted",
                MembersChange::Remove { .. } => "members: removed",
                MembersChange::Replace { arrival: Arrival::GivenUp { .. }, .. } => "members: replaced and given up",
                MembersChange::Replace { is: Replaced::Up, .. } => "members: replaced while up",
                MembersChange::Replace { is: Replaced::Down, .. } => "members: replaced while down",
                MembersChange::Replace { is: Replaced::Wiped, .. } => "members: replaced, wiped",
                MembersChange::Replace { is: Replaced::Damaged { .. }, .. } => "members: replaced, damaged",
            },
        }
    }
}

// === impl NetworkFault ===

impl NetworkFault {
    /// What it does to the links between these members, given by their places, one of which leads.
    pub(super) fn rules(&self, members: &[u64], leader: u64) -> Vec<(LinkId, Rule)> {
        let told = |told: bool| if told { Rule::cut() } else { Rule::silent() };
        let apart = |rule: Rule, parted: &dyn Fn(u64, u64) -> bool| {
            pairs(members)
                .filter(|(from, to)| parted(*from, *to))
                .map(|(from, to)| (LinkId::Peer { from, to }, rule.clone()))
                .collect()
        };
        let have = |places: &[u64]| places.iter().map(|place| at(members, *place)).collect::<Vec<u64>>();
        match self {
            Self::Partition { minority, told: is_told } => {
                let minority = have(minority);
                apart(told(*is_told), &|from, to| minority.contains(&from) != minority.contains(&to))
            }
            Self::Apart { told: is_told } => apart(told(*is_told), &|_, _| true),
            Self::LeaderAlone { told: is_told } => apart(told(*is_told), &|from, to| from == leader || to == leader),
            Self::Ring => {
                let place = |member: u64| members.iter().position(|other| *other == member).unwrap_or_default();
                apart(Rule::silent(), &|from, to| {
                    let distance = place(from).abs_diff(place(to));
                    distance != 1 && distance != members.len() - 1
                })
            }
            Self::Bridge { over } => {
                let over = at(members, *over);
                let others: Vec<u64> = members.iter().copied().filter(|member| *member != over).collect();
                let half = |member: u64| {
                    others.iter().position(|other| *other == member).map(|place| place < others.len() / 2)
                };
                apart(Rule::silent(), &|from, to| from != over && to != over && half(from) != half(to))
            }
            Self::Unheard { member } => {
                let unheard = at(members, *member);
                one_way(members, |speaker, _| speaker == unheard)
            }
            Self::Deaf { member } => {
                let deaf = at(members, *member);
                one_way(members, |_, hearer| hearer == deaf)
            }
            Self::Lane { from, to, lane } => {
                let link = LinkId::Peer { from: at(members, *from), to: at(members, *to) };
                vec![(link, Rule { lane: Some(*lane), ..Rule::silent() })]
            }
            Self::Bad { links, what } => {
                let rule = Rule::both(what.way());
                links.of(members).into_iter().map(|link| (link, rule.clone())).collect()
            }
            Self::Clients { to, told: is_told } => {
                vec![(LinkId::Client { to: at(members, *to) }, told(*is_told))]
            }
        }
    }
}

fn pairs(members: &[u64]) -> impl Iterator<Item = (u64, u64)> {
    let others = |from: u64| members.iter().filter(move |to| **to != from).map(move |to| (from, *to));
    members.iter().flat_map(move |from| others(*from))
}

/// Silence in every direction in which `is_lost(speaker, hearer)`. A connection carries both directions, whoever dialled.
fn one_way(members: &[u64], is_lost: impl Fn(u64, u64) -> bool) -> Vec<(LinkId, Rule)> {
    let way = |silent: bool| Way { silent, ..Way::default() };
    let rules = pairs(members).map(|(from, to)| {
        let rule = Rule { there: way(is_lost(from, to)), back: way(is_lost(to, from)), ..Rule::default() };
        (LinkId::Peer { from, to }, rule)
    });
    rules.filter(|(_, rule)| *rule != Rule::default()).collect()
}

impl Stretch {
    fn of(self, members: &[u64]) -> Vec<LinkId> {
        let peers = pairs(members).map(|(from, to)| LinkId::Peer { from, to });
        let clients = members.iter().map(|to| LinkId::Client { to: *to });
        match self {
            Self::Everywhere => peers.chain(clients).collect(),
            Self::Clients => clients.collect(),
            Self::Around(place) => {
                let member = at(members, place);
                let is_there = |link: &LinkId| match link {
                    LinkId::Peer { from, to } => *from == member || *to == member,
                    LinkId::Client { to } => *to == member,
                };
                peers.chain(clients).filter(is_there).collect()
            }
        }
    }
}

impl Nuisance {
    fn way(self) -> Way {
        let way = Way::default();
        match self {
            Self::Delay { delay_ms, jitter_ms } => {
                Way { delay: Duration::from_millis(delay_ms), jitter: Duration::from_millis(jitter_ms), ..way }
            }
            Self::Loss { per_mille } => Way { lost_per_mille: per_mille, ..way },
            Self::Throttle { bytes_per_second } => Way { bytes_per_second: Some(bytes_per_second), ..way },
            Self::Resets { per_mille } => Way { resets_per_mille: per_mille, ..way },
            Self::Flips { per_mille } => Way { flipped_per_mille: per_mille, ..way },
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = match self {
            Self::Network(fault) => format!("{fault:?}"),
            Self::Process(fault) => format!("{fault:?}"),
            Self::Disk(fault) => format!("{fault:?}"),
            Self::Files(fault) => format!("{fault:?}"),
            Self::Members(change) => format!("{change:?}"),
        };
        write!(f, "{}: {details}", self.class())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who is heard by whom while a fault lasts, as "1>2".
    fn heard(fault: &NetworkFault, members: &[u64]) -> Vec<String> {
        let rules = fault.rules(members, members[0]);
        let lost = |speaker: u64, hearer: u64| {
            rules.iter().any(|(link, rule)| match link {
                LinkId::Peer { from, to } if (*from, *to) == (speaker, hearer) => rule.cut || rule.there.silent,
                LinkId::Peer { from, to } if (*from, *to) == (hearer, speaker) => rule.cut || rule.back.silent,
                _ => false,
            })
        };
        let heard = pairs(members).filter(|(speaker, hearer)| !lost(*speaker, *hearer));
        heard.map(|(speaker, hearer)| format!("{speaker}>{hearer}")).collect()
    }

    #[test]
    fn shapes_are_what_they_are_called() {
        let partition = NetworkFault::Partition { minority: vec![1], told: true };
        assert_eq!(heard(&partition, &[1, 2, 3]), ["2>3", "3>2"]);
        assert_eq!(heard(&partition, &[4, 2, 7]), ["2>7", "7>2"], "places, and not ids");
        assert_eq!(heard(&NetworkFault::Apart { told: true }, &[1, 2, 3]), [""; 0]);
        assert_eq!(heard(&NetworkFault::LeaderAlone { told: false }, &[1, 2, 3]), ["2>3", "3>2"]);
        let ring = ["1>2", "1>5", "2>1", "2>3", "3>2", "3>4", "4>3", "4>5", "5>1", "5>4"];
        assert_eq!(heard(&NetworkFault::Ring, &[1, 2, 3, 4, 5]), ring);
        assert_eq!(heard(&NetworkFault::Bridge { over: 2 }, &[1, 2, 3]), ["1>2", "2>1", "2>3", "3>2"]);
        assert_eq!(heard(&NetworkFault::Unheard { member: 1 }, &[1, 2, 3]), ["2>1", "2>3", "3>1", "3>2"]);
        assert_eq!(heard(&NetworkFault::Deaf { member: 1 }, &[1, 2, 3]), ["1>2", "1>3", "2>3", "3>2"]);
    }
}
