//! A live cluster as a conversation partner: every statement goes through the SDK, as its user.

use std::collections::BTreeMap;

use aliasd_client::{Client, Statement};
use aliasd_tests::cluster::{Actor, Cluster};
use aliasd_tests::golden::{Refusal, Reply, Step, Table};
use anyhow::Result;

/// A cluster of three with an SDK client for each user that has said something.
pub(crate) struct Live {
    cluster: Cluster,
    clients: BTreeMap<String, Client>,
}

// === impl Live ===

impl Live {
    /// Starts a cluster that nothing has been said to.
    pub(crate) fn start() -> Result<Self> {
        Ok(Self { cluster: Cluster::running("golden", 3)?, clients: BTreeMap::new() })
    }

    /// Answers one step.
    pub(crate) async fn say(&mut self, step: &Step) -> Result<Reply> {
        let client = self.client(&step.user)?;
        let statement = Statement::new(&step.statement).parameters(step.parameters.clone());
        let execution = match client.execute(statement).await {
            Ok(execution) => execution,
            Err(error) => return Ok(refused(error)),
        };
        let columns = execution.columns().to_vec();
        let listing = !columns.is_empty();
        let (rows, summary) = match execution.collect().await {
            Ok(answer) => answer,
            Err(error) => return Ok(refused(error)),
        };
        let told = |note: &aliasd_client::messages::Notification| (note.gqlstatus.clone(), note.message.clone());
        Ok(Reply::Done(Table {
            columns,
            rows,
            notifications: summary.notifications.iter().map(told).collect(),
            system_updates: (!listing).then_some(summary.system_updates),
        }))
    }

    /// Users other than the administrator have `NAME-password`, by convention of the scripts.
    fn client(&mut self, user: &str) -> Result<Client> {
        if let Some(client) = self.clients.get(user) {
            return Ok(client.clone());
        }
        let actor = match user {
            "admin" => self.cluster.admin(),
            other => Actor::with_password(other, other, &format!("{other}-password")),
        };
        let client = actor.sdk(&self.cluster, &self.cluster.endpoints())?;
        self.clients.insert(user.to_owned(), client.clone());
        Ok(client)
    }
}

fn refused(error: aliasd_client::Error) -> Reply {
    Reply::Refused(Refusal {
        code: error.code,
        gqlstatus: error.gqlstatus.join(" "),
        message: error.message,
        hint: error.hint,
    })
}
