//! `aliasd.v1.Router`: protobuf in, protobuf out. Decides nothing.

use std::pin::Pin;
use std::sync::Arc;

use aliasd_catalog::{Principal, ResolveRequest, Revision};
use aliasd_wire::v1;
use aliasd_wire::v1::router_server::Router;
use futures::{Stream, StreamExt};
use tonic::{Request, Response, Status};

use super::{caller, convert};
use aliasd_service::Session;

pub(super) struct RouterService(pub(super) Arc<Session>);

#[tonic::async_trait]
impl Router for RouterService {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<v1::WatchResponse, Status>> + Send>>;

    async fn resolve(&self, request: Request<v1::ResolveRequest>) -> Result<Response<v1::ResolveResponse>, Status> {
        let actor = Principal::User(caller(&request)?.user.clone());
        let request = request.into_inner();
        let on_behalf_of = request.on_behalf_of.as_deref().map(convert::user_name).transpose()?;
        let target = convert::resolve_target(request.target)?;
        let connected_to = request.connected_to.as_deref().map(convert::catalog_name).transpose()?;
        let with_credentials = request.with_credentials;
        let question = ResolveRequest { actor, on_behalf_of, target, connected_to, with_credentials };
        let resolved = self.0.resolve(&question, request.freshness.into()).await?;
        Ok(Response::new(convert::resolved(&resolved, self.0.leader())))
    }

    async fn watch(&self, request: Request<v1::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let proof = caller(&request)?.clone();
        let v1::WatchRequest { after_revision, filter } = request.into_inner();
        let messages = self.0.watch(proof, convert::filter(filter)?, after_revision.map(Revision))?;
        let messages = messages.map(|message| Ok(convert::message(message?)));
        Ok(Response::new(Box::pin(messages)))
    }
}
