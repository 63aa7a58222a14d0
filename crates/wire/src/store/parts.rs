//! Parts that records and commands share.

use std::collections::BTreeSet;
use std::fmt::Display;

use aliasd_catalog::{
    AliasName, AuthId, AuthProvider, AuthRuleName, CatalogName, DatabaseName, DriverSettings, Duration, Glob, LogLevel,
    PasswordHash, Policy, PolicyChange, Principal, ReleaseStaleness, RemoteLogin, RemoteUrl, RemoteUserName, Revision,
    RoleName, SealedSecret, Stamp, Timestamp, TokenLifetime, TokenTrace, UserName, UserTag,
};

use super::choice::Choice;
use super::{FieldError, proto};

/// A name as stored text.
pub(super) fn text(name: &impl Display) -> String {
    name.to_string()
}

/// Who asks, as stored: absent for the cluster itself.
pub(super) fn actor(actor: &Principal) -> Option<String> {
    match actor {
        Principal::System => None,
        Principal::User(name) => Some(text(name)),
    }
}

/// Reads back who asks.
pub(super) fn actor_from(stored: Option<String>) -> Result<Principal, FieldError> {
    stored.map_or(Ok(Principal::System), |name| Ok(Principal::User(user_name(&name)?)))
}

/// Names in order, as stored.
pub(super) fn texts<'a, T: Display + 'a>(names: impl IntoIterator<Item = &'a T>) -> Vec<String> {
    names.into_iter().map(text).collect()
}

/// A name that has to read back exactly as it was stored: constructors normalise, but a stored name is
/// normalised already, so a difference means damage.
fn stored<T: Display>(text: &str, name: T) -> Result<T, FieldError> {
    if name.to_string() == text {
        Ok(name)
    } else {
        Err(FieldError::damaged(format!("the name '{text}' is not normalised")))
    }
}

macro_rules! names {
    ($($function:ident: $name:ident::$constructor:ident),+ $(,)?) => {
        $(
            #[doc = concat!("Reads back a stored `", stringify!($name), "`.")]
            pub(super) fn $function(text: &str) -> Result<$name, FieldError> {
                stored(text, $name::$constructor(text)?)
            }
        )+
    };
}

names! {
    catalog_name: CatalogName::new,
    alias_name: AliasName::new,
    database_name: DatabaseName::stored,
    user_name: UserName::new,
    role_name: RoleName::new,
    glob: Glob::new,
    remote_user_name: RemoteUserName::new,
    auth_provider: AuthProvider::new,
    auth_id: AuthId::new,
    user_tag: UserTag::new,
    auth_rule_name: AuthRuleName::new,
}

/// Reads back a stored set, which is in order and holds nothing twice.
pub(super) fn set<S, T: Ord>(
    stored: impl IntoIterator<Item = S>,
    read: impl Fn(S) -> Result<T, FieldError>,
) -> Result<BTreeSet<T>, FieldError> {
    let mut items = BTreeSet::new();
    for item in stored {
        let item = read(item)?;
        if items.last().is_some_and(|last| *last >= item) {
            return Err(FieldError::damaged("a set is out of order"));
        }
        items.insert(item);
    }
    Ok(items)
}

/// Reads back an optional part.
pub(super) fn optional<S, T>(
    stored: Option<S>,
    read: impl FnOnce(S) -> Result<T, FieldError>,
) -> Result<Option<T>, FieldError> {
    stored.map(read).transpose()
}

/// Reads back bytes of a fixed length.
pub(super) fn array<const LENGTH: usize>(bytes: &[u8], field: &str) -> Result<[u8; LENGTH], FieldError> {
    let wrong = || FieldError::damaged(format!("{field} has {} bytes instead of {LENGTH}", bytes.len()));
    bytes.try_into().map_err(|_| wrong())
}

pub(super) fn url(text: &str) -> Result<RemoteUrl, FieldError> {
    Ok(RemoteUrl::stored(text)?)
}

pub(super) fn stamp(stamp: Stamp) -> proto::Stamp {
    proto::Stamp { revision: stamp.revision.0, time_ms: stamp.time.0 }
}

pub(super) fn stamp_from(stored: Option<proto::Stamp>, field: &str) -> Result<Stamp, FieldError> {
    let proto::Stamp { revision, time_ms } = stored.ok_or_else(|| FieldError::missing(field))?;
    Ok(Stamp { revision: Revision(revision), time: Timestamp(time_ms) })
}

pub(super) fn policy(policy: Policy) -> proto::Policy {
    let Policy {
        database_management_implies_alias_management,
        oidc_credential_forwarding,
        default_language,
        token_lifetime,
        release_staleness,
    } = policy;
    // A policy that was stored before has neither, and the same bytes.
    let token_lifetime_seconds = (token_lifetime != TokenLifetime::default()).then(|| token_lifetime.seconds());
    let release_staleness_ms =
        (release_staleness != ReleaseStaleness::default()).then(|| release_staleness.milliseconds());
    proto::Policy {
        database_management_implies_alias_management,
        oidc_credential_forwarding,
        default_language: default_language.number(),
        token_lifetime_seconds,
        release_staleness_ms,
    }
}

pub(super) fn policy_from(stored: Option<proto::Policy>) -> Result<Policy, FieldError> {
    let proto::Policy {
        database_management_implies_alias_management,
        oidc_credential_forwarding,
        default_language,
        token_lifetime_seconds,
        release_staleness_ms,
    } = stored.ok_or_else(|| FieldError::missing("policy"))?;
    Ok(Policy {
        database_management_implies_alias_management,
        oidc_credential_forwarding,
        default_language: Choice::required(default_language, "default language")?,
        token_lifetime: token_lifetime_from(token_lifetime_seconds)?.unwrap_or_default(),
        release_staleness: release_staleness_from(release_staleness_ms)?.unwrap_or_default(),
    })
}

pub(super) fn policy_change(change: PolicyChange) -> proto::PolicyChange {
    let PolicyChange {
        database_management_implies_alias_management,
        oidc_credential_forwarding,
        default_language,
        token_lifetime,
        release_staleness,
    } = change;
    proto::PolicyChange {
        database_management_implies_alias_management,
        oidc_credential_forwarding,
        default_language: Choice::optional_number(default_language),
        token_lifetime_seconds: token_lifetime.map(TokenLifetime::seconds),
        release_staleness_ms: release_staleness.map(ReleaseStaleness::milliseconds),
    }
}

fn token_lifetime_from(stored: Option<u32>) -> Result<Option<TokenLifetime>, FieldError> {
    let lifetime = |seconds: u32| {
        TokenLifetime::from_seconds(seconds.into())
            .ok_or_else(|| FieldError::damaged(format!("a token lifetime of {seconds} s is out of bounds")))
    };
    stored.map(lifetime).transpose()
}

fn release_staleness_from(stored: Option<u32>) -> Result<Option<ReleaseStaleness>, FieldError> {
    let staleness = |milliseconds: u32| {
        ReleaseStaleness::from_milliseconds(milliseconds.into()).ok_or_else(|| {
            FieldError::damaged(format!("a staleness of {milliseconds} ms for releases is out of bounds"))
        })
    };
    stored.map(staleness).transpose()
}

pub(super) fn policy_change_from(stored: &proto::PolicyChange) -> Result<PolicyChange, FieldError> {
    let proto::PolicyChange {
        database_management_implies_alias_management,
        oidc_credential_forwarding,
        default_language,
        token_lifetime_seconds,
        release_staleness_ms,
    } = *stored;
    Ok(PolicyChange {
        database_management_implies_alias_management,
        oidc_credential_forwarding,
        default_language: Choice::from_number(default_language)?,
        token_lifetime: token_lifetime_from(token_lifetime_seconds)?,
        release_staleness: release_staleness_from(release_staleness_ms)?,
    })
}

pub(super) fn ended_token((token, expires_at): (&TokenTrace, &Timestamp)) -> proto::EndedToken {
    proto::EndedToken { trace: token.0.to_vec(), expires_at_ms: expires_at.0 }
}

pub(super) fn ended_token_from(stored: &proto::EndedToken) -> Result<(TokenTrace, Timestamp), FieldError> {
    Ok((TokenTrace(array(&stored.trace, "token")?), Timestamp(stored.expires_at_ms)))
}

pub(super) fn password(hash: &PasswordHash) -> String {
    hash.as_phc().to_owned()
}

pub(super) fn sealed(secret: &SealedSecret) -> proto::SealedSecret {
    let SealedSecret { key_id, nonce, ciphertext, alias_id } = secret;
    proto::SealedSecret {
        key_id: key_id.0.to_vec(),
        nonce: nonce.to_vec(),
        ciphertext: ciphertext.to_vec(),
        alias_id: alias_id.map(|id| id.0.to_vec()).unwrap_or_default(),
    }
}

pub(super) fn sealed_from(stored: proto::SealedSecret) -> Result<SealedSecret, FieldError> {
    let proto::SealedSecret { key_id, nonce, ciphertext, alias_id } = stored;
    let alias_id = (!alias_id.is_empty()).then(|| array(&alias_id, "alias id")).transpose()?;
    Ok(SealedSecret {
        alias_id: alias_id.map(aliasd_catalog::AliasId),
        key_id: aliasd_catalog::KeyId(array(&key_id, "key id")?),
        nonce: array(&nonce, "nonce")?,
        ciphertext: ciphertext.into(),
    })
}

/// A stored user and password, both or neither.
pub(super) fn login(login: &RemoteLogin<SealedSecret>) -> (Option<String>, Option<proto::SealedSecret>) {
    (login.user().map(text), login.credential().map(sealed))
}

pub(super) fn login_from(
    user: Option<String>,
    credential: Option<proto::SealedSecret>,
) -> Result<RemoteLogin<SealedSecret>, FieldError> {
    match (user, credential) {
        (None, None) => Ok(RemoteLogin::OidcForwarding),
        (Some(user), Some(credential)) => {
            Ok(RemoteLogin::Stored { user: remote_user_name(&user)?, credential: sealed_from(credential)? })
        }
        (Some(_), None) => Err(FieldError::missing("credential")),
        (None, Some(_)) => Err(FieldError::missing("user")),
    }
}

pub(super) fn driver(settings: &DriverSettings) -> proto::DriverSettings {
    let DriverSettings {
        ssl_enforced,
        connection_timeout,
        connection_max_lifetime,
        connection_pool_acquisition_timeout,
        connection_pool_idle_test,
        connection_pool_max_size,
        logging_level,
    } = *settings;
    proto::DriverSettings {
        ssl_enforced,
        connection_timeout: connection_timeout.map(Into::into),
        connection_max_lifetime: connection_max_lifetime.map(Into::into),
        connection_pool_acquisition_timeout: connection_pool_acquisition_timeout.map(Into::into),
        connection_pool_idle_test: connection_pool_idle_test.map(Into::into),
        connection_pool_max_size,
        logging_level: Choice::optional_number(logging_level),
    }
}

pub(super) fn driver_from(stored: proto::DriverSettings) -> Result<DriverSettings, FieldError> {
    let proto::DriverSettings {
        ssl_enforced,
        connection_timeout,
        connection_max_lifetime,
        connection_pool_acquisition_timeout,
        connection_pool_idle_test,
        connection_pool_max_size,
        logging_level,
    } = stored;
    let duration = |stored: Option<proto::DurationValue>| optional(stored, |it| Ok(Duration::try_from(it)?));
    let settings = DriverSettings {
        ssl_enforced,
        connection_timeout: duration(connection_timeout)?,
        connection_max_lifetime: duration(connection_max_lifetime)?,
        connection_pool_acquisition_timeout: duration(connection_pool_acquisition_timeout)?,
        connection_pool_idle_test: duration(connection_pool_idle_test)?,
        connection_pool_max_size,
        logging_level: LogLevel::from_number(logging_level)?,
    };
    // The rules about single settings live in the catalog, where they are read from a map.
    Ok(DriverSettings::from_values(&settings.to_values())?)
}
