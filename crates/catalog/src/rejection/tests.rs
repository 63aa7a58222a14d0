//! The table of rejections is consistent in itself.

use std::collections::BTreeSet;

use super::Rejection;

#[test]
fn codes_are_unique_and_stable_in_form() {
    let table = Rejection::table();
    let codes: BTreeSet<&str> = table.iter().map(|row| row.code).collect();
    assert_eq!(codes.len(), table.len());
    for row in table {
        let legal = |c: char| c.is_ascii_uppercase() || c == '_';
        assert!(row.code.chars().all(legal), "{}", row.code);
        assert!(!row.gqlstatus.is_empty() && row.gqlstatus.iter().all(|status| status.len() == 5), "{}", row.code);
        let class = ["Neo.ClientError.", "Neo.TransientError."];
        assert!(class.iter().any(|class| row.neo4j_code.starts_with(class)), "{}", row.code);
    }
}

#[test]
fn a_rejection_is_put_together_again_from_its_parts() {
    for row in Rejection::table() {
        let values: Vec<String> = row.fields.iter().map(|field| format!("<{field}>")).collect();
        let rejection = Rejection::from_parts(row.code, &values).expect("the parts fit");
        assert_eq!((rejection.code(), rejection.hint()), (row, row.hint));
        assert_eq!(rejection.values(), values);
        let mut more = values.clone();
        more.push("one too many".into());
        assert_eq!(Rejection::from_parts(row.code, &more), None);
        if let Some((_, fewer)) = values.split_last() {
            assert_eq!(Rejection::from_parts(row.code, fewer), None);
        }
    }
    assert_eq!(Rejection::from_parts("NO_SUCH_CODE", &[]), None);
}

#[test]
fn every_message_mentions_every_field_and_nothing_else() {
    for row in Rejection::table() {
        let values: Vec<String> = row.fields.iter().map(|field| format!("<{field}>")).collect();
        let shown = Rejection::from_parts(row.code, &values).expect("the parts fit").to_string();
        for (field, value) in row.fields.iter().zip(&values) {
            assert!(row.message.contains(&format!("{{{field}}}")), "{}: {field}", row.code);
            assert!(shown.contains(value), "{}: {field}", row.code);
        }
        assert!(!shown.contains(['{', '}']), "{}: {shown}", row.code);
    }
}

/// The order of variants is the order of precedence; sorting rejections must give it.
#[test]
fn rejections_sort_by_precedence() {
    let blank = |code: &str, count: usize| Rejection::from_parts(code, &vec![String::new(); count]);
    let all: Vec<_> = Rejection::table().iter().map(|row| blank(row.code, row.fields.len())).collect();
    assert!(all.is_sorted());
}
