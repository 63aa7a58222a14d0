//! The lines of the audit trail as JSON, one object each: those lines alone, and as every other line of the log looks.
//!
//! What cannot be seen, and what turns the direction of a text, is spelled out: a line says on a terminal what it says.
//!
//! A line is written before the call that it is about is answered, so its cost is on every release of a credential. What
//! formats the rest of the log builds a map of values for each line; here the line is written as its fields come.

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::io::Write as _;

use aliasd_console::is_unseen;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::Context;

use super::seen::spell;

thread_local! {
    /// The line that is being written. It keeps its room for the next one.
    static LINE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Writes each event that reaches it as a line of JSON.
pub(super) struct Trail<W>(pub(super) W);

impl<S, W> Layer<S> for Trail<W>
where
    S: Subscriber,
    W: for<'w> MakeWriter<'w> + 'static,
{
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        LINE.with_borrow_mut(|line| {
            line.clear();
            // A string takes whatever it is given.
            let _ = format(event, line);
            // There is nowhere to say that the log cannot be written: what else the node writes would fail alike.
            let _ = self.0.make_writer().write_all(line.as_bytes());
        });
    }
}

fn format(event: &Event<'_>, line: &mut String) -> fmt::Result {
    line.push_str("{\"timestamp\":\"");
    SystemTime.format_time(&mut Writer::new(line))?;
    write!(line, "\",\"level\":\"{}\"", event.metadata().level())?;
    event.record(&mut Fields(line));
    line.push_str(",\"target\":");
    quote(line, event.metadata().target());
    line.push_str("}\n");
    Ok(())
}

/// Appends every field of an event to a JSON object that has one already.
struct Fields<'l>(&'l mut String);

impl Fields<'_> {
    fn name(&mut self, field: &Field) {
        self.0.push(',');
        quote(self.0, field.name());
        self.0.push(':');
    }

    fn plain(&mut self, field: &Field, value: impl fmt::Display) {
        self.name(field);
        let _ = write!(self.0, "{value}");
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.name(field);
        self.0.push('"');
        let _ = write!(Escaping(self.0), "{value:?}");
        self.0.push('"');
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        quote(self.0, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value);
    }
}

/// Escapes what is written through it for the inside of a JSON string (RFC 8259, section 7), and besides what cannot be seen.
struct Escaping<'l>(&'l mut String);

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(|it: char| it == '"' || it == '\\' || is_unseen(it)) {
            let (plain, special) = rest.split_at(at);
            self.0.push_str(plain);
            let mut letters = special.chars();
            match letters.next() {
                Some('"') => self.0.push_str("\\\""),
                Some('\\') => self.0.push_str("\\\\"),
                Some('\n') => self.0.push_str("\\n"),
                Some(unseen) => spell(unseen, self.0)?,
                None => {}
            }
            rest = letters.as_str();
        }
        self.0.push_str(rest);
        Ok(())
    }
}

fn quote(line: &mut String, text: &str) {
    line.push('"');
    let _ = Escaping(line).write_str(text);
    line.push('"');
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::Value;
    use tracing_subscriber::fmt;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    /// What was written, shared with whoever writes.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        /// Each line without its time, which differs from one writer to the next, once it is seen to be one.
        fn without_time(&self) -> Vec<Value> {
            let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            let line = |line: &str| {
                let mut line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
                let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
                assert!(time.as_str().unwrap().ends_with('Z'), "{time}");
                line
            };
            text.lines().map(line).collect()
        }
    }

    #[test]
    fn a_line_is_the_one_that_the_rest_of_the_log_would_have() {
        let (ours, theirs) = (Lines::default(), Lines::default());
        let writers = (ours.clone(), theirs.clone());
        let json = fmt::layer().json().flatten_event(true).with_writer(move || writers.1.clone());
        let both = tracing_subscriber::registry().with(Trail(move || writers.0.clone())).with(json);
        let remote = std::net::SocketAddr::from(([127, 0, 0, 1], 7680));
        let awkward = "a \"quoted\" \\ name\n\r\t\u{1}\u{7f}\u{202e}\u{e0041}\u{2028} with äöü and 🦀";
        tracing::subscriber::with_default(both, || {
            let (actor, nobody): (Option<&str>, Option<&str>) = (Some("alice"), None);
            let revision = Some(17_u64);
            tracing::info!(target: "aliasd::audit", actor, %remote, nobody, outcome = "OK", revision, "{}", "login");
            tracing::info!(target: "aliasd::audit", actor = awkward, what = ?awkward, %awkward, "{awkward}");
            tracing::info!(target: "aliasd::audit", yes = true, below = -3_i64);
        });
        assert_eq!(ours.without_time(), theirs.without_time());
        assert_eq!(ours.without_time().len(), 3);
        let written = String::from_utf8(ours.0.lock().unwrap().clone()).unwrap();
        assert!(!written.contains(|letter| letter != '\n' && is_unseen(letter)), "{written:?}");
    }
}
