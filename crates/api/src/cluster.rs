//! `aliasd.v1.Cluster`: protobuf in, protobuf out. Decides nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use aliasd_catalog::{PlainSecret, REQUEST_WINDOW};
use aliasd_replica::{Lifecycle, Member, MemberStatus, NodeId, ReplicaRole, ReplicaStatus};
use aliasd_service::operate::{
    Formation, HeldKey, MemberChangeStatus, NewMember, Operate, Progress, Status as NodeReport, Transferred,
};
use aliasd_service::{Failure, NodeFailure};
use aliasd_wire::v1;
use aliasd_wire::v1::cluster_server::Cluster;
use tonic::{Request, Response, Status};

use super::failure::{leader_to_proto, status};
use super::{caller, connection, convert};

pub(super) struct ClusterService(pub(super) Operate);

#[tonic::async_trait]
impl Cluster for ClusterService {
    async fn init(&self, request: Request<v1::InitRequest>) -> Result<Response<v1::InitResponse>, Status> {
        let connection = connection(&request).map_err(status)?.clone();
        let mut request = request.into_inner();
        let admin = if request.admin_user.is_empty() { "admin" } else { &request.admin_user };
        let formation = Formation {
            admin: convert::user_name(admin).map_err(status)?,
            members: members_to_be(std::mem::take(&mut request.members)).map_err(status)?,
            password: request.admin_password.take().map(PlainSecret::new),
        };
        let formed = self.0.form(&connection, formation).await.map_err(status)?;
        Ok(Response::new(v1::InitResponse {
            cluster_id: formed.cluster_id.to_string(),
            generated_password: formed.generated.map(|password| password.expose().to_owned()),
        }))
    }

    async fn status(&self, _: Request<v1::StatusRequest>) -> Result<Response<v1::StatusResponse>, Status> {
        let report = self.0.status();
        let response = v1::StatusResponse {
            term: report.replica.term,
            cluster_id: report.cluster.map(|id| id.to_string()).unwrap_or_default(),
            members: report.replica.members.iter().map(|(id, status)| member(*id, status)).collect(),
            leader: report.leader.clone().map(leader_to_proto),
            member_change: report.member_change.clone().map(member_change),
            node: Some(node(report)),
            request_window: REQUEST_WINDOW,
        };
        Ok(Response::new(response))
    }

    async fn transfer_leader(
        &self,
        request: Request<v1::TransferLeaderRequest>,
    ) -> Result<Response<v1::TransferLeaderResponse>, Status> {
        let caller = caller(&request).map_err(status)?.clone();
        let to = request.into_inner().to_node_id;
        let to = (to != 0).then_some(to);
        let Transferred { term, leader, led_already } = self.0.transfer_leader(&caller, to).await.map_err(status)?;
        Ok(Response::new(v1::TransferLeaderResponse { leader: leader.map(leader_to_proto), term, led_already }))
    }

    async fn add_member(
        &self,
        request: Request<v1::AddMemberRequest>,
    ) -> Result<Response<v1::AddMemberResponse>, Status> {
        let caller = caller(&request).map_err(status)?.clone();
        let v1::AddMemberRequest { node_id, peer_address, client_address, learner, token_lifetime } =
            request.into_inner();
        let new = new_member(node_id, (peer_address, client_address), learner, token_lifetime).map_err(status)?;
        let invited = self.0.add_member(&caller, new).await.map_err(status)?;
        Ok(Response::new(v1::AddMemberResponse {
            join_token: invited.token.expose().to_owned(),
            expires_at: Some(convert::timestamp(invited.expires_at)),
        }))
    }

    async fn promote_member(
        &self,
        request: Request<v1::PromoteMemberRequest>,
    ) -> Result<Response<v1::PromoteMemberResponse>, Status> {
        let caller = caller(&request).map_err(status)?.clone();
        let promoted = self.0.promote_member(&caller, request.into_inner().node_id).await.map_err(status)?;
        let (done, waiting_for) = progress(promoted);
        Ok(Response::new(v1::PromoteMemberResponse { done, waiting_for }))
    }

    async fn remove_member(
        &self,
        request: Request<v1::RemoveMemberRequest>,
    ) -> Result<Response<v1::RemoveMemberResponse>, Status> {
        let caller = caller(&request).map_err(status)?.clone();
        let removed = self.0.remove_member(&caller, request.into_inner().node_id).await.map_err(status)?;
        let (done, waiting_for) = progress(removed);
        Ok(Response::new(v1::RemoveMemberResponse { done, waiting_for }))
    }

    async fn replace_member(
        &self,
        request: Request<v1::ReplaceMemberRequest>,
    ) -> Result<Response<v1::ReplaceMemberResponse>, Status> {
        let caller = caller(&request).map_err(status)?.clone();
        let v1::ReplaceMemberRequest { old_node_id, new_node_id, peer_address, client_address, token_lifetime } =
            request.into_inner();
        let new = new_member(new_node_id, (peer_address, client_address), false, token_lifetime).map_err(status)?;
        let replacing = self.0.replace_member(&caller, old_node_id, new).await.map_err(status)?;
        let (done, waiting_for) = progress(replacing.progress);
        Ok(Response::new(v1::ReplaceMemberResponse {
            join_token: replacing.invited.as_ref().map(|invited| invited.token.expose().to_owned()),
            expires_at: replacing.invited.map(|invited| convert::timestamp(invited.expires_at)),
            done,
            waiting_for,
        }))
    }
}

fn new_member(
    node_id: u64,
    (peer_address, client_address): (String, String),
    learner: bool,
    token_lifetime: Option<prost_types::Duration>,
) -> Result<NewMember, Failure> {
    let invalid =
        |field: &str, reason: &str| NodeFailure::InvalidRequest { field: field.into(), reason: reason.into() };
    if node_id == 0 {
        return Err(invalid("node_id", "must be from 1 on").into());
    }
    for (field, address) in [("peer_address", &peer_address), ("client_address", &client_address)] {
        if !is_address(address) {
            return Err(invalid(field, "is not of the form host:port").into());
        }
    }
    let token_lifetime = token_lifetime.map(Duration::try_from).transpose();
    let token_lifetime = token_lifetime.map_err(|_| invalid("token_lifetime", "is no time that can pass"))?;
    let member = Member::of(node_id, peer_address, client_address);
    Ok(NewMember { node: node_id, member, learner, token_lifetime })
}

/// Whether a change is done, and what it waits for otherwise.
fn progress(progress: Progress) -> (bool, String) {
    match progress {
        Progress::Done => (true, String::new()),
        Progress::Waiting(reason) => (false, reason),
    }
}

fn members_to_be(members: Vec<v1::InitMember>) -> Result<BTreeMap<NodeId, Member>, Failure> {
    let invalid = |reason: String| Failure::from(NodeFailure::InvalidRequest { field: "members".into(), reason });
    let mut known = BTreeMap::new();
    for v1::InitMember { node_id, peer_address, client_address } in members {
        if node_id == 0 {
            return Err(invalid("must give every member a node id from 1 on".into()));
        }
        for address in [&peer_address, &client_address] {
            if !is_address(address) {
                return Err(invalid(format!("holds '{address}', which is not of the form host:port")));
            }
        }
        let member = Member::of(node_id, peer_address, client_address);
        if known.insert(node_id, member).is_some() {
            return Err(invalid(format!("names node {node_id} twice")));
        }
    }
    if known.is_empty() {
        return Err(invalid("must name at least one member".into()));
    }
    Ok(known)
}

fn is_address(address: &str) -> bool {
    let split = address.rsplit_once(':');
    split.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port != 0))
}

fn member_change(change: MemberChangeStatus) -> v1::MemberChange {
    let MemberChangeStatus { node, description, waiting_for } = change;
    v1::MemberChange { node_id: node, description, waiting_for }
}

fn member(node_id: NodeId, status: &MemberStatus) -> v1::MemberStatus {
    v1::MemberStatus {
        node_id,
        peer_address: status.member.peer_address.clone(),
        client_address: status.member.client_address.clone(),
        voter: status.voter,
        matched_log_index: status.matched.map(|revision| revision.0),
        round_trip: status.round_trip.and_then(|took| took.try_into().ok()),
        silent_for: status.silent_for.and_then(|time| time.try_into().ok()),
    }
}

fn node(report: NodeReport) -> v1::NodeStatus {
    let NodeReport { replica, not_ready, stopped, alarms, keys, started_at, initialized, .. } = report;
    v1::NodeStatus {
        node_id: replica.node,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        role: role(initialized, &replica).into(),
        ready: not_ready.is_empty(),
        not_ready_reasons: not_ready.iter().map(condition).collect(),
        last_log_index: replica.last_log.map_or(0, |revision| revision.0),
        applied_revision: replica.applied.0,
        digest: replica.digest.to_string(),
        keys: keys.into_iter().map(key).collect(),
        snapshot: replica.snapshot.map(|revision| v1::SnapshotStatus { revision: revision.0 }),
        alarms: stopped.iter().chain(&alarms).map(condition).collect(),
        started_at: Some(convert::timestamp(started_at)),
    }
}

fn key(HeldKey { id, name, active }: HeldKey) -> v1::HeldKey {
    v1::HeldKey { key_id: id.to_string(), name, active }
}

fn role(initialized: bool, replica: &ReplicaStatus) -> v1::NodeRole {
    match replica.role {
        _ if !initialized => v1::NodeRole::Uninitialised,
        _ if replica.lifecycle == Lifecycle::Removed => v1::NodeRole::Stopped,
        ReplicaRole::Learner => v1::NodeRole::Learner,
        ReplicaRole::Follower => v1::NodeRole::Follower,
        ReplicaRole::Candidate => v1::NodeRole::Candidate,
        ReplicaRole::Leader => v1::NodeRole::Leader,
        ReplicaRole::Stopped => v1::NodeRole::Stopped,
    }
}

fn condition(failure: &NodeFailure) -> v1::Condition {
    v1::Condition { code: failure.code().to_owned(), message: failure.message(), hint: failure.hint().to_owned() }
}
