//! docs/errors.md lists every stable code: it is made from the tables that the programs answer from.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use aliasd_api::class_on_the_wire;
use aliasd_catalog::Rejection;
use aliasd_cypher::ErrorCode;
use aliasd_service::{Failure, NodeFailure};
use aliasd_wire::failure::{Class, TRANSPORT};

const INTRODUCTION: &str = "\
# Errors

<!-- Generated from the tables of codes in the sources. A test keeps it current. -->

Every error carries a stable code (in `google.rpc.ErrorInfo`, as the reason), a message, where there is one a hint, and a
class that says what the caller does next:

| class | what to do |
|---|---|
| `REJECTED` | Give up or change the request; sent again unchanged, it is refused again. |
| `RETRY_HERE` | Send it again, to any member, after a pause. It had no effect. |
| `GO_TO_LEADER` | Send it again to the leader, which is named. It had no effect. |
| `OUTCOME_UNKNOWN` | Send it again with the same request id: it takes effect at most once. |
| `BUG` | Report it. Whether it had an effect is unknown. |

What is wrong with a statement's text carries its place as well: `text_offset` in bytes from 0, `text_line` and `text_column` from 1.

`aliasctl` ends with 1 for a rejection; with 2 for what is to be put right where it runs, which are arguments, environment, a
standard output that is closed, files, certificates, and the proof of who calls, though the cluster calls that a rejection (`UNTRUSTED`, `CREDENTIALS_MISSING`, `_INVALID` and
`_ENDED`, `CERTIFICATE_UNMAPPED` and `_EXPIRED`, `TOKEN_INVALID`, `_EXPIRED` and `_ENDED`, `AUTHORIZATION_INVALID`); with 3 when nothing
was done and it may be tried again, `INIT_MEMBERS_NOT_READY` among them; with 4 when the outcome is unknown; and with 5 when it was
done and what came of it cannot be written. Words in braces stand for what varies.
";

const CLIENT: &str = "
## From the SDK

Made on the caller's side, when no member has answered.

| code | class | when |
|---|---|---|
| `UNREACHABLE` | `RETRY_HERE` | No connection could be made. |
| `UNTRUSTED` | `REJECTED`, or `RETRY_HERE` while other members cannot be reached | TLS refused the connection, on either side. |
| `DEADLINE_EXCEEDED` | `RETRY_HERE` or `OUTCOME_UNKNOWN` | The time of the call was over. |
| `OUTCOME_UNKNOWN` | `OUTCOME_UNKNOWN` | The repetitions of a write never told whether it took effect. |
| `ANSWER_INVALID` | `BUG` | An answer breaks the protocol. |
| `GUARD_CHANGED` | `REJECTED` | The alias of a guarded transaction is not the one that it began with. |
| `WATCH_SILENT` | `RETRY_HERE` | No member streams changes, without which nothing can be guarded. |
";

/// A sentence that may stand in a cell of a table. `{{` is how a message, which is a format, writes a brace.
fn cell(text: &str) -> String {
    text.replace("{{", "{").replace("}}", "}").replace('|', "\\|")
}

fn page() -> String {
    let mut page = String::from(INTRODUCTION);
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "\n## From a node\n\nWhere Neo4j has a counterpart, with its status and code.\n\n\
         | code | class | GQLSTATUS | Neo4j code | message | what to do |\n|---|---|---|---|---|---|\n"
    );
    for row in NodeFailure::TABLE {
        let (class, status) = (class_on_the_wire(row.class).as_str(), row.gqlstatus.join(" "));
        let neo4j_code = if row.neo4j_code.is_empty() { String::new() } else { format!("`{}`", row.neo4j_code) };
        let (message, hint) = (cell(row.message), cell(row.hint));
        let _ = writeln!(page, "| `{}` | `{class}` | {status} | {neo4j_code} | {message} | {hint} |", row.code);
    }
    let bug = Failure::bug("Something that should never happen.");
    let (class, status) = (class_on_the_wire(bug.class).as_str(), bug.gqlstatus.join(" "));
    let _ = writeln!(page, "| `{}` | `{class}` | {status} | `{}` | {} | |", bug.code, bug.neo4j_code, bug.message);
    let unknown = Class::OutcomeUnknown.as_str();
    let _ = writeln!(page, "| `{TRANSPORT}` | `{unknown}` | | | Something on the way failed, not aliasd. | |");

    let _ = write!(
        page,
        "\n## From the catalog\n\nAll of class `REJECTED`, in the order in which they are checked.\n\n\
         | code | GQLSTATUS | Neo4j code | message | what to do |\n|---|---|---|---|---|\n"
    );
    for row in Rejection::table() {
        let (status, message, hint) = (row.gqlstatus.join(" "), cell(row.message), cell(row.hint));
        let _ = writeln!(page, "| `{}` | {status} | `{}` | {message} | {hint} |", row.code, row.neo4j_code);
    }

    let _ = write!(
        page,
        "\n## From the language\n\nAll of class `REJECTED`, and found before anything is asked of the catalog; of several, the first in the \
         text. The message says what was found and expected, with the line and column and an excerpt in which every \
         secret is covered; the hint, where there is one, is about what was found.\n\n\
         | code | GQLSTATUS | Neo4j code | meaning |\n|---|---|---|---|\n"
    );
    for code in ErrorCode::ALL {
        let (status, meaning) = (code.gql_status().join(" "), cell(code.summary()));
        let _ = writeln!(page, "| `{}` | {status} | `{}` | {meaning} |", code.as_str(), code.neo4j_code());
    }
    page.push_str(CLIENT);
    page
}

#[test]
fn the_error_page_is_current() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, page()).unwrap();
    }
    let current = fs::read_to_string(&file).unwrap_or_default();
    assert!(current == page(), "docs/errors.md is out of date: `cargo xtask fix` regenerates it");
}
