//! `aliasctl cluster`: forming a cluster and looking at it.

use std::collections::BTreeSet;

use aliasd_client::messages::{InitMember, NodeRole, NodeStatus};
use aliasd_client::{Class, MemberReport, NewCluster};
use aliasd_console::printable;
use serde_json::json;

use super::{members, print, print_beside_exit_code, status, tell};
use crate::arguments::{Cluster, ClusterInit, ClusterStatus, ClusterTransfer, Format};
use crate::command_error::CommandError;
use crate::connection::secret;
use crate::output::fields;

pub(crate) async fn run(command: Cluster) -> Result<(), CommandError> {
    match command {
        Cluster::Init(command) => init(*command).await,
        Cluster::Status(command) => show(*command).await,
        Cluster::Transfer(command) => transfer(*command).await,
        Cluster::Add(command) => members::add(*command).await,
        Cluster::Promote(command) => members::promote(*command).await,
        Cluster::Remove(command) => members::remove(*command).await,
        Cluster::Replace(command) => members::replace(*command).await,
    }
}

async fn transfer(command: ClusterTransfer) -> Result<(), CommandError> {
    let answer = command.connection.client()?.transfer_leader(command.to).await?;
    let leader = answer.leader.unwrap_or_default();
    if answer.led_already {
        tell(&format!("Node {} leads already; nothing was done.", leader.node_id));
    }
    print(&match command.format {
        Format::Json => {
            let leader = json!({ "node_id": leader.node_id, "client_address": leader.client_address });
            format!("{}\n", json!({ "leader": leader, "term": answer.term, "led_already": answer.led_already }))
        }
        Format::Table => fields(&[
            ("leader", leader.node_id.to_string()),
            ("clients", leader.client_address),
            ("term", answer.term.to_string()),
        ]),
    })
}

async fn init(command: ClusterInit) -> Result<(), CommandError> {
    let members = command.members.into_iter().map(|member| InitMember {
        node_id: member.node_id,
        peer_address: member.peer_address,
        client_address: member.client_address,
    });
    let given = command.connection.given_password()?.map(secret);
    // There is no user yet whom the cluster could know.
    let client = command.connection.operator()?;
    let generated = given.is_none().then(|| client.generate_password());
    let new = NewCluster {
        members: members.collect(),
        administrator: command.admin.clone(),
        password: given.or_else(|| generated.clone()),
    };
    let Some(password) = generated else {
        let id = client.init_cluster(&new).await?.id;
        return print(&match command.format {
            Format::Json => {
                let administrator = command.admin;
                let json = json!({ "cluster_id": id, "administrator": administrator, "generated_password": null });
                format!("{json}\n")
            }
            Format::Table => fields(&[("cluster", id), ("administrator", command.admin)]),
        });
    };
    let (announced, rest) = in_two_parts(command.format, command.admin, password.expose());
    // The only copy, so it is out of here before there is a cluster that nobody else can get into.
    print(&announced).map_err(CommandError::without_password)?;
    match client.init_cluster(&new).await {
        Ok(formed) => {
            print(&rest(Some(&formed.id)))?;
            tell("Keep the password: it was generated now and is not shown again.");
            Ok(())
        }
        Err(failure) => {
            let printed = print(&rest(None));
            tell(match failure.class {
                Class::OutcomeUnknown => {
                    "Keep the password: if the cluster is formed after all, it is the administrator's."
                }
                _ => "Forget the password: this call formed no cluster.",
            });
            printed.and(Err(failure.into()))
        }
    }
}

/// What is printed with a generated password: what is known before the cluster is formed, and what follows with its id, or
/// without one.
fn in_two_parts(format: Format, administrator: String, password: &str) -> (String, fn(Option<&str>) -> String) {
    match format {
        Format::Json => {
            let known = json!({ "administrator": administrator, "generated_password": password }).to_string();
            let open = known.strip_suffix('}').unwrap_or(&known);
            (format!("{open},"), |id| format!("\"cluster_id\":{}}}\n", json!(id)))
        }
        Format::Table => {
            let known = fields(&[("administrator", administrator), ("password", password.to_owned())]);
            (known, |id| id.map(|id| fields(&[("cluster      ", id.to_owned())])).unwrap_or_default())
        }
    }
}

async fn show(command: ClusterStatus) -> Result<(), CommandError> {
    let client = command.connection.client_or_nobody()?;
    if !command.all {
        let answer = client.cluster_status().await?;
        return print(&match command.format {
            Format::Json => format!("{}\n", status::json(&answer)),
            Format::Table => status::one(&answer),
        });
    }
    let reports = client.cluster_report().await?;
    match command.format {
        Format::Json => {
            let reports: Vec<_> = reports.iter().map(report).collect();
            print_beside_exit_code(&format!("{}\n", json!(reports)))?;
        }
        Format::Table => print_beside_exit_code(&status::all(&reports))?,
    }
    // Told about every member or not at all: a script must not take a part for the whole.
    let amiss: Vec<_> = reports.iter().filter_map(amiss).collect();
    let mut told = BTreeSet::new();
    for (sentence, _) in &amiss {
        if told.insert(sentence) {
            tell(&format!("error: {}", printable(sentence)));
        }
    }
    if amiss.is_empty() { Ok(()) } else { Err(CommandError::Incomplete(amiss.iter().map(|(_, code)| *code).collect())) }
}

/// Why a member is no part of a whole cluster, and the exit code that says so of it alone.
fn amiss(report: &MemberReport) -> Option<(String, u8)> {
    match &report.status {
        Err(failure) => Some((failure.message.clone(), CommandError::from(failure.clone()).exit_code())),
        Ok(status) => {
            let role = status.node.as_ref().map_or(NodeRole::Unspecified, NodeStatus::role);
            let sentence = || format!("{} belongs to no cluster yet.", report.address);
            (role == NodeRole::Uninitialised).then(|| (sentence(), CommandError::Incomplete(Vec::new()).exit_code()))
        }
    }
}

fn report(report: &MemberReport) -> serde_json::Value {
    json!({
        "address": report.address,
        "status": report.status.as_ref().ok().map(status::json),
        "error": report.status.as_ref().err().map(|error| json!({ "code": error.code, "message": error.message })),
    })
}

#[cfg(test)]
mod tests {
    use aliasd_client::Failure;
    use aliasd_client::messages::StatusResponse;

    use super::*;

    #[test]
    fn a_member_that_is_silent_or_belongs_to_no_cluster_is_amiss() {
        let with_role = |role: NodeRole| {
            let node = Some(NodeStatus { role: role.into(), ..NodeStatus::default() });
            let status = Ok(StatusResponse { node, ..StatusResponse::default() });
            amiss(&MemberReport { address: "a:7680".to_owned(), status })
        };
        assert_eq!(with_role(NodeRole::Follower), None);
        assert_eq!(with_role(NodeRole::Uninitialised), Some(("a:7680 belongs to no cluster yet.".to_owned(), 3)));
        let silent = Failure::retry_here("UNREACHABLE", "It is silent.");
        let silent = MemberReport { address: String::new(), status: Err(silent) };
        assert_eq!(amiss(&silent), Some(("It is silent.".to_owned(), 3)));
    }
}
