//! What follows from an entry: the answer to the caller, and the records that changed.

use crate::{CatalogName, Record, RecordKey, Rejection, RoleName};

/// The answer to an entry.
pub type Outcome = Result<Effect, Rejection>;

/// What an accepted entry did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Administrative updates, as the result summary counts them: 1 for a change, 2 for a replacement, 0
    /// for nothing to do.
    pub system_updates: u64,
    /// What the caller may want to know although it is no error.
    pub notifications: Vec<Notification>,
}

/// What the caller may want to know although it is no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notification {
    /// A home database was set to a name that nothing has.
    HomeDatabaseNotFound(CatalogName),
    /// A privilege or role was granted that was granted already.
    AlreadyAssigned {
        /// The role concerned.
        role: RoleName,
    },
    /// A privilege or role was revoked that was not there.
    NotAssigned {
        /// The role concerned.
        role: RoleName,
    },
    /// Something was revoked from, or by way of, what does not exist.
    ImpossibleRevoke {
        /// What does not exist: `User`, `Role` or `Database`.
        entity: String,
        /// The name as the statement gives it.
        name: String,
    },
    /// An alias forwards the caller's identity, but the cluster's policy does not let such aliases be used.
    OidcForwardingDisabled,
    /// There is more to tell than an outcome keeps.
    Omitted {
        /// How many notifications are left out.
        count: u64,
    },
}

impl Notification {
    /// The GQLSTATUS of the notification.
    pub fn gqlstatus(&self) -> &'static str {
        match self {
            Self::HomeDatabaseNotFound(_) => "00N50",
            Self::AlreadyAssigned { .. } => "00N70",
            Self::NotAssigned { .. } => "00N71",
            Self::ImpossibleRevoke { .. } => "01N70",
            Self::OidcForwardingDisabled => "01N74",
            // The general status of the standard's class of informational conditions.
            Self::Omitted { .. } => "03000",
        }
    }

    /// Neo4j's code of the notification.
    pub fn neo4j_code(&self) -> &'static str {
        match self {
            Self::HomeDatabaseNotFound(_) => "Neo.ClientNotification.Database.HomeDatabaseNotFound",
            Self::AlreadyAssigned { .. } | Self::NotAssigned { .. } | Self::Omitted { .. } => {
                "Neo.ClientNotification.Security.CommandHasNoEffect"
            }
            Self::ImpossibleRevoke { .. } => "Neo.ClientNotification.Security.ImpossibleRevokeCommand",
            Self::OidcForwardingDisabled => "Neo.ClientNotification.Security.OidcCredentialForwardingNotEnabled",
        }
    }

    /// A sentence for the caller.
    pub fn message(&self) -> String {
        match self {
            Self::HomeDatabaseNotFound(name) => {
                format!("The home database '{name}' does not exist. It leads nowhere until something has that name.")
            }
            Self::AlreadyAssigned { role } => {
                format!("The statement has no effect on role '{role}': the role or privilege is already assigned.")
            }
            Self::NotAssigned { role } => {
                format!("The statement has no effect on role '{role}': the role or privilege is not assigned.")
            }
            Self::ImpossibleRevoke { entity, name } => {
                format!(
                    "The statement has no effect: {entity} '{name}' does not exist. Make sure nothing is misspelled."
                )
            }
            Self::OidcForwardingDisabled => {
                "OIDC credential forwarding is not enabled, so the alias cannot be used until it is.".to_owned()
            }
            Self::Omitted { count } => format!("There are {count} more notifications of this kind."),
        }
    }
}

/// One record's step from before to after an entry. Both are present when it was altered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key of the record that changed.
    pub key: RecordKey,
    /// What it was; absent when it was created.
    pub before: Option<Record>,
    /// What it is; absent when it was dropped.
    pub after: Option<Record>,
}
