//! Changes of the members: nodes that come, with everything that can happen to them on their way; members that go, and that
//! have to notice; and members that are replaced, whatever has become of them.
//!
//! One change is made at a time, and now and then another operator asks for one in between, who has to be refused. What the
//! members are when an operator was told that a change is done is kept in the roster, and has to be so at the end.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::sync::OwnedMutexGuard;
use tokio::task::block_in_place;
use tokio::time::{sleep, timeout};

use super::directories;
use super::fault::{Arrival, MembersChange, Replaced};
use super::files::{self, NOTICES_WITHIN};
use super::machine::Machine;
use super::nemesis::{Came, Nemesis};
use super::operator::{Answer, Operator};
use super::plan::VOTERS;
use super::roster::at;
use crate::cluster::PATIENCE;
use crate::dice::Dice;

/// How long a change waits for the one before it until it is left out.
const TURN_WITHIN: Duration = Duration::from_secs(15);
/// How long a removed member goes on running, so that it is seen that it serves nothing.
const LINGERS_MS: std::ops::Range<u64> = 500..4_000;

/// What has become of a member that is to be replaced.
enum Old {
    /// It is there, or was stopped as it was.
    Whole,
    /// What it had is gone.
    Lost,
}

pub(super) async fn carry_out(nemesis: &Nemesis, change: MembersChange, dice: &mut Dice) -> Result<Came> {
    let Ok(_office) = timeout(TURN_WITHIN, nemesis.office.lock()).await else { return Ok(Came::ToNothing) };
    let (operator, roster) = (Operator::new(nemesis), &nemesis.rig.roster);
    let (voters, learners) = (roster.staying(true), roster.staying(false));
    match change {
        MembersChange::Add { learner: false, .. } if voters.len() >= *VOTERS.end() => Ok(Came::ToNothing),
        MembersChange::Add { learner: true, .. } if !learners.is_empty() => Ok(Came::ToNothing),
        MembersChange::Add { learner, arrival } => {
            let new = nemesis.rig.newcomer().await?;
            operator.invite(new, None, learner).await?;
            comes(nemesis, &operator, (new, None), learner, arrival, dice).await?;
            Ok(Came::About)
        }
        MembersChange::Promote => match learners.first() {
            Some(learner) if voters.len() < *VOTERS.end() => {
                operator.insist(&["promote", &learner.to_string(), "--wait", "5"]).await?;
                roster.joined(*learner, true);
                Ok(Came::About)
            }
            _ => Ok(Came::ToNothing),
        },
        MembersChange::Remove { member } => {
            let all: Vec<u64> = voters.iter().chain(&learners).copied().collect();
            let old = at(&all, member);
            if voters.contains(&old) && voters.len() <= *VOTERS.start() {
                return Ok(Came::ToNothing);
            }
            roster.leaves(old);
            operator.insist(&["remove", &old.to_string(), "--wait", "5"]).await?;
            roster.left(old);
            departs(nemesis, &operator, old, dice).await?;
            Ok(Came::About)
        }
        MembersChange::Replace { old, is, arrival } => {
            replace(nemesis, &operator, at(&voters, old), is, arrival, dice).await?;
            Ok(Came::About)
        }
    }
}

/// Replaces the voters that will not come back, and removes such learners: there is to be nobody at the end who cannot serve.
pub(super) async fn replace_the_lost(nemesis: &Nemesis, dice: &mut Dice) -> Result<()> {
    let (operator, roster) = (Operator::new(nemesis), &nemesis.rig.roster);
    for lost in [roster.staying(true), roster.staying(false)].concat() {
        if !nemesis.rig.machine(lost).await.is_lost {
            continue;
        }
        if roster.members().get(&lost) == Some(&true) {
            replace(nemesis, &operator, lost, Replaced::Down, Arrival::Undisturbed, dice).await?;
        } else {
            operator.insist(&["remove", &lost.to_string(), "--wait", "5"]).await?;
            roster.left(lost);
            departs(nemesis, &operator, lost, dice).await?;
        }
        nemesis.recorder.count_as("lost", "and made up for at the end");
    }
    Ok(())
}

async fn replace(
    nemesis: &Nemesis,
    operator: &Operator<'_>,
    old: u64,
    is: Replaced,
    arrival: Arrival,
    dice: &mut Dice,
) -> Result<()> {
    // What one has lost the others have, as long as they do not lose it, too.
    let is_harmful = matches!(is, Replaced::Wiped | Replaced::Damaged { .. });
    let harm = is_harmful.then(|| nemesis.harm.try_lock().ok()).flatten();
    let (old, is, arrival) = match lost_already(nemesis).await {
        Some(lost) => (lost, Replaced::Down, Arrival::Undisturbed),
        None if is_harmful && (harm.is_none() || !all_are_whole(nemesis, old).await) => (old, Replaced::Down, arrival),
        None => (old, is, arrival),
    };
    let new = nemesis.rig.newcomer().await?;
    let became = befalls(nemesis, old, is, dice).await?;
    nemesis.rig.roster.leaves(old);
    operator.invite(new, Some(old), false).await?;
    comes(nemesis, operator, (new, Some(old)), false, arrival, dice).await?;
    if nemesis.rig.roster.members().contains_key(&old) {
        // It was given up, and goes on.
        return nemesis.rig.machine(old).await.start();
    }
    match became {
        Old::Whole => departs(nemesis, operator, old, dice).await,
        Old::Lost => {
            nemesis.rig.machine(old).await.kill();
            nemesis.rig.roster.goes(old);
            Ok(())
        }
    }
}

/// A member that will not come back, if there is one.
async fn lost_already(nemesis: &Nemesis) -> Option<u64> {
    for node in nemesis.rig.roster.staying(true) {
        if nemesis.rig.machine_within(node, Duration::ZERO).await.is_some_and(|machine| machine.is_lost) {
            return Some(node);
        }
    }
    None
}

/// Whether every member besides this one has what it had, as far as can be seen.
async fn all_are_whole(nemesis: &Nemesis, but: u64) -> bool {
    for node in nemesis.rig.roster.members().into_keys().filter(|node| *node != but) {
        let machine = nemesis.rig.machine_within(node, Duration::ZERO).await;
        if machine.is_none_or(|machine| machine.is_lost || machine.excuse.is_some()) {
            return false;
        }
    }
    true
}

/// Something befalls a member that is to be replaced.
async fn befalls(nemesis: &Nemesis, old: u64, is: Replaced, dice: &mut Dice) -> Result<Old> {
    if is == Replaced::Up {
        return Ok(Old::Whole);
    }
    let mut machine = nemesis.rig.machine(old).await;
    if machine.is_lost {
        return Ok(Old::Lost);
    }
    machine.kill();
    match is {
        Replaced::Up | Replaced::Down => return Ok(Old::Whole),
        Replaced::Wiped => {
            block_in_place(|| directories::remove(&machine.node.data))?;
            machine.shim.forget()?;
            machine.start()?;
            machine.excuse = Some("its directory was emptied");
        }
        Replaced::Damaged { of, cut } => {
            let what = block_in_place(|| files::harm(&machine, of, cut, dice))?;
            nemesis.recorder.fault(Some(old), &what);
            machine.start()?;
            machine.excuse = Some("its files were damaged");
        }
    }
    // Once it is down, it stays so.
    machine.is_lost = true;
    Ok(Old::Lost)
}

/// A node that is invited starts, and becomes a member or is given up. `instead_of`: the one that it replaces.
async fn comes(
    nemesis: &Nemesis,
    operator: &Operator<'_>,
    (new, instead_of): (u64, Option<u64>),
    learner: bool,
    arrival: Arrival,
    dice: &mut Dice,
) -> Result<()> {
    if dice.percent(40) {
        is_intruded_upon(nemesis, operator, new).await?;
    }
    nemesis.rig.roster.comes(new);
    let mut machine = nemesis.rig.machine(new).await;
    machine.is_joining = true;
    machine.start()?;
    drop(machine);
    match arrival {
        Arrival::Undisturbed => {}
        Arrival::Killed { after_ms } => {
            sleep(Duration::from_millis(after_ms)).await;
            let mut machine = nemesis.rig.machine(new).await;
            if dice.percent(40) {
                block_in_place(|| machine.cut_power(dice))?;
            }
            machine.kill();
            machine.start()?;
        }
        Arrival::GivenUp { after_ms } => {
            sleep(Duration::from_millis(after_ms)).await;
            return is_given_up(nemesis, operator, new, instead_of, dice).await;
        }
    }
    loop {
        let mut machine = nemesis.rig.machine(new).await;
        if machine.was_turned_away {
            // A command whose outcome was unknown took effect after the one that gave the token.
            nemesis.recorder.count_as("newcomers", "turned away, and invited again");
            drop(machine);
            operator.invite(new, instead_of, learner).await?;
            machine = nemesis.rig.machine(new).await;
            machine.was_turned_away = false;
            machine.start()?;
        }
        drop(machine);
        let membership = nemesis.rig.membership().await.unwrap_or_default();
        let has_come = membership.members.get(&new) == Some(&!learner) && membership.changing != Some(new);
        if has_come && instead_of.is_none_or(|old| !membership.members.contains_key(&old)) {
            break;
        }
        operator.pause(&format!("node {new} to become a member; the members are {membership:?}")).await?;
    }
    nemesis.rig.roster.joined(new, !learner);
    if let Some(old) = instead_of {
        nemesis.rig.roster.left(old);
    }
    let mut machine = nemesis.rig.machine(new).await;
    machine.is_joining = false;
    // Once it is a member it needs none.
    if let Some(token) = machine.token.take_if(|_| dice.percent(50)) {
        std::fs::remove_file(token)?;
    }
    Ok(())
}

/// Another operator asks for something while a node is invited that has not come: one change is made at a time.
async fn is_intruded_upon(nemesis: &Nemesis, operator: &Operator<'_>, new: u64) -> Result<()> {
    let others = nemesis.rig.roster.staying(true);
    let Some(other) = others.iter().find(|other| **other != new) else { return Ok(()) };
    let answer = operator.ask(&["remove", &other.to_string(), "--wait", "1"]).await?;
    let is_taken = matches!(answer, Answer::Done | Answer::GoesOn);
    ensure!(!is_taken, "node {other} is removed while node {new} is being added");
    Ok(())
}

/// A node is given up that was invited, whether it has come by then or not.
async fn is_given_up(
    nemesis: &Nemesis,
    operator: &Operator<'_>,
    new: u64,
    instead_of: Option<u64>,
    dice: &mut Dice,
) -> Result<()> {
    operator.insist(&["remove", &new.to_string(), "--wait", "5"]).await?;
    nemesis.rig.roster.left(new);
    let is_gone = |node: u64| format!("node {node} to be no member");
    let membership = operator.until_members(&is_gone(new), |it| !it.members.contains_key(&new)).await?;
    if let Some(old) = instead_of {
        // It may have taken the place of the other one before.
        match membership.members.contains_key(&old) {
            true => nemesis.rig.roster.stays(old),
            false => nemesis.rig.roster.left(old),
        }
    }
    departs(nemesis, operator, new, dice).await
}

/// A node that was removed finds out, says so, serves nothing any more, and is stopped.
async fn departs(nemesis: &Nemesis, operator: &Operator<'_>, old: u64, dice: &mut Dice) -> Result<()> {
    let mut machine = knows(nemesis, operator, old).await?;
    if machine.is_lost || machine.was_turned_away {
        machine.kill();
        nemesis.rig.roster.goes(old);
        nemesis.recorder.count_as("removed", "and never told");
        return Ok(());
    }
    nemesis.rig.roster.knows_that_it_was_removed(old);
    drop(machine);
    sleep(Duration::from_millis(dice.pick(LINGERS_MS))).await;
    let mut machine = nemesis.rig.machine(old).await;
    if dice.percent(50) {
        machine.kill();
        machine.start()?;
        machine.says_within("NODE_REMOVED", NOTICES_WITHIN).await.context("it was removed for ever")?;
    }
    nemesis.rig.roster.goes(old);
    if machine.node.is_started() {
        let status = block_in_place(|| machine.node.stop(PATIENCE))?;
        ensure!(status.success(), "node {old}, removed, ends on SIGTERM with {status}: {}", machine.last_words());
    }
    nemesis.recorder.count_as("removed", "and said so");
    Ok(())
}

/// Waits until a removed node says that it was, or cannot any more.
async fn knows(nemesis: &Nemesis, operator: &Operator<'_>, old: u64) -> Result<OwnedMutexGuard<Machine>> {
    loop {
        let mut machine = nemesis.rig.machine(old).await;
        if machine.is_lost || machine.was_turned_away || machine.says("NODE_REMOVED") {
            return Ok(machine);
        }
        machine.start()?;
        let what = format!("node {old} to say that it was removed: {}", machine.last_words());
        drop(machine);
        operator.pause(&what).await?;
    }
}
