//! The arguments of `aliasctl cluster add`, `promote`, `remove` and `replace`.

use std::path::PathBuf;

use clap::Args;

use crate::arguments::Format;
use crate::connection::Connection;

/// Invite a node to become a member, and print the join token that it is started with.
///
/// The node is started with `node.join_token_file` set to a file that holds it. It becomes a learner first, and a voter by itself once it has
/// caught up and stayed so for 5 seconds. The token lets that one node in, once. One change of the members is made at a time;
/// given again before the node has come, the command makes another token in place of the first.
///
/// Needs SERVER MANAGEMENT. With `--format json` it is {"node_id":N,"join_token":…,"expires_at":…}.
#[derive(Args, Debug)]
pub(crate) struct Add {
    /// Node id of the new member: the one that its certificate proves. No node of the cluster ever had it.
    #[arg(long, value_name = "NODE_ID")]
    pub(crate) id: u64,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Keep it a learner: it serves LOCAL and AT_LEAST reads and has no vote.
    #[arg(long)]
    pub(crate) learner: bool,
    #[command(flatten)]
    pub(crate) token: Token,
    /// How the token is printed.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// Make a learner a voter, once it has caught up.
///
/// Needs SERVER MANAGEMENT.
#[derive(Args, Debug)]
pub(crate) struct Promote {
    #[command(flatten)]
    pub(crate) member: OneMember,
}

/// Remove a member for ever, or give up a node that was invited and has not come.
///
/// Its node id and its data directory never come back. Refused when the cluster would lose its quorum. Needs SERVER
/// MANAGEMENT.
#[derive(Args, Debug)]
pub(crate) struct Remove {
    #[command(flatten)]
    pub(crate) member: OneMember,
}

/// Have a new node take the place of a member, for example of one whose data directory is lost.
///
/// Prints the join token that the new node is started with. The old member votes until the new one has caught up, and is
/// removed for ever in the same step in which the new one gets its vote. Given again once the node has come, the command waits
/// until that is done.
///
/// Needs SERVER MANAGEMENT. With `--format json` it is {"node_id":N,"join_token":…,"expires_at":…,"done":…}.
#[derive(Args, Debug)]
pub(crate) struct Replace {
    /// Node id of the member that goes.
    #[arg(value_name = "OLD")]
    pub(crate) old: u64,
    /// Node id of the one that comes: the one that its certificate proves. No node of the cluster ever had it.
    #[arg(value_name = "NEW")]
    pub(crate) new: u64,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) token: Token,
    /// How long to wait once the node has come, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) wait: u64,
    /// How the token is printed.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// Where a new member is reached.
#[derive(Args, Debug)]
pub(crate) struct Place {
    /// Where the other members will reach it.
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) peer: String,
    /// Where clients will reach it.
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) client: String,
}

/// What becomes of the token.
#[derive(Args, Debug)]
pub(crate) struct Token {
    /// How long the token lets the node in, in seconds: at most a day.
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600)]
    pub(crate) token_lifetime: u64,
    /// Write the token to this file, readable by its owner only, instead of printing it.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
}

/// A member, and for how long the change of it is waited for.
#[derive(Args, Debug)]
pub(crate) struct OneMember {
    /// Its node id.
    #[arg(value_name = "NODE_ID")]
    pub(crate) node: u64,
    /// How long to wait until it is done, in seconds. It goes on without being waited for.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) wait: u64,
    #[command(flatten)]
    pub(crate) connection: Connection,
}
