//! The catalog as the history tells it: what may have held at a revision or at a time, from what is known of the writes.
//!
//! A second opinion on what the catalog should answer, from the documentation and not from its sources. It knows names, where
//! they lead, users, roles and the privileges of [`crate::history::Privilege`], and judges by them only.

mod build;
mod register;
mod shown;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{
    Bounds, Destination, Event, GrantKind, GuardStep, History, Login, Outcome, Privilege, Proof, WatchStep,
};
use crate::writes::{Fate, Request, requests};

pub(crate) use register::{Register, Sight};
pub(crate) use shown::Shown;
pub(crate) use value::{Fact, Kind, Tri, Value};

/// The role that everybody has.
const PUBLIC: &str = "PUBLIC";

/// What the history tells of the catalog.
pub(crate) struct World<'a> {
    /// How old answers may be.
    pub(crate) bounds: Bounds,
    /// The revision that had been reached before the first event.
    pub(crate) start: u64,
    /// Every request to write, by its beginning.
    pub(crate) requests: Vec<Request<'a>>,
    /// Lines of requests with an effect, by its revision.
    pub(crate) by_revision: BTreeMap<u64, usize>,
    /// Revisions that were shown to anyone: those of writes, of states that answered, of watches and members.
    pub(crate) shown: Shown,
    /// Those of writes.
    acked: Shown,
    facts: BTreeMap<Fact, Register<Value>>,
    roles_with: BTreeMap<Privilege, BTreeSet<String>>,
    users: BTreeSet<String>,
    default_database: Option<&'a str>,
    tokens: BTreeMap<&'a str, (usize, &'a Login)>,
}

/// Who asks, for whom, and what.
#[derive(Clone, Copy)]
pub(crate) struct Question<'q> {
    pub(crate) caller: &'q str,
    pub(crate) proof: &'q Proof,
    pub(crate) user: &'q str,
    pub(crate) name: &'q str,
    pub(crate) with_credentials: bool,
}

/// Whether an answer may be given, or the reason why not.
pub(crate) type Judgement = (Tri, String);

impl<'a> World<'a> {
    /// Reads a history.
    pub(crate) fn of(history: &'a History) -> Self {
        let mut world = Self {
            bounds: Bounds::default(),
            start: 0,
            requests: requests(history),
            by_revision: BTreeMap::new(),
            shown: Shown::default(),
            acked: Shown::default(),
            facts: BTreeMap::new(),
            roles_with: BTreeMap::new(),
            users: BTreeSet::new(),
            default_database: None,
            tokens: BTreeMap::new(),
        };
        for (line, event) in history.numbered() {
            match event {
                Event::Login(login) => {
                    if let Outcome::Ok(session) = &login.outcome {
                        world.tokens.insert(&session.token, (line, login));
                    }
                }
                Event::Setup(setup) => {
                    world.bounds = setup.bounds;
                    world.start = setup.revision;
                    world.default_database = setup.default_database.as_deref();
                }
                _ => {}
            }
        }
        let acked = world.requests.iter().filter_map(|request| match request.fate {
            Fate::Done { acked, written } => Some((acked, written.revision?, request.line())),
            Fate::Refused { .. } | Fate::Unknown => None,
        });
        let acked: Vec<_> = acked.collect();
        let told = history.numbered().filter_map(told).chain([(0, world.start, 0)]);
        world.shown = told.chain(acked.iter().copied()).collect();
        world.acked = acked.into_iter().collect();
        build::fill(&mut world, history);
        for (at, request) in world.requests.iter().enumerate() {
            if let Some(revision) = request.effect_revision() {
                world.by_revision.insert(revision, at);
            }
        }
        world
    }

    /// The highest revision that had been acknowledged by then, and its line.
    pub(crate) fn acknowledged_by(&self, time: u64) -> (u64, usize) {
        self.acked.by(time).max((self.start, 0))
    }

    /// The requests that changed something at revisions greater than the first and up to the second.
    pub(crate) fn effects(&self, after: u64, until: u64) -> impl Iterator<Item = (u64, &Request<'a>)> {
        let range = (after < until).then(|| self.by_revision.range(after + 1..=until));
        range.into_iter().flatten().map(|(revision, at)| (*revision, &self.requests[*at]))
    }

    /// What a fact may be, each with the line that made it so.
    pub(crate) fn possible(&self, fact: &Fact, sight: Sight) -> Vec<(usize, Value)> {
        let Some(register) = self.facts.get(fact) else {
            return vec![(0, unmentioned(fact))];
        };
        let mut values = Vec::new();
        for entry in register.possible(sight) {
            match (&entry.value, entry.revision) {
                (Value::As(other), Some(revision)) => {
                    let before = self.possible(other, Sight::at(revision.saturating_sub(1)));
                    values.extend(before.into_iter().map(|(_, value)| (entry.line, value)));
                }
                (Value::As(_), None) => values.push((entry.line, Value::Any)),
                (value, _) => values.push((entry.line, value.clone())),
            }
        }
        values
    }

    /// Whether a fact may be this.
    pub(crate) fn may_be(&self, fact: &Fact, value: &Value, sight: Sight) -> bool {
        self.possible(fact, sight).iter().any(|(_, possible)| match (possible, value) {
            (Value::After(revision), Value::Revision(other)) => other > revision,
            (possible, value) => possible == value || *possible == Value::Any,
        })
    }

    /// Whether something was so.
    pub(crate) fn flag(&self, fact: &Fact, sight: Sight) -> Tri {
        Tri::of(self.possible(fact, sight).into_iter().map(|(_, value)| match value {
            Value::Flag(true) => Tri::Yes,
            Value::Flag(false) => Tri::No,
            _ => Tri::Maybe,
        }))
    }

    /// What may have had this name.
    pub(crate) fn kinds(&self, name: &str, sight: Sight) -> Vec<(usize, Kind)> {
        let all = [Kind::Absent, Kind::Database, Kind::Local, Kind::Remote];
        let possible = self.possible(&Fact::Kind(name.to_owned()), sight);
        let kinds = possible.into_iter().flat_map(|(line, value)| match value {
            Value::Kind(kind) => vec![(line, kind)],
            _ => all.map(|kind| (line, kind)).to_vec(),
        });
        kinds.collect()
    }
}

// === Who may do what ===

impl World<'_> {
    /// Whether an answer may be given that says where a name leads: to there, if it is known.
    pub(crate) fn may_answer(&self, asked: Question<'_>, led_to: Option<&Destination>, sight: Sight) -> Judgement {
        let Question { caller, user, name, .. } = asked;
        let released = match led_to {
            Some(Destination::Remote { credential, .. }) => credential.is_some(),
            Some(Destination::Local { .. }) => false,
            None => asked.with_credentials,
        };
        let mut judgements = vec![
            (self.active(caller, sight), format!("'{caller}' was suspended, dropped or never there")),
            self.proven(caller, asked.proof, sight),
            (self.may_use(user, name, led_to, sight), format!("'{user}' may not use '{name}'")),
        ];
        if caller != user {
            judgements.push((self.active(user, sight), format!("'{user}' was suspended, dropped or never there")));
            let may = self.holds(caller, |user| Privilege::Impersonate { user }, user, sight);
            judgements.push((may, format!("'{caller}' may not ask for '{user}'")));
        }
        if released {
            let may = self.holds(caller, |alias| Privilege::ResolveAlias { alias }, name, sight);
            judgements.push((may, format!("'{caller}' may not be given the credentials of '{name}'")));
        }
        judgements.into_iter().min_by_key(|(may, _)| *may).unwrap_or((Tri::Maybe, String::new()))
    }

    /// Whether the user may act at all.
    pub(crate) fn active(&self, user: &str, sight: Sight) -> Tri {
        self.flag(&Fact::Active(user.to_owned()), sight)
    }

    /// Whether a password is the user's.
    pub(crate) fn password_holds(&self, user: &str, tag: &str, sight: Sight) -> Tri {
        let values = self.possible(&Fact::Password(user.to_owned()), sight);
        Tri::of(values.into_iter().map(|(_, value)| match value {
            Value::Text(present) if present == tag => Tri::Yes,
            Value::Any => Tri::Maybe,
            _ => Tri::No,
        }))
    }

    fn proven(&self, caller: &str, proof: &Proof, sight: Sight) -> Judgement {
        match proof {
            Proof::Certificate => (Tri::Yes, String::new()),
            Proof::Password(tag) => {
                (self.password_holds(caller, tag, sight), format!("the password of '{caller}' was another"))
            }
            Proof::Token(tag) => {
                let Some((_, login)) = self.tokens.get(tag.as_str()) else {
                    return (Tri::Maybe, String::new());
                };
                let ended = self.flag(&Fact::TokenEnded(tag.clone()), sight);
                if ended == Tri::Yes {
                    return (Tri::No, format!("the token of '{caller}' was ended"));
                }
                let holds = self.password_holds(&login.user, &login.password, sight);
                (holds.and(ended.not()), format!("the password of '{caller}' was changed since its token was given"))
            }
        }
    }

    /// Whether the user may use a name. Where it leads decides on what the privilege has to be.
    fn may_use(&self, user: &str, name: &str, led_to: Option<&Destination>, sight: Sight) -> Tri {
        let access = |on: &str| self.holds(user, |on| Privilege::Access { on }, on, sight);
        match led_to {
            Some(Destination::Local { database }) => access(database),
            Some(Destination::Remote { .. }) => access(name),
            None => Tri::of(self.kinds(name, sight).into_iter().flat_map(|(_, kind)| match kind {
                Kind::Absent => vec![Tri::No],
                Kind::Database | Kind::Remote => vec![access(name)],
                Kind::Local => {
                    let targets = self.possible(&Fact::Database(name.to_owned()), sight);
                    let judged = targets.into_iter().map(|(_, value)| match value {
                        Value::Text(database) => access(&database),
                        _ => Tri::Maybe,
                    });
                    judged.collect()
                }
            })),
        }
    }

    /// Whether the user may use a name, or anything of that name.
    pub(crate) fn may_use_name(&self, user: &str, name: &str, sight: Sight) -> Tri {
        self.active(user, sight).and(self.may_use(user, name, None, sight))
    }

    /// Whether any of the user's roles has a privilege on this or on everything, and none is denied it.
    pub(crate) fn holds(&self, user: &str, privilege: impl Fn(String) -> Privilege, on: &str, sight: Sight) -> Tri {
        let (mut granted, mut denied) = (Tri::No, Tri::No);
        for privilege in [privilege(on.to_owned()), privilege("*".to_owned())] {
            let (more, less) = self.assigned(user, &privilege, sight);
            (granted, denied) = (granted.or(more), denied.or(less));
            if let (Privilege::Access { on }, Some(home)) = (&privilege, self.default_database)
                && on == home
            {
                granted = granted.or(Tri::Maybe);
            }
        }
        granted.and(denied.not())
    }

    /// Whether the user manages aliases. Certain of nobody where the history never names that privilege.
    pub(crate) fn manages_aliases(&self, user: &str, sight: Sight) -> Tri {
        if !self.roles_with.contains_key(&Privilege::AliasManagement) {
            return Tri::Maybe;
        }
        let (granted, denied) = self.assigned(user, &Privilege::AliasManagement, sight);
        granted.and(denied.not())
    }

    fn assigned(&self, user: &str, privilege: &Privilege, sight: Sight) -> (Tri, Tri) {
        let (mut granted, mut denied) = (Tri::No, Tri::No);
        for role in self.roles_with.get(privilege).into_iter().flatten() {
            let member = self.member(user, role, sight);
            if member == Tri::No {
                continue;
            }
            let given = |kind| self.flag(&Fact::Grant(role.clone(), kind, privilege.clone()), sight);
            granted = granted.or(member.and(given(GrantKind::Granted)));
            denied = denied.or(member.and(given(GrantKind::Denied)));
        }
        (granted, denied)
    }

    /// Whether the user has the role.
    pub(crate) fn member(&self, user: &str, role: &str, sight: Sight) -> Tri {
        if role == PUBLIC { Tri::Yes } else { self.flag(&Fact::Member(user.to_owned(), role.to_owned()), sight) }
    }

    /// Every user that the history names.
    pub(crate) fn users(&self) -> impl Iterator<Item = &str> {
        self.users.iter().map(String::as_str)
    }

    /// Whether the user may ask for that one.
    pub(crate) fn acts_for(&self, user: &str, other: &str, sight: Sight) -> Tri {
        if user == other {
            return Tri::Yes;
        }
        self.holds(user, |user| Privilege::Impersonate { user }, other, sight)
    }

    /// Whether the user may ask for everybody.
    pub(crate) fn acts_for_everybody(&self, user: &str, sight: Sight) -> Tri {
        let (granted, denied) = self.assigned(user, &Privilege::Impersonate { user: "*".to_owned() }, sight);
        granted.and(denied.not())
    }
}

/// When an event told of a revision, which, and its line, if it did.
fn told((line, event): (usize, &Event)) -> Option<(u64, u64, usize)> {
    Some(match event {
        Event::Resolve(resolve) => (resolve.end, resolve.outcome.ok()?.served_at, line),
        Event::Guard(guard) => match &guard.step {
            GuardStep::Begin { outcome, .. } => (guard.end, outcome.ok()?.served_at, line),
            GuardStep::Validate { .. } | GuardStep::Ended { .. } => return None,
        },
        Event::Watch(watch) => match &watch.step {
            WatchStep::Batch { revision, .. } | WatchStep::Progress { revision } => (watch.at, *revision, line),
            WatchStep::Open { .. } | WatchStep::Resync { .. } | WatchStep::Closed { .. } => return None,
        },
        Event::Digest(digest) => (digest.at, digest.revision, line),
        _ => return None,
    })
}

/// What a fact is that no event names.
fn unmentioned(fact: &Fact) -> Value {
    match fact {
        Fact::Kind(_) => Value::Kind(Kind::Absent),
        Fact::Active(_) | Fact::Member(..) | Fact::Grant(..) | Fact::TokenEnded(_) => Value::Flag(false),
        Fact::Database(_)
        | Fact::Url(_)
        | Fact::RemoteUser(_)
        | Fact::Credential(_)
        | Fact::Version(_)
        | Fact::Password(_) => Value::Nothing,
    }
}
