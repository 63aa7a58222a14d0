//! What clients call, and what they are answered.

use super::Plant;
use super::run::{Answer, BOUNDS, Run, alias, changes_a_name};
use super::state::State;
use crate::history::{
    Command, Destination, Event, Freshness, Guard, GuardStep, Login, Lookup, Outcome, Privilege, Proof, Resolve, Route,
    Session, Write, Written,
};

/// A client: every third administers as alice, asks for others as the service, or is carol.
pub(super) struct Client {
    number: u64,
    /// When its last call ended.
    ended: u64,
    /// The highest revision that it was told of, and that of its own writes.
    told: u64,
    written: u64,
    /// A write that it may send again.
    open: Option<(Command, String)>,
    guard: Option<Pinned>,
    password: String,
    token: Option<String>,
    guards: u64,
}

/// What a guard pinned.
#[derive(Clone)]
struct Pinned {
    guard: u64,
    lookup: Lookup,
    route: Route,
}

/// When a call is made, takes effect and ends.
#[derive(Clone, Copy)]
struct When {
    begin: u64,
    at: u64,
    end: u64,
}

fn user_of(client: u64) -> &'static str {
    match client % 3 {
        0 => "alice",
        1 => "service",
        _ => "carol",
    }
}

impl Client {
    pub(super) fn new(number: u64) -> Self {
        let user = user_of(number);
        Self {
            number,
            ended: 0,
            told: 0,
            written: 0,
            open: None,
            guard: None,
            password: format!("{user}-0"),
            token: None,
            guards: 0,
        }
    }

    fn user(&self) -> &'static str {
        user_of(self.number)
    }
}

// === impl Run ===

impl Run {
    /// Makes one call that takes effect at this time, and says when the next does.
    pub(super) fn call(&mut self, client: usize, at: u64) -> u64 {
        let begin = (at - 1 - self.dice.below(20).min(at - 2)).max(self.clients[client].ended + 1);
        let when = When { begin, at, end: at + 1 + self.dice.below(20) };
        match (self.clients[client].user(), self.dice.below(10)) {
            ("alice", 0..6) => self.write(client, when),
            ("service", 0..3) => self.guard(client, when),
            ("carol", 0) => self.login(client, when),
            ("carol", 1) => {
                let password = self.tag("p");
                let command =
                    Command::AlterUser { name: "carol".to_owned(), suspended: None, password: Some(password.clone()) };
                let request = self.tag("r");
                if self.send(client, when, command, request).is_some_and(|answer| answer.is_ok()) {
                    self.clients[client].password = password;
                }
            }
            _ => self.resolve(client, when),
        }
        self.clients[client].ended = when.end;
        when.end + 2 + self.dice.below(30)
    }

    fn write(&mut self, client: usize, when: When) {
        let again = self.clients[client].open.take().filter(|_| self.dice.percent(60));
        let (command, request) = again.unwrap_or_else(|| (self.any_command(), self.tag("r")));
        self.send(client, when, command.clone(), request.clone());
        let again = 10;
        if self.dice.percent(again) {
            self.clients[client].open = Some((command, request));
        }
    }

    /// Sends a write. None if its author learns nothing.
    fn send(&mut self, client: usize, when: When, command: Command, request: String) -> Option<Answer> {
        let actor = self.clients[client].user();
        let fate = self.dice.below(100);
        let mut answer = None;
        let outcome = if fate < self.shape.lost_percent {
            match self.dice.below(3) {
                0 => {}
                1 => {
                    self.commit(when.at, actor, &command, &request).ok();
                }
                _ => {
                    let later = when.at + self.dice.below(300);
                    self.happen_later(later, actor, &command, &request);
                }
            }
            self.clients[client].open = Some((command.clone(), request.clone()));
            Outcome::Unknown { code: "OUTCOME_UNKNOWN".to_owned() }
        } else if fate >= 97 {
            let applies = changes_a_name(&command) && self.would_break(Plant::FailureApplied);
            if applies && !self.recorded.contains_key(&request) {
                let applied = self.commit(when.at, actor, &command, &request);
                self.planted = applied.is_ok_and(|written| written.updates > 0);
            }
            Outcome::Failed { code: "UNREACHABLE".to_owned() }
        } else {
            let given = self.commit(when.at, actor, &command, &request);
            answer = Some(given);
            self.answered(client, when, &command, given)
        };
        let (client, request) = (self.clients[client].number, Some(request));
        let (member, actor) = (None, actor.to_owned());
        self.events.push(Event::Write(Write {
            client,
            member,
            begin: when.begin,
            end: when.end,
            actor,
            request,
            command,
            outcome,
        }));
        answer
    }

    fn answered(&mut self, client: usize, when: When, command: &Command, answer: Answer) -> Outcome<Written> {
        match answer {
            Ok(Written { revision, updates }) => {
                let mut revision = revision.unwrap_or_default();
                self.acknowledge(revision, when.end);
                let before = self.log.iter().rev().find(|step| step.acked.is_some_and(|acked| acked < when.begin));
                if let Some(before) = before.map(|step| step.revision)
                    && before != revision
                    && self.breaks(Plant::RevisionReused)
                {
                    revision = before;
                }
                let one = &mut self.clients[client];
                (one.told, one.written) = (one.told.max(revision), one.written.max(revision));
                let action = if matches!(command, Command::EndToken { .. }) { "logout" } else { "statement" };
                let actor = self.clients[client].user();
                self.audit(action, actor, None, Some(revision));
                Outcome::Ok(Written { revision: Some(revision), updates })
            }
            Err((code, revision)) => {
                let revision = Some(revision).filter(|_| self.dice.percent(50) && code != "REQUEST_ID_REUSED");
                Outcome::Rejected { code: code.to_owned(), revision }
            }
        }
    }
}

// === Reading ===

impl Run {
    fn login(&mut self, client: usize, when: When) {
        let member = self.any_member();
        let lag = self.dice.below(BOUNDS.max_staleness / 2);
        let place = self.catch_up(member, when.at, lag, 0);
        let user = self.clients[client].user();
        let password = self.clients[client].password.clone();
        let known = self.log[place].state.users.get(user).filter(|user| user.password == password && !user.suspended);
        let outcome = match known.map(|user| user.since) {
            Some(since) => {
                let token = self.tag("t");
                self.tokens.insert(token.clone(), (user.to_owned(), since));
                self.clients[client].token = Some(token.clone());
                self.audit("login", user, None, None);
                Outcome::Ok(Session { token })
            }
            None => {
                // It is told the present one.
                let present = self.last().state.users.get(user).map(|user| user.password.clone());
                self.clients[client].password = present.unwrap_or_default();
                Outcome::Rejected { code: "UNAUTHENTICATED".to_owned(), revision: None }
            }
        };
        let (begin, end) = (when.begin, when.end);
        let (client, user) = (self.clients[client].number, user.to_owned());
        self.events.push(Event::Login(Login {
            client,
            member: Some(member as u64),
            begin,
            end,
            user,
            password,
            outcome,
        }));
    }

    fn lookup(&mut self, client: usize) -> Lookup {
        let one = &self.clients[client];
        let (caller, password, token) = (one.user(), one.password.clone(), one.token.clone());
        let by_password = self.dice.percent(30);
        let proof = match token {
            Some(token) if !by_password => Proof::Token(token),
            _ if by_password || caller == "carol" => Proof::Password(password),
            _ => Proof::Certificate,
        };
        let user = (caller == "service").then(|| self.dice.one(&["carol", "dora", "dorian", "alice"]).to_string());
        let local = self.dice.percent(5);
        let name = if local { "garden".to_owned() } else { alias(self.dice.below(self.shape.names)) };
        Lookup { caller: caller.to_owned(), proof, user, name }
    }

    fn resolve(&mut self, client: usize, when: When) {
        let lookup = self.lookup(client);
        let with_credentials = self.dice.percent(50);
        let member = self.any_member();
        let (freshness, place) = self.serve(client, member, when.at);
        let mut answer = answer(&self.log[place].state, &self.tokens, &lookup, with_credentials);
        let mut served_at = self.log[place].revision;
        if with_credentials && let Some(old) = self.stale(freshness, when, place, &lookup) {
            (answer, served_at) = (Ok(old.0), old.1);
        }
        if let Err(code) = answer
            && let Some(told) = self.ignored(place, &lookup, code, with_credentials)
        {
            answer = Ok(told);
        }
        if let Ok((Destination::Remote { credential: Some(credential), .. }, _)) = &mut answer
            && self.breaks(Plant::CredentialWrong)
        {
            *credential = "nobody's".to_owned();
        }
        let cached = freshness == Freshness::Cached;
        let releases = matches!(&answer, Ok((Destination::Remote { credential: Some(_), .. }, _)));
        if releases && !cached {
            self.audit("credential release", &lookup.caller, lookup.user.as_deref(), Some(served_at));
        }
        let outcome = self.outcome(answer, served_at, &lookup.name);
        let one = &mut self.clients[client];
        if !cached && outcome.ok().is_some() {
            one.told = one.told.max(served_at);
        }
        let Lookup { caller, proof, user, name } = lookup;
        self.events.push(Event::Resolve(Resolve {
            client: one.number,
            member: Some(member as u64).filter(|_| !cached),
            begin: when.begin,
            end: when.end,
            unrestricted: caller == "alice" && proof == Proof::Certificate,
            caller,
            proof,
            user,
            name,
            freshness,
            with_credentials,
            outcome,
        }));
    }

    fn outcome(
        &mut self,
        answer: Result<(Destination, u64), &'static str>,
        served_at: u64,
        name: &str,
    ) -> Outcome<Route> {
        match answer {
            Ok((destination, version)) => {
                Outcome::Ok(Route { name: name.to_owned(), destination, version, served_at, validated_at: None })
            }
            Err(code) => {
                let revision = Some(served_at).filter(|_| self.dice.percent(50));
                Outcome::Rejected { code: code.to_owned(), revision }
            }
        }
    }

    /// Chooses how fresh an answer has to be, and a position that is.
    fn serve(&mut self, client: usize, member: usize, at: u64) -> (Freshness, usize) {
        // Credentials have the shortest bound.
        let lag = self.dice.below(100);
        match self.dice.below(5) {
            0 | 1 => (Freshness::Linearizable, self.catch_up(member, at, 0, 0)),
            2 => (Freshness::Local, self.catch_up(member, at, lag, 0)),
            3 => {
                let back = usize::try_from(self.dice.below(3)).unwrap_or_default();
                let place = self.reached(at).saturating_sub(back);
                let revision = self.log[place].revision;
                (Freshness::AtLeast(revision), self.catch_up(member, at, lag, place))
            }
            _ if self.dice.percent(50) => {
                let told = self.place_of(self.clients[client].told);
                (Freshness::Session, self.catch_up(member, at, lag, told))
            }
            _ => {
                let written = self.place_of(self.clients[client].written);
                (Freshness::Cached, self.reached(at - lag.min(at)).max(written))
            }
        }
    }

    /// The position of the last revision that is no higher.
    fn place_of(&self, revision: u64) -> usize {
        self.log.partition_point(|step| step.revision <= revision).saturating_sub(1)
    }

    /// What had a credential that was replaced too long ago, with its revision, if that is to be told.
    fn stale(
        &mut self,
        freshness: Freshness,
        when: When,
        place: usize,
        lookup: &Lookup,
    ) -> Option<((Destination, u64), u64)> {
        let (plant, age) = match freshness {
            Freshness::Linearizable => (Plant::StaleLinearizable, 1),
            Freshness::Local => (Plant::StaleLocal, BOUNDS.max_staleness),
            Freshness::Cached => (Plant::StaleCache, BOUNDS.silence_max),
            Freshness::AtLeast(_) | Freshness::Session => return None,
        };
        if !self.would_break(plant) {
            return None;
        }
        let credential = |step: usize| match self.log[step].state.destination(&lookup.name) {
            Some((Destination::Remote { credential, .. }, _)) => credential,
            _ => None,
        };
        let replaced = (1..=place).rev().find(|step| {
            let acked = self.log[*step].acked.is_some_and(|acked| acked + age <= when.begin);
            acked && credential(step - 1).is_some() && credential(*step) != credential(step - 1)
        })?;
        let old = answer(&self.log[replaced - 1].state, &self.tokens, lookup, true).ok()?;
        self.planted = true;
        Some((old, self.log[replaced - 1].revision))
    }

    /// What is not to be told, if it is to be told all the same.
    fn ignored(
        &mut self,
        place: usize,
        lookup: &Lookup,
        code: &str,
        with_credentials: bool,
    ) -> Option<(Destination, u64)> {
        let state = &self.log[place].state;
        let (mut destination, version) = state.destination(&lookup.name)?;
        let Destination::Remote { credential, .. } = &mut destination else {
            return None;
        };
        credential.take_if(|_| !with_credentials);
        let user = lookup.user.as_ref().unwrap_or(&lookup.caller);
        let plant = match code {
            "UNAUTHENTICATED" => Plant::ProofIgnored,
            "DATABASE_NOT_FOUND" if state.active(user) => Plant::AccessIgnored,
            "PERMISSION_DENIED" => Plant::AccessIgnored,
            _ => return None,
        };
        self.breaks(plant).then_some((destination, version))
    }

    fn guard(&mut self, client: usize, when: When) {
        let place = self.reached(when.at);
        let number = self.clients[client].number;
        let (begin, end) = (when.begin, when.end);
        let Some(pinned) = self.clients[client].guard.take() else {
            let lookup = self.lookup(client);
            let answer = answer(&self.log[place].state, &self.tokens, &lookup, false);
            let served_at = self.log[place].revision;
            let outcome = self.outcome(answer, served_at, &lookup.name);
            let one = &mut self.clients[client];
            one.guards += 1;
            let guard = number * 1_000_000 + one.guards;
            if let Some(route) = outcome.ok() {
                one.told = one.told.max(served_at);
                one.guard = Some(Pinned { guard, lookup: lookup.clone(), route: route.clone() });
            }
            let step = GuardStep::Begin { lookup, outcome };
            self.events.push(Event::Guard(Guard { client: number, guard, begin, end, step }));
            return;
        };
        let Pinned { guard, lookup, route } = pinned.clone();
        let now = answer(&self.log[place].state, &self.tokens, &lookup, false);
        let mut holds = now == Ok((route.destination.clone(), route.version));
        if !holds && self.would_break(Plant::GuardBlind) {
            let known = self.log.iter().rposition(|step| step.acked.is_some_and(|acked| acked < begin));
            let then = known.and_then(|known| self.log[known].state.destination(&lookup.name));
            if then.is_none_or(|(_, version)| version != route.version) && self.breaks(Plant::GuardBlind) {
                holds = true;
            }
        }
        let outcome = if holds {
            Outcome::Ok(())
        } else {
            Outcome::Rejected { code: "GUARD_CHANGED".to_owned(), revision: None }
        };
        if holds && self.dice.percent(50) {
            self.clients[client].guard = Some(pinned);
        }
        let step = GuardStep::Validate { outcome };
        self.events.push(Event::Guard(Guard { client: number, guard, begin, end, step }));
    }
}

/// What a state answers.
fn answer(
    state: &State,
    tokens: &std::collections::BTreeMap<String, (String, u64)>,
    lookup: &Lookup,
    with_credentials: bool,
) -> Result<(Destination, u64), &'static str> {
    let Lookup { caller, proof, user, name } = lookup;
    let known = state.users.get(caller).filter(|user| !user.suspended).ok_or("UNAUTHENTICATED")?;
    let proven = match proof {
        Proof::Certificate => true,
        Proof::Password(password) => *password == known.password,
        Proof::Token(token) => {
            let since = tokens.get(token).is_some_and(|(of, since)| of == caller && *since == known.since);
            since && !state.ended.contains(token)
        }
    };
    if !proven {
        return Err("UNAUTHENTICATED");
    }
    let user = user.as_ref().unwrap_or(caller);
    if !state.acts_for(caller, user) {
        return Err("PERMISSION_DENIED");
    }
    if !state.may_use(user, name) {
        return Err("DATABASE_NOT_FOUND");
    }
    let (mut destination, version) = state.destination(name).ok_or("DATABASE_NOT_FOUND")?;
    if let Destination::Remote { credential, .. } = &mut destination {
        if with_credentials && !state.holds(caller, |alias| Privilege::ResolveAlias { alias }, name) {
            return Err("PERMISSION_DENIED");
        }
        credential.take_if(|_| !with_credentials);
    }
    Ok((destination, version))
}
