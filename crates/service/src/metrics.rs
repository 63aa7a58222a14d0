//! The node's metrics, in the OpenMetrics text format.
//!
//! Labels hold stable codes only, never names of the catalog: those would tell anyone who may read metrics which aliases
//! exist, and would make as many series.

use std::fmt;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// A stable code as a label.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Code {
    code: String,
}

/// A call and its gRPC status as labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    call: &'static str,
    grpc_status: String,
}

/// Everything that the node counts.
pub struct Metrics {
    registry: Registry,
    calls: Family<Answered, Counter>,
    statements: Family<Code, Counter>,
    proposals: Family<Code, Counter>,
    resolves: Family<Code, Counter>,
    refused_callers: Family<Code, Counter>,
    leader_changes: Counter,
    watchers: Gauge,
    figures: Figures,
}

/// What is read when somebody asks, rather than counted as it happens.
#[derive(Clone, Debug, Default)]
struct Figures {
    applied_revision: Gauge,
    last_log_index: Gauge,
    term: Gauge,
    leading: Gauge,
    ready: Gauge,
    aliases: Gauge,
    log_syncs: Gauge,
}

/// The node's state at the time of a reading.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    /// The last revision that reads show.
    pub applied_revision: u64,
    /// The end of the log.
    pub last_log_index: u64,
    /// The Raft term.
    pub term: u64,
    /// Whether this node leads.
    pub leading: bool,
    /// Whether this node serves every call.
    pub ready: bool,
    /// Aliases in the catalog.
    pub aliases: u64,
    /// How often the log was made durable since the start.
    pub log_syncs: u64,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("aliasd");
        let calls = Family::default();
        let statements = Family::default();
        let proposals = Family::default();
        let resolves = Family::default();
        let refused_callers = Family::default();
        let leader_changes = Counter::default();
        let watchers = Gauge::default();
        let figures = Figures::default();
        registry.register("calls", "Answered calls by gRPC status", calls.clone());
        registry.register("statements", "Statements by outcome: OK or the code of the error", statements.clone());
        registry.register(
            "proposals",
            "Proposed log entries by outcome: OK or the code of the error",
            proposals.clone(),
        );
        registry.register("resolves", "Resolved names by outcome: OK or the code of the error", resolves.clone());
        registry.register(
            "authentication_failures",
            "Callers that were not let in, by reason",
            refused_callers.clone(),
        );
        registry.register("leader_changes", "How often another leader was seen", leader_changes.clone());
        registry.register("watchers", "Open watches", watchers.clone());
        figures.register(&mut registry);
        Self { registry, calls, statements, proposals, resolves, refused_callers, leader_changes, watchers, figures }
    }

    /// A call was answered with this numeric gRPC status.
    pub fn answered(&self, call: &'static str, grpc_status: &str) {
        self.calls.get_or_create(&Answered { call, grpc_status: grpc_status.to_owned() }).inc();
    }

    /// A statement was run; `code` is `OK` or that of the error.
    pub fn statement(&self, code: &str) {
        count(&self.statements, code);
    }

    /// A log entry was proposed; `code` is `OK` or that of the error.
    pub fn proposal(&self, code: &str) {
        count(&self.proposals, code);
    }

    /// A name was resolved; `code` is `OK` or that of the error.
    pub fn resolve(&self, code: &str) {
        count(&self.resolves, code);
    }

    /// A caller was not let in.
    pub fn refused_caller(&self, code: &str) {
        count(&self.refused_callers, code);
    }

    /// Another member leads than was seen before.
    pub fn leader_changed(&self) {
        self.leader_changes.inc();
    }

    /// Counts a watcher as long as the guard lives.
    pub fn watcher(&self) -> WatcherGuard {
        self.watchers.inc();
        WatcherGuard(self.watchers.clone())
    }

    /// Everything as text.
    pub fn expose(&self, reading: &Reading) -> String {
        self.figures.set(reading);
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a string cannot fail");
        text
    }
}

/// A watcher that is counted.
#[derive(Debug)]
pub struct WatcherGuard(Gauge);

impl Drop for WatcherGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Figures {
    fn register(&self, registry: &mut Registry) {
        let figures = [
            ("applied_revision", "The last revision that reads show", &self.applied_revision),
            ("last_log_index", "The end of the log", &self.last_log_index),
            ("term", "The Raft term; it grows with every election", &self.term),
            ("leading", "1 if this node leads", &self.leading),
            ("ready", "1 if this node serves every call", &self.ready),
            ("aliases", "Aliases in the catalog", &self.aliases),
            ("log_syncs", "How often the log was made durable since the start", &self.log_syncs),
        ];
        for (name, help, gauge) in figures {
            registry.register(name, help, gauge.clone());
        }
    }

    fn set(&self, reading: &Reading) {
        let figures = [
            (&self.applied_revision, reading.applied_revision),
            (&self.last_log_index, reading.last_log_index),
            (&self.term, reading.term),
            (&self.leading, reading.leading.into()),
            (&self.ready, reading.ready.into()),
            (&self.aliases, reading.aliases),
            (&self.log_syncs, reading.log_syncs),
        ];
        for (gauge, value) in figures {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
    }
}

fn count(family: &Family<Code, Counter>, code: &str) {
    family.get_or_create(&Code { code: code.to_owned() }).inc();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_exposed() {
        let metrics = Metrics::new();
        metrics.resolve("OK");
        metrics.resolve("OK");
        metrics.refused_caller("CREDENTIALS_INVALID");
        let guard = metrics.watcher();
        let text = metrics.expose(&Reading { applied_revision: 7, ready: true, ..Reading::default() });
        assert!(text.contains("aliasd_resolves_total{code=\"OK\"} 2"), "{text}");
        assert!(text.contains("aliasd_authentication_failures_total{code=\"CREDENTIALS_INVALID\"} 1"), "{text}");
        assert!(text.contains("aliasd_watchers 1"), "{text}");
        assert!(text.contains("aliasd_applied_revision 7"), "{text}");
        assert!(text.contains("aliasd_ready 1"), "{text}");
        drop(guard);
        assert!(metrics.expose(&Reading::default()).contains("aliasd_watchers 0"));
    }
}
