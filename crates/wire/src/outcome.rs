//! Outcomes of the catalog, as told to callers.

use aliasd_catalog::{Notification, Rejection};
use tonic::Code;

use crate::error::Error;
use crate::v1;

impl From<&Notification> for v1::Notification {
    fn from(notification: &Notification) -> Self {
        let (code, severity) = match notification {
            Notification::HomeDatabaseNotFound(_) => ("HOME_DATABASE_NOT_FOUND", v1::NotificationSeverity::Information),
            Notification::AlreadyAssigned { .. } => ("ALREADY_ASSIGNED", v1::NotificationSeverity::Information),
            Notification::NotAssigned { .. } => ("NOT_ASSIGNED", v1::NotificationSeverity::Information),
            Notification::ImpossibleRevoke { .. } => ("IMPOSSIBLE_REVOKE", v1::NotificationSeverity::Warning),
            Notification::OidcForwardingDisabled => ("OIDC_FORWARDING_DISABLED", v1::NotificationSeverity::Warning),
        };
        Self {
            code: code.to_owned(),
            gqlstatus: notification.gqlstatus().to_owned(),
            neo4j_code: notification.neo4j_code().to_owned(),
            severity: severity.into(),
            message: notification.message(),
            hint: String::new(),
        }
    }
}

impl From<&Rejection> for Error {
    fn from(rejection: &Rejection) -> Self {
        let row = rejection.code();
        Self::rejected(grpc_code(row.code), row.code, rejection.to_string())
            .with_hint(row.hint)
            .with_neo4j(row.gqlstatus, row.neo4j_code)
    }
}

/// The nearest gRPC code, for callers that know no other. Goes by the stable codes.
fn grpc_code(code: &str) -> Code {
    match code {
        "USER_UNKNOWN" | "USER_SUSPENDED" => Code::Unauthenticated,
        "PERMISSION_DENIED"
        | "IMMUTABLE_DENIED"
        | "OWN_USER_PROTECTED"
        | "PASSWORD_CHANGE_REQUIRED"
        | "OIDC_FORWARDING_DISABLED" => Code::PermissionDenied,
        "CLUSTER_NOT_FORMED"
        | "KEY_NOT_ACTIVE"
        | "DATABASE_HAS_ALIASES"
        | "DATABASE_PROTECTED"
        | "CREDENTIALS_CHANGED"
        | "DATABASE_STOPPED"
        | "NAME_AMBIGUOUS"
        | "ALIAS_CREDENTIAL_KIND"
        | "ALIAS_REMOTE_TO_LOCAL"
        | "ALIAS_LOCAL_TO_REMOTE" => Code::FailedPrecondition,
        "CLUSTER_ALREADY_FORMED" | "AUTH_ID_TAKEN" => Code::AlreadyExists,
        "NO_SUCH_DATABASE" => Code::NotFound,
        _ if code.ends_with("_NOT_FOUND") => Code::NotFound,
        _ if code.ends_with("_EXISTS") => Code::AlreadyExists,
        _ => Code::InvalidArgument,
    }
}
