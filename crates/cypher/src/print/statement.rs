//! Printing of the statements that change something.

use std::fmt;

use super::expression::expression;
use super::{Out, map_operand, name, names, secret, separated, string, string_operand, url, version};
use crate::ast::{
    AliasStatement, AlterAlias, AlterUser, AuthRemoval, AuthRuleStatement, AuthSettings, Body, ClusterStatement,
    CreateAlias, CreateMode, DatabaseAccess, DatabaseStatement, LoginClause, NameOperand, Operand, PasswordClause,
    RenameAuthRule, RenameRole, RenameUser, RoleStatement, RuleAssignment, TagEdits, TagRemoval, UserSettings,
    UserStatement, UserStatus, Wait,
};

pub(super) fn body(out: Out<'_, '_>, body: &Body) -> fmt::Result {
    match body {
        Body::Alias(statement) => alias(out, statement),
        Body::Database(statement) => database(out, statement),
        Body::User(statement) => user(out, statement),
        Body::Role(statement) => role(out, statement),
        Body::AuthRule(statement) => auth_rule(out, statement),
        Body::Cluster(ClusterStatement::SetPolicy(map)) => {
            out.write_str("ALTER CLUSTER SET POLICY ")?;
            map_operand(out, map)
        }
        Body::Privilege(statement) => super::privilege::statement(out, statement),
        Body::Show(statement) => super::show::statement(out, statement),
    }
}

/// `CREATE [OR REPLACE] kind name [IF NOT EXISTS]`.
fn create(out: Out<'_, '_>, kind: &str, of: &NameOperand, mode: CreateMode) -> fmt::Result {
    let replace = if mode == CreateMode::OrReplace { "OR REPLACE " } else { "" };
    write!(out, "CREATE {replace}{kind} ")?;
    name(out, of)?;
    out.write_str(if mode == CreateMode::IfNotExists { " IF NOT EXISTS" } else { "" })
}

/// `verb kind name [IF EXISTS]`.
fn existing(out: Out<'_, '_>, verb: &str, of: &NameOperand, if_exists: bool) -> fmt::Result {
    write!(out, "{verb} ")?;
    name(out, of)?;
    out.write_str(if if_exists { " IF EXISTS" } else { "" })
}

fn alias(out: Out<'_, '_>, statement: &AliasStatement) -> fmt::Result {
    match statement {
        AliasStatement::Create(statement) => create_alias(out, statement),
        AliasStatement::Alter(statement) => alter_alias(out, statement),
        AliasStatement::Drop(statement) => {
            existing(out, "DROP ALIAS", &statement.name, statement.if_exists)?;
            out.write_str(" FOR DATABASE")
        }
    }
}

fn create_alias(out: Out<'_, '_>, statement: &CreateAlias) -> fmt::Result {
    create(out, "ALIAS", &statement.name, statement.mode)?;
    out.write_str(" FOR DATABASE ")?;
    name(out, &statement.target)?;
    if let Some(remote) = &statement.remote {
        out.write_str(" AT ")?;
        url(out, &remote.url)?;
        match &remote.login {
            LoginClause::Stored { user, password } => {
                out.write_str(" USER ")?;
                name(out, user)?;
                out.write_str(" PASSWORD ")?;
                secret(out, password)?;
            }
            LoginClause::OidcForwarding => out.write_str(" OIDC CREDENTIAL FORWARDING")?,
        }
        clause(out, " DRIVER ", remote.driver.as_ref(), map_operand)?;
        if let Some(language) = &remote.default_language {
            version(out, language.value)?;
        }
    }
    clause(out, " PROPERTIES ", statement.properties.as_ref(), map_operand)
}

fn alter_alias(out: Out<'_, '_>, statement: &AlterAlias) -> fmt::Result {
    existing(out, "ALTER ALIAS", &statement.name, statement.if_exists)?;
    out.write_str(" SET DATABASE")?;
    clause(out, " TARGET ", statement.target.as_ref(), name)?;
    clause(out, " AT ", statement.url.as_ref(), url)?;
    clause(out, " USER ", statement.user.as_ref(), name)?;
    clause(out, " PASSWORD ", statement.password.as_ref(), secret)?;
    clause(out, " DRIVER ", statement.driver.as_ref(), map_operand)?;
    if let Some(language) = &statement.default_language {
        version(out, language.value)?;
    }
    clause(out, " PROPERTIES ", statement.properties.as_ref(), map_operand)
}

fn clause<T>(
    out: Out<'_, '_>,
    words: &str,
    value: Option<&T>,
    write: impl FnOnce(Out<'_, '_>, &T) -> fmt::Result,
) -> fmt::Result {
    let Some(value) = value else { return Ok(()) };
    out.write_str(words)?;
    write(out, value)
}

fn database(out: Out<'_, '_>, statement: &DatabaseStatement) -> fmt::Result {
    match statement {
        DatabaseStatement::Create(statement) => {
            let kind = if statement.composite { "COMPOSITE DATABASE" } else { "DATABASE" };
            create(out, kind, &statement.name, statement.mode)?;
            if let Some(language) = &statement.default_language {
                version(out, language.value)?;
            }
            wait(out, statement.wait)
        }
        DatabaseStatement::Alter(statement) => {
            existing(out, "ALTER DATABASE", &statement.name, statement.if_exists)?;
            if let Some(access) = &statement.access {
                let word = if access.value == DatabaseAccess::ReadOnly { "ONLY" } else { "WRITE" };
                write!(out, " SET ACCESS READ {word}")?;
            }
            if let Some(language) = &statement.default_language {
                out.write_str(" SET")?;
                version(out, language.value)?;
            }
            wait(out, statement.wait)
        }
        DatabaseStatement::Drop(statement) => {
            let words = if statement.composite { "DROP COMPOSITE DATABASE" } else { "DROP DATABASE" };
            existing(out, words, &statement.name, statement.if_exists)?;
            out.write_str(if statement.cascade_aliases { " CASCADE ALIASES" } else { "" })?;
            wait(out, statement.wait)
        }
        DatabaseStatement::Start(database, seconds) => {
            existing(out, "START DATABASE", database, false)?;
            wait(out, *seconds)
        }
        DatabaseStatement::Stop(database, seconds) => {
            existing(out, "STOP DATABASE", database, false)?;
            wait(out, *seconds)
        }
        DatabaseStatement::SetDefault(database) => {
            out.write_str("CALL dbms.setDefaultDatabase(")?;
            string_operand(out, database)?;
            out.write_str(")")
        }
    }
}

fn wait(out: Out<'_, '_>, wait: Wait) -> fmt::Result {
    match wait {
        Wait::Unsaid => Ok(()),
        Wait::No => out.write_str(" NOWAIT"),
        Wait::Yes(None) => out.write_str(" WAIT"),
        Wait::Yes(Some(seconds)) => write!(out, " WAIT {seconds} SECONDS"),
    }
}

/// `verb name [IF EXISTS] TO name`.
fn rename(out: Out<'_, '_>, verb: &str, from: &NameOperand, if_exists: bool, to: &NameOperand) -> fmt::Result {
    existing(out, verb, from, if_exists)?;
    out.write_str(" TO ")?;
    name(out, to)
}

fn role(out: Out<'_, '_>, statement: &RoleStatement) -> fmt::Result {
    match statement {
        RoleStatement::Create(statement) => {
            let kind = if statement.immutable { "IMMUTABLE ROLE" } else { "ROLE" };
            create(out, kind, &statement.name, statement.mode)?;
            clause(out, " AS COPY OF ", statement.copy_of.as_ref(), name)
        }
        RoleStatement::Rename(RenameRole { from, if_exists, to }) => rename(out, "RENAME ROLE", from, *if_exists, to),
        RoleStatement::Drop(statement) => existing(out, "DROP ROLE", &statement.name, statement.if_exists),
        RoleStatement::Grant(assignment) => {
            out.write_str("GRANT ROLE ")?;
            names(out, &assignment.roles)?;
            out.write_str(" TO ")?;
            names(out, &assignment.users)
        }
        RoleStatement::Revoke(assignment) => {
            out.write_str("REVOKE ROLE ")?;
            names(out, &assignment.roles)?;
            out.write_str(" FROM ")?;
            names(out, &assignment.users)
        }
    }
}

fn auth_rule(out: Out<'_, '_>, statement: &AuthRuleStatement) -> fmt::Result {
    let assignment = |out: Out<'_, '_>, words: [&str; 2], assignment: &RuleAssignment| {
        out.write_str(words[0])?;
        names(out, &assignment.roles)?;
        out.write_str(words[1])?;
        names(out, &assignment.rules)
    };
    match statement {
        AuthRuleStatement::Alter(statement) => {
            existing(out, "ALTER AUTH RULE", &statement.name, statement.if_exists)?;
            clause(out, " SET CONDITION ", statement.condition.as_ref(), |out, condition| {
                expression(out, &condition.value)
            })?;
            clause(out, " SET ENABLED ", statement.enabled.as_ref(), |out, enabled| {
                out.write_str(if *enabled { "TRUE" } else { "FALSE" })
            })
        }
        AuthRuleStatement::Rename(RenameAuthRule { from, if_exists, to }) => {
            rename(out, "RENAME AUTH RULE", from, *if_exists, to)
        }
        AuthRuleStatement::Drop(statement) => existing(out, "DROP AUTH RULE", &statement.name, statement.if_exists),
        AuthRuleStatement::Grant(rules) => assignment(out, ["GRANT ROLE ", " TO AUTH RULE "], rules),
        AuthRuleStatement::Revoke(rules) => assignment(out, ["REVOKE ROLE ", " FROM AUTH RULE "], rules),
    }
}

fn user(out: Out<'_, '_>, statement: &UserStatement) -> fmt::Result {
    match statement {
        UserStatement::Create(statement) => {
            create(out, "USER", &statement.name, statement.mode)?;
            user_settings(out, &statement.settings)
        }
        UserStatement::Alter(statement) => alter_user(out, statement),
        UserStatement::AlterTags(statement) => {
            out.write_str("ALTER USERS ")?;
            names(out, &statement.names)?;
            out.write_str(if statement.if_exists { " IF EXISTS" } else { "" })?;
            tag_edits(out, &statement.tags)?;
            clause(out, " SET TAGS ", statement.set_tags.as_ref(), |out, tags| tag_list(out, &tags.value))
        }
        UserStatement::ChangePassword(change) => {
            out.write_str("ALTER CURRENT USER SET PASSWORD FROM ")?;
            secret(out, &change.from)?;
            out.write_str(" TO ")?;
            secret(out, &change.to)
        }
        UserStatement::Rename(RenameUser { from, if_exists, to }) => rename(out, "RENAME USER", from, *if_exists, to),
        UserStatement::Drop(statement) => existing(out, "DROP USER", &statement.name, statement.if_exists),
    }
}

fn alter_user(out: Out<'_, '_>, statement: &AlterUser) -> fmt::Result {
    existing(out, "ALTER USER", &statement.name, statement.if_exists)?;
    if statement.remove_home {
        out.write_str(" REMOVE HOME DATABASE")?;
    }
    for removal in &statement.remove_auth {
        match &removal.value {
            AuthRemoval::All => out.write_str(" REMOVE ALL AUTH")?,
            AuthRemoval::Provider(Operand::Literal(provider)) => {
                out.write_str(" REMOVE AUTH ")?;
                string(out, provider)?;
            }
            AuthRemoval::Provider(Operand::Parameter(name)) => {
                out.write_str(" REMOVE AUTH ")?;
                super::parameter(out, name)?;
            }
        }
    }
    tag_edits(out, &statement.tags)?;
    user_settings(out, &statement.settings)
}

fn tag_edits(out: Out<'_, '_>, edits: &TagEdits) -> fmt::Result {
    if let Some(removal) = &edits.remove {
        match &removal.value {
            TagRemoval::All => out.write_str(" REMOVE ALL TAGS")?,
            TagRemoval::Tags(tags) => {
                out.write_str(" REMOVE TAGS ")?;
                tag_list(out, tags)?;
            }
        }
    }
    clause(out, " ADD TAGS ", edits.add.as_ref(), |out, tags| tag_list(out, &tags.value))
}

fn tag_list(out: Out<'_, '_>, tags: &Operand<Vec<String>>) -> fmt::Result {
    match tags {
        Operand::Parameter(name) => super::parameter(out, name),
        Operand::Literal(tags) => {
            out.write_str("[")?;
            separated(out, tags, ", ", |out, tag| string(out, tag))?;
            out.write_str("]")
        }
    }
}

fn user_settings(out: Out<'_, '_>, settings: &UserSettings) -> fmt::Result {
    password_clauses(out, &settings.password, " CHANGE")?;
    if let Some(status) = &settings.status {
        let word = if status.value == UserStatus::Suspended { "SUSPENDED" } else { "ACTIVE" };
        write!(out, " SET STATUS {word}")?;
    }
    clause(out, " SET HOME DATABASE ", settings.home.as_ref(), name)?;
    separated(out, &settings.auth, "", |out, auth| auth_settings(out, &auth.value))?;
    clause(out, " SET TAGS ", settings.tags.as_ref(), |out, tags| tag_list(out, &tags.value))
}

/// `after_password` is how a change that is required begins after a password.
fn password_clauses(out: Out<'_, '_>, clauses: &PasswordClause, after_password: &str) -> fmt::Result {
    let words = if clauses.encrypted { " SET ENCRYPTED PASSWORD " } else { " SET PASSWORD " };
    clause(out, words, clauses.password.as_ref(), secret)?;
    if let Some(required) = &clauses.change_required {
        let words = if clauses.password.is_some() { after_password } else { " SET PASSWORD CHANGE" };
        let not = if required.value { "" } else { "NOT " };
        write!(out, "{words} {not}REQUIRED")?;
    }
    Ok(())
}

fn auth_settings(out: Out<'_, '_>, settings: &AuthSettings) -> fmt::Result {
    out.write_str(" SET AUTH ")?;
    string(out, &settings.provider.value)?;
    out.write_str(" {")?;
    clause(out, " SET ID ", settings.id.as_ref(), string_operand)?;
    // In braces every clause has a SET of its own.
    password_clauses(out, &settings.password, " SET PASSWORD CHANGE")?;
    out.write_str(" }")
}
