//! What was measured, as data and as JSON for programs. The table for people is in `table`.

mod table;

use std::time::Duration;

use serde_json::{Value, json};

use super::load::{Figures, Slices};
use super::workload::CONNECTIONS_MAX;

/// Everything that was measured. `Display` is the table for people.
#[derive(Debug, Default)]
pub struct Report {
    /// The machine while it was measured.
    pub machine: Machine,
    /// Statements understood, by kind.
    pub language: Vec<Understood>,
    /// Resolves, per number of clients.
    pub reads: Vec<Reads>,
    /// Writes, per number of clients.
    pub writes: Vec<Writes>,
    /// Memory; absent if it was not measured.
    pub memory: Option<Memory>,
    /// Listings; absent if they were not measured.
    pub listings: Option<Listings>,
}

/// What else may explain a figure.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine {
    /// How many processors there are.
    pub processors: usize,
    /// The load average of the minute before anything was measured; absent if the system does not tell.
    pub load_before: Option<f64>,
}

/// What understanding one statement costs, on one thread.
#[derive(Debug)]
pub struct Understood {
    /// The name of the statement in the report.
    pub what: &'static str,
    /// How long its text is.
    pub bytes: usize,
    /// Text to statement, in nanoseconds.
    pub parse_ns: f64,
    /// Text to command or listing, in nanoseconds.
    pub compile_ns: f64,
}

/// Resolves with credentials beside calls that do less, on the same connections.
#[derive(Debug)]
pub struct Reads {
    /// How many clients, over a few connections.
    pub clients: usize,
    /// Health checks, which cost what a call costs at least.
    pub nothing: Slices,
    /// `WhoAmI`.
    pub identity: Slices,
    /// Resolves with credentials, from local state.
    pub resolve: Slices,
    /// How large the messages are.
    pub sizes: Sizes,
}

/// Bytes of request and answer.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// What a health check takes.
    pub nothing: (usize, usize),
    /// What a resolve takes.
    pub resolve: (usize, usize),
}

/// `CREATE ALIAS` of a remote alias on three nodes.
#[derive(Debug)]
pub struct Writes {
    /// How many clients, over a few connections.
    pub clients: usize,
    /// One `fdatasync` after an append of 4 KiB on the file system of the logs, while no statements run.
    pub sync: Slices,
    /// How long the statements took.
    pub create: Slices,
    /// The node that led.
    pub leader: u64,
    /// How often each node made its log durable meanwhile, by its id.
    pub syncs: Vec<(u64, u64)>,
}

/// What aliases cost in memory, per node in the order of their ids.
#[derive(Debug)]
pub struct Memory {
    /// How many there were in the end.
    pub aliases: u64,
    /// How many there should have been; fewer if the time was over.
    pub aliases_wanted: u64,
    /// How many there were when the filling began.
    pub aliases_between: u64,
    /// The node that led.
    pub leader: u64,
    /// The ids of the nodes.
    pub nodes: Vec<u64>,
    /// Resident bytes with one alias.
    pub bytes_empty: Vec<u64>,
    /// Resident bytes when the filling began.
    pub bytes_between: Vec<u64>,
    /// Resident bytes in the end.
    pub bytes_full: Vec<u64>,
    /// The statements that filled.
    pub fill: Figures,
}

/// Listings of many aliases at one node.
#[derive(Debug)]
pub struct Listings {
    /// How many aliases there were.
    pub aliases: u64,
    /// Each of them.
    pub listings: Vec<Listing>,
}

/// One listing, run several times.
#[derive(Clone, Copy, Debug)]
pub struct Listing {
    /// What was said.
    pub statement: &'static str,
    /// How many rows it has.
    pub rows: usize,
    /// From the request to the first rows, in the median.
    pub first: Duration,
    /// From the request to the end, in the median.
    pub all: Duration,
    /// By how many bytes the node's peak of resident memory was above what it held before, at most.
    pub bytes_max: u64,
}

// === impl Machine ===

impl Machine {
    pub(super) fn now() -> Self {
        let load = std::fs::read_to_string("/proc/loadavg").ok();
        let load_before = load.and_then(|line| line.split(' ').next()?.parse().ok());
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { processors, load_before }
    }
}

// === impl Understood ===

impl Understood {
    /// Text that becomes commands, in 10^6 bytes per second.
    #[expect(clippy::cast_precision_loss, reason = "a statement has at most 2^20 bytes")]
    pub fn megabytes_per_second(&self) -> f64 {
        self.bytes as f64 * 1e3 / self.compile_ns
    }
}

// === impl Reads ===

impl Reads {
    /// Resolves per call that does nothing, of the median slices.
    pub fn ratio(&self) -> f64 {
        self.resolve.rate() / self.nothing.rate()
    }
}

// === impl Writes ===

impl Writes {
    /// Acknowledged statements per sync of the leader's log.
    #[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^52")]
    pub fn writes_per_sync(&self) -> f64 {
        let syncs = self.syncs.iter().find(|(node, _)| *node == self.leader).map_or(0, |(_, syncs)| *syncs);
        self.create.all().count() as f64 / syncs.max(1) as f64
    }
}

// === impl Memory ===

impl Memory {
    /// Growth since there was one alias, per alias and node.
    pub fn bytes_per_alias(&self) -> Vec<f64> {
        growth(&self.bytes_empty, &self.bytes_full, self.aliases.saturating_sub(1))
    }

    /// Growth since the filling began, per alias and node: what is fixed or bounded no longer counts.
    pub fn bytes_per_further_alias(&self) -> Vec<f64> {
        growth(&self.bytes_between, &self.bytes_full, self.aliases.saturating_sub(self.aliases_between))
    }
}

#[expect(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^52")]
fn growth(before: &[u64], after: &[u64], aliases: u64) -> Vec<f64> {
    let each = before.iter().zip(after);
    each.map(|(before, after)| (*after as f64 - *before as f64) / aliases.max(1) as f64).collect()
}

// === impl Report ===

impl Report {
    /// Every figure, for programs. Times in milliseconds, rates per second, sizes in bytes.
    pub fn json(&self) -> Value {
        json!({
            "processors": self.machine.processors,
            "load_before": self.machine.load_before,
            "connections_max": CONNECTIONS_MAX,
            "language": self.language.iter().map(understood).collect::<Vec<_>>(),
            "reads": self.reads.iter().map(reads).collect::<Vec<_>>(),
            "writes": self.writes.iter().map(writes).collect::<Vec<_>>(),
            "memory": self.memory.as_ref().map(memory),
            "listings": self.listings.as_ref().map(listings),
        })
    }
}

fn understood(understood: &Understood) -> Value {
    json!({
        "statement": understood.what,
        "bytes": understood.bytes,
        "parse_ns": understood.parse_ns,
        "compile_ns": understood.compile_ns,
        "megabytes_per_second": understood.megabytes_per_second(),
    })
}

fn reads(reads: &Reads) -> Value {
    json!({
        "clients": reads.clients,
        "no_op": slices(&reads.nothing),
        "who_am_i": slices(&reads.identity),
        "resolve": slices(&reads.resolve),
        "ratio": reads.ratio(),
        "request_bytes": { "no_op": reads.sizes.nothing.0, "resolve": reads.sizes.resolve.0 },
        "answer_bytes": { "no_op": reads.sizes.nothing.1, "resolve": reads.sizes.resolve.1 },
    })
}

fn writes(writes: &Writes) -> Value {
    let syncs = writes.syncs.iter().map(|(node, syncs)| json!({ "node": node, "syncs": syncs }));
    json!({
        "clients": writes.clients,
        "fdatasync": slices(&writes.sync),
        "create_alias": slices(&writes.create),
        "leader": writes.leader,
        "log_syncs": syncs.collect::<Vec<_>>(),
        "writes_per_sync": writes.writes_per_sync(),
    })
}

fn memory(memory: &Memory) -> Value {
    let (each, further) = (memory.bytes_per_alias(), memory.bytes_per_further_alias());
    let nodes = memory.nodes.iter().enumerate().map(|(at, node)| {
        json!({
            "node": node,
            "leader": *node == memory.leader,
            "resident_bytes_empty": memory.bytes_empty[at],
            "resident_bytes_between": memory.bytes_between[at],
            "resident_bytes_full": memory.bytes_full[at],
            "bytes_per_alias": each[at],
            "bytes_per_further_alias": further[at],
        })
    });
    json!({
        "aliases": memory.aliases,
        "aliases_wanted": memory.aliases_wanted,
        "aliases_between": memory.aliases_between,
        "nodes": nodes.collect::<Vec<_>>(),
        "fill": figures(&memory.fill),
    })
}

fn listings(listings: &Listings) -> Value {
    let each = listings.listings.iter().map(|listing| {
        json!({
            "statement": listing.statement,
            "rows": listing.rows,
            "first_row_ms": listing.first.as_secs_f64() * 1000.0,
            "all_rows_ms": listing.all.as_secs_f64() * 1000.0,
            "resident_bytes_more_max": listing.bytes_max,
        })
    });
    json!({ "aliases": listings.aliases, "listings": each.collect::<Vec<_>>() })
}

fn figures(figures: &Figures) -> Value {
    json!({
        "count": figures.count(),
        "per_second": figures.rate(),
        "p50_ms": figures.milliseconds_at(0.5),
        "p99_ms": figures.milliseconds_at(0.99),
    })
}

fn slices(slices: &Slices) -> Value {
    let (least, most) = slices.range();
    let mut value = figures(slices.all());
    value["per_second"] = json!(slices.rate());
    value["per_second_least"] = json!(least);
    value["per_second_most"] = json!(most);
    value
}
