//! Faults of a disk that works badly: slow, full, or with syncs that fail.

use std::time::Duration;

use anyhow::Result;
use tokio::task::block_in_place;
use tokio::time::sleep;

use super::fault::DiskFault;
use super::nemesis::{Came, Nemesis};
use super::shim::{Control, EIO, ENOSPC};
use crate::dice::Dice;

/// How long a node may go on that was told that a sync failed: it has to close its stores.
const ENDS_WITHIN: Duration = Duration::from_secs(30);

pub(super) async fn carry_out(nemesis: &Nemesis, fault: DiskFault, lasts: Duration, dice: &mut Dice) -> Result<Came> {
    match fault {
        DiskFault::SlowSync { member, delay_ms } => {
            let Some(machine) = nemesis.machine(member).await else { return Ok(Came::ToNothing) };
            machine.shim.set(Control::SyncDelayMs, i64::try_from(delay_ms)?)?;
            let node = machine.node.id;
            // The disk is slow whatever else happens to the machine.
            drop(machine);
            sleep(lasts).await;
            nemesis.rig.machine(node).await.shim.set(Control::SyncDelayMs, 0)?;
            Ok(Came::About)
        }
        DiskFault::FailedSync { member } => ends_by(nemesis, member, Control::SyncErrno, EIO, lasts, dice).await,
        DiskFault::Full { member } => ends_by(nemesis, member, Control::WriteErrno, ENOSPC, lasts, dice).await,
    }
}

/// Operations fail from now on. The node has to end as soon as one did; if it does not get as far, nothing happens to it.
async fn ends_by(
    nemesis: &Nemesis,
    member: u64,
    control: Control,
    error: i64,
    lasts: Duration,
    dice: &mut Dice,
) -> Result<Came> {
    let Some(mut machine) = nemesis.machine(member).await else { return Ok(Came::ToNothing) };
    let member = machine.node.id;
    machine.excuse = Some("its disk fails");
    let failures = machine.shim.failures()?;
    machine.shim.set(control, error)?;
    let mut ended = machine.ends_within(lasts).await;
    machine.shim.set(control, 0)?;
    if ended.is_none() && machine.shim.failures()? > failures {
        ended = machine.ends_within(ENDS_WITHIN).await;
        if ended.is_none() {
            nemesis
                .recorder
                .finding(format!("node {member} goes on although its disk failed: {}", machine.last_words()));
        }
    }
    let Some(status) = ended else {
        machine.excuse = None;
        return Ok(Came::About);
    };
    let words = machine.last_words();
    let data = machine.node.data.display().to_string();
    if status.success() || !words.contains(&data) {
        nemesis.recorder.finding(format!("node {member} ends with {status} and does not say which disk: {words}"));
    }
    // What no sync covered is gone with such a disk, or it is not.
    if dice.percent(70) {
        block_in_place(|| machine.cut_power(dice))?;
    }
    machine.start()?;
    Ok(Came::About)
}
