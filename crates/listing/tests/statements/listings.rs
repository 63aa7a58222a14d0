//! Listings: columns, order, paging, aggregation, and who sees what.

use aliasd_catalog::{Principal, UserName, Value};
use aliasd_cypher::{Lowered, Parameters, compile};
use aliasd_listing::{Listing, Server, run_listing};

use crate::session::Session;

/// Four aliases, two databases, two users beside the administrator.
fn session() -> Session {
    let mut session = Session::new();
    session.setup(&[
        "CREATE DATABASE movies",
        "CREATE DATABASE books",
        "CREATE ALIAS films FOR DATABASE movies PROPERTIES {Genre: 'all', rank: 2}",
        "CREATE ALIAS novels FOR DATABASE books PROPERTIES {rank: 1}",
        "CREATE ALIAS Abroad FOR DATABASE Far AT 'neo4j+s://far:7687' USER bob PASSWORD 'password' \
         DRIVER {connection_timeout: duration({minutes: 1}), logging_level: 'info'}",
        "CREATE ALIAS away FOR DATABASE far AT 'neo4j://far:7687' USER alice PASSWORD 'password' DRIVER {ssl_enforced: false}",
        "CREATE ROLE viewer",
        "GRANT SHOW ALIAS ON DBMS TO viewer",
        "GRANT ACCESS ON DATABASE movies TO viewer",
        "CREATE USER carol SET PASSWORD 'password' CHANGE NOT REQUIRED SET HOME DATABASE films",
        "GRANT ROLE viewer TO carol",
        "CREATE USER dave SET AUTH 'mtls' {SET ID 'CN=dave'}",
    ]);
    session
}

fn check(session: &mut Session, who: &str, statement: &str, expected: &[&str]) {
    let answer = session.say(who, statement);
    assert_eq!(answer.lines().collect::<Vec<_>>(), expected, "{who}: {statement}");
}

#[test]
fn aliases_come_by_name_with_brief_columns() {
    let mut session = session();
    let columns = "name | composite | database | location | url | credentials | user";
    let remote = "abroad | NULL | far | remote | neo4j+s://far:7687 | STORED NATIVE CREDENTIALS | bob";
    check(
        &mut session,
        "admin",
        "SHOW ALIASES FOR DATABASE WHERE location = 'remote' AND user = 'bob'",
        &[columns, remote],
    );
    check(&mut session, "admin", "SHOW ALIAS ABROAD FOR DATABASE", &[columns, remote]);
    check(&mut session, "admin", "SHOW ALIAS nothing FOR DATABASE", &[columns]);
    check(&mut session, "admin", "SHOW ALIAS movies FOR DATABASE", &[columns]);
    check(
        &mut session,
        "admin",
        "SHOW ALIASES FOR DATABASE YIELD name, driver, defaultLanguage, properties",
        &[
            "name | driver | defaultLanguage | properties",
            "abroad | {connection_timeout: PT1M, logging_level: INFO} | CYPHER 5 | {}",
            "away | {ssl_enforced: false} | CYPHER 5 | {}",
            "films | NULL | NULL | {genre: all, rank: 2}",
            "novels | NULL | NULL | {rank: 1}",
        ],
    );
    // Cypher 5 has no column `credentials`.
    check(
        &mut session,
        "admin",
        "CYPHER 5 SHOW ALIAS films FOR DATABASE",
        &["name | composite | database | location | url | user", "films | NULL | movies | local | NULL | NULL"],
    );
    let refused = session.say("admin", "CYPHER 5 SHOW ALIASES FOR DATABASE YIELD credentials");
    assert!(refused.starts_with("refused UNKNOWN_VARIABLE"), "{refused}");
}

#[test]
fn the_target_of_a_local_alias_needs_access() {
    let mut session = session();
    check(
        &mut session,
        "carol",
        "SHOW ALIASES FOR DATABASE YIELD name, database",
        &["name | database", "abroad | far", "away | far", "films | movies", "novels | NULL"],
    );
    let refused = session.say("dave", "SHOW ALIASES FOR DATABASE");
    assert!(refused.starts_with("refused PERMISSION_DENIED"), "{refused}");
    session.setup(&["GRANT SET DATABASE ACCESS ON DBMS TO viewer"]);
    let all = session.say("carol", "SHOW ALIASES FOR DATABASE YIELD name, database WHERE database IS NULL");
    assert_eq!(all, "name | database");
}

#[test]
fn rows_are_ordered_paged_filtered_and_returned() {
    let mut session = session();
    let show = "SHOW ALIASES FOR DATABASE ";
    let mut check =
        |clauses: &str, expected: &[&str]| check(&mut session, "admin", &format!("{show}{clauses}"), expected);
    check("YIELD name ORDER BY name DESC SKIP 1 LIMIT 2", &["name", "films", "away"]);
    // The filter comes after the page.
    check("YIELD name AS n ORDER BY n LIMIT 2 WHERE n <> 'away'", &["n", "abroad"]);
    check(
        "YIELD name, user ORDER BY user, name",
        &["name | user", "away | alice", "abroad | bob", "films | NULL", "novels | NULL"],
    );
    check("YIELD name, properties WHERE properties.rank > 1 RETURN name", &["name", "films"]);
    check("YIELD name ORDER BY url DESC, name WHERE location = 'remote'", &["name", "away", "abroad"]);
    check("YIELD name AS url ORDER BY url WHERE url < 'b'", &["url", "abroad", "away"]);
    check("YIELD name RETURN toUpper(name) ORDER BY name DESC LIMIT 1 + 0", &["toUpper(name)", "NOVELS"]);
    check(
        "YIELD location RETURN location, count(*) AS c ORDER BY c DESC, location",
        &["location | c", "local | 2", "remote | 2"],
    );
    check("YIELD location RETURN DISTINCT location ORDER BY location", &["location", "local", "remote"]);
    check(
        "YIELD user, url RETURN count(user), count(DISTINCT url), collect(user), min(user), max(url)",
        &[
            "count(user) | count(DISTINCT url) | collect(user) | min(user) | max(url)",
            "2 | 2 | [bob, alice] | alice | neo4j://far:7687",
        ],
    );
    check(
        "YIELD location, properties WHERE location = 'local' RETURN sum(properties.rank) AS s, avg(properties.rank) AS a",
        &["s | a", "3 | 1.5"],
    );
    check("YIELD name WHERE name = 'x' RETURN sum(name), avg(name)", &["sum(name) | avg(name)", "0 | NULL"]);
    // Aggregations inside of larger expressions.
    check(
        "YIELD name, location RETURN location, count(*) + 1 AS c, size(collect(name)) * 10 AS n ORDER BY count(*) + 1, location",
        &["location | c | n", "local | 3 | 20", "remote | 3 | 20"],
    );
    check(
        "YIELD name, location RETURN location, location + ':' + head(collect(name)) AS first, [x IN collect(name) WHERE x STARTS WITH location | x] AS more ORDER BY location",
        &["location | first | more", "local | local:films | []", "remote | remote:abroad | []"],
    );
    check(
        "YIELD location RETURN location, count(*) ORDER BY count(*) DESC, location DESC LIMIT 1",
        &["location | count(*)", "remote | 2"],
    );
    check("YIELD name WHERE name = 'x' RETURN count(*) + 1 AS c, [] + collect(name) AS n", &["c | n", "1 | []"]);
    check(
        "YIELD name, location WHERE name = 'away' RETURN *, size(name) AS length",
        &["name | location | length", "away | remote | 4"],
    );
    check("YIELD location RETURN *, count(*) AS c ORDER BY location", &["location | c", "local | 2", "remote | 2"]);
    let counted = "YIELD location RETURN *, location + ' ' + toString(count(*)) AS c ORDER BY location DESC";
    check(counted, &["location | c", "remote | remote 2", "local | local 2"]);
    check("YIELD name RETURN name SKIP size('ab') LIMIT 3 - 2", &["name", "films"]);
    check("YIELD name WHERE name =~ 'a.*' RETURN CASE name WHEN 'away' THEN 1 END AS c", &["c", "NULL", "1"]);
    check("YIELD name WHERE name = 'x' RETURN count(*)", &["count(*)", "0"]);
    check("YIELD name WHERE name = 'x' RETURN name, count(*)", &["name | count(*)"]);
    check("YIELD name, location RETURN * SKIP 3", &["name | location", "novels | local"]);
}

#[test]
fn what_a_listing_cannot_be() {
    let mut session = session();
    for (clauses, code) in [
        ("YIELD nam", "UNKNOWN_VARIABLE"),
        ("WHERE driver IS NULL", "UNKNOWN_VARIABLE"),
        ("YIELD name WHERE urls IS NULL", "UNKNOWN_VARIABLE"),
        ("YIELD name RETURN url", "UNKNOWN_VARIABLE"),
        ("YIELD name, name", "DUPLICATE_COLUMN"),
        ("YIELD name RETURN name, 1 AS name", "DUPLICATE_COLUMN"),
        ("YIELD name WHERE name", "WRONG_TYPE"),
        ("YIELD name RETURN name LIMIT -1", "WRONG_TYPE"),
        ("YIELD name RETURN name LIMIT name", "INVALID_EXPRESSION"),
        ("YIELD name WHERE count(*) > 1", "INVALID_EXPRESSION"),
        ("YIELD name RETURN count(count(*))", "INVALID_EXPRESSION"),
        ("YIELD name RETURN count(name, name)", "INVALID_EXPRESSION"),
        ("YIELD name RETURN name ORDER BY count(*)", "INVALID_EXPRESSION"),
        ("YIELD name RETURN name LIMIT count(*)", "INVALID_EXPRESSION"),
        ("YIELD name, url RETURN url, count(*) + name", "IMPLICIT_GROUPING"),
        ("YIELD name RETURN [name IN collect(name) | count(name)]", "INVALID_EXPRESSION"),
        ("YIELD url RETURN url + '!', url + '!' + count(*)", "IMPLICIT_GROUPING"),
        ("YIELD name, url RETURN name + url, size(collect(url)) + size(name)", "IMPLICIT_GROUPING"),
        ("YIELD name RETURN name, count(*) GROUP BY name", "NOT_SUPPORTED"),
        ("YIELD name LIMIT 1 + 1", "SYNTAX_ERROR"),
        ("YIELD name LIMIT $n", "SYNTAX_ERROR"),
        ("YIELD name RETURN *, 1 AS name", "DUPLICATE_COLUMN"),
        ("YIELD name RETURN DISTINCT 1 AS one ORDER BY name", "UNKNOWN_VARIABLE"),
    ] {
        let answer = session.say("admin", &format!("SHOW ALIASES FOR DATABASE {clauses}"));
        assert!(answer.starts_with(&format!("refused {code}:")), "{clauses}\n{answer}");
    }
}

#[test]
fn databases_are_filtered_by_access() {
    let mut session = session();
    let columns = "name | type | aliases | currentStatus | default | home";
    let yielded = "YIELD name, type, aliases, currentStatus, default, home";
    check(
        &mut session,
        "carol",
        &format!("SHOW DATABASES {yielded}"),
        &[
            columns,
            "movies | standard | [films] | online | false | true",
            "system | system | [] | online | false | false",
        ],
    );
    check(
        &mut session,
        "admin",
        "SHOW DATABASES YIELD name, default, home WHERE default",
        &["name | default | home", "neo4j | true | true"],
    );
    // A local alias stands for its database, a remote one for none here.
    check(&mut session, "carol", "SHOW DATABASE films YIELD name", &["name", "movies"]);
    check(&mut session, "carol", "SHOW DATABASE abroad YIELD name", &["name"]);
    check(&mut session, "carol", "SHOW DATABASE books YIELD name", &["name"]);
    check(&mut session, "carol", "SHOW HOME DATABASE YIELD name", &["name", "movies"]);
    check(
        &mut session,
        "admin",
        "SHOW DEFAULT DATABASE",
        &[
            "name | type | aliases | access | address | role | writer | requestedStatus | currentStatus | statusMessage | constituents",
            "neo4j | standard | [] | read-write | NULL | NULL | NULL | online | online |  | []",
        ],
    );
}

/// All that Neo4j shows of a database: what the catalog cannot know is NULL.
#[test]
fn everything_about_a_database() {
    let mut session = session();
    session.setup(&["CREATE COMPOSITE DATABASE garden"]);
    let unknown = |count: usize| vec!["NULL"; count].join(" | ");
    let row = |name: &str, kind: &str, aliases: &str, shards: &str, second: u64| {
        format!(
            "{name} | {kind} | {aliases} | read-write | {} | online | online |  | false | false | {} | \
             1970-01-01T00:00:00.{second:03}Z | {} | [] | {shards}",
            unknown(5),
            unknown(6),
            unknown(6),
        )
    };
    let shown = session.say("admin", "SHOW DATABASES YIELD * WHERE name IN ['books', 'garden']");
    let lines: Vec<&str> = shown.lines().skip(1).collect();
    let books = row("books", "standard", "[novels]", "[books] | [] | CYPHER 5 | {}", 3);
    let garden = row("garden", "composite", "[]", "NULL | NULL | CYPHER 5 | NULL", 14);
    assert_eq!(lines, [books, garden]);
}

#[test]
fn composite_databases_list_their_constituents() {
    let mut session = session();
    session.setup(&[
        "CREATE COMPOSITE DATABASE garden DEFAULT LANGUAGE CYPHER 25",
        "CREATE ALIAS garden.roses FOR DATABASE movies",
        "CREATE ALIAS garden.far FOR DATABASE far AT 'neo4j+s://far:7687' OIDC CREDENTIAL FORWARDING",
        "ALTER DATABASE books SET ACCESS READ ONLY",
        "STOP DATABASE books",
    ]);
    check(
        &mut session,
        "admin",
        "SHOW DATABASES YIELD name, type, access, requestedStatus, constituents, defaultLanguage WHERE name <> 'system'",
        &[
            "name | type | access | requestedStatus | constituents | defaultLanguage",
            "books | standard | read-only | offline | [] | CYPHER 5",
            "garden | composite | read-write | online | [garden.far, garden.roses] | CYPHER 25",
            "movies | standard | read-write | online | [] | CYPHER 5",
            "neo4j | standard | read-write | online | [] | CYPHER 5",
        ],
    );
    check(
        &mut session,
        "admin",
        "SHOW ALIASES FOR DATABASE YIELD name, composite, credentials, user, defaultLanguage WHERE composite = 'garden'",
        &[
            "name | composite | credentials | user | defaultLanguage",
            "garden.far | garden | OIDC CREDENTIAL FORWARDING | NULL | NULL",
            "garden.roses | garden | NULL | NULL | NULL",
        ],
    );
    session.setup(&["GRANT COMPOSITE DATABASE MANAGEMENT ON DBMS TO viewer"]);
    check(&mut session, "carol", "SHOW DATABASES YIELD name", &["name", "garden", "movies", "system"]);
}

/// What resolving says nothing of, no column tells either (semantics §0.13).
#[test]
fn databases_are_listed_without_the_aliases_that_are_hidden() {
    let mut session = session();
    session.setup(&[
        "CREATE COMPOSITE DATABASE garden",
        "CREATE ALIAS garden.roses FOR DATABASE movies",
        "CREATE ALIAS garden.far FOR DATABASE far AT 'neo4j+s://far:7687' OIDC CREDENTIAL FORWARDING",
        "CREATE ROLE guest",
        "GRANT ACCESS ON DATABASE movies, garden TO guest",
        "CREATE USER erin SET PASSWORD 'password' CHANGE NOT REQUIRED SET HOME DATABASE movies",
        "GRANT ROLE guest TO erin",
    ]);
    let statement = "SHOW DATABASES YIELD name, aliases, constituents WHERE name <> 'system'";
    let columns = "name | aliases | constituents";
    let movies = "movies | [films, garden.roses] | []";
    check(&mut session, "erin", statement, &[columns, "garden | [] | [garden.roses]", movies]);
    check(&mut session, "erin", "SHOW DATABASE garden.roses YIELD name", &["name", "movies"]);
    session.setup(&["DENY ACCESS ON DATABASE garden TO guest"]);
    check(&mut session, "erin", statement, &[columns, "movies | [films] | []"]);
    check(&mut session, "erin", "SHOW DATABASE garden.roses YIELD name", &["name"]);
    session.setup(&["REVOKE DENY ACCESS ON DATABASE garden FROM guest", "GRANT SHOW ALIAS ON DBMS TO guest"]);
    check(&mut session, "erin", statement, &[columns, "garden | [] | [garden.far, garden.roses]", movies]);
}

#[test]
fn users_and_roles() {
    let mut session = session();
    check(
        &mut session,
        "admin",
        "SHOW USERS WITH AUTH YIELD user, home, provider, auth WHERE user <> 'admin'",
        &[
            "user | home | provider | auth",
            "carol | films | native | {changeRequired: false, password: ***}",
            "dave | NULL | mtls | {id: CN=dave}",
        ],
    );
    check(
        &mut session,
        "carol",
        "SHOW CURRENT USER",
        &[
            "user | roles | passwordChangeRequired | suspended | home",
            "carol | [viewer, PUBLIC] | false | false | films",
        ],
    );
    check(
        &mut session,
        "admin",
        "SHOW POPULATED ROLES WITH USERS WHERE role IN ['viewer', 'reader']",
        &["role | member", "viewer | carol"],
    );
    check(
        &mut session,
        "admin",
        "SHOW ROLES YIELD role, immutable WHERE role = 'viewer'",
        &["role | immutable", "viewer | false"],
    );
    let refused = session.say("carol", "SHOW USERS");
    assert!(refused.starts_with("refused PERMISSION_DENIED"), "{refused}");
    session.setup(&["ALTER USER carol SET STATUS SUSPENDED"]);
    let refused = session.say("carol", "SHOW CURRENT USER");
    assert!(refused.starts_with("refused USER_SUSPENDED"), "{refused}");
}

/// Rows are made while they are asked for: the first page of many aliases makes few of them. A row that
/// cannot be made is where the listing fails, so a page before it must not notice.
#[test]
fn rows_stream() {
    let mut session = session();
    let statements: Vec<String> = (0..300)
        .map(|number| format!("CREATE ALIAS z{number:03} FOR DATABASE movies PROPERTIES {{rank: {number}}}"))
        .collect();
    session.setup(&statements.iter().map(String::as_str).collect::<Vec<_>>());
    let statement = "SHOW ALIASES FOR DATABASE YIELD name, properties RETURN name, 1 / (properties.rank - 200) AS x";
    let Ok(Lowered::Listing(request)) = compile(statement, &Parameters::default()) else { panic!("a listing") };
    let listing = Listing::bind(&request).unwrap();
    let admin = Principal::User(UserName::new("admin").unwrap());
    let mut rows = run_listing(&session.catalog, &admin, &listing).unwrap();
    assert_eq!(rows.columns, ["name", "x"]);
    // Four aliases of the session come first.
    assert!(rows.by_ref().take(204).all(|row| row.is_ok()));
    assert_eq!(rows.next().unwrap().unwrap_err().without_place().code(), "ARITHMETIC_ERROR");
    assert_eq!(rows.next().unwrap().unwrap()[0], Value::from("z201"));
}

/// Whether a member answers is not known to every member at every time, and then it is not made up.
#[test]
fn servers_are_listed_with_what_is_known_of_them() {
    let mut session = Session::new();
    let server = |id: u64, is_available| Server {
        id,
        name: format!("node-{id}"),
        address: format!("db{id}.example.com:7680"),
        is_available,
    };
    session.servers = vec![server(1, Some(true)), server(2, Some(false)), server(3, None)];
    let listed = session.say("admin", "SHOW SERVERS YIELD serverId, name, address, state, health, hosting");
    let expected = "serverId | name | address | state | health | hosting\n\
                    1 | node-1 | db1.example.com:7680 | Enabled | Available | [system]\n\
                    2 | node-2 | db2.example.com:7680 | Enabled | Unavailable | [system]\n\
                    3 | node-3 | db3.example.com:7680 | Enabled | NULL | [system]";
    assert_eq!(listed, expected);
    let unknown = session.say("admin", "SHOW SERVERS YIELD name, health WHERE health IS NULL RETURN name");
    assert_eq!(unknown, "name\nnode-3");
}
