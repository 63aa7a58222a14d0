//! Where a name leads, and the password to log in there if the caller may have it.

use std::sync::Arc;

use aliasd_catalog::{
    Alias, AliasKind, AliasName, Catalog, Destination, PlainSecret, Rejection, RemoteAlias, RemoteLogin,
    ResolveRequest, ResolveTarget, Revision, Route, error_chain,
};
use aliasd_replica::View;

use crate::audit::{Action, Line, outcome};
use crate::counters::{Counted, SharedCounters};
use crate::failure::{Failure, Leader};
use crate::identity::Authenticated;
use crate::read::{Freshness, Reader};
use crate::readiness::key_missing;
use crate::vault::{Vault, VaultError};

/// The outcome of asking for the credential of a name that has none: a local one, or one that forwards the caller's token.
const NOTHING_STORED: &str = "NOTHING_STORED";

/// What to do where the call is on behalf of nobody.
const SOMEBODY_ELSE_UNKNOWN: &str = "Ask on behalf of a user of this catalog; SHOW USERS lists them.";

/// Where a name leads, as of a revision.
#[derive(Debug)]
pub struct Resolved {
    /// Where it leads.
    pub route: Route,
    /// The password of a remote alias, if it was asked for.
    pub password: Option<PlainSecret>,
    /// The revision of the state that gave the answer.
    pub revision: Revision,
    /// Who leads, so that what needs the leader may go straight there.
    pub leader: Option<Leader>,
}

/// The use case: where does a name lead? Cheap to clone.
#[derive(Clone)]
pub struct Resolve {
    reader: Reader,
    vault: Arc<Vault>,
    counters: SharedCounters,
}

impl Resolve {
    pub(crate) fn new(reader: Reader, vault: Arc<Vault>, counters: SharedCounters) -> Self {
        Self { reader, vault, counters }
    }

    /// Answers from this member's own state.
    ///
    /// # Errors
    /// The state is not fresh enough, the catalog refuses, or this node lacks the key of the credential.
    pub async fn resolve(
        &self,
        caller: &Authenticated,
        question: &ResolveRequest,
        freshness: Freshness,
    ) -> Result<Resolved, Failure> {
        let line = question.with_credentials.then(|| release(caller, question));
        let resolved = self.resolve_unaudited(caller, question, freshness).await;
        self.counters.count(Counted::Resolve, outcome(&resolved));
        if let Some(line) = line {
            end(line, &resolved);
        }
        resolved
    }

    async fn resolve_unaudited(
        &self,
        caller: &Authenticated,
        question: &ResolveRequest,
        freshness: Freshness,
    ) -> Result<Resolved, Failure> {
        let mut view = self.reader.view_for(caller, freshness).await?;
        let mut route = decide(&view, question)?;
        let releases = route.release_credentials && route.destination.credential().is_some();
        if releases && freshness != Freshness::Linearizable {
            // Who may have the credential is decided on a view that is fresh enough for it.
            let fresh = self.reader.view_to_release(caller).await?;
            if !Arc::ptr_eq(&fresh, &view) {
                route = decide(&fresh, question)?;
                view = fresh;
            }
        }
        let password = match &route.destination {
            Destination::Remote { name, alias } if route.release_credentials => {
                self.open(&view.catalog, name, alias)?
            }
            Destination::Local { .. } | Destination::Remote { .. } => None,
        };
        Ok(Resolved { route, password, revision: view.revision, leader: self.reader.leader() })
    }

    /// The stored password; none if the caller's identity is forwarded.
    fn open(&self, catalog: &Catalog, name: &AliasName, alias: &Alias) -> Result<Option<PlainSecret>, Failure> {
        let Some((place, credential)) = alias.stored(&name.into()) else { return Ok(None) };
        let meta = catalog.meta().ok_or_else(|| Failure::bug("an alias exists before the catalog was formed"))?;
        let opened = self.vault.open(meta.cluster_id, &place, credential);
        opened.map(Some).map_err(|error| match error {
            // The keystore may have been read again since the call was let in, and be another one now.
            VaultError::KeyMissing { key } => key_missing(&self.vault, key).into(),
            error => {
                tracing::error!(alias = %name, error = error_chain(&error), "a credential does not open");
                Failure::bug("the credential of the alias does not open on this node; its log says why")
            }
        })
    }
}

fn decide(view: &View, question: &ResolveRequest) -> Result<Route, Failure> {
    view.catalog.resolve(question).map_err(|rejection| {
        let mut failure = Failure::from(&rejection);
        if matches!(rejection, Rejection::UnknownActor { .. }) && question.on_behalf_of.is_some() {
            // Nobody has to log in otherwise: the caller was found in this view.
            failure.hint = SOMEBODY_ELSE_UNKNOWN.into();
        }
        failure
    })
}

/// The line about a credential that is asked for.
fn release(caller: &Authenticated, question: &ResolveRequest) -> Line {
    let mut line = Line::by(Action::CredentialRelease, caller);
    line.on_behalf_of(question.on_behalf_of.as_ref());
    line.what(match &question.target {
        ResolveTarget::Home => "the home database".to_owned(),
        ResolveTarget::Name(name) => name.to_string(),
    });
    line
}

/// Says whose password for which server went out, or why none did.
fn end(mut line: Line, resolved: &Result<Resolved, Failure>) {
    let Ok(Resolved { route, password, revision, .. }) = resolved else {
        return line.end(outcome(resolved), None);
    };
    if let Destination::Remote { name, alias } = &route.destination
        && let AliasKind::Remote(RemoteAlias { url, login: RemoteLogin::Stored { user, .. }, .. }) = &alias.kind
    {
        line.what(format!("{name}: {user} at {url}"));
    }
    line.end(if password.is_some() { "OK" } else { NOTHING_STORED }, Some(*revision));
}
