//! Two ends of a connection that are left to themselves stay together.

use aliasd_bolt::{
    ClientConnection, ClientEvent, Failure, Map, Request, RequestKind, Response, ServerAction, ServerConnection, State,
    Value, Version,
};
use proptest::prelude::*;

use crate::clients::client_in;
use crate::servers::{example, limits, server_in, succeed};

/// What a server is told to do with a request that it performs.
#[derive(Clone, Copy, Debug)]
enum Work {
    Succeed { rows: usize, has_more: bool },
    Fail,
}

fn work() -> impl Strategy<Value = Work> {
    prop_oneof![
        6 => (0_usize..4, any::<bool>()).prop_map(|(rows, has_more)| Work::Succeed { rows, has_more }),
        1 => Just(Work::Fail),
    ]
}

/// One answer to a request, as a server could give it.
fn perform(server: &mut ServerConnection, request: &Request, work: Work, next_result: &mut i64) {
    let in_transaction = matches!(server.state(), State::TxReady | State::TxStreaming);
    let Work::Succeed { rows, has_more } = work else {
        return server.answer(&Response::Failure(Failure::new("a", "b"))).expect("an answer");
    };
    let mut map = Map::new();
    match request.kind() {
        RequestKind::Pull => {
            for _ in 0..rows {
                server.answer(&Response::Record(vec![Value::Null])).expect("a row");
            }
            map.insert("has_more", has_more);
        }
        RequestKind::Discard => drop(map.insert("has_more", has_more)),
        RequestKind::Run if in_transaction => {
            map.insert("qid", *next_result);
            *next_result += 1;
        }
        _ => {}
    }
    server.answer(&Response::Success(map)).expect("an answer");
}

proptest! {
    /// Whatever a client sends in whatever portions, and however the server's work ends: each request is answered once and
    /// in order, the client takes every answer, and both count the same state.
    #[test]
    fn both_ends_stay_together(
        version in proptest::sample::select(Version::ALL.to_vec()),
        script in proptest::collection::vec((proptest::sample::select(RequestKind::ALL.to_vec()), work(), 1_usize..40), 1..30),
    ) {
        let (mut client, mut server) = (ClientConnection::new(version, limits()), ServerConnection::new(version, limits()));
        let login = [RequestKind::Hello, RequestKind::Logon].map(|kind| (kind, Work::Succeed { rows: 0, has_more: false }, 7));
        let (mut asked, mut answered) = (Vec::new(), Vec::new());
        let (mut next_result, mut is_closed) = (0, false);
        for (kind, work, portion) in login.into_iter().chain(script) {
            if kind == RequestKind::Goodbye || client.send(&example(kind, version.into())).is_err() {
                continue;
            }
            asked.push(kind);
            // Sometimes several requests go together, and sometimes one in several portions.
            if portion % 3 == 0 {
                continue;
            }
            for part in client.take_output().chunks(portion) {
                server.receive(part);
            }
            while let Some(action) = server.next_action() {
                match action {
                    ServerAction::Perform(request) => perform(&mut server, &request, work, &mut next_result),
                    ServerAction::Interrupt => prop_assert!(false, "nothing is under way"),
                    ServerAction::Close(_) => is_closed = true,
                }
            }
            for part in server.take_output().chunks(portion) {
                client.receive(part);
                while let Some(event) = client.next_event().unwrap() {
                    if let ClientEvent::Answered { request, .. } = event {
                        answered.push(request);
                    }
                }
            }
            prop_assert_eq!(&asked[..answered.len()], &answered[..]);
            if is_closed {
                break;
            }
            prop_assert_eq!(client.pending(), 0);
            prop_assert_eq!(client.state(), server.state());
        }
    }

    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..200), ready in any::<bool>()) {
        let state = if ready { State::Ready } else { State::Negotiation };
        let mut server = server_in(state, Version::V6_1);
        server.receive(&bytes);
        while let Some(action) = server.next_action() {
            if let ServerAction::Perform(_) = action {
                succeed(&mut server);
            }
        }
        let mut client = client_in(state, Version::V6_1);
        client.receive(&bytes);
        while let Ok(Some(_)) = client.next_event() {}
    }
}
