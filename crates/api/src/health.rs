//! The standard health service: every service of the node is as healthy as the node is ready. Whoever looks that often
//! also says in the log what becomes of readiness, and counts the leaders it sees.

use std::sync::Arc;
use std::time::Duration;

use aliasd_runtime::{Moment, SharedRuntime};
use aliasd_service::{NodeFailure, Operate};
use aliasd_wire::v1::admin_server::AdminServer;
use aliasd_wire::v1::auth_server::AuthServer;
use aliasd_wire::v1::cluster_server::ClusterServer;
use aliasd_wire::v1::router_server::RouterServer;
use tokio_util::sync::CancellationToken;
use tonic::server::NamedService;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::{Observer, admin, auth, cluster, router};

/// How often readiness is looked at. Load balancers ask far less often.
const INTERVAL: Duration = Duration::from_millis(200);

/// How long a node that starts may take to hear of a leader and to catch up, before it is worth a warning.
const START_TAKES: Duration = Duration::from_secs(15);

/// After how long the log is told again what should be put right.
const WARNED_AGAIN: Duration = Duration::from_secs(86_400);

/// What the log has said of readiness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Said {
    #[default]
    Nothing,
    /// That the node is not ready yet, as every node is for a moment.
    Starting,
    Ready,
    NotReady,
}

/// Keeps the health service true until `stop`. Cluster serves also when the node is not ready.
pub(super) async fn follow_readiness(
    operate: Operate,
    runtime: SharedRuntime,
    observer: Arc<dyn Observer>,
    reporter: HealthReporter,
    stop: CancellationToken,
) {
    let ready_only = [
        "",
        RouterServer::<router::RouterService>::NAME,
        AdminServer::<admin::AdminService>::NAME,
        AuthServer::<auth::AuthService>::NAME,
    ];
    let cluster = ClusterServer::<cluster::ClusterService>::NAME;
    reporter.set_service_status(cluster, ServingStatus::Serving).await;
    // Since when there is something to catch up with.
    let mut started = runtime.now();
    let (mut reported, mut spoken) = (None, Spoken::default());
    let mut leading = None;
    let mut warned = Warned::default();
    loop {
        let leader = operate.leader().map(|leader| leader.node);
        if leader.is_some() && leader != leading {
            observer.leader_changed();
            leading = leader;
        }
        let reasons = operate.not_ready();
        let ready = reasons.is_empty();
        if reasons == [NodeFailure::NotFormed {}] {
            started = runtime.now();
        }
        spoken.say(&reasons, runtime.now() - started);
        warned.warn(&operate.warnings(), runtime.now());
        if reported != Some(ready) {
            let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
            for service in ready_only {
                reporter.set_service_status(service, status).await;
            }
            reported = Some(ready);
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = runtime.sleep(INTERVAL) => {}
        }
    }
    reporter.set_service_status(cluster, ServingStatus::NotServing).await;
}

/// What the log has said of readiness, and for which reasons.
#[derive(Default)]
struct Spoken {
    said: Said,
    reasons: Vec<&'static str>,
}

impl Spoken {
    /// Tells the log what has become of readiness: once what changes, and each reason when it comes.
    fn say(&mut self, reasons: &[NodeFailure], running_for: Duration) {
        let (now, unsaid) = self.hear(reasons, running_for);
        for reason in unsaid {
            let (code, hint, text) = (reason.code(), reason.hint(), reason.message());
            match (now, reason) {
                (Said::Starting, _) => tracing::info!(code, reason = text, "the node is not ready yet"),
                (_, NodeFailure::Stopping {}) => tracing::info!("the node takes no more calls"),
                _ => tracing::warn!(code, reason = text, hint, "the node is not ready"),
            }
        }
        if now == Said::Ready && self.said != now {
            tracing::info!("the node is ready");
        }
        self.said = now;
    }

    /// What is to be said now, and for which reasons that were not there a moment ago.
    fn hear<'r>(&mut self, reasons: &'r [NodeFailure], running_for: Duration) -> (Said, Vec<&'r NodeFailure>) {
        let now = next(self.said, reasons, running_for);
        let codes = reasons.iter().map(NodeFailure::code).collect();
        let before = std::mem::replace(&mut self.reasons, codes);
        let is_unsaid = |reason: &&NodeFailure| now != self.said || !before.contains(&reason.code());
        (now, reasons.iter().filter(is_unsaid).collect())
    }
}

/// The warnings that the log knows of, and since when.
#[derive(Default)]
struct Warned {
    codes: Vec<&'static str>,
    at: Option<Moment>,
}

impl Warned {
    /// Tells the log of warnings, once when they change and then once a day.
    fn warn(&mut self, warnings: &[NodeFailure], now: Moment) {
        let codes: Vec<_> = warnings.iter().map(NodeFailure::code).collect();
        if codes == self.codes && self.at.is_none_or(|at| now - at < WARNED_AGAIN) {
            return;
        }
        for warning in warnings {
            tracing::warn!(code = warning.code(), hint = warning.hint(), "{}", warning.message());
        }
        *self = Self { codes, at: Some(now) };
    }
}

fn next(said: Said, reasons: &[NodeFailure], running_for: Duration) -> Said {
    if reasons.is_empty() {
        return Said::Ready;
    }
    let is_start = matches!(said, Said::Nothing | Said::Starting);
    let passes = |reason: &NodeFailure| match reason {
        // It lasts until somebody forms a cluster.
        NodeFailure::NotFormed {} => true,
        NodeFailure::CatchingUp {} | NodeFailure::Stale { .. } | NodeFailure::Unconfirmed { .. } => {
            running_for < START_TAKES
        }
        _ => false,
    };
    if is_start && reasons.iter().all(passes) { Said::Starting } else { Said::NotReady }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;

    #[test]
    fn a_normal_start_warns_of_nothing() {
        let unconfirmed = [NodeFailure::Unconfirmed { proof: String::new() }];
        assert_eq!(next(Said::Nothing, &unconfirmed, AT_ONCE), Said::Starting);
        assert_eq!(next(Said::Starting, &unconfirmed, AT_ONCE), Said::Starting);
        assert_eq!(next(Said::Starting, &[], AT_ONCE), Said::Ready);
        assert_eq!(next(Said::Starting, &[NodeFailure::NotFormed {}], START_TAKES * 100), Said::Starting);
    }

    #[test]
    fn a_reason_that_follows_another_one_is_told_too_and_each_once() {
        let unconfirmed = [NodeFailure::Unconfirmed { proof: String::new() }];
        let stale = |proof: &str| [NodeFailure::Stale { proof: proof.to_owned() }];
        let mut spoken = Spoken { said: Said::Ready, reasons: Vec::new() };
        let mut told = |reasons: &[NodeFailure]| {
            let (now, unsaid) = spoken.hear(reasons, START_TAKES);
            let codes: Vec<_> = unsaid.into_iter().map(NodeFailure::code).collect();
            spoken.said = now;
            codes
        };
        assert_eq!(told(&unconfirmed), ["UNCONFIRMED"]);
        assert_eq!(told(&unconfirmed), [""; 0]);
        assert_eq!(told(&stale("the last proof is 10.1 s old")), ["STALE"]);
        assert_eq!(told(&stale("the last proof is 10.3 s old")), [""; 0], "it goes on");
        assert_eq!(told(&[]), [""; 0]);
        assert_eq!(told(&unconfirmed), ["UNCONFIRMED"], "it is back");
    }

    #[test]
    fn what_does_not_pass_or_lasts_or_was_better_before_is_a_warning() {
        let unconfirmed = [NodeFailure::Unconfirmed { proof: String::new() }];
        let key_missing = [NodeFailure::KeyMissing { key: String::new(), held: String::new() }];
        assert_eq!(next(Said::Nothing, &key_missing, AT_ONCE), Said::NotReady);
        assert_eq!(next(Said::Starting, &unconfirmed, START_TAKES), Said::NotReady);
        assert_eq!(next(Said::Ready, &unconfirmed, AT_ONCE), Said::NotReady);
        assert_eq!(next(Said::NotReady, &unconfirmed, AT_ONCE), Said::NotReady);
    }
}
