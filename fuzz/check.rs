//! What must hold for any text, whoever thought of it: it is cut into statements, parsed, printed and lowered
//! without a panic; what is a statement prints as text that is one, and prints the same again; and an error points
//! into the text.
//!
//! The fuzz target and the test that replays the corpus both include this file, so that they cannot differ. It must
//! never use more than `aliasd-catalog` and `aliasd-cypher`.

use std::collections::BTreeMap;

use aliasd_catalog::Value;
use aliasd_cypher::{Parameters, lower, parse, split_statements};

/// Checks one input; what is no UTF-8 never reaches the language, since every interface takes text.
///
/// # Panics
/// If something does not hold.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for (statement, position) in split_statements(text) {
        assert!(text[position.offset..].starts_with(statement));
        answer(statement);
    }
    answer(text);
}

fn answer(text: &str) {
    let statement = match parse(text) {
        Ok(statement) => statement,
        Err(error) => {
            assert!(error.span().end <= text.len());
            let _shown = format!("{error} {error:?} {:?}", error.hint());
            return;
        }
    };
    let printed = statement.to_string();
    let again = parse(&printed).unwrap_or_else(|error| panic!("{printed}\n{error}"));
    assert_eq!(again.to_string(), printed);
    // Parameters of every kind, under the names that the corpus uses.
    let values = BTreeMap::from([
        ("a".to_owned(), Value::from("neo4j")),
        ("b".to_owned(), Value::List(vec![Value::Integer(1), Value::from("x")])),
        ("c".to_owned(), Value::Map(BTreeMap::from([("ssl_enforced".to_owned(), Value::Boolean(false))]))),
        ("d".to_owned(), Value::Null),
    ]);
    if let Err(refusal) = lower(&statement, &Parameters::new(values)) {
        let _shown = format!("{} {:?}", refusal.in_source(text), text.len());
    }
}
