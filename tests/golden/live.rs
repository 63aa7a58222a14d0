//! A live cluster as a conversation partner: every statement goes through the SDK, as its user.
//!
//! All scripts are played to one cluster. Before each, everything that the one before left is undone with statements
//! of the language itself, and what the cluster then lists must be what it listed when it was new.

use std::collections::BTreeMap;
use std::time::Duration;

use aliasd_catalog::Value;
use aliasd_client::{Client, Statement};
use aliasd_tests::cluster::{Actor, Cluster};
use aliasd_tests::golden::{RefusedReply, Reply, Step, Table};
use aliasd_tests::wait;
use anyhow::{Result, bail, ensure};

/// A cluster of three with an SDK client for each user that has said something.
pub(crate) struct Live {
    cluster: Cluster,
    clients: BTreeMap<String, Client>,
    /// What the cluster listed when it was new; none if nothing was said yet.
    new: Option<Vec<Table>>,
    /// Who said something last.
    speaker: String,
    /// The revision of the last answer.
    revision: u64,
}

/// How long the members may take to hear of a statement.
const PATIENCE: Duration = Duration::from_secs(30);

/// What there is to list. The privileges come last, once as commands that take each away, once that give it.
const LISTINGS: [&str; 7] = [
    "SHOW CLUSTER POLICY",
    "SHOW DATABASES YIELD name, type, aliases, access, requestedStatus, default, home, defaultLanguage",
    "SHOW ALIASES FOR DATABASE YIELD *",
    "SHOW USERS WITH AUTH",
    "SHOW ROLES WITH USERS",
    "SHOW PRIVILEGES AS REVOKE COMMANDS",
    "SHOW PRIVILEGES AS COMMANDS",
];

/// What gives a `DROP` for everything that a new cluster has not.
const DROPS: [&str; 4] = [
    "SHOW DATABASES YIELD name WHERE NOT name IN ['neo4j', 'system'] \
     RETURN 'DROP DATABASE `' + name + '` CASCADE ALIASES' AS statement",
    "SHOW ALIASES FOR DATABASE YIELD name RETURN 'DROP ALIAS `' + replace(name, '`', '``') + '` FOR DATABASE' AS statement",
    "SHOW USERS YIELD user WHERE user <> 'admin' RETURN 'DROP USER `' + replace(user, '`', '``') + '`' AS statement",
    "SHOW ROLES YIELD role WHERE NOT role IN ['PUBLIC', 'reader', 'editor', 'publisher', 'architect', 'admin'] \
     RETURN 'DROP ROLE `' + role + '`' AS statement",
];

/// The policy of a new cluster here.
const POLICY: &str = "ALTER CLUSTER SET POLICY {allow_oidc_credential_forwarding: false, \
     database_management_implies_alias_management: true, default_language: 'CYPHER_5'}";

// === impl Live ===

impl Live {
    /// Starts a cluster that nothing has been said to.
    pub(crate) fn start() -> Result<Self> {
        Ok(Self {
            cluster: Cluster::running("golden", 3)?,
            clients: BTreeMap::new(),
            new: None,
            speaker: String::new(),
            revision: 0,
        })
    }

    /// Makes the cluster as it was when it was new.
    ///
    /// # Errors
    /// If something is left; the script played last then has to undo it itself.
    pub(crate) async fn renew(&mut self) -> Result<()> {
        let Some(new) = self.new.take() else {
            self.new = Some(self.list().await?);
            return Ok(());
        };
        self.clients.clear();
        self.run("CALL dbms.setDefaultDatabase('neo4j')").await?;
        self.run(POLICY).await?;
        for drops in DROPS {
            let statements = self.run(drops).await?.rows;
            self.run_all(&statements).await?;
        }
        let left = self.list().await?;
        let [.., new_revokes, new_grants] = new.as_slice() else { unreachable!("as many as there are listings") };
        let [.., revokes, grants] = left.as_slice() else { unreachable!("as many as there are listings") };
        let more = |now: &Table, then: &Table| -> Vec<_> {
            now.rows.iter().filter(|row| !then.rows.contains(row)).cloned().collect()
        };
        self.run_all(&more(revokes, new_revokes)).await?;
        self.run_all(&more(new_grants, grants)).await?;
        for (now, then) in self.list().await?.iter().zip(&new) {
            ensure!(now == then, "something is left:\n{now}\nwhere there was:\n{then}");
        }
        self.new = Some(new);
        Ok(())
    }

    async fn list(&mut self) -> Result<Vec<Table>> {
        let mut tables = Vec::new();
        for listing in LISTINGS {
            tables.push(self.run(listing).await?);
        }
        Ok(tables)
    }

    async fn run_all(&mut self, rows: &[Vec<Value>]) -> Result<()> {
        for row in rows {
            let [Value::String(statement)] = row.as_slice() else { bail!("{row:?} is no statement") };
            self.run(statement).await?;
        }
        Ok(())
    }

    /// Runs a statement as the administrator.
    async fn run(&mut self, statement: &str) -> Result<Table> {
        match self.execute("admin", Statement::new(statement)).await? {
            Reply::Done(table) => Ok(table),
            Reply::Refused(refusal) => bail!("{statement}: {refusal}"),
        }
    }

    /// Answers one step.
    pub(crate) async fn say(&mut self, step: &Step) -> Result<Reply> {
        let statement = Statement::new(&step.statement).parameters(step.parameters.clone());
        self.execute(&step.user, statement).await
    }

    /// Each client reads its own writes, and may be asked of a member that has not heard of another client's yet.
    async fn everywhere(&mut self, user: &str) -> Result<()> {
        if self.speaker == user {
            return Ok(());
        }
        user.clone_into(&mut self.speaker);
        let (admin, revision) = (self.client("admin")?, self.revision);
        let reached = async || {
            for member in admin.cluster_report().await? {
                let node = member.status?.node.unwrap_or_default();
                ensure!(node.applied_revision >= revision, "{} is behind", member.address);
            }
            Ok(())
        };
        wait::until_async("every member to hear of the last statement", PATIENCE, reached).await?;
        Ok(())
    }

    async fn execute(&mut self, user: &str, statement: Statement) -> Result<Reply> {
        self.everywhere(user).await?;
        let client = self.client(user)?;
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
        self.revision = self.revision.max(summary.revision);
        let pair = |note: &aliasd_client::messages::Notification| (note.gqlstatus.clone(), note.message.clone());
        Ok(Reply::Done(Table {
            columns,
            rows,
            notifications: summary.notifications.iter().map(pair).collect(),
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

fn refused(error: aliasd_client::Failure) -> Reply {
    Reply::Refused(RefusedReply {
        code: error.code,
        gqlstatus: error.gqlstatus.join(" "),
        message: error.message,
        hint: error.hint,
    })
}
