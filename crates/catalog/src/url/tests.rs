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
    assert_eq!(Scheme::offered(true).to_string(), "neo4j+s, neo4j+ssc, bolt+s, bolt+ssc");
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
        "neo4j+s://location.example.org.:7687/?policy=europe",
        "bolt+s://[fe80::1%25eth0]:7687",
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
        assert!(RemoteUrl::stored(text).is_err(), "{text:?}");
    }
}

/// What the first versions took and no driver understands. What they stored is read all the same.
#[test]
fn nothing_follows_the_address_but_a_routing_policy() {
    for (text, reason) in [
        ("neo4j+s://ho$t", "cannot be the name of a host"),
        ("neo4j+s://a..b:7687", "cannot be the name of a host"),
        ("neo4j+s://300.0.0.1", "cannot be the name of a host"),
        ("neo4j+s://[1:2]:7687", "cannot be the name of a host"),
        ("neo4j+s://[location]", "cannot be the name of a host"),
        ("neo4j+s://location/movies", "path"),
        ("neo4j+s://location:7687//", "path"),
        ("neo4j+s://location#movies", "fragment"),
        ("neo4j+s://location/#", "fragment"),
        ("neo4j+s://location?database=movies", "?policy=NAME"),
        ("neo4j+s://location?policy=a&policy=b", "?policy=NAME"),
        ("neo4j+s://location?policy=", "?policy=NAME"),
        ("neo4j+s://location?", "?policy=NAME"),
        ("bolt+s://location?policy=a", "?policy=NAME"),
    ] {
        let refused = RemoteUrl::new(text).expect_err(text);
        assert!(refused.code().code == "URL_INVALID" && refused.to_string().contains(reason), "{text}: {refused}");
        assert_eq!(RemoteUrl::stored(text).expect("it was stored").as_str(), text);
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
            prop_assert_eq!(RemoteUrl::redacted(&text), text);
            prop_assert_eq!(RemoteUrl::new(url.as_str()), Ok(url));
        }
    }
}

/// What may be a secret is not shown of a URL, taken or not. What is taken has none.
#[test]
fn a_url_is_shown_without_what_may_be_a_secret() {
    for (given, shown) in [
        ("neo4j+s://location:7687", "neo4j+s://location:7687"),
        ("neo4j://location:7687?policy=europe", "neo4j://location:7687?policy=europe"),
        ("neo4j://bob:geheim@location", "neo4j://******@location"),
        ("neo4j://location?password=geheim", "neo4j://location?******"),
        ("neo4j://location?policy=europe&token=geheim", "neo4j://location?******"),
        ("neo4j://location?policy=europe#geheim", "neo4j://location?******"),
        ("neo4j://location#geheim", "neo4j://location#******"),
        ("neo4j://bob:ge?heim@location?key=geheim", "neo4j://******@location?******"),
        ("location?geheim", "location?******"),
        ("neo4j://location?", "neo4j://location?******"),
        ("location;pw=geheim", "location;******"),
        ("//bob:geheim@location", "******@location"),
        ("bob:geheim@location:7687", "******@location:7687"),
        ("neo4j://location/geheim", "neo4j://location/******"),
        ("neo4j://location:7687/geheim", "neo4j://location:7687/******"),
        ("//location/geheim", "//location/******"),
        ("neo4j://location:76geheim", "neo4j://location:******"),
        ("neo4j://bob:geheim", "neo4j://bob:******"),
        ("neo4j://location%3Fkey%3Dgeheim", "neo4j://location%******"),
        ("neo4j://[fe80::1%25eth0]:7687?policy=eu", "neo4j://[fe80::1%25eth0]:7687?policy=eu"),
        ("neo4j://[::1]?geheim", "neo4j://[::1]?******"),
        ("neo4j://[key=geheim]", "neo4j://[key=******"),
        ("key=geheim://location", "key=******"),
    ] {
        assert_eq!(RemoteUrl::redacted(given), shown);
        let told = RemoteUrl::new(given).map(|url| url.to_string()).unwrap_or_else(|refusal| refusal.to_string());
        assert!(!told.contains("geheim"), "{told}");
    }
}

#[test]
fn a_place_keeps_its_path_and_any_text_is_shown_up_to_what_may_be_a_secret() {
    for (given, shown) in [
        ("https://location/data/*.csv", "https://location/data/*.csv"),
        ("https://bob:geheim@location/data?signature=geheim", "https://******@location/data?******"),
        ("s3://bucket/data;key=geheim", "s3://bucket/data;******"),
    ] {
        assert_eq!(RemoteUrl::redacted_place(given), shown);
    }
    for (given, shown) in [
        ("eu-west 1, rack 7", "eu-west 1, rack 7"),
        ("location:7687", "location:7687"),
        ("12:30", "12:30"),
        ("h?apikey=geheim", "h?******"),
        ("//u:geheim@h", "******@h"),
        ("Server=h;Pwd=geheim", "Server=******"),
        ("bob:geheim", "bob:******"),
        ("bob:7geheim", "bob:******"),
        ("hooks/T0/geheim", "hooks/******"),
        ("https://hooks/T0/geheim", "https://hooks/******"),
        ("{\"pw\": \"geheim\"}", "{******"),
        ("h%3Fpw%3Dgeheim", "h%******"),
        ("see h\npw geheim", "see h\n******"),
        ("a\\geheim", "a\\******"),
    ] {
        assert_eq!(RemoteUrl::redacted_text(given), shown);
    }
}
