//! What must hold for any bytes that come over a Bolt connection: they are understood or refused, without a panic; what was
//! understood is the same after it was written and read again; and what is skipped is what would have been read.
//!
//! The first byte says what the rest is taken for, the second in which dialect. The fuzz target and the test that replays the
//! corpus both include this file.

use aliasd_bolt::{
    AuthToken, ClientConnection, ClientHandshake, ClientHandshakeStep, Dechunker, Dialect, Edit, Hello, Limits, Map,
    MapReader, PackStreamErrorKind, Reader, Request, RequestKind, Response, ServerAction, ServerConnection,
    ServerHandshake, ServerHandshakeStep, Typed, Value, Version, decode, encode, put_chunks,
};

/// Checks one input.
///
/// # Panics
/// If something does not hold.
pub(crate) fn check(bytes: &[u8]) {
    let [kind, variant, rest @ ..] = bytes else { return };
    match kind {
        b'v' => value(rest, dialect(*variant)),
        b'm' => map(rest, dialect(*variant)),
        b'q' => request(rest, dialect(*variant)),
        b'p' => response(rest, dialect(*variant)),
        b'h' => handshakes(rest, usize::from(*variant)),
        b's' => server(rest, *variant),
        b'k' => client(rest, *variant),
        _ => chunks(rest, usize::from(*variant)),
    }
}

/// One for every byte.
pub(crate) fn dialect(byte: u8) -> Dialect {
    let at = usize::from(byte) % (Version::ALL.len() + 1);
    Version::ALL.get(at).map_or(Dialect::new(Version::V4_4).patched(), |version| Dialect::new(*version))
}

/// More than any input has, and less depth than some have.
pub(crate) fn limits() -> Limits {
    Limits::new(1 << 20, 20)
}

fn value(bytes: &[u8], dialect: Dialect) {
    let (mut reading, mut skipping) = (Reader::new(bytes, dialect, limits()), Reader::new(bytes, dialect, limits()));
    match (reading.value(), skipping.skip()) {
        (Ok(value), Ok(skipped)) => {
            assert_eq!(skipped.len(), reading.position());
            understood(&value, dialect);
        }
        (Err(error), skipped) => {
            let _shown = format!("{error} {error:?}");
            assert!(error.at <= bytes.len());
            assert!(error.kind == PackStreamErrorKind::NotUtf8 || skipped == Err(error));
        }
        (Ok(_), Err(error)) => panic!("{error}"),
    }
}

fn understood(value: &Value, dialect: Dialect) {
    let written = encode(value, dialect).expect("what was read can be written");
    let again = decode(&written, dialect, limits()).expect("what was written can be read");
    // Not the values: a number that is none is not equal to itself.
    assert_eq!(encode(&again, dialect).as_deref(), Ok(&written[..]));
    let _shown = format!("{value} {value:?}");
    if let Value::Structure(structure) = value
        && let Ok(typed) = Typed::read(structure.clone(), dialect)
    {
        let back = typed.write(dialect).expect("what was understood can be said");
        assert_eq!(encode(&back.into(), dialect), Ok(written));
    }
}

/// Takes out the first key of a map, and puts something in its place.
fn map(bytes: &[u8], dialect: Dialect) {
    let Ok(map) = MapReader::new(bytes, dialect, limits()) else { return };
    let Some((key, _)) = map.entries().next() else { return };
    let without = map.edited(&[Edit::Remove(key)]).expect("it gets shorter");
    let with = map.edited(&[Edit::Put(key, &[0xC0]), Edit::Put("added", &[0x01])]).expect("there is room");
    let reader = |bytes| MapReader::new(bytes, dialect, limits()).expect("an edited map is one");
    assert_eq!(reader(&without).get(key), None);
    assert!(reader(&without).entries().all(|(other, value)| map.entries().any(|it| it == (other, value))));
    assert!(key == "added" || reader(&with).get(key) == Some(&[0xC0]));
    assert_eq!(reader(&with).get("added"), Some(&[0x01][..]));
    assert_eq!(reader(&with).entries().filter(|(other, _)| *other == key).count(), 1);
}

/// The input in parts of some length, and at once.
fn chunks(bytes: &[u8], part: usize) {
    let limits = Limits::new(usize::from(u16::MAX) * 2, 20);
    let receive = |parts: &mut dyn Iterator<Item = &[u8]>| {
        let mut dechunker = Dechunker::new(limits);
        let mut received: Vec<Option<Vec<u8>>> = Vec::new();
        for part in parts {
            dechunker.push(part);
            loop {
                match dechunker.next_frame() {
                    Ok(Some(frame)) => received.push(Some(frame.message().into_owned())),
                    Ok(None) => break,
                    Err(_) => {
                        received.push(None);
                        return received;
                    }
                }
            }
        }
        received
    };
    let at_once = receive(&mut std::iter::once(bytes));
    assert_eq!(receive(&mut bytes.chunks(part.max(1))), at_once);
}

fn request(message: &[u8], dialect: Dialect) {
    let request = match Request::read(message, dialect, limits()) {
        Ok(request) => request,
        Err(error) => return drop(format!("{error} {error:?}")),
    };
    let _shown = format!("{request:?}");
    let written = request.write(dialect).expect("what was read can be written");
    let again = Request::read(&written, dialect, limits()).expect("what was written can be read");
    assert_eq!(again.kind(), request.kind());
    assert_eq!(again.write(dialect), Ok(written));
}

fn response(message: &[u8], dialect: Dialect) {
    let response = match Response::read(message, dialect, limits()) {
        Ok(response) => response,
        Err(error) => return drop(format!("{error} {error:?}")),
    };
    let written = response.write(dialect).expect("what was read can be written");
    // A failure of few words gets some more, and so goes a little deeper than it came.
    let deeper = Limits::new(1 << 21, 40);
    let again = Response::read(&written, dialect, deeper).expect("what was written can be read");
    assert_eq!(again.write(dialect), Ok(written));
}

/// The input in parts, and at once, to both ends.
fn handshakes(bytes: &[u8], part: usize) {
    let serve = |parts: &mut dyn Iterator<Item = &[u8]>| {
        let mut server = ServerHandshake::new(&Version::ALL);
        let mut said = Vec::new();
        for part in parts {
            match server.receive(part) {
                Ok(ServerHandshakeStep::Continue { reply }) => said.extend(reply),
                // What follows belongs to the connection.
                Ok(ServerHandshakeStep::Agreed { version, .. }) => return (said, Some(Ok(version))),
                Ok(ServerHandshakeStep::Refused { .. }) => return (said, None),
                Err(error) => return (said, Some(Err(error.to_string()))),
            }
        }
        (said, None)
    };
    let (said, end) = serve(&mut std::iter::once(bytes));
    // A client does not speak on before it has the manifest: both at once is more than any sends.
    if said.is_empty() {
        assert_eq!(serve(&mut bytes.chunks(part.max(1))), (said, end));
    }
    let ask = |parts: &mut dyn Iterator<Item = &[u8]>| {
        let mut client = ClientHandshake::new(&Version::ALL);
        for part in parts {
            match client.receive(part) {
                Ok(ClientHandshakeStep::Continue) => {}
                Ok(ClientHandshakeStep::Agreed { version, reply, .. }) => return Some(Ok((version, reply))),
                Err(error) => return Some(Err(error.to_string())),
            }
        }
        None
    };
    assert_eq!(ask(&mut bytes.chunks(part.max(1))), ask(&mut std::iter::once(bytes)));
}

/// What a client sends behind its login, in parts and at once: the server says the same.
fn server(bytes: &[u8], variant: u8) {
    let version = dialect(variant).version();
    let parts: Vec<&[u8]> = bytes.chunks(usize::from(variant).max(1)).collect();
    let (in_parts, at_once) = (served(version, &parts), served(version, &[bytes]));
    // A RESET or GOODBYE that is seen early interrupts what is seen with it.
    let interrupts = [RequestKind::Reset, RequestKind::Goodbye].map(RequestKind::tag);
    if !bytes.iter().any(|byte| interrupts.contains(byte)) {
        assert_eq!(in_parts, at_once);
    }
}

/// All that a server says for which every request succeeds.
fn served(version: Version, parts: &[&[u8]]) -> Vec<u8> {
    let mut server = ServerConnection::new(version, limits());
    let first = login(version);
    for part in std::iter::once(&&first[..]).chain(parts) {
        server.receive(part);
        while let Some(action) = server.next_action() {
            match action {
                ServerAction::Perform(request) => {
                    let _row = request.kind() == RequestKind::Pull && server.answer(&row()).is_ok();
                    server.answer(&Response::Success(Map::new())).expect("a request waits");
                }
                ServerAction::Interrupt => panic!("nothing is under way"),
                ServerAction::Close(error) => drop(format!("{error:?}")),
            }
        }
    }
    server.take_output()
}

fn row() -> Response {
    Response::Record(vec![Value::Null])
}

/// HELLO and LOGON, as far as the version has them.
fn login(version: Version) -> Vec<u8> {
    let hello = Hello { user_agent: "x".to_owned(), auth: Some(AuthToken::default()), ..Hello::default() };
    let mut out = Vec::new();
    for request in [Request::Hello(hello), Request::Logon(AuthToken::default())] {
        if request.kind().is_in(version) {
            put_chunks(&request.write(version.into()).expect("texts and maps"), &mut out);
        }
    }
    out
}

/// What a server answers to a client with some requests open.
fn client(bytes: &[u8], variant: u8) {
    let version = dialect(variant).version();
    let mut client = ClientConnection::new(version, limits());
    let hello = Request::Hello(Hello { user_agent: "x".to_owned(), ..Hello::default() });
    client.send(&hello).expect("it is the first");
    for request in [Request::Logon(AuthToken::default()), Request::Commit, Request::Reset, Request::Rollback] {
        let _sent = client.send(&request);
    }
    let asked = client.pending();
    client.receive(bytes);
    let mut events = 0;
    while let Ok(Some(_)) = client.next_event() {
        events += 1;
    }
    assert!(events <= asked, "each request is answered once, and none has rows");
}
