//! Notifications of the catalog, as callers get them.

use aliasd_catalog::Notification;

use crate::v1;

impl From<&Notification> for v1::Notification {
    fn from(notification: &Notification) -> Self {
        let (code, severity) = match notification {
            Notification::HomeDatabaseNotFound(_) => ("HOME_DATABASE_NOT_FOUND", v1::NotificationSeverity::Information),
            Notification::AlreadyAssigned { .. } => ("ALREADY_ASSIGNED", v1::NotificationSeverity::Information),
            Notification::NotAssigned { .. } => ("NOT_ASSIGNED", v1::NotificationSeverity::Information),
            Notification::ImpossibleRevoke { .. } => ("IMPOSSIBLE_REVOKE", v1::NotificationSeverity::Warning),
            Notification::OidcForwardingDisabled => ("OIDC_FORWARDING_DISABLED", v1::NotificationSeverity::Warning),
            Notification::Omitted { .. } => ("NOTIFICATIONS_OMITTED", v1::NotificationSeverity::Information),
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
