//! Metrics, liveness and readiness over plain HTTP, for the machinery around a node. Read-only and without login: it
//! shows figures and codes, never a name of the catalog.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use aliasd_service::Session;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves until `stop`.
///
/// # Errors
/// The listener cannot be used any more.
pub async fn serve(listener: TcpListener, session: Arc<Session>, stop: CancellationToken) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .with_state(session);
    axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned()).await
}

async fn metrics(State(session): State<Arc<Session>>) -> impl IntoResponse {
    let text = session.metrics().expose(&session.reading());
    ([(header::CONTENT_TYPE, OPENMETRICS)], text)
}

/// A node is alive as long as its replica works; starting it again may help when it does not.
async fn live(State(session): State<Arc<Session>>) -> impl IntoResponse {
    match session.stopped() {
        None => (StatusCode::OK, "alive\n".to_owned()),
        Some(fault) => (StatusCode::SERVICE_UNAVAILABLE, format!("{}: {}\n", fault.code(), fault.message())),
    }
}

async fn ready(State(session): State<Arc<Session>>) -> impl IntoResponse {
    let reasons = session.not_ready();
    if reasons.is_empty() {
        return (StatusCode::OK, "ready\n".to_owned());
    }
    let lines = reasons.iter().map(|fault| format!("{}: {}\n", fault.code(), fault.message()));
    (StatusCode::SERVICE_UNAVAILABLE, lines.collect())
}
