//! The loop: what happens when, what the members have, and what is agreed on.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::calls::Client;
use super::dice::Dice;
use super::state::State;
use super::watching::Stream;
use super::{Made, Plant, Shape};
use crate::history::{
    AliasBefore, AuditLine, Bounds, Change, Command, Destination, Digest, Event, GrantBefore, GrantKind, History,
    Privilege, Setup, UserBefore, Written,
};

pub(super) const MEMBERS: usize = 3;
const MAX_STALENESS: u64 = 200;
pub(super) const BOUNDS: Bounds =
    Bounds { max_staleness: MAX_STALENESS, release_staleness: Some(100), silence_max: 300 };

/// What comes up next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Task {
    /// A client is answered.
    Call(usize),
    /// A stream tells something.
    Watch(usize),
    /// A write of which nobody heard takes effect.
    Late(usize),
}

/// One position of the log.
#[derive(Clone)]
pub(super) struct Step {
    pub(super) revision: u64,
    pub(super) at: u64,
    pub(super) state: Rc<State>,
    pub(super) changes: Vec<Change>,
    /// When its author had the answer.
    pub(super) acked: Option<u64>,
}

/// Why a write was refused, or what it did.
pub(super) type Answer = Result<Written, (&'static str, u64)>;

/// One simulation.
pub(super) struct Run {
    pub(super) dice: Dice,
    pub(super) shape: Shape,
    pub(super) events: Vec<Event>,
    pub(super) log: Vec<Step>,
    /// What each request came to, by its id, with its author and command.
    pub(super) recorded: BTreeMap<String, (String, Command, Answer)>,
    /// Up to where in the log each member has come.
    pub(super) members: [usize; MEMBERS],
    pub(super) late: Vec<(String, Command, String)>,
    /// Whose each token is, and the password that it was given for.
    pub(super) tokens: BTreeMap<String, (String, u64)>,
    pub(super) clients: Vec<Client>,
    streams: Vec<Stream>,
    queue: BTreeSet<(u64, u64, Task)>,
    queued: u64,
    pub(super) calls_left: usize,
    pub(super) tags: u64,
    pub(super) planted: bool,
}

impl Run {
    pub(super) fn of(seed: u64, shape: Shape) -> Self {
        let setup = setup(shape.names);
        let state = Rc::new(State::of(&setup));
        let first = Step { revision: setup.revision, at: 0, state, changes: Vec::new(), acked: Some(0) };
        let mut run = Self {
            dice: Dice::of(seed),
            shape,
            events: vec![Event::Setup(setup)],
            log: vec![first],
            recorded: BTreeMap::new(),
            members: [0; MEMBERS],
            late: Vec::new(),
            tokens: BTreeMap::new(),
            clients: (0..shape.clients).map(Client::new).collect(),
            streams: Stream::all(),
            queue: BTreeSet::new(),
            queued: 0,
            calls_left: shape.calls,
            tags: 0,
            planted: false,
        };
        for client in 0..run.clients.len() {
            let at = 10 + run.dice.below(50);
            run.enqueue(at, Task::Call(client));
        }
        for stream in 0..run.streams.len() {
            let at = 10 + run.dice.below(50);
            run.enqueue(at, Task::Watch(stream));
        }
        run
    }

    /// Runs until all calls are made, and everything that lasts has told the rest.
    pub(super) fn finish(mut self) -> Made {
        let mut now = 0;
        while self.calls_left > 0 {
            let Some((at, _, task)) = self.queue.pop_first() else {
                break;
            };
            now = at;
            match task {
                Task::Call(client) => {
                    self.calls_left -= 1;
                    let next = self.call(client, at);
                    self.enqueue(next, Task::Call(client));
                    if self.dice.percent(2) {
                        let member = self.any_member();
                        self.digest(member, at, false);
                    }
                }
                Task::Watch(stream) => {
                    let mut one = std::mem::replace(&mut self.streams[stream], Stream::none());
                    one.tell(&mut self, at, false);
                    self.streams[stream] = one;
                    let next = at + 20 + self.dice.below(40);
                    self.enqueue(next, Task::Watch(stream));
                }
                Task::Late(number) => {
                    let (actor, command, request) = self.late[number].clone();
                    self.commit(at, &actor, &command, &request).ok();
                }
            }
        }
        let end = now + 1000;
        self.members = [self.log.len() - 1; MEMBERS];
        for mut stream in std::mem::take(&mut self.streams) {
            stream.tell(&mut self, end, true);
        }
        (0..MEMBERS).for_each(|member| self.digest(member, end, true));
        Made { history: History { events: self.events }, planted: self.planted }
    }

    fn enqueue(&mut self, at: u64, task: Task) {
        self.queued += 1;
        self.queue.insert((at, self.queued, task));
    }

    /// Has a write take effect later, after its author has given up.
    pub(super) fn happen_later(&mut self, at: u64, actor: &str, command: &Command, request: &str) {
        self.late.push((actor.to_owned(), command.clone(), request.to_owned()));
        self.enqueue(at, Task::Late(self.late.len() - 1));
    }

    /// Whether this promise is to be broken now. Whoever asks breaks it then.
    pub(super) fn breaks(&mut self, plant: Plant) -> bool {
        let now = self.shape.plant == Some(plant) && !self.planted && self.calls_left < self.shape.calls * 2 / 3;
        self.planted |= now;
        now
    }

    /// Whether it could be broken now, for those who have to look for an opportunity first.
    pub(super) fn would_break(&self, plant: Plant) -> bool {
        self.shape.plant == Some(plant) && !self.planted && self.calls_left < self.shape.calls * 2 / 3
    }

    pub(super) fn any_member(&mut self) -> usize {
        usize::try_from(self.dice.below(MEMBERS as u64)).unwrap_or_default()
    }

    pub(super) fn tag(&mut self, kind: &str) -> String {
        self.tags += 1;
        format!("{kind}{}", self.tags)
    }

    /// The last position of the log that was reached by then.
    pub(super) fn reached(&self, at: u64) -> usize {
        self.log.partition_point(|step| step.at <= at).saturating_sub(1)
    }

    /// Lets a member catch up to what was there so long ago, and at least to this position.
    pub(super) fn catch_up(&mut self, member: usize, now: u64, lag: u64, at_least: usize) -> usize {
        let reached = self.reached(now.saturating_sub(lag)).max(at_least).max(self.members[member]);
        self.members[member] = reached;
        reached
    }

    /// Appends a write, unless its request was applied before.
    pub(super) fn commit(&mut self, at: u64, actor: &str, command: &Command, request: &str) -> Answer {
        if let Some((of, what, answer)) = self.recorded.get(request).cloned() {
            if (of.as_str(), &what) != (actor, command) {
                return Err(("REQUEST_ID_REUSED", self.last().revision));
            }
            if answer.is_ok_and(|written| written.updates > 0) && changes_a_name(command) {
                if self.breaks(Plant::AppliedTwice) {
                    return self.append(at, actor, command);
                }
                if self.would_break(Plant::AppliedTwiceSilently) {
                    let again = self.append(at, actor, command);
                    self.planted = again.is_ok_and(|written| written.updates > 0);
                }
            }
            return answer;
        }
        let answer = self.append(at, actor, command);
        self.recorded.insert(request.to_owned(), (actor.to_owned(), command.clone(), answer));
        answer
    }

    fn append(&mut self, at: u64, actor: &str, command: &Command) -> Answer {
        let revision = self.last().revision + 1 + self.dice.below(2);
        let mut state = (*self.last().state).clone();
        let done = state.apply(actor, command, revision);
        let same = Rc::clone(&self.last().state);
        let changes = done.as_ref().is_ok_and(|(updates, _)| *updates > 0) && changes_a_name(command);
        let lost = changes && self.breaks(Plant::WriteLost);
        let (answer, changes) = match done {
            Ok((updates, changes)) => (Ok(Written { revision: Some(revision), updates }), changes),
            Err(code) => (Err((code, revision)), Vec::new()),
        };
        let unchanged = lost || answer.is_err();
        let state = if unchanged { same } else { Rc::new(state) };
        let changes = if unchanged { Vec::new() } else { changes };
        self.log.push(Step { revision, at, state, changes, acked: None });
        answer
    }

    pub(super) fn last(&self) -> &Step {
        &self.log[self.log.len() - 1]
    }

    /// Notes when the author of a write heard of it.
    pub(super) fn acknowledge(&mut self, revision: u64, at: u64) {
        if let Ok(place) = self.log.binary_search_by_key(&revision, |step| step.revision) {
            let acked = &mut self.log[place].acked;
            *acked = Some(acked.map_or(at, |before| before.min(at)));
        }
    }

    fn digest(&mut self, member: usize, at: u64, last: bool) {
        let step = &self.log[self.members[member]];
        let (revision, mut digest) = (step.revision, fnv(&format!("{:?}", step.state)));
        if last && member == 0 && self.breaks(Plant::DigestDiffers) {
            digest.push('!');
        }
        self.events.push(Event::Digest(Digest { member: member as u64, at, revision, digest, last }));
    }

    /// Writes a line of the audit trail, and now and then one more.
    pub(super) fn audit(&mut self, action: &str, actor: &str, on_behalf_of: Option<&str>, revision: Option<u64>) {
        if self.breaks(Plant::LineMissing) {
            return;
        }
        let line = AuditLine {
            member: self.any_member() as u64,
            action: action.to_owned(),
            actor: Some(actor.to_owned()),
            on_behalf_of: on_behalf_of.map(str::to_owned),
            what: None,
            outcome: "OK".to_owned(),
            revision,
        };
        if self.dice.percent(5) {
            let abandoned = AuditLine { outcome: "ABANDONED".to_owned(), revision: None, ..line.clone() };
            self.events.push(Event::Audit(abandoned));
        }
        self.events.push(Event::Audit(line));
    }
}

/// Whether it does something that watches tell by name.
pub(super) fn changes_a_name(command: &Command) -> bool {
    matches!(command, Command::CreateAlias { .. } | Command::AlterAlias { .. } | Command::DropAlias { .. })
}

/// Fowler, Noll and Vo's hash, in hexadecimal.
fn fnv(text: &str) -> String {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

/// The name of an alias.
pub(super) fn alias(number: u64) -> String {
    format!("n{number}")
}

/// A remote destination with this credential.
pub(super) fn remote(credential: String) -> Destination {
    Destination::Remote {
        database: "movies".to_owned(),
        url: "neo4j+s://b:7687".to_owned(),
        user: "bob".to_owned(),
        credential: Some(credential),
    }
}

fn setup(names: u64) -> Setup {
    let user = |name: &str, roles: &[&str]| UserBefore {
        name: name.to_owned(),
        password: Some(format!("{name}-0")),
        suspended: false,
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
    };
    let grant =
        |role: &str, privilege: Privilege| GrantBefore { role: role.to_owned(), privilege, kind: GrantKind::Granted };
    let all = || "*".to_owned();
    let mut grants = vec![
        grant("admin", Privilege::Access { on: all() }),
        grant("admin", Privilege::ResolveAlias { alias: all() }),
        grant("admin", Privilege::Impersonate { user: all() }),
        grant("admin", Privilege::AliasManagement),
        grant("server", Privilege::ResolveAlias { alias: all() }),
        grant("server", Privilege::Impersonate { user: all() }),
    ];
    let mut aliases = Vec::new();
    for number in 0..names {
        grants.push(grant("reader", Privilege::Access { on: alias(number) }));
        if number % 2 == 0 {
            let destination = remote(format!("c-{number}"));
            aliases.push(AliasBefore { name: alias(number), destination, version: 7 });
        }
    }
    Setup {
        bounds: BOUNDS,
        revision: 10,
        databases: vec!["neo4j".to_owned(), "garden".to_owned()],
        default_database: Some("neo4j".to_owned()),
        aliases,
        users: vec![
            user("alice", &["admin"]),
            user("service", &["server"]),
            user("carol", &["reader"]),
            user("dora", &[]),
        ],
        grants,
        audited: true,
    }
}
