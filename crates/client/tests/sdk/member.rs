//! One member: the services of aliasd as far as the SDK uses them, over the state that all members share.

use std::pin::Pin;
use std::sync::Arc;

use aliasd_client::messages::admin_server::{Admin, AdminServer};
use aliasd_client::messages::auth_server::{Auth, AuthServer};
use aliasd_client::messages::cluster_server::{Cluster, ClusterServer};
use aliasd_client::messages::execute_response::Part;
use aliasd_client::messages::resolve_request::Target;
use aliasd_client::messages::router_server::{Router, RouterServer};
use aliasd_client::messages::{self as v1, watch_response};
use aliasd_client::{Failure, GrpcCode};
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use crate::cluster::{Call, Fault, Feed, World};

type Stream<T> = Pin<Box<dyn tokio_stream::Stream<Item = Result<T, Status>> + Send>>;

/// The id of the cluster.
pub(crate) const CLUSTER: &str = "0123456789abcdef0123456789abcdef";
/// A password that is right for every user.
pub(crate) const PASSWORD: &str = "secretpassword";

#[derive(Clone)]
pub(crate) struct Member {
    number: usize,
    world: Arc<World>,
}

/// Serves on a listener for ever.
pub(crate) async fn serve(number: usize, world: Arc<World>, listener: std::net::TcpListener) {
    let listener = TcpListener::from_std(listener).unwrap();
    let server = tonic::transport::Server::builder().add_routes(routes(number, world));
    server.serve_with_incoming(TcpListenerStream::new(listener)).await.unwrap();
}

pub(crate) fn routes(number: usize, world: Arc<World>) -> Routes {
    let member = Member { number, world };
    Routes::new(AdminServer::new(member.clone()))
        .add_service(RouterServer::new(member.clone()))
        .add_service(AuthServer::new(member.clone()))
        .add_service(ClusterServer::new(member))
}

/// A break of the connection, as the client sees it: a status that aliasd did not make.
fn broken() -> Status {
    Status::unavailable("connection reset")
}

impl Member {
    /// Records the call and checks who makes it.
    fn arrive<T>(&self, what: &'static str, request: &Request<T>) -> Result<(), Status> {
        let authorization = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        let authorization = authorization.unwrap_or_default().to_owned();
        let mut state = self.world.state();
        let call = Call {
            member: self.number,
            what,
            request_id: Vec::new(),
            freshness: None,
            authorization: authorization.clone(),
            after_revision: None,
            names: None,
        };
        state.calls.push(call);
        if let Some(token) = authorization.strip_prefix("Bearer token-")
            && token.parse::<usize>().is_ok_and(|number| number < state.tokens_from)
        {
            return Err(
                Failure::rejected(GrpcCode::Unauthenticated, "TOKEN_EXPIRED", "The token has expired.").to_status()
            );
        }
        Ok(())
    }

    fn note(&self, note: impl FnOnce(&mut Call)) {
        if let Some(call) = self.world.state().calls.last_mut() {
            note(call);
        }
    }

    fn next_fault(&self) -> Option<Fault> {
        self.world.state().faults.get_mut(&self.number)?.pop_front()
    }

    async fn before(&self, fault: Option<&Fault>) -> Result<(), Status> {
        match fault {
            Some(Fault::Refuse(error)) => Err(error.to_status()),
            Some(Fault::Break) => Err(broken()),
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::DoThenBreak | Fault::DoThenRefuse(_) | Fault::Nonsense) | None => Ok(()),
        }
    }

    fn execute_once(&self, request_id: Vec<u8>) -> u64 {
        let mut state = self.world.state();
        if let Some(revision) = state.executed.get(&request_id) {
            return *revision;
        }
        state.revision += 1;
        let revision = state.revision;
        state.executed.insert(request_id, revision);
        revision
    }
}

fn parts(columns: &[&str], rows: u64, summary: v1::Summary) -> Vec<Result<v1::ExecuteResponse, Status>> {
    let header = v1::Header { columns: columns.iter().map(|name| (*name).to_owned()).collect() };
    let row = |number: u64| v1::Row {
        values: columns.iter().map(|_| (&aliasd_client::Value::Integer(number.cast_signed())).into()).collect(),
    };
    let rows = (0..rows).map(|number| Part::Rows(v1::Rows { rows: vec![row(number)] }));
    let parts = std::iter::once(Part::Header(header)).chain(rows).chain([Part::Summary(summary)]);
    parts.map(|part| Ok(v1::ExecuteResponse { part: Some(part) })).collect()
}

#[tonic::async_trait]
impl Admin for Member {
    type ExecuteStream = Stream<v1::ExecuteResponse>;

    async fn execute(&self, request: Request<v1::ExecuteRequest>) -> Result<Response<Self::ExecuteStream>, Status> {
        self.arrive("execute", &request)?;
        let request = request.into_inner();
        self.note(|call| {
            call.request_id.clone_from(&request.request_id);
            call.freshness = request.freshness;
        });
        let fault = self.next_fault();
        self.before(fault.as_ref()).await?;
        let listing = request.statement.starts_with("SHOW");
        let revision =
            if listing { self.world.state().revision } else { self.execute_once(request.request_id.clone()) };
        let summary = v1::Summary {
            counters: Some(v1::Counters { system_updates: u64::from(!listing) }),
            notifications: Vec::new(),
            revision,
            leader: Some(self.world.state().leader()),
        };
        let mut parts = if listing { parts(&["n", "m"], 3, summary) } else { parts(&[], 0, summary) };
        match fault {
            Some(Fault::DoThenBreak) => *parts.last_mut().unwrap() = Err(broken()),
            Some(Fault::Nonsense) => drop(parts.remove(0)),
            _ => {}
        }
        Ok(Response::new(Box::pin(tokio_stream::iter(parts))))
    }
}

#[tonic::async_trait]
impl Router for Member {
    type WatchStream = Stream<v1::WatchResponse>;

    async fn resolve(&self, request: Request<v1::ResolveRequest>) -> Result<Response<v1::ResolveResponse>, Status> {
        self.arrive("resolve", &request)?;
        let request = request.into_inner();
        self.note(|call| call.freshness = request.freshness);
        let fault = self.next_fault();
        self.before(fault.as_ref()).await?;
        let name = match request.target {
            Some(Target::Name(name)) => name,
            _ => "films".to_owned(),
        };
        let state = self.world.state();
        let user = request.on_behalf_of.unwrap_or_default();
        let version = state.aliases.get(&name).filter(|_| !state.shut_out.contains(&user));
        let Some(version) = version.copied() else {
            return Err(Failure::rejected(GrpcCode::NotFound, "DATABASE_NOT_FOUND", "It does not exist.").to_status());
        };
        let remote = v1::RemoteDatabase {
            url: "neo4j+s://b.example:7687".to_owned(),
            database: "neo4j".to_owned(),
            user: "alice".to_owned(),
            password: request.with_credentials.then(|| PASSWORD.to_owned()),
            driver: Default::default(),
            default_language: v1::DefaultLanguage::Cypher25.into(),
            oidc_credential_forwarding: false,
        };
        let destination = v1::route::Destination::RemoteDatabase(remote);
        let route = v1::Route {
            name,
            destination: Some(destination),
            properties: Default::default(),
            version,
            composite: None,
        };
        let route = (!matches!(fault, Some(Fault::Nonsense))).then_some(route);
        let leader = Some(state.leader());
        Ok(Response::new(v1::ResolveResponse { route, served_at_revision: state.revision, leader }))
    }

    async fn watch(&self, request: Request<v1::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        self.arrive("watch", &request)?;
        let after = request.get_ref().after_revision;
        let names = request.get_ref().filter.clone().map(|filter| filter.names);
        self.note(|call| (call.after_revision, call.names) = (after, names));
        let (messages, stream) = mpsc::channel(1000);
        let mut state = self.world.state();
        if let Some(revision) = state.lagging.get(&self.number).copied() {
            tokio::spawn(say_again_and_again(revision, messages));
            return Ok(Response::new(Box::pin(ReceiverStream::new(stream))));
        }
        if after.is_some_and(|after| after < state.compacted) {
            let error = Failure::retry_here("WATCH_COMPACTED", "The history does not reach back so far.");
            return Err(error.with_resume_revision(state.revision).to_status());
        }
        if !state.is_mute {
            let from = after.unwrap_or(state.revision);
            let mark = v1::ProgressMark { revision: from, user: Some(state.user()), ..v1::ProgressMark::default() };
            let missed = state.history.iter().filter(|batch| batch.revision > from).cloned();
            let events =
                std::iter::once(watch_response::Event::Progress(mark)).chain(missed.map(watch_response::Event::Batch));
            for event in events {
                messages.try_send(Ok(v1::WatchResponse { event: Some(event) })).unwrap();
            }
        }
        state.watchers += 1;
        tokio::spawn(feed(Arc::clone(&self.world), self.world.feed.subscribe(), messages));
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }
}

/// What a member says that does not keep up, and does not stop to say so.
async fn say_again_and_again(revision: u64, messages: mpsc::Sender<Result<v1::WatchResponse, Status>>) {
    let mut mark = v1::ProgressMark { revision, ..v1::ProgressMark::default() };
    mark.interval.get_or_insert_default().nanos = 50_000_000;
    let message = v1::WatchResponse { event: Some(watch_response::Event::Progress(mark)) };
    while messages.send(Ok(message.clone())).await.is_ok() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// Passes on what the watches are told, until the client goes away.
async fn feed(
    world: Arc<World>,
    mut feed: broadcast::Receiver<Feed>,
    messages: mpsc::Sender<Result<v1::WatchResponse, Status>>,
) {
    loop {
        let message = tokio::select! {
            message = feed.recv() => message,
            () = messages.closed() => break,
        };
        if world.state().is_mute {
            continue;
        }
        let (message, is_last) = match message {
            Ok(Feed::Message(message)) => (Ok(message), false),
            Ok(Feed::Cut(status)) => (Err(status), true),
            Err(_) => break,
        };
        if messages.send(message).await.is_err() || is_last {
            break;
        }
    }
    world.state().watchers -= 1;
}

#[tonic::async_trait]
impl Auth for Member {
    async fn login(&self, request: Request<v1::LoginRequest>) -> Result<Response<v1::LoginResponse>, Status> {
        self.arrive("login", &request)?;
        let given = request.get_ref().password.as_str();
        if given != PASSWORD && self.world.state().formed_with.as_deref() != Some(given) {
            let error = Failure::rejected(GrpcCode::Unauthenticated, "UNAUTHENTICATED", "User or password is wrong.");
            return Err(error.to_status());
        }
        let mut state = self.world.state();
        let token = format!("token-{}", state.logins);
        state.logins += 1;
        // Far in the future, whatever the clock says.
        let mut response = v1::LoginResponse::default();
        response.token = token;
        response.expires_at.get_or_insert_default().seconds = 1 << 40;
        Ok(Response::new(response))
    }

    async fn logout(&self, request: Request<v1::LogoutRequest>) -> Result<Response<v1::LogoutResponse>, Status> {
        self.arrive("logout", &request)?;
        let fault = self.next_fault();
        self.before(fault.as_ref()).await?;
        Ok(Response::new(v1::LogoutResponse { revision: 1 }))
    }

    async fn who_am_i(&self, request: Request<v1::WhoAmIRequest>) -> Result<Response<v1::WhoAmIResponse>, Status> {
        self.arrive("who_am_i", &request)?;
        let user = self.world.state().user();
        Ok(Response::new(v1::WhoAmIResponse { user, ..v1::WhoAmIResponse::default() }))
    }

    async fn verify_user(
        &self,
        request: Request<v1::VerifyUserRequest>,
    ) -> Result<Response<v1::VerifyUserResponse>, Status> {
        self.arrive("verify_user", &request)?;
        Ok(Response::new(v1::VerifyUserResponse::default()))
    }

    async fn effective_privileges(
        &self,
        request: Request<v1::EffectivePrivilegesRequest>,
    ) -> Result<Response<v1::EffectivePrivilegesResponse>, Status> {
        self.arrive("effective_privileges", &request)?;
        let fault = self.next_fault();
        self.before(fault.as_ref()).await?;
        let state = self.world.state();
        let user = request.into_inner().user.unwrap_or_else(|| state.user());
        let Some(roles) = state.roles.get(&user).cloned() else {
            return Err(Failure::rejected(GrpcCode::NotFound, "USER_NOT_FOUND", "There is no such user.").to_status());
        };
        let served_at_revision = state.revision;
        let response = v1::EffectivePrivilegesResponse { served_at_revision, user, roles, ..Default::default() };
        Ok(Response::new(response))
    }

    async fn explain_access(
        &self,
        request: Request<v1::ExplainAccessRequest>,
    ) -> Result<Response<v1::ExplainAccessResponse>, Status> {
        self.arrive("explain_access", &request)?;
        self.note(|call| call.freshness = request.get_ref().freshness);
        let v1::ExplainAccessRequest { user, name, .. } = request.into_inner();
        let user = user.unwrap_or_else(|| "service".to_owned());
        let served_at_revision = self.world.state().revision;
        Ok(Response::new(v1::ExplainAccessResponse { served_at_revision, user, name, ..Default::default() }))
    }
}

#[tonic::async_trait]
impl Cluster for Member {
    async fn init(&self, request: Request<v1::InitRequest>) -> Result<Response<v1::InitResponse>, Status> {
        self.arrive("init", &request)?;
        let fault = self.next_fault();
        self.before(fault.as_ref()).await?;
        let mut state = self.world.state();
        if state.formed_with.is_some() {
            let code = "CLUSTER_ALREADY_FORMED";
            return Err(Failure::rejected(GrpcCode::AlreadyExists, code, "It has been formed already.").to_status());
        }
        state.formed_with = request.into_inner().admin_password.take();
        match fault {
            Some(Fault::DoThenBreak) => Err(broken()),
            Some(Fault::DoThenRefuse(failure)) => Err(failure.to_status()),
            _ => Ok(Response::new(v1::InitResponse { cluster_id: CLUSTER.to_owned(), generated_password: None })),
        }
    }

    async fn status(&self, request: Request<v1::StatusRequest>) -> Result<Response<v1::StatusResponse>, Status> {
        self.arrive("status", &request)?;
        let state = self.world.state();
        let members = state.addresses.iter().enumerate().map(|(number, address)| v1::MemberStatus {
            node_id: number as u64 + 1,
            client_address: address.to_string(),
            ..v1::MemberStatus::default()
        });
        let node = v1::NodeStatus { node_id: self.number as u64 + 1, ..v1::NodeStatus::default() };
        Ok(Response::new(v1::StatusResponse {
            node: Some(node),
            cluster_id: state.formed_with.as_ref().map(|_| CLUSTER.to_owned()).unwrap_or_default(),
            leader: Some(state.leader()),
            members: members.collect(),
            ..v1::StatusResponse::default()
        }))
    }

    async fn transfer_leader(
        &self,
        _: Request<v1::TransferLeaderRequest>,
    ) -> Result<Response<v1::TransferLeaderResponse>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }

    async fn add_member(&self, _: Request<v1::AddMemberRequest>) -> Result<Response<v1::AddMemberResponse>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }

    async fn promote_member(
        &self,
        _: Request<v1::PromoteMemberRequest>,
    ) -> Result<Response<v1::PromoteMemberResponse>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }

    async fn remove_member(
        &self,
        _: Request<v1::RemoveMemberRequest>,
    ) -> Result<Response<v1::RemoveMemberResponse>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }

    async fn replace_member(
        &self,
        _: Request<v1::ReplaceMemberRequest>,
    ) -> Result<Response<v1::ReplaceMemberResponse>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }
}
