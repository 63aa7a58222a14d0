//! Listings of all aliases there are: when the first row and when the last one arrives, and what memory the node needs
//! meanwhile beyond what it held before.
//!
//! At a follower, from its local state, over one connection, and read as fast as they come.

use std::time::{Duration, Instant};

use aliasd_wire::v1;
use aliasd_wire::v1::execute_response::Part;
use anyhow::{Context, Result, ensure};
use tonic::transport::Channel;

use super::report::{Listing, Listings};
use super::workload::Workload;
use crate::cluster::Node;

/// How often each is run; the median counts.
const ROUNDS: usize = 5;

/// What is listed: everything, what a condition holds for, the first of another order, and one row about all of them.
const STATEMENTS: [&str; 4] = [
    "SHOW ALIASES FOR DATABASE",
    "SHOW ALIASES FOR DATABASE WHERE name ENDS WITH '7'",
    "SHOW ALIASES FOR DATABASE YIELD name, url ORDER BY url LIMIT 10",
    "SHOW ALIASES FOR DATABASE YIELD location RETURN location, count(*) AS aliases",
];

/// Lists at a node that does not lead.
pub(super) async fn measure(workload: &Workload<'_>) -> Result<Listings> {
    let leader = workload.leader()?.id;
    let node = workload.cluster.nodes.iter().find(|node| node.id != leader).context("some node follows")?;
    let channels = workload.connections(node, 1).await?;
    let mut listings = Vec::new();
    for statement in STATEMENTS {
        listings.push(repeat(node, &channels[0], statement).await?);
    }
    Ok(Listings { aliases: workload.aliases(), listings })
}

async fn repeat(node: &Node, channel: &Channel, statement: &'static str) -> Result<Listing> {
    let (mut first, mut all, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    let mut rows = 0;
    for _ in 0..ROUNDS {
        let before = node.resident_bytes()?;
        node.forget_peak()?;
        let listed = list(channel, statement).await?;
        bytes.push(node.resident_bytes_peak()?.saturating_sub(before));
        first.push(listed.first);
        all.push(listed.all);
        rows = listed.rows;
    }
    Ok(Listing {
        statement,
        rows,
        first: median(first),
        all: median(all),
        bytes_max: bytes.into_iter().max().unwrap_or(0),
    })
}

struct Listed {
    rows: usize,
    first: Duration,
    all: Duration,
}

async fn list(channel: &Channel, statement: &str) -> Result<Listed> {
    let mut request = v1::ExecuteRequest::default();
    statement.clone_into(&mut request.statement);
    let start = Instant::now();
    let mut answers = v1::admin_client::AdminClient::new(channel.clone()).execute(request).await?.into_inner();
    let (mut rows, mut first) = (0, None);
    while let Some(answer) = answers.message().await? {
        if let Some(Part::Rows(more)) = answer.part {
            first.get_or_insert_with(|| start.elapsed());
            rows += more.rows.len();
        }
    }
    let first = first.context("a listing without rows")?;
    ensure!(rows > 0, "a listing without rows");
    Ok(Listed { rows, first, all: start.elapsed() })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
