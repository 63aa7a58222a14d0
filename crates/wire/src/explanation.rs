//! Why a user can or cannot use a name, in its protobuf form.

use aliasd_catalog::{
    CatalogName, DatabaseKind, Explanation, Found, Grant, Rejection, Revision, Rule, UserName, UserStanding, UserStatus,
};

use crate::v1::access_rule::Rule as Sent;
use crate::v1::explain_access_response::Verdict;
use crate::v1::route::Destination;
use crate::{privilege, route, v1};

/// The explanation as it is sent. `command` gives the command that makes a grant or denial.
pub fn to_proto(
    user: &UserName,
    name: &CatalogName,
    explanation: &Explanation,
    served_at: Revision,
    command: impl Fn(&Grant) -> String,
) -> v1::ExplainAccessResponse {
    let verdict = match &explanation.verdict {
        Ok(destination) => match route::destination(destination, None) {
            Destination::LocalDatabase(local) => Verdict::LocalDatabase(local),
            Destination::RemoteDatabase(remote) => Verdict::RemoteDatabase(remote),
        },
        Err(rejection) => Verdict::Refusal(refusal(rejection)),
    };
    v1::ExplainAccessResponse {
        served_at_revision: served_at.0,
        user: user.to_string(),
        name: name.to_string(),
        verdict: Some(verdict),
        rules: explanation.rules.iter().map(|it| v1::AccessRule { rule: Some(rule(it, &command)) }).collect(),
    }
}

fn refusal(rejection: &Rejection) -> v1::Refusal {
    let code = rejection.code();
    v1::Refusal {
        code: code.code.to_owned(),
        message: rejection.to_string(),
        hint: rejection.hint().to_owned(),
        gqlstatus: code.gqlstatus.iter().map(|status| (*status).to_owned()).collect(),
        neo4j_code: code.neo4j_code.to_owned(),
    }
}

fn rule(rule: &Rule, command: &impl Fn(&Grant) -> String) -> Sent {
    match rule {
        Rule::User { standing, .. } => Sent::User(user_rule(*standing)),
        Rule::Name { found, .. } => Sent::Name(name_rule(found.as_ref())),
        Rule::Roles(roles) => Sent::Roles(v1::RolesRule { roles: roles.iter().map(ToString::to_string).collect() }),
        Rule::Home { home, by_default, stands_for } => Sent::Home(v1::HomeDatabase {
            name: home.to_string(),
            by_default: *by_default,
            stands_for: stands_for.as_ref().map(ToString::to_string),
        }),
        Rule::System => Sent::System(()),
        Rule::Access { on, grants, allowed } => Sent::Access(v1::AccessPrivilegeRule {
            on: on.to_string(),
            grants: grants.iter().map(|(grant, created)| access_grant(grant, *created, command)).collect(),
            allowed: *allowed,
        }),
        Rule::Release { alias, grants, allowed } => Sent::Release(v1::AccessPrivilegeRule {
            on: alias.to_string(),
            grants: grants.iter().map(|(grant, created)| access_grant(grant, *created, command)).collect(),
            allowed: *allowed,
        }),
    }
}

fn user_rule(standing: Option<UserStanding>) -> v1::UserRule {
    let state = match standing.map(|standing| standing.status) {
        None => v1::UserState::Missing,
        Some(UserStatus::Active) => v1::UserState::Active,
        Some(UserStatus::Suspended) => v1::UserState::Suspended,
    };
    let password_change_required = standing.is_some_and(|standing| standing.password_change_required);
    v1::UserRule { state: state.into(), password_change_required }
}

fn name_rule(found: Option<&Found>) -> v1::NameRule {
    let (kind, database) = match found {
        None => (v1::NameKind::Nothing, String::new()),
        Some(Found::Database(DatabaseKind::Standard)) => (v1::NameKind::StandardDatabase, String::new()),
        Some(Found::Database(DatabaseKind::Composite)) => (v1::NameKind::CompositeDatabase, String::new()),
        Some(Found::Database(DatabaseKind::System)) => (v1::NameKind::SystemDatabase, String::new()),
        Some(Found::LocalAlias(database)) => (v1::NameKind::LocalAlias, database.to_string()),
        Some(Found::RemoteAlias) => (v1::NameKind::RemoteAlias, String::new()),
    };
    v1::NameRule { kind: kind.into(), database }
}

fn access_grant(grant: &Grant, created: Revision, command: &impl Fn(&Grant) -> String) -> v1::AccessGrant {
    v1::AccessGrant {
        access: privilege::access(grant.effect).into(),
        role: grant.role.to_string(),
        command: command(grant),
        revision: created.0,
    }
}
