//! Outcomes of requests.

use aliasd_catalog::{Effect, Notification, Outcome, Rejection};

use super::FieldError;
use super::parts::{catalog_name, role_name, text};
use super::proto::{self, notification::Kind, outcome::Answer};

pub(super) fn to_proto(outcome: &Outcome) -> proto::Outcome {
    let answer = match outcome {
        Ok(Effect { system_updates, notifications }) => Answer::Effect(proto::Effect {
            system_updates: *system_updates,
            notifications: notifications.iter().map(notification).collect(),
        }),
        Err(rejection) => {
            Answer::Rejection(proto::Rejection { code: rejection.code().code.to_owned(), values: rejection.values() })
        }
    };
    proto::Outcome { answer: Some(answer) }
}

pub(super) fn from_proto(stored: Option<proto::Outcome>) -> Result<Outcome, FieldError> {
    match stored.and_then(|stored| stored.answer).ok_or_else(|| FieldError::missing("outcome"))? {
        Answer::Effect(proto::Effect { system_updates, notifications }) => {
            let notifications = notifications.into_iter().map(notification_from).collect::<Result<_, _>>()?;
            Ok(Ok(Effect { system_updates, notifications }))
        }
        Answer::Rejection(proto::Rejection { code, values }) => {
            let rejection = Rejection::from_parts(&code, &values);
            rejection
                .map(Err)
                .ok_or_else(|| FieldError::newer(format!("rejection '{code}' with {} values", values.len())))
        }
    }
}

fn notification(notification: &Notification) -> proto::Notification {
    let kind = match notification {
        Notification::HomeDatabaseNotFound(name) => Kind::HomeDatabaseNotFound(text(name)),
        Notification::AlreadyAssigned { role } => Kind::AlreadyAssigned(text(role)),
        Notification::NotAssigned { role } => Kind::NotAssigned(text(role)),
        Notification::ImpossibleRevoke { entity, name } => {
            Kind::ImpossibleRevoke(proto::ImpossibleRevoke { entity: entity.clone(), name: name.clone() })
        }
        Notification::OidcForwardingDisabled => Kind::OidcForwardingDisabled(()),
        Notification::Omitted { count } => Kind::Omitted(*count),
    };
    proto::Notification { kind: Some(kind) }
}

fn notification_from(stored: proto::Notification) -> Result<Notification, FieldError> {
    Ok(match stored.kind.ok_or_else(|| FieldError::missing("notification"))? {
        Kind::HomeDatabaseNotFound(name) => Notification::HomeDatabaseNotFound(catalog_name(&name)?),
        Kind::AlreadyAssigned(role) => Notification::AlreadyAssigned { role: role_name(&role)? },
        Kind::NotAssigned(role) => Notification::NotAssigned { role: role_name(&role)? },
        Kind::ImpossibleRevoke(proto::ImpossibleRevoke { entity, name }) => {
            Notification::ImpossibleRevoke { entity, name }
        }
        Kind::OidcForwardingDisabled(()) => Notification::OidcForwardingDisabled,
        Kind::Omitted(count) => Notification::Omitted { count },
    })
}
