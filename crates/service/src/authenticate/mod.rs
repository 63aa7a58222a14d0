//! Letting a call in: the table says how the caller must be known; here it is found out.

mod access;

use std::sync::Arc;

use aliasd_catalog::{PlainSecret, Rejection};

pub use self::access::{Call, CallRule, Caller, RequiredPrivilege, Served};
use crate::audit;
use crate::counters::{Counted, SharedCounters};
use crate::failure::{Failure, NodeFailure};
use crate::identity::{AuthError, Authenticated, ClientConnection, Identity, LoginToken};
use crate::read::Reader;
use crate::readiness::Readiness;

/// A call that wants to be let in.
#[derive(Clone, Copy, Debug)]
pub struct IncomingCall<'a> {
    /// What is asked.
    pub call: Call,
    /// What the protocol calls it, for the audit trail.
    pub name: &'a str,
    /// Where it comes from.
    pub connection: &'a ClientConnection,
}

/// The use case: who is calling, and may the call begin? Cheap to clone.
#[derive(Clone)]
pub struct Authenticate {
    reader: Reader,
    readiness: Readiness,
    identity: Arc<Identity>,
    counters: SharedCounters,
}

impl Authenticate {
    pub(crate) fn new(reader: Reader, readiness: Readiness, identity: Arc<Identity>, counters: SharedCounters) -> Self {
        Self { reader, readiness, identity, counters }
    }

    /// Whether a call may begin. Gives who calls, if the table asks for it. `authorization` is what the
    /// call brings as such: `Basic` or `Bearer`, and what belongs to it.
    ///
    /// # Errors
    /// The node does not serve the call now, or not to this caller.
    pub async fn admit(
        &self,
        attempt: IncomingCall<'_>,
        authorization: Option<&[u8]>,
    ) -> Result<Option<Authenticated>, Failure> {
        let IncomingCall { call, name, connection } = attempt;
        let rule = call.rule();
        if rule.served == Served::Ready
            && let Some(failure) = self.readiness.not_serving()
        {
            return Err(failure.into());
        }
        let formed = self.reader.present().catalog.meta().is_some();
        match rule.caller {
            Caller::Anyone => return Ok(None),
            Caller::Member => return Err(NodeFailure::UnknownCall {}.into()),
            Caller::Operator if formed => return Err(Failure::from(&Rejection::AlreadyFormed {})),
            Caller::Operator => return operator(connection).map(|()| None),
            Caller::UserOrOperator if !formed => return operator(connection).map(|()| None),
            Caller::User | Caller::UserOrOperator => {}
        }
        let caller = self.authenticate(authorization, connection).await;
        let caller = caller.inspect_err(|failure| {
            self.counters.count(Counted::RefusedCaller, failure.code);
            audit::caller_refused(connection.remote, name, failure.code);
        })?;
        if let RequiredPrivilege::Dbms(action) = rule.privilege {
            self.reader.permit(&caller.principal(), |visible| visible.call(action)).await?;
        }
        Ok(Some(caller))
    }

    /// Checks a password.
    ///
    /// # Errors
    /// Whatever is wrong, it is the same failure.
    pub async fn verify_password(&self, user: &str, password: PlainSecret) -> Result<Authenticated, Failure> {
        let view = self.reader.present();
        let first = self.identity.verify_password(user, password.clone(), &view.catalog).await;
        let second = match first {
            Err(AuthError::Wrong)
                if self.reader.catch_up().await.is_ok() && self.reader.present().revision > view.revision =>
            {
                let view = self.reader.present();
                self.identity.verify_password(user, password, &view.catalog).await
            }
            first => first,
        };
        second.map_err(Failure::from).inspect_err(|failure| self.counters.count(Counted::RefusedCaller, failure.code))
    }

    /// Exchanges a password for a token.
    ///
    /// # Errors
    /// The password is wrong, or this node cannot sign.
    pub async fn log_in(&self, user: &str, password: PlainSecret) -> Result<(Authenticated, LoginToken), Failure> {
        let user = self.verify_password(user, password).await?;
        let token = self.identity.issue(&user, &self.reader.present().catalog)?;
        Ok((user, token))
    }

    /// Finds out who calls. This member may lag behind the change that made the proof good, so a refusal is only given
    /// once it has caught up, if it can.
    async fn authenticate(
        &self,
        authorization: Option<&[u8]>,
        connection: &ClientConnection,
    ) -> Result<Authenticated, Failure> {
        let certificate = connection.certificate.as_ref();
        let view = self.reader.present();
        let first = self.identity.authenticate(authorization, certificate, &view.catalog).await;
        let refusal = match first {
            Ok(caller) => return Ok(caller),
            Err(refusal) if !may_be_late(&refusal) => return Err(refusal.into()),
            Err(refusal) => refusal,
        };
        if self.reader.catch_up().await.is_err() || self.reader.present().revision == view.revision {
            return Err(refusal.into());
        }
        let view = self.reader.present();
        Ok(self.identity.authenticate(authorization, certificate, &view.catalog).await?)
    }
}

/// Before there are users, the operator is known by being on the node's own machine, or by a certificate that the
/// clients' authority issued.
fn operator(connection: &ClientConnection) -> Result<(), Failure> {
    if connection.remote.ip().to_canonical().is_loopback() || connection.certificate.is_some() {
        return Ok(());
    }
    Err(NodeFailure::OperatorOnly {}.into())
}

/// Whether a change that this member has not applied yet could turn the refusal around.
fn may_be_late(refusal: &AuthError) -> bool {
    match refusal {
        AuthError::Wrong | AuthError::UnmappedCertificate { .. } | AuthError::Token(_) => true,
        AuthError::Missing
        | AuthError::CertificateExpired
        | AuthError::Header(_)
        | AuthError::Busy
        | AuthError::NoKey => false,
    }
}

impl From<AuthError> for Failure {
    fn from(error: AuthError) -> Self {
        let failure = match error {
            AuthError::Missing => NodeFailure::Unauthenticated {},
            AuthError::Wrong => NodeFailure::WrongCredentials {},
            AuthError::UnmappedCertificate { identity } => NodeFailure::UnmappedCertificate { identity },
            AuthError::CertificateExpired => NodeFailure::CertificateExpired {},
            AuthError::Token(error) => NodeFailure::TokenInvalid { reason: error.to_string() },
            AuthError::Header(reason) => NodeFailure::HeaderInvalid { reason: reason.to_owned() },
            AuthError::Busy => NodeFailure::LoginBusy {},
            AuthError::NoKey => NodeFailure::CatchingUp {},
        };
        failure.into()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::SystemTime;

    use super::*;
    use crate::identity::ClientCertificate;

    fn from(address: &str, certificate: Option<ClientCertificate>) -> ClientConnection {
        ClientConnection { remote: address.parse::<SocketAddr>().unwrap(), certificate }
    }

    #[test]
    fn the_operator_is_at_the_node_or_has_a_certificate() {
        assert!(operator(&from("127.0.0.1:5000", None)).is_ok());
        assert!(operator(&from("[::1]:5000", None)).is_ok());
        assert!(operator(&from("[::ffff:127.0.0.1]:5000", None)).is_ok());
        let error = operator(&from("192.0.2.7:5000", None)).unwrap_err();
        assert_eq!(error.code, "OPERATOR_ONLY");
        let certificate = ClientCertificate { identity: "ops".into(), expires_at: SystemTime::now() };
        assert!(operator(&from("192.0.2.7:5000", Some(certificate))).is_ok());
    }
}
