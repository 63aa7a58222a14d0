//! The policy of the cluster: choices that decide outcomes and so must be the same on every member. They are part of the
//! log, formed with the cluster and changed by a command, and never of any node's configuration: docs/decisions/0007.

use crate::{CypherVersion, Duration, Listed, Rejection, SettingType, Value, ValueMap};

/// Choices that decide outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether `DATABASE MANAGEMENT` covers the alias actions, as Neo4j's page on remote aliases says.
    pub database_management_implies_alias_management: bool,
    /// Whether aliases with `OIDC CREDENTIAL FORWARDING` can be used. They can be created either way.
    pub oidc_credential_forwarding: bool,
    /// The language of databases and remote aliases that name none.
    pub default_language: CypherVersion,
    /// How long a login token is good for.
    pub token_lifetime: TokenLifetime,
    /// How old the state may be that a stored credential is released from.
    pub release_staleness: ReleaseStaleness,
}

/// How long a login token is good for, in whole seconds: from one to those of 30 days, since whoever finds a token has it until
/// it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenLifetime(u32);

/// How old the state may be that a stored credential is released from, in whole milliseconds: from a tenth of a second, which
/// members of one site keep without asking for each release, to five minutes, since that long a revoked right may still
/// release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReleaseStaleness(u32);

/// New choices. An absent one stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PolicyChange {
    /// See [`Policy::database_management_implies_alias_management`].
    pub database_management_implies_alias_management: Option<bool>,
    /// See [`Policy::oidc_credential_forwarding`].
    pub oidc_credential_forwarding: Option<bool>,
    /// See [`Policy::default_language`].
    pub default_language: Option<CypherVersion>,
    /// See [`Policy::token_lifetime`].
    pub token_lifetime: Option<TokenLifetime>,
    /// See [`Policy::release_staleness`].
    pub release_staleness: Option<ReleaseStaleness>,
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
    /// See [`Policy::release_staleness`].
    ReleaseStaleness,
    /// See [`Policy::token_lifetime`].
    TokenLifetime,
}

// === impl TokenLifetime ===

impl TokenLifetime {
    /// The longest, in seconds.
    pub const SECONDS_MAX: u32 = 30 * 86_400;

    /// None if it is not within the bounds.
    pub fn from_seconds(seconds: u64) -> Option<Self> {
        let seconds = u32::try_from(seconds).ok()?;
        (1..=Self::SECONDS_MAX).contains(&seconds).then_some(Self(seconds))
    }

    /// In seconds.
    pub fn seconds(self) -> u32 {
        self.0
    }
}

/// A quarter of an hour.
impl Default for TokenLifetime {
    fn default() -> Self {
        Self(900)
    }
}

// === impl ReleaseStaleness ===

impl ReleaseStaleness {
    /// The shortest, in milliseconds.
    pub const MILLISECONDS_MIN: u32 = 100;
    /// The longest, in milliseconds.
    pub const MILLISECONDS_MAX: u32 = 300_000;

    /// None if it is not within the bounds.
    pub fn from_milliseconds(milliseconds: u64) -> Option<Self> {
        let milliseconds = u32::try_from(milliseconds).ok()?;
        (Self::MILLISECONDS_MIN..=Self::MILLISECONDS_MAX).contains(&milliseconds).then_some(Self(milliseconds))
    }

    /// In milliseconds.
    pub fn milliseconds(self) -> u32 {
        self.0
    }

    fn value(self) -> Duration {
        let (seconds, rest) = (self.0 / 1_000, self.0 % 1_000);
        Duration { nanoseconds: rest * 1_000_000, ..Duration::from_seconds(seconds.into()) }
    }
}

/// Two seconds.
impl Default for ReleaseStaleness {
    fn default() -> Self {
        Self(2_000)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            database_management_implies_alias_management: true,
            oidc_credential_forwarding: false,
            default_language: CypherVersion::Cypher5,
            token_lifetime: TokenLifetime::default(),
            release_staleness: ReleaseStaleness::default(),
        }
    }
}

// === impl PolicySetting ===

impl PolicySetting {
    /// Every setting, by name as listings show them.
    pub const ALL: [Self; 5] = [
        Self::AllowOidcCredentialForwarding,
        Self::DatabaseManagementImpliesAliasManagement,
        Self::DefaultLanguage,
        Self::ReleaseStaleness,
        Self::TokenLifetime,
    ];

    /// What the setting is called in statements and listings.
    pub fn name(self) -> &'static str {
        match self {
            Self::DatabaseManagementImpliesAliasManagement => "database_management_implies_alias_management",
            Self::AllowOidcCredentialForwarding => "allow_oidc_credential_forwarding",
            Self::DefaultLanguage => "default_language",
            Self::ReleaseStaleness => "release_staleness",
            Self::TokenLifetime => "token_lifetime",
        }
    }

    /// The type of its value, as a listing shows it.
    pub fn value_type(self) -> &'static str {
        match self {
            Self::DatabaseManagementImpliesAliasManagement | Self::AllowOidcCredentialForwarding => "BOOLEAN",
            Self::DefaultLanguage => "STRING",
            Self::ReleaseStaleness | Self::TokenLifetime => "DURATION",
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
            Self::ReleaseStaleness => {
                "How old a member's state may be that a stored credential is released from: from 100 milliseconds to 5 minutes."
            }
            Self::TokenLifetime => "How long a login token is good for: from one second to 30 days.",
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
            Self::ReleaseStaleness => Value::Duration(policy.release_staleness.value()),
            Self::TokenLifetime => Value::Duration(Duration::from_seconds(i64::from(policy.token_lifetime.seconds()))),
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
        let mut unknown = values.keys().filter(|name| known(name).is_none()).peekable();
        if unknown.peek().is_some() {
            return Err(Rejection::UnknownPolicySettings { settings: Listed::of(unknown).into() });
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
                Some(PolicySetting::ReleaseStaleness) => change.release_staleness = Some(staleness(name, value)?),
                Some(PolicySetting::TokenLifetime) => change.token_lifetime = Some(lifetime(name, value)?),
                None => {}
            }
        }
        Ok(change)
    }

    /// The policy that follows from one.
    pub(crate) fn applied(self, policy: Policy) -> Policy {
        let Self {
            database_management_implies_alias_management,
            oidc_credential_forwarding,
            default_language,
            token_lifetime,
            release_staleness,
        } = self;
        Policy {
            database_management_implies_alias_management: database_management_implies_alias_management
                .unwrap_or(policy.database_management_implies_alias_management),
            oidc_credential_forwarding: oidc_credential_forwarding.unwrap_or(policy.oidc_credential_forwarding),
            default_language: default_language.unwrap_or(policy.default_language),
            token_lifetime: token_lifetime.unwrap_or(policy.token_lifetime),
            release_staleness: release_staleness.unwrap_or(policy.release_staleness),
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

fn lifetime(name: &str, value: &Value) -> Result<TokenLifetime, Rejection> {
    let whole = milliseconds(value).filter(|milliseconds| milliseconds % 1_000 == 0);
    let lifetime = whole.and_then(|milliseconds| TokenLifetime::from_seconds(milliseconds / 1_000));
    lifetime.ok_or_else(|| wrong(name, SettingType::TokenLifetime))
}

fn staleness(name: &str, value: &Value) -> Result<ReleaseStaleness, Rejection> {
    let staleness = milliseconds(value).and_then(ReleaseStaleness::from_milliseconds);
    staleness.ok_or_else(|| wrong(name, SettingType::ReleaseStaleness))
}

/// None if it is no duration, or has months, which are not of one length, or parts of a millisecond.
fn milliseconds(value: &Value) -> Option<u64> {
    let Value::Duration(Duration { months: 0, days, seconds, nanoseconds }) = value else { return None };
    let seconds = days.checked_mul(86_400)?.checked_add(*seconds)?;
    let rest = (nanoseconds % 1_000_000 == 0).then_some(nanoseconds / 1_000_000)?;
    u64::try_from(seconds).ok()?.checked_mul(1_000)?.checked_add(rest.into())
}

fn wrong(name: &str, expected: SettingType) -> Rejection {
    Rejection::PolicySettingType { setting: name.to_owned(), expected: expected.into() }
}

#[cfg(test)]
mod tests;
