//! The steps that led to a catalog, kept beside its records so that a watch goes on over a restart of the member.
//!
//! A step says what the records were before it. So the latest catalog gives the one before it, and that the one before
//! that: no step holds what the records or a later step hold already.

use aliasd_catalog::{Catalog, Change, RecordKey, Revision};
use aliasd_wire::store::log as wire;
use aliasd_wire::store::{encode_record, encode_record_key};

use crate::feed::AppliedEntry;
use crate::frame::{self, FrameError};

/// A step in its stored form; none if nobody could be told of anything.
pub(super) fn encode(changes: &[Change]) -> Option<Vec<u8>> {
    let undos: Vec<wire::Undo> = changes.iter().filter(|change| is_told(&change.key)).map(undo).collect();
    (!undos.is_empty()).then(|| frame::frame(&wire::Step { undos }))
}

/// The steps that led to a catalog, in order, from their stored form.
pub(super) fn replay(catalog: &Catalog, steps: Vec<(Revision, Vec<u8>)>) -> Result<Vec<AppliedEntry>, FrameError> {
    let mut after = catalog.clone();
    let mut entries = Vec::with_capacity(steps.len());
    for (revision, step) in steps.into_iter().rev() {
        let changes = decode(&step, &after)?;
        let before = after.before(&changes);
        let after = std::mem::replace(&mut after, before.clone());
        entries.push(AppliedEntry { revision, changes, change_bytes: step.len(), before, after });
    }
    entries.reverse();
    Ok(entries)
}

fn is_told(key: &RecordKey) -> bool {
    !matches!(key, RecordKey::Request(_))
}

fn undo(change: &Change) -> wire::Undo {
    wire::Undo { key: encode_record_key(&change.key), before: change.before.as_ref().map(encode_record) }
}

fn decode(step: &[u8], after: &Catalog) -> Result<Vec<Change>, FrameError> {
    let wire::Step { undos } = frame::unframe("step of the history", step)?;
    let change = |undo: wire::Undo| {
        let key = frame::decode_record_key(&undo.key)?;
        let before = undo.before.map(|value| frame::decode_record(&undo.key, &value)).transpose()?;
        let after = after.record(&key);
        Ok(Change { key, before: before.map(|(_, record)| record), after })
    };
    undos.into_iter().map(change).collect()
}
