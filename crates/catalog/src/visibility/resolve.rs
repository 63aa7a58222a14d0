//! Where a name leads for a user, and whether the caller is given the credentials.

use std::sync::Arc;

use crate::{
    Alias, AliasKind, AliasName, Catalog, CatalogName, Database, DatabaseKind, DatabaseName, DatabaseStatus, Named,
    Principal, Rejection, Revision, SealedSecret, UserName, Visibility,
};

/// The question "where does this lead?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolveRequest {
    /// Who asks.
    pub actor: Principal,
    /// For whom; absent means for the one who asks.
    pub on_behalf_of: Option<UserName>,
    /// What is asked about.
    pub target: ResolveTarget,
    /// The database that the user's session is on. Absent: the session is opened with the answer.
    pub connected_to: Option<CatalogName>,
    /// Whether the credentials of a remote alias are wanted too.
    pub with_credentials: bool,
}

/// What a question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResolveTarget {
    /// The user's home.
    Home,
    /// A database or alias by name.
    Name(CatalogName),
}

/// The answer: where a name leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The name that was resolved: as asked, or what "home" stands for.
    pub name: CatalogName,
    /// Where it leads.
    pub destination: Destination,
    /// When the alias, or the database of that name, last changed. A transaction is bound to it.
    pub revision: Revision,
    /// Whether the caller may be given the credentials.
    pub release_credentials: bool,
}

/// Where a name leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To a database of this DBMS, directly or by a local alias.
    Local {
        /// Where the name leads in the end, past any alias.
        database: DatabaseName,
        /// The local alias in between, if there is one.
        alias: Option<Arc<Alias>>,
    },
    /// To a database of another DBMS.
    Remote {
        /// The alias, whose name the credential is bound to.
        name: AliasName,
        /// Its record, of kind [`AliasKind::Remote`].
        alias: Arc<Alias>,
    },
}

impl Destination {
    /// The stored credential of a remote alias; none if there is nothing to release.
    pub fn credential(&self) -> Option<&SealedSecret> {
        match self {
            Self::Local { .. } => None,
            Self::Remote { alias, .. } => alias.credential(),
        }
    }
}

impl Catalog {
    /// Where a name leads. Privileges are decided before anything is looked up.
    ///
    /// # Errors
    /// The caller is unknown, suspended, or lacks `IMPERSONATE`; or nothing of that name exists that the user has ACCESS to,
    /// which is one and the same answer; or the caller lacks `RESOLVE ALIAS` on an alias whose credentials it wants; or it cannot be used from where the user is
    /// connected; or the database is stopped, or the alias forwards the caller's identity against the policy.
    pub fn resolve(&self, request: &ResolveRequest) -> Result<Route, Rejection> {
        let Principal::User(actor) = &request.actor else {
            return Err(Rejection::UnknownActor { user: (&request.actor).into() });
        };
        if self.meta().is_none() {
            return Err(Rejection::NotFormed {});
        }
        let user = match &request.on_behalf_of {
            Some(user) => {
                self.visible_to(&request.actor).act_for(user)?;
                user
            }
            None => actor,
        };
        let name = match &request.target {
            ResolveTarget::Name(name) => name.clone(),
            ResolveTarget::Home => self.home_name(user)?,
        };
        let user = Principal::User(user.clone());
        let visible = self.visible_to(&user);
        let receive = |name| self.visible_to(&request.actor).receive_credentials(name);
        let unreleased = request.with_credentials.then(|| receive(&name).err()).flatten();
        // Whoever may not have credentials is told so of whatever cannot be used, whether or not there is such a name.
        visible.use_name(&name).map_err(|hidden| unreleased.clone().unwrap_or(hidden))?;
        let hidden = || Rejection::DatabaseNotFound { name: (&name).into() };
        let (destination, revision) = self.destination(&name).ok_or_else(hidden)?;
        if let Some(refusal) = unreleased.filter(|_| destination.credential().is_some()) {
            return Err(refusal);
        }
        self.require_within_reach(&visible, &name, request.connected_to.as_ref())?;
        self.require_usable(&destination)?;
        Ok(Route { name, destination, revision, release_credentials: request.with_credentials })
    }

    /// A composite database and its constituents are used in a session on that database, and nothing else is; a constituent
    /// cannot be connected to. A session database that the user may not know of counts as one that is not composite.
    fn require_within_reach(
        &self,
        visible: &Visibility<'_>,
        name: &CatalogName,
        connected_to: Option<&CatalogName>,
    ) -> Result<(), Rejection> {
        let connectable = |name: &CatalogName| match self.alias(name.as_str()) {
            Some(alias) if alias.composite.is_some() => Err(Rejection::ConstituentNotConnectable { name: name.into() }),
            _ => Ok(()),
        };
        let Some(session) = connected_to else { return connectable(name) };
        let composite = if visible.may_use(session) {
            connectable(session)?;
            self.composite_around(session)
        } else {
            None
        };
        let (name_around, name, session) = (self.composite_around(name), name.into(), session.into());
        match (name_around, composite) {
            (around, composite) if around == composite => Ok(()),
            (_, Some(_)) => Err(Rejection::OutsideComposite { name, session }),
            (_, None) => Err(Rejection::CompositeFromOutside { name, session }),
        }
    }

    /// The composite database that a name is, or is a constituent of.
    fn composite_around(&self, name: &CatalogName) -> Option<&DatabaseName> {
        match self.find(name)? {
            Named::Database(name, database) => (database.kind == DatabaseKind::Composite).then_some(name),
            Named::Alias(_, alias) => alias.composite.as_ref(),
        }
    }

    /// A stopped database and an alias that the policy does not let be used lead nowhere.
    fn require_usable(&self, destination: &Destination) -> Result<(), Rejection> {
        match destination {
            Destination::Local { database, .. } => {
                let stopped = |found: &Arc<Database>| found.status == DatabaseStatus::Offline;
                if self.database(database.as_str()).is_some_and(stopped) {
                    return Err(Rejection::DatabaseStopped { name: database.into() });
                }
            }
            Destination::Remote { name, alias } => {
                let forwards = matches!(&alias.kind, AliasKind::Remote(remote) if remote.login.credential().is_none());
                let allowed = self.meta().is_some_and(|meta| meta.policy.oidc_credential_forwarding);
                if forwards && !allowed {
                    return Err(Rejection::OidcForwardingDisabled { name: name.into() });
                }
            }
        }
        Ok(())
    }

    fn home_name(&self, user: &UserName) -> Result<CatalogName, Rejection> {
        let found = self.user(user.as_str()).and_then(|user| self.home_of(user));
        found.ok_or_else(|| Rejection::UnknownActor { user: user.into() })
    }

    fn destination(&self, name: &CatalogName) -> Option<(Destination, Revision)> {
        Some(match self.find(name)? {
            Named::Database(name, database) => {
                (Destination::Local { database: name.clone(), alias: None }, database.modified.revision)
            }
            Named::Alias(name, alias) => {
                let revision = alias.modified.revision;
                match &alias.kind {
                    AliasKind::Local(database) => {
                        (Destination::Local { database: database.clone(), alias: Some(alias.clone()) }, revision)
                    }
                    AliasKind::Remote(_) => {
                        (Destination::Remote { name: name.clone(), alias: alias.clone() }, revision)
                    }
                }
            }
        })
    }
}
