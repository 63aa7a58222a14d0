//! One node in this process, with real TLS, keystore and RocksDB, and callers of it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aliasd_keyring::keystore::Keystore;
use aliasd_keyring::pki::{Authority, CertificateSubject, DEFAULT_VALIDITY};
use aliasd_node::config::{Commands, Config};
use aliasd_node::node::Node;
use aliasd_wire::failure::Failure;
use aliasd_wire::v1;
use aliasd_wire::v1::admin_client::AdminClient;
use aliasd_wire::v1::auth_client::AuthClient;
use aliasd_wire::v1::cluster_client::ClusterClient;
use aliasd_wire::v1::execute_response::Part;
use aliasd_wire::v1::router_client::RouterClient;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Request, Status};

/// The first administrator's password.
pub(crate) const PASSWORD: &str = "administrator-password";

/// The files of a node, and the node if it runs.
pub(crate) struct Rig {
    directory: TempDir,
    authority: Authority,
    /// What stands in the section `[cluster]` of its configuration.
    cluster: String,
    /// What else stands in `[node]`.
    more: String,
    node: Option<Node>,
}

impl Rig {
    /// Makes the files.
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let authority = Authority::create("smoke").unwrap();
        let pki = directory.path().join("pki");
        authority.save(&pki).unwrap();
        let subject = CertificateSubject::Node { id: 1, hosts: vec!["127.0.0.1".parse().unwrap()] };
        authority.issue(&subject, DEFAULT_VALIDITY).unwrap().save(&pki, "node-1").unwrap();
        Keystore::create(&directory.path().join("keystore.p12"), "keystore-password", "aesKey").unwrap();
        Self { directory, authority, cluster: String::new(), more: String::new(), node: None }
    }

    /// From the next start on, the section `[cluster]` of its configuration is this.
    pub(crate) fn configure_cluster(&mut self, lines: &str) {
        lines.clone_into(&mut self.cluster);
    }

    /// From the next start on, this stands in the section `[node]` too.
    pub(crate) fn configure_node(&mut self, lines: &str) {
        lines.clone_into(&mut self.more);
    }

    fn config(&self) -> PathBuf {
        let root = self.directory.path().display();
        let (cluster, more) = (&self.cluster, &self.more);
        let text = format!(
            r#"
[cluster]
{cluster}
[node]
id = 1
data_dir = "{root}/data"
client_listen = "127.0.0.1:0"
peer_listen = "127.0.0.1:0"
http_listen = "127.0.0.1:0"
{more}
[tls]
peer_certificate = "{root}/pki/node-1.pem"
peer_key = "{root}/pki/node-1-key.pem"
peer_ca = "{root}/pki/ca.pem"
client_ca = "{root}/pki/ca.pem"
[keystore]
path = "{root}/keystore.p12"
password = "keystore-password"
"#
        );
        let file = self.directory.path().join("aliasd.toml");
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        file
    }

    /// Starts the node. In one process, tasks of an earlier one may hold on to the directory for a moment.
    pub(crate) async fn start(&mut self) {
        let config = Config::load(&self.config(), Commands::Refuse, []).unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        self.node = Some(loop {
            match Node::start(&config).await {
                Ok(node) => break node,
                Err(failure) if failure.to_string().contains("in use") && Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(failure) => panic!("the node does not start: {failure}"),
            }
        });
    }

    /// Who can read what the node wrote for its operator.
    pub(crate) fn operator(&self) -> Caller {
        let token = fs::read_to_string(self.directory.path().join("data/formation-token")).unwrap();
        self.bearer(token.trim_end())
    }

    /// Starts a second one beside it, with the same files.
    pub(crate) async fn start_again(&self) -> Result<Node, aliasd_node::node::NodeStartError> {
        let config = Config::load(&self.config(), Commands::Refuse, []).unwrap();
        Node::start(&config).await
    }

    /// Stops the node.
    pub(crate) async fn stop(&mut self) {
        self.node.take().unwrap().stop().await.unwrap();
    }

    pub(crate) fn node(&self) -> &Node {
        self.node.as_ref().unwrap()
    }

    /// Every byte below the data directory.
    pub(crate) fn stored(&self) -> Vec<u8> {
        fn collect(directory: &Path, bytes: &mut Vec<u8>) {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { collect(&path, bytes) } else { bytes.extend(fs::read(&path).unwrap()) }
            }
        }
        let mut bytes = Vec::new();
        collect(&self.directory.path().join("data"), &mut bytes);
        bytes
    }

    /// A caller without a proof of identity.
    pub(crate) fn stranger(&self) -> Caller {
        Caller { channel: self.channel(None), authorization: None }
    }

    /// A caller with user and password.
    pub(crate) fn basic(&self, user: &str, password: &str) -> Caller {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        self.authorized(&format!("Basic {encoded}"))
    }

    /// A caller with a token.
    pub(crate) fn bearer(&self, token: &str) -> Caller {
        self.authorized(&format!("Bearer {token}"))
    }

    /// A caller with a client certificate.
    pub(crate) fn certified(&self, identity: &str) -> Caller {
        Caller { channel: self.channel(Some(identity)), authorization: None }
    }

    /// A caller with this in the header for what proves who calls.
    pub(crate) fn authorized(&self, value: &str) -> Caller {
        Caller { authorization: Some(value.parse().unwrap()), ..self.stranger() }
    }

    fn channel(&self, identity: Option<&str>) -> Channel {
        self.counted_channel(identity, Arc::default())
    }

    /// A caller with a token, and how often it had to connect.
    pub(crate) fn counted_bearer(&self, token: &str) -> (Caller, Arc<AtomicUsize>) {
        let connected = Arc::<AtomicUsize>::default();
        let channel = self.counted_channel(None, Arc::clone(&connected));
        (Caller { channel, ..self.bearer(token) }, connected)
    }

    /// A caller without a proof of identity, and how often it had to connect.
    pub(crate) fn counted_stranger(&self) -> (Caller, Arc<AtomicUsize>) {
        let connected = Arc::<AtomicUsize>::default();
        (Caller { channel: self.counted_channel(None, Arc::clone(&connected)), authorization: None }, connected)
    }

    fn counted_channel(&self, identity: Option<&str>, connected: Arc<AtomicUsize>) -> Channel {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.authority.certificate_pem().as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_protocol_versions(&[&rustls::version::TLS13]).unwrap();
        let builder = builder.with_root_certificates(roots);
        let mut tls = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let subject = CertificateSubject::Client { identity: identity.to_owned() };
                let issued = self.authority.issue(&subject, DEFAULT_VALIDITY).unwrap();
                let chain = vec![CertificateDer::from_pem_slice(issued.certificate_pem().as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(issued.key_pem().as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        tls.alpn_protocols = vec![b"h2".to_vec()];
        let (tls, address) = (TlsConnector::from(Arc::new(tls)), self.node().addresses().client);
        Endpoint::from_static("https://127.0.0.1").connect_with_connector_lazy(tower::service_fn(move |_: Uri| {
            let tls = tls.clone();
            connected.fetch_add(1, Ordering::Relaxed);
            async move {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let name = ServerName::from(std::net::IpAddr::from([127, 0, 0, 1]));
                tls.connect(name, stream).await.map(TokioIo::new)
            }
        }))
    }
}

/// Somebody who calls the node.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) channel: Channel,
    authorization: Option<MetadataValue<Ascii>>,
}

impl Caller {
    /// A request with the caller's proof.
    pub(crate) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(authorization) = &self.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        request
    }

    pub(crate) async fn init(&self) -> Result<v1::InitResponse, Failure> {
        let request = v1::InitRequest {
            members: vec![v1::InitMember {
                node_id: 1,
                peer_address: "127.0.0.1:1".to_owned(),
                client_address: "127.0.0.1:2".to_owned(),
            }],
            admin_user: String::new(),
            admin_password: Some(PASSWORD.to_owned()),
        };
        answer(ClusterClient::new(self.channel.clone()).init(self.request(request)).await)
    }

    pub(crate) async fn status(&self) -> Result<v1::StatusResponse, Failure> {
        answer(ClusterClient::new(self.channel.clone()).status(self.request(v1::StatusRequest {})).await)
    }

    pub(crate) async fn login(&self, user: &str, password: &str) -> Result<String, Failure> {
        let request = v1::LoginRequest { user: user.to_owned(), password: password.to_owned() };
        let mut response = answer(AuthClient::new(self.channel.clone()).login(self.request(request)).await)?;
        Ok(std::mem::take(&mut response.token))
    }

    pub(crate) async fn logout(&self) -> Result<v1::LogoutResponse, Failure> {
        answer(AuthClient::new(self.channel.clone()).logout(self.request(v1::LogoutRequest {})).await)
    }

    pub(crate) async fn who_am_i(&self) -> Result<v1::WhoAmIResponse, Failure> {
        answer(AuthClient::new(self.channel.clone()).who_am_i(self.request(v1::WhoAmIRequest {})).await)
    }

    /// Runs a statement; gives its messages.
    pub(crate) async fn execute_all(&self, statement: &str, request_id: Vec<u8>) -> Result<Vec<Part>, Failure> {
        let request = v1::ExecuteRequest {
            statement: statement.to_owned(),
            parameters: BTreeMap::new(),
            request_id,
            freshness: None,
            first_sent_after_revision: None,
        };
        let mut parts = answer(AdminClient::new(self.channel.clone()).execute(self.request(request)).await)?;
        let mut all = Vec::new();
        while let Some(response) = parts.message().await.map_err(Failure::from)? {
            all.push(response.part.unwrap());
        }
        Ok(all)
    }

    /// Runs a statement; gives its summary.
    pub(crate) async fn execute(&self, statement: &str) -> Result<v1::Summary, Failure> {
        let parts = self.execute_all(statement, Vec::new()).await?;
        match parts.into_iter().next_back() {
            Some(Part::Summary(summary)) => Ok(summary),
            other => panic!("no summary but {other:?}"),
        }
    }

    pub(crate) async fn resolve(&self, name: &str, with_credentials: bool) -> Result<v1::ResolveResponse, Failure> {
        self.resolve_for(name, None, with_credentials).await
    }

    pub(crate) async fn resolve_for(
        &self,
        name: &str,
        user: Option<&str>,
        with_credentials: bool,
    ) -> Result<v1::ResolveResponse, Failure> {
        let request = v1::ResolveRequest {
            target: Some(v1::resolve_request::Target::Name(name.to_owned())),
            on_behalf_of: user.map(str::to_owned),
            freshness: None,
            with_credentials,
            connected_to: None,
        };
        answer(RouterClient::new(self.channel.clone()).resolve(self.request(request)).await)
    }

    pub(crate) async fn privileges(&self, user: Option<&str>) -> Result<v1::EffectivePrivilegesResponse, Failure> {
        let request = v1::EffectivePrivilegesRequest { user: user.map(str::to_owned), freshness: None };
        answer(AuthClient::new(self.channel.clone()).effective_privileges(self.request(request)).await)
    }

    pub(crate) async fn explain(&self, user: Option<&str>, name: &str) -> Result<v1::ExplainAccessResponse, Failure> {
        let request =
            v1::ExplainAccessRequest { user: user.map(str::to_owned), name: name.to_owned(), freshness: None };
        answer(AuthClient::new(self.channel.clone()).explain_access(self.request(request)).await)
    }

    /// Runs statements one after the other, all of which have to succeed.
    pub(crate) async fn execute_each(&self, statements: &[&str]) {
        for statement in statements {
            self.execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
    }

    pub(crate) async fn watch(&self, after: Option<u64>) -> Result<tonic::Streaming<v1::WatchResponse>, Failure> {
        let request = v1::WatchRequest { after_revision: after, filter: None, takes_parts: true };
        answer(RouterClient::new(self.channel.clone()).watch(self.request(request)).await)
    }
}

fn answer<T>(response: Result<tonic::Response<T>, Status>) -> Result<T, Failure> {
    response.map(tonic::Response::into_inner).map_err(Failure::from)
}
