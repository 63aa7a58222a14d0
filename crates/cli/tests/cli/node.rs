//! A node that answers what each test wants: some fixed statements, one alias, one password.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use aliasd_client::messages::admin_server::{Admin, AdminServer};
use aliasd_client::messages::auth_server::{Auth, AuthServer};
use aliasd_client::messages::cluster_server::{Cluster, ClusterServer};
use aliasd_client::messages::execute_response::Part;
use aliasd_client::messages::resolve_request::Target;
use aliasd_client::messages::router_server::{Router, RouterServer};
use aliasd_client::messages::watch_response::Event;
use aliasd_client::messages::{self as v1};
use aliasd_client::{Duration, Failure, Float, GrpcCode, Value};
use tokio::runtime::{Builder, Runtime};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use crate::program::Program;

pub(crate) const PASSWORD: &str = "secretpassword";

/// A name that would be read as something else if it came to a terminal as it is.
pub(crate) const TRICK: &str = "x\n\u{1b}[31mred\u{202e}\u{9b}2J\u{200b}\ty\u{2028}z";

type Stream<T> = Pin<Box<dyn tokio_stream::Stream<Item = Result<T, Status>> + Send>>;

/// A running node. Ends when dropped.
pub(crate) struct Node {
    pub(crate) endpoint: String,
    state: Arc<State>,
    running: Option<Runtime>,
}

#[derive(Default)]
struct State {
    /// Statements with their parameters, and the authorization of each call, in order.
    received: Mutex<Vec<String>>,
}

#[derive(Clone)]
struct Service(Arc<State>);

impl Node {
    pub(crate) fn start() -> Self {
        let running = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let state = Arc::new(State::default());
        let service = Service(Arc::clone(&state));
        let listener = running.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = Server::builder()
            .add_service(AdminServer::new(service.clone()))
            .add_service(RouterServer::new(service.clone()))
            .add_service(AuthServer::new(service.clone()))
            .add_service(ClusterServer::new(service));
        running.spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        Self { endpoint, state, running: Some(running) }
    }

    /// The program with this node as its endpoint, as nobody.
    pub(crate) fn nobody(&self, arguments: &[&str]) -> Program {
        Program::new(arguments).env("ALIASD_ENDPOINTS", &self.endpoint).arguments(&[
            "--allow-plaintext",
            "--timeout",
            "2",
        ])
    }

    /// The program with this node as its endpoint, as alice.
    pub(crate) fn alice(&self, arguments: &[&str]) -> Program {
        self.nobody(arguments).env("ALIASD_USER", "alice").env("ALIASD_PASSWORD", PASSWORD)
    }

    /// The statements and calls that arrived so far.
    pub(crate) fn received(&self) -> Vec<String> {
        self.state.received.lock().unwrap().clone()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.shutdown_background();
        }
    }
}

impl Service {
    fn hear(&self, what: String) {
        self.0.received.lock().unwrap().push(what);
    }

    /// Who calls: refuses anybody but alice.
    fn authenticate<T>(&self, request: &Request<T>) -> Result<v1::AuthenticationMethod, Status> {
        match request.metadata().get("authorization").and_then(|value| value.to_str().ok()) {
            Some("Basic YWxpY2U6c2VjcmV0cGFzc3dvcmQ=") => Ok(v1::AuthenticationMethod::Basic),
            Some("Bearer at1.the-token") => Ok(v1::AuthenticationMethod::Token),
            _ => Err(wrong_password()),
        }
    }
}

fn wrong_password() -> Status {
    Failure::rejected(GrpcCode::Unauthenticated, "CREDENTIALS_INVALID", "User or password is wrong.").to_status()
}

fn everything() -> Vec<Value> {
    vec![
        "a \"quoted\", text".into(),
        Value::Null,
        Value::Integer(-7),
        Value::Float(Float(0.5)),
        true.into(),
        Value::List(vec!["x".into(), 1.into()]),
        Value::Map([("k".to_owned(), "v".into())].into()),
        Value::Duration(Duration::from_seconds(90)),
    ]
}

fn exists() -> Failure {
    Failure::rejected(GrpcCode::AlreadyExists, "ROLE_EXISTS", "Role already exists.")
        .with_neo4j(&["42001", "42N13"], "Neo.ClientError.Statement.ArgumentError")
        .with_hint("IF NOT EXISTS makes this no error.")
}

/// Columns, rows, and how much was changed.
type Answer = (Vec<&'static str>, Vec<Vec<Value>>, u64);

/// What the statements do that the node knows.
fn answer(statement: &str) -> Result<Answer, Failure> {
    match statement {
        "SHOW EVERYTHING" => Ok((vec!["a", "b", "c", "d", "e", "f", "g", "h"], vec![everything()], 0)),
        "SHOW NOTHING" => Ok((vec!["name"], Vec::new(), 0)),
        "SHOW TRICKS" => Ok((vec!["name"], vec![vec![TRICK.into()], vec![Value::List(vec![TRICK.into()])]], 0)),
        TRICK => {
            Err(Failure::rejected(GrpcCode::AlreadyExists, "ROLE_EXISTS", format!("Role '{TRICK}' already exists.")))
        }
        "CREATE ROLE r" | "CREATE USER u SET PASSWORD $p" => Ok((Vec::new(), Vec::new(), 1)),
        "CREATE ROLE twice" => Err(exists()),
        "CREATE ROLE later" => Err(Failure::retry_here("NO_LEADER", "No leader is known.")),
        "CREATE ROLE perhaps" => Err(Failure::outcome_unknown("OUTCOME_UNKNOWN", "The leader was lost.")),
        _ => Err(Failure::rejected(GrpcCode::InvalidArgument, "SYNTAX_ERROR", "Invalid input.\n  SHOW\n  ^^^^")),
    }
}

#[tonic::async_trait]
impl Admin for Service {
    type ExecuteStream = Stream<v1::ExecuteResponse>;

    async fn execute(&self, request: Request<v1::ExecuteRequest>) -> Result<Response<Self::ExecuteStream>, Status> {
        self.authenticate(&request)?;
        let request = request.into_inner();
        let parameters = request.parameters.iter().map(|(name, value)| {
            let value = Value::try_from(value.clone()).unwrap();
            format!(" {name}={value:?}")
        });
        self.hear(request.statement.clone() + &parameters.collect::<String>());
        let (columns, rows, updates) = answer(&request.statement)?;
        let header = v1::Header { columns: columns.into_iter().map(str::to_owned).collect() };
        let rows = rows.into_iter().map(|row| v1::Row { values: row.iter().map(Into::into).collect() }).collect();
        let note = v1::Notification {
            code: "NOTED".to_owned(),
            gqlstatus: "00N71".to_owned(),
            severity: v1::NotificationSeverity::Information.into(),
            message: "It was noted.".to_owned(),
            ..v1::Notification::default()
        };
        let summary = v1::Summary {
            counters: Some(v1::Counters { system_updates: updates }),
            notifications: if updates > 0 { vec![note] } else { Vec::new() },
            revision: 7,
            leader: None,
        };
        let parts = [Part::Header(header), Part::Rows(v1::Rows { rows }), Part::Summary(summary)];
        let parts = parts.map(|part| Ok(v1::ExecuteResponse { part: Some(part) }));
        Ok(Response::new(Box::pin(tokio_stream::iter(parts))))
    }
}

#[tonic::async_trait]
impl Router for Service {
    type WatchStream = Stream<v1::WatchResponse>;

    async fn resolve(&self, request: Request<v1::ResolveRequest>) -> Result<Response<v1::ResolveResponse>, Status> {
        self.authenticate(&request)?;
        let request = request.into_inner();
        self.hear(format!("{:?} for {:?} at {:?}", request.target, request.on_behalf_of, request.freshness));
        let (name, destination) = match request.target {
            Some(Target::Name(name)) if name == "films" => {
                let mut remote = v1::RemoteDatabase::default();
                "neo4j+s://b.example:7687".clone_into(&mut remote.url);
                "neo4j".clone_into(&mut remote.database);
                "alice".clone_into(&mut remote.user);
                remote.password = request.with_credentials.then(|| PASSWORD.to_owned());
                (name, v1::route::Destination::RemoteDatabase(remote))
            }
            Some(Target::Name(name)) if name == TRICK => {
                let mut remote = v1::RemoteDatabase::default();
                TRICK.clone_into(&mut remote.url);
                TRICK.clone_into(&mut remote.user);
                (name, v1::route::Destination::RemoteDatabase(remote))
            }
            Some(Target::Home(())) => {
                let local = v1::LocalDatabase { database: "neo4j".to_owned() };
                ("neo4j".to_owned(), v1::route::Destination::LocalDatabase(local))
            }
            _ => {
                return Err(
                    Failure::rejected(GrpcCode::NotFound, "DATABASE_NOT_FOUND", "No such database.").to_status()
                );
            }
        };
        let route = v1::Route {
            name,
            destination: Some(destination),
            properties: Default::default(),
            version: 3,
            composite: None,
        };
        Ok(Response::new(v1::ResolveResponse { route: Some(route), served_at_revision: 7, leader: None }))
    }

    async fn watch(&self, request: Request<v1::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        self.authenticate(&request)?;
        let change = |revision: u64, name: &str| {
            let (subject, kind) = (v1::ChangeSubject::Alias.into(), v1::ChangeKind::Altered.into());
            let changes = vec![v1::Change { subject, name: name.to_owned(), kind }];
            Event::Batch(v1::ChangeBatch { revision, changes, continued: false })
        };
        let begin = Event::Progress(v1::ProgressMark { revision: 7, ..v1::ProgressMark::default() });
        let names = request.into_inner().filter.map(|filter| filter.names).unwrap_or_default();
        let events = [begin, change(8, names.first().map_or("films", String::as_str)), change(9, "")];
        let events = events.map(|event| Ok(v1::WatchResponse { event: Some(event) }));
        Ok(Response::new(Box::pin(tokio_stream::iter(events))))
    }
}

/// `films` may be used by way of a local alias; anything else is denied.
fn explanation(user: String, name: String) -> v1::ExplainAccessResponse {
    use v1::access_rule::Rule;
    use v1::explain_access_response::Verdict;

    let allowed = name == "films";
    let grant = |access: v1::PrivilegeAccess, command: &str, revision| v1::AccessGrant {
        access: access.into(),
        role: "analyst".to_owned(),
        command: command.to_owned(),
        revision,
    };
    let mut grants = vec![grant(v1::PrivilegeAccess::Granted, "GRANT ACCESS ON DATABASE * TO `analyst`", 5)];
    if !allowed {
        grants.push(grant(v1::PrivilegeAccess::Denied, "DENY ACCESS ON DATABASE `movies` TO `analyst`", 6));
    }
    let rules = [
        Rule::User(v1::UserRule { state: v1::UserState::Active.into(), password_change_required: false }),
        Rule::Name(v1::NameRule { kind: v1::NameKind::LocalAlias.into(), database: "movies".to_owned() }),
        Rule::Roles(v1::RolesRule { roles: vec!["analyst".to_owned(), "PUBLIC".to_owned()] }),
        Rule::Home(v1::HomeDatabase { name: "home".to_owned(), by_default: true, stands_for: None }),
        Rule::Access(v1::AccessPrivilegeRule { on: "movies".to_owned(), grants, allowed }),
    ];
    let verdict = if allowed {
        Verdict::LocalDatabase(v1::LocalDatabase { database: "movies".to_owned() })
    } else {
        Verdict::Refusal(v1::Refusal {
            code: "DATABASE_NOT_FOUND".to_owned(),
            message: "No such database.".to_owned(),
            hint: "Look again.".to_owned(),
            gqlstatus: vec!["22N51".to_owned()],
            neo4j_code: "Neo.ClientError.Database.DatabaseNotFound".to_owned(),
        })
    };
    let rules = rules.into_iter().map(|rule| v1::AccessRule { rule: Some(rule) }).collect();
    v1::ExplainAccessResponse { served_at_revision: 7, user, name, verdict: Some(verdict), rules }
}

#[tonic::async_trait]
impl Auth for Service {
    async fn login(&self, request: Request<v1::LoginRequest>) -> Result<Response<v1::LoginResponse>, Status> {
        if request.get_ref().user != "alice" || request.get_ref().password != PASSWORD {
            return Err(wrong_password());
        }
        let mut response = v1::LoginResponse::default();
        "at1.the-token".clone_into(&mut response.token);
        response.expires_at.get_or_insert_default().seconds = 1 << 40;
        Ok(Response::new(response))
    }

    async fn logout(&self, request: Request<v1::LogoutRequest>) -> Result<Response<v1::LogoutResponse>, Status> {
        self.authenticate(&request)?;
        self.hear("logout".to_owned());
        Ok(Response::new(v1::LogoutResponse { revision: 7 }))
    }

    async fn who_am_i(&self, request: Request<v1::WhoAmIRequest>) -> Result<Response<v1::WhoAmIResponse>, Status> {
        let method = self.authenticate(&request)?.into();
        let roles = vec!["PUBLIC".to_owned(), "admin".to_owned()];
        let user = "alice".to_owned();
        let served_at_revision = 7;
        Ok(Response::new(v1::WhoAmIResponse {
            user,
            method,
            roles,
            served_at_revision,
            ..v1::WhoAmIResponse::default()
        }))
    }

    async fn verify_user(&self, _: Request<v1::VerifyUserRequest>) -> Result<Response<v1::VerifyUserResponse>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }

    async fn effective_privileges(
        &self,
        _: Request<v1::EffectivePrivilegesRequest>,
    ) -> Result<Response<v1::EffectivePrivilegesResponse>, Status> {
        Err(Status::unimplemented("not in these tests"))
    }

    async fn explain_access(
        &self,
        request: Request<v1::ExplainAccessRequest>,
    ) -> Result<Response<v1::ExplainAccessResponse>, Status> {
        self.authenticate(&request)?;
        let v1::ExplainAccessRequest { user, name, .. } = request.into_inner();
        Ok(Response::new(explanation(user.unwrap_or_default(), name)))
    }
}

#[tonic::async_trait]
impl Cluster for Service {
    async fn init(&self, request: Request<v1::InitRequest>) -> Result<Response<v1::InitResponse>, Status> {
        let request = request.into_inner();
        let authorization = request.admin_password.as_deref().unwrap_or("none");
        self.hear(format!("{} with {authorization}: {:?}", request.admin_user, request.members));
        Ok(Response::new(v1::InitResponse { cluster_id: "0".repeat(32), generated_password: None }))
    }

    async fn status(&self, _: Request<v1::StatusRequest>) -> Result<Response<v1::StatusResponse>, Status> {
        let condition = v1::Condition {
            code: "KEY_MISSING".to_owned(),
            message: "The keystore lacks the active key.".to_owned(),
            hint: "Copy it.".to_owned(),
        };
        let node = v1::NodeStatus {
            node_id: 1,
            role: v1::NodeRole::Leader.into(),
            digest: "ab".repeat(32),
            not_ready_reasons: vec![condition],
            ..v1::NodeStatus::default()
        };
        Ok(Response::new(v1::StatusResponse { node: Some(node), term: 2, ..v1::StatusResponse::default() }))
    }

    async fn transfer_leader(
        &self,
        request: Request<v1::TransferLeaderRequest>,
    ) -> Result<Response<v1::TransferLeaderResponse>, Status> {
        self.authenticate(&request)?;
        let node_id = request.get_ref().to_node_id;
        self.hear(format!("lead {node_id}"));
        let leader = v1::Leader { node_id: node_id.max(2), client_address: "b.example:7680".to_owned() };
        Ok(Response::new(v1::TransferLeaderResponse { leader: Some(leader), term: 3, led_already: node_id == 5 }))
    }
    async fn add_member(
        &self,
        request: Request<v1::AddMemberRequest>,
    ) -> Result<Response<v1::AddMemberResponse>, Status> {
        self.authenticate(&request)?;
        let v1::AddMemberRequest { node_id, peer_address, client_address, learner, token_lifetime } =
            request.into_inner();
        let seconds = token_lifetime.map(|lifetime| lifetime.seconds);
        self.hear(format!("add {node_id} at {peer_address}, {client_address}, learner {learner}, for {seconds:?}"));
        let mut response = v1::AddMemberResponse::default();
        response.join_token = "aliasd-join-0123".to_owned();
        Ok(Response::new(response))
    }

    async fn promote_member(
        &self,
        request: Request<v1::PromoteMemberRequest>,
    ) -> Result<Response<v1::PromoteMemberResponse>, Status> {
        self.authenticate(&request)?;
        self.hear(format!("promote {}", request.get_ref().node_id));
        let waiting_for = "node 4 to catch up".to_owned();
        Ok(Response::new(v1::PromoteMemberResponse { done: false, waiting_for }))
    }

    async fn remove_member(
        &self,
        request: Request<v1::RemoveMemberRequest>,
    ) -> Result<Response<v1::RemoveMemberResponse>, Status> {
        self.authenticate(&request)?;
        self.hear(format!("remove {}", request.get_ref().node_id));
        Ok(Response::new(v1::RemoveMemberResponse { done: true, waiting_for: String::new() }))
    }

    async fn replace_member(
        &self,
        request: Request<v1::ReplaceMemberRequest>,
    ) -> Result<Response<v1::ReplaceMemberResponse>, Status> {
        self.authenticate(&request)?;
        self.hear(format!("replace {} by {}", request.get_ref().old_node_id, request.get_ref().new_node_id));
        let mut response = v1::ReplaceMemberResponse::default();
        response.done = true;
        Ok(Response::new(response))
    }
}
