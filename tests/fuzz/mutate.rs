//! Small changes to texts of the corpus, such as libFuzzer makes: parts left out, doubled, swapped with parts of
//! another text, and bytes changed. Every choice is a roll of the dice.

use aliasd_tests::dice::Dice;

/// What is worth inserting because the language gives it a meaning.
const MORSELS: &[&str] = &[
    "'",
    "\"",
    "`",
    "\\",
    "\\u00e9",
    "$a",
    "$b",
    "$c",
    "$d",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    ";",
    ".",
    "*",
    "-",
    "|",
    "/*",
    "*/",
    "//",
    "\n",
    "\0",
    "\u{feff}",
    "\u{200b}",
    "\u{202e}",
    "é",
    "😀",
    " IF EXISTS ",
    " IF NOT EXISTS ",
    " OR REPLACE ",
    "CYPHER 5 ",
    "CYPHER 25 ",
    " YIELD * ",
    " WHERE ",
    " RETURN ",
    " NOT ",
    " AND ",
    " IN ",
    " NULL ",
    "9223372036854775808",
    "1e999",
    " ON DBMS TO r",
    " ON DATABASE * TO r",
    " AS COMMANDS ",
    " SET ",
    " REMOVE ",
];

/// A text of the corpus after one or two changes.
pub(crate) fn mutate(corpus: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut text = choose(corpus, dice).clone();
    for _ in 0..dice.pick(1..3) {
        change(&mut text, corpus, dice);
    }
    text
}

fn change(text: &mut Vec<u8>, corpus: &[Vec<u8>], dice: &mut Dice) {
    let (start, end) = part(text, dice);
    match dice.pick(0..6) {
        0 => drop(text.drain(start..end)),
        1 => {
            let doubled = text[start..end].to_vec();
            text.splice(end..end, doubled);
        }
        2 => {
            let other = choose(corpus, dice);
            let (from, to) = part(other, dice);
            text.splice(start..end, other[from..to].iter().copied());
        }
        3 => {
            let morsel = *choose(MORSELS, dice);
            text.splice(start..start, morsel.bytes());
        }
        4 => text[start..end].iter_mut().for_each(|byte| *byte ^= 0x20),
        _ => {
            let bits = u8::try_from(dice.pick(0..256)).expect("a byte");
            text[start..end].iter_mut().take(1).for_each(|byte| *byte ^= bits);
        }
    }
}

/// Where a part of the text starts and ends: a word, or any few bytes, or nothing.
fn part(text: &[u8], dice: &mut Dice) -> (usize, usize) {
    let start = index(dice.pick(0..text.len() as u64 + 1));
    if dice.pick(0..3) == 0 {
        return (start, (start + index(dice.pick(0..24))).min(text.len()));
    }
    let of_a_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let before = text[..start].iter().rev().take_while(|byte| of_a_word(byte)).count();
    let after = text[start..].iter().take_while(|byte| of_a_word(byte)).count();
    (start - before, start + after)
}

fn choose<'a, T>(from: &'a [T], dice: &mut Dice) -> &'a T {
    &from[index(dice.pick(0..from.len() as u64))]
}

fn index(position: u64) -> usize {
    usize::try_from(position).expect("not beyond the length of a slice")
}
