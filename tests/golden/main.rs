//! Every script in `scripts/` is played to the pure core and to a live cluster, and both must answer
//! exactly what the script says.
//!
//! `ALIASD_GOLDEN=write` writes what the core answers into the scripts, to be read before it is committed.

mod core;
mod coverage;
mod live;

use std::fs;
use std::path::{Path, PathBuf};

use aliasd_tests::golden::{Reply, Step, play};
use anyhow::{Context, Result, ensure};

fn scripts() -> Result<Vec<PathBuf>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/scripts");
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        ensure!(path.extension().is_some_and(|extension| extension == "golden"), "{} is no script", path.display());
        found.push(path);
    }
    found.sort();
    ensure!(!found.is_empty(), "there are no scripts");
    Ok(found)
}

/// Plays a script and fails with the first lines that differ.
fn expect(script: &Path, say: impl FnMut(&Step) -> Result<Reply>) -> Result<()> {
    let text = fs::read_to_string(script)?;
    let played = play(&text, say).with_context(|| script.display().to_string())?;
    let differing = text.lines().zip(played.lines()).enumerate().find(|(_, (expected, found))| expected != found);
    if let Some((number, (expected, found))) = differing {
        let line = number + 1;
        anyhow::bail!("{}:{line}:\n  expected: {expected}\n  found:    {found}", script.display());
    }
    ensure!(text == played, "{}: the answers go on or end early:\n{played}", script.display());
    Ok(())
}

#[test]
fn scripts_hold_on_the_pure_core() -> Result<()> {
    for script in scripts()? {
        let mut core = core::Core::new()?;
        if std::env::var_os("ALIASD_GOLDEN").is_some_and(|value| value == "write") {
            let text = fs::read_to_string(&script)?;
            fs::write(&script, play(&text, |step| core.say(step))?)?;
            continue;
        }
        expect(&script, |step| core.say(step))?;
    }
    Ok(())
}

#[test]
fn scripts_hold_on_a_live_cluster() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let mut live = live::Live::start()?;
    for script in scripts()? {
        runtime.block_on(live.renew()).with_context(|| format!("before {}", script.display()))?;
        expect(&script, |step| runtime.block_on(live.say(step)))?;
    }
    Ok(())
}
