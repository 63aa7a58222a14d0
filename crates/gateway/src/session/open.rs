//! BEGIN, the first query of a transaction, and ROUTE: a name is resolved for the user, and the way to it opened.
//!
//! BEGIN only resolves. The remote DBMS hears of the transaction with its first query, and of both at once: `USE` may lead it
//! elsewhere until then, and a transaction without queries costs nobody anything.

use aliasd_bolt::{
    EncodedMap, Failure, Map, NotificationFilter, Request, Response, Route, RoutingTable, Run, TransactionExtra,
};
use aliasd_client::{Destination, Failure as CatalogFailure, Freshness, Guard, Lookup};
use aliasd_cypher::Span;

use super::front::Disturbance;
use super::place::{Begun, Goal, Pinned, Place, RemoteTransaction, SYSTEM, goal, is_system};
use super::system::SystemTransaction;
use super::{Session, refused, success};
use crate::bookmarks;
use crate::failure;
use crate::query;
use crate::remote::RemoteTarget;

/// For how many seconds a driver may believe that this gateway is where to go.
const ROUTE_TTL_SECONDS: i64 = 300;

/// What a request comes to: its answer, or what it is refused with.
type Answered<T> = Result<Result<T, Failure>, Disturbance>;

/// Where a query goes.
enum Found {
    /// To `system`, without this clause.
    System(Option<Span>),
    /// To where the guarded name leads, which is also the one that the client said, if it said any.
    Guarded(Guard, Option<String>),
}

impl Session {
    /// BEGIN: the name is resolved, and nobody else is told.
    pub(super) async fn begin(&mut self, extra: TransactionExtra) -> Result<Response, Disturbance> {
        if extra.impersonated_user.is_some() {
            return Ok(refused(failure::impersonation()));
        }
        let pinned = self.pin(extra.database.as_deref(), None).await?;
        let answer = match (&pinned, &extra.database) {
            // A home that is none matters only if a query is to go there.
            (Err(failure), Some(_)) => return Ok(refused(failure.clone())),
            (Ok(pinned), None) if self.version.has_resolved_database() => Map::new().with("db", pinned.name()),
            _ => Map::new(),
        };
        self.place = Place::Begun(Box::new(Begun { extra, pinned }));
        Ok(Response::Success(answer))
    }

    /// RUN.
    pub(super) async fn query(&mut self, run: Run) -> Result<Response, Disturbance> {
        match std::mem::take(&mut self.place) {
            Place::Nowhere if run.extra.impersonated_user.is_some() => Ok(refused(failure::impersonation())),
            Place::Nowhere => {
                let extra = run.extra.clone();
                self.first_query(run, extra, None).await
            }
            Place::Begun(begun) => self.first_query(run, begun.extra, Some(begun.pinned)).await,
            Place::Remote(transaction) => self.next_query(transaction, run).await,
            Place::System(transaction) => self.administer(*transaction, run, None).await,
            Place::Ended(failure) => Ok(refused(*failure)),
        }
    }

    /// The first query of a transaction; `pinned` if BEGIN began it.
    async fn first_query(
        &mut self,
        mut run: Run,
        extra: TransactionExtra,
        pinned: Option<Result<Pinned, Failure>>,
    ) -> Result<Response, Disturbance> {
        let is_explicit = pinned.is_some();
        let (guard, asked_for) = match self.find(&mut run, &extra, pinned).await? {
            Ok(Found::Guarded(guard, asked_for)) => (guard, asked_for),
            Ok(Found::System(clause)) => {
                return self.administer(SystemTransaction::new(is_explicit, &extra), run, clause).await;
            }
            Err(failure) => return Ok(refused(failure)),
        };
        let is_named = extra.database.is_some();
        let opened = match self.open(guard, asked_for, is_explicit).await? {
            Ok(opened) => opened,
            Err(failure) => return Ok(refused(failure)),
        };
        let (target, transaction) = opened;
        let extra = match self.remote_extra(extra, &target) {
            Ok(extra) => extra,
            Err(failure) => {
                transaction.leased.give_back();
                return Ok(refused(failure));
            }
        };
        self.send_first(transaction, run, extra, is_named).await
    }

    /// Finds where the first query of a transaction goes, and takes a `USE` that leads elsewhere out of it.
    async fn find(
        &mut self,
        run: &mut Run,
        extra: &TransactionExtra,
        pinned: Option<Result<Pinned, Failure>>,
    ) -> Answered<Found> {
        let goal = match goal(extra.database.as_deref(), &query::beginning(&run.query)) {
            Ok(goal) => goal,
            Err(failure) => return Ok(Err(failure)),
        };
        let is_administration = goal == Goal::Administration;
        let (pinned, asked_for) = match goal {
            Goal::System(clause) => return Ok(Ok(Found::System(clause))),
            Goal::Session | Goal::Administration => {
                let pinned = match pinned {
                    Some(pinned) => pinned,
                    None => self.pin(extra.database.as_deref(), None).await?,
                };
                (pinned, extra.database.clone())
            }
            Goal::Used(name, clause) => {
                run.query = query::without(&run.query, clause);
                let is_session = |pinned: &Pinned| {
                    let names = [Some(pinned.name()), extra.database.as_deref()];
                    names.into_iter().flatten().any(|known| known.eq_ignore_ascii_case(&name))
                };
                let pinned = match pinned {
                    Some(Ok(pinned)) if is_session(&pinned) => Ok(pinned),
                    _ => self.pin(Some(&name), extra.database.as_deref()).await?,
                };
                (pinned, Some(name))
            }
        };
        Ok(match pinned {
            Ok(pinned) if is_administration => match pinned.elsewhere() {
                Some(name) => Err(failure::administration(name)),
                None => Ok(Found::System(None)),
            },
            Ok(Pinned::Guarded(guard)) => Ok(Found::Guarded(guard, asked_for)),
            Ok(Pinned::System) => Ok(Found::System(None)),
            Err(failure) => Err(failure),
        })
    }

    /// A later query of an explicit transaction.
    async fn next_query(
        &mut self,
        mut transaction: Box<RemoteTransaction>,
        mut run: Run,
    ) -> Result<Response, Disturbance> {
        let beginning = query::beginning(&run.query);
        let wrong = match goal(Some(&transaction.alias), &beginning) {
            Err(failure) => Some(failure),
            Ok(Goal::Administration) => Some(failure::administration(&transaction.alias)),
            Ok(Goal::System(_)) => Some(failure::second_database(&transaction.alias, SYSTEM)),
            Ok(Goal::Used(name, _)) if !transaction.is_for(&name) => {
                Some(failure::second_database(&transaction.alias, &name))
            }
            Ok(Goal::Used(_, clause)) => {
                run.query = query::without(&run.query, clause);
                None
            }
            Ok(Goal::Session) => None,
        };
        let prepared = match wrong {
            Some(failure) => Err(failure),
            None => self.remote_parameters(&run, &transaction).map(|parameters| Run {
                query: run.query,
                parameters,
                extra: TransactionExtra::default(),
            }),
        };
        match prepared {
            Err(failure) => {
                transaction.leased.reset_and_give_back();
                Ok(refused(failure))
            }
            Ok(run) => {
                if let Err(error) = transaction.leased.connection.queue(&Request::Run(run)) {
                    return Ok(self.remote_failed(&transaction.alias, &error));
                }
                self.relay(transaction, None).await
            }
        }
    }

    /// Sends the first query of a transaction, behind its BEGIN if it is to have one.
    async fn send_first(
        &mut self,
        mut transaction: Box<RemoteTransaction>,
        run: Run,
        extra: TransactionExtra,
        is_named: bool,
    ) -> Result<Response, Disturbance> {
        let parameters = match self.remote_parameters(&run, &transaction) {
            Ok(parameters) => parameters,
            Err(failure) => {
                transaction.leased.give_back();
                return Ok(refused(failure));
            }
        };
        let connection = &mut transaction.leased.connection;
        let queued = if transaction.is_explicit {
            let run = Run { query: run.query, parameters, extra: TransactionExtra::default() };
            connection.queue(&Request::Begin(extra)).and_then(|()| connection.queue(&Request::Run(run)))
        } else {
            connection.queue(&Request::Run(Run { query: run.query, parameters, extra }))
        };
        if let Err(error) = queued {
            return Ok(self.remote_failed(&transaction.alias, &error));
        }
        let says_database = !transaction.is_explicit && !is_named && self.version.has_resolved_database();
        let database = says_database.then(|| transaction.alias.clone());
        self.relay(transaction, database).await
    }

    /// Resolves a name for the user, or the user's home, and pins what it leads to. `connected_to`: the database that the
    /// session is on, if that is another one.
    async fn pin(&mut self, name: Option<&str>, connected_to: Option<&str>) -> Answered<Pinned> {
        if name.is_some_and(is_system) {
            return Ok(Ok(Pinned::System));
        }
        let lookup = match name {
            Some(name) => Lookup::name(name),
            None => Lookup::home(),
        };
        let lookup = match connected_to {
            Some(session) if !is_system(session) => lookup.connected_to(session),
            _ => lookup,
        };
        let user = self.user_name();
        let lookup = lookup.on_behalf_of(&user).with_credentials();
        let found = self.front.undisturbed(self.gateway.client.begin(lookup)).await?;
        Ok(match found {
            Ok(guard) if leads_to_system(&guard) => Ok(Pinned::System),
            Ok(guard) => Ok(Pinned::Guarded(guard)),
            Err(said) => Err(self.unresolved(&said, name)),
        })
    }

    /// What the user is told of a name, or a home, that is not resolved, and the log if that is for an operator to put right.
    pub(super) fn unresolved(&self, said: &CatalogFailure, name: Option<&str>) -> Failure {
        let user = self.user_name();
        if failure::is_of_gateway(said, &user) {
            tracing::warn!(code = %said.code, user, name, "a name cannot be resolved: {said} {}", said.hint);
        }
        failure::of_resolve(said, &user, name)
    }

    /// A connection to where a guarded name leads.
    async fn open(
        &mut self,
        guard: Guard,
        asked_for: Option<String>,
        is_explicit: bool,
    ) -> Answered<(RemoteTarget, Box<RemoteTransaction>)> {
        let route = guard.route();
        let remote = match &route.destination {
            Destination::Remote(remote) => remote,
            Destination::Local { .. } => return Ok(Err(failure::local_database(&route.name))),
        };
        let (alias, version) = (route.name.clone(), route.version);
        let target = match RemoteTarget::new(route, remote) {
            Ok(target) => target,
            Err(error) => return Ok(Err(self.remote_failure(&alias, &error))),
        };
        let front = self.front.server.dialect();
        let validated_at = self.front.receipts();
        let leased = self.front.undisturbed(self.gateway.pool.take(&target, front)).await?;
        let leased = match leased {
            Ok(leased) => leased,
            Err(error) => return Ok(Err(self.remote_failure(&alias, &error))),
        };
        let hidden = target.hidden();
        let transaction =
            RemoteTransaction { guard, leased, alias, asked_for, version, hidden, is_explicit, validated_at };
        Ok(Ok((target, Box::new(transaction))))
    }

    /// What the remote DBMS is told of a transaction: its own name of the database, its own bookmarks, and what the client's
    /// HELLO said of notifications, since the connection's did not.
    fn remote_extra(&self, extra: TransactionExtra, target: &RemoteTarget) -> Result<TransactionExtra, Failure> {
        let bookmarks = bookmarks::unwrapped(target.version, &extra.bookmarks);
        let bookmarks = bookmarks.map_err(|error| failure::foreign_bookmark(&error))?;
        let NotificationFilter { severity_min, disabled } = extra.notifications;
        let notifications = NotificationFilter {
            severity_min: severity_min.or_else(|| self.notifications.severity_min.clone()),
            disabled: disabled.or_else(|| self.notifications.disabled.clone()),
        };
        Ok(TransactionExtra {
            bookmarks,
            database: Some(target.database.clone()),
            impersonated_user: None,
            notifications,
            other: Map::new(),
            timeout_ms: extra.timeout_ms,
            metadata: extra.metadata,
            mode: extra.mode,
        })
    }

    /// The parameters of a query, if the remote DBMS has all their types.
    fn remote_parameters(&self, run: &Run, transaction: &RemoteTransaction) -> Result<EncodedMap, Failure> {
        let (front, back) = (self.front.server.dialect(), transaction.leased.connection.dialect());
        if front == back {
            return Ok(run.parameters.clone());
        }
        EncodedMap::of_bytes(run.parameters.bytes().to_vec(), back, self.gateway.limits)
            .map_err(|_| failure::unknown_type(&transaction.alias, back.version()))
    }

    /// ROUTE: this gateway is where to go, for whatever the user may use.
    pub(super) async fn route(&mut self, route: Route) -> Result<Response, Disturbance> {
        if route.impersonated_user.is_some() {
            return Ok(refused(failure::impersonation()));
        }
        let database = match route.database {
            Some(name) if is_system(&name) => SYSTEM.to_owned(),
            name => {
                let lookup = match &name {
                    Some(name) => Lookup::name(name),
                    None => Lookup::home(),
                };
                let user = self.user_name();
                // As fresh as can be: the user may have made the alias a moment ago, through another member.
                let lookup = lookup.on_behalf_of(&user).freshness(Freshness::Linearizable);
                match self.front.undisturbed(self.gateway.client.resolve(&lookup)).await? {
                    // As the client wrote it, which is how it will ask.
                    Ok(found) => name.unwrap_or_else(|| found.name.clone()),
                    Err(said) => return Ok(refused(self.unresolved(&said, name.as_deref()))),
                }
            }
        };
        let came_to = route.routing.get("address").and_then(|address| address.as_str().map(str::to_owned));
        let here = self.gateway.advertise.clone().or(came_to).or_else(|| self.came_to.clone());
        let here = vec![here.unwrap_or_else(|| self.gateway.listen.to_string())];
        let table = RoutingTable {
            ttl_seconds: ROUTE_TTL_SECONDS,
            database: Some(database),
            routers: here.clone(),
            readers: here.clone(),
            writers: here,
        };
        Ok(Response::Success(table.write()))
    }

    /// The user, by the name that it has logged in with.
    pub(super) fn user_name(&self) -> String {
        self.user.as_ref().map_or_else(String::new, |user| user.name.clone())
    }

    /// ROLLBACK. A transaction that was ended from here was rolled back with that.
    pub(super) async fn rollback(&mut self) -> Result<Response, Disturbance> {
        match std::mem::take(&mut self.place) {
            Place::Remote(mut transaction) => {
                if let Err(error) = transaction.leased.connection.queue(&Request::Rollback) {
                    return Ok(self.remote_failed(&transaction.alias, &error));
                }
                self.relay_last(transaction).await
            }
            Place::System(transaction) if transaction.has_written() => Ok(refused(failure::not_rolled_back())),
            Place::System(_) | Place::Begun(_) | Place::Nowhere | Place::Ended(_) => Ok(success()),
        }
    }
}

fn leads_to_system(guard: &Guard) -> bool {
    matches!(&guard.route().destination, Destination::Local { database } if is_system(database))
}

impl Pinned {
    /// As the catalog writes it.
    fn name(&self) -> &str {
        match self {
            Self::System => SYSTEM,
            Self::Guarded(guard) => &guard.route().name,
        }
    }

    /// The name, if it leads to another DBMS.
    fn elsewhere(&self) -> Option<&str> {
        match self {
            Self::Guarded(guard) if matches!(guard.route().destination, Destination::Remote(_)) => Some(self.name()),
            Self::Guarded(_) | Self::System => None,
        }
    }
}
