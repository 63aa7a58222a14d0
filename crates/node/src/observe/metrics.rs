//! The node's metrics, in the OpenMetrics text format.
//!
//! Labels hold stable codes only, never names of the catalog: those would tell anyone who may read metrics which aliases
//! exist, and would make as many series.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use aliasd_api::Observer;
use aliasd_service::counters::{Counted, Counters};
use aliasd_service::operate::{CertificateEnd, Figures};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::process::Process;

/// The bounds of the times that calls take, in seconds: from a read in memory to the deadline of a call.
const CALL_TIMES: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

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

/// A certificate as a label, by the setting that names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Named {
    certificate: &'static str,
}

/// The times of calls, by call and status.
type Times = Family<Answered, Histogram, fn() -> Histogram>;

/// Everything that the node counts.
pub struct Metrics {
    registry: Registry,
    /// What stands without our prefix.
    plain: Registry,
    process: Process,
    calls: Family<Answered, Counter>,
    call_times: Times,
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
    /// Counted elsewhere, and only grows.
    log_syncs: Counter,
    certificates: Family<Named, Gauge>,
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
        let mut plain = Registry::default();
        let process = Process::register(&mut plain);
        let build = vec![("version", env!("CARGO_PKG_VERSION")), ("commit", env!("ALIASD_COMMIT"))];
        registry.register("build", "The version of the program and the commit that it is built from", Info::new(build));
        let calls = Family::default();
        let call_times = Times::new_with_constructor(|| Histogram::new(CALL_TIMES));
        let statements = Family::default();
        let proposals = Family::default();
        let resolves = Family::default();
        let refused_callers = Family::default();
        let leader_changes = Counter::default();
        let watchers = Gauge::default();
        let gauges = Gauges::default();
        registry.register("calls", "Answered calls by gRPC status", calls.clone());
        let help = "Time from the arrival of a call to its answer, to the beginning of it where it is a stream";
        registry.register_with_unit("call_duration", help, Unit::Seconds, call_times.clone());
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
        Self {
            registry,
            plain,
            process,
            calls,
            call_times,
            statements,
            proposals,
            resolves,
            refused_callers,
            leader_changes,
            watchers,
            gauges,
        }
    }

    /// Everything as text.
    pub fn expose(&self, figures: &Figures) -> String {
        self.gauges.set(figures);
        self.process.read();
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)
            .and_then(|()| encode_registry(&mut text, &self.plain))
            .and_then(|()| encode_eof(&mut text))
            .expect("writing to a string cannot fail");
        text
    }
}

impl Observer for Metrics {
    fn answered(&self, call: &'static str, grpc_status: &str, took: Duration) {
        let labels = Answered { call, grpc_status: grpc_status.to_owned() };
        self.calls.get_or_create(&labels).inc();
        self.call_times.get_or_create(&labels).observe(took.as_secs_f64());
    }

    fn leader_changed(&self) {
        self.leader_changes.inc();
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
        ];
        for (name, help, gauge) in gauges {
            registry.register(name, help, gauge.clone());
        }
        registry.register("log_syncs", "How often the log was made durable", self.log_syncs.clone());
        let help = "When a certificate that the node uses ends, in seconds since 1970";
        registry.register_with_unit("certificate_expiry_timestamp", help, Unit::Seconds, self.certificates.clone());
    }

    fn set(&self, figures: &Figures) {
        let values = [
            (&self.applied_revision, figures.applied_revision),
            (&self.last_log_index, figures.last_log_index),
            (&self.term, figures.term),
            (&self.leading, figures.leading.into()),
            (&self.ready, figures.ready.into()),
            (&self.aliases, figures.aliases),
        ];
        for (gauge, value) in values {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
        self.log_syncs.inner().store(figures.log_syncs, Ordering::Relaxed);
        for CertificateEnd { setting, ends_at } in &figures.certificates {
            let since_epoch = ends_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
            self.certificates.get_or_create(&Named { certificate: setting }).set(seconds);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole text of a metric: its type, and the lines that begin with its name.
    fn shown(text: &str, name: &str) -> String {
        let ours = |line: &&str| line.starts_with(name) || line.starts_with(&format!("# TYPE {name} "));
        text.lines().filter(ours).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_only_grows_is_a_counter() {
        let text = Metrics::new().expose(&Figures { log_syncs: 9, ..Figures::default() });
        assert_eq!(shown(&text, "aliasd_log_syncs"), "# TYPE aliasd_log_syncs counter\naliasd_log_syncs_total 9");
    }

    #[test]
    fn the_times_of_calls_are_shown_by_call_and_status() {
        let metrics = Metrics::new();
        for (status, milliseconds) in [("0", 2), ("0", 200), ("14", 3_000)] {
            metrics.answered("/aliasd.v1.Router/Resolve", status, Duration::from_millis(milliseconds));
        }
        let text = shown(&metrics.expose(&Figures::default()), "aliasd_call_duration_seconds");
        let of = |status: &str| format!("call=\"/aliasd.v1.Router/Resolve\",grpc_status=\"{status}\"");
        assert!(text.contains("# TYPE aliasd_call_duration_seconds histogram"), "{text}");
        let bucket = |bound: &str, status: &str| format!("_bucket{{le=\"{bound}\",{}}}", of(status));
        assert!(text.contains(&format!("{} 1", bucket("0.0025", "0"))), "{text}");
        assert!(text.contains(&format!("{} 2", bucket("0.25", "0"))), "{text}");
        assert!(text.contains(&format!("_count{{{}}} 1", of("14"))), "{text}");
    }

    #[test]
    fn build_process_and_certificates_are_told() {
        let ends_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000);
        let certificates = vec![CertificateEnd { setting: "tls.peer_certificate", ends_at }];
        let text = Metrics::new().expose(&Figures { certificates, ..Figures::default() });
        let version = env!("CARGO_PKG_VERSION");
        assert!(text.contains(&format!("aliasd_build_info{{version=\"{version}\",commit=\"")), "{text}");
        let expiry = "aliasd_certificate_expiry_timestamp_seconds{certificate=\"tls.peer_certificate\"} 1900000000";
        assert!(text.contains(expiry), "{text}");
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(|value| value.parse::<f64>().ok()).unwrap_or_else(|| panic!("no {name} in {text}"))
        };
        assert!(value("process_cpu_seconds_total") >= 0.0);
        assert!(value("process_max_fds") >= value("process_open_fds"));
        assert!(value("process_resident_memory_bytes") > 1e6 && value("process_open_fds") > 2.0);
        assert!(value("process_start_time_seconds") > 1.7e9);
    }

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
        assert!(text.contains("# EOF") && text.matches("# EOF").count() == 1, "{text}");
        metrics.watch_ends();
        assert!(metrics.expose(&Figures::default()).contains("aliasd_watchers 0"));
    }
}
