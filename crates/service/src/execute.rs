//! Life of a statement: parse, lower, and either write a command or list from a view. One line of the audit trail each.

use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::{Catalog, Principal, RequestId, Revision, UserName, Value};
use aliasd_cypher::ast::{self, Deprecation, PARAMETER_STATUS};
use aliasd_cypher::{Lowered, Parameters, Refusal, lower, parse};
use aliasd_listing::{Listing, run_listing};
use aliasd_wire::Freshness;
use aliasd_wire::error::Error;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

use super::Session;
use super::fault::misspoken;
use super::write::Written;

/// Rows that travel together at most. The first travels alone, so that a reader sees it at once; then the chunks grow.
const CHUNK_ROWS_MAX: usize = 256;
const CHUNK_GROWTH: usize = 4;
/// Chunks that wait for a slow reader. The listing pauses beyond.
const CHUNKS_WAITING: usize = 4;
/// How long a reader may take for some rows before the listing is cut.
const READ_WITHIN: Duration = Duration::from_secs(30);
/// Listings that run at once. More wait for their turn.
pub(super) const LISTINGS_MAX: usize = 64;

/// One statement and what it needs.
pub struct Statement {
    /// May hold a password in clear.
    pub text: Zeroizing<String>,
    pub parameters: Parameters,
    pub request: RequestId,
    /// For a listing.
    pub freshness: Freshness,
}

/// What a statement came to.
pub struct Executed {
    pub answer: Answer,
    /// What the statement's author should give up.
    pub deprecations: Vec<Deprecation>,
}

/// What a statement is answered with.
pub enum Answer {
    /// It wrote.
    Written(Written),
    /// It lists.
    Listed(Listed),
}

/// A listing that is being read.
pub struct Listed {
    pub columns: Vec<String>,
    /// Some rows at a time; an error, or no rows, is the last. A channel that closes before has been cut.
    pub rows: mpsc::Receiver<Result<Vec<Vec<Value>>, Error>>,
    /// The revision of the state that is listed.
    pub revision: Revision,
}

impl Session {
    /// Runs a statement for a user.
    ///
    /// # Errors
    /// The text is at fault, the user may not, or the catalog or the cluster refuses.
    pub async fn execute(&self, user: &UserName, statement: Statement) -> Result<Executed, Error> {
        let mut printed = None;
        let executed = self.execute_unaudited(user, statement, &mut printed).await;
        let revision = executed.as_ref().ok().map(|executed| match &executed.answer {
            Answer::Written(written) => written.revision.0,
            Answer::Listed(listed) => listed.revision.0,
        });
        let outcome = executed.as_ref().err().map_or("OK", |error| &error.code);
        self.metrics.statement(outcome);
        // What could not be understood is not shown: nobody can tell which part of it is a secret.
        let statement = printed.as_deref().unwrap_or("<not understood>");
        tracing::info!(target: "aliasd::audit", actor = %user, statement, revision, outcome, "statement");
        executed
    }

    async fn execute_unaudited(
        &self,
        user: &UserName,
        statement: Statement,
        printed: &mut Option<String>,
    ) -> Result<Executed, Error> {
        let Statement { text, parameters, request, freshness } = statement;
        let parsed = parse(&text).map_err(|error| misspoken(&error))?;
        *printed = Some(parsed.to_string());
        let lowered = lower(&parsed, &parameters).map_err(|refusal| refused(refusal, &text))?;
        let actor = Principal::User(user.clone());
        let answer = match lowered {
            Lowered::Command(command) => {
                let written = self.write(actor, request, *command).await;
                Answer::Written(written.map_err(|error| named_by_parameter(error, &parsed))?)
            }
            Lowered::Listing(request) => {
                let listing = Listing::bind(&request).map_err(|refusal| refused(refusal, &text))?;
                let view = self.view(freshness).await?;
                let listed = self.list(view.catalog.clone(), actor, listing).await;
                let (columns, rows) = listed.map_err(|refusal| refused(refusal, &text))?;
                Answer::Listed(Listed { columns, rows, revision: view.revision })
            }
        };
        let deprecations = parsed.deprecations.into_iter().map(|deprecation| deprecation.value).collect();
        Ok(Executed { answer, deprecations })
    }
}

/// Adds to the chain of statuses that the name at fault came in a parameter.
fn named_by_parameter(mut error: Error, statement: &ast::Statement) -> Error {
    if let Some(place) = statement.parameter_status_place(error.gqlstatus.iter().map(String::as_str)) {
        error.gqlstatus.insert(place, PARAMETER_STATUS.to_owned());
    }
    error
}

pub(super) fn refused(refusal: Refusal, text: &str) -> Error {
    match refusal {
        Refusal::Language(error) => misspoken(&error.in_source(text)),
        Refusal::Rejected(rejection) => Error::from(&rejection),
    }
}

type Rows = mpsc::Receiver<Result<Vec<Vec<Value>>, Error>>;

impl Session {
    /// Starts a listing on a thread that may take its time: it yields rows while they are read, and never holds them
    /// all unless they must be ordered. Ends when nobody reads.
    async fn list(&self, catalog: Catalog, who: Principal, listing: Listing) -> Result<(Vec<String>, Rows), Refusal> {
        let (sender, rows) = mpsc::channel(CHUNKS_WAITING);
        let (begun, beginning) = oneshot::channel();
        // Threads that wait for readers are threads that sealing and storing cannot have.
        let permit = Arc::clone(&self.listings).acquire_owned().await.expect("nobody closes the semaphore");
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut table = match run_listing(&catalog, &who, &listing) {
                Ok(table) => table,
                Err(refusal) => return drop(begun.send(Err(refusal))),
            };
            let columns = std::mem::take(&mut table.columns);
            if begun.send(Ok(columns)).is_err() {
                return;
            }
            for rows in chunk_sizes() {
                let chunk: Result<Vec<_>, _> = table.by_ref().take(rows).collect();
                let last = !matches!(&chunk, Ok(chunk) if !chunk.is_empty());
                let chunk = chunk.map_err(|refusal| refused(refusal, ""));
                if runtime.block_on(sender.send_timeout(chunk, READ_WITHIN)).is_err() || last {
                    return;
                }
            }
        });
        let columns = beginning.await.expect("the listing answers before it ends")?;
        Ok((columns, rows))
    }
}

/// How many rows each chunk of a listing holds, without end.
fn chunk_sizes() -> impl Iterator<Item = usize> {
    std::iter::successors(Some(1), |rows| Some((rows * CHUNK_GROWTH).min(CHUNK_ROWS_MAX)))
}
