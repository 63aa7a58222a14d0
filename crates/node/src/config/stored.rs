//! What a start would say of the data directory: the replica reads it as a start does, and leaves it as it is.

use std::sync::mpsc;
use std::thread;

use aliasd_catalog::error_chain;
use aliasd_replica::{LookError, StorageFault, StoredMember};

use super::check::{DATA_DIRECTORY, Diagnostics};
use super::join_token::JOIN_TOKEN;
use super::{Config, NodeConfig};

/// The member in the data directory; none where a start would refuse it, or where that cannot be told, which is said.
pub(super) fn check_stored(node: &NodeConfig, found: &mut Diagnostics) -> Option<StoredMember> {
    let shown = node.data_dir.display();
    let fault = match look_within(node) {
        Some(Ok(stored)) => {
            if let Err(reason) = stored.serving() {
                let message = format!("the node would serve nothing from {shown}: {}", error_chain(&reason));
                found.error(DATA_DIRECTORY, &message, reason.hint().unwrap_or(LOOK_AT_IT));
            } else if stored.cluster().is_some() {
                if let Some(differs) = stored.recorded().and_then(|recorded| node.advertised().differs(recorded)) {
                    found.warn(DATA_DIRECTORY, &differs.message(), differs.hint());
                }
                let message = format!(
                    "whether the other members still take part with what lies in {shown} cannot be told: they may know this \
                     node by another directory, or by a newer state of it"
                );
                found.note(DATA_DIRECTORY, &message, "once it runs, aliasctl cluster status tells");
            }
            return Some(stored);
        }
        Some(Err(LookError::Changing(fault))) => {
            let message = format!(
                "what a start would say of {shown} cannot be told, because a node changes it faster than it is read: {}",
                error_chain(&fault)
            );
            found.warn(DATA_DIRECTORY, &message, "check it when the node has less to do");
            return None;
        }
        Some(Err(LookError::Refused(fault))) => fault,
        None => StorageFault::Unresponsive { path: node.data_dir.clone(), limit: node.open_timeout },
    };
    let hint = fault.hint();
    found.error(DATA_DIRECTORY, &error_chain(&fault), hint.as_deref().unwrap_or(LOOK_AT_IT));
    None
}

const LOOK_AT_IT: &str = "see what the message says of the file; a start would end with the same";

/// Nothing where it takes longer than a start may: the thread that reads goes on until the program ends.
fn look_within(node: &NodeConfig) -> Option<Result<StoredMember, LookError>> {
    let (sender, read) = mpsc::channel();
    let (directory, id) = (node.data_dir.clone(), node.id.get());
    thread::spawn(move || {
        // Nobody waits for what comes too late.
        let _ = sender.send(StoredMember::look(&directory, id));
    });
    read.recv_timeout(node.open_timeout).ok()
}

/// Whether the node could be started with its join token, if it has one: a token that is missing is one that it needs only
/// as long as it belongs to no cluster.
pub(super) fn check_join_token(config: &Config, stored: Option<&StoredMember>, found: &mut Diagnostics) {
    let token = match config.join_token() {
        Ok(token) => token,
        Err(error) => return found.setting(error),
    };
    let Some(stored) = stored else { return };
    match token {
        Some(token) => {
            if let Err(error) = stored.check_join_token(token) {
                found.error(JOIN_TOKEN, &error.to_string(), error.hint());
            }
        }
        None if stored.cluster().is_none() => config.join_token_missing().into_iter().for_each(|it| found.setting(it)),
        None => {}
    }
}
