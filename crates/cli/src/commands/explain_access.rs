//! `aliasctl explain-access`: why a user can or cannot use a name.

use aliasd_client::messages::access_rule::Rule;
use aliasd_client::messages::explain_access_response::Verdict;
use aliasd_client::messages::{
    AccessGrant, AccessPrivilegeRule, ExplainAccessResponse, HomeDatabase, NameKind, NameRule, PrivilegeAccess,
    UserRule, UserState,
};
use aliasd_console::printable;
use serde_json::{Value as Json, json};

use super::print_beside_exit_code;
use crate::arguments::{ExplainAccess, Format};
use crate::command_error::CommandError;

pub(crate) async fn run(command: Box<ExplainAccess>) -> Result<(), CommandError> {
    let client = command.connection.client()?;
    let explained =
        client.explain_access(Some(&command.user_explained), &command.name, Some(command.freshness)).await?;
    let text = match command.format {
        Format::Table => text(&explained),
        Format::Json => format!("{}\n", json(&explained)),
    };
    print_beside_exit_code(&text)?;
    if is_allowed(&explained) { Ok(()) } else { Err(CommandError::Reported) }
}

fn is_allowed(explained: &ExplainAccessResponse) -> bool {
    matches!(explained.verdict, Some(Verdict::LocalDatabase(_) | Verdict::RemoteDatabase(_)))
}

// === for people ===

fn text(explained: &ExplainAccessResponse) -> String {
    let mut lines = verdict(explained);
    for rule in explained.rules.iter().filter_map(|rule| rule.rule.as_ref()) {
        lines.push(format!("{:<8}{}", label(rule), describe(rule, explained)));
        lines.extend(
            grants(rule).iter().map(|grant| format!("          {}  (revision {})", grant.command, grant.revision)),
        );
    }
    lines.push(format!("{:<8}revision {}", "as of", explained.served_at_revision));
    lines.iter().map(|line| format!("{}\n", printable(line))).collect()
}

fn verdict(explained: &ExplainAccessResponse) -> Vec<String> {
    let ExplainAccessResponse { user, name, .. } = explained;
    match &explained.verdict {
        Some(Verdict::LocalDatabase(local)) => {
            vec![format!("{user} can use {name}: it is database {} here.", local.database)]
        }
        Some(Verdict::RemoteDatabase(remote)) => {
            vec![format!("{user} can use {name}: it is database {} at {}.", remote.database, remote.url)]
        }
        Some(Verdict::Refusal(refusal)) => {
            let mut lines = vec![format!("{user} cannot use {name}: {} ({})", refusal.message, refusal.code)];
            if !refusal.hint.is_empty() {
                lines.push(format!("  hint: {}", refusal.hint));
            }
            lines
        }
        None => vec![format!("{user} cannot use {name}.")],
    }
}

fn label(rule: &Rule) -> &'static str {
    match rule {
        Rule::User(_) => "user",
        Rule::Name(_) => "name",
        Rule::Roles(_) => "roles",
        Rule::Home(_) => "home",
        Rule::System(()) => "system",
        Rule::Access(_) => "access",
        Rule::Release(_) => "release",
    }
}

fn describe(rule: &Rule, explained: &ExplainAccessResponse) -> String {
    match rule {
        Rule::User(user) => describe_user(user, &explained.user),
        Rule::Name(name) => describe_name(name, &explained.name),
        Rule::Roles(roles) => roles.roles.join(", "),
        Rule::Home(home) => describe_home(home),
        Rule::System(()) => "everyone may use the system database".to_owned(),
        Rule::Access(access) => describe_privilege("ACCESS", access),
        Rule::Release(release) => describe_privilege("RESOLVE ALIAS", release),
    }
}

fn describe_user(rule: &UserRule, user: &str) -> String {
    let state = match rule.state() {
        UserState::Active if rule.password_change_required => "has to change the password before anything else",
        UserState::Active => "is active",
        UserState::Suspended => "is suspended",
        UserState::Missing => "does not exist",
        UserState::Unspecified => "is in a state that this program does not know",
    };
    format!("{user} {state}")
}

fn describe_name(rule: &NameRule, name: &str) -> String {
    match rule.kind() {
        NameKind::Nothing => format!("nothing that may be known of is called {name}"),
        NameKind::StandardDatabase => format!("{name} is a database"),
        NameKind::CompositeDatabase => format!("{name} is a composite database"),
        NameKind::SystemDatabase => format!("{name} is the system database"),
        NameKind::LocalAlias => format!("{name} is a local alias and stands for database {}", rule.database),
        NameKind::RemoteAlias => format!("{name} is a remote alias and stands for itself"),
        NameKind::Unspecified => format!("{name} is something that this program does not know"),
    }
}

fn describe_home(home: &HomeDatabase) -> String {
    let by_default = if home.by_default { " (the default database)" } else { "" };
    match &home.stands_for {
        Some(name) if *name == home.name => format!("{name}{by_default}"),
        Some(name) => format!("{}{by_default}, which stands for {name}", home.name),
        None => format!("{}{by_default}, which leads nowhere", home.name),
    }
}

fn describe_privilege(privilege: &str, rule: &AccessPrivilegeRule) -> String {
    let denied = rule.grants.iter().any(|grant| grant.access() == PrivilegeAccess::Denied);
    let outcome = match (rule.allowed, denied) {
        (true, _) => "granted",
        (false, true) => "denied, and a denial outweighs every grant",
        (false, false) => "not granted",
    };
    format!("{privilege} on {} is {outcome}", rule.on)
}

/// What a rule was decided by.
fn grants(rule: &Rule) -> &[AccessGrant] {
    match rule {
        Rule::Access(rule) | Rule::Release(rule) => &rule.grants,
        _ => &[],
    }
}

// === for programs ===

fn json(explained: &ExplainAccessResponse) -> Json {
    let (destination, refusal) = match &explained.verdict {
        Some(Verdict::LocalDatabase(local)) => {
            (json!({"location": "local", "url": null, "database": local.database, "user": null}), Json::Null)
        }
        Some(Verdict::RemoteDatabase(remote)) => (
            json!({"location": "remote", "url": remote.url, "database": remote.database, "user": remote.user}),
            Json::Null,
        ),
        Some(Verdict::Refusal(refusal)) => (
            Json::Null,
            json!({
                "code": refusal.code,
                "message": refusal.message,
                "hint": refusal.hint,
                "gqlstatus": refusal.gqlstatus,
                "neo4j_code": refusal.neo4j_code,
            }),
        ),
        None => (Json::Null, Json::Null),
    };
    json!({
        "user": explained.user,
        "name": explained.name,
        "allowed": is_allowed(explained),
        "destination": destination,
        "refusal": refusal,
        "rules": explained.rules.iter().filter_map(|rule| rule.rule.as_ref()).map(rule_json).collect::<Vec<_>>(),
        "revision": explained.served_at_revision,
    })
}

fn rule_json(rule: &Rule) -> Json {
    let mut out = match rule {
        Rule::User(user) => json!({
            "state": word(user.state().as_str_name(), "USER_STATE_"),
            "password_change_required": user.password_change_required,
        }),
        Rule::Name(name) => json!({
            "kind": word(name.kind().as_str_name(), "NAME_KIND_"),
            "database": (!name.database.is_empty()).then_some(&name.database),
        }),
        Rule::Roles(roles) => json!({"roles": roles.roles}),
        Rule::Home(home) => {
            json!({"name": home.name, "by_default": home.by_default, "stands_for": home.stands_for})
        }
        Rule::System(()) => json!({}),
        Rule::Access(access) | Rule::Release(access) => json!({
            "on": access.on,
            "allowed": access.allowed,
            "grants": access.grants.iter().map(|grant| json!({
                "access": word(grant.access().as_str_name(), "PRIVILEGE_ACCESS_"),
                "role": grant.role,
                "command": grant.command,
                "revision": grant.revision,
            })).collect::<Vec<_>>(),
        }),
    };
    out["rule"] = json!(label(rule));
    out
}

/// The name of an enum's value without its prefix, in lower case.
fn word(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_ascii_lowercase()
}
