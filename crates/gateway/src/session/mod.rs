//! One client: a task that owns its connection, and the connection to a remote DBMS while it has one.
//!
//! [`serve`] is the life of it. What becomes of a request is in a file for each kind: `login`, `place` (where it goes), `open`
//! (how it gets there), `relay`, `system`.

mod front;
mod login;
mod open;
mod place;
mod relay;
mod system;
mod values;

use std::net::SocketAddr;
use std::sync::Arc;

use aliasd_bolt::{
    Failure, Map, NotificationFilter, Request, Response, ServerAction, ServerHandshake, ServerHandshakeStep, State,
    Version,
};
use aliasd_client::{Ended, error_chain};
use aliasd_tls::worded;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::either::Either;

use self::front::{Disturbance, Front};
use self::login::User;
use self::place::Place;
use crate::gateway::Gateway;
use crate::remote::Stream;

/// The versions that are offered. No server was ever published with 5.5.
const VERSIONS: [Version; 11] = [
    Version::V4_4,
    Version::V5_0,
    Version::V5_1,
    Version::V5_2,
    Version::V5_3,
    Version::V5_4,
    Version::V5_6,
    Version::V5_7,
    Version::V5_8,
    Version::V6_0,
    Version::V6_1,
];

/// What a browser is told, and whatever else speaks HTTP.
const NO_HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 60\r\n\
    Connection: close\r\n\r\nThis port speaks Bolt, and neither HTTP nor WebSocket here.\n";

/// A client that has agreed on a version.
struct Session {
    front: Front,
    version: Version,
    gateway: Arc<Gateway>,
    peer: SocketAddr,
    number: u64,
    user: Option<User>,
    /// Until when somebody has to be logged in.
    login_by: Instant,
    /// Where the client says that it came to, if it wants to be routed.
    came_to: Option<String>,
    /// What HELLO said of notifications.
    notifications: NotificationFilter,
    place: Place,
    stopping: watch::Receiver<bool>,
}

/// What a session waited for.
enum Next {
    /// Bytes were sent or received.
    Moved,
    /// The alias of the transaction may have changed.
    Changed(Ended),
    /// The session is to end.
    End,
}

/// Serves a client to its end.
pub(crate) async fn serve(stream: TcpStream, peer: SocketAddr, gateway: Arc<Gateway>, stopping: watch::Receiver<bool>) {
    let login_by = Instant::now() + gateway.authentication_timeout;
    let opened = timeout_at(login_by, open(stream, &gateway)).await;
    let (stream, version, rest) = match opened {
        Ok(Ok(Some(opened))) => opened,
        Ok(Ok(None)) => return,
        Ok(Err(error)) => {
            return tracing::debug!(%peer, error = error_chain(&error), "no connection was made");
        }
        Err(_) => return tracing::debug!(%peer, "no version was agreed on in time"),
    };
    let session = Session {
        front: Front::new(stream, version, gateway.greeting_limits, &rest),
        version,
        number: gateway.next_session(),
        gateway,
        peer,
        user: None,
        login_by,
        came_to: None,
        notifications: NotificationFilter::default(),
        place: Place::Nowhere,
        stopping,
    };
    session.run().await;
}

/// TLS, if it is spoken here, and the agreement on a version. None if the client was turned away with an answer.
async fn open(stream: TcpStream, gateway: &Gateway) -> std::io::Result<Option<(Stream, Version, Vec<u8>)>> {
    stream.set_nodelay(true)?;
    let mut stream = match &gateway.tls {
        None => Either::Left(stream),
        Some(acceptor) => Either::Right(Box::new(acceptor.accept(stream).await.map_err(worded)?.into())),
    };
    let mut handshake = ServerHandshake::new(&VERSIONS);
    let mut input = [0; 1024];
    loop {
        let read = stream.read(&mut input).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        match handshake.receive(&input[..read]) {
            Ok(ServerHandshakeStep::Continue { reply }) => {
                // In one piece: there are clients that expect it in the first bytes that they receive.
                stream.write_all(&reply).await?;
                stream.flush().await?;
            }
            Ok(ServerHandshakeStep::Agreed { version, reply, rest }) => {
                stream.write_all(&reply).await?;
                stream.flush().await?;
                return Ok(Some((stream, version, rest)));
            }
            Ok(ServerHandshakeStep::Refused { reply }) => {
                stream.write_all(&reply).await?;
                stream.shutdown().await?;
                return Ok(None);
            }
            Err(error) if error.is_http() => {
                stream.write_all(NO_HTTP).await?;
                stream.shutdown().await?;
                return Ok(None);
            }
            Err(error) => return Err(std::io::Error::other(error)),
        }
    }
}

// === impl Session ===

impl Session {
    async fn run(mut self) {
        loop {
            while let Some(action) = self.front.server.next_action() {
                match action {
                    ServerAction::Perform(request) => {
                        if self.perform(*request).await == Err(Disturbance::Gone) {
                            return;
                        }
                    }
                    // Nothing is being performed.
                    ServerAction::Interrupt => {}
                    ServerAction::Close(error) => {
                        if let Some(error) = error {
                            let (peer, error) = (self.peer, error_chain(&error));
                            tracing::debug!(%peer, error, "a client broke the protocol");
                        }
                        return self.front.close().await;
                    }
                }
            }
            match self.wait().await {
                Next::Moved => {}
                Next::Changed(ended) => {
                    if self.end_transaction(ended).await == Err(Disturbance::Gone) {
                        return;
                    }
                }
                Next::End => return self.front.close().await,
            }
        }
    }

    /// Waits for the client, for a change of the alias that a transaction goes through, for the time by which somebody has to
    /// be logged in, and for the end of the gateway.
    async fn wait(&mut self) -> Next {
        let state = self.front.server.state();
        let is_at_rest = matches!(self.place, Place::Nowhere | Place::Ended(_)) && state != State::Streaming;
        let guard = self.place.guard();
        let changed = async {
            match guard {
                Some(guard) => guard.changed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            turned = self.front.turn() => if turned.is_ok() { Next::Moved } else { Next::End },
            ended = changed => Next::Changed(ended),
            () = sleep_until(self.login_by), if self.user.is_none() => Next::End,
            // An error means that the gateway is gone already.
            _ = self.stopping.wait_for(|stopping| *stopping), if is_at_rest => Next::End,
        }
    }

    /// Does what a request asks, and answers it.
    async fn perform(&mut self, request: Request) -> Result<(), Disturbance> {
        match self.answer(request).await {
            Ok(response) => self.front.answer(&response),
            Err(Disturbance::Interrupted) => {
                // A connection to a remote DBMS is dropped with whatever is under way on it.
                self.place = Place::Nowhere;
                self.front.answer(&Response::Ignored);
            }
            Err(Disturbance::Gone) => return Err(Disturbance::Gone),
        }
        Ok(())
    }

    async fn answer(&mut self, request: Request) -> Result<Response, Disturbance> {
        match request {
            Request::Hello(hello) => self.greet(hello).await,
            Request::Logon(token) => self.log_on(token).await,
            Request::Logoff => {
                self.user = None;
                self.login_by = Instant::now() + self.gateway.authentication_timeout;
                self.front.server.set_limits(self.gateway.greeting_limits);
                Ok(success())
            }
            Request::Telemetry(_) => Ok(success()),
            // Never handed out: it has no answer.
            Request::Goodbye => Err(Disturbance::Gone),
            Request::Reset => {
                std::mem::take(&mut self.place).reset();
                Ok(success())
            }
            Request::Route(route) => self.route(route).await,
            Request::Begin(extra) => self.begin(extra).await,
            Request::Run(run) => self.query(run).await,
            Request::Pull(_) | Request::Discard(_) => self.fetch(&request).await,
            Request::Commit => self.commit().await,
            Request::Rollback => self.rollback().await,
        }
    }
}

/// SUCCESS with nothing to say.
fn success() -> Response {
    Response::Success(Map::new())
}

/// FAILURE.
fn refused(failure: Failure) -> Response {
    Response::Failure(failure)
}
