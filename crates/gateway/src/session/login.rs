//! HELLO and LOGON: who the client is, and who its user.
//!
//! A password lives here as long as the cluster is asked about it, and nowhere else.

use aliasd_bolt::{AuthToken, Hello, HelloAnswer, Map, Response, Version};
use aliasd_client::{Client, Secret};

use super::front::Disturbance;
use super::{Session, refused, success};
use crate::failure;

/// What clients are told of the server. Drivers of Java want it to begin like this, and read a version from it.
const SERVER: &str = concat!("Neo4j/5.26.0 (aliasd-gateway/", env!("CARGO_PKG_VERSION"), ")");

/// Somebody who is logged in.
pub(super) struct User {
    pub(super) name: String,
    /// Ends by itself, and earlier if the password changes or the user is suspended or dropped.
    token: Secret,
    /// As the user, once something was sent to `system`.
    client: Option<Client>,
}

impl User {
    /// A client that calls as the user.
    pub(super) fn client(&mut self, members: &crate::materials::Members) -> Option<Client> {
        if self.client.is_none() {
            self.client = members.client_of(&self.token);
        }
        self.client.clone()
    }
}

impl Session {
    /// HELLO. Up to 5.0 it says who the user is, too.
    pub(super) async fn greet(&mut self, hello: Hello) -> Result<Response, Disturbance> {
        let address = hello.routing.as_ref().and_then(|routing| routing.get("address"));
        self.came_to = address.and_then(|address| address.as_str().map(str::to_owned));
        self.notifications = hello.notifications;
        if let Some(token) = hello.auth {
            let logged_on = self.log_on(token).await?;
            if !matches!(logged_on, Response::Success(_)) {
                return Ok(logged_on);
            }
        }
        let is_patched = self.version == Version::V4_4 && hello.patches.iter().any(|patch| patch == "utc");
        let answer = HelloAnswer {
            server: SERVER.to_owned(),
            connection_id: format!("bolt-{}", self.number),
            // A driver need not ask for the route of each database, and need not tell how it is used.
            hints: Map::new().with("ssr.enabled", true).with("telemetry.enabled", false),
            patches: if is_patched { vec!["utc".to_owned()] } else { Vec::new() },
            other: Map::new(),
        };
        Ok(Response::Success(answer.write()))
    }

    /// LOGON. The cluster is asked whether the password is the user's, and gives a login in its place.
    pub(super) async fn log_on(&mut self, token: AuthToken) -> Result<Response, Disturbance> {
        match token.scheme.as_deref() {
            Some("basic") => {}
            // A client may leave it out.
            scheme => return Ok(refused(failure::scheme_not_supported(scheme.unwrap_or("none")))),
        }
        let (Some(name), Some(credentials)) = (token.principal, token.credentials) else {
            return Ok(refused(failure::incomplete_login()));
        };
        let password = Secret::new(credentials.reveal().to_owned());
        drop(credentials);
        let login = self.front.undisturbed(self.gateway.client.login(&name, &password)).await?;
        drop(password);
        match login {
            Ok(login) => {
                self.user = Some(User { name, token: login.token, client: None });
                self.front.server.set_limits(self.gateway.limits);
                Ok(success())
            }
            Err(said) => Ok(refused(failure::of_catalog(&said))),
        }
    }
}
