//! Letting a call in: the table says how the caller must be known; here it is found out.

mod access;
mod formation;

use std::sync::Arc;

use aliasd_catalog::{PlainSecret, Rejection};
use aliasd_runtime::Moment;

pub use self::access::{Call, CallRule, Caller, RequiredPrivilege, Served};
pub use self::formation::FormationToken;
use crate::audit::{Action, Line, outcome};
use crate::counters::{Counted, SharedCounters};
use crate::failure::{Failure, NodeFailure};
use crate::identity::{Asker, AuthError, Authenticated, ClientConnection, Identity, LoginToken, Method, TokenError};
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
    /// When an answer has to be on its way, to arrive before the caller gives up; `None` if it does not say.
    pub answer_by: Option<Moment>,
}

/// The use case: who is calling, and may the call begin? Cheap to clone.
#[derive(Clone)]
pub struct Authenticate {
    reader: Reader,
    readiness: Readiness,
    identity: Arc<Identity>,
    formation: Option<FormationToken>,
    counters: SharedCounters,
}

impl Authenticate {
    pub(crate) fn new(
        reader: Reader,
        readiness: Readiness,
        identity: Arc<Identity>,
        formation: Option<FormationToken>,
        counters: SharedCounters,
    ) -> Self {
        Self { reader, readiness, identity, formation, counters }
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
        let IncomingCall { call, name, connection, answer_by } = attempt;
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
            Caller::Operator => return self.operator(name, authorization, connection).map(|()| None),
            // Whom it does not know, another member does.
            Caller::UserOrNeighbour
                if !formed
                    && authorization.is_some()
                    && !is_neighbour(connection)
                    && let Some(failure) = self.readiness.knows_no_users() =>
            {
                return Err(failure.into());
            }
            Caller::UserOrNeighbour if !formed => return neighbour(name, connection).map(|()| None),
            Caller::User if let Some(failure) = self.readiness.knows_no_users() => return Err(failure.into()),
            Caller::User | Caller::UserOrNeighbour => {}
        }
        let caller = self.authenticate(authorization, connection, answer_by).await;
        let caller = caller.map(|caller| Authenticated { answer_by, ..caller }).inspect_err(|failure| {
            self.counters.count(Counted::RefusedCaller, failure.code);
            self.audit_refused(attempt, authorization, failure);
        })?;
        if caller.logs_in {
            Line::by(Action::LogIn, &caller).end("OK", None);
        }
        if let RequiredPrivilege::Dbms(action) = rule.privilege {
            let permitted = self.reader.permit(&caller, |visible| visible.call(action)).await;
            permitted.inspect_err(|failure| {
                let mut line = Line::by(Action::Call, &caller);
                line.what(name);
                line.end(failure.code, None);
            })?;
        }
        Ok(Some(caller))
    }

    /// Says in the trail that a caller was not let in.
    fn audit_refused(&self, attempt: IncomingCall<'_>, authorization: Option<&[u8]>, failure: &Failure) {
        let claim = Identity::claim(authorization, attempt.connection);
        let action = if matches!(claim, Some((_, Method::Basic))) { Action::LogIn } else { Action::Call };
        let mut line = Line::from(action, attempt.connection.remote);
        line.what(attempt.name);
        line.actor(claim.and_then(|(name, method)| match method {
            Method::Certificate => Some(format!("certificate '{name}'")),
            Method::Basic | Method::Token => self.reader.known_user(&name),
        }));
        line.end(failure.code, None);
    }

    /// Checks a password, and says by `answer_by` what came of it, if it can.
    ///
    /// # Errors
    /// Whatever is wrong, it is the same failure.
    pub async fn verify_password(
        &self,
        user: &str,
        password: PlainSecret,
        asker: Asker<'_>,
        answer_by: Option<Moment>,
    ) -> Result<Authenticated, Failure> {
        let view = self.reader.present();
        let first = self.identity.verify_password(user, password.clone(), asker, &view.catalog).await;
        let second = match first {
            Err(AuthError::Wrong)
                if self.reader.catch_up(answer_by).await.is_ok() && self.reader.present().revision > view.revision =>
            {
                let view = self.reader.present();
                self.identity.verify_password(user, password, asker, &view.catalog).await
            }
            first => first,
        };
        second.map_err(Failure::from).inspect_err(|failure| self.counters.count(Counted::RefusedCaller, failure.code))
    }

    /// Exchanges a password, which came over that connection, for a token.
    ///
    /// # Errors
    /// The password is wrong, or this node cannot sign.
    pub async fn log_in(
        &self,
        user: &str,
        password: PlainSecret,
        connection: &ClientConnection,
        answer_by: Option<Moment>,
    ) -> Result<(Authenticated, LoginToken), Failure> {
        let mut line = Line::from(Action::LogIn, connection.remote);
        line.actor(self.reader.known_user(user));
        let logged_in = self.log_in_unaudited(user, password, connection, answer_by).await;
        if let Ok((proven, _)) = &logged_in {
            line.actor(Some(proven.user.to_string()));
        }
        line.end(outcome(&logged_in), None);
        logged_in
    }

    async fn log_in_unaudited(
        &self,
        user: &str,
        password: PlainSecret,
        connection: &ClientConnection,
        answer_by: Option<Moment>,
    ) -> Result<(Authenticated, LoginToken), Failure> {
        // Whoever takes a login for a proof lets in what this member knows: it may have been suspended since.
        self.reader.fresh_enough()?;
        let user = self.verify_password(user, password, Asker::Unproven(connection), answer_by).await?;
        let token = self.identity.issue(&user, &self.reader.present().catalog)?;
        Ok((user, token))
    }

    /// Before there are users, the operator is known by a certificate that the clients' authority issued, or by the token
    /// that the node wrote where only its own user and the superuser can read it.
    fn operator(&self, call: &str, authorization: Option<&[u8]>, connection: &ClientConnection) -> Result<(), Failure> {
        let brought = self.formation.is_some_and(|token| token.is_brought_by(authorization));
        if brought || connection.certificate.is_some() {
            return Ok(());
        }
        Err(refused(call, connection, NodeFailure::OperatorOnly {}))
    }

    /// Finds out who calls. This member may lag behind the change that made the proof good, so a refusal is only given
    /// once it has caught up, if it can.
    async fn authenticate(
        &self,
        authorization: Option<&[u8]>,
        connection: &ClientConnection,
        answer_by: Option<Moment>,
    ) -> Result<Authenticated, Failure> {
        let view = self.reader.present();
        let first = self.identity.authenticate(authorization, connection, &view.catalog).await;
        let refusal = match first {
            Ok(caller) => return Ok(caller),
            Err(refusal) if !may_be_late(&refusal) => return Err(refusal.into()),
            Err(refusal) => refusal,
        };
        if self.reader.catch_up(answer_by).await.is_err() || self.reader.present().revision == view.revision {
            return Err(refusal.into());
        }
        let view = self.reader.present();
        Ok(self.identity.authenticate(authorization, connection, &view.catalog).await?)
    }
}

/// Before there are users, neighbours may look at the node.
fn neighbour(call: &str, connection: &ClientConnection) -> Result<(), Failure> {
    if is_neighbour(connection) {
        return Ok(());
    }
    Err(refused(call, connection, NodeFailure::NeighbourOnly {}))
}

/// Whether somebody calls from the node's own machine, or has a certificate that the clients' authority issued.
fn is_neighbour(connection: &ClientConnection) -> bool {
    connection.remote.ip().to_canonical().is_loopback() || connection.certificate.is_some()
}

/// The failure, once it stands in the trail.
fn refused(call: &str, connection: &ClientConnection, failure: NodeFailure) -> Failure {
    let failure = Failure::from(failure);
    let mut line = Line::from(Action::Call, connection.remote);
    line.what(call);
    line.end(failure.code, None);
    failure
}

/// Whether a change that this member has not applied yet could turn the refusal around.
fn may_be_late(refusal: &AuthError) -> bool {
    match refusal {
        AuthError::Wrong | AuthError::UnmappedCertificate { .. } | AuthError::Token(TokenError::Outdated) => true,
        // Whoever has no key of the cluster can make as many of these as they like: they cost no question to a quorum.
        AuthError::Token(TokenError::Foreign | TokenError::Early | TokenError::Expired | TokenError::Ended)
        | AuthError::Missing
        | AuthError::Throttled { .. }
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
            AuthError::Token(error @ (TokenError::Foreign | TokenError::Early)) => {
                NodeFailure::TokenInvalid { reason: error.to_string() }
            }
            AuthError::Token(TokenError::Expired) => NodeFailure::TokenExpired {},
            AuthError::Token(error @ (TokenError::Ended | TokenError::Outdated)) => {
                NodeFailure::TokenEnded { reason: error.to_string() }
            }
            AuthError::Header(reason) => NodeFailure::HeaderInvalid { reason: reason.to_owned() },
            AuthError::Busy => NodeFailure::LoginBusy {},
            AuthError::Throttled { retry_after } => {
                let failure = NodeFailure::LoginThrottled { seconds: retry_after.as_secs().max(1).to_string() };
                return Self { retry_after: Some(retry_after), ..failure.into() };
            }
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
    fn a_neighbour_is_at_the_node_or_has_a_certificate() {
        assert!(neighbour("Status", &from("127.0.0.1:5000", None)).is_ok());
        assert!(neighbour("Status", &from("[::1]:5000", None)).is_ok());
        assert!(neighbour("Status", &from("[::ffff:127.0.0.1]:5000", None)).is_ok());
        let error = neighbour("Status", &from("192.0.2.7:5000", None)).unwrap_err();
        assert_eq!(error.code, "NEIGHBOUR_ONLY");
        let certificate = ClientCertificate { identity: "ops".into(), expires_at: SystemTime::now() };
        assert!(neighbour("Status", &from("192.0.2.7:5000", Some(certificate))).is_ok());
    }

    #[test]
    fn what_anybody_can_make_up_costs_no_quorum() {
        let late = [AuthError::Wrong, AuthError::Token(TokenError::Outdated)];
        assert!(late.iter().all(may_be_late), "a change that is not applied yet could make it right");
        let never =
            [TokenError::Foreign, TokenError::Early, TokenError::Expired, TokenError::Ended].map(AuthError::Token);
        assert!(!never.iter().any(may_be_late) && !may_be_late(&AuthError::Missing));
    }
}
