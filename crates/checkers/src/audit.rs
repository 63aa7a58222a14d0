//! The audit trails of all members together are complete: each thing that a client was told is done has a line of its own.
//!
//! A write has a line `statement` with its actor, the outcome `OK` and its revision, the end of a token one `logout`; a
//! release of a credential one `credential release` with its caller, on whose behalf, and the revision that it was read at; a
//! login one `login` with its user. Lines may be more: what the SDK tries again leaves a line each time. Nothing is expected of
//! calls that failed, or of a history whose beginning does not say that the trails are in it.

use std::collections::BTreeMap;

use crate::finding::{Checker, Finding};
use crate::history::{AuditLine, Command, Event, History};
use crate::reads::{enough, reads};

/// What a line is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    action: &'a str,
    actor: &'a str,
    on_behalf_of: Option<&'a str>,
    revision: Option<u64>,
}

/// Compares the trails with the history.
pub(crate) fn check(history: &History) -> Vec<Finding> {
    let audited = history.events.iter().any(|event| matches!(event, Event::Setup(setup) if setup.audited));
    if !audited {
        return Vec::new();
    }
    let mut written: BTreeMap<Key<'_>, usize> = BTreeMap::new();
    for event in &history.events {
        if let Event::Audit(line) = event
            && let Some(key) = Key::of(line)
        {
            *written.entry(key).or_default() += 1;
        }
    }
    let mut expected = expected(history);
    expected.sort_unstable_by_key(|(line, _)| *line);
    let mut findings = Vec::new();
    for (line, key) in expected {
        let left = written.entry(key).or_default();
        if let Some(fewer) = left.checked_sub(1) {
            *left = fewer;
        } else if !enough(&findings) {
            let Key { action, actor, revision, .. } = key;
            let at = revision.map_or_else(String::new, |revision| format!(" at revision {revision}"));
            let message = format!("no line of any audit trail is left for this: {action} by '{actor}'{at}");
            findings.push(Finding::new(Checker::Audit, [line], message));
        }
    }
    findings
}

/// What has to be in the trails, with the line of the history.
fn expected(history: &History) -> Vec<(usize, Key<'_>)> {
    let mut expected = Vec::new();
    for (line, event) in history.numbered() {
        match event {
            Event::Write(write) => {
                let Some(written) = write.outcome.ok() else {
                    continue;
                };
                let ends_token = matches!(write.command, Command::EndToken { .. });
                let action = if ends_token { "logout" } else { "statement" };
                // Whoever ends a token is not told at which revision.
                let revision = written.revision.filter(|_| !ends_token);
                expected.push((line, Key { action, actor: &write.actor, on_behalf_of: None, revision }));
            }
            Event::Login(login) if login.outcome.ok().is_some() => {
                expected.push((line, Key { action: "login", actor: &login.user, on_behalf_of: None, revision: None }));
            }
            _ => {}
        }
    }
    for read in reads(history).filter(|read| read.releases() && read.freshness != crate::history::Freshness::Cached) {
        let revision = read.outcome.ok().map(|route| route.served_at);
        let question = read.question;
        let on_behalf_of = Some(question.user).filter(|user| *user != question.caller);
        expected
            .push((read.line, Key { action: "credential release", actor: question.caller, on_behalf_of, revision }));
    }
    expected
}

impl<'a> Key<'a> {
    fn of(line: &'a AuditLine) -> Option<Self> {
        if line.outcome != "OK" {
            return None;
        }
        let action = line.action.as_str();
        let actor = line.actor.as_deref()?;
        let revision = line.revision.filter(|_| matches!(action, "statement" | "credential release"));
        Some(Self { action, actor, on_behalf_of: line.on_behalf_of.as_deref(), revision })
    }
}

#[cfg(test)]
mod tests;
