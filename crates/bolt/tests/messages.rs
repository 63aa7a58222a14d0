//! Messages: what is written is read, in every version; what a version does not have is left out, kept or refused.

use aliasd_bolt::{
    AccessMode, AuthToken, Cause, Dialect, EncodedMap, Failure, Fetch, FetchAnswer, GqlStatus, Hello, HelloAnswer, Map,
    MessageErrorKind, NotificationFilter, PackStreamErrorKind, Request, RequestKind, Response, Route, RoutingTable,
    Run, RunAnswer, Secret, TransactionExtra, Value, Version, encode,
};
use proptest::prelude::*;

use crate::generate::{LIMITS, dialect, map, value};
use crate::hex;

fn optional<T: std::fmt::Debug>(inner: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    proptest::option::of(inner)
}

fn name() -> impl Strategy<Value = String> {
    "[a-z]{1,8}"
}

fn names() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(name(), 0..3)
}

/// Keys that no version gives a meaning.
fn other(dialect: Dialect) -> impl Strategy<Value = Map> {
    proptest::collection::vec(("x_[a-z]{1,4}", value(dialect).prop_filter("not null", |it| *it != Value::Null)), 0..3)
        .prop_map(|entries| entries.into_iter().collect())
}

fn token(dialect: Dialect) -> impl Strategy<Value = AuthToken> {
    (optional(name()), optional(name()), optional(name()), optional(map(dialect))).prop_map(
        |(scheme, principal, credentials, parameters)| AuthToken {
            scheme,
            principal,
            credentials: credentials.map(Secret::new),
            realm: None,
            parameters,
            other: Map::new(),
        },
    )
}

fn filter(version: Version) -> impl Strategy<Value = NotificationFilter> {
    (optional(name()), optional(names())).prop_map(move |(severity_min, disabled)| {
        let filter = NotificationFilter { severity_min, disabled };
        if version.has_notification_filters() { filter } else { NotificationFilter::default() }
    })
}

fn extra(dialect: Dialect) -> impl Strategy<Value = TransactionExtra> {
    let texts = (names(), optional(name()), optional(name()));
    let rest =
        (optional(any::<i64>()), optional(map(dialect)), any::<bool>(), filter(dialect.version()), other(dialect));
    (texts, rest).prop_map(
        |((bookmarks, database, impersonated_user), (timeout_ms, metadata, reads, notifications, other))| {
            let mode = if reads { AccessMode::Read } else { AccessMode::Write };
            TransactionExtra {
                bookmarks,
                timeout_ms,
                metadata,
                mode,
                database,
                impersonated_user,
                notifications,
                other,
            }
        },
    )
}

fn hello(dialect: Dialect) -> impl Strategy<Value = Hello> {
    let version = dialect.version();
    let rest = (optional(map(dialect)), map(dialect), token(dialect), names(), filter(version), other(dialect));
    (name(), rest).prop_map(move |(user_agent, (routing, agent, token, patches, notifications, other))| Hello {
        user_agent,
        bolt_agent: version.has_bolt_agent().then_some(agent),
        routing,
        auth: (!version.has_logon()).then_some(token),
        patches: if version == Version::V4_4 { patches } else { Vec::new() },
        notifications,
        other,
    })
}

fn fetch() -> impl Strategy<Value = Fetch> {
    (optional(1..i64::MAX), optional(0..i64::MAX)).prop_map(|(rows, result)| Fetch { rows, result })
}

fn request(dialect: Dialect) -> impl Strategy<Value = Request> {
    let run = (".{0,30}", map(dialect), extra(dialect)).prop_map(move |(query, parameters, extra)| {
        let parameters = EncodedMap::new(parameters, dialect).expect("values of the dialect");
        Request::Run(Run { query, parameters, extra })
    });
    let logon =
        (token(dialect), other(dialect)).prop_map(|(token, other)| Request::Logon(AuthToken { other, ..token }));
    let route = (map(dialect), names(), optional(name()), optional(name()), other(dialect)).prop_map(
        |(routing, bookmarks, database, impersonated_user, other)| {
            Request::Route(Route { routing, bookmarks, database, impersonated_user, other })
        },
    );
    let simple = [Request::Goodbye, Request::Reset, Request::Commit, Request::Rollback];
    let later = if dialect.version().has_logon() {
        prop_oneof![logon, Just(Request::Logoff)].boxed()
    } else {
        Just(Request::Reset).boxed()
    };
    let telemetry = if dialect.version().has_telemetry() {
        any::<i64>().prop_map(Request::Telemetry).boxed()
    } else {
        Just(Request::Reset).boxed()
    };
    prop_oneof![
        hello(dialect).prop_map(Request::Hello),
        run,
        extra(dialect).prop_map(Request::Begin),
        fetch().prop_map(Request::Pull),
        fetch().prop_map(Request::Discard),
        route,
        later,
        telemetry,
        proptest::sample::select(simple.to_vec()),
    ]
}

fn status(dialect: Dialect) -> impl Strategy<Value = GqlStatus> {
    (name(), name(), other(dialect)).prop_map(|(code, description, diagnostic_record)| GqlStatus {
        code,
        description,
        diagnostic_record,
    })
}

fn failure(dialect: Dialect) -> impl Strategy<Value = Failure> {
    let cause = (name(), status(dialect)).prop_map(|(message, status)| Cause { message, status });
    (name(), name(), status(dialect), proptest::collection::vec(cause, 0..4)).prop_map(
        move |(code, message, status, causes)| {
            let failure = Failure::new(&code, &message);
            if dialect.version().has_gql_failures() { Failure { status, causes, ..failure } } else { failure }
        },
    )
}

fn response(dialect: Dialect) -> impl Strategy<Value = Response> {
    prop_oneof![
        map(dialect).prop_map(Response::Success),
        proptest::collection::vec(value(dialect), 0..20).prop_map(Response::Record),
        Just(Response::Ignored),
        failure(dialect).prop_map(Response::Failure),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn requests_are_read_as_they_were_written((dialect, request) in dialect().prop_flat_map(|it| (Just(it), request(it)))) {
        let message = request.write(dialect).unwrap();
        prop_assert_eq!(message[1], request.kind().tag());
        prop_assert_eq!(Request::read(&message, dialect, LIMITS()).unwrap(), request);
    }

    #[test]
    fn responses_are_read_as_they_were_written((dialect, response) in dialect().prop_flat_map(|it| (Just(it), response(it)))) {
        let message = response.write(dialect).unwrap();
        prop_assert_eq!(message[1], response.kind().tag());
        prop_assert_eq!(Response::read(&message, dialect, LIMITS()).unwrap(), response);
    }

    #[test]
    fn a_part_of_a_message_is_none((dialect, request) in dialect().prop_flat_map(|it| (Just(it), request(it)))) {
        let message = request.write(dialect).unwrap();
        for end in (0..message.len()).filter(|end| *end < 200 || *end > message.len() - 200) {
            let error = Request::read(&message[..end], dialect, LIMITS()).expect_err("a part is no message");
            let _shown = format!("{error} {error:?}");
        }
        let longer = [&message[..], &[0xC0]].concat();
        prop_assert!(Request::read(&longer, dialect, LIMITS()).is_err());
    }

    #[test]
    fn any_bytes_behind_a_tag_are_answered(bytes in crate::generate::bytes(), tag in proptest::sample::select(RequestKind::ALL.to_vec()), dialect in dialect()) {
        let message = [&[0xB0 | u8::try_from(tag.fields()).unwrap(), tag.tag()][..], &bytes].concat();
        if let Ok(request) = Request::read(&message, dialect, LIMITS()) {
            let again = request.write(dialect).unwrap();
            // Not the requests: a number that is none is not equal to itself.
            prop_assert_eq!(Request::read(&again, dialect, LIMITS()).unwrap().write(dialect).unwrap(), again);
        }
    }
}

const NEWEST: fn() -> Dialect = || Dialect::new(Version::V6_1);

fn message(tag: u8, fields: &[Value], dialect: Dialect) -> Vec<u8> {
    let mut out = vec![0xB0 | u8::try_from(fields.len()).expect("few"), tag];
    fields.iter().for_each(|field| out.extend(encode(field, dialect).expect("a value of the dialect")));
    out
}

fn read(tag: u8, fields: &[Value], version: Version) -> Result<Request, String> {
    let dialect = Dialect::new(version);
    Request::read(&message(tag, fields, dialect), dialect, LIMITS()).map_err(|error| error.to_string())
}

#[test]
fn each_version_has_its_own_requests() {
    for version in Version::ALL {
        for kind in RequestKind::ALL {
            let request = Request::read(&[0xBF, kind.tag()], version.into(), LIMITS()).expect_err("too many fields");
            let expected = match kind {
                RequestKind::Logon | RequestKind::Logoff => version >= Version::V5_1,
                RequestKind::Telemetry => version >= Version::V5_4,
                _ => true,
            };
            let is_there = matches!(request.kind, MessageErrorKind::Fields { there: 15, .. });
            assert_eq!((is_there, request.is_unanswerable()), (expected, !expected), "{kind} in {version}");
        }
    }
    assert_eq!(read(0x6B, &[], Version::V5_0), Err("Bolt 5.0 has no LOGOFF".to_owned()));
    assert_eq!(read(0x55, &[], Version::V5_0), Err("no message has the tag 55".to_owned()));
}

#[test]
fn filters_of_notifications_are_called_as_the_version_calls_them() {
    let filter = NotificationFilter { severity_min: Some("OFF".to_owned()), disabled: Some(vec!["HINT".to_owned()]) };
    let begin = Request::Begin(TransactionExtra { notifications: filter, ..TransactionExtra::default() });
    let keys = |version: Version| {
        let bytes = begin.write(version.into()).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        [
            "notifications_minimum_severity",
            "notifications_disabled_categories",
            "notifications_disabled_classifications",
        ]
        .map(|key| text.contains(key))
    };
    assert_eq!(keys(Version::V4_4), [false; 3]);
    assert_eq!(keys(Version::V5_1), [false; 3]);
    assert_eq!(keys(Version::V5_4), [true, true, false]);
    assert_eq!(keys(Version::V5_6), [true, false, true]);
    // The other version's name is none: it is kept as it came.
    let categories = Map::new().with("notifications_disabled_categories", vec!["HINT"]);
    let Ok(Request::Begin(extra)) = read(0x11, &[categories.clone().into()], Version::V5_6) else { panic!() };
    assert_eq!((extra.notifications, extra.other), (NotificationFilter::default(), categories));
}

#[test]
fn what_is_missing_or_of_another_type_is_named() {
    let map = |key: &str, value: Value| Value::Map(Map::new().with(key, value));
    let begin = |key: &str, value: Value| read(0x11, &[map(key, value)], Version::V5_8).map(|_| ());
    let refused = |text: &str| Err(text.to_owned());
    assert_eq!(begin("db", 7_i64.into()), refused("BEGIN needs a string as 'db'"));
    assert_eq!(begin("mode", "x".into()), refused("BEGIN needs 'r' or 'w' as 'mode'"));
    assert_eq!(begin("bookmarks", "x".into()), refused("BEGIN needs a list as 'bookmarks'"));
    assert_eq!(begin("bookmarks", vec![1_i64].into()), refused("BEGIN needs a list of strings as 'bookmarks'"));
    assert_eq!(begin("tx_timeout", "x".into()), refused("BEGIN needs an integer as 'tx_timeout'"));
    assert_eq!(begin("tx_metadata", "x".into()), refused("BEGIN needs a map as 'tx_metadata'"));
    for absent in ["db", "mode", "bookmarks", "tx_timeout", "tx_metadata", "imp_user"] {
        assert_eq!(begin(absent, Value::Null), Ok(()), "null is absence");
    }
    let pull = |key: &str, value: i64| read(0x3F, &[map(key, value.into())], Version::V5_8).map(|_| ());
    let rows = "PULL needs a number of rows, 1 or more, or -1 as 'n'";
    assert_eq!((pull("n", 0), pull("n", -2), pull("qid", 1)), (refused(rows), refused(rows), refused(rows)));
    let agent = || Map::new().with("user_agent", "x");
    assert_eq!(read(0x01, &[Map::new().into()], Version::V5_8), Err("HELLO needs a string as 'user_agent'".to_owned()));
    assert_eq!(read(0x01, &[agent().into()], Version::V5_8), Err("HELLO needs a map as 'bolt_agent'".to_owned()));
    assert!(read(0x01, &[agent().into()], Version::V5_2).is_ok());
    assert_eq!(
        read(0x10, &["RETURN 1".into(), Map::new().into()], Version::V5_8),
        Err("RUN has 3 fields, not 2".to_owned())
    );
    let run = [Value::from("RETURN 1"), 1_i64.into(), Map::new().into()];
    assert_eq!(read(0x10, &run, Version::V5_8), Err("RUN has a field that cannot be read".to_owned()));
    assert_eq!(read(0x54, &["x".into()], Version::V5_8), Err("TELEMETRY needs an integer as 'api'".to_owned()));
}

#[test]
fn absent_means_what_the_documentation_says() {
    let route = [Value::Map(Map::new()), Value::Null, Value::Null];
    assert_eq!(read(0x66, &route, Version::V4_4), Ok(Request::Route(Route::default())));
    let database = Map::new().with("db", "");
    let Ok(Request::Begin(extra)) = read(0x11, &[database.into()], Version::V5_8) else { panic!() };
    assert_eq!(extra, TransactionExtra::default());
    let all = Map::new().with("n", -1_i64).with("qid", -1_i64);
    assert_eq!(read(0x3F, &[all.into()], Version::V5_8), Ok(Request::Pull(Fetch::ALL)));
    assert_eq!(read(0x6A, &[Map::new().into()], Version::V5_8), Ok(Request::Logon(AuthToken::default())));
}

#[test]
fn parameters_stay_as_they_came() {
    // A key twice, a text that is not UTF-8, and a length in a longer form than it needs.
    let parameters = hex::bytes("A3 81 61 01 81 61 D4 01 02 81 62 81 FF");
    let bytes = [&hex::bytes("B3 10 88 52 45 54 55 52 4E 20 31")[..], &parameters, &[0xA0]].concat();
    let Ok(Request::Run(run)) = Request::read(&bytes, NEWEST(), LIMITS()) else { panic!() };
    assert_eq!(run.parameters.bytes(), parameters);
    assert_eq!(Request::Run(run).write(NEWEST()).unwrap(), bytes);
    // Something that the version does not have is found nevertheless.
    let uuid = [&hex::bytes("B3 10 81 78 A1 81 61 E0")[..], &[0; 16], &[0xA0]].concat();
    assert!(Request::read(&uuid, NEWEST(), LIMITS()).is_ok());
    let error = Request::read(&uuid, Version::V6_0.into(), LIMITS()).unwrap_err();
    let MessageErrorKind::Value(error) = error.kind else { panic!("{error}") };
    assert!(matches!(error.kind, PackStreamErrorKind::NotInDialect { what: "UUID", .. }));
}

#[test]
fn what_proves_a_user_is_not_shown() {
    let secret = "very secret";
    let custom = Map::new().with("pin", secret);
    let token = AuthToken {
        parameters: Some(custom.clone()),
        other: custom.clone(),
        ..AuthToken::basic("carol", Secret::new(secret.to_owned()))
    };
    let hello = Hello { auth: Some(token.clone()), other: custom, ..Hello::default() };
    let shown = format!("{:?} {:?}", Request::Logon(token), Request::Hello(hello));
    assert!(!shown.contains(secret) && shown.contains("carol") && shown.contains("pin"), "{shown}");
}

#[test]
fn a_failure_is_told_in_the_shape_of_the_version() {
    let status = GqlStatus {
        diagnostic_record: Map::new().with("_classification", "CLIENT_ERROR"),
        ..GqlStatus::new("42001", "error: syntax error")
    };
    let causes = vec![Cause { message: "why".to_owned(), status: GqlStatus::new("42I06", "error: invalid input") }];
    let failure = Failure { status, causes, ..Failure::new("Neo.ClientError.Statement.SyntaxError", "what") };
    let response = Response::Failure(failure);
    let said = |version: Version| {
        let bytes = response.write(version.into()).unwrap();
        aliasd_bolt::decode(&bytes[2..], version.into(), LIMITS()).unwrap().to_string()
    };
    assert_eq!(said(Version::V5_6), r#"{"code": "Neo.ClientError.Statement.SyntaxError", "message": "what"}"#);
    assert_eq!(
        said(Version::V5_7),
        "{\"neo4j_code\": \"Neo.ClientError.Statement.SyntaxError\", \"message\": \"what\", \"gql_status\": \"42001\", \
         \"description\": \"error: syntax error\", \"diagnostic_record\": {\"_classification\": \"CLIENT_ERROR\"}, \
         \"cause\": {\"message\": \"why\", \"gql_status\": \"42I06\", \"description\": \"error: invalid input\"}}"
    );
    // A server that speaks a newer version in the older shape is understood, and what it did not say is filled in.
    let older = response.write(Version::V5_6.into()).unwrap();
    let read = Response::read(&older, Version::V5_8.into(), LIMITS()).unwrap();
    assert_eq!(read, Response::Failure(Failure::new("Neo.ClientError.Statement.SyntaxError", "what")));
}

#[test]
fn a_long_chain_of_causes_is_cut() {
    let cause = Cause { message: "why".to_owned(), status: GqlStatus::unknown() };
    let failure = Failure { causes: vec![cause; 1_000], ..Failure::new("a", "b") };
    let bytes = Response::Failure(failure).write(NEWEST()).unwrap();
    let Ok(Response::Failure(failure)) = Response::read(&bytes, NEWEST(), LIMITS()) else { panic!() };
    assert_eq!(failure.causes.len(), 16);
}

#[test]
fn answers_are_read_as_they_were_written() {
    let text = |text: &str| Some(text.to_owned());
    let other = || Map::new().with("more", 1_i64);
    let hello = HelloAnswer {
        server: "Neo4j/5.26.0".to_owned(),
        connection_id: "bolt-1".to_owned(),
        hints: Map::new().with("ssr.enabled", true),
        patches: vec!["utc".to_owned()],
        other: other(),
    };
    assert_eq!(HelloAnswer::read(hello.clone().write()), Ok(hello));
    let fields = vec!["n".to_owned()];
    let run = RunAnswer { fields, t_first_ms: Some(1), result: Some(0), database: text("movies"), other: other() };
    assert_eq!(RunAnswer::read(run.clone().write()), Ok(run));
    let fetch = FetchAnswer { has_more: true, bookmark: text("bm"), database: text("movies"), other: other() };
    assert_eq!(FetchAnswer::read(fetch.clone().write()), Ok(fetch));
    let [routers, readers, writers] = ["a:1", "b:2", "c:3"].map(|address| vec![address.to_owned()]);
    let table = RoutingTable { ttl_seconds: 300, database: text("movies"), routers, readers, writers };
    assert_eq!(RoutingTable::read(table.clone().write()), Ok(table));
    let error = RoutingTable::read(Map::new()).unwrap_err();
    assert_eq!(error.to_string(), "SUCCESS for ROUTE needs a map as 'rt'");
    assert!(RunAnswer::read(Map::new().with("qid", "0")).is_err());
}
