//! The states of a server, as both ends count them, and which request leads from one to another.

use std::collections::BTreeSet;
use std::fmt;

use crate::message::{Request, RequestKind};
use crate::version::Version;

/// Where a server stands, once the version is agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits for HELLO.
    Negotiation,
    /// Waits for LOGON. Since 5.1.
    Authentication,
    /// Waits for anything.
    Ready,
    /// A query outside of a transaction has rows left.
    Streaming,
    /// In a transaction, and all rows were taken.
    TxReady,
    /// In a transaction, and there are rows left.
    TxStreaming,
    /// A request failed. All others are ignored until RESET.
    Failed,
    /// RESET has arrived and is not yet its turn.
    Interrupted,
    /// Done for ever.
    Defunct,
}

/// What a state makes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    Perform,
    Ignore,
    /// An error of the protocol.
    Refuse,
}

/// What is left of a request while it waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) kind: RequestKind,
    /// Of PULL and DISCARD.
    pub(crate) result: Option<i64>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success {
        has_more: bool,
        /// The number that RUN got.
        result: Option<i64>,
    },
    Failure,
    Ignored,
}

/// A state with the results that are open in it.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    version: Version,
    pub(crate) state: State,
    /// By the numbers that the server gave them. One without a number is -1.
    open: BTreeSet<i64>,
    latest: Option<i64>,
}

// === impl State ===

impl State {
    /// Whether a user is logged in, so that there is something to go on with after a failure.
    pub fn is_authenticated(self) -> bool {
        !matches!(self, Self::Negotiation | Self::Authentication | Self::Defunct)
    }

    pub(crate) fn admission(self, kind: RequestKind) -> Admission {
        use RequestKind as Kind;
        let is_allowed = match (self, kind) {
            (Self::Defunct, _) => return Admission::Ignore,
            (_, Kind::Goodbye) => true,
            (Self::Negotiation | Self::Authentication, Kind::Reset) => false,
            (_, Kind::Reset) => true,
            (_, Kind::Hello) => self == Self::Negotiation,
            (Self::Failed | Self::Interrupted, _) => return Admission::Ignore,
            (Self::Negotiation, _) => false,
            (Self::Authentication, _) => kind == Kind::Logon,
            (Self::Ready, _) => {
                matches!(kind, Kind::Run | Kind::Begin | Kind::Route | Kind::Telemetry | Kind::Logoff)
            }
            (Self::Streaming, _) => matches!(kind, Kind::Pull | Kind::Discard),
            // Rows that nobody took do not keep a transaction open, and asking for some that are not there is a failure like
            // any other.
            (Self::TxReady | Self::TxStreaming, _) => {
                matches!(kind, Kind::Run | Kind::Commit | Kind::Rollback | Kind::Pull | Kind::Discard)
            }
        };
        if is_allowed { Admission::Perform } else { Admission::Refuse }
    }

    /// As the documentation writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Negotiation => "NEGOTIATION",
            Self::Authentication => "AUTHENTICATION",
            Self::Ready => "READY",
            Self::Streaming => "STREAMING",
            Self::TxReady => "TX_READY",
            Self::TxStreaming => "TX_STREAMING",
            Self::Failed => "FAILED",
            Self::Interrupted => "INTERRUPTED",
            Self::Defunct => "DEFUNCT",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

// === impl Asked ===

impl From<&Request> for Asked {
    fn from(request: &Request) -> Self {
        let result = match request {
            Request::Pull(fetch) | Request::Discard(fetch) => fetch.result,
            _ => None,
        };
        Self { kind: request.kind(), result }
    }
}

// === impl Session ===

impl Session {
    pub(crate) fn new(version: Version) -> Self {
        Self { version, state: State::Negotiation, open: BTreeSet::new(), latest: None }
    }

    /// Whether rows can be asked of that result. Outside of a transaction there is one only, which is called 0.
    pub(crate) fn has_result(&self, result: Option<i64>) -> bool {
        match self.state {
            State::Streaming => result.is_none_or(|number| number == 0 || self.latest == Some(number)),
            _ => self.number(result).is_some_and(|number| self.open.contains(&number)),
        }
    }

    fn number(&self, result: Option<i64>) -> Option<i64> {
        result.or(self.latest)
    }

    /// Goes on by the answer to a request that was performed or ignored.
    pub(crate) fn settle(&mut self, asked: Asked, outcome: Outcome) {
        use RequestKind as Kind;
        match outcome {
            Outcome::Ignored => {}
            Outcome::Failure if matches!(asked.kind, Kind::Hello | Kind::Logon | Kind::Reset) => {
                self.go(State::Defunct);
            }
            Outcome::Failure => self.go(State::Failed),
            Outcome::Success { has_more, result } => match asked.kind {
                Kind::Hello if self.version.has_logon() => self.go(State::Authentication),
                Kind::Hello | Kind::Logon | Kind::Reset | Kind::Commit | Kind::Rollback => self.go(State::Ready),
                Kind::Logoff => self.go(State::Authentication),
                Kind::Goodbye => self.go(State::Defunct),
                Kind::Begin => self.go(State::TxReady),
                Kind::Run if self.state == State::Ready => {
                    self.go(State::Streaming);
                    self.latest = result;
                }
                Kind::Run => {
                    self.state = State::TxStreaming;
                    let number = result.unwrap_or(-1);
                    self.open.insert(number);
                    self.latest = Some(number);
                }
                Kind::Pull | Kind::Discard if has_more => {}
                Kind::Pull | Kind::Discard if self.state == State::Streaming => self.go(State::Ready),
                Kind::Pull | Kind::Discard => {
                    if let Some(number) = self.number(asked.result) {
                        self.open.remove(&number);
                    }
                    if self.open.is_empty() {
                        self.state = State::TxReady;
                    }
                }
                Kind::Telemetry | Kind::Route => {}
            },
        }
    }

    /// To a state in which no results are open.
    pub(crate) fn go(&mut self, state: State) {
        self.state = state;
        self.open.clear();
        self.latest = None;
    }
}
