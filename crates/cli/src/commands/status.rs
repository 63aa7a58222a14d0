//! The status of a node and of the cluster, as text and as JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use aliasd_client::MemberReport;
use aliasd_client::messages::{Condition, MemberChange, MemberStatus, NodeRole, NodeStatus, StatusResponse};
use aliasd_console::printable;
use serde_json::{Value as Json, json};

use super::yes_or_no;
use crate::output::{fields, rows, rows_of_lines};

/// How many digits of a digest people compare; the JSON has all.
const DIGEST_DIGITS: usize = 16;

/// Every field of the message, under its name there.
pub(super) fn json(status: &StatusResponse) -> Json {
    let members: Vec<_> = status
        .members
        .iter()
        .map(|member| {
            json!({
                "node_id": member.node_id,
                "peer_address": member.peer_address,
                "client_address": member.client_address,
                "voter": member.voter,
                "matched_log_index": member.matched_log_index,
                "round_trip_ms": round_trip(member).map(|took| took.as_secs_f64() * 1000.0),
                "silent_for_seconds": silent_for(member).map(|time| time.as_secs()),
            })
        })
        .collect();
    let leader = status.leader.as_ref();
    json!({
        "node": status.node.as_ref().map(node),
        "cluster_id": status.cluster_id,
        "term": status.term,
        "leader": leader.map(|leader| json!({ "node_id": leader.node_id, "client_address": leader.client_address })),
        "members": members,
        "member_change": status.member_change.as_ref().map(|change| {
            let MemberChange { node_id, description, waiting_for } = change;
            json!({ "node_id": node_id, "description": description, "waiting_for": waiting_for })
        }),
    })
}

fn node(node: &NodeStatus) -> Json {
    let keys: Vec<_> =
        node.keys.iter().map(|key| json!({ "key_id": key.key_id, "name": key.name, "active": key.active })).collect();
    let snapshot = node.snapshot.as_ref();
    json!({
        "node_id": node.node_id,
        "version": node.version,
        "role": role(node),
        "ready": node.ready,
        "not_ready_reasons": conditions(&node.not_ready_reasons),
        "last_log_index": node.last_log_index,
        "applied_revision": node.applied_revision,
        "digest": node.digest,
        "keys": keys,
        "snapshot": snapshot.map(|snapshot| json!({ "revision": snapshot.revision })),
        "alarms": conditions(&node.alarms),
        "started_at": node.started_at.as_ref().map(ToString::to_string),
    })
}

fn conditions(conditions: &[Condition]) -> Vec<Json> {
    let json =
        |condition: &Condition| json!({ "code": condition.code, "message": condition.message, "hint": condition.hint });
    conditions.iter().map(json).collect()
}

fn role(node: &NodeStatus) -> &'static str {
    match node.role() {
        NodeRole::Uninitialised => "UNINITIALISED",
        NodeRole::Learner => "LEARNER",
        NodeRole::Follower => "FOLLOWER",
        NodeRole::Candidate => "CANDIDATE",
        NodeRole::Leader => "LEADER",
        NodeRole::Stopped => "STOPPED",
        NodeRole::Unspecified => "UNKNOWN",
    }
}

/// One node at length, and the members as it sees them.
pub(super) fn one(status: &StatusResponse) -> String {
    let Some(node) = &status.node else {
        return String::new();
    };
    let mut out = vec![
        ("node", node.node_id.to_string()),
        ("role", role(node).to_lowercase()),
        ("ready", yes_or_no(node.ready)),
        ("version", node.version.clone()),
        ("cluster", or_none(&status.cluster_id)),
        ("term", status.term.to_string()),
        ("leader", status.leader.as_ref().map_or_else(|| or_none(""), |leader| leader.node_id.to_string())),
        ("revision", node.applied_revision.to_string()),
        ("digest", or_none(&node.digest)),
    ];
    out.extend(node.keys.iter().map(|key| {
        let active = if key.active { ", active" } else { "" };
        ("key", format!("{} ({}{active})", key.key_id, key.name))
    }));
    out.extend(status.member_change.as_ref().map(|change| ("change", member_change(change))));
    for (label, condition) in remarks(node) {
        out.push((label, what(condition)));
        out.extend(Some(("hint", condition.hint.clone())).filter(|(_, hint)| !hint.is_empty()));
    }
    let mut text = fields(&out);
    if !status.members.is_empty() {
        let member = |member: &MemberStatus| {
            vec![
                member.node_id.to_string(),
                member.client_address.clone(),
                member.peer_address.clone(),
                if member.voter { "voter" } else { "learner" }.to_owned(),
                member.matched_log_index.map(|index| index.to_string()).unwrap_or_default(),
                // How far it was says nothing of one that does not answer.
                match silent_for(member) {
                    Some(time) => format!("not heard of for {} s", time.as_secs()),
                    None => round_trip(member).map(|took| format!("{took:.1?}")).unwrap_or_default(),
                },
            ]
        };
        let members: Vec<_> = status.members.iter().map(member).collect();
        text.push('\n');
        text.push_str(&rows(&["node", "clients", "peers", "kind", "log", "round trip"], &members));
    }
    text
}

/// Every member in a line with the codes of what is amiss, and each of these explained once below.
pub(super) fn all(reports: &[MemberReport]) -> String {
    let mut explained: BTreeMap<(String, &str), Vec<String>> = BTreeMap::new();
    let mut lines = Vec::new();
    for report in reports {
        let address = report.address.clone();
        match report.status.as_ref().map(|status| status.node.as_ref()) {
            Ok(Some(node)) => {
                let remarks = remarks(node);
                for (_, condition) in &remarks {
                    let members = explained.entry((what(condition), &condition.hint)).or_default();
                    members.push(node.node_id.to_string());
                }
                let cells = [
                    node.node_id.to_string(),
                    address,
                    role(node).to_lowercase(),
                    yes_or_no(node.ready),
                    node.applied_revision.to_string(),
                    node.digest.chars().take(DIGEST_DIGITS).collect(),
                ];
                lines.push((cells, remarks.iter().map(|(_, condition)| condition.code.clone()).collect()));
            }
            silent => {
                let [node, role, ready, revision, digest] = ["?"; 5].map(str::to_owned);
                let why = silent.err().map(|error| error.code.clone());
                lines.push(([node, address, role, ready, revision, digest], why.into_iter().collect()));
            }
        }
    }
    lines.sort();
    let line = |(cells, remarks): ([String; 6], Vec<String>)| -> Vec<Vec<String>> {
        cells.into_iter().map(|cell| vec![cell]).chain([remarks]).collect()
    };
    let lines: Vec<_> = lines.into_iter().map(line).collect();
    let mut text = rows_of_lines(&["node", "clients", "role", "ready", "revision", "digest", "remarks"], &lines);
    for ((what, hint), members) in explained {
        text.push_str(&format!("{} (node {})\n", printable(&what), members.join(", ")));
        if !hint.is_empty() {
            text.push_str(&format!("  hint: {}\n", printable(hint)));
        }
    }
    text
}

/// Why a node is not ready, and what else is amiss; what is both is said once.
fn remarks(node: &NodeStatus) -> Vec<(&'static str, &Condition)> {
    let reasons = node.not_ready_reasons.iter().map(|reason| ("not ready", reason));
    let alarms = node.alarms.iter().filter(|alarm| !node.not_ready_reasons.contains(alarm));
    reasons.chain(alarms.map(|alarm| ("alarm", alarm))).collect()
}

fn round_trip(member: &MemberStatus) -> Option<Duration> {
    member.round_trip.and_then(|took| took.try_into().ok())
}

fn silent_for(member: &MemberStatus) -> Option<Duration> {
    member.silent_for.and_then(|time| time.try_into().ok())
}

fn what(condition: &Condition) -> String {
    format!("{}: {}", condition.code, condition.message)
}

fn member_change(change: &MemberChange) -> String {
    let MemberChange { description, waiting_for, .. } = change;
    if waiting_for.is_empty() { description.clone() } else { format!("{description}; it waits for {waiting_for}") }
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "none".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(code: &str, message: &str, hint: &str) -> Condition {
        Condition { code: code.to_owned(), message: message.to_owned(), hint: hint.to_owned() }
    }

    /// A node that lacks a key, which is why it is not ready, and an alarm.
    fn status(node_id: u64, digest: &str) -> StatusResponse {
        let missing = condition("KEY_MISSING", "It lacks a key\nalarm  none.", "Copy it.");
        let node = NodeStatus {
            node_id,
            digest: digest.to_owned(),
            not_ready_reasons: vec![missing.clone()],
            alarms: vec![missing, condition("SLOW", "It is slow.", "")],
            ..NodeStatus::default()
        };
        StatusResponse { node: Some(node), ..StatusResponse::default() }
    }

    #[test]
    fn what_is_amiss_is_said_once() {
        let text = one(&status(1, ""));
        assert!(text.ends_with("not ready  KEY_MISSING: It lacks a key\\nalarm  none.\nhint       Copy it.\nalarm      SLOW: It is slow.\n"), "{text}");
        let report =
            |id: u64| MemberReport { address: format!("{id}.example:7680"), status: Ok(status(id, &"ab".repeat(32))) };
        let text = all(&[report(2), report(1)]);
        assert_eq!(text.matches("KEY_MISSING").count(), 3, "{text}");
        let below =
            "KEY_MISSING: It lacks a key\\nalarm  none. (node 2, 1)\n  hint: Copy it.\nSLOW: It is slow. (node 2, 1)\n";
        assert!(text.ends_with(below), "{text}");
        assert!(text.lines().take(8).all(|line| line.chars().count() < 100), "{text}");
    }
}
