use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, LazyLock};

use aes_gcm::Nonce;
use aes_gcm::aead::{Aead, Payload};
use aliasd_catalog::{
    AliasId, AliasName, AliasTarget, AlterUser, CatalogName, ClusterId, Command, CreateAlias, CreateMode, CreateUser,
    CredentialField, CredentialPlace, DriverSettings, KeyId, NameForm, PasswordChange, Plain, PlainSecret, RemoteLogin,
    RemoteTarget, RemoteUrl, RemoteUserName, Removal, SealedSecret, TagChange, UserName, UserStatus, ValueMap,
    error_chain,
};
use aliasd_keyring::keystore::Keystore;
use aliasd_runtime::{SharedRuntime, TokioRuntime};
use tempfile::TempDir;

use super::passwords::{HashingCost, Passwords, Purpose};
use super::{SealContext, Vault, VaultError, associated_data};
use crate::vault::KeystoreSettings;

const PASSWORD: &str = "keystore-password";
const CLUSTER: ClusterId = ClusterId([7; 16]);

fn settings(directory: &TempDir) -> KeystoreSettings {
    KeystoreSettings {
        path: directory.path().join("keystore.p12"),
        password: PlainSecret::new(PASSWORD.to_owned()),
        key_name: "aesKey".to_owned(),
    }
}

/// One runtime for all tests here, most of which need none of their own.
fn runtime() -> SharedRuntime {
    static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());
    let _entered = RUNTIME.enter();
    Arc::new(TokioRuntime::current())
}

fn load(settings: &KeystoreSettings) -> Result<Vault, VaultError> {
    Vault::load(settings, runtime(), HashingCost::RECOMMENDED)
}

/// A keystore with one key, and the vault that reads it.
fn vault() -> (TempDir, Arc<Vault>) {
    let directory = tempfile::tempdir().unwrap();
    let settings = settings(&directory);
    Keystore::create(&settings.path, PASSWORD, "aesKey").unwrap();
    let vault = Arc::new(load(&settings).unwrap());
    (directory, vault)
}

fn seal(vault: &Vault) -> SealContext {
    SealContext { cluster: CLUSTER, key: vault.configured_key() }
}

fn alias(name: &str) -> CatalogName {
    CatalogName::from(&AliasName::new(name).unwrap())
}

fn secret(text: &str) -> PlainSecret {
    PlainSecret::new(text.to_owned())
}

/// The place of the password of an alias that leads where the aliases of these tests do.
fn place(name: &str) -> CredentialPlace {
    CredentialPlace {
        alias: alias(name),
        field: CredentialField::Password,
        url: Some(RemoteUrl::new("neo4j+s://location:7687").unwrap()),
        user: Some(RemoteUserName::new("alice").unwrap()),
        alias_id: None,
    }
}

fn sealed(vault: &Vault) -> SealedSecret {
    vault.seal(seal(vault), &place("sales"), &secret("secretpassword")).unwrap()
}

/// As the first format was sealed, before there was another.
fn sealed_first(vault: &Vault) -> SealedSecret {
    let keys = vault.keys.load();
    let (nonce, aad) = ([5; 12], associated_data(CLUSTER, &place("sales"), None));
    let payload = Payload { msg: b"secretpassword", aad: &aad };
    let ciphertext = keys.by_id[&keys.configured].cipher.encrypt(&Nonce::from(nonce), payload).unwrap();
    SealedSecret { key_id: keys.configured, nonce, ciphertext: ciphertext.into(), alias_id: None }
}

#[test]
fn what_is_sealed_opens_again() {
    let (_directory, vault) = vault();
    for text in ["secretpassword", "", "pässwörd 🔑", &"x".repeat(10_000)] {
        let sealed = vault.seal(seal(&vault), &place("sales"), &secret(text)).unwrap();
        assert_eq!(sealed.key_id, vault.configured_key());
        assert_eq!(sealed.ciphertext.len(), text.len() + 16);
        let opened = vault.open(CLUSTER, &place("SALES"), &sealed).unwrap();
        assert_eq!(opened.expose(), text);
    }
}

#[test]
fn the_same_password_never_looks_the_same() {
    let (_directory, vault) = vault();
    let (one, two) = (sealed(&vault), sealed(&vault));
    assert_ne!(one.nonce, two.nonce);
    assert_ne!(one.ciphertext, two.ciphertext);
}

#[test]
fn a_ciphertext_opens_nowhere_else() {
    let (_directory, vault) = vault();
    let sealed = sealed(&vault);
    let elsewhere =
        CredentialPlace { url: Some(RemoteUrl::new("neo4j+s://elsewhere:7687").unwrap()), ..place("sales") };
    let other_user = CredentialPlace { user: Some(RemoteUserName::new("bob").unwrap()), ..place("sales") };
    let places = [place("other"), place("sales2"), elsewhere.clone(), other_user.clone()];
    let places = places.into_iter().map(|place| (CLUSTER, place)).chain([(ClusterId([8; 16]), place("sales"))]);
    for (cluster, place) in places {
        let error = vault.open(cluster, &place, &sealed).unwrap_err();
        assert!(matches!(error, VaultError::NotOpened), "{place:?}: {error:?}");
    }
    // Nor as that of another alias of the same name, nor as one of the first format, which is bound to less.
    for alias_id in [Some(AliasId([1; 16])), None] {
        let moved = SealedSecret { alias_id, ..sealed.clone() };
        assert!(matches!(vault.open(CLUSTER, &place("sales"), &moved), Err(VaultError::NotOpened)));
    }
    assert!(vault.open(CLUSTER, &place("sales"), &sealed).is_ok());
    let first = sealed_first(&vault);
    for place in [place("sales"), elsewhere, other_user] {
        assert_eq!(vault.open(CLUSTER, &place, &first).unwrap().expose(), "secretpassword");
    }
}

#[test]
fn a_changed_ciphertext_does_not_open() {
    let (_directory, vault) = vault();
    let sealed = sealed(&vault);
    let open = |sealed: &SealedSecret| vault.open(CLUSTER, &place("sales"), sealed);
    for position in 0..sealed.ciphertext.len() {
        let mut bytes = sealed.ciphertext.to_vec();
        bytes[position] ^= 1;
        let changed = SealedSecret { ciphertext: bytes.into(), ..sealed.clone() };
        assert!(matches!(open(&changed), Err(VaultError::NotOpened)));
    }
    let shorter = SealedSecret { ciphertext: sealed.ciphertext[..10].into(), ..sealed.clone() };
    assert!(matches!(open(&shorter), Err(VaultError::NotOpened)));
    let mut nonce = sealed.nonce;
    nonce[0] ^= 1;
    assert!(matches!(open(&SealedSecret { nonce, ..sealed }), Err(VaultError::NotOpened)));
}

#[test]
fn the_associated_data_are_frozen_and_unambiguous() {
    let data = |alias_id| associated_data(ClusterId([0xab; 16]), &place("sales"), alias_id);
    let rest = [b"\0\0\0\0\0\0\0\x10".as_slice(), &[0xab; 16], b"\0\0\0\0\0\0\0\x05sales\0\0\0\0\0\0\0\x08password"];
    let rest = rest.concat();
    assert_eq!(data(None), [b"aliasd credential v1".as_slice(), &rest].concat());
    let bound = b"\0\0\0\0\0\0\0\x17neo4j+s://location:7687\0\0\0\0\0\0\0\x05alice\0\0\0\0\0\0\0\x10";
    let second = [b"aliasd credential v2".as_slice(), &rest, bound, &[0xcd; 16]].concat();
    assert_eq!(data(Some(AliasId([0xcd; 16]))), second);
}

#[test]
fn a_key_that_is_not_held_is_named() {
    let (_directory, one) = vault();
    let (_other, two) = vault();
    let error = two.open(CLUSTER, &place("sales"), &sealed(&one)).unwrap_err();
    let key = one.configured_key();
    assert_eq!(error.to_string(), format!("The keystore of this node does not hold the key {key}."));
    assert!(error.hint().is_some_and(|hint| hint.contains("keystore.path")));
    let missing = SealContext { cluster: CLUSTER, key: KeyId([0; 16]) };
    let error = one.seal(missing, &place("a"), &secret("x")).unwrap_err();
    assert!(matches!(error, VaultError::KeyMissing { .. }));
}

#[test]
fn several_keys_are_held_and_new_ones_are_found_by_reloading() {
    let (directory, vault) = vault();
    let old = sealed(&vault);
    let added = Keystore::add_key(vault.path(), PASSWORD, "aesKey2027").unwrap();
    assert!(!vault.holds(added.id()));
    let held = vault.reload().unwrap();
    assert_eq!(held.len(), 2);
    assert!(vault.holds(added.id()) && vault.holds(old.key_id));
    let new = vault.seal(SealContext { cluster: CLUSTER, key: added.id() }, &place("sales"), &secret("new")).unwrap();
    assert_eq!(vault.open(CLUSTER, &place("sales"), &new).unwrap().expose(), "new");
    assert_eq!(vault.open(CLUSTER, &place("sales"), &old).unwrap().expose(), "secretpassword");

    // A damaged file changes nothing.
    fs::write(directory.path().join("keystore.p12"), "damaged").unwrap();
    vault.reload().unwrap_err();
    assert_eq!(vault.key_ids(), held);
}

#[test]
fn errors_about_the_keystore_are_those_of_neo4j_with_the_way_out() {
    let (directory, vault) = vault();
    let path = vault.path().display().to_string();
    let general = "Failed to read the symmetric key from the configured keystore. \
                   Please verify the keystore configurations: keystore.path, keystore.password.";
    let mut wrong = settings(&directory);
    wrong.password = PlainSecret::new("wrong-password".to_owned());
    let error = load(&wrong).unwrap_err();
    assert_eq!(error.to_string(), general);
    assert_eq!(error.hint(), Some("Check keystore.password."));
    let cause = format!(": the password does not open the keystore {path}");
    assert_eq!(error_chain(&error), format!("{}{cause}", general.trim_end_matches('.')));
    assert!(!format!("{error:?}{}", error_chain(&error)).contains("wrong-password"));

    let mut wrong = settings(&directory);
    wrong.path = directory.path().join("none.p12");
    let error = load(&wrong).unwrap_err();
    assert_eq!(error.to_string(), general);
    assert!(error.hint().unwrap().starts_with("put the keystore of the cluster there"));
    assert!(error_chain(&error).contains("keystore.password: the keystore file "), "{}", error_chain(&error));

    let mut wrong = settings(&directory);
    wrong.key_name = "masterKey".to_owned();
    let error = load(&wrong).unwrap_err();
    let expected = "Failed to read the symmetric key from the configured keystore. \
                    The key 'masterKey' was not found in the given keystore file.";
    assert_eq!(error.to_string(), expected);
    assert!(error.hint().unwrap().starts_with("Check keystore.key_name;"));
    let cause = format!(": the key 'masterKey' was not found in the keystore {path}, which holds 'aeskey'");
    assert!(error_chain(&error).ends_with(&cause), "{}", error_chain(&error));
}

fn create_alias() -> Command<Plain> {
    Command::CreateAlias(CreateAlias {
        name: AliasName::new("sales").unwrap(),
        form: NameForm::AnyDot,
        mode: CreateMode::Fail,
        target: AliasTarget::Remote(RemoteTarget {
            database: alias("neo4j"),
            url: RemoteUrl::new("neo4j+s://location:7687").unwrap(),
            login: RemoteLogin::Stored {
                user: RemoteUserName::new("alice").unwrap(),
                credential: secret("secretpassword"),
            },
            driver: DriverSettings::default(),
            default_language: None,
        }),
        properties: ValueMap::default(),
    })
}

fn create_user() -> Command<Plain> {
    Command::CreateUser(CreateUser {
        name: UserName::new("carol").unwrap(),
        mode: CreateMode::Fail,
        password: Some(PasswordChange { password: Some(secret("secretpassword")), change_required: None }),
        status: None,
        home: None,
        auth: Vec::new(),
        tags: BTreeSet::new(),
    })
}

#[tokio::test]
async fn a_command_is_sealed_as_a_whole() {
    let (_directory, vault) = vault();
    let command = vault.seal_command(create_alias(), seal(&vault), None).await.unwrap();
    let Command::CreateAlias(CreateAlias { target: AliasTarget::Remote(target), .. }) = &command else { panic!() };
    let opened = vault.open(CLUSTER, &place("sales"), target.login.credential().unwrap()).unwrap();
    assert_eq!(opened.expose(), "secretpassword");
    assert!(!format!("{command:?}").contains("secretpassword"));

    let command = vault.seal_command(create_user(), seal(&vault), None).await.unwrap();
    let Command::CreateUser(CreateUser { password: Some(change), .. }) = command else { panic!() };
    let hash = change.password.unwrap();
    assert!(hash.as_phc().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_phc());
    let passwords = vault.passwords();
    assert!(passwords.verify(Purpose::Known, secret("secretpassword"), hash.clone(), || false).await.unwrap());
    assert!(!passwords.verify(Purpose::Known, secret("secretpasswore"), hash.clone(), || false).await.unwrap());
    assert!(passwords.verify(Purpose::Known, secret("not asked"), hash, || true).await.unwrap());
}

#[tokio::test]
async fn what_a_password_costs_is_handed_in_and_read_from_the_hash() {
    let (cheap, usual) = (HashingCost::LEAST, HashingCost::RECOMMENDED);
    let [cheap, usual] = [cheap, usual].map(|cost| Passwords::with_processors(runtime(), cost, 1));
    let hash = cheap.hash(secret("secretpassword")).await.unwrap();
    assert!(hash.as_phc().starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{}", hash.as_phc());
    assert!(usual.verify(Purpose::Known, secret("secretpassword"), hash.clone(), || false).await.unwrap());
    assert!(!usual.verify(Purpose::Known, secret("another"), hash, || false).await.unwrap());
    let [one, other] = [cheap.hash(secret("same")), cheap.hash(secret("same"))];
    assert_ne!(one.await.unwrap().as_phc(), other.await.unwrap().as_phc(), "each has a salt of its own");
}

#[tokio::test]
async fn the_pool_turns_callers_away_rather_than_queueing_without_end() {
    let (_directory, vault) = vault();
    let passwords = vault.passwords().clone();
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let wait = Arc::new(std::sync::Mutex::new(wait));
    let mut callers = Vec::new();
    let mut busy = false;
    // The first ones block until they are released; sooner or later the waiting room is full.
    while !busy {
        let (passwords, wait) = (passwords.clone(), Arc::clone(&wait));
        let caller = tokio::spawn(async move {
            passwords.run(Purpose::Stranger, move || drop(wait.lock().map(|wait| wait.recv().is_ok()))).await.is_err()
        });
        tokio::task::yield_now().await;
        busy = caller.is_finished() && caller.await.unwrap();
        callers.push(());
        assert!(callers.len() < 10_000);
    }
    assert!(callers.len() > super::passwords::WAITING_MAX);
    drop(release);
}

#[tokio::test]
async fn strangers_keep_neither_known_callers_nor_statements_waiting() {
    let passwords = Passwords::with_processors(runtime(), HashingCost::RECOMMENDED, 2);
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let wait = Arc::new(std::sync::Mutex::new(wait));
    // As many as come, each of which takes for ever.
    let mut strangers = Vec::new();
    for _ in 0..500 {
        let (passwords, wait) = (passwords.clone(), Arc::clone(&wait));
        strangers.push(tokio::spawn(async move {
            passwords.run(Purpose::Stranger, move || drop(wait.lock().map(|wait| wait.recv().is_ok()))).await
        }));
    }
    let refused = strangers.pop().unwrap().await.unwrap();
    assert!(matches!(refused, Err(VaultError::Busy)), "the room for strangers has an end");
    for purpose in [Purpose::Known, Purpose::Statement] {
        assert!(passwords.run(purpose, || true).await.unwrap(), "{purpose:?}");
    }
    drop(release);
}

#[tokio::test]
async fn a_statement_without_a_password_waits_for_nobody() {
    let (_directory, vault) = vault();
    let suspend = |password| {
        Command::<Plain>::AlterUser(AlterUser {
            name: UserName::new("carol").unwrap(),
            if_exists: false,
            password,
            unchanged_since: (),
            status: Some(UserStatus::Suspended),
            home: None,
            remove_auth: Removal::default(),
            set_auth: Vec::new(),
            tags: TagChange::default(),
        })
    };
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let wait = Arc::new(std::sync::Mutex::new(wait));
    loop {
        let (passwords, wait) = (vault.passwords().clone(), Arc::clone(&wait));
        let statement = tokio::spawn(async move {
            passwords.run(Purpose::Statement, move || drop(wait.lock().map(|wait| wait.recv().is_ok()))).await.is_err()
        });
        tokio::task::yield_now().await;
        if statement.is_finished() && statement.await.unwrap() {
            break;
        }
    }
    vault.seal_command(suspend(None), seal(&vault), None).await.unwrap();
    let required = PasswordChange { password: None, change_required: Some(true) };
    vault.seal_command(suspend(Some(required)), seal(&vault), None).await.unwrap();
    let new = PasswordChange { password: Some(secret("another-password")), change_required: None };
    let busy = vault.seal_command(suspend(Some(new)), seal(&vault), None).await;
    assert!(matches!(busy, Err(VaultError::Busy)));
    drop(release);
}

#[test]
fn derived_keys_differ_by_key_and_context_and_are_frozen() {
    let (_directory, vault) = vault();
    let key = vault.configured_key();
    let one = vault.derive(key, b"one").unwrap();
    assert_eq!(*one, *vault.derive(key, b"one").unwrap());
    assert_ne!(*one, *vault.derive(key, b"two").unwrap());
    assert!(vault.derive(KeyId([0; 16]), b"one").is_none());
}

#[test]
fn debug_shows_no_secret() {
    let (_directory, vault) = vault();
    let printed = format!("{vault:?} {:?}", sealed(&vault));
    assert!(printed.contains(&vault.configured_key().to_string()));
    assert!(!printed.contains(PASSWORD) && !printed.contains("secretpassword"), "{printed}");
}
