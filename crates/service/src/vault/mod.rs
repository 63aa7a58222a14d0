//! The vault: the keys of this node, and everything that is done with them.
//!
//! It seals the passwords of remote aliases with AES-256-GCM, opens them again, hashes the passwords of users, and derives
//! keys for other purposes. It is the only place that names a cipher. A password in clear exists here only between a call and its
//! answer, in buffers that are wiped; nothing here logs.
//!
//! # What a sealed password is bound to
//!
//! The associated data are the cluster id, the alias name, the field, the URL and the user that it is for and the id of the
//! alias, each with its length, so that a ciphertext that was moved elsewhere does not open, nor one whose alias was pointed
//! elsewhere behind the catalog's back. The first format, without URL, user and id, still opens, and is not made any more.

mod error;
mod passwords;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aes_gcm::aead::{Aead, AeadInOut, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use aliasd_catalog::{
    AliasId, ClusterId, Command, CredentialPlace, KeyId, PasswordChange, PasswordHash, Plain, PlainSecret, Revision,
    Sealed, SealedSecret,
};
use aliasd_faults::{Mistake, is_planted};
use aliasd_keyring::keystore::{Keystore, SecretKey};
use aliasd_runtime::SharedRuntime;
use arc_swap::ArcSwap;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

pub use self::error::VaultError;
pub(crate) use self::passwords::Purpose;
pub use self::passwords::{HashingCost, Passwords};

/// Names the first format of the associated data.
const FIRST_CONTEXT: &[u8] = b"aliasd credential v1";
/// Names the format that is made. Another one gets another number.
const CREDENTIAL_CONTEXT: &[u8] = b"aliasd credential v2";

/// Where the keys come from.
#[derive(Clone, Debug)]
pub struct KeystoreSettings {
    /// The PKCS#12 file; absolute.
    pub path: PathBuf,
    /// What opens the file.
    pub password: PlainSecret,
    /// The key that seals new credentials, when the cluster is formed.
    pub key_name: String,
}

/// The keys of this node. Shared behind an `Arc`; [`Vault::reload`] exchanges the keys under running calls.
pub struct Vault {
    runtime: SharedRuntime,
    settings: KeystoreSettings,
    keys: ArcSwap<Keys>,
    passwords: Passwords,
}

struct Keys {
    /// The one that `keystore.key_name` names.
    configured: KeyId,
    by_id: BTreeMap<KeyId, KeyMaterial>,
}

struct KeyMaterial {
    secret: SecretKey,
    cipher: Aes256Gcm,
}

/// For which cluster and with which key the secrets of a command are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealContext {
    /// Bound to the ciphertext, so that it opens in no other cluster.
    pub cluster: ClusterId,
    /// The key that new credentials are sealed with.
    pub key: KeyId,
}

// === impl Vault ===

impl Vault {
    /// Reads the keystore. Passwords of users will cost that to hash.
    ///
    /// # Errors
    /// It cannot be read, or lacks the key that `keystore.key_name` names. [`VaultError::hint`] names the setting at fault.
    pub fn load(settings: &KeystoreSettings, runtime: SharedRuntime, hashing: HashingCost) -> Result<Self, VaultError> {
        let keystore = open_keystore(settings)?;
        Self::with_keystore(&keystore, settings, runtime, hashing)
    }

    /// A vault on a keystore that was read already: several nodes of one process need to open it once only.
    ///
    /// # Errors
    /// It lacks the key that `keystore.key_name` names.
    pub fn with_keystore(
        keystore: &Keystore,
        settings: &KeystoreSettings,
        runtime: SharedRuntime,
        hashing: HashingCost,
    ) -> Result<Self, VaultError> {
        let keys = ArcSwap::from_pointee(Keys::of(keystore, settings)?);
        let passwords = Passwords::new(Arc::clone(&runtime), hashing);
        Ok(Self { runtime, settings: settings.clone(), keys, passwords })
    }

    /// Reads the same file again and returns the ids of the keys it holds now. On an error nothing changes. Keystores are
    /// slow to open on purpose, so call it on a thread that may block.
    ///
    /// # Errors
    /// As [`Vault::load`].
    pub fn reload(&self) -> Result<Vec<KeyId>, VaultError> {
        let keystore = open_keystore(&self.settings)?;
        self.keys.store(Arc::new(Keys::of(&keystore, &self.settings)?));
        Ok(self.key_ids())
    }

    /// The file that the keys come from.
    pub fn path(&self) -> &Path {
        &self.settings.path
    }

    /// The ids of all keys that this node holds, in order.
    pub fn key_ids(&self) -> Vec<KeyId> {
        self.keys.load().by_id.keys().copied().collect()
    }

    /// All keys that this node holds, in the order of ids, each with its name in the keystore.
    pub fn held(&self) -> Vec<(KeyId, String)> {
        self.keys.load().by_id.iter().map(|(id, key)| (*id, key.secret.name().to_owned())).collect()
    }

    /// Whether this node holds that key.
    pub fn holds(&self, key: KeyId) -> bool {
        self.keys.load().by_id.contains_key(&key)
    }

    /// The id of the key that `keystore.key_name` names. It becomes the cluster's active key when the cluster is
    /// formed; from then on the catalog says which key that is.
    pub fn configured_key(&self) -> KeyId {
        self.keys.load().configured
    }

    /// The pool that hashes and verifies passwords.
    pub fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// Seals a password for that place, whose alias is given an id if it has none. Two seals of the same password never look
    /// alike.
    ///
    /// # Errors
    /// The key is not held.
    pub fn seal(
        &self,
        seal: SealContext,
        place: &CredentialPlace,
        secret: &PlainSecret,
    ) -> Result<SealedSecret, VaultError> {
        let keys = self.keys.load();
        let held = keys.by_id.get(&seal.key).ok_or(VaultError::KeyMissing { key: seal.key })?;
        let nonce = self.runtime.random_bytes();
        let alias_id = place.alias_id.unwrap_or_else(|| AliasId(self.runtime.random_bytes()));
        let aad = associated_data(seal.cluster, place, Some(alias_id));
        let payload = Payload { msg: secret.expose().as_bytes(), aad: &aad };
        let ciphertext = held.cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| VaultError::NotSealed)?;
        Ok(SealedSecret { key_id: seal.key, nonce, ciphertext: ciphertext.into(), alias_id: Some(alias_id) })
    }

    /// Opens a password that was sealed for that cluster and place.
    ///
    /// # Errors
    /// The key is not held, or the ciphertext was changed or belongs elsewhere.
    pub fn open(
        &self,
        cluster: ClusterId,
        place: &CredentialPlace,
        sealed: &SealedSecret,
    ) -> Result<PlainSecret, VaultError> {
        let keys = self.keys.load();
        let held = keys.by_id.get(&sealed.key_id).ok_or(VaultError::KeyMissing { key: sealed.key_id })?;
        let aad = associated_data(cluster, place, sealed.alias_id);
        // Decrypted in place, in a buffer that is wiped whatever happens.
        let mut buffer = Zeroizing::new(sealed.ciphertext.to_vec());
        held.cipher
            .decrypt_in_place(&Nonce::from(sealed.nonce), &aad, &mut *buffer)
            .map_err(|_| VaultError::NotOpened)?;
        match String::from_utf8(std::mem::take(&mut *buffer)) {
            Ok(text) => Ok(PlainSecret::new(text)),
            Err(error) => {
                drop(Zeroizing::new(error.into_bytes()));
                Err(VaultError::NotOpened)
            }
        }
    }

    /// Seals every secret of a command: passwords of remote aliases are encrypted, passwords of users are hashed in
    /// the bounded pool. `present` is the password of the user whom the command is about, and the revision of the
    /// credentials that it is of: an own password that the command brings has to be that one, a new one not.
    ///
    /// # Errors
    /// As [`Vault::seal`], or the pool is too busy. Nothing is left half sealed.
    pub async fn seal_command(
        self: &Arc<Self>,
        command: Command<Plain>,
        seal: SealContext,
        present: Option<(PasswordHash, Revision)>,
    ) -> Result<Command<Sealed>, VaultError> {
        let sets =
            |change: &Option<PasswordChange<Plain>>| change.as_ref().is_some_and(|change| change.password.is_some());
        // A statement without a password has nothing to wait for.
        let hashes = match &command {
            Command::Bootstrap(_) | Command::ChangeOwnPassword { .. } => true,
            Command::CreateUser(create) => sets(&create.password),
            Command::AlterUser(alter) => sets(&alter.password),
            _ => false,
        };
        let vault = Arc::clone(self);
        let work = move || {
            let seal = |place: CredentialPlace, secret: &PlainSecret| vault.seal(seal, &place, secret);
            let verify = |password: &PlainSecret| match &present {
                Some((hash, revision)) if passwords::verify(password, hash) => Ok(*revision),
                _ => Err(VaultError::WrongPassword),
            };
            command.seal(seal, |password| vault.passwords.hash_here(password), verify)
        };
        if hashes { self.passwords.run(Purpose::Statement, work).await? } else { work() }
    }

    /// A key for another purpose, derived from that key and the context (HKDF-Expand of RFC 5869 for one block; a key of the
    /// keystore is uniform and needs no extraction). `None` if the key is not held.
    pub(crate) fn derive(&self, key: KeyId, context: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        let keys = self.keys.load();
        let held = keys.by_id.get(&key)?;
        let mut mac =
            <Hmac<Sha256> as KeyInit>::new_from_slice(held.secret.expose()).expect("HMAC takes a key of any length");
        mac.update(context);
        mac.update(&[1]);
        let mut derived = Zeroizing::new([0; 32]);
        derived.copy_from_slice(&mac.finalize().into_bytes());
        Some(derived)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("path", &self.settings.path)
            .field("keys", &self.key_ids())
            .finish_non_exhaustive()
    }
}

fn open_keystore(settings: &KeystoreSettings) -> Result<Keystore, VaultError> {
    Keystore::open(&settings.path, settings.password.expose()).map_err(VaultError::Keystore)
}

// === impl Keys ===

impl Keys {
    fn of(keystore: &Keystore, settings: &KeystoreSettings) -> Result<Self, VaultError> {
        let configured = keystore
            .key(&settings.key_name)
            .map_err(|source| VaultError::Key { name: settings.key_name.clone(), source })?
            .id();
        let by_id = keystore.keys().iter().map(|key| (key.id(), KeyMaterial::new(key.clone()))).collect();
        Ok(Self { configured, by_id })
    }
}

impl KeyMaterial {
    fn new(secret: SecretKey) -> Self {
        let cipher = Aes256Gcm::new(secret.expose().into());
        Self { secret, cipher }
    }
}

/// Of the first format if there is no id.
fn associated_data(cluster: ClusterId, place: &CredentialPlace, alias_id: Option<AliasId>) -> Vec<u8> {
    if is_planted(Mistake::CredentialBoundToNothing) {
        return Vec::new();
    }
    let CredentialPlace { alias, field, url, user, .. } = place;
    let mut parts = vec![&cluster.0[..], alias.as_str().as_bytes(), field.as_str().as_bytes()];
    if let Some(id) = &alias_id {
        parts.push(url.as_ref().map_or(&[][..], |url| url.as_str().as_bytes()));
        parts.push(user.as_ref().map_or(&[][..], |user| user.as_str().as_bytes()));
        parts.push(&id.0);
    }
    let mut data = if alias_id.is_some() { CREDENTIAL_CONTEXT } else { FIRST_CONTEXT }.to_vec();
    for part in parts {
        data.extend_from_slice(&(part.len() as u64).to_be_bytes());
        data.extend_from_slice(part);
    }
    data
}
