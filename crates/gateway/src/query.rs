//! What a query begins with, as far as it decides where the query goes: `USE name`, and whether it administers.
//!
//! Pure. Never looks at more of a query than its beginning, and never decides what a query does.

use aliasd_cypher::{PieceKind, Span, pieces};

/// How much of a query is looked at first, in bytes. Comments may make it longer.
const FIRST_LOOK: usize = 256;
/// How many words tell an administration command.
const WORDS: usize = 3;

/// The beginning of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Beginning {
    /// What stands behind a leading `USE`.
    pub(crate) used: Option<Used>,
    /// The first keywords behind all prefixes, in capital letters.
    words: Vec<String>,
}

/// A leading `USE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Used {
    /// `USE name`: what it names, its parts joined by dots, and where the clause stands.
    Name {
        /// Unquoted.
        name: String,
        /// Of the whole clause.
        span: Span,
    },
    /// `USE graph.byName(…)` and the like, whose target depends on the query.
    Function,
}

/// A word or sign of the beginning.
struct Token<'a> {
    text: &'a str,
    kind: PieceKind,
    span: Span,
}

/// Reads the beginning of a query.
pub(crate) fn beginning(query: &str) -> Beginning {
    let mut length = FIRST_LOOK;
    loop {
        let end = query.floor_char_boundary(length.min(query.len()));
        let is_whole = end == query.len();
        if let Some(beginning) = read(&query[..end], is_whole) {
            return beginning;
        }
        length = length.saturating_mul(4);
    }
}

/// The query with the clause overwritten by blanks, so that whatever is said about places in it stays right.
pub(crate) fn without(query: &str, span: Span) -> String {
    let blank = |c: char| if c == '\n' || c == '\r' { c.to_string() } else { " ".repeat(c.len_utf16()) };
    let clause: String = query[span.start..span.end].chars().map(blank).collect();
    format!("{}{clause}{}", &query[..span.start], &query[span.end..])
}

/// None if more of the query has to be seen.
fn read(text: &str, is_whole: bool) -> Option<Beginning> {
    let token = |(span, kind): (Span, PieceKind)| Token { text: &text[span.start..span.end], kind, span };
    let all: Vec<Token<'_>> = pieces(text).into_iter().map(token).collect();
    // The last piece may go on behind what is seen.
    let seen = if is_whole { all.len() } else { all.len().saturating_sub(1) };
    let mut tokens = all[..seen].iter().filter(|token| token.kind != PieceKind::Comment).peekable();
    loop {
        let next = tokens.peek();
        let is = |word: &str| next.is_some_and(|token| token.is_word(word));
        if is("EXPLAIN") || is("PROFILE") {
            tokens.next();
        } else if is("CYPHER") {
            tokens.next();
            options(&mut tokens);
        } else {
            break;
        }
    }
    let used = match tokens.next_if(|token| token.is_word("USE")) {
        Some(keyword) => used(keyword, &mut tokens),
        None => None,
    };
    let words: Vec<String> =
        tokens.by_ref().take_while(|token| token.is_name()).take(WORDS).map(|it| it.text.to_uppercase()).collect();
    let is_decided = is_whole || words.len() == WORDS || tokens.peek().is_some();
    is_decided.then_some(Beginning { used, words })
}

/// Behind CYPHER: a version, and pairs such as `runtime=slotted`.
fn options<'a>(tokens: &mut std::iter::Peekable<impl Iterator<Item = &'a Token<'a>>>) {
    tokens.next_if(|token| token.kind == PieceKind::Number);
    loop {
        let is_option = |token: &&Token<'_>| {
            token.is_name()
                && ["planner", "runtime", "connectComponentsPlanner", "updateStrategy", "expressionEngine"]
                    .iter()
                    .chain(&["operatorEngine", "interpretedPipesFallback", "replan", "inferSchemaParts", "debug"])
                    .any(|option| token.text.eq_ignore_ascii_case(option))
        };
        if tokens.next_if(is_option).is_none() {
            return;
        }
        if tokens.next_if(|token| token.text == "=").is_some() {
            tokens.next();
        }
    }
}

/// Behind USE: names with dots between them. `GRAPH` may stand before them.
fn used<'a>(
    keyword: &Token<'_>,
    tokens: &mut std::iter::Peekable<impl Iterator<Item = &'a Token<'a>>>,
) -> Option<Used> {
    let mut first = tokens.next_if(|token| token.is_name())?;
    if first.is_word("GRAPH")
        && let Some(named) = tokens.next_if(|token| token.is_name())
    {
        first = named;
    }
    let (mut name, mut end) = (first.name(), first.span.end);
    while tokens.next_if(|token| token.text == ".").is_some() {
        let part = tokens.next_if(|token| token.is_name())?;
        name = format!("{name}.{}", part.name());
        end = part.span.end;
    }
    if tokens.peek().is_some_and(|token| token.text == "(") {
        return Some(Used::Function);
    }
    Some(Used::Name { name, span: Span::new(keyword.span.start, end) })
}

// === impl Beginning ===

impl Beginning {
    /// Whether it is one of the commands that administer a DBMS: users, roles, privileges, databases, aliases, servers.
    /// They run on `system` and nowhere else.
    pub(crate) fn is_administration(&self) -> bool {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        match words[..] {
            ["GRANT" | "DENY" | "REVOKE" | "REALLOCATE" | "DEALLOCATE" | "DRYRUN", ..] => true,
            ["CREATE", "OR", ..] => self.words.get(2).is_some_and(|word| word == "REPLACE"),
            ["CREATE", "IMMUTABLE", ..] => true,
            ["CREATE" | "ALTER" | "DROP" | "RENAME" | "START" | "STOP" | "ENABLE", subject, ..] => {
                is_administered(subject)
            }
            ["SHOW", "ALL", subject, ..] => !is_of_a_graph(subject),
            ["SHOW", "POPULATED" | "CURRENT" | "HOME" | "DEFAULT", ..] => true,
            ["SHOW", subject, ..] => is_administered(subject),
            _ => false,
        }
    }
}

/// Whether a word says what is administered. `CURRENT` and `AUTH` stand before `USER` and `RULE`.
fn is_administered(word: &str) -> bool {
    const SUBJECTS: [&str; 10] =
        ["USER", "ROLE", "DATABASE", "ALIAS", "COMPOSITE", "SERVER", "PRIVILEGE", "CURRENT", "AUTH", "CLUSTER"];
    let singular = word.strip_suffix("ES").filter(|singular| *singular == "ALIAS").or(word.strip_suffix('S'));
    SUBJECTS.contains(&word) || singular.is_some_and(|singular| SUBJECTS.contains(&singular))
}

/// What `SHOW ALL` lists of a graph, rather than of a DBMS.
fn is_of_a_graph(word: &str) -> bool {
    ["INDEX", "CONSTRAINT", "FUNCTION"].iter().any(|subject| word.starts_with(subject))
}

// === impl Token ===

impl Token<'_> {
    fn is_name(&self) -> bool {
        matches!(self.kind, PieceKind::Keyword | PieceKind::Name)
    }

    fn is_word(&self, word: &str) -> bool {
        self.is_name() && self.text.eq_ignore_ascii_case(word)
    }

    /// Without the backquotes that it may stand in.
    fn name(&self) -> String {
        match self.text.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
            Some(quoted) => quoted.replace("``", "`"),
            None => self.text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used_by(query: &str) -> Option<String> {
        match beginning(query).used {
            Some(Used::Name { name, .. }) => Some(name),
            Some(Used::Function) => Some("a function".to_owned()),
            None => None,
        }
    }

    #[test]
    fn a_leading_use_is_found_behind_comments_and_prefixes() {
        let long = format!("/* {} */ // more\n USE films MATCH (n) RETURN n", "é".repeat(5_000));
        for (query, name) in [
            ("USE films RETURN 1", "films"),
            ("use `my films`\nRETURN 1", "my films"),
            ("USE a.b MATCH (n) RETURN n", "a.b"),
            ("USE `a``b`.c RETURN 1", "a`b.c"),
            ("USE GRAPH films RETURN 1", "films"),
            ("EXPLAIN USE films RETURN 1", "films"),
            ("CYPHER 5 PROFILE USE films RETURN 1", "films"),
            ("CYPHER runtime=slotted replan=force USE films RETURN 1", "films"),
            ("CYPHER 25 runtime = pipelined USE films RETURN 1", "films"),
            ("// first\nUSE films RETURN 1", "films"),
            ("USE graph.byName('a') RETURN 1", "a function"),
            (&long, "films"),
        ] {
            assert_eq!(used_by(query).as_deref(), Some(name), "{query:.60}");
        }
        for query in ["RETURN 1", "MATCH (n) USE films RETURN 1", "", "USE", "'USE films'", "RETURN 1 AS use"] {
            assert_eq!(used_by(query), None, "{query}");
        }
    }

    #[test]
    fn the_clause_is_overwritten_and_everything_else_stays_in_its_place() {
        let query = "CYPHER 5 USE\n `my films`\nRETURN 'é', x";
        let Some(Used::Name { span, .. }) = beginning(query).used else { panic!("there is a USE") };
        let without = without(query, span);
        assert_eq!(without, "CYPHER 5    \n           \nRETURN 'é', x");
        assert_eq!(without.chars().count(), query.chars().count());
    }

    #[test]
    fn administration_is_told_from_queries() {
        for query in [
            "CREATE ALIAS a FOR DATABASE b",
            "create or replace user u set password 'x'",
            "CREATE OR REPLACE ALIAS a FOR DATABASE b",
            "SHOW ALIASES FOR DATABASE",
            "show databases",
            "SHOW HOME DATABASE",
            "SHOW ALL ROLES",
            "SHOW USER PRIVILEGES",
            "SHOW USER carol PRIVILEGES AS COMMANDS",
            "CYPHER 25 SHOW CURRENT USER",
            "// why\nALTER CURRENT USER SET PASSWORD FROM 'a' TO 'b'",
            "GRANT ROLE a TO b",
            "DROP COMPOSITE DATABASE c",
            "RENAME USER a TO b",
            "ALTER CLUSTER SET POLICY {x: 1}",
            "STOP DATABASE d",
            "USE system SHOW USERS",
        ] {
            assert!(beginning(query).is_administration(), "{query}");
        }
        for query in [
            "CREATE (n)",
            "CREATE INDEX FOR (n:A) ON (n.b)",
            "CREATE CONSTRAINT user FOR (n:A) REQUIRE n.b IS UNIQUE",
            "DROP INDEX user",
            "SHOW INDEXES",
            "SHOW ALL INDEXES",
            "SHOW TRANSACTIONS",
            "SHOW ALL FUNCTIONS",
            "TERMINATE TRANSACTIONS 'x'",
            "MATCH (user) RETURN user",
            "RETURN 'GRANT'",
            "",
        ] {
            assert!(!beginning(query).is_administration(), "{query}");
        }
    }
}
