//! Forming a cluster, looking at it, and changing its members.

use std::mem::take;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aliasd_runtime::Moment;
use aliasd_wire::v1::cluster_client::ClusterClient;
use aliasd_wire::v1::{self, InitMember, StatusRequest, StatusResponse, TransferLeaderRequest, TransferLeaderResponse};
use tokio::sync::oneshot;

use crate::attempt_error::AttemptError;
use crate::core::{AccessMode, Core};
use crate::members::Member;
use crate::{Class, Failure, Secret};

/// Who administers a cluster whose first administrator was given no name.
const DEFAULT_ADMINISTRATOR: &str = "admin";
/// What a member says that belongs to a cluster.
const ALREADY_FORMED: &str = "CLUSTER_ALREADY_FORMED";
/// The part of the time of forming a cluster that is kept for finding out whether it was formed.
const CONFIRMATION_SHARE: u32 = 4;

/// A new cluster to be.
#[derive(Clone, Debug)]
pub struct NewCluster {
    /// Its members, the one that is asked among them.
    pub members: Vec<InitMember>,
    /// Name of the first administrator. Empty: `admin`.
    pub administrator: String,
    /// Its password; `None`: one is drawn here, so that it is known if it turns out that the cluster was formed. Whoever
    /// must know it even if that stays open draws it with [`Client::generate_password`](crate::Client::generate_password).
    pub password: Option<Secret>,
}

/// A cluster that was formed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FormedCluster {
    /// Its id: 32 hexadecimal digits.
    pub id: String,
    /// The administrator's password, if none was given: 32 hexadecimal digits. It is stored nowhere in this form.
    pub generated_password: Option<Secret>,
}

/// What one member says of itself, or why it does not.
#[derive(Clone, Debug)]
pub struct MemberReport {
    /// `host:port` that was asked.
    pub address: String,
    /// What it says of itself, or why it says nothing.
    pub status: Result<StatusResponse, Failure>,
}

/// A password that nobody can guess.
pub(crate) fn draw_password(core: &Core) -> Secret {
    Secret::new(core.runtime.random_text::<16>())
}

/// Sent to one member at a time, and to another one only where it had no effect: two members that form a cluster at the same
/// time would form two.
pub(crate) async fn init(core: &Core, new: &NewCluster) -> Result<FormedCluster, Failure> {
    let drawn = new.password.is_none().then(|| draw_password(core));
    let password = new.password.as_ref().or(drawn.as_ref()).map_or("", Secret::expose);
    let administrator = if new.administrator.is_empty() { DEFAULT_ADMINISTRATOR } else { new.administrator.as_str() };
    let request = v1::InitRequest {
        members: new.members.clone(),
        admin_user: administrator.to_owned(),
        admin_password: Some(password.to_owned()),
    };
    let deadline = core.deadline();
    let limit = core.limits.call - core.limits.attempt.min(core.limits.call / CONFIRMATION_SHARE);
    let attempts = AtomicU32::new(0);
    let answer = core.call_within(limit, AccessMode::WriteUnrepeatable, |attempt| {
        attempts.fetch_add(1, Ordering::Relaxed);
        let request = attempt.request(request.clone());
        async move { ClusterClient::new(attempt.channel()).init(request).await }
    });
    let id = match answer.await {
        Ok(answer) => take(&mut answer.into_inner().cluster_id),
        Err(failure) => {
            // A member that had said that it did nothing may have done it all the same, and another one knows of it.
            let repeated = attempts.into_inner() > 1 && failure.code == ALREADY_FORMED;
            if failure.class != Class::OutcomeUnknown && !repeated {
                return Err(failure);
            }
            formed_with(core, deadline, administrator, password).await.ok_or(failure)?
        }
    };
    Ok(FormedCluster { id, generated_password: drawn })
}

/// The id of the cluster that has this administrator with this password: what nobody else could have formed, if the password
/// is a good one. None if there is no such cluster by the deadline; a member may be about to form it.
async fn formed_with(core: &Core, deadline: Moment, administrator: &str, password: &str) -> Option<String> {
    let login = core.login(deadline, administrator, &Secret::from(password)).await.ok()?;
    let status = core.call_until(deadline, AccessMode::Read, Some(&login.token), |attempt| {
        let request = attempt.request(StatusRequest {});
        async move { ClusterClient::new(attempt.channel()).status(request).await }
    });
    let id = take(&mut status.await.ok()?.into_inner().cluster_id);
    (!id.is_empty()).then_some(id)
}

/// Makes a voter the leader.
pub(crate) async fn transfer_leader(core: &Core, to: Option<u64>) -> Result<TransferLeaderResponse, Failure> {
    let request = TransferLeaderRequest { to_node_id: to.unwrap_or_default() };
    let (answer, member) = core
        .call(AccessMode::WriteUnrepeatable, |attempt| {
            let request = attempt.request(request);
            async move { Ok((ClusterClient::new(attempt.channel()).transfer_leader(request).await?, attempt.member)) }
        })
        .await?;
    let answer = answer.into_inner();
    if let Some(leader) = &answer.leader {
        core.members.learn_leader(leader, &member);
    }
    Ok(answer)
}

/// One call that changes the members. It takes effect each time it is sent.
macro_rules! member_calls {
    ($($(#[$doc:meta])* $name:ident: $request:ident -> $response:ident;)+) => {$(
        $(#[$doc])*
        pub(crate) async fn $name(core: &Core, request: &v1::$request) -> Result<v1::$response, Failure> {
            let answer = core.call(AccessMode::WriteUnrepeatable, |attempt| {
                let request = attempt.request(request.clone());
                async move { ClusterClient::new(attempt.channel()).$name(request).await }
            });
            Ok(answer.await?.into_inner())
        }
    )+};
}

member_calls! {
    /// Invites a node.
    add_member: AddMemberRequest -> AddMemberResponse;
    /// Gives a learner its vote.
    promote_member: PromoteMemberRequest -> PromoteMemberResponse;
    /// Removes a member.
    remove_member: RemoveMemberRequest -> RemoveMemberResponse;
    /// Has a node take the place of a member.
    replace_member: ReplaceMemberRequest -> ReplaceMemberResponse;
}

/// Asks one member.
pub(crate) async fn status(core: &Core) -> Result<StatusResponse, Failure> {
    let (answer, member) = core
        .call(AccessMode::Read, |attempt| {
            let request = attempt.request(StatusRequest {});
            async move { Ok((ClusterClient::new(attempt.channel()).status(request).await?, attempt.member)) }
        })
        .await?;
    let answer = answer.into_inner();
    learn(core, &answer, &member);
    Ok(answer)
}

/// Asks every member that is known or that another member names, each once.
pub(crate) async fn report(core: &Arc<Core>) -> Result<Vec<MemberReport>, Failure> {
    // One answer, with retries, tells of members that no endpoint names.
    let reachable = status(core).await;
    let members = core.members.all();
    if let (Err(failure), [_]) = (&reachable, members.as_slice()) {
        return Err(failure.clone());
    }
    let authorization = core.authorization(core.deadline()).await.unwrap_or_default();
    let runtime = Arc::clone(&core.runtime);
    let tasks: Vec<_> = members
        .into_iter()
        .map(|member| {
            let (core, authorization) = (Arc::clone(core), authorization.clone());
            let (done, report) = oneshot::channel();
            let ask = async move {
                let limit = core.limits.attempt;
                let attempt = core.attempt(&member, authorization.as_ref(), limit);
                let mut client = ClusterClient::new(attempt.channel());
                let status = match core.runtime.timeout(limit, client.status(attempt.request(StatusRequest {}))).await {
                    Ok(Ok(answer)) => Ok(answer.into_inner()),
                    Ok(Err(status)) => Err(AttemptError::new(&status, &member.address).failure),
                    Err(_elapsed) => Err(AttemptError::no_answer(&member.address, limit).without_effect()),
                };
                // Whoever no longer waits does not need the report.
                drop(done.send(MemberReport { address: member.address.to_string(), status }));
            };
            runtime.spawn(Box::pin(ask));
            report
        })
        .collect();
    let mut reports = Vec::new();
    for task in tasks {
        reports.push(task.await.map_err(|_| Failure::bug("A task of the client ended early."))?);
    }
    Ok(reports)
}

fn learn(core: &Core, status: &StatusResponse, from: &Member) {
    for member in &status.members {
        core.members.learn(&member.client_address, from);
    }
    if let Some(leader) = &status.leader {
        core.members.learn_leader(leader, from);
    }
}
