//! Life of a write: authorise as a courtesy, seal, stamp, propose here or hand to the leader, answer once it is applied
//! here. The check that counts is made when the entry is applied.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aliasd_catalog::{
    Command, Effect, Entry, Outcome, Plain, Principal, Record, RecordKey, RequestId, Revision, Timestamp,
};
use aliasd_wire::error::Error;
use aliasd_wire::v1::Leader;

use super::freshness::{ELECTION_WAIT, not_serving};
use super::{Fault, Session};
use aliasd_replica::ProposeError;

/// How long a write is followed before its outcome is called unknown. Callers have deadlines of their own.
const WRITE_WAIT: Duration = Duration::from_secs(10);

/// A write that took effect and shows on this member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub revision: Revision,
    pub effect: Effect,
}

impl Session {
    /// Carries out a command.
    ///
    /// # Errors
    /// The catalog refuses, or the write could not be made, or nobody knows whether it was made.
    pub async fn write(&self, actor: Principal, request: RequestId, command: Command<Plain>) -> Result<Written, Error> {
        if let Some((revision, outcome)) = self.recorded(request) {
            return told(revision, outcome);
        }
        if self.allows(&actor, &command).is_err() {
            // This member may lag behind the change that allows it, or behind the first attempt of a repeated request.
            self.catch_up().await?;
            if let Some((revision, outcome)) = self.recorded(request) {
                return told(revision, outcome);
            }
            self.allows(&actor, &command)?;
        }
        let command = self.seal(&actor, command).await?;
        let entry = Entry { request, actor, issued_at: now(), command };
        let (revision, outcome) = self.propose(entry).await?;
        told(revision, outcome)
    }

    /// What became of a request that this member has applied already.
    fn recorded(&self, request: RequestId) -> Option<(Revision, Outcome)> {
        match self.replica.view().catalog.record(&RecordKey::Request(request))? {
            Record::Request(record) => Some((record.applied.revision, record.outcome.clone())),
            _ => None,
        }
    }

    /// Refuses early what would be refused anyway.
    fn allows(&self, actor: &Principal, command: &Command<Plain>) -> Result<(), Error> {
        let view = self.replica.view();
        view.catalog.authorise_command(actor, command).map_err(|rejection| Error::from(&rejection))
    }

    async fn propose(&self, entry: Entry) -> Result<(Revision, Outcome), Error> {
        let mut proposed = self.propose_once(&entry).await;
        // Nothing was proposed, so nothing is lost by waiting for an election that may be under way.
        if matches!(proposed, Err(ProposeError::Unavailable))
            && self.replica.wait_for_leader(ELECTION_WAIT).await.is_some()
        {
            proposed = self.propose_once(&entry).await;
        }
        let proposed = proposed.map_err(|error| self.propose_fault(error));
        let code = match &proposed {
            Ok((_, Ok(_))) => "OK",
            Ok((_, Err(rejection))) => rejection.code().code,
            Err(error) => &error.code,
        };
        self.metrics.proposal(code);
        proposed
    }

    async fn propose_once(&self, entry: &Entry) -> Result<(Revision, Outcome), ProposeError> {
        match self.replica.propose(entry.clone(), WRITE_WAIT).await {
            Err(ProposeError::ForwardToLeader { .. }) => self.replica.forward(entry.clone(), WRITE_WAIT).await,
            proposed => proposed,
        }
    }

    fn propose_fault(&self, error: ProposeError) -> Error {
        let fault = match error {
            ProposeError::ForwardToLeader { .. } => return Error::from(Fault::NotLeader {}).with_leader(self.leader()),
            ProposeError::Unavailable => Fault::NoLeader {},
            ProposeError::OutcomeUnknown { reason } => {
                tracing::warn!(%reason, "the outcome of a write is unknown");
                Fault::OutcomeUnknown {}
            }
            ProposeError::Unstorable(reason) => Fault::TooLarge { reason },
            ProposeError::Fatal(reason) => not_serving(&reason),
        };
        fault.into()
    }

    /// The leader, as far as this member knows.
    pub fn leader(&self) -> Option<Leader> {
        let (node_id, member) = self.replica.leader()?;
        Some(Leader { node_id, client_address: member.client_address })
    }
}

fn told(revision: Revision, outcome: Outcome) -> Result<Written, Error> {
    match outcome {
        Ok(effect) => Ok(Written { revision, effect }),
        Err(rejection) => Err(Error::from(&rejection)),
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
