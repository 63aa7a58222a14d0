//! Clients of a run, and the events that their calls make: whatever is called through here is in the history.

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aliasd_checkers::history::{
    Command, Event, Freshness, Login, Outcome, Proof, Resolve, Route, Session, Write, Written,
};
use aliasd_client::{Client, Failure, Lookup, Statement as Text};
use aliasd_recording as recording;
use aliasd_wire::v1;
use aliasd_wire::v1::admin_client::AdminClient;
use aliasd_wire::v1::auth_client::AuthClient;
use aliasd_wire::v1::execute_response::Part;
use aliasd_wire::v1::router_client::RouterClient;
use aliasd_wire::value;
use anyhow::Result;
use rustls::ClientConfig;
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::record::Recorder;
use super::rig::Rig;
use super::world::Statement;
use crate::grpc;

/// The code of a raw call that was given up.
const GIVEN_UP: &str = "GIVEN_UP";

/// What a question is about, for both kinds of clients.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) name: String,
    pub(super) user: Option<String>,
    pub(super) freshness: Freshness,
    pub(super) with_credentials: bool,
    pub(super) unrestricted: bool,
}

/// A client object of the SDK, as one user.
#[derive(Clone)]
pub(super) struct SdkClient {
    pub(super) sdk: Client,
    pub(super) recorder: Recorder,
    pub(super) number: u64,
    pub(super) user: String,
    pub(super) proof: Proof,
}

/// Connections to each member with nothing between them and the caller: no retries, no leader, no memory.
#[derive(Clone)]
pub(super) struct RawClient {
    rig: Rig,
    tls: Arc<ClientConfig>,
    channels: Arc<Mutex<BTreeMap<u64, Channel>>>,
    pub(super) recorder: Recorder,
    pub(super) number: u64,
    pub(super) limit: Duration,
}

/// A token and who it proves.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) user: String,
    pub(super) tag: String,
    secret: String,
}

// === impl SdkClient ===

impl SdkClient {
    /// Runs a statement that writes.
    pub(super) async fn write(&self, statement: &Statement) -> Outcome<Written> {
        let text = Text::new(statement.text.clone()).parameters(statement.parameters.clone());
        let begin = self.recorder.now();
        let result = async { self.sdk.execute(text).await?.collect().await }.await;
        let outcome = self.recorder.outcome(result, |(_, summary)| Written {
            revision: Some(summary.revision),
            updates: summary.system_updates,
        });
        let write = Write {
            client: self.number,
            member: None,
            begin,
            end: self.recorder.now(),
            actor: self.user.clone(),
            request: None,
            command: statement.command.clone(),
            outcome: outcome.clone(),
        };
        self.recorder.count("write", &outcome);
        self.recorder.push(Event::Write(write));
        outcome
    }

    /// Resolves, through the cache if the question says so.
    pub(super) async fn resolve(&self, question: &Question) -> Outcome<Route> {
        let lookup = question.lookup();
        let begin = self.recorder.now();
        let (kind, outcome) = if question.freshness == Freshness::Cached {
            let result = self.sdk.route(&lookup).await;
            ("resolve from the cache", self.recorder.outcome(result, |route| self.recorder.route(&route)))
        } else {
            let result = self.sdk.resolve(&lookup).await;
            ("resolve", self.recorder.outcome(result, |route| self.recorder.route(&route)))
        };
        self.recorder.count(kind, &outcome);
        let from = (self.number, None, self.user.clone(), self.proof.clone());
        self.recorder.push(question.event(from, begin, self.recorder.now(), outcome.clone()));
        outcome
    }
}

// === impl Question ===

impl Question {
    /// What the SDK asks for it.
    pub(super) fn lookup(&self) -> Lookup {
        recording::lookup(&self.name, self.user.as_deref(), self.freshness, self.with_credentials)
    }

    fn wire(&self) -> v1::ResolveRequest {
        v1::ResolveRequest {
            target: Some(v1::resolve_request::Target::Name(self.name.clone())),
            on_behalf_of: self.user.clone(),
            freshness: Some(recording::freshness(self.freshness)),
            with_credentials: self.with_credentials,
            connected_to: None,
        }
    }

    fn event(
        &self,
        (client, member, caller, proof): (u64, Option<u64>, String, Proof),
        begin: u64,
        end: u64,
        outcome: Outcome<Route>,
    ) -> Event {
        Event::Resolve(Resolve {
            client,
            member,
            begin,
            end,
            caller,
            proof,
            user: self.user.clone(),
            name: self.name.clone(),
            freshness: self.freshness,
            with_credentials: self.with_credentials,
            unrestricted: self.unrestricted,
            outcome,
        })
    }
}

// === impl RawClient ===

impl RawClient {
    /// Connects to a member when it is needed. What takes longer than `limit` is given up.
    pub(super) fn new(rig: &Rig, recorder: &Recorder, tls: &Arc<ClientConfig>, limit: Duration) -> Self {
        Self {
            rig: rig.clone(),
            tls: Arc::clone(tls),
            channels: Arc::default(),
            recorder: recorder.clone(),
            number: recorder.number(),
            limit,
        }
    }

    pub(super) fn channel(&self, member: u64) -> Channel {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let channel = channels.entry(member).or_insert_with(|| {
            grpc::connect_when_used(&self.rig.endpoint(member), &self.tls).expect("an address of a test is a number")
        });
        channel.clone()
    }

    /// What a member is called in the history.
    pub(super) fn recorded_as(&self, member: u64) -> u64 {
        self.rig.roster.recorded_as(member)
    }

    /// Exchanges a password, given by its tag, for a token.
    pub(super) async fn login(&self, member: u64, user: &str, password: &str) -> Outcome<Token> {
        let begin = self.recorder.now();
        let request = v1::LoginRequest { user: user.to_owned(), password: self.secret(password) };
        let asked = self.recorded_as(member);
        let result = self.within(member, async { AuthClient::new(self.channel(member)).login(request).await }).await;
        let outcome = self.recorder.outcome(result, |answer| Token {
            user: user.to_owned(),
            tag: format!("t{}", self.recorder.number()),
            secret: take(&mut answer.into_inner().token),
        });
        self.recorder.count("login", &outcome);
        let login = Login {
            client: self.number,
            member: Some(asked),
            begin,
            end: self.recorder.now(),
            user: user.to_owned(),
            password: password.to_owned(),
            outcome: map(&outcome, |token| Session { token: token.tag.clone() }),
        };
        self.recorder.push(Event::Login(login));
        outcome
    }

    fn secret(&self, tag: &str) -> String {
        self.recorder.secret_of(tag)
    }

    /// Ends a token.
    pub(super) async fn logout(&self, member: u64, token: &Token) {
        let begin = self.recorder.now();
        let asked = self.recorded_as(member);
        let result = match token.authorize(v1::LogoutRequest {}) {
            Ok(request) => {
                self.within(member, async { AuthClient::new(self.channel(member)).logout(request).await }).await
            }
            Err(failure) => Err(failure),
        };
        let ended = |answer: tonic::Response<v1::LogoutResponse>| Written {
            revision: Some(answer.into_inner().revision),
            updates: 1,
        };
        let outcome = self.recorder.outcome(result, ended);
        self.recorder.count("logout", &outcome);
        let command = Command::EndToken { token: token.tag.clone() };
        self.push_write(asked, begin, &token.user, None, command, outcome);
    }

    /// Sends a statement to a member under a request id.
    pub(super) async fn write(
        &self,
        member: u64,
        token: &Token,
        (request_id, first_sent_after): ([u8; 16], u64),
        statement: &Statement,
    ) -> Outcome<Written> {
        let begin = self.recorder.now();
        let message = v1::ExecuteRequest {
            statement: statement.text.clone(),
            parameters: value::map_to_proto(&statement.parameters),
            request_id: request_id.to_vec(),
            freshness: None,
            first_sent_after_revision: Some(first_sent_after),
        };
        let asked = self.recorded_as(member);
        let result = match token.authorize(message) {
            Ok(request) => self.within(member, self.execute(member, request)).await,
            Err(failure) => Err(failure),
        };
        let outcome = self.recorder.outcome(result, |summary| Written {
            revision: Some(summary.revision),
            updates: summary.counters.unwrap_or_default().system_updates,
        });
        self.recorder.count("write under a request id", &outcome);
        let request: String = request_id.iter().map(|byte| format!("{byte:02x}")).collect();
        self.push_write(asked, begin, &token.user, Some(request), statement.command.clone(), outcome.clone());
        outcome
    }

    async fn execute(&self, member: u64, request: Request<v1::ExecuteRequest>) -> Result<v1::Summary, Status> {
        let mut parts = AdminClient::new(self.channel(member)).execute(request).await?.into_inner();
        while let Some(message) = parts.message().await? {
            if let Some(Part::Summary(summary)) = message.part {
                return Ok(summary);
            }
        }
        Err(Status::unknown("the answer ended before its summary"))
    }

    fn push_write(
        &self,
        member: u64,
        begin: u64,
        actor: &str,
        request: Option<String>,
        command: Command,
        outcome: Outcome<Written>,
    ) {
        self.recorder.push(Event::Write(Write {
            client: self.number,
            member: Some(member),
            begin,
            end: self.recorder.now(),
            actor: actor.to_owned(),
            request,
            command,
            outcome,
        }));
    }

    /// Asks a member where a name leads. `token`: absent, the connection proves the service by its certificate.
    pub(super) async fn resolve(
        &self,
        member: u64,
        token: Option<&Token>,
        service: &str,
        question: &Question,
    ) -> Outcome<Route> {
        let begin = self.recorder.now();
        let request = match token {
            Some(token) => token.authorize(question.wire()),
            None => Ok(Request::new(question.wire())),
        };
        let asked = self.recorded_as(member);
        let result = match request {
            Ok(request) => {
                self.within(member, async { RouterClient::new(self.channel(member)).resolve(request).await }).await
            }
            Err(failure) => Err(failure),
        };
        let result = result.and_then(|answer| {
            let route = recording::route_on_the_wire(answer.get_ref(), |password| self.recorder.tag_of(password));
            route.ok_or_else(|| Failure::bug("a route leads nowhere"))
        });
        let outcome = self.recorder.outcome(result, |route| route);
        self.recorder.count("resolve at a member", &outcome);
        let (caller, proof) =
            token.map_or_else(|| (service.to_owned(), Proof::Certificate), |token| (token.user.clone(), token.proof()));
        let from = (self.number, Some(asked), caller, proof);
        self.recorder.push(question.event(from, begin, self.recorder.now(), outcome.clone()));
        outcome
    }

    async fn within<T>(&self, member: u64, call: impl Future<Output = Result<T, Status>>) -> Result<T, Failure> {
        let was_removed = self.rig.roster.was_removed(member);
        let result = timeout(self.limit, call).await;
        if was_removed && matches!(result, Ok(Ok(_))) {
            self.recorder.finding(format!("node {member} serves although it knows that it was removed"));
        }
        match result {
            Ok(result) => result.map_err(|status| Failure::from_status(&status)),
            Err(_elapsed) => Err(Failure::outcome_unknown(GIVEN_UP, "no answer came in time")),
        }
    }
}

// === impl Token ===

impl Token {
    pub(super) fn proof(&self) -> Proof {
        Proof::Token(self.tag.clone())
    }

    /// The message with what proves the caller.
    pub(super) fn authorize<M>(&self, message: M) -> Result<Request<M>, Failure> {
        let mut request = Request::new(message);
        let value = format!("Bearer {}", self.secret).parse();
        request.metadata_mut().insert("authorization", value.map_err(|_| Failure::bug("a token is no header"))?);
        Ok(request)
    }
}

/// The same outcome of something else.
pub(super) fn map<T, U>(outcome: &Outcome<T>, ok: impl FnOnce(&T) -> U) -> Outcome<U> {
    match outcome {
        Outcome::Ok(value) => Outcome::Ok(ok(value)),
        Outcome::Rejected { code, revision } => Outcome::Rejected { code: code.clone(), revision: *revision },
        Outcome::Failed { code } => Outcome::Failed { code: code.clone() },
        Outcome::Unknown { code } => Outcome::Unknown { code: code.clone() },
    }
}
