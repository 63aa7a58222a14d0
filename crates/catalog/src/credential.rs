//! What a sealed credential is bound to, so that it opens nowhere else, and what is seen of it by whoever seals it anew.

use crate::{AliasId, CatalogName, RemoteUrl, RemoteUserName, Revision};

/// Where a credential belongs: what a ciphertext is bound to, besides its cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialPlace {
    /// The name of the alias.
    pub alias: CatalogName,
    /// Which secret it is.
    pub field: CredentialField,
    /// The address that it is sent to; none where the alias is unknown, so that nothing will come of it.
    pub url: Option<RemoteUrl>,
    /// The user that it is of; none as above.
    pub user: Option<RemoteUserName>,
    /// The id of the alias; none if it has none yet.
    pub alias_id: Option<AliasId>,
}

/// Which secret of an alias a ciphertext is: part of what is bound into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialField {
    /// The password of the remote user.
    Password,
}

impl CredentialField {
    /// The field's stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
        }
    }
}

/// What the member that proposes saw of an alias with stored credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenAlias {
    /// When it last changed.
    pub modified: Revision,
    /// Where it led.
    pub url: RemoteUrl,
    /// The user whom it logged in as.
    pub user: RemoteUserName,
    /// Its id; none if its credential is of the first format.
    pub id: Option<AliasId>,
}
