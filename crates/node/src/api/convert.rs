//! Protobuf to the session's types and back. Decides nothing.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use aliasd_catalog::{CatalogName, RequestId, ResolveTarget, UserName};
use aliasd_wire::error::Error;
use aliasd_wire::{privilege, route, v1};

use aliasd_service::watch::{Event, Kind, Message, Subject};
use aliasd_service::{Effective, Fault, Resolved};

/// Most names that a watch filters by.
const FILTER_NAMES_MAX: usize = 10_000;

fn invalid(field: &str, reason: &str) -> Error {
    Fault::InvalidRequest { field: field.into(), reason: reason.into() }.into()
}

/// The id of a request; drawn here if the caller chose none.
pub(super) fn request_id(bytes: &[u8]) -> Result<RequestId, Error> {
    if bytes.is_empty() {
        return Ok(RequestId(aliasd_service::random()));
    }
    let id = bytes.try_into().map_err(|_| invalid("request_id", "must hold 16 bytes, or none"))?;
    Ok(RequestId(id))
}

pub(super) fn user_name(name: &str) -> Result<UserName, Error> {
    UserName::new(name).map_err(|rejection| Error::from(&rejection))
}

pub(super) fn resolve_target(target: Option<v1::resolve_request::Target>) -> Result<ResolveTarget, Error> {
    match target.ok_or_else(|| invalid("target", "is missing: give a name, or home"))? {
        v1::resolve_request::Target::Home(()) => Ok(ResolveTarget::Home),
        v1::resolve_request::Target::Name(name) => Ok(ResolveTarget::Name(catalog_name(&name)?)),
    }
}

pub(super) fn catalog_name(name: &str) -> Result<CatalogName, Error> {
    CatalogName::new(name).map_err(|rejection| Error::from(&rejection))
}

pub(super) fn filter(filter: Option<v1::NameFilter>) -> Result<Option<BTreeSet<CatalogName>>, Error> {
    let Some(v1::NameFilter { names }) = filter else { return Ok(None) };
    if names.len() > FILTER_NAMES_MAX {
        return Err(invalid("filter.names", "must hold at most 10,000 names"));
    }
    names.iter().map(|name| catalog_name(name)).collect::<Result<_, _>>().map(Some)
}

pub(super) fn resolved(resolved: &Resolved, leader: Option<v1::Leader>) -> v1::ResolveResponse {
    let route = route::to_proto(&resolved.route, resolved.password.as_ref());
    v1::ResolveResponse { route: Some(route), served_at_revision: resolved.revision.0, leader }
}

pub(super) fn effective(effective: Effective) -> v1::EffectivePrivilegesResponse {
    let Effective { user, roles, suspended, password_change_required, home, grants, revision } = effective;
    let stands_for = home.as_ref().and_then(|home| home.stands_for.as_ref());
    v1::EffectivePrivilegesResponse {
        served_at_revision: revision.0,
        privileges: grants.iter().flat_map(|grant| privilege::to_proto(grant, stands_for)).collect(),
        user: user.to_string(),
        roles,
        suspended,
        password_change_required,
        home: home.map(|home| v1::HomeDatabase {
            name: home.name.to_string(),
            by_default: home.by_default,
            stands_for: home.stands_for.as_ref().map(ToString::to_string),
        }),
    }
}

pub(super) fn message(message: Message) -> v1::WatchResponse {
    use v1::watch_response::Event as Part;
    let part = match message {
        Message::Batch { revision, events } => {
            let changes = events.into_iter().map(change).collect();
            Part::Batch(v1::ChangeBatch { revision: revision.0, changes })
        }
        Message::Progress { revision, interval } => {
            Part::Progress(v1::ProgressMark { revision: revision.0, interval: Some(duration(interval)) })
        }
    };
    v1::WatchResponse { event: Some(part) }
}

fn change(Event { subject, name, kind }: Event) -> v1::Change {
    let subject = match subject {
        Subject::Alias => v1::ChangeSubject::Alias,
        Subject::Database => v1::ChangeSubject::Database,
        Subject::User => v1::ChangeSubject::User,
        Subject::Role => v1::ChangeSubject::Role,
        Subject::Settings => v1::ChangeSubject::Settings,
    };
    let kind = match kind {
        Kind::Created => v1::ChangeKind::Created,
        Kind::Altered => v1::ChangeKind::Altered,
        Kind::Dropped => v1::ChangeKind::Dropped,
        Kind::AccessChanged => v1::ChangeKind::AccessChanged,
    };
    v1::Change { subject: subject.into(), name, kind: kind.into() }
}

fn duration(duration: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(duration.subsec_nanos()).unwrap_or(0),
    }
}

pub(super) fn timestamp(time: SystemTime) -> prost_types::Timestamp {
    time.into()
}
