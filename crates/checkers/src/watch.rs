//! Watches tell everything that their watcher may know, once, in order, and nothing else.
//!
//! * *Ordered, unique, atomic:* a revision is told once and as a whole, and after all lower ones. Parts of one revision follow
//!   each other.
//! * *Complete:* whatever is known to have changed at a revision that the watch has passed was told at that revision, if the
//!   watcher certainly may know of it: an administrator of everything, others of what they may use just before or after it,
//!   of themselves and of their roles. So is a resumed watch complete from where it is resumed.
//! * *Never beyond privileges:* nothing is told by name that the watcher certainly could not know of just before or after.
//!   Nothing is told that it did not ask for.
//! * *Progress is true:* a mark never goes back, and is never beyond what has been told. A member that has fallen behind may
//!   begin with the mark that it has reached. That no later write gets a revision that a mark has passed is
//!   [`crate::revision_order`]'s matter.
//!
//! A resynchronisation voids what was told before it; nothing is expected of what it leaves out.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Checker, Finding};
use crate::history::{Change, Command, Event, History, Subject, Watch, WatchStep};
use crate::reads::enough;
use crate::world::{Sight, Tri, World};
use crate::writes::Request;

/// Judges every stream.
pub(crate) fn check(world: &World<'_>, history: &History) -> Vec<Finding> {
    let mut streams: BTreeMap<u64, Stream<'_>> = BTreeMap::new();
    let mut findings = Vec::new();
    for (line, event) in history.numbered() {
        let Event::Watch(watch) = event else { continue };
        let stream = streams.entry(watch.stream).or_default();
        let found = stream.step(world, line, watch);
        findings.extend(found.into_iter().take(crate::reads::FINDINGS_MAX));
        if enough(&findings) {
            break;
        }
    }
    findings
}

/// What is known of a stream.
#[derive(Default)]
struct Stream<'a> {
    /// Up to where everything has been told; none before the first message of a stream that begins at the present.
    position: Option<u64>,
    user: &'a str,
    unrestricted: bool,
    names: Option<BTreeSet<&'a str>>,
    /// Whether nothing has come since it was opened.
    fresh: bool,
    /// A revision of which more is to come, with what has come.
    begun: Option<(u64, Vec<&'a Change>)>,
}

fn finding(lines: impl IntoIterator<Item = usize>, message: String) -> Finding {
    Finding::new(Checker::Watch, lines, message)
}

impl<'a> Stream<'a> {
    fn step(&mut self, world: &World<'_>, line: usize, watch: &'a Watch) -> Vec<Finding> {
        match &watch.step {
            WatchStep::Open { after, user, names, unrestricted } => {
                let names = names.as_ref().map(|names| names.iter().map(String::as_str).collect());
                let unrestricted = *unrestricted;
                *self = Self { position: *after, user, unrestricted, names, fresh: true, begun: None };
                Vec::new()
            }
            WatchStep::Batch { revision, changes, continued } => {
                self.batch(world, line, *revision, changes, *continued)
            }
            WatchStep::Progress { revision } => self.progress(world, line, *revision),
            WatchStep::Resync { revision } => {
                (self.position, self.begun, self.fresh) = (Some(*revision), None, false);
                Vec::new()
            }
            WatchStep::Closed { .. } => {
                self.begun = None;
                Vec::new()
            }
        }
    }

    fn progress(&mut self, world: &World<'_>, line: usize, revision: u64) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some((begun, _)) = self.begun.take() {
            findings.push(finding([line], format!("a mark comes amid the parts of revision {begun}")));
        }
        let fresh = std::mem::replace(&mut self.fresh, false);
        match self.position {
            // A member that is behind says so first.
            Some(position) if revision < position && fresh => return findings,
            Some(position) if revision < position => {
                findings.push(finding([line], format!("the mark goes back from {position} to {revision}")));
                return findings;
            }
            Some(position) => findings.extend(self.missing(world, line, position, revision, &[])),
            None => {}
        }
        self.position = Some(revision);
        findings
    }

    fn batch(
        &mut self,
        world: &World<'_>,
        line: usize,
        revision: u64,
        changes: &'a [Change],
        continued: bool,
    ) -> Vec<Finding> {
        self.fresh = false;
        let mut findings = Vec::new();
        let mut told = match self.begun.take() {
            Some((begun, told)) if begun == revision => told,
            Some((begun, _)) => {
                let message = format!("revision {revision} comes amid the parts of revision {begun}");
                findings.push(finding([line], message));
                Vec::new()
            }
            None => Vec::new(),
        };
        if let Some(position) = self.position.filter(|position| revision <= *position) {
            findings.push(finding([line], format!("revision {revision} is told after {position} was told or passed")));
        }
        findings.extend(changes.iter().filter_map(|change| self.beyond(world, line, revision, change)));
        told.extend(changes);
        if continued {
            self.begun = Some((revision, told));
            return findings;
        }
        let mut subjects = BTreeSet::new();
        if !told.iter().all(|change| subjects.insert((change.subject, &change.name))) {
            findings.push(finding([line], format!("revision {revision} tells of one thing twice")));
        }
        let position = self.position.unwrap_or_else(|| revision.saturating_sub(1));
        findings.extend(self.missing(world, line, position, revision, &told));
        self.position = Some(self.position.unwrap_or_default().max(revision));
        findings
    }

    /// What should have been told between two revisions; of the second, all that was told is handed in.
    fn missing(&self, world: &World<'_>, line: usize, after: u64, until: u64, told: &[&Change]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (revision, request) in world.effects(after, until) {
            for (subject, name) in subjects(request) {
                let is_told = |change: &&&Change| change.subject == subject && change.name == name;
                if revision == until && told.iter().any(|change| is_told(&change)) {
                    continue;
                }
                if self.certainly_knows(world, subject, name, revision) {
                    let message =
                        format!("{subject:?} '{name}' changed at revision {revision}, which is passed and not told");
                    findings.push(finding([request.line(), line], message));
                }
            }
        }
        findings
    }

    fn wants(&self, subject: Subject, name: &str) -> bool {
        let filtered = matches!(subject, Subject::Alias | Subject::Database);
        !filtered || self.names.as_ref().is_none_or(|names| names.contains(name))
    }

    fn certainly_knows(&self, world: &World<'_>, subject: Subject, name: &str, revision: u64) -> bool {
        if !self.wants(subject, name) {
            return false;
        }
        let sides = [Sight::at(revision.saturating_sub(1)), Sight::at(revision)];
        self.unrestricted
            || sides.into_iter().any(|sight| match subject {
                Subject::Alias | Subject::Database => world.may_use_name(self.user, name, sight) == Tri::Yes,
                Subject::User => self.user == name,
                Subject::Role => world.active(self.user, sight).and(world.member(self.user, name, sight)) == Tri::Yes,
                Subject::Settings => false,
            })
    }

    /// What the watcher must not be told by name.
    fn beyond(&self, world: &World<'_>, line: usize, revision: u64, change: &Change) -> Option<Finding> {
        let Change { subject, name, .. } = change;
        if name.is_empty() {
            return None;
        }
        if !self.wants(*subject, name) {
            return Some(finding([line], format!("{subject:?} '{name}' is told, and was not asked for")));
        }
        if self.unrestricted {
            return None;
        }
        let sides = [Sight::at(revision.saturating_sub(1)), Sight::at(revision)];
        let knows = sides.into_iter().any(|sight| self.may_know(world, *subject, name, sight));
        let user = self.user;
        (!knows).then(|| finding([line], format!("'{user}' is told of {subject:?} '{name}', and may not know of it")))
    }

    fn may_know(&self, world: &World<'_>, subject: Subject, name: &str, sight: Sight) -> bool {
        let user = self.user;
        let for_whom = |other: &str| user == other || world.acts_for(user, other, sight) != Tri::No;
        match subject {
            Subject::Settings => true,
            Subject::User => for_whom(name),
            Subject::Role => {
                world.acts_for_everybody(user, sight) != Tri::No
                    || world.users().any(|other| for_whom(other) && world.member(other, name, sight) != Tri::No)
            }
            Subject::Alias | Subject::Database => {
                world.may_use_name(user, name, sight) != Tri::No
                    || world.manages_aliases(user, sight) == Tri::Yes
                    || world.acts_for_everybody(user, sight) != Tri::No
                    || world.users().any(|other| for_whom(other) && world.may_use_name(other, name, sight) != Tri::No)
            }
        }
    }
}

/// What a request changes that is always told.
fn subjects<'r>(request: &Request<'r>) -> Vec<(Subject, &'r str)> {
    match request.command {
        Command::CreateAlias { name, .. } | Command::AlterAlias { name, .. } | Command::DropAlias { name } => {
            vec![(Subject::Alias, name)]
        }
        Command::CreateDatabase { name, .. } | Command::DropDatabase { name } => {
            vec![(Subject::Database, name)]
        }
        Command::CreateUser { name, .. } | Command::AlterUser { name, .. } | Command::DropUser { name } => {
            vec![(Subject::User, name)]
        }
        Command::RenameUser { from, to } => vec![(Subject::User, from), (Subject::User, to)],
        Command::CreateRole { name, .. } | Command::DropRole { name } => {
            vec![(Subject::Role, name)]
        }
        Command::GrantRole { user, .. } | Command::RevokeRole { user, .. } => {
            vec![(Subject::User, user)]
        }
        Command::Assign { role, .. } | Command::Revoke { role, .. } => vec![(Subject::Role, role)],
        Command::EndToken { .. } | Command::Other { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
