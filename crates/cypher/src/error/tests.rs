//! Errors as a user reads them, and that none of them shows a secret.

use crate::parser::parse;

const TRANSCRIPTS: &str = include_str!("../../transcripts/errors.txt");

/// The characters that a transcript writes out because they cannot be seen.
const VISIBLE: [(&str, &str); 4] =
    [("¶", "\n"), ("\\u{200b}", "\u{200b}"), ("\\u{0}", "\0"), ("\\u{202e}", "\u{202e}")];

fn answer(statement: &str) -> String {
    let source = VISIBLE.iter().fold(statement.to_owned(), |text, (shown, meant)| text.replace(shown, meant));
    match parse(&source) {
        Ok(statement) => format!("accepted: {statement}"),
        Err(error) => {
            let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            format!("{} {}: {error}{hint}", error.code().as_str(), error.gql_status().join(" "))
        }
    }
}

#[test]
fn errors_read_as_in_the_transcripts() {
    let mut actual = String::new();
    for block in TRANSCRIPTS.trim_end().split("\n\n") {
        let Some((statement, _)) = block.split_once("\n---") else {
            actual.push_str(block);
            actual.push_str("\n\n");
            continue;
        };
        actual.push_str(&format!("{statement}\n---\n{}\n\n", answer(statement)));
    }
    if actual.trim_end() != TRANSCRIPTS.trim_end() {
        let differing = actual.lines().zip(TRANSCRIPTS.lines()).find(|(actual, expected)| actual != expected);
        panic!("{differing:?}\n\n{actual}");
    }
}

/// Nobody who wrote a comment alone is shown a string.
#[test]
fn a_comment_is_covered_as_a_comment() {
    for (text, shown) in [
        ("/* geheim */", "\n  /* ****** */\n"),
        ("// geheim", "\n  // ******\n"),
        ("DROP /* geheim */ DROP // geheim", "\n  DROP /* ****** */ DROP // ******\n"),
    ] {
        let error = parse(text).expect_err("it is no statement").to_string();
        assert!(error.contains(shown) && !error.contains("geheim"), "{error}");
    }
    let kept = crate::without_secrets("DROP ROLE r // geheim\n/* geheim */");
    assert_eq!(kept, "DROP ROLE r // ******\n/* ****** */");
}

/// What was mistyped in a duration is shown, unless it could be anything else.
#[test]
fn a_mistyped_duration_is_shown_and_nothing_that_could_be_a_secret() {
    let shown = |text: &str| {
        let source = format!("ALTER CLUSTER SET POLICY {{token_lifetime: {text}}} extra");
        parse(&source).expect_err("it goes on").to_string().contains(text)
    };
    for text in ["PT5X", "5s", "15 minutes", "P1DT2", "-PT5S", "10.5ms", "1 Hour"] {
        assert!(shown(&format!("duration('{text}')")) && shown(&format!("duration( \"{text}\" )")), "{text}");
        assert!(!shown(&format!("'{text}'")) && !shown(&format!("period('{text}')")), "{text}");
    }
    for secret in ["geheim", "hunter2", "P4ssword", "passwd1", "", "12 Affen", "1'; 2"] {
        assert!(!shown(&format!("duration('{secret}')")), "{secret}");
    }
    for text in ["PASSWORD duration('5s')", "password: duration('5s')", "duration('5s'secret')", "duration '5s'"] {
        assert!(!shown(text), "{text}");
    }
}
