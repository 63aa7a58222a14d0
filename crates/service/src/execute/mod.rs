//! Life of a statement: parse, lower, and either write a command or list from a view. One line of the audit trail each.

mod fingerprint;
mod listing;

use std::sync::Arc;

use aliasd_catalog::{RequestId, RequestOrigin, Revision};
use aliasd_cypher::ast::{self, Deprecation, PARAMETER_STATUS};
use aliasd_cypher::{Lowered, Parameters, lower, parse};
use aliasd_listing::{Listing, Server, answer_no_op};
use aliasd_replica::{MemberStatus, NodeId};
use zeroize::Zeroizing;

pub use self::listing::RowStream;
use crate::audit::{Action, Line, outcome};
use crate::counters::{Counted, SharedCounters};
use crate::failure::{Failure, Leader, NodeFailure};
use crate::identity::{Authenticated, Method};
use crate::read::{Freshness, Reader};
use crate::vault::Vault;
use crate::write::{Asked, Writer, Written, written};

/// One statement and what it needs.
pub struct Statement {
    /// May hold a password in clear.
    pub text: Zeroizing<String>,
    /// What `$name` stands for.
    pub parameters: Parameters,
    /// A repeated request has its effect once. Drawn here if the caller chose none.
    pub request: Option<RequestId>,
    /// A revision that the caller had seen before it first sent the request; none if it does not say.
    pub made_at: Option<Revision>,
    /// How old the state may be that a listing shows; a write does not ask.
    pub freshness: Freshness,
}

/// What a statement came to.
pub struct Executed {
    /// What was written, or the rows.
    pub answer: Answer,
    /// What the statement's author should give up.
    pub deprecations: Vec<Deprecation>,
    /// Who leads, so that the next statement may go straight there.
    pub leader: Option<Leader>,
}

/// What a statement is answered with.
pub enum Answer {
    /// A command took effect, or had already under the same request id.
    Written(Written),
    /// A listing began; rows are made as they are read.
    Listed(Listed),
}

/// A listing that is being read.
pub struct Listed {
    /// The names of the columns, in the order of the values of a row.
    pub columns: Vec<String>,
    /// In the order asked for, some at a time.
    pub rows: RowStream,
    /// The revision of the state that is listed.
    pub revision: Revision,
}

/// The use case: a statement of the administration language. Cheap to clone.
#[derive(Clone)]
pub struct Execute {
    reader: Reader,
    writer: Writer,
    vault: Arc<Vault>,
    counters: SharedCounters,
    /// Bounds the listings that run at once.
    listings: Arc<listing::Turns>,
}

impl Execute {
    pub(crate) fn new(reader: Reader, writer: Writer, vault: Arc<Vault>, counters: SharedCounters) -> Self {
        Self { reader, writer, vault, counters, listings: Arc::new(listing::Turns::new()) }
    }

    /// Runs a statement for a user.
    ///
    /// # Errors
    /// The text is at fault, the user may not, or the catalog or the cluster refuses.
    pub async fn execute(&self, caller: &Authenticated, statement: Statement) -> Result<Executed, Failure> {
        let mut line = Line::by(Action::Statement, caller);
        // What cannot be understood is not shown: nobody can tell which part of it is a secret.
        line.what("<not understood>");
        let executed = self.execute_unaudited(caller, statement, &mut line).await;
        let revision = executed.as_ref().ok().map(|executed| match &executed.answer {
            Answer::Written(written) => written.revision,
            Answer::Listed(listed) => listed.revision,
        });
        let outcome = outcome(&executed);
        self.counters.count(Counted::Statement, outcome);
        line.end(outcome, revision);
        executed
    }

    async fn execute_unaudited(
        &self,
        caller: &Authenticated,
        statement: Statement,
        line: &mut Line,
    ) -> Result<Executed, Failure> {
        let Statement { text, parameters, request, made_at, freshness } = statement;
        let parsed = parse(&text).map_err(|error| Failure::from(&error))?;
        line.what(parsed.filled(&parameters).to_string());
        let lowered = lower(&parsed, &parameters).map_err(|refusal| Failure::of_refusal(&refusal.in_source(&text)))?;
        let actor = caller.principal();
        let answer = match lowered {
            Lowered::Command(command) => {
                let origin = self.origin(caller, &text, &parameters, made_at)?;
                let request = request.unwrap_or_else(|| RequestId(self.reader.runtime().random_bytes()));
                let asked = Asked { actor, request, origin: Some(origin), answer_by: caller.answer_by };
                let written = self.writer.write(asked, *command).await;
                Answer::Written(written.map_err(|failure| named_by_parameter(failure, &parsed))?)
            }
            Lowered::NoOp(no_op) => {
                // As a write would: what was acknowledged anywhere counts.
                let view = self.reader.view_for(caller, Freshness::Linearizable).await?;
                let answered = written(view.revision, answer_no_op(&view.catalog, &actor, &no_op));
                Answer::Written(answered.map_err(|failure| named_by_parameter(failure, &parsed))?)
            }
            Lowered::Listing(listed) => {
                let listing =
                    Listing::bind(&listed).map_err(|refusal| Failure::of_refusal(&refusal.in_source(&text)))?;
                let view = self.reader.view_for(caller, freshness).await?;
                let listing = if listing.is_about_servers() { listing.with_servers(self.servers()) } else { listing };
                let listed =
                    listing::start(&self.listings, self.reader.runtime(), view.catalog.clone(), actor, listing).await;
                let (columns, rows) = listed.map_err(|refusal| Failure::of_refusal(&refusal.in_source(&text)))?;
                Answer::Listed(Listed { columns, rows, revision: view.revision })
            }
        };
        let deprecations = parsed.deprecations.into_iter().map(|deprecation| deprecation.value).collect();
        Ok(Executed { answer, deprecations, leader: self.reader.leader() })
    }

    /// The members, as this one sees them.
    fn servers(&self) -> Vec<Server> {
        let status = self.reader.replica().status();
        let own = status.node;
        let server = |(id, it): (NodeId, MemberStatus)| Server {
            id,
            name: it.member.name,
            address: it.member.client_address,
            is_available: if id == own { Some(true) } else { it.answers },
        };
        let mut servers: Vec<Server> = status.members.into_iter().map(server).collect();
        servers.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
        servers
    }

    /// What tells the request of a write from every other.
    fn origin(
        &self,
        caller: &Authenticated,
        text: &str,
        parameters: &Parameters,
        made_at: Option<Revision>,
    ) -> Result<RequestOrigin, Failure> {
        let view = self.reader.present();
        let meta = view.catalog.meta().ok_or(NodeFailure::CatchingUp {})?;
        let print = fingerprint::fingerprint(&self.vault, (meta.cluster_id, meta.active_key), text, parameters);
        Ok(RequestOrigin {
            made_at: made_at.unwrap_or(view.revision),
            fingerprint: print.ok_or_else(|| self.writer.lacks_key())?,
            credential_revision: Some(caller.credential_revision),
            by_certificate: caller.method == Method::Certificate,
        })
    }
}

/// Adds to the chain of statuses that the name at fault came in a parameter.
fn named_by_parameter(mut failure: Failure, statement: &ast::Statement) -> Failure {
    if let Some(place) = statement.parameter_status_place(failure.gqlstatus.iter().copied()) {
        failure.gqlstatus.insert(place, PARAMETER_STATUS);
    }
    failure
}
