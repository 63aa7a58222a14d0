//! Protobuf to the types of the use cases and back. Decides nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use aliasd_catalog::{CatalogName, RequestId, ResolveTarget, Revision, UserName, WatchEvent, WatchKind, WatchSubject};
use aliasd_cypher::Parameters;
use aliasd_service::account::Effective;
use aliasd_service::resolve::Resolved;
use aliasd_service::watch::Message;
use aliasd_service::{Failure, Freshness, NodeFailure};
use aliasd_wire::v1::freshness::Level;
use aliasd_wire::value::map_from_proto;
use aliasd_wire::{privilege, route, v1};

use super::failure::leader_to_proto;

/// Most names that a watch filters by.
const FILTER_NAMES_MAX: usize = 10_000;

fn invalid(field: &str, reason: &str) -> Failure {
    NodeFailure::InvalidRequest { field: field.into(), reason: reason.into() }.into()
}

/// The id of a request; nothing if the caller chose none.
pub(super) fn request_id(bytes: &[u8]) -> Result<Option<RequestId>, Failure> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let id = bytes.try_into().map_err(|_| invalid("request_id", "must hold 16 bytes, or none"))?;
    Ok(Some(RequestId(id)))
}

pub(super) fn parameters(parameters: BTreeMap<String, v1::Value>) -> Result<Parameters, Failure> {
    let values = map_from_proto(parameters);
    Ok(Parameters::new(values.map_err(|error| NodeFailure::InvalidValue { reason: error.to_string() })?))
}

/// Absent means linearizable: a caller that says nothing is never given less than everything.
pub(super) fn freshness(freshness: Option<v1::Freshness>) -> Freshness {
    match freshness.and_then(|freshness| freshness.level) {
        Some(Level::Local(())) => Freshness::Local,
        Some(Level::AtLeast(revision)) => Freshness::AtLeast(Revision(revision)),
        Some(Level::Linearizable(())) | None => Freshness::Linearizable,
    }
}

pub(super) fn user_name(name: &str) -> Result<UserName, Failure> {
    UserName::new(name).map_err(|rejection| Failure::from(&rejection))
}

pub(super) fn resolve_target(target: Option<v1::resolve_request::Target>) -> Result<ResolveTarget, Failure> {
    match target.ok_or_else(|| invalid("target", "is missing: give a name, or home"))? {
        v1::resolve_request::Target::Home(()) => Ok(ResolveTarget::Home),
        v1::resolve_request::Target::Name(name) => Ok(ResolveTarget::Name(catalog_name(&name)?)),
    }
}

pub(super) fn catalog_name(name: &str) -> Result<CatalogName, Failure> {
    CatalogName::new(name).map_err(|rejection| Failure::from(&rejection))
}

pub(super) fn filter(filter: Option<v1::NameFilter>) -> Result<Option<BTreeSet<CatalogName>>, Failure> {
    let Some(v1::NameFilter { names }) = filter else { return Ok(None) };
    if names.len() > FILTER_NAMES_MAX {
        return Err(invalid("filter.names", "must hold at most 10,000 names"));
    }
    names.iter().map(|name| catalog_name(name)).collect::<Result<_, _>>().map(Some)
}

pub(super) fn resolved(Resolved { route, password, revision, leader }: Resolved) -> v1::ResolveResponse {
    let route = route::to_proto(&route, password.as_ref());
    v1::ResolveResponse { route: Some(route), served_at_revision: revision.0, leader: leader.map(leader_to_proto) }
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
        Message::Batch { revision, events, continued } => {
            let changes = events.into_iter().map(change).collect();
            Part::Batch(v1::ChangeBatch { revision: revision.0, changes, continued })
        }
        Message::Progress { revision, staleness, interval, since_begin, user } => {
            let [interval, staleness, since_begin] =
                [interval, staleness, since_begin].map(|time| Some(duration(time)));
            let (revision, user) = (revision.0, Some(user.to_string()));
            Part::Progress(v1::ProgressMark { revision, interval, staleness, since_begin, user })
        }
    };
    v1::WatchResponse { event: Some(part) }
}

fn change(WatchEvent { subject, name, kind }: WatchEvent) -> v1::Change {
    let subject = match subject {
        WatchSubject::Alias => v1::ChangeSubject::Alias,
        WatchSubject::Database => v1::ChangeSubject::Database,
        WatchSubject::User => v1::ChangeSubject::User,
        WatchSubject::Role => v1::ChangeSubject::Role,
        WatchSubject::Settings => v1::ChangeSubject::Settings,
    };
    let kind = match kind {
        WatchKind::Created => v1::ChangeKind::Created,
        WatchKind::Altered => v1::ChangeKind::Altered,
        WatchKind::Dropped => v1::ChangeKind::Dropped,
        WatchKind::AccessChanged => v1::ChangeKind::AccessChanged,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freshness_is_linearizable_unless_stated() {
        assert_eq!(freshness(None), Freshness::Linearizable);
        assert_eq!(freshness(Some(v1::Freshness::default())), Freshness::Linearizable);
        let stated = [
            (Level::Local(()), Freshness::Local),
            (Level::AtLeast(7), Freshness::AtLeast(Revision(7))),
            (Level::Linearizable(()), Freshness::Linearizable),
        ];
        for (level, expected) in stated {
            assert_eq!(freshness(Some(v1::Freshness { level: Some(level) })), expected);
        }
    }
}
