//! What Neo4j's language has and this one has not, by name: whoever writes it is told why, not that a word was not
//! expected. `docs/language.md` lists the same.

use super::{Parsed, Parser};
use crate::error::{ErrorCode, LanguageError};

/// Why there is no such thing here, and what to do instead.
pub(crate) type Reason = (&'static str, &'static str);

/// Something of Neo4j's language that is refused by name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elsewhere {
    /// The words that it begins with.
    pub(crate) words: &'static str,
    /// How the page of the language writes it; empty for another spelling of the one before.
    pub(crate) form: &'static str,
    pub(crate) why: Reason,
}

pub(crate) const SECRETS: Reason = (
    "Secrets of a DBMS are not kept in this catalog.",
    "Grant it at the DBMS that keeps them. RESOLVE ALIAS is what allows to receive the passwords of remote aliases.",
);
const SERVERS: Reason = (
    "The servers of a DBMS are not administered by this catalog.",
    "Send it to that DBMS. The members of this cluster are changed with 'aliasctl cluster'.",
);
const PLACEMENT: Reason = (
    "Where a database is stored, and in how many parts and copies, is not kept in this catalog.",
    "Set it at the DBMS that hosts the database.",
);
const SCHEMA: Reason =
    ("Indexes, constraints and types are parts of a graph, and this catalog holds none.", "Send it to the database.");
const TRANSACTIONS: Reason = (
    "This service runs no queries, so there is no transaction to terminate.",
    "Send it to the DBMS that runs the transaction.",
);
const CREDENTIALS: Reason = (
    "The hashes of passwords never leave this catalog.",
    "SHOW USERS WITH AUTH lists how users authenticate; SHOW USER credentials PRIVILEGES is about a user of that name.",
);
const AS_COMMANDS: Reason = (
    "Users and roles are not listed as commands.",
    "SHOW PRIVILEGES AS COMMANDS lists the commands that make the privileges.",
);

const fn row(words: &'static str, form: &'static str, why: Reason) -> Elsewhere {
    Elsewhere { words, form, why }
}

/// Statements, by how they begin.
pub(crate) const STATEMENTS_ELSEWHERE: &[Elsewhere] = &[
    row("ENABLE SERVER", "ENABLE SERVER", SERVERS),
    row("ALTER SERVER", "ALTER SERVER", SERVERS),
    row("RENAME SERVER", "RENAME SERVER", SERVERS),
    row("DROP SERVER", "DROP SERVER", SERVERS),
    row("DEALLOCATE", "[DRYRUN] DEALLOCATE DATABASE[S]", SERVERS),
    row("REALLOCATE", "[DRYRUN] REALLOCATE DATABASE[S]", SERVERS),
    row("DRYRUN", "", SERVERS),
    row("CREATE REPLICA DATABASE", "CREATE REPLICA DATABASE", PLACEMENT),
    row("CREATE OR REPLACE REPLICA DATABASE", "", PLACEMENT),
    row("TERMINATE TRANSACTION", "TERMINATE TRANSACTION[S]", TRANSACTIONS),
    row("TERMINATE TRANSACTIONS", "", TRANSACTIONS),
    row("CREATE INDEX", "{ CREATE | DROP | SHOW } … INDEX[ES]", SCHEMA),
    row("CREATE RANGE INDEX", "", SCHEMA),
    row("CREATE TEXT INDEX", "", SCHEMA),
    row("CREATE POINT INDEX", "", SCHEMA),
    row("CREATE LOOKUP INDEX", "", SCHEMA),
    row("CREATE FULLTEXT INDEX", "", SCHEMA),
    row("CREATE VECTOR INDEX", "", SCHEMA),
    row("DROP INDEX", "", SCHEMA),
    row("SHOW INDEX", "", SCHEMA),
    row("SHOW INDEXES", "", SCHEMA),
    row("SHOW ALL INDEX", "", SCHEMA),
    row("SHOW ALL INDEXES", "", SCHEMA),
    row("CREATE CONSTRAINT", "{ CREATE | DROP | SHOW } … CONSTRAINT[S]", SCHEMA),
    row("DROP CONSTRAINT", "", SCHEMA),
    row("SHOW CONSTRAINT", "", SCHEMA),
    row("SHOW CONSTRAINTS", "", SCHEMA),
    row("SHOW ALL CONSTRAINTS", "", SCHEMA),
    row("ALTER CURRENT GRAPH TYPE", "{ ALTER | SHOW } CURRENT GRAPH TYPE", SCHEMA),
    row("SHOW CURRENT GRAPH TYPE", "", SCHEMA),
    row("SHOW SECRETS", "SHOW SECRETS", SECRETS),
];

/// What could follow `SHOW USER[S]`, where a user may have such a name.
pub(crate) const USERS_ELSEWHERE: &[Elsewhere] = &[
    row("CREDENTIALS", "SHOW USER[S] CREDENTIALS", CREDENTIALS),
    row("AS COMMANDS", "SHOW { USER[S] | ROLE[S] } … AS COMMAND[S]", AS_COMMANDS),
    row("AS COMMAND", "", AS_COMMANDS),
];

/// What could follow `SHOW ROLE[S] …`.
pub(crate) const ROLES_ELSEWHERE: &[Elsewhere] =
    &[row("AS COMMANDS", "", AS_COMMANDS), row("AS COMMAND", "", AS_COMMANDS)];

/// Clauses of `CREATE DATABASE` and `ALTER DATABASE`.
pub(crate) const DATABASES_ELSEWHERE: &[Elsewhere] = &[
    row("TOPOLOGY", "CREATE DATABASE … [SET] TOPOLOGY, ALTER DATABASE … SET TOPOLOGY", PLACEMENT),
    row("GRAPH SHARD", "CREATE DATABASE … [SET] GRAPH SHARD {…}, ALTER DATABASE … SET GRAPH SHARD {…}", PLACEMENT),
    row(
        "PROPERTY SHARD",
        "CREATE DATABASE … [SET] PROPERTY SHARD[S] {…}, ALTER DATABASE … SET PROPERTY SHARD[S] {…}",
        PLACEMENT,
    ),
    row("PROPERTY SHARDS", "", PLACEMENT),
    row("OPTION", "ALTER DATABASE … { SET | REMOVE } OPTION", OPTIONS),
];

const OPTIONS: Reason =
    ("Options of databases are not kept in this catalog.", "Set them at the DBMS that hosts the database.");

/// Privileges, by how they begin.
pub(crate) const PRIVILEGES_ELSEWHERE: &[Elsewhere] = &[
    row("SECRETS MANAGEMENT", "{ GRANT | DENY | REVOKE } SECRETS MANAGEMENT ON DBMS", SECRETS),
    row("WRITE SECRETS", "{ GRANT | DENY | REVOKE } WRITE SECRETS ON DBMS", SECRETS),
    row("SHOW SECRETS", "{ GRANT | DENY | REVOKE } SHOW SECRETS ON DBMS", SECRETS),
    row("READ SECRETS", "{ GRANT | DENY | REVOKE } READ SECRET[S] … ON DBMS", SECRETS),
    row("READ SECRET", "", SECRETS),
];

/// All of it, as the page of the language lists it: how it is written, why it is refused, and what to do instead.
#[must_use]
pub fn unsupported() -> Vec<(&'static str, &'static str, &'static str)> {
    let tables =
        [STATEMENTS_ELSEWHERE, DATABASES_ELSEWHERE, USERS_ELSEWHERE, ROLES_ELSEWHERE, PRIVILEGES_ELSEWHERE].concat();
    let shown = tables.iter().filter(|row| !row.form.is_empty());
    shown.map(|Elsewhere { form, why: (message, hint), .. }| (*form, *message, *hint)).collect()
}

impl Parser<'_> {
    /// Refuses what one of the rows begins with, if it stands here.
    pub(super) fn refuse_elsewhere(&self, table: &[Elsewhere]) -> Parsed<()> {
        self.elsewhere_at(self.place_here(), table).map_or(Ok(()), Err)
    }

    /// Parses what may be one of the rows. The rows are looked at only after it has failed, and then say why it did:
    /// nothing that is understood begins like one of them, and a statement that is understood need not pay for them.
    pub(super) fn unless_elsewhere<T>(
        &mut self,
        table: &[Elsewhere],
        inner: impl FnOnce(&mut Self) -> Parsed<T>,
    ) -> Parsed<T> {
        let start = self.place_here();
        inner(self).map_err(|error| self.elsewhere_at(start, table).unwrap_or(error))
    }

    /// Why what stands at a place is refused, if one of the rows begins so.
    fn elsewhere_at(&self, place: usize, table: &[Elsewhere]) -> Option<LanguageError> {
        let here = |row: &&Elsewhere| (place..).zip(row.words.split(' ')).all(|(at, word)| self.is_word(at, word));
        let row = table.iter().find(here)?;
        let words = row.words.split(' ').count();
        let (message, hint) = row.why;
        let span = self.span_of(place).to(self.span_of(place + words - 1));
        Some(self.error(ErrorCode::NotSupported, span, message).with_hint(hint))
    }
}
