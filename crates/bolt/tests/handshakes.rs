//! Handshakes: both ends agree on what both speak, however the bytes are split, and on nothing else.

use aliasd_bolt::{
    ClientHandshake, ClientHandshakeStep, HandshakeError, ServerHandshake, ServerHandshakeStep, Version, VersionRange,
};
use proptest::prelude::*;

use crate::hex;

fn versions() -> impl Strategy<Value = Vec<Version>> {
    proptest::sample::subsequence(Version::ALL.to_vec(), 0..=Version::ALL.len())
}

/// Feeds a server one byte at a time, and returns the last step.
fn serve(server: &mut ServerHandshake, bytes: &[u8]) -> Result<ServerHandshakeStep, HandshakeError> {
    let mut last = ServerHandshakeStep::Continue { reply: vec![] };
    for byte in bytes {
        assert_eq!(last, ServerHandshakeStep::Continue { reply: vec![] }, "something was said too early");
        last = server.receive(std::slice::from_ref(byte))?;
    }
    Ok(last)
}

proptest! {
    #[test]
    fn both_ends_agree_on_the_newest_version_that_both_speak(client in versions(), server in versions(), behind in any::<Vec<u8>>()) {
        let both = client.iter().filter(|version| server.contains(version)).max().copied();
        let mut asking = ClientHandshake::new(&client);
        let mut answering = ServerHandshake::new(&server);
        let ServerHandshakeStep::Continue { reply } = serve(&mut answering, &asking.opening()).unwrap() else {
            panic!("a manifest was offered")
        };
        let mut last = Ok(ClientHandshakeStep::Continue);
        for byte in reply.iter().chain(&behind) {
            if last == Ok(ClientHandshakeStep::Continue) {
                last = asking.receive(std::slice::from_ref(byte));
            }
        }
        let Some(both) = both else {
            prop_assert_eq!(last, Err(HandshakeError::NothingInCommon));
            return Ok(());
        };
        let Ok(ClientHandshakeStep::Agreed { version, reply, rest }) = last else { panic!("{last:?}") };
        prop_assert_eq!((version, rest), (both, vec![]));
        let all = [reply, behind.clone()].concat();
        let agreed = answering.receive(&all).unwrap();
        prop_assert_eq!(agreed, ServerHandshakeStep::Agreed { version: both, reply: vec![], rest: behind });
    }

    #[test]
    fn ranges_hold_the_versions_and_no_others(versions in versions()) {
        let ranges = VersionRange::of_versions(&versions);
        for version in Version::ALL {
            prop_assert_eq!(ranges.iter().any(|range| range.contains(version)), versions.contains(&version));
        }
        prop_assert!(ranges.len() <= versions.len());
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..60), manifest in any::<bool>()) {
        let all = Version::ALL.to_vec();
        let mut server = ServerHandshake::new(&all);
        if manifest {
            server.receive(&ClientHandshake::new(&all).opening()).unwrap();
        }
        let _step = server.receive(&bytes);
        let mut client = ClientHandshake::new(&all);
        let start = if manifest { vec![0, 0, 1, 0xFF] } else { vec![] };
        let _step = client.receive(&[start, bytes].concat());
    }
}

fn server() -> ServerHandshake {
    ServerHandshake::new(&[Version::V4_4, Version::V5_4, Version::V5_6, Version::V5_7, Version::V5_8, Version::V6_0])
}

fn agreed(opening: &str) -> Option<(Version, String)> {
    match server().receive(&hex::bytes(opening)).expect("an opening") {
        ServerHandshakeStep::Agreed { version, reply, rest } => {
            assert!(rest.is_empty());
            Some((version, hex::text(&reply)))
        }
        ServerHandshakeStep::Refused { reply } => {
            assert_eq!(reply, [0; 4]);
            None
        }
        ServerHandshakeStep::Continue { reply } => panic!("{reply:02X?}"),
    }
}

/// The openings of the Bolt documentation and of drivers that are in use.
#[test]
fn a_server_takes_the_first_offer_that_it_can() {
    let newest = "6060B017 00000006 00080805 00020404 00000003";
    assert_eq!(agreed(newest), Some((Version::V6_0, "00 00 00 06".to_owned())));
    let ranges = "6060B017 00080805 00020404 00000003 00000000";
    assert_eq!(agreed(ranges), Some((Version::V5_8, "00 00 08 05".to_owned())));
    let by_preference = "6060B017 00000404 00080805 00000000 00000000";
    assert_eq!(agreed(by_preference), Some((Version::V4_4, "00 00 04 04".to_owned())));
    let neo4rs = "6060B017 00000404 00000304 00000104 00000004";
    assert_eq!(agreed(neo4rs), Some((Version::V4_4, "00 00 04 04".to_owned())));
    let within = "6060B017 00050505 00000000 00000000 00000000";
    assert_eq!(agreed(within), Some((Version::V5_4, "00 00 04 05".to_owned())));
    assert_eq!(agreed("6060B017 00030304 00000003 00000002 00000001"), None);
    assert_eq!(agreed("6060B017 00000000 00000000 00000000 00000000"), None);
    // A manifest of a later form that can do with the first.
    let step = server().receive(&hex::bytes("6060B017 000102FF 00000000 00000000 00000000")).unwrap();
    assert!(matches!(step, ServerHandshakeStep::Continue { reply } if reply.starts_with(&[0, 0, 1, 0xFF])));
}

#[test]
fn a_server_lists_what_it_speaks_and_takes_nothing_else() {
    let choose = |choice: &str| {
        let mut server = server();
        let step = server.receive(&hex::bytes("6060B017 000001FF 00080805 00020404 00000003")).unwrap();
        let manifest = "00 00 01 FF 04 00 00 00 06 00 02 08 05 00 00 04 05 00 00 04 04 00";
        assert_eq!(step, ServerHandshakeStep::Continue { reply: hex::bytes(manifest) });
        server.receive(&hex::bytes(choice))
    };
    let step = choose("00000705 00 0001").unwrap();
    let rest = vec![0, 1];
    assert_eq!(step, ServerHandshakeStep::Agreed { version: Version::V5_7, reply: vec![], rest });
    assert_eq!(choose("00000005 00"), Err(HandshakeError::NotOffered { chosen: [0, 0, 0, 5] }));
    assert_eq!(choose("00020805 00"), Err(HandshakeError::NotOffered { chosen: [0, 2, 8, 5] }));
    assert_eq!(choose("00000805 09"), Err(HandshakeError::CapabilitiesNotOffered { capabilities: 9 }));
    assert_eq!(choose("00000000"), Err(HandshakeError::NothingInCommon));
    assert_eq!(choose("00000805 FFFFFFFFFFFFFFFFFFFF"), Err(HandshakeError::TooLong));
}

#[test]
fn http_is_told_from_bolt_and_from_noise() {
    let error = server().receive(b"GET / HTTP/1.1\r\n").unwrap_err();
    assert!(error.is_http());
    assert_eq!(error.to_string(), "the other end speaks HTTP, not Bolt");
    assert!(!server().receive(&[0x16, 3, 1, 0]).unwrap_err().is_http());
    let mut client = ClientHandshake::new(&[Version::V5_8]);
    assert!(client.receive(b"HTTP/1.1 400 ").unwrap_err().is_http());
}

/// What Neo4j 5.26 and 2026.09 answered to a manifest.
#[test]
fn a_client_understands_the_servers_that_there_are() {
    let answers = [
        ("000001FF 03 00040404 00040405 00020805 00", Version::V5_8, "00 00 08 05 00"),
        ("000001FF 04 00040404 00040405 00020805 00010106 00", Version::V6_1, "00 00 01 06 00"),
    ];
    for (answer, newest, chosen) in answers {
        let mut client = ClientHandshake::new(&Version::ALL);
        let step = client.receive(&hex::bytes(answer)).unwrap();
        let reply = hex::bytes(chosen);
        assert_eq!(step, ClientHandshakeStep::Agreed { version: newest, reply, rest: vec![] });
    }
    assert_eq!(
        hex::text(&ClientHandshake::new(&Version::ALL).opening()),
        "60 60 B0 17 00 00 01 FF 00 08 08 05 00 00 04 04 00 00 00 00"
    );
}

#[test]
fn a_client_takes_no_answer_that_it_did_not_ask_for() {
    let answered = |answer: &str| ClientHandshake::new(&[Version::V5_8, Version::V4_4]).receive(&hex::bytes(answer));
    let rest = vec![9];
    let agreed = ClientHandshakeStep::Agreed { version: Version::V4_4, reply: vec![], rest };
    assert_eq!(answered("00000404 09"), Ok(agreed));
    assert_eq!(answered("00000405"), Err(HandshakeError::NotOffered { chosen: [0, 0, 4, 5] }));
    assert_eq!(answered("00000000"), Err(HandshakeError::NothingInCommon));
    assert_eq!(answered("000001FF FFFFFF01"), Err(HandshakeError::TooLong));
    assert_eq!(answered("000001FF 01 00000001 00"), Err(HandshakeError::NothingInCommon));
    assert_eq!(answered("000001FF 02 00000405"), Ok(ClientHandshakeStep::Continue));
}
