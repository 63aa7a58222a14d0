//! Data directories that are not the ones that members had: an empty one, and an older copy.
//!
//! A member on an empty directory may take no part. One on an older copy has to be found by a leader that it had acknowledged
//! more to; one that leads since cannot know (decision 16). So it is done only when all others have everything that the member
//! had: then nothing is lost either way, and a member that was not found is brought up like one that was away.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use aliasd_wire::v1::StatusResponse;
use anyhow::{Result, ensure};
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep};

use super::machine::Machine;
use super::nemesis::{Came, Nemesis};
use crate::files;

/// How long a member is looked at at least that runs on an empty directory.
const LOOKED_AT: Duration = Duration::from_secs(4);
/// How long a member may take until it has more than the copy, and the others until they have all of it.
const AHEAD_WITHIN: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// What a node says that has no business with its join token any more.
const TURNED_AWAY: [&str; 2] = ["JOIN_TOKEN_USED", "belongs to no cluster yet"];

/// The member is started on an empty directory; its own is put back at the end.
pub(super) async fn empty(nemesis: &Nemesis, machine: &mut Machine, lasts: Duration) -> Result<Came> {
    let member = machine.node.id;
    if machine.is_joining || !nemesis.rig.roster.is_staying(member) {
        return Ok(Came::ToNothing);
    }
    let own = machine.node.data.with_extension("own");
    machine.kill();
    fs::rename(&machine.node.data, &own)?;
    machine.shim.forget()?;
    machine.start()?;
    let until = Instant::now() + lasts.max(LOOKED_AT);
    let mut said = "it says nothing".to_owned();
    while Instant::now() < until {
        if let Some(status) = machine.node.ended() {
            let words = machine.last_words();
            let is_told = TURNED_AWAY.iter().any(|told| words.contains(told));
            if status.success() || !is_told {
                nemesis.recorder.finding(format!("node {member} is emptied and ends with {status}: {words}"));
            }
            said = "it ends, since its token is no good".to_owned();
            break;
        }
        match block_in_place(|| machine.node.http("/readyz")) {
            Ok((200, _)) => {
                let words = machine.last_words();
                nemesis.recorder.finding(format!("node {member} is ready on an empty directory: {words}"));
            }
            Ok((_, body)) => said = body.lines().next().unwrap_or_default().to_owned(),
            Err(_) => {}
        }
        sleep(PAUSE).await;
    }
    nemesis.recorder.count_as("emptied", &said);
    put_back(machine, &own)?;
    Ok(Came::About)
}

/// What a member had goes to where it was, and the member is started on it.
fn put_back(machine: &mut Machine, own: &Path) -> Result<()> {
    machine.kill();
    block_in_place(|| remove(&machine.node.data))?;
    fs::rename(own, &machine.node.data)?;
    machine.shim.forget()?;
    machine.start()
}

/// Removes a directory, if it is there.
pub(super) fn remove(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The member is put back to a copy of its directory that is a moment old.
pub(super) async fn put_back_older(nemesis: &Nemesis, machine: &mut Machine) -> Result<Came> {
    let member = machine.node.id;
    // Nobody else's directory may go while this one is not what it was.
    let Ok(_harm) = nemesis.harm.try_lock() else { return Ok(Came::ToNothing) };
    if machine.is_joining || !nemesis.rig.roster.is_staying(member) {
        return Ok(Came::ToNothing);
    }
    let (own, older) = (machine.node.data.with_extension("own"), machine.node.data.with_extension("older"));
    machine.kill();
    block_in_place(|| files::copy(&machine.node.data, &older))?;
    machine.start()?;
    let term = gets_ahead(nemesis, member).await;
    machine.kill();
    let Some(term) = term.filter(|_| !machine.is_lost) else { return give_up(machine, &older) };
    if !others_have_all(nemesis, member, term).await {
        return give_up(machine, &older);
    }
    fs::rename(&machine.node.data, &own)?;
    fs::rename(&older, &machine.node.data)?;
    machine.shim.forget()?;
    nemesis.rig.roster.has_gone_back(member);
    let said_before = said_so(machine);
    machine.start()?;
    let found = until_found(nemesis, machine, term, said_before).await?;
    nemesis.recorder.count_as("older copy", found);
    if found == FOUND {
        put_back(machine, &own)?;
    } else {
        // It may have acknowledged something on the copy, so that its own is an older one now.
        block_in_place(|| remove(&own))?;
    }
    Ok(Came::About)
}

fn give_up(machine: &mut Machine, older: &Path) -> Result<Came> {
    block_in_place(|| remove(older))?;
    machine.start()?;
    Ok(Came::ToNothing)
}

/// What the member that leads says of itself, if it is not this one.
async fn leader_beside(nemesis: &Nemesis, member: u64) -> Option<StatusResponse> {
    let said = nemesis.rig.statuses().await;
    let leads = |(node, status): &(u64, StatusResponse)| status.leader.as_ref().is_some_and(|it| it.node_id == *node);
    let leader = said.into_iter().filter(leads).max_by_key(|(_, status)| status.term)?;
    (leader.0 != member).then_some(leader.1)
}

fn matched(status: &StatusResponse, member: u64) -> Option<u64> {
    status.members.iter().find(|known| known.node_id == member)?.matched_log_index
}

/// Waits until a member has acknowledged more than it was started with. The term of whoever it has acknowledged that to.
async fn gets_ahead(nemesis: &Nemesis, member: u64) -> Option<u64> {
    let until = Instant::now() + AHEAD_WITHIN;
    let mut started_with = None;
    while Instant::now() < until {
        if started_with.is_none() {
            started_with = nemesis.rig.status(member).await.ok().and_then(|status| Some(status.node?.last_log_index));
        }
        if let (Some(had), Some(leader)) = (started_with, leader_beside(nemesis, member).await)
            && matched(&leader, member).is_some_and(|matched| matched > had)
        {
            return Some(leader.term);
        }
        sleep(PAUSE).await;
    }
    None
}

/// Whether all members besides this one, which has been killed, get to have everything that it can have.
async fn others_have_all(nemesis: &Nemesis, member: u64, term: u64) -> bool {
    let until = Instant::now() + AHEAD_WITHIN;
    let mut all = None;
    while Instant::now() < until {
        if let Some(leader) = leader_beside(nemesis, member).await {
            let (node, last) = leader.node.as_ref().map(|node| (node.node_id, node.last_log_index)).unwrap_or_default();
            if leader.term != term {
                return false;
            }
            let all = *all.get_or_insert(last);
            let mut others = leader.members.iter().map(|it| it.node_id).filter(|it| ![member, node].contains(it));
            if others.all(|other| matched(&leader, other).is_some_and(|matched| matched >= all)) {
                return true;
            }
        }
        sleep(PAUSE).await;
    }
    false
}

const FOUND: &str = "found, and serves nothing";

/// How often a node has said that it was found.
fn said_so(machine: &Machine) -> usize {
    machine.node.said().matches("this node is rolled back").count()
}

/// Waits until a member that has gone back is found, or serves because nobody could know.
async fn until_found(nemesis: &Nemesis, machine: &mut Machine, term: u64, said_before: usize) -> Result<&'static str> {
    let (member, deadline) = (machine.node.id, nemesis.deadline());
    loop {
        ensure!(
            Instant::now() < deadline,
            "nothing becomes of node {member} on its older copy: {}",
            machine.last_words()
        );
        if let Some(status) = machine.node.ended() {
            let words = machine.last_words();
            nemesis.recorder.finding(format!("node {member} ends with {status} on an older copy: {words}"));
            machine.kill();
            machine.start()?;
        }
        if said_so(machine) > said_before {
            return match block_in_place(|| machine.node.http("/readyz")) {
                Ok((200, body)) => {
                    nemesis.recorder.finding(format!("node {member} is rolled back, and ready: {body}"));
                    Ok(FOUND)
                }
                _ => Ok(FOUND),
            };
        }
        match block_in_place(|| machine.node.http("/readyz")) {
            Ok((200, _)) => break,
            Ok((_, body)) if body.contains("NODE_REMOVED") => return Ok("removed meanwhile"),
            _ => sleep(PAUSE).await,
        }
    }
    let leads = leader_beside(nemesis, member).await.map(|leader| leader.term);
    if leads == Some(term) {
        let words = machine.last_words();
        nemesis.recorder.finding(format!(
            "node {member} takes part on an older copy of its directory, under the leader that knew better: {words}"
        ));
    }
    Ok("not found, since the leader has changed")
}
