//! Users, their commands, and those about auth rules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aliasd_catalog::{
    AlterUser, AuthProvider, AuthRuleName, Command, CreateMode, CreateUser, HomeChange, OpenCommand, PasswordChange,
    Record, RecordKey, Removal, RetiredCommand, Revision, Sealed, TagChange, Timestamp, TokenTrace, User, UserStatus,
    UserTag,
};

use super::{catalog_name, hash, identity, role, stamp, user};

pub(super) fn user_commands() -> Vec<(&'static str, Command<Sealed>)> {
    let create = CreateUser {
        name: user("carol"),
        mode: CreateMode::Fail,
        password: Some(PasswordChange { password: Some(hash()), change_required: Some(false) }),
        status: Some(UserStatus::Suspended),
        home: Some(catalog_name("remote-neo4j")),
        auth: vec![identity()],
        tags: BTreeSet::new(),
    };
    let create_tagged = CreateUser { password: None, status: None, home: None, tags: tags(), ..create.clone() };
    let alter = AlterUser {
        name: user("carol"),
        if_exists: true,
        password: Some(PasswordChange { password: None, change_required: Some(true) }),
        unchanged_since: None,
        status: Some(UserStatus::Active),
        home: Some(HomeChange::Set(catalog_name("neo4j"))),
        remove_auth: Removal { all: true, native: true, providers: BTreeSet::from([AuthProvider::mtls()]) },
        set_auth: vec![identity(), identity()],
        tags: TagChange::default(),
    };
    let alter_home = AlterUser {
        name: user("carol"),
        if_exists: false,
        password: None,
        unchanged_since: None,
        status: None,
        home: Some(HomeChange::Remove),
        remove_auth: Removal::default(),
        set_auth: Vec::new(),
        tags: TagChange::default(),
    };
    let retag = TagChange { clear: true, remove: tags(), add: BTreeSet::from([tag("new")]) };
    let alter_tags =
        AlterUser { home: None, tags: retag.clone(), unchanged_since: Some(Revision(7)), ..alter_home.clone() };
    let names = BTreeSet::from([user("alice"), user("carol")]);
    vec![
        ("create-user-with-tags", Command::CreateUser(create_tagged)),
        ("alter-user-tags", Command::AlterUser(alter_tags)),
        (
            "end-token",
            Command::Open(OpenCommand::EndToken {
                token: TokenTrace([5; 16]),
                expires_at: Timestamp(1_700_000_000_000),
            }),
        ),
        ("alter-users-tags", Command::Open(OpenCommand::AlterUserTags { names, if_exists: true, tags: retag })),
        ("create-user", Command::CreateUser(create)),
        ("alter-user-everything", Command::AlterUser(alter)),
        ("alter-user-remove-home", Command::AlterUser(alter_home)),
        (
            "change-own-password",
            Command::ChangeOwnPassword { present: Revision(41), password: hash(), unchanged_since: None },
        ),
        (
            "change-own-password-in-vain",
            Command::ChangeOwnPassword { present: Revision(41), password: hash(), unchanged_since: Some(Revision(41)) },
        ),
        (
            "rename-user",
            Command::Open(OpenCommand::RenameUser { from: user("carol"), to: user("Carola"), if_exists: true }),
        ),
        ("drop-user", Command::Open(OpenCommand::DropUser { name: user("carol"), if_exists: false })),
    ]
}

fn tag(text: &str) -> UserTag {
    UserTag::new(text).unwrap()
}

fn tags() -> BTreeSet<UserTag> {
    BTreeSet::from([tag("blue"), tag("Red")])
}

pub(super) fn auth_rule_commands() -> Vec<(&'static str, Command<Sealed>)> {
    let rule = |text: &str| AuthRuleName::new(text).unwrap();
    let (roles, rules) = (BTreeSet::from([role("remote")]), BTreeSet::from([rule("abroad"), rule("night")]));
    let commands = [
        ("alter-auth-rule", RetiredCommand::Alter { name: rule("abroad"), if_exists: true }),
        ("rename-auth-rule", RetiredCommand::Rename { from: rule("a"), to: rule("b"), if_exists: false }),
        ("drop-auth-rule", RetiredCommand::Drop { name: rule("abroad"), if_exists: true }),
        ("grant-roles-to-rules", RetiredCommand::GrantRoles { roles: roles.clone(), rules: rules.clone() }),
        ("revoke-roles-from-rules", RetiredCommand::RevokeRoles { roles, rules }),
    ];
    commands.map(|(name, command)| (name, Command::Open(OpenCommand::Retired(command)))).into()
}

pub(super) fn users() -> Vec<(String, RecordKey, Record)> {
    let carol = User {
        password: Some(hash()),
        password_change_required: true,
        status: UserStatus::Suspended,
        home: Some(catalog_name("remote-neo4j")),
        auth: BTreeMap::from([identity()]),
        tags: BTreeSet::new(),
        ended_tokens: BTreeMap::new(),
        credential_revision: Revision(9),
        created: stamp(9),
        modified: stamp(10),
    };
    let dbms = User {
        password: None,
        password_change_required: false,
        status: UserStatus::Active,
        home: None,
        auth: BTreeMap::new(),
        tags: BTreeSet::new(),
        ended_tokens: BTreeMap::new(),
        credential_revision: Revision(11),
        created: stamp(11),
        modified: stamp(11),
    };
    let tagged = User { tags: tags(), ..dbms.clone() };
    let ended_tokens = BTreeMap::from([(TokenTrace([5; 16]), Timestamp(1_700_000_000_000))]);
    let logged_out = User { ended_tokens, ..dbms.clone() };
    vec![
        ("user-with-ended-tokens".to_owned(), RecordKey::User(user("gone")), Record::User(Arc::new(logged_out))),
        ("user-with-tags".to_owned(), RecordKey::User(user("tagged")), Record::User(Arc::new(tagged))),
        ("user".to_owned(), RecordKey::User(user("Carol")), Record::User(Arc::new(carol))),
        ("user-bare".to_owned(), RecordKey::User(user("dbms")), Record::User(Arc::new(dbms))),
    ]
}
