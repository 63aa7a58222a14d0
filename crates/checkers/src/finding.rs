//! What a checker found: a promise that was broken, and the lines of the history that show it.

use std::fmt;

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Which checker found it.
    pub checker: Checker,
    /// Numbers of the lines that show it, ascending, each once.
    pub lines: Vec<usize>,
    /// What was expected and what was seen.
    pub message: String,
}

/// The checkers, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Checker {
    /// [`crate::linearizable`].
    Linearizable,
    /// [`crate::revision_order`].
    RevisionOrder,
    /// [`crate::freshness`].
    Freshness,
    /// [`crate::watch`].
    Watch,
    /// [`crate::access`].
    Access,
    /// [`crate::guard`].
    Guard,
    /// [`crate::exactly_once`].
    ExactlyOnce,
    /// [`crate::credentials`].
    Credentials,
    /// [`crate::audit`].
    Audit,
    /// [`crate::digests`].
    Digests,
}

impl Finding {
    /// A finding of a checker, shown by these lines.
    pub(crate) fn new(checker: Checker, lines: impl IntoIterator<Item = usize>, message: String) -> Self {
        let mut lines: Vec<usize> = lines.into_iter().filter(|line| *line > 0).collect();
        lines.sort_unstable();
        lines.dedup();
        Self { checker, lines, message }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.lines.iter().map(ToString::to_string).collect();
        write!(f, "{}: lines {}: {}", self.checker, lines.join(", "), self.message)
    }
}

impl Checker {
    /// All of them, in the order in which they run.
    pub const ALL: [Self; 10] = [
        Self::Linearizable,
        Self::RevisionOrder,
        Self::Freshness,
        Self::Watch,
        Self::Access,
        Self::Guard,
        Self::ExactlyOnce,
        Self::Credentials,
        Self::Audit,
        Self::Digests,
    ];

    /// The name of its module.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linearizable => "linearizable",
            Self::RevisionOrder => "revision_order",
            Self::Freshness => "freshness",
            Self::Watch => "watch",
            Self::Access => "access",
            Self::Guard => "guard",
            Self::ExactlyOnce => "exactly_once",
            Self::Credentials => "credentials",
            Self::Audit => "audit",
            Self::Digests => "digests",
        }
    }
}

impl fmt::Display for Checker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
