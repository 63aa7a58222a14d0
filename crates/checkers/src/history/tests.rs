use super::*;

/// One event of every kind, each with everything that it may hold.
fn one_of_each() -> History {
    let batch = WatchStep::Batch { revision: 7, changes: vec![change()], continued: true };
    let lookup = Lookup {
        caller: "service".to_owned(),
        proof: Proof::Certificate,
        user: Some("carol".to_owned()),
        name: "films".to_owned(),
    };
    let begin = GuardStep::Begin { lookup, outcome: Outcome::Ok(route()) };
    let events = vec![
        Event::Setup(setup()),
        Event::Write(write()),
        Event::Resolve(resolve()),
        Event::Login(login()),
        Event::Watch(Watch { client: 1, stream: 1, member: Some(1), at: 5, step: batch }),
        Event::Guard(Guard { client: 1, guard: 1, begin: 1, end: 2, step: begin }),
        Event::Fault(Fault { at: 3, member: Some(1), what: "SIGKILL".to_owned() }),
        Event::Digest(Digest { member: 1, at: 9, revision: 7, digest: "ab".to_owned(), last: true }),
        Event::Audit(line()),
    ];
    History { events }
}

fn remote() -> Destination {
    Destination::Remote {
        database: "movies".to_owned(),
        url: "neo4j+s://b:7687".to_owned(),
        user: "bob".to_owned(),
        credential: Some("c1".to_owned()),
    }
}

fn setup() -> Setup {
    let privilege = Privilege::Access { on: "films".to_owned() };
    Setup {
        bounds: Bounds { max_staleness: 10, release_staleness: Some(2), silence_max: 10 },
        revision: 3,
        databases: vec!["neo4j".to_owned()],
        default_database: Some("neo4j".to_owned()),
        aliases: vec![AliasBefore { name: "films".to_owned(), destination: remote(), version: 2 }],
        users: vec![UserBefore {
            name: "carol".to_owned(),
            password: Some("p1".to_owned()),
            suspended: true,
            roles: vec!["analyst".to_owned()],
        }],
        grants: vec![GrantBefore { role: "analyst".to_owned(), privilege, kind: GrantKind::Granted }],
        audited: true,
    }
}

fn write() -> Write {
    Write {
        client: 1,
        member: Some(2),
        begin: 1_000_000_000_000_000_007,
        end: 1_000_000_000_000_000_009,
        actor: "alice".to_owned(),
        request: Some("0a".to_owned()),
        command: Command::AlterAlias {
            name: "films".to_owned(),
            database: None,
            url: None,
            user: None,
            credential: Some("c2".to_owned()),
        },
        outcome: Outcome::Ok(Written { revision: Some(7), updates: 1 }),
    }
}

fn route() -> Route {
    Route { name: "films".to_owned(), destination: remote(), version: 5, served_at: 9, validated_at: Some(9) }
}

fn resolve() -> Resolve {
    Resolve {
        client: 1,
        member: None,
        begin: 1,
        end: 2,
        caller: "service".to_owned(),
        proof: Proof::Token("t1".to_owned()),
        user: Some("carol".to_owned()),
        name: "films".to_owned(),
        freshness: Freshness::AtLeast(4),
        with_credentials: true,
        unrestricted: true,
        outcome: Outcome::Ok(route()),
    }
}

fn login() -> Login {
    Login {
        client: 1,
        member: Some(1),
        begin: 1,
        end: 2,
        user: "carol".to_owned(),
        password: "p1".to_owned(),
        outcome: Outcome::Rejected { code: "UNAUTHENTICATED".to_owned(), revision: Some(3) },
    }
}

fn change() -> Change {
    Change { subject: Subject::Alias, name: "films".to_owned(), kind: ChangeKind::Altered }
}

fn line() -> AuditLine {
    AuditLine {
        member: 1,
        action: "statement".to_owned(),
        actor: Some("alice".to_owned()),
        on_behalf_of: Some("carol".to_owned()),
        what: Some("ALTER …".to_owned()),
        outcome: "OK".to_owned(),
        revision: Some(7),
    }
}

#[test]
fn what_is_written_is_what_is_read() {
    let history = one_of_each();
    let text = history.to_lines().unwrap();
    assert_eq!(text.lines().count(), history.events.len());
    assert_eq!(History::from_lines(&text).unwrap(), history);
    assert_eq!(History::from_lines(text.trim_end()).unwrap(), history);
}

#[test]
fn a_line_is_what_the_page_says() {
    let watch = Watch { client: 1, stream: 2, member: None, at: 5, step: WatchStep::Progress { revision: 8 } };
    let line = r#"{"watch":{"client":1,"stream":2,"at":5,"step":{"progress":{"revision":8}}}}"#;
    assert_eq!(Event::Watch(watch).to_line().unwrap(), line);
    let failed: Outcome<Written> = Outcome::Failed { code: "UNREACHABLE".to_owned() };
    assert_eq!(serde_json::to_string(&failed).unwrap(), r#"{"failed":{"code":"UNREACHABLE"}}"#);
    assert_eq!(serde_json::to_string(&Freshness::Local).unwrap(), r#""local""#);
    assert_eq!(serde_json::to_string(&Freshness::AtLeast(7)).unwrap(), r#"{"at_least":7}"#);
    assert_eq!(serde_json::to_string(&Proof::Password("p1".to_owned())).unwrap(), r#"{"password":"p1"}"#);
}

#[test]
fn a_line_that_is_no_event_is_named() {
    let good = r#"{"fault":{"at":1,"what":"a pause"}}"#;
    assert!(History::from_lines("").unwrap().events.is_empty());
    for bad in ["", "{", "7", r#"{"fault":{"at":1}}"#, r#"{"fault":{"at":1,"what":"x","when":2}}"#, r#"{"fall":{}}"#] {
        let error = History::from_lines(&format!("{good}\n{bad}\n{good}\n")).unwrap_err();
        assert_eq!(error.line, 2, "{bad}");
    }
}
