//! The report as a table for people. Says how each figure was taken, and judges none.

use std::fmt::{self, Display, Formatter};

use super::{Listings, Machine, Memory, Reads, Report, Understood, Writes};
use crate::bench::load::Figures;
use crate::bench::workload::CONNECTIONS_MAX;

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        table_of_language(f, &self.language)?;
        if self.reads.is_empty() {
            return Ok(());
        }
        writeln!(f, "{:<34}{:>8}{:>12}{:>10}{:>10}", "", "clients", "per second", "p50 ms", "p99 ms")?;
        for reads in &self.reads {
            table_of_reads(f, reads)?;
        }
        writeln!(f)?;
        for writes in &self.writes {
            table_of_writes(f, writes)?;
        }
        if let Some(memory) = &self.memory {
            table_of_memory(f, memory)?;
        }
        if let Some(listings) = &self.listings {
            table_of_listings(f, listings)?;
        }
        notes(f, self.machine, self.reads.last())
    }
}

fn table_of_language(f: &mut Formatter<'_>, language: &[Understood]) -> fmt::Result {
    writeln!(
        f,
        "{:<34}{:>10}{:>14}{:>14}{:>8}",
        "one statement, one thread", "bytes", "parse us", "compile us", "MB/s"
    )?;
    for understood in language {
        let (what, bytes) = (understood.what, understood.bytes);
        let (parse, compile) = (understood.parse_ns / 1e3, understood.compile_ns / 1e3);
        writeln!(f, "{what:<34}{bytes:>10}{parse:>14.2}{compile:>14.2}{:>8.0}", understood.megabytes_per_second())?;
    }
    writeln!(f)
}

fn line(
    f: &mut Formatter<'_>,
    what: &str,
    clients: usize,
    per_second: f64,
    figures: &Figures,
    note: &str,
) -> fmt::Result {
    let (p50, p99) = (figures.milliseconds_at(0.5), figures.milliseconds_at(0.99));
    let text = format!("{what:<34}{clients:>8}{per_second:>12.0}{p50:>10.3}{p99:>10.3}  {note}");
    writeln!(f, "{}", text.trim_end())
}

fn table_of_reads(f: &mut Formatter<'_>, reads: &Reads) -> fmt::Result {
    let clients = reads.clients;
    let (nothing, identity, resolve) = (&reads.nothing, &reads.identity, &reads.resolve);
    let share = identity.rate() / nothing.rate();
    line(f, "no-op (health check)", clients, nothing.rate(), nothing.all(), "")?;
    let note = format!("{share:.2} of the no-op");
    line(f, "WhoAmI", clients, identity.rate(), identity.all(), &note)?;
    let note = format!("{:.2} of the no-op", reads.ratio());
    line(f, "resolve with credential", clients, resolve.rate(), resolve.all(), &note)
}

fn table_of_writes(f: &mut Formatter<'_>, writes: &Writes) -> fmt::Result {
    let (sync, create) = (writes.sync.all(), writes.create.all());
    line(f, "append 4 KiB, fdatasync", 1, writes.sync.rate(), sync, "")?;
    let in_syncs = create.milliseconds_at(0.5) / sync.milliseconds_at(0.5).max(0.001);
    let note =
        format!("{:.1} writes per sync of the leader; p50 is {in_syncs:.1} fdatasyncs", writes.writes_per_sync());
    line(f, "CREATE ALIAS, three nodes", writes.clients, writes.create.rate(), create, &note)?;
    let each = writes.syncs.iter().map(|(node, syncs)| {
        let role = if *node == writes.leader { " (leader)" } else { "" };
        format!("node {node}{role} {syncs}")
    });
    let each: Vec<String> = each.collect();
    writeln!(f, "{:<34}{} writes, log syncs: {}", "", create.count(), each.join(", "))
}

fn table_of_memory(f: &mut Formatter<'_>, memory: &Memory) -> fmt::Result {
    writeln!(f)?;
    let (aliases, between) = (memory.aliases, memory.aliases_between);
    writeln!(f, "memory at {aliases} aliases (resident, whole process)")?;
    if aliases < memory.aliases_wanted {
        writeln!(f, "  the time was over before there were {}", memory.aliases_wanted)?;
    }
    let (each, further) = (memory.bytes_per_alias(), memory.bytes_per_further_alias());
    for (at, node) in memory.nodes.iter().enumerate() {
        let role = if *node == memory.leader { "leader" } else { "follower" };
        let (empty, full) = (mebibytes(memory.bytes_empty[at]), mebibytes(memory.bytes_full[at]));
        writeln!(
            f,
            "  node {node} ({role}): {empty:.0} MiB to {full:.0} MiB, {:.0} bytes per alias; from {between} aliases on \
             {:.0} bytes per alias",
            each[at], further[at]
        )?;
    }
    line(f, "filling, CREATE ALIAS", 256, memory.fill.rate(), &memory.fill, "")
}

fn table_of_listings(f: &mut Formatter<'_>, listings: &Listings) -> fmt::Result {
    writeln!(f)?;
    writeln!(
        f,
        "listing {} aliases at a follower (medians; memory: peak above what was held before)",
        listings.aliases
    )?;
    for listing in &listings.listings {
        let (first, all) = (listing.first.as_secs_f64() * 1000.0, listing.all.as_secs_f64() * 1000.0);
        let (rows, memory) = (listing.rows, mebibytes(listing.bytes_max));
        writeln!(f, "  {}", listing.statement)?;
        writeln!(f, "    first row after {first:.1} ms, {rows} row(s) after {all:.0} ms, {memory:.1} MiB")?;
    }
    Ok(())
}

fn notes(f: &mut Formatter<'_>, machine: Machine, reads: Option<&Reads>) -> fmt::Result {
    writeln!(f)?;
    let load = machine.load_before.map_or_else(|| "an unknown load".to_owned(), |load| format!("a load of {load:.1}"));
    writeln!(f, "{} processors, with {load} before anything was measured.", machine.processors)?;
    writeln!(
        f,
        "Three nodes and the load share this machine. Clients share up to {CONNECTIONS_MAX} HTTP/2 connections to one node,"
    )?;
    writeln!(
        f,
        "as the users of an SDK do, over TLS 1.3 with a client certificate. Rates of reads are medians of slices"
    )?;
    writeln!(
        f,
        "taken in turns, at a follower from its local state; writes go to the leader, and three logs share one disk."
    )?;
    let Some(sizes) = reads.map(|reads| reads.sizes) else { return Ok(()) };
    let ((asked_nothing, got_nothing), (asked, got)) = (sizes.nothing, sizes.resolve);
    writeln!(
        f,
        "The no-op needs no identity, asks {asked_nothing} bytes and gets {got_nothing}; a resolve is authenticated, asks {asked} and gets {got}."
    )
}

#[expect(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^52")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
