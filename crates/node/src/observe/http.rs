//! Metrics, liveness and readiness over plain HTTP, for the machinery around a node. Read-only and without login: it
//! shows figures and codes, never a name of the catalog.

use std::sync::Arc;

use aliasd_service::{NodeFailure, Operate};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::metrics::Metrics;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is shown.
#[derive(Clone)]
struct Shown {
    operate: Operate,
    metrics: Arc<Metrics>,
}

/// Serves until `stop`.
///
/// # Errors
/// The listener cannot be used any more.
pub async fn serve(
    listener: TcpListener,
    operate: Operate,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/metrics", get(expose))
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .with_state(Shown { operate, metrics });
    axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned()).await
}

async fn expose(State(Shown { operate, metrics }): State<Shown>) -> impl IntoResponse {
    let text = metrics.expose(&operate.figures());
    ([(header::CONTENT_TYPE, OPENMETRICS)], text)
}

/// A node is alive as long as its replica works; starting it again may help when it does not.
async fn live(State(Shown { operate, .. }): State<Shown>) -> impl IntoResponse {
    match operate.ended() {
        None => (StatusCode::OK, "alive\n".to_owned()),
        Some(failure) => (StatusCode::SERVICE_UNAVAILABLE, format!("stopped: {}\n", failure.code())),
    }
}

async fn ready(State(Shown { operate, .. }): State<Shown>) -> impl IntoResponse {
    let reasons = operate.not_ready();
    if reasons.is_empty() {
        return (StatusCode::OK, "ready\n".to_owned());
    }
    (StatusCode::SERVICE_UNAVAILABLE, reasons.iter().map(line).collect())
}

/// The code alone, since anybody may ask: the log and the status, which needs a login, say the rest.
fn line(failure: &NodeFailure) -> String {
    format!("not ready: {}\n", failure.code())
}
