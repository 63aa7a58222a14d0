//! Members at the same revision have the same digest, at any time; and once all has come to rest, all are at the same revision.

use std::collections::BTreeMap;

use crate::finding::{Checker, Finding};
use crate::history::{Digest, Event, History};
use crate::reads::enough;

/// Compares whatever members said of themselves.
pub(crate) fn check(history: &History) -> Vec<Finding> {
    let mut at: BTreeMap<u64, (usize, &Digest)> = BTreeMap::new();
    let mut last: BTreeMap<u64, (usize, &Digest)> = BTreeMap::new();
    let mut findings = Vec::new();
    for (line, event) in history.numbered() {
        let Event::Digest(digest) = event else {
            continue;
        };
        let (first, other) = *at.entry(digest.revision).or_insert((line, digest));
        if other.digest != digest.digest && !enough(&findings) {
            let (one, two, revision) = (other.member, digest.member, digest.revision);
            let message = format!("members {one} and {two} have different digests at revision {revision}");
            findings.push(Finding::new(Checker::Digests, [first, line], message));
        }
        if digest.last {
            last.insert(digest.member, (line, digest));
        }
    }
    let revisions: std::collections::BTreeSet<u64> = last.values().map(|(_, digest)| digest.revision).collect();
    if revisions.len() > 1 {
        let message = format!("at the end the members are at different revisions: {revisions:?}");
        findings.push(Finding::new(Checker::Digests, last.values().map(|(line, _)| *line), message));
    }
    findings
}

#[cfg(test)]
mod tests;
