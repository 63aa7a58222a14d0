//! Log entries.

use aliasd_catalog::{Entry, Principal, RequestId, Timestamp};

use super::parts::{array, text, user_name};
use super::{FieldError, command, proto};

pub(super) fn to_proto(entry: &Entry) -> proto::Entry {
    let Entry { request, actor, issued_at, command: asked } = entry;
    proto::Entry {
        request_id: request.0.to_vec(),
        actor: match actor {
            Principal::System => None,
            Principal::User(name) => Some(text(name)),
        },
        issued_at_ms: issued_at.0,
        command: Some(command::to_proto(asked)),
    }
}

pub(super) fn from_proto(stored: proto::Entry) -> Result<Entry, FieldError> {
    let proto::Entry { request_id, actor, issued_at_ms, command: asked } = stored;
    Ok(Entry {
        request: RequestId(array(&request_id, "request id")?),
        actor: match actor {
            None => Principal::System,
            Some(name) => Principal::User(user_name(&name)?),
        },
        issued_at: Timestamp(issued_at_ms),
        command: command::from_proto(asked.ok_or_else(|| FieldError::missing("command"))?)?,
    })
}
