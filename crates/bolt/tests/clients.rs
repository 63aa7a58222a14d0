//! Clients: what they send, and what they believe.

use aliasd_bolt::{
    ClientConnection, ClientEvent, Failure, Map, ProtocolError, Request, RequestKind, Response, SendError, State,
    Version, put_chunks,
};

use crate::servers::{example, limits};

pub(crate) fn client_in(state: State, version: Version) -> ClientConnection {
    let mut client = ClientConnection::new(version, limits());
    let way: &[RequestKind] = match state {
        State::Negotiation => &[],
        State::Streaming => &[RequestKind::Hello, RequestKind::Logon, RequestKind::Run],
        _ => &[RequestKind::Hello, RequestKind::Logon],
    };
    for kind in way {
        client.send(&example(*kind, version.into())).expect("legal");
        let mut bytes = Vec::new();
        put_chunks(&Response::Success(Map::new()).write(version.into()).expect("a map"), &mut bytes);
        client.receive(&bytes);
        assert!(client.next_event().expect("legal").is_some());
    }
    client.take_output();
    assert_eq!(client.state(), state);
    client
}

fn hear(client: &mut ClientConnection, responses: &[Response]) -> Result<Vec<String>, ProtocolError> {
    let mut bytes = Vec::new();
    for response in responses {
        put_chunks(&response.write(client.dialect()).expect("a response"), &mut bytes);
    }
    client.receive(&bytes);
    let mut out = Vec::new();
    while let Some(event) = client.next_event()? {
        out.push(match event {
            ClientEvent::Records { rows, .. } => format!("{rows} rows"),
            ClientEvent::Answered { request, response } => format!("{request}: {}", response.kind()),
        });
    }
    Ok(out)
}

#[test]
fn a_client_sends_nothing_that_is_refused_for_certain() {
    let mut client = client_in(State::Negotiation, Version::V5_0);
    let error = client.send(&Request::Logoff).unwrap_err();
    assert_eq!(error, SendError::NotInVersion { request: RequestKind::Logoff, version: Version::V5_0 });
    let error = client.send(&Request::Commit).unwrap_err();
    assert_eq!(error.to_string(), "COMMIT cannot be handled in the state NEGOTIATION");
    assert_eq!(client.take_output(), [0_u8; 0]);
    let mut client = client_in(State::Ready, Version::V5_8);
    assert!(client.is_idle());
    client.send(&example(RequestKind::Begin, Version::V5_8.into())).unwrap();
    client.send(&Request::Commit).expect("the transaction may be there by then");
    assert!(!client.is_idle() && client.pending() == 2);
    client.send(&Request::Goodbye).unwrap();
    assert_eq!((client.state(), client.pending()), (State::Defunct, 0));
    assert!(client.send(&Request::Reset).is_err());
}

#[test]
fn rows_come_in_runs_and_answers_in_order() {
    let mut client = client_in(State::Streaming, Version::V5_8);
    client.send(&example(RequestKind::Pull, Version::V5_8.into())).unwrap();
    client.send(&example(RequestKind::Run, Version::V5_8.into())).unwrap();
    let row = || Response::Record(vec![1_i64.into()]);
    let success = || Response::Success(Map::new());
    let heard = hear(&mut client, &[row(), row(), success(), success()]);
    assert_eq!(heard.unwrap(), ["2 rows", "PULL: SUCCESS", "RUN: SUCCESS"]);
    assert_eq!(client.state(), State::Streaming);
}

#[test]
fn a_client_believes_no_server_that_breaks_the_protocol() {
    let failure = || Response::Failure(Failure::new("a", "b"));
    let success = || Response::Success(Map::new());
    let row = || Response::Record(vec![]);
    let ask = |requests: &[RequestKind], responses: &[Response]| {
        let mut client = client_in(State::Streaming, Version::V5_8);
        requests.iter().for_each(|kind| client.send(&example(*kind, Version::V5_8.into())).unwrap());
        let heard = hear(&mut client, responses).map_err(|error| error.to_string());
        assert!(heard.is_ok() || client.state() == State::Defunct);
        heard
    };
    use RequestKind as Kind;
    let broken = |text: &str| Err(text.to_owned());
    assert_eq!(ask(&[], &[success()]), broken("SUCCESS came, and nothing was asked"));
    assert_eq!(ask(&[], &[row()]), broken("RECORD came, and nothing was asked"));
    assert_eq!(ask(&[Kind::Discard], &[row()]), broken("RECORD is no answer to DISCARD"));
    assert_eq!(ask(&[Kind::Pull], &[Response::Ignored]), broken("IGNORED is no answer to PULL"));
    assert_eq!(ask(&[Kind::Reset], &[Response::Ignored]), broken("IGNORED is no answer to RESET"));
    let after = ask(&[Kind::Pull, Kind::Run], &[failure(), success()]);
    assert_eq!(after, broken("SUCCESS is no answer to RUN"), "a failure is followed by nothing but IGNORED");
    let reset = [Kind::Pull, Kind::Run, Kind::Reset, Kind::Reset];
    let heard = ask(&reset, &[failure(), Response::Ignored, Response::Ignored, success()]);
    assert_eq!(heard.unwrap(), ["PULL: FAILURE", "RUN: IGNORED", "RESET: IGNORED", "RESET: SUCCESS"]);
    let heard = ask(&[Kind::Pull, Kind::Run], &[failure(), failure()]);
    assert_eq!(heard.unwrap(), ["PULL: FAILURE", "RUN: FAILURE"]);
    let heard = ask(&reset[..3], &[Response::Ignored, Response::Ignored, success()]);
    assert_eq!(heard.unwrap(), ["PULL: IGNORED", "RUN: IGNORED", "RESET: SUCCESS"]);
    assert_eq!(ask(&reset[..3], &[Response::Ignored, success()]), broken("SUCCESS is no answer to RUN"));
}
