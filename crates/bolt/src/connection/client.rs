//! The end that asks.
//!
//! [`ClientConnection::send`] takes requests, any number before the first answer is there; [`ClientConnection::take_output`]
//! returns the bytes to send, [`ClientConnection::receive`] takes those that come, and [`ClientConnection::next_event`] says
//! what they are: rows, which are left as they came, and the end of each answer, in the order of the requests.

use std::collections::VecDeque;

use super::error::{ProtocolError, SendError};
use super::server::{has_patch, success};
use super::state::{Admission, Asked, Outcome, Session, State};
use crate::chunk::{Dechunker, Scanner, put_chunks};
use crate::limits::Limits;
use crate::message::{MessageError, Request, RequestKind, Response, ResponseKind};
use crate::packstream::Value;
use crate::version::{Dialect, Version};

/// A connection, as its client sees it, from the end of the handshake on.
#[derive(Debug)]
pub struct ClientConnection {
    session: Session,
    dialect: Dialect,
    limits: Limits,
    dechunker: Dechunker,
    pending: VecDeque<Asked>,
    output: Vec<u8>,
}

/// Reads rows that came as [`ClientEvent::Records`].
///
/// # Errors
/// If they are none, or cannot be read.
pub fn read_records(frames: &[u8], dialect: Dialect, limits: Limits) -> Result<Vec<Vec<Value>>, ProtocolError> {
    let mut scanner = Scanner::new(limits);
    let (mut rest, mut rows) = (frames, Vec::new());
    while let Some(frame) = scanner.scan(rest).map_err(ProtocolError::Chunk)? {
        rest = rest.get(frame.raw().len()..).unwrap_or_default();
        if frame.is_noop() {
            continue;
        }
        match Response::read(&frame.message(), dialect, limits).map_err(ProtocolError::Message)? {
            Response::Record(values) => rows.push(values),
            other => return Err(ProtocolError::Unexpected { response: other.kind(), request: None }),
        }
    }
    Ok(rows)
}

/// What a server said.
#[derive(Debug, PartialEq)]
pub enum ClientEvent<'a> {
    /// Rows of the PULL that is the next to be answered, one or more.
    Records {
        /// As they came, in chunks, perhaps with signs of life between them: to be sent on, or read with
        /// [`read_records`].
        frames: &'a [u8],
        /// How many.
        rows: usize,
    },
    /// The end of an answer.
    Answered {
        /// What was asked.
        request: RequestKind,
        /// Never [`Response::Record`].
        response: Response,
    },
}

impl ClientConnection {
    /// Where HELLO has to be sent.
    pub fn new(version: Version, limits: Limits) -> Self {
        Self {
            session: Session::new(version),
            dialect: version.into(),
            limits,
            dechunker: Dechunker::new(limits),
            pending: VecDeque::new(),
            output: Vec::new(),
        }
    }

    /// Where the server stands after the answers that were returned.
    pub fn state(&self) -> State {
        self.session.state
    }

    /// How values are written. In 4.4 it can change when HELLO is answered.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How many requests wait for the end of their answer.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Whether another one could use the connection now.
    pub fn is_idle(&self) -> bool {
        self.pending.is_empty() && self.session.state == State::Ready && self.dechunker.waiting() == 0
    }

    /// Takes a request.
    ///
    /// # Errors
    /// If the version does not have it, the server would refuse or ignore it for certain, or a value in it is none that the
    /// connection has; nothing is sent then. While answers are open, only the server can say what is right.
    ///
    /// Neo4j 5.26 and 2026.09 do not ignore BEGIN, LOGON and LOGOFF after a failure, or before a RESET that arrives with them:
    /// they close the connection. Whoever wants to keep it sends RESET behind those only when they are answered.
    pub fn send(&mut self, request: &Request) -> Result<(), SendError> {
        let (kind, version, state) = (request.kind(), self.dialect.version(), self.session.state);
        if !kind.is_in(version) {
            return Err(SendError::NotInVersion { request: kind, version });
        }
        let is_refused = self.pending.is_empty() && state.admission(kind) != Admission::Perform;
        if is_refused || state == State::Defunct {
            return Err(SendError::OutOfState { request: kind, state });
        }
        let message = request.write(self.dialect).map_err(SendError::Value)?;
        put_chunks(&message, &mut self.output);
        if kind == RequestKind::Goodbye {
            // No answer will come, neither to this nor to what was asked before.
            self.pending.clear();
            self.session.go(State::Defunct);
        } else {
            self.pending.push_back(request.into());
        }
        Ok(())
    }

    /// What is to be sent. Behind HELLO and LOGON it holds what proves who the user is.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// Takes what was received.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.dechunker.push(bytes);
    }

    /// What the server said next, if all of it is there.
    ///
    /// # Errors
    /// If the server does not keep to the protocol; the connection is of no use after that.
    pub fn next_event(&mut self) -> Result<Option<ClientEvent<'_>>, ProtocolError> {
        if self.session.state == State::Defunct && self.pending.is_empty() {
            return Ok(None);
        }
        let run = self.dechunker.measure_run(ResponseKind::Record.tag());
        let (bytes, rows) = run.map_err(|error| self.broken(ProtocolError::Chunk(error)))?;
        if rows > 0 {
            let asked = self.pending.front().copied();
            if !asked.is_some_and(|asked| asked.kind == RequestKind::Pull && self.may_answer(asked)) {
                return Err(self.unexpected(ResponseKind::Record));
            }
            return Ok(Some(ClientEvent::Records { frames: self.dechunker.take_run(bytes), rows }));
        }
        self.dechunker.take_run(bytes);
        let message = match self.dechunker.next_frame() {
            Ok(Some(frame)) => Response::read(&frame.message(), self.dialect, self.limits),
            Ok(None) => return Ok(None),
            Err(error) => return Err(self.broken(ProtocolError::Chunk(error))),
        };
        let response = message.map_err(|error: MessageError| self.broken(ProtocolError::Message(error)))?;
        let request = self.settle(&response)?;
        Ok(Some(ClientEvent::Answered { request, response }))
    }

    /// Moves the state, and returns what was answered.
    fn settle(&mut self, response: &Response) -> Result<RequestKind, ProtocolError> {
        let Some(asked) = self.pending.front().copied() else { return Err(self.unexpected(response.kind())) };
        let outcome = match response {
            Response::Success(map) if self.may_answer(asked) => {
                if asked.kind == RequestKind::Hello && has_patch(map) {
                    self.dialect = self.dialect.patched();
                }
                success(map)
            }
            // In place of IGNORED, it is the last that a server says.
            Response::Failure(_) => Outcome::Failure,
            Response::Ignored if self.may_ignore() => Outcome::Ignored,
            other => return Err(self.unexpected(other.kind())),
        };
        let is_last = outcome == Outcome::Failure && !self.may_answer(asked);
        self.pending.pop_front();
        self.session.settle(asked, outcome);
        if is_last {
            self.session.go(State::Defunct);
        }
        let is_reset_behind = self.is_reset_behind(0);
        if outcome == Outcome::Ignored && is_reset_behind && self.session.state != State::Failed {
            self.session.go(State::Interrupted);
        }
        if self.session.state == State::Defunct {
            self.pending.clear();
        }
        Ok(asked.kind)
    }

    /// Whether a request can be answered with anything but IGNORED: not after a failure or an interruption, but for RESET.
    fn may_answer(&self, asked: Asked) -> bool {
        asked.kind == RequestKind::Reset || !matches!(self.session.state, State::Failed | State::Interrupted)
    }

    /// Whether the next request can be answered with IGNORED: after a failure, or before a RESET.
    fn may_ignore(&self) -> bool {
        let is_reset = self.pending.front().is_some_and(|asked| asked.kind == RequestKind::Reset);
        self.is_reset_behind(1) || (!is_reset && self.session.state == State::Failed)
    }

    /// Whether there is a RESET among the requests, without the first so many.
    fn is_reset_behind(&self, first: usize) -> bool {
        self.pending.iter().skip(first).any(|asked| asked.kind == RequestKind::Reset)
    }

    fn unexpected(&mut self, response: ResponseKind) -> ProtocolError {
        let request = self.pending.front().map(|asked| asked.kind);
        self.broken(ProtocolError::Unexpected { response, request })
    }

    fn broken(&mut self, error: ProtocolError) -> ProtocolError {
        self.session.go(State::Defunct);
        self.pending.clear();
        error
    }
}
