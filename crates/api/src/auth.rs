//! `aliasd.v1.Auth`: protobuf in, protobuf out. Decides nothing.

use std::mem::take;
use std::time::{Duration, SystemTime};

use aliasd_catalog::{PlainSecret, Timestamp};
use aliasd_cypher::grant_command;
use aliasd_service::account::{Account, Explained, Profile};
use aliasd_service::authenticate::Authenticate;
use aliasd_service::identity::Method;
use aliasd_wire::v1::auth_server::Auth;
use aliasd_wire::{explanation, v1};
use tonic::{Request, Response, Status};

use super::failure::status;
use super::{answer_by, caller, connection, convert};

pub(super) struct AuthService {
    pub(super) authenticate: Authenticate,
    pub(super) account: Account,
}

#[tonic::async_trait]
impl Auth for AuthService {
    async fn login(&self, request: Request<v1::LoginRequest>) -> Result<Response<v1::LoginResponse>, Status> {
        let (connection, answer_by) = (connection(&request).map_err(status)?.clone(), answer_by(&request));
        let mut request = request.into_inner();
        let password = PlainSecret::new(take(&mut request.password));
        let logged_in = self.authenticate.log_in(&request.user, password, &connection, answer_by).await;
        let (caller, token) = logged_in.map_err(status)?;
        let profile = self.account.profile(&caller.user).map_err(status)?;
        Ok(Response::new(v1::LoginResponse {
            token: token.expose().to_owned(),
            expires_at: Some(timestamp(token.expires_at)),
            password_change_required: profile.password_change_required,
        }))
    }

    async fn logout(&self, request: Request<v1::LogoutRequest>) -> Result<Response<v1::LogoutResponse>, Status> {
        let caller = caller(&request).map_err(status)?.clone();
        let written = self.account.log_out(&caller).await.map_err(status)?;
        Ok(Response::new(v1::LogoutResponse { revision: written.revision.0 }))
    }

    async fn who_am_i(&self, request: Request<v1::WhoAmIRequest>) -> Result<Response<v1::WhoAmIResponse>, Status> {
        let caller = caller(&request).map_err(status)?;
        let profile = self.account.profile(&caller.user).map_err(status)?;
        let Profile { roles, home_database, password_change_required, revision } = profile;
        let method = match caller.method {
            Method::Basic => v1::AuthenticationMethod::Basic,
            Method::Token => v1::AuthenticationMethod::Token,
            Method::Certificate => v1::AuthenticationMethod::Certificate,
        };
        Ok(Response::new(v1::WhoAmIResponse {
            user: caller.user.to_string(),
            method: method.into(),
            roles,
            home_database,
            password_change_required,
            expires_at: caller.expires_at.map(timestamp),
            served_at_revision: revision.0,
        }))
    }

    async fn verify_user(
        &self,
        request: Request<v1::VerifyUserRequest>,
    ) -> Result<Response<v1::VerifyUserResponse>, Status> {
        let caller = caller(&request).map_err(status)?.clone();
        let mut request = request.into_inner();
        let password = PlainSecret::new(take(&mut request.password));
        let freshness = convert::freshness(request.freshness.take());
        let verified = self.account.verify_user(&caller, &request.user, password, freshness).await;
        let Profile { roles, home_database, password_change_required, revision } = verified.map_err(status)?;
        let served_at_revision = revision.0;
        let response = v1::VerifyUserResponse { roles, home_database, password_change_required, served_at_revision };
        Ok(Response::new(response))
    }

    async fn effective_privileges(
        &self,
        request: Request<v1::EffectivePrivilegesRequest>,
    ) -> Result<Response<v1::EffectivePrivilegesResponse>, Status> {
        let caller = caller(&request).map_err(status)?.clone();
        let v1::EffectivePrivilegesRequest { user, freshness } = request.into_inner();
        let user = user.as_deref().map(convert::user_name).transpose().map_err(status)?;
        let effective = self.account.effective_privileges(&caller, user, convert::freshness(freshness)).await;
        Ok(Response::new(convert::effective(effective.map_err(status)?)))
    }

    async fn explain_access(
        &self,
        request: Request<v1::ExplainAccessRequest>,
    ) -> Result<Response<v1::ExplainAccessResponse>, Status> {
        let caller = caller(&request).map_err(status)?.clone();
        let v1::ExplainAccessRequest { user, name, freshness } = request.into_inner();
        let user = user.as_deref().map(convert::user_name).transpose().map_err(status)?;
        let name = convert::catalog_name(&name).map_err(status)?;
        let explained = self.account.explain_access(&caller, user, &name, convert::freshness(freshness)).await;
        let Explained { user, explanation, revision } = explained.map_err(status)?;
        let response = explanation::to_proto(&user, &name, &explanation, revision, grant_command);
        Ok(Response::new(response))
    }
}

fn timestamp(Timestamp(milliseconds): Timestamp) -> prost_types::Timestamp {
    convert::timestamp(SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds))
}
