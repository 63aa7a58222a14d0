//! What to resolve and where it leads.

use std::mem::take;

use aliasd_catalog::ValueMap;
use aliasd_wire::v1::resolve_request::Target as WireTarget;
use aliasd_wire::v1::{self, router_client::RouterClient};
use aliasd_wire::{v1::freshness::Level, value};

use crate::attempt_error::invalid_answer;
use crate::core::{AccessMode, Core};
use crate::{Failure, Secret};

/// How fresh the state must be that an answer is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Freshness {
    /// Whatever the member has, unless it has lost contact with the leader.
    Local,
    /// Everything up to this revision.
    AtLeast(u64),
    /// Every write that was acknowledged to anyone before the call began.
    Linearizable,
}

/// What to resolve, for whom, and how fresh.
///
/// ```
/// use aliasd_client::{Freshness, Lookup};
///
/// let lookup = Lookup::name("remote-neo4j").on_behalf_of("carol").with_credentials();
/// let home = Lookup::home().freshness(Freshness::Linearizable);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct Lookup {
    pub(crate) target: Target,
    pub(crate) user: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) credentials: bool,
    pub(crate) freshness: Option<Freshness>,
}

/// A name, or the user's home.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    Name(String),
    Home,
}

/// Where a name leads, and since when.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Route {
    /// Normalised name of the alias or database that was found; for a home, the home database's name.
    pub name: String,
    /// Where it leads.
    pub destination: Destination,
    /// PROPERTIES of the alias. Empty for a plain database name.
    pub properties: ValueMap,
    /// The revision at which the alias (or, for a plain name, the database) was last created or altered.
    pub version: u64,
    /// The revision of the state that gave this answer.
    pub served_at: u64,
}

/// A database, here or elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub enum Destination {
    /// A database of this DBMS.
    Local {
        /// Its normalised name.
        database: String,
    },
    /// A database of another DBMS.
    Remote(RemoteDatabase),
}

/// A database of another DBMS and how to log in there.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RemoteDatabase {
    /// URL of the other DBMS, such as `neo4j+s://host:7687`.
    pub url: String,
    /// Name of the database there.
    pub database: String,
    /// User to log in as there.
    pub user: String,
    /// Its password, if the lookup asked for credentials.
    pub password: Option<Secret>,
    /// Driver settings that the alias states.
    pub driver: ValueMap,
    /// The version of Cypher to speak there; `None`: the remote database decides.
    pub default_language: Option<u32>,
}

// === impl Freshness ===

impl Freshness {
    /// What is asked for, or read-your-writes: everything this client has seen. A client that has seen
    /// nothing takes what the nearest member has.
    pub(crate) fn or_seen(wanted: Option<Self>, seen: u64) -> v1::Freshness {
        let level = match wanted {
            Some(Self::Linearizable) => Level::Linearizable(()),
            Some(Self::AtLeast(revision)) => Level::AtLeast(revision),
            None if seen > 0 => Level::AtLeast(seen),
            Some(Self::Local) | None => Level::Local(()),
        };
        v1::Freshness { level: Some(level) }
    }
}

// === impl Lookup ===

impl Lookup {
    /// Resolves a database or alias by its name, in any case; a constituent is written `composite.alias`.
    pub fn name(name: impl Into<String>) -> Self {
        Self::of(Target::Name(name.into()))
    }

    /// Resolves the user's home database, or the default database.
    pub fn home() -> Self {
        Self::of(Target::Home)
    }

    fn of(target: Target) -> Self {
        Self { target, user: None, session: None, credentials: false, freshness: None }
    }

    /// Resolves for another user, which needs `IMPERSONATE`.
    pub fn on_behalf_of(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Resolves for a session that is on this database, as `USE name` does there. Without this, the session is opened with
    /// the answer. Constituents are found from their composite database only.
    pub fn connected_to(mut self, database: impl Into<String>) -> Self {
        self.session = Some(database.into());
        self
    }

    /// Asks for the password of a remote alias, which needs `RESOLVE ALIAS` on it.
    pub fn with_credentials(mut self) -> Self {
        self.credentials = true;
        self
    }

    /// How fresh the answer has to be. Without this: as fresh as everything that the client has seen.
    pub fn freshness(mut self, freshness: Freshness) -> Self {
        self.freshness = Some(freshness);
        self
    }

    /// Asks a member.
    pub(crate) async fn resolve(&self, core: &Core) -> Result<Route, Failure> {
        let target = match &self.target {
            Target::Name(name) => WireTarget::Name(name.clone()),
            Target::Home => WireTarget::Home(()),
        };
        let request = v1::ResolveRequest {
            target: Some(target),
            on_behalf_of: self.user.clone(),
            freshness: Some(Freshness::or_seen(self.freshness, core.seen())),
            with_credentials: self.credentials,
            connected_to: self.session.clone(),
        };
        let (answer, member) = core
            .call(AccessMode::Read, |attempt| {
                let request = attempt.request(request.clone());
                async move { Ok((RouterClient::new(attempt.channel()).resolve(request).await?, attempt.member)) }
            })
            .await?;
        let answer = answer.into_inner();
        if let Some(leader) = &answer.leader {
            core.members.learn_leader(leader, &member);
        }
        core.note_seen(answer.served_at_revision);
        let route = answer.route.ok_or_else(|| invalid_answer("it has no route"))?;
        Route::from_wire(route, answer.served_at_revision)
    }
}

// === impl Route ===

impl Route {
    fn from_wire(route: v1::Route, served_at: u64) -> Result<Self, Failure> {
        use v1::route::Destination as Wire;

        let bad = |_| invalid_answer("a property or driver setting is no value");
        let destination = match route.destination {
            Some(Wire::LocalDatabase(local)) => Destination::Local { database: local.database },
            Some(Wire::RemoteDatabase(mut remote)) => Destination::Remote(RemoteDatabase {
                default_language: match remote.default_language() {
                    v1::DefaultLanguage::Unspecified => None,
                    v1::DefaultLanguage::Cypher5 => Some(5),
                    v1::DefaultLanguage::Cypher25 => Some(25),
                },
                url: take(&mut remote.url),
                database: take(&mut remote.database),
                user: take(&mut remote.user),
                password: remote.password.take().map(Secret::new),
                driver: value::map_from_proto(take(&mut remote.driver)).map_err(bad)?,
            }),
            None => return Err(invalid_answer("its route leads nowhere")),
        };
        let properties = value::map_from_proto(route.properties).map_err(bad)?;
        Ok(Self { name: route.name, destination, properties, version: route.version, served_at })
    }

    /// The database of this DBMS that it leads to, if it does.
    pub(crate) fn local_database(&self) -> Option<&str> {
        match &self.destination {
            Destination::Local { database } => Some(database),
            Destination::Remote(_) => None,
        }
    }
}
