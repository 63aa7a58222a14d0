//! What was typed before, kept in a file that only its owner can read, and never with a secret in it.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::script::{Text, items};
use aliasd_cypher::{PieceKind, pieces, without_secrets};
use reedline::{FileBackedHistory, HistoryItem, HistoryItemId, HistorySessionId, Result, SearchQuery};

/// Entries that are kept.
const ENTRIES_MAX: usize = 2000;

/// A history that covers secrets before they are kept, in memory too.
pub(super) struct History(FileBackedHistory);

impl History {
    /// The history in the file of this user. Also says what is wrong if it can only be kept in memory.
    pub(super) fn open() -> (Self, Option<String>) {
        let Some(path) = path(|name| std::env::var_os(name).map(PathBuf::from)) else {
            return (Self(FileBackedHistory::default()), None);
        };
        match Self::in_file(&path) {
            Ok(history) => (history, None),
            Err(error) => {
                let problem = format!("the history cannot be kept in {}: {error}", path.display());
                (Self(FileBackedHistory::default()), Some(problem))
            }
        }
    }

    fn in_file(path: &Path) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        FileBackedHistory::with_file(ENTRIES_MAX, path.to_owned()).map(Self).map_err(io::Error::other)
    }
}

/// `$XDG_STATE_HOME/aliasctl/history`, as the XDG Base Directory Specification has it.
fn path(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    // A relative path is to be ignored, says the specification.
    let state = variable("XDG_STATE_HOME").filter(|path| path.is_absolute());
    let state =
        state.or_else(|| variable("HOME").filter(|home| home.is_absolute()).map(|home| home.join(".local/state")));
    state.map(|state| state.join("aliasctl/history"))
}

/// A text as it may be kept; empty if nothing of it may be.
pub(super) fn kept(text: &str) -> String {
    let kept = |text: Text<'_>| match text {
        Text::Statement { text, is_closed } => {
            // What resembles no statement may be a password that was typed into the wrong window.
            pieces(text).iter().find(|(_, kind)| *kind == PieceKind::Keyword)?;
            Some(format!("{}{}", without_secrets(text), if is_closed { ";" } else { "" }))
        }
        Text::Command(command) => kept_command(command),
        // What is covered, and so what is not, depends on where it ends.
        Text::Unclosed(_) => None,
    };
    items(text).into_iter().filter_map(|item| kept(item.text)).collect::<Vec<_>>().join("\n")
}

/// Any value of a parameter may be a secret. Without it, the command asks for it when it comes back.
fn kept_command(command: &str) -> Option<String> {
    let (word, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    match word {
        "param" => {
            let name = rest.trim_start().split([' ', '\t', '=', ':']).next()?;
            let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
            is_name.then(|| format!(":param {name}"))
        }
        "source" | "help" | "format" | "timing" | "params" | "retry" => Some(format!(":{command}")),
        // Not worth going back to, or a slip of the finger with who knows what behind it.
        _ => None,
    }
}

impl reedline::History for History {
    fn save(&mut self, mut item: HistoryItem) -> Result<HistoryItem> {
        item.command_line = kept(&item.command_line);
        self.0.save(item)
    }

    fn load(&self, id: HistoryItemId) -> Result<HistoryItem> {
        self.0.load(id)
    }

    fn count(&self, query: SearchQuery) -> Result<i64> {
        self.0.count(query)
    }

    fn search(&self, query: SearchQuery) -> Result<Vec<HistoryItem>> {
        self.0.search(query)
    }

    fn update(&mut self, id: HistoryItemId, updater: &dyn Fn(HistoryItem) -> HistoryItem) -> Result<()> {
        self.0.update(id, updater)
    }

    fn clear(&mut self) -> Result<()> {
        self.0.clear()
    }

    fn delete(&mut self, id: HistoryItemId) -> Result<()> {
        self.0.delete(id)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()
    }

    fn session(&self) -> Option<HistorySessionId> {
        self.0.session()
    }
}

#[cfg(test)]
mod tests {
    use reedline::{History as _, SearchDirection};

    use super::*;

    #[test]
    fn a_secret_is_never_kept() {
        for text in [
            "ALTER USER u SET PASSWORD 'geheim';",
            "ALTER USER u SET PASWORD geheim;",
            "SHOW ROLES; CREATE USER u SET PASSWORD 'geheim' CHANGE NOT REQUIRED;",
            "geheim;",
            "my geheim;",
            ":param p => 'geheim'",
            ":param {p: 'geheim'}",
            ":param p=>geheim",
            ":parma p => 'geheim'",
        ] {
            assert!(!kept(text).contains("geheim"), "{}", kept(text));
        }
        assert_eq!(kept(":param p => 'geheim'"), ":param p");
        assert_eq!(
            kept("SHOW ROLES; ALTER USER u SET PASSWORD 'x';"),
            "SHOW ROLES;\nALTER USER u SET PASSWORD '******';"
        );
    }

    #[test]
    fn the_rest_is_kept_as_it_was_typed() {
        for text in ["SHOW ALIASES\n  FOR DATABASE;", "CRAETE ROLE r;", ":source a.cypher", "CREATE ROLE `x;y`;"] {
            assert_eq!(kept(text), text);
        }
        assert_eq!(kept(":exit"), "");
    }

    #[test]
    fn the_file_is_readable_by_its_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state/aliasctl/history");
        let mut history = History::in_file(&path).unwrap();
        history.save(HistoryItem::from_command_line("SHOW\nROLES;")).unwrap();
        drop(history);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let history = History::in_file(&path).unwrap();
        let query = SearchQuery::everything(SearchDirection::Backward, None);
        assert_eq!(history.search(query).unwrap()[0].command_line, "SHOW\nROLES;");
    }

    #[test]
    fn the_place_is_that_of_the_specification() {
        let with = |state: Option<&str>, home: Option<&str>| {
            path(|name| if name == "HOME" { home } else { state }.map(PathBuf::from))
        };
        assert_eq!(with(Some("/s"), Some("/h")), Some("/s/aliasctl/history".into()));
        assert_eq!(with(Some("s"), Some("/h")), Some("/h/.local/state/aliasctl/history".into()));
        assert_eq!(with(None, None), None);
    }
}
