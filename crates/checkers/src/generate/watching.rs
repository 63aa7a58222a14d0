//! What watches tell.

use std::collections::BTreeSet;

use super::Plant;
use super::run::{MEMBERS, Run};
use super::state::State;
use crate::history::{Change, ChangeKind, Event, Subject, Watch, WatchStep};

/// A watch.
pub(super) struct Stream {
    number: u64,
    user: &'static str,
    unrestricted: bool,
    names: Option<Vec<String>>,
    member: usize,
    /// The revision up to which it has told everything; none before it has told anything.
    position: Option<u64>,
    open: bool,
}

impl Stream {
    /// An administrator's, a service's, a user's, and one of two names only.
    pub(super) fn all() -> Vec<Self> {
        let stream = |number, user, unrestricted, names| Self {
            number,
            user,
            unrestricted,
            names,
            member: 0,
            position: Some(10).filter(|_| number != 2),
            open: false,
        };
        let two = vec!["n0".to_owned(), "n1".to_owned()];
        vec![
            stream(1, "alice", true, None),
            stream(2, "service", false, None),
            stream(3, "carol", false, None),
            stream(4, "service", false, Some(two)),
        ]
    }

    /// What stands for a stream while it is away.
    pub(super) fn none() -> Self {
        Self { number: 0, user: "", unrestricted: false, names: None, member: 0, position: None, open: false }
    }

    fn push(&self, run: &mut Run, at: u64, step: WatchStep) {
        let (client, stream, member) = (100 + self.number, self.number, Some(self.member as u64));
        run.events.push(Event::Watch(Watch { client, stream, member, at, step }));
    }

    /// Tells some of what its member has, or at the last time all of it.
    pub(super) fn tell(&mut self, run: &mut Run, at: u64, last: bool) {
        if self.open && !last && run.dice.percent(8) {
            self.push(run, at, WatchStep::Closed { code: None });
            self.open = false;
            return;
        }
        if !self.open {
            self.begin(run, at);
        }
        let lag = run.dice.below(90);
        let place = run.catch_up(self.member, at, lag, 0);
        let reached = run.log[place].revision;
        let Some(position) = self.position else {
            self.progress(run, at, reached);
            return;
        };
        if !last && run.shape.plant.is_none() && run.dice.percent(2) {
            self.position = Some(reached.max(position));
            self.push(run, at, WatchStep::Resync { revision: reached.max(position) });
            return;
        }
        let from = run.log.partition_point(|step| step.revision <= position);
        for step in from..=place {
            let told = self.relevant(run, step);
            let revision = run.log[step].revision;
            self.position = Some(revision);
            let skipped = !told.is_empty() && self.unrestricted && run.breaks(Plant::WatchSkips);
            if !told.is_empty() && !skipped {
                self.batch(run, at, revision, told);
            }
        }
        if (last || run.dice.percent(60)) && Some(reached) >= self.position {
            self.progress(run, at, reached);
        }
    }

    fn begin(&mut self, run: &mut Run, at: u64) {
        self.open = true;
        self.member = run.any_member().min(MEMBERS - 1);
        let (after, user, names) = (self.position, self.user.to_owned(), self.names.clone());
        self.push(run, at, WatchStep::Open { after, user, names, unrestricted: self.unrestricted });
        let has = run.log[run.members[self.member]].revision;
        if let Some(position) = self.position {
            self.push(run, at, WatchStep::Progress { revision: has.min(position) });
        }
    }

    fn progress(&mut self, run: &mut Run, at: u64, reached: u64) {
        let beyond = if run.breaks(Plant::ProgressBeyond) { 500 } else { 0 };
        self.position = Some(reached);
        self.push(run, at, WatchStep::Progress { revision: reached + beyond });
    }

    fn batch(&mut self, run: &mut Run, at: u64, revision: u64, mut told: Vec<Change>) {
        if self.user == "carol" && run.breaks(Plant::WatchLeaks) {
            told.push(Change { subject: Subject::Database, name: "garden".to_owned(), kind: ChangeKind::Altered });
        }
        let splits = told.len() > 1 && run.breaks(Plant::WatchSplits);
        if splits || (told.len() > 1 && run.dice.percent(50)) {
            let rest = told.split_off(1);
            self.push(run, at, WatchStep::Batch { revision, changes: told, continued: !splits });
            told = rest;
        }
        let again = told.clone();
        self.push(run, at, WatchStep::Batch { revision, changes: told, continued: false });
        if run.breaks(Plant::WatchRepeats) {
            self.push(run, at, WatchStep::Batch { revision, changes: again, continued: false });
        }
    }

    fn relevant(&self, run: &Run, step: usize) -> Vec<Change> {
        let sides = [&run.log[step - 1].state, &run.log[step].state];
        let knows = |change: &&Change| {
            let named = matches!(change.subject, Subject::Alias | Subject::Database);
            let wanted = !named || self.names.as_ref().is_none_or(|names| names.contains(&change.name));
            wanted && (self.unrestricted || sides.iter().any(|state| self.knows(state, change)))
        };
        run.log[step].changes.iter().filter(knows).cloned().collect()
    }

    fn knows(&self, state: &State, change: &Change) -> bool {
        let name = &change.name;
        let for_whom: BTreeSet<&String> = state.users.keys().filter(|user| state.acts_for(self.user, user)).collect();
        match change.subject {
            Subject::Settings => true,
            Subject::User => self.user == name || state.acts_for(self.user, name),
            Subject::Role => for_whom
                .iter()
                .any(|user| state.active(user) && state.users.get(*user).is_some_and(|user| user.roles.contains(name))),
            Subject::Alias | Subject::Database => for_whom.iter().any(|user| state.may_use(user, name)),
        }
    }
}
