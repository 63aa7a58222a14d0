//! Classes of characters: what a name is made of, what cannot be seen. The lexer, the excerpts of errors and the printer
//! must agree on them.

/// The bare words of a text, valid or not: what is between characters that no name has.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character| !is_name_continue(character)).filter(|word| !word.is_empty())
}

/// The length of the rest of the line that a text begins in, without its end. A line ends at LF, at CR LF and, as old
/// editors write it, at CR alone.
pub(crate) fn line_length(text: &str) -> usize {
    text.find(['\n', '\r']).unwrap_or(text.len())
}

/// How many lines end in a text, and where the line after the last of them begins.
pub(crate) fn line_breaks(text: &str) -> (usize, usize) {
    let bytes = text.as_bytes();
    let ends = |at: &usize| bytes[*at] == b'\n' || bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    let mut breaks = (0..bytes.len()).filter(ends);
    let last = breaks.next_back();
    (breaks.count() + usize::from(last.is_some()), last.map_or(0, |at| at + 1))
}

/// Letters and digits that came after Unicode 13, of the Basic Multilingual Plane. Neo4j's names know neither them nor
/// the other planes, and what is a bare name here is one there.
#[rustfmt::skip]
const NEWER: &[(char, char)] = &[
    ('\u{870}', '\u{887}'), ('\u{889}', '\u{88f}'), ('\u{897}', '\u{897}'), ('\u{8b5}', '\u{8b5}'),
    ('\u{8c8}', '\u{8c9}'), ('\u{c5c}', '\u{c5d}'), ('\u{cdc}', '\u{cdd}'), ('\u{cf3}', '\u{cf3}'),
    ('\u{170d}', '\u{170d}'), ('\u{171f}', '\u{171f}'), ('\u{1acc}', '\u{1ace}'), ('\u{1b4c}', '\u{1b4c}'),
    ('\u{1c89}', '\u{1c8a}'), ('\u{2c2f}', '\u{2c2f}'), ('\u{2c5f}', '\u{2c5f}'), ('\u{9ffd}', '\u{9fff}'),
    ('\u{a7c0}', '\u{a7c1}'), ('\u{a7cb}', '\u{a7dc}'), ('\u{a7f1}', '\u{a7f4}'),
];

/// True for a character that may begin a bare name.
pub(crate) fn is_name_start(character: char) -> bool {
    character == '_' || character.is_alphabetic() && is_known(character)
}

/// True for a character that may stand inside a bare name.
pub(crate) fn is_name_continue(character: char) -> bool {
    character == '_' || character.is_alphanumeric() && is_known(character)
}

fn is_known(character: char) -> bool {
    let newer = || NEWER.iter().any(|(first, last)| (*first..=*last).contains(&character));
    character.is_ascii() || character <= '\u{ffff}' && !newer()
}

/// True for characters that cannot be seen or that change the direction of what is seen. They are
/// allowed in strings and backticks only, so that a statement says what it seems to say.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// True for characters that change the direction of the text after them.
pub(crate) fn turns_direction(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::{NEWER, is_name_continue, is_name_start, line_breaks, line_length};

    /// The table is what the property tables of another library say.
    #[test]
    fn names_are_made_of_letters_that_unicode_13_has() {
        let known = Regex::new(r"^\p{Age:13.0}$").expect("a property of characters");
        let mut newer: Vec<(char, char)> = Vec::new();
        for letter in ('\u{80}'..='\u{ffff}').filter(|letter| letter.is_alphanumeric()) {
            if known.is_match(letter.encode_utf8(&mut [0; 4])) {
                continue;
            }
            match newer.last_mut() {
                Some((_, last)) if u32::from(*last) + 1 == u32::from(letter) => *last = letter,
                _ => newer.push((letter, letter)),
            }
        }
        assert_eq!(NEWER, newer, "what this compiler's Unicode has and version 13 has not");
        for letter in ['_', 'a', 'ö', 'ß', 'Σ', 'अ', '中', 'ﬁ'] {
            assert!(is_name_start(letter) && is_name_continue(letter), "{letter}");
        }
        for strange in ['\u{885}', '\u{1d4b3}', '\u{20000}', '-', '#', '😀', '\u{301}'] {
            assert!(!is_name_start(strange) && !is_name_continue(strange), "{strange}");
        }
        assert!(!is_name_start('7') && is_name_continue('7'));
    }

    #[test]
    fn lines_end_at_lf_at_cr_lf_and_at_cr() {
        assert_eq!([line_length("a\rb"), line_length("a\r\nb"), line_length("ab\n"), line_length("abc")], [1, 1, 2, 3]);
        assert_eq!([line_breaks(""), line_breaks("a"), line_breaks("a\rb")], [(0, 0), (0, 0), (1, 2)]);
        assert_eq!([line_breaks("a\r\nb\n"), line_breaks("\r\r\n\n\r")], [(2, 5), (4, 5)]);
    }
}
