//! Classes of characters: what a name is made of, what cannot be seen. The lexer, the excerpts of errors and the printer
//! must agree on them.

/// The bare words of a text, valid or not: what is between characters that no name has.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character| !is_name_continue(character)).filter(|word| !word.is_empty())
}

/// True for a character that may begin a bare name.
pub(crate) fn is_name_start(character: char) -> bool {
    character == '_' || character.is_alphabetic()
}

/// True for a character that may stand inside a bare name.
pub(crate) fn is_name_continue(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

/// True for characters that cannot be seen or that change the direction of what is seen. They are
/// allowed in strings and backticks only, so that a statement says what it seems to say.
pub(crate) fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// True for characters that change the direction of the text after them.
pub(crate) fn turns_direction(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
