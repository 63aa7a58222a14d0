//! docs/language.md is made from the table of commands. `UPDATE_DOCS=1` writes it.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use aliasd_cypher::commands;

use crate::session::Session;

const INTRODUCTION: &str = "\
# The administration language

<!-- Generated from the table of commands in crates/cypher. A test keeps it current. -->

Neo4j's administration commands, as far as a catalog of databases, aliases, users, roles and privileges goes.
Keywords are case-insensitive and usable as names. A name that is not made of letters, digits and underscores is
written in backticks. A value may be a parameter, `$name`; a parameter stands for a whole name, text or map. A
statement may begin with `CYPHER 5` or `CYPHER 25`; without, it is Cypher 25. Several statements in one text are
separated by semicolons. Comments are `// …` and `/* … */`.

In the syntax below, `[…]` may be left out, `{…}` groups, `|` is a choice and `…` repeats what is before it. The
`clauses` of a listing are `[WHERE condition]`, or

```text
YIELD { * | column [AS name], … } [ORDER BY expression [ASC | DESC], …] [SKIP n | OFFSET n] [LIMIT n]
  [WHERE condition]
  [RETURN [DISTINCT] { * | expression [AS name], … } [ORDER BY …] [SKIP n | OFFSET n] [LIMIT n]]
```

Refusals and their codes are in [errors.md](errors.md).
";

fn page() -> String {
    let mut page = String::from(INTRODUCTION);
    for command in commands() {
        let _infallible = write!(
            page,
            "\n## {}\n\n```text\n{}\n```\n\n{} Needs: {}.\n\n```cypher\n{}\n```\n",
            command.name, command.syntax, command.effect, command.privilege, command.example
        );
    }
    page
}

#[test]
fn the_language_page_is_current() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/language.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, page()).expect("docs/ can be written");
    }
    let current = fs::read_to_string(&file).unwrap_or_default();
    assert!(current == page(), "docs/language.md is out of date: `cargo xtask fix` regenerates it");
}

/// Every example without parameters is said to a catalog, and refused only because something is missing.
#[test]
fn examples_reach_the_catalog() {
    for command in commands().iter().filter(|command| !command.example.contains('$')) {
        let answer = Session::new().say("admin", command.example);
        let missing = ["NOT_FOUND", "NO_SUCH_DATABASE", "TARGET_NOT_FOUND"].iter().any(|code| answer.contains(code));
        assert!(!answer.starts_with("refused") || missing, "{}\n{answer}", command.example);
    }
}
