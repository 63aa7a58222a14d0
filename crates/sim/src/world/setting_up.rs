//! What there is before the load begins: a cluster, databases, and who administers and resolves.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aliasd_checkers::history::{Bounds, Event, GrantBefore, GrantKind, Privilege, Setup, UserBefore};
use aliasd_client::NewCluster;
use aliasd_client::messages::InitMember;
use aliasd_runtime::Runtime;
use anyhow::{Context, Result, bail};
use futures::FutureExt;

use super::clients::{ADMINISTRATOR, ADMINISTRATOR_PASSWORD, SILENCE_MAX};
use super::node::STALENESS_MAX;
use super::{Clients, World};
use crate::network::client::address_of;
use crate::schedule::load::{DATABASES, RAW, SERVICE, SERVICE_ROLE, beginnings, service_privileges};

/// How long the members have to start, before one is told to form the cluster.
const STARTED_AT: Duration = Duration::from_millis(200);
/// How long all of it may take.
const SET_UP_MAX: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How old the state may be that passwords are released from.
const RELEASE_STALENESS: Duration = Duration::from_secs(2);

impl World {
    pub(super) fn set_up(&mut self) -> Result<()> {
        self.run_until(STARTED_AT);
        let done = Arc::new(Mutex::new(None));
        let (clients, nodes, told) = (self.clients.clone(), self.surroundings.setting.nodes, Arc::clone(&done));
        let work = async move {
            let result = clients.set_up(nodes).await.map_err(|error| format!("{error:#}"));
            *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        };
        self.outside.spawn(work.boxed());
        while self.now() < SET_UP_MAX {
            if self.run_until(self.now() + LOOK_EVERY) {
                return Ok(());
            }
            match done.lock().unwrap_or_else(PoisonError::into_inner).take() {
                Some(Ok(())) => return Ok(()),
                Some(Err(error)) => bail!("the cluster cannot be set up: {error}"),
                None => {}
            }
        }
        bail!("the cluster is not set up after {SET_UP_MAX:?}")
    }
}

impl Clients {
    async fn set_up(&self, nodes: u64) -> Result<()> {
        let members = (1..=nodes).map(|node| InitMember {
            node_id: node,
            peer_address: format!("node{node}.example:7681"),
            client_address: address_of(node),
        });
        let password = Some(ADMINISTRATOR_PASSWORD.to_owned().into());
        let new = NewCluster { members: members.collect(), administrator: ADMINISTRATOR.to_owned(), password };
        self.operator(1)?.init_cluster(&new).await.context("forming the cluster")?;
        let mut revision = 0;
        for text in beginnings() {
            let result = async { self.administrator.sdk.execute(text.as_str()).await?.collect().await }.await;
            revision = result.with_context(|| text.clone())?.1.revision;
        }
        self.recorder.push(Event::Setup(setup(revision)));
        Ok(())
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// A time by a member's clock, as long as it may be by the true one; see the faults of the simulator.
fn at_most(time: Duration) -> u64 {
    nanoseconds(time + time / 100)
}

fn setup(revision: u64) -> Setup {
    let name = |name: &str| name.to_owned();
    let user = |user: &str, password: Option<&str>, role: &str| UserBefore {
        name: name(user),
        password: password.map(name),
        suspended: false,
        roles: vec![name(role)],
    };
    let grant = |role: &str, privilege| GrantBefore { role: name(role), privilege, kind: GrantKind::Granted };
    let admin = [Privilege::Access { on: name("*") }, Privilege::Impersonate { user: name("*") }];
    let serving = service_privileges().into_iter().map(|privilege| grant(SERVICE_ROLE, privilege));
    Setup {
        bounds: Bounds {
            max_staleness: at_most(STALENESS_MAX),
            release_staleness: Some(at_most(RELEASE_STALENESS)),
            silence_max: at_most(SILENCE_MAX),
        },
        revision,
        databases: DATABASES.iter().map(|database| name(database)).chain([name("neo4j")]).collect(),
        default_database: Some(name("neo4j")),
        aliases: Vec::new(),
        users: vec![
            user(ADMINISTRATOR, Some(ADMINISTRATOR_PASSWORD), "admin"),
            user(SERVICE, None, SERVICE_ROLE),
            user(RAW, None, "admin"),
        ],
        grants: admin.into_iter().map(|privilege| grant("admin", privilege)).chain(serving).collect(),
        audited: false,
    }
}
