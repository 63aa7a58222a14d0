//! `aliasctl exec`, `resolve` and `watch`: formats, exit codes, parameters, scripts.

use std::fs;

use crate::node::{Node, PASSWORD, TRICK};
use crate::program::Program;
use crate::terminal::Terminal;

#[test]
fn a_table_is_data_and_what_was_done_is_not() {
    let node = Node::start();
    let ended = node.alice(&["exec", "SHOW EVERYTHING"]).run();
    assert!(ended.stderr.contains("1 row, revision 7."), "{}", ended.stderr);
    let table = ended.done();
    assert!(table.contains("a \"quoted\", text") && table.contains("NULL") && table.contains("PT1M30S"), "{table}");

    let ended = node.alice(&["exec", "CREATE ROLE r"]).run();
    assert_eq!(ended.stderr, "information: It was noted. (00N71)\nDone, 1 system update, revision 7.\n");
    assert_eq!(ended.done(), "");
}

#[test]
fn json_is_one_object_per_statement() {
    let node = Node::start();
    let ended = node.alice(&["exec", "SHOW EVERYTHING", "--format", "json"]).run();
    let expected = concat!(
        r#"{"columns":["a","b","c","d","e","f","g","h"],"#,
        r#""rows":[{"a":"a \"quoted\", text","b":null,"c":-7,"d":0.5,"e":true,"f":["x",1],"g":{"k":"v"},"h":"PT1M30S"}],"#,
        r#""summary":{"system_updates":0,"revision":7,"notifications":[]}}"#,
        "\n"
    );
    assert_eq!(ended.done(), expected);
    let written = node.alice(&["exec", "CREATE ROLE r", "--format", "json"]).run().done();
    let notification =
        r#"{"code":"NOTED","gqlstatus":"00N71","severity":"INFORMATION","message":"It was noted.","hint":""}"#;
    let summary = format!(r#"{{"system_updates":1,"revision":7,"notifications":[{notification}]}}"#);
    assert_eq!(written, format!("{{\"columns\":[],\"rows\":[],\"summary\":{summary}}}\n"));
}

#[test]
fn csv_is_quoted_right() {
    let node = Node::start();
    let ended = node.alice(&["exec", "SHOW EVERYTHING", "--format", "csv"]).run();
    let row = r#""a ""quoted"", text",,-7,0.5,true,"["x",1]","{"k":"v"}",PT1M30S"#;
    let row = row.replace(r#"["x",1]"#, r#"[""x"",1]"#).replace(r#"{"k":"v"}"#, r#"{""k"":""v""}"#);
    assert_eq!(ended.done(), format!("a,b,c,d,e,f,g,h\n{row}\n"));
    let nothing = node.alice(&["exec", "SHOW NOTHING", "--format", "csv"]).run().done();
    assert_eq!(nothing, "name\n");
    assert_eq!(node.alice(&["exec", "CREATE ROLE r", "--format", "csv"]).run().done(), "");
}

/// A name that somebody chose, in everything that people read: it is shown as it is, on its line, and nothing more.
#[test]
fn a_name_cannot_play_tricks_with_the_terminal() {
    let node = Node::start();
    let of = |arguments: &[&str]| {
        let ended = node.alice(arguments).run();
        ended.stdout + &ended.stderr
    };
    for (arguments, times) in [
        (["exec", "SHOW TRICKS"].as_slice(), 1),
        (&["exec", TRICK], 1),
        (&["resolve", TRICK], 3),
        (&["explain-access", TRICK, TRICK], 4),
        (&["watch", "--name", TRICK, "--count", "1"], 1),
    ] {
        let shown = of(arguments);
        let spelled = r"x\n\u{1b}[31mred\u{202e}\u{9b}2J\u{200b}\ty\u{2028}z";
        assert!(shown.matches(spelled).count() >= times, "{arguments:?}: {shown:?}");
        assert!(
            !shown.contains(['\u{1b}', '\u{202e}', '\u{9b}', '\u{200b}', '\t', '\u{2028}']),
            "{arguments:?}: {shown:?}"
        );
        assert!(!shown.contains("x\n"), "{arguments:?}: {shown:?}");
    }
    // For programs it is the name itself.
    let json = node.alice(&["exec", "SHOW TRICKS", "--format", "json"]).run().done();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["rows"][0]["name"], TRICK);
    let csv = node.alice(&["exec", "SHOW TRICKS", "--format", "csv"]).run().done();
    assert!(csv.contains(&format!("\"{TRICK}\"")), "{csv:?}");
}

#[test]
fn a_watch_from_the_future_says_that_it_waits() {
    let node = Node::start();
    for format in ["table", "json"] {
        let ended = node.alice(&["watch", "--after", "8", "--count", "1", "--format", format]).run();
        assert!(ended.stderr.contains("Revision 8 is still to come: the member is at 7."), "{}", ended.stderr);
        assert_eq!(ended.code, 0);
    }
    let ended = node.alice(&["watch", "--after", "7", "--count", "1"]).run();
    assert!(!ended.stderr.contains("still to come"), "{}", ended.stderr);
}

#[test]
fn what_other_programs_take_as_an_argument_is_said_to_belong_in_a_file() {
    let node = Node::start();
    for (statement, said) in [("-", "`--file -`"), (":param x => 'geheim'", "--file")] {
        let told = node.alice(&["exec", statement]).run().failed(2);
        assert!(told.contains(said) && !told.contains("geheim"), "{told}");
    }
}

#[test]
fn every_end_has_its_exit_code() {
    let node = Node::start();
    let said = node.alice(&["exec", "CREATE ROLE twice"]).run().failed(1);
    let expected = "error: Role already exists.\n  \
                    code: ROLE_EXISTS, GQLSTATUS 42001 42N13, Neo.ClientError.Statement.ArgumentError\n  \
                    hint: IF NOT EXISTS makes this no error.\n";
    assert_eq!(said, expected);
    let said = node.alice(&["exec", "SHOW ME"]).run().failed(1);
    assert!(said.starts_with("error: Invalid input.\n  SHOW\n  ^^^^\n"), "{said}");
    assert!(node.alice(&["exec", "CREATE ROLE later"]).run().failed(3).contains("NO_LEADER"));
    let said = node.alice(&["exec", "CREATE ROLE perhaps"]).run().failed(4);
    // Nobody who runs it again has the request id of this attempt.
    assert!(said.contains("OUTCOME_UNKNOWN") && said.contains("Look whether it took effect before"), "{said}");
    assert!(!said.contains("request id"), "{said}");
    let gone = node.alice(&["exec", "SHOW NOTHING", "--endpoints", "http://127.0.0.1:1"]).run().failed(3);
    assert!(gone.contains("Cannot reach 127.0.0.1:1"), "{gone}");
    // Usage: clap's own mistakes and those that only a look at the files shows.
    Program::new(&["exec"]).run().failed(2);
    Program::new(&["exec", "SHOW X", "--format", "xml"]).run().failed(2);
    node.alice(&["exec", "--file", "/does/not/exist"]).run().failed(2);
    node.alice(&["exec", "SHOW NOTHING", "--param", "p=@/does/not/exist"]).run().failed(2);
}

#[test]
fn parameters_come_from_arguments_files_and_standard_input() {
    let node = Node::start();
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("secret"), "geheim\n").unwrap();
    let statement = ["exec", "CREATE USER u SET PASSWORD $p"];
    let run = |parameter: &str, input: &str| {
        node.alice(&statement).arguments(&["--param", parameter]).directory(directory.path()).run_with(input).done();
        node.received().pop().unwrap()
    };
    let expected = |value: &str| format!("CREATE USER u SET PASSWORD $p p={value}");
    assert_eq!(run("p=12345678", ""), expected("String(\"12345678\")"));
    assert_eq!(run("p=@secret", ""), expected("String(\"geheim\")"));
    assert_eq!(run("p=@-", "from outside\n"), expected("String(\"from outside\")"));
    assert_eq!(run("p:=[1]", ""), expected("List([Integer(1)])"));
}

#[test]
fn a_script_runs_to_its_first_failure_and_says_where_that_was() {
    let node = Node::start();
    let script = "CREATE ROLE r; // x;\n\nSHOW NOTHING;\nSHOW NOTHING;\nCREATE ROLE twice;\nCREATE ROLE r";
    let ended = node.alice(&["exec", "-f", "-", "--format", "csv"]).run_with(script);
    assert_eq!((ended.code, ended.stdout.as_str()), (1, "name\n\nname\n"));
    assert!(ended.stderr.contains("error: -:5: Role already exists."), "{}", ended.stderr);
    assert_eq!(node.received(), ["CREATE ROLE r", "SHOW NOTHING", "SHOW NOTHING", "CREATE ROLE twice"]);
}

/// What is swallowed by something that is never closed is not run, and that is said.
#[test]
fn a_script_that_ends_too_early_is_a_failure() {
    let node = Node::start();
    for (rest, place, what) in [
        (
            "  /* x\nCREATE ROLE r;\n",
            "(line 3, column 3 (offset: 17))",
            "The comment that begins with '/*' is not closed.",
        ),
        ("// x\n/* y */ /* CREATE ROLE r", "(line 4, column 9 ", "The comment that begins with '/*'"),
        ("CREATE ROLE /* r;", "(line 3, column 13 ", "The comment that begins with '/*'"),
        ("CREATE ROLE\n 'r;", "(line 4, column 2 ", "The string that begins with ' is not closed."),
        ("CREATE ROLE \"r';", "(line 3, column 13 ", "The string that begins with \" is not closed."),
        ("CREATE ROLE `r``;", "(line 3, column 13 ", "The name that begins with a backtick is not closed."),
    ] {
        let script = format!("SHOW NOTHING;\n\n{rest}");
        let line: String = place.chars().filter(char::is_ascii_digit).take(1).collect();
        for arguments in [["exec", "-f", "-"].as_slice(), &["shell"]] {
            let ended = node.alice(arguments).arguments(&["--format", "csv"]).run_with(&script);
            assert_eq!((ended.code, ended.stdout.as_str()), (1, "name\n"), "{rest}: {}", ended.stderr);
            assert!(ended.stderr.starts_with(&format!("error: -:{line}: {what}")), "{rest}: {}", ended.stderr);
            assert!(
                ended.stderr.contains(place) && ended.stderr.contains("code: UNTERMINATED_LITERAL"),
                "{}",
                ended.stderr
            );
        }
    }
    let all = node.received();
    assert!(all.iter().all(|received| received == "SHOW NOTHING"), "{all:?}");
    // The last statement needs no semicolon, and what follows `:exit` is for people.
    let last = node.alice(&["exec", "-f", "-"]).run_with("CREATE ROLE r");
    assert_eq!((last.code, node.received().last().map(String::as_str)), (0, Some("CREATE ROLE r")));
    node.alice(&["exec", "-f", "-"]).run_with(":exit\nit's a note").done();
}

#[test]
fn a_script_may_hold_commands_that_have_a_meaning() {
    let node = Node::start();
    let run = |script: &str| node.alice(&["exec", "-f", "-"]).run_with(script);
    // Old editors end a line with CR alone: what follows a comment is run all the same.
    run(":use system\r:param p => 'a;b'\r// once;\rCREATE USER u SET PASSWORD $p;\r:exit\rCREATE ROLE r").done();
    assert_eq!(node.received(), ["CREATE USER u SET PASSWORD $p p=String(\"a;b\")"]);
    for (command, line, said) in [
        (":begin", 2, ":begin: there are no transactions of several statements"),
        (":commit;", 2, ":commit: there are no transactions of several statements"),
        (":use neo4j", 2, ":use: this catalog holds no data"),
        ("\n:nonsense geheim", 3, ":nonsense is not a command of a script"),
    ] {
        let said = format!("error: -:{line}: {said}");
        let told = run(&format!("// first\n{command}\nCREATE ROLE r")).failed(2);
        assert!(told.starts_with(&said) && told.contains("hint: ") && !told.contains("geheim"), "{told}");
    }
    assert_eq!(node.received().len(), 1, "nothing after what was refused is run");
}

#[test]
fn a_route_is_shown_and_its_password_only_when_asked_for() {
    let node = Node::start();
    let route = node.alice(&["resolve", "films", "--as", "carol"]).run().done();
    assert!(route.contains("url       neo4j+s://b.example:7687\n") && !route.contains("password"), "{route}");
    assert!(node.received()[0].contains("for Some(\"carol\")"), "{:?}", node.received());
    let route = node.alice(&["resolve", "films", "--show-credentials", "--format", "json"]).run().done();
    let route: serde_json::Value = serde_json::from_str(&route).unwrap();
    assert_eq!((route["user"].as_str(), route["password"].as_str()), (Some("alice"), Some(PASSWORD)));
    let home = node.alice(&["resolve", "--home", "--format", "json", "--freshness", "at-least=5"]).run().done();
    let expected = concat!(
        r#"{"name":"neo4j","location":"local","url":null,"database":"neo4j","user":null,"password":null,"#,
        r#""default_language":null,"driver":{},"properties":{},"version":3,"revision":7}"#,
        "\n"
    );
    assert_eq!(home, expected);
    assert!(node.received().last().unwrap().contains("AtLeast(5)"));
    node.alice(&["resolve", "nothing"]).run().failed(1);
    node.alice(&["resolve", "films", "--home"]).run().failed(2);
}

#[test]
fn changes_are_shown_as_they_come() {
    let node = Node::start();
    let ended = node.alice(&["watch", "--count", "2"]).run();
    assert!(ended.stderr.contains("Watching after revision 7."), "{}", ended.stderr);
    assert_eq!(ended.done(), "8  alias films altered\n9  alias (hidden) altered\n");
    let json = node.alice(&["watch", "--count", "1", "--format", "json"]).run().done();
    let changes = r#"[{"subject":"ALIAS","name":"films","kind":"ALTERED"}]"#;
    let expected = format!(
        "{{\"event\":\"progress\",\"revision\":7}}\n{{\"event\":\"changes\",\"revision\":8,\"changes\":{changes}}}\n"
    );
    assert_eq!(json, expected);
}

#[test]
fn a_person_is_told_that_a_call_is_tried_again_and_a_program_is_not() {
    let node = Node::start();
    let later = || node.alice(&["exec", "CREATE ROLE later"]);
    let mut terminal = Terminal::start(later().into_command());
    assert_eq!(terminal.ended(), 3);
    let text = terminal.text();
    assert_eq!(text.matches("retrying … No leader is known.").count(), 1, "{text}");
    let said = later().run().failed(3);
    assert!(!said.contains("retrying"), "{said}");
    assert!(said.contains("No leader is known. Given up after"), "{said}");
}
