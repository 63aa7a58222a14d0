//! What Tab offers: keywords that the grammar allows next, and names that the cluster knows.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aliasd_client::{Client, Statement, Value};
use aliasd_cypher::{PieceKind, commands, continuation, pieces};
use reedline::{CompletionResult, Span, Suggestion};
use tokio::runtime::Handle;

use super::meta::COMMANDS;
use crate::script::{Text, items};

/// How long a person waits for names at most.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// How long names are believed.
const CACHE_AGE_MAX: Duration = Duration::from_secs(10);

/// The listings that know names: what the grammar calls them, and the statement. Names that begin alike are found, at most
/// a screen full: a catalog may have a million.
const LISTINGS: [(&str, &[&str]); 4] = [
    (
        "SHOW ALIASES FOR DATABASE YIELD name WHERE toLower(name) STARTS WITH $prefix RETURN name ORDER BY name LIMIT 100",
        &["an alias name", "a target database name", "a database name", "a graph name"],
    ),
    (
        "SHOW DATABASES YIELD name WHERE toLower(name) STARTS WITH $prefix RETURN name ORDER BY name LIMIT 100",
        &["a target database name", "a database name", "a graph name"],
    ),
    (
        "SHOW USERS YIELD user WHERE toLower(user) STARTS WITH $prefix RETURN user ORDER BY user LIMIT 100",
        &["a user name"],
    ),
    (
        "SHOW ROLES YIELD role WHERE toLower(role) STARTS WITH $prefix RETURN role ORDER BY role LIMIT 100",
        &["a role name"],
    ),
];

/// What the session knows that completion needs; shared with it.
pub(super) struct Known {
    pub(super) client: Client,
    pub(super) parameters: Vec<String>,
    cache: Vec<Cached>,
}

struct Cached {
    statement: &'static str,
    prefix: String,
    names: Vec<String>,
    since: Instant,
}

/// Offers completions. Waits for the cluster a moment at most, and never says why there are none.
pub(super) struct Completer {
    known: Arc<Mutex<Known>>,
    runtime: Handle,
}

/// Something to offer, in the place of what is there from `begin` on.
struct Offer {
    begin: usize,
    texts: Vec<String>,
}

// === impl Known ===

impl Known {
    pub(super) fn new(client: Client) -> Self {
        Self { client, parameters: Vec::new(), cache: Vec::new() }
    }

    /// Forgets names, after a statement that may have changed them.
    pub(super) fn forget(&mut self) {
        self.cache.clear();
    }
}

// === impl Completer ===

impl Completer {
    pub(super) fn new(known: Arc<Mutex<Known>>, runtime: Handle) -> Self {
        Self { known, runtime }
    }

    fn offer(&self, line: &str) -> Offer {
        let items = items(line);
        // Where the line ends in a closed statement, another one may begin.
        let open = items.last().filter(|item| !matches!(item.text, Text::Statement { is_closed: true, .. }));
        match open.map(|item| (item.offset, item.text)) {
            Some((offset, Text::Command(_))) if line[offset..].starts_with(':') => {
                match line[offset..].contains(['\n', '\r']) {
                    true => self.statement("", line.len()),
                    false => command(&line[offset..], offset),
                }
            }
            Some((offset, _)) => self.statement(&line[offset..], offset),
            None if line.trim_end().ends_with(':') => command(":", line.trim_end().len() - 1),
            None => self.statement("", line.len()),
        }
    }

    fn statement(&self, text: &str, offset: usize) -> Offer {
        let begin = word_begin(text);
        let word = &text[begin..];
        let nothing = Offer { begin: offset + begin, texts: Vec::new() };
        if word.starts_with(['\'', '"', '/']) {
            return nothing;
        }
        let next = continuation(&text[..begin]);
        if let Some(prefix) = word.strip_prefix('$') {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let names = known.parameters.iter().filter(|name| name.starts_with(prefix));
            return Offer { texts: names.map(|name| format!("${name}")).collect(), ..nothing };
        }
        let mut texts = Vec::new();
        if !word.starts_with('`') {
            let is_lower = !word.is_empty() && !word.chars().any(char::is_uppercase);
            let fits = next.keywords.iter().filter(|keyword| keyword.starts_with(&word.to_uppercase()));
            texts.extend(fits.map(|keyword| if is_lower { keyword.to_lowercase() } else { (*keyword).to_owned() }));
            if next.kinds.contains(&"a column name") {
                texts.extend(columns(text).filter(|column| column.starts_with(word)).map(str::to_owned));
            }
        }
        let prefix = word.trim_start_matches('`').replace("``", "`").to_lowercase();
        for (statement, kinds) in LISTINGS {
            if kinds.iter().any(|kind| next.kinds.contains(kind)) {
                texts.extend(self.names(statement, &prefix).iter().map(|name| spelled(name, word.starts_with('`'))));
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        texts.retain(|text| seen.insert(text.clone()));
        Offer { texts, ..nothing }
    }

    /// Names that the cluster knows. None, if it does not tell.
    fn names(&self, statement: &'static str, prefix: &str) -> Vec<String> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.cache.retain(|cached| cached.since.elapsed() < CACHE_AGE_MAX);
        if let Some(cached) = known.cache.iter().find(|cached| cached.statement == statement && cached.prefix == prefix)
        {
            return cached.names.clone();
        }
        let client = known.client.clone();
        let asked = Statement::new(statement).parameter("prefix", prefix);
        let answer = async { client.execute(asked).await?.collect().await };
        let answer = self.runtime.block_on(async { tokio::time::timeout(WAIT_MAX, answer).await });
        let rows = answer.ok().and_then(Result::ok).map(|(rows, _)| rows).unwrap_or_default();
        let name = |row: Vec<Value>| match row.into_iter().next() {
            Some(Value::String(name)) => Some(name),
            _ => None,
        };
        let names: Vec<String> = rows.into_iter().filter_map(name).collect();
        known.cache.push(Cached { statement, prefix: prefix.to_owned(), names: names.clone(), since: Instant::now() });
        names
    }
}

impl reedline::Completer for Completer {
    fn complete(&mut self, line: &str, position: usize) -> CompletionResult {
        let offer = self.offer(&line[..position]);
        let suggestion = |value: String| Suggestion {
            value,
            span: Span::new(offer.begin, position),
            append_whitespace: true,
            ..Suggestion::default()
        };
        CompletionResult::fresh(offer.texts.into_iter().map(suggestion).collect::<Vec<_>>())
    }
}

/// Where the word at the end of a statement begins; its end, if there is none. A dotted name is one word.
fn word_begin(text: &str) -> usize {
    let mut begin = text.len();
    for (span, kind) in pieces(text).into_iter().rev() {
        let is_word = match kind {
            PieceKind::Name | PieceKind::Keyword | PieceKind::Parameter => true,
            PieceKind::String | PieceKind::Comment => begin == text.len(),
            PieceKind::Unknown => &text[span.start..span.end] == "$",
            PieceKind::Symbol => &text[span.start..span.end] == "." && begin < text.len() || text.ends_with('.'),
            PieceKind::Number => false,
        };
        if span.end != begin || !is_word {
            break;
        }
        begin = span.start;
    }
    begin
}

/// The columns of the listing that a text begins.
fn columns(text: &str) -> impl Iterator<Item = &'static str> {
    let page = aliasd_cypher::command_of(text);
    let tables = page.map_or(&[][..], |page| page.columns);
    tables.iter().flat_map(|(_, columns)| columns.iter().map(|column| column.name))
}

/// A name as it is written in a statement.
fn spelled(name: &str, is_quoted: bool) -> String {
    let is_bare = |part: &str| {
        part.starts_with(|first: char| first == '_' || first.is_alphabetic())
            && part.chars().all(|letter| letter == '_' || letter.is_alphanumeric())
    };
    if !is_quoted && name.split('.').all(is_bare) { name.to_owned() } else { format!("`{}`", name.replace('`', "``")) }
}

/// Completes a command of the shell.
fn command(text: &str, offset: usize) -> Offer {
    let Some((word, rest)) = text.split_once(char::is_whitespace) else {
        let names = COMMANDS.iter().map(|(name, _, _)| format!(":{name}")).filter(|name| name.starts_with(text));
        let mut texts: Vec<String> = names.collect();
        texts.dedup();
        return Offer { begin: offset, texts };
    };
    let rest = rest.trim_start();
    let begin = offset + text.len() - rest.len();
    let texts = match word {
        ":help" => {
            let fits = |page: &&str| page.starts_with(&rest.to_uppercase());
            commands().iter().map(|page| page.name).filter(fits).map(str::to_owned).collect()
        }
        ":format" => of(&["table", "json", "csv"], rest),
        ":timing" => of(&["on", "off"], rest),
        ":param" => of(&["clear"], rest),
        ":source" => return files(rest, begin),
        _ => Vec::new(),
    };
    Offer { begin, texts }
}

fn of(words: &[&str], prefix: &str) -> Vec<String> {
    words.iter().filter(|word| word.starts_with(prefix)).map(|word| (*word).to_owned()).collect()
}

/// Files and directories that begin so.
fn files(path: &str, offset: usize) -> Offer {
    let (directory, prefix) = path.rsplit_once('/').map_or(("", path), |(directory, file)| (directory, file));
    let place = match directory {
        "" if path.starts_with('/') => "/",
        "" => ".",
        directory => directory,
    };
    let mut texts: Vec<String> = std::fs::read_dir(place)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.starts_with(prefix) && (!name.starts_with('.') || prefix.starts_with('.')))
        .collect();
    texts.sort();
    Offer { begin: offset + path.len() - prefix.len(), texts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_what_would_be_replaced() {
        let word = |text: &str| text[word_begin(text)..].to_owned();
        assert_eq!(word("DROP ALIAS fi"), "fi");
        assert_eq!(word("DROP ALIAS "), "");
        assert_eq!(word("DROP ALIAS garden.fl"), "garden.fl");
        assert_eq!(word("DROP ALIAS garden."), "garden.");
        assert_eq!(word("DROP ALIAS `my al"), "`my al");
        assert_eq!(word("DROP ALIAS $p"), "$p");
        assert_eq!(word("DROP ALIAS $"), "$");
        assert_eq!(word("AT 'neo4j"), "'neo4j");
        assert_eq!(word("GRANT ROLE a,b"), "b");
        assert_eq!(word("LIMIT 5"), "");
    }

    #[test]
    fn a_name_is_quoted_where_it_has_to_be() {
        assert_eq!(spelled("films", false), "films");
        assert_eq!(spelled("garden.flowers", false), "garden.flowers");
        assert_eq!(spelled("my-alias", false), "`my-alias`");
        assert_eq!(spelled("a`b", false), "`a``b`");
        assert_eq!(spelled("films", true), "`films`");
        assert_eq!(spelled("1st", false), "`1st`");
    }

    #[test]
    fn commands_of_the_shell_are_completed() {
        let texts = |text: &str| command(text, 0).texts;
        assert_eq!(texts(":p"), [":param", ":params"]);
        assert_eq!(texts(":help create al"), ["CREATE ALIAS"]);
        assert_eq!(texts(":format j"), ["json"]);
        assert_eq!(command(":timing o", 3).begin, 11);
    }
}
