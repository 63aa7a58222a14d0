//! `aliasd.v1.Router`: protobuf in, protobuf out. Decides nothing.

use std::pin::Pin;

use aliasd_catalog::{ResolveRequest, Revision};
use aliasd_runtime::SharedRuntime;
use aliasd_service::{Resolve, Watch};
use aliasd_wire::v1;
use aliasd_wire::v1::router_server::Router;
use futures::{Stream, StreamExt};
use tonic::{Request, Response, Status};

use super::failure::status;
use super::taken::{TAKEN_WITHIN, while_taken};
use super::{caller, convert};

pub(super) struct RouterService {
    pub(super) runtime: SharedRuntime,
    pub(super) resolve: Resolve,
    pub(super) watch: Watch,
}

#[tonic::async_trait]
impl Router for RouterService {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<v1::WatchResponse, Status>> + Send>>;

    async fn resolve(&self, request: Request<v1::ResolveRequest>) -> Result<Response<v1::ResolveResponse>, Status> {
        let caller = caller(&request).map_err(status)?.clone();
        let request = request.into_inner();
        let on_behalf_of = request.on_behalf_of.as_deref().map(convert::user_name).transpose().map_err(status)?;
        let target = convert::resolve_target(request.target).map_err(status)?;
        let connected_to = request.connected_to.as_deref().map(convert::catalog_name).transpose().map_err(status)?;
        let with_credentials = request.with_credentials;
        let actor = caller.principal();
        let question = ResolveRequest { actor, on_behalf_of, target, connected_to, with_credentials };
        let resolved = self.resolve.resolve(&caller, &question, convert::freshness(request.freshness)).await;
        Ok(Response::new(convert::resolved(resolved.map_err(status)?)))
    }

    async fn watch(&self, request: Request<v1::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let caller = caller(&request).map_err(status)?.clone();
        let v1::WatchRequest { after_revision, filter, takes_parts } = request.into_inner();
        let names = convert::filter(filter).map_err(status)?;
        let messages = self.watch.watch(caller, names, after_revision.map(Revision), takes_parts).map_err(status)?;
        let messages = while_taken(messages, &self.runtime, TAKEN_WITHIN);
        let messages = messages.map(|message| message.map(convert::message).map_err(status));
        Ok(Response::new(Box::pin(messages)))
    }
}
