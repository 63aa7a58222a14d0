//! The gate in front of every service on the clients' listener: no call passes that the table does not let in.

use std::sync::Arc;
use std::task::{Context, Poll};

use aliasd_wire::error::Error;
use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};

use aliasd_service::access::{self, Call};
use aliasd_service::identity::ClientConnection;
use aliasd_service::{Fault, Session};

/// Puts the gate before a service.
#[derive(Clone)]
pub(super) struct GateLayer(pub(super) Arc<Session>);

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate { session: Arc::clone(&self.0), inner }
    }
}

/// Lets calls in, with the proof of who calls among their extensions, and counts the answers.
#[derive(Clone)]
pub(super) struct Gate<S> {
    session: Arc<Session>,
    inner: S,
}

impl<S> Service<Request<Body>> for Gate<S>
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
        let session = Arc::clone(&self.session);
        Box::pin(async move {
            let Some(call) = access::for_clients(request.uri().path()) else {
                session.metrics().answered("unknown", "12");
                return Ok(refuse(&Fault::UnknownCall {}.into()));
            };
            let response = match admit(&session, call, &mut request).await {
                Ok(()) => inner.call(request).await?,
                Err(error) => refuse(&error),
            };
            // A status that is known from the start stands in the headers; one that comes later means a stream began.
            let status = response.headers().get("grpc-status").and_then(|value| value.to_str().ok());
            session.metrics().answered(call.path, status.unwrap_or("0"));
            Ok(response)
        })
    }
}

async fn admit(session: &Session, call: &Call, request: &mut Request<Body>) -> Result<(), Error> {
    let connection = request.extensions().get::<ClientConnection>().cloned();
    let connection = connection.ok_or_else(|| Error::bug("a call came without its connection"))?;
    let authorization = request.headers().get(AUTHORIZATION).map(|value| value.as_bytes());
    let proof = session.admit(call, authorization, &connection).await?;
    // Services have no use for it, and what is not there cannot be logged.
    request.headers_mut().remove(AUTHORIZATION);
    if let Some(proof) = proof {
        request.extensions_mut().insert(proof);
    }
    Ok(())
}

fn refuse(error: &Error) -> Response<Body> {
    error.to_status().into_http()
}
