//! Clients that are told things: watches through the SDK and at single members, from now and from long ago, and transaction
//! guards.

use std::time::Duration;

use aliasd_checkers::history::{Event, Guard, GuardStep, Lookup, Outcome, Watch, WatchStep};
use aliasd_client::{Ended, Event as Told, WatchFrom};
use aliasd_recording as recording;
use aliasd_wire::v1;
use aliasd_wire::v1::router_client::RouterClient;
use aliasd_wire::v1::watch_response::Event as WireEvent;
use anyhow::Result;
use tokio::time::{sleep, timeout};

use super::clients::{RawClient, SdkClient, Token, map};
use super::load::{Crew, Load, question};
use super::record::Recorder;
use super::world::{LOCAL_ALIASES, REMOTE_ALIASES};
use crate::dice::Dice;

/// How many clients of each kind there are.
const WATCHERS: u64 = 3;
const GUARDIANS: u64 = 4;

/// How long a stream is followed at most, and how long it may be silent before it is looked whether the load goes on.
const FOLLOWED_MS: std::ops::Range<u64> = 500..20_000;
const LOOKS_EVERY: Duration = Duration::from_millis(300);
/// A member that says nothing for so long is left.
const SILENT_FOR_NS: u64 = 5_000_000_000;
/// The pause after a stream that could not be opened.
const REOPENS_AFTER: Duration = Duration::from_millis(300);

pub(super) fn start(load: &mut Load, dice: &mut Dice) -> Result<()> {
    for _ in 0..WATCHERS {
        let client = load.crew().administrator()?;
        load.spawn(dice, |crew, dice| watch(crew, client, dice));
    }
    for _ in 0..GUARDIANS {
        let client = load.crew().service()?;
        load.spawn(dice, |crew, dice| guard(crew, client, dice));
    }
    Ok(())
}

/// One stream in the history.
struct Stream {
    recorder: Recorder,
    client: u64,
    number: u64,
    /// The member that is asked alone, if it is one.
    member: Option<u64>,
}

impl Stream {
    fn new(recorder: &Recorder, client: u64) -> Self {
        Self { recorder: recorder.clone(), client, number: recorder.number(), member: None }
    }

    fn step(&self, step: WatchStep) {
        let kind = match &step {
            WatchStep::Open { .. } => "opened",
            WatchStep::Batch { .. } => "batch",
            WatchStep::Progress { .. } => "progress",
            WatchStep::Resync { .. } => "resync",
            WatchStep::Closed { .. } => "closed",
        };
        self.recorder.count_as("watch", kind);
        let (client, stream, member, at) = (self.client, self.number, self.member, self.recorder.now());
        self.recorder.push(Event::Watch(Watch { client, stream, member, at, step }));
    }
}

fn names(dice: &mut Dice) -> Option<Vec<String>> {
    let some = || vec![(*LOCAL_ALIASES.first().unwrap_or(&"")).to_owned(), REMOTE_ALIASES[1].to_owned()];
    dice.percent(30).then(some)
}

/// Watches through the SDK, which resumes by itself.
async fn watch(crew: Crew, client: SdkClient, mut dice: Dice) {
    while crew.goes_on() {
        let stream = Stream::new(&crew.recorder, client.number);
        let (after, names) = (after(client.sdk.seen(), &mut dice), names(&mut dice));
        let mut from = after.map_or_else(WatchFrom::now, WatchFrom::after);
        if let Some(names) = &names {
            from = from.names(names.clone());
        }
        let user = client.user.clone();
        stream.step(WatchStep::Open { after, user, names, unrestricted: true });
        let mut watch = client.sdk.watch(from);
        let ends = crew.recorder.now() + dice.pick(FOLLOWED_MS) * 1_000_000;
        let mut code = None;
        while crew.goes_on() && crew.recorder.now() < ends {
            match timeout(LOOKS_EVERY, watch.next()).await {
                Err(_elapsed) => {}
                Ok(Ok(told)) => stream.step(step_of(told)),
                Ok(Err(failure)) => {
                    code = Some(failure.code);
                    break;
                }
            }
        }
        stream.step(WatchStep::Closed { code });
        crew.pause(&mut dice).await;
    }
}

/// Where a watch begins: now, at what was seen last, or long ago.
fn after(seen: u64, dice: &mut Dice) -> Option<u64> {
    match dice.pick(0..4) {
        0 => None,
        1 => Some(seen),
        2 => Some(seen.saturating_sub(dice.pick(1..50))),
        _ => Some(seen.saturating_sub(dice.pick(1..3_000))),
    }
}

fn step_of(told: Told) -> WatchStep {
    match told {
        Told::Changes { revision, changes } => {
            WatchStep::Batch { revision, changes: changes.iter().map(recording::change).collect(), continued: false }
        }
        Told::Progress { revision } => WatchStep::Progress { revision },
        Told::Resync { revision } => WatchStep::Resync { revision },
        other => WatchStep::Closed { code: Some(format!("{other:?}")) },
    }
}

/// Watches at one member, and goes on there where the last stream ended.
pub(super) async fn watch_at(crew: Crew, raw: RawClient, member: u64, mut dice: Dice) {
    let mut token: Option<Token> = None;
    let mut stream = Stream::new(&crew.recorder, raw.number);
    let mut position = None;
    while crew.goes_on_at(member) {
        crew.pause(&mut dice).await;
        let Some(held) = &token else {
            token = crew.administrator_token(&raw, &mut dice).await;
            continue;
        };
        if dice.percent(20) {
            // Another consumer, from another place.
            stream = Stream::new(&crew.recorder, raw.number);
            position = after(position.unwrap_or_default(), &mut dice);
        }
        let user = held.user.clone();
        stream.member = Some(raw.recorded_as(member));
        stream.step(WatchStep::Open { after: position, user, names: None, unrestricted: true });
        let code = follow(&crew, &raw, member, held, &stream, &mut position, &mut dice).await;
        if code.as_deref().is_some_and(|code| code.starts_with("TOKEN_") || code == "CREDENTIALS_ENDED") {
            token = None;
        }
        if code.is_some() {
            sleep(REOPENS_AFTER).await;
        }
        stream.step(WatchStep::Closed { code });
    }
}

/// Follows one stream until it ends; the code of the error that it ended with.
async fn follow(
    crew: &Crew,
    raw: &RawClient,
    member: u64,
    token: &Token,
    stream: &Stream,
    position: &mut Option<u64>,
    dice: &mut Dice,
) -> Option<String> {
    let message = v1::WatchRequest { after_revision: *position, filter: None, takes_parts: true };
    let request = token.authorize(message).ok()?;
    let was_removed = crew.rig.roster.was_removed(member);
    let opened = timeout(raw.limit, RouterClient::new(raw.channel(member)).watch(request)).await;
    if was_removed && matches!(opened, Ok(Ok(_))) {
        crew.recorder.finding(format!("node {member} opens a watch although it knows that it was removed"));
    }
    let mut messages = match opened {
        Err(_elapsed) => return Some("GIVEN_UP".to_owned()),
        Ok(Err(status)) => return Some(resumed(position, stream, &status)),
        Ok(Ok(answer)) => answer.into_inner(),
    };
    let ends = crew.recorder.now() + dice.pick(FOLLOWED_MS) * 1_000_000;
    let mut heard = crew.recorder.now();
    while crew.goes_on() && crew.recorder.now() < ends {
        let message = match timeout(LOOKS_EVERY, messages.message()).await {
            Err(_elapsed) if crew.recorder.now() - heard < SILENT_FOR_NS => continue,
            Err(_elapsed) => return Some("SILENT".to_owned()),
            Ok(Err(status)) => return Some(resumed(position, stream, &status)),
            Ok(Ok(None)) => return None,
            Ok(Ok(Some(message))) => message,
        };
        heard = crew.recorder.now();
        match message.event {
            Some(WireEvent::Batch(batch)) => {
                if !batch.continued {
                    *position = Some(batch.revision);
                }
                let changes = batch.changes.iter().map(recording::change).collect();
                let (revision, continued) = (batch.revision, batch.continued);
                stream.step(WatchStep::Batch { revision, changes, continued });
            }
            Some(WireEvent::Progress(mark)) => {
                // The first mark of a member that is behind is below what was asked for, and confirms nothing.
                *position = Some((*position).unwrap_or_default().max(mark.revision));
                stream.step(WatchStep::Progress { revision: mark.revision });
            }
            None => crew.recorder.finding("a part of a watch is empty"),
        }
    }
    None
}

/// The code of a stream's end. If history was too short, the watch goes on after the revision that is named.
fn resumed(position: &mut Option<u64>, stream: &Stream, status: &tonic::Status) -> String {
    let failure = aliasd_client::Failure::from_status(status);
    if let Some(revision) = failure.resume_revision.filter(|_| failure.code == "WATCH_COMPACTED") {
        *position = Some(revision);
        stream.step(WatchStep::Resync { revision });
    }
    failure.code
}

/// Begins transactions, validates them, and waits for warnings.
async fn guard(crew: Crew, client: SdkClient, mut dice: Dice) {
    while crew.goes_on() {
        crew.pause(&mut dice).await;
        let asked = question(0, &mut dice);
        let number = crew.recorder.number();
        let step = |begin: u64, step: GuardStep| {
            let (client, end) = (client.number, crew.recorder.now());
            crew.recorder.push(Event::Guard(Guard { client, guard: number, begin, end, step }));
        };
        let begin = crew.recorder.now();
        let begun = client.sdk.begin(asked.lookup()).await;
        let outcome = crew.recorder.outcome(begun, |guard| guard);
        crew.recorder.count("guard begins", &outcome);
        let lookup = Lookup {
            caller: client.user.clone(),
            proof: client.proof.clone(),
            user: asked.user.clone(),
            name: asked.name.clone(),
        };
        let route = map(&outcome, |guard| crew.recorder.route(guard.route()));
        step(begin, GuardStep::Begin { lookup, outcome: route });
        let Outcome::Ok(guard) = outcome else { continue };
        for _ in 0..dice.pick(1..6) {
            sleep(Duration::from_millis(dice.pick(1..400))).await;
            if dice.percent(30) {
                let begin = crew.recorder.now();
                if let Ok(ended) = timeout(Duration::from_millis(dice.pick(1..1500)), guard.changed()).await {
                    let changed = match ended {
                        Ended::Changed { revision } => Some(revision),
                        _ => None,
                    };
                    crew.recorder.count_as("guard warns", if changed.is_some() { "changed" } else { "silent" });
                    step(begin, GuardStep::Ended { changed });
                }
            }
            let begin = crew.recorder.now();
            let outcome = crew.recorder.outcome(guard.validate().await, drop);
            crew.recorder.count("guard validates", &outcome);
            let has_changed = outcome.rejected().is_some();
            step(begin, GuardStep::Validate { outcome });
            // Once more at times, although it has ended.
            if has_changed && dice.percent(70) {
                break;
            }
        }
    }
}
