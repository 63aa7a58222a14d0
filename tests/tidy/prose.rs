//! Doc comments say something: neither a lone question word, nor one word that stands in the item's name already.

use crate::workspace::Source;

/// What a sentence may begin with and still say nothing.
const EMPTY: [&str; 9] = ["a", "an", "the", "its", "this", "that", "one", "every", "each"];
/// What answers nothing when it stands alone.
const QUESTIONS: [&str; 12] =
    ["which", "what", "who", "whom", "whose", "where", "when", "why", "how", "since", "as", "of"];
/// What may stand between a doc comment and the name of its item.
const BEFORE_A_NAME: [&str; 13] =
    ["pub", "crate", "super", "const", "async", "unsafe", "fn", "struct", "enum", "trait", "type", "static", "mod"];

/// Doc comments of one line that fill the place of one.
pub(crate) fn fillers(sources: &[Source]) -> Vec<String> {
    let mut out = Vec::new();
    for source in sources {
        let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(text) = doc(line) else { continue };
            let continues = |neighbour: Option<&&str>| neighbour.is_some_and(|line| doc(line).is_some());
            if continues(at.checked_sub(1).and_then(|before| lines.get(before))) || continues(lines.get(at + 1)) {
                continue;
            }
            let item = lines[at + 1..].iter().find(|line| !line.starts_with("#["));
            if is_filler(text, item.map_or("", |line| name(line))) {
                out.push(format!("{}:{}: {line}", source.path, at + 1));
            }
        }
    }
    out
}

fn doc(line: &str) -> Option<&str> {
    line.strip_prefix("///").filter(|rest| !rest.starts_with('/'))
}

/// The name that a declaration gives, or the empty text.
fn name(line: &str) -> &str {
    let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    words.find(|word| !BEFORE_A_NAME.contains(word)).unwrap_or_default()
}

fn is_filler(text: &str, name: &str) -> bool {
    // What is in code type is the thing itself, such as the keyword that a variant stands for.
    if text.contains('`') {
        return false;
    }
    let words: Vec<String> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let said: Vec<&str> = words.iter().map(String::as_str).filter(|word| !EMPTY.contains(word)).collect();
    match said[..] {
        [] => true,
        [word] if parts(name).iter().any(|part| stem(part) == stem(word)) => true,
        _ => said.iter().all(|word| QUESTIONS.contains(word)),
    }
}

/// The words of `a_name` or `AName`, in lower case.
fn parts(name: &str) -> Vec<String> {
    let mut out: Vec<String> = vec![String::new()];
    for c in name.chars() {
        if c == '_' || c.is_uppercase() {
            out.push(String::new());
        }
        if let Some(last) = out.last_mut().filter(|_| c != '_') {
            last.extend(c.to_lowercase());
        }
    }
    out
}

/// A word without its ending, as far as that tells "vote" and "votes" from others.
fn stem(word: &str) -> &str {
    word.strip_suffix('s').unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_that_says_nothing_is_found() {
        let found = |text: &str| fillers(&[Source::example("a.rs", text)]).len();
        assert_eq!(found("/// Which.\nenum A {}"), 1);
        assert_eq!(found("    /// As whom.\n    login: Login,"), 1);
        assert_eq!(found("/// This one.\nNamed(Name),"), 1);
        assert_eq!(found("/// Its name.\npub fn name(&self) {}"), 1);
        assert_eq!(found("/// The vote.\n#[serde(skip)]\npub(crate) vote: Vote,"), 1);
        assert_eq!(found("/// One command.\nstruct CommandPage;"), 1);
        assert_eq!(found("/// Users.\nUser,"), 1);
        assert_eq!(found("/// `USER`.\nUser,"), 0);
        assert_eq!(found("/// The node that leads.\nnode: NodeId,"), 0);
        assert_eq!(found("/// Its number.\nnode: NodeId,"), 0);
        assert_eq!(found("/// The node.\n/// It never changes.\nnode: NodeId,"), 0);
    }
}
