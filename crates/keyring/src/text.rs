//! Texts that people keep in files or that commands print for them: passwords, tokens, keys in PEM form. One rule for all:
//! one line end at the end (LF or CRLF) is no part of the text, and what is no plain UTF-8 is refused by its name. Whatever
//! else is there is part of the text, blanks and empty lines included.

use zeroize::Zeroizing;

/// Why bytes are not taken as a text. Holds nothing of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// An editor has put a mark before the text, which nobody sees and which would become a part of it.
    #[error("it begins with a byte order mark ({encoding})")]
    ByteOrderMark {
        /// The encoding that the mark stands for.
        encoding: &'static str,
    },
    /// The bytes are in another encoding, or no text at all.
    #[error("it is not UTF-8 text")]
    NotUtf8,
}

impl TextError {
    /// The way out.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::ByteOrderMark { .. } => "save it as UTF-8 without a byte order mark",
            Self::NotUtf8 => "save it as UTF-8",
        }
    }
}

/// The text in these bytes, without the line end behind it.
///
/// # Errors
/// They are no text in plain UTF-8. The bytes are wiped.
pub fn text(mut bytes: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, TextError> {
    refuse_mark(&bytes)?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    String::from_utf8(std::mem::take(&mut *bytes)).map(Zeroizing::new).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        TextError::NotUtf8
    })
}

/// Passes what does not begin with a byte order mark.
///
/// # Errors
/// It does.
pub fn refuse_mark(bytes: &[u8]) -> Result<(), TextError> {
    // That of UTF-32 begins as that of UTF-16 does.
    let marks: [(&[u8], &str); 4] =
        [(b"\xef\xbb\xbf", "UTF-8"), (b"\xff\xfe\0\0", "UTF-32"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16")];
    match marks.into_iter().find(|(mark, _)| bytes.starts_with(mark)) {
        Some((_, encoding)) => Err(TextError::ByteOrderMark { encoding }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<String, TextError> {
        text(Zeroizing::new(bytes.to_vec())).map(|text| text.to_string())
    }

    #[test]
    fn one_line_end_is_cut_and_nothing_else() {
        for (given, expected) in [
            ("geheim", "geheim"),
            ("geheim\n", "geheim"),
            ("geheim\r\n", "geheim"),
            ("geheim\n\n", "geheim\n"),
            ("geheim\r", "geheim\r"),
            (" geheim \n", " geheim "),
            ("\n", ""),
            ("", ""),
        ] {
            assert_eq!(read(given.as_bytes()).as_deref(), Ok(expected), "{given:?}");
        }
    }

    #[test]
    fn what_is_no_plain_utf_8_is_refused_by_its_name() {
        let mark = |encoding| Err(TextError::ByteOrderMark { encoding });
        assert_eq!(read(b"\xef\xbb\xbfgeheim"), mark("UTF-8"));
        assert_eq!(read(b"\xff\xfeg\0e\0"), mark("UTF-16"));
        assert_eq!(read(b"\xfe\xff\0g\0e"), mark("UTF-16"));
        assert_eq!(read(b"\xff\xfe\0\0g\0\0\0"), mark("UTF-32"));
        assert_eq!(read(b"geh\xe9im"), Err(TextError::NotUtf8));
    }
}
