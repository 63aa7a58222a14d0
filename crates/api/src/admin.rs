//! `aliasd.v1.Admin`: protobuf in, protobuf out. Decides nothing.

use std::mem::take;
use std::pin::Pin;

use aliasd_catalog::{Revision, Value};
use aliasd_cypher::ast::Deprecation;
use aliasd_service::Written;
use aliasd_service::execute::{Answer, Execute, Executed, Listed, Statement};
use aliasd_wire::v1;
use aliasd_wire::v1::admin_server::Admin;
use aliasd_wire::v1::execute_response::Part;
use futures::{Stream, StreamExt, stream};
use tonic::{Request, Response, Status};
use zeroize::Zeroizing;

use super::failure::{leader_to_proto, status};
use super::{caller, convert};

pub(super) struct AdminService(pub(super) Execute);

type Parts = Pin<Box<dyn Stream<Item = Result<v1::ExecuteResponse, Status>> + Send>>;

#[tonic::async_trait]
impl Admin for AdminService {
    type ExecuteStream = Parts;

    async fn execute(&self, request: Request<v1::ExecuteRequest>) -> Result<Response<Parts>, Status> {
        let caller = caller(&request).map_err(status)?.clone();
        let mut request = request.into_inner();
        let parameters = convert::parameters(take(&mut request.parameters)).map_err(status)?;
        let statement = Statement {
            text: Zeroizing::new(take(&mut request.statement)),
            parameters,
            request: convert::request_id(&request.request_id).map_err(status)?,
            made_at: request.first_sent_after_revision.map(Revision),
            freshness: convert::freshness(request.freshness.take()),
        };
        let executed = self.0.execute(&caller, statement).await.map_err(status)?;
        let Executed { answer, deprecations, leader } = executed;
        let deprecated = deprecations.iter().map(deprecated).collect();
        let leader = leader.map(leader_to_proto);
        Ok(Response::new(match answer {
            Answer::Written(written) => write_parts(written, deprecated, leader),
            Answer::Listed(listed) => listing_parts(listed, deprecated, leader),
        }))
    }
}

fn part(part: Part) -> Result<v1::ExecuteResponse, Status> {
    Ok(v1::ExecuteResponse { part: Some(part) })
}

fn deprecated(deprecation: &Deprecation) -> v1::Notification {
    v1::Notification {
        code: deprecation.code().to_owned(),
        gqlstatus: deprecation.gqlstatus().to_owned(),
        neo4j_code: deprecation.neo4j_code().to_owned(),
        severity: v1::NotificationSeverity::Warning.into(),
        message: deprecation.message(),
        hint: deprecation.hint().to_owned(),
    }
}

/// `notifications` are those of the text; those of what it did come after them.
fn write_parts(
    Written { revision, effect }: Written,
    mut notifications: Vec<v1::Notification>,
    leader: Option<v1::Leader>,
) -> Parts {
    notifications.extend(effect.notifications.iter().map(v1::Notification::from));
    let summary = v1::Summary {
        counters: Some(v1::Counters { system_updates: effect.system_updates }),
        notifications,
        revision: revision.0,
        leader,
    };
    let header = Part::Header(v1::Header { columns: Vec::new() });
    Box::pin(stream::iter([part(header), part(Part::Summary(summary))]))
}

fn listing_parts(
    Listed { columns, rows, revision }: Listed,
    notifications: Vec<v1::Notification>,
    leader: Option<v1::Leader>,
) -> Parts {
    let header = stream::iter([part(Part::Header(v1::Header { columns }))]);
    let summary =
        v1::Summary { counters: Some(v1::Counters { system_updates: 0 }), notifications, revision: revision.0, leader };
    let chunks = stream::unfold(Some((rows, summary)), |state| async move {
        let (mut rows, summary) = state?;
        match rows.next().await {
            Ok(Some(chunk)) => Some((part(Part::Rows(to_rows(&chunk))), Some((rows, summary)))),
            Ok(None) => Some((part(Part::Summary(summary)), None)),
            // A stream that fails has no summary.
            Err(failure) => Some((Err(status(failure)), None)),
        }
    });
    Box::pin(header.chain(chunks))
}

fn to_rows(chunk: &[Vec<Value>]) -> v1::Rows {
    let row = |values: &Vec<Value>| v1::Row { values: values.iter().map(Into::into).collect() };
    v1::Rows { rows: chunk.iter().map(row).collect() }
}
