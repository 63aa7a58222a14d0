//! Syntax tree to canonical text: keywords in capitals, names in backticks only where they need them.
//!
//! Parsing the text gives the same tree again, except that every password prints as `'******'`. This
//! is the form for audit trails and logs, so no secret may ever be written here.

mod expression;
mod grant;
mod privilege;
mod show;
mod statement;

pub use grant::{grant_command, grant_command_as};
use privilege::glob;

use std::fmt::{self, Write};

use aliasd_catalog::{PlainSecret, RemoteUrl};

use crate::ast::{CypherVersion, MapEntries, Name, NameOperand, Operand, Statement};
use crate::characters::{is_invisible, is_name_continue, is_name_start};
use crate::span::Located;

/// What every password looks like.
const SECRET: &str = "'******'";

/// Words that could be taken for a keyword where a name is due; as names they are quoted.
const QUOTED_WORDS: [&str; 35] = [
    "NULL",
    "TRUE",
    "FALSE",
    "NOT",
    "DISTINCT",
    "AND",
    "OR",
    "XOR",
    "IS",
    "IN",
    "STARTS",
    "ENDS",
    "CONTAINS",
    "AS",
    "ASC",
    "ASCENDING",
    "DESC",
    "DESCENDING",
    "ORDER",
    "SKIP",
    "OFFSET",
    "LIMIT",
    "YIELD",
    "WHERE",
    "RETURN",
    "PRIVILEGE",
    "PRIVILEGES",
    "WITH",
    "FOR",
    "IF",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
];

type Out<'a, 'b> = &'a mut fmt::Formatter<'b>;

impl fmt::Display for Statement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(version) = self.version {
            write!(formatter, "{} ", version.as_str())?;
        }
        statement::body(formatter, &self.body.value)
    }
}

/// Writes an identifier, in backticks if it needs them.
pub(crate) fn identifier(out: &mut impl Write, name: &str) -> fmt::Result {
    let bare = is_word(name) && !QUOTED_WORDS.iter().any(|word| word.eq_ignore_ascii_case(name));
    if bare { out.write_str(name) } else { quoted_identifier(out, name) }
}

/// True if the name could have been written without backticks.
fn is_word(name: &str) -> bool {
    name.starts_with(is_name_start) && name.chars().all(is_name_continue)
}

/// Writes an identifier in backticks.
fn quoted_identifier(out: &mut impl Write, name: &str) -> fmt::Result {
    write!(out, "`{}`", name.replace('`', "``"))
}

/// Writes a string literal. Characters that cannot be seen are escaped.
fn string(out: Out<'_, '_>, text: &str) -> fmt::Result {
    out.write_char('\'')?;
    for character in text.chars() {
        match character {
            '\\' | '\'' => write!(out, "\\{character}")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            _ if is_invisible(character) => write!(out, "\\U{:08X}", u32::from(character))?,
            _ => out.write_char(character)?,
        }
    }
    out.write_char('\'')
}

fn parameter(out: Out<'_, '_>, name: &str) -> fmt::Result {
    // `$user` is as clear as can be: after the dollar sign nothing is a keyword.
    let bare = !name.is_empty() && name.chars().all(is_name_continue);
    out.write_char('$')?;
    if bare { out.write_str(name) } else { quoted_identifier(out, name) }
}

fn name(out: Out<'_, '_>, operand: &NameOperand) -> fmt::Result {
    match &operand.value {
        Operand::Parameter(text) => parameter(out, text),
        // Cypher 25 allows no backticks in a dotted name, and before a dot no word is taken for a keyword.
        Operand::Literal(Name { parts }) if parts.len() > 1 && parts.iter().all(|part| is_word(part)) => {
            out.write_str(&parts.join("."))
        }
        Operand::Literal(Name { parts }) => separated(out, parts, ".", |out, part| identifier(out, part)),
    }
}

fn names(out: Out<'_, '_>, operands: &[NameOperand]) -> fmt::Result {
    separated(out, operands, ", ", name)
}

fn string_operand(out: Out<'_, '_>, operand: &Located<Operand<String>>) -> fmt::Result {
    match &operand.value {
        Operand::Parameter(name) => parameter(out, name),
        Operand::Literal(text) => string(out, text),
    }
}

/// A URL may hold a password that was put in the wrong place; such a URL is refused, but printed before.
fn url(out: Out<'_, '_>, operand: &Located<Operand<String>>) -> fmt::Result {
    match &operand.value {
        Operand::Parameter(name) => parameter(out, name),
        Operand::Literal(text) => string(out, &RemoteUrl::redacted(text)),
    }
}

fn secret(out: Out<'_, '_>, operand: &Located<Operand<PlainSecret>>) -> fmt::Result {
    match &operand.value {
        Operand::Parameter(name) => parameter(out, name),
        Operand::Literal(_) => out.write_str(SECRET),
    }
}

fn map_operand(out: Out<'_, '_>, operand: &Located<Operand<MapEntries>>) -> fmt::Result {
    match &operand.value {
        Operand::Parameter(name) => parameter(out, name),
        Operand::Literal(entries) => expression::map(out, entries),
    }
}

fn version(out: Out<'_, '_>, version: CypherVersion) -> fmt::Result {
    write!(out, " DEFAULT LANGUAGE {}", version.as_str())
}

fn separated<T>(
    out: Out<'_, '_>,
    items: &[T],
    separator: &str,
    mut item: impl FnMut(Out<'_, '_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (index, each) in items.iter().enumerate() {
        if index > 0 {
            out.write_str(separator)?;
        }
        item(out, each)?;
    }
    Ok(())
}
