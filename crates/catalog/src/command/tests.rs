//! Sealing reaches every secret of every command and leaves the rest alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{
    AliasTarget, AlterAlias, AlterUser, Bootstrap, Command, CreateAlias, CreateMode, CreateUser, CredentialField,
    NameForm, OpenCommand, PasswordChange, RemoteTarget, Removal, TagChange,
};
use crate::{
    AliasId, AliasName, CatalogName, ClusterId, DriverSettings, KeyId, PasswordHash, Plain, PlainSecret, Policy,
    RemoteLogin, RemoteUrl, RemoteUserName, Revision, RoleName, Sealed, SealedSecret, UserName,
};

const SECRET: &str = "s3cret-w0rd";

fn secret() -> PlainSecret {
    PlainSecret::new(SECRET.into())
}

fn bob() -> UserName {
    UserName::new("bob").expect("a valid name")
}

fn password() -> Option<PasswordChange<Plain>> {
    Some(PasswordChange { password: Some(secret()), change_required: Some(true) })
}

fn create_alias() -> Command<Plain> {
    Command::CreateAlias(CreateAlias {
        name: AliasName::new("far").expect("a valid name"),
        form: NameForm::AnyDot,
        mode: CreateMode::Fail,
        target: AliasTarget::Remote(RemoteTarget {
            database: CatalogName::new("neo4j").expect("a valid name"),
            url: RemoteUrl::new("neo4j+s://location").expect("a valid url"),
            login: RemoteLogin::Stored {
                user: RemoteUserName::new("alice").expect("a valid name"),
                credential: secret(),
            },
            driver: DriverSettings::default(),
            default_language: None,
        }),
        properties: BTreeMap::new(),
    })
}

fn alter_alias() -> Command<Plain> {
    Command::AlterAlias(AlterAlias {
        name: CatalogName::new("far").expect("a valid name"),
        form: NameForm::AnyDot,
        if_exists: true,
        target: None,
        user: None,
        credential: Some(secret()),
        carried: None,
        seen: None,
        driver: None,
        default_language: None,
        properties: None,
    })
}

fn create_user() -> Command<Plain> {
    let (home, auth) = (None, Vec::new());
    Command::CreateUser(CreateUser {
        name: bob(),
        mode: CreateMode::Fail,
        password: password(),
        status: None,
        home,
        auth,
        tags: BTreeSet::new(),
    })
}

fn alter_user() -> Command<Plain> {
    Command::AlterUser(AlterUser {
        name: bob(),
        if_exists: false,
        password: password(),
        unchanged_since: (),
        status: None,
        home: None,
        remove_auth: Removal::default(),
        set_auth: Vec::new(),
        tags: TagChange::default(),
    })
}

fn change_own_password() -> Command<Plain> {
    Command::ChangeOwnPassword { present: secret(), password: secret(), unchanged_since: () }
}

fn bootstrap() -> Command<Plain> {
    Command::Bootstrap(Bootstrap {
        cluster_id: ClusterId([1; 16]),
        active_key: KeyId([2; 16]),
        policy: Policy::default(),
        admin: bob(),
        password: secret(),
    })
}

fn seal(command: Command<Plain>) -> Result<Command<Sealed>, &'static str> {
    command.seal(
        |place, secret| {
            assert_eq!((place.alias.as_str(), place.field), ("far", CredentialField::Password));
            assert_eq!(secret.expose(), SECRET);
            let alias_id = Some(AliasId([6; 16]));
            Ok(SealedSecret { key_id: KeyId([9; 16]), nonce: [0; 12], ciphertext: Arc::from([5_u8; 3]), alias_id })
        },
        |secret| {
            assert_eq!(secret.expose(), SECRET);
            Ok(PasswordHash::new("hashed"))
        },
        |secret| {
            assert_eq!(secret.expose(), SECRET);
            Ok(Revision(4))
        },
    )
}

#[test]
fn neither_stage_prints_a_secret() {
    for command in [create_alias(), alter_alias(), create_user(), alter_user(), change_own_password(), bootstrap()] {
        assert!(!format!("{command:?} {command:#?}").contains(SECRET));
        let sealed = seal(command).expect("sealing does not fail here");
        let shown = format!("{sealed:?} {sealed:#?}");
        assert!(!shown.contains(SECRET) && !shown.contains("hashed") && !shown.contains("[5, 5, 5]"));
    }
}

#[test]
fn every_secret_is_sealed_or_hashed() {
    let Ok(Command::CreateAlias(CreateAlias { target: AliasTarget::Remote(target), .. })) = seal(create_alias()) else {
        panic!("it stays what it is");
    };
    assert_eq!(target.login.credential().expect("it is stored").key_id, KeyId([9; 16]));
    let Ok(Command::AlterAlias(alter)) = seal(alter_alias()) else { panic!("it stays what it is") };
    assert_eq!((alter.if_exists, alter.credential.is_some()), (true, true));
    let Ok(Command::CreateUser(create)) = seal(create_user()) else { panic!("it stays what it is") };
    let Ok(Command::AlterUser(alter)) = seal(alter_user()) else { panic!("it stays what it is") };
    assert_eq!(alter.unchanged_since, Some(Revision(4)), "it is the present password, says who was asked");
    for change in [create.password, alter.password] {
        let change = change.expect("there was one");
        assert_eq!((change.password, change.change_required), (Some(PasswordHash::new("hashed")), Some(true)));
    }
    let Ok(Command::Bootstrap(formed)) = seal(bootstrap()) else { panic!("it stays what it is") };
    assert_eq!(formed.password, PasswordHash::new("hashed"));
}

/// The old password does not survive: what it was verified against does.
#[test]
fn the_own_password_becomes_the_revision_it_was_verified_at() {
    let expected = |unchanged_since| {
        Ok(Command::ChangeOwnPassword { present: Revision(4), password: PasswordHash::new("hashed"), unchanged_since })
    };
    assert_eq!(seal(change_own_password()), expected(Some(Revision(4))));
    let present = PlainSecret::new("the old one".into());
    let other = Command::ChangeOwnPassword { present, password: secret(), unchanged_since: () };
    let hash = |_: &PlainSecret| Ok(PasswordHash::new("hashed"));
    assert_eq!(other.seal(|_, _| Err("no key"), hash, |_| Ok(Revision(4))), expected(None));
    let wrong = change_own_password().seal(|_, _| Err("no key"), |_| Err("not reached"), |_| Err("wrong"));
    assert_eq!(wrong, Err("wrong"));
}

#[test]
fn a_new_password_for_another_user_is_compared_and_need_not_be_the_present_one() {
    let hash = |_: &PlainSecret| Ok(PasswordHash::new("hashed"));
    let sealed = alter_user().seal(|_, _| Err("no key"), hash, |_| Err("another password"));
    let Ok(Command::AlterUser(alter)) = sealed else { panic!("it is no failure") };
    assert_eq!(alter.unchanged_since, None);
}

#[test]
fn a_failure_to_seal_is_passed_on() {
    let failed = create_alias().seal(|_, _| Err("no key"), |_| Ok(PasswordHash::new("hashed")), |_| Ok(Revision(4)));
    assert_eq!(failed, Err("no key"));
    let failed = create_user().seal(|_, _| Err("no key"), |_| Err("too busy"), |_| Ok(Revision(4)));
    assert_eq!(failed, Err("too busy"));
}

#[test]
fn a_command_without_secrets_stays_as_it_is() {
    let roles = BTreeSet::from([RoleName::admin()]);
    let plain: Command<Plain> =
        Command::Open(OpenCommand::GrantRoles { roles: roles.clone(), users: BTreeSet::from([bob()]) });
    assert!(!plain.stores_credential());
    assert_eq!(seal(plain), Ok(Command::Open(OpenCommand::GrantRoles { roles, users: BTreeSet::from([bob()]) })));
}

#[test]
fn commands_that_store_a_credential_say_so() {
    assert!(create_alias().stores_credential() && alter_alias().stores_credential());
    assert!(!create_user().stores_credential() && !bootstrap().stores_credential());
}
