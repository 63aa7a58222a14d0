//! The checks of the fuzz targets, on the stable compiler and in seconds: each whole corpus, and a bounded number of
//! mutations of it that follow from a seed. `cargo xtask fuzz` goes on from there for as long as one likes.

#[path = "../../fuzz/bolt.rs"]
mod bolt;
#[path = "../../fuzz/files.rs"]
mod files;
mod mutate;
#[path = "../../fuzz/check.rs"]
mod statement;
#[path = "../../fuzz/wire.rs"]
mod wire;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use aliasd_tests::dice::Dice;
use anyhow::{Result, ensure};

/// A fuzz target.
struct Target {
    /// That of its corpus.
    name: &'static str,
    check: fn(&[u8]),
    /// How many mutations are tried; a few seconds' worth.
    mutations: u64,
    /// How many inputs the corpus has at least.
    corpus_min: usize,
}

const STATEMENT: Target = Target { name: "statement", check: statement::check, mutations: 150_000, corpus_min: 100 };
const WIRE: Target = Target { name: "wire", check: wire::check, mutations: 100_000, corpus_min: 100 };
/// Opening a keystore is slow on purpose.
const FILES: Target = Target { name: "files", check: files::check, mutations: 1_000, corpus_min: 10 };
const BOLT: Target = Target { name: "bolt", check: bolt::check, mutations: 100_000, corpus_min: 40 };

/// The seed unless `ALIASD_SEED` names another: what fails for one, fails for everybody.
const SEED: u64 = 2026;

impl Target {
    /// Every input of the corpus, in the order of the file names.
    fn corpus(&self) -> Result<Vec<Vec<u8>>> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(self.name);
        let mut files = fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        files.sort();
        ensure!(files.len() >= self.corpus_min, "the corpus has {} inputs, of {}", files.len(), self.corpus_min);
        files.iter().map(|file| Ok(fs::read(file)?)).collect()
    }

    /// Fails with the input that does not stand the check, in a form that can be pasted into a test.
    fn expect(&self, bytes: &[u8]) -> Result<()> {
        let held = catch_unwind(|| (self.check)(bytes)).is_ok();
        ensure!(held, "the check '{}' does not hold for b\"{}\"", self.name, bytes.escape_ascii());
        Ok(())
    }

    fn replay(&self) -> Result<()> {
        self.corpus()?.iter().try_for_each(|input| self.expect(input))
    }

    fn mutate(&self) -> Result<()> {
        let corpus = self.corpus()?;
        let mut dice = Dice::seeded_or(SEED);
        (0..self.mutations).try_for_each(|_| self.expect(&mutate::mutate(&corpus, &mut dice)))
    }
}

#[test]
fn statements_of_the_corpus_stand_the_check() -> Result<()> {
    STATEMENT.replay()
}

#[test]
fn mutated_statements_stand_the_check() -> Result<()> {
    STATEMENT.mutate()
}

#[test]
fn bytes_of_disks_and_connections_stand_the_check() -> Result<()> {
    WIRE.replay()
}

#[test]
fn mutated_bytes_of_disks_and_connections_stand_the_check() -> Result<()> {
    WIRE.mutate()
}

#[test]
fn files_with_keys_and_certificates_stand_the_check() -> Result<()> {
    FILES.replay()
}

#[test]
fn mutated_files_with_keys_and_certificates_stand_the_check() -> Result<()> {
    FILES.mutate()
}

#[test]
fn bytes_of_drivers_and_databases_stand_the_check() -> Result<()> {
    BOLT.replay()
}

#[test]
fn mutated_bytes_of_drivers_and_databases_stand_the_check() -> Result<()> {
    BOLT.mutate()
}

#[test]
fn mutations_reach_statements_that_are_understood_and_ones_that_are_not() -> Result<()> {
    let corpus = STATEMENT.corpus()?;
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

#[test]
fn mutations_reach_entries_and_records_that_are_understood_and_ones_that_are_not() -> Result<()> {
    let corpus = WIRE.corpus()?;
    let mut dice = Dice::seeded_or(SEED);
    let (mut understood, mut refused) = (0, 0);
    for _ in 0..5_000 {
        let mutated = mutate::mutate(&corpus, &mut dice);
        let Some(message) = mutated.strip_prefix(b"e") else { continue };
        match aliasd_wire::store::decode_entry(&wire::framed(message)) {
            Ok(_) => understood += 1,
            Err(_) => refused += 1,
        }
    }
    ensure!(understood > 100 && refused > 100, "{understood} are understood and {refused} are refused");
    Ok(())
}

#[test]
fn mutations_reach_values_of_bolt_that_are_understood_and_ones_that_are_not() -> Result<()> {
    let corpus = BOLT.corpus()?;
    let mut dice = Dice::seeded_or(SEED);
    let (mut understood, mut refused) = (0, 0);
    for _ in 0..5_000 {
        let mutated = mutate::mutate(&corpus, &mut dice);
        let [b'v', dialect, value @ ..] = &mutated[..] else { continue };
        match aliasd_bolt::decode(value, bolt::dialect(*dialect), bolt::limits()) {
            Ok(_) => understood += 1,
            Err(_) => refused += 1,
        }
    }
    ensure!(understood > 100 && refused > 100, "{understood} are understood and {refused} are refused");
    Ok(())
}
