//! What is written to the log can be seen: characters that cannot, and those that turn the direction of others, are spelled out
//! as JSON does it. Names and texts that strangers chose stand in the log, and it is read on terminals.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, Write};

use aliasd_console::is_unseen;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

/// Appends a character as JSON spells it out: `\u` and four hexadecimal digits, twice for those beyond 16 bits.
pub(super) fn spell(letter: char, out: &mut String) -> fmt::Result {
    letter.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(out, "\\u{unit:04x}"))
}

/// Writes lines of the log so. A line end ends a line, and the sequences that colour a terminal are the log's own: what others
/// put into a text has been spelled out by then.
pub(super) struct Seen(pub(super) BoxMakeWriter);

impl<'w> MakeWriter<'w> for Seen {
    type Writer = SeenWriter<<BoxMakeWriter as MakeWriter<'w>>::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        SeenWriter(self.0.make_writer())
    }
}

/// See [`Seen`].
pub(super) struct SeenWriter<W>(W);

impl<W: Write> Write for SeenWriter<W> {
    /// Takes all or nothing: what is written is not as long as what was given.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.0.write_all(spelled(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn spelled(text: &str) -> Cow<'_, str> {
    let is_spelled = |letter: char| is_unseen(letter) && !matches!(letter, '\n' | '\u{1b}');
    if !text.contains(is_spelled) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        // A string takes whatever it is given.
        let _ = if is_spelled(letter) { spell(letter, &mut out) } else { out.write_char(letter) };
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::Layer;
    use tracing_subscriber::fmt;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a hostile text becomes, in a message and in a field, as JSON and as text.
    #[test]
    fn nothing_unseen_reaches_the_log() {
        let hostile = "a\u{202e}b\u{200b}c\u{1b}[31md\u{9b}e\u{7f}f\rg\u{2028}h\u{e0041}";
        for json in [true, false] {
            let lines = Lines::default();
            let writer = lines.clone();
            let layer = fmt::layer().with_writer(Seen(BoxMakeWriter::new(move || writer.clone())));
            let layer = if json { layer.json().boxed() } else { layer.with_ansi(false).boxed() };
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
                tracing::info!(field = hostile, debug = ?hostile, "{hostile}");
            });
            let written = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            let line = written.strip_suffix('\n').unwrap();
            assert!(!line.contains(is_unseen), "json: {json}: {line:?}");
            assert!(line.contains("\\u202e"), "{line}");
            if json {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                assert_eq!(line["fields"]["field"], hostile, "and is what it was to whoever reads it as JSON");
            }
        }
    }
}
