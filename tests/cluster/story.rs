//! The story of the demo: every claim of it holds, and its passwords are nowhere afterwards.

use std::fs;

use aliasd_tests::secrets;
use aliasd_tests::story::{self, Narrator, PASSWORDS};
use anyhow::{Result, ensure};

#[tokio::test(flavor = "multi_thread")]
async fn every_claim_of_the_story_holds_and_no_password_is_left() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let mut narrator = Narrator::silent();
    let all = story::tell(directory.path(), &mut narrator).await?;
    let summary = narrator.end();
    ensure!(summary.is_as_expected(), "the story went otherwise: {:#?}", summary.broken());

    for (place, cluster) in [("a", &all.a), ("b", &all.b)] {
        for node in &cluster.nodes {
            let (_, metrics) = node.http("/metrics")?;
            fs::write(directory.path().join(format!("metrics-{place}-{}", node.id)), metrics)?;
        }
    }
    let administrators = [&all.a, &all.b].map(|cluster| cluster.administrator.password.clone());
    // The nodes end first: what they write must not come after the search.
    drop(all);
    let passwords: Vec<&str> = PASSWORDS.into_iter().chain(administrators.iter().map(String::as_str)).collect();
    let (files, leaks) = secrets::search(directory.path(), &passwords)?;
    println!("{files} files searched");
    ensure!(leaks.is_empty(), "passwords are left behind: {leaks:#?}");
    Ok(())
}
