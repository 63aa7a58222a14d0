//! Revisions tell the order of things as time does, as far as time tells.
//!
//! * A write that began after a revision had been shown to anyone has a higher one. Shown: as that of a write, of a state that
//!   answered, or of a watch.
//! * A LINEARIZABLE answer comes from a state of no lower revision than any that had been shown to anyone before it began.
//! * A revision has one writer.
//! * What a member answers from never goes back: all its answers have to be as fresh as it says, and so hold what was shown
//!   before the first of them ended.
//! * What changed at a revision cannot have changed later.
//!
//! Stronger than [`crate::linearizable`], which these checks could replace if revisions could not be wrong.

use std::collections::BTreeMap;

use crate::finding::{Checker, Finding};
use crate::history::{Event, Freshness, History, WatchStep};
use crate::reads::{enough, reads};
use crate::world::{Shown, World};
use crate::writes::Fate;

/// Judges every revision of the history.
pub(crate) fn check(world: &World<'_>, history: &History) -> Vec<Finding> {
    let mut findings = writes_are_later(world);
    findings.extend(one_writer_each(world));
    findings.extend(linearizable_reads_are_no_earlier(world, history));
    findings.extend(members_go_forward(history));
    findings.extend(versions_are_past(history));
    findings
}

fn finding(lines: impl IntoIterator<Item = usize>, message: String) -> Finding {
    Finding::new(Checker::RevisionOrder, lines, message)
}

fn writes_are_later(world: &World<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for request in &world.requests {
        let Fate::Done { written, .. } = request.fate else {
            continue;
        };
        let Some(revision) = written.revision else {
            continue;
        };
        let (before, line) = world.shown.before(request.begin);
        if revision <= before && !enough(&findings) {
            let message = format!("a write has revision {revision}, but {before} had been shown before it began");
            findings.push(finding([line, request.line()], message));
        }
    }
    findings
}

fn one_writer_each(world: &World<'_>) -> Vec<Finding> {
    let mut writers: BTreeMap<u64, usize> = BTreeMap::new();
    let mut findings = Vec::new();
    for request in &world.requests {
        let Fate::Done { written, .. } = request.fate else {
            continue;
        };
        let Some(revision) = written.revision else {
            continue;
        };
        if let Some(other) = writers.insert(revision, request.line())
            && !enough(&findings)
        {
            findings.push(finding([other, request.line()], format!("two requests have revision {revision}")));
        }
    }
    findings
}

fn linearizable_reads_are_no_earlier(world: &World<'_>, history: &History) -> Vec<Finding> {
    let mut findings = Vec::new();
    for read in reads(history).filter(|read| read.freshness == Freshness::Linearizable) {
        let Some(route) = read.outcome.ok() else {
            continue;
        };
        let (before, line) = world.shown.before(read.begin);
        if route.served_at < before && !enough(&findings) {
            let served_at = route.served_at;
            let message =
                format!("a LINEARIZABLE answer is of revision {served_at}, but {before} had been shown before");
            findings.push(finding([line, read.line], message));
        }
    }
    findings
}

fn members_go_forward(history: &History) -> Vec<Finding> {
    let mut by_member: BTreeMap<u64, Vec<_>> = BTreeMap::new();
    let asked = |freshness| freshness != Freshness::Cached;
    for read in reads(history).filter(|read| asked(read.freshness)) {
        if let (Some(member), Some(route)) = (read.member, read.outcome.ok()) {
            by_member.entry(member).or_default().push((read.end, route.served_at, read.line));
        }
    }
    for (line, event) in history.numbered() {
        if let Event::Watch(watch) = event
            && let (Some(member), WatchStep::Progress { revision } | WatchStep::Batch { revision, .. }) =
                (watch.member, &watch.step)
        {
            by_member.entry(member).or_default().push((watch.at, *revision, line));
        }
    }
    let by_member: BTreeMap<u64, Shown> =
        by_member.into_iter().map(|(member, shown)| (member, shown.into_iter().collect())).collect();
    let mut findings = Vec::new();
    for read in reads(history).filter(|read| asked(read.freshness)) {
        let (Some(member), Some(route)) = (read.member, read.outcome.ok()) else {
            continue;
        };
        let (before, line) = by_member.get(&member).map_or((0, 0), |shown| shown.before(read.begin));
        if route.served_at < before && !enough(&findings) {
            let served_at = route.served_at;
            let message = format!("member {member} answers from revision {served_at} after it had shown {before}");
            findings.push(finding([line, read.line], message));
        }
    }
    findings
}

fn versions_are_past(history: &History) -> Vec<Finding> {
    let mut findings = Vec::new();
    for read in reads(history) {
        let Some(route) = read.outcome.ok() else {
            continue;
        };
        if route.version > route.served_at && !enough(&findings) {
            let (version, served_at) = (route.version, route.served_at);
            let message = format!("a state of revision {served_at} tells of a change at {version}");
            findings.push(finding([read.line], message));
        }
    }
    findings
}

#[cfg(test)]
mod tests;
