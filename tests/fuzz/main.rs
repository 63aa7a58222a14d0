//! The check of the fuzz target, on the stable compiler and in seconds: the whole corpus, and a bounded number of
//! mutations of it that follow from a seed. `cargo xtask fuzz` goes on from there for as long as one likes.

#[path = "../../fuzz/check.rs"]
mod check;
mod mutate;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use aliasd_tests::dice::Dice;
use anyhow::{Result, ensure};

/// How many mutations are tried; a few seconds' worth.
const MUTATIONS: u64 = 150_000;

/// The seed unless `ALIASD_SEED` names another: what fails for one, fails for everybody.
const SEED: u64 = 2026;

/// Every text of the corpus, in the order of the file names.
fn corpus() -> Result<Vec<Vec<u8>>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/statement");
    let mut files = fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.sort();
    ensure!(files.len() > 100, "the corpus has {} texts, one for each form of statement is due", files.len());
    files.iter().map(|file| Ok(fs::read(file)?)).collect()
}

/// Fails with the text that does not stand the check, in a form that can be pasted into a test.
fn expect(bytes: &[u8]) -> Result<()> {
    let held = catch_unwind(|| check::check(bytes)).is_ok();
    ensure!(held, "the check does not hold for b\"{}\"", bytes.escape_ascii());
    Ok(())
}

#[test]
fn the_corpus_stands_the_check() -> Result<()> {
    corpus()?.iter().try_for_each(|text| expect(text))
}

#[test]
fn mutations_of_the_corpus_stand_the_check() -> Result<()> {
    let corpus = corpus()?;
    let mut dice = Dice::seeded_or(SEED);
    (0..MUTATIONS).try_for_each(|_| expect(&mutate::mutate(&corpus, &mut dice)))
}

#[test]
fn mutations_reach_statements_that_are_understood_and_ones_that_are_not() -> Result<()> {
    let corpus = corpus()?;
    let mut dice = Dice::seeded_or(SEED);
    let (mut understood, mut refused) = (0, 0);
    for _ in 0..2_000 {
        let mutated = mutate::mutate(&corpus, &mut dice);
        match std::str::from_utf8(&mutated).map(aliasd_cypher::parse) {
            Ok(Ok(_)) => understood += 1,
            Ok(Err(_)) => refused += 1,
            Err(_) => {}
        }
    }
    ensure!(understood > 100 && refused > 100, "{understood} are understood and {refused} are refused");
    Ok(())
}
