//! One connection to a remote DBMS, logged in with what the alias holds.
//!
//! Whoever drops a future of it that has begun to write must drop the connection too. Waiting for what the server says can be
//! given up at any time.

use std::io;
use std::time::{Duration, Instant};

use aliasd_bolt::{
    AuthToken, ClientConnection, ClientEvent, ClientHandshake, ClientHandshakeStep, Dialect, Hello, Limits, Map,
    Request, Response, Secret, Version,
};
use aliasd_tls::worded;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_util::either::Either;

use super::Stream;
use super::address::RemoteTarget;
use super::error::RemoteError;
use super::tls::RemoteTls;

/// What the server is told of its client.
const AGENT: &str = concat!("aliasd-gateway/", env!("CARGO_PKG_VERSION"));
/// How much is read at once, in bytes.
const READ_BYTES: usize = 32 * 1024;

/// A connection on which the alias's user is logged in.
pub(crate) struct RemoteConnection {
    stream: Stream,
    client: ClientConnection,
    input: Vec<u8>,
    opened_at: Instant,
}

impl RemoteConnection {
    /// Connects and logs in. The version is the newest that the server has and that goes with the client's: its rows can be
    /// passed on unread.
    pub(crate) async fn open(
        target: &RemoteTarget,
        front: Dialect,
        tls: &RemoteTls,
        limits: Limits,
        within: Duration,
    ) -> Result<Self, RemoteError> {
        let opening = async {
            let stream = connect(target, tls).await?;
            let mut connection = handshake(stream, front, limits).await?;
            connection.log_in(target, front).await?;
            Ok(connection)
        };
        timeout(within, opening).await.unwrap_or(Err(RemoteError::ConnectTimeout(within)))
    }

    /// How values are written.
    pub(crate) fn dialect(&self) -> Dialect {
        self.client.dialect()
    }

    /// When it was made.
    pub(super) fn opened_at(&self) -> Instant {
        self.opened_at
    }

    /// Whether another transaction could use it now.
    pub(crate) fn is_idle(&self) -> bool {
        self.client.is_idle()
    }

    /// How many requests wait for the end of their answer.
    pub(crate) fn pending(&self) -> usize {
        self.client.pending()
    }

    /// Has the server give up whatever is under way. True if another transaction could use the connection then.
    pub(super) async fn reset(&mut self) -> Result<bool, RemoteError> {
        self.queue(&Request::Reset)?;
        self.flush().await?;
        while self.pending() > 0 {
            self.answer().await?;
        }
        Ok(self.is_idle())
    }

    /// Whether the server has said something that nobody asked for, or closed the connection: it is of no use then.
    pub(super) async fn has_ended(&mut self) -> bool {
        let mut byte = [0];
        tokio::select! {
            biased;
            _ = self.stream.read(&mut byte) => true,
            () = std::future::ready(()) => false,
        }
    }

    /// Puts a request behind those that are to be sent.
    pub(crate) fn queue(&mut self, request: &Request) -> Result<(), RemoteError> {
        self.client.send(request).map_err(RemoteError::Send)
    }

    /// Sends what is queued.
    pub(crate) async fn flush(&mut self) -> Result<(), RemoteError> {
        let output = zeroize::Zeroizing::new(self.client.take_output());
        self.stream.write_all(&output).await.map_err(RemoteError::Lost)?;
        self.stream.flush().await.map_err(RemoteError::Lost)
    }

    /// What the server has said and was received, if it is whole.
    pub(crate) fn next_event(&mut self) -> Result<Option<ClientEvent<'_>>, RemoteError> {
        self.client.next_event().map_err(RemoteError::Protocol)
    }

    /// Waits until more of what the server says is there.
    pub(crate) async fn receive(&mut self) -> Result<(), RemoteError> {
        let read = self.stream.read(&mut self.input).await.map_err(RemoteError::Lost)?;
        if read == 0 {
            return Err(RemoteError::Lost(io::ErrorKind::UnexpectedEof.into()));
        }
        self.client.receive(&self.input[..read]);
        Ok(())
    }

    /// The end of the next answer. Rows before it are passed over.
    pub(crate) async fn answer(&mut self) -> Result<Response, RemoteError> {
        loop {
            match self.next_event()? {
                Some(ClientEvent::Answered { response, .. }) => return Ok(response),
                Some(ClientEvent::Records { .. }) => {}
                None => self.receive().await?,
            }
        }
    }

    async fn log_in(&mut self, target: &RemoteTarget, front: Dialect) -> Result<(), RemoteError> {
        let version = self.dialect().version();
        let secret = Secret::new(target.password.expose().to_owned());
        let token = AuthToken::basic(&target.user, secret);
        let address = format!("{}:{}", target.host, target.port);
        let hello = Hello {
            user_agent: AGENT.to_owned(),
            bolt_agent: Some(Map::new().with("product", AGENT)),
            routing: target.is_routed.then(|| Map::new().with("address", address)),
            auth: (!version.has_logon()).then(|| token.clone()),
            patches: if front.is_utc() { vec!["utc".to_owned()] } else { Vec::new() },
            ..Hello::default()
        };
        self.queue(&Request::Hello(hello))?;
        if version.has_logon() {
            self.queue(&Request::Logon(token))?;
        }
        self.flush().await?;
        accepted(self.answer().await?)?;
        if version.has_logon() {
            accepted(self.answer().await?)?;
        }
        // Asked of the connection, which knows what was granted.
        if front.includes(self.dialect()) { Ok(()) } else { Err(RemoteError::NoPatch) }
    }
}

fn accepted(response: Response) -> Result<(), RemoteError> {
    match response {
        Response::Success(_) => Ok(()),
        Response::Failure(failure) => Err(RemoteError::Refused { code: failure.code }),
        Response::Ignored | Response::Record(_) => Err(RemoteError::Refused { code: "IGNORED".to_owned() }),
    }
}

async fn connect(target: &RemoteTarget, tls: &RemoteTls) -> Result<Stream, RemoteError> {
    let RemoteTarget { host, port, .. } = target;
    let failed = |source| RemoteError::Connect { host: host.clone(), port: *port, source };
    let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    let Some(config) = tls.config(target.encryption) else { return Ok(Either::Left(stream)) };
    let name = ServerName::try_from(host.clone()).map_err(|_| RemoteError::Address)?;
    let stream = TlsConnector::from(config).connect(name, stream).await;
    let refused = |error| RemoteError::Tls { host: host.clone(), port: *port, source: worded(error) };
    let stream = stream.map_err(refused)?;
    Ok(Either::Right(Box::new(stream.into())))
}

/// The versions of a server whose rows a client with this dialect can read unchanged.
fn versions_for(front: Dialect) -> Vec<Version> {
    let goes_with = |version: &Version| {
        let back = Dialect::new(*version);
        // No server was ever published with 5.5.
        *version != Version::V5_5 && front.includes(if front.is_utc() { back.patched() } else { back })
    };
    Version::ALL.into_iter().filter(goes_with).collect()
}

async fn handshake(mut stream: Stream, front: Dialect, limits: Limits) -> Result<RemoteConnection, RemoteError> {
    let mut handshake = ClientHandshake::new(&versions_for(front));
    stream.write_all(&handshake.opening()).await.map_err(RemoteError::Lost)?;
    stream.flush().await.map_err(RemoteError::Lost)?;
    let mut input = vec![0; READ_BYTES];
    loop {
        let read = stream.read(&mut input).await.map_err(RemoteError::Lost)?;
        if read == 0 {
            return Err(RemoteError::Lost(io::ErrorKind::UnexpectedEof.into()));
        }
        match handshake.receive(&input[..read]).map_err(RemoteError::Handshake)? {
            ClientHandshakeStep::Continue => {}
            ClientHandshakeStep::Agreed { version, reply, rest } => {
                stream.write_all(&reply).await.map_err(RemoteError::Lost)?;
                let mut client = ClientConnection::new(version, limits);
                client.receive(&rest);
                return Ok(RemoteConnection { stream, client, input, opened_at: Instant::now() });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_offered_what_its_client_can_read() {
        let plain = Dialect::new(Version::V4_4);
        assert_eq!(versions_for(plain), [Version::V4_4]);
        assert_eq!(versions_for(plain.patched()), [Version::V4_4]);
        let offered = versions_for(Dialect::new(Version::V5_8));
        assert_eq!((offered.first(), offered.last()), (Some(&Version::V5_0), Some(&Version::V5_8)));
        assert!(!offered.contains(&Version::V5_5));
        assert!(versions_for(Dialect::new(Version::V6_1)).contains(&Version::V6_0));
    }
}
