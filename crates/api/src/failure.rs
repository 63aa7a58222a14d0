//! How a failure is told over gRPC: the table of status codes, for callers that know nothing else, and the error model of
//! the surface beside it.

use aliasd_service::{Class, Failure, Leader, TextPosition};
use aliasd_wire::failure::{self as wire, Failure as WireFailure, GrpcCode};
use aliasd_wire::v1;
use tonic::Status;

/// A failure as a status.
pub(super) fn status(failure: Failure) -> Status {
    error(failure).to_status()
}

fn error(failure: Failure) -> WireFailure {
    let Failure { class, code, message, hint, gqlstatus, neo4j_code, leader, retry_after, resume_revision, position } =
        failure;
    WireFailure {
        class: class_on_the_wire(class),
        code: code.to_owned(),
        message,
        hint: hint.into_owned(),
        gqlstatus: gqlstatus.into_iter().map(str::to_owned).collect(),
        neo4j_code: neo4j_code.to_owned(),
        grpc_code: grpc_code(class, code),
        leader: leader.map(leader_to_proto),
        retry_after,
        resume_revision: resume_revision.map(|revision| revision.0),
        position: position.map(|TextPosition { offset, line, column }| wire::TextPosition {
            offset: offset as u64,
            line: line as u64,
            column: column as u64,
        }),
    }
}

/// The class by its name in the interface.
pub fn class_on_the_wire(class: Class) -> wire::Class {
    match class {
        Class::Rejected => wire::Class::Rejected,
        Class::RetryHere => wire::Class::RetryHere,
        Class::GoToLeader => wire::Class::GoToLeader,
        Class::OutcomeUnknown => wire::Class::OutcomeUnknown,
        Class::Bug => wire::Class::Bug,
    }
}

pub(super) fn leader_to_proto(Leader { node, client_address }: Leader) -> v1::Leader {
    v1::Leader { node_id: node, client_address }
}

/// The nearest gRPC code, for callers that know no other. Goes by class and stable code.
pub fn grpc_code(class: Class, code: &str) -> GrpcCode {
    match class {
        Class::Rejected => rejected(code),
        Class::RetryHere => match code {
            "LOGIN_BUSY" | "LOGIN_THROTTLED" | "LISTING_CUT" | "WATCH_TOO_SLOW" | "WATCH_NOT_READ" => {
                GrpcCode::ResourceExhausted
            }
            "WATCH_COMPACTED" => GrpcCode::OutOfRange,
            _ => GrpcCode::Unavailable,
        },
        Class::GoToLeader => GrpcCode::Unavailable,
        Class::OutcomeUnknown => GrpcCode::Unknown,
        Class::Bug => GrpcCode::Internal,
    }
}

fn rejected(code: &str) -> GrpcCode {
    match code {
        "CREDENTIALS_MISSING"
        | "CREDENTIALS_INVALID"
        | "CERTIFICATE_UNMAPPED"
        | "CERTIFICATE_EXPIRED"
        | "TOKEN_ENDED"
        | "TOKEN_EXPIRED"
        | "TOKEN_INVALID"
        | "AUTHORIZATION_INVALID"
        | "CREDENTIALS_ENDED"
        | "USER_UNKNOWN"
        | "USER_SUSPENDED" => GrpcCode::Unauthenticated,
        "OPERATOR_ONLY"
        | "NEIGHBOUR_ONLY"
        | "PERMISSION_DENIED"
        | "IMMUTABLE_DENIED"
        | "OWN_USER_PROTECTED"
        | "PASSWORD_CHANGE_REQUIRED"
        | "OIDC_FORWARDING_DISABLED" => GrpcCode::PermissionDenied,
        "LEADERSHIP_NOT_TAKEN"
        | "SUCCESSOR_UNFIT"
        | "INIT_OTHER_MEMBERS"
        | "CLUSTER_NOT_FORMED"
        | "KEY_NOT_ACTIVE"
        | "DATABASE_HAS_ALIASES"
        | "DATABASE_PROTECTED"
        | "CREDENTIALS_CHANGED"
        | "REQUEST_ID_REUSED"
        | "REQUEST_TOO_OLD"
        | "DATABASE_STOPPED"
        | "LAST_ADMINISTRATOR"
        | "NAME_AMBIGUOUS"
        | "ALIAS_CREDENTIAL_KIND"
        | "ALIAS_REMOTE_TO_LOCAL"
        | "ALIAS_LOCAL_TO_REMOTE" => GrpcCode::FailedPrecondition,
        "CALL_UNKNOWN" => GrpcCode::Unimplemented,
        "CLUSTER_ALREADY_FORMED" | "AUTH_ID_TAKEN" => GrpcCode::AlreadyExists,
        "NO_SUCH_DATABASE" => GrpcCode::NotFound,
        _ if code.ends_with("_NOT_FOUND") => GrpcCode::NotFound,
        _ if code.ends_with("_EXISTS") => GrpcCode::AlreadyExists,
        _ => GrpcCode::InvalidArgument,
    }
}

#[cfg(test)]
mod tests {
    use aliasd_catalog::{CatalogName, Explanation, Rejection, Revision, UserName};
    use aliasd_cypher::ErrorCode;
    use aliasd_service::NodeFailure;
    use aliasd_wire::explanation;

    use super::*;

    #[test]
    fn a_failure_says_what_to_do_next() {
        let error = error(NodeFailure::RevisionNotReached { wanted: "7".into(), applied: "5".into() }.into());
        assert_eq!((error.class, error.grpc_code), (wire::Class::RetryHere, GrpcCode::Unavailable));
        assert_eq!(error.message, "This node has not reached revision 7 yet; it is at 5.");
    }

    #[test]
    fn what_is_wrong_with_a_text_is_an_invalid_argument() {
        for code in ErrorCode::ALL {
            assert_eq!(grpc_code(Class::Rejected, code.as_str()), GrpcCode::InvalidArgument, "{}", code.as_str());
        }
    }

    /// The place is told apart from the message, which gives it too, in the same words.
    #[test]
    fn where_a_text_is_at_fault_reaches_the_caller() {
        let error = aliasd_cypher::parse("SHOW\n  /* ä */ NONSENSE").unwrap_err();
        let told = WireFailure::from_status(&status(Failure::from(&error)));
        let position = wire::TextPosition { offset: 16, line: 2, column: 11 };
        assert_eq!(told.position, Some(position));
        assert!(told.message.lines().next().unwrap().ends_with(&position.to_string()), "{}", told.message);
        assert_eq!(WireFailure::from_status(&status(NodeFailure::NoLeader {}.into())).position, None);
    }

    #[test]
    fn rejections_keep_code_status_and_hint() {
        let rejection = Rejection::AliasExists { name: "films".into() };
        let error = WireFailure::from_status(&status(Failure::from(&rejection)));
        assert_eq!(error.class, wire::Class::Rejected);
        assert_eq!(error.code, rejection.code().code);
        assert_eq!(error.message, rejection.to_string());
        assert_eq!(error.hint, rejection.hint());
        assert_eq!(error.gqlstatus, rejection.code().gqlstatus);
        assert_eq!(error.neo4j_code, rejection.code().neo4j_code);
        assert_eq!(error.grpc_code, GrpcCode::AlreadyExists);
    }

    #[test]
    fn every_rejection_has_a_grpc_code_that_says_no() {
        for row in Rejection::table() {
            let no = [
                GrpcCode::InvalidArgument,
                GrpcCode::NotFound,
                GrpcCode::AlreadyExists,
                GrpcCode::PermissionDenied,
                GrpcCode::Unauthenticated,
                GrpcCode::FailedPrecondition,
            ];
            assert!(no.contains(&grpc_code(Class::Rejected, row.code)), "{}", row.code);
        }
    }

    #[test]
    fn a_refusal_in_an_explanation_has_the_parts_of_an_error() {
        let rejection = Rejection::DatabaseNotFound { name: "films".into() };
        let error = error(Failure::from(&rejection));
        let explained = Explanation { verdict: Err(rejection), rules: Vec::new() };
        let (user, name) = (UserName::new("carol").unwrap(), CatalogName::new("films").unwrap());
        let sent = explanation::to_proto(&user, &name, &explained, Revision(11), |_| String::new());
        let Some(v1::explain_access_response::Verdict::Refusal(refusal)) = sent.verdict else {
            panic!("it is refused");
        };
        let expected = v1::Refusal {
            code: error.code,
            message: error.message,
            hint: error.hint,
            gqlstatus: error.gqlstatus,
            neo4j_code: error.neo4j_code,
        };
        assert_eq!(refusal, expected);
    }

    #[test]
    fn the_whole_failure_reaches_the_caller() {
        let leader = Leader { node: 3, client_address: "c.example:7680".to_owned() };
        let failure = Failure::not_leader(Some(leader));
        let error = WireFailure::from_status(&status(failure));
        assert_eq!((error.code.as_str(), error.class), ("NOT_LEADER", wire::Class::GoToLeader));
        assert_eq!(error.leader.map(|leader| leader.client_address).as_deref(), Some("c.example:7680"));
        assert_eq!(error.neo4j_code, "Neo.ClientError.Cluster.NotALeader");
        assert_eq!(error.hint, "Send the request to the leader.");
    }
}
