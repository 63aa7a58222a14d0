//! What is recorded of a run: the history that is judged afterwards, and what is wrong already as it happens.
//!
//! Secrets are never recorded. Each secret of the load is made of a prefix, which is searched for everywhere at the end, and
//! a tag, which stands for it in the history.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use aliasd_checkers::History;
use aliasd_checkers::history::{Event, Fault, Outcome, Route};
use aliasd_client::Failure;
use aliasd_recording as recording;
use aliasd_wire::peer::v1::JoinToken;
use anyhow::{Context, Result};
use prost::Message as _;

/// How every join token begins, as text.
pub(super) const JOIN_TOKENS_BEGIN: &str = "aliasd-join-";
/// Format and checksum stand before what a token says.
const FRAME_HEADER_BYTES: usize = 5;

/// Takes events from every client, and the only clock that they use. Cheap to clone.
#[derive(Clone)]
pub(super) struct Recorder {
    shared: Arc<Shared>,
}

struct Shared {
    started: Instant,
    secret_prefix: String,
    path: PathBuf,
    events: Mutex<Vec<Event>>,
    file: Mutex<BufWriter<File>>,
    counts: Mutex<BTreeMap<(&'static str, String), u64>>,
    findings: Mutex<Vec<String>>,
    join_secrets: Mutex<Vec<Vec<u8>>>,
    numbers: AtomicU64,
}

// === impl Recorder ===

impl Recorder {
    /// Writes the history to `path` while it grows. The secrets of the load begin with `secret_prefix`.
    pub(super) fn new(path: &Path, secret_prefix: &str) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let shared = Shared {
            started: Instant::now(),
            secret_prefix: secret_prefix.to_owned(),
            path: path.to_path_buf(),
            events: Mutex::default(),
            file: Mutex::new(BufWriter::new(file)),
            counts: Mutex::default(),
            findings: Mutex::default(),
            join_secrets: Mutex::default(),
            numbers: AtomicU64::new(1),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Nanoseconds since the recorder was made.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.shared.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// A number that was not given before: of a client, a stream, a guard, a secret.
    pub(super) fn number(&self) -> u64 {
        self.shared.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Takes in an event.
    pub(super) fn push(&self, event: Event) {
        // Both under one lock: findings name events by their lines.
        let mut events = lock(&self.shared.events);
        if let Ok(line) = event.to_line() {
            // What cannot be written to the file is still judged.
            let _ = writeln!(lock(&self.shared.file), "{line}");
        }
        events.push(event);
    }

    /// Counts an operation by its kind and what came of it.
    pub(super) fn count<T>(&self, kind: &'static str, outcome: &Outcome<T>) {
        let outcome = match outcome {
            Outcome::Ok(_) => "ok".to_owned(),
            Outcome::Rejected { code, .. } => code.clone(),
            Outcome::Failed { code } => format!("no effect: {code}"),
            Outcome::Unknown { code } => format!("unknown: {code}"),
        };
        self.count_as(kind, &outcome);
    }

    /// Counts something that has no outcome of its own.
    pub(super) fn count_as(&self, kind: &'static str, what: &str) {
        *lock(&self.shared.counts).entry((kind, what.to_owned())).or_default() += 1;
    }

    /// Takes note of a fault that begins.
    pub(super) fn fault(&self, member: Option<u64>, what: &str) {
        self.push(Event::Fault(Fault { at: self.now(), member, what: what.to_owned() }));
    }

    /// Something is wrong.
    pub(super) fn finding(&self, what: impl Into<String>) {
        let what = what.into();
        eprintln!("FINDING: {what}");
        lock(&self.shared.findings).push(what);
    }

    /// A new secret and its tag.
    pub(super) fn secret(&self, kind: char) -> (String, String) {
        let tag = format!("{kind}{}", self.number());
        (self.secret_of(&tag), tag)
    }

    /// The secret that a tag stands for.
    pub(super) fn secret_of(&self, tag: &str) -> String {
        format!("{}{tag}", self.shared.secret_prefix)
    }

    /// Takes note of a join token, which is in no file but the one that it was saved to.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn keep_join_token(&self, token: &str) -> Result<()> {
        let digits = token.trim().strip_prefix(JOIN_TOKENS_BEGIN).context("a join token has another form")?;
        let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2).unwrap_or_default(), 16);
        let bytes: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect::<Result<_, _>>()?;
        let message = bytes.get(FRAME_HEADER_BYTES..).context("a join token is cut")?;
        lock(&self.shared.join_secrets).push(JoinToken::decode(message)?.secret);
        Ok(())
    }

    /// What the join tokens of the run let in with.
    pub(super) fn join_secrets(&self) -> Vec<Vec<u8>> {
        lock(&self.shared.join_secrets).clone()
    }

    /// The tag of a secret that somebody was given.
    pub(super) fn tag_of(&self, secret: &str) -> String {
        let known = secret.strip_prefix(self.shared.secret_prefix.as_str());
        known.map_or_else(|| format!("nobody-set-this-{}", self.number()), str::to_owned)
    }

    /// What a call came to. A bug is a finding, whatever is broken around it.
    pub(super) fn outcome<T, A>(&self, result: Result<A, Failure>, ok: impl FnOnce(A) -> T) -> Outcome<T> {
        let bug =
            |failure: &Failure| self.finding(format!("a call was answered with a bug: {}: {failure}", failure.code));
        recording::outcome(result, bug, ok)
    }

    /// A route of the SDK; a tag stands for its password.
    pub(super) fn route(&self, route: &aliasd_client::Route) -> Route {
        recording::route(route, |password| self.tag_of(password))
    }

    /// How many operations there were so far.
    pub(super) fn operations(&self) -> u64 {
        lock(&self.shared.counts).values().sum()
    }

    /// Operations by kind and outcome.
    pub(super) fn counts(&self) -> BTreeMap<(&'static str, String), u64> {
        lock(&self.shared.counts).clone()
    }

    /// What was found wrong so far.
    pub(super) fn findings(&self) -> Vec<String> {
        lock(&self.shared.findings).clone()
    }

    /// Everything so far; the file is complete then.
    pub(super) fn history(&self) -> Result<History> {
        lock(&self.shared.file).flush().with_context(|| format!("cannot write {}", self.shared.path.display()))?;
        Ok(History { events: lock(&self.shared.events).clone() })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
