//! The commands of the shell itself, which begin with a colon: what they are called and what they explain.

use aliasd_cypher::{CommandPage, commands, nearest};
use unicode_width::UnicodeWidthStr;

use crate::arguments::RowFormat;
use crate::command_error::CommandError;
use crate::output::fields;
use crate::script::foreign;

/// Name, arguments and purpose of each command.
pub(super) const COMMANDS: [(&str, &str, &str); 12] = [
    ("help", "[COMMAND]", "Explain the shell, or a command: `:help CREATE ALIAS`"),
    ("param", "NAME => VALUE", "Set a parameter, for $NAME in statements"),
    ("param", "NAME", "Set a parameter to a secret, which is asked for and not shown"),
    ("param", "clear", "Forget all parameters"),
    ("params", "", "Show the parameters"),
    ("use", "system", "Say which database administration belongs to; it is the only one here"),
    ("source", "FILE", "Run the statements in a file, up to the first failure"),
    ("format", "table | json | csv", "Choose how rows are printed"),
    ("timing", "on | off", "Say how long a statement took, or not"),
    ("retry", "", "Send the statement again whose outcome is unknown; it takes effect once"),
    ("clear", "", "Clear the screen"),
    ("exit", "", "Leave; so do `:quit` and Ctrl-D"),
];

/// How wide an explanation is.
const HELP_COLUMNS_MAX: usize = 76;

/// A command that was understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meta<'a> {
    Help(&'a str),
    Param(&'a str),
    Params,
    Use(&'a str),
    Source(&'a str),
    Format(RowFormat),
    Timing(bool),
    Retry,
    Clear,
    Exit,
}

impl<'a> Meta<'a> {
    /// Reads a command, given without its colon.
    pub(super) fn read(text: &'a str) -> Result<Self, CommandError> {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        let alone = |meta| {
            let refusal = || CommandError::local(format!(":{word} takes no arguments"), "");
            if rest.is_empty() { Ok(meta) } else { Err(refusal()) }
        };
        match word.to_ascii_lowercase().as_str() {
            "help" => Ok(Self::Help(rest)),
            "param" => Ok(Self::Param(rest)),
            "params" => alone(Self::Params),
            "use" if !rest.is_empty() => Ok(Self::Use(rest)),
            "use" => Err(usage("use")),
            "source" if !rest.is_empty() => Ok(Self::Source(rest)),
            "format" => match rest.to_ascii_lowercase().as_str() {
                "table" => Ok(Self::Format(RowFormat::Table)),
                "json" => Ok(Self::Format(RowFormat::Json)),
                "csv" => Ok(Self::Format(RowFormat::Csv)),
                _ => Err(usage("format")),
            },
            "timing" => match rest.to_ascii_lowercase().as_str() {
                "on" => Ok(Self::Timing(true)),
                "off" => Ok(Self::Timing(false)),
                _ => Err(usage("timing")),
            },
            "source" => Err(usage("source")),
            "retry" => alone(Self::Retry),
            "clear" => alone(Self::Clear),
            "exit" | "quit" => alone(Self::Exit),
            unknown_word => {
                let names = COMMANDS.iter().map(|(name, _, _)| *name).chain(["quit"]);
                let hint = nearest(unknown_word, names).map(|near| format!("Did you mean :{near}?"));
                let hint = hint.unwrap_or_else(|| ":help lists the commands.".to_owned());
                // What follows the word may be a secret.
                let unknown = || CommandError::local(format!(":{word} is not a command of the shell"), hint);
                Err(foreign(unknown_word).unwrap_or_else(unknown))
            }
        }
    }
}

fn usage(name: &str) -> CommandError {
    let arguments = COMMANDS.iter().find(|(known, _, _)| *known == name).map_or("", |(_, arguments, _)| arguments);
    CommandError::local(format!(":{name} needs an argument"), format!("It is `:{name} {arguments}`."))
}

/// What `:help` and `:help COMMAND` print.
pub(super) fn help(about: &str) -> Result<String, CommandError> {
    let wanted: Vec<String> = about.trim_end_matches(';').split_whitespace().map(str::to_uppercase).collect();
    if wanted.is_empty() {
        return Ok(overview());
    }
    if let Some(name) = wanted[0].strip_prefix(':') {
        let known = COMMANDS.iter().filter(|(known, _, _)| known.eq_ignore_ascii_case(name));
        let lines: Vec<(&str, &str, &str)> = known.copied().collect();
        return if lines.is_empty() { Err(unknown(about)) } else { Ok(shell_commands(&lines)) };
    }
    let words = |page: &CommandPage| page.name.split(' ').map(str::to_uppercase).collect::<Vec<_>>();
    if let Some(page) = commands().iter().find(|page| words(page) == wanted) {
        return Ok(describe(page));
    }
    // `alias` and `show` are about several, and ALIASES may be written ALIAS.
    let is_about = |page: &&CommandPage| {
        let of = words(page);
        wanted.iter().all(|word| of.iter().any(|known| known.starts_with(word.as_str())))
    };
    match commands().iter().filter(is_about).collect::<Vec<_>>().as_slice() {
        [] => Err(unknown(about)),
        [page] => Ok(describe(page)),
        several => Ok(several.iter().map(|page| format!("{}\n", page.name)).collect()),
    }
}

fn unknown(about: &str) -> CommandError {
    let hint = nearest(about, commands().iter().map(|page| page.name)).map(|near| format!("Did you mean {near}?"));
    let hint = hint.unwrap_or_else(|| ":help lists the commands.".to_owned());
    CommandError::local("there is no help for that", hint)
}

fn overview() -> String {
    let mut text = "A statement ends with a semicolon and may have several lines.\n\n".to_owned();
    text.push_str(&shell_commands(&COMMANDS));
    text.push_str("\nKeys: Tab completes, Up and Down go through the history, Ctrl-R searches it,\n");
    text.push_str(
        "Ctrl-C cancels a statement or clears the line, Ctrl-D leaves.\n\nStatements, each with its own :help:\n",
    );
    for page in commands() {
        text.push_str(&format!("  {}\n", page.name));
    }
    text
}

fn shell_commands(lines: &[(&str, &str, &str)]) -> String {
    let named: Vec<(String, &str)> =
        lines.iter().map(|(name, arguments, purpose)| (format!("  :{name} {arguments}"), *purpose)).collect();
    let rows: Vec<(&str, String)> =
        named.iter().map(|(name, purpose)| (name.as_str(), (*purpose).to_owned())).collect();
    fields(&rows)
}

fn describe(page: &CommandPage) -> String {
    let CommandPage { syntax, effect, needs, example, .. } = page;
    let mut text = format!("{syntax}\n\n");
    for paragraph in [*effect, &format!("Needs: {needs}.")] {
        text.push_str(&wrapped(paragraph, ""));
    }
    text.push_str(&format!("\nExample:\n{}", wrapped(example, "  ")));
    for (form, columns) in page.columns {
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        let form = if form.is_empty() { String::new() } else { format!(" of {form}") };
        text.push_str(&format!("\nColumns{form}:\n{}", wrapped(&names.join(", "), "  ")));
    }
    if !page.refusals.is_empty() {
        text.push_str(&format!("\nMay be refused with:\n{}", wrapped(&page.refusals.join(", "), "  ")));
    }
    text
}

/// A paragraph in lines that are easy to read.
fn wrapped(paragraph: &str, indent: &str) -> String {
    let mut text = String::new();
    let mut width = 0;
    for word in paragraph.split(' ') {
        if width > 0 && width + 1 + word.width() > HELP_COLUMNS_MAX {
            text.push('\n');
            width = 0;
        }
        text.push_str(if width == 0 { indent } else { " " });
        text.push_str(word);
        width += 1 + word.width();
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_read() {
        for (name, arguments, _) in COMMANDS {
            let argument = arguments.split(' ').next().unwrap_or_default();
            assert!(Meta::read(&format!("{name} {argument}")).is_ok() || matches!(name, "timing" | "format"), "{name}");
        }
        assert_eq!(Meta::read("QUIT").unwrap(), Meta::Exit);
        assert_eq!(Meta::read("format  CSV").unwrap(), Meta::Format(RowFormat::Csv));
        assert_eq!(Meta::read("timing off").unwrap(), Meta::Timing(false));
        for wrong in ["format", "format xml", "timing", "source", "exit now", "retry 2"] {
            assert!(Meta::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_slip_of_the_finger_gets_a_suggestion() {
        assert_eq!(Meta::read("parma x => 'geheim'").unwrap_err().hint(), "Did you mean :param?");
        assert!(!format!("{:?}", Meta::read("parma x => 'geheim'").unwrap_err()).contains("geheim"));
        assert_eq!(Meta::read("nonsense").unwrap_err().hint(), ":help lists the commands.");
        assert!(format!("{:?}", Meta::read("begin").unwrap_err()).contains("no transactions of several statements"));
    }

    #[test]
    fn every_statement_has_its_help() {
        for page in commands() {
            assert!(help(page.name).unwrap().starts_with(page.syntax), "{}", page.name);
        }
        assert!(help("").unwrap().contains(":source FILE"));
        assert!(help("show alias").unwrap().starts_with("SHOW ALIAS"));
        assert!(help("alias").unwrap().contains("CREATE ALIAS\nALTER ALIAS\n"));
        assert!(help(":param").unwrap().contains("not shown"));
        assert_eq!(help("CREATE ALAIS").unwrap_err().hint(), "Did you mean CREATE ALIAS?");
    }
}
