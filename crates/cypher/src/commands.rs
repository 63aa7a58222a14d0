//! The commands of the language, as a table for people: syntax, effect, privilege and an example.
//!
//! `docs/language.md` and the help of the shell are made from it, and the examples are parsed by a test, so
//! that none of them can say what the parser does not.

mod needs;

use aliasd_catalog::{DatabaseAction, DbmsAction as A};

use self::needs::{NOTHING, ONE, on_database, on_dbms};
use crate::ast::{
    AliasStatement, AuthRuleStatement, Body, ClusterStatement, DatabaseStatement, PrivilegeVerb, RoleStatement,
    ShowSubject, Statement, UserStatement,
};
use crate::characters::words;
use crate::columns::{
    ALIASES, AUTH_RULES, CLUSTER_POLICY, COMMANDS as COMMANDS_OF_PRIVILEGES, COMMANDS_OF_AUTH_RULES, COMPONENTS,
    Column, DATABASES, FUNCTIONS, PRIVILEGES, PROCEDURES, ROLES, SERVERS, SETTINGS, SUPPORTED_PRIVILEGES, TRANSACTIONS,
    USERS,
};
use crate::parser::parse;

pub use self::needs::Needs;

/// The codes that any statement may be refused with, in order of precedence.
#[rustfmt::skip]
pub const GENERAL_REFUSALS: &[&str] = &[
    "SYNTAX_ERROR", "INVALID_CHARACTER", "INVALID_LITERAL", "UNTERMINATED_LITERAL", "STATEMENT_TOO_LARGE",
    "NESTING_TOO_DEEP", "LIST_TOO_LONG", "USE_CLAUSE_NOT_ALLOWED", "INVALID_CYPHER_VERSION", "INVALID_QUALIFIED_NAME",
    "TOO_MANY_NAME_COMPONENTS", "MISSING_PARAMETER", "WRONG_TYPE", "NOT_SUPPORTED", "NAME_EMPTY", "NAME_TOO_LONG",
    "CLUSTER_NOT_FORMED",
    "USER_UNKNOWN", "USER_SUSPENDED", "PASSWORD_CHANGE_REQUIRED", "PERMISSION_DENIED",
];

/// The codes that the clauses of any listing may be refused with, in order of precedence.
#[rustfmt::skip]
pub const LISTING_REFUSALS: &[&str] =
    &["UNKNOWN_VARIABLE", "UNKNOWN_FUNCTION", "DUPLICATE_COLUMN", "INVALID_EXPRESSION", "EXPRESSION_NOT_VALID",
      "IMPLICIT_GROUPING", "ARITHMETIC_ERROR"];

/// What docs/language.md says of one command of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandPage {
    /// Its keywords, which no two commands share.
    pub name: &'static str,
    /// Its syntax: `[…]` may be left out, `{…}` groups, `|` is a choice, `…` repeats what is before it. Words in lower
    /// case are names, values, or what [`definitions`](crate::definitions) says.
    pub syntax: &'static str,
    /// What it does, in a sentence.
    pub effect: &'static str,
    /// The privileges that it needs.
    pub needs: Needs,
    /// A statement of it.
    pub example: &'static str,
    /// The codes that it may be refused with besides [`GENERAL_REFUSALS`] and, for a listing, [`LISTING_REFUSALS`]; in
    /// order of precedence.
    pub refusals: &'static [&'static str],
    /// The columns of a listing, in order: a table, or one for each form, named by what makes it that form.
    pub columns: &'static [(&'static str, &'static [Column])],
}

/// Every command, by what it is about.
#[must_use]
pub fn commands() -> &'static [CommandPage] {
    COMMANDS
}

const fn page(
    name: &'static str,
    syntax: &'static str,
    effect: &'static str,
    needs: Needs,
    example: &'static str,
) -> CommandPage {
    CommandPage { name, syntax, effect, needs, example, refusals: &[], columns: &[] }
}

// === impl CommandPage ===

impl CommandPage {
    const fn refuses(mut self, codes: &'static [&'static str]) -> Self {
        self.refusals = codes;
        self
    }

    const fn lists(mut self, columns: &'static [(&'static str, &'static [Column])]) -> Self {
        self.columns = columns;
        self
    }

    /// True if a statement of this command may be refused with the code.
    #[must_use]
    pub fn may_refuse(&self, code: &str) -> bool {
        let of_listings = if self.columns.is_empty() { &[] } else { LISTING_REFUSALS };
        [GENERAL_REFUSALS, of_listings, self.refusals].iter().any(|codes| codes.contains(&code))
    }
}

/// Makes the table of commands and the type of its keys from one list, so that no command lacks its row.
macro_rules! command_table {
    ($($kind:ident => $page:expr,)*) => {
        /// Which command: the key of the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum CommandKind { $($kind,)* }

        /// In the order of the keys.
        const COMMANDS: &[CommandPage] = &[$($page,)*];
    };
}

impl CommandKind {
    fn page(self) -> &'static CommandPage {
        &COMMANDS[self as usize]
    }
}

impl Statement {
    /// The command that this is a statement of.
    #[must_use]
    pub fn command(&self) -> &'static CommandPage {
        self.kind().page()
    }

    fn kind(&self) -> CommandKind {
        match &self.body.value {
            Body::Alias(AliasStatement::Create(_)) => CommandKind::CreateAlias,
            Body::Alias(AliasStatement::Alter(_)) => CommandKind::AlterAlias,
            Body::Alias(AliasStatement::Drop(_)) => CommandKind::DropAlias,
            Body::Database(DatabaseStatement::Create(create)) if create.composite => {
                CommandKind::CreateCompositeDatabase
            }
            Body::Database(DatabaseStatement::Create(_)) => CommandKind::CreateDatabase,
            Body::Database(DatabaseStatement::Alter(_)) => CommandKind::AlterDatabase,
            Body::Database(DatabaseStatement::Drop(_)) => CommandKind::DropDatabase,
            Body::Database(DatabaseStatement::Start(..)) => CommandKind::StartDatabase,
            Body::Database(DatabaseStatement::Stop(..)) => CommandKind::StopDatabase,
            Body::Database(DatabaseStatement::SetDefault(_)) => CommandKind::SetDefaultDatabase,
            Body::User(UserStatement::Create(_)) => CommandKind::CreateUser,
            Body::User(UserStatement::Alter(_)) => CommandKind::AlterUser,
            Body::User(UserStatement::ChangePassword(_)) => CommandKind::AlterCurrentUser,
            Body::User(UserStatement::Rename(_)) => CommandKind::RenameUser,
            Body::User(UserStatement::Drop(_)) => CommandKind::DropUser,
            Body::Role(RoleStatement::Create(_)) => CommandKind::CreateRole,
            Body::Role(RoleStatement::Rename(_)) => CommandKind::RenameRole,
            Body::Role(RoleStatement::Drop(_)) => CommandKind::DropRole,
            Body::Role(RoleStatement::Grant(_)) => CommandKind::GrantRole,
            Body::Role(RoleStatement::Revoke(_)) => CommandKind::RevokeRole,
            Body::User(UserStatement::AlterTags(_)) => CommandKind::AlterUsers,
            Body::AuthRule(AuthRuleStatement::Alter(_)) => CommandKind::AlterAuthRule,
            Body::AuthRule(AuthRuleStatement::Rename(_)) => CommandKind::RenameAuthRule,
            Body::AuthRule(AuthRuleStatement::Drop(_)) => CommandKind::DropAuthRule,
            Body::AuthRule(AuthRuleStatement::Grant(_)) => CommandKind::GrantRole,
            Body::AuthRule(AuthRuleStatement::Revoke(_)) => CommandKind::RevokeRole,
            Body::Cluster(ClusterStatement::SetPolicy(_)) => CommandKind::AlterCluster,
            Body::Privilege(privilege) => match privilege.verb {
                PrivilegeVerb::Assign(_) => CommandKind::Grant,
                PrivilegeVerb::Revoke(_) => CommandKind::Revoke,
            },
            Body::Show(show) => match &show.subject.value {
                ShowSubject::Aliases(_) => CommandKind::ShowAliases,
                ShowSubject::Databases(_) | ShowSubject::DefaultDatabase | ShowSubject::HomeDatabase => {
                    CommandKind::ShowDatabases
                }
                ShowSubject::Users { .. } | ShowSubject::CurrentUser => CommandKind::ShowUsers,
                ShowSubject::Roles { .. } => CommandKind::ShowRoles,
                ShowSubject::AuthRules { .. } => CommandKind::ShowAuthRules,
                ShowSubject::Privileges { .. } => CommandKind::ShowPrivileges,
                ShowSubject::SupportedPrivileges => CommandKind::ShowSupportedPrivileges,
                ShowSubject::ClusterPolicy => CommandKind::ShowClusterPolicy,
                ShowSubject::Servers => CommandKind::ShowServers,
                ShowSubject::Transactions(_) => CommandKind::ShowTransactions,
                ShowSubject::Settings(_) => CommandKind::ShowSettings,
                ShowSubject::Procedures { .. } => CommandKind::ShowProcedures,
                ShowSubject::Functions { .. } => CommandKind::ShowFunctions,
                ShowSubject::Components => CommandKind::Components,
            },
        }
    }
}

/// The command that a text is, or was meant to be, a statement of; none if its words do not tell.
#[must_use]
pub fn command_of(text: &str) -> Option<&'static CommandPage> {
    if let Ok(statement) = parse(text) {
        return Some(statement.command());
    }
    // Of several commands whose keywords stand there in order, the one with the most of them. Of those, the one whose
    // last keyword comes first, `ALTER ALIAS a SET DATABASE` is about an alias; but what is shown stands last,
    // `SHOW USER u PRIVILEGES` is not about users.
    let said: Vec<&str> = words(text).take(8).collect();
    let matched = COMMANDS.iter().filter_map(|page| {
        let mut place = 0;
        for keyword in page.name.split([' ', '.']) {
            let singular = keyword.strip_suffix("ES").or(keyword.strip_suffix('S')).unwrap_or(keyword);
            let is = |word: &&str| {
                [keyword, singular, keyword.trim_end_matches('S')].iter().any(|form| form.eq_ignore_ascii_case(word))
            };
            place += said[place..].iter().position(is)? + 1;
        }
        Some((page.name.split([' ', '.']).count(), place, page))
    });
    // `CYPHER 5` may stand before it.
    let shows = said.iter().take(3).any(|word| word.eq_ignore_ascii_case("SHOW"));
    let rank = |place: usize| if shows { place } else { usize::MAX - place };
    matched.max_by_key(|(keywords, place, _)| (*keywords, rank(*place))).map(|(.., page)| page)
}

command_table! {
    CreateAlias => page("CREATE ALIAS",
        "CREATE [OR REPLACE] ALIAS name [IF NOT EXISTS] FOR DATABASE target\n  \
         [AT url { USER user PASSWORD password | OIDC CREDENTIAL FORWARDING } [DRIVER map] [DEFAULT LANGUAGE CYPHER { 5 | 25 }]]\n  \
         [PROPERTIES map]",
        "Creates a name for a database of this catalog or, with AT, of another DBMS. The other DBMS is not contacted.",
        on_dbms("{} ON DBMS; with OR REPLACE also {}", &[A::CreateAlias, A::DropAlias]),
        "CREATE ALIAS sales FOR DATABASE neo4j AT 'neo4j+s://eu.example.org:7687' USER reader PASSWORD $password DRIVER {connection_timeout: duration('PT5S')}")
        .refuses(&["CONFLICTING_CLAUSES", "INVALID_DOTTED_NAME", "UNKNOWN_FUNCTION", "INVALID_EXPRESSION", "EXPRESSION_NOT_VALID",
            "DRIVER_SETTINGS_EVALUATION", "DUPLICATE_KEY", "ALIAS_NAME_ENDS_WITH_DOT", "ALIAS_NAME_RESERVED",
            "URL_SCHEME_INVALID", "URL_INVALID", "DRIVER_SETTING_UNKNOWN", "DRIVER_SETTING_TYPE",
            "DRIVER_SETTING_NEGATIVE", "DRIVER_SETTING_ZERO", "DRIVER_SETTING_LEVEL", "PASSWORD_EMPTY",
            "ALIAS_EXISTS", "NAME_AMBIGUOUS", "ALIAS_TARGET_NOT_FOUND", "ALIAS_TARGET_IS_COMPOSITE",
            "CONSTITUENT_LANGUAGE", "ALIAS_TARGET_IS_SYSTEM", "ALIAS_CHAIN", "KEY_NOT_ACTIVE", "URL_INSECURE"]),
    AlterAlias => page("ALTER ALIAS",
        "ALTER ALIAS name [IF EXISTS] SET DATABASE\n  \
         { TARGET target [AT url] | USER user | PASSWORD password | DRIVER map | DEFAULT LANGUAGE CYPHER { 5 | 25 } | PROPERTIES map } …",
        "Changes what is named and keeps the rest. Maps are replaced as a whole. Each clause stands at most once. \
         Another URL or user takes the PASSWORD as well, or RESOLVE ALIAS on the alias.",
        on_dbms(ONE, &[A::AlterAlias]),
        "ALTER ALIAS sales SET DATABASE TARGET orders AT 'neo4j+s://eu.example.org:7687' PASSWORD 'secret' PROPERTIES {owner: 'sales'}")
        .refuses(&["DUPLICATE_CLAUSE", "MISSING_CLAUSE", "INVALID_DOTTED_NAME", "UNKNOWN_FUNCTION", "INVALID_EXPRESSION", "EXPRESSION_NOT_VALID",
            "DRIVER_SETTINGS_EVALUATION", "DUPLICATE_KEY", "URL_SCHEME_INVALID", "URL_INVALID",
            "DRIVER_SETTING_UNKNOWN", "DRIVER_SETTING_TYPE", "DRIVER_SETTING_NEGATIVE", "DRIVER_SETTING_ZERO",
            "DRIVER_SETTING_LEVEL", "PASSWORD_EMPTY", "ALIAS_NOT_FOUND", "ALIAS_REMOTE_TO_LOCAL",
            "ALIAS_LOCAL_TO_REMOTE", "ALIAS_TARGET_NOT_FOUND", "ALIAS_TARGET_IS_COMPOSITE", "CONSTITUENT_LANGUAGE",
            "ALIAS_CREDENTIAL_KIND", "ALIAS_PASSWORD_REQUIRED", "ALIAS_CHANGED", "ALIAS_TARGET_IS_SYSTEM", "ALIAS_CHAIN",
            "KEY_NOT_ACTIVE", "URL_INSECURE"]),
    DropAlias => page("DROP ALIAS", "DROP ALIAS name [IF EXISTS] FOR DATABASE",
        "Drops an alias, and the privileges that name a remote one.", on_dbms(ONE, &[A::DropAlias]),
        "DROP ALIAS sales IF EXISTS FOR DATABASE")
        .refuses(&["ALIAS_NOT_FOUND"]),
    ShowAliases => page("SHOW ALIASES", "SHOW ALIAS[ES] [name] FOR DATABASE[S] [clauses]",
        "Lists aliases. A name that no alias has gives no row.", on_dbms(ONE, &[A::ShowAlias]),
        "SHOW ALIASES FOR DATABASE YIELD name, url WHERE url STARTS WITH 'neo4j+s' RETURN name ORDER BY name")
        .lists(&[("", ALIASES)]),
    CreateDatabase => page("CREATE DATABASE",
        "CREATE [OR REPLACE] DATABASE name [IF NOT EXISTS] [[SET] DEFAULT LANGUAGE CYPHER { 5 | 25 }] [OPTIONS {}] [WAIT [n [SECONDS]] | NOWAIT]",
        "Registers a database. The catalog holds no data, so there is nothing to wait for.",
        on_dbms("{} ON DBMS; with OR REPLACE also {}", &[A::CreateDatabase, A::DropDatabase]),
        "CREATE DATABASE movies IF NOT EXISTS DEFAULT LANGUAGE CYPHER 25")
        .refuses(&["CONFLICTING_CLAUSES", "DATABASE_NAME_RESERVED", "DATABASE_NAME_LENGTH",
            "DATABASE_NAME_START", "DATABASE_NAME_CHARACTERS", "DATABASE_EXISTS", "NAME_AMBIGUOUS",
            "DATABASE_HAS_ALIASES"]),
    CreateCompositeDatabase => page("CREATE COMPOSITE DATABASE",
        "CREATE [OR REPLACE] COMPOSITE DATABASE name [IF NOT EXISTS] [[SET] DEFAULT LANGUAGE CYPHER { 5 | 25 }] [OPTIONS {}] [WAIT [n [SECONDS]] | NOWAIT]",
        "Creates a name under which aliases, its constituents, are gathered.",
        on_dbms("{} ON DBMS; with OR REPLACE also {}", &[A::CreateCompositeDatabase, A::DropCompositeDatabase]),
        "CREATE COMPOSITE DATABASE garden")
        .refuses(&["CONFLICTING_CLAUSES", "DATABASE_NAME_RESERVED", "DATABASE_NAME_LENGTH",
            "DATABASE_NAME_START", "DATABASE_NAME_CHARACTERS", "DATABASE_EXISTS", "NAME_AMBIGUOUS",
            "DATABASE_HAS_ALIASES"]),
    AlterDatabase => page("ALTER DATABASE",
        "ALTER DATABASE name [IF EXISTS] { SET ACCESS READ { ONLY | WRITE } | SET DEFAULT LANGUAGE CYPHER { 5 | 25 } } … [WAIT [n [SECONDS]] | NOWAIT]",
        "Changes whether a database may be written to, and its language.",
        on_dbms("{} or {}, as the clauses ask, or for a composite database {}; on the database or ON DBMS",
            &[A::SetDatabaseAccess, A::SetDatabaseDefaultLanguage, A::AlterCompositeDatabase]),
        "ALTER DATABASE movies SET ACCESS READ ONLY")
        .refuses(&["DUPLICATE_CLAUSE", "NO_SUCH_DATABASE", "COMPOSITE_ACCESS", "DATABASE_PROTECTED"]),
    DropDatabase => page("DROP DATABASE",
        "DROP [COMPOSITE] DATABASE name [IF EXISTS] [RESTRICT | CASCADE ALIAS[ES]] [{ DUMP | DESTROY } [DATA]] [WAIT [n [SECONDS]] | NOWAIT]",
        "Removes a database. With local aliases that lead to it, or with constituents, only if they are dropped as well.",
        on_dbms("{} ON DBMS, for a composite database {} instead; with CASCADE also {}",
            &[A::DropDatabase, A::DropCompositeDatabase, A::DropAlias]),
        "DROP DATABASE movies CASCADE ALIASES")
        .refuses(&["NO_SUCH_DATABASE", "COMPOSITE_NOT_FOUND", "DATABASE_PROTECTED", "DATABASE_HAS_ALIASES"]),
    StartDatabase => page("START DATABASE", "START DATABASE name [WAIT [n [SECONDS]] | NOWAIT]",
        "Asks for a database to be online.", on_database(DatabaseAction::Start), "START DATABASE movies")
        .refuses(&["NO_SUCH_DATABASE", "DATABASE_PROTECTED"]),
    StopDatabase => page("STOP DATABASE", "STOP DATABASE name [WAIT [n [SECONDS]] | NOWAIT]",
        "Asks for a database to be offline; routes to it are refused.", on_database(DatabaseAction::Stop), "STOP DATABASE movies NOWAIT")
        .refuses(&["NO_SUCH_DATABASE", "DATABASE_PROTECTED"]),
    SetDefaultDatabase => page("CALL dbms.setDefaultDatabase", "CALL dbms.setDefaultDatabase(string)",
        "Sets the database or alias that users without a home database work with.", on_dbms(ONE, &[A::ExecuteAdminProcedures]),
        "CALL dbms.setDefaultDatabase('movies')")
        .refuses(&["UNKNOWN_PROCEDURE", "NO_SUCH_DATABASE", "DATABASE_PROTECTED"]),
    ShowDatabases => page("SHOW DATABASES", "SHOW { DATABASE[S] [name] | DEFAULT DATABASE | HOME DATABASE } [clauses]",
        "Lists the databases that the caller may know of.", on_dbms("none; rows need ACCESS or a database privilege", &[]),
        "SHOW DATABASES YIELD name, aliases, constituents")
        .lists(&[("", DATABASES)]),
    CreateUser => page("CREATE USER",
        "CREATE [OR REPLACE] USER name [IF NOT EXISTS]\n  \
         { SET [PLAINTEXT] PASSWORD password [CHANGE [NOT] REQUIRED] | SET PASSWORD CHANGE [NOT] REQUIRED\n    \
         | SET STATUS { ACTIVE | SUSPENDED } | SET HOME DATABASE name\n    \
         | SET AUTH [PROVIDER] provider \"{\" { SET ID id | SET PASSWORD password | SET PASSWORD CHANGE [NOT] REQUIRED } … \"}\"\n    \
         | SET TAG[S] tags } …",
        "Creates a user with at least one way to authenticate. Tags are labels, which decide nothing here: tags is 'tag', ['tag', …] or a parameter.",
        on_dbms("{} ON DBMS; with OR REPLACE also {}, with TAGS also {}", &[A::CreateUser, A::DropUser, A::SetUserMetadata]),
        "CREATE USER carol SET PASSWORD $password CHANGE NOT REQUIRED SET HOME DATABASE sales")
        .refuses(&["DUPLICATE_CLAUSE", "CONFLICTING_CLAUSES", "USER_NAME_INVALID",
            "AUTH_PROVIDER_INVALID", "PASSWORD_EMPTY", "PASSWORD_TOO_SHORT", "ENCRYPTED_PASSWORD_FORMAT",
            "ENCRYPTION_VERSION_UNAVAILABLE", "OWN_USER_DELETION", "USER_EXISTS", "AUTH_ID_TAKEN",
            "HOME_IS_CONSTITUENT", "USER_WITHOUT_PASSWORD", "USER_WITHOUT_AUTH", "LAST_ADMINISTRATOR"]),
    AlterUsers => page("ALTER USERS",
        "ALTER USERS name, … [IF EXISTS] { REMOVE { TAG[S] tags | ALL TAG[S] } [ADD TAG[S] tags] | ADD TAG[S] tags | SET TAG[S] tags }",
        "Changes the tags of several users, as ALTER USER does those of one. All users are altered or none is.",
        on_dbms("{} and {} ON DBMS", &[A::AlterUser, A::SetUserMetadata]), "ALTER USERS carol, dave ADD TAGS ['sales', 'emea']")
        .refuses(&["DUPLICATE_CLAUSE", "CONFLICTING_CLAUSES", "MISSING_CLAUSE", "USER_NAME_INVALID", "USER_NOT_FOUND"]),
    AlterUser => page("ALTER USER",
        "ALTER USER name [IF EXISTS] [REMOVE HOME DATABASE] [REMOVE { AUTH [PROVIDER[S]] provider, … | ALL AUTH [PROVIDER[S]] }] …\n  \
         [REMOVE { TAG[S] tags | ALL TAG[S] }] [ADD TAG[S] tags] [SET …] …",
        "Changes what is named and keeps the rest. Every REMOVE stands before every ADD, and every ADD before every SET, which are those of CREATE USER.",
        on_dbms("{}, {}, {} or {} ON DBMS, as the clauses ask, and {} for tags; for tags alone also {}",
            &[A::SetPasswords, A::SetAuth, A::SetUserStatus, A::SetUserHomeDatabase, A::SetUserMetadata, A::AlterUser]),
        "ALTER USER carol REMOVE HOME DATABASE SET STATUS SUSPENDED")
        .refuses(&["DUPLICATE_CLAUSE", "CONFLICTING_CLAUSES", "MISSING_CLAUSE", "USER_NAME_INVALID",
            "AUTH_PROVIDER_INVALID", "PASSWORD_EMPTY", "PASSWORD_TOO_SHORT", "ENCRYPTED_PASSWORD_FORMAT",
            "ENCRYPTION_VERSION_UNAVAILABLE", "OWN_USER_PROTECTED", "USER_NOT_FOUND", "AUTH_ID_TAKEN",
            "HOME_IS_CONSTITUENT", "PASSWORD_UNCHANGED", "USER_WITHOUT_PASSWORD", "USER_WITHOUT_AUTH", "LAST_ADMINISTRATOR"]),
    AlterCurrentUser => page("ALTER CURRENT USER", "ALTER CURRENT USER SET PASSWORD FROM password TO password",
        "Changes the caller's own password.", NOTHING, "ALTER CURRENT USER SET PASSWORD FROM $old TO $new")
        .refuses(&["PASSWORD_EMPTY", "PASSWORD_TOO_SHORT", "CREDENTIALS_CHANGED", "PASSWORD_UNCHANGED",
            "USER_WITHOUT_PASSWORD"]),
    RenameUser => page("RENAME USER", "RENAME USER name [IF EXISTS] TO name", "Renames a user, who keeps everything else.",
        on_dbms(ONE, &[A::RenameUser]), "RENAME USER carol TO caroline")
        .refuses(&["USER_NAME_INVALID", "RENAMED_USER_NOT_FOUND", "RENAMED_USER_EXISTS"]),
    DropUser => page("DROP USER", "DROP USER name [IF EXISTS]", "Drops a user. Nobody can drop themselves.", on_dbms(ONE, &[A::DropUser]), "DROP USER carol")
        .refuses(&["USER_NAME_INVALID", "OWN_USER_DELETION", "USER_NOT_FOUND", "LAST_ADMINISTRATOR"]),
    ShowUsers => page("SHOW USERS", "SHOW { USER[S] [WITH AUTH] | CURRENT USER } [clauses]",
        "Lists users; with WITH AUTH a row for each way to authenticate.",
        on_dbms("{} ON DBMS, none for the current user; tags are NULL without {}", &[A::ShowUser, A::ShowUserMetadata]),
        "SHOW USERS WITH AUTH")
        .lists(&[("", USERS)]),
    CreateRole => page("CREATE ROLE", "CREATE [OR REPLACE] [IMMUTABLE] ROLE name [IF NOT EXISTS] [AS COPY OF other]",
        "Creates a role; with AS COPY OF it has the privileges of another one.", on_dbms("{} ON DBMS; with OR REPLACE also {}", &[A::CreateRole, A::DropRole]),
        "CREATE ROLE analyst AS COPY OF reader")
        .refuses(&["CONFLICTING_CLAUSES", "ROLE_NAME_INVALID", "ROLE_RESERVED", "IMMUTABLE_DENIED", "ROLE_NOT_FOUND",
            "ROLE_EXISTS", "LAST_ADMINISTRATOR"]),
    RenameRole => page("RENAME ROLE", "RENAME ROLE name [IF EXISTS] TO name", "Renames a role, which keeps everything else.",
        on_dbms(ONE, &[A::RenameRole]), "RENAME ROLE analyst TO viewer")
        .refuses(&["ROLE_NAME_INVALID", "ROLE_RESERVED", "RENAMED_ROLE_NOT_FOUND",
            "RENAMED_ROLE_EXISTS"]),
    DropRole => page("DROP ROLE", "DROP ROLE name [IF EXISTS]", "Drops a role with its privileges.", on_dbms(ONE, &[A::DropRole]), "DROP ROLE analyst")
        .refuses(&["ROLE_NAME_INVALID", "ROLE_RESERVED", "ROLE_NOT_FOUND", "LAST_ADMINISTRATOR"]),
    GrantRole => page("GRANT ROLE", "GRANT ROLE[S] role, … TO { [USER[S]] user, … | AUTH RULE[S] name, … }",
        "Gives roles to users. There is no auth rule that they could be given to.", on_dbms(ONE, &[A::AssignRole]),
        "GRANT ROLES analyst, reader TO carol")
        .refuses(&["USER_NAME_INVALID", "ROLE_NAME_INVALID", "ROLE_RESERVED", "ROLE_NOT_FOUND", "USER_NOT_FOUND",
            "AUTH_RULE_NOT_FOUND", "LAST_ADMINISTRATOR"]),
    RevokeRole => page("REVOKE ROLE", "REVOKE ROLE[S] role, … FROM { [USER[S]] user, … | AUTH RULE[S] name, … }",
        "Takes roles away from users.", on_dbms(ONE, &[A::RemoveRole]), "REVOKE ROLE analyst FROM carol")
        .refuses(&["USER_NAME_INVALID", "ROLE_NAME_INVALID", "ROLE_RESERVED", "ROLE_NOT_FOUND", "USER_NOT_FOUND",
            "AUTH_RULE_NOT_FOUND", "LAST_ADMINISTRATOR"]),
    ShowRoles => page("SHOW ROLES", "SHOW [ALL | POPULATED] ROLE[S] [WITH { USER[S] | AUTH RULE[S] }] [clauses]", "Lists roles, and who has them.",
        on_dbms("{} ON DBMS; with USERS also {}, with AUTH RULES also {}", &[A::ShowRole, A::ShowUser, A::ShowAuthRule]), "SHOW POPULATED ROLES WITH USERS")
        .lists(&[("", ROLES)]),
    AlterAuthRule => page("ALTER AUTH RULE", "ALTER AUTH RULE name [IF EXISTS] { SET CONDITION expression | SET ENABLED { TRUE | FALSE } } …",
        "Auth rules give roles by what an identity provider says of a user. No login of this catalog carries that, so there is no auth rule and CREATE AUTH RULE is not supported.",
        on_dbms(ONE, &[A::AlterAuthRule]), "ALTER AUTH RULE abroad IF EXISTS SET ENABLED FALSE")
        .refuses(&["DUPLICATE_CLAUSE", "AUTH_RULE_NOT_FOUND"]),
    RenameAuthRule => page("RENAME AUTH RULE", "RENAME AUTH RULE name [IF EXISTS] TO name", "There is no auth rule to rename; see ALTER AUTH RULE.",
        on_dbms(ONE, &[A::RenameAuthRule]), "RENAME AUTH RULE abroad IF EXISTS TO travelling").refuses(&["RENAMED_AUTH_RULE_NOT_FOUND"]),
    DropAuthRule => page("DROP AUTH RULE", "DROP AUTH RULE name [IF EXISTS]", "There is no auth rule to drop; see ALTER AUTH RULE.", on_dbms(ONE, &[A::DropAuthRule]),
        "DROP AUTH RULE abroad IF EXISTS").refuses(&["AUTH_RULE_NOT_FOUND"]),
    ShowAuthRules => page("SHOW AUTH RULES", "SHOW AUTH RULE[S] [AS COMMAND[S]] [clauses]", "Lists no rows: there is no auth rule.",
        on_dbms(ONE, &[A::ShowAuthRule]), "SHOW AUTH RULES YIELD name, roles")
        .lists(&[("", AUTH_RULES), ("AS COMMANDS", COMMANDS_OF_AUTH_RULES)]),
    Grant => page("GRANT", "{ GRANT | DENY } [IMMUTABLE] privilege TO role, …",
        "Grants or denies a privilege to roles. A denial outweighs every grant. SHOW SUPPORTED PRIVILEGES lists what can be granted.",
        on_dbms(ONE, &[A::AssignPrivilege]), "GRANT ACCESS ON DATABASE sales TO analyst")
        .refuses(&["CONFLICTING_CLAUSES", "INVALID_EXPRESSION", "PARAMETER_IS_WILDCARD", "USER_NAME_INVALID",
            "ROLE_NAME_INVALID", "IMMUTABLE_DENIED", "ROLE_NOT_FOUND", "PRIVILEGE_DATABASE_NOT_FOUND", "LAST_ADMINISTRATOR"]),
    Revoke => page("REVOKE", "REVOKE [GRANT | DENY] [IMMUTABLE] privilege FROM role, …",
        "Takes back grants, denials, or both.", on_dbms(ONE, &[A::RemovePrivilege]), "REVOKE DENY ACCESS ON DATABASE sales FROM analyst")
        .refuses(&["CONFLICTING_CLAUSES", "INVALID_EXPRESSION", "PARAMETER_IS_WILDCARD", "USER_NAME_INVALID",
            "ROLE_NAME_INVALID", "IMMUTABLE_DENIED", "ROLE_NOT_FOUND", "PRIVILEGE_DATABASE_NOT_FOUND", "LAST_ADMINISTRATOR"]),
    ShowPrivileges => page("SHOW PRIVILEGES",
        "SHOW { [ALL] | ROLE[S] role, … | USER[S] [user, …] | AUTH RULE[S] name, … } PRIVILEGE[S] [AS [REVOKE] COMMAND[S]] [clauses]",
        "Lists privileges, as rows or as the commands that make them. There is no auth rule that could give any.",
        on_dbms("{} ON DBMS, for users also {}, for auth rules also {}; none for one's own privileges", &[A::ShowPrivilege, A::ShowUser, A::ShowAuthRule]),
        "SHOW USER carol PRIVILEGES AS COMMANDS")
        .refuses(&["USER_NAME_INVALID", "ROLE_NAME_INVALID"])
        .lists(&[("", PRIVILEGES), ("AS COMMANDS", COMMANDS_OF_PRIVILEGES)]),
    ShowSupportedPrivileges => page("SHOW SUPPORTED PRIVILEGES", "SHOW SUPPORTED PRIVILEGE[S] [clauses]", "Lists the privileges that can be granted.",
        NOTHING, "SHOW SUPPORTED PRIVILEGES WHERE target = 'database'")
        .lists(&[("", SUPPORTED_PRIVILEGES)]),
    AlterCluster => page("ALTER CLUSTER", "ALTER CLUSTER SET POLICY map",
        "Changes what every member decides by, from this revision on. What the map leaves out stays as it is; SHOW CLUSTER POLICY lists the settings.",
        on_dbms(ONE, &[A::AlterClusterPolicy]), "ALTER CLUSTER SET POLICY {default_language: 'CYPHER_25'}")
        .refuses(&["UNKNOWN_FUNCTION", "INVALID_EXPRESSION", "EXPRESSION_NOT_VALID", "DRIVER_SETTINGS_EVALUATION",
            "DUPLICATE_KEY", "POLICY_SETTING_UNKNOWN", "POLICY_SETTING_TYPE"]),
    ShowClusterPolicy => page("SHOW CLUSTER POLICY", "SHOW CLUSTER POLICY [clauses]", "Lists what every member decides by.",
        on_dbms(ONE, &[A::AlterClusterPolicy]), "SHOW CLUSTER POLICY YIELD name, value, default WHERE value <> default")
        .lists(&[("", CLUSTER_POLICY)]),
    ShowServers => page("SHOW SERVERS", "SHOW SERVER[S] [clauses]",
        "Lists the members of the cluster by name. A member is Available if it answered the one that is asked a moment ago.",
        on_dbms(ONE, &[A::ShowServers]), "SHOW SERVERS YIELD name, address, health WHERE health <> 'Available'")
        .lists(&[("", SERVERS)]),
    ShowTransactions => page("SHOW TRANSACTIONS", "SHOW TRANSACTION[S] [string, …] [clauses]",
        "Lists nothing: this service runs no queries, so there are no transactions.",
        NOTHING, "SHOW TRANSACTIONS YIELD database, transactionId, username")
        .lists(&[("", TRANSACTIONS)]),
    ShowSettings => page("SHOW SETTINGS", "SHOW SETTING[S] [string, …] [clauses]",
        "Lists nothing: Neo4j's settings have no counterpart in the catalog. SHOW CLUSTER POLICY lists what is agreed.",
        NOTHING, "SHOW SETTINGS YIELD name, value WHERE name STARTS WITH 'server'")
        .lists(&[("", SETTINGS)]),
    ShowProcedures => page("SHOW PROCEDURES", "SHOW PROCEDURE[S] [EXECUTABLE [BY { CURRENT USER | name }]] [clauses]",
        "Lists the procedures that can be called: all of them, or those that the current user or another one may call.",
        on_dbms("nothing; for what another user may call {} ON DBMS", &[A::ShowUser]),
        "SHOW PROCEDURES EXECUTABLE BY carol YIELD name, signature")
        .refuses(&["USER_NAME_INVALID"])
        .lists(&[("", PROCEDURES)]),
    ShowFunctions => page("SHOW FUNCTIONS",
        "SHOW [ALL | BUILT IN | USER DEFINED] FUNCTION[S] [EXECUTABLE [BY { CURRENT USER | name }]] [clauses]",
        "Lists the functions that expressions can call, which every user may. None is user defined.",
        on_dbms("nothing; for what another user may call {} ON DBMS", &[A::ShowUser]),
        "SHOW FUNCTIONS YIELD name, aggregating WHERE aggregating")
        .refuses(&["USER_NAME_INVALID"])
        .lists(&[("", FUNCTIONS)]),
    Components => page("CALL dbms.components", "CALL dbms.components() [clauses]",
        "Lists the program that answers, with its version: tools ask for it when they connect. It is not Neo4j and does not say so.",
        NOTHING, "CALL dbms.components() YIELD name, versions")
        .lists(&[("", COMPONENTS)]),
}

#[cfg(test)]
mod tests {
    use aliasd_catalog::Rejection;

    use super::{GENERAL_REFUSALS, LISTING_REFUSALS, command_of, commands};
    use crate::error::ErrorCode;
    use crate::parser::parse;

    #[test]
    fn every_example_is_a_statement_of_its_command() {
        for command in commands() {
            let statement = parse(command.example).unwrap_or_else(|error| panic!("{}: {error}", command.name));
            assert!(parse(&statement.to_string()).is_ok(), "{statement}");
            assert_eq!(statement.command(), command);
        }
    }

    #[test]
    fn a_slip_does_not_hide_the_command() {
        for (text, name) in [
            ("CREATE OR REPLACE ALIAS a FOR DATABSE b", Some("CREATE ALIAS")),
            ("create composite database", Some("CREATE COMPOSITE DATABASE")),
            ("CYPHER 5 SHOW USER u PRIVILEGES WHERE", Some("SHOW PRIVILEGES")),
            ("ALTER ALIAS a SET DATABASE TARGET b TARGET c", Some("ALTER ALIAS")),
            ("CALL dbms.setDefaultDatabase(", Some("CALL dbms.setDefaultDatabase")),
            ("CALL dbms.components(1)", Some("CALL dbms.components")),
            ("ALTER CURRENT USER SET PASSWORD", Some("ALTER CURRENT USER")),
            ("GRANT ROLE", Some("GRANT ROLE")),
            ("CRAETE ALIAS a", None),
        ] {
            assert_eq!(command_of(text).map(|page| page.name), name, "{text}");
        }
    }

    #[test]
    fn refusals_stand_in_order_of_precedence() {
        let language = ErrorCode::ALL.iter().map(|code| code.as_str());
        let order: Vec<&str> = language.chain(Rejection::table().iter().map(|row| row.code)).collect();
        let pages = commands().iter().map(|page| page.refusals);
        for codes in pages.chain([GENERAL_REFUSALS, LISTING_REFUSALS]) {
            let place = |code: &&str| order.iter().position(|known| known == code).unwrap_or_else(|| panic!("{code}"));
            let places: Vec<usize> = codes.iter().map(place).collect();
            assert!(places.is_sorted_by(|left, right| left < right), "{codes:?}");
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = commands().iter().map(|command| command.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }

    /// Whatever the parser says could begin a statement begins a command of the table.
    #[test]
    fn every_verb_has_a_page() {
        let error = parse("?").expect_err("no statement").message().to_owned();
        let verbs =
            error.split('\'').filter(|word| word.len() > 1 && word.chars().all(|letter| letter.is_ascii_uppercase()));
        for verb in verbs.filter(|verb| *verb != "CYPHER") {
            let known = commands().iter().any(|command| {
                command.syntax.split([' ', '{', '|']).filter(|word| !word.is_empty()).take(2).any(|word| word == verb)
            });
            assert!(known, "{verb}");
        }
    }
}
