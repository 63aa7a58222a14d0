//! The end that answers.
//!
//! # Life of a request
//!
//! 1. [`ServerConnection::receive`] takes bytes. A RESET or GOODBYE among them interrupts what is being performed at once,
//!    wherever it stands in the queue.
//! 2. [`ServerConnection::next_action`] hands out one request at a time, in order. What has to be ignored or refused is
//!    answered here and never handed out.
//! 3. [`ServerConnection::answer`] takes rows and then the end of the answer, which moves the state.
//! 4. [`ServerConnection::take_output`] returns the bytes to send.

use std::collections::VecDeque;

use zeroize::Zeroizing;

use super::error::{AnswerError, ProtocolError};
use super::state::{Admission, Asked, Outcome, Session, State};
use crate::chunk::{ChunkError, Dechunker, put_chunks};
use crate::limits::Limits;
use crate::message::{Failure, GqlStatus, MessageError, MessageErrorKind, Request, RequestKind, Response};
use crate::packstream::{Map, Value};
use crate::version::{Dialect, Version};

/// A connection, as its server sees it, from the end of the handshake on.
#[derive(Debug)]
pub struct ServerConnection {
    session: Session,
    dialect: Dialect,
    limits: Limits,
    dechunker: Dechunker,
    backlog: VecDeque<Waiting>,
    backlog_bytes: usize,
    /// Behind the backlog nothing can be read.
    too_long: Option<ChunkError>,
    /// How many RESETs are in the backlog.
    resets: usize,
    performing: Option<Asked>,
    actions: VecDeque<ServerAction>,
    output: Vec<u8>,
}

/// What a server has to do.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerAction {
    /// Do what is asked, and answer it.
    Perform(Box<Request>),
    /// Stop what is being performed. It is answered nevertheless, with whatever it came to.
    Interrupt,
    /// Send what is left to send, and close the connection. There is an error if the client did not say GOODBYE and was
    /// not refused, but broke the protocol.
    Close(Option<ProtocolError>),
}

/// A message that waits for its turn.
#[derive(Debug)]
struct Waiting {
    kind: Option<RequestKind>,
    /// May hold a password.
    message: Zeroizing<Vec<u8>>,
}

impl ServerConnection {
    /// Where HELLO is waited for.
    pub fn new(version: Version, limits: Limits) -> Self {
        Self {
            session: Session::new(version),
            dialect: version.into(),
            limits,
            dechunker: Dechunker::wiping(limits),
            backlog: VecDeque::new(),
            backlog_bytes: 0,
            too_long: None,
            resets: 0,
            performing: None,
            actions: VecDeque::new(),
            output: Vec::new(),
        }
    }

    /// For what is received from now on: before a user is logged in, little need be taken.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.dechunker.set_limits(limits);
    }

    /// Where the connection stands.
    pub fn state(&self) -> State {
        if self.is_interrupted() { State::Interrupted } else { self.session.state }
    }

    /// Before there is a user, nothing is under way that a RESET could interrupt.
    fn is_interrupted(&self) -> bool {
        self.resets > 0 && self.session.state.is_authenticated()
    }

    /// How values are written. In 4.4 it can change when HELLO is answered.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How many bytes of whole requests wait for their turn. Whoever receives can stop for a while when they become many; a
    /// RESET behind them is then seen later. One that is not whole yet does not count, since only receiving makes it whole.
    pub fn backlog_bytes(&self) -> usize {
        self.backlog_bytes
    }

    /// Takes what was received.
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.session.state == State::Defunct || self.too_long.is_some() {
            return;
        }
        self.dechunker.push(bytes);
        loop {
            let frame = match self.dechunker.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => return,
                Err(error) => {
                    self.too_long = Some(error);
                    return;
                }
            };
            if frame.is_noop() {
                continue;
            }
            let kind = frame.tag().and_then(RequestKind::of_tag);
            let message = Zeroizing::new(frame.message().into_owned());
            if kind == Some(RequestKind::Goodbye) {
                self.interrupt();
                return self.close(None);
            }
            if kind == Some(RequestKind::Reset) {
                self.resets += 1;
                if self.session.state.is_authenticated() {
                    self.interrupt();
                }
            }
            self.backlog_bytes += message.len();
            self.backlog.push_back(Waiting { kind, message });
        }
    }

    fn interrupt(&mut self) {
        if self.performing.is_some() && !self.actions.contains(&ServerAction::Interrupt) {
            self.actions.push_back(ServerAction::Interrupt);
        }
    }

    /// What has to be done now. None: nothing, until more is received or what is being performed is answered.
    pub fn next_action(&mut self) -> Option<ServerAction> {
        loop {
            if let Some(action) = self.actions.pop_front() {
                return Some(action);
            }
            if self.performing.is_some() || self.session.state == State::Defunct {
                return None;
            }
            let Some(Waiting { kind, message }) = self.backlog.pop_front() else {
                let error = self.too_long.take()?;
                let message = format!("A message is too long: at most {} bytes are taken.", error.message_bytes_max);
                self.refuse(ProtocolError::Chunk(error), "Neo.ClientError.Request.Invalid", &message);
                continue;
            };
            self.backlog_bytes -= message.len();
            if kind == Some(RequestKind::Reset) {
                self.resets -= 1;
            }
            if let Some(request) = self.admit(kind, &message) {
                self.performing = Some((&request).into());
                return Some(ServerAction::Perform(Box::new(request)));
            }
        }
    }

    /// The request that a message is, unless it is answered at once.
    fn admit(&mut self, kind: Option<RequestKind>, message: &[u8]) -> Option<Request> {
        if let Some(kind) = kind.filter(|kind| kind.is_in(self.dialect.version())) {
            let state = self.state();
            match state.admission(kind) {
                // Of several RESETs the last one counts.
                Admission::Perform if kind == RequestKind::Reset && self.is_interrupted() => return self.ignore(),
                Admission::Perform => {}
                Admission::Ignore => return self.ignore(),
                Admission::Refuse => {
                    let error = ProtocolError::OutOfState { request: kind, state };
                    let text = format!("A message {kind} cannot be handled by a session in the state {state}.");
                    self.refuse(error, "Neo.ClientError.Request.Invalid", &text);
                    return None;
                }
            }
        }
        match Request::read(message, self.dialect, self.limits) {
            Ok(request) => self.with_result(request),
            Err(error) => {
                self.malformed(error);
                None
            }
        }
    }

    /// A request for rows, if the result that it names is there.
    fn with_result(&mut self, request: Request) -> Option<Request> {
        match &request {
            Request::Pull(fetch) | Request::Discard(fetch) if !self.session.has_result(fetch.result) => {
                let text = match fetch.result {
                    Some(result) => format!("No such statement: {result}"),
                    None => "No such statement".to_owned(),
                };
                let code = "Neo.ClientError.Request.InvalidFormat";
                self.fail(code, &text);
                None
            }
            _ => Some(request),
        }
    }

    /// A message that cannot be read is a failure like any other once there is a user, and the end before.
    fn malformed(&mut self, error: MessageError) {
        let (code, text) = (error.neo4j_code(), described(&error));
        if error.is_unanswerable() {
            return self.close(Some(ProtocolError::Message(error)));
        }
        if !self.session.state.is_authenticated() || error.message == RequestKind::Reset.name() {
            return self.refuse(ProtocolError::Message(error), code, &text);
        }
        self.fail(code, &text);
    }

    /// Answers what is being performed: rows of PULL one by one, and then with anything else.
    ///
    /// # Errors
    /// If nothing is being performed, or it has no rows, or a value is none that the connection has; nothing is sent then.
    pub fn answer(&mut self, response: &Response) -> Result<(), AnswerError> {
        let asked = self.asked()?;
        if let Response::Record(_) = response
            && asked.kind != RequestKind::Pull
        {
            return Err(AnswerError::NoRows { request: asked.kind });
        }
        let message = response.write(self.dialect).map_err(AnswerError::Value)?;
        put_chunks(&message, &mut self.output);
        let outcome = match response {
            Response::Record(_) => return Ok(()),
            Response::Ignored => Outcome::Ignored,
            Response::Failure(_) => Outcome::Failure,
            Response::Success(map) => {
                if asked.kind == RequestKind::Hello && has_patch(map) {
                    self.dialect = self.dialect.patched();
                }
                success(map)
            }
        };
        self.performing = None;
        // An interruption that nobody has seen has nothing to interrupt any more.
        self.actions.retain(|action| *action != ServerAction::Interrupt);
        self.session.settle(asked, outcome);
        if self.session.state == State::Defunct {
            self.close(None);
        }
        Ok(())
    }

    /// Sends rows on as they came from somewhere else: whole frames, of a connection whose dialect this one includes.
    ///
    /// # Errors
    /// If nothing is being performed, or it has no rows.
    pub fn relay_records(&mut self, frames: &[u8]) -> Result<(), AnswerError> {
        let asked = self.asked()?;
        if asked.kind != RequestKind::Pull {
            return Err(AnswerError::NoRows { request: asked.kind });
        }
        self.output.extend_from_slice(frames);
        Ok(())
    }

    /// Shows the client that the server is there, between two messages.
    pub fn put_noop(&mut self) {
        if self.session.state != State::Defunct {
            self.output.extend(crate::chunk::NOOP);
        }
    }

    /// What is to be sent.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// How many bytes are to be sent.
    pub fn output_bytes(&self) -> usize {
        self.output.len()
    }

    fn asked(&self) -> Result<Asked, AnswerError> {
        self.performing.filter(|_| self.session.state != State::Defunct).ok_or(AnswerError::NothingAsked)
    }

    /// Always none: nothing is handed out.
    fn ignore(&mut self) -> Option<Request> {
        self.say(&Response::Ignored);
        None
    }

    /// Says why, and goes on with the next RESET.
    fn fail(&mut self, code: &str, message: &str) {
        self.say(&Response::Failure(protocol_failure(code, message)));
        self.session.go(State::Failed);
    }

    /// Says why, and closes.
    fn refuse(&mut self, error: ProtocolError, code: &str, message: &str) {
        self.interrupt();
        self.say(&Response::Failure(protocol_failure(code, message)));
        self.close(Some(error));
    }

    fn say(&mut self, response: &Response) {
        // What is said here has no values that a dialect could lack.
        if let Ok(message) = response.write(self.dialect) {
            put_chunks(&message, &mut self.output);
        }
    }

    fn close(&mut self, error: Option<ProtocolError>) {
        self.session.go(State::Defunct);
        self.dechunker = Dechunker::wiping(self.limits);
        self.backlog.clear();
        (self.backlog_bytes, self.resets) = (0, 0);
        self.actions.push_back(ServerAction::Close(error));
    }
}

/// Of a message that does not keep to the protocol: 08N06.
fn protocol_failure(code: &str, message: &str) -> Failure {
    const DESCRIPTION: &str = "error: connection exception - protocol error. General network protocol error.";
    Failure { status: GqlStatus::new("08N06", DESCRIPTION), ..Failure::new(code, message) }
}

/// With what led to it, since the client sees no more than this.
fn described(error: &MessageError) -> String {
    match &error.kind {
        MessageErrorKind::Value(value) => format!("{error}: {value}"),
        _ => error.to_string(),
    }
}

/// What of SUCCESS moves the state.
pub(super) fn success(map: &Map) -> Outcome {
    let has_more = map.get("has_more") == Some(&Value::Boolean(true));
    Outcome::Success { has_more, result: map.get("qid").and_then(Value::as_integer) }
}

/// Whether SUCCESS for HELLO grants the one patch that there is.
pub(super) fn has_patch(map: &Map) -> bool {
    let patches = map.get("patch_bolt").and_then(Value::as_list).unwrap_or_default();
    patches.iter().any(|patch| patch.as_str() == Some("utc"))
}
