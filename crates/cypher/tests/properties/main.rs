//! What holds for every statement, and for every text that is none.

mod accounts;
mod expressions;
mod generate;
mod grammar;
mod hostile;

use aliasd_cypher::parse;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Printing and parsing gives the same statement; printing that gives the same text.
    #[test]
    fn parsing_what_was_printed_changes_nothing(statement in generate::statement()) {
        let printed = statement.to_string();
        let parsed = parse(&printed).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&parsed, &statement, "{}", printed);
        prop_assert_eq!(parsed.to_string(), printed);
    }

    /// Any text is answered, whatever it is.
    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        let _answered = parse(&text).map_err(|error| error.to_string());
    }

    /// A valid statement that was cut, doubled or damaged is answered, and no error shows the secret.
    #[test]
    fn damaged_statements_are_answered(
        statement in generate::statement(),
        cut in any::<prop::sample::Index>(),
        damage in any::<prop::sample::Index>(),
        noise in "[\\PC'\"`$\\\\\u{0}{}()\\[\\];]{0,3}",
    ) {
        let text: Vec<char> = statement.to_string().chars().collect();
        let cut = cut.index(text.len() + 1);
        let truncated: String = text[..cut].iter().collect();
        let _answered = parse(&truncated).map_err(|error| error.to_string());
        let damage = damage.index(text.len() + 1);
        let damaged: String = text[..damage].iter().chain(&noise.chars().collect::<Vec<_>>()).chain(&text[damage..]).collect();
        let _answered = parse(&damaged).map_err(|error| error.to_string());
    }
}
