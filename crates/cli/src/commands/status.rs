//! The status of a node and of the cluster, as text and as JSON.

use std::time::Duration;

use aliasd_client::MemberReport;
use aliasd_client::messages::{Condition, MemberStatus, NodeRole, NodeStatus, StatusResponse};
use serde_json::{Value as Json, json};

use super::yes_or_no;
use crate::output::{fields, rows};

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
    out.extend(node.not_ready_reasons.iter().map(|reason| ("not ready", condition(reason))));
    out.extend(node.alarms.iter().map(|alarm| ("alarm", condition(alarm))));
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

/// Every member in a line.
pub(super) fn all(reports: &[MemberReport]) -> String {
    let line = |report: &MemberReport| match report.status.as_ref().ok().and_then(|status| status.node.as_ref()) {
        Some(node) => vec![
            node.node_id.to_string(),
            report.address.clone(),
            role(node).to_lowercase(),
            yes_or_no(node.ready),
            node.applied_revision.to_string(),
            node.digest.chars().take(DIGEST_DIGITS).collect(),
            node.not_ready_reasons.iter().chain(&node.alarms).map(condition).collect::<Vec<_>>().join("\n"),
        ],
        None => {
            let error = report.status.as_ref().err();
            let why = error.map(|error| error.code.clone()).unwrap_or_default();
            let unknown = || "?".to_owned();
            vec![unknown(), report.address.clone(), unknown(), unknown(), unknown(), unknown(), why]
        }
    };
    let mut lines: Vec<_> = reports.iter().map(line).collect();
    lines.sort();
    rows(&["node", "clients", "role", "ready", "revision", "digest", "remarks"], &lines)
}

fn round_trip(member: &MemberStatus) -> Option<Duration> {
    member.round_trip.and_then(|took| took.try_into().ok())
}

fn silent_for(member: &MemberStatus) -> Option<Duration> {
    member.silent_for.and_then(|time| time.try_into().ok())
}

fn condition(condition: &Condition) -> String {
    let text = format!("{}: {}", condition.code, condition.message);
    if condition.hint.is_empty() { text } else { format!("{text} {}", condition.hint) }
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "none".to_owned() } else { text.to_owned() }
}
