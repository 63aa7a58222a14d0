//! Searching files for secrets in every form that a leak would give them.
//!
//! A leak is rarely the secret itself: a derived `Debug` prints bytes as a list of numbers, a log in
//! JSON escapes, a protobuf dump prints octal or hexadecimal, a header is base64. The search looks
//! for all of these, at every alignment.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// One form of one secret.
struct Needle {
    form: &'static str,
    bytes: Vec<u8>,
    /// Compared without regard to white space and letter case, for forms that printers lay out
    /// differently.
    loose: bool,
}

/// Where a secret was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Leak {
    /// The file that it was found in.
    pub file: PathBuf,
    /// In which form, such as "base64".
    pub form: &'static str,
    /// Which secret: its place in the list that was searched for. Never the secret itself.
    pub secret: usize,
}

/// Searches every file below `directory`. Sockets and the like are passed over; a file that cannot be
/// read is an error, since it may hold anything. Returns the number of files read and the leaks.
pub fn search(directory: &Path, secrets: &[&str]) -> Result<(usize, Vec<Leak>)> {
    search_also(directory, secrets, &[])
}

/// As [`search`], and for secrets that are no text as they are. Their places come after those of the others.
pub fn search_also(directory: &Path, secrets: &[&str], bytes: &[Vec<u8>]) -> Result<(usize, Vec<Leak>)> {
    let mut files = Vec::new();
    collect(directory, &mut files)?;
    let as_they_are = |bytes: &Vec<u8>| vec![Needle { form: "bytes", bytes: bytes.clone(), loose: false }];
    let needles: Vec<Vec<Needle>> =
        secrets.iter().map(|secret| needles(secret)).chain(bytes.iter().map(as_they_are)).collect();
    let mut leaks = Vec::new();
    for file in &files {
        let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        for (secret, form) in leaks_in(&content, &needles) {
            let file = file.clone();
            leaks.push(Leak { file, form, secret });
        }
    }
    Ok((files.len(), leaks))
}

/// The forms in which `content` holds one of the secrets.
pub fn forms_in(content: &[u8], secret: &str) -> Vec<&'static str> {
    let needles = [needles(secret)];
    leaks_in(content, &needles).into_iter().map(|(_, form)| form).collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn leaks_in(content: &[u8], needles: &[Vec<Needle>]) -> Vec<(usize, &'static str)> {
    let loose: Vec<u8> =
        content.iter().filter(|byte| !byte.is_ascii_whitespace()).map(u8::to_ascii_lowercase).collect();
    let mut found = Vec::new();
    for (secret, forms) in needles.iter().enumerate() {
        for needle in forms {
            let haystack = if needle.loose { &loose } else { content };
            if contains(haystack, &needle.bytes) {
                found.push((secret, needle.form));
            }
        }
    }
    found
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else {
        return false;
    };
    let mut rest = haystack;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        if rest[at..].starts_with(needle) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

fn needles(secret: &str) -> Vec<Needle> {
    let exact = |form, bytes: Vec<u8>| Needle { form, bytes, loose: false };
    let loose = |form, text: String| Needle { form, bytes: text.to_ascii_lowercase().into_bytes(), loose: true };
    let each = |separator: &str, one: &dyn Fn(u8) -> String| {
        let parts: Vec<String> = secret.bytes().map(one).collect();
        parts.join(separator)
    };
    let utf16 = |order: fn(u16) -> [u8; 2]| secret.encode_utf16().flat_map(order).collect();
    let mut needles = vec![
        exact("plain text", secret.as_bytes().to_vec()),
        exact("plain text backwards", secret.bytes().rev().collect()),
        exact("UTF-16, little end first", utf16(u16::to_le_bytes)),
        exact("UTF-16, big end first", utf16(u16::to_be_bytes)),
        loose("list of bytes", each(",", &|byte| byte.to_string())),
        loose("list of hexadecimal bytes", each(",", &|byte| format!("0x{byte:x}"))),
        loose("list of characters", each(",", &|byte| format!("'{}'", char::from(byte)))),
        loose("hexadecimal", each("", &|byte| format!("{byte:02x}"))),
        loose("hexadecimal with colons", each(":", &|byte| format!("{byte:02x}"))),
        loose("hexadecimal escapes", each("", &|byte| format!("\\x{byte:02x}"))),
        loose("octal escapes", each("", &|byte| format!("\\{byte:03o}"))),
        loose("unicode escapes", each("", &|byte| format!("\\u{byte:04x}"))),
        loose("unicode escapes in braces", each("", &|byte| format!("\\u{{{byte:x}}}"))),
        loose("percent escapes", each("", &|byte| format!("%{byte:02x}"))),
    ];
    for bytes in base64_at_every_alignment(secret.as_bytes()) {
        let url_safe = bytes.iter().map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => *other,
        });
        needles.push(exact("base64 for URLs", url_safe.collect()));
        needles.push(exact("base64", bytes));
    }
    needles
}

/// The characters that the secret alone determines, whatever stands before and after it.
fn base64_at_every_alignment(secret: &[u8]) -> Vec<Vec<u8>> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits_of = |shift: usize| -> Vec<u8> {
        let bit = |at: usize| secret[at / 8] >> (7 - at % 8) & 1;
        // With `shift` bytes before it the secret begins `8 * shift` bits into a group of six.
        let skip = (6 - 8 * shift % 6) % 6;
        let bits: Vec<u8> = (skip..secret.len() * 8).map(bit).collect();
        let groups = bits.chunks_exact(6);
        groups
            .map(|group| {
                let value = group.iter().fold(0, |value, bit| value << 1 | bit);
                ALPHABET[usize::from(value)]
            })
            .collect()
    };
    (0..3).map(bits_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "secretpassword";

    #[test]
    fn every_form_is_found() {
        let bytes = SECRET.as_bytes();
        let utf16: Vec<u8> = SECRET.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        let examples: [(&str, Vec<u8>); 9] = [
            ("plain text", format!("password={SECRET};").into_bytes()),
            ("list of bytes", format!("Sealed({bytes:?})").into_bytes()),
            ("list of bytes", format!("{bytes:#?}").into_bytes()),
            ("list of hexadecimal bytes", format!("{bytes:#x?}").into_bytes()),
            ("list of characters", format!("{:?}", SECRET.chars().collect::<Vec<_>>()).into_bytes()),
            ("hexadecimal", hexadecimal.into_bytes()),
            ("UTF-16, little end first", utf16),
            ("unicode escapes in braces", SECRET.escape_unicode().to_string().into_bytes()),
            ("octal escapes", bytes.iter().flat_map(|byte| format!("\\{byte:o}").into_bytes()).collect()),
        ];
        for (form, content) in examples {
            assert_eq!(forms_in(&content, SECRET), [form], "{form}");
        }
    }

    #[test]
    fn base64_is_found_at_every_alignment() {
        // base64 of "alice:…", "bob:…" and "carol:…", as HTTP Basic would carry them.
        for content in ["YWxpY2U6c2VjcmV0cGFzc3dvcmQ=", "Ym9iOnNlY3JldHBhc3N3b3Jk", "Y2Fyb2w6c2VjcmV0cGFzc3dvcmQ"] {
            assert!(forms_in(content.as_bytes(), SECRET).contains(&"base64"), "{content}");
        }
        let utf8_with_signs = "x??>>~~";
        assert!(forms_in(b"eD8_Pj5-fg", utf8_with_signs).contains(&"base64 for URLs"));
    }

    #[test]
    fn what_is_no_secret_is_not_found() {
        assert!(forms_in(b"PASSWORD '******'; secretpasswor", SECRET).is_empty());
    }

    #[test]
    fn a_file_deep_below_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let deep = directory.path().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("log"), format!("{:?}", SECRET.as_bytes())).unwrap();
        fs::write(directory.path().join("other"), "nothing").unwrap();
        let (files, leaks) = search(directory.path(), &["another", SECRET]).unwrap();
        assert_eq!(files, 2);
        let expected = Leak { file: deep.join("log"), form: "list of bytes", secret: 1 };
        assert_eq!(leaks, [expected]);
        fs::write(deep.join("store"), [&[0, 255][..], &[1, 200, 3]].concat()).unwrap();
        let (_, leaks) = search_also(directory.path(), &["another"], &[vec![7], vec![1, 200, 3]]).unwrap();
        assert_eq!(leaks, [Leak { file: deep.join("store"), form: "bytes", secret: 2 }]);
    }
}
