//! What stands in front of every service on the clients' listener: no call passes that the table does not let in.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use aliasd_runtime::SharedRuntime;
use aliasd_service::authenticate::{Authenticate, Call, IncomingCall};
use aliasd_service::identity::ClientConnection;
use aliasd_service::{Failure, NodeFailure};
use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};

use crate::deadline::AnswerBy;
use crate::{Observer, Proof, failure, paths};

/// Lets only those calls through that may begin, with who calls among their extensions, and counts the answers.
#[derive(Clone)]
pub struct AccessLayer(Arc<Guard>);

/// What each call needs, behind one count of references: a call that cloned all of it would touch a dozen.
struct Guard {
    runtime: SharedRuntime,
    authenticate: Authenticate,
    observer: Arc<dyn Observer>,
}

impl AccessLayer {
    pub(crate) fn new(runtime: SharedRuntime, authenticate: Authenticate, observer: Arc<dyn Observer>) -> Self {
        Self(Arc::new(Guard { runtime, authenticate, observer }))
    }
}

impl fmt::Debug for AccessLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessLayer").finish_non_exhaustive()
    }
}

impl<S> Layer<S> for AccessLayer {
    type Service = Access<S>;

    fn layer(&self, inner: S) -> Access<S> {
        Access { layer: self.clone(), inner }
    }
}

/// A service behind the layer.
#[derive(Clone, Debug)]
pub struct Access<S> {
    layer: AccessLayer,
    inner: S,
}

impl<S> Service<Request<Body>> for Access<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The service that was polled ready is the one to call; its clone may not be.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let guard = Arc::clone(&self.layer.0);
        let arrived = guard.runtime.now();
        Box::pin(async move {
            let Some((path, call)) = paths::for_clients(request.uri().path()) else {
                guard.observer.answered("unknown", "12", guard.runtime.now() - arrived);
                return Ok(refuse(NodeFailure::UnknownCall {}.into()));
            };
            let answer_by = AnswerBy::of(request.headers(), arrived);
            request.extensions_mut().insert(answer_by);
            let response = match admit(&guard.authenticate, path, call, answer_by, &mut request).await {
                Ok(proof) => {
                    let response = inner.call(request).await?;
                    // Whoever may log in is known, with or without another call.
                    if call == Call::LogIn && status(&response) == "0" {
                        proof.give();
                    }
                    response
                }
                Err(failure) => refuse(failure),
            };
            guard.observer.answered(path, status(&response), guard.runtime.now() - arrived);
            Ok(response)
        })
    }
}

/// A status that is known from the start stands in the headers; one that comes later means a stream began.
fn status(response: &Response<Body>) -> &str {
    response.headers().get("grpc-status").and_then(|value| value.to_str().ok()).unwrap_or("0")
}

/// Lets a call in. Whoever makes it has proved something, unless it is one that anybody may make.
async fn admit(
    authenticate: &Authenticate,
    path: &'static str,
    call: Call,
    AnswerBy(answer_by): AnswerBy,
    request: &mut Request<Body>,
) -> Result<Proof, Failure> {
    let connection = request.extensions().get::<ClientConnection>().cloned();
    let connection = connection.ok_or_else(|| Failure::bug("a call came without its connection"))?;
    // Where there is no listener, nobody waits for one.
    let proof = request.extensions().get::<Proof>().cloned().unwrap_or_default();
    let authorization = request.headers().get(AUTHORIZATION).map(|value| value.as_bytes());
    let attempt = IncomingCall { call, name: path, connection: &connection, answer_by };
    let caller = authenticate.admit(attempt, authorization).await?;
    // Services have no use for it, and what is not there cannot be logged.
    request.headers_mut().remove(AUTHORIZATION);
    if caller.is_some() || call == Call::FormCluster {
        proof.give();
    }
    if let Some(caller) = caller {
        request.extensions_mut().insert(caller);
    }
    Ok(proof)
}

fn refuse(failure: Failure) -> Response<Body> {
    failure::status(failure).into_http()
}
