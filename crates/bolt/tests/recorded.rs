//! Real conversations: what the official Python driver and Neo4j said to each other (`fixtures/sessions`, which
//! `fixtures/record_sessions.py` wrote). Both ends are played anew, each against the recording of the other.

use aliasd_bolt::{
    ClientConnection, ClientEvent, Limits, Request, Response, ServerAction, ServerConnection, State, Typed, Value,
    Version, put_chunks,
};

use crate::hex;

struct Session {
    name: &'static str,
    version: Version,
    /// Who said it, and what. Empty is a sign of life.
    said: Vec<(bool, Vec<u8>)>,
}

macro_rules! session {
    ($name:literal, $version:ident) => {
        Session {
            name: $name,
            version: Version::$version,
            said: read(include_str!(concat!("fixtures/sessions/", $name, ".txt"))),
        }
    };
}

fn sessions() -> Vec<Session> {
    vec![
        session!("neo4j-5.26.0-bolt-4.4", V4_4),
        session!("neo4j-5.26.0-bolt-5.0", V5_0),
        session!("neo4j-5.26.0-bolt-5.1", V5_1),
        session!("neo4j-5.26.0-bolt-5.2", V5_2),
        session!("neo4j-5.26.0-bolt-5.3", V5_3),
        session!("neo4j-5.26.0-bolt-5.4", V5_4),
        session!("neo4j-5.26.0-bolt-5.6", V5_6),
        session!("neo4j-5.26.0-bolt-5.7", V5_7),
        session!("neo4j-5.26.0-bolt-5.8", V5_8),
        session!("neo4j-2026.09.0-bolt-6.0", V6_0),
        session!("neo4j-2026.09.0-bolt-6.1", V6_1),
    ]
}

fn read(text: &str) -> Vec<(bool, Vec<u8>)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| (line.starts_with('C'), hex::bytes(&line[1..]))).collect()
}

fn limits() -> Limits {
    Limits::new(1 << 20, 20)
}

fn framed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_chunks(message, &mut out);
    out
}

/// The client asks what the driver asked, and hears what Neo4j answered.
#[test]
fn a_client_believes_what_neo4j_answered() {
    for Session { name, version, said } in sessions() {
        let mut client = ClientConnection::new(version, limits());
        let (mut failures, mut rows_seen) = (0, 0);
        for (is_client, message) in said {
            if is_client {
                let request = Request::read(&message, client.dialect(), limits()).expect(name);
                client.send(&request).expect(name);
                continue;
            }
            client.receive(&framed(&message));
            while let Some(event) = client.next_event().expect(name) {
                match event {
                    ClientEvent::Records { rows, .. } => rows_seen += rows,
                    ClientEvent::Answered { response, .. } => {
                        failures += usize::from(matches!(response, Response::Failure(_)));
                    }
                }
            }
        }
        assert!(failures == 1 && rows_seen > 10, "{name}: {failures} failures and {rows_seen} rows");
        // Where the recording ended before it, GOODBYE is missing.
        assert!(matches!(client.state(), State::Defunct | State::Ready) && client.pending() == 0, "{name}");
    }
}

/// The server is asked what Neo4j was asked, says what Neo4j said, and ignores what Neo4j ignored, byte for byte.
#[test]
fn a_server_says_what_neo4j_said() {
    for Session { name, version, said } in sessions() {
        let mut server = ServerConnection::new(version, limits());
        let (mut is_open, mut output) = (false, Vec::new());
        for (is_client, message) in said {
            if is_client {
                server.receive(&framed(&message));
                continue;
            }
            let recorded = Response::read(&message, server.dialect(), limits()).expect(name);
            let is_end = !matches!(recorded, Response::Record(_));
            if !is_open {
                match server.next_action() {
                    Some(ServerAction::Perform(_)) => is_open = true,
                    None => {}
                    other => panic!("{name}: {other:?}"),
                }
            }
            // What was ignored on the way to the next request that is performed is said first.
            output.extend(server.take_output());
            if output.is_empty() {
                server.answer(&recorded).expect(name);
                is_open = !is_end;
                output.extend(server.take_output());
            }
            let expected = framed(&message);
            let end = expected.len().min(output.len());
            assert_eq!(hex::text(&output[..end]), hex::text(&expected), "{name}");
            output.drain(..end);
        }
        assert!(output.is_empty() && matches!(server.next_action(), None | Some(ServerAction::Close(None))), "{name}");
    }
}

/// Every structure that Neo4j sent is understood, and written as Neo4j wrote it.
#[test]
fn values_of_neo4j_are_understood() {
    for Session { name, version, said } in sessions() {
        let mut kinds = std::collections::BTreeSet::new();
        let mut client = ClientConnection::new(version, limits());
        for (is_client, message) in said {
            if is_client {
                let request = Request::read(&message, client.dialect(), limits()).expect(name);
                client.send(&request).expect(name);
                continue;
            }
            let response = Response::read(&message, client.dialect(), limits()).expect(name);
            client.receive(&framed(&message));
            while client.next_event().expect(name).is_some() {}
            let Response::Record(values) = response else { continue };
            for value in values {
                if let Value::Structure(structure) = value {
                    kinds.insert(structure.tag);
                    let typed = Typed::read(structure.clone(), client.dialect()).expect(name);
                    assert_eq!(typed.write(client.dialect()), Ok(structure), "{name}");
                }
            }
        }
        let expected = if version.has_vectors() { 11 } else { 10 };
        assert!(kinds.len() >= expected, "{name}: {kinds:?}");
    }
}
