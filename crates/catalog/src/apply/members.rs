//! Changes of the members: one at a time, each node id and each data directory once.
//!
//! What a change does to the membership is the leader's work; here is decided that it may begin, who is let in, and what is
//! used up by it. Whether a quorum is left is not known here: whoever proposes looks at that.

use std::sync::Arc;

use crate::{
    Invitation, MemberChange, MemberChangeKind, MemberIncarnation, MemberLedger, MemberStep, Outcome, Principal,
    Record, RecordKey, Rejection, Stamp,
};

use super::draft::{Draft, updated};

impl Draft {
    pub(super) fn change_members(&mut self, actor: &Principal, step: &MemberStep) -> Outcome {
        let before = self.catalog.members();
        let mut ledger = before.clone();
        match step {
            MemberStep::Invite { node, invitation } => invite(&mut ledger, *node, invitation, self.stamp)?,
            MemberStep::Promote { node } => {
                let unless = |kind: &MemberChangeKind| *kind == MemberChangeKind::Promote;
                begin(&mut ledger, *node, MemberChangeKind::Promote, self.stamp, unless)?;
            }
            MemberStep::Remove { node, incarnation } => {
                remove(&mut ledger, *node, *incarnation, self.stamp)?;
            }
            MemberStep::Admit { node, shown } => {
                require_cluster(actor)?;
                ledger.admits(*node, *shown, self.stamp.time)?;
                ledger.joined.insert(*node, *shown);
            }
            MemberStep::Finish { node, begun, replaced_is_gone } => {
                require_cluster(actor)?;
                finish(&mut ledger, *node, *begun, *replaced_is_gone);
            }
        }
        if ledger == *before {
            return updated(0);
        }
        self.set(RecordKey::Members, Some(Record::Members(Arc::new(ledger))));
        updated(1)
    }
}

/// What only the leader knows, no user says.
fn require_cluster(actor: &Principal) -> Result<(), Rejection> {
    match actor {
        Principal::System => Ok(()),
        Principal::User(user) => Err(Rejection::UnknownActor { user: user.into() }),
    }
}

fn invite(ledger: &mut MemberLedger, node: u64, invitation: &Invitation, stamp: Stamp) -> Result<(), Rejection> {
    if ledger.is_retired(node) {
        return Err(Rejection::MemberRetired { node: node.into() });
    }
    if ledger.joined.contains_key(&node) && ledger.invitation(node).is_none() {
        return Err(Rejection::MemberExists { node: node.into() });
    }
    let joined = ledger.joined.contains_key(&node);
    // A node that has not come may be given another token; whatever else is asked anew must be what was asked.
    let same = |kind: &MemberChangeKind| match kind {
        MemberChangeKind::Add(known) => {
            let as_asked = Invitation { token: known.token, expires_at: known.expires_at, ..invitation.clone() };
            !joined && as_asked == *known
        }
        MemberChangeKind::Promote | MemberChangeKind::Remove { .. } => false,
    };
    let renewed = ledger.change.as_mut().filter(|change| change.node == node && same(&change.kind));
    if let Some(MemberChange { kind, .. }) = renewed {
        *kind = MemberChangeKind::Add(invitation.clone());
        return Ok(());
    }
    begin(ledger, node, MemberChangeKind::Add(invitation.clone()), stamp, |_| false)
}

/// Begins a change, unless it is under way. Another one that is under way stands against it.
fn begin(
    ledger: &mut MemberLedger,
    node: u64,
    kind: MemberChangeKind,
    stamp: Stamp,
    is_same: impl FnOnce(&MemberChangeKind) -> bool,
) -> Result<(), Rejection> {
    if ledger.is_retired(node) {
        return Err(Rejection::MemberRetired { node: node.into() });
    }
    if let Some(running) = &ledger.change
        && running.is_open(ledger, stamp.time)
    {
        return if running.node == node && is_same(&running.kind) {
            Ok(())
        } else {
            Err(Rejection::MemberChangeRunning { change: running.to_string() })
        };
    }
    ledger.change = Some(MemberChange { node, kind, begun: stamp });
    Ok(())
}

/// A node that is gone is gone. One that is being added or promoted is removed instead, and one that has not come yet is
/// not waited for any more.
fn remove(
    ledger: &mut MemberLedger,
    node: u64,
    incarnation: Option<MemberIncarnation>,
    stamp: Stamp,
) -> Result<(), Rejection> {
    if ledger.is_retired(node) {
        return Ok(());
    }
    // How far the replacement has got, only the leader will know.
    let replaces = ledger.invitation(node).and_then(|invitation| invitation.replaces);
    let kind = MemberChangeKind::Remove { incarnation, replaces };
    match &ledger.change {
        Some(MemberChange { node: of, kind: MemberChangeKind::Add(_), .. })
            if *of == node && !ledger.joined.contains_key(&node) =>
        {
            ledger.change = None;
            Ok(())
        }
        Some(MemberChange { node: of, kind: MemberChangeKind::Add(_) | MemberChangeKind::Promote, .. })
            if *of == node =>
        {
            ledger.change = Some(MemberChange { node, kind, begun: stamp });
            Ok(())
        }
        _ => begin(ledger, node, kind, stamp, |running| matches!(running, MemberChangeKind::Remove { .. })),
    }
}

fn finish(ledger: &mut MemberLedger, node: u64, begun: Stamp, replaced_is_gone: bool) {
    let Some(change) = ledger.change.take_if(|change| change.node == node && change.begun == begun) else { return };
    let (removed, replaced) = match change.kind {
        MemberChangeKind::Add(invitation) => (None, invitation.replaces),
        MemberChangeKind::Remove { incarnation, replaces } => {
            (Some((node, incarnation)), replaces.filter(|_| replaced_is_gone))
        }
        MemberChangeKind::Promote => (None, None),
    };
    let replaced = replaced.map(|old| (old.node, old.incarnation));
    for (node, incarnation) in removed.into_iter().chain(replaced) {
        let joined = ledger.joined.remove(&node);
        ledger.retired.insert(node, incarnation.or(joined.map(|joined| joined.incarnation)));
    }
}
