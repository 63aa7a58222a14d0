//! Answers are as fresh as their freshness promises, and right for the state that they say they come from.
//!
//! * `AT_LEAST(r)`: of revision r or higher. What the SDK does unless told otherwise: no lower than what this client had been
//!   told before. LINEARIZABLE, and everything within its bound of staleness: no lower than what had been acknowledged to
//!   anyone that long before the call began.
//! * Where a name leads, and since which revision, is what was last written by the revision that the answer names. So is it
//!   up to the revision up to which a cached route was taken for true, and it was so within the bound of the cache.
//! * Nothing is refused as not found or not permitted that is there and permitted in every state that the answer can be of.
//!
//! What an answer releases is [`crate::credentials`]' matter, and whether it may be given [`crate::access`]'s.

use crate::finding::{Checker, Finding};
use crate::history::{Destination, Freshness, History, Outcome, Route};
use crate::reads::{Read, Seen, enough, reads};
use crate::world::{Fact, Kind, Sight, Tri, Value, World};

/// Judges every answer.
pub(crate) fn check(world: &World<'_>, history: &History) -> Vec<Finding> {
    let seen = Seen::of(history);
    let mut findings = Vec::new();
    for read in reads(history) {
        if enough(&findings) {
            break;
        }
        match read.outcome {
            Outcome::Ok(route) => {
                findings.extend(too_old(world, &seen, &read, route));
                findings.extend(wrong(world, &seen, &read, route));
            }
            Outcome::Rejected { code, revision } => {
                let sight = revision.map_or_else(|| read.promised(world, &seen), |revision| read.sight(revision));
                findings.extend(refused(world, &read, code, sight));
            }
            Outcome::Failed { .. } | Outcome::Unknown { .. } => {}
        }
    }
    findings
}

fn finding(lines: impl IntoIterator<Item = usize>, message: String) -> Option<Finding> {
    Some(Finding::new(Checker::Freshness, lines, message))
}

fn too_old(world: &World<'_>, seen: &Seen, read: &Read<'_>, route: &Route) -> Option<Finding> {
    if read.freshness == Freshness::Cached {
        return None;
    }
    let served_at = route.served_at;
    let (floor, line) = read.floor(seen);
    if served_at < floor {
        let freshness = read.freshness;
        return finding(
            [line, read.line],
            format!("{freshness:?}: is of revision {served_at} and not of {floor} or higher"),
        );
    }
    let (acknowledged, line) = world.acknowledged_by(read.must_show(world)?);
    if served_at < acknowledged {
        let freshness = read.freshness;
        let message = format!(
            "{freshness:?}: is of revision {served_at}, although {acknowledged} had been acknowledged too long before"
        );
        return finding([line, read.line], message);
    }
    None
}

fn wrong(world: &World<'_>, seen: &Seen, read: &Read<'_>, route: &Route) -> Option<Finding> {
    let mut sights = vec![(read.sight(route.served_at), format!("at revision {}", route.served_at))];
    if read.freshness == Freshness::Cached {
        sights.push((read.promised(world, seen), "by the time that the cache promises".to_owned()));
        let validated = route.validated_at.map(|at| (read.sight(at), format!("at revision {at}")));
        sights.extend(validated);
    }
    sights.into_iter().find_map(|(sight, when)| {
        let (lines, what) = mismatch(world, read.question.name, route, sight)?;
        finding(lines.into_iter().chain([read.line]), format!("'{}': {what} {when}", read.question.name))
    })
}

/// What of a route the name cannot have had, with the lines of what it had.
pub(crate) fn mismatch(world: &World<'_>, name: &str, route: &Route, sight: Sight) -> Option<(Vec<usize>, String)> {
    let kinds = world.kinds(name, sight);
    let fits = |kind: Kind| match (&route.destination, kind) {
        (Destination::Local { database }, Kind::Database) => database == name,
        (Destination::Local { .. }, Kind::Local) | (Destination::Remote { .. }, Kind::Remote) => true,
        _ => false,
    };
    if !kinds.iter().any(|(_, kind)| fits(*kind)) {
        let lines = kinds.iter().map(|(line, _)| *line).collect();
        return Some((lines, format!("leads to {:?} and was {:?}", route.destination, kinds[0].1)));
    }
    let is_database = kinds.iter().any(|(_, kind)| *kind == Kind::Database);
    let text = |text: &String| Value::Text(text.clone());
    let mut facts = vec![(Fact::Version(name.to_owned()), Value::Revision(route.version))];
    match &route.destination {
        Destination::Local { .. } if is_database => {}
        Destination::Local { database } => facts.push((Fact::Database(name.to_owned()), text(database))),
        Destination::Remote { database, url, user, .. } => facts.extend([
            (Fact::Database(name.to_owned()), text(database)),
            (Fact::Url(name.to_owned()), text(url)),
            (Fact::RemoteUser(name.to_owned()), text(user)),
        ]),
    }
    facts.into_iter().find_map(|(fact, value)| {
        if world.may_be(&fact, &value, sight) {
            return None;
        }
        let possible = world.possible(&fact, sight);
        let lines = possible.iter().map(|(line, _)| *line).collect();
        let values: Vec<String> = possible.iter().map(|(_, value)| value.to_string()).collect();
        Some((lines, format!("has {} {value} and had {}", fact.noun(), values.join(" or "))))
    })
}

fn refused(world: &World<'_>, read: &Read<'_>, code: &str, sight: Sight) -> Option<Finding> {
    if !matches!(code, "DATABASE_NOT_FOUND" | "PERMISSION_DENIED") {
        return None;
    }
    let name = read.question.name;
    let kinds = world.kinds(name, sight);
    if kinds.iter().any(|(_, kind)| *kind == Kind::Absent) || world.may_answer(read.question, None, sight).0 != Tri::Yes
    {
        return None;
    }
    let lines = kinds.iter().map(|(line, _)| *line).chain([read.line]);
    finding(lines, format!("'{name}' is refused with {code}, although it was there and permitted"))
}

#[cfg(test)]
mod tests;
