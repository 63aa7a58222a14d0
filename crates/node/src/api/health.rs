//! The standard health service: every service of the node is as healthy as the node is ready. Whoever looks that often
//! also counts the leaders it sees.

use std::sync::Arc;
use std::time::Duration;

use aliasd_service::Operate;
use aliasd_wire::v1::admin_server::AdminServer;
use aliasd_wire::v1::auth_server::AuthServer;
use aliasd_wire::v1::cluster_server::ClusterServer;
use aliasd_wire::v1::router_server::RouterServer;
use tokio_util::sync::CancellationToken;
use tonic::server::NamedService;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use super::{admin, auth, cluster, router};
use crate::observe::metrics::Metrics;

/// How often readiness is looked at. Load balancers ask far less often.
const INTERVAL: Duration = Duration::from_millis(200);

/// Keeps the health service true until `stop`. Cluster serves also when the node is not ready.
pub(super) async fn follow_readiness(
    operate: Operate,
    metrics: Arc<Metrics>,
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
    let mut reported = None;
    let mut leading = None;
    loop {
        let leader = operate.leader().map(|leader| leader.node);
        if leader.is_some() && leader != leading {
            metrics.leader_changed();
            leading = leader;
        }
        let ready = operate.not_ready().is_empty();
        if reported != Some(ready) {
            let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
            for service in ready_only {
                reporter.set_service_status(service, status).await;
            }
            log_readiness(&operate, ready);
            reported = Some(ready);
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
    reporter.set_service_status(cluster, ServingStatus::NotServing).await;
}

fn log_readiness(operate: &Operate, ready: bool) {
    if ready {
        tracing::info!("the node is ready");
        return;
    }
    for reason in operate.not_ready() {
        tracing::warn!(code = reason.code(), reason = %reason.message(), hint = reason.hint(), "the node is not ready");
    }
}
