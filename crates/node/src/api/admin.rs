//! `aliasd.v1.Admin`: protobuf in, protobuf out. Decides nothing.

use std::mem::take;
use std::pin::Pin;
use std::sync::Arc;

use aliasd_catalog::Value;
use aliasd_cypher::Parameters;
use aliasd_cypher::ast::Deprecation;
use aliasd_wire::error::Error;
use aliasd_wire::v1;
use aliasd_wire::v1::admin_server::Admin;
use aliasd_wire::v1::execute_response::Part;
use aliasd_wire::value::map_from_proto;
use futures::{Stream, StreamExt, stream};
use tonic::{Request, Response, Status};
use zeroize::Zeroizing;

use super::{caller, convert};
use aliasd_service::{Answer, Executed, Fault, Listed, Session, Statement, Written};

pub(super) struct AdminService(pub(super) Arc<Session>);

type Parts = Pin<Box<dyn Stream<Item = Result<v1::ExecuteResponse, Status>> + Send>>;

#[tonic::async_trait]
impl Admin for AdminService {
    type ExecuteStream = Parts;

    async fn execute(&self, request: Request<v1::ExecuteRequest>) -> Result<Response<Parts>, Status> {
        let user = caller(&request)?.user.clone();
        let mut request = request.into_inner();
        let parameters = map_from_proto(take(&mut request.parameters)).map_err(Error::from)?;
        let statement = Statement {
            text: Zeroizing::new(take(&mut request.statement)),
            parameters: Parameters::new(parameters),
            request: convert::request_id(&request.request_id)?,
            freshness: request.freshness.take().into(),
        };
        let Executed { answer, deprecations } = self.0.execute(&user, statement).await?;
        let deprecated = deprecations.iter().map(deprecated).collect();
        let leader = self.0.leader();
        Ok(Response::new(match answer {
            Answer::Written(written) => wrote(written, deprecated, leader),
            Answer::Listed(listed) => lists(listed, deprecated, leader),
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
fn wrote(
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

fn lists(
    Listed { columns, rows, revision }: Listed,
    notifications: Vec<v1::Notification>,
    leader: Option<v1::Leader>,
) -> Parts {
    let header = stream::iter([part(Part::Header(v1::Header { columns }))]);
    let summary =
        v1::Summary { counters: Some(v1::Counters { system_updates: 0 }), notifications, revision: revision.0, leader };
    let chunks = stream::unfold(Some((rows, summary)), |state| async move {
        let (mut rows, summary) = state?;
        match rows.recv().await {
            Some(Ok(chunk)) if chunk.is_empty() => Some((part(Part::Summary(summary)), None)),
            Some(Ok(chunk)) => Some((part(Part::Rows(to_rows(&chunk))), Some((rows, summary)))),
            // A stream that fails has no summary.
            Some(Err(error)) => Some((Err(error.into()), None)),
            None => Some((Err(Error::from(Fault::ListingCut {}).into()), None)),
        }
    });
    Box::pin(header.chain(chunks))
}

fn to_rows(chunk: &[Vec<Value>]) -> v1::Rows {
    let row = |values: &Vec<Value>| v1::Row { values: values.iter().map(Into::into).collect() };
    v1::Rows { rows: chunk.iter().map(row).collect() }
}
