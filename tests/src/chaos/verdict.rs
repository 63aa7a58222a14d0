//! What has to hold when everything has healed: the members come to rest, agree and serve; nothing was said that must not be
//! said; and the history keeps every promise.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use aliasd_checkers::history::{AuditLine, Digest, Event};
use anyhow::Result;
use serde_json::Value;
use tokio::task::block_in_place;

use super::load::Crew;
use super::nemesis::{HEALS_WITHIN, Nemesis};
use super::record::JOIN_TOKENS_BEGIN;
use super::report::Report;
use super::run::Options;
use crate::cluster::KEYSTORE_PASSWORD;
use crate::secrets;

/// So many lines about one kind of finding are enough.
const LEAKS_SHOWN: usize = 5;

/// Waits until the members that are whole serve, and compares them.
pub(super) async fn rest(nemesis: &Nemesis, crew: &Crew, whole: &[u64]) {
    let recorder = &nemesis.recorder;
    for member in whole {
        let mut machine = nemesis.rig.machine(*member).await;
        if let Err(error) = machine.is_ready_within(HEALS_WITHIN).await {
            let words = machine.last_words();
            recorder.finding(format!("after everything has healed, {error:#}: {words}"));
        }
    }
    match crew.administrator() {
        Ok(client) => {
            let outcome = client.write(&crew.world.last_statement()).await;
            if outcome.ok().is_none() {
                recorder.finding(format!("after everything has healed, nothing can be written: {outcome:?}"));
            }
        }
        Err(error) => recorder.finding(format!("{error:#}")),
    }
    match nemesis.rig.at_rest(whole, HEALS_WITHIN).await {
        Ok(digests) => {
            for (member, revision, digest) in &digests {
                let (at, digest) = (recorder.now(), digest.clone());
                let event = Digest { member: *member, at, revision: *revision, digest, last: true };
                recorder.push(Event::Digest(event));
            }
            if digests.windows(2).any(|pair| pair[0].2 != pair[1].2) {
                recorder.finding(format!("the members differ: {digests:?}"));
            }
        }
        Err(error) => recorder.finding(format!("the members do not come to rest: {error:#}")),
    }
}

/// Stops the members, reads what they said, and judges everything.
pub(super) async fn judge(nemesis: &Nemesis, options: &Options) -> Result<Report> {
    let recorder = &nemesis.recorder;
    let mut directories = vec![nemesis.rig.cluster.layout().captured()];
    for member in nemesis.rig.roster.all() {
        let mut machine = nemesis.rig.machine(member).await;
        machine.kill();
        let said = machine.node.said();
        for line in said.lines().filter(|line| line.contains("panicked at")) {
            recorder.finding(format!("node {member} panicked: {line}"));
        }
        for line in said.lines().filter_map(|line| audit_line(member, line)) {
            recorder.push(Event::Audit(line));
        }
        directories.push(machine.node.data.clone());
    }
    let searched = block_in_place(|| search(&directories, &recorder.secret_of(""), &recorder.join_secrets()))?;
    for leak in searched.1.iter().take(LEAKS_SHOWN) {
        recorder.finding(format!("a secret stands in a file: {leak}"));
    }
    let history = recorder.history()?;
    for finding in block_in_place(|| aliasd_checkers::check(&history)) {
        recorder.finding(finding.to_string());
    }
    Ok(Report {
        seed: options.seed,
        members: options.members,
        length: options.length,
        took: Duration::from_nanos(recorder.now()),
        operations: recorder.counts(),
        faults: nemesis.counts(),
        links: nemesis.rig.links.totals(),
        files_searched: searched.0,
        events: history.events.len(),
        findings: recorder.findings(),
        directory: options.directory.clone(),
    })
}

/// A line of a node's log, if it belongs to the audit trail.
fn audit_line(member: u64, line: &str) -> Option<AuditLine> {
    let value: Value = serde_json::from_str(line).ok()?;
    if value["target"] != "aliasd::audit" {
        return None;
    }
    let text = |field: &str| value[field].as_str().map(str::to_owned);
    Some(AuditLine {
        member,
        action: text("message")?,
        actor: text("actor"),
        on_behalf_of: text("on_behalf_of"),
        what: text("what"),
        outcome: text("outcome")?,
        revision: value["revision"].as_u64(),
    })
}

/// How many files were read below the directories, and what was found.
fn search(directories: &[PathBuf], prefix: &str, join_secrets: &[Vec<u8>]) -> Result<(usize, Vec<String>)> {
    let (mut files, mut leaks) = (0, Vec::new());
    for directory in directories.iter().filter(|directory| fs::metadata(directory).is_ok()) {
        let texts = [prefix, KEYSTORE_PASSWORD, JOIN_TOKENS_BEGIN];
        let (read, found) = secrets::search_also(directory, &texts, join_secrets)?;
        files += read;
        leaks.extend(found.iter().map(|leak| format!("{} as {}", leak.file.display(), leak.form)));
    }
    Ok((files, leaks))
}
