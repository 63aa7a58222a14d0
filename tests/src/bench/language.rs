//! What understanding a statement costs: text to statement, and on to a command or a listing. Pure computation, on one
//! thread, before anything else runs.

use std::hint::black_box;
use std::time::Instant;

use aliasd_cypher::{Lowered, Parameters, Refusal, STATEMENT_BYTES_MAX, compile, parse};
use aliasd_listing::Listing;

use super::Extent;
use super::report::Understood;

/// A remote alias as administrators write it.
const CREATE_ALIAS: &str = "CREATE ALIAS sales FOR DATABASE orders AT 'neo4j+s://eu.example.org:7687' \
    USER reader PASSWORD 'a long password' DRIVER {connection_timeout: duration('PT5S'), logging_level: 'INFO'} \
    PROPERTIES {owner: 'sales', rank: 3}";

pub(super) fn measure(extent: &Extent) -> Vec<Understood> {
    let entries: Vec<String> = (0..10_000).map(|key| format!("key{key}: 'value {key}'")).collect();
    let map = format!("CREATE ALIAS a FOR DATABASE b PROPERTIES {{{}}}", entries.join(", "));
    let cases = [
        ("CREATE ALIAS, remote", CREATE_ALIAS.to_owned()),
        ("GRANT", "GRANT ACCESS ON DATABASE sales, orders TO analyst, reader".to_owned()),
        ("SHOW ALIASES … RETURN", "SHOW ALIASES FOR DATABASE YIELD name, url WHERE url STARTS WITH 'neo4j+s' AND NOT name IN ['a', 'b'] RETURN name, count(*) AS n ORDER BY n DESC LIMIT 10".to_owned()),
        ("a map of 10,000 entries", map),
        ("a statement of 1 MiB", mebibyte()),
    ];
    cases.into_iter().map(|(what, text)| understood(what, &text, extent)).collect()
}

/// A listing whose condition fills the largest statement that is taken.
fn mebibyte() -> String {
    let start = "SHOW USERS WHERE user IN [";
    let member = format!("'{}', ", "u".repeat(116));
    let members = (STATEMENT_BYTES_MAX - start.len() - 8) / member.len();
    format!("{start}{}'last']", member.repeat(members))
}

fn understood(what: &'static str, text: &str, extent: &Extent) -> Understood {
    let parameters = Parameters::default();
    let parsed = nanoseconds(extent, || drop(black_box(parse(black_box(text)))));
    let compiled = nanoseconds(extent, || drop(black_box(understand(black_box(text), &parameters))));
    assert!(understand(text, &parameters).is_ok(), "{what} is a statement");
    Understood { what, bytes: text.len(), parse_ns: parsed, compile_ns: compiled }
}

/// From text to what can be applied or run.
fn understand(text: &str, parameters: &Parameters) -> Result<(), Refusal> {
    match compile(text, parameters)? {
        Lowered::Command(command) => drop(black_box(command)),
        Lowered::NoOp(no_op) => drop(black_box(no_op)),
        Lowered::Listing(request) => {
            drop(black_box(Listing::bind(&request).map_err(|refusal| refusal.in_source(text))?));
        }
    }
    Ok(())
}

/// The time of one repetition.
fn nanoseconds(extent: &Extent, mut once: impl FnMut()) -> f64 {
    let mut slices: Vec<f64> = (0..extent.language_slices)
        .map(|_| {
            let (start, mut repetitions) = (Instant::now(), 0_u32);
            while start.elapsed() < extent.language_slice {
                // Several per look at the clock, which is not free.
                (0..16).for_each(|_| once());
                repetitions += 16;
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(repetitions)
        })
        .collect();
    slices.sort_by(f64::total_cmp);
    slices[slices.len() / 2]
}
