//! The clients of a run: the SDK with its retries, caches and memory, and clients without it that speak to one member.
//!
//! Everything that they call and are answered goes into the history; what an answer must be by the catalog that the members
//! agreed on is judged at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aliasd_catalog::{CatalogName, Principal, RequestId, ResolveRequest, ResolveTarget, Revision, UserName};
use aliasd_checkers::history::{
    Command, CreateMode, Destination, Event, Freshness, Outcome, Proof, Resolve, Route, Write, Written,
};
use aliasd_client::messages as v1;
use aliasd_client::{Client, Failure, Statement};
use aliasd_recording as recording;
use aliasd_replica::NodeId;
use anyhow::Result;
use futures::FutureExt;
use futures::future::{Either, select};

use super::World;
use super::record::Recorder;
use crate::network::Network;
use crate::network::client::{ClientWay, address_of};
use crate::network::raw::{RawClient, is_of_the_way};
use crate::schedule::load::{RAW, SERVICE, statement};
use crate::schedule::{AskedFreshness, Operation, Question};
use aliasd_runtime::simulation::{Dice, Machine};

pub(super) const ADMINISTRATOR: &str = "admin";
pub(super) const ADMINISTRATOR_PASSWORD: &str = "administrator-password";
/// How long a client of the SDK trusts what it holds without hearing anything.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(3);
const DEADLINE: Duration = Duration::from_secs(6);
const ATTEMPT: Duration = Duration::from_secs(2);
/// How long a call without the SDK is waited for.
const RAW_LIMIT: Duration = Duration::from_secs(3);
/// How often a request without a known outcome is sent.
const RAW_ATTEMPTS: u64 = 6;
const PAUSE: Duration = Duration::from_millis(50);

/// What an operation decides beside its schedule is drawn by its number; see [`Dice::new`].
const OPERATIONS: u64 = 4;

/// A client object of the SDK, as one user.
#[derive(Clone)]
pub(super) struct SdkClient {
    pub(super) sdk: Client,
    pub(super) number: u64,
    pub(super) user: String,
    pub(super) proof: Proof,
}

/// What the clients of a run share; clones share it.
#[derive(Clone)]
pub(super) struct Clients {
    pub(super) recorder: Recorder,
    network: Network,
    machine: Arc<Machine>,
    nodes: NodeId,
    pub(super) administrator: SdkClient,
    pub(super) service: SdkClient,
    raw_administrator: (RawClient, u64),
    raw_service: (RawClient, u64),
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// What clients without the SDK have seen.
    seen: u64,
    /// The passwords that each user may have, by the order in which they were set, whatever came of it.
    passwords: BTreeMap<String, Vec<String>>,
    /// Clients of the SDK that log in, by user and password.
    users: BTreeMap<(String, String), SdkClient>,
}

/// The request id of an operation.
pub(super) fn request_id(number: u64) -> RequestId {
    let mut id = [1; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    RequestId(id)
}

impl World {
    /// Lets a client ask.
    pub(super) fn operate(&mut self, operation: &Operation) {
        let (clients, operation) = (self.clients.clone(), operation.clone());
        let work = async move {
            let Operation { number, member, asks } = operation;
            match asks {
                Question::Write { command, raw: false } => clients.write(number, command).await,
                Question::Write { command, raw: true } => clients.write_raw(number, member, command).await,
                Question::Resolve { .. } => clients.resolve(number, member, asks).await,
                Question::Watch { back, all } => clients.watch(back, all).await,
                Question::Guard { name, user, hold_ms } => {
                    clients.guard(name, user, Duration::from_millis(hold_ms)).await;
                }
            }
        };
        aliasd_runtime::Runtime::spawn(&*self.outside, work.boxed());
    }
}

impl Clients {
    /// Clients that nobody has used yet.
    ///
    /// # Errors
    /// The SDK refuses how they are made.
    pub(super) fn new(recorder: &Recorder, network: &Network, machine: &Arc<Machine>, nodes: NodeId) -> Result<Self> {
        let way = |identity| ClientWay { network: network.clone(), machine: Arc::clone(machine), identity };
        let sdk = |identity, user: &str, password: Option<&str>| -> Result<SdkClient> {
            let builder = Client::builder().endpoints((1..=nodes).map(address_of));
            let builder = builder.runtime(Arc::clone(machine) as _).connector(Arc::new(way(identity)));
            let builder = builder.silence_max(SILENCE_MAX).deadline(DEADLINE).attempt_deadline(ATTEMPT);
            let (builder, proof) = match password {
                Some(password) => (builder.password(user, password), Proof::Password(password.to_owned())),
                None => (builder, Proof::Certificate),
            };
            Ok(SdkClient { sdk: builder.build()?, number: recorder.number(), user: user.to_owned(), proof })
        };
        Ok(Self {
            administrator: sdk(None, ADMINISTRATOR, Some(ADMINISTRATOR_PASSWORD))?,
            service: sdk(Some(SERVICE), SERVICE, None)?,
            raw_administrator: (RawClient(way(Some(RAW))), recorder.number()),
            raw_service: (RawClient(way(Some(SERVICE))), recorder.number()),
            recorder: recorder.clone(),
            network: network.clone(),
            machine: Arc::clone(machine),
            nodes,
            state: Arc::default(),
        })
    }

    /// One that shows a certificate, and asks one member only.
    pub(super) fn operator(&self, member: NodeId) -> Result<Client> {
        let (network, machine) = (self.network.clone(), Arc::clone(&self.machine));
        let way = ClientWay { network, machine, identity: Some("operator") };
        let builder = Client::builder().endpoint(address_of(member)).runtime(Arc::clone(&self.machine) as _);
        Ok(builder.connector(Arc::new(way)).build()?)
    }

    /// A client of the SDK that logs in with this password.
    fn sdk(&self, (user, password): (&str, &str)) -> Result<Client> {
        let way = ClientWay { network: self.network.clone(), machine: Arc::clone(&self.machine), identity: None };
        let builder = Client::builder().endpoints((1..=self.nodes).map(address_of));
        let builder = builder.runtime(Arc::clone(&self.machine) as _).connector(Arc::new(way));
        let builder = builder.silence_max(SILENCE_MAX).deadline(DEADLINE).attempt_deadline(ATTEMPT);
        Ok(builder.password(user, password).build()?)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // === writes ===

    /// What a command brings, before it is sent.
    fn prepare(&self, number: u64, command: &Command) {
        let credential = match command {
            Command::CreateAlias { destination: Destination::Remote { credential, .. }, .. } => credential.as_ref(),
            Command::AlterAlias { credential, .. } => credential.as_ref(),
            _ => None,
        };
        if let Some(credential) = credential {
            self.recorder.inspector.lock().sets_credential(request_id(number), credential);
        }
        let mut state = self.state();
        match command {
            Command::CreateUser { name, password: Some(password), .. }
            | Command::AlterUser { name, password: Some(password), .. } => {
                state.passwords.entry(name.clone()).or_default().push(password.clone());
            }
            Command::RenameUser { from, to } => {
                let known = state.passwords.get(from).cloned().unwrap_or_default();
                state.passwords.entry(to.clone()).or_default().extend(known);
            }
            _ => {}
        }
    }

    async fn write(&self, number: u64, command: Command) {
        self.prepare(number, &command);
        let text = Statement::new(statement(&command)).request_id(request_id(number).0);
        let administrator = &self.administrator;
        let begun = self.begin((administrator.number, &administrator.user, None), number, &command);
        let result = async { administrator.sdk.execute(text).await?.collect().await }.await;
        let result = result.map(|(_, summary)| (summary.revision, summary.system_updates));
        self.written(number, begun, result);
    }

    async fn write_raw(&self, number: u64, member: NodeId, command: Command) {
        self.prepare(number, &command);
        let mut dice = Dice::new(number, OPERATIONS);
        let text = statement(&command);
        let first_sent_after = self.state().seen;
        let (raw, client) = &self.raw_administrator;
        for attempt in 0..RAW_ATTEMPTS {
            let member = (member + attempt - 1) % self.nodes + 1;
            let begun = self.begin((*client, RAW, Some(member)), number, &command);
            let request = (request_id(number).0, first_sent_after);
            let result = self.in_time(raw.execute(member, &text, request)).await;
            let result = result.map(|summary| {
                self.see(summary.revision);
                (summary.revision, summary.counters.unwrap_or_default().system_updates)
            });
            if attempt > 0 {
                self.recorder.coverage.count("request repeated");
            }
            match self.written(number, begun, result) {
                // Now and then once more, although it is known.
                Outcome::Ok(_) if dice.chance(250) => {
                    self.recorder.coverage.count("request repeated although it was known");
                }
                Outcome::Ok(_) | Outcome::Rejected { .. } => return,
                Outcome::Failed { .. } | Outcome::Unknown { .. } => {}
            }
            self.pause(PAUSE).await;
        }
    }

    pub(super) async fn pause(&self, time: Duration) {
        self.recorder.simulation.sleep_until(self.recorder.simulation.now() + time).await;
    }

    /// A call that is given up after a while.
    async fn in_time<T>(&self, call: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        match select(std::pin::pin!(call), std::pin::pin!(self.pause(RAW_LIMIT))).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => Err(Failure::outcome_unknown("GIVEN_UP", "no answer came in time")),
        }
    }

    fn see(&self, revision: u64) {
        let mut state = self.state();
        state.seen = state.seen.max(revision);
    }

    fn begin(&self, (client, actor, member): (u64, &str, Option<NodeId>), number: u64, command: &Command) -> u64 {
        let begin = self.recorder.now();
        self.recorder.begin(Write {
            client,
            member,
            begin,
            end: begin,
            actor: actor.to_owned(),
            request: Some(request_id(number).to_string()),
            command: command.clone(),
            outcome: Outcome::Unknown { code: String::new() },
        })
    }

    fn written(&self, number: u64, begun: u64, result: Result<(u64, u64), Failure>) -> Outcome<Written> {
        let request = request_id(number);
        if let Ok((revision, _)) = &result {
            self.acknowledged(request, Revision(*revision));
        }
        let coverage = &self.recorder.coverage;
        coverage.count(match &result {
            Ok(_) => "write acknowledged",
            Err(failure) if failure.class == aliasd_client::Class::Rejected => "write rejected",
            Err(failure) if failure.class == aliasd_client::Class::OutcomeUnknown => "outcome unknown",
            Err(_) => "write not made",
        });
        let outcome =
            self.recorder.outcome(result, |(revision, updates)| Written { revision: Some(revision), updates });
        self.recorder.end(begun, outcome.clone());
        outcome
    }

    fn acknowledged(&self, request: RequestId, revision: Revision) {
        let mut inspector = self.recorder.inspector.lock();
        inspector.later(move |inspector| {
            let agreed = inspector.reference(revision);
            let recorded = agreed.and_then(|catalog| catalog.recorded_request(&request));
            if recorded.is_none_or(|record| record.applied.revision != revision || record.outcome.is_err()) {
                let detail = format!("request {request} is said to be at {revision}; agreed was {recorded:?}");
                inspector.judge("a read shows what was agreed", Err(detail));
            }
        });
        inspector.write_acknowledged(request, revision);
    }

    // === reads ===

    async fn resolve(&self, number: u64, member: NodeId, asks: Question) {
        let Question::Resolve { name, user, logs_in, freshness, with_credentials, raw } = asks else { return };
        let mut dice = Dice::new(number, OPERATIONS);
        let own = if logs_in { user.as_deref().and_then(|user| self.logged_in(user, &mut dice)) } else { None };
        if logs_in && own.is_none() {
            return;
        }
        let client = own.as_ref().unwrap_or(&self.service);
        let user = user.filter(|_| !logs_in);
        let freshness = match freshness {
            AskedFreshness::Local => Freshness::Local,
            AskedFreshness::AtLeast if raw => Freshness::AtLeast(self.state().seen),
            AskedFreshness::AtLeast => Freshness::AtLeast(client.sdk.seen()),
            AskedFreshness::Linearizable => Freshness::Linearizable,
            AskedFreshness::Session | AskedFreshness::Cached if raw => Freshness::Local,
            AskedFreshness::Session => Freshness::Session,
            AskedFreshness::Cached => Freshness::Cached,
        };
        let begin = self.recorder.now();
        let (result, number, asked) = if raw {
            let request = v1::ResolveRequest {
                target: Some(v1::resolve_request::Target::Name(name.clone())),
                on_behalf_of: user.clone(),
                freshness: Some(recording::freshness(freshness)),
                with_credentials,
                ..v1::ResolveRequest::default()
            };
            let answer = self.in_time(self.raw_service.0.resolve(member, request)).await;
            let route = answer.and_then(|answer| {
                recording::route_on_the_wire(&answer, str::to_owned)
                    .ok_or_else(|| Failure::outcome_unknown("NO_ROUTE", "it leads nowhere"))
            });
            (route, self.raw_service.1, Some(member))
        } else {
            let shown = |route: &aliasd_client::Route| recording::route(route, str::to_owned);
            let lookup = recording::lookup(&name, user.as_deref(), freshness, with_credentials);
            let route = match freshness {
                Freshness::Cached => client.sdk.route(&lookup).await.map(|route| shown(&route)),
                _ => client.sdk.resolve(&lookup).await.map(|route| shown(&route)),
            };
            (route, client.number, None)
        };
        self.count_read(freshness, &result);
        if let Ok(route) = &result {
            if raw {
                self.see(route.served_at);
            }
            let caller = &client.user;
            self.agrees(caller, user.as_deref(), &name, with_credentials, route);
        }
        let unrestricted = own.is_none() && user.is_none();
        let outcome = self.recorder.outcome(result, |route| route);
        self.recorder.push(Event::Resolve(Resolve {
            client: number,
            member: asked,
            begin,
            end: self.recorder.now(),
            caller: client.user.clone(),
            proof: client.proof.clone(),
            user,
            name,
            freshness,
            with_credentials,
            unrestricted,
            outcome,
        }));
    }

    /// A client of that user, with one of the passwords that it may have, most often the latest.
    fn logged_in(&self, user: &str, dice: &mut Dice) -> Option<SdkClient> {
        let password = {
            let state = self.state();
            let known = state.passwords.get(user).filter(|known| !known.is_empty())?;
            if dice.chance(700) { known.last()?.clone() } else { dice.pick(known).clone() }
        };
        let key = (user.to_owned(), password.clone());
        if let Some(client) = self.state().users.get(&key) {
            return Some(client.clone());
        }
        let sdk = self.sdk((user, &password)).ok()?;
        let (number, proof) = (self.recorder.number(), Proof::Password(password));
        let client = SdkClient { sdk, number, user: user.to_owned(), proof };
        self.state().users.insert(key, client.clone());
        Some(client)
    }

    fn count_read(&self, freshness: Freshness, result: &Result<Route, Failure>) {
        let coverage = &self.recorder.coverage;
        match result {
            Ok(_) => coverage.count(match freshness {
                Freshness::Local => "read local",
                Freshness::AtLeast(_) => "read at least",
                Freshness::Linearizable => "read linearizable",
                Freshness::Session => "read of what the client has seen",
                Freshness::Cached => "read from the cache",
            }),
            Err(failure) if failure.code.contains("STALE") => coverage.count("read refused as stale"),
            Err(failure) if is_of_the_way(failure) => coverage.count("read not answered"),
            Err(_) => coverage.count("read refused"),
        }
    }

    /// An answer is that of the catalog at the revision that it names.
    fn agrees(&self, caller: &str, user: Option<&str>, name: &str, with_credentials: bool, route: &Route) {
        let (Ok(caller), Ok(asked)) = (UserName::new(caller), CatalogName::new(name)) else { return };
        let on_behalf_of = user.and_then(|user| UserName::new(user).ok());
        let question = ResolveRequest {
            actor: Principal::User(caller),
            on_behalf_of,
            target: ResolveTarget::Name(asked),
            connected_to: None,
            with_credentials,
        };
        let route = route.clone();
        self.recorder.inspector.lock().later(move |inspector| {
            let at = Revision(route.served_at);
            let agreed = inspector.reference(at).map(|catalog| catalog.resolve(&question).map(|it| it.revision.0));
            if agreed.as_ref() != Some(&Ok(route.version)) {
                let detail = format!("{question:?} was answered {route:?}; agreed at {at} was version {agreed:?}");
                inspector.judge("a read shows what was agreed", Err(detail));
            }
        });
    }

    // === of a healed cluster ===

    /// Asks a member for a write and a linearizable read, until it has done both or the time is up.
    pub(super) async fn served_by(&self, member: NodeId, deadline: Duration) -> Result<(), String> {
        let number = u64::MAX - member;
        let command = Command::CreateRole { name: format!("recovered{member}"), mode: CreateMode::Fail };
        let request = (request_id(number).0, self.state().seen);
        let question = v1::ResolveRequest {
            target: Some(v1::resolve_request::Target::Name("db0".to_owned())),
            freshness: Some(recording::freshness(Freshness::Linearizable)),
            ..v1::ResolveRequest::default()
        };
        loop {
            let begun = self.begin((self.raw_administrator.1, RAW, Some(member)), number, &command);
            let written = self.in_time(self.raw_administrator.0.execute(member, &statement(&command), request)).await;
            let written =
                written.map(|summary| (summary.revision, summary.counters.unwrap_or_default().system_updates));
            let outcome = self.written(number, begun, written);
            let read = self.in_time(self.raw_service.0.resolve(member, question.clone())).await;
            if outcome.ok().is_some() && read.is_ok() {
                return Ok(());
            }
            if self.recorder.simulation.now() > deadline {
                let read = read.map(drop);
                return Err(format!("a write: {outcome:?}; a linearizable read: {read:?}"));
            }
            self.pause(PAUSE).await;
        }
    }
}
