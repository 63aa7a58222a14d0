//! The administration language of aliasd: Neo4j's administration commands, as far as a catalog of
//! databases, aliases, users, roles and privileges needs them.
//!
//! # Life of a statement
//!
//! 1. [`parse`] splits the text into tokens and builds a [`Statement`](ast::Statement). Passwords go
//!    straight into buffers that wipe themselves. Errors are [`LanguageError`]s with place and hint.
//! 2. [`lower`] joins the statement with the parameters' values and gives either a command for the
//!    catalog, whose secrets are still in clear, the description of a listing, or what a statement without any effect is
//!    answered with.
//! 3. A command leaves this crate: it is sealed, proposed, and applied by the catalog.
//! 4. So does a listing: the crate `aliasd-listing` runs it on a catalog, for a principal.
//!
//! Printing a statement gives its canonical text, with `'******'` for every password.
//!
//! ```
//! use aliasd_cypher::parse;
//!
//! let statement = parse("create user carol set password 'not shown' change not required;")?;
//! assert_eq!(statement.to_string(), "CREATE USER carol SET PASSWORD '******' CHANGE NOT REQUIRED");
//!
//! let error = parse("CREATE ALIAS a FOR DATABSE b").expect_err("a slip of the finger");
//! assert_eq!(error.position(), Some((1, 20)));
//! assert_eq!(error.hint(), Some("Did you mean 'DATABASE'?"));
//! # Ok::<(), aliasd_cypher::LanguageError>(())
//! ```
//!
//! This crate is pure: text and parameters in, statements, commands and errors out. It never reads a clock, performs
//! I/O, looks at what a catalog holds or decides what a command does; that is the catalog's.

#![cfg_attr(not(test), warn(clippy::panic, clippy::unreachable))]

pub mod ast;
mod characters;
mod columns;
mod commands;
mod definitions;
mod editing;
mod error;
mod filled;
pub mod formula;
mod lexer;
mod lower;
mod parameters;
mod parser;
mod print;
mod refusal;
mod span;
mod split;
mod subject;
mod suggest;

pub use characters::is_invisible;
pub use columns::{Column, Only};
pub use commands::{CommandPage, GENERAL_REFUSALS, LISTING_REFUSALS, Needs, command_of, commands};
pub use definitions::definitions;
pub use editing::{PieceKind, continuation, evaluate, is_keyword, pieces, without_secrets};
pub use error::{ErrorCode, LanguageError, SpannedError};
pub use formula::functions;
pub use lexer::STATEMENT_BYTES_MAX;
pub use lower::{Lowered, NoOp, compile, lower};
pub use parameters::Parameters;
pub use parser::{Continuation, LIST_MEMBERS_MAX, NESTING_MAX, parse, unsupported};
pub use print::{grant_command, grant_command_as};
pub use refusal::{Refusal, SpannedRefusal};
pub use span::{Located, Span};
pub use split::{Position, split_statements, unclosed};
pub use subject::{DatabaseChoice, Executor, ListingRequest, PrivilegesOf, Subject};
pub use suggest::nearest;
