//! What is accepted and will not be for ever.

/// A way of writing that is accepted, and that the author of the statement should give up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deprecation {
    /// The parts of a dotted name are quoted separately, which Cypher 25 refuses.
    SeparatelyQuotedName {
        /// The whole name without quotes.
        name: String,
    },
}

// === impl Deprecation ===

impl Deprecation {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::SeparatelyQuotedName { .. } => "SEPARATELY_QUOTED_NAME",
        }
    }

    /// The GQLSTATUS, which is the same for everything deprecated.
    #[must_use]
    pub fn gqlstatus(&self) -> &'static str {
        "01N00"
    }

    /// Neo4j's code of the notification.
    #[must_use]
    pub fn neo4j_code(&self) -> &'static str {
        "Neo.ClientNotification.Statement.FeatureDeprecationWarning"
    }

    /// What is deprecated, in a sentence.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::SeparatelyQuotedName { name } => {
                format!("The parts of the name '{name}' are quoted separately, which is deprecated.")
            }
        }
    }

    /// What to write instead.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::SeparatelyQuotedName { .. } => {
                "Pass the name as a parameter, or put it, in Cypher 25, into one pair of backticks, dots included."
            }
        }
    }
}
