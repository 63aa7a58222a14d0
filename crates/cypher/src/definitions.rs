//! What the syntax of several commands has in common: the clauses of listings, and privileges. Privileges are listed
//! from the types, so that none is forgotten.

use std::fmt::Write;

use crate::ast::{DatabaseAction, DbmsAction, GraphAction, QualifiedAction, TransactionAction};

/// Longest line of a definition, in characters.
const LINE_MAX: usize = 110;

/// What may follow the subject of a listing.
const CLAUSES: &str = "\
WHERE condition
| YIELD { * | column [AS column], … } [ORDER BY expression [ASC[ENDING] | DESC[ENDING]], …] [{ SKIP | OFFSET } n] [LIMIT n]
    [WHERE condition]
    [RETURN [DISTINCT] { * | *, expression [AS column], … | expression [AS column], … }
      [ORDER BY expression [ASC[ENDING] | DESC[ENDING]], …] [{ SKIP | OFFSET } expression] [LIMIT expression]]";

/// Names that stand in the syntax of commands for more syntax, in the notation of
/// [`CommandPage::syntax`](crate::CommandPage::syntax). Definitions may use those after them.
#[must_use]
pub fn definitions() -> Vec<(&'static str, String)> {
    vec![
        ("clauses", CLAUSES.to_owned()),
        ("privilege", privileges()),
        ("databases", "HOME DATABASE | DATABASE[S] { * | name, … }".to_owned()),
        ("graphs", "HOME GRAPH | GRAPH[S] { * | name, … }".to_owned()),
        ("users", "\"(\" { * | user, … } \")\"".to_owned()),
        ("aliases", "\"(\" { * | alias, … } \")\"".to_owned()),
        ("properties", "\"{\" { * | property, … } \"}\"".to_owned()),
        ("elements", "{ ELEMENT[S] | NODE[S] | RELATIONSHIP[S] } { * | label, … }".to_owned()),
        (
            "rule",
            "FOR { \"(\" variable [: label] \")\" | \"()-[\" variable [: label] \"]-()\" } WHERE comparison".to_owned(),
        ),
    ]
}

fn privileges() -> String {
    let mut text = String::new();
    let words = |actions: &[&'static str]| actions.to_vec();
    let plain = DbmsAction::ALL.iter().filter(|action| **action != DbmsAction::ResolveAlias);
    let dbms: Vec<&str> = plain.map(|action| action.keywords()).collect();
    let database: Vec<&str> = DatabaseAction::ALL.iter().map(|action| action.keywords()).collect();
    let transaction: Vec<&str> = TransactionAction::ALL.iter().map(|action| action.keywords()).collect();
    let qualified: Vec<&str> = QualifiedAction::ALL.iter().map(|action| action.keywords()).collect();
    line(&mut text, &dbms, "ON DBMS");
    line(&mut text, &words(&["IMPERSONATE"]), "[users] ON DBMS");
    line(&mut text, &words(&[DbmsAction::ResolveAlias.keywords()]), "[aliases] ON DBMS");
    line(&mut text, &qualified, "pattern, … ON DBMS");
    line(&mut text, &database, "ON databases");
    line(&mut text, &transaction, "[users] ON databases");
    for (after, actions) in graph_actions() {
        line(&mut text, &actions, after);
    }
    line(&mut text, &words(&["LOAD"]), "ON { ALL DATA | URL string | CIDR string }");
    text
}

/// The actions on graphs, by what follows them.
fn graph_actions() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut groups: Vec<(&'static str, Vec<&'static str>)> = Vec::new();
    for action in GraphAction::ALL {
        let after = match action {
            GraphAction::Read | GraphAction::Match => "properties ON graphs [elements | rule]",
            GraphAction::Merge | GraphAction::SetProperty => "properties ON graphs [elements]",
            GraphAction::Traverse => "ON graphs [elements | rule]",
            GraphAction::SetLabel | GraphAction::RemoveLabel => "{ * | label, … } ON graphs",
            GraphAction::Write | GraphAction::All => "ON graphs",
            _ => "ON graphs [elements]",
        };
        match groups.iter_mut().find(|(known, _)| *known == after) {
            Some((_, actions)) => actions.push(action.keywords()),
            None => groups.push((after, vec![action.keywords()])),
        }
    }
    groups
}

/// Adds an alternative: one of the actions, and what follows it. Breaks long lines.
fn line(text: &mut String, actions: &[&str], after: &str) {
    if !text.is_empty() {
        text.push_str("\n| ");
    }
    if let [only] = actions {
        // Writing to a String cannot fail.
        let _infallible = write!(text, "{only} {after}");
        return;
    }
    text.push('{');
    for (at, action) in actions.iter().enumerate() {
        let line = text.rsplit('\n').next().unwrap_or_default().chars().count();
        if line + action.len() > LINE_MAX {
            text.push_str("\n   ");
        }
        text.push_str(if at == 0 { " " } else { " | " });
        text.push_str(action);
    }
    let _infallible = write!(text, " }} {after}");
}
