//! Whether any of a set of secrets stands in bytes that should hold none: files, logs, packets, core images.
//!
//! Each is looked for as it is, in hexadecimal of either case, in Base64 (ordinary and for URLs, at each of the three places
//! where it can begin in a longer text), in UTF-16 of either order, and percent-encoded where that differs. Nothing else that
//! could hide one is undone: what is compressed or encrypted has to be opened first.

use std::collections::BTreeMap;

/// The shortest secret that is looked for: a shorter one would be found by chance.
pub const LENGTH_MIN: usize = 8;

/// Where a secret was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// What the secret is called. Never the secret.
    pub secret: String,
    /// How it is written there.
    pub form: &'static str,
    /// At which byte it begins.
    pub at: usize,
}

/// A set of secrets in all forms, ready to be looked for.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    patterns: Vec<Pattern>,
    /// Patterns by their first four bytes.
    by_beginning: BTreeMap<[u8; 4], Vec<usize>>,
    /// Whether any pattern begins with these two bytes.
    possible: Vec<bool>,
}

#[derive(Clone, Debug)]
struct Pattern {
    secret: String,
    form: &'static str,
    bytes: Vec<u8>,
}

impl Secrets {
    /// Takes secrets, each with what it is to be called. Those that are shorter than [`LENGTH_MIN`] are left out, and
    /// their names returned.
    pub fn new<'s>(secrets: impl IntoIterator<Item = (&'s str, &'s [u8])>) -> (Self, Vec<String>) {
        let mut all = Self { possible: vec![false; 1 << 16], ..Self::default() };
        let mut too_short = Vec::new();
        for (name, secret) in secrets {
            if secret.len() < LENGTH_MIN {
                too_short.push(name.to_owned());
                continue;
            }
            for (form, bytes) in forms(secret) {
                all.add(Pattern { secret: name.to_owned(), form, bytes });
            }
        }
        (all, too_short)
    }

    fn add(&mut self, pattern: Pattern) {
        let [first, second, third, fourth, ..] = pattern.bytes[..] else {
            return;
        };
        self.possible[usize::from(first) << 8 | usize::from(second)] = true;
        self.by_beginning.entry([first, second, third, fourth]).or_default().push(self.patterns.len());
        self.patterns.push(pattern);
    }

    /// Every place where one begins, in the order of places.
    pub fn find(&self, bytes: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        for (at, window) in bytes.windows(4).enumerate() {
            if !self
                .possible
                .get(usize::from(window[0]) << 8 | usize::from(window[1]))
                .is_some_and(|possible| *possible)
            {
                continue;
            }
            let beginning = [window[0], window[1], window[2], window[3]];
            for pattern in self.by_beginning.get(&beginning).into_iter().flatten() {
                let Pattern { secret, form, bytes: pattern } = &self.patterns[*pattern];
                if bytes[at..].starts_with(pattern) {
                    found.push(Found { secret: secret.clone(), form, at });
                }
            }
        }
        found
    }
}

fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![
        ("plain", secret.to_vec()),
        ("hexadecimal", hexadecimal(secret, b"0123456789abcdef")),
        ("hexadecimal", hexadecimal(secret, b"0123456789ABCDEF")),
        ("UTF-16", secret.iter().flat_map(|byte| [*byte, 0]).collect()),
        ("UTF-16", secret.iter().flat_map(|byte| [0, *byte]).collect()),
        ("percent-encoded", percent_encoded(secret)),
    ];
    for skipped in 0..3 {
        forms.push(("Base64", base64(secret, skipped, b"+/")));
        forms.push(("Base64", base64(secret, skipped, b"-_")));
    }
    let mut once: Vec<(&'static str, Vec<u8>)> = Vec::new();
    for (form, bytes) in forms {
        if !once.iter().any(|(_, other)| *other == bytes) {
            once.push((form, bytes));
        }
    }
    once
}

fn hexadecimal(secret: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    secret.iter().flat_map(|byte| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]).collect()
}

fn percent_encoded(secret: &[u8]) -> Vec<u8> {
    let encoded = secret.iter().flat_map(|byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            vec![*byte]
        } else {
            [&b"%"[..], &hexadecimal(&[*byte], b"0123456789ABCDEF")].concat()
        }
    });
    encoded.collect()
}

/// What of a text in Base64 is the same whatever stands before and behind the secret, which is preceded by a number of bytes
/// that is `skipped` more than a multiple of three.
fn base64(secret: &[u8], skipped: usize, last_two: &[u8; 2]) -> Vec<u8> {
    const FIRST: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let bits = |at: usize| -> u8 {
        let byte = secret[at / 8];
        byte >> (7 - at % 8) & 1
    };
    // Letters stand for six bits each; those that are not the secret's alone are left out.
    let before = skipped * 8;
    let first = before.div_ceil(6);
    let last = (before + secret.len() * 8) / 6;
    let letter = |place: usize| {
        let from = place * 6 - before;
        let value = usize::from((from..from + 6).fold(0, |value, at| value << 1 | bits(at)));
        FIRST.get(value).copied().unwrap_or_else(|| last_two[value - FIRST.len()])
    };
    (first..last).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        let (secrets, too_short) = Secrets::new([("the password", &b"correct horse?"[..]), ("a pin", b"1234567")]);
        assert_eq!(too_short, ["a pin"]);
        secrets
    }

    fn forms_in(text: &[u8]) -> Vec<&'static str> {
        secrets().find(text).into_iter().map(|found| found.form).collect()
    }

    #[test]
    fn a_secret_is_found_in_every_form() {
        assert_eq!(forms_in(b"login with correct horse? yes"), ["plain"]);
        assert_eq!(forms_in(b"636f727265637420686f7273653f"), ["hexadecimal"]);
        assert_eq!(forms_in(b"x636F727265637420686F7273653F"), ["hexadecimal"]);
        assert_eq!(forms_in(b"?password=correct%20horse%3F&x"), ["percent-encoded"]);
        assert_eq!(forms_in(b"c\0o\0r\0r\0e\0c\0t\0 \0h\0o\0r\0s\0e\0?\0"), ["UTF-16"]);
        // What a program for Base64 makes of "correct horse?", "u:…", "me:…!" and "bob:…".
        for text in
            ["Y29ycmVjdCBob3JzZT8=", "dTpjb3JyZWN0IGhvcnNlPw==", "bWU6Y29ycmVjdCBob3JzZT8h", "Ym9iOmNvcnJlY3QgaG9yc2U/"]
        {
            assert_eq!(forms_in(text.as_bytes()), ["Base64"], "{text}");
        }
        assert_eq!(forms_in(b"Ym9iOmNvcnJlY3QgaG9yc2U_"), ["Base64"]);
    }

    #[test]
    fn places_are_told_and_secrets_are_not() {
        let found = secrets().find(b"ab correct horse?correct horse?");
        assert_eq!(found.iter().map(|found| found.at).collect::<Vec<_>>(), [3, 17]);
        assert!(!format!("{found:?}").contains("horse"));
    }

    #[test]
    fn what_is_nearly_a_secret_is_none() {
        for text in [
            &b""[..],
            b"cor",
            b"correct horse",
            b"Correct horse?",
            b"correct  horse?",
            b"1234567",
            b"636f727265637420686f72736",
        ] {
            assert!(secrets().find(text).is_empty(), "{text:?}");
        }
    }
}
