//! PKCS#12 keystores with AES-256 secret keys, as `keytool -genseckey -keyalg aes -keysize 256 -storetype pkcs12`
//! writes them (Java 11 and later) and reads them. Files made here use the algorithms of Java 17, which Java 11 reads
//! from 11.0.12 on.
//!
//! Names are compared without regard to case, because keytool stores `aesKey` as `aeskey` and finds it by either.
//! Every key that leaves this module sits in a buffer that is wiped when dropped. The PKCS#12 library's own
//! buffers live only while a file is read or written and are freed without being wiped.

mod error;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use aliasd_catalog::KeyId;
use hmac::{Hmac, KeyInit, Mac};
use p12_keystore::error::Error as Pkcs12Error;
use p12_keystore::secret::{Secret, SecretKeyType};
use p12_keystore::{KeyStore, KeyStoreEntry, Pkcs12Archive};
use sha2::Sha256;
use zeroize::Zeroizing;

pub use self::error::{KeystoreError, KeystoreSetting};
use crate::files;

/// Length of an AES-256 key in bytes.
pub const KEY_LENGTH: usize = 32;

/// Shortest password of a keystore that this program makes. Java, which makes others, asks for six characters.
pub const NEW_PASSWORD_LENGTH_MIN: usize = 12;

/// How often a password is hashed on the way to a key, ten times as often as keytool does it: what a guess costs, and what
/// opening costs.
const ITERATIONS: u32 = 100_000;

/// Domain separation of the fingerprint. Changing it changes the id of every key in every cluster.
const KEY_ID_CONTEXT: &[u8] = b"aliasd key id v1";

/// No keystore of secret keys comes near this size.
const FILE_SIZE_MAX: u64 = 1 << 20;

/// The DER encoding of the object identifier of a secret bag, 1.2.840.113549.1.12.10.1.5 (RFC 7292, §4.2.5).
const SECRET_BAG_OID_DER: &[u8] = &[0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x05];

/// An AES-256 key. Cheap to clone; the last clone to go wipes it. `Debug` shows name and id only.
#[derive(Clone)]
pub struct SecretKey {
    name: Arc<str>,
    id: KeyId,
    bytes: Arc<Zeroizing<[u8; KEY_LENGTH]>>,
}

/// What a keystore file held when it was read.
#[derive(Debug)]
pub struct Keystore {
    path: PathBuf,
    keys: Vec<SecretKey>,
    unusable: Vec<UnusableEntry>,
    unopened: usize,
}

/// An entry that is not an AES key of 256 bits.
#[derive(Debug)]
pub struct UnusableEntry {
    /// Its name as the keystore spells it, in lower case.
    pub name: String,
    /// What it is instead, such as "an AES key of 128 bits".
    pub description: String,
}

// === impl SecretKey ===

impl SecretKey {
    fn new(name: &str, bytes: Zeroizing<[u8; KEY_LENGTH]>) -> Self {
        Self { name: name.into(), id: fingerprint(&bytes), bytes: Arc::new(bytes) }
    }

    /// The entry's name as the keystore spells it, in lower case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The fingerprint: the first 16 bytes of HMAC-SHA-256 over a fixed text, keyed with the key. It tells
    /// nothing about the key, is the same on every node and does not change when the entry is renamed.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The key itself. Keep it out of anything that prints.
    pub fn expose(&self) -> &[u8; KEY_LENGTH] {
        &self.bytes
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({:?}, {})", self.name, self.id)
    }
}

fn fingerprint(key: &[u8; KEY_LENGTH]) -> KeyId {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(KEY_ID_CONTEXT);
    let digest = mac.finalize().into_bytes();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    KeyId(id)
}

// === impl Keystore ===

impl Keystore {
    /// Reads a keystore file.
    ///
    /// # Errors
    /// The file is missing, unreadable or not PKCS#12, the password does not open it, or none of its entries is readable.
    pub fn open(path: &Path, password: &str) -> Result<Self, KeystoreError> {
        let contents = read(path, password)?;
        let unopened = contents.unopened();
        let unusable = contents.others();
        let mut keystore = Self { path: path.to_owned(), keys: Vec::new(), unusable, unopened };
        for bag in contents.archive.secrets {
            let name = normalised(bag.friendly_name.as_deref().unwrap_or_default());
            match usable_bytes(&bag.key) {
                Some(bytes) => keystore.keys.push(SecretKey::new(&name, bytes)),
                None => {
                    let description = describe(&bag.key);
                    keystore.unusable.push(UnusableEntry { name, description });
                }
            }
        }
        keystore.keys.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(keystore)
    }

    /// Creates a keystore file with one new random key, readable by its owner only, and returns the key.
    /// `keytool -list` and Java's `KeyStore` read the file.
    ///
    /// # Errors
    /// The file exists already or cannot be written, or the name or the password would not work with Java.
    pub fn create(path: &Path, password: &str, name: &str) -> Result<SecretKey, KeystoreError> {
        check_password(password)?;
        if password.len() < NEW_PASSWORD_LENGTH_MIN {
            return Err(KeystoreError::WeakPassword);
        }
        let key = generate(name)?;
        let mut store = KeyStore::new();
        store.add_entry(key.name(), entry(&key)?);
        let contents = encode(&store, password)?;
        files::create_new(path, &contents, files::SECRET).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => KeystoreError::Exists { path: path.to_owned() },
            _ => KeystoreError::Unwritable { path: path.to_owned(), source },
        })?;
        Ok(key)
    }

    /// Adds a new random key to an existing keystore file and returns it. The file is replaced in one step and keeps
    /// its mode and owner; the entries that are there stay as they are.
    ///
    /// # Errors
    /// As [`Keystore::open`]; the name is taken; the file holds entries other than secret keys, or
    /// secret keys under another password, which rewriting would lose; the file cannot be written.
    pub fn add_key(path: &Path, password: &str, name: &str) -> Result<SecretKey, KeystoreError> {
        check_password(password)?;
        let found = read(path, password)?;
        if found.has_foreign_entries() {
            return Err(KeystoreError::ForeignEntries { path: path.to_owned() });
        }
        let key = generate(name)?;
        let mut store = KeyStore::new();
        for bag in found.archive.secrets {
            let existing = normalised(bag.friendly_name.as_deref().unwrap_or_default());
            if existing == key.name() {
                return Err(KeystoreError::NameTaken { path: path.to_owned(), name: existing });
            }
            store.add_entry(&existing, KeyStoreEntry::Secret(bag.key));
        }
        if store.entries_len() != found.secret_count {
            return Err(KeystoreError::ForeignEntries { path: path.to_owned() });
        }
        store.add_entry(key.name(), entry(&key)?);
        let contents = encode(&store, password)?;
        files::replace(path, &contents)
            .map_err(|source| KeystoreError::Unwritable { path: path.to_owned(), source })?;
        Ok(key)
    }

    /// The AES-256 keys of the file, by name.
    pub fn keys(&self) -> &[SecretKey] {
        &self.keys
    }

    /// The entries of the file that are of no use here.
    pub fn unusable(&self) -> &[UnusableEntry] {
        &self.unusable
    }

    /// How many secret keys the file holds that the password does not decrypt, or that are encrypted in a way that is not
    /// supported. Their names are not known.
    pub fn unopened(&self) -> usize {
        self.unopened
    }

    /// The AES-256 key of that name, compared without regard to case.
    ///
    /// # Errors
    /// There is no such entry, or it is another kind of key. The error says which keys exist.
    pub fn key(&self, name: &str) -> Result<&SecretKey, KeystoreError> {
        let wanted = normalised(name);
        if let Some(key) = self.keys.iter().find(|key| *key.name == wanted) {
            return Ok(key);
        }
        let path = self.path.clone();
        match self.unusable.iter().find(|entry| entry.name == wanted) {
            Some(entry) => {
                Err(KeystoreError::UnusableKey { path, name: name.to_owned(), found: entry.description.clone() })
            }
            None => Err(KeystoreError::KeyNotFound {
                path,
                name: name.to_owned(),
                available: self.keys.iter().map(|key| key.name().to_owned()).collect(),
                unopened: self.unopened,
            }),
        }
    }
}

/// A decoded file, with what the library passes over in silence.
struct Contents {
    archive: Pkcs12Archive,
    /// Secret keys that the library handed out.
    secret_count: usize,
    /// Secret keys in the file, as far as the outer layer shows them; keytool leaves that layer in clear.
    secret_count_visible: usize,
}

impl Contents {
    fn has_foreign_entries(&self) -> bool {
        !self.archive.keys.is_empty() || !self.archive.certs.is_empty() || self.unopened() > 0
    }

    /// The entries that hold no secret key: a pair of keys with its certificates counts as one, as with keytool.
    fn others(&self) -> Vec<UnusableEntry> {
        let entry = |name: Option<&str>, description: &str| {
            let name = normalised(name.unwrap_or_default());
            UnusableEntry { name, description: description.to_owned() }
        };
        let pairs = self.archive.keys.iter().map(|bag| entry(bag.friendly_name.as_deref(), "a private key"));
        let certificates = self.archive.certs.iter().filter(|bag| bag.trusted);
        pairs.chain(certificates.map(|bag| entry(bag.friendly_name.as_deref(), "a certificate"))).collect()
    }

    fn unopened(&self) -> usize {
        self.secret_count_visible.saturating_sub(self.secret_count)
    }
}

fn read(path: &Path, password: &str) -> Result<Contents, KeystoreError> {
    let encoded = files::read_limited(path, FILE_SIZE_MAX).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => KeystoreError::Missing { path: path.to_owned() },
        _ => KeystoreError::Unreadable { path: path.to_owned(), source },
    })?;
    let wrong_password = || KeystoreError::WrongPassword { path: path.to_owned() };
    // PKCS#12 spells passwords in UCS-2, so such a password opens no keystore at all.
    if password.chars().any(|character| u32::from(character) > 0xffff) {
        return Err(wrong_password());
    }
    let unsupported = |source| KeystoreError::Unsupported { path: path.to_owned(), source };
    let archive = Pkcs12Archive::from_pkcs12(&encoded, password).map_err(|error| match error {
        Pkcs12Error::MacError(_) => wrong_password(),
        // The integrity check comes first: where there is one, it has shown the password to be right.
        Pkcs12Error::UnpadError | Pkcs12Error::Pkcs5Error(_) if !has_integrity_check(&encoded, password) => {
            wrong_password()
        }
        Pkcs12Error::UnpadError
        | Pkcs12Error::Pkcs5Error(_)
        | Pkcs12Error::UnsupportedEncryptionScheme
        | Pkcs12Error::UnsupportedMacAlgorithm
        | Pkcs12Error::InvalidParameters => unsupported(Some(error)),
        source => KeystoreError::NotPkcs12 { path: path.to_owned(), source },
    })?;
    let secret_count = archive.secrets.len();
    let secret_count_visible =
        encoded.windows(SECRET_BAG_OID_DER.len()).filter(|window| *window == SECRET_BAG_OID_DER).count();
    if secret_count == 0 && secret_count_visible > 0 {
        // A file without an integrity check gives no other sign of a wrong password.
        let is_right = has_integrity_check(&encoded, password);
        return Err(if is_right { unsupported(None) } else { wrong_password() });
    }
    Ok(Contents { archive, secret_count, secret_count_visible })
}

/// Whether the file has an integrity check, which a password that is certainly another one does not pass.
fn has_integrity_check(encoded: &[u8], password: &str) -> bool {
    let another = Zeroizing::new(format!("{password}?"));
    matches!(Pkcs12Archive::from_pkcs12(encoded, &another), Err(Pkcs12Error::MacError(_)))
}

/// Java stores and finds names in lower case.
fn normalised(name: &str) -> String {
    name.to_lowercase()
}

fn usable_bytes(secret: &Secret) -> Option<Zeroizing<[u8; KEY_LENGTH]>> {
    if !is_aes(secret.key_type()) || secret.key().len() != KEY_LENGTH {
        return None;
    }
    let mut bytes = Zeroizing::new([0; KEY_LENGTH]);
    bytes.copy_from_slice(secret.key());
    Some(bytes)
}

/// keytool writes the identifier of AES as such; other tools write one of a mode, which says the same about the key.
fn is_aes(key_type: SecretKeyType) -> bool {
    use SecretKeyType::{Aes, Aes128Cbc, Aes192Cbc, Aes256Cbc};
    matches!(key_type, Aes | Aes128Cbc | Aes192Cbc | Aes256Cbc)
}

fn describe(secret: &Secret) -> String {
    let kind = if is_aes(secret.key_type()) { "an AES key" } else { "another kind of key" };
    format!("{kind} of {} bits", secret.key().len() * 8)
}

fn check_password(password: &str) -> Result<(), KeystoreError> {
    let printable = password.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if password.len() < 6 || !printable {
        return Err(KeystoreError::UnusablePassword);
    }
    Ok(())
}

fn generate(name: &str) -> Result<SecretKey, KeystoreError> {
    let usable = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.is_empty() || !name.bytes().all(usable) {
        return Err(KeystoreError::UnusableName { name: name.to_owned() });
    }
    let mut bytes = Zeroizing::new([0; KEY_LENGTH]);
    getrandom::fill(bytes.as_mut_slice()).map_err(KeystoreError::NoRandomness)?;
    Ok(SecretKey::new(&normalised(name), bytes))
}

fn entry(key: &SecretKey) -> Result<KeyStoreEntry, KeystoreError> {
    // Java reads an entry's date from a local key id of this form.
    let milliseconds = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
    Secret::builder(SecretKeyType::Aes)
        .with_key(key.expose().to_vec())
        .with_local_key_id(format!("Time {milliseconds}"))
        .build()
        .map(KeyStoreEntry::Secret)
        .map_err(|source| KeystoreError::Encoding(source.into()))
}

fn encode(store: &KeyStore, password: &str) -> Result<Vec<u8>, KeystoreError> {
    // The library's algorithms are those of Java 17: PBES2 with HMAC-SHA-256 and AES-256, MAC with SHA-256.
    let writer = store.writer(password).encryption_iterations(ITERATIONS).mac_iterations(ITERATIONS);
    writer.write().map_err(|source| KeystoreError::Encoding(source.into()))
}
