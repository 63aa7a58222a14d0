//! The arguments of `aliasctl cluster add`, `promote`, `remove` and `replace`.

use std::path::PathBuf;

use clap::Args;

use crate::arguments::{Format, number_from_1};
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
    #[arg(long, value_name = "NODE_ID", value_parser = number_from_1, allow_negative_numbers = true)]
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
/// Needs SERVER MANAGEMENT. With `--format json` it is {"node_id":N,"done":true}; of a change that goes on nothing is printed,
/// and the exit code is 3.
#[derive(Args, Debug)]
pub(crate) struct Promote {
    #[command(flatten)]
    pub(crate) member: OneMember,
}

/// Remove a member for ever, or give up a node that was invited and has not come.
///
/// Its node id and its data directory never come back. Refused when the cluster would lose its quorum.
///
/// Needs SERVER MANAGEMENT. With `--format json` it is {"node_id":N,"done":true}; of a change that goes on nothing is printed,
/// and the exit code is 3.
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
    #[arg(value_name = "OLD", value_parser = number_from_1, allow_negative_numbers = true)]
    pub(crate) old: u64,
    /// Node id of the one that comes: the one that its certificate proves. No node of the cluster ever had it.
    #[arg(value_name = "NEW", value_parser = number_from_1, allow_negative_numbers = true)]
    pub(crate) new: u64,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) token: Token,
    /// How long to wait once the node has come, in seconds: at most a day.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = wait, allow_negative_numbers = true)]
    pub(crate) wait: u32,
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
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600, value_parser = token_lifetime,
          allow_negative_numbers = true)]
    pub(crate) token_lifetime: u32,
    /// Write the token to this file, readable by its owner only, instead of printing it.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
}

/// A member, and for how long the change of it is waited for.
#[derive(Args, Debug)]
pub(crate) struct OneMember {
    /// Its node id.
    #[arg(value_name = "NODE_ID", value_parser = number_from_1, allow_negative_numbers = true)]
    pub(crate) node: u64,
    /// How long to wait until it is done, in seconds: at most a day. It goes on without being waited for.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = wait, allow_negative_numbers = true)]
    pub(crate) wait: u32,
    /// How it is printed.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// A day: the longest that a join token lives, and that a change is waited for.
const SECONDS_MAX: u32 = 86_400;

fn token_lifetime(text: &str) -> Result<u32, String> {
    let seconds = text.parse().ok().filter(|seconds| (1..=SECONDS_MAX).contains(seconds));
    seconds.ok_or_else(|| format!("it is a whole number of seconds from 1 to {SECONDS_MAX}, which is a day"))
}

fn wait(text: &str) -> Result<u32, String> {
    let seconds = text.parse().ok().filter(|seconds| *seconds <= SECONDS_MAX);
    seconds.ok_or_else(|| format!("it is a whole number of seconds from 0 to {SECONDS_MAX}, which is a day"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No time that was asked for becomes another one in silence.
    #[test]
    fn times_are_taken_as_they_are_or_refused() {
        assert_eq!(["1", "86400"].map(token_lifetime), [Ok(1), Ok(86_400)]);
        assert_eq!(["0", "86400"].map(wait), [Ok(0), Ok(86_400)]);
        for absurd in ["-1", "86401", "4294967297", "9223372036854775808", "18446744073709551615", "1h", ""] {
            assert!(token_lifetime(absurd).unwrap_err().ends_with("from 1 to 86400, which is a day"), "{absurd}");
            assert!(wait(absurd).unwrap_err().ends_with("from 0 to 86400, which is a day"), "{absurd}");
        }
        assert!(token_lifetime("0").is_err());
    }
}
