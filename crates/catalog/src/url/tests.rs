//! Accepted and refused addresses, and that no refusal repeats a password.

use proptest::prelude::*;

use super::{RemoteUrl, Scheme};

#[test]
fn schemes_are_neo4js_and_bolts() {
    for scheme in Scheme::ALL {
        for text in [format!("{}://location", scheme.as_str()), format!("{}://h", scheme.as_str().to_uppercase())] {
            let url = RemoteUrl::new(&text).expect("the scheme is accepted");
            assert_eq!((url.scheme(), url.as_str()), (scheme, text.as_str()), "kept as it was given");
            assert_eq!(url.scheme().is_secure(), scheme.as_str().contains('+'));
        }
    }
    let refused = RemoteUrl::new("http://location").expect_err("not a scheme of ours").to_string();
    let expected = "The provided url 'http://location' has an invalid scheme. \
                    Please use one of the following schemes: neo4j, neo4j+s, neo4j+ssc, bolt, bolt+s, bolt+ssc.";
    assert_eq!(refused, expected);
    assert_eq!(Scheme::list(true), "neo4j+s, neo4j+ssc, bolt+s, bolt+ssc");
}

#[test]
fn an_address_is_a_host_and_perhaps_a_port() {
    let accepted = [
        "neo4j+s://location",
        "neo4j+s://location:7687",
        "bolt://127.0.0.1:1",
        "bolt://[::1]",
        "bolt://[::1]:65535",
        "neo4j://location:7687?policy=europe",
        "neo4j://location/",
    ];
    for text in accepted {
        assert!(RemoteUrl::new(text).is_ok(), "{text}");
    }
    let refused = [
        "",
        "location:7687",
        "neo4j:/location",
        "neo4j://",
        "neo4j://:7687",
        "neo4j://location:",
        "neo4j://location:0",
        "neo4j://location:65536",
        "neo4j://location:+1",
        "neo4j://location:port",
        "neo4j://::1",
        "neo4j://[::1",
        "neo4j://[]:1",
        "neo4j://[::1]x",
        "neo4j://loca tion",
        "neo4j://location\n",
        "neo4j+x://location",
        " neo4j://location",
    ];
    for text in refused {
        assert!(RemoteUrl::new(text).is_err(), "{text:?}");
    }
}

proptest! {
    /// User information is refused wherever it stands, and never repeated.
    #[test]
    fn passwords_are_never_repeated(
        before in prop_oneof![Just(""), Just("neo4j://"), Just("http://"), Just("neo4j://h?x="), Just("://")],
        after in prop_oneof![Just("host"), Just("host:7687"), Just("://host"), Just("neo4j://host"), Just("")],
    ) {
        let text = format!("{before}alice:s3cret@{after}");
        let refused = RemoteUrl::new(&text).expect_err("it holds user information");
        prop_assert!(!format!("{refused} {refused:?}").contains("s3cret"), "{}", refused);
    }

    #[test]
    fn hostile_text_is_refused_without_a_crash(text in "\\PC{0,40}") {
        if let Ok(url) = RemoteUrl::new(&text) {
            prop_assert_eq!(RemoteUrl::new(url.as_str()), Ok(url));
        }
    }
}
