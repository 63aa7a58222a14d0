//! From a call of the SDK to the log and back on one seed: replica, use cases, interface and SDK without a socket, a thread or
//! a clock of the machine. There is no tokio runtime in these tests, so whatever asked for one would panic.
#![expect(clippy::unwrap_used, reason = "a test that fails with a panic at the line is a good test")]
#![expect(clippy::disallowed_methods, reason = "it asks whether there is a tokio runtime, and finds none")]

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use aliasd_api::{Access, Interface, Observer};
use aliasd_catalog::{ClusterId, PlainSecret, Policy};
use aliasd_client::messages::InitMember;
use aliasd_client::transport::{Address, Channel, ChannelError, ConnectionState, Connector};
use aliasd_client::{
    Class, Client, ClientBuilder, Destination, Ended, Event, Failure, Freshness, GUARD_CHANGED, Lookup, NewCluster,
    Secret, UNREACHABLE, UNTRUSTED, WatchFrom,
};
use aliasd_keyring::keystore::Keystore;
use aliasd_replica::{Link, Links, Member, MemoryStorage, NodeId, RaftSettings, Replica, ReplicaOptions, Storage};
use aliasd_runtime::SharedRuntime;
use aliasd_runtime::simulation::Simulation;
use aliasd_service::counters::{Counted, Counters};
use aliasd_service::identity::{ClientCertificate, ClientConnection, Identity, LoginLimits};
use aliasd_service::operate::Advertised;
use aliasd_service::vault::{HashingCost, KeystoreSettings, Vault};
use aliasd_service::{Parts, UseCases};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tonic::ConnectError;
use tonic::body::Body;
use tonic::service::Routes;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

const PASSWORD: &str = "administrator-password";
const ADDRESS: &str = "node-1.example:7680";
const PEER_ADDRESS: &str = "node-1.example:7681";

/// What happens to one request.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// Nobody is there.
    Unreachable,
    /// The other side shows a certificate of somebody else.
    Untrusted,
    /// It arrives, and its answer does not.
    AnswerLost,
    /// Neither it nor an answer arrives, and nobody says so.
    Silence,
}

/// When what happened, by the clock of the client.
type Trace = Vec<(Duration, String)>;

/// The one way to the one member.
#[derive(Clone)]
struct Wire {
    server: Access<Routes>,
    node: SharedRuntime,
    client: SharedRuntime,
    is_operator: bool,
    /// What happens to the next requests.
    faults: Arc<Mutex<VecDeque<Fault>>>,
    trace: Arc<Mutex<Trace>>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl Connector for Wire {
    fn channel(&self, address: &Address, state: &ConnectionState) -> Channel {
        assert_eq!(address.to_string(), ADDRESS);
        state.connecting().succeeded(Duration::from_millis(1));
        let wire = self.clone();
        BoxCloneSyncService::new(tower::service_fn(move |request| wire.clone().carry(request)))
    }
}

impl Wire {
    async fn carry(self, mut request: http::Request<Body>) -> Result<http::Response<Body>, ChannelError> {
        let fault = self.faults.lock().unwrap().pop_front();
        self.note(&format!("{} {fault:?}", request.uri().path()));
        self.takes_its_time().await;
        match fault {
            Some(Fault::Unreachable) => {
                let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
                return Err(ChannelError::new(ConnectError(refused.into())));
            }
            Some(Fault::Untrusted) => {
                let stranger = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
                return Err(ChannelError::new(stranger));
            }
            Some(Fault::Silence) => std::future::pending().await,
            Some(Fault::AnswerLost) | None => {}
        }
        let expires_at = self.node.time_of_day() + Duration::from_secs(60);
        let certificate = self.is_operator.then(|| ClientCertificate { identity: "operator".into(), expires_at });
        request.extensions_mut().insert(ClientConnection { remote: ([192, 0, 2, 7], 5000).into(), certificate });
        // The node's part of a call runs on the node.
        let (done, answer) = oneshot::channel();
        let call = self.server.clone().oneshot(request);
        self.node.spawn(Box::pin(async move { drop(done.send(call.await)) }));
        let Ok(answer) = answer.await.map_err(ChannelError::new)?;
        self.takes_its_time().await;
        match fault {
            Some(Fault::AnswerLost) => Err(ChannelError::new(io::Error::from(io::ErrorKind::ConnectionReset))),
            _ => Ok(answer),
        }
    }

    async fn takes_its_time(&self) {
        let microseconds = 1_000 + self.client.random() % 2_000;
        self.client.sleep(Duration::from_micros(microseconds)).await;
    }

    fn note(&self, what: &str) {
        self.trace.lock().unwrap().push((self.client.now().since_start(), what.to_owned()));
    }

    fn client(&self) -> ClientBuilder {
        let (runtime, connector) = (Arc::clone(&self.client), Arc::new(self.clone()));
        Client::builder().endpoint(ADDRESS).runtime(runtime).connector(connector)
    }

    /// Whoever may form a cluster.
    fn operator(&self) -> Client {
        Self { is_operator: true, ..self.clone() }.client().build().unwrap()
    }
}

/// Nobody counts.
#[derive(Debug)]
struct Uncounted;

impl Observer for Uncounted {
    fn answered(&self, _call: &'static str, _grpc_status: &str, _took: Duration) {}
    fn leader_changed(&self) {}
}

impl Counters for Uncounted {
    fn count(&self, _what: Counted, _code: &'static str) {}
    fn watch_begins(&self) {}
    fn watch_ends(&self) {}
}

/// The member is alone.
struct NoLinks;

impl Links for NoLinks {
    fn link(&self, member: NodeId, _address: &str) -> Arc<dyn Link> {
        panic!("there is no member {member}")
    }
}

/// Keystores are slow to open on purpose; one run is to have the key of the other.
fn keystore() -> &'static (KeystoreSettings, Keystore) {
    static KEYSTORE: OnceLock<(KeystoreSettings, Keystore)> = OnceLock::new();
    KEYSTORE.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keystore.p12");
        let password = PlainSecret::new("keystore-password".to_owned());
        Keystore::create(&path, password.expose(), "aesKey").unwrap();
        let keystore = Keystore::open(&path, password.expose()).unwrap();
        (KeystoreSettings { path, password, key_name: "aesKey".to_owned() }, keystore)
    })
}

/// A node with one client's way to it, and what it keeps.
async fn node(simulation: &Arc<Simulation>) -> (Wire, Replica) {
    let (runtime, client): (SharedRuntime, SharedRuntime) = (simulation.machine(), simulation.machine());
    let (settings, keystore) = keystore();
    let vault = Vault::with_keystore(keystore, settings, Arc::clone(&runtime), HashingCost::LEAST).unwrap();
    let vault = Arc::new(vault);
    let limits = LoginLimits { per_address: 20, per_user: 5 };
    let identity = Identity::new(Arc::clone(&vault), Arc::clone(&runtime), limits).await.unwrap();
    let raft = RaftSettings {
        heartbeat_interval: Duration::from_millis(50),
        election_timeout_min: Duration::from_millis(150),
        election_timeout_max: Duration::from_millis(300),
        snapshot_entries: 1000,
        log_entries_kept: 1000,
    };
    let storage = Storage::Memory(MemoryStorage::default());
    let options = ReplicaOptions::new(1, storage, Arc::new(NoLinks), Arc::clone(&runtime), raft);
    let replica = Replica::start(options).await.unwrap();
    let use_cases = UseCases::new(Parts {
        runtime: Arc::clone(&runtime),
        replica: replica.clone(),
        vault,
        identity,
        formation: None,
        counters: Arc::new(Uncounted),
        max_staleness: Duration::from_secs(5),
        policy: Policy::default(),
        advertised: Advertised::default(),
    });
    let interface = Interface::new(use_cases, &runtime, Arc::new(Uncounted), CancellationToken::new());
    let (faults, trace) = (Arc::default(), Arc::default());
    (Wire { server: interface.into_service(), node: runtime, client, is_operator: false, faults, trace }, replica)
}

/// A cluster of this one node, which members reach at that address.
fn cluster_of_one(peer_address: &str) -> NewCluster {
    let (peer_address, client_address) = (peer_address.to_owned(), ADDRESS.to_owned());
    let member = InitMember { node_id: 1, peer_address, client_address };
    NewCluster { members: vec![member], administrator: "admin".to_owned(), password: Some(PASSWORD.to_owned().into()) }
}

/// A cluster of one, and its administrator.
async fn formed(simulation: &Arc<Simulation>) -> (Wire, Client) {
    let (wire, _) = node(simulation).await;
    wire.operator().init_cluster(&cluster_of_one(PEER_ADDRESS)).await.unwrap();
    let admin = wire.client().password("admin", PASSWORD).build().unwrap();
    (wire, admin)
}

async fn run(admin: &Client, statement: &str) -> u64 {
    admin.execute(statement).await.unwrap().collect().await.unwrap().1.revision
}

/// Writes, reads with the password, watches and guards; answers get lost on the way.
async fn story(simulation: Arc<Simulation>) -> Trace {
    let (wire, admin) = formed(&simulation).await;
    run(&admin, "CREATE ROLE resolver").await;
    run(&admin, "GRANT RESOLVE ALIAS ON DBMS TO resolver").await;
    run(&admin, "GRANT ROLE resolver TO admin").await;
    let create =
        "CREATE ALIAS films FOR DATABASE movies AT 'neo4j+s://b.example:7687' USER alice PASSWORD 'secretpassword'";
    wire.faults.lock().unwrap().extend([Fault::Unreachable, Fault::AnswerLost, Fault::Silence]);
    let created = run(&admin, create).await;

    let route = admin.resolve(&Lookup::name("films").with_credentials()).await.unwrap();
    assert_eq!(route.version, created, "one of its attempts took effect, and once");
    let Destination::Remote(remote) = &route.destination else { panic!("{route:?}") };
    assert_eq!(remote.url, "neo4j+s://b.example:7687");
    let listed = admin.execute("SHOW ALIASES FOR DATABASE").await.unwrap().collect().await.unwrap();
    assert_eq!(listed.0.len(), 1);

    let mut watch = admin.watch(WatchFrom::after(created));
    let guard = admin.begin(Lookup::name("films")).await.unwrap();
    guard.validate().await.unwrap();
    let altered = run(&admin, "ALTER ALIAS films SET DATABASE USER bob PASSWORD 'another-password'").await;
    assert_eq!(guard.changed().await, Ended::Changed { revision: altered });
    assert_eq!(guard.validate().await.unwrap_err().code, GUARD_CHANGED);
    loop {
        let event = watch.next().await.unwrap();
        wire.note(&format!("{event:?}"));
        if let Event::Changes { revision, .. } = event {
            assert_eq!(revision, altered);
            break;
        }
    }
    std::mem::take(&mut *wire.trace.lock().unwrap())
}

fn told(seed: u64) -> (Trace, u64) {
    assert!(tokio::runtime::Handle::try_current().is_err());
    let simulation = Simulation::new(seed);
    let trace = simulation.run(story(Arc::clone(&simulation)));
    (trace, simulation.fingerprint())
}

#[test]
fn two_runs_of_a_seed_are_the_same_run_from_the_sdk_to_the_log() {
    let one = told(1);
    assert!(one.0.len() > 10, "{:?}", one.0);
    assert_eq!(one, told(1));
    assert_ne!(one.1, told(2).1, "another seed is another run");
}

#[test]
fn what_a_transport_says_of_a_lost_request_is_what_the_caller_is_told() {
    let simulation = Simulation::new(7);
    simulation.run(async {
        let (wire, admin) = formed(&simulation).await;
        run(&admin, "CREATE ROLE one").await;
        let always = |fault: Fault| *wire.faults.lock().unwrap() = std::iter::repeat_n(fault, 10_000).collect();
        let create = async || -> Failure { admin.execute("CREATE ROLE two").await.unwrap_err() };

        always(Fault::Unreachable);
        let failure = create().await;
        assert_eq!((failure.code.as_str(), failure.class), (UNREACHABLE, Class::RetryHere));
        always(Fault::Untrusted);
        let failure = create().await;
        assert_eq!((failure.code.as_str(), failure.class), (UNTRUSTED, Class::Rejected));
        for fault in [Fault::AnswerLost, Fault::Silence] {
            always(fault);
            assert_eq!(create().await.class, Class::OutcomeUnknown, "{fault:?}");
        }
    });
}

#[test]
fn who_forms_a_cluster_and_hears_nothing_of_it_finds_out() {
    let simulation = Simulation::new(11);
    simulation.run(async {
        let (wire, replica) = node(&simulation).await;
        wire.faults.lock().unwrap().push_back(Fault::AnswerLost);
        let new = NewCluster { password: None, ..cluster_of_one(PEER_ADDRESS) };
        let formed = wire.operator().init_cluster(&new).await.unwrap();
        assert_eq!(Some(formed.id), replica.cluster().map(|id| id.to_string()));
        let password = formed.generated_password.unwrap();
        let admin = wire.client().password("admin", password.expose()).build().unwrap();
        run(&admin, "CREATE ROLE one").await;
        let again = wire.operator().init_cluster(&new).await.unwrap_err();
        assert_eq!(again.code, "CLUSTER_ALREADY_FORMED", "by another call, with another password");
    });
}

/// An attempt that ended between its two steps left the members, and no catalog.
/// A node that is empty, or is one again, stands among the endpoints of those who want to replace it.
#[test]
fn a_node_without_users_refuses_nobodys_password_but_sends_on() {
    let simulation = Simulation::new(12);
    simulation.run(async {
        let (wire, _) = node(&simulation).await;
        let admin = wire.client().password("admin", PASSWORD).deadline(Duration::from_secs(2)).build().unwrap();
        for failure in [admin.remove_member(1).await.unwrap_err(), admin.transfer_leader(None).await.unwrap_err()] {
            assert_eq!((failure.code.as_str(), failure.class), ("NODE_EMPTY", Class::RetryHere));
        }
        // Who may look at a node without a cluster is another question, and one for whoever names no user.
        let looks = admin.cluster_status().await.unwrap_err();
        assert_eq!((looks.code.as_str(), looks.class), ("NODE_EMPTY", Class::RetryHere));
        let nobody = wire.client().deadline(Duration::from_secs(2)).build().unwrap();
        assert_eq!(nobody.cluster_status().await.unwrap_err().code, "NEIGHBOUR_ONLY");
    });
}

#[test]
fn a_cluster_that_is_half_formed_is_formed_with_the_same_members_only() {
    let simulation = Simulation::new(12);
    simulation.run(async {
        let (wire, replica) = node(&simulation).await;
        let (name, peer_address) = ("node-1".to_owned(), PEER_ADDRESS.to_owned());
        let member = Member { name, peer_address, client_address: ADDRESS.to_owned() };
        let begun = replica.initialize(ClusterId([7; 16]), [(1, member)].into()).await.unwrap();
        let refused = wire.operator().init_cluster(&cluster_of_one("elsewhere.example:7681")).await.unwrap_err();
        assert_eq!((refused.code.as_str(), refused.class), ("INIT_OTHER_MEMBERS", Class::Rejected));
        let formed = wire.operator().init_cluster(&cluster_of_one(PEER_ADDRESS)).await.unwrap();
        assert_eq!(formed.id, begun.to_string(), "what was begun is brought to its end");
    });
}

#[test]
fn what_a_member_waits_for_in_vain_is_told_before_its_caller_gives_up() {
    let simulation = Simulation::new(13);
    simulation.run(async {
        let (wire, admin) = formed(&simulation).await;
        let ahead = Lookup::name("films").freshness(Freshness::AtLeast(1_000_000));
        let refused = admin.resolve(&ahead).await.unwrap_err();
        assert_eq!((refused.code.as_str(), refused.class), ("REVISION_NOT_REACHED", Class::RetryHere), "{refused}");
        // Also of one that waits for less than a member would by itself.
        let hasty = wire.client().password("admin", PASSWORD).deadline(Duration::from_millis(400)).build().unwrap();
        assert_eq!(hasty.resolve(&ahead).await.unwrap_err().code, "REVISION_NOT_REACHED");
    });
}

#[test]
fn a_listing_that_nobody_reads_is_cut_and_says_so() {
    let simulation = Simulation::new(14);
    simulation.run(async {
        let (wire, admin) = formed(&simulation).await;
        // A row of each fills a chunk; some wait for the reader, and the listing for them.
        let text = "x".repeat(600 << 10);
        for number in 0..12 {
            let create = format!("CREATE ALIAS a{number} FOR DATABASE neo4j PROPERTIES {{text: '{text}'}}");
            run(&admin, &create).await;
        }
        let list = async || admin.execute("SHOW ALIASES FOR DATABASE YIELD name, properties").await.unwrap();
        let mut read_on = list().await;
        for _ in 0..12 {
            wire.client.sleep(Duration::from_secs(10)).await;
            assert!(read_on.next().await.unwrap().is_some());
        }
        assert_eq!(read_on.next().await.unwrap(), None, "whoever reads now and then is not cut");
        let left = list().await;
        wire.client.sleep(Duration::from_secs(40)).await;
        let cut = left.collect().await.unwrap_err();
        assert_eq!((cut.code.as_str(), cut.class), ("LISTING_CUT", Class::RetryHere), "{cut}");
    });
}

#[test]
fn guessing_at_ones_own_password_has_an_end() {
    let simulation = Simulation::new(15);
    simulation.run(async {
        let (wire, _) = formed(&simulation).await;
        let admin = wire.client().password("admin", PASSWORD).deadline(Duration::from_secs(2)).build().unwrap();
        let change = async |from: &str| {
            let statement = format!("ALTER CURRENT USER SET PASSWORD FROM '{from}' TO 'another-long-password'");
            let changed = match admin.execute(statement.as_str()).await {
                Ok(listed) => listed.collect().await.map(drop),
                Err(failure) => Err(failure),
            };
            changed.err().map(|failure| failure.code)
        };
        let mut codes = Vec::new();
        for number in 0..12 {
            codes.push(change(&format!("wrong-password-{number}")).await.expect("it is wrong"));
        }
        let throttled = codes.iter().position(|code| code == "LOGIN_THROTTLED");
        // The SDK logs in anew and sends each a second time: its own password may have changed.
        assert!(throttled.is_some_and(|first| (2..=6).contains(&first)), "{codes:?}");
        wire.client.sleep(Duration::from_secs(60)).await;
        assert_eq!(change(PASSWORD).await, None, "the right one is taken once there are tries again");
    });
}

/// Whenever the right is taken away: what is answered with is a state in which the caller had it.
#[test]
fn no_password_is_verified_for_whoever_may_not_ask_any_more() {
    for (seed, delay) in (0..12).map(|step| (20 + step, Duration::from_micros(700 * step))) {
        let simulation = Simulation::new(seed);
        simulation.run(async {
            let (wire, admin) = formed(&simulation).await;
            for statement in [
                "CREATE ROLE asker",
                "GRANT IMPERSONATE (*) ON DBMS TO asker",
                "CREATE USER dbms SET PASSWORD 'password-of-dbms' CHANGE NOT REQUIRED",
                "GRANT ROLE asker TO dbms",
            ] {
                run(&admin, statement).await;
            }
            let dbms = wire.client().password("dbms", "password-of-dbms").build().unwrap();
            let password = Secret::new(PASSWORD.to_owned());
            let asked = dbms.verify_user("admin", &password, Freshness::Linearizable);
            let revoked = async {
                wire.client.sleep(delay).await;
                run(&admin, "REVOKE IMPERSONATE (*) ON DBMS FROM asker").await
            };
            let (asked, revision) = futures::join!(asked, revoked);
            if let Ok(verified) = asked {
                assert!(verified.served_at_revision < revision, "{verified:?}");
            }
        });
    }
}
