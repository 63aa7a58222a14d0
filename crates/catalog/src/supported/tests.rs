//! The table says what the types say.

use std::collections::BTreeSet;

use super::SUPPORTED_PRIVILEGES;
use crate::{DatabaseAction, DbmsAction, GraphAction, QualifiedAction, TransactionAction};

fn listed(target: &str, qualifier: impl Fn(Option<&str>) -> bool) -> BTreeSet<String> {
    let rows = SUPPORTED_PRIVILEGES.iter().filter(|row| row.target == target && qualifier(row.qualifier));
    rows.map(|row| row.action.to_uppercase()).collect()
}

fn keywords<T: Copy>(actions: &[T], keywords: impl Fn(T) -> &'static str) -> BTreeSet<String> {
    actions.iter().map(|action| keywords(*action).to_owned()).collect()
}

#[test]
fn every_action_is_listed_under_its_target() {
    let mut plain = keywords(DbmsAction::ALL, DbmsAction::keywords);
    assert!(plain.remove("RESOLVE ALIAS"));
    assert_eq!(listed("dbms", |qualifier| qualifier.is_none()), plain);
    let mut qualified = keywords(QualifiedAction::ALL, QualifiedAction::keywords);
    qualified.extend(["IMPERSONATE".to_owned(), "RESOLVE ALIAS".to_owned()]);
    assert_eq!(listed("dbms", |qualifier| qualifier.is_some()), qualified);
    let databases = keywords(DatabaseAction::ALL, DatabaseAction::keywords);
    assert_eq!(listed("database", |qualifier| qualifier.is_none()), databases);
    let transactions = keywords(TransactionAction::ALL, TransactionAction::keywords);
    assert_eq!(listed("database", |qualifier| qualifier.is_some()), transactions);
    assert_eq!(listed("graph", |_| true), keywords(GraphAction::ALL, GraphAction::keywords));
    assert_eq!(listed("load", |_| true), BTreeSet::from(["LOAD".to_owned()]));
}

#[test]
fn rows_are_in_order_and_unique() {
    let rows: Vec<_> = SUPPORTED_PRIVILEGES.iter().map(|row| (row.action, row.qualifier, row.target)).collect();
    assert!(rows.is_sorted_by(|left, right| left < right));
}
