//! What must hold for any text, whoever thought of it: it is cut into statements, parsed, printed and lowered
//! without a panic; what is a statement prints as text that is one, and prints the same again; a listing runs and its
//! rows are as wide as its columns; and an error points into the text.
//!
//! The fuzz target and the test that replays the corpus both include this file, so that they cannot differ. It must
//! never use more than `aliasd-catalog`, `aliasd-cypher` and `aliasd-listing`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aliasd_catalog::{
    Bootstrap, Catalog, ClusterId, Command, Entry, KeyId, PasswordHash, Plain, PlainSecret, Policy, Principal,
    Rejection, RequestId, Revision, SealedSecret, Timestamp, UserName, Value,
};
use aliasd_cypher::{ListingRequest, Lowered, Parameters, SpannedRefusal, compile, lower, parse, split_statements};
use aliasd_listing::{Listing, answer_no_op, run_listing};

/// Rows of a listing that are looked at: a mutation must not make a run long.
const ROWS_MAX: usize = 100;

/// Checks one input; what is no UTF-8 never reaches the language, since every interface takes text.
///
/// # Panics
/// If something does not hold.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let pieces = split(text);
    for statement in &pieces {
        answer(statement);
    }
    // What the parser takes as one statement, the splitter does not cut.
    if answer(text) {
        assert_eq!(pieces.len(), 1, "{text}");
        assert!(answer(pieces[0]), "{text}");
    }
}

/// The statements of a text, which stand where the splitter says, and are the same when the text is put together again.
fn split(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    for (statement, position) in split_statements(text) {
        // A lone carriage return ends a line as well.
        let before = text[..position.offset].replace("\r\n", "\n").replace('\r', "\n");
        assert!(text[position.offset..].starts_with(statement));
        assert_eq!(position.line, 1 + before.matches('\n').count());
        assert_eq!(position.column, 1 + before.rsplit('\n').next().unwrap_or_default().chars().count());
        pieces.push(statement);
    }
    // A comment up to the end of a line would take the semicolon with it.
    let together = pieces.join("\n;\n");
    let again: Vec<&str> = split_statements(&together).map(|(statement, _)| statement).collect();
    assert_eq!(again, pieces);
    pieces
}

/// True if the text is a statement.
fn answer(text: &str) -> bool {
    let statement = match parse(text) {
        Ok(statement) => statement,
        Err(error) => {
            assert!(error.span().end <= text.len());
            let _shown = format!("{error} {error:?} {:?}", error.hint());
            return false;
        }
    };
    let printed = statement.to_string();
    let again = parse(&printed).unwrap_or_else(|error| panic!("{printed}\n{error}"));
    assert_eq!(again.to_string(), printed);
    // Parameters of every kind, under the names that the corpus uses.
    let values = BTreeMap::from([
        ("a".to_owned(), Value::from("neo4j")),
        ("b".to_owned(), Value::List(vec![Value::Integer(1), Value::from("x")])),
        ("c".to_owned(), Value::Map(BTreeMap::from([("ssl_enforced".to_owned(), Value::Boolean(false))]))),
        ("d".to_owned(), Value::Null),
    ]);
    match lower(&statement, &Parameters::new(values)) {
        Ok(Lowered::Listing(request)) => run(&request, text),
        Ok(Lowered::NoOp(no_op)) => {
            let _answered = answer_no_op(&CATALOG, &admin(), &no_op);
        }
        Ok(Lowered::Command(_)) => {}
        Err(refusal) => show(refusal, text),
    }
    true
}

fn show(refusal: SpannedRefusal, text: &str) {
    let _shown = format!("{} {:?}", refusal.in_source(text), text.len());
}

/// Runs a listing for the administrator of a small catalog.
fn run(request: &ListingRequest, text: &str) {
    let listing = match Listing::bind(request) {
        Ok(listing) => listing,
        Err(refusal) => return show(refusal, text),
    };
    let admin = admin();
    let Ok(table) = run_listing(&CATALOG, &admin, &listing) else { return };
    let width = table.columns.len();
    for row in table.take(ROWS_MAX) {
        // A row may fail on its own, for example by a division by zero.
        assert!(row.is_err() || row.is_ok_and(|row| row.len() == width));
    }
}

fn admin() -> Principal {
    Principal::User(UserName::new("admin").expect("a valid name"))
}

/// Something of everything that can be listed.
static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let mut catalog = Catalog::default();
    apply(
        &mut catalog,
        1,
        Command::Bootstrap(Bootstrap {
            cluster_id: ClusterId([1; 16]),
            active_key: KEY,
            policy: Policy::default(),
            admin: UserName::new("admin").expect("a valid name"),
            password: PlainSecret::new("a password".to_owned()),
        }),
    );
    let statements = [
        "CREATE DATABASE movies",
        "CREATE COMPOSITE DATABASE garden",
        "CREATE ALIAS films FOR DATABASE movies PROPERTIES {rank: 2, tags: ['a', 'b'], more: {deep: NULL}}",
        "CREATE ALIAS garden.far FOR DATABASE far AT 'neo4j+s://far' USER bob PASSWORD 'password' DRIVER {logging_level: 'INFO'}",
        "CREATE ROLE viewer",
        "GRANT MATCH {a, b} ON GRAPH * NODES A, B TO viewer",
        "DENY ACCESS ON DATABASE films TO viewer",
        "CREATE USER carol SET PASSWORD 'password' SET AUTH 'mtls' {SET ID 'CN=carol'}",
        "GRANT ROLE viewer TO carol",
    ];
    for (at, statement) in (2..).zip(statements) {
        let Ok(Lowered::Command(command)) = compile(statement, &Parameters::default()) else { panic!("{statement}") };
        apply(&mut catalog, at, *command);
    }
    catalog
});

const KEY: KeyId = KeyId([7; 16]);

fn apply(catalog: &mut Catalog, at: u64, command: Command<Plain>) {
    let sealed = command.seal(
        |_, _| {
            let ciphertext = Vec::new().into();
            Ok::<_, Rejection>(SealedSecret { key_id: KEY, nonce: [0; 12], ciphertext, alias_id: None })
        },
        |_| Ok(PasswordHash::new("a hash")),
        |_| Ok(Revision(at)),
    );
    let mut request = [0; 16];
    request[..8].copy_from_slice(&at.to_be_bytes());
    let command = sealed.expect("placeholders are always at hand");
    let entry = Entry {
        request: RequestId(request),
        actor: Principal::System,
        issued_at: Timestamp(at),
        command,
        origin: None,
    };
    catalog.apply(Revision(at), &entry).outcome.expect("the statements stand in the order that they need");
}
