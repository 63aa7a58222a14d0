//! The members, once more: as a list of cases over what is recorded.

use std::sync::Arc;

use aliasd_catalog::{
    Invitation, MemberChange, MemberChangeKind as Kind, MemberLedger, MemberStep, Outcome, Principal, Record,
    RecordKey, Rejection, Stamp,
};

use super::{Model, done};

impl Model {
    pub(super) fn change_members(&mut self, stamp: Stamp, actor: &Principal, step: &MemberStep) -> Outcome {
        let before = self.ledger();
        let after = match (step, actor) {
            (MemberStep::Invite { node, invitation }, _) => invited(before.clone(), stamp, *node, invitation)?,
            (MemberStep::Promote { node }, _) => begun(before.clone(), stamp, *node, Kind::Promote)?,
            (MemberStep::Remove { node, incarnation }, _) => {
                let replaces = match &before.change {
                    Some(MemberChange { node: of, kind: Kind::Add(it), .. }) if of == node => it.replaces,
                    _ => None,
                };
                removed(before.clone(), stamp, *node, Kind::Remove { incarnation: *incarnation, replaces })?
            }
            (_, Principal::User(user)) => return Err(Rejection::UnknownActor { user: user.into() }),
            (MemberStep::Admit { node, shown }, Principal::System) => {
                let retired = before.retired.contains_key(node);
                let directory_retired = before.retired.values().any(|it| *it == Some(shown.incarnation));
                let expected = match (&before.change, before.joined.get(node)) {
                    (_, Some(known)) => Some((known.token, Some(known.incarnation), None)),
                    (Some(MemberChange { node: of, kind: Kind::Add(it), .. }), None) if of == node => {
                        Some((it.token, None, Some(it.expires_at)))
                    }
                    _ => None,
                };
                let node = *node;
                match expected {
                    _ if retired => return Err(Rejection::MemberRetired { node: node.into() }),
                    _ if directory_retired => return Err(Rejection::IncarnationRetired { node: node.into() }),
                    Some((token, known, expires_at)) if token == shown.token => {
                        if known.is_some_and(|known| known != shown.incarnation) {
                            return Err(Rejection::JoinTokenUsed { node: node.into() });
                        }
                        if expires_at.is_some_and(|expires_at| stamp.time >= expires_at) {
                            return Err(Rejection::JoinTokenExpired { node: node.into() });
                        }
                    }
                    _ => return Err(Rejection::JoinTokenWrong { node: node.into() }),
                }
                let mut after = before.clone();
                after.joined.insert(node, *shown);
                after
            }
            (MemberStep::Finish { node, begun, replaced_is_gone }, Principal::System) => {
                finished(before.clone(), *node, *begun, *replaced_is_gone)
            }
        };
        if after == before {
            return done(0);
        }
        self.put(RecordKey::Members, Record::Members(Arc::new(after)));
        done(1)
    }

    fn ledger(&self) -> MemberLedger {
        let ledger = self.records.iter().find_map(|(_, record)| match record {
            Record::Members(ledger) => Some((**ledger).clone()),
            _ => None,
        });
        ledger.unwrap_or_default()
    }
}

/// The change that stands in the way of others.
fn in_the_way(ledger: &MemberLedger, stamp: Stamp) -> Option<&MemberChange> {
    ledger.change.as_ref().filter(|change| match &change.kind {
        Kind::Add(it) => ledger.joined.contains_key(&change.node) || it.expires_at > stamp.time,
        _ => true,
    })
}

fn begun(mut ledger: MemberLedger, stamp: Stamp, node: u64, kind: Kind) -> Result<MemberLedger, Rejection> {
    if ledger.retired.contains_key(&node) {
        return Err(Rejection::MemberRetired { node: node.into() });
    }
    match in_the_way(&ledger, stamp) {
        None => ledger.change = Some(MemberChange { node, kind, begun: stamp }),
        Some(MemberChange { node: of, kind: Kind::Promote, .. }) if *of == node && kind == Kind::Promote => {}
        Some(MemberChange { node: of, kind: Kind::Remove { .. }, .. })
            if *of == node && matches!(kind, Kind::Remove { .. }) => {}
        Some(change) => return Err(Rejection::MemberChangeRunning { change: change.to_string() }),
    }
    Ok(ledger)
}

fn invited(mut ledger: MemberLedger, stamp: Stamp, node: u64, new: &Invitation) -> Result<MemberLedger, Rejection> {
    let waiting = match &ledger.change {
        Some(MemberChange { node: of, kind: Kind::Add(it), .. }) if *of == node => Some(it.clone()),
        _ => None,
    };
    let came = ledger.joined.contains_key(&node);
    if came && waiting.is_none() && !ledger.retired.contains_key(&node) {
        return Err(Rejection::MemberExists { node: node.into() });
    }
    let parts = |it: &Invitation| (it.peer_address.clone(), it.client_address.clone(), it.learner, it.replaces);
    if !came && waiting.is_some_and(|it| parts(&it) == parts(new)) {
        if let Some(change) = &mut ledger.change {
            change.kind = Kind::Add(new.clone());
        }
        return Ok(ledger);
    }
    begun(ledger, stamp, node, Kind::Add(new.clone()))
}

fn removed(mut ledger: MemberLedger, stamp: Stamp, node: u64, kind: Kind) -> Result<MemberLedger, Rejection> {
    if ledger.retired.contains_key(&node) {
        return Ok(ledger);
    }
    let came = ledger.joined.contains_key(&node);
    match &ledger.change {
        Some(MemberChange { node: of, kind: Kind::Add(_), .. }) if *of == node && !came => ledger.change = None,
        Some(MemberChange { node: of, kind: Kind::Add(_) | Kind::Promote, .. }) if *of == node => {
            ledger.change = Some(MemberChange { node, kind, begun: stamp });
        }
        _ => return begun(ledger, stamp, node, kind),
    }
    Ok(ledger)
}

fn finished(mut ledger: MemberLedger, node: u64, begun: Stamp, replaced_is_gone: bool) -> MemberLedger {
    let Some(change) = ledger.change.clone().filter(|change| change.node == node && change.begun == begun) else {
        return ledger;
    };
    ledger.change = None;
    let gone = match change.kind {
        Kind::Remove { incarnation, replaces: Some(old) } if replaced_is_gone => {
            vec![(node, incarnation), (old.node, old.incarnation)]
        }
        Kind::Remove { incarnation, .. } => vec![(node, incarnation)],
        Kind::Add(it) => it.replaces.map(|old| (old.node, old.incarnation)).into_iter().collect(),
        Kind::Promote => vec![],
    };
    for (gone, recorded) in gone {
        let joined = ledger.joined.remove(&gone).map(|joined| joined.incarnation);
        ledger.retired.insert(gone, recorded.or(joined));
    }
    ledger
}
