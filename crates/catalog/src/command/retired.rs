//! Commands that are not made any more. Versions before this one wrote them into the log, and what is in a log is
//! answered for ever: each member that replays it, or is sent it by another, has to come to the same outcome and digest.
//! So they are read, passed on and answered as they were, and nothing proposes them: the language answers such a statement
//! itself. They never change a record besides that of their request.

use std::collections::BTreeSet;

use crate::{AuthRuleName, RoleName};

/// What was asked of an auth rule. There never was one, so each of these comes down to a missing one; who may not even ask
/// is told so first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetiredCommand {
    /// `ALTER AUTH RULE`.
    Alter {
        /// The rule that the statement names.
        name: AuthRuleName,
        /// Whether a missing rule is no error.
        if_exists: bool,
    },
    /// `RENAME AUTH RULE`.
    Rename {
        /// The rule that the statement names.
        from: AuthRuleName,
        /// The new name.
        to: AuthRuleName,
        /// Whether a missing rule is no error.
        if_exists: bool,
    },
    /// `DROP AUTH RULE`.
    Drop {
        /// The rule that the statement names.
        name: AuthRuleName,
        /// Whether a missing rule is no error.
        if_exists: bool,
    },
    /// `GRANT ROLE … TO AUTH RULE`.
    GrantRoles {
        /// The roles that rules would have given or taken away.
        roles: BTreeSet<RoleName>,
        /// To which rules.
        rules: BTreeSet<AuthRuleName>,
    },
    /// `REVOKE ROLE … FROM AUTH RULE`.
    RevokeRoles {
        /// The roles that rules would have given or taken away.
        roles: BTreeSet<RoleName>,
        /// From which rules.
        rules: BTreeSet<AuthRuleName>,
    },
}
