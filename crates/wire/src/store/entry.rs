//! Log entries.

use aliasd_catalog::{Entry, RequestId, RequestOrigin, Revision, StatementFingerprint, Timestamp};

use super::parts::{actor, actor_from, array};
use super::{FieldError, command, proto};

pub(super) fn to_proto(entry: &Entry) -> proto::Entry {
    let Entry { request, actor: who, issued_at, command: asked, origin } = entry;
    proto::Entry {
        request_id: request.0.to_vec(),
        actor: actor(who),
        issued_at_ms: issued_at.0,
        command: Some(command::to_proto(asked)),
        origin: origin.map(origin_to),
    }
}

fn origin_to(origin: RequestOrigin) -> proto::RequestOrigin {
    let RequestOrigin { made_at, fingerprint, credential_revision, by_certificate } = origin;
    proto::RequestOrigin {
        made_at_revision: made_at.0,
        fingerprint: fingerprint.0.to_vec(),
        credential_revision: credential_revision.map(|revision| revision.0),
        by_certificate,
    }
}

pub(super) fn from_proto(stored: proto::Entry) -> Result<Entry, FieldError> {
    let proto::Entry { request_id, actor: who, issued_at_ms, command: asked, origin } = stored;
    Ok(Entry {
        request: RequestId(array(&request_id, "request id")?),
        actor: actor_from(who)?,
        issued_at: Timestamp(issued_at_ms),
        command: command::from_proto(asked.ok_or_else(|| FieldError::missing("command"))?)?,
        origin: origin.map(origin_from).transpose()?,
    })
}

fn origin_from(stored: proto::RequestOrigin) -> Result<RequestOrigin, FieldError> {
    let proto::RequestOrigin { made_at_revision, fingerprint, credential_revision, by_certificate } = stored;
    Ok(RequestOrigin {
        made_at: Revision(made_at_revision),
        fingerprint: StatementFingerprint(array(&fingerprint, "fingerprint")?),
        credential_revision: credential_revision.map(Revision),
        by_certificate,
    })
}
