//! docs/language.md is made from the table of commands. `UPDATE_DOCS=1` writes it.

#![expect(clippy::disallowed_methods, reason = "this test reads a page of docs/, and writes it when it is asked to")]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use aliasd_cypher::{CommandPage, GENERAL_REFUSALS, LISTING_REFUSALS, commands, definitions, unsupported};

const INTRODUCTION: &str = "\
# The administration language

<!-- Generated from the table of commands in crates/cypher. A test keeps it current. -->

Neo4j's administration commands, as far as a catalog of databases, aliases, users, roles and privileges goes.
Keywords are case-insensitive and usable as names. A name that is not made of letters, digits and underscores, as far
as Unicode 13 has them outside of its supplementary planes, is written in backticks. A value may be a parameter, `$name`; a parameter stands for a whole name, text or map. A
statement may begin with `CYPHER 5` or `CYPHER 25`; without, it is Cypher 25. Statements in a file or in the shell are
separated by semicolons. Comments are `// …`, up to the end of the line (LF, CR LF or CR), and `/* … */`.

A statement is Unicode text of at most 1 MiB; the interfaces refuse bytes that are not UTF-8 before the language sees
them. A list, map or chain of operators has at most 10,000 members, expressions are nested at most 64 levels deep, and
an expression goes through at most 16 MiB of values for one row. Control characters, zero-width characters and those
that turn the direction of text stand in strings and backticks only; a byte order mark may begin a statement. Elsewhere
they are refused, as is a comment that turns the direction of text. A string is printed, in logs too, with such
characters escaped.

An expression is made of literals, columns, parameters, lists and maps; `OR`, `XOR`, `AND`, `NOT`, comparisons, `IN`,
`STARTS WITH`, `ENDS WITH`, `CONTAINS`, `=~`, `IS [NOT] NULL`, `+`, `-`, `||`, `*`, `/`, `%`, `^`; `a.b`, `a[i]`,
`a[i..j]`; `CASE`; `[x IN list WHERE condition | expression]`, `all`, `any`, `none` and `single(x IN list WHERE
condition)`, `reduce(a = start, x IN list | expression)`; functions of text, numbers, lists and durations; and in
`RETURN` the aggregations `count`, `collect`, `min`, `max`, `sum` and `avg`, also inside of larger expressions. There is
no graph, so `EXISTS {…}`, `COUNT {…}`, `COLLECT {…}` and patterns are refused.

In the syntax below, `[…]` may be left out, `{…}` groups, `|` is a choice and `…` repeats what is before it. Words
in lower case are names and values, or stand for what is defined here:

```text
{definitions}
```

What stands in `YIELD` is the names of columns, `n` is a whole number, and `SKIP` and `LIMIT` of a `RETURN` are expressions
without columns. In a `pattern`, `*` and `?` stand for other characters. A `comparison` is one of one property, such as
`n.classification = 'public'`; its sides may be swapped, and of a relationship the arrow may point either way.
Privileges have more spellings, which Neo4j has too, such as `INDEX` for `INDEX MANAGEMENT`.

With `CYPHER 5` there is none of what came with Cypher 25: `OIDC CREDENTIAL FORWARDING`, `SET` before `DEFAULT LANGUAGE` of
`CREATE DATABASE`, `USER[S]` after `TO` and `FROM` of roles, tags, `ALTER USERS`, auth rules, the privileges on tags and
auth rules, `ALTER [COMPOSITE] DATABASE`, `SET DATABASE ACCESS` and `SET DATABASE DEFAULT LANGUAGE` on single databases, and
the columns that say so below. What only Cypher 5 has: a name of two parts that are quoted by themselves, except for a
database that is created, and `(*)` after what `TRAVERSE`, `READ` and `MATCH` are about, which means nothing.

What Neo4j has and this catalog has not is refused as `NOT_SUPPORTED`, by name:

| not here | because | instead |
|---|---|---|
{unsupported}

Each refusal has a code, which [errors.md](errors.md) explains. Below, each command lists those of its own, in the
order in which they are looked for.";

/// Codes in a sentence of their own.
fn codes(codes: &[&str]) -> String {
    codes.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", ")
}

fn columns(page: &mut String, command: &CommandPage) {
    for (form, columns) in command.columns {
        let of = if form.is_empty() { String::new() } else { format!(" with `{form}`") };
        let _infallible = write!(page, "\n| column{of} | type | shown | only |\n|---|---|---|---|\n");
        for column in *columns {
            let shown = if column.brief { "always" } else { "with `YIELD`" };
            let words = column.only.words();
            let _infallible = writeln!(page, "| `{}` | {} | {shown} | {words} |", column.name, column.value_type);
        }
    }
}

fn page() -> String {
    let defined = definitions().into_iter().map(|(name, text)| format!("{name}:\n  {}", text.replace('\n', "\n  ")));
    let rows = unsupported().into_iter().map(|(form, why, instead)| {
        let code = form.replace('|', "\\|");
        format!("| `{code}` | {why} | {instead} |")
    });
    let mut page = INTRODUCTION.replace("{definitions}", &defined.collect::<Vec<_>>().join("\n\n"));
    page = page.replace("{unsupported}", &rows.collect::<Vec<_>>().join("\n"));
    let (general, listing) = (codes(GENERAL_REFUSALS), codes(LISTING_REFUSALS));
    let _infallible =
        writeln!(page, " Any statement may be refused with {general}; the clauses of a listing with {listing}.");
    for command in commands() {
        let _infallible = write!(
            page,
            "\n## {}\n\n```text\n{}\n```\n\n{} Needs: {}.\n",
            command.name, command.syntax, command.effect, command.needs
        );
        if !command.refusals.is_empty() {
            let _infallible = write!(page, "\nRefused with: {}.\n", codes(command.refusals));
        }
        columns(&mut page, command);
        let _infallible = write!(page, "\n```cypher\n{}\n```\n", command.example);
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
