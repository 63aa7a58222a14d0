//! A load of writes whose every outcome is remembered, to be compared afterwards with what is there.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aliasd_catalog::Value;
use aliasd_client::{Client, Freshness, Statement};
use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;

use crate::cluster::PATIENCE;
use crate::wait;

/// What the writers were told.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Names whose creation was acknowledged.
    pub acknowledged: BTreeSet<String>,
    /// Names whose creation ended in an error that leaves open whether it took effect.
    pub open: BTreeSet<String>,
    /// Names whose creation is known to have had no effect.
    pub refused: BTreeSet<String>,
}

/// Writers that go on until they are stopped.
pub struct Load {
    stop: Arc<AtomicBool>,
    history: Arc<Mutex<History>>,
    writers: JoinSet<()>,
}

// === impl Load ===

impl Load {
    /// Starts `writers` writers, each creating aliases one after the other. Needs a tokio runtime.
    pub fn start(client: &Client, writers: usize) -> Self {
        let load = Self { stop: Arc::default(), history: Arc::default(), writers: JoinSet::new() };
        let mut load = load;
        for writer in 0..writers {
            let (client, stop, history) = (client.clone(), Arc::clone(&load.stop), Arc::clone(&load.history));
            load.writers.spawn(async move {
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let name = format!("written-{writer}-{number}");
                    let result = create(&client, &name).await;
                    let mut history = history.lock().unwrap_or_else(PoisonError::into_inner);
                    match result {
                        Ok(()) => history.acknowledged.insert(name),
                        Err(error) if error.class == aliasd_client::Class::OutcomeUnknown => history.open.insert(name),
                        Err(_) => history.refused.insert(name),
                    };
                }
            });
        }
        load
    }

    /// How many writes were acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        self.history.lock().unwrap_or_else(PoisonError::into_inner).acknowledged.len()
    }

    /// Waits until `more` writes have been acknowledged from now on.
    pub async fn progress(&self, more: usize) -> Result<()> {
        let goal = self.acknowledged() + more;
        let what = format!("{more} more acknowledged writes");
        let reached = wait::until_async(&what, PATIENCE, async || {
            let so_far = self.acknowledged();
            ensure!(so_far >= goal, "{so_far} of {goal}");
            Ok(())
        });
        reached.await.map(drop)
    }

    /// Lets every writer end its write and returns what they were told.
    pub async fn stop(mut self) -> History {
        self.stop.store(true, Ordering::Relaxed);
        while self.writers.join_next().await.is_some() {}
        self.history.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

// === impl History ===

impl History {
    /// Compares with what is there: every acknowledged write, none that had no effect, and nothing that
    /// nobody wrote.
    ///
    /// # Errors
    /// Something is lost or invented, or the aliases cannot be listed.
    pub async fn check(&self, client: &Client) -> Result<()> {
        let listing = Statement::new("SHOW ALIASES FOR DATABASE YIELD name").freshness(Freshness::Linearizable);
        let (rows, _) = client.execute(listing).await?.collect().await?;
        let names: Option<BTreeSet<String>> = rows
            .into_iter()
            .map(|mut row| match row.pop() {
                Some(Value::String(name)) => Some(name),
                _ => None,
            })
            .collect();
        let names = names.context("a name is a string")?;
        let present: BTreeSet<String> = names.into_iter().filter(|name| name.starts_with("written-")).collect();
        let lost: Vec<&String> = self.acknowledged.difference(&present).collect();
        ensure!(lost.is_empty(), "{} acknowledged writes are lost: {lost:?}", lost.len());
        let undone: Vec<&String> = self.refused.intersection(&present).collect();
        ensure!(undone.is_empty(), "writes were reported as without effect, but are there: {undone:?}");
        let invented: Vec<&String> =
            present.iter().filter(|name| !self.acknowledged.contains(*name) && !self.open.contains(*name)).collect();
        ensure!(invented.is_empty(), "nobody wrote {invented:?}");
        Ok(())
    }
}

async fn create(client: &Client, name: &str) -> Result<(), aliasd_client::Failure> {
    let statement = Statement::new("CREATE ALIAS $name FOR DATABASE neo4j").parameter("name", name);
    client.execute(statement).await?.collect().await?;
    Ok(())
}
