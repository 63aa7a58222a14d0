//! The commands of the language, as a table for people: syntax, effect, privilege and an example.
//!
//! `docs/language.md` and the help of the shell are made from it, and the examples are parsed by a test, so
//! that none of them can say what the parser does not.

/// One command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandPage {
    /// Its keywords, which no two commands share.
    pub name: &'static str,
    /// Its syntax: `[…]` may be left out, `{…}` groups, `|` is a choice, `…` repeats what is before it.
    pub syntax: &'static str,
    /// What it does, in a sentence.
    pub effect: &'static str,
    /// The privilege that it needs.
    pub privilege: &'static str,
    /// A statement of it.
    pub example: &'static str,
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
    privilege: &'static str,
    example: &'static str,
) -> CommandPage {
    CommandPage { name, syntax, effect, privilege, example }
}

#[rustfmt::skip]
const COMMANDS: &[CommandPage] = &[
    page("CREATE ALIAS",
        "CREATE [OR REPLACE] ALIAS name [IF NOT EXISTS] FOR DATABASE target\n  \
         [AT url { USER user PASSWORD password | OIDC CREDENTIAL FORWARDING } [DRIVER map] [DEFAULT LANGUAGE CYPHER { 5 | 25 }]]\n  \
         [PROPERTIES map]",
        "Creates a name for a database of this catalog or, with AT, of another DBMS. The other DBMS is not contacted.",
        "CREATE ALIAS ON DBMS; with OR REPLACE also DROP ALIAS",
        "CREATE ALIAS sales FOR DATABASE neo4j AT 'neo4j+s://eu.example.org:7687' USER reader PASSWORD $password DRIVER {connection_timeout: duration('PT5S')}"),
    page("ALTER ALIAS",
        "ALTER ALIAS name [IF EXISTS] SET DATABASE\n  \
         { TARGET target [AT url] | USER user | PASSWORD password | DRIVER map | DEFAULT LANGUAGE CYPHER { 5 | 25 } | PROPERTIES map } …",
        "Changes what is named and keeps the rest. Maps are replaced as a whole. Each clause stands at most once.",
        "ALTER ALIAS ON DBMS",
        "ALTER ALIAS sales SET DATABASE TARGET orders AT 'neo4j+s://eu.example.org:7687' PROPERTIES {owner: 'sales'}"),
    page("DROP ALIAS", "DROP ALIAS name [IF EXISTS] FOR DATABASE",
        "Drops an alias, and the privileges that name a remote one.", "DROP ALIAS ON DBMS",
        "DROP ALIAS sales IF EXISTS FOR DATABASE"),
    page("SHOW ALIASES", "SHOW ALIAS[ES] [name] FOR DATABASE[S] [clauses]",
        "Lists aliases. A name that nothing has gives no row.", "SHOW ALIAS ON DBMS",
        "SHOW ALIASES FOR DATABASE YIELD name, url WHERE url STARTS WITH 'neo4j+s' RETURN name ORDER BY name"),
    page("CREATE DATABASE",
        "CREATE [OR REPLACE] DATABASE name [IF NOT EXISTS] [[SET] DEFAULT LANGUAGE CYPHER { 5 | 25 }] [OPTIONS {}] [WAIT [n [SECONDS]] | NOWAIT]",
        "Registers a database. The catalog holds no data, so there is nothing to wait for.", "CREATE DATABASE ON DBMS",
        "CREATE DATABASE movies IF NOT EXISTS DEFAULT LANGUAGE CYPHER 25"),
    page("CREATE COMPOSITE DATABASE",
        "CREATE [OR REPLACE] COMPOSITE DATABASE name [IF NOT EXISTS] [[SET] DEFAULT LANGUAGE CYPHER { 5 | 25 }] [OPTIONS {}] [WAIT [n [SECONDS]] | NOWAIT]",
        "Creates a name under which aliases, its constituents, are gathered.", "CREATE COMPOSITE DATABASE ON DBMS",
        "CREATE COMPOSITE DATABASE garden"),
    page("ALTER DATABASE",
        "ALTER DATABASE name [IF EXISTS] { SET ACCESS READ { ONLY | WRITE } | SET DEFAULT LANGUAGE CYPHER { 5 | 25 } } … [WAIT [n [SECONDS]] | NOWAIT]",
        "Changes whether a database may be written to, and its language.",
        "SET DATABASE ACCESS or SET DATABASE DEFAULT LANGUAGE ON DBMS",
        "ALTER DATABASE movies SET ACCESS READ ONLY"),
    page("DROP DATABASE",
        "DROP [COMPOSITE] DATABASE name [IF EXISTS] [RESTRICT | CASCADE ALIAS[ES]] [{ DUMP | DESTROY } [DATA]] [WAIT [n [SECONDS]] | NOWAIT]",
        "Removes a database. With local aliases that lead to it, or with constituents, only if they are dropped as well.",
        "DROP [COMPOSITE] DATABASE ON DBMS; with CASCADE also DROP ALIAS",
        "DROP DATABASE movies CASCADE ALIASES"),
    page("START DATABASE", "START DATABASE name [WAIT [n [SECONDS]] | NOWAIT]",
        "Asks for a database to be online.", "START ON DATABASE name", "START DATABASE movies"),
    page("STOP DATABASE", "STOP DATABASE name [WAIT [n [SECONDS]] | NOWAIT]",
        "Asks for a database to be offline; routes to it are refused.", "STOP ON DATABASE name", "STOP DATABASE movies NOWAIT"),
    page("CALL dbms.setDefaultDatabase", "CALL dbms.setDefaultDatabase(name)",
        "Chooses the database or alias for users without a home.", "EXECUTE ADMIN PROCEDURES ON DBMS",
        "CALL dbms.setDefaultDatabase('movies')"),
    page("SHOW DATABASES", "SHOW { DATABASE[S] [name] | DEFAULT DATABASE | HOME DATABASE } [clauses]",
        "Lists the databases that the caller may know of.", "none; rows need ACCESS or a database privilege",
        "SHOW DATABASES YIELD name, aliases, constituents"),
    page("CREATE USER",
        "CREATE [OR REPLACE] USER name [IF NOT EXISTS]\n  \
         [SET [PLAINTEXT] PASSWORD password [CHANGE [NOT] REQUIRED]] [SET PASSWORD CHANGE [NOT] REQUIRED]\n  \
         [SET STATUS { ACTIVE | SUSPENDED }] [SET HOME DATABASE name]\n  \
         [SET AUTH [PROVIDER] provider \"{\" { SET ID id | SET PASSWORD password | SET PASSWORD CHANGE [NOT] REQUIRED } … \"}\"] …",
        "Creates a user with at least one way to authenticate.", "CREATE USER ON DBMS",
        "CREATE USER carol SET PASSWORD $password CHANGE NOT REQUIRED SET HOME DATABASE sales"),
    page("ALTER USER",
        "ALTER USER name [IF EXISTS] [REMOVE HOME DATABASE] [REMOVE { AUTH [PROVIDER[S]] provider, … | ALL AUTH [PROVIDER[S]] }] … [SET …] …",
        "Changes what is named and keeps the rest. Every REMOVE stands before every SET, which are those of CREATE USER.",
        "SET PASSWORDS, SET AUTH, SET USER STATUS or SET USER HOME DATABASE ON DBMS, as the clauses ask",
        "ALTER USER carol REMOVE HOME DATABASE SET STATUS SUSPENDED"),
    page("ALTER CURRENT USER", "ALTER CURRENT USER SET PASSWORD FROM password TO password",
        "Changes the own password.", "none", "ALTER CURRENT USER SET PASSWORD FROM $old TO $new"),
    page("RENAME USER", "RENAME USER name [IF EXISTS] TO name", "Renames a user, who keeps everything else.",
        "RENAME USER ON DBMS", "RENAME USER carol TO caroline"),
    page("DROP USER", "DROP USER name [IF EXISTS]", "Drops a user; not the own one.", "DROP USER ON DBMS", "DROP USER carol"),
    page("SHOW USERS", "SHOW { USER[S] [WITH AUTH] | CURRENT USER } [clauses]",
        "Lists users; with WITH AUTH a row for each way to authenticate.", "SHOW USER ON DBMS; none for the own user",
        "SHOW USERS WITH AUTH"),
    page("CREATE ROLE", "CREATE [OR REPLACE] [IMMUTABLE] ROLE name [IF NOT EXISTS] [AS COPY OF other]",
        "Creates a role, with the privileges of another if asked.", "CREATE ROLE ON DBMS",
        "CREATE ROLE analyst AS COPY OF reader"),
    page("RENAME ROLE", "RENAME ROLE name [IF EXISTS] TO name", "Renames a role, which keeps everything else.",
        "RENAME ROLE ON DBMS", "RENAME ROLE analyst TO viewer"),
    page("DROP ROLE", "DROP ROLE name [IF EXISTS]", "Drops a role with its privileges.", "DROP ROLE ON DBMS", "DROP ROLE analyst"),
    page("GRANT ROLE", "GRANT ROLE[S] role, … TO [USER[S]] user, …", "Gives roles to users.", "ASSIGN ROLE ON DBMS",
        "GRANT ROLES analyst, reader TO carol"),
    page("REVOKE ROLE", "REVOKE ROLE[S] role, … FROM [USER[S]] user, …", "Takes roles from users.", "REMOVE ROLE ON DBMS",
        "REVOKE ROLE analyst FROM carol"),
    page("SHOW ROLES", "SHOW [ALL | POPULATED] ROLE[S] [WITH USER[S]] [clauses]", "Lists roles, and who has them.",
        "SHOW ROLE ON DBMS; with USERS also SHOW USER", "SHOW POPULATED ROLES WITH USERS"),
    page("GRANT", "{ GRANT | DENY } [IMMUTABLE] privilege ON scope TO role, …",
        "Allows or forbids. A denial beats every grant. SHOW SUPPORTED PRIVILEGES lists what can be granted.",
        "ASSIGN PRIVILEGE ON DBMS", "GRANT ACCESS ON DATABASE sales TO analyst"),
    page("REVOKE", "REVOKE [GRANT | DENY] [IMMUTABLE] privilege ON scope FROM role, …",
        "Takes back grants, denials, or both.", "REMOVE PRIVILEGE ON DBMS", "REVOKE DENY ACCESS ON DATABASE sales FROM analyst"),
    page("SHOW PRIVILEGES",
        "SHOW { [ALL] | ROLE[S] role, … | USER[S] [user, …] } PRIVILEGE[S] [AS [REVOKE] COMMAND[S]] [clauses]",
        "Lists privileges, as rows or as the commands that make them.", "SHOW PRIVILEGE ON DBMS, for users also SHOW USER; none for the own",
        "SHOW USER carol PRIVILEGES AS COMMANDS"),
    page("SHOW SUPPORTED PRIVILEGES", "SHOW SUPPORTED PRIVILEGE[S] [clauses]", "Lists the privileges that can be granted.",
        "none", "SHOW SUPPORTED PRIVILEGES WHERE target = 'database'"),
];

#[cfg(test)]
mod tests {
    use super::commands;
    use crate::parser::parse;

    #[test]
    fn every_example_is_a_statement_of_its_command() {
        for command in commands() {
            let statement = parse(command.example).unwrap_or_else(|error| panic!("{}: {error}", command.name));
            assert!(parse(&statement.to_string()).is_ok(), "{statement}");
            let verb = command.name.split(' ').next().expect("a name has words");
            assert!(command.example.starts_with(verb), "{}", command.name);
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
