//! The policy of the cluster: choices that decide outcomes and so must be the same on every member. They are part of the
//! log, formed with the cluster and changed by a command, and never of any node's configuration: docs/decisions/0007.

use crate::{CypherVersion, Rejection, SettingType, Value, ValueMap};

/// Choices that decide outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether `DATABASE MANAGEMENT` covers the alias actions, as Neo4j's page on remote aliases says.
    pub database_management_implies_alias_management: bool,
    /// Whether aliases with `OIDC CREDENTIAL FORWARDING` can be used. They can be created either way.
    pub oidc_credential_forwarding: bool,
    /// The language of databases and remote aliases that name none.
    pub default_language: CypherVersion,
}

/// New choices. An absent one stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PolicyChange {
    /// See [`Policy::database_management_implies_alias_management`].
    pub database_management_implies_alias_management: Option<bool>,
    /// See [`Policy::oidc_credential_forwarding`].
    pub oidc_credential_forwarding: Option<bool>,
    /// See [`Policy::default_language`].
    pub default_language: Option<CypherVersion>,
}

/// One choice, by the name that statements, listings and `[cluster]` of the configuration call it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicySetting {
    /// See [`Policy::database_management_implies_alias_management`].
    DatabaseManagementImpliesAliasManagement,
    /// See [`Policy::oidc_credential_forwarding`].
    AllowOidcCredentialForwarding,
    /// See [`Policy::default_language`].
    DefaultLanguage,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            database_management_implies_alias_management: true,
            oidc_credential_forwarding: false,
            default_language: CypherVersion::Cypher5,
        }
    }
}

// === impl PolicySetting ===

impl PolicySetting {
    /// Every setting, by name as listings show them.
    pub const ALL: [Self; 3] =
        [Self::AllowOidcCredentialForwarding, Self::DatabaseManagementImpliesAliasManagement, Self::DefaultLanguage];

    /// What the setting is called in statements and listings.
    pub fn name(self) -> &'static str {
        match self {
            Self::DatabaseManagementImpliesAliasManagement => "database_management_implies_alias_management",
            Self::AllowOidcCredentialForwarding => "allow_oidc_credential_forwarding",
            Self::DefaultLanguage => "default_language",
        }
    }

    /// The type of its value, as a listing shows it.
    pub fn value_type(self) -> &'static str {
        match self {
            Self::DatabaseManagementImpliesAliasManagement | Self::AllowOidcCredentialForwarding => "BOOLEAN",
            Self::DefaultLanguage => "STRING",
        }
    }

    /// What it decides.
    pub fn description(self) -> &'static str {
        match self {
            Self::DatabaseManagementImpliesAliasManagement => {
                "Whether DATABASE MANAGEMENT covers the alias privileges."
            }
            Self::AllowOidcCredentialForwarding => {
                "Whether aliases with OIDC CREDENTIAL FORWARDING lead anywhere. They can be created either way."
            }
            Self::DefaultLanguage => {
                "The language of databases and remote aliases that are created without DEFAULT LANGUAGE: \
                 CYPHER_5 or CYPHER_25."
            }
        }
    }

    /// The choice of a policy, as it would be written in a statement.
    pub fn value_in(self, policy: &Policy) -> Value {
        match self {
            Self::DatabaseManagementImpliesAliasManagement => {
                Value::from(policy.database_management_implies_alias_management)
            }
            Self::AllowOidcCredentialForwarding => Value::from(policy.oidc_credential_forwarding),
            Self::DefaultLanguage => Value::from(policy.default_language.setting()),
        }
    }
}

// === impl PolicyChange ===

impl PolicyChange {
    /// Reads the map of `ALTER CLUSTER SET POLICY`. Names are in lower case.
    ///
    /// # Errors
    /// A name is no setting, or a value is not of the setting's type, in this order of precedence. Nothing is read in part.
    pub fn from_values(values: &ValueMap) -> Result<Self, Rejection> {
        let known = |name: &str| PolicySetting::ALL.into_iter().find(|setting| setting.name() == name);
        let unknown: Vec<&str> = values.keys().map(String::as_str).filter(|name| known(name).is_none()).collect();
        if !unknown.is_empty() {
            return Err(Rejection::UnknownPolicySettings { settings: unknown.join(", ") });
        }
        let mut change = Self::default();
        for (name, value) in values {
            match known(name) {
                Some(PolicySetting::DatabaseManagementImpliesAliasManagement) => {
                    change.database_management_implies_alias_management = Some(boolean(name, value)?);
                }
                Some(PolicySetting::AllowOidcCredentialForwarding) => {
                    change.oidc_credential_forwarding = Some(boolean(name, value)?);
                }
                Some(PolicySetting::DefaultLanguage) => change.default_language = Some(language(name, value)?),
                None => {}
            }
        }
        Ok(change)
    }

    /// The policy that follows from one.
    pub(crate) fn applied(self, policy: Policy) -> Policy {
        let Self { database_management_implies_alias_management, oidc_credential_forwarding, default_language } = self;
        Policy {
            database_management_implies_alias_management: database_management_implies_alias_management
                .unwrap_or(policy.database_management_implies_alias_management),
            oidc_credential_forwarding: oidc_credential_forwarding.unwrap_or(policy.oidc_credential_forwarding),
            default_language: default_language.unwrap_or(policy.default_language),
        }
    }
}

fn boolean(name: &str, value: &Value) -> Result<bool, Rejection> {
    match value {
        Value::Boolean(truth) => Ok(*truth),
        _ => Err(wrong(name, SettingType::Boolean)),
    }
}

fn language(name: &str, value: &Value) -> Result<CypherVersion, Rejection> {
    let Value::String(text) = value else { return Err(wrong(name, SettingType::Language)) };
    let known = [CypherVersion::Cypher5, CypherVersion::Cypher25];
    let meant = |version: &CypherVersion| version.setting().eq_ignore_ascii_case(text);
    known.into_iter().find(meant).ok_or_else(|| wrong(name, SettingType::Language))
}

fn wrong(name: &str, expected: SettingType) -> Rejection {
    Rejection::PolicySettingType { setting: name.to_owned(), expected: expected.into() }
}

#[cfg(test)]
mod tests;
