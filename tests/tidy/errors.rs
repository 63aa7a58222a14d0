//! Errors say what happened, once: what an error's source says is in the chain, and not in the error's own words too. An
//! error that is shown is the source, then.

use crate::rust;
use crate::shape::is_test_file;
use crate::workspace::Source;

/// Variants and structs whose `#[error("…")]` shows a field that is also their source, or an error that should be it.
pub(crate) fn doubled_sources(sources: &[Source]) -> Vec<String> {
    let mut out = Vec::new();
    for source in sources.iter().filter(|source| !is_test_file(&source.path)) {
        let code: Vec<char> = rust::code(&source.text).chars().collect();
        let text: Vec<char> = source.text.chars().collect();
        for at in positions(&code, "#[error(") {
            let open = at + "#[error".len();
            let close = closing(&code, open);
            let shown = shown(&text[open + 1..close], &code[open + 1..close]);
            let (name, fields) = item(&code, close + 2);
            let doubled = fields.iter().filter(|field| field.is_source && shown.contains(&field.name));
            out.extend(doubled.map(|field| format!("{}: {name} shows its source {}", source.path, field.name)));
            // What makes no chain of it is not seen by whoever looks for what caused it.
            let lost = fields.iter().filter(|field| !field.is_source && field.is_error && shown.contains(&field.name));
            out.extend(
                lost.map(|field| format!("{}: {name} shows the error {}: make it the source", source.path, field.name)),
            );
        }
    }
    out
}

/// A field of a variant or struct, by name or number.
struct Field {
    name: String,
    is_source: bool,
    /// By the name of its type.
    is_error: bool,
}

/// Where a text begins.
fn positions(code: &[char], wanted: &str) -> Vec<usize> {
    let wanted: Vec<char> = wanted.chars().collect();
    code.windows(wanted.len()).enumerate().filter(|(_, window)| *window == wanted).map(|(at, _)| at).collect()
}

/// Where the bracket that opens here is closed.
fn closing(code: &[char], open: usize) -> usize {
    let mut depth = 0;
    for (at, c) in code.iter().enumerate().skip(open) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    code.len()
}

/// The fields that an `#[error(…)]` shows: those that its text names, and those that its arguments mention.
fn shown(text: &[char], code: &[char]) -> Vec<String> {
    let text: String = text.iter().collect();
    let mut out: Vec<String> = rust::tokens(&code.iter().collect::<String>());
    let mut rest = text.replace("{{", "");
    while let Some(start) = rest.find('{') {
        let inside = rest.split_off(start + 1);
        let end = inside.find(['}', ':']).unwrap_or(inside.len());
        out.push(inside[..end].to_owned());
        rest = inside[end..].to_owned();
    }
    out
}

/// The variant or struct that begins here, behind what else is said of it.
fn item(code: &[char], mut at: usize) -> (String, Vec<Field>) {
    let mut name = String::new();
    while at < code.len() {
        match code[at] {
            '#' => at = closing(code, at + 1),
            '(' if name == "pub" => at = closing(code, at),
            '(' | '{' => {
                let inside = &code[at + 1..closing(code, at)];
                return (name, fields(inside, code[at] == '{'));
            }
            ',' | ';' | '}' => return (name, Vec::new()),
            c if c.is_whitespace() => {}
            _ => {
                let word: String = code[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
                at += word.chars().count().saturating_sub(1);
                if !word.is_empty() {
                    name = word;
                }
            }
        }
        at += 1;
    }
    (name, Vec::new())
}

fn fields(inside: &[char], are_named: bool) -> Vec<Field> {
    let mut out = Vec::new();
    let (mut start, mut depth) = (0, 0_i32);
    for (at, c) in inside.iter().chain(&[',']).enumerate() {
        match c {
            '(' | '[' | '{' | '<' => depth += 1,
            ')' | ']' | '}' | '>' => depth -= 1,
            ',' if depth == 0 => {
                let field: String = inside[start..at].iter().collect();
                start = at + 1;
                if !field.trim().is_empty() {
                    out.push(one_field(&field, are_named, out.len()));
                }
            }
            _ => {}
        }
    }
    out
}

fn one_field(field: &str, is_named: bool, number: usize) -> Field {
    let marked = field.contains("#[from]") || field.contains("#[source]");
    let tokens = rust::tokens(field);
    let colon = tokens.iter().position(|token| token == ":").filter(|_| is_named);
    let name = colon.and_then(|colon| tokens.get(colon.wrapping_sub(1)).cloned());
    let is_source = marked || name.as_deref() == Some("source");
    let is_error = tokens[colon.unwrap_or(0)..].iter().any(|token| is_error_type(token));
    Field { name: name.unwrap_or_else(|| number.to_string()), is_source, is_error }
}

fn is_error_type(name: &str) -> bool {
    name.ends_with("Error") || ["Failure", "Refusal", "Rejection", "StorageFault", "StopReason"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_is_said_twice_is_found() {
        let found = |text: &str| doubled_sources(&[Source::example("crates/node/src/node.rs", text)]).len();
        assert_eq!(found(r#"enum E { #[error("no: {0}")] No(#[from] io::Error) }"#), 1);
        assert_eq!(found(r#"enum E { #[error("no: {0:?}")] No(#[source] Box<dyn Error + Send>) }"#), 1);
        assert_eq!(found(r#"enum E { #[error("{path}: {source}")] No { path: PathBuf, source: io::Error } }"#), 1);
        assert_eq!(found(r#"enum E { #[error("no: {why}")] No { /** a { */ #[source] why: io::Error } }"#), 1);
        assert_eq!(found(r#"enum E { #[error("no: {}", source.kind())] No { source: io::Error } }"#), 1);
        assert_eq!(found(r#"#[error("no: {1}")] pub(crate) struct No(u8, #[source] pub(crate) io::Error);"#), 1);
        assert_eq!(found(r#"enum E { #[error("no: {0}")] No(TokenError) }"#), 1);
        assert_eq!(found(r#"enum E { #[error("no: {why}")] No { why: io::Error } }"#), 1);
        assert_eq!(found(r#"enum E { #[error("no")] No { why: io::Error } }"#), 0);
        assert_eq!(found(r#"enum E { #[error("no {0}")] No(u64), #[error("x")] X(#[from] io::Error) }"#), 0);
        assert_eq!(found(r#"enum E { #[error("no {0}")] No(u64, #[source] io::Error) }"#), 0);
        assert_eq!(found(r#"enum E { #[error(transparent)] No(#[from] io::Error) }"#), 0);
        assert_eq!(found(r#"enum E { #[error("{path} {{source}}")] No { path: PathBuf, source: io::Error } }"#), 0);
        assert_eq!(found(r#"enum E { #[error("no: {reason}")] No { reason: String }, Yes }"#), 0);
    }
}
