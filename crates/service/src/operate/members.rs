//! Changing the members: who may come, who gets a vote, who goes. The catalog agrees to one change at a time; the leader
//! carries it out, whoever asked for it and whether anybody still waits.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aliasd_catalog::{
    Command, Invitation, MemberChange, MemberIncarnation, MemberStep, OpenCommand, Plain, PlainSecret, Rejection,
    ReplacedMember, RequestId, RequestOrigin, StatementFingerprint,
};
use aliasd_replica::{JoinToken, Member, MemberStatus, NodeId, TooOldError};

use super::Operate;
use super::alarms::named;
use crate::audit::{Action, Line, outcome};
use crate::clock::timestamp;
use crate::failure::{Failure, NodeFailure};
use crate::identity::{Authenticated, Method};
use crate::write::{Asked, Written};

/// How long a token lets a node in, at least and at most.
const TOKEN_LIFETIME: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(86_400);
/// How long it does so where nothing else is asked for.
const TOKEN_LIFETIME_DEFAULT: Duration = Duration::from_secs(3_600);
/// How long a call waits for a change to be done: less than a caller does.
const DONE_WITHIN: Duration = Duration::from_secs(5);
const LOOKED_AT_EVERY: Duration = Duration::from_millis(50);

/// A node that is to become a member.
#[derive(Clone, Debug)]
pub struct NewMember {
    /// Its node id.
    pub node: NodeId,
    /// Where it will be reached.
    pub member: Member,
    /// It stays without a vote.
    pub learner: bool,
    /// How long its token lets it in; an hour where nothing is said.
    pub token_lifetime: Option<Duration>,
}

/// What a node is started with that is to become a member.
pub struct Invited {
    /// Lets the node in, once. Kept nowhere else.
    pub token: PlainSecret,
    /// From then on it lets nobody in.
    pub expires_at: SystemTime,
}

/// How far a change is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing is left to be done.
    Done,
    /// It goes on; a clause says what it waits for, where that is known.
    Waiting(String),
}

/// How far a replacement is.
pub struct Replacing {
    /// What the new node is started with; nothing once it has come.
    pub invited: Option<Invited>,
    /// How far the change is.
    pub progress: Progress,
}

/// A change of the members that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberChangeStatus {
    /// The node that it is about.
    pub node: NodeId,
    /// What is done, as a clause.
    pub description: String,
    /// What it waits for, as a clause; empty where that is not known.
    pub waiting_for: String,
}

impl Operate {
    /// Invites a node, because `caller` wants it.
    ///
    /// # Errors
    /// This node does not lead or has no quorum, the node id or an address is in use or used up, or another change is under
    /// way.
    pub async fn add_member(&self, caller: &Authenticated, new: NewMember) -> Result<Invited, Failure> {
        let mut line = Line::by(Action::AddMember, caller);
        let kind = if new.learner { "learner" } else { "voter" };
        line.what(format!("node {} at {} as a {kind}", new.node, new.member.peer_address));
        let invited = self.invite(caller, &new, None).await;
        line.end(outcome(&invited), None);
        invited
    }

    /// Makes a learner a voter, because `caller` wants it, and waits for that for a while.
    ///
    /// # Errors
    /// As [`Operate::add_member`]; or the quorum could be lost by it.
    pub async fn promote_member(&self, caller: &Authenticated, node: NodeId) -> Result<Progress, Failure> {
        let mut line = Line::by(Action::PromoteMember, caller);
        line.what(format!("node {node}"));
        let promoted = self.promote(caller, node).await;
        line.end(outcome(&promoted), None);
        promoted
    }

    /// Removes a member for ever, because `caller` wants it, and waits for that for a while.
    ///
    /// # Errors
    /// As [`Operate::add_member`]; or it is the only voter, or the quorum would be lost by it.
    pub async fn remove_member(&self, caller: &Authenticated, node: NodeId) -> Result<Progress, Failure> {
        let mut line = Line::by(Action::RemoveMember, caller);
        line.what(format!("node {node}"));
        let removed = self.remove(caller, node).await;
        line.end(outcome(&removed), None);
        removed
    }

    /// Has another node take the place of a member, because `caller` wants it. Asked again, it goes on with the same.
    ///
    /// # Errors
    /// As [`Operate::add_member`]; or the old node is no voter.
    pub async fn replace_member(
        &self,
        caller: &Authenticated,
        old: NodeId,
        new: NewMember,
    ) -> Result<Replacing, Failure> {
        let mut line = Line::by(Action::ReplaceMember, caller);
        line.what(format!("node {old} by node {} at {}", new.node, new.member.peer_address));
        let replacing = self.replace(caller, old, &new).await;
        line.end(outcome(&replacing), None);
        replacing
    }

    /// The change that is under way, as this member knows it.
    pub(super) fn member_change(&self) -> Option<MemberChangeStatus> {
        // Who is removed does not hear how it ended.
        self.reader.replica().serving().ok()?;
        let view = self.reader.present();
        let change = view.catalog.members().change.as_ref()?;
        let waiting_for = self.reader.replica().member_change_waits_for().unwrap_or_default();
        Some(MemberChangeStatus { node: change.node, description: change.to_string(), waiting_for })
    }

    async fn promote(&self, caller: &Authenticated, node: NodeId) -> Result<Progress, Failure> {
        let members = self.members_to_change().await?;
        let member = members.get(&node).ok_or_else(|| unknown(node))?;
        if member.voter && self.running(node).is_none() {
            return Ok(Progress::Done);
        }
        if !member.voter {
            self.require_quorum(Some(node), None).await?;
        }
        self.take(caller, MemberStep::Promote { node }).await?;
        self.wait(node).await
    }

    async fn remove(&self, caller: &Authenticated, node: NodeId) -> Result<Progress, Failure> {
        let members = self.members_to_change().await?;
        let view = self.reader.present();
        let ledger = view.catalog.members();
        if ledger.is_retired(node) {
            return Ok(Progress::Done);
        }
        let member = members.get(&node);
        // One that is not in the membership any more may still be on its way out.
        let is_changing = ledger.change.as_ref().is_some_and(|change| change.node == node);
        if member.is_none() && !is_changing && !ledger.joined.contains_key(&node) {
            return Err(unknown(node));
        }
        if member.is_some_and(|member| member.voter) {
            if members.values().filter(|member| member.voter).count() == 1 {
                return Err(NodeFailure::LastVoter { node: node.to_string() }.into());
            }
            self.require_quorum(None, Some(node)).await?;
        }
        let incarnation = member.and_then(|member| member.incarnation).map(|it| MemberIncarnation(it.0));
        self.take(caller, MemberStep::Remove { node, incarnation }).await?;
        self.wait(node).await
    }

    async fn replace(&self, caller: &Authenticated, old: NodeId, new: &NewMember) -> Result<Replacing, Failure> {
        let members = self.members_to_change().await?;
        let view = self.reader.present();
        let ledger = view.catalog.members();
        let came = ledger.joined.contains_key(&new.node);
        let under_way = ledger.invitation(new.node).and_then(|it| it.replaces).is_some_and(|it| it.node == old);
        let is_done = ledger.is_retired(old);
        if came && (under_way || is_done) {
            let progress = if under_way { self.wait(new.node).await? } else { Progress::Done };
            return Ok(Replacing { invited: None, progress });
        }
        let member = members.get(&old).ok_or_else(|| unknown(old))?;
        if !member.voter {
            return Err(invalid("old_node_id", "is a learner: remove it, and add another one"));
        }
        let incarnation = member.incarnation.map(|it| MemberIncarnation(it.0));
        let invited = self.invite(caller, new, Some(ReplacedMember { node: old, incarnation })).await?;
        let waiting_for = format!("node {} to be started with its join token", new.node);
        Ok(Replacing { invited: Some(invited), progress: Progress::Waiting(waiting_for) })
    }

    async fn invite(
        &self,
        caller: &Authenticated,
        new: &NewMember,
        replaces: Option<ReplacedMember>,
    ) -> Result<Invited, Failure> {
        let token_lifetime = new.token_lifetime.unwrap_or(TOKEN_LIFETIME_DEFAULT);
        if !TOKEN_LIFETIME.contains(&token_lifetime) {
            return Err(invalid("token_lifetime", "must be between a second and a day"));
        }
        let members = self.members_to_change().await?;
        if members.contains_key(&new.node) {
            return Err(Failure::from(&Rejection::MemberExists { node: new.node.into() }));
        }
        for (node, known) in members.iter().filter(|(node, _)| replaces.is_none_or(|old| old.node != **node)) {
            let pairs = [
                ("peer_address", &known.member.peer_address, &new.member.peer_address),
                ("client_address", &known.member.client_address, &new.member.client_address),
            ];
            if let Some((field, ..)) = pairs.into_iter().find(|(_, known, new)| known == new) {
                return Err(invalid(field, &format!("is that of member {node}")));
            }
        }
        let cluster = self.reader.replica().cluster().ok_or(NodeFailure::CatchingUp {})?;
        let runtime = self.reader.runtime();
        let expires_at = runtime.time_of_day() + token_lifetime;
        let addresses: BTreeMap<_, _> =
            members.into_iter().map(|(node, known)| (node, known.member.peer_address)).collect();
        let token = JoinToken::new(cluster, new.node, addresses, runtime.random_bytes());
        let invitation = Invitation {
            peer_address: new.member.peer_address.clone(),
            client_address: new.member.client_address.clone(),
            learner: new.learner,
            replaces,
            token: token.hash(),
            expires_at: timestamp(expires_at),
        };
        self.take(caller, MemberStep::Invite { node: new.node, invitation }).await?;
        Ok(Invited { token: PlainSecret::new(token.to_text()), expires_at })
    }

    /// The members, on a leader that a quorum has just confirmed.
    async fn members_to_change(&self) -> Result<BTreeMap<NodeId, MemberStatus>, Failure> {
        let status = self.reader.replica().status();
        if status.leader != Some(status.node) {
            return Err(Failure::not_leader(self.reader.leader()));
        }
        self.reader.catch_up(None).await?;
        Ok(status.members)
    }

    async fn require_quorum(&self, more: Option<NodeId>, less: Option<NodeId>) -> Result<(), Failure> {
        let left = self.reader.replica().check_quorum(more, less).await;
        left.map_err(|lost| NodeFailure::QuorumLost { reason: lost.to_string() }.into())
    }

    /// Has the catalog agree to a step.
    async fn take(&self, caller: &Authenticated, step: MemberStep) -> Result<Written, Failure> {
        self.reader.replica().check_understood().await.map_err(|TooOldError { members }| {
            NodeFailure::MembersTooOld { members: named(members).unwrap_or_default() }
        })?;
        let request: [u8; 16] = self.reader.runtime().random_bytes();
        let mut fingerprint = [0; 32];
        fingerprint[..request.len()].copy_from_slice(&request);
        let origin = RequestOrigin {
            made_at: self.reader.present().revision,
            fingerprint: StatementFingerprint(fingerprint),
            credential_revision: Some(caller.credential_revision),
            by_certificate: caller.method == Method::Certificate,
        };
        let asked = Asked {
            actor: caller.principal(),
            request: RequestId(request),
            origin: Some(origin),
            answer_by: caller.answer_by,
        };
        self.writer.write(asked, Command::<Plain>::Open(OpenCommand::ChangeMembers(step))).await
    }

    /// The change that is under way about a node.
    fn running(&self, node: NodeId) -> Option<MemberChange> {
        self.reader.present().catalog.members().change.clone().filter(|change| change.node == node)
    }

    /// Waits for a while until the change that is under way about a node is done.
    ///
    /// # Errors
    /// This node does not lead any more, and may be the one that goes: the call is for the leader, which goes on with it.
    async fn wait(&self, node: NodeId) -> Result<Progress, Failure> {
        let (runtime, replica) = (self.reader.runtime(), self.reader.replica());
        let until = runtime.now() + DONE_WITHIN;
        while self.running(node).is_some() {
            if replica.leader().is_some_and(|(leader, _)| leader != replica.node()) {
                return Err(Failure::not_leader(self.reader.leader()));
            }
            if runtime.now() >= until {
                let known = replica.member_change_waits_for();
                return Ok(Progress::Waiting(known.unwrap_or_else(|| "the leader to go on with it".to_owned())));
            }
            runtime.sleep(LOOKED_AT_EVERY).await;
        }
        Ok(Progress::Done)
    }
}

fn unknown(node: NodeId) -> Failure {
    NodeFailure::MemberUnknown { node: node.to_string() }.into()
}

fn invalid(field: &str, reason: &str) -> Failure {
    NodeFailure::InvalidRequest { field: field.into(), reason: reason.into() }.into()
}
