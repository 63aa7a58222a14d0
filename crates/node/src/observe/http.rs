//! Metrics, liveness and readiness over plain HTTP, for the machinery around a node. Read-only and without login: it
//! shows figures and codes, never a name of the catalog.
//!
//! A connection is for one question, which has to come soon and whose answer has to be read soon.

use std::sync::Arc;
use std::time::Duration;

use aliasd_service::{NodeFailure, Operate};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::metrics::Metrics;
use crate::admission::{Admission, ConnectionLimits, Place};

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is shown.
#[derive(Clone)]
struct Shown {
    operate: Operate,
    metrics: Arc<Metrics>,
}

/// How long a caller may take to ask.
const QUESTION_WITHIN: Duration = Duration::from_secs(5);
/// How long a connection lasts: until the answer is read.
const CONNECTION_WITHIN: Duration = Duration::from_secs(10);
/// How long to wait before accepting again after the system refused.
const REFUSED_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop`. Whoever finds no room is closed without a word.
pub async fn serve(
    listener: TcpListener,
    limits: ConnectionLimits,
    operate: Operate,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
) {
    let routes = Router::new()
        .route("/metrics", get(expose))
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .with_state(Shown { operate, metrics });
    let admission = Admission::new(limits);
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, remote)) = accepted else {
            tokio::time::sleep(REFUSED_PAUSE).await;
            continue;
        };
        if let Ok(place) = admission.admit(remote.ip()) {
            connections.spawn(answer(stream, place, routes.clone()));
        }
    }
    connections.close();
    connections.wait().await;
}

/// Answers one question.
async fn answer(stream: TcpStream, place: Place, routes: Router) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(QUESTION_WITHIN)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    // Whoever asks nothing, or nothing that makes sense, is not worth a line.
    let _ = tokio::time::timeout(CONNECTION_WITHIN, connection).await;
    drop(place);
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
    let warnings: String = operate.alarms().iter().map(|alarm| line("warning", alarm)).collect();
    if reasons.is_empty() {
        return (StatusCode::OK, format!("ready\n{warnings}"));
    }
    let reasons: String = reasons.iter().map(|reason| line("not ready", reason)).collect();
    (StatusCode::SERVICE_UNAVAILABLE, format!("{reasons}{warnings}"))
}

/// The code alone, since anybody may ask: the log and the status, which needs a login, say the rest.
fn line(what: &str, failure: &NodeFailure) -> String {
    format!("{what}: {}\n", failure.code())
}
