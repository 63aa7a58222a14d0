//! The few names that the clients of a run fight over, and the statements about them.
//!
//! What changes is kept apart from what must stay, so that a history says of every answer who might have caused it: the
//! databases that aliases lead to are made before the load begins, and so are those who administer, observe and resolve for
//! others. A name of a local alias is never that of a remote one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aliasd_catalog::ValueMap;
use aliasd_checkers::history::{Command, CreateMode, Destination, GrantKind, Privilege};

use super::record::Recorder;
use crate::dice::Dice;

/// Databases that stay.
pub(super) const DATABASES: [&str; 3] = ["db0", "db1", "db2"];
/// A database that comes and goes. No alias leads to it.
pub(super) const PASSING_DATABASE: &str = "db9";
pub(super) const LOCAL_ALIASES: [&str; 4] = ["local0", "local1", "local2", "local3"];
pub(super) const REMOTE_ALIASES: [&str; 4] = ["remote0", "remote1", "remote2", "remote3"];
pub(super) const USERS: [&str; 5] = ["user0", "user1", "user2", "user3", "user4"];
pub(super) const ROLES: [&str; 3] = ["role0", "role1", "role2"];

/// Resolves for others, and proves itself by certificate.
pub(super) const SERVICE: &str = "service";
/// The role of the service.
pub(super) const SERVICE_ROLE: &str = "serving";

/// Which passwords users may have, by the tags of those that were set last, whatever came of it. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Passwords(Arc<Mutex<BTreeMap<String, Vec<String>>>>);

/// So many tags are remembered for a user.
const PASSWORDS_KEPT: usize = 3;

impl Passwords {
    pub(super) fn set(&self, user: &str, tag: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tags = all.entry(user.to_owned()).or_default();
        tags.push(tag.to_owned());
        if tags.len() > PASSWORDS_KEPT {
            tags.remove(0);
        }
    }

    fn renamed(&self, from: &str, to: &str) {
        let tags = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(from).cloned();
        for tag in tags.unwrap_or_default() {
            self.set(to, &tag);
        }
    }

    /// One that the user may have, most often the latest.
    pub(super) fn guess(&self, user: &str, dice: &mut Dice) -> Option<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tags = all.get(user).filter(|tags| !tags.is_empty())?;
        Some(if dice.percent(70) { tags.last()?.clone() } else { dice.choose(tags).clone() })
    }
}

/// A statement, as it is sent and as it is recorded.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) text: String,
    pub(super) parameters: ValueMap,
    pub(super) command: Command,
}

/// Draws statements. Cheap to clone.
#[derive(Clone)]
pub(super) struct World {
    pub(super) recorder: Recorder,
    pub(super) passwords: Passwords,
}

// === impl World ===

impl World {
    /// A statement that writes.
    pub(super) fn statement(&self, dice: &mut Dice) -> Statement {
        match dice.pick(0..100) {
            0..=21 => self.local_alias(dice),
            22..=47 => self.remote_alias(dice),
            48..=69 => self.user(dice),
            70..=94 => access(dice),
            _ => database(dice),
        }
    }

    /// What the load begins with, so that there is something to fight over: everything exists, and some of it is allowed.
    pub(super) fn openings(&self) -> Vec<Statement> {
        let mut statements = Vec::new();
        let grant = |privilege: Privilege, role: &str| {
            let text = format!("GRANT {} TO {role}", text_of(&privilege));
            plain(text, Command::Assign { kind: GrantKind::Granted, privilege, role: role.to_owned() })
        };
        for (name, database) in LOCAL_ALIASES.iter().zip(DATABASES.iter().cycle()) {
            let destination = Destination::Local { database: (*database).to_owned() };
            let command = Command::CreateAlias { name: (*name).to_owned(), destination, mode: CreateMode::Fail };
            statements.push(plain(format!("CREATE ALIAS {name} FOR DATABASE {database}"), command));
        }
        for name in ROLES {
            let command = Command::CreateRole { name: name.to_owned(), mode: CreateMode::Fail };
            statements.push(plain(format!("CREATE ROLE {name}"), command));
        }
        for (name, role) in USERS.iter().zip(ROLES.iter().cycle()) {
            statements.push(self.create_user((*name).to_owned(), false, (CreateMode::Fail, "")));
            let (role, user) = ((*role).to_owned(), (*name).to_owned());
            statements.push(plain(format!("GRANT ROLE {role} TO {user}"), Command::GrantRole { role, user }));
        }
        let all = || "*".to_owned();
        statements.push(grant(Privilege::Access { on: all() }, ROLES[0]));
        statements.push(grant(Privilege::ResolveAlias { alias: all() }, ROLES[0]));
        for name in DATABASES {
            statements.push(grant(Privilege::Access { on: name.to_owned() }, ROLES[1]));
        }
        statements
    }

    /// What is written when everything has healed, and always can be.
    pub(super) fn last_statement(&self) -> Statement {
        let (name, mode) = (ROLES[0].to_owned(), CreateMode::IfNotExists);
        plain(format!("CREATE ROLE {name} IF NOT EXISTS"), Command::CreateRole { name, mode })
    }

    fn create_user(&self, name: String, suspended: bool, (mode, exists): (CreateMode, &str)) -> Statement {
        let (secret, tag) = self.recorder.secret('p');
        let status = if suspended { " SET STATUS SUSPENDED" } else { "" };
        self.passwords.set(&name, &tag);
        let text = format!("CREATE USER {name} {exists}SET PASSWORD $password CHANGE NOT REQUIRED{status}");
        let parameters = ValueMap::from([("password".to_owned(), secret.into())]);
        Statement { text, parameters, command: Command::CreateUser { name, password: Some(tag), suspended, mode } }
    }

    fn local_alias(&self, dice: &mut Dice) -> Statement {
        let (name, database) = ((*dice.choose(&LOCAL_ALIASES)).to_owned(), (*dice.choose(&DATABASES)).to_owned());
        match dice.pick(0..10) {
            0..=4 => {
                let (mode, [replace, exists]) = create_mode(dice);
                let text = format!("CREATE {replace}ALIAS {name} {exists}FOR DATABASE {database}");
                let destination = Destination::Local { database };
                plain(text, Command::CreateAlias { name, destination, mode })
            }
            5 | 6 => {
                let text = format!("ALTER ALIAS {name} SET DATABASE TARGET {database}");
                let database = Some(database);
                plain(text, Command::AlterAlias { name, database, url: None, user: None, credential: None })
            }
            _ => drop_alias(name),
        }
    }

    fn remote_alias(&self, dice: &mut Dice) -> Statement {
        let name = (*dice.choose(&REMOTE_ALIASES)).to_owned();
        let (secret, tag) = self.recorder.secret('c');
        let database = format!("there{}", dice.pick(0..3));
        let url = format!("neo4j+s://dbms{}.example.com:7687", dice.pick(0..3));
        let user = format!("reader{}", dice.pick(0..3));
        let with = |text: String, names: &[(&str, &str)], command: Command| {
            let parameters = names.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
            Statement { text, parameters, command }
        };
        match dice.pick(0..12) {
            0..=4 => {
                let (mode, [replace, exists]) = create_mode(dice);
                let text = format!(
                    "CREATE {replace}ALIAS {name} {exists}FOR DATABASE {database} AT $url USER {user} PASSWORD $password"
                );
                let parameters = [("url", url.as_str()), ("password", secret.as_str())];
                let destination = Destination::Remote { database, url: url.clone(), user, credential: Some(tag) };
                with(text, &parameters, Command::CreateAlias { name, destination, mode })
            }
            5..=7 => {
                let text = format!("ALTER ALIAS {name} SET DATABASE PASSWORD $password");
                let command =
                    Command::AlterAlias { name, database: None, url: None, user: None, credential: Some(tag) };
                with(text, &[("password", &secret)], command)
            }
            8 | 9 => {
                let text =
                    format!("ALTER ALIAS {name} SET DATABASE TARGET {database} AT $url USER {user} PASSWORD $password");
                let command = Command::AlterAlias {
                    name,
                    database: Some(database),
                    url: Some(url.clone()),
                    user: Some(user),
                    credential: Some(tag),
                };
                with(text, &[("url", &url), ("password", &secret)], command)
            }
            _ => drop_alias(name),
        }
    }

    fn user(&self, dice: &mut Dice) -> Statement {
        let name = (*dice.choose(&USERS)).to_owned();
        match dice.pick(0..18) {
            0..=4 => {
                let suspended = dice.percent(10);
                let mode =
                    if dice.percent(50) { (CreateMode::Fail, "") } else { (CreateMode::IfNotExists, "IF NOT EXISTS ") };
                self.create_user(name, suspended, mode)
            }
            5..=8 => {
                let (secret, tag) = self.recorder.secret('p');
                self.passwords.set(&name, &tag);
                let text = format!("ALTER USER {name} SET PASSWORD $password CHANGE NOT REQUIRED");
                let parameters = ValueMap::from([("password".to_owned(), secret.into())]);
                Statement {
                    text,
                    parameters,
                    command: Command::AlterUser { name, suspended: None, password: Some(tag) },
                }
            }
            9..=15 => {
                let suspended = dice.percent(35);
                let status = if suspended { "SUSPENDED" } else { "ACTIVE" };
                let text = format!("ALTER USER {name} SET STATUS {status}");
                plain(text, Command::AlterUser { name, suspended: Some(suspended), password: None })
            }
            16 => {
                let to = (*dice.choose(&USERS)).to_owned();
                self.passwords.renamed(&name, &to);
                plain(format!("RENAME USER {name} TO {to}"), Command::RenameUser { from: name, to })
            }
            _ => plain(format!("DROP USER {name}"), Command::DropUser { name }),
        }
    }

    /// What there has to be before the load begins, in order, and everything of it that a setup of a history says.
    pub(super) fn beginnings(&self) -> Vec<Statement> {
        let mut statements = Vec::new();
        let other = |text: String| plain(text, Command::Other { what: String::new() });
        for name in DATABASES {
            statements.push(other(format!("CREATE DATABASE {name}")));
        }
        statements.push(other(format!("CREATE ROLE {SERVICE_ROLE}")));
        for privilege in service_privileges() {
            statements.push(other(format!("GRANT {} TO {SERVICE_ROLE}", text_of(&privilege))));
        }
        statements.push(other(format!("CREATE USER {SERVICE} SET AUTH 'mtls' {{SET ID '{SERVICE}'}}")));
        statements.push(other(format!("GRANT ROLE {SERVICE_ROLE} TO {SERVICE}")));
        statements
    }
}

/// What the service may do, always.
pub(super) fn service_privileges() -> [Privilege; 3] {
    let all = || "*".to_owned();
    [Privilege::Access { on: all() }, Privilege::ResolveAlias { alias: all() }, Privilege::Impersonate { user: all() }]
}

fn plain(text: String, command: Command) -> Statement {
    Statement { text, parameters: ValueMap::new(), command }
}

fn drop_alias(name: String) -> Statement {
    plain(format!("DROP ALIAS {name} FOR DATABASE"), Command::DropAlias { name })
}

/// A mode, and the words for it before and after the kind of thing.
fn create_mode(dice: &mut Dice) -> (CreateMode, [&'static str; 2]) {
    match dice.pick(0..10) {
        0..=5 => (CreateMode::Fail, ["", ""]),
        6 | 7 => (CreateMode::IfNotExists, ["", "IF NOT EXISTS "]),
        _ => (CreateMode::OrReplace, ["OR REPLACE ", ""]),
    }
}

/// Roles, who has them, and what they allow.
fn access(dice: &mut Dice) -> Statement {
    let (role, user) = ((*dice.choose(&ROLES)).to_owned(), (*dice.choose(&USERS)).to_owned());
    match dice.pick(0..20) {
        0 | 1 => {
            let (mode, exists) =
                if dice.percent(50) { (CreateMode::Fail, "") } else { (CreateMode::IfNotExists, " IF NOT EXISTS") };
            plain(format!("CREATE ROLE {role}{exists}"), Command::CreateRole { name: role, mode })
        }
        2 => plain(format!("DROP ROLE {role}"), Command::DropRole { name: role }),
        3..=6 => plain(format!("GRANT ROLE {role} TO {user}"), Command::GrantRole { role, user }),
        7 | 8 => plain(format!("REVOKE ROLE {role} FROM {user}"), Command::RevokeRole { role, user }),
        9..=14 => {
            let privilege = privilege(dice);
            let (kind, verb) =
                if dice.percent(80) { (GrantKind::Granted, "GRANT") } else { (GrantKind::Denied, "DENY") };
            let text = format!("{verb} {} TO {role}", text_of(&privilege));
            plain(text, Command::Assign { kind, privilege, role })
        }
        _ => {
            let privilege = privilege(dice);
            let (kind, word) = match dice.pick(0..3) {
                0 => (None, ""),
                1 => (Some(GrantKind::Granted), "GRANT "),
                _ => (Some(GrantKind::Denied), "DENY "),
            };
            let text = format!("REVOKE {word}{} FROM {role}", text_of(&privilege));
            plain(text, Command::Revoke { kind, privilege, role })
        }
    }
}

fn privilege(dice: &mut Dice) -> Privilege {
    let alias = |dice: &mut Dice| (*dice.choose(&REMOTE_ALIASES)).to_owned();
    match dice.pick(0..11) {
        0..=3 => Privilege::Access { on: (*dice.choose(&DATABASES)).to_owned() },
        4 | 5 => Privilege::Access { on: alias(dice) },
        6 => Privilege::Access { on: "*".to_owned() },
        7 => Privilege::ResolveAlias { alias: alias(dice) },
        8 => Privilege::ResolveAlias { alias: "*".to_owned() },
        9 => Privilege::AliasManagement,
        _ => Privilege::Impersonate { user: (*dice.choose(&USERS)).to_owned() },
    }
}

fn text_of(privilege: &Privilege) -> String {
    match privilege {
        Privilege::Access { on } => format!("ACCESS ON DATABASE {on}"),
        Privilege::ResolveAlias { alias } => format!("RESOLVE ALIAS ({alias}) ON DBMS"),
        Privilege::Impersonate { user } => format!("IMPERSONATE ({user}) ON DBMS"),
        Privilege::AliasManagement => "ALIAS MANAGEMENT ON DBMS".to_owned(),
    }
}

fn database(dice: &mut Dice) -> Statement {
    let name = PASSING_DATABASE.to_owned();
    if dice.percent(50) {
        plain(format!("CREATE DATABASE {name}"), Command::CreateDatabase { name, mode: CreateMode::Fail })
    } else {
        plain(format!("DROP DATABASE {name} RESTRICT"), Command::DropDatabase { name })
    }
}
