"""What a driver does through a gateway: scenarios, each run by `python suite.py NAME` from tests/gateway/main.rs.

Where things are and how to log in comes in the environment. A scenario that returns has passed.
"""

import faulthandler
import os
import sys
import threading
import time

import neo4j
from neo4j import GraphDatabase
from neo4j.exceptions import AuthError, ClientError, Neo4jError, TransientError

# Outcomes are what is tested here, not what drivers say about them on the way.
DEADLINE_SECONDS = 60
GATEWAY = os.environ["GATEWAY"]
ADMIN = ("admin", os.environ["ADMIN_PASSWORD"])
CAROL = ("carol", os.environ["CAROL_PASSWORD"])
DAVE = ("dave", os.environ["DAVE_PASSWORD"])
REMOTE = os.environ["REMOTE"]
ONE, TWO = os.environ["ONE_PASSWORD"], os.environ["TWO_PASSWORD"]
SECRETS = [REMOTE.split("//")[1], "stored_one", "stored_two", ONE, TWO]


def connect(auth, scheme="bolt", **settings):
    return GraphDatabase.driver(f"{scheme}://{GATEWAY}", auth=auth, **settings)


def administer(*statements):
    with connect(ADMIN) as driver:
        for statement in statements:
            driver.execute_query(statement, database_="system")


def refused(kind, code, work):
    """The error that the work ends with, which has to be of that class and code, and tell nothing of the remote DBMS."""
    try:
        work()
    except kind as error:
        assert error.code == code, f"{error.code}: {error.message}"
        said = f"{error} {error.message} {getattr(error, 'gql_status_description', '')}"
        for secret in SECRETS:
            assert secret not in said, f"{secret} in {said}"
        return error
    raise AssertionError(f"it was not refused with {code}")


def prepare():
    """Users of the remote DBMS, once it is up."""
    deadline = time.monotonic() + 2 * DEADLINE_SECONDS
    while True:
        try:
            with GraphDatabase.driver(REMOTE, auth=("neo4j", "neo4j")) as driver:
                driver.execute_query(
                    "ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $new", new="peers-only", database_="system"
                )
            break
        except Exception as error:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
    with GraphDatabase.driver(REMOTE, auth=("neo4j", "peers-only")) as driver:
        for user, password in [("stored_one", ONE), ("stored_two", TWO)]:
            driver.execute_query(
                f"CREATE USER {user} SET PASSWORD $password CHANGE NOT REQUIRED", password=password, database_="system"
            )


def direct():
    for scheme in ["bolt", "neo4j"]:
        with connect(CAROL, scheme) as driver:
            driver.verify_connectivity(database="films")
            result = driver.execute_query("RETURN $x AS x", x="é", database_="films")
            assert result.records[0]["x"] == "é"
            assert result.summary.database == "films", result.summary.database
            assert result.summary.server.agent.startswith("Neo4j/"), result.summary.server.agent
            # Names are found in any case.
            assert driver.execute_query("RETURN 1", database_="FILMS").summary.database == "films"


def use():
    with connect(CAROL) as driver:
        with driver.session() as session:
            result = session.run("USE books RETURN 1 AS n")
            assert result.single()["n"] == 1
            assert result.consume().database == "books"
        # In a transaction, until its first query has run.
        with driver.session(database="films") as session:
            tx = session.begin_transaction()
            assert tx.run("/* before */ USE `books` RETURN 1 AS n").single()["n"] == 1
            assert tx.run("USE books RETURN 2 AS n").single()["n"] == 2
            refused(ClientError, "Neo.ClientError.Statement.AccessMode", lambda: tx.run("USE films RETURN 1").consume())
            tx.close()


def home():
    for scheme in ["bolt", "neo4j"]:
        with connect(CAROL, scheme) as driver:
            with driver.session() as session:
                assert session.run("RETURN 1 AS n").single()["n"] == 1
                assert session.run("RETURN 1").consume().database == "films"
            assert driver.execute_query("RETURN 1").summary.database == "films"


def transactions():
    with connect(CAROL) as driver:
        driver.execute_query("MATCH (n:Kept) DETACH DELETE n", database_="films")
        with driver.session(database="films") as session:
            with session.begin_transaction() as tx:
                tx.run("CREATE (:Kept {n: 1})")
                tx.commit()
            with session.begin_transaction() as tx:
                tx.run("CREATE (:Kept {n: 2})")
                tx.rollback()
            session.execute_write(lambda tx: tx.run("CREATE (:Kept {n: 3})").consume())
            seen = session.execute_read(lambda tx: [row["n"] for row in tx.run("MATCH (k:Kept) RETURN k.n AS n ORDER BY n")])
            assert seen == [1, 3], seen
            # A transaction without queries.
            with session.begin_transaction() as tx:
                tx.commit()
            # Several results that are open at once.
            with session.begin_transaction() as tx:
                first = tx.run("UNWIND range(1, 3000) AS n RETURN n")
                second = tx.run("UNWIND range(1, 3000) AS n RETURN -n AS n")
                pairs = zip((row["n"] for row in first), (row["n"] for row in second))
                assert sum(a + b for a, b in pairs) == 0
        counters = driver.execute_query("CREATE (:Counted)", database_="films").summary.counters
        assert counters.nodes_created == 1


def streams():
    with connect(CAROL) as driver, driver.session(database="films", fetch_size=1000) as session:
        rows = session.run("UNWIND range(1, 50000) AS n RETURN n, toString(n) AS s")
        assert sum(row["n"] for row in rows) == 50000 * 50001 // 2
        # Left in the middle.
        rows = session.run("UNWIND range(1, 50000) AS n RETURN n")
        assert next(iter(rows))["n"] == 1
        rows.consume()
        assert session.run("RETURN 1 AS n").single()["n"] == 1


def types():
    from datetime import date, datetime, timedelta, timezone

    from neo4j.spatial import WGS84Point
    from neo4j.time import Duration

    values = [
        None, True, -1, 2**62, 1.5, "text", [1, [2]], {"a": {"b": 1}}, b"\x00\xff", date(2024, 2, 29),
        datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))), Duration(months=1, days=2, seconds=3),
        WGS84Point((1.0, 2.0)),
    ]
    with connect(CAROL) as driver:
        for value in values:
            back = driver.execute_query("RETURN $v AS v", v=value, database_="films").records[0]["v"]
            back = back.to_native() if hasattr(back, "to_native") else back
            assert back == value, (value, back)
        record = driver.execute_query("CREATE p = (a:A {x: 1})-[r:R]->(b:B) RETURN p, a, r", database_="films").records[0]
        assert record["a"].element_id and record["r"].type == "R" and len(record["p"]) == 1


def bookmarks():
    with connect(CAROL) as driver:
        with driver.session(database="films") as session:
            session.run("CREATE (:Marked)").consume()
            mark = session.last_bookmarks()
        assert all(value.startswith("aliasd:") for value in mark.raw_values), mark.raw_values
        # Drivers hand the bookmarks of one database to all others.
        for database in ["films", "books"]:
            with driver.session(database=database, bookmarks=mark) as session:
                assert session.run("RETURN 1 AS n").single()["n"] == 1
        driver.execute_query("CREATE (:Marked)", database_="films")
        driver.execute_query("CREATE (:Marked)", database_="books")
        foreign = neo4j.Bookmarks.from_raw_values(["FB:kcwQ"])
        with driver.session(database="films", bookmarks=foreign) as session:
            refused(ClientError, "Neo.ClientError.Transaction.InvalidBookmark", lambda: session.run("RETURN 1").consume())


def errors():
    with connect(CAROL) as driver:
        ask = lambda query, database="films": driver.execute_query(query, database_=database)
        error = refused(ClientError, "Neo.ClientError.Statement.SyntaxError", lambda: ask("RETURM 1"))
        with GraphDatabase.driver(REMOTE, auth=("stored_one", ONE)) as directly:
            try:
                directly.execute_query("RETURM 1")
            except ClientError as without_gateway:
                assert error.gql_status == without_gateway.gql_status
                assert error.message == without_gateway.message
        # The place is that of the client's own text, although a clause was taken out of it.
        with driver.session() as session:
            error = refused(
                ClientError, "Neo.ClientError.Statement.SyntaxError", lambda: session.run("USE books RETURM 1").consume()
            )
            assert "column 11" in error.message, error.message
            # The session goes on.
            assert session.run("RETURN 1 AS n").single()["n"] == 1
        refused(ClientError, "Neo.ClientError.Database.DatabaseNotFound", lambda: ask("RETURN 1", "nowhere"))
        refused(ClientError, "Neo.ClientError.Database.DatabaseNotFound", lambda: ask("RETURN 1", "neo4j"))
        administration = "Neo.ClientError.Statement.NotSystemDatabaseError"
        refused(ClientError, administration, lambda: ask("CREATE USER u SET PASSWORD 'secret-enough'"))
        with driver.session(database="films", impersonated_user="dave") as session:
            refused(ClientError, "Neo.ClientError.Security.Forbidden", lambda: session.run("RETURN 1").consume())
        # In the middle of a stream.
        refused(
            ClientError, "Neo.ClientError.Statement.ArithmeticError", lambda: ask("UNWIND range(-3000, 1) AS n RETURN 1 / n")
        )
    with connect(DAVE) as driver:
        # What one may not use is as if it were not there.
        work = lambda: driver.execute_query("RETURN 1", database_="films")
        refused(ClientError, "Neo.ClientError.Database.DatabaseNotFound", work)
    for auth in [("carol", "not-her-password"), ("nobody", "any-password")]:
        with connect(auth) as driver:
            refused(AuthError, "Neo.ClientError.Security.Unauthorized", driver.verify_connectivity)
    with connect(None) as driver:
        refused(AuthError, "Neo.ClientError.Security.Unauthorized", driver.verify_connectivity)


def remote_faults():
    """What is wrong with a remote DBMS is told, without a word of where it is or who logs in there."""
    host = REMOTE.split("//")[1].split(":")[0]
    administer(
        f"CREATE OR REPLACE ALIAS wrong_password FOR DATABASE neo4j AT '{REMOTE}' USER stored_one PASSWORD 'not-its-password' "
        "DRIVER {ssl_enforced: false}",
        f"CREATE OR REPLACE ALIAS wrong_database FOR DATABASE elsewhere AT '{REMOTE}' USER stored_one PASSWORD '{ONE}' "
        "DRIVER {ssl_enforced: false}",
        f"CREATE OR REPLACE ALIAS unreachable FOR DATABASE neo4j AT 'bolt://{host}:1' USER stored_one PASSWORD '{ONE}' "
        "DRIVER {ssl_enforced: false}",
        f"CREATE OR REPLACE ALIAS no_tls FOR DATABASE neo4j AT 'bolt+s://{REMOTE.split('//')[1]}' USER stored_one "
        f"PASSWORD '{ONE}'",
    )
    remote_client = "Neo.ClientError.Statement.RemoteExecutionClientError"
    remote_transient = "Neo.TransientError.Statement.RemoteExecutionTransientError"
    with connect(ADMIN) as driver:
        def ask(database):
            with driver.session(database=database) as session:
                session.run("RETURN 1").consume()

        refused(ClientError, remote_client, lambda: ask("wrong_password"))
        refused(ClientError, remote_client, lambda: ask("wrong_database"))
        refused(TransientError, remote_transient, lambda: ask("unreachable"))
        refused(ClientError, remote_client, lambda: ask("no_tls"))
        # No other alias suffers.
        ask("books")


POINTED = "CREATE OR REPLACE ALIAS moved FOR DATABASE neo4j AT '{}' USER {} PASSWORD '{}' DRIVER {{ssl_enforced: false}}"
WHO = "SHOW TRANSACTIONS YIELD username, currentQuery WHERE currentQuery CONTAINS 'currentQuery' RETURN username ENDS WITH '_two' AS two"
TO_TWO = "ALTER ALIAS moved SET DATABASE TARGET neo4j AT '{}' USER stored_two PASSWORD '{}'"
OUTDATED = "Neo.TransientError.Transaction.Outdated"


def alter():
    """An alias that is altered ends the transactions on it, and managed ones try again where it leads then."""
    point = POINTED.format(REMOTE, "stored_one", ONE)
    to_two = TO_TWO.format(REMOTE, TWO)
    with connect(ADMIN) as driver:
        # At the next request.
        administer(point)
        with driver.session(database="moved") as session:
            tx = session.begin_transaction()
            tx.run("CREATE (:Lost)").consume()
            administer(to_two)
            error = refused(TransientError, OUTDATED, lambda: tx.run("RETURN 1").consume())
            assert error.gql_status == "51N35", error.gql_status
            tx.close()
        # At COMMIT, whatever the early warning does.
        administer(point)
        with driver.session(database="moved") as session:
            tx = session.begin_transaction()
            tx.run("CREATE (:Lost)").consume()
            administer(to_two)
            refused(TransientError, OUTDATED, tx.commit)
        # Before its first query.
        administer(point)
        with driver.session(database="moved") as session:
            tx = session.begin_transaction()
            administer(to_two)
            refused(TransientError, OUTDATED, lambda: tx.run("CREATE (:Lost)").consume())
            tx.close()
        # In the middle of rows that nobody takes.
        administer(point)
        with driver.session(database="moved", fetch_size=10) as session:
            rows = iter(session.run("UNWIND range(1, 100) AS n CREATE (:Lost) RETURN n"))
            assert next(rows)["n"] == 1
            administer(to_two)
            refused(TransientError, OUTDATED, lambda: list(rows))
        administer(point)
        attempts = []

        def work(tx):
            attempts.append(tx.run(WHO).single()["two"])
            tx.run("CREATE (:Won)").consume()
            if len(attempts) == 1:
                administer(to_two)

        with driver.session(database="moved") as session:
            session.execute_write(work)
        assert attempts == [False, True], attempts
        counted = driver.execute_query(
            "RETURN COUNT { (:Lost) } AS lost, COUNT { (:Won) } AS won", database_="moved"
        ).records[0]
        assert (counted["lost"], counted["won"]) == (0, 1), counted


def gone():
    """An alias that is dropped, or to which access is taken away, ends the transactions on it for good."""
    not_found = "Neo.ClientError.Database.DatabaseNotFound"
    administer(POINTED.format(REMOTE, "stored_one", ONE), "GRANT ACCESS ON DATABASE moved TO audience")
    with connect(CAROL) as driver, driver.session(database="moved") as session:
        tx = session.begin_transaction()
        tx.run("CREATE (:Gone)").consume()
        administer("REVOKE ACCESS ON DATABASE moved FROM audience")
        refused(ClientError, not_found, tx.commit)
        administer("GRANT ACCESS ON DATABASE moved TO audience")
        tx = session.begin_transaction()
        tx.run("CREATE (:Gone)").consume()
        administer("DROP ALIAS moved FOR DATABASE")
        refused(ClientError, not_found, lambda: tx.run("RETURN 1").consume())
        tx.close()
        assert session.run("USE films RETURN COUNT { (:Gone) } AS n").single()["n"] == 0


def churn():
    """Transactions on an alias that is altered all the time: each is committed and counted, or ends and is tried again."""
    administer(POINTED.format(REMOTE, "stored_one", ONE), "GRANT ACCESS ON DATABASE moved TO audience")
    done, failed = [], []
    with connect(CAROL, max_transaction_retry_time=DEADLINE_SECONDS) as driver:
        driver.execute_query("MATCH (n:Counter) DELETE n", database_="moved")
        driver.execute_query("CREATE (:Counter {n: 0})", database_="moved")

        def write():
            try:
                for _ in range(10):
                    driver.execute_query("MATCH (c:Counter) SET c.n = c.n + 1", database_="moved")
                    done.append(1)
            except Exception as error:
                failed.append(repr(error))

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        altered = 0
        while any(thread.is_alive() for thread in threads):
            user, password = [("stored_one", ONE), ("stored_two", TWO)][altered % 2]
            administer(f"ALTER ALIAS moved SET DATABASE TARGET neo4j AT '{REMOTE}' USER {user} PASSWORD '{password}'")
            altered += 1
            # As often as drivers pause before they try again: their patience has an end.
            time.sleep(1)
        for thread in threads:
            thread.join()
        assert not failed, failed
        counted = driver.execute_query("MATCH (c:Counter) RETURN c.n AS n", database_="moved").records[0]["n"]
        assert counted == len(done) == 40, (counted, len(done), altered)


def system():
    """Administration over Bolt, as the user who is logged in."""
    with connect(ADMIN, "neo4j") as driver:
        result = driver.execute_query("SHOW ALIASES FOR DATABASE YIELD name, url ORDER BY name", database_="system")
        assert result.keys == ["name", "url"] and "books" in [row["name"] for row in result.records]
        assert result.summary.database == "system"
        administer("DROP ALIAS made IF EXISTS FOR DATABASE")
        create = f"CREATE ALIAS made FOR DATABASE neo4j AT $url USER stored_one PASSWORD $password DRIVER {{ssl_enforced: false}}"
        made = driver.execute_query(create, url=REMOTE, password=ONE, database_="system")
        assert made.summary.counters.system_updates == 1, made.summary.counters
        assert driver.execute_query("RETURN 1 AS n", database_="made").records[0]["n"] == 1
        again = create.replace("made", "made IF NOT EXISTS")
        nothing = driver.execute_query(again, url=REMOTE, password=ONE, database_="system").summary
        assert nothing.counters.system_updates == 0 and nothing.gql_status_objects, nothing
        # A statement of administration finds its way, as it does in Neo4j.
        assert driver.execute_query("SHOW CURRENT USER YIELD user").records[0]["user"] == "admin"
        with driver.session(database="system", fetch_size=2) as session:
            names = [row["privilege"] if "privilege" in row.keys() else row[0] for row in session.run("SHOW PRIVILEGES")]
            assert len(names) > 2
            session.run("DROP ALIAS made FOR DATABASE").consume()
            refused(ClientError, "Neo.ClientError.Statement.SyntaxError", lambda: session.run("CREATE ALIASS a").consume())
            assert session.run("SHOW ROLES").peek() is not None
            with session.begin_transaction() as tx:
                tx.run("CREATE ROLE short_lived").consume()
                error = refused(
                    ClientError, "Neo.ClientError.Transaction.ForbiddenDueToTransactionType", tx.rollback
                )
                assert "not rolled back" in error.message
            session.run("DROP ROLE short_lived").consume()
    with connect(CAROL) as driver:
        work = lambda: driver.execute_query("CREATE ROLE carols", database_="system")
        refused(ClientError, "Neo.ClientError.Security.Forbidden", work)


def many():
    """Several threads over one driver, and users that are switched on a connection."""
    failed = []
    with connect(CAROL) as driver:
        def work(number):
            try:
                for step in range(20):
                    database = ["films", "books"][step % 2]
                    record = driver.execute_query("RETURN $n AS n", n=number * step, database_=database).records[0]
                    assert record["n"] == number * step
            except Exception as error:
                failed.append(repr(error))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed, failed
        assert driver.verify_authentication(auth=CAROL) and not driver.verify_authentication(auth=("carol", "wrong-one"))
        with driver.session(database="system", auth=ADMIN) as session:
            assert session.run("SHOW CURRENT USER YIELD user").single()["user"] == "admin"


def interrupted():
    """A query that takes too long is given up, and the session goes on."""
    with connect(CAROL) as driver:
        endless = "UNWIND range(1, 100000000) AS n WITH n WHERE n % 7 = 8 RETURN n"
        query = neo4j.Query(endless, timeout=0.5)
        with driver.session(database="films") as session:
            try:
                session.run(query).consume()
                raise AssertionError("it ended")
            except Neo4jError as error:
                assert "Timed" in error.code or "Terminated" in error.code, error.code
            assert session.run("RETURN 1 AS n").single()["n"] == 1


def encrypted():
    """Over TLS, with the certificate of an authority that the driver is told."""
    trust = neo4j.TrustCustomCAs(os.environ["CA"])
    gateway = os.environ["GATEWAY_TLS"]
    for scheme in ["bolt", "neo4j"]:
        with GraphDatabase.driver(
            f"{scheme}://{gateway}", auth=CAROL, encrypted=True, trusted_certificates=trust
        ) as driver:
            assert driver.execute_query("RETURN 1 AS n", database_="films").records[0]["n"] == 1
    with GraphDatabase.driver(f"bolt+ssc://{gateway}", auth=CAROL) as driver:
        rows = driver.execute_query("UNWIND range(1, 20000) AS n RETURN n", database_="films").records
        assert len(rows) == 20000


if __name__ == "__main__":
    # A scenario that hangs says where.
    faulthandler.dump_traceback_later(3 * DEADLINE_SECONDS, exit=True)
    globals()[sys.argv[1]]()
