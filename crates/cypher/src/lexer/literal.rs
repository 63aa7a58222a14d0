//! Decoding the text of literal tokens. The results never need more bytes than the text, so a
//! password decoded into a buffer of that size is never copied by a reallocation.

use std::iter::Peekable;
use std::str::Chars;

/// Decodes the text between the quotes of a string literal, passing each character on.
/// Returns false if an escape does not exist, after passing on what came before it.
fn decode(inner: &str, mut emit: impl FnMut(char)) -> bool {
    let mut characters = inner.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' {
            emit(character);
            continue;
        }
        let decoded = match characters.next() {
            Some(same @ ('\\' | '\'' | '"' | '`')) => Some(same),
            Some('b') => Some('\u{8}'),
            Some('f') => Some('\u{c}'),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('u') => utf16_escape(&mut characters),
            Some('U') => hexadecimal(&mut characters, 8).and_then(char::from_u32),
            _ => None,
        };
        match decoded {
            Some(character) => emit(character),
            None => return false,
        }
    }
    true
}

/// `\uXXXX`, or two of them that form a surrogate pair.
fn utf16_escape(characters: &mut Peekable<Chars<'_>>) -> Option<char> {
    let first = hexadecimal(characters, 4)?;
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first);
    }
    characters.next_if_eq(&'\\')?;
    characters.next_if_eq(&'u')?;
    let second = hexadecimal(characters, 4)?;
    if !(0xdc00..0xe000).contains(&second) {
        return None;
    }
    char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
}

fn hexadecimal(characters: &mut Peekable<Chars<'_>>, digits: usize) -> Option<u32> {
    let mut value: u32 = 0;
    for _ in 0..digits {
        value = value.checked_mul(16)? + characters.next()?.to_digit(16)?;
    }
    Some(value)
}

/// True if every escape in the text between the quotes exists.
pub(crate) fn escapes_are_valid(inner: &str) -> bool {
    decode(inner, |_| {})
}

/// The value of a string literal, given with its quotes.
pub(crate) fn decode_string(token: &str) -> String {
    let inner = &token[1..token.len() - 1];
    if !inner.contains('\\') {
        return inner.to_owned();
    }
    let mut value = String::with_capacity(inner.len());
    decode(inner, |character| value.push(character));
    value
}

/// The name inside backticks, given with them.
pub(crate) fn decode_quoted(token: &str) -> String {
    token[1..token.len() - 1].replace("``", "`")
}

/// The magnitude of an integer literal. `i128`, because the least integer's magnitude is one more
/// than the greatest integer; the parser applies the sign and the bound.
pub(crate) fn decode_integer(token: &str) -> Option<i128> {
    let magnitude = match token.get(..2) {
        Some("0x" | "0X") => i128::from_str_radix(&token[2..], 16),
        Some("0o" | "0O") => i128::from_str_radix(&token[2..], 8),
        _ => token.parse(),
    };
    magnitude.ok().filter(|value| *value <= -i128::from(i64::MIN))
}

/// The value of a float literal, if it is finite.
pub(crate) fn decode_float(token: &str) -> Option<f64> {
    token.parse().ok().filter(|value: &f64| value.is_finite())
}
