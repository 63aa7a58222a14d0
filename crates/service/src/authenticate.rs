//! Letting a call in: the table says how the caller must be known; here it is found out.

use aliasd_catalog::{Action, PlainSecret, Principal, Rejection};
use aliasd_wire::error::Error;

use super::access::{Call, Caller, Privilege, Served};
use super::{Fault, Session};
use crate::identity::ClientConnection;
use crate::identity::{AuthError, Proof, Token};

impl Session {
    /// Whether a call may begin. Gives the proof of who calls, if the table asks for one.
    ///
    /// # Errors
    /// The node does not serve the call now, or not to this caller.
    pub async fn admit(
        &self,
        call: &Call,
        authorization: Option<&[u8]>,
        connection: &ClientConnection,
    ) -> Result<Option<Proof>, Error> {
        if call.served == Served::Ready
            && let Some(fault) = self.not_serving()
        {
            return Err(fault.into());
        }
        let formed = self.replica.view().catalog.meta().is_some();
        match call.caller {
            Caller::Anyone => return Ok(None),
            Caller::Member => return Err(Fault::UnknownCall {}.into()),
            Caller::Operator if formed => return Err(Error::from(&Rejection::AlreadyFormed {})),
            Caller::Operator => return operator(connection).map(|()| None),
            Caller::UserOrOperator if !formed => return operator(connection).map(|()| None),
            Caller::User | Caller::UserOrOperator => {}
        }
        let proof = self.authenticate(authorization, connection).await;
        let proof = proof.inspect_err(|error| {
            self.metrics.refused_caller(&error.code);
            // Whom the caller claimed to be is not told: people type passwords where names belong.
            let (remote, call) = (connection.remote, call.path);
            tracing::info!(target: "aliasd::audit", %remote, call, outcome = error.code, "caller refused");
        })?;
        if let Privilege::Dbms(action) = call.privilege {
            self.permit(&proof.principal(), &Action::Dbms(action)).await?;
        }
        Ok(Some(proof))
    }

    /// Finds out who calls. This member may lag behind the change that made the proof good, so a refusal is only given
    /// once it has caught up, if it can.
    async fn authenticate(&self, authorization: Option<&[u8]>, connection: &ClientConnection) -> Result<Proof, Error> {
        let certificate = connection.certificate.as_ref();
        let view = self.replica.view();
        let first = self.identity.authenticate(authorization, certificate, &view.catalog).await;
        let refusal = match first {
            Ok(proof) => return Ok(proof),
            Err(refusal) if !may_be_late(&refusal) => return Err(auth_fault(refusal)),
            Err(refusal) => refusal,
        };
        if self.catch_up().await.is_err() || self.replica.view().revision == view.revision {
            return Err(auth_fault(refusal));
        }
        let view = self.replica.view();
        self.identity.authenticate(authorization, certificate, &view.catalog).await.map_err(auth_fault)
    }

    /// Whether a user may do something. As with [`Self::authenticate`], a refusal is only given once this member has
    /// caught up, if it can.
    ///
    /// # Errors
    /// It may not.
    pub async fn permit(&self, who: &Principal, action: &Action) -> Result<(), Error> {
        let Err(refusal) = self.replica.view().catalog.authorise(who, action) else { return Ok(()) };
        if self.catch_up().await.is_err() {
            return Err(Error::from(&refusal));
        }
        self.replica.view().catalog.authorise(who, action).map_err(|refusal| Error::from(&refusal))
    }

    /// Checks a password.
    ///
    /// # Errors
    /// Whatever is wrong, it is the same error.
    pub async fn verify_password(&self, user: &str, password: PlainSecret) -> Result<Proof, Error> {
        let view = self.replica.view();
        let first = self.identity.verify_password(user, password.clone(), &view.catalog).await;
        let second = match first {
            Err(AuthError::Wrong) if self.catch_up().await.is_ok() && self.replica.view().revision > view.revision => {
                let view = self.replica.view();
                self.identity.verify_password(user, password, &view.catalog).await
            }
            first => first,
        };
        second.map_err(auth_fault).inspect_err(|error| self.metrics.refused_caller(&error.code))
    }

    /// Exchanges a password for a token.
    ///
    /// # Errors
    /// The password is wrong, or this node cannot sign.
    pub async fn log_in(&self, user: &str, password: PlainSecret) -> Result<(Proof, Token), Error> {
        let proof = self.verify_password(user, password).await?;
        let token = self.identity.issue(&proof, &self.replica.view().catalog).map_err(auth_fault)?;
        Ok((proof, token))
    }
}

/// Before there are users, the operator is known by being on the node's own machine, or by a certificate that the
/// clients' authority issued.
fn operator(connection: &ClientConnection) -> Result<(), Error> {
    if connection.remote.ip().to_canonical().is_loopback() || connection.certificate.is_some() {
        return Ok(());
    }
    Err(Fault::OperatorOnly {}.into())
}

/// Whether a change that this member has not applied yet could turn the refusal around.
fn may_be_late(refusal: &AuthError) -> bool {
    match refusal {
        AuthError::Wrong | AuthError::UnmappedCertificate { .. } | AuthError::Token(_) => true,
        AuthError::Missing
        | AuthError::CertificateExpired
        | AuthError::Malformed(_)
        | AuthError::Busy
        | AuthError::NoKey => false,
    }
}

fn auth_fault(error: AuthError) -> Error {
    let fault = match error {
        AuthError::Missing => Fault::Unauthenticated {},
        AuthError::Wrong => Fault::WrongCredentials {},
        AuthError::UnmappedCertificate { identity } => Fault::UnmappedCertificate { identity },
        AuthError::CertificateExpired => Fault::CertificateExpired {},
        AuthError::Token(problem) => Fault::TokenInvalid { reason: problem.to_string() },
        AuthError::Malformed(reason) => Fault::HeaderInvalid { reason: reason.to_owned() },
        AuthError::Busy => Fault::LoginBusy {},
        AuthError::NoKey => Fault::CatchingUp {},
    };
    fault.into()
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
