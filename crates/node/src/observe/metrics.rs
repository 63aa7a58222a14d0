//! The node's metrics, in the OpenMetrics text format.
//!
//! Labels hold stable codes only, never names of the catalog: those would tell anyone who may read metrics which aliases
//! exist, and would make as many series.

use std::fmt;

use aliasd_service::counters::{Counted, Counters};
use aliasd_service::operate::Figures;
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
    gauges: Gauges,
}

/// What is read when somebody asks, rather than counted as it happens.
#[derive(Clone, Debug, Default)]
struct Gauges {
    applied_revision: Gauge,
    last_log_index: Gauge,
    term: Gauge,
    leading: Gauge,
    ready: Gauge,
    aliases: Gauge,
    log_syncs: Gauge,
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
        let gauges = Gauges::default();
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
        gauges.register(&mut registry);
        Self { registry, calls, statements, proposals, resolves, refused_callers, leader_changes, watchers, gauges }
    }

    /// A call was answered with this numeric gRPC status.
    pub fn answered(&self, call: &'static str, grpc_status: &str) {
        self.calls.get_or_create(&Answered { call, grpc_status: grpc_status.to_owned() }).inc();
    }

    /// Another member leads than was seen before.
    pub fn leader_changed(&self) {
        self.leader_changes.inc();
    }

    /// Everything as text.
    pub fn expose(&self, figures: &Figures) -> String {
        self.gauges.set(figures);
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a string cannot fail");
        text
    }
}

impl Counters for Metrics {
    fn count(&self, what: Counted, code: &'static str) {
        let family = match what {
            Counted::Statement => &self.statements,
            Counted::Proposal => &self.proposals,
            Counted::Resolve => &self.resolves,
            Counted::RefusedCaller => &self.refused_callers,
        };
        family.get_or_create(&Code { code: code.to_owned() }).inc();
    }

    fn watch_begins(&self) {
        self.watchers.inc();
    }

    fn watch_ends(&self) {
        self.watchers.dec();
    }
}

impl Gauges {
    fn register(&self, registry: &mut Registry) {
        let gauges = [
            ("applied_revision", "The last revision that reads show", &self.applied_revision),
            ("last_log_index", "The end of the log", &self.last_log_index),
            ("term", "The Raft term; it grows with every election", &self.term),
            ("leading", "1 if this node leads", &self.leading),
            ("ready", "1 if this node serves every call", &self.ready),
            ("aliases", "Aliases in the catalog", &self.aliases),
            ("log_syncs", "How often the log was made durable since the start", &self.log_syncs),
        ];
        for (name, help, gauge) in gauges {
            registry.register(name, help, gauge.clone());
        }
    }

    fn set(&self, figures: &Figures) {
        let values = [
            (&self.applied_revision, figures.applied_revision),
            (&self.last_log_index, figures.last_log_index),
            (&self.term, figures.term),
            (&self.leading, figures.leading.into()),
            (&self.ready, figures.ready.into()),
            (&self.aliases, figures.aliases),
            (&self.log_syncs, figures.log_syncs),
        ];
        for (gauge, value) in values {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_exposed() {
        let metrics = Metrics::new();
        metrics.count(Counted::Resolve, "OK");
        metrics.count(Counted::Resolve, "OK");
        metrics.count(Counted::RefusedCaller, "CREDENTIALS_INVALID");
        metrics.watch_begins();
        let text = metrics.expose(&Figures { applied_revision: 7, ready: true, ..Figures::default() });
        assert!(text.contains("aliasd_resolves_total{code=\"OK\"} 2"), "{text}");
        assert!(text.contains("aliasd_authentication_failures_total{code=\"CREDENTIALS_INVALID\"} 1"), "{text}");
        assert!(text.contains("aliasd_watchers 1"), "{text}");
        assert!(text.contains("aliasd_applied_revision 7"), "{text}");
        assert!(text.contains("aliasd_ready 1"), "{text}");
        metrics.watch_ends();
        assert!(metrics.expose(&Figures::default()).contains("aliasd_watchers 0"));
    }
}
