//! What is wrong with a statement's text, made to be read by people: a [`LanguageError`] shows the place. Whatever is found
//! where the text is not at hand is a [`SpannedError`], which cannot be shown before it has met its text.
//!
//! An error never shows a secret. Whatever part of the statement may be a password is covered before
//! an excerpt is cut from it (see [`mask`]), and no message quotes covered text.

mod excerpt;
pub(crate) mod mask;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::ast::PARAMETER_STATUS;
use crate::span::Span;

macro_rules! error_codes {
    ($(#[doc = $summary:literal] $variant:ident = $name:literal, [$($gql_status:literal),+], $neo4j:literal;)*) => {
        /// The stable codes of this crate's errors. A code never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum ErrorCode {
            $(#[doc = $summary] $variant,)*
        }

        impl ErrorCode {
            /// Every code, for documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code in capitals, as clients compare it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it means, in one sentence, for documentation.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary.trim_ascii(),)* }
            }

            /// The GQLSTATUS that Neo4j gives for it, followed by the statuses of its causes.
            #[must_use]
            pub fn gql_status(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($gql_status),+],)* }
            }

            /// Neo4j's status code for it.
            #[must_use]
            pub fn neo4j_code(self) -> &'static str {
                match self { $(Self::$variant => concat!("Neo.ClientError.", $neo4j),)* }
            }
        }
    };
}

error_codes! {
    /// The text does not follow the grammar.
    SyntaxError = "SYNTAX_ERROR", ["42001", "42I06"], "Statement.SyntaxError";
    /// A character that the language does not use, or an invisible one.
    InvalidCharacter = "INVALID_CHARACTER", ["42001"], "Statement.SyntaxError";
    /// A number out of range or a string with an unknown escape.
    InvalidLiteral = "INVALID_LITERAL", ["42001"], "Statement.SyntaxError";
    /// A string, name or comment that is not closed.
    UnterminatedLiteral = "UNTERMINATED_LITERAL", ["42001"], "Statement.SyntaxError";
    /// The statement is larger than 1 MiB.
    StatementTooLarge = "STATEMENT_TOO_LARGE", ["42001"], "Statement.ArgumentError";
    /// Expressions are nested more deeply than 64 levels.
    NestingTooDeep = "NESTING_TOO_DEEP", ["42001"], "Statement.SyntaxError";
    /// A list, map or chain of operators has more than 10,000 members, or lists have more combinations than that.
    ListTooLong = "LIST_TOO_LONG", ["42001"], "Statement.SyntaxError";
    /// A clause that may stand once stands twice.
    DuplicateClause = "DUPLICATE_CLAUSE", ["42N19"], "Statement.SyntaxError";
    /// Two clauses that exclude each other.
    ConflictingClauses = "CONFLICTING_CLAUSES", ["42001", "42N14"], "Statement.SyntaxError";
    /// An ALTER that alters nothing.
    MissingClause = "MISSING_CLAUSE", ["42N94"], "Statement.SyntaxError";
    /// A leading `USE`.
    UseClauseNotAllowed = "USE_CLAUSE_NOT_ALLOWED", ["42N79"], "Statement.SyntaxError";
    /// A `CYPHER` prefix that names a version other than 5 and 25.
    InvalidCypherVersion = "INVALID_CYPHER_VERSION", ["22N04"], "Statement.ArgumentError";
    /// A dotted name whose parts are quoted separately.
    InvalidQualifiedName = "INVALID_QUALIFIED_NAME", ["42NAA"], "Statement.SyntaxError";
    /// A quoted name of more than two parts, in Cypher 5.
    TooManyNameComponents = "TOO_MANY_NAME_COMPONENTS", ["22N05", "22N83"], "Statement.SyntaxError";
    /// An unquoted name of more than two parts for a new alias, in Cypher 5.
    InvalidDottedName = "INVALID_DOTTED_NAME", ["22N05", "22N82"], "Statement.SyntaxError";
    /// A name that is neither a column of the listing nor defined by `YIELD`.
    UnknownVariable = "UNKNOWN_VARIABLE", ["42N62"], "Statement.SyntaxError";
    /// A function that this language does not have.
    UnknownFunction = "UNKNOWN_FUNCTION", ["42N48"], "Statement.SyntaxError";
    /// A procedure that this server does not have.
    UnknownProcedure = "UNKNOWN_PROCEDURE", ["42N08"], "Procedure.ProcedureNotFound";
    /// A column name given twice.
    DuplicateColumn = "DUPLICATE_COLUMN", ["42N38"], "Statement.SyntaxError";
    /// An expression where it may not stand, for example a column in a driver setting.
    InvalidExpression = "INVALID_EXPRESSION", ["42001"], "Statement.SyntaxError";
    /// An expression of a kind that may not stand there, for example a subquery or a column in a driver setting.
    ExpressionNotValid = "EXPRESSION_NOT_VALID", ["22N81"], "Statement.SyntaxError";
    /// A column in an aggregating item of RETURN that is not an item of its own.
    ImplicitGrouping = "IMPLICIT_GROUPING", ["42I18"], "Statement.SyntaxError";
    /// A parameter that the statement names and the caller did not give.
    MissingParameter = "MISSING_PARAMETER", ["42N51"], "Statement.ParameterMissing";
    /// A value, often of a parameter, of a type that does not fit its place.
    WrongType = "WRONG_TYPE", ["22G03", "22N27"], "Statement.TypeError";
    /// The values of a map that a clause takes (`DRIVER`, `PROPERTIES`, `POLICY`) could not be computed.
    DriverEvaluation = "DRIVER_SETTINGS_EVALUATION", ["42N89"], "Statement.SyntaxError";
    /// A parameter that names a database is `*`.
    ParameterIsWildcard = "PARAMETER_IS_WILDCARD", ["42N86"], "Statement.SyntaxError";
    /// Two keys of a map that are one without regard to case.
    DuplicateKey = "DUPLICATE_KEY", ["42001"], "Statement.SyntaxError";
    /// Arithmetic that has no result: an overflow or a division by zero.
    ArithmeticError = "ARITHMETIC_ERROR", ["22003"], "Statement.ArithmeticError";
    /// A part of the language that this server does not offer.
    NotSupported = "NOT_SUPPORTED", ["51N26"], "Statement.UnsupportedAdministrationCommand";
}

/// What is wrong at a place of a text that is not at hand.
///
/// It cannot be shown: nobody could find the place. [`in_source`](Self::in_source) makes an error of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpannedError(Box<Details>);

/// Why a statement was not understood.
#[derive(Clone, PartialEq, Eq)]
pub struct LanguageError {
    error: SpannedError,
    place: Option<Box<excerpt::Excerpt>>,
}

/// Boxed, so that a `Result` of a small value stays small.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Details {
    code: ErrorCode,
    message: String,
    hint: Option<String>,
    span: Span,
    /// The value at fault came in a parameter.
    by_parameter: bool,
}

// === impl SpannedError ===

impl SpannedError {
    /// An error at a place. The message must not quote what may be a secret.
    pub fn new(code: ErrorCode, span: Span, message: impl Into<String>) -> Self {
        Self(Box::new(Details { code, message: message.into(), hint: None, span, by_parameter: false }))
    }

    /// Names the way out.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Says that the value at fault came in a parameter.
    pub(crate) fn by_parameter(mut self) -> Self {
        self.0.by_parameter = true;
        self
    }

    /// The stable code.
    pub(crate) fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The bytes of the statement that are at fault.
    pub(crate) fn span(&self) -> Span {
        self.0.span
    }

    /// What is wrong, in one sentence.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// The error for a reader of the text: with line, column and excerpt.
    #[must_use]
    pub fn in_source(self, source: &str) -> LanguageError {
        let place = Box::new(excerpt::Excerpt::cut(source, self.0.span));
        LanguageError { error: self, place: Some(place) }
    }

    /// The error without its place, for text of which nothing may be shown, and for one that is too long to be read.
    #[must_use]
    pub fn without_place(self) -> LanguageError {
        LanguageError { error: self, place: None }
    }
}

// === impl LanguageError ===

impl LanguageError {
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.error = self.error.with_hint(hint);
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.error.0.code
    }

    /// The GQLSTATUS, followed by the statuses of its causes.
    #[must_use]
    pub fn gql_status(&self) -> Vec<&'static str> {
        let parameter = self.error.0.by_parameter.then_some(PARAMETER_STATUS);
        parameter.into_iter().chain(self.error.0.code.gql_status().iter().copied()).collect()
    }

    /// What is wrong, in one sentence, without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.error.0.message
    }

    /// The way out, where there is one to name.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.error.0.hint.as_deref()
    }

    /// The bytes of the statement that are at fault.
    #[must_use]
    pub fn span(&self) -> Span {
        self.error.0.span
    }

    /// Line and column of the fault, both counted from 1, columns in characters.
    #[must_use]
    pub fn position(&self) -> Option<(usize, usize)> {
        self.place.as_ref().map(|place| (place.line, place.column))
    }

    /// The line at fault with a caret below it, secrets covered.
    #[must_use]
    pub fn excerpt(&self) -> Option<String> {
        self.place.as_ref().map(|place| place.to_string())
    }
}

/// The message, the place and the excerpt; the hint is apart, see [`LanguageError::hint`].
impl fmt::Display for LanguageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.message())?;
        let Some(place) = &self.place else { return Ok(()) };
        write!(formatter, " (line {}, column {} (offset: {}))", place.line, place.column, self.span().start)?;
        write!(formatter, "\n{place}")
    }
}

impl fmt::Debug for LanguageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {self}", self.code().as_str())
    }
}

impl std::error::Error for LanguageError {}
