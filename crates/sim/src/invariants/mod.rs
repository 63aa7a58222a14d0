//! What must hold at every moment, whatever happens. Each invariant is a module that is told facts and says whether they
//! contradict each other; it knows neither members nor time, so that a test can tell it of a violation that was made up.
//!
//! The inspector is told by the network what passes, and looks at every member each time before the clock moves.

pub mod acknowledged;
pub mod credentials;
pub mod digests;
pub mod durability;
pub mod freshness;
pub mod leaders;
pub mod prefix;
pub mod progress;
pub mod requests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aliasd_catalog::{Catalog, CatalogName, Record, RecordKey, RequestId, Revision};
use aliasd_replica::{AppliedEntry, LogReach, NodeId};
use aliasd_service::vault::Vault;
use aliasd_wire::store::log::{LogId, Vote};

use self::acknowledged::Acknowledged;
use self::credentials::Credentials;
use self::digests::Digests;
use self::freshness::FreshnessClaims;
use self::leaders::Leaders;
use self::prefix::CommittedPrefix;
use self::progress::Progress;
use self::requests::Requests;
use crate::coverage::Coverage;
use aliasd_runtime::simulation::Simulation;

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its name, as in [`INVARIANTS`].
    pub invariant: &'static str,
    /// Which facts contradict each other.
    pub detail: String,
    /// When it was seen.
    pub at: Duration,
}

/// The names of all invariants, with what each says.
pub const INVARIANTS: &[(&str, &str)] = &[
    ("committed prefixes agree", "what one member knows to be committed at an index is there on every other one"),
    ("digests agree", "two members at one revision have one digest"),
    ("a leader has a majority", "whoever sends entries as leader was given a vote by a majority, itself included"),
    ("a vote is durable before it is given", "a member that loses its power has not voted otherwise"),
    ("an entry is durable before it is acknowledged", "a member that loses its power has what it acknowledged"),
    ("progress never goes back", "vote, commit, applied and purged only rise while a process lives"),
    ("a restart goes back to nothing less than what was durable", "vote and log are found again"),
    ("a freshness claim is true", "a member has everything that was acknowledged as long ago as it says"),
    ("a request has one effect", "whatever is repeated, only one entry of a request changes anything"),
    ("a snapshot holds the request table", "who installs one still knows every request"),
    ("acknowledged writes last", "what was acknowledged is where it was said to be, at the end on every member"),
    (
        "sealed credentials are what was set",
        "each opens with the key that it names, and is what was set at its revision",
    ),
    ("no call is answered with a bug", "whatever is broken around it"),
    ("clients are served as promised", "the checkers find nothing in what clients called and were told"),
    ("a read shows what was agreed", "an answer is that of the catalog at the revision that it names"),
    ("a member stops only for a reason", "no process ends, is fenced or panics by itself"),
    ("the cluster recovers", "once everything is healed members come to one state, and serve, within a bound"),
];

/// See the module; clones share it.
#[derive(Clone)]
pub struct SharedInspector(Arc<Mutex<Inspector>>);

/// Something that can be judged once what members have applied is known.
type Check = Box<dyn FnOnce(&mut Inspector) + Send>;

/// What is known of one run.
pub struct Inspector {
    coverage: Coverage,
    simulation: Arc<Simulation>,
    /// What is judged once everybody has been looked at.
    due: Vec<Check>,
    violation: Option<Violation>,
    leaders: Leaders,
    prefix: CommittedPrefix,
    digests: Digests,
    progress: BTreeMap<NodeId, Progress>,
    freshness: FreshnessClaims,
    requests: Requests,
    acknowledged: Acknowledged,
    credentials: Credentials,
    /// What opens credentials.
    vault: Option<Arc<Vault>>,
    /// How far the catalog on each member's disk reaches.
    kept: BTreeMap<NodeId, u64>,
    /// The catalog after each revision, as the first member that came there had it.
    reference: BTreeMap<Revision, Catalog>,
}

impl SharedInspector {
    /// One that has seen nothing, of a cluster of this many voters at least.
    pub fn new(voters: usize, simulation: &Arc<Simulation>, coverage: &Coverage) -> Self {
        Self(Arc::new(Mutex::new(Inspector {
            coverage: coverage.clone(),
            simulation: Arc::clone(simulation),
            due: Vec::new(),
            violation: None,
            leaders: Leaders::of(voters),
            prefix: CommittedPrefix::default(),
            digests: Digests::default(),
            progress: BTreeMap::new(),
            freshness: FreshnessClaims::default(),
            requests: Requests::default(),
            acknowledged: Acknowledged::default(),
            credentials: Credentials::default(),
            vault: None,
            kept: BTreeMap::new(),
            reference: BTreeMap::new(),
        })))
    }

    /// The inspector itself.
    pub fn lock(&self) -> MutexGuard<'_, Inspector> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inspector {
    /// The first violation, if there was one.
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// Judges that once everybody has been looked at, at this same time.
    pub fn later(&mut self, check: impl FnOnce(&mut Self) + Send + 'static) {
        self.due.push(Box::new(check));
    }

    /// Everybody has been looked at.
    pub fn has_looked(&mut self) {
        for check in std::mem::take(&mut self.due) {
            check(self);
        }
    }

    /// Takes note of a violation, if it is one and the first.
    pub fn judge(&mut self, invariant: &'static str, verdict: Result<(), String>) {
        debug_assert!(INVARIANTS.iter().any(|(name, _)| *name == invariant), "'{invariant}' is in no list");
        if let Err(detail) = verdict {
            let at = self.simulation.now();
            self.violation.get_or_insert(Violation { invariant, detail, at });
        }
    }

    // === what the network shows ===

    /// A member gives a vote; `durable` is the vote that it has on its disk by then.
    pub fn vote_given(&mut self, by: NodeId, vote: Vote, durable: Option<Vote>) {
        self.judge("a vote is durable before it is given", durability::vote(by, vote, durable));
        self.leaders.given(by, vote);
    }

    /// A member sends entries or a heartbeat.
    pub fn append_sent(&mut self, by: NodeId, vote: Option<Vote>) {
        let Some(vote) = vote else { return };
        match self.leaders.leads(by, vote) {
            Ok(true) => self.coverage.count("election"),
            Ok(false) => {}
            Err(detail) => self.judge("a leader has a majority", Err(detail)),
        }
    }

    /// A member says that its log is equal to the leader's up to a position, and flushed.
    pub fn append_acknowledged(&mut self, by: NodeId, vote: Option<Vote>, matched: LogId, durable: &LogReach) {
        if durability::append(by, vote, matched, durable, 0).is_err() {
            // What the catalog on its disk covers need not be in the log, and is seen when everybody has been looked at.
            let durable = *durable;
            self.later(move |inspector| {
                let kept = inspector.kept.get(&by).copied().unwrap_or_default();
                let verdict = durability::append(by, vote, matched, &durable, kept);
                inspector.judge("an entry is durable before it is acknowledged", verdict);
            });
        }
    }

    // === what clients know ===

    /// A member acknowledges a write that took effect at a revision.
    pub fn write_acknowledged(&mut self, request: RequestId, revision: Revision) {
        self.freshness.acknowledged(self.simulation.now(), revision);
        let verdict = self.acknowledged.write(request, revision);
        self.judge("acknowledged writes last", verdict);
    }

    /// What was acknowledged until then.
    pub fn acknowledged_by(&self, time: Duration) -> Revision {
        self.freshness.acknowledged_by(time)
    }

    /// The catalog after a revision, and after those that changed nothing.
    pub fn reference(&self, revision: Revision) -> Option<&Catalog> {
        self.reference.range(..=revision).next_back().map(|(_, catalog)| catalog)
    }

    // === what members show ===

    /// What each member's process has shown of itself.
    pub fn progress(&mut self, node: NodeId) -> &mut Progress {
        self.progress.entry(node).or_default()
    }

    /// What is known to be committed.
    pub fn prefix(&mut self) -> &mut CommittedPrefix {
        &mut self.prefix
    }

    /// Opens credentials with these keys from now on.
    pub fn opens_with(&mut self, vault: Arc<Vault>) {
        self.vault = Some(vault);
    }

    /// A request sets that credential, if it has an effect.
    pub fn sets_credential(&mut self, request: RequestId, credential: &str) {
        self.credentials.sets(request, credential);
    }

    /// Looks at the credentials that an entry changed.
    fn look_at_credentials(&mut self, entry: &AppliedEntry, request: Option<RequestId>) {
        let (Some(vault), Some(meta)) = (self.vault.clone(), entry.after.meta()) else { return };
        for change in &entry.changes {
            let RecordKey::Alias(name) = &change.key else { continue };
            let name = CatalogName::from(name);
            let open = |record: Option<&Record>| {
                let Some(Record::Alias(alias)) = record else { return None };
                let (place, credential) = alias.stored(&name)?;
                let opened = vault.open(meta.cluster_id, &place, credential);
                Some(opened.map(|secret| secret.expose().to_owned()).map_err(|error| error.to_string()))
            };
            if let Some(after) = open(change.after.as_ref()) {
                let before = open(change.before.as_ref());
                let verdict = self.credentials.changed(entry.revision, request, before, after);
                self.judge("sealed credentials are what was set", verdict);
            }
        }
    }

    /// A member has applied an entry.
    pub fn applied(&mut self, node: NodeId, entry: &AppliedEntry, request: Option<RequestId>) {
        let (revision, catalog) = (entry.revision, &entry.after);
        // What two members have in common need not be looked at twice: their digests are compared.
        if !self.reference.contains_key(&revision) {
            self.look_at_credentials(entry, request);
        }
        let verdict = self.digests.seen(node, revision, catalog.digest());
        self.judge("digests agree", verdict);
        if let Some(request) = request {
            let verdict = self.requests.effect(request, revision);
            self.judge("a request has one effect", verdict);
        }
        self.reference.entry(revision).or_insert_with(|| catalog.clone());
    }

    /// The catalog on a member's disk is that of a revision at least: it was found there, or a snapshot brought it.
    pub fn keeps(&mut self, node: NodeId, revision: Revision) {
        self.kept.insert(node, revision.0);
    }

    /// A member has a catalog that came as a whole, or that it found on its disk.
    pub fn found(&mut self, node: NodeId, revision: Revision, catalog: &Catalog, is_snapshot: bool) {
        let verdict = self.digests.seen(node, revision, catalog.digest());
        self.judge("digests agree", verdict);
        if is_snapshot {
            self.keeps(node, revision);
            let verdict = self.requests.are_all_in(node, revision, |request| {
                catalog.recorded_request(request).map(|record| record.applied.revision)
            });
            self.judge("a snapshot holds the request table", verdict);
        }
    }

    /// A member says how fresh its view is.
    pub fn claims(&mut self, node: NodeId, fresh_at: Duration, view: Revision) {
        let verdict = self.freshness.claimed(node, fresh_at, view);
        self.judge("a freshness claim is true", verdict);
    }

    /// At the end: a member has every write that was acknowledged.
    pub fn holds_everything(&mut self, node: NodeId, catalog: &Catalog) {
        let verdict = self
            .acknowledged
            .are_all_in(node, |request| catalog.recorded_request(request).map(|record| record.applied.revision));
        self.judge("acknowledged writes last", verdict);
    }
}
