//! What clients ask for: on few names, so that what they ask for collides.
//!
//! What changes is kept apart from what must stay, so that a history says of every answer who might have caused it: the
//! databases that aliases lead to are made before the load begins, and so are those who administer and resolve for others. A
//! name of a local alias is never that of a remote one.

use aliasd_checkers::history::{Command, CreateMode, Destination, GrantKind, Privilege};
use aliasd_replica::NodeId;
use aliasd_runtime::simulation::Dice;

use super::{AskedFreshness, Operation, Question};

/// Databases that stay.
pub const DATABASES: [&str; 3] = ["db0", "db1", "db2"];
const PASSING_DATABASE: &str = "db9";
const LOCAL_ALIASES: [&str; 3] = ["local0", "local1", "local2"];
const REMOTE_ALIASES: [&str; 3] = ["remote0", "remote1", "remote2"];
/// Users that come and go.
pub const USERS: [&str; 3] = ["user0", "user1", "user2"];
const ROLES: [&str; 2] = ["role0", "role1"];
/// Resolves for others, and proves itself by certificate.
pub const SERVICE: &str = "service";
/// The role of the service.
pub const SERVICE_ROLE: &str = "serving";
/// Administers without the SDK, and proves itself by certificate.
pub const RAW: &str = "raw";

/// What the service may do, always.
pub fn service_privileges() -> [Privilege; 3] {
    let all = || "*".to_owned();
    [Privilege::Access { on: all() }, Privilege::ResolveAlias { alias: all() }, Privilege::Impersonate { user: all() }]
}

/// What there has to be before the load begins, in order.
pub fn beginnings() -> Vec<String> {
    let databases = DATABASES.iter().map(|name| format!("CREATE DATABASE {name}"));
    let privileges = service_privileges();
    let privileges = privileges.iter().map(|privilege| format!("GRANT {} TO {SERVICE_ROLE}", words(privilege)));
    databases
        .chain([format!("CREATE ROLE {SERVICE_ROLE}")])
        .chain(privileges)
        .chain([
            format!("CREATE USER {SERVICE} SET AUTH 'mtls' {{SET ID '{SERVICE}'}}"),
            format!("GRANT ROLE {SERVICE_ROLE} TO {SERVICE}"),
            format!("CREATE USER {RAW} SET AUTH 'mtls' {{SET ID '{RAW}'}}"),
            format!("GRANT ROLE admin TO {RAW}"),
        ])
        .collect()
}

/// What every load begins with, so that there is something to fight over.
pub(super) fn openings() -> Vec<Command> {
    let name = |name: &str| name.to_owned();
    let mut commands = Vec::new();
    for role in ROLES {
        commands.push(Command::CreateRole { name: name(role), mode: CreateMode::Fail });
    }
    for (number, user) in USERS.iter().enumerate() {
        let password = Some(format!("password-{user}-{number}"));
        commands.push(Command::CreateUser { name: name(user), password, suspended: false, mode: CreateMode::Fail });
        commands.push(Command::GrantRole { role: name(ROLES[number % ROLES.len()]), user: name(user) });
    }
    for privilege in [Privilege::Access { on: name("*") }, Privilege::ResolveAlias { alias: name("*") }] {
        commands.push(Command::Assign { kind: GrantKind::Granted, privilege, role: name(ROLES[0]) });
    }
    for alias in &LOCAL_ALIASES[..2] {
        let destination = Destination::Local { database: name(DATABASES[0]) };
        commands.push(Command::CreateAlias { name: name(alias), destination, mode: CreateMode::Fail });
    }
    commands
}

/// The next operation.
pub(super) fn operation(dice: &mut Dice, number: u64, nodes: NodeId) -> Operation {
    let asks = match dice.below(100) {
        0..=39 => Question::Write { command: write(dice, number), raw: dice.chance(500) },
        40..=94 => read(dice),
        95..=96 => Question::Watch { back: dice.below(60), all: dice.chance(500) },
        _ => Question::Guard { name: alias(dice), user: some_user(dice), hold_ms: dice.within(10..=3_000) },
    };
    Operation { number, member: dice.within(1..=nodes), asks }
}

fn some_user(dice: &mut Dice) -> Option<String> {
    dice.chance(600).then(|| (*dice.pick(&USERS)).to_owned())
}

fn alias(dice: &mut Dice) -> String {
    let names = if dice.chance(400) { LOCAL_ALIASES } else { REMOTE_ALIASES };
    (*dice.pick(&names)).to_owned()
}

fn read(dice: &mut Dice) -> Question {
    let name = if dice.chance(100) { (*dice.pick(&DATABASES)).to_owned() } else { alias(dice) };
    let freshness = *dice.pick(&[
        AskedFreshness::Local,
        AskedFreshness::AtLeast,
        AskedFreshness::Linearizable,
        AskedFreshness::Session,
        AskedFreshness::Cached,
    ]);
    let user = some_user(dice);
    // Whoever asks for itself logs in with a password, which may be an old one.
    let logs_in = user.is_some() && dice.chance(350);
    let raw = !logs_in && dice.chance(400);
    Question::Resolve { name, user, logs_in, freshness, with_credentials: dice.chance(500), raw }
}

fn write(dice: &mut Dice, number: u64) -> Command {
    let name = |name: &str| name.to_owned();
    let (role, user) = (name(dice.pick::<&str>(&ROLES)), name(dice.pick::<&str>(&USERS)));
    match dice.below(100) {
        0..=19 => local_alias(dice),
        20..=49 => remote_alias(dice, number),
        50..=55 => Command::AlterUser { name: user, suspended: Some(dice.chance(350)), password: None },
        56..=61 => {
            let password = Some(format!("password-{user}-{number}"));
            Command::AlterUser { name: user, suspended: None, password }
        }
        62..=65 => {
            let (password, mode) = (Some(format!("password-{user}-{number}")), create_mode(dice, false));
            Command::CreateUser { name: user, password, suspended: dice.chance(100), mode }
        }
        66 => Command::RenameUser { from: user, to: name(dice.pick::<&str>(&USERS)) },
        67..=68 => Command::DropUser { name: user },
        69..=72 => Command::GrantRole { role, user },
        73..=76 => Command::RevokeRole { role, user },
        77 => Command::CreateRole { name: role, mode: create_mode(dice, false) },
        78 => Command::DropRole { name: role },
        79..=87 => {
            let kind = if dice.chance(800) { GrantKind::Granted } else { GrantKind::Denied };
            Command::Assign { kind, privilege: privilege(dice), role }
        }
        88..=95 => {
            let kind = *dice.pick(&[None, Some(GrantKind::Granted), Some(GrantKind::Denied)]);
            Command::Revoke { kind, privilege: privilege(dice), role }
        }
        96..=97 => Command::CreateDatabase { name: name(PASSING_DATABASE), mode: CreateMode::Fail },
        _ => Command::DropDatabase { name: name(PASSING_DATABASE) },
    }
}

fn create_mode(dice: &mut Dice, replaces: bool) -> CreateMode {
    match dice.below(10) {
        0..=5 => CreateMode::Fail,
        6 | 7 => CreateMode::IfNotExists,
        _ if replaces => CreateMode::OrReplace,
        _ => CreateMode::Fail,
    }
}

fn local_alias(dice: &mut Dice) -> Command {
    let (name, database) = ((*dice.pick(&LOCAL_ALIASES)).to_owned(), (*dice.pick(&DATABASES)).to_owned());
    match dice.below(10) {
        0..=4 => {
            let mode = create_mode(dice, true);
            Command::CreateAlias { name, destination: Destination::Local { database }, mode }
        }
        5 | 6 => Command::AlterAlias { name, database: Some(database), url: None, user: None, credential: None },
        _ => Command::DropAlias { name },
    }
}

fn remote_alias(dice: &mut Dice, number: u64) -> Command {
    let name = (*dice.pick(&REMOTE_ALIASES)).to_owned();
    let credential = Some(format!("credential-{number}"));
    let database = format!("there{}", dice.below(3));
    let url = format!("neo4j+s://dbms{}.example.com:7687", dice.below(3));
    let user = format!("reader{}", dice.below(3));
    match dice.below(12) {
        0..=4 => {
            let mode = create_mode(dice, true);
            Command::CreateAlias { name, destination: Destination::Remote { database, url, user, credential }, mode }
        }
        5..=7 => Command::AlterAlias { name, database: None, url: None, user: None, credential },
        8 | 9 => Command::AlterAlias { name, database: Some(database), url: Some(url), user: Some(user), credential },
        _ => Command::DropAlias { name },
    }
}

fn privilege(dice: &mut Dice) -> Privilege {
    let alias = (*dice.pick(&REMOTE_ALIASES)).to_owned();
    match dice.below(10) {
        0..=3 => Privilege::Access { on: (*dice.pick(&DATABASES)).to_owned() },
        4 | 5 => Privilege::Access { on: alias },
        6 => Privilege::Access { on: "*".to_owned() },
        7 => Privilege::ResolveAlias { alias },
        8 => Privilege::ResolveAlias { alias: "*".to_owned() },
        _ => Privilege::Impersonate { user: (*dice.pick(&USERS)).to_owned() },
    }
}

fn words(privilege: &Privilege) -> String {
    match privilege {
        Privilege::Access { on } => format!("ACCESS ON DATABASE {on}"),
        Privilege::ResolveAlias { alias } => format!("RESOLVE ALIAS ({alias}) ON DBMS"),
        Privilege::Impersonate { user } => format!("IMPERSONATE ({user}) ON DBMS"),
        Privilege::AliasManagement => "ALIAS MANAGEMENT ON DBMS".to_owned(),
    }
}

/// The words of a mode before and after the kind of thing.
fn mode_words(mode: CreateMode) -> (&'static str, &'static str) {
    match mode {
        CreateMode::Fail => ("", ""),
        CreateMode::IfNotExists => ("", " IF NOT EXISTS"),
        CreateMode::OrReplace => ("OR REPLACE ", ""),
    }
}

/// The statement of a command. Secrets stand in it as they are: their text is their tag.
pub fn statement(command: &Command) -> String {
    match command {
        Command::CreateAlias { name, destination, mode } => {
            let (replace, exists) = mode_words(*mode);
            let target = match destination {
                Destination::Local { database } => database.clone(),
                Destination::Remote { database, url, user, credential } => {
                    let password = credential.as_deref().unwrap_or_default();
                    format!("{database} AT '{url}' USER {user} PASSWORD '{password}'")
                }
            };
            format!("CREATE {replace}ALIAS {name}{exists} FOR DATABASE {target}")
        }
        Command::AlterAlias { name, database, url, user, credential } => {
            let mut text = format!("ALTER ALIAS {name} SET DATABASE");
            if let Some(database) = database {
                text.push_str(&format!(" TARGET {database}"));
            }
            if let Some(url) = url {
                text.push_str(&format!(" AT '{url}'"));
            }
            if let Some(user) = user {
                text.push_str(&format!(" USER {user}"));
            }
            if let Some(credential) = credential {
                text.push_str(&format!(" PASSWORD '{credential}'"));
            }
            text
        }
        Command::DropAlias { name } => format!("DROP ALIAS {name} FOR DATABASE"),
        Command::CreateDatabase { name, mode } => format!("CREATE DATABASE {name}{}", mode_words(*mode).1),
        Command::DropDatabase { name } => format!("DROP DATABASE {name} RESTRICT"),
        Command::CreateUser { name, password, suspended, mode } => {
            let (password, exists) = (password.as_deref().unwrap_or_default(), mode_words(*mode).1);
            let status = if *suspended { " SET STATUS SUSPENDED" } else { "" };
            format!("CREATE USER {name}{exists} SET PASSWORD '{password}' CHANGE NOT REQUIRED{status}")
        }
        Command::AlterUser { name, suspended, password } => match (suspended, password) {
            (_, Some(password)) => format!("ALTER USER {name} SET PASSWORD '{password}' CHANGE NOT REQUIRED"),
            (Some(true), None) => format!("ALTER USER {name} SET STATUS SUSPENDED"),
            _ => format!("ALTER USER {name} SET STATUS ACTIVE"),
        },
        Command::RenameUser { from, to } => format!("RENAME USER {from} TO {to}"),
        Command::DropUser { name } => format!("DROP USER {name}"),
        Command::CreateRole { name, mode } => format!("CREATE ROLE {name}{}", mode_words(*mode).1),
        Command::DropRole { name } => format!("DROP ROLE {name}"),
        Command::GrantRole { role, user } => format!("GRANT ROLE {role} TO {user}"),
        Command::RevokeRole { role, user } => format!("REVOKE ROLE {role} FROM {user}"),
        Command::Assign { kind, privilege, role } => {
            let verb = if *kind == GrantKind::Granted { "GRANT" } else { "DENY" };
            format!("{verb} {} TO {role}", words(privilege))
        }
        Command::Revoke { kind, privilege, role } => {
            let kind = match kind {
                None => "",
                Some(GrantKind::Granted) => "GRANT ",
                Some(GrantKind::Denied) => "DENY ",
            };
            format!("REVOKE {kind}{} FROM {role}", words(privilege))
        }
        Command::EndToken { .. } | Command::Other { .. } => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use aliasd_cypher::{Lowered, Parameters, compile};

    use super::*;

    #[test]
    fn every_statement_is_one_of_the_language_and_writes() {
        let mut dice = Dice::new(1, 1);
        let drawn = (0..2000).map(|number| write(&mut dice, number));
        let commands = openings().into_iter().chain(drawn).map(|command| statement(&command));
        for statement in beginnings().into_iter().chain(commands) {
            let compiled = compile(&statement, &Parameters::default());
            assert!(matches!(compiled, Ok(Lowered::Command(_))), "{statement}: {compiled:?}");
        }
    }
}
