//! A request has one effect, however often it is sent, and every answer to it is the same.
//!
//! * Attempts with one request id of one user and one command are answered with one outcome: the same revision and number of
//!   updates, or the same refusal. Refusals that leave no record (such as of a caller who is not known any more) tell of their
//!   attempt only.
//! * Another command under an id that was used is never done.
//! * What changed an alias or database, by a watch or by the version that an answer names, was changed by a request of the
//!   history: by one that is known to have had that revision, or by one whose outcome nobody knows, and by that once. So a
//!   request that took effect twice leaves a change without a cause.

use std::collections::BTreeMap;

use crate::finding::{Checker, Finding};
use crate::history::{Command, Event, History, Outcome, Subject, WatchStep, Write};
use crate::reads::{enough, reads};
use crate::world::World;
use crate::writes::{Fate, is_final, writes};

/// Judges every request id, and every change.
pub(crate) fn check(world: &World<'_>, history: &History) -> Vec<Finding> {
    let mut findings = attempts(history);
    findings.extend(causes(world, history));
    findings
}

fn finding(lines: impl IntoIterator<Item = usize>, message: String) -> Finding {
    Finding::new(Checker::ExactlyOnce, lines, message)
}

fn attempts(history: &History) -> Vec<Finding> {
    let mut by_id: BTreeMap<&str, Vec<(usize, &Write)>> = BTreeMap::new();
    for (line, write) in writes(history) {
        if let Some(id) = &write.request {
            by_id.entry(id).or_default().push((line, write));
        }
    }
    let mut findings = Vec::new();
    for attempts in by_id.values_mut() {
        attempts.sort_by_key(|(line, write)| (write.end, *line));
        let mut answered: Option<(usize, &Write)> = None;
        for (line, write) in attempts.iter() {
            if !is_answer(write) {
                continue;
            }
            let Some((first, other)) = answered else {
                answered = Some((*line, write));
                continue;
            };
            if let Some(message) = contradiction(other, write)
                && !enough(&findings)
            {
                findings.push(finding([first, *line], message));
            }
        }
    }
    findings
}

/// Whether it says for good what became of the request.
fn is_answer(write: &Write) -> bool {
    match &write.outcome {
        Outcome::Ok(_) => true,
        Outcome::Rejected { code, revision } => is_final(code, *revision),
        Outcome::Failed { .. } | Outcome::Unknown { .. } => false,
    }
}

fn contradiction(first: &Write, second: &Write) -> Option<String> {
    if (&first.actor, &first.command) != (&second.actor, &second.command) {
        let done = second.outcome.ok().is_some() && first.outcome.ok().is_some();
        return done.then(|| "two requests are done under one id".to_owned());
    }
    match (&first.outcome, &second.outcome) {
        (Outcome::Ok(one), Outcome::Ok(other)) => {
            let revisions = one.revision.zip(other.revision).is_none_or(|(one, other)| one == other);
            let same = revisions && one.updates == other.updates;
            (!same).then(|| format!("one request is answered with {one:?} and with {other:?}"))
        }
        (Outcome::Rejected { code: one, .. }, Outcome::Rejected { code: other, .. }) => {
            (one != other).then(|| format!("one request is refused with {one} and with {other}"))
        }
        (Outcome::Ok(_), Outcome::Rejected { code, .. }) | (Outcome::Rejected { code, .. }, Outcome::Ok(_)) => {
            Some(format!("one request is done and refused with {code}"))
        }
        _ => None,
    }
}

/// Changes that no request accounts for.
fn causes(world: &World<'_>, history: &History) -> Vec<Finding> {
    let mut causes = Causes::of(world);
    let mut changes: BTreeMap<(&str, u64), (u64, usize)> = BTreeMap::new();
    let mut seen = |name, revision, at, line| {
        if revision > world.start {
            let first = changes.entry((name, revision)).or_insert((at, line));
            *first = (*first).min((at, line));
        }
    };
    for read in reads(history) {
        if let Some(route) = read.outcome.ok() {
            seen(read.question.name, route.version, read.end, read.line);
        }
    }
    for (line, event) in history.numbered() {
        let Event::Watch(watch) = event else { continue };
        let WatchStep::Batch { revision, changes, .. } = &watch.step else {
            continue;
        };
        let named = changes.iter().filter(|change| matches!(change.subject, Subject::Alias | Subject::Database));
        named.filter(|change| !change.name.is_empty()).for_each(|change| seen(&change.name, *revision, watch.at, line));
    }
    let mut findings = Vec::new();
    for ((name, revision), (at, line)) in changes {
        if !causes.account_for(name, revision, at) && !enough(&findings) {
            let message = format!("'{name}' changed at revision {revision}, and no request did that");
            findings.push(finding([line], message));
        }
    }
    findings
}

/// What may have changed names.
struct Causes<'a> {
    known: BTreeMap<(&'a str, u64), usize>,
    /// By name: when each request began whose revision nobody knows, ascending, and a revision that it is higher than.
    loose: BTreeMap<&'a str, Vec<(u64, u64)>>,
}

impl<'a> Causes<'a> {
    fn of(world: &World<'a>) -> Self {
        let mut causes = Self { known: BTreeMap::new(), loose: BTreeMap::new() };
        for request in &world.requests {
            let name = match request.command {
                Command::CreateAlias { name, .. }
                | Command::AlterAlias { name, .. }
                | Command::DropAlias { name }
                | Command::CreateDatabase { name, .. }
                | Command::DropDatabase { name } => name.as_str(),
                _ => continue,
            };
            let loose = (request.begin, world.shown.before(request.begin).0);
            match request.fate {
                Fate::Done { written, .. } if written.updates == 0 => {}
                Fate::Done { written, .. } => match written.revision {
                    Some(revision) => {
                        causes.known.insert((name, revision), request.line());
                    }
                    None => causes.loose.entry(name).or_default().push(loose),
                },
                Fate::Unknown => causes.loose.entry(name).or_default().push(loose),
                Fate::Refused { .. } => {}
            }
        }
        causes
    }

    /// Uses up a request whose revision nobody knows, if no other has the revision. Revisions are asked for in ascending
    /// order, and so each takes the latest that had begun: the earlier ones are left for changes that were seen earlier.
    fn account_for(&mut self, name: &str, revision: u64, at: u64) -> bool {
        if self.known.contains_key(&(name, revision)) {
            return true;
        }
        let Some(begun) = self.loose.get_mut(name) else {
            return false;
        };
        let count = begun.partition_point(|(begin, after)| *begin <= at && *after < revision);
        if count == 0 {
            return false;
        }
        begun.remove(count - 1);
        true
    }
}

#[cfg(test)]
mod tests;
