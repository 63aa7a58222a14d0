//! `aliasd.v1.Cluster`: protobuf in, protobuf out. Decides nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use aliasd_catalog::PlainSecret;
use aliasd_wire::error::Error;
use aliasd_wire::v1;
use aliasd_wire::v1::cluster_server::Cluster;
use tonic::{Request, Response, Status};

use super::convert;
use aliasd_replica::{Member, MemberStatus, NodeId, ReplicaRole, ReplicaStatus};
use aliasd_service::{Fault, Formation, Session};

pub(super) struct ClusterService(pub(super) Arc<Session>);

#[tonic::async_trait]
impl Cluster for ClusterService {
    async fn init(&self, request: Request<v1::InitRequest>) -> Result<Response<v1::InitResponse>, Status> {
        let mut request = request.into_inner();
        let admin = if request.admin_user.is_empty() { "admin" } else { &request.admin_user };
        let formation = Formation {
            admin: convert::user_name(admin)?,
            members: members_to_be(std::mem::take(&mut request.members))?,
            password: request.admin_password.take().map(PlainSecret::new),
        };
        let formed = self.0.form(formation).await?;
        Ok(Response::new(v1::InitResponse {
            cluster_id: formed.cluster_id.to_string(),
            generated_password: formed.generated.map(|password| password.expose().to_owned()),
        }))
    }

    async fn status(&self, _: Request<v1::StatusRequest>) -> Result<Response<v1::StatusResponse>, Status> {
        let session = &self.0;
        let status = session.replica().status();
        let members = status.members.iter().map(|(id, status)| member(*id, status)).collect();
        let view = session.replica().view();
        let cluster_id = view.catalog.meta().map(|meta| meta.cluster_id.to_string()).unwrap_or_default();
        let response = v1::StatusResponse {
            term: status.term,
            node: Some(node(session, &status)),
            cluster_id,
            leader: session.leader(),
            members,
        };
        Ok(Response::new(response))
    }

    async fn transfer_leader(
        &self,
        request: Request<v1::TransferLeaderRequest>,
    ) -> Result<Response<v1::TransferLeaderResponse>, Status> {
        let to = request.into_inner().to_node_id;
        let to = (to != 0).then_some(to);
        let term = self.0.transfer_leader(to).await?;
        Ok(Response::new(v1::TransferLeaderResponse { leader: self.0.leader(), term }))
    }
}

fn members_to_be(members: Vec<v1::InitMember>) -> Result<BTreeMap<NodeId, Member>, Error> {
    let invalid = |reason: String| Error::from(Fault::InvalidRequest { field: "members".into(), reason });
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
        let member = Member { name: format!("node-{node_id}"), peer_address, client_address };
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

fn member(node_id: NodeId, status: &MemberStatus) -> v1::MemberStatus {
    v1::MemberStatus {
        node_id,
        peer_address: status.member.peer_address.clone(),
        client_address: status.member.client_address.clone(),
        voter: status.voter,
        matched_log_index: status.matched.map(|revision| revision.0),
    }
}

fn node(session: &Session, status: &ReplicaStatus) -> v1::NodeStatus {
    let not_ready = session.not_ready();
    v1::NodeStatus {
        node_id: status.node,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        role: role(session, status).into(),
        ready: not_ready.is_empty(),
        not_ready_reasons: not_ready.iter().map(condition).collect(),
        last_log_index: status.last_log.map_or(0, |revision| revision.0),
        applied_revision: status.applied.0,
        digest: status.digest.to_string(),
        keys: keys(session),
        snapshot: status.snapshot.map(|revision| v1::SnapshotStatus { revision: revision.0 }),
        alarms: session.stopped().iter().map(condition).collect(),
        started_at: Some(convert::timestamp(session.started_at())),
    }
}

fn keys(session: &Session) -> Vec<v1::HeldKey> {
    let view = session.replica().view();
    let active = view.catalog.meta().map(|meta| meta.active_key);
    let key = |(id, name)| v1::HeldKey { key_id: format!("{id}"), name, active: Some(id) == active };
    session.vault().held().into_iter().map(key).collect()
}

fn role(session: &Session, status: &ReplicaStatus) -> v1::NodeRole {
    match status.role {
        _ if !session.replica().is_initialized() => v1::NodeRole::Uninitialised,
        ReplicaRole::Learner => v1::NodeRole::Learner,
        ReplicaRole::Follower => v1::NodeRole::Follower,
        ReplicaRole::Candidate => v1::NodeRole::Candidate,
        ReplicaRole::Leader => v1::NodeRole::Leader,
        ReplicaRole::Stopped => v1::NodeRole::Stopped,
    }
}

fn condition(fault: &Fault) -> v1::Condition {
    v1::Condition { code: fault.code().to_owned(), message: fault.message(), hint: fault.hint().to_owned() }
}
