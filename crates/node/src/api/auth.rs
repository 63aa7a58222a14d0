//! `aliasd.v1.Auth`: protobuf in, protobuf out. Decides nothing.

use std::mem::take;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aliasd_catalog::{PlainSecret, Timestamp};
use aliasd_cypher::grant_command;
use aliasd_wire::v1::auth_server::Auth;
use aliasd_wire::{explanation, v1};
use tonic::{Request, Response, Status};

use super::{caller, convert};
use aliasd_service::identity::Method;
use aliasd_service::{Explained, Session, Standing};

pub(super) struct AuthService(pub(super) Arc<Session>);

#[tonic::async_trait]
impl Auth for AuthService {
    async fn login(&self, request: Request<v1::LoginRequest>) -> Result<Response<v1::LoginResponse>, Status> {
        let mut request = request.into_inner();
        let password = PlainSecret::new(take(&mut request.password));
        let (proof, token) = self.0.log_in(&request.user, password).await?;
        let standing = self.0.standing(&proof.user)?;
        Ok(Response::new(v1::LoginResponse {
            token: token.expose().to_owned(),
            expires_at: Some(timestamp(token.expires_at)),
            password_change_required: standing.password_change_required,
        }))
    }

    async fn who_am_i(&self, request: Request<v1::WhoAmIRequest>) -> Result<Response<v1::WhoAmIResponse>, Status> {
        let proof = caller(&request)?;
        let Standing { roles, home_database, password_change_required, revision } = self.0.standing(&proof.user)?;
        let method = match proof.method {
            Method::Basic => v1::AuthenticationMethod::Basic,
            Method::Token => v1::AuthenticationMethod::Token,
            Method::Certificate => v1::AuthenticationMethod::Certificate,
        };
        Ok(Response::new(v1::WhoAmIResponse {
            user: proof.user.to_string(),
            method: method.into(),
            roles,
            home_database,
            password_change_required,
            expires_at: proof.expires_at.map(timestamp),
            served_at_revision: revision.0,
        }))
    }

    async fn verify_user(
        &self,
        request: Request<v1::VerifyUserRequest>,
    ) -> Result<Response<v1::VerifyUserResponse>, Status> {
        let proof = caller(&request)?.clone();
        let mut request = request.into_inner();
        let password = PlainSecret::new(take(&mut request.password));
        let freshness = request.freshness.take().into();
        let standing = self.0.verify_user(&proof, &request.user, password, freshness).await?;
        let Standing { roles, home_database, password_change_required, revision } = standing;
        let served_at_revision = revision.0;
        let response = v1::VerifyUserResponse { roles, home_database, password_change_required, served_at_revision };
        Ok(Response::new(response))
    }

    async fn effective_privileges(
        &self,
        request: Request<v1::EffectivePrivilegesRequest>,
    ) -> Result<Response<v1::EffectivePrivilegesResponse>, Status> {
        let proof = caller(&request)?.clone();
        let v1::EffectivePrivilegesRequest { user, freshness } = request.into_inner();
        let user = user.as_deref().map(convert::user_name).transpose()?;
        let effective = self.0.effective_privileges(&proof, user, freshness.into()).await?;
        Ok(Response::new(convert::effective(effective)))
    }

    async fn explain_access(
        &self,
        request: Request<v1::ExplainAccessRequest>,
    ) -> Result<Response<v1::ExplainAccessResponse>, Status> {
        let proof = caller(&request)?.clone();
        let v1::ExplainAccessRequest { user, name, freshness } = request.into_inner();
        let user = user.as_deref().map(convert::user_name).transpose()?;
        let name = convert::catalog_name(&name)?;
        let explained = self.0.explain_access(&proof, user, &name, freshness.into()).await?;
        let Explained { user, explanation, revision } = explained;
        let response = explanation::to_proto(&user, &name, &explanation, revision, grant_command);
        Ok(Response::new(response))
    }
}

fn timestamp(Timestamp(milliseconds): Timestamp) -> prost_types::Timestamp {
    convert::timestamp(SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds))
}
