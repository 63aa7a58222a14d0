//! Faults of a node's files: damage that it has to notice, a keystore that is not its own, another certificate.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::task::block_in_place;
use tokio::time::sleep;

use super::directories;
use super::disk::files_below;
use super::fault::{FilesFault, Part};
use super::machine::Machine;
use super::nemesis::{Came, Nemesis};
use crate::cluster::{KEYSTORE_PASSWORD, PATIENCE, aliasctl};
use crate::dice::Dice;
use crate::{files, process, wait};

/// How long a node may take until it notices, or serves.
pub(super) const NOTICES_WITHIN: Duration = Duration::from_secs(20);

pub(super) async fn carry_out(nemesis: &Nemesis, fault: FilesFault, lasts: Duration, dice: &mut Dice) -> Result<Came> {
    let (FilesFault::Damage { member, .. }
    | FilesFault::KeystoreMissing { member }
    | FilesFault::KeystoreOther { member }
    | FilesFault::Certificate { member }
    | FilesFault::Emptied { member }
    | FilesFault::OlderCopy { member }) = fault;
    let Some(mut machine) = nemesis.machine(member).await else { return Ok(Came::ToNothing) };
    match fault {
        FilesFault::Damage { of, cut, .. } => {
            let Ok(_harm) = nemesis.harm.try_lock() else { return Ok(Came::ToNothing) };
            if machine.is_joining {
                // There may be nothing yet to be damaged.
                return Ok(Came::ToNothing);
            }
            damage(nemesis, &mut machine, of, cut, dice).await
        }
        FilesFault::KeystoreMissing { .. } => keystore_missing(nemesis, &mut machine, lasts).await,
        FilesFault::KeystoreOther { .. } => keystore_other(nemesis, &mut machine, lasts).await,
        FilesFault::Certificate { .. } => certificate(nemesis, &mut machine),
        FilesFault::Emptied { .. } => directories::empty(nemesis, &mut machine, lasts).await,
        FilesFault::OlderCopy { .. } => directories::put_back_older(nemesis, &mut machine).await,
    }
}

/// Damages what a killed node has. Either it refuses to start and names the place, and what it had is put back; or it starts,
/// because what was damaged is not needed or was no part of what it had promised, and goes on with that.
async fn damage(nemesis: &Nemesis, machine: &mut Machine, of: Part, cut: bool, dice: &mut Dice) -> Result<Came> {
    let member = machine.node.id;
    machine.kill();
    let kept = machine.node.data.with_extension("kept");
    let what = block_in_place(|| {
        files::copy(&machine.node.data, &kept)?;
        harm(machine, of, cut, dice)
    })?;
    nemesis.recorder.fault(Some(member), &what);
    let said_before = machine.node.said().len();
    machine.start()?;
    let status = match machine.is_ready_within(NOTICES_WITHIN).await {
        Ok(()) => None,
        Err(_) => machine.ends_within(Duration::ZERO).await,
    };
    let ended = status.is_some() || !machine.node.is_started();
    let said = machine.node.said();
    let said = &said[said_before.min(said.len())..];
    if ended {
        let data = machine.node.data.display().to_string();
        if !said.contains(&data) || !said.contains("damaged") {
            nemesis.recorder.finding(format!("node {member}, {what}: it ends without naming it: {said}"));
        }
        nemesis.recorder.count_as("damage", "refused by name");
        machine.kill();
        block_in_place(|| {
            fs::remove_dir_all(&machine.node.data)?;
            files::copy(&kept, &machine.node.data)?;
            machine.shim.forget()
        })?;
        machine.start()?;
    } else {
        nemesis.recorder.count_as("damage", "not needed");
        // Should it notice later, it may say so and end.
        machine.excuse = Some("its files were damaged");
    }
    fs::remove_dir_all(&kept)?;
    Ok(Came::About)
}

/// Turns over a bit of one of the files of a part that hold data, or cuts off its end. Says what it did.
pub(super) fn harm(machine: &Machine, of: Part, cut: bool, dice: &mut Dice) -> Result<String> {
    let part = machine.node.data.join(match of {
        Part::Log => "log",
        Part::Catalog => "catalog",
    });
    let holds_data = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_data = name.ends_with(".log") || name.ends_with(".sst") || name.starts_with("MANIFEST");
        is_data && fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0)
    };
    let candidates: Vec<PathBuf> = files_below(&part)?.into_iter().filter(holds_data).collect();
    ensure!(!candidates.is_empty(), "{} has no file with data", part.display());
    let path = dice.choose(&candidates);
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    if cut {
        let left = dice.pick(0..length);
        file.set_len(left)?;
        return Ok(format!("{} is cut from {length} to {left} bytes", path.display()));
    }
    let (at, bit) = (dice.pick(0..length), dice.pick(0..8));
    let mut byte = [0];
    file.read_exact_at(&mut byte, at)?;
    byte[0] ^= 1 << bit;
    file.write_all_at(&byte, at)?;
    Ok(format!("bit {bit} of byte {at} of {} is turned over, of {length} bytes", path.display()))
}

async fn keystore_missing(nemesis: &Nemesis, machine: &mut Machine, lasts: Duration) -> Result<Came> {
    let away = machine.keystore.with_extension("away");
    machine.kill();
    fs::rename(&machine.keystore, &away)?;
    machine.start()?;
    let ended = machine.ends_within(NOTICES_WITHIN).await;
    let words = machine.last_words();
    let names_it = words.contains(&machine.keystore.display().to_string());
    if ended.is_none_or(|status| status.success()) || !names_it {
        let what = format!("node {} starts without a keystore, or does not say that: {words}", machine.node.id);
        nemesis.recorder.finding(what);
        machine.kill();
    }
    sleep(lasts).await;
    fs::rename(&away, &machine.keystore)?;
    machine.start()?;
    Ok(Came::About)
}

async fn keystore_other(nemesis: &Nemesis, machine: &mut Machine, lasts: Duration) -> Result<Came> {
    let (own, other) = (machine.keystore.with_extension("own"), machine.keystore.with_extension("other"));
    let layout = nemesis.rig.cluster.layout();
    let made = block_in_place(|| {
        let mut create = aliasctl();
        create.args(["keystore", "create"]).arg(&other).env("ALIASD_KEYSTORE_PASSWORD", KEYSTORE_PASSWORD);
        process::run(&mut create, &layout.record())
    })?;
    ensure!(made.code == Some(0), "{}", made.stderr);
    fs::rename(&machine.keystore, &own)?;
    fs::rename(&other, &machine.keystore)?;
    let taken = reload(machine, "the keystore was read again");
    if taken.is_ok() {
        sleep(lasts).await;
        let (status, body) = block_in_place(|| machine.node.http("/readyz")).unwrap_or_default();
        if status == 200 {
            let id = machine.node.id;
            nemesis.recorder.finding(format!("node {id} is ready with the keystore of another cluster: {body}"));
        }
    }
    // Whatever came of it, it has its own again.
    fs::rename(&own, &machine.keystore)?;
    taken.and_then(|()| reload(machine, "the keystore was read again"))?;
    Ok(Came::About)
}

fn certificate(nemesis: &Nemesis, machine: &mut Machine) -> Result<Came> {
    let layout = nemesis.rig.cluster.layout();
    let id = machine.node.id;
    block_in_place(|| {
        for suffix in ["", "-key"] {
            let file = layout.pki().join(format!("node-{id}{suffix}.pem"));
            fs::remove_file(&file).with_context(|| file.display().to_string())?;
        }
        layout.issue_node(id)
    })?;
    reload(machine, "the certificates were read again")?;
    Ok(Came::About)
}

/// Has the node read its files again, once it listens: before, it may not know the signal yet, and end of it.
fn reload(machine: &mut Machine, says: &str) -> Result<()> {
    block_in_place(|| {
        machine.node.wait_listening(PATIENCE)?;
        let before = machine.node.said().matches(says).count();
        machine.node.reload()?;
        wait::until(&format!("a line: {says}"), PATIENCE, || {
            ensure!(machine.node.said().matches(says).count() > before, "{}", machine.last_words());
            Ok(())
        })?;
        Ok(())
    })
}
