//! `aliasd-check`: judges the histories of runs, and makes some up to try judges on.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aliasd_checkers::generate::{self, Plant, Shape};
use aliasd_checkers::linearizable::{Linearizable, verdicts};
use aliasd_checkers::{Checker, Event, Finding, History, check, check_by};
use anyhow::{Context, Result};
use clap::Parser;

/// Judges histories: files of lines of JSON, as the simulator and the chaos runs write them.
///
/// Prints a line for each broken promise, with the numbers of the lines that show it. Exit code 0 only if there is none.
#[derive(Parser)]
struct Arguments {
    /// Also print how many events of each kind there are, and over what time.
    #[arg(long)]
    stats: bool,
    /// Only by these checkers, named as their modules.
    #[arg(long, value_name = "CHECKER", value_parser = checker)]
    only: Vec<Checker>,
    /// Print for each file and name whether it is linearizable (yes, no, undecided), separated by tabs, and judge nothing
    /// else. Exit code 0.
    #[arg(long, conflicts_with_all = ["stats", "only"])]
    verdicts: bool,
    /// Instead of judging, make up histories, right and wrong ones in turn, and write them to this directory.
    #[arg(long, value_name = "DIRECTORY", conflicts_with_all = ["stats", "only", "verdicts", "files"])]
    make: Option<PathBuf>,
    /// How many to make up.
    #[arg(long, value_name = "N", default_value_t = 300, requires = "make")]
    seeds: u64,
    /// The first seed.
    #[arg(long, value_name = "S", default_value_t = 0, requires = "make")]
    from: u64,
    /// The histories.
    #[arg(value_name = "FILE", required_unless_present = "make")]
    files: Vec<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("aliasd-check: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn checker(name: &str) -> Result<Checker, String> {
    let found = Checker::ALL.into_iter().find(|checker| checker.name() == name);
    found.ok_or_else(|| format!("one of {}", Checker::ALL.map(Checker::name).join(", ")))
}

/// Does what is asked and returns how many promises were broken.
fn run(arguments: &Arguments) -> Result<usize> {
    let mut out = BufWriter::new(io::stdout().lock());
    if let Some(directory) = &arguments.make {
        make(directory, arguments.from, arguments.seeds)?;
        return Ok(0);
    }
    let mut broken = 0;
    for file in &arguments.files {
        let shown = file.display();
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
        let history = History::from_lines(&text).with_context(|| format!("{shown} is no history"))?;
        if arguments.verdicts {
            for (name, verdict) in verdicts(&history) {
                let verdict = match verdict {
                    Linearizable::Yes => "yes",
                    Linearizable::No => "no",
                    Linearizable::Undecided => "undecided",
                };
                writeln!(out, "{shown}\t{name}\t{verdict}")?;
            }
            continue;
        }
        let findings = judged(&history, &arguments.only);
        for finding in &findings {
            writeln!(out, "{shown}: {finding}")?;
        }
        broken += findings.len();
        if arguments.stats {
            write!(out, "{}", stats(&history))?;
        }
    }
    if !arguments.verdicts {
        writeln!(out, "{broken} broken promises in {} histories", arguments.files.len())?;
    }
    out.flush()?;
    Ok(broken)
}

fn judged(history: &History, only: &[Checker]) -> Vec<Finding> {
    if only.is_empty() { check(history) } else { only.iter().flat_map(|checker| check_by(*checker, history)).collect() }
}

/// Writes made-up histories: one in three keeps every promise, one has a broken one, and one was changed at random.
fn make(directory: &Path, from: u64, seeds: u64) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    for seed in from..from + seeds {
        let turn = seed / 3;
        let plants = Plant::ALL.into_iter().cycle().skip(usize::try_from(turn % 1000)?);
        let plant = plants.into_iter().next().filter(|_| seed % 3 == 1);
        let (lost_percent, names, clients) = ([0, 5, 15][usize::try_from(turn % 3)?], 3 + turn % 3, 3 + seed % 10);
        let calls = 150 + usize::try_from(turn % 4)? * 100;
        let mut history = generate::made(seed, Shape { clients, calls, lost_percent, names, plant }).history;
        if seed % 3 == 2 {
            history = generate::spoilt(&history, seed);
        }
        let file = directory.join(format!("{seed:06}.jsonl"));
        fs::write(&file, history.to_lines()?).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// How many events of each kind there are, and over what time.
fn stats(history: &History) -> String {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut first, mut last) = (u64::MAX, 0);
    for event in &history.events {
        let (kind, begin, end) = match event {
            Event::Setup(_) => ("setups", None, None),
            Event::Write(write) => ("writes", Some(write.begin), Some(write.end)),
            Event::Resolve(resolve) => ("resolves", Some(resolve.begin), Some(resolve.end)),
            Event::Login(login) => ("logins", Some(login.begin), Some(login.end)),
            Event::Watch(watch) => ("steps of watches", Some(watch.at), Some(watch.at)),
            Event::Guard(guard) => ("steps of guards", Some(guard.begin), Some(guard.end)),
            Event::Fault(fault) => ("faults", Some(fault.at), Some(fault.at)),
            Event::Digest(digest) => ("digests", Some(digest.at), Some(digest.at)),
            Event::Audit(_) => ("lines of audit trails", None, None),
        };
        *kinds.entry(kind).or_default() += 1;
        first = begin.map_or(first, |begin| first.min(begin));
        last = end.map_or(last, |end| last.max(end));
    }
    let lines: String = kinds.into_iter().map(|(kind, count)| format!("{count:>9} {kind}\n")).collect();
    let nanoseconds = last.saturating_sub(first);
    format!("{lines}{:>9}.{:03} s\n", nanoseconds / 1_000_000_000, nanoseconds / 1_000_000 % 1000)
}
