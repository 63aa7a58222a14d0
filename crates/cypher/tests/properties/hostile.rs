//! Text that was made to do harm: very long, very deep, damaged, or holding a secret in the wrong place.
//! Nothing here measures time; a quadratic answer to a mebibyte would be noticed without a clock.

use aliasd_catalog::Value;
use aliasd_cypher::{
    ErrorCode, LIST_MEMBERS_MAX, NESTING_MAX, Parameters, STATEMENT_BYTES_MAX, compile, parse, split_statements,
};

fn code(text: &str) -> ErrorCode {
    parse(text).expect_err("the text is no statement").code()
}

/// Fills a statement up to `size` bytes with repetitions of `part`.
fn filled(start: &str, part: &str, size: usize) -> String {
    let room = size - start.len();
    format!("{start}{}", part.repeat(room / part.len()))
}

#[test]
fn a_statement_over_the_bound_is_refused_unread() {
    assert_eq!(code(&" ".repeat(STATEMENT_BYTES_MAX + 1)), ErrorCode::StatementTooLarge);
    assert_eq!(code(&" ".repeat(STATEMENT_BYTES_MAX)), ErrorCode::SyntaxError);
}

#[test]
fn a_mebibyte_of_anything_is_answered() {
    let starts = [
        ("SHOW USERS WHERE ", STATEMENT_BYTES_MAX),
        ("", STATEMENT_BYTES_MAX / 16),
        ("CREATE USER a SET PASSWORD ", STATEMENT_BYTES_MAX / 16),
        ("GRANT ROLE ", STATEMENT_BYTES_MAX / 16),
        ("CREATE ALIAS a FOR DATABASE b PROPERTIES ", STATEMENT_BYTES_MAX / 16),
    ];
    let parts = [
        "(",
        "[",
        "{a:",
        "a.",
        "a,",
        "-",
        "NOT ",
        "'",
        "\"",
        "`",
        "`a`",
        "\\",
        "/*",
        "//",
        "/* */",
        "a ",
        "PASSWORD ",
        "1",
        "1.",
        "$a ",
        "$`",
        "a+",
        "a=",
        "a OR ",
        "ä",
        "\u{200b}",
        "\u{0}",
        "\n",
        "'a' ",
        "'\\",
        ";",
        "a IS NULL ",
        "f(",
        "* ",
        "passwrd '",
        "CASE ",
        "CASE WHEN 1 THEN ",
        "[0]",
        "a[..",
        "a =~ ",
        "?",
        ".*",
        "\u{1f600}",
        "[x IN ",
        "[x IN [1], ",
        "any(x IN a WHERE ",
        "reduce(a = 1, x IN ",
        "EXISTS {",
        "(a)-",
        "+",
        "a ^ ",
        "|",
        "CYPHER 5 ",
    ];
    for (start, size) in starts {
        for part in parts {
            let text = filled(start, part, size);
            assert!(split_statements(&text).count() <= size);
            let error = parse(&text).map_err(|error| (error.to_string(), error.hint().map(str::len)));
            let shown = error.err().map_or(0, |(message, _)| message.len());
            assert!(shown < 4_000, "an error of {shown} bytes for {start}{part}…");
        }
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize, open: &str, close: &str| {
        format!("SHOW USERS WHERE {}1{} = 1", open.repeat(depth), close.repeat(depth))
    };
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{a: ", "}"),
        ("NOT ", ""),
        ("- ", ""),
        ("size(", ")"),
        ("CASE WHEN true THEN ", " END"),
        ("[x IN ", " | x]"),
        ("any(x IN a WHERE ", ")"),
        ("reduce(a = 1, x IN a | ", ")"),
        ("+ ", ""),
    ] {
        assert!(parse(&nested(NESTING_MAX - 2, open, close)).is_ok(), "{open}");
        assert_eq!(code(&nested(1_000, open, close)), ErrorCode::NestingTooDeep, "{open}");
        assert_eq!(code(&nested(30_000, open, close)), ErrorCode::NestingTooDeep, "{open}");
    }
}

/// What cannot be seen, and what turns text around, stands in values and quoted names only: there it is what it is.
#[test]
fn characters_that_cannot_be_seen_are_handled_on_purpose() {
    let unseen = [
        '\0',
        '\u{7}',
        '\u{1b}',
        '\u{7f}',
        '\u{ad}',
        '\u{200b}',
        '\u{200d}',
        '\u{200f}',
        '\u{202e}',
        '\u{2060}',
        '\u{2066}',
        '\u{feff}',
        '\u{e0041}',
    ];
    let turns = |unseen: char| matches!(unseen, '\u{202e}' | '\u{2066}');
    for unseen in unseen {
        for text in
            ["SHOW{}USERS", "SHOW USE{}RS", "SHOW USERS{}", "SHOW USERS WHERE $a{}b", "SHOW USERS WHERE 1{} = 1"]
        {
            let text = text.replace("{}", &unseen.to_string());
            // A number runs into whatever follows it.
            assert!(matches!(code(&text), ErrorCode::InvalidCharacter | ErrorCode::InvalidLiteral), "{text:?}");
        }
        // A string prints it as an escape, so that nobody takes one printed text for another.
        let string = parse(&format!("SHOW USERS WHERE user = 'a{unseen}b'")).expect("a value").to_string();
        assert_eq!(string, format!("SHOW USERS WHERE user = 'a\\U{:08X}b'", u32::from(unseen)));
        let name = format!("CREATE ROLE `a{unseen}b`");
        assert_eq!(parse(&name).expect("a quoted name").to_string(), name);
        for comment in ["// {}\n SHOW USERS", "/* {} */ SHOW USERS"] {
            let text = comment.replace("{}", &unseen.to_string());
            assert_eq!(parse(&text).is_err(), turns(unseen), "{text:?}");
        }
    }
    // A byte order mark may begin a text, and any white space of Unicode separates.
    assert!(parse("\u{feff}SHOW\u{a0}\u{2003}USERS\u{3000}").is_ok());
    assert_eq!(code("\u{feff}\u{feff}SHOW USERS"), ErrorCode::InvalidCharacter);
}

#[test]
fn lists_are_bounded() {
    let entries = |count: usize| (0..count).map(|key| format!("k{key}: {key}")).collect::<Vec<_>>().join(", ");
    let map = |count| format!("CREATE ALIAS a FOR DATABASE b PROPERTIES {{{}}}", entries(count));
    let lowered = compile(&map(LIST_MEMBERS_MAX), &Parameters::default()).expect("as many as allowed");
    assert!(format!("{lowered:?}").contains("k9999"));
    assert_eq!(code(&map(LIST_MEMBERS_MAX + 1)), ErrorCode::ListTooLong);
    let chain = |count| format!("SHOW USERS WHERE a{}", " OR a".repeat(count));
    assert!(parse(&chain(LIST_MEMBERS_MAX)).is_ok());
    assert_eq!(code(&chain(LIST_MEMBERS_MAX + 1)), ErrorCode::ListTooLong);
    assert_eq!(code(&format!("GRANT ROLE a TO {}", "b, ".repeat(20_000))), ErrorCode::ListTooLong);
}

#[test]
fn a_long_chain_copies_each_operand_once() {
    let chain = format!("CREATE ALIAS a FOR DATABASE b PROPERTIES {{k: {}}}", ["'0123456789'"; 10_000].join(" + "));
    assert!(compile(&chain, &Parameters::default()).is_ok());
}

#[test]
fn short_lists_do_not_multiply_to_long_ones() {
    let names = |count: usize| (0..count).map(|at| format!("n{at}")).collect::<Vec<_>>().join(", ");
    let few = names(100);
    assert!(compile(&format!("GRANT READ {{{few}}} ON GRAPH * NODES {few} TO r"), &Parameters::default()).is_ok());
    let many = names(9_000);
    // A graph has no parts for `WRITE`: these are 9,000 privileges.
    assert!(compile(&format!("GRANT WRITE ON GRAPHS {many} TO r"), &Parameters::default()).is_ok());
    let statements = [
        format!("GRANT READ {{{many}}} ON GRAPH * NODES {many} TO r"),
        format!("GRANT READ {{{few}}} ON GRAPH {few} ELEMENTS * TO r"),
        format!("DENY SHOW TRANSACTION ({many}) ON DATABASES {many} TO r"),
        format!("REVOKE ACCESS ON DATABASES {many} FROM {many}"),
        format!("GRANT ROLES {many} TO {many}"),
    ];
    for statement in statements {
        let refusal = compile(&statement, &Parameters::default()).expect_err("it means millions of records");
        assert_eq!(refusal.code(), "LIST_TOO_LONG");
    }
}

#[test]
fn a_large_parameter_cannot_be_multiplied() {
    let parameters = Parameters::new([("p".to_owned(), Value::from("x".repeat(1 << 20)))].into());
    let text = format!("CREATE ALIAS a FOR DATABASE b PROPERTIES {{k: [{}]}}", ["$p"; 1_000].join(", "));
    let refusal = compile(&text, &parameters).expect_err("a gibibyte is too much");
    assert_eq!(refusal.code(), "LIST_TOO_LONG");
}

/// Statements that hold the secret where it belongs, and where it does not.
const WITH_SECRET: &[&str] = &[
    "CREATE ALIAS `a` FOR DATABASE b AT 'neo4j+s://h' USER u PASSWORD 'tops3cret' DRIVER {a: 1}",
    "ALTER ALIAS a SET DATABASE PASSWORD \"tops3cret\" USER b",
    "CREATE USER u SET PLAINTEXT PASSWORD 'tops3cret' CHANGE NOT REQUIRED",
    "CREATE USER `it's` SET PASSWORD 'tops3cret'",
    "CREATE USER it's SET PASSWORD 'tops3cret'",
    "CREATE USER u SET PASSWORD tops3cret",
    "CREATE USER u SET PASSWORD `tops3cret`",
    "CREATE USER u SET PASSWORD = tops3cret",
    "CREATE USER u SET PASSWORD: 'tops3cret'",
    "CREATE USER u SET PASSWORD my tops3cret",
    "CREATE USER u SET PASSWORD 'my'tops3cret'",
    "CREATE USER u SET PASSWRD tops3cret",
    "CREATE USER u SET PASWORD 'tops3cret'",
    "CREATE USER u SET AUTH 'native' {SET PASSWORD 'tops3cret'}",
    "ALTER CURRENT USER SET PASSWORD FROM 'tops3cret' TO 'tops3cret'",
    "ALTER CURRENT USER SET PASSWORD FROM tops3cret TO tops3cret",
    "ALTER CURRENT USER SET PASSWORD FROM 'x' TO tops3cret",
    "CREATE USER u /* tops3cret */ SET PASSWORD 'x'",
    "SHOW USERS; CREATE USER u SET PASSWORD 'tops3cret'",
    "SHOW USERS WHERE password = tops3cret",
    "CREATE ALIAS a FOR DATABASE b AT 'neo4j+s://u:tops3cret@h' USER u PASSWORD $p",
    "CREATE ALIAS a FOR DATABASE b AT \u{2018}x\u{2019} USER u PASSWORD \u{2018}tops3cret\u{2019}",
    "CREATE USER u SET PASSWORD 'tops3cret\\q'",
    "CREATE USER u SET PASSWORD 'tops3cret",
];

#[test]
fn no_error_shows_a_secret() {
    let mut refused = 0;
    for text in WITH_SECRET {
        // Without quotes, only the word before it says that a password follows: that word stays whole.
        let quoted = ["'tops3cret", "\"tops3cret"].iter().any(|start| text.contains(start));
        let first = if quoted { 0 } else { text.find("tops3cret").unwrap_or(0) };
        for at in (first..=text.len()).filter(|&at| text.is_char_boundary(at)) {
            // Every truncation, and every place where something is in the way.
            let noises = ["?", " ", "'", "\"", "`", ";", " x ", "\u{200b}", "\\"];
            let damaged = noises.map(|noise| format!("{}{noise}{}", &text[..at], &text[at..]));
            for variant in damaged.iter().map(String::as_str).chain([&text[..at]]) {
                let Err(error) = parse(variant) else { continue };
                refused += 1;
                let shown = format!("{error}\n{error:?}\n{:?}", error.hint());
                // Noise inside of the secret splits it; half of it is a secret, too.
                for part in ["tops3cret", "tops3", "s3cret"] {
                    assert!(!shown.contains(part), "{variant}\n{shown}");
                }
            }
        }
    }
    assert!(refused > 1_000, "{refused}");
}

#[test]
fn no_printout_shows_a_secret() {
    for text in WITH_SECRET {
        let Ok(statement) = parse(text) else { continue };
        if text.contains("//u:tops3cret") || text.contains("password = ") {
            // A secret in a url is refused when it is lowered; see below.
            continue;
        }
        assert!(!format!("{statement}{statement:?}").contains("tops3cret"), "{text}");
        let lowered = compile(text, &Parameters::default());
        assert!(!format!("{lowered:?}").contains("tops3cret"), "{text}");
    }
    let parameters = || Parameters::new([("p".to_owned(), Value::from("tops3cret"))].into());
    assert_eq!(format!("{:?}", parameters()), "{\"p\"}");
    let text = "CREATE ALIAS a FOR DATABASE b AT 'neo4j+s://u:tops3cret@h' USER u PASSWORD $p";
    assert!(!format!("{:?}", compile(text, &parameters())).contains("tops3cret"));
    let wrong_type = compile("CREATE USER u SET STATUS ACTIVE SET HOME DATABASE $p SET PASSWORD $q", &parameters());
    assert!(!format!("{wrong_type:?}").contains("tops3cret"));
}
