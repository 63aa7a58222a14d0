//! Members in one process that talk gRPC over loopback connections: what is refused, and how a caller is told.
//!
//! Every pair of members has a port of its own, which stands for the certificate: who connects there is who it says.

// Clippy allows unwrap in test functions, but does not know the functions that they share.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aliasd_catalog::{
    Bootstrap, ClusterId, Command, Digest, Entry, KeyId, PasswordHash, Policy, Principal, RequestId, Revision,
    Timestamp, UserName,
};
use aliasd_replica::{Member, MemoryStorage, NodeId, RaftSettings, Replica, ReplicaOptions, Storage};
use aliasd_runtime::TokioRuntime;
use aliasd_wire::peer::v1 as wire;
use aliasd_wire::peer::v1::peer_client::PeerClient;
use aliasd_wire::store::log;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Code;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint, Server};

use aliasd_node::peers::{GrpcLinks, PeerIdentity, PeerService};

/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

const CLUSTER: ClusterId = ClusterId([7; 16]);

/// Where the second member of each pair accepts the first.
type Ports = Arc<Mutex<BTreeMap<(NodeId, NodeId), SocketAddr>>>;

struct Cluster {
    links: Ports,
    members: BTreeMap<NodeId, Replica>,
    runtime: Runtime,
}

impl Cluster {
    /// Starts new members `1..=size`, forms a cluster of them, and commits its first entry.
    fn form(size: NodeId) -> Self {
        let mut cluster = Self { links: Ports::default(), members: BTreeMap::new(), runtime: Runtime::new().unwrap() };
        for node in 1..=size {
            cluster.start(node, size);
        }
        let members = (1..=size).map(|node| (node, member(node))).collect();
        cluster.block_on(cluster.replica(1).initialize(CLUSTER, members)).unwrap();
        let deadline = Instant::now() + PATIENCE;
        let proposed = || {
            let propose = |replica: &Replica| cluster.block_on(replica.propose(bootstrap(), PATIENCE)).is_ok();
            cluster.members.values().any(propose)
        };
        while !proposed() {
            assert!(Instant::now() < deadline, "nobody took the first entry");
        }
        cluster
    }

    fn start(&mut self, node: NodeId, size: NodeId) {
        let _entered = self.runtime.enter();
        let raft = RaftSettings {
            heartbeat_interval: Duration::from_millis(100),
            election_timeout_min: Duration::from_millis(300),
            election_timeout_max: Duration::from_millis(600),
            snapshot_entries: 10_000,
            log_entries_kept: 5_000,
        };
        let ports = Arc::clone(&self.links);
        let links = GrpcLinks(move |to: NodeId, _: &str| connect(node, to, &ports));
        let storage = Storage::Memory(MemoryStorage::default());
        let options = ReplicaOptions::new(node, storage, Arc::new(links), Arc::new(TokioRuntime::current()), raft);
        let replica = self.block_on(Replica::start(options)).unwrap();
        for from in (1..=size).filter(|from| *from != node) {
            let listener = self.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
            self.links.lock().unwrap().insert((from, node), listener.local_addr().unwrap());
            let service = PeerService::mount(replica.peer_server());
            let service = InterceptedService::new(service, move |mut request: tonic::Request<()>| {
                request.extensions_mut().insert(PeerIdentity(from));
                Ok(request)
            });
            let server = Server::builder().add_service(service);
            self.runtime.spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        }
        self.members.insert(node, replica);
    }

    fn replica(&self, node: NodeId) -> &Replica {
        &self.members[&node]
    }

    /// What a message says that this member sends to that one.
    fn route(&self, sender: NodeId, receiver: NodeId) -> wire::Route {
        let members = self.replica(1).status().members;
        let incarnation = |node| members[&node].incarnation.map(|incarnation| incarnation.0.to_vec());
        wire::Route {
            sender,
            receiver,
            cluster_id: Some(CLUSTER.0.to_vec()),
            sender_incarnation: incarnation(sender),
            receiver_incarnation: incarnation(receiver),
        }
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Waits until every member is at the same revision, and returns its digest after comparing.
    fn settle(&self) -> (Revision, Digest) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let states = self.members.values().map(|replica| {
                let status = replica.status();
                (status.applied, status.digest)
            });
            let states: Vec<_> = states.collect();
            if states.windows(2).all(|pair| pair[0].0 == pair[1].0) {
                assert!(states.windows(2).all(|pair| pair[0] == pair[1]), "digests differ: {states:?}");
                return states[0];
            }
            assert!(Instant::now() < deadline, "waited in vain for equal revisions");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn member(node: NodeId) -> Member {
    Member {
        name: format!("node{node}"),
        peer_address: format!("node{node}:7681"),
        client_address: format!("node{node}:7680"),
    }
}

/// The entry that forms a cluster with the administrator `admin`.
fn bootstrap() -> Entry {
    let command = Command::Bootstrap(Bootstrap {
        cluster_id: CLUSTER,
        active_key: KeyId([8; 16]),
        policy: Policy::default(),
        admin: UserName::new("admin").unwrap(),
        password: PasswordHash::new("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA"),
    });
    Entry { request: RequestId([0; 16]), actor: Principal::System, issued_at: Timestamp(1), command, origin: None }
}

/// Connects to the port that accepts `from`.
fn connect(from: NodeId, to: NodeId, ports: &Ports) -> Channel {
    let ports = Arc::clone(ports);
    let connect = tower::service_fn(move |_| {
        let address = ports.lock().unwrap().get(&(from, to)).copied();
        async move {
            let address = address.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionRefused))?;
            TcpStream::connect(address).await.map(TokioIo::new)
        }
    });
    Endpoint::from_static("http://peer").connect_with_connector_lazy(connect)
}

#[test]
fn a_peer_speaks_only_for_itself_and_only_to_whom_it_means() {
    let cluster = Cluster::form(3);
    // The certificate proves node 2.
    let mut client = cluster.block_on(async { PeerClient::new(connect(2, 1, &cluster.links)) });
    let mut ask = |sender, receiver| {
        let request = wire::ReadIndexRequest { route: Some(cluster.route(sender, receiver)) };
        cluster.block_on(client.read_index(request)).map(|_| ()).map_err(|status| status.code())
    };
    assert_eq!(ask(2, 1), Ok(()));
    assert_eq!(ask(3, 1), Err(Code::PermissionDenied), "another sender than the certificate proves");
    assert_eq!(ask(2, 3), Err(Code::FailedPrecondition), "meant for another member");

    let stolen = wire::VoteRequest {
        route: Some(cluster.route(2, 1)),
        vote: Some(log::Vote { term: 99, node_id: 3, committed: false }),
        ..wire::VoteRequest::default()
    };
    let refused = cluster.block_on(client.vote(stolen)).unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "a vote in another node's name");
    assert!(cluster.replica(1).status().term < 99);
}

#[test]
fn a_damaged_snapshot_changes_nothing() {
    use wire::snapshot_part::Part;
    let cluster = Cluster::form(3);
    let before = cluster.settle();
    // The certificate proves node 2.
    let mut client = cluster.block_on(async { PeerClient::new(connect(2, 1, &cluster.links)) });
    let header = wire::SnapshotHeader {
        route: Some(cluster.route(2, 1)),
        vote: Some(log::Vote { term: 99, node_id: 2, committed: true }),
        last_log_id: Some(log::LogId { term: 99, node_id: 2, index: 1000 }),
        membership: Some(log::StoredMembership { log_id: None, membership: Some(log::Membership::default()) }),
    };
    let record = wire::SnapshotRecord { key: vec![1], value: vec![2], checksum: 3, continued: false };
    let trailer = wire::SnapshotTrailer { record_count: 5, digest: vec![0; 32] };
    let parts = |part| [Part::Header(header.clone()), part].map(|part| wire::SnapshotPart { part: Some(part) });
    for part in [Part::Records(wire::SnapshotRecords { records: vec![record] }), Part::Trailer(trailer)] {
        let refused = cluster.block_on(client.install_snapshot(futures::stream::iter(parts(part)))).unwrap_err();
        assert_eq!(refused.code(), Code::DataLoss, "{refused}");
        assert!(refused.message().contains("the snapshot is damaged"), "{refused}");
    }
    assert_eq!(cluster.settle(), before);
    assert!(cluster.replica(1).status().term < 99, "not even the vote is taken");
}
