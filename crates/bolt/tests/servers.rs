//! Servers: in which state what is answered how.

use aliasd_bolt::{
    AuthToken, Dialect, EncodedMap, Failure, Fetch, Hello, Limits, Map, ProtocolError, Request, RequestKind, Response,
    Route, Run, ServerAction, ServerConnection, State, TransactionExtra, Value, Version, put_chunks, read_records,
};

pub(crate) fn limits() -> Limits {
    Limits::new(1 << 16, 20)
}

/// One request of each kind.
pub(crate) fn example(kind: RequestKind, dialect: Dialect) -> Request {
    let agent = Map::new().with("product", "x");
    let auth = (!dialect.version().has_logon()).then(AuthToken::default);
    match kind {
        RequestKind::Hello => {
            Request::Hello(Hello { user_agent: "x".to_owned(), bolt_agent: Some(agent), auth, ..Hello::default() })
        }
        RequestKind::Logon => Request::Logon(AuthToken::default()),
        RequestKind::Logoff => Request::Logoff,
        RequestKind::Goodbye => Request::Goodbye,
        RequestKind::Reset => Request::Reset,
        RequestKind::Run => {
            let (parameters, extra) = (EncodedMap::empty(), TransactionExtra::default());
            Request::Run(Run { query: "RETURN 1".to_owned(), parameters, extra })
        }
        RequestKind::Begin => Request::Begin(TransactionExtra::default()),
        RequestKind::Commit => Request::Commit,
        RequestKind::Rollback => Request::Rollback,
        RequestKind::Discard => Request::Discard(Fetch::ALL),
        RequestKind::Pull => Request::Pull(Fetch::ALL),
        RequestKind::Telemetry => Request::Telemetry(0),
        RequestKind::Route => Request::Route(Route::default()),
    }
}

fn put(request: &Request, dialect: Dialect, out: &mut Vec<u8>) {
    put_chunks(&request.write(dialect).expect("an example"), out);
}

/// A server that was led into a state by requests that succeeded, or the last of which failed.
pub(crate) fn server_in(state: State, version: Version) -> ServerConnection {
    use RequestKind as Kind;
    let login: &[Kind] = if version.has_logon() { &[Kind::Hello, Kind::Logon] } else { &[Kind::Hello] };
    let way: Vec<Kind> = match state {
        State::Negotiation => vec![],
        State::Authentication => vec![Kind::Hello],
        State::Streaming => [login, &[Kind::Run]].concat(),
        State::TxReady => [login, &[Kind::Begin]].concat(),
        State::TxStreaming => [login, &[Kind::Begin, Kind::Run]].concat(),
        State::Failed => [login, &[Kind::Begin]].concat(),
        _ => login.to_vec(),
    };
    let mut server = ServerConnection::new(version, limits());
    for (at, kind) in way.iter().enumerate() {
        let mut bytes = Vec::new();
        put(&example(*kind, server.dialect()), server.dialect(), &mut bytes);
        server.receive(&bytes);
        assert!(matches!(server.next_action(), Some(ServerAction::Perform(_))));
        let fails = state == State::Failed && at + 1 == way.len();
        let answer = if fails { Response::Failure(Failure::new("a", "b")) } else { Response::Success(Map::new()) };
        server.answer(&answer).expect("an answer");
    }
    assert_eq!(server.state(), state);
    server.take_output();
    server
}

/// How a state answers a request by itself: it hands it out, ignores it, fails, or closes with a failure or without.
fn reaction(state: State, kind: RequestKind, version: Version) -> &'static str {
    let mut server = server_in(state, version);
    let mut bytes = Vec::new();
    put(&example(kind, version.into()), version.into(), &mut bytes);
    server.receive(&bytes);
    let action = server.next_action();
    let output = server.take_output();
    match (action, output.get(3)) {
        (Some(ServerAction::Perform(_)), None) => "does",
        (None, Some(0x7E)) => "ignores",
        (None, Some(0x7F)) => "fails",
        (Some(ServerAction::Close(Some(_))), Some(0x7F)) => "refuses",
        (Some(ServerAction::Close(Some(_))), None) => "closes",
        (Some(ServerAction::Close(None)), None) => "ends",
        other => panic!("{state} {kind}: {other:?}"),
    }
}

/// As Neo4j 5.26 and 2026.09 were seen to do it; but what they refuse after a failure beside HELLO (LOGON, LOGOFF and BEGIN) is
/// ignored, as the documentation has it.
const TABLE: &str = "
               HELLO    LOGON    LOGOFF   GOODBYE  RESET    RUN      BEGIN    COMMIT   ROLLBACK DISCARD  PULL     TELEMETRY ROUTE
NEGOTIATION    does     refuses  refuses  ends     refuses  refuses  refuses  refuses  refuses  refuses  refuses  refuses  refuses
AUTHENTICATION refuses  does     refuses  ends     refuses  refuses  refuses  refuses  refuses  refuses  refuses  refuses  refuses
READY          refuses  refuses  does     ends     does     does     does     refuses  refuses  refuses  refuses  does     does
STREAMING      refuses  refuses  refuses  ends     does     refuses  refuses  refuses  refuses  does     does     refuses  refuses
TX_READY       refuses  refuses  refuses  ends     does     does     refuses  does     does     fails    fails    refuses  refuses
TX_STREAMING   refuses  refuses  refuses  ends     does     does     refuses  does     does     does     does     refuses  refuses
FAILED         refuses  ignores  ignores  ends     does     ignores  ignores  ignores  ignores  ignores  ignores  ignores  ignores
";

#[test]
fn every_state_answers_every_request_as_in_the_table() {
    let mut lines = TABLE.trim_start_matches('\n').lines();
    let kinds: Vec<&str> = lines.next().expect("a head").split_whitespace().collect();
    let states = [
        State::Negotiation,
        State::Authentication,
        State::Ready,
        State::Streaming,
        State::TxReady,
        State::TxStreaming,
        State::Failed,
    ];
    for (line, state) in lines.zip(states) {
        let mut words = line.split_whitespace();
        assert_eq!(words.next(), Some(state.name()));
        for (word, name) in words.zip(&kinds) {
            let kind = RequestKind::ALL.into_iter().find(|kind| kind.name() == *name).expect("a kind");
            assert_eq!(reaction(state, kind, Version::V5_8), word, "{kind} in {state}");
            let is_older = state == State::Authentication || !kind.is_in(Version::V4_4);
            if !is_older {
                assert_eq!(reaction(state, kind, Version::V4_4), word, "{kind} in {state}, 4.4");
            }
        }
    }
    for kind in [RequestKind::Logon, RequestKind::Logoff, RequestKind::Telemetry] {
        assert_eq!(reaction(State::Ready, kind, Version::V5_0), "closes", "what a version lacks is unknown");
        assert_eq!(reaction(State::Failed, kind, Version::V5_0), "closes");
    }
}

/// The parts of what a server has to say: the name of each message, and the code of each failure.
fn said(server: &mut ServerConnection) -> Vec<String> {
    let mut dechunker = aliasd_bolt::Dechunker::new(limits());
    dechunker.push(&server.take_output());
    let mut out = Vec::new();
    while let Some(frame) = dechunker.next_frame().expect("short messages") {
        let response = Response::read(&frame.message(), server.dialect(), limits()).expect("a response");
        out.push(match response {
            Response::Failure(failure) => format!("FAILURE {} {}", failure.code, failure.message),
            other => other.kind().to_string(),
        });
    }
    out
}

fn tell(server: &mut ServerConnection, requests: &[RequestKind]) {
    let mut bytes = Vec::new();
    requests.iter().for_each(|kind| put(&example(*kind, server.dialect()), server.dialect(), &mut bytes));
    server.receive(&bytes);
}

fn performs(server: &mut ServerConnection) -> RequestKind {
    match server.next_action() {
        Some(ServerAction::Perform(request)) => request.kind(),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn succeed(server: &mut ServerConnection) {
    server.answer(&Response::Success(Map::new())).expect("an answer");
}

#[test]
fn a_reset_jumps_the_queue() {
    use RequestKind as Kind;
    let mut server = server_in(State::Ready, Version::V5_8);
    tell(&mut server, &[Kind::Run, Kind::Pull]);
    assert_eq!(performs(&mut server), Kind::Run);
    assert_eq!(server.next_action(), None, "one at a time");
    tell(&mut server, &[Kind::Reset, Kind::Run]);
    assert_eq!(server.state(), State::Interrupted);
    assert_eq!(server.next_action(), Some(ServerAction::Interrupt));
    assert_eq!(server.next_action(), None);
    // It had succeeded before it could be interrupted.
    succeed(&mut server);
    assert_eq!(performs(&mut server), Kind::Reset);
    assert_eq!(said(&mut server), ["SUCCESS", "IGNORED"]);
    succeed(&mut server);
    assert_eq!(server.state(), State::Ready);
    assert_eq!(performs(&mut server), Kind::Run);
}

/// Neo4j 5.26 and 2026.09 ignore the first.
#[test]
fn of_several_resets_the_last_counts() {
    use RequestKind as Kind;
    let mut server = server_in(State::TxStreaming, Version::V5_8);
    tell(&mut server, &[Kind::Pull, Kind::Reset, Kind::Run, Kind::Reset]);
    assert_eq!(performs(&mut server), Kind::Reset);
    assert_eq!(said(&mut server), ["IGNORED", "IGNORED", "IGNORED"]);
    succeed(&mut server);
    assert_eq!(server.state(), State::Ready);
}

#[test]
fn a_reset_that_fails_and_a_login_that_fails_are_the_end() {
    for (state, kind) in [
        (State::Failed, RequestKind::Reset),
        (State::Negotiation, RequestKind::Hello),
        (State::Authentication, RequestKind::Logon),
    ] {
        let mut server = server_in(state, Version::V5_8);
        tell(&mut server, &[kind, RequestKind::Run]);
        assert_eq!(performs(&mut server), kind);
        server.answer(&Response::Failure(Failure::new("a", "b"))).unwrap();
        assert_eq!(server.state(), State::Defunct);
        assert_eq!(server.next_action(), Some(ServerAction::Close(None)));
        assert_eq!((server.next_action(), said(&mut server)), (None, vec!["FAILURE a b".to_owned()]));
    }
}

#[test]
fn a_goodbye_interrupts_and_has_no_answer() {
    use RequestKind as Kind;
    let mut server = server_in(State::Ready, Version::V5_8);
    tell(&mut server, &[Kind::Run, Kind::Pull]);
    assert_eq!(performs(&mut server), Kind::Run);
    tell(&mut server, &[Kind::Goodbye, Kind::Run]);
    assert_eq!(server.next_action(), Some(ServerAction::Interrupt));
    assert_eq!(server.next_action(), Some(ServerAction::Close(None)));
    assert!(server.answer(&Response::Ignored).is_err());
    tell(&mut server, &[Kind::Run]);
    assert_eq!((server.next_action(), server.output_bytes(), server.backlog_bytes()), (None, 0, 0));
}

#[test]
fn results_of_a_transaction_are_told_apart() {
    let mut server = server_in(State::TxReady, Version::V5_8);
    for number in [0_i64, 1] {
        tell(&mut server, &[RequestKind::Run]);
        performs(&mut server);
        server.answer(&Response::Success(Map::new().with("qid", number))).unwrap();
    }
    let mut fetch = |result: Option<i64>, answer: Option<Map>| {
        let mut bytes = Vec::new();
        put(&Request::Pull(Fetch { rows: Some(1), result }), server.dialect(), &mut bytes);
        server.receive(&bytes);
        if let Some(answer) = answer {
            assert_eq!(performs(&mut server), RequestKind::Pull);
            server.answer(&Response::Success(answer)).unwrap();
        } else {
            assert_eq!(server.next_action(), None);
        }
        (server.state(), said(&mut server).pop().unwrap_or_default())
    };
    let more = || Some(Map::new().with("has_more", true));
    let success = |state: State| (state, "SUCCESS".to_owned());
    assert_eq!(fetch(Some(0), more()), success(State::TxStreaming));
    assert_eq!(fetch(None, Some(Map::new())), success(State::TxStreaming), "the other one is still open");
    assert_eq!(fetch(Some(0), Some(Map::new())), success(State::TxReady));
    let gone = "FAILURE Neo.ClientError.Request.InvalidFormat No such statement: 1".to_owned();
    assert_eq!(fetch(Some(1), None), (State::Failed, gone));
}

#[test]
fn a_message_that_cannot_be_read_is_a_failure_after_the_login_and_the_end_before() {
    let bad = |tag: u8, fields: &[u8]| {
        let mut out = Vec::new();
        put_chunks(&[&[0xB0 | u8::from(!fields.is_empty()), tag], fields].concat(), &mut out);
        out
    };
    let mut server = server_in(State::Ready, Version::V5_8);
    server.receive(&bad(0x11, &[0x01]));
    assert_eq!((server.next_action(), server.state()), (None, State::Failed));
    assert_eq!(said(&mut server), ["FAILURE Neo.ClientError.Request.Invalid BEGIN needs a map as 'extra'"]);
    let mut server = server_in(State::Ready, Version::V5_8);
    server.receive(&bad(0x10, &[0x81, 0x61]));
    assert_eq!((server.next_action(), server.state()), (None, State::Failed));
    assert_eq!(said(&mut server), ["FAILURE Neo.ClientError.Request.InvalidFormat RUN has 3 fields, not 1"]);
    for (state, message) in [(State::Negotiation, bad(0x01, &[0xA0])), (State::Ready, bad(0x0F, &[0x01]))] {
        let mut server = server_in(state, Version::V5_8);
        server.receive(&message);
        let action = server.next_action();
        assert!(matches!(action, Some(ServerAction::Close(Some(ProtocolError::Message(_))))), "{action:?}");
        assert_eq!((server.state(), said(&mut server).len()), (State::Defunct, 1));
    }
    for message in [bad(0x55, &[]), vec![0, 1, 1, 0, 0]] {
        let mut server = server_in(State::Ready, Version::V5_8);
        server.receive(&message);
        let _action = server.next_action();
        assert_ne!(server.state(), State::Ready);
    }
    let mut server = server_in(State::Ready, Version::V5_8);
    server.set_limits(Limits::new(10, 10));
    server.receive(&[0, 11, 0xB1]);
    let action = server.next_action();
    assert!(matches!(action, Some(ServerAction::Close(Some(ProtocolError::Chunk(_))))), "{action:?}");
    let long = "FAILURE Neo.ClientError.Request.Invalid A message is too long: at most 10 bytes are taken.";
    assert_eq!(said(&mut server), [long]);
}

#[test]
fn rows_are_for_pull_only_and_go_on_as_they_came() {
    let mut server = server_in(State::Streaming, Version::V5_8);
    assert!(server.relay_records(&[]).is_err());
    tell(&mut server, &[RequestKind::Pull]);
    performs(&mut server);
    server.answer(&Response::Record(vec![1_i64.into()])).unwrap();
    let frames = server.take_output();
    server.relay_records(&frames.repeat(2)).unwrap();
    assert_eq!(server.take_output(), frames.repeat(2));
    let rows = read_records(&[&frames[..], &[0, 0], &frames].concat(), server.dialect(), limits()).unwrap();
    assert_eq!(rows, [[Value::from(1_i64)], [1_i64.into()]]);
    succeed(&mut server);
    tell(&mut server, &[RequestKind::Run]);
    performs(&mut server);
    assert!(server.answer(&Response::Record(vec![])).is_err());
    let uuid = Response::Success(Map::new().with("x", Value::Uuid([0; 16])));
    assert!(server.answer(&uuid).is_err(), "5.8 has no UUIDs");
    succeed(&mut server);
    assert_eq!(server.state(), State::Streaming);
}
