//! `aliasctl watch`: what changes, as it changes.

use aliasd_client::messages::{Change, ChangeKind, ChangeSubject};
use aliasd_client::{Event, WatchFrom};
use aliasd_console::printable;
use serde_json::json;

use super::{print, tell};
use crate::arguments::{Format, Watch};
use crate::command_error::CommandError;

pub(crate) async fn run(command: Box<Watch>) -> Result<(), CommandError> {
    let from = match command.after {
        Some(revision) => WatchFrom::after(revision),
        None => WatchFrom::now(),
    };
    let client = command.connection.client()?;
    if let Some(after) = command.after {
        // A stream that begins in the future is silent until then.
        let now = client.who_am_i().await?.served_at_revision;
        if after > now {
            tell(&format!(
                "Revision {after} is still to come: the member is at {now}. What comes after it is reported."
            ));
        }
    }
    let mut watch = client.watch(from.names(&command.names).must_begin());
    let mut left = command.count.unwrap_or(u64::MAX);
    let mut has_begun = false;
    while left > 0 {
        let event = watch.next().await?;
        left -= u64::from(matches!(event, Event::Changes { .. }));
        match command.format {
            Format::Json => print(&line(&event))?,
            Format::Table => {
                if let (false, Event::Progress { revision }) = (has_begun, &event) {
                    tell(&format!("Watching after revision {revision}."));
                }
                print(&lines(&event))?;
            }
        }
        has_begun = true;
    }
    Ok(())
}

fn lines(event: &Event) -> String {
    match event {
        Event::Changes { revision, changes } => {
            let what = |change: &Change| {
                let name = match change.subject() {
                    ChangeSubject::Settings => String::new(),
                    _ if change.name.is_empty() => " (hidden)".to_owned(),
                    _ => format!(" {}", printable(&change.name)),
                };
                let kind = kind(change).to_lowercase().replace('_', " ");
                format!("{revision}  {}{name} {kind}\n", subject(change).to_lowercase())
            };
            changes.iter().map(what).collect()
        }
        Event::Resync { revision } => format!("{revision}  changes were missed\n"),
        _ => String::new(),
    }
}

fn line(event: &Event) -> String {
    let json = match event {
        Event::Changes { revision, changes } => {
            let change =
                |change: &Change| json!({ "subject": subject(change), "name": change.name, "kind": kind(change) });
            let changes: Vec<_> = changes.iter().map(change).collect();
            json!({ "event": "changes", "revision": revision, "changes": changes })
        }
        Event::Progress { revision } => json!({ "event": "progress", "revision": revision }),
        Event::Resync { revision } => json!({ "event": "resync", "revision": revision }),
        _ => json!({ "event": "unknown" }),
    };
    format!("{json}\n")
}

fn subject(change: &Change) -> &'static str {
    match change.subject() {
        ChangeSubject::Alias => "ALIAS",
        ChangeSubject::Database => "DATABASE",
        ChangeSubject::User => "USER",
        ChangeSubject::Role => "ROLE",
        ChangeSubject::Settings => "SETTINGS",
        ChangeSubject::Unspecified => "UNKNOWN",
    }
}

fn kind(change: &Change) -> &'static str {
    match change.kind() {
        ChangeKind::Created => "CREATED",
        ChangeKind::Altered | ChangeKind::Unspecified => "ALTERED",
        ChangeKind::Dropped => "DROPPED",
        ChangeKind::AccessChanged => "ACCESS_CHANGED",
    }
}
