//! The load: dozens of clients that fight over a few names, each doing one thing over and over until it is told to stop.
//!
//! Which client does what follows from the seed; how far it gets does not. An operation that is under way when the load ends is
//! waited for, so that the history says of each how it began and ended.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aliasd_checkers::history::{Freshness, Outcome, Proof};
use aliasd_client::Client;
use anyhow::{Context, Result};
use rustls::ClientConfig;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::clients::{Question, RawClient, SdkClient, Token};
use super::record::Recorder;
use super::rig::{ADMINISTRATOR_PASSWORD, Rig};
use super::streams;
use super::world::{DATABASES, LOCAL_ALIASES, REMOTE_ALIASES, SERVICE, USERS, World};
use crate::dice::Dice;
use crate::grpc;

/// How many clients of each kind there are.
const ADMINISTRATORS: u64 = 6;
const REPEATERS: u64 = 4;
const RESOLVERS: u64 = 6;
const ROUTE_CACHES: u64 = 4;
const SESSIONS: u64 = 5;

/// How often a request is sent again whose outcome is not known.
const REPEATS_MAX: u64 = 5;
/// The longest a raw call is waited for.
const RAW_LIMIT_MS: std::ops::Range<u64> = 300..5_000;
/// Pauses between the operations of one client, so that a run of minutes can be judged.
const PAUSES_MS: std::ops::Range<u64> = 5..120;
/// The pause after a raw call that was not answered.
const UNANSWERED_PAUSE: Duration = Duration::from_millis(150);
/// How often it is looked who has come.
const LOOKS_EVERY: Duration = Duration::from_millis(200);
/// How long clients may take to end.
const ENDS_WITHIN: Duration = Duration::from_secs(60);

/// What every client of the load has.
#[derive(Clone)]
pub(super) struct Crew {
    pub(super) rig: Rig,
    pub(super) recorder: Recorder,
    pub(super) world: World,
    pub(super) stop: Arc<AtomicBool>,
    service_tls: Arc<ClientConfig>,
    plain_tls: Arc<ClientConfig>,
    ca: Arc<Vec<u8>>,
    service_certificate: Arc<(Vec<u8>, String)>,
}

/// Clients at work.
pub(super) struct Load {
    crew: Crew,
    tasks: JoinSet<()>,
}

// === impl Crew ===

impl Crew {
    /// Prepares what clients need. The service is a user with a certificate by then.
    pub(super) fn new(rig: &Rig, recorder: &Recorder, world: &World) -> Result<Self> {
        let layout = rig.cluster.layout();
        let (certificate, key) = layout.issue_client(SERVICE)?;
        Ok(Self {
            rig: rig.clone(),
            recorder: recorder.clone(),
            world: world.clone(),
            stop: Arc::default(),
            service_tls: grpc::tls(&layout.ca(), &certificate, &key)?,
            plain_tls: grpc::tls_without_certificate(&layout.ca())?,
            ca: Arc::new(std::fs::read(layout.ca())?),
            service_certificate: Arc::new((std::fs::read(certificate)?, std::fs::read_to_string(key)?)),
        })
    }

    pub(super) fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    pub(super) async fn pause(&self, dice: &mut Dice) {
        sleep(Duration::from_millis(dice.pick(PAUSES_MS))).await;
    }

    /// A new client object of the SDK, as the administrator.
    pub(super) fn administrator(&self) -> Result<SdkClient> {
        let sdk = self.rig.admin().sdk(&self.rig.cluster, &self.rig.endpoints())?;
        let user = self.rig.cluster.administrator.user.clone();
        Ok(self.client(sdk, user, Proof::Password(ADMINISTRATOR_PASSWORD.to_owned())))
    }

    /// A new client object of the SDK, as the service.
    pub(super) fn service(&self) -> Result<SdkClient> {
        let (certificate, key) = &*self.service_certificate;
        let builder = Client::builder().endpoints(self.rig.endpoints()).ca_pem(self.ca.to_vec());
        let sdk = builder.certificate(certificate.clone(), key.clone()).build()?;
        Ok(self.client(sdk, SERVICE.to_owned(), Proof::Certificate))
    }

    fn client(&self, sdk: Client, user: String, proof: Proof) -> SdkClient {
        SdkClient { sdk, recorder: self.recorder.clone(), number: self.recorder.number(), user, proof }
    }

    /// Raw connections; with a certificate that proves the service, or without one.
    pub(super) fn raw(&self, with_certificate: bool, dice: &mut Dice) -> RawClient {
        let tls = if with_certificate { &self.service_tls } else { &self.plain_tls };
        RawClient::new(&self.rig, &self.recorder, tls, Duration::from_millis(dice.pick(RAW_LIMIT_MS)))
    }

    /// Any node of those that there are.
    pub(super) fn member(&self, dice: &mut Dice) -> u64 {
        *dice.choose(&self.rig.roster.present())
    }

    /// Whether the load goes on, and a node is still there.
    pub(super) fn goes_on_at(&self, node: u64) -> bool {
        self.goes_on() && self.rig.roster.present().contains(&node)
    }

    /// The administrator's token, from any member that gives one.
    pub(super) async fn administrator_token(&self, raw: &RawClient, dice: &mut Dice) -> Option<Token> {
        while self.goes_on() {
            let user = &self.rig.cluster.administrator.user;
            if let Outcome::Ok(token) = raw.login(self.member(dice), user, ADMINISTRATOR_PASSWORD).await {
                return Some(token);
            }
            self.pause(dice).await;
        }
        None
    }
}

// === impl Load ===

impl Load {
    /// Lets all clients begin.
    pub(super) fn start(crew: &Crew, dice: &mut Dice) -> Result<Self> {
        let mut load = Self { crew: crew.clone(), tasks: JoinSet::new() };
        for _ in 0..ADMINISTRATORS {
            let client = crew.administrator()?;
            load.spawn(dice, |crew, dice| administer(crew, client, dice));
        }
        for _ in 0..REPEATERS {
            let raw = crew.raw(false, dice);
            load.spawn(dice, |crew, dice| repeat(crew, raw, dice));
        }
        for _ in 0..RESOLVERS {
            let client = crew.service()?;
            load.spawn(dice, |crew, dice| resolve(crew, client, dice));
        }
        load.spawn(dice, at_each_member);
        for _ in 0..ROUTE_CACHES {
            let client = crew.service()?;
            load.spawn(dice, |crew, dice| follow_routes(crew, client, dice));
        }
        for _ in 0..SESSIONS {
            let raw = crew.raw(false, dice);
            load.spawn(dice, |crew, dice| log_in_and_out(crew, raw, dice));
        }
        streams::start(&mut load, dice)?;
        Ok(load)
    }

    pub(super) fn crew(&self) -> &Crew {
        &self.crew
    }

    /// Lets a client begin.
    pub(super) fn spawn<F>(&mut self, dice: &mut Dice, client: impl FnOnce(Crew, Dice) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let client = client(self.crew.clone(), dice.fork());
        self.tasks.spawn(client);
    }

    /// How many clients there are.
    pub(super) fn clients(&self) -> usize {
        self.tasks.len()
    }

    /// Lets every client end what it does.
    pub(super) async fn stop(mut self) -> Result<()> {
        self.crew.stop.store(true, Ordering::Relaxed);
        let all = async {
            while let Some(ended) = self.tasks.join_next().await {
                ended.context("a client of the load panicked")?;
            }
            Ok(())
        };
        timeout(ENDS_WITHIN, all).await.context("a client of the load does not end")?
    }
}

/// Writes what the dice say.
async fn administer(crew: Crew, client: SdkClient, mut dice: Dice) {
    while crew.goes_on() {
        client.write(&crew.world.statement(&mut dice)).await;
        crew.pause(&mut dice).await;
    }
}

/// Writes under request ids of its own, gives up early, and sends again what it does not know the outcome of.
async fn repeat(crew: Crew, raw: RawClient, mut dice: Dice) {
    let mut token = None;
    let mut seen = 0;
    while crew.goes_on() {
        let Some(held) = token.clone() else {
            token = crew.administrator_token(&raw, &mut dice).await;
            continue;
        };
        let statement = crew.world.statement(&mut dice);
        let id: [u8; 16] = std::array::from_fn(|_| u8::try_from(dice.pick(0..256)).unwrap_or_default());
        let first_sent_after = seen;
        for _ in 0..dice.pick(1..REPEATS_MAX + 1) {
            let member = crew.member(&mut dice);
            match raw.write(member, &held, (id, first_sent_after), &statement).await {
                Outcome::Ok(written) => {
                    seen = seen.max(written.revision.unwrap_or_default());
                    // Now and then once more, although it is known.
                    if dice.percent(80) {
                        break;
                    }
                }
                Outcome::Rejected { code, .. } => {
                    if code.starts_with("TOKEN_") {
                        token = None;
                    }
                    break;
                }
                Outcome::Failed { .. } | Outcome::Unknown { .. } => sleep(UNANSWERED_PAUSE).await,
            }
        }
        crew.pause(&mut dice).await;
    }
}

/// A question of the service: about any name, for itself or for a user.
pub(super) fn question(seen: u64, dice: &mut Dice) -> Question {
    let name = match dice.pick(0..10) {
        0 => dice.choose(&DATABASES),
        1..=4 => dice.choose(&LOCAL_ALIASES),
        _ => dice.choose(&REMOTE_ALIASES),
    };
    let user = dice.percent(60).then(|| (*dice.choose(&USERS)).to_owned());
    let freshness = match dice.pick(0..4) {
        0 => Freshness::Local,
        1 => Freshness::AtLeast(seen),
        2 => Freshness::Session,
        _ => Freshness::Linearizable,
    };
    let unrestricted = user.is_none();
    Question { name: (*name).to_owned(), user, freshness, with_credentials: dice.percent(50), unrestricted }
}

/// The same, for a user that asks for itself.
fn question_of_user(seen: u64, dice: &mut Dice) -> Question {
    Question { user: None, unrestricted: false, ..question(seen, dice) }
}

/// Resolves through the SDK, as fresh as the dice say.
async fn resolve(crew: Crew, client: SdkClient, mut dice: Dice) {
    while crew.goes_on() {
        client.resolve(&question(client.sdk.seen(), &mut dice)).await;
        crew.pause(&mut dice).await;
    }
}

/// Lets a client begin that resolves at each member, and one that watches there; also at those that come later.
async fn at_each_member(crew: Crew, mut dice: Dice) {
    let (mut clients, mut known) = (JoinSet::new(), BTreeSet::new());
    while crew.goes_on() {
        for member in crew.rig.roster.present() {
            if known.insert(member) {
                let (resolving, watching) = (crew.raw(true, &mut dice), crew.raw(false, &mut dice));
                clients.spawn(resolve_at(crew.clone(), resolving, member, dice.fork()));
                clients.spawn(streams::watch_at(crew.clone(), watching, member, dice.fork()));
            }
        }
        sleep(LOOKS_EVERY).await;
    }
    clients.join_all().await;
}

/// Resolves at one member, whatever state it is in.
async fn resolve_at(crew: Crew, raw: RawClient, member: u64, mut dice: Dice) {
    let mut seen = 0;
    while crew.goes_on_at(member) {
        let question = Question { ..question(seen, &mut dice) };
        let question = match question.freshness {
            // Only the SDK remembers what it has seen.
            Freshness::Session => Question { freshness: Freshness::Local, ..question },
            _ => question,
        };
        match raw.resolve(member, None, SERVICE, &question).await {
            Outcome::Ok(route) => seen = seen.max(route.served_at),
            Outcome::Rejected { .. } => {}
            // A member that does not answer is asked less often.
            Outcome::Failed { .. } | Outcome::Unknown { .. } => sleep(UNANSWERED_PAUSE).await,
        }
        crew.pause(&mut dice).await;
    }
}

/// Resolves through the SDK's cache.
async fn follow_routes(crew: Crew, client: SdkClient, mut dice: Dice) {
    while crew.goes_on() {
        let question = Question { freshness: Freshness::Cached, ..question(0, &mut dice) };
        for _ in 0..dice.pick(1..8) {
            client.resolve(&question).await;
            sleep(Duration::from_millis(dice.pick(1..30))).await;
        }
    }
}

/// Logs in as a user with a password that it may have, asks, and goes on asking after the token has ended.
async fn log_in_and_out(crew: Crew, raw: RawClient, mut dice: Dice) {
    let mut seen = 0;
    while crew.goes_on() {
        crew.pause(&mut dice).await;
        let user = *dice.choose(&USERS);
        let Some(password) = crew.world.passwords.guess(user, &mut dice) else { continue };
        let Outcome::Ok(token) = raw.login(crew.member(&mut dice), user, &password).await else { continue };
        let (questions, ends_after) = (dice.pick(1..25), dice.pick(1..40));
        for number in 0..questions {
            if !crew.goes_on() {
                break;
            }
            if number == ends_after {
                raw.logout(crew.member(&mut dice), &token).await;
            }
            let question = question_of_user(seen, &mut dice);
            let question = match question.freshness {
                Freshness::Session => Question { freshness: Freshness::Local, ..question },
                _ => question,
            };
            if let Outcome::Ok(route) = raw.resolve(crew.member(&mut dice), Some(&token), SERVICE, &question).await {
                seen = seen.max(route.served_at);
            }
            sleep(Duration::from_millis(dice.pick(1..60))).await;
        }
    }
}
