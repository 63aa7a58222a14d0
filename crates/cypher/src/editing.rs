//! What an editor of statements needs to know of the language: which word is what, what may come next, what must
//! not be kept in clear, and what a value means. All of it takes text that is not a statement yet.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aliasd_catalog::Value;

use crate::characters::words;
use crate::commands::commands;
use crate::error::mask::{COVER, cover_of, secret_spans};
use crate::error::{ErrorCode, LanguageError, SpannedError};
use crate::formula::Scope;
use crate::lexer::tolerant::{self, Piece};
use crate::lexer::{TokenKind, tokenize};
use crate::parameters::Parameters;
use crate::parser::{Continuation, Parser, parse, privilege_spellings};
use crate::span::Span;

/// What a piece of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// A word that the language uses. It may be a name all the same.
    Keyword,
    /// A name, bare or in backticks.
    Name,
    /// A text in quotes.
    String,
    /// An integer or a float, in any notation.
    Number,
    /// `$name`.
    Parameter,
    /// An operator or a bracket.
    Symbol,
    /// `// …` or `/* … */`.
    Comment,
    /// What is not part of the language.
    Unknown,
}

/// Words of the clauses, operators and scopes that are in the syntax of no command by itself.
const CLAUSES: &str = "AND AS ASC BY CALL CASE CONTAINS CYPHER DATABASE DATABASES DBMS DEFAULT DENY DESC DISTINCT \
    ELEMENT ELEMENTS ELSE END ENDS FALSE FOR FROM GRANT GRAPH GRAPHS HOME IN IS LIMIT NODE NODES NOT NULL OFFSET ON OR \
    ORDER RELATIONSHIP RELATIONSHIPS RETURN SKIP STARTS THEN TO TRUE USE WHEN WHERE WITH XOR YIELD";

static KEYWORDS: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    let is_capitals = |word: &&str| word.len() > 1 && word.chars().all(|letter| letter.is_ascii_uppercase());
    let syntax = commands().iter().flat_map(|page| words(page.syntax));
    let privileges = privilege_spellings().flat_map(words);
    syntax.chain(privileges).chain(words(CLAUSES)).filter(is_capitals).collect()
});

/// The pieces of any text in order, for colouring. White space is between them.
///
/// ```
/// use aliasd_cypher::{PieceKind, pieces};
///
/// let kinds: Vec<_> = pieces("DROP ROLE `x").into_iter().map(|(_, kind)| kind).collect();
/// assert_eq!(kinds, [PieceKind::Keyword, PieceKind::Keyword, PieceKind::Name]);
/// ```
#[must_use]
pub fn pieces(text: &str) -> Vec<(Span, PieceKind)> {
    let kind = |span: Span, piece| match piece {
        Piece::Comment => PieceKind::Comment,
        Piece::Unknown => PieceKind::Unknown,
        Piece::Token(kind) => match kind {
            TokenKind::Word if is_keyword(&text[span.start..span.end]) => PieceKind::Keyword,
            TokenKind::Word | TokenKind::Quoted => PieceKind::Name,
            TokenKind::String => PieceKind::String,
            TokenKind::Integer | TokenKind::Float => PieceKind::Number,
            TokenKind::Parameter => PieceKind::Parameter,
            TokenKind::Symbol(_) | TokenKind::End => PieceKind::Symbol,
        },
    };
    tolerant::pieces(text).into_iter().map(|(span, piece)| (span, kind(span, piece))).collect()
}

/// True if the language uses the word, in whatever case.
#[must_use]
pub fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(word.to_ascii_uppercase().as_str())
}

/// What could come after the text. Nothing, if the text is not the beginning of a statement.
///
/// ```
/// let next = aliasd_cypher::continuation("DROP ALIAS films IF EXISTS");
/// assert_eq!(next.keywords, ["FOR"]);
/// ```
#[must_use]
pub fn continuation(text: &str) -> Continuation {
    let Ok(tokens) = tokenize(text) else { return Continuation::default() };
    let mut parser = Parser::of_unfinished(text, tokens);
    // Whether it is a statement already does not matter: there may be clauses that can follow.
    let _ = parser.statement();
    parser.continuation()
}

/// The statement with `'******'` in place of everything that may be a password, for keeping.
///
/// One that is understood and holds no secret is given back as it is. One with a password comes back in its
/// canonical form. Of one that is not understood, or that has a comment, every string is covered.
#[must_use]
pub fn without_secrets(text: &str) -> String {
    if let Ok(statement) = parse(text) {
        let printed = statement.to_string();
        let spelled = pieces(text);
        let has = |kind| spelled.iter().any(|(_, piece)| *piece == kind);
        // A property may be called so, a url may hold a user, and a comment may say anything.
        let mentions_secret =
            ["PASSW", "PWD", "SECRET", "TOKEN", "KEY", "@"].iter().any(|word| text.to_ascii_uppercase().contains(word));
        let may_hold_more = has(PieceKind::Comment) || mentions_secret && has(PieceKind::String);
        match printed.contains(COVER) {
            false if !may_hold_more => return text.to_owned(),
            true if !printed.contains('{') => return printed,
            _ => {}
        }
    }
    let mut kept = String::with_capacity(text.len());
    let mut position = 0;
    for span in secret_spans(text) {
        kept.push_str(&text[position..span.start]);
        kept.push_str(cover_of(text, span));
        position = span.end;
    }
    kept.push_str(&text[position..]);
    kept
}

/// The value of an expression that names no columns, such as `{region: 'eu', timeout: duration('PT5S')}`.
///
/// # Errors
/// It is not an expression, or it has no value by itself. The error repeats nothing of the text, which may be a secret.
pub fn evaluate(text: &str) -> Result<Value, LanguageError> {
    let parameters = Parameters::default();
    let not_a_value = |code, span| {
        SpannedError::new(code, span, "This is not a value.")
            .with_hint("Values are 'text', 5, 1.5, true, null, [1, 2], {key: 'value'} and duration('PT5S').")
            .without_place()
    };
    let expression = tokenize(text).and_then(|tokens| Parser::new(text, tokens).lone_expression());
    let expression = expression.map_err(|error| not_a_value(error.code(), error.span()))?;
    let mut scope = Scope::of_constants(&parameters, (ErrorCode::InvalidExpression, ""));
    let value = scope.bind(&expression).and_then(|bound| Ok(bound.evaluate(&[])?.into_owned()));
    value.map_err(|error| not_a_value(error.code(), error.span()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_has_pieces() {
        use PieceKind::{Comment, Keyword, Name, Number, Parameter, String, Symbol, Unknown};
        let kinds = |text| pieces(text).into_iter().map(|(_, kind)| kind).collect::<Vec<_>>();
        assert_eq!(kinds("create Alias films /* x */ at $u"), [Keyword, Keyword, Name, Comment, Keyword, Parameter]);
        assert_eq!(kinds("WHERE a.b >= 1.5 // end"), [Keyword, Name, Symbol, Name, Symbol, Number, Comment]);
        assert_eq!(kinds("TRAVERSE 'x\\q' ! 1a"), [Keyword, String, Unknown, Unknown]);
        for (open, kind) in
            [("'x; y", String), ("\"x\\", String), ("`x y", Name), ("$`x y", Parameter), ("/* x", Comment)]
        {
            assert_eq!(kinds(open), [kind], "{open}");
            assert_eq!(pieces(open)[0].0, Span::new(0, open.len()));
        }
    }

    #[test]
    fn the_grammar_says_what_may_follow() {
        let keywords = |text| continuation(text).keywords;
        assert!(keywords("").contains(&"CREATE") && keywords("").contains(&"SHOW"));
        assert_eq!(keywords("CREATE OR "), ["REPLACE"]);
        assert!(keywords("SHOW ALIASES FOR DATABASE").contains(&"YIELD"));
        assert!(keywords("GRANT CREATE ").contains(&"ROLE"));
        assert!(continuation("DROP ALIAS ").kinds.contains(&"an alias name"));
        assert!(continuation("GRANT ROLE r TO").kinds.contains(&"a user name"));
        assert_eq!(continuation("CREATE NONSENSE and more"), Continuation::default());
        assert_eq!(continuation("DROP ROLE 'open"), Continuation::default());
    }

    #[test]
    fn a_statement_is_kept_without_its_secrets() {
        for harmless in [
            "CREATE ALIAS a FOR DATABASE b AT 'neo4j://b.example' USER u PASSWORD $p",
            "SHOW ALIASES FOR DATABASE\n  WHERE url STARTS WITH 'neo4j'",
            "ALTER USER u SET PASSWORD $p",
        ] {
            assert!(parse(harmless).is_ok(), "{harmless}");
            assert!(!without_secrets(harmless).contains("geheim"));
        }
        assert_eq!(without_secrets("show users where user = 'x'"), "show users where user = 'x'");
        for secret in [
            "CREATE ALIAS a FOR DATABASE b AT 'neo4j://b.example' USER u PASSWORD 'geheim'",
            "create user u set password 'geheim' // geheim",
            "create user u set password $p // geheim",
            "ALTER CURRENT USER SET PASSWORD FROM 'geheim' TO 'geheim2'",
            "ALTER USER u SET PASWORD 'geheim'",
            "CREATE ALIAS a FOR DATABASE b AT 'neo4j://u:geheim@b.example' USER u PASSWORD $p",
            "ALTER USER u SET PASSWORD geheim",
            "ALTER USER u SET PASSWORD 'geheim",
            "CREATE ALIAS a FOR DATABASE b PROPERTIES {password: 'geheim'}",
            "CREATE ALIAS a FOR DATABASE b AT 'u' USER u PASSWORD 'x' PROPERTIES {note: 'the token is geheim'}",
        ] {
            assert!(!without_secrets(secret).contains("geheim"), "{}", without_secrets(secret));
        }
        let kept = without_secrets("CREATE ALIAS a FOR DATABASE b AT 'neo4j://b.example' USER u PASSWORD 'geheim'");
        assert!(kept.contains("'neo4j://b.example'") && kept.ends_with("PASSWORD '******'"), "{kept}");
    }

    #[test]
    fn values_are_computed() {
        assert_eq!(evaluate("'a\\nb'").ok(), Some(Value::from("a\nb")));
        assert_eq!(evaluate("[1, -2]").ok(), Some(Value::List(vec![1.into(), Value::Integer(-2)])));
        assert_eq!(evaluate("{a: 1 + 1}").ok(), Some(Value::Map([("a".to_owned(), 2.into())].into())));
        for wrong in ["", "geheim", "'geheim", "1 2", "geheim + 1", "$geheim2"] {
            assert_eq!(evaluate(wrong).expect_err("no value").to_string(), "This is not a value.");
        }
    }
}
