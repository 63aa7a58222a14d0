//! What clients are told when something fails: failures of the gateway's own, and those of the catalog, in the codes that
//! drivers go by.
//!
//! Pure. Some codes make a driver drop connections to the address that they came from, or whatever it knows of its user; here
//! that address is the gateway, and one alias must never cost a client all others. So of the transient codes only those are used
//! that have no such effect.

use aliasd_bolt::{Cause, Failure, GqlStatus, Map};
use aliasd_catalog::{CatalogName, Rejection};
use aliasd_client::{Class, Failure as CatalogFailure, GrpcCode, TextPosition};

/// Something elsewhere does not answer for now. Drivers try again, and do nothing else.
pub(crate) const TRANSIENT: &str = "Neo.TransientError.Statement.RemoteExecutionTransientError";
/// A remote DBMS refuses what it is asked.
pub(crate) const REMOTE_CLIENT: &str = "Neo.ClientError.Statement.RemoteExecutionClientError";
/// The user is not who it says.
const UNAUTHORIZED: &str = "Neo.ClientError.Security.Unauthorized";
/// The proof that a client has given holds no longer. Drivers log in again with what they have.
const AUTHORIZATION_EXPIRED: &str = "Neo.ClientError.Security.AuthorizationExpired";
const UNSUPPORTED: &str = "Neo.ClientError.Statement.NotSystemDatabaseError";
const INVALID: &str = "Neo.ClientError.Request.Invalid";

/// A failure with code, GQL status and the same sentence for all who read it.
fn failure(code: &str, status: &str, message: impl Into<String>) -> Failure {
    let message = message.into();
    let status = GqlStatus::new(status, &format!("error: {message}"));
    Failure { code: code.to_owned(), message, status, causes: Vec::new() }
}

/// Schemes that there are and that are not taken.
pub(crate) fn scheme_not_supported(scheme: &str) -> Failure {
    let known = ["none", "bearer", "kerberos"].contains(&scheme);
    let message = if known {
        format!("This gateway takes the authentication scheme 'basic', user and password, and not '{scheme}'.")
    } else {
        "This gateway takes the authentication scheme 'basic', user and password, and no other.".to_owned()
    };
    failure(UNAUTHORIZED, "42NFF", message)
}

/// User or password is missing.
pub(crate) fn incomplete_login() -> Failure {
    failure(UNAUTHORIZED, "42NFF", "The authentication scheme 'basic' takes a user and a password.")
}

/// The gateway takes nobody's part but the user's own.
pub(crate) fn impersonation() -> Failure {
    let message = "Impersonation is not supported by this gateway: log in as the user.";
    failure("Neo.ClientError.Security.Forbidden", "42NFF", message)
}

/// A login that the catalog has ended meanwhile.
pub(crate) fn login_ended() -> Failure {
    failure(AUTHORIZATION_EXPIRED, "42NFF", "The login has ended: log in again.")
}

/// The alias that a transaction went through is not the one that it began with. 51N35, as Neo4j says it.
pub(crate) fn outdated(alias: &str) -> Failure {
    let what = format!(
        "The locations associated with the graph name '{alias}' have changed while the transaction was running."
    );
    let description = format!(
        "error: system configuration or operation exception - location of graph changed during transaction. {what}"
    );
    let status = GqlStatus::new("51N35", &description);
    let code = "Neo.TransientError.Transaction.Outdated".to_owned();
    Failure { code, message: what, status, causes: Vec::new() }
}

/// Nobody could tell in time whether the alias is still what it was.
pub(crate) fn unconfirmed(alias: &str) -> Failure {
    let message =
        format!("Nobody can tell at present whether '{alias}' still leads where it led when the transaction began.");
    Failure { message, ..outdated(alias) }
}

/// An administration command was sent to a database with a graph.
pub(crate) fn administration(name: &str) -> Failure {
    let message = format!(
        "Administration commands are not supported on '{name}', which is an alias of a database elsewhere. Send those of this \
         catalog to 'system', and those of the other DBMS to itself."
    );
    failure(UNSUPPORTED, "51N31", message)
}

/// A database that this gateway cannot reach.
pub(crate) fn local_database(name: &str) -> Failure {
    let message = format!(
        "'{name}' is a database of this DBMS itself, and this gateway leads to remote aliases and to 'system' only. Connect \
         to the DBMS to use it."
    );
    failure("Neo.ClientError.Database.DatabaseNotFound", "22N51", message)
}

/// `USE` with a function.
pub(crate) fn dynamic_use() -> Failure {
    let message = "USE takes the name of a database or alias here: functions choose among the constituents of a composite \
                   database, which this gateway does not have.";
    failure("Neo.ClientError.Statement.SyntaxError", "42N01", message)
}

/// A transaction has begun on one database and goes on with another one.
pub(crate) fn second_database(first: &str, second: &str) -> Failure {
    let message =
        format!("The transaction is on '{first}' and cannot go on with '{second}': use one transaction for each.");
    failure("Neo.ClientError.Statement.AccessMode", "42N03", message)
}

/// A bookmark that nobody can place.
pub(crate) fn foreign_bookmark(error: &dyn std::error::Error) -> Failure {
    failure("Neo.ClientError.Transaction.InvalidBookmark", "08N12", error.to_string())
}

/// A request that cannot be what it is.
pub(crate) fn invalid(message: impl Into<String>) -> Failure {
    failure(INVALID, "08N06", message)
}

/// A parameter is of a type that the remote DBMS does not know.
pub(crate) fn unknown_type(alias: &str, version: impl std::fmt::Display) -> Failure {
    let message = format!(
        "A parameter has a type that the database behind '{alias}' does not know: it speaks Bolt {version}, which has none such."
    );
    failure("Neo.ClientError.Statement.TypeError", "22N01", message)
}

/// `ROLLBACK` after administration commands.
pub(crate) fn not_rolled_back() -> Failure {
    let message =
        "What administration commands changed was not rolled back: each takes effect by itself when it is run.";
    failure("Neo.ClientError.Transaction.ForbiddenDueToTransactionType", "25N02", message)
}

/// The gateway is at fault.
pub(crate) fn fault(message: &str) -> Failure {
    failure("Neo.DatabaseError.General.UnknownError", "50N00", message)
}

/// What the catalog says, as drivers understand it. Its rejections come with codes for them.
pub(crate) fn of_catalog(said: &CatalogFailure) -> Failure {
    let message = match said.hint.as_str() {
        "" => said.message.clone(),
        // Some sentences are Neo4j's, and have no end.
        hint => format!("{}. {hint}", said.message.trim_end_matches('.')),
    };
    let code = match said.neo4j_code.as_str() {
        "" if said.class == Class::Rejected => "Neo.ClientError.General.UnknownError",
        "" if said.class == Class::OutcomeUnknown => "Neo.DatabaseError.Transaction.TransactionCommitFailed",
        // The codes say which member to ask, or that the address is of no use: to the driver that would be the gateway.
        code if is_transient(said.class) && !code.starts_with("Neo.ClientError.Security.") => TRANSIENT,
        "" => "Neo.DatabaseError.General.UnknownError",
        code => code,
    };
    let status = |code: &str| GqlStatus::new(code, &format!("error: {}", said.message));
    let mut statuses = said.gqlstatus.iter();
    let mut first = statuses.next().map_or_else(GqlStatus::unknown, |code| status(code));
    first.diagnostic_record = diagnostic_record(said);
    let causes = statuses.map(|code| Cause { message: said.message.clone(), status: status(code) }).collect();
    Failure { code: code.to_owned(), message, status: first, causes }
}

/// Where in the statement's text it is at fault, if anywhere, by the names of the GQL standard.
fn diagnostic_record(said: &CatalogFailure) -> Map {
    let Some(TextPosition { offset, line, column }) = said.position else { return Map::new() };
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let position = Map::new().with("offset", number(offset)).with("line", number(line)).with("column", number(column));
    Map::new()
        .with("OPERATION", "")
        .with("OPERATION_CODE", "0")
        .with("CURRENT_SCHEMA", "/")
        .with("_classification", "CLIENT_ERROR")
        .with("_position", position)
}

fn is_transient(class: Class) -> bool {
    matches!(class, Class::RetryHere | Class::GoToLeader)
}

/// What the catalog says when the gateway resolves a name, or a home, on a user's behalf. A name that the gateway has no rights for
/// leads nowhere, as one that does not exist: which of both it is, is not for the user to learn.
pub(crate) fn of_resolve(said: &CatalogFailure, user: &str, name: Option<&str>) -> Failure {
    if is_of_gateway(said, user) {
        return match name.and_then(|name| CatalogName::new(name).ok()) {
            Some(name) => of_catalog(&not_found(&name)),
            None => fault("The gateway may not resolve names for this user: its own log says why."),
        };
    }
    match said.code.as_str() {
        "USER_UNKNOWN" | "USER_SUSPENDED" => login_ended(),
        _ => of_catalog(said),
    }
}

/// Whether the catalog refuses what the gateway itself may not do, which an operator has to put right.
pub(crate) fn is_of_gateway(said: &CatalogFailure, user: &str) -> bool {
    let is_of_user = ["USER_UNKNOWN", "USER_SUSPENDED", "PASSWORD_CHANGE_REQUIRED"].contains(&said.code.as_str())
        && said.message.contains(&format!("'{user}'"));
    let is_refused = said.neo4j_code.is_empty() || said.neo4j_code.starts_with("Neo.ClientError.Security.");
    is_refused && said.class == Class::Rejected && !is_of_user
}

/// As the catalog says it of a name that does not exist, or may not be known.
fn not_found(name: &CatalogName) -> CatalogFailure {
    let message = Rejection::DatabaseNotFound { name: name.into() }.to_string();
    CatalogFailure::rejected(GrpcCode::NotFound, "DATABASE_NOT_FOUND", message)
        .with_hint("Check the name, and that you have ACCESS on it.")
        .with_neo4j(&["22N51"], "Neo.ClientError.Database.DatabaseNotFound")
}

/// Whether the catalog says that it does not know the caller any more.
pub(crate) fn is_about_login(said: &CatalogFailure) -> bool {
    said.class == Class::Rejected && (said.code == "CREDENTIALS_ENDED" || said.code.starts_with("TOKEN_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_failure_makes_a_driver_leave_the_gateway() {
        let mut said = CatalogFailure::retry_here("NOT_SERVING", "The member has stopped.");
        let codes = ["", "Neo.TransientError.General.DatabaseUnavailable", "Neo.ClientError.Cluster.NotALeader"];
        for code in codes {
            said.neo4j_code = code.to_owned();
            let told = of_catalog(&said);
            assert_eq!((told.code.as_str(), told.status.code.as_str()), (TRANSIENT, "50N42"));
        }
        said.neo4j_code = "Neo.ClientError.Security.AuthenticationRateLimit".to_owned();
        assert_eq!(of_catalog(&said).code, said.neo4j_code);
    }

    #[test]
    fn an_unknown_outcome_is_nothing_to_be_tried_again_blindly() {
        let said = CatalogFailure::outcome_unknown("OUTCOME_UNKNOWN", "It is not known whether it took effect.");
        assert!(of_catalog(&said).code.starts_with("Neo.DatabaseError."));
    }

    #[test]
    fn a_rejection_keeps_its_codes_and_its_way_out() {
        let said = CatalogFailure::rejected(GrpcCode::NotFound, "ALIAS_NOT_FOUND", "There is no alias 'films'.")
            .with_hint("Look at SHOW ALIASES.")
            .with_neo4j(&["42001", "42N00"], "Neo.ClientError.Database.DatabaseNotFound")
            .with_position(Some(TextPosition { offset: 11, line: 1, column: 12 }));
        let told = of_catalog(&said);
        assert_eq!(told.code, "Neo.ClientError.Database.DatabaseNotFound");
        assert_eq!(told.message, "There is no alias 'films'. Look at SHOW ALIASES.");
        assert_eq!((told.status.code.as_str(), told.causes.len()), ("42001", 1));
        assert_eq!(told.causes[0].status.code, "42N00");
        let position = Map::new().with("offset", 11_i64).with("line", 1_i64).with("column", 12_i64);
        assert_eq!(told.status.diagnostic_record.get("_position"), Some(&position.into()));
    }

    #[test]
    fn rights_that_the_gateway_lacks_are_no_matter_of_the_user() {
        let said =
            CatalogFailure::rejected(GrpcCode::PermissionDenied, "PERMISSION_DENIED", "'gateway' needs IMPERSONATE.")
                .with_neo4j(&["42NFF"], "Neo.ClientError.Security.Forbidden");
        let told = of_resolve(&said, "carol", None);
        assert_eq!(told.code, "Neo.DatabaseError.General.UnknownError");
        assert!(!told.message.contains("IMPERSONATE"));
        let told = of_resolve(&said, "carol", Some("Films"));
        assert_eq!(
            (told.code.as_str(), told.status.code.as_str()),
            ("Neo.ClientError.Database.DatabaseNotFound", "22N51")
        );
        assert!(told.message.contains("'films'") && !told.message.contains("IMPERSONATE"), "{}", told.message);
    }

    #[test]
    fn a_user_who_is_gone_has_to_log_in_again() {
        let gone = |message: &str| {
            let said = CatalogFailure::rejected(GrpcCode::Unauthenticated, "USER_SUSPENDED", message)
                .with_neo4j(&["42NFF"], "Neo.ClientError.Security.Unauthorized");
            of_resolve(&said, "carol", None).code
        };
        assert_eq!(gone("The user 'carol' is suspended."), AUTHORIZATION_EXPIRED);
        assert_eq!(gone("The user 'gateway' is suspended."), "Neo.DatabaseError.General.UnknownError");
    }
}
