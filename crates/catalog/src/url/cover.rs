//! What is shown of a text that is a URL, or may hold one, when a secret may stand in it: rather too little than too much.
//!
//! Nobody who puts a password in the wrong place keeps to a grammar, and a scheme is left out easily. So nothing is parsed: what
//! could not stand in a name, or between a scheme and a port, ends what is shown.

use super::host::is_ipv6;
use super::{RemoteUrl, policy};

/// Stands where something is not shown.
const COVER: &str = "******";

/// What a query, a fragment, settings, or text that was encoded to hide in a URL begin with.
const ENDS: [char; 8] = ['?', '#', ';', '&', '=', '%', '\\', '"'];

impl RemoteUrl {
    /// What somebody gave as a URL, without what may be a secret: everything before the last `@` but the scheme, and what
    /// follows host and port, unless it is the name of a routing policy. A URL that is accepted has none of these and stays as
    /// it is.
    pub fn redacted(text: &str) -> String {
        cut(&without_user(text), &|rest, at| rest[at..].starts_with('/') || is_no_port(rest, at))
    }

    /// The same of a place that data are loaded from: its path is what it is about, and is shown.
    pub fn redacted_place(text: &str) -> String {
        cut(&without_user(text), &|_, _| false)
    }

    /// The same of any text, in which a URL may stand.
    pub fn redacted_text(text: &str) -> String {
        cut(&without_user(text), &|rest, at| rest[at..].starts_with(['/', '{', '\n', '\r']) || is_no_port(rest, at))
    }
}

fn without_user(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => format!("{}://{COVER}{}", &text[..scheme], &text[at..]),
        (_, Some(at)) => format!("{COVER}{}", &text[at..]),
        (_, None) => text.to_owned(),
    }
}

/// Covers what follows the first character that ends what may be shown.
fn cut(text: &str, ends: &dyn Fn(&str, usize) -> bool) -> String {
    let scheme = text.find("://").map_or_else(|| if text.starts_with("//") { 2 } else { 0 }, |scheme| scheme + 3);
    // What is called a scheme may be anything.
    let scheme = if text[..scheme].contains(ENDS) { 0 } else { scheme };
    let (before, rest) = text.split_at(scheme);
    let address = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).filter(|(inner, _)| is_ipv6(inner));
    let begin = address.map_or(0, |(inner, _)| inner.len() + 2);
    let mut letters = rest[begin..].char_indices().map(|(at, letter)| (begin + at, letter));
    match letters.find(|(at, letter)| ENDS.contains(letter) || ends(rest, *at)) {
        Some((at, '?')) if policy(&rest[at + 1..]).is_some() => text.to_owned(),
        Some((at, letter)) => format!("{before}{}{COVER}", &rest[..at + letter.len_utf8()]),
        None => text.to_owned(),
    }
}

/// Whether a colon stands there that is followed by anything but digits that may be a port.
fn is_no_port(text: &str, at: usize) -> bool {
    let Some(behind) = text[at..].strip_prefix(':') else { return false };
    let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
    !(1..=5).contains(&digits) || behind[digits..].starts_with(|letter: char| letter.is_alphanumeric())
}
