//! Why the catalog refuses: one table of stable codes, statuses, messages and hints.
//!
//! A rejection is deterministic and final: the same entry on the same catalog is refused for the same
//! reason, and sending it again unchanged does not help. Codes, GQLSTATUS values and messages are Neo4j's
//! where Neo4j has them. Variants stand in order of precedence: where several reasons apply, the one
//! declared first is the one given. A rejection never holds a secret.

use std::fmt;

use crate::{
    Action, AliasName, Attempt, AuthId, AuthProvider, AuthRuleName, CatalogName, DatabaseName, Field, KeyId, Listed,
    NameKind, Principal, Quoted, Revision, RoleName, SettingType, UrlFault, UserName,
};

/// The type of a field: a [`Field`] where one is given, otherwise text that is a name or value of no type, such as a name
/// that breaks the rules of names.
macro_rules! field_type {
    () => { String };
    ($type:ty) => { Field<$type> };
}

macro_rules! rejections {
    ($(
        $(#[$doc:meta])*
        $variant:ident { $($field:ident $(: $type:ty)?),* } = $code:literal, [$($gql:literal),+], $neo4j:literal,
            $message:literal, $hint:literal;
    )+) => {
        /// A refusal, with what it is about. Declared in order of precedence.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rejection {
            $($(#[$doc])* $variant {
                $(#[doc = concat!("Shown in the message as `", stringify!($field), "`.")] $field: field_type!($($type)?),)*
            },)+
        }

        impl Rejection {
            /// The row of the table that this rejection belongs to.
            pub fn code(&self) -> &'static RejectionCode {
                match self {
                    $(Self::$variant { .. } => {
                        const CODE: &RejectionCode = &RejectionCode {
                            code: $code,
                            gqlstatus: &[$($gql),+],
                            neo4j_code: $neo4j,
                            message: $message,
                            hint: $hint,
                            fields: &[$(stringify!($field)),*],
                        };
                        CODE
                    })+
                }
            }

            /// Every row, in order of precedence.
            pub fn table() -> Vec<&'static RejectionCode> {
                vec![$(Self::$variant { $($field: String::new().into()),* }.code()),+]
            }

            /// The values of the fields, in the order of [`RejectionCode::fields`].
            pub fn values(&self) -> Vec<String> {
                match self {
                    $(Self::$variant { $($field),* } => vec![$($field.to_string()),*],)+
                }
            }

            /// Puts a rejection together again from its code and values; none if the code is unknown or the
            /// number of values is another.
            pub fn from_parts(code: &str, values: &[String]) -> Option<Self> {
                let mut values = values.iter().cloned();
                let rejection = match code {
                    $($code => Self::$variant { $($field: values.next()?.into()),* },)+
                    _ => return None,
                };
                values.next().is_none().then_some(rejection)
            }
        }

        impl fmt::Display for Rejection {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant { $($field),* } => write!(f, $message, $($field = $field),*),)+
                }
            }
        }
    };
}

/// One row of the table of rejections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RejectionCode {
    /// The stable code, in upper case. Never renamed, never reused.
    pub code: &'static str,
    /// The GQLSTATUS, followed by the statuses of its causes.
    pub gqlstatus: &'static [&'static str],
    /// Neo4j's status code.
    pub neo4j_code: &'static str,
    /// The message, with `{field}` for what varies.
    pub message: &'static str,
    /// What the caller can do; empty when the message says it.
    pub hint: &'static str,
    /// What varies in the message.
    pub fields: &'static [&'static str],
}

impl Rejection {
    /// What the caller can do; empty when the message says it.
    pub fn hint(&self) -> &'static str {
        self.code().hint
    }
}

impl std::error::Error for Rejection {}

rejections! {
    // Names and values: decided before anything is asked of the catalog.
    /// A name is empty.
    EmptyName { what: NameKind } = "NAME_EMPTY", ["22NB6"], "Neo.ClientError.Statement.ArgumentError",
        "The provided {what} is empty.", "";
    /// A name is too long.
    NameTooLong { what: NameKind } = "NAME_TOO_LONG", ["22N05", "22N84"], "Neo.ClientError.Statement.ArgumentError",
        "The provided {what} is to long, maximum characters are 65534.", "";
    /// An alias name ends with a dot.
    NameEndsWithDot { name } = "ALIAS_NAME_ENDS_WITH_DOT", ["22N05", "22N82"], "Neo.ClientError.Statement.ArgumentError",
        "Alias name '{name}' is invalid: it ends with a dot.", "Choose a name that does not end with a dot.";
    /// An alias name starts with a reserved prefix.
    ReservedAliasName { name, prefix } = "ALIAS_NAME_RESERVED", ["42001", "42N15"], "Neo.ClientError.Statement.ArgumentError",
        "Alias name '{name}' is invalid, due to the prefix '{prefix}'.", "Names that start with 'system' or '_' are reserved.";
    /// A database name starts with a reserved prefix.
    ReservedDatabaseName { name, prefix } = "DATABASE_NAME_RESERVED", ["42001", "42N15"], "Neo.ClientError.Statement.ArgumentError",
        "Database name '{name}' is invalid, due to the prefix '{prefix}'.", "Names that start with 'system' or '_' are reserved.";
    /// A database name is too short or too long.
    DatabaseNameLength { name } = "DATABASE_NAME_LENGTH", ["22N05", "22N82"], "Neo.ClientError.Statement.ArgumentError",
        "The provided database name '{name}' must have a length between 3 and 63 characters.", "";
    /// A database name starts with something else than a letter or digit.
    DatabaseNameStart { name } = "DATABASE_NAME_START", ["22N05", "22N82"], "Neo.ClientError.Statement.ArgumentError",
        "Database name '{name}' is not starting with an ASCII alphabetic character or number.", "";
    /// A database name holds other characters.
    DatabaseNameCharacters { name } = "DATABASE_NAME_CHARACTERS", ["22N05", "22N82"], "Neo.ClientError.Statement.ArgumentError",
        "Database name '{name}' contains illegal characters. Use simple ascii characters, numbers, dots and dashes.",
        "A database name does not end with a dot or a dash.";
    /// A user name holds characters that user names may not hold.
    InvalidUserName { name } = "USER_NAME_INVALID", ["22N05", "22N82"], "Neo.ClientError.Statement.ArgumentError",
        "Username '{name}' contains illegal characters. Use printable characters that are not ',', ':' or whitespaces.", "";
    /// A role name holds characters that role names may not hold.
    InvalidRoleName { name } = "ROLE_NAME_INVALID", ["22N05", "22N82"], "Neo.ClientError.Statement.ArgumentError",
        "Role name '{name}' contains illegal characters. Use simple ascii characters, numbers and underscores.",
        "A role name starts with a letter.";
    /// The provider is not one that identifies users externally.
    InvalidAuthProvider { provider } = "AUTH_PROVIDER_INVALID", ["22N05"], "Neo.ClientError.Statement.ArgumentError",
        "'{provider}' is not an external auth provider.", "Use 'mtls' with SET ID, or SET PASSWORD for the native provider.";
    /// A URL has a scheme that is not accepted.
    InvalidUrlScheme { url, schemes: Listed<&'static str> } = "URL_SCHEME_INVALID", ["42001", "22N04"], "Neo.ClientError.Statement.SyntaxError",
        "The provided url '{url}' has an invalid scheme. Please use one of the following schemes: {schemes}.", "";
    /// A URL is malformed.
    InvalidUrl { reason: UrlFault } = "URL_INVALID", ["50N00"], "Neo.ClientError.Statement.ArgumentError",
        "Could not validate remote database alias url: {reason}.", "Give SCHEME://HOST:PORT, for example 'neo4j+s://location:7687'.";
    /// The driver map holds unknown keys.
    UnknownDriverSettings { action: Attempt, name, settings: Listed<String> } = "DRIVER_SETTING_UNKNOWN", ["42001", "22N04"], "Neo.ClientError.Statement.SyntaxError",
        "Failed to {action} the specified database alias '{name}': Invalid driver setting(s) provided: {settings}. Valid driver settings are: \
         ssl_enforced, connection_timeout, connection_max_lifetime, connection_pool_acquisition_timeout, \
         connection_pool_idle_test, connection_pool_max_size, logging_level", "";
    /// A driver setting has another type.
    DriverSettingType { action: Attempt, name, setting, expected: SettingType } = "DRIVER_SETTING_TYPE", ["22G03", "22N27"], "Neo.ClientError.Statement.TypeError",
        "Failed to {action} the specified database alias '{name}': Invalid driver settings value for '{setting}'. Expected {expected} value.",
        "Write duration('PT5S') or duration({seconds: 5}) for a duration; numbers, true and false stand without quotes.";
    /// A driver setting is a negative duration.
    DriverSettingNegative { action: Attempt, name, setting } = "DRIVER_SETTING_NEGATIVE", ["22003", "22N03"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to {action} the specified database alias '{name}': Invalid driver settings value for '{setting}'. Negative duration is not allowed.", "";
    /// A driver setting is zero.
    DriverSettingZero { action: Attempt, name, setting } = "DRIVER_SETTING_ZERO", ["22N05", "22N86"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to {action} the specified database alias '{name}': Invalid driver settings value for '{setting}'. Zero is not allowed.", "A negative number means unlimited.";
    /// A log level is unknown.
    DriverSettingLevel { action: Attempt, name, setting, value } = "DRIVER_SETTING_LEVEL", ["22N04"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to {action} the specified database alias '{name}': Invalid driver settings value for '{setting}': '{value}'. Expected one of DEBUG, INFO, WARN, ERROR, NONE.", "";
    /// The policy map holds unknown keys.
    UnknownPolicySettings { settings: Listed<String> } = "POLICY_SETTING_UNKNOWN", ["42001", "22N04"], "Neo.ClientError.Statement.SyntaxError",
        "Failed to alter the policy of the cluster: Invalid policy setting(s) provided: {settings}.",
        "Valid settings are: allow_oidc_credential_forwarding, database_management_implies_alias_management, default_language, release_staleness, token_lifetime.";
    /// A policy setting has another type.
    PolicySettingType { setting, expected: SettingType } = "POLICY_SETTING_TYPE", ["22G03", "22N27"], "Neo.ClientError.Statement.TypeError",
        "Failed to alter the policy of the cluster: Invalid value for '{setting}'. Expected {expected}.", "SHOW CLUSTER POLICY says what each setting is now. Write duration('PT2S') or duration({seconds: 2}) for a duration.";
    /// A password is empty.
    PasswordEmpty {} = "PASSWORD_EMPTY", ["22NB6"], "Neo.ClientError.Statement.ArgumentError",
        "A password cannot be empty.", "";
    /// A password is too short.
    PasswordTooShort {} = "PASSWORD_TOO_SHORT", ["22N05", "22N85"], "Neo.ClientError.Statement.ArgumentError",
        "A password must be at least 8 characters.", "";
    /// An encrypted password is malformed.
    EncryptedPasswordFormat {} = "ENCRYPTED_PASSWORD_FORMAT", ["22N05"], "Neo.ClientError.Statement.ArgumentError",
        "Incorrect format of encrypted password. Correct format is '<encryption-version>,<hash>,<salt>'.", "";
    /// An encrypted password is of a kind that is not kept here.
    EncryptionVersionUnavailable {} = "ENCRYPTION_VERSION_UNAVAILABLE", ["22N05"], "Neo.ClientError.Statement.ArgumentError",
        "The encryption version specified is not available.", "Passwords are kept as argon2id hashes, which are made from the password itself: use SET PLAINTEXT PASSWORD.";

    // The cluster and the caller.
    /// The cluster has no catalog yet.
    NotFormed {} = "CLUSTER_NOT_FORMED", ["51N29"], "Neo.TransientError.General.DatabaseUnavailable",
        "The cluster has not been formed yet.", "Form it once with 'aliasctl cluster init'.";
    /// The cluster has its catalog already.
    AlreadyFormed {} = "CLUSTER_ALREADY_FORMED", ["22N05"], "Neo.ClientError.Statement.ArgumentError",
        "The cluster has been formed already.", "Log in as an administrator; 'cluster init' is done once in the life of a cluster.";
    /// The caller is no user.
    UnknownActor { user: Principal } = "USER_UNKNOWN", ["42NFF"], "Neo.ClientError.Security.Unauthorized",
        "The user '{user}' does not exist.", "Log in as another user.";
    /// The caller is suspended.
    SuspendedActor { user: UserName } = "USER_SUSPENDED", ["42NFF"], "Neo.ClientError.Security.Unauthorized",
        "The user '{user}' is suspended.", "An administrator can lift this with ALTER USER … SET STATUS ACTIVE.";
    /// The caller must change the password first.
    PasswordChangeRequired { user: UserName } = "PASSWORD_CHANGE_REQUIRED", ["42NFF"], "Neo.ClientError.Security.CredentialsExpired",
        "The password of user '{user}' must be changed before anything else.",
        "Change it with ALTER CURRENT USER SET PASSWORD FROM … TO …, or ask an administrator to set another.";
    /// The caller lacks a privilege.
    PermissionDenied { user: UserName, privilege: Action } = "PERMISSION_DENIED", ["42NFF"], "Neo.ClientError.Security.Forbidden",
        "Permission denied for user '{user}': {privilege} is required.", "An administrator can list what a user may do with SHOW USER … PRIVILEGES.";
    /// The credentials of the caller are not those that were shown any more.
    CredentialsChanged { user: Principal } = "CREDENTIALS_CHANGED", ["51N35"], "Neo.TransientError.Transaction.Outdated",
        "The credentials of user '{user}' have changed in the meantime.", "Log in again, and repeat the statement if it is still wanted.";
    /// A request id stands for another request already.
    RequestIdReused {} = "REQUEST_ID_REUSED", ["08N06"], "Neo.ClientError.Request.Invalid",
        "The request id stands for another request, by another user or with another statement.", "Draw a new request id for each statement.";
    /// A request was first sent so long ago that nobody remembers whether it took effect.
    RequestTooOld { made_at: Revision, revision: Revision, window: u64 } = "REQUEST_TOO_OLD", ["08N06"], "Neo.ClientError.Request.Invalid",
        "Nobody can tell any more whether the request took effect: it was first sent at revision {made_at}, the catalog is at {revision}, and outcomes are remembered for {window} revisions.",
        "Look whether it took effect; to have it done now, send the statement with a new request id.";
    /// A role name is reserved.
    ReservedRole { action: Attempt, role: RoleName } = "ROLE_RESERVED", ["42001", "42N15"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to {action}: '{role}' is a reserved role.", "Every user has PUBLIC; it can be granted privileges, but not be created, dropped, granted or revoked.";
    /// Only configuration changes immutable privileges and roles.
    ImmutableDenied {} = "IMMUTABLE_DENIED", ["42NFF"], "Neo.ClientError.Security.Forbidden",
        "Immutable privileges and roles cannot be changed while authentication is enabled.", "Leave out IMMUTABLE.";
    /// A caller would delete the user that it is.
    OwnUserDeletion { action: Attempt, user: UserName } = "OWN_USER_DELETION", ["42N99"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to {action} the specified user '{user}': Deleting yourself is not allowed.", "Have another administrator do it.";
    /// A caller would change whether the user that it is may log in.
    OwnUser { action: Attempt, user: UserName } = "OWN_USER_PROTECTED", ["42N98"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to {action} the specified user '{user}': Changing your own activation status is not allowed.", "Have another administrator do it.";

    // What a statement refers to is missing.
    /// No database or alias of this name, or none that the user may know of.
    DatabaseNotFound { name: CatalogName } = "DATABASE_NOT_FOUND", ["22N51"], "Neo.ClientError.Database.DatabaseNotFound",
        "Unable to get a routing table for database '{name}' because this database does not exist", "Check the name, and that you have ACCESS on it.";
    /// A constituent is the name of a session.
    ConstituentNotConnectable { name: CatalogName } = "CONSTITUENT_NOT_CONNECTABLE", ["22N51"], "Neo.ClientError.Database.DatabaseNotFound",
        "Unable to get a routing table for database '{name}' because this database does not exist", "It is a constituent: connect to its composite database, and use it from there.";
    /// A session on a composite database would use something else.
    OutsideComposite { name: CatalogName, session: CatalogName } = "OUTSIDE_COMPOSITE", ["42001", "42N05"], "Neo.ClientError.Statement.SemanticError",
        "When connected to a composite database, access is allowed only to its constituents. Attempted to access '{name}' while connected to '{session}'",
        "Connect to it in another session, or create an alias for it in the composite database.";
    /// A session elsewhere would use a composite database or a constituent.
    CompositeFromOutside { name: CatalogName, session: CatalogName } = "COMPOSITE_FROM_OUTSIDE", ["42001", "42N04"], "Neo.ClientError.Statement.SemanticError",
        "Accessing a composite database and its constituents is only allowed when connected to it. Attempted to access '{name}' while connected to '{session}'",
        "Connect to the composite database; a constituent is used from there and cannot be connected to.";
    /// No alias of this name.
    AliasNotFound { action: Attempt, name: CatalogName } = "ALIAS_NOT_FOUND", ["42001", "42N00"], "Neo.ClientError.Database.DatabaseNotFound",
        "Failed to {action} the specified database alias '{name}': Database alias does not exist.", "";
    /// No database of this name.
    NoSuchDatabase { action: Attempt, name: CatalogName } = "NO_SUCH_DATABASE", ["42001", "42N00"], "Neo.ClientError.Database.DatabaseNotFound",
        "Failed to {action} the specified database '{name}': Database does not exist.", "";
    /// No composite database of this name.
    CompositeNotFound { action: Attempt, name: CatalogName } = "COMPOSITE_NOT_FOUND", ["42001", "42N00"], "Neo.ClientError.Database.DatabaseNotFound",
        "Failed to {action} the specified composite database '{name}': Composite database does not exist.", "";
    /// No user of the old name.
    RenamedUserNotFound { from: UserName, to: UserName } = "RENAMED_USER_NOT_FOUND", ["42001", "42N09"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to rename the specified user '{from}' to '{to}': The user '{from}' does not exist.", "IF EXISTS makes this no error.";
    /// No role of the old name.
    RenamedRoleNotFound { from: RoleName, to: RoleName } = "RENAMED_ROLE_NOT_FOUND", ["42001", "42N10"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to rename the specified role '{from}' to '{to}': The role '{from}' does not exist.", "IF EXISTS makes this no error.";
    /// No role of this name.
    RoleNotFound { action: Attempt, name: RoleName } = "ROLE_NOT_FOUND", ["42001", "42N10"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to {action} role '{name}': Role does not exist.", "";
    /// No user of this name.
    UserNotFound { action: Attempt, name: UserName } = "USER_NOT_FOUND", ["42001", "42N09"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to {action} user '{name}': User does not exist.", "";
    /// No auth rule of the old name.
    RenamedAuthRuleNotFound { from: AuthRuleName, to: AuthRuleName } = "RENAMED_AUTH_RULE_NOT_FOUND", ["42001", "42NAD"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to rename the specified auth rule '{from}' to '{to}': The auth rule '{from}' does not exist.",
        "Auth rules judge what an identity provider says of a user, and no login here carries that.";
    /// No auth rule of this name.
    AuthRuleNotFound { action: Attempt, name: AuthRuleName } = "AUTH_RULE_NOT_FOUND", ["42001", "42NAD"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to {action} auth rule '{name}': Auth rule does not exist.",
        "Auth rules judge what an identity provider says of a user, and no login here carries that. Give the roles to users.";
    /// A privilege names a database that does not exist.
    PrivilegeDatabaseNotFound { name: CatalogName } = "PRIVILEGE_DATABASE_NOT_FOUND", ["42001", "42N00"], "Neo.ClientError.Database.DatabaseNotFound",
        "Database '{name}' does not exist.", "A privilege can only name a database or alias that exists.";

    // What a statement would create is there.
    /// The name of a new alias is taken.
    AliasExists { name: AliasName } = "ALIAS_EXISTS", ["42001", "42N11"], "Neo.ClientError.Database.ExistingDatabaseFound",
        "Failed to create the specified database alias '{name}': Database name or alias already exists.", "Databases and aliases share one namespace. IF NOT EXISTS makes this no error.";
    /// The name of a new database is taken.
    DatabaseExists { name: DatabaseName } = "DATABASE_EXISTS", ["42001", "42N11"], "Neo.ClientError.Database.ExistingDatabaseFound",
        "Failed to create the specified database '{name}': Database name or alias already exists.", "Databases and aliases share one namespace. IF NOT EXISTS makes this no error.";
    /// The name of a new database or alias would be ambiguous.
    AmbiguousName { name: CatalogName, other: CatalogName } = "NAME_AMBIGUOUS", ["42N87"], "Neo.ClientError.Database.ExistingDatabaseFound",
        "Cannot create database '{name}' because another database '{other}' exists with an ambiguous name.", "Names below the name of a composite database and a dot are its constituents'.";
    /// The new name of a user is taken.
    RenamedUserExists { from: UserName, to: UserName } = "RENAMED_USER_EXISTS", ["42001", "42N12"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to rename the specified user '{from}' to '{to}': User '{to}' already exists.", "";
    /// The new name of a role is taken.
    RenamedRoleExists { from: RoleName, to: RoleName } = "RENAMED_ROLE_EXISTS", ["42001", "42N13"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to rename the specified role '{from}' to '{to}': Role '{to}' already exists.", "";
    /// The name of a new user is taken.
    UserExists { name: UserName } = "USER_EXISTS", ["42001", "42N12"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to create the specified user '{name}': User already exists.", "IF NOT EXISTS makes this no error.";
    /// The name of a new role is taken.
    RoleExists { name: RoleName } = "ROLE_EXISTS", ["42001", "42N13"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to create the specified role '{name}': Role already exists.", "IF NOT EXISTS makes this no error.";
    /// Another user has this identity already.
    AuthIdTaken { provider: AuthProvider, id: AuthId } = "AUTH_ID_TAKEN", ["22N05"], "Neo.ClientError.Statement.ArgumentError",
        "The id '{id}' of auth provider '{provider}' belongs to another user.", "An id names exactly one user; remove it there first.";

    // What was found does not fit.
    /// A remote alias would become a local one.
    RemoteToLocal { name: AliasName } = "ALIAS_REMOTE_TO_LOCAL", ["22N91"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to alter the specified database alias '{name}': alter a remote alias to a local alias is not supported.", "Give AT with the TARGET, or drop the alias and create it anew.";
    /// A local alias would become a remote one.
    LocalToRemote { name: AliasName } = "ALIAS_LOCAL_TO_REMOTE", ["22N91"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to alter the specified database alias '{name}': alter a local alias to a remote alias is not supported.", "AT, USER, PASSWORD, DRIVER and DEFAULT LANGUAGE belong to remote aliases; drop the alias and create it anew.";
    /// An alias command names a target that does not exist.
    TargetNotFound { action: Attempt, name: AliasName, target: CatalogName } = "ALIAS_TARGET_NOT_FOUND", ["42001", "42N00"], "Neo.ClientError.Database.DatabaseNotFound",
        "Failed to {action} the specified database alias '{name}': Database '{target}' does not exist.", "Create the database first, or use AT to lead to another DBMS.";
    /// A local alias would lead to a composite database.
    TargetIsComposite { action: Attempt, name: AliasName, target: CatalogName } = "ALIAS_TARGET_IS_COMPOSITE", ["42NA6"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to {action} the specified database alias '{name}': Database '{target}' is composite.", "Target a database that has a graph.";
    /// A constituent would have a language of its own.
    ConstituentLanguage { action: Attempt, name: AliasName } = "CONSTITUENT_LANGUAGE", ["42001", "42N14"], "Neo.ClientError.Statement.SyntaxError",
        "Failed to {action} the specified database alias '{name}': 'DEFAULT LANGUAGE' cannot be used together with 'constituent aliases'.", "A constituent takes the language of its composite database.";
    /// An alias that forwards the caller's identity would get credentials, or the reverse.
    CredentialKind { name: AliasName } = "ALIAS_CREDENTIAL_KIND", ["22N91"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to alter the specified database alias '{name}': alter an alias with OIDC credential forwarding to stored credentials is not supported.", "Drop the alias and create it anew.";
    /// A stored password would be sent elsewhere by somebody who may not have it.
    AliasPasswordRequired { name: AliasName } = "ALIAS_PASSWORD_REQUIRED", ["42NFF"], "Neo.ClientError.Security.Forbidden",
        "Failed to alter the specified database alias '{name}': its stored password would be sent to another address or as another user.",
        "Give the PASSWORD in the same statement, or have it altered by a user who holds RESOLVE ALIAS on the alias.";
    /// An alias was changed while a credential was being sealed for what it was.
    AliasChanged { name: AliasName } = "ALIAS_CHANGED", ["51N35"], "Neo.TransientError.Transaction.Outdated",
        "Failed to alter the specified database alias '{name}': it was changed by another statement in the meantime.", "Look at the alias, and send the statement again if it is still wanted.";
    /// A constituent would be a home.
    HomeIsConstituent { action: Attempt, user: UserName, name: CatalogName } = "HOME_IS_CONSTITUENT", ["22N51"], "Neo.ClientError.Database.DatabaseNotFound",
        "Failed to {action} the specified user '{user}': '{name}' is a constituent of a composite database, which nobody can be connected to.",
        "Set the composite database, or another database or alias, as the home.";
    /// A composite database has no access of its own.
    CompositeAccess { name: DatabaseName } = "COMPOSITE_ACCESS", ["42NA6"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to alter the specified database '{name}': Database '{name}' is composite, and its access cannot be set.", "Set the access of the databases that its constituents lead to.";
    /// The database is stopped.
    DatabaseStopped { name: DatabaseName } = "DATABASE_STOPPED", ["08N09"], "Neo.TransientError.General.DatabaseUnavailable",
        "Database '{name}' is unavailable: it is stopped.", "START DATABASE makes it available again.";
    /// The alias forwards the caller's identity, which the cluster's policy does not allow.
    OidcForwardingDisabled { name: AliasName } = "OIDC_FORWARDING_DISABLED", ["42NFF"], "Neo.ClientError.Security.Forbidden",
        "The alias '{name}' forwards the caller's credentials, which is not enabled.", "ALTER CLUSTER SET POLICY {allow_oidc_credential_forwarding: true} enables it.";
    /// A local alias would lead to the system database.
    TargetIsSystem { action: Attempt, name: AliasName } = "ALIAS_TARGET_IS_SYSTEM", ["42001", "42N15"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to {action} the specified database alias '{name}': it cannot target the system database.", "";
    /// An alias would lead to an alias.
    AliasChain { action: Attempt, name: AliasName, target: CatalogName } = "ALIAS_CHAIN", ["08N14"], "Neo.ClientError.Database.IllegalAliasChain",
        "Failed to {action} the specified database alias '{name}': '{target}' is an alias, and an alias cannot lead to an alias.", "Target the database itself.";
    /// A credential is sealed with another key than the active one.
    StaleKey { given: KeyId, active: KeyId } = "KEY_NOT_ACTIVE", ["50N00"], "Neo.TransientError.General.DatabaseUnavailable",
        "The credential was sealed with key {given}, but the active key is {active}.", "Send the statement again; it will be sealed with the active key.";
    /// A URL is insecure although security is enforced.
    InsecureUrl { url, schemes: Listed<&'static str> } = "URL_INSECURE", ["42001", "22N04"], "Neo.ClientError.Statement.SyntaxError",
        "The provided url '{url}' is not a secure scheme. Please use one of the following schemes: {schemes}.", "DRIVER {ssl_enforced: false} allows it; credentials then travel in the clear.";
    /// The database may not be dropped.
    DatabaseProtected { action: Attempt, name: DatabaseName } = "DATABASE_PROTECTED", ["42001", "42N15"], "Neo.ClientError.Statement.ArgumentError",
        "Failed to {action} the specified database '{name}': Not allowed to {action} system database.", "";
    /// A database is still led to by aliases.
    DatabaseHasAliases { name: DatabaseName, aliases: Quoted<AliasName> } = "DATABASE_HAS_ALIASES", ["42N82"], "Neo.ClientError.Database.ExistingAliasFound",
        "Failed to delete the specified database '{name}': Database has one or more aliases. Drop the aliases: [{aliases}] before dropping the database.", "CASCADE ALIASES drops them as well.";
    /// A new password is the old one.
    PasswordUnchanged {} = "PASSWORD_UNCHANGED", ["22N05", "22N89"], "Neo.ClientError.Statement.ArgumentError",
        "Old password and new password cannot be the same.", "";
    /// A password option is set for a user that has no password.
    NoPassword { name: UserName } = "USER_WITHOUT_PASSWORD", ["22N05"], "Neo.ClientError.Statement.ArgumentError",
        "User '{name}' has no password of which a change could be required.", "Give SET PASSWORD as well.";
    /// A user would be left without a way to authenticate.
    NoAuth { name: UserName } = "USER_WITHOUT_AUTH", ["22N05"], "Neo.ClientError.Statement.ArgumentError",
        "User '{name}' has no way to authenticate.", "Give SET PASSWORD or SET AUTH 'mtls' {SET ID '…'}.";
    /// Nobody would be left who administers users, roles and privileges, or nobody of whom it is sure that he can log in.
    LastAdministrator {} = "LAST_ADMINISTRATOR", ["22N05"], "Neo.ClientError.Statement.ArgumentError",
        "Nobody would be left who may administer users, roles and privileges and is sure to be let in.",
        "First give another active user who has a password a role with the same rights, as admin is by default. A user without one counts where the statement is sent with its client certificate. Nobody could give back what this takes away.";

    // The members of the cluster.
    /// A node id that was removed would be used again.
    MemberRetired { node: u64 } = "MEMBER_RETIRED", ["22N05"], "Neo.ClientError.Statement.ArgumentError",
        "Node {node} was removed from the cluster, and its node id is never used again.", "Give the new node an id that no node has had, and a certificate for it.";
    /// The data directory of a removed member would be used again.
    IncarnationRetired { node: u64 } = "MEMBER_DIRECTORY_RETIRED", ["22N05"], "Neo.ClientError.Statement.ArgumentError",
        "The data directory that node {node} shows belonged to a member that was removed.", "Start the node with an empty data directory.";
    /// The node is a member.
    MemberExists { node: u64 } = "MEMBER_EXISTS", ["22N05"], "Neo.ClientError.Statement.ArgumentError",
        "Node {node} is a member of the cluster already.", "Choose another node id; 'aliasctl cluster status' lists those in use.";
    /// One change of the members at a time.
    MemberChangeRunning { change } = "MEMBER_CHANGE_RUNNING", ["22N05"], "Neo.ClientError.Statement.ArgumentError",
        "Another change of the members is under way: {change}.", "Wait until it is done, which 'aliasctl cluster status' tells, or give up a node that does not come with 'aliasctl cluster remove'.";
    /// A token of another cluster.
    JoinClusterWrong { token, cluster } = "JOIN_CLUSTER_WRONG", ["42NFF"], "Neo.ClientError.Security.Unauthorized",
        "The join token is of cluster {token}, and the members that it names belong to cluster {cluster}.", "Make a token with 'aliasctl cluster add' on the cluster that the node is to join.";
    /// A token that lets nobody in.
    JoinTokenWrong { node: u64 } = "JOIN_TOKEN_WRONG", ["42NFF"], "Neo.ClientError.Security.Unauthorized",
        "The join token is not the one that node {node} was given last.", "Make a new one with 'aliasctl cluster add'.";
    /// A token that let another data directory in.
    JoinTokenUsed { node: u64 } = "JOIN_TOKEN_USED", ["42NFF"], "Neo.ClientError.Security.Unauthorized",
        "The join token of node {node} was used already, by another data directory.", "If that was not this node's, find out whose it was. A lost directory needs 'aliasctl cluster replace', with a new node id.";
    /// A token that came too late.
    JoinTokenExpired { node: u64 } = "JOIN_TOKEN_EXPIRED", ["42NFF"], "Neo.ClientError.Security.Unauthorized",
        "The join token of node {node} has expired.", "Make a new one with 'aliasctl cluster add'.";
}

#[cfg(test)]
mod tests;
