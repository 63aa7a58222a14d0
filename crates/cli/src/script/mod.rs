//! What was typed, or stands in a file, cut into statements and commands; and the commands that a file may hold.
//!
//! A command is one line that begins with a colon where a statement could begin. Where a statement ends, the language
//! decides. What a session does with its commands is said in the shell.

mod parameters;

use std::path::Path;

use crate::command_error::CommandError;
pub(crate) use parameters::{Order, Parameters};

use aliasd_client::{Failure, GrpcCode};
use aliasd_cypher::{split_statements, unclosed};

/// Words that a person types who looks for a way out; at the begin of a statement they mean nothing else.
const BARE_COMMANDS: [&str; 3] = ["exit", "help", "quit"];

/// A line ends at LF, at CR LF and at CR alone, as for the language.
const LINE_END: [char; 2] = ['\n', '\r'];

/// A statement or a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item<'a> {
    /// Its line, counted from 1; where something is not closed, that of the opening.
    pub(crate) line: usize,
    /// Where it begins, in bytes.
    pub(crate) offset: usize,
    pub(crate) text: Text<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text<'a> {
    /// Without the semicolon.
    Statement {
        text: &'a str,
        /// There was a semicolon.
        is_closed: bool,
    },
    /// Without the colon.
    Command(&'a str),
    /// The rest of the text. A string, name or comment in it is never closed, so that nobody knows what it says.
    Unclosed(&'a str),
}

/// The items of a text in order.
pub(crate) fn items(text: &str) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    let (mut offset, mut line) = (0, 1);
    while let Some((piece, place)) = split_statements(&text[offset..]).next() {
        line += place.line - 1;
        let begin = offset + place.offset;
        let first_line = piece.split(LINE_END).next().unwrap_or_default().trim_end();
        let (item, length) = match first_line.strip_prefix(':') {
            Some(_) => {
                // A colon begins no statement, so the whole line is meant, semicolons included.
                let whole = text[begin..].split(LINE_END).next().unwrap_or_default();
                (Text::Command(whole[1..].trim().trim_end_matches(';').trim_end()), whole.len())
            }
            None if BARE_COMMANDS.iter().any(|bare| piece.eq_ignore_ascii_case(bare)) => {
                (Text::Command(piece), closed_length(&text[begin..], piece).1)
            }
            None => {
                let (is_closed, length) = closed_length(&text[begin..], piece);
                if !is_closed && let Some(rest) = unclosed_rest(text, begin) {
                    items.push(rest);
                    return items;
                }
                (Text::Statement { text: piece, is_closed }, length)
            }
        };
        items.push(Item { line, offset: begin, text: item });
        line += lines_ended(&text[begin..begin + length]);
        offset = begin + length;
    }
    // Comments behind everything else belong to no statement.
    items.extend(unclosed_rest(text, offset));
    items
}

/// The rest of a text from a place on, if something in it is never closed. Its line is that of the opening.
fn unclosed_rest(text: &str, offset: usize) -> Option<Item<'_>> {
    let (line, _) = unclosed(text, offset)?.position()?;
    Some(Item { line, offset, text: Text::Unclosed(&text[offset..]) })
}

fn lines_ended(text: &str) -> usize {
    text.matches(LINE_END).count() - text.matches("\r\n").count()
}

/// True if nothing is left open: no statement without its semicolon, no comment.
pub(crate) fn is_finished(text: &str) -> bool {
    let is_open = |item: &Item<'_>| matches!(item.text, Text::Statement { is_closed: false, .. } | Text::Unclosed(_));
    !items(text).iter().any(is_open)
}

/// Why the rest of a text cannot be run, from the item on that is not closed: what the language says of it, with line and column
/// in the whole text.
pub(crate) fn refuse_unclosed(text: &str, item: &Item<'_>) -> CommandError {
    let Some(error) = unclosed(text, item.offset) else {
        return CommandError::local("the text ends too early", "");
    };
    let code = error.code();
    let failure = Failure::rejected(GrpcCode::InvalidArgument, code.as_str(), error.to_string());
    CommandError::from(
        failure.with_neo4j(code.gql_status(), code.neo4j_code()).with_hint(error.hint().unwrap_or_default()),
    )
}

/// Whether a semicolon follows the piece, and how long they are together.
fn closed_length(text: &str, piece: &str) -> (bool, usize) {
    let after = &text[piece.len()..];
    let blank = after.len() - after.trim_start().len();
    match after[blank..].strip_prefix(';') {
        Some(_) => (true, piece.len() + blank + 1),
        None => (false, piece.len()),
    }
}

/// The failure of the first of these items, which are all that was left of a script. Its place is that in the script. Without a
/// file, a person has typed them and knows where.
pub(crate) fn at(failure: CommandError, file: Option<&Path>, script: &str, left: &[Item<'_>]) -> CommandError {
    let (Some(file), Some((item, after))) = (file, left.split_first()) else { return failure };
    let failure = if after.is_empty() { failure } else { failure.with_more_to_run() };
    let (failure, line) = match item.text {
        Text::Statement { .. } => failure.moved(item.offset, |offset| position(script, offset)),
        Text::Command(_) | Text::Unclosed(_) => (failure, None),
    };
    failure.at(format!("{}:{}", file.display(), line.unwrap_or(item.line)))
}

/// Line and column of a place in a text, as the language counts them: from 1, columns in characters.
fn position(text: &str, offset: usize) -> Option<(usize, usize)> {
    let before = text.get(..offset)?;
    let line_start = before.rfind(LINE_END).map_or(0, |end| end + 1);
    Some((lines_ended(before) + 1, before[line_start..].chars().count() + 1))
}

/// Commands of other shells, and what stands here in their place. Each has a meaning there that it cannot have here.
#[rustfmt::skip]
const FOREIGN: &[(&str, &str, &str)] = &[
    ("begin", "there are no transactions of several statements", "Every statement takes effect as a whole, by itself: leave :begin, :commit and :rollback out."),
    ("commit", "there are no transactions of several statements", "Every statement takes effect as a whole, by itself: leave :begin, :commit and :rollback out."),
    ("rollback", "there are no transactions of several statements", "What was done stays done: undo it with a statement."),
    ("connect", "a session stays with its cluster", "Start another one: `aliasctl shell --endpoints HOST:PORT --user NAME`."),
    ("disconnect", "a session stays with its cluster", "Leave with :exit."),
    ("impersonate", "a session acts for its own user", "`aliasctl resolve --as USER` and `aliasctl explain-access USER NAME` ask on behalf of another."),
    ("access-mode", "reading and writing statements are told apart by themselves", "Leave it out."),
    ("history", "the history is not listed", "Up and Down go through it, Ctrl-R searches it."),
    ("sysinfo", "there are no figures of a DBMS here", "`aliasctl cluster status` tells about the cluster."),
    ("auto", "there are no transactions of several statements", "Leave it out."),
];

/// Why a command of another shell means nothing here, with the way out; none if it is not known.
pub(crate) fn foreign(word: &str) -> Option<CommandError> {
    let (name, why, instead) = FOREIGN.iter().find(|(name, ..)| name.eq_ignore_ascii_case(word))?;
    Some(CommandError::local(format!(":{name}: {why}"), *instead))
}

/// `:use NAME`: administration belongs to the database `system`, so that one is always in use, and there is no other.
pub(crate) fn choose_database(name: &str) -> Result<(), CommandError> {
    let name = name.trim_matches('`');
    if name.eq_ignore_ascii_case("system") {
        return Ok(());
    }
    let hint = "Statements of this catalog need no :use. Queries go to the DBMS that holds the database.";
    Err(CommandError::local(":use: this catalog holds no data, so no database but system can be used", hint))
}

/// Whether a script goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    GoOn,
    Leave,
}

/// Does what a command in a file asks: only what has a meaning without a person.
pub(crate) fn command(text: &str, parameters: &mut Parameters) -> Result<Next, CommandError> {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    match word.to_ascii_lowercase().as_str() {
        "use" => choose_database(rest)?,
        "param" | "params" => match Order::read(rest)? {
            Order::Clear => parameters.clear(),
            Order::Set(name, value) => parameters.set(name, value)?,
            Order::SetAll(map) => parameters.set_all(map)?,
            Order::Show | Order::Ask(_) => {
                let hint = "It is `:param name => value` or `:param clear`. A secret is given as --param NAME=@FILE.";
                return Err(CommandError::local("this sets no parameter", hint));
            }
        },
        "exit" | "quit" if rest.is_empty() => return Ok(Next::Leave),
        _ => {
            // What follows the word may be a secret.
            let hint = "A file may hold :param, :use system and :exit; `aliasctl shell` has more.";
            let unknown = || CommandError::local(format!(":{word} is not a command of a script"), hint);
            return Err(foreign(word).unwrap_or_else(unknown));
        }
    }
    Ok(Next::GoOn)
}

#[cfg(test)]
mod tests {
    use aliasd_client::TextPosition;
    use clap::CommandFactory;

    use super::*;
    use crate::arguments::Arguments;

    fn shown(text: &str) -> Vec<String> {
        let show = |item: Item<'_>| match item.text {
            Text::Command(command) => format!("{}:{command}", item.line),
            Text::Statement { text, is_closed } => format!("{} {text}{}", item.line, if is_closed { ";" } else { "" }),
            Text::Unclosed(text) => format!("{}…{text}", item.line),
        };
        items(text).into_iter().map(show).collect()
    }

    #[test]
    fn statements_and_commands_take_turns() {
        let text = "// first\n:param x => 'a;b'\nSHOW\n  ROLES ;\n\n:exit;\nA; B";
        assert_eq!(shown(text), ["2:param x => 'a;b'", "3 SHOW\n  ROLES;", "6:exit", "7 A;", "7 B"]);
        assert_eq!(shown("A; :clear"), ["1 A;", "1:clear"]);
        assert_eq!(shown("A\n:clear;"), ["1 A\n:clear;"]);
        assert_eq!(shown("quit"), ["1:quit"]);
        assert_eq!(shown("Exit;"), ["1:Exit"]);
        assert_eq!(shown(";\n ;"), [""; 0]);
        let text = "// first\r:param x => 1\rSHOW\r  ROLES;\r\nA; // x\rB";
        assert_eq!(shown(text), ["2:param x => 1", "3 SHOW\r  ROLES;", "5 A;", "6 B"]);
    }

    #[test]
    fn what_is_never_closed_is_the_rest() {
        assert_eq!(shown("A;\n B 'x;\nC;\n"), ["1 A;", "2…B 'x;\nC;\n"]);
        assert_eq!(shown("A;\n // x\n /* B;\nC"), ["1 A;", "3…\n // x\n /* B;\nC"]);
        assert_eq!(shown("// x\n/* y"), ["2…// x\n/* y"]);
        assert_eq!(shown("A\n\n`x;"), ["3…A\n\n`x;"]);
        // Commands are lines, whatever is in them.
        assert_eq!(shown(":help it's\n:exit /*\nA"), ["1:help it's", "2:exit /*", "3 A"]);
    }

    #[test]
    fn what_is_open_goes_on() {
        for open in
            ["SHOW ROLES", "A 'x;", "A `x;", "A /* ;", "/* x", "A; B", "A // ;", "// x\n/* y", "A; /* x", ":help x\n/*"]
        {
            assert!(!is_finished(open), "{open}");
        }
        for closed in
            ["", " \n", "A;", "A; // x", ":param x", "exit", "A;\nB;", "// x", "/* x */", "A; /* x */", "A; // /*"]
        {
            assert!(is_finished(closed), "{closed}");
        }
    }

    #[test]
    fn the_place_of_an_error_is_that_in_the_script() {
        let script = "// first\nSHOW ROLES; /* ä */ DROP\r\n  NONSENSE x;\rDROP ROLE";
        let offset = script.find("DROP").unwrap();
        let moved = |place: Option<(u64, u64, u64)>, message: &str| {
            let place = place.map(|(line, column, offset)| TextPosition { offset, line, column });
            let error = Failure::bug(message).with_position(place);
            match CommandError::from(error).moved(offset, |offset| position(script, offset)) {
                (CommandError::Cluster { error, .. }, line) => (error.message, line),
                _ => unreachable!("it stays a failure of the cluster"),
            }
        };
        let text = "Invalid input 'NONSENSE'. (line 2, column 3 (offset: 8))\n    NONSENSE x\n    ^";
        let expected = "Invalid input 'NONSENSE'. (line 3, column 3 (offset: 38))\n    NONSENSE x\n    ^";
        assert_eq!(moved(Some((2, 3, 8)), text), (expected.to_owned(), Some(3)));
        let text = "Invalid input 'DROP'. (line 1, column 1 (offset: 0))\n  DROP\n  ^^^^";
        let expected = "Invalid input 'DROP'. (line 2, column 21 (offset: 30))\n  DROP\n  ^^^^";
        assert_eq!(moved(Some((1, 1, 0)), text), (expected.to_owned(), Some(2)));
        // What a message says of a place is not believed: a name may say so.
        let name = "Role 'x (line 1, column 1 (offset: 0))";
        assert_eq!(moved(None, name), (name.to_owned(), None));
        // A place that is none of the script; and one that the message does not say, or says of something else too.
        let text = "It ends. (line 1, column 1 (offset: 900))";
        assert_eq!(moved(Some((1, 1, 900)), text), (text.to_owned(), None));
        assert_eq!(moved(Some((2, 3, 8)), "It is cut …"), ("It is cut …".to_owned(), Some(3)));
        let text = "No '(line 1, column 1 (offset: 0))' here. (line 1, column 1 (offset: 0))\n  x";
        let expected = "No '(line 1, column 1 (offset: 0))' here. (line 2, column 21 (offset: 30))\n  x";
        assert_eq!(moved(Some((1, 1, 0)), text), (expected.to_owned(), Some(2)));
    }

    /// Every `aliasctl …` in a way out is a command line of this program.
    #[test]
    fn the_ways_out_are_there() {
        let aliasctl = Arguments::command();
        let mut named = 0;
        for line in FOREIGN.iter().flat_map(|(_, _, instead)| instead.split('`')) {
            let Some(words) = line.strip_prefix("aliasctl ") else { continue };
            named += 1;
            let mut command = &aliasctl;
            for word in words.split(' ') {
                if let Some(option) = word.strip_prefix("--") {
                    assert!(command.get_arguments().any(|it| it.get_long() == Some(option)), "{line}: {word}");
                } else if word.chars().all(|letter| letter.is_lowercase() || letter == '-') {
                    command = command.find_subcommand(word).unwrap_or_else(|| panic!("{line}: {word}"));
                }
            }
        }
        assert!(named >= 4, "{named} command lines are named");
    }

    #[test]
    fn a_file_may_set_parameters_and_use_system() {
        let mut parameters = Parameters::default();
        let mut done = |text: &str| command(text, &mut parameters);
        for text in ["param x => 'a;b'", "params {y: 2}", "use system", "USE `SYSTEM`"] {
            assert_eq!(done(text).unwrap(), Next::GoOn, "{text}");
        }
        assert_eq!(done("exit").unwrap(), Next::Leave);
        for (text, said) in [
            ("begin", ":begin: there are no transactions"),
            ("COMMIT", ":commit: there are no transactions"),
            ("rollback", ":rollback: there are no transactions"),
            ("use neo4j", "no database but system"),
            ("timing on", ":timing is not a command of a script"),
            ("param geheim", "sets no parameter"),
        ] {
            let failure = done(text).unwrap_err();
            assert!(format!("{failure:?}").contains(said) && !failure.hint().is_empty(), "{text}: {failure:?}");
        }
        assert_eq!(parameters.values().keys().collect::<Vec<_>>(), ["x", "y"]);
    }
}
