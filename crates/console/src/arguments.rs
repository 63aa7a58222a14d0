//! What the library that reads arguments says of them. It repeats them as they are; here they are spelled out.

use std::error::Error as StdError;
use std::io::{self, Write};

use clap::error::{ContextKind, ContextValue};

use crate::text::{is_unseen, printable, printable_lines};

/// Says on standard error what is wrong with the arguments, with whatever was given as them spelled out.
pub fn refuse_arguments(error: clap::Error) -> io::Result<()> {
    let error = spelled(error);
    // What a parser of ours says of a value is shown behind the words of the library, and cannot be changed there.
    if error.source().is_some_and(|source| source.to_string().contains(is_unseen)) {
        return io::stderr().write_all(printable_lines(&error.render().to_string()).as_bytes());
    }
    error.print()
}

fn spelled(mut error: clap::Error) -> clap::Error {
    let spell = |text: &String| printable(text).into_owned();
    let spelled: Vec<(ContextKind, ContextValue)> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) => Some((kind, ContextValue::String(spell(text)))),
            ContextValue::Strings(texts) => Some((kind, ContextValue::Strings(texts.iter().map(spell).collect()))),
            _ => None,
        })
        .collect();
    // What is suggested instead repeats the argument in a form that cannot be spelled out.
    let repeats = |value: &ContextValue| matches!(value, ContextValue::String(text) if text.contains(is_unseen));
    if error.context().any(|(_, value)| repeats(value)) {
        error.insert(ContextKind::Suggested, ContextValue::None);
    }
    for (kind, value) in spelled {
        error.insert(kind, value);
    }
    error
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};

    use super::*;

    /// Characters of one byte and of several that turn letters, hide them or begin a sequence of a terminal.
    const TRICK: &str = "x\u{1b}[31m\u{9b}2J\u{202e}\u{200b}\ny";
    const SPELLED: &str = r"x\u{1b}[31m\u{9b}2J\u{202e}\u{200b}\ny";

    #[test]
    fn an_argument_can_do_nothing_to_a_terminal() {
        let command = || {
            let number = Arg::new("number").long("number").value_parser(clap::value_parser!(u16));
            Command::new("it").arg(number).subcommand(Command::new("exec").arg(Arg::new("one")))
        };
        for arguments in [vec!["it", TRICK], vec!["it", "--number", TRICK], vec!["it", "exec", "a", TRICK]] {
            let error = command().try_get_matches_from(&arguments).unwrap_err();
            let said = spelled(error).render().ansi().to_string();
            assert!(said.contains(SPELLED) && !said.contains(TRICK), "{arguments:?}: {said:?}");
        }
        // Where there is a place for it, the library suggests to say that it is no option, and repeats it.
        let exec = || Command::new("exec").arg(Arg::new("one"));
        let error = exec().try_get_matches_from(["exec", &format!("--{TRICK}")]).unwrap_err();
        let said = spelled(error).render().ansi().to_string();
        assert!(said.contains(&format!("--{SPELLED}")) && !said.contains("31m\u{9b}"), "{said:?}");
        let error = exec().try_get_matches_from(["exec", "--other"]).unwrap_err();
        assert!(spelled(error).render().to_string().contains("'-- --other'"), "a harmless one is suggested");
        let option = format!("--{TRICK}");
        let error = command().try_get_matches_from(["it", &option]).unwrap_err();
        let said = spelled(error).render().ansi().to_string();
        assert!(said.contains(&format!("--{SPELLED}")) && !said.contains(TRICK), "{said:?}");
    }
}
