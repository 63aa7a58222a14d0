//! Both ends of Bolt as a test wants them: a driver that asks one thing at a time, and a DBMS that answers as a script says and
//! keeps what it was asked. For what no real peer can be made to do.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use aliasd_bolt::{
    AuthToken, ClientConnection, ClientEvent, ClientHandshake, ClientHandshakeStep, Failure, Hello, Limits, Map,
    Request, Response, Secret, ServerAction, ServerConnection, ServerHandshake, ServerHandshakeStep, Value, Version,
    read_records,
};
use anyhow::{Result, anyhow, bail};
use rustls::{ServerConfig, StreamOwned};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

const LIMITS: fn() -> Limits = || Limits::new(1 << 24, 100);
/// How long an answer may take: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// A driver's connection.
pub(crate) struct Driver {
    stream: TcpStream,
    connection: ClientConnection,
    /// The rows that came since they were last taken.
    pub(crate) rows: Vec<Vec<Value>>,
}

impl Driver {
    /// Connects and agrees on a version.
    pub(crate) fn connect(address: &str, version: Version) -> Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut handshake = ClientHandshake::new(&[version]);
        stream.write_all(&handshake.opening())?;
        let mut bytes = [0; 1024];
        loop {
            let read = stream.read(&mut bytes)?;
            match handshake.receive(&bytes[..read])? {
                ClientHandshakeStep::Continue if read > 0 => {}
                ClientHandshakeStep::Continue => bail!("closed during the handshake"),
                ClientHandshakeStep::Agreed { reply, rest, .. } => {
                    stream.write_all(&reply)?;
                    let mut connection = ClientConnection::new(version, LIMITS());
                    connection.receive(&rest);
                    return Ok(Self { stream, connection, rows: Vec::new() });
                }
            }
        }
    }

    /// Connects and logs in.
    pub(crate) fn logged_in(address: &str, version: Version, user: &str, password: &str) -> Result<Self> {
        let mut driver = Self::connect(address, version)?;
        match driver.log_in(AuthToken::basic(user, Secret::new(password.to_owned())))? {
            Response::Success(_) => Ok(driver),
            other => bail!("not logged in: {other:?}"),
        }
    }

    /// HELLO, and LOGON where the version has it.
    pub(crate) fn log_in(&mut self, token: AuthToken) -> Result<Response> {
        let has_logon = self.connection.dialect().version().has_logon();
        let hello = Hello {
            user_agent: "test/1".to_owned(),
            bolt_agent: Some(Map::new().with("product", "test/1")),
            auth: (!has_logon).then(|| token.clone()),
            patches: vec!["utc".to_owned()],
            ..Hello::default()
        };
        let greeted = self.ask(&Request::Hello(hello))?;
        if has_logon { self.ask(&Request::Logon(token)) } else { Ok(greeted) }
    }

    /// Sends a request.
    pub(crate) fn send(&mut self, request: &Request) -> Result<()> {
        self.connection.send(request)?;
        Ok(self.stream.write_all(&self.connection.take_output())?)
    }

    /// Sends bytes that are no message.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes)?)
    }

    /// The end of the next answer.
    pub(crate) fn answer(&mut self) -> Result<Response> {
        let dialect = self.connection.dialect();
        loop {
            match self.connection.next_event()? {
                Some(ClientEvent::Records { frames, .. }) => self.rows.extend(read_records(frames, dialect, LIMITS())?),
                Some(ClientEvent::Answered { response, .. }) => return Ok(response),
                None => {
                    let mut bytes = [0; 4096];
                    match self.stream.read(&mut bytes)? {
                        0 => bail!("closed"),
                        read => self.connection.receive(&bytes[..read]),
                    }
                }
            }
        }
    }

    pub(crate) fn ask(&mut self, request: &Request) -> Result<Response> {
        self.send(request)?;
        self.answer()
    }

    /// What a request succeeds with.
    pub(crate) fn succeed(&mut self, request: &Request) -> Result<Map> {
        match self.ask(request)? {
            Response::Success(map) => Ok(map),
            other => bail!("{}: {other:?}", request.kind()),
        }
    }

    /// What a request fails with.
    pub(crate) fn fail(&mut self, request: &Request) -> Result<Failure> {
        match self.ask(request)? {
            Response::Failure(failure) => Ok(failure),
            other => bail!("{}: {other:?}", request.kind()),
        }
    }

    /// Whether the gateway closes the connection, without a word before.
    pub(crate) fn is_closed_silently(&mut self) -> Result<bool> {
        let mut bytes = [0];
        match self.stream.read(&mut bytes) {
            Ok(read) => Ok(read == 0),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}

/// What a scripted DBMS does with a request.
pub(crate) enum Act {
    /// Answers it.
    Answer(Response),
    /// Answers with a row before.
    Row(Vec<Value>, Response),
    /// Says nothing.
    Hang,
    /// Closes the connection.
    Close,
    /// Says what is no message.
    Garbage,
}

/// What a scripted DBMS was asked, on all its connections, and how many of them were closed.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) requests: Vec<Request>,
    pub(crate) closed: usize,
}

/// A DBMS that does as a script says. It serves as long as the process lives.
pub(crate) struct Scripted {
    /// `host:port`.
    pub(crate) address: String,
    seen: Arc<Mutex<Seen>>,
}

impl Scripted {
    /// One that speaks this version. HELLO and RESET succeed whatever the script says.
    pub(crate) fn start(version: Version, script: impl Fn(&Request) -> Act + Send + Sync + 'static) -> Result<Self> {
        Self::start_over(Ok, version, script)
    }

    /// One that speaks TLS, and shows this certificate.
    pub(crate) fn start_encrypted(
        (certificate, key): (&Path, &Path),
        version: Version,
        script: impl Fn(&Request) -> Act + Send + Sync + 'static,
    ) -> Result<Self> {
        let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)?.collect::<Result<_, _>>()?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13])?;
        let config = config.with_no_client_auth().with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
        let config = Arc::new(config);
        let over = move |stream| Ok(StreamOwned::new(rustls::ServerConnection::new(Arc::clone(&config))?, stream));
        Self::start_over(over, version, script)
    }

    fn start_over<S: Read + Write>(
        over: impl Fn(TcpStream) -> Result<S> + Send + Sync + 'static,
        version: Version,
        script: impl Fn(&Request) -> Act + Send + Sync + 'static,
    ) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let (seen, script, over) = (Arc::new(Mutex::new(Seen::default())), Arc::new(script), Arc::new(over));
        let all = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (all, script, over) = (Arc::clone(&all), Arc::clone(&script), Arc::clone(&over));
                thread::spawn(move || {
                    // It ends when the gateway closes it, or as the script says.
                    let _ = over(stream).and_then(|stream| serve(stream, version, &all, &*script));
                    all.lock().unwrap_or_else(PoisonError::into_inner).closed += 1;
                });
            }
        });
        Ok(Self { address, seen })
    }

    /// What it was asked so far.
    pub(crate) fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn serve(
    mut stream: impl Read + Write,
    version: Version,
    all: &Mutex<Seen>,
    script: &dyn Fn(&Request) -> Act,
) -> Result<()> {
    let mut server = agreed(&mut stream, version)?;
    let mut bytes = [0; 4096];
    loop {
        while let Some(action) = server.next_action() {
            match action {
                ServerAction::Close(_) => {
                    // A login that was refused, for one: that is said first.
                    stream.write_all(&server.take_output())?;
                    return Ok(());
                }
                ServerAction::Interrupt => {}
                ServerAction::Perform(request) => {
                    all.lock().unwrap_or_else(PoisonError::into_inner).requests.push((*request).clone());
                    let act = match &*request {
                        Request::Hello(hello) if !hello.patches.is_empty() => {
                            Act::Answer(Response::Success(Map::new().with("patch_bolt", hello.patches.clone())))
                        }
                        Request::Hello(_) | Request::Reset => Act::Answer(success()),
                        request => script(request),
                    };
                    match act {
                        Act::Answer(response) => server.answer(&response)?,
                        Act::Row(row, response) => {
                            server.answer(&Response::Record(row))?;
                            server.answer(&response)?;
                        }
                        Act::Hang => {}
                        Act::Close => return Ok(()),
                        Act::Garbage => stream.write_all(&[0, 3, 1, 2, 3, 0, 0])?,
                    }
                }
            }
        }
        stream.write_all(&server.take_output())?;
        match stream.read(&mut bytes)? {
            0 => return Ok(()),
            read => server.receive(&bytes[..read]),
        }
    }
}

fn agreed(stream: &mut (impl Read + Write), version: Version) -> Result<ServerConnection> {
    let mut handshake = ServerHandshake::new(&[version]);
    let mut bytes = [0; 1024];
    loop {
        let read = stream.read(&mut bytes)?;
        match handshake.receive(&bytes[..read])? {
            ServerHandshakeStep::Continue { reply } if read > 0 => stream.write_all(&reply)?,
            ServerHandshakeStep::Agreed { reply, rest, .. } => {
                stream.write_all(&reply)?;
                let mut server = ServerConnection::new(version, LIMITS());
                server.receive(&rest);
                return Ok(server);
            }
            ServerHandshakeStep::Refused { reply } => stream.write_all(&reply)?,
            ServerHandshakeStep::Continue { .. } => return Err(anyhow!("closed during the handshake")),
        }
    }
}

/// SUCCESS with nothing to say.
pub(crate) fn success() -> Response {
    Response::Success(Map::new())
}
