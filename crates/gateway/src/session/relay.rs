//! A transaction on a remote DBMS: what the client asks is passed on, what comes back is translated, rows as they are.
//!
//! The guarantee is kept here. COMMIT, and PULL and DISCARD of a query that commits by itself, are passed on only after the guard
//! was asked whether the alias is still what it was; while anything is under way, a change that arrives ends it between two
//! messages. What was passed on before that is reported as what it was.

use aliasd_bolt::{ClientEvent, Failure, Map, Request, Response};
use aliasd_client::{Class, Ended, Freshness, GUARD_CHANGED, Guard, Lookup, error_chain};

use super::front::{Disturbance, Front};
use super::place::{Place, RemoteTransaction};
use super::{Session, refused, success};
use crate::bookmarks;
use crate::failure;
use crate::remote::RemoteError;
use crate::translate;

/// What ended the wait for an answer of a remote DBMS.
enum Outcome {
    /// It came.
    Answered(Response),
    /// It will not come.
    Failed(RemoteError),
    /// The alias has changed, or nobody knows.
    Changed(Ended),
}

impl Session {
    /// Passes on what is queued, and waits for the answers: SUCCESS for the last of them, or what fails before. `database`: what
    /// SUCCESS is to say of where the query runs.
    pub(super) async fn relay(
        &mut self,
        mut transaction: Box<RemoteTransaction>,
        database: Option<String>,
    ) -> Result<Response, Disturbance> {
        loop {
            let outcome = exchange(&mut self.front, &mut transaction, false).await?;
            let Some(response) = self.settled(&mut transaction, outcome).await? else {
                return Ok(self.take_failure());
            };
            match response {
                Response::Success(_) if transaction.leased.connection.pending() > 0 => {}
                Response::Success(map) => {
                    let map = with_database(map, database.as_deref(), &transaction.alias);
                    self.place = Place::Remote(transaction);
                    return Ok(Response::Success(map));
                }
                other => return Ok(self.failed(transaction, other)),
            }
        }
    }

    /// Passes on what is queued, which ends the transaction.
    pub(super) async fn relay_last(
        &mut self,
        mut transaction: Box<RemoteTransaction>,
    ) -> Result<Response, Disturbance> {
        let outcome = exchange(&mut self.front, &mut transaction, false).await?;
        match self.settled(&mut transaction, outcome).await? {
            None => {
                // Whatever was under way is rolled back there with the connection.
                self.place = Place::Nowhere;
                Ok(success())
            }
            Some(Response::Success(_)) => {
                transaction.leased.give_back();
                Ok(success())
            }
            Some(other) => Ok(self.failed(transaction, other)),
        }
    }

    /// PULL and DISCARD.
    pub(super) async fn fetch(&mut self, request: &Request) -> Result<Response, Disturbance> {
        let mut transaction = match std::mem::take(&mut self.place) {
            Place::Remote(transaction) => transaction,
            Place::System(transaction) => return self.fetch_listing(*transaction, request).await,
            Place::Ended(failure) => return Ok(refused(*failure)),
            Place::Nowhere | Place::Begun(_) => return Ok(refused(failure::invalid("There is no result."))),
        };
        // What was asked together with the query is as good as a part of it.
        let receipts = self.front.receipts();
        if !transaction.is_explicit && transaction.validated_at != receipts {
            if let Some(failure) = self.invalid(&transaction).await? {
                return Ok(refused(failure));
            }
            transaction.validated_at = receipts;
        }
        if let Err(error) = transaction.leased.connection.queue(request) {
            return Ok(self.remote_failed(&transaction.alias, &error));
        }
        let outcome = exchange(&mut self.front, &mut transaction, true).await?;
        match self.settled(&mut transaction, outcome).await? {
            None => Ok(self.take_failure()),
            Some(Response::Success(map)) => {
                let has_more = map.get("has_more") == Some(&aliasd_bolt::Value::Boolean(true));
                let answer = translated(map, &transaction);
                if transaction.is_explicit || has_more {
                    self.place = Place::Remote(transaction);
                } else {
                    transaction.leased.give_back();
                }
                Ok(Response::Success(answer))
            }
            Some(other) => Ok(self.failed(transaction, other)),
        }
    }

    /// COMMIT: passed on only if the alias is still what it was.
    pub(super) async fn commit(&mut self) -> Result<Response, Disturbance> {
        let mut transaction = match std::mem::take(&mut self.place) {
            Place::Remote(transaction) => transaction,
            Place::System(transaction) => return Ok(Response::Success(transaction.committed())),
            Place::Ended(failure) => return Ok(refused(*failure)),
            // Nothing was asked of anybody.
            Place::Begun(_) | Place::Nowhere => return Ok(success()),
        };
        if let Some(failure) = self.invalid(&transaction).await? {
            return Ok(refused(failure));
        }
        if let Err(error) = transaction.leased.connection.queue(&Request::Commit) {
            return Ok(self.remote_failed(&transaction.alias, &error));
        }
        // From here on nothing stops it: what becomes of it is for the remote DBMS to say.
        match sent_to_the_end(&mut self.front, &mut transaction).await? {
            Ok(Response::Success(map)) => {
                let answer = translated(map, &transaction);
                transaction.leased.give_back();
                Ok(Response::Success(answer))
            }
            Ok(other) => Ok(self.failed(transaction, other)),
            Err(error) => {
                // Nobody knows whether it was committed. A client that loses its connection now says so, as it would to the
                // remote DBMS itself.
                let (alias, error) = (&transaction.alias, error_chain(&error));
                tracing::warn!(alias, error, "the connection was lost while a transaction was being committed");
                Err(Disturbance::Gone)
            }
        }
    }

    /// Asks whether the alias is still what it was; what the client is told if it is not.
    async fn invalid(&mut self, transaction: &RemoteTransaction) -> Result<Option<Failure>, Disturbance> {
        match self.front.undisturbed(transaction.guard.validate()).await? {
            Ok(()) => Ok(None),
            Err(said) if said.code == GUARD_CHANGED => self.changed(&transaction.guard, false).await.map(Some),
            Err(said) => {
                tracing::warn!(alias = transaction.alias, code = %said.code, "an alias cannot be confirmed: {said}");
                Ok(Some(failure::unconfirmed(&transaction.alias)))
            }
        }
    }

    /// Ends a transaction whose alias may have changed while nothing was asked. The client is told at its next request.
    pub(super) async fn end_transaction(&mut self, ended: Ended) -> Result<(), Disturbance> {
        let place = std::mem::take(&mut self.place);
        let Some(guard) = place.guard() else { return Ok(()) };
        let failure = self.changed(guard, is_silent(ended)).await?;
        self.place = Place::Ended(Box::new(failure));
        Ok(())
    }

    /// What the client is told of an alias that has changed: that it is gone, if it is, or else to try again.
    async fn changed(&mut self, guard: &Guard, is_silent: bool) -> Result<Failure, Disturbance> {
        let (name, user) = (guard.route().name.clone(), self.user_name());
        if is_silent {
            tracing::warn!(alias = name, "a transaction was ended: nothing has been heard of the cluster for too long");
            return Ok(failure::unconfirmed(&name));
        }
        tracing::debug!(alias = name, "a transaction was ended: its alias has changed");
        let lookup = Lookup::name(&name).on_behalf_of(&user).freshness(Freshness::Linearizable);
        Ok(match self.front.meanwhile(self.gateway.client.resolve(&lookup)).await? {
            Err(said) if said.class == Class::Rejected => self.unresolved(&said, Some(&name)),
            _ => failure::outdated(&name),
        })
    }

    /// The answer that came; none if the transaction has ended here, which the place then says.
    async fn settled(
        &mut self,
        transaction: &mut RemoteTransaction,
        outcome: Outcome,
    ) -> Result<Option<Response>, Disturbance> {
        let failure = match outcome {
            Outcome::Answered(response) => return Ok(Some(response)),
            Outcome::Failed(error) => self.remote_failure(&transaction.alias, &error),
            Outcome::Changed(ended) => self.changed(&transaction.guard, is_silent(ended)).await?,
        };
        self.place = Place::Ended(Box::new(failure));
        Ok(None)
    }

    /// What the transaction has ended with.
    fn take_failure(&mut self) -> Response {
        match std::mem::take(&mut self.place) {
            Place::Ended(failure) => refused(*failure),
            _ => refused(failure::fault("The transaction has ended.")),
        }
    }

    /// FAILURE of a remote DBMS, for the client. The connection is kept, once it has given up what was under way.
    fn failed(&mut self, transaction: Box<RemoteTransaction>, response: Response) -> Response {
        let RemoteTransaction { leased, alias, hidden, .. } = *transaction;
        let failure = match response {
            Response::Failure(failure) => translate::of_remote(failure, &alias, &hidden),
            _ => failure::fault("The remote DBMS did not say what it came to."),
        };
        leased.reset_and_give_back();
        refused(failure)
    }

    /// What the client is told when a remote DBMS cannot be used, and what the log is.
    pub(super) fn remote_failure(&self, alias: &str, error: &RemoteError) -> Failure {
        tracing::warn!(alias, error = error_chain(error), "a remote DBMS cannot be used");
        error.told(alias, self.version)
    }

    pub(super) fn remote_failed(&self, alias: &str, error: &RemoteError) -> Response {
        refused(self.remote_failure(alias, error))
    }
}

/// Whether nothing is known of the change, rather than that there was one.
fn is_silent(ended: Ended) -> bool {
    !matches!(ended, Ended::Changed { .. })
}

/// Sends what is queued and waits for the next answer. Rows that come before it go to the client, if it asked for some.
async fn exchange(
    front: &mut Front,
    transaction: &mut RemoteTransaction,
    has_rows: bool,
) -> Result<Outcome, Disturbance> {
    let connection = &mut transaction.leased.connection;
    match front.undisturbed(connection.flush()).await? {
        Ok(()) => {}
        Err(error) => return Ok(Outcome::Failed(error)),
    }
    loop {
        loop {
            match connection.next_event() {
                Ok(Some(ClientEvent::Answered { response, .. })) => return Ok(Outcome::Answered(response)),
                Ok(Some(ClientEvent::Records { frames, .. })) if has_rows => {
                    // Nothing but PULL has rows, and then it is being performed.
                    let _ = front.server.relay_records(frames);
                }
                Ok(Some(ClientEvent::Records { .. })) => {}
                Ok(None) => break,
                Err(error) => return Ok(Outcome::Failed(error)),
            }
        }
        let is_full = front.is_full();
        tokio::select! {
            biased;
            ended = transaction.guard.changed() => return Ok(Outcome::Changed(ended)),
            received = connection.receive(), if !is_full => {
                if let Err(error) = received {
                    return Ok(Outcome::Failed(error));
                }
            }
            turned = front.turn() => {
                turned.map_err(|_| Disturbance::Gone)?;
                front.disturbance()?;
            }
        }
    }
}

/// Sends what is queued and waits for the answer, whatever the client says meanwhile.
async fn sent_to_the_end(
    front: &mut Front,
    transaction: &mut RemoteTransaction,
) -> Result<Result<Response, RemoteError>, Disturbance> {
    let connection = &mut transaction.leased.connection;
    let committing = async {
        connection.flush().await?;
        connection.answer().await
    };
    front.meanwhile(committing).await
}

/// SUCCESS for RUN, with the client's name of the database, if it is to be named.
fn with_database(mut map: Map, database: Option<&str>, alias: &str) -> Map {
    if map.get("db").is_some() {
        map.insert("db", alias);
    }
    match database {
        Some(database) => map.with("db", database),
        None => map,
    }
}

/// SUCCESS with the alias in place of the remote database, its bookmark bound to the alias, and nothing that is hidden.
fn translated(map: Map, transaction: &RemoteTransaction) -> Map {
    let mut map = transaction.hidden.cover_notes(map);
    if map.get("db").is_some() {
        map.insert("db", transaction.alias.as_str());
    }
    let bookmark = map.get("bookmark").and_then(|bookmark| bookmark.as_str());
    if let Some(bookmark) = bookmark.map(|bookmark| bookmarks::wrapped(transaction.version, bookmark)) {
        map.insert("bookmark", bookmark);
    }
    map
}
