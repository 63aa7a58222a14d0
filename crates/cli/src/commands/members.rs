//! `aliasctl cluster add`, `promote`, `remove` and `replace`: changing the members.

use std::path::Path;
use std::time::{Duration, Instant};

use aliasd_client::messages::{AddMemberRequest, ReplaceMemberRequest};
use aliasd_client::{Client, Failure};
use aliasd_console::printable;
use serde_json::json;

use super::session::save;
use super::{print, tell};
use crate::arguments::Format;
use crate::command_error::CommandError;
use crate::member_arguments::{Add, OneMember, Promote, Remove, Replace};

pub(super) async fn add(command: Add) -> Result<(), CommandError> {
    let mut request = AddMemberRequest {
        node_id: command.id,
        peer_address: command.place.peer,
        client_address: command.place.client,
        learner: command.learner,
        token_lifetime: None,
    };
    request.token_lifetime.get_or_insert_default().seconds = command.token.token_lifetime.into();
    let answer = command.connection.client()?.add_member(&request).await?;
    let expires_at = answer.expires_at.as_ref().map(ToString::to_string);
    let save_to = command.token.save.as_deref();
    hand_out(command.id, &answer.join_token, expires_at.as_deref(), save_to, command.format)
}

pub(super) async fn promote(command: Promote) -> Result<(), CommandError> {
    let OneMember { node, wait, format, connection } = command.member;
    let client = connection.client()?;
    until_done(wait, async || client.promote_member(node).await.map(|answer| (answer.done, answer.waiting_for)))
        .await?;
    print_done(node, format, "is a voter")
}

pub(super) async fn remove(command: Remove) -> Result<(), CommandError> {
    let OneMember { node, wait, format, connection } = command.member;
    let client = connection.client()?;
    until_done(wait, async || client.remove_member(node).await.map(|answer| (answer.done, answer.waiting_for))).await?;
    print_done(node, format, "is no member any more")
}

fn print_done(node: u64, format: Format, what: &str) -> Result<(), CommandError> {
    print(&match format {
        Format::Json => format!("{}\n", json!({ "node_id": node, "done": true })),
        Format::Table => format!("Node {node} {what}.\n"),
    })
}

pub(super) async fn replace(command: Replace) -> Result<(), CommandError> {
    let (old, new, format) = (command.old, command.new, command.format);
    let mut request = ReplaceMemberRequest {
        old_node_id: old,
        new_node_id: new,
        peer_address: command.place.peer,
        client_address: command.place.client,
        token_lifetime: None,
    };
    request.token_lifetime.get_or_insert_default().seconds = command.token.token_lifetime.into();
    let client = command.connection.client()?;
    let answer = client.replace_member(&request).await?;
    if let Some(token) = &answer.join_token {
        let expires_at = answer.expires_at.as_ref().map(ToString::to_string);
        return hand_out(new, token, expires_at.as_deref(), command.token.save.as_deref(), format);
    }
    if !answer.done {
        until_done(command.wait, async || ask_again(&client, &request).await).await?;
    }
    print(&match format {
        Format::Json => {
            format!("{}\n", json!({ "node_id": new, "join_token": null, "expires_at": null, "done": true }))
        }
        Format::Table => format!("Node {new} has the place of node {old}, which is no member any more.\n"),
    })
}

async fn ask_again(client: &Client, request: &ReplaceMemberRequest) -> Result<(bool, String), Failure> {
    let answer = client.replace_member(request).await?;
    Ok((answer.done, answer.waiting_for.clone()))
}

/// Gives the token to whoever starts the node.
fn hand_out(
    node: u64,
    token: &str,
    expires_at: Option<&str>,
    save_to: Option<&Path>,
    format: Format,
) -> Result<(), CommandError> {
    if let Some(path) = save_to {
        save(path, token).map_err(|error| {
            CommandError::undelivered(format!("the token file {} cannot be written", path.display()), error)
        })?;
    }
    let shown = save_to.is_none().then_some(token);
    match (format, shown) {
        (Format::Json, shown) => {
            let json = json!({ "node_id": node, "join_token": shown, "expires_at": expires_at, "done": false });
            print(&format!("{json}\n"))?;
        }
        (Format::Table, Some(token)) => print(&format!("{token}\n"))?,
        (Format::Table, None) => {}
    }
    let until = expires_at.map(|time| format!(", until {time}")).unwrap_or_default();
    tell(&format!("Start node {node} with node.join_token_file. The token lets it in, once{until}."));
    Ok(())
}

/// Asks until it is done, and tells what it waits for. Each question waits for some seconds at the other end.
async fn until_done(seconds: u32, ask: impl AsyncFn() -> Result<(bool, String), Failure>) -> Result<(), CommandError> {
    let end = Instant::now() + Duration::from_secs(seconds.into());
    let mut told = String::new();
    loop {
        let (done, waiting_for) = ask().await?;
        if done {
            return Ok(());
        }
        if waiting_for != told {
            tell(&format!("waiting for {}", printable(&waiting_for)));
            told = waiting_for;
        }
        if Instant::now() >= end {
            tell("error: It is under way and not done. It goes on; give the command again to wait on.");
            return Err(CommandError::Incomplete(Vec::new()));
        }
    }
}
