//! Conversations in every version, as a protocol page would show them: bytes on the left, words on the right, and the state
//! between. Both ends are played by this crate, and each reads what the other wrote.
//!
//! The pages are in `transcripts/`; `ALIASD_GOLDEN=write` writes them anew, to be read before they are committed.

use aliasd_bolt::{
    AccessMode, AuthToken, ClientConnection, ClientEvent, ClientHandshake, ClientHandshakeStep, Dechunker, Dialect,
    EncodedMap, Failure, Fetch, FetchAnswer, GqlStatus, Hello, HelloAnswer, Limits, Map, Node, NotificationFilter,
    Reader, Request, RequestKind, Response, ResponseKind, Route, RoutingTable, Run, RunAnswer, Secret, ServerAction,
    ServerConnection, ServerHandshake, ServerHandshakeStep, TransactionExtra, Typed, Value, Vector, VectorElement,
    Version, Zone,
};

use crate::hex;

const ROW: usize = 16;
const WORDS: usize = 72;

/// A page that is being written.
struct Page {
    client: ClientConnection,
    server: ServerConnection,
    dialect: Dialect,
    text: String,
}

fn limits() -> Limits {
    Limits::new(1 << 16, 20)
}

/// Bytes in rows, and words beside them.
fn lines(who: &str, bytes: &[u8], words: &str) -> String {
    let mut left: Vec<String> = bytes.chunks(ROW).map(hex::text).collect();
    let mut right: Vec<String> = vec![String::new()];
    for word in words.split(' ') {
        let last = right.last_mut().expect("never empty");
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > WORDS {
            right.push(format!("    {word}"));
        } else {
            *last = if last.is_empty() { word.to_owned() } else { format!("{last} {word}") };
        }
    }
    let height = left.len().max(right.len());
    left.resize(height, String::new());
    right.resize(height, String::new());
    let who = std::iter::once(who).chain(std::iter::repeat("  "));
    let width = ROW * 3 - 1;
    let row = |((who, left), right)| format!("{who} {left:width$}  {right}").trim_end().to_owned() + "\n";
    who.zip(left).zip(right).map(row).collect()
}

/// A message in words: its name and its fields.
fn words(message: &[u8], name: &str, dialect: Dialect) -> String {
    let mut reader = Reader::new(&message[2..], dialect, limits());
    let fields = (0..message[0] & 0x0F).map(|_| reader.value().expect("a field").to_string());
    std::iter::once(name.to_owned()).chain(fields).collect::<Vec<_>>().join(" ")
}

// === impl Page ===

impl Page {
    fn new(version: Version, is_patched: bool) -> Self {
        let (client, server) = (ClientConnection::new(version, limits()), ServerConnection::new(version, limits()));
        let dialect = Dialect::new(version);
        let title = if is_patched { dialect.patched() } else { dialect };
        Self { client, server, dialect, text: format!("{title}\n") }
    }

    fn title(&mut self, title: &str) {
        self.text += &format!("\n--- {title}\n");
    }

    fn handshake(&mut self, version: Version) {
        self.title("Which version is spoken");
        let spoken: Vec<Version> =
            Version::ALL.into_iter().filter(|it| *it <= version && (*it != Version::V5_5 || *it == version)).collect();
        let has_manifest = version.has_gql_failures();
        let mut client = ClientHandshake::new(&spoken);
        let mut opening = client.opening();
        if !has_manifest {
            // As a client that is older than manifests.
            opening.copy_within(8.., 4);
            opening[16..].fill(0);
        }
        self.text += &lines("C:", &opening[..4], "Bolt");
        for (offer, what) in opening[4..].chunks(4).zip([offer_words(has_manifest), "", "", ""]) {
            self.text +=
                &lines("C:", offer, if what.is_empty() { range_words(offer) } else { what.to_owned() }.as_str());
        }
        let mut server = ServerHandshake::new(if has_manifest { &spoken } else { std::slice::from_ref(&version) });
        let reply = match server.receive(&opening).expect("an opening") {
            ServerHandshakeStep::Continue { reply } => {
                self.text += &lines("S:", &reply[..4], "manifest 1");
                self.text += &lines("S:", &reply[4..5], "so many ranges:");
                for range in reply[5..reply.len() - 1].chunks(4) {
                    self.text += &lines("S:", range, &range_words(range));
                }
                self.text += &lines("S:", &reply[reply.len() - 1..], "no capabilities");
                reply
            }
            ServerHandshakeStep::Agreed { reply, .. } => {
                self.text += &lines("S:", &reply, &format!("Bolt {version}"));
                reply
            }
            refused @ ServerHandshakeStep::Refused { .. } => panic!("{refused:?}"),
        };
        let agreed = client.receive(&reply).expect("an answer");
        let ClientHandshakeStep::Agreed { version: agreed, reply, .. } = agreed else { panic!("{agreed:?}") };
        assert_eq!(agreed, version);
        if has_manifest {
            self.text += &lines("C:", &reply, &format!("Bolt {version}, no capabilities"));
            let step = server.receive(&reply).expect("a choice");
            assert_eq!(step, ServerHandshakeStep::Agreed { version, reply: vec![], rest: vec![] });
        }
    }

    /// Sends requests in one go.
    fn ask(&mut self, requests: &[Request]) {
        for request in requests {
            self.client.send(request).expect("a request that can be sent");
        }
        let bytes = self.client.take_output();
        self.say("C:", &bytes);
        self.server.receive(&bytes);
    }

    fn say(&mut self, who: &str, bytes: &[u8]) {
        let mut dechunker = Dechunker::new(limits());
        dechunker.push(bytes);
        while let Some(frame) = dechunker.next_frame().expect("short messages") {
            let message = frame.message();
            let said = match frame.tag() {
                None => "(a sign of life)".to_owned(),
                Some(tag) if who == "C:" => {
                    words(&message, RequestKind::of_tag(tag).expect("known").name(), self.dialect)
                }
                Some(tag) => words(&message, ResponseKind::of_tag(tag).expect("known").name(), self.dialect),
            };
            self.text += &lines(who, frame.raw(), &said);
        }
    }

    /// Answers requests in order, and lets the client read.
    fn answer(&mut self, answers: &[&[Response]]) {
        for responses in answers {
            assert!(matches!(self.server.next_action(), Some(ServerAction::Perform(_))));
            responses.iter().for_each(|response| self.server.answer(response).expect("an answer"));
        }
        self.deliver();
        assert_eq!(self.server.next_action(), None);
    }

    fn performs(&mut self, kind: RequestKind) {
        let action = self.server.next_action();
        assert!(matches!(&action, Some(ServerAction::Perform(request)) if request.kind() == kind), "{action:?}");
    }

    fn deliver(&mut self) {
        let bytes = self.server.take_output();
        self.say("S:", &bytes);
        self.client.receive(&bytes);
        while let Some(event) = self.client.next_event().expect("a server that keeps to the protocol") {
            assert!(matches!(event, ClientEvent::Records { .. } | ClientEvent::Answered { .. }));
        }
        self.dialect = self.server.dialect();
        assert_eq!(self.client.dialect(), self.server.dialect());
        if self.client.pending() == 0 {
            assert_eq!(self.client.state(), self.server.state());
            self.text += &format!("{:>50} [{}]\n", "", self.client.state());
        }
    }
}

fn offer_words(has_manifest: bool) -> &'static str {
    if has_manifest { "a manifest, 1" } else { "" }
}

fn range_words(bytes: &[u8]) -> String {
    match bytes[1..] {
        [0, 0, 0] => "nothing".to_owned(),
        [0, minor, major] => format!("Bolt {major}.{minor}"),
        [below, minor, major] => format!("Bolt {major}.{} to {major}.{minor}", minor - below),
        _ => String::new(),
    }
}

fn text(all: &[&str]) -> Vec<String> {
    all.iter().map(|&one| one.to_owned()).collect()
}

fn run(query: &str, parameters: Map, extra: TransactionExtra, dialect: Dialect) -> Request {
    let parameters = EncodedMap::new(parameters, dialect).expect("values of the dialect");
    Request::Run(Run { query: query.to_owned(), parameters, extra })
}

fn success() -> Response {
    Response::Success(Map::new())
}

fn columns(fields: &[&str], result: Option<i64>, database: Option<&str>) -> Response {
    let database = database.map(str::to_owned);
    let answer = RunAnswer { fields: text(fields), t_first_ms: Some(1), result, database, other: Map::new() };
    Response::Success(answer.write())
}

fn end(bookmark: Option<&str>) -> Response {
    let bookmark = bookmark.map(str::to_owned);
    let other = Map::new().with("type", "r").with("t_last", 0_i64);
    let database = Some("movies".to_owned());
    Response::Success(FetchAnswer { has_more: false, bookmark, database, other }.write())
}

fn more() -> Response {
    Response::Success(FetchAnswer { has_more: true, ..FetchAnswer::default() }.write())
}

fn login(page: &mut Page, version: Version, is_patched: bool) {
    page.title("Who is there");
    let token = AuthToken::basic("carol", Secret::new("an example".to_owned()));
    let patches = if is_patched { text(&["utc"]) } else { Vec::new() };
    let hello = Hello {
        user_agent: "example/1.0".to_owned(),
        bolt_agent: Some(Map::new().with("product", "example/1.0")),
        routing: Some(Map::new().with("address", "gateway:7687")),
        auth: (!version.has_logon()).then(|| token.clone()),
        patches: patches.clone(),
        ..Hello::default()
    };
    let hints = Map::new().with("connection.recv_timeout_seconds", 120_i64);
    let answer = HelloAnswer {
        server: "Neo4j/5.26.0".to_owned(),
        connection_id: "bolt-1".to_owned(),
        hints,
        patches,
        other: Map::new(),
    };
    let answer = Response::Success(answer.write());
    if version.has_logon() {
        page.ask(&[Request::Hello(hello), Request::Logon(token)]);
        page.answer(&[&[answer], &[success()]]);
    } else {
        page.ask(&[Request::Hello(hello)]);
        page.answer(&[&[answer]]);
    }
}

fn route(page: &mut Page) {
    page.title("Where to send queries");
    let routing = Map::new().with("address", "gateway:7687");
    page.ask(&[Request::Route(Route { routing, database: Some("movies".to_owned()), ..Route::default() })]);
    let addresses = || text(&["gateway:7687"]);
    let table = RoutingTable {
        ttl_seconds: 300,
        database: Some("movies".to_owned()),
        routers: addresses(),
        readers: addresses(),
        writers: addresses(),
    };
    page.answer(&[&[Response::Success(table.write())]]);
}

fn alone(page: &mut Page, version: Version) {
    page.title("A query outside of a transaction, with rows in two parts");
    let extra = TransactionExtra {
        bookmarks: text(&["bm:7"]),
        timeout_ms: Some(30_000),
        mode: AccessMode::Read,
        database: (!version.has_resolved_database()).then(|| "movies".to_owned()),
        notifications: NotificationFilter { severity_min: Some("WARNING".to_owned()), disabled: Some(text(&["HINT"])) },
        ..TransactionExtra::default()
    };
    let query = run("UNWIND $x AS y RETURN y", Map::new().with("x", vec![1_i64, 2, 3]), extra, page.dialect);
    page.ask(&[query, Request::Pull(Fetch { rows: Some(2), result: None })]);
    let found = version.has_resolved_database().then_some("movies");
    let row = |number: i64| Response::Record(vec![number.into()]);
    page.answer(&[&[columns(&["y"], None, found)], &[row(1), row(2), more()]]);
    page.ask(&[Request::Pull(Fetch::ALL)]);
    page.answer(&[&[row(3), end(Some("bm:8"))]]);
}

fn transaction(page: &mut Page) {
    page.title("A transaction with two results");
    let metadata = Some(Map::new().with("app", "example"));
    let begin = TransactionExtra { database: Some("movies".to_owned()), metadata, ..TransactionExtra::default() };
    let query = |page: &Page| run("RETURN 1 AS n", Map::new(), TransactionExtra::default(), page.dialect);
    let queries = [Request::Begin(begin), query(page), query(page)];
    page.ask(&queries);
    page.answer(&[&[success()], &[columns(&["n"], Some(0), None)], &[columns(&["n"], Some(1), None)]]);
    page.ask(&[
        Request::Pull(Fetch { rows: Some(1_000), result: Some(0) }),
        Request::Discard(Fetch::ALL),
        Request::Commit,
    ]);
    let bookmark = Response::Success(Map::new().with("bookmark", "bm:9"));
    page.answer(&[&[Response::Record(vec![1_i64.into()]), end(None)], &[end(None)], &[bookmark]]);
}

fn failure(page: &mut Page) {
    page.title("A failure: what was sent behind it is ignored, until RESET");
    let query = run("RETRUN 1", Map::new(), TransactionExtra::default(), page.dialect);
    page.ask(&[query, Request::Pull(Fetch::ALL)]);
    let cause = aliasd_bolt::Cause {
        message: "Invalid input 'RETRUN'".to_owned(),
        status: GqlStatus::new("42I06", "error: syntax error or access rule violation - invalid input."),
    };
    let failure = Failure {
        status: GqlStatus::new("42001", "error: syntax error or access rule violation - invalid syntax"),
        causes: vec![cause],
        ..Failure::new("Neo.ClientError.Statement.SyntaxError", "Invalid input 'RETRUN'")
    };
    page.answer(&[&[Response::Failure(failure)]]);
    page.ask(&[Request::Reset]);
    page.answer(&[&[success()]]);
}

fn interruption(page: &mut Page) {
    page.title("RESET interrupts what is under way");
    let query = run("MATCH (n) RETURN n.x", Map::new(), TransactionExtra::default(), page.dialect);
    page.ask(&[query, Request::Pull(Fetch::ALL)]);
    page.performs(RequestKind::Run);
    page.server.answer(&columns(&["n.x"], None, None)).expect("an answer");
    page.performs(RequestKind::Pull);
    page.server.answer(&Response::Record(vec![1_i64.into()])).expect("a row");
    page.server.put_noop();
    page.deliver();
    page.ask(&[Request::Reset]);
    assert_eq!(page.server.next_action(), Some(ServerAction::Interrupt));
    let ended = Failure::new("Neo.ClientError.Transaction.Terminated", "Terminated by the user.");
    page.server.answer(&Response::Failure(ended)).expect("an answer");
    page.answer(&[&[success()]]);
}

fn values(page: &mut Page, version: Version) {
    page.title("Values of every kind");
    let dialect = page.dialect;
    let zone = if dialect.is_utc() { Zone::Named } else { Zone::OwnClock };
    let node = Node {
        id: 3,
        labels: text(&["Movie"]),
        properties: Map::new().with("title", "Größe"),
        element_id: "4:db:3".to_owned(),
    };
    let mut typed = vec![
        Typed::Node(node),
        Typed::DateTime { seconds: 4_500, nanoseconds: 42, zone: Zone::Offset(3_600) },
        Typed::DateTime { seconds: 4_500, nanoseconds: 42, zone: zone("Europe/Paris".to_owned()) },
        Typed::Duration { months: 1, days: 2, seconds: 3, nanoseconds: 4 },
        Typed::Point { srid: 4326, coordinates: vec![13.4, 52.5] },
    ];
    if version.has_vectors() {
        typed.push(Typed::Vector(Vector { element: VectorElement::Int8, data: vec![1, 2] }));
    }
    let typed = typed.into_iter().map(|it| it.write(dialect).expect("a structure of the dialect").into());
    let mut row: Vec<Value> = vec![Value::Null, true.into(), (-17_i64).into(), 1.5.into(), Value::Bytes(vec![1, 2])];
    row.extend(typed);
    if version.has_uuids() {
        row.push(Value::Uuid(0x550E_8400_E29B_41D4_A716_4466_5544_0000_u128.to_be_bytes()));
    }
    let query = run("RETURN *", Map::new(), TransactionExtra::default(), dialect);
    page.ask(&[query, Request::Pull(Fetch::ALL)]);
    let names = &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"][..row.len()];
    page.answer(&[&[columns(names, None, None)], &[Response::Record(row), end(None)]]);
}

fn switch(page: &mut Page, version: Version) {
    if version.has_telemetry() {
        page.title("Which part of the driver is used");
        page.ask(&[Request::Telemetry(3)]);
        page.answer(&[&[success()]]);
    }
    if version.has_logon() {
        page.title("Another user");
        let token = AuthToken::basic("dave", Secret::new("another example".to_owned()));
        page.ask(&[Request::Logoff, Request::Logon(token)]);
        page.answer(&[&[success()], &[success()]]);
    }
    page.title("The end");
    page.ask(&[Request::Goodbye]);
    assert_eq!(page.server.next_action(), Some(ServerAction::Close(None)));
    page.deliver();
}

fn page(version: Version, is_patched: bool) -> String {
    let mut page = Page::new(version, is_patched);
    page.handshake(version);
    login(&mut page, version, is_patched);
    route(&mut page);
    alone(&mut page, version);
    transaction(&mut page);
    failure(&mut page);
    interruption(&mut page);
    values(&mut page, version);
    switch(&mut page, version);
    page.text
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test may read and write its own pages")]
fn every_version_reads_as_on_its_page() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transcripts");
    let writes = std::env::var("ALIASD_GOLDEN").is_ok_and(|value| value == "write");
    for (version, is_patched) in Version::ALL.into_iter().map(|version| (version, false)).chain([(Version::V4_4, true)])
    {
        let name = format!("{directory}/{version}{}.txt", if is_patched { "-utc" } else { "" });
        let text = page(version, is_patched);
        if writes {
            std::fs::write(&name, &text).unwrap();
        }
        let written = std::fs::read_to_string(&name).unwrap_or_default();
        assert!(text == written, "{name} has other bytes or words now; ALIASD_GOLDEN=write writes it anew:\n{text}");
    }
}
