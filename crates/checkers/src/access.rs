//! Nothing is answered, and no credential released, to whom it was taken from.
//!
//! Once a revoke, a denial, a drop, a suspension, a change of password or the end of a token has been acknowledged to anyone,
//! no answer goes against it: LINEARIZABLE, none that began later; `AT_LEAST(r)`, none at all where its revision is no higher
//! than r; LOCAL, `AT_LEAST` and what the SDK asks by itself, none that began later by more than `max_staleness`; a release of
//! credentials, by more than `release_staleness` if that is less; a route from the SDK's cache, by more than its bound, or at
//! once after a write of the same client. And no answer goes against what was committed by the revision that it names.
//!
//! No write takes effect for a user who was suspended or dropped at an earlier revision, or who manages no aliases. No login
//! succeeds with a password that was another's for longer than `max_staleness`.
//!
//! Judged by the privileges that the history names ([`crate::history::Privilege`]).

use crate::finding::{Checker, Finding};
use crate::history::{Command, Event, Freshness, History};
use crate::reads::{Read, Seen, enough, reads};
use crate::world::{Sight, Tri, World};

/// Judges every answer, write and login.
pub(crate) fn check(world: &World<'_>, history: &History) -> Vec<Finding> {
    let seen = Seen::of(history);
    let mut findings: Vec<Finding> =
        reads(history).filter_map(|read| judge(world, &seen, &read)).take(crate::reads::FINDINGS_MAX).collect();
    findings.extend(writes(world));
    findings.extend(logins(world, history));
    findings
}

fn judge(world: &World<'_>, seen: &Seen, read: &Read<'_>) -> Option<Finding> {
    let route = read.outcome.ok()?;
    let promised = read.promised(world, seen);
    let sights = if read.freshness == Freshness::Cached {
        [promised, read.sight(route.served_at)]
    } else {
        let served_at = route.served_at.max(promised.must_revision);
        [Sight { must_revision: served_at, may_revision: served_at, ..promised }, read.sight(route.served_at)]
    };
    let (_, reason) = sights
        .into_iter()
        .map(|sight| world.may_answer(read.question, Some(&route.destination), sight))
        .find(|(may, _)| *may == Tri::No)?;
    let what = if read.releases() { "a credential is released" } else { "a route is told" };
    let (freshness, served_at) = (read.freshness, route.served_at);
    let message = format!("{what} ({freshness:?}, served at {served_at}), although {reason}");
    Some(Finding::new(Checker::Access, [read.line], message))
}

fn writes(world: &World<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for request in &world.requests {
        let Some(revision) = request.effect_revision() else {
            continue;
        };
        let before = Sight::at(revision.saturating_sub(1));
        let aliases = matches!(
            request.command,
            Command::CreateAlias { .. } | Command::AlterAlias { .. } | Command::DropAlias { .. }
        );
        let actor = request.actor;
        let why = if world.active(actor, before) == Tri::No {
            "was suspended, dropped or never there"
        } else if aliases && world.manages_aliases(actor, before) == Tri::No {
            "managed no aliases"
        } else {
            continue;
        };
        if !enough(&findings) {
            let message = format!("a write of '{actor}' took effect at revision {revision}, when it {why}");
            findings.push(Finding::new(Checker::Access, [request.line()], message));
        }
    }
    findings
}

fn logins(world: &World<'_>, history: &History) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, event) in history.numbered() {
        let Event::Login(login) = event else { continue };
        let Some(must_until) = login.begin.checked_sub(world.bounds.max_staleness) else {
            continue;
        };
        if login.outcome.ok().is_none() || enough(&findings) {
            continue;
        }
        let sight = Sight::between(must_until, login.end);
        let user = &login.user;
        let may = world.active(user, sight).and(world.password_holds(user, &login.password, sight));
        if may == Tri::No {
            let message =
                format!("'{user}' is let in, although suspended, dropped or with another password for too long");
            findings.push(Finding::new(Checker::Access, [line], message));
        }
    }
    findings
}

#[cfg(test)]
mod tests;
