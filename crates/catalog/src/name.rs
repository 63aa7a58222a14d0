//! Validated names. Each kind of name is a type of its own and only its constructor makes it, so a role
//! name never lands where a user name is due:
//!
//! ```compile_fail
//! use aliasd_catalog::{RoleName, UserName};
//! fn suspend(_user: &UserName) {}
//! suspend(&RoleName::new("reader").expect("a valid role name"));
//! ```
//!
//! Databases and aliases share one namespace and are normalised to lower case; users and roles keep
//! their case. The rules and their messages are Neo4j's.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use crate::{NameKind, Rejection};

/// The longest alias or remote database name, in characters.
pub(crate) const ALIAS_LENGTH_MAX: usize = 65_534;

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text, normalised.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Sorts before every name: where a range over an index begins. Never stored.
            #[allow(dead_code, reason = "not every kind of name stands second in an index")]
            pub(crate) fn lowest() -> Self {
                Self(Arc::default())
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

name_type!(
    /// A name that refers to a database or an alias, normalised to lower case. Says nothing about
    /// whether anything has that name, nor whether something could be created under it.
    CatalogName
);
name_type!(
    /// A name under which a database may be registered: 3 to 63 of `[a-z0-9.-]`.
    DatabaseName
);
name_type!(
    /// A name under which an alias may be created.
    AliasName
);
name_type!(
    /// A user of this catalog. Case-sensitive.
    UserName
);
name_type!(
    /// A role of this catalog: an ASCII letter, then letters, digits and underscores. Case-sensitive.
    RoleName
);
name_type!(
    /// A pattern over names of procedures, functions or settings, in which `*` stands for any text and `?` for one
    /// character. Kept as given.
    Glob
);
name_type!(
    /// A user of a remote DBMS, kept as given.
    RemoteUserName
);
name_type!(
    /// How a user proves who it is without a password of this catalog, for example `mtls`.
    AuthProvider
);
name_type!(
    /// The identity that an [`AuthProvider`] knows a user by.
    AuthId
);

name_type!(
    /// A label of a user, which auth rules of other systems go by. Case-sensitive.
    UserTag
);
name_type!(
    /// A rule that would give roles to users by their attributes. No such rule exists in this catalog.
    AuthRuleName
);

impl CatalogName {
    /// Normalises a name that a statement or a caller refers to.
    ///
    /// # Errors
    /// The name is empty or longer than 65,534 characters.
    pub fn new(text: &str) -> Result<Self, Rejection> {
        if text.is_empty() {
            return Err(Rejection::EmptyName { what: NameKind::Database.into() });
        }
        let name = text.to_lowercase();
        check_length(NameKind::Target, &name)?;
        Ok(Self(name.into()))
    }
}

impl AliasName {
    /// Normalises and checks the name of an alias that is to be created.
    ///
    /// # Errors
    /// Empty, too long, ends with a dot, or starts with the reserved `_` or `system`.
    pub fn new(text: &str) -> Result<Self, Rejection> {
        if text.is_empty() {
            return Err(Rejection::EmptyName { what: NameKind::Alias.into() });
        }
        let name = text.to_lowercase();
        check_length(NameKind::Alias, &name)?;
        if name.ends_with('.') {
            return Err(Rejection::NameEndsWithDot { name });
        }
        if let Some(prefix) = reserved_prefix(&name) {
            return Err(Rejection::ReservedAliasName { name, prefix: prefix.into() });
        }
        Ok(Self(name.into()))
    }
}

impl DatabaseName {
    /// The database that holds the catalog itself; it exists from the start and cannot be dropped.
    pub fn system() -> Self {
        Self("system".into())
    }

    /// The default database of a new cluster.
    pub fn neo4j() -> Self {
        Self("neo4j".into())
    }

    /// Normalises and checks the name of a database that is to be registered.
    ///
    /// # Errors
    /// Empty, shorter than 3 or longer than 63 characters, not starting with an ASCII letter or digit,
    /// holding anything but ASCII letters, digits, dots and dashes, ending with a dot or a dash, or
    /// starting with the reserved `_` or `system`.
    pub fn new(text: &str) -> Result<Self, Rejection> {
        let name = text.to_lowercase();
        if name.is_empty() {
            return Err(Rejection::EmptyName { what: NameKind::Database.into() });
        }
        if let Some(prefix) = reserved_prefix(&name) {
            return Err(Rejection::ReservedDatabaseName { name, prefix: prefix.into() });
        }
        if !(3..=63).contains(&name.chars().count()) {
            return Err(Rejection::DatabaseNameLength { name });
        }
        if !name.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            return Err(Rejection::DatabaseNameStart { name });
        }
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        if !name.chars().all(legal) || name.ends_with(['.', '-']) {
            return Err(Rejection::DatabaseNameCharacters { name });
        }
        Ok(Self(name.into()))
    }

    /// Reads back a name that was valid when it was stored, `system` included.
    ///
    /// # Errors
    /// The text is no database name.
    pub fn stored(text: &str) -> Result<Self, Rejection> {
        if text == "system" { Ok(Self::system()) } else { Self::new(text) }
    }
}

impl UserName {
    /// Checks the name of a user.
    ///
    /// # Errors
    /// Empty, or holding a comma, a colon, white space or a control character: those would be ambiguous
    /// in Basic authentication and in listings.
    pub fn new(text: &str) -> Result<Self, Rejection> {
        let legal = |c: char| !c.is_control() && !c.is_whitespace() && c != ',' && c != ':';
        if text.is_empty() {
            return Err(Rejection::EmptyName { what: NameKind::User.into() });
        }
        if !text.chars().all(legal) || text.chars().count() > ALIAS_LENGTH_MAX {
            return Err(Rejection::InvalidUserName { name: text.into() });
        }
        Ok(Self(text.into()))
    }
}

impl RoleName {
    /// The name of the role that every user has.
    pub(crate) const PUBLIC: &'static str = "PUBLIC";

    /// The role that every user has, implicitly and irrevocably.
    pub fn public() -> Self {
        Self(Self::PUBLIC.into())
    }

    /// The role of the first administrator.
    pub fn admin() -> Self {
        Self("admin".into())
    }

    /// Checks the name of a role.
    ///
    /// # Errors
    /// Empty, not starting with an ASCII letter, or holding anything but ASCII letters, digits and
    /// underscores.
    pub fn new(text: &str) -> Result<Self, Rejection> {
        if text.is_empty() {
            return Err(Rejection::EmptyName { what: NameKind::Role.into() });
        }
        let legal = text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && text.len() <= ALIAS_LENGTH_MAX;
        if !legal {
            return Err(Rejection::InvalidRoleName { name: text.into() });
        }
        Ok(Self(text.into()))
    }

    /// Whether this is the role that every user has.
    pub fn is_public(&self) -> bool {
        &*self.0 == Self::PUBLIC
    }
}

impl Glob {
    /// Takes a pattern as given.
    ///
    /// # Errors
    /// The pattern is empty or longer than 65,534 characters.
    pub fn new(text: &str) -> Result<Self, Rejection> {
        if text.is_empty() {
            return Err(Rejection::EmptyName { what: NameKind::Pattern.into() });
        }
        check_length(NameKind::Pattern, text)?;
        Ok(Self(text.into()))
    }
}

impl RemoteUserName {
    /// Takes the name of a remote user as given.
    ///
    /// # Errors
    /// The name is empty or longer than 65,534 characters.
    pub fn new(text: &str) -> Result<Self, Rejection> {
        if text.is_empty() {
            return Err(Rejection::EmptyName { what: NameKind::RemoteUser.into() });
        }
        check_length(NameKind::RemoteUser, text)?;
        Ok(Self(text.into()))
    }
}

impl AuthProvider {
    /// The provider whose identities are proven by client certificates.
    pub fn mtls() -> Self {
        Self("mtls".into())
    }

    /// The provider of this name, if somebody can log in here by what it says.
    ///
    /// # Errors
    /// No login of this catalog is by that provider.
    pub fn of_a_login(text: &str) -> Result<Self, Rejection> {
        let provider = Self::new(text)?;
        if provider != Self::mtls() {
            return Err(Rejection::InvalidAuthProvider { provider: text.into() });
        }
        Ok(provider)
    }

    /// Checks the name of a provider. One that no login is by may be stored from earlier, and can be removed.
    ///
    /// # Errors
    /// Empty, or `native`, which is the password of this catalog and never an external provider.
    pub fn new(text: &str) -> Result<Self, Rejection> {
        if text.is_empty() || text == "native" {
            return Err(Rejection::InvalidAuthProvider { provider: text.into() });
        }
        check_length(NameKind::AuthProvider, text)?;
        Ok(Self(text.into()))
    }
}

impl AuthId {
    /// Takes an identity as the provider spells it.
    ///
    /// # Errors
    /// The identity is empty or longer than 65,534 characters.
    pub fn new(text: &str) -> Result<Self, Rejection> {
        if text.is_empty() {
            return Err(Rejection::EmptyName { what: NameKind::AuthId.into() });
        }
        check_length(NameKind::AuthId, text)?;
        Ok(Self(text.into()))
    }
}

impl UserTag {
    /// Takes a tag as given.
    ///
    /// # Errors
    /// The tag is empty or longer than 65,534 characters.
    pub fn new(text: &str) -> Result<Self, Rejection> {
        if text.is_empty() {
            return Err(Rejection::EmptyName { what: NameKind::Tag.into() });
        }
        check_length(NameKind::Tag, text)?;
        Ok(Self(text.into()))
    }
}

impl AuthRuleName {
    /// Takes the name of a rule as given: since there is none, no other name is wrong.
    ///
    /// # Errors
    /// The name is empty or longer than 65,534 characters.
    pub fn new(text: &str) -> Result<Self, Rejection> {
        if text.is_empty() {
            return Err(Rejection::EmptyName { what: NameKind::AuthRule.into() });
        }
        check_length(NameKind::AuthRule, text)?;
        Ok(Self(text.into()))
    }
}

impl From<&DatabaseName> for CatalogName {
    fn from(name: &DatabaseName) -> Self {
        Self(name.0.clone())
    }
}

impl From<&AliasName> for CatalogName {
    fn from(name: &AliasName) -> Self {
        Self(name.0.clone())
    }
}

/// Names are checked as they are stored: lower case may be longer than what was given, and a stored name
/// must be readable again.
fn check_length(what: NameKind, text: &str) -> Result<(), Rejection> {
    // Bytes bound characters from above, so the count is only taken where it can matter.
    if text.len() > ALIAS_LENGTH_MAX && text.chars().count() > ALIAS_LENGTH_MAX {
        return Err(Rejection::NameTooLong { what: what.into() });
    }
    Ok(())
}

fn reserved_prefix(name: &str) -> Option<&'static str> {
    ["system", "_"].into_iter().find(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests;
