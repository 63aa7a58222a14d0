//! A short chaos run with a seed that stays; on request, one with a seed that nobody has seen. `cargo xtask chaos` makes longer
//! ones.

use std::time::Duration;

use aliasd_tests::chaos::{self, Options};
use aliasd_tests::dice::Dice;
use anyhow::{Result, ensure};

/// How long faults begin.
const LENGTH: Duration = Duration::from_secs(30);
/// The seed that stays. Its plan adds a voter and removes a member, early enough to be done when everything else is.
const SEED: u64 = 12;

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_broken_on_purpose_keeps_its_promises() -> Result<()> {
    breaks(SEED).await
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "until runs of hours have shown that what it finds are faults of the cluster and not of the judge"]
async fn a_plan_that_nobody_has_seen_breaks_nothing_either() -> Result<()> {
    breaks(Dice::fresh_seed()).await
}

/// What is judged includes that a cluster comes back in time, so one run at a time.
#[cfg(target_os = "linux")]
async fn breaks(seed: u64) -> Result<()> {
    let mut directory = tempfile::Builder::new().prefix("aliasd-chaos-").tempdir()?;
    directory.disable_cleanup(true);
    let options = Options { seed, length: LENGTH, members: 3, directory: directory.path().to_path_buf() };
    let report = chaos::run(&options).await?;
    ensure!(report.findings().is_empty(), "{report}");
    ensure!(report.faults() > 0 && report.operations("write", "ok") > 0, "nothing happened: {report}");
    println!("{report}");
    directory.disable_cleanup(false);
    Ok(())
}
