//! Life of a write: authorise as a courtesy, seal, stamp, propose here or hand to the leader, answer once it is applied
//! here. The check that counts is made when the entry is applied.

use std::sync::Arc;
use std::time::Duration;

use aliasd_catalog::{
    Command, CredentialPlace, Effect, Entry, OpenCommand, Outcome, PasswordHash, Plain, PolicyChange, Principal,
    Rejection, RequestId, RequestOrigin, RequestOwner, Revision, Sealed, SealedSecret, UserName, error_chain,
};
use aliasd_replica::ProposeError;
use aliasd_runtime::Moment;

use crate::counters::{Counted, SharedCounters};
use crate::failure::{Failure, NodeFailure};
use crate::identity::Identity;
use crate::read::Reader;
use crate::readiness::Readiness;
use crate::vault::{SealContext, Vault, VaultError};

/// How long a write is followed before its outcome is called unknown, unless its caller gives up sooner.
const WRITE_WAIT: Duration = Duration::from_secs(10);
/// How often a credential is sealed again because its alias changed in the meantime.
const RESEALED_MAX: usize = 3;

/// A write that took effect and shows on this member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The position of the write in the log.
    pub revision: Revision,
    /// What it did.
    pub effect: Effect,
}

/// Who asks for a write, and what tells its request from every other.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) actor: Principal,
    pub(crate) request: RequestId,
    /// None when a cluster is formed.
    pub(crate) origin: Option<RequestOrigin>,
    /// When an answer has to be on its way, to arrive before the caller gives up.
    pub(crate) answer_by: Option<Moment>,
}

/// Writes to the catalog, for every use case that does. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Writer {
    reader: Reader,
    readiness: Readiness,
    vault: Arc<Vault>,
    identity: Arc<Identity>,
    counters: SharedCounters,
}

impl Writer {
    pub(crate) fn new(
        reader: Reader,
        readiness: Readiness,
        vault: Arc<Vault>,
        identity: Arc<Identity>,
        counters: SharedCounters,
    ) -> Self {
        Self { reader, readiness, vault, identity, counters }
    }

    /// Carries out a command.
    ///
    /// # Errors
    /// The catalog refuses, or the write could not be made, or nobody knows whether it was made.
    pub(crate) async fn write(&self, asked: Asked, command: Command<Plain>) -> Result<Written, Failure> {
        if let Some((revision, outcome)) = self.recorded(&asked) {
            return written(revision, outcome);
        }
        let actor = asked.actor.clone();
        if self.allows(&actor, &command).is_err() {
            // This member may lag behind the change that allows it, or behind the first attempt of a repeated request.
            self.reader.catch_up(asked.answer_by).await?;
            if let Some((revision, outcome)) = self.recorded(&asked) {
                return written(revision, outcome);
            }
            self.allows(&actor, &command)?;
        }
        self.suits_this_node(&command)?;
        let (mut revision, mut outcome) = self.seal_and_propose(&asked, command.clone()).await?;
        for _ in 0..RESEALED_MAX {
            if !matches!(outcome, Err(Rejection::AliasChanged { .. } | Rejection::StaleKey { .. })) {
                break;
            }
            // Sealed for what the alias is no longer, or with a key that is active no longer, and not recorded: the same request
            // may be proposed again.
            self.reader.catch_up(asked.answer_by).await?;
            (revision, outcome) = self.seal_and_propose(&asked, command.clone()).await?;
        }
        written(revision, outcome)
    }

    async fn seal_and_propose(&self, asked: &Asked, command: Command<Plain>) -> Result<(Revision, Outcome), Failure> {
        let Asked { actor, request, origin, answer_by } = asked.clone();
        let command = self.seal(&actor, command).await?;
        self.propose(Entry { request, actor, issued_at: self.reader.time(), command, origin }, answer_by).await
    }

    /// What became of a request that this member has applied already. Another request under its id is left to the catalog.
    fn recorded(&self, asked: &Asked) -> Option<(Revision, Outcome)> {
        let view = self.reader.present();
        let recorded = view.catalog.recorded_request(&asked.request)?;
        let owner = RequestOwner { actor: asked.actor.clone(), fingerprint: asked.origin?.fingerprint };
        (recorded.owner.as_ref() == Some(&owner)).then(|| (recorded.applied.revision, recorded.outcome.clone()))
    }

    /// Refuses early what would be refused anyway.
    fn allows(&self, actor: &Principal, command: &Command<Plain>) -> Result<(), Failure> {
        let view = self.reader.present();
        view.catalog.authorise_command(actor, command).map_err(|rejection| Failure::from(&rejection))
    }

    /// Refuses what this node could not keep to by its own settings. Members with other settings may take it: no entry may
    /// come to another outcome by what stands in a file.
    fn suits_this_node(&self, command: &Command<Plain>) -> Result<(), Failure> {
        if let Command::Open(OpenCommand::SetPolicy(PolicyChange { release_staleness: Some(wanted), .. })) = command {
            self.reader.require_releasable(*wanted)?;
        }
        Ok(())
    }

    /// Seals what a command brought in clear, for the cluster as this member knows it.
    async fn seal(&self, actor: &Principal, mut command: Command<Plain>) -> Result<Command<Sealed>, Failure> {
        if let Command::AlterAlias(alter) = &mut command {
            let view = self.reader.present();
            let meta = view.catalog.meta().ok_or(NodeFailure::CatchingUp {})?;
            let open = |place: &CredentialPlace, stored: &SealedSecret| self.vault.open(meta.cluster_id, place, stored);
            alter.look_at(&view.catalog, actor, open).map_err(|error| self.seal_failure(&error))?;
        }
        let present = self.present_password(actor, &command)?;
        let seal = match &command {
            Command::Bootstrap(bootstrap) => SealContext { cluster: bootstrap.cluster_id, key: bootstrap.active_key },
            _ => {
                let view = self.reader.present();
                let meta = view.catalog.meta().ok_or(NodeFailure::CatchingUp {})?;
                SealContext { cluster: meta.cluster_id, key: meta.active_key }
            }
        };
        let changes_own = matches!(command, Command::ChangeOwnPassword { .. });
        let sealing = self.vault.seal_command(command, seal, present);
        let sealed = match actor {
            Principal::User(user) if changes_own => self.identity.change_password(user, sealing).await?,
            _ => sealing.await,
        };
        sealed.map_err(|error| self.seal_failure(&error))
    }

    /// The password of the user whom a command that brings a password is about, and the revision of the credentials: the
    /// catalog refuses what was found out about it if they have changed by the time the command takes effect.
    fn present_password(
        &self,
        actor: &Principal,
        command: &Command<Plain>,
    ) -> Result<Option<(PasswordHash, Revision)>, Failure> {
        let view = self.reader.present();
        let present = |name: &UserName| {
            let user = view.catalog.user(name.as_str())?;
            Some((user.password.clone()?, user.credential_revision))
        };
        match (command, actor) {
            (Command::AlterUser(alter), _) => Ok(present(&alter.name)),
            (Command::ChangeOwnPassword { .. }, Principal::User(name)) => match present(name) {
                None => Err(Failure::from(&Rejection::NoPassword { name: name.into() })),
                present => Ok(present),
            },
            _ => Ok(None),
        }
    }

    /// This member does not hold the cluster's active key, or has not read yet which one that is.
    pub(crate) fn lacks_key(&self) -> Failure {
        self.readiness.not_serving().unwrap_or(NodeFailure::CatchingUp {}).into()
    }

    fn seal_failure(&self, error: &VaultError) -> Failure {
        match error {
            VaultError::Busy => NodeFailure::LoginBusy {}.into(),
            VaultError::WrongPassword => NodeFailure::WrongCredentials {}.into(),
            VaultError::KeyMissing { .. } => self.lacks_key(),
            _ => {
                tracing::error!(error = error_chain(error), "a secret could not be sealed");
                Failure::bug("the node could not seal a secret; its log says why")
            }
        }
    }

    async fn propose(&self, entry: Entry, answer_by: Option<Moment>) -> Result<(Revision, Outcome), Failure> {
        let mut proposed = self.propose_once(&entry, answer_by).await;
        // Nothing was proposed, so nothing is lost by waiting for an election that may be under way.
        if matches!(proposed, Err(ProposeError::Unavailable)) && self.reader.wait_for_election(answer_by).await {
            proposed = self.propose_once(&entry, answer_by).await;
        }
        let proposed = proposed.map_err(|error| self.propose_failure(error));
        let code = match &proposed {
            Ok((_, Ok(_))) => "OK",
            Ok((_, Err(rejection))) => rejection.code().code,
            Err(failure) => failure.code,
        };
        self.counters.count(Counted::Proposal, code);
        proposed
    }

    async fn propose_once(
        &self,
        entry: &Entry,
        answer_by: Option<Moment>,
    ) -> Result<(Revision, Outcome), ProposeError> {
        let replica = self.reader.replica();
        let left = || self.reader.within(WRITE_WAIT, answer_by);
        match replica.propose(entry.clone(), left()).await {
            Err(ProposeError::ForwardToLeader { .. }) => replica.forward(entry.clone(), left()).await,
            proposed => proposed,
        }
    }

    fn propose_failure(&self, error: ProposeError) -> Failure {
        let failure = match error {
            ProposeError::ForwardToLeader { .. } => {
                return Failure::not_leader(self.reader.leader());
            }
            ProposeError::Unavailable => NodeFailure::NoLeader {},
            ProposeError::OutcomeUnknown { reason } => {
                tracing::warn!(%reason, "the outcome of a write is unknown");
                NodeFailure::OutcomeUnknown {}
            }
            ProposeError::Unstorable(error) => NodeFailure::TooLarge { reason: error_chain(&error) },
            ProposeError::Fatal(reason) => NodeFailure::from(&reason),
        };
        failure.into()
    }
}

pub(crate) fn written(revision: Revision, outcome: Outcome) -> Result<Written, Failure> {
    match outcome {
        Ok(effect) => Ok(Written { revision, effect }),
        Err(rejection) => Err(Failure::from(&rejection)),
    }
}
