//! Watches and guards of a run.

use std::pin::pin;
use std::time::Duration;

use aliasd_checkers::history::{Event, Freshness, Guard, GuardStep, Lookup, Watch, WatchStep};
use aliasd_client::{Ended, WatchFrom};
use aliasd_recording as recording;
use futures::future::{Either, select};

use super::clients::Clients;

impl Clients {
    /// Follows what changes until the run ends.
    pub(super) async fn watch(&self, back: u64, all: bool) {
        let client = if all { &self.administrator } else { &self.service };
        let after = client.sdk.seen().saturating_sub(back);
        let stream = self.recorder.number();
        let (number, user) = (client.number, client.user.clone());
        let record = |at: u64, step: WatchStep| {
            self.recorder.push(Event::Watch(Watch { client: number, stream, member: None, at, step }));
        };
        record(self.recorder.now(), WatchStep::Open { after: Some(after), user, names: None, unrestricted: all });
        let mut watch = client.sdk.watch(WatchFrom::after(after));
        loop {
            match watch.next().await {
                Ok(aliasd_client::Event::Changes { revision, changes }) => {
                    self.recorder.coverage.count("watch told of changes");
                    let changes = changes.iter().map(recording::change).collect();
                    record(self.recorder.now(), WatchStep::Batch { revision, changes, continued: false });
                }
                Ok(aliasd_client::Event::Progress { revision }) => {
                    record(self.recorder.now(), WatchStep::Progress { revision });
                }
                Ok(aliasd_client::Event::Resync { revision }) => {
                    self.recorder.coverage.count("watch resynchronised");
                    record(self.recorder.now(), WatchStep::Resync { revision });
                }
                Ok(_) => {}
                Err(failure) => {
                    return record(self.recorder.now(), WatchStep::Closed { code: Some(failure.code) });
                }
            }
        }
    }

    /// Pins a route, holds it, and asks whether it still stands.
    pub(super) async fn guard(&self, name: String, user: Option<String>, hold: Duration) {
        let client = &self.service;
        let guard_number = self.recorder.number();
        let record = |begin: u64, step: GuardStep| {
            let (client, guard, end) = (client.number, guard_number, self.recorder.now());
            self.recorder.push(Event::Guard(Guard { client, guard, begin, end, step }));
        };
        let asked = Lookup { caller: client.user.clone(), proof: client.proof.clone(), user: user.clone(), name };
        let question = recording::lookup(&asked.name, user.as_deref(), Freshness::Session, false);
        let begin = self.recorder.now();
        let guard = match client.sdk.begin(question).await {
            Ok(guard) => {
                let outcome = self.recorder.outcome(Ok(recording::route(guard.route(), str::to_owned)), |route| route);
                record(begin, GuardStep::Begin { lookup: asked, outcome });
                guard
            }
            Err(failure) => {
                let outcome = self.recorder.outcome(Err(failure), |route| route);
                return record(begin, GuardStep::Begin { lookup: asked, outcome });
            }
        };
        let begin = self.recorder.now();
        if let Either::Left((ended, _)) = select(pin!(guard.changed()), pin!(self.pause(hold))).await {
            self.recorder.coverage.count("guard ended");
            let changed = match ended {
                Ended::Changed { revision } => Some(revision),
                _ => None,
            };
            record(begin, GuardStep::Ended { changed });
        }
        let begin = self.recorder.now();
        let validated = guard.validate().await;
        self.recorder.coverage.count(if validated.is_ok() { "guard validated" } else { "guard not validated" });
        let outcome = self.recorder.outcome(validated, |()| ());
        record(begin, GuardStep::Validate { outcome });
    }
}
