//! Where names led: resolves, and the routes that guards pinned, in one form; and how fresh each had to be.

use std::collections::BTreeMap;

use crate::finding::Finding;
use crate::history::{Event, Freshness, GuardStep, History, Outcome, Route};
use crate::world::{Question, Shown, Sight, World};

/// One answer to where a name leads.
#[derive(Clone, Copy)]
pub(crate) struct Read<'a> {
    pub(crate) line: usize,
    pub(crate) client: u64,
    pub(crate) member: Option<u64>,
    pub(crate) begin: u64,
    pub(crate) end: u64,
    pub(crate) question: Question<'a>,
    pub(crate) freshness: Freshness,
    pub(crate) outcome: &'a Outcome<Route>,
}

/// The revisions that each client had been told of, by time.
pub(crate) struct Seen {
    told: BTreeMap<u64, Shown>,
    written: BTreeMap<u64, Shown>,
}

/// All of them, in the order of lines.
pub(crate) fn reads(history: &History) -> impl Iterator<Item = Read<'_>> {
    history.numbered().filter_map(|(line, event)| match event {
        Event::Resolve(resolve) => Some(Read {
            line,
            client: resolve.client,
            member: resolve.member,
            begin: resolve.begin,
            end: resolve.end,
            question: Question {
                caller: &resolve.caller,
                proof: &resolve.proof,
                user: resolve.user.as_ref().unwrap_or(&resolve.caller),
                name: &resolve.name,
                with_credentials: resolve.with_credentials,
            },
            freshness: resolve.freshness,
            outcome: &resolve.outcome,
        }),
        Event::Guard(guard) => match &guard.step {
            GuardStep::Begin { lookup, outcome } => Some(Read {
                line,
                client: guard.client,
                member: None,
                begin: guard.begin,
                end: guard.end,
                question: Question {
                    caller: &lookup.caller,
                    proof: &lookup.proof,
                    user: lookup.user.as_ref().unwrap_or(&lookup.caller),
                    name: &lookup.name,
                    with_credentials: false,
                },
                freshness: Freshness::Linearizable,
                outcome,
            }),
            _ => None,
        },
        _ => None,
    })
}

// === impl Read ===

impl Read<'_> {
    /// The moment by which whatever was acknowledged has to show.
    pub(crate) fn must_show(&self, world: &World<'_>) -> Option<u64> {
        let bounds = world.bounds;
        let age = match self.freshness {
            Freshness::Linearizable => 0,
            Freshness::Local | Freshness::AtLeast(_) | Freshness::Session => bounds.max_staleness,
            Freshness::Cached => bounds.max_staleness.max(bounds.silence_max),
        };
        let released = bounds.release_staleness.filter(|_| self.releases());
        self.begin.checked_sub(released.map_or(age, |bound| age.min(bound)))
    }

    /// Whether credentials came with it.
    pub(crate) fn releases(&self) -> bool {
        use crate::history::Destination::Remote;
        self.outcome.ok().is_some_and(|route| matches!(&route.destination, Remote { credential: Some(_), .. }))
    }

    /// The revision below which it must not be, with the line that makes it so.
    pub(crate) fn floor(&self, seen: &Seen) -> (u64, usize) {
        match self.freshness {
            Freshness::AtLeast(revision) => (revision, self.line),
            Freshness::Session => seen.told(self.client, self.begin),
            Freshness::Cached => seen.written(self.client, self.begin),
            Freshness::Local | Freshness::Linearizable => (0, 0),
        }
    }

    /// What an answer at this revision has seen.
    pub(crate) fn sight(&self, served_at: u64) -> Sight {
        Sight { may_until: self.end, ..Sight::at(served_at) }
    }

    /// What the answer must have seen by its promise, and may have.
    pub(crate) fn promised(&self, world: &World<'_>, seen: &Seen) -> Sight {
        let (floor, _) = self.floor(seen);
        let must_until = self.must_show(world);
        Sight { must_until, must_revision: floor, may_until: self.end, may_revision: u64::MAX }
    }
}

// === impl Seen ===

impl Seen {
    pub(crate) fn of(history: &History) -> Self {
        let mut told: BTreeMap<u64, Vec<_>> = BTreeMap::new();
        let mut written: BTreeMap<u64, Vec<_>> = BTreeMap::new();
        for (line, event) in history.numbered() {
            let (client, end, revision) = match event {
                Event::Write(write) => {
                    let revision = write.outcome.ok().and_then(|written| written.revision);
                    if let Some(revision) = revision {
                        written.entry(write.client).or_default().push((write.end, revision, line));
                    }
                    (write.client, write.end, revision)
                }
                Event::Resolve(resolve) => {
                    // A route from the cache tells the client nothing that it has not been told before.
                    let asked = Some(resolve).filter(|resolve| resolve.freshness != Freshness::Cached);
                    let route = asked.and_then(|resolve| resolve.outcome.ok());
                    (resolve.client, resolve.end, route.map(|route| route.served_at))
                }
                Event::Guard(guard) => match &guard.step {
                    GuardStep::Begin { outcome, .. } => {
                        (guard.client, guard.end, outcome.ok().map(|route| route.served_at))
                    }
                    _ => continue,
                },
                _ => continue,
            };
            if let Some(revision) = revision {
                told.entry(client).or_default().push((end, revision, line));
            }
        }
        let shown =
            |all: BTreeMap<u64, Vec<_>>| all.into_iter().map(|(client, all)| (client, all.into_iter().collect()));
        Self { told: shown(told).collect(), written: shown(written).collect() }
    }

    /// The highest revision that a client had been told of before a moment.
    pub(crate) fn told(&self, client: u64, before: u64) -> (u64, usize) {
        self.told.get(&client).map_or((0, 0), |told| told.before(before))
    }

    /// The highest revision of a client's own writes before a moment.
    pub(crate) fn written(&self, client: u64, before: u64) -> (u64, usize) {
        self.written.get(&client).map_or((0, 0), |written| written.before(before))
    }
}

/// At most so many findings of one kind: the first ones tell what is wrong.
pub(crate) const FINDINGS_MAX: usize = 20;

/// Whether there are enough of them.
pub(crate) fn enough(findings: &[Finding]) -> bool {
    findings.len() >= FINDINGS_MAX
}
