//! The figures as a table for people and as JSON for programs.

use std::fmt;

use serde_json::{Value, json};

use super::load::Figures;

/// Everything that was measured.
#[derive(Debug, Default)]
pub struct Report {
    /// One append and `fdatasync` on the disk of the logs.
    pub sync: Figures,
    /// Resolves, per number of clients.
    pub reads: Vec<Reads>,
    /// Writes, per number of clients.
    pub writes: Vec<Writes>,
    /// Memory; absent if it was not measured.
    pub memory: Option<Memory>,
}

/// Resolves with credentials beside calls that do nothing, on the same connections.
#[derive(Debug)]
pub struct Reads {
    /// How many clients, each with a connection of its own.
    pub clients: usize,
    /// Health checks.
    pub nothing: Figures,
    /// Resolves with credentials, from local state.
    pub resolve: Figures,
}

/// `CREATE ALIAS` of a remote alias on three nodes.
#[derive(Debug)]
pub struct Writes {
    /// How many clients, each with a connection of its own.
    pub clients: usize,
    /// The statements.
    pub create: Figures,
    /// How often the leader made its log durable meanwhile.
    pub syncs: u64,
}

/// What aliases cost in memory.
#[derive(Debug)]
pub struct Memory {
    /// How many there were at first.
    pub aliases_before: u64,
    /// How many came.
    pub aliases_added: u64,
    /// Resident memory of the largest node at first.
    pub bytes_before: u64,
    /// Resident memory of the largest node afterwards.
    pub bytes_after: u64,
    /// The statements that added them.
    pub fill: Figures,
}

// === impl Reads ===

impl Reads {
    /// Resolves per call that does nothing.
    pub fn ratio(&self) -> f64 {
        self.resolve.rate() / self.nothing.rate()
    }
}

// === impl Writes ===

impl Writes {
    /// Acknowledged statements per sync of the leader's log.
    #[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^52")]
    pub fn writes_per_sync(&self) -> f64 {
        self.create.count() as f64 / self.syncs.max(1) as f64
    }
}

// === impl Memory ===

impl Memory {
    /// Growth of the largest node per alias, in bytes; RocksDB's buffers and the log's tail included.
    #[expect(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^52")]
    pub fn bytes_per_alias(&self) -> f64 {
        self.bytes_after.saturating_sub(self.bytes_before) as f64 / self.aliases_added.max(1) as f64
    }
}

// === impl Report ===

impl Report {
    /// Every figure, for programs. Times in milliseconds, rates per second.
    pub fn json(&self) -> Value {
        let reads = self.reads.iter().map(|reads| {
            json!({
                "clients": reads.clients,
                "nothing": figures(&reads.nothing),
                "resolve": figures(&reads.resolve),
                "ratio": reads.ratio(),
            })
        });
        let writes = self.writes.iter().map(|writes| {
            json!({
                "clients": writes.clients,
                "create_alias": figures(&writes.create),
                "log_syncs": writes.syncs,
                "writes_per_sync": writes.writes_per_sync(),
            })
        });
        let memory = self.memory.as_ref().map(|memory| {
            json!({
                "aliases": memory.aliases_before + memory.aliases_added,
                "resident_bytes_before": memory.bytes_before,
                "resident_bytes_after": memory.bytes_after,
                "bytes_per_alias": memory.bytes_per_alias(),
                "fill": figures(&memory.fill),
            })
        });
        json!({
            "fdatasync": figures(&self.sync),
            "reads": reads.collect::<Vec<_>>(),
            "writes": writes.collect::<Vec<_>>(),
            "memory": memory,
        })
    }
}

fn figures(figures: &Figures) -> Value {
    json!({
        "count": figures.count(),
        "per_second": figures.rate(),
        "p50_ms": figures.milliseconds_at(0.5),
        "p99_ms": figures.milliseconds_at(0.99),
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<34}{:>8}{:>12}{:>10}{:>10}", "", "clients", "per second", "p50 ms", "p99 ms")?;
        let line = |f: &mut fmt::Formatter<'_>, what: &str, clients: usize, figures: &Figures, note: &str| {
            let (p50, p99) = (figures.milliseconds_at(0.5), figures.milliseconds_at(0.99));
            writeln!(f, "{what:<34}{clients:>8}{:>12.0}{p50:>10.2}{p99:>10.2}  {note}", figures.rate())
        };
        line(f, "append + fdatasync, this disk", 1, &self.sync, "")?;
        for reads in &self.reads {
            line(f, "call that does nothing", reads.clients, &reads.nothing, "")?;
            let note = format!("{:.2} of it", reads.ratio());
            line(f, "resolve with credentials", reads.clients, &reads.resolve, &note)?;
        }
        let sync = self.sync.milliseconds_at(0.5).max(0.001);
        for writes in &self.writes {
            let syncs = format!("{:.1} writes per sync", writes.writes_per_sync());
            let note = format!("{syncs}, p50 is {:.1} syncs", writes.create.milliseconds_at(0.5) / sync);
            line(f, "CREATE ALIAS, three nodes", writes.clients, &writes.create, &note)?;
        }
        if let Some(memory) = &self.memory {
            let total = memory.aliases_before + memory.aliases_added;
            writeln!(f, "memory at {total} aliases: {:.0} bytes per alias", memory.bytes_per_alias())?;
        }
        Ok(())
    }
}
