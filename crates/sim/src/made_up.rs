//! Entries and catalogs for tests.

use aliasd_catalog::{Command, CreateMode, Entry, OpenCommand, Principal, RequestId, RoleName, Timestamp};

/// An entry that creates a role.
pub(crate) fn role(number: u8, actor: Principal) -> Entry {
    let name = RoleName::new(&format!("role{number}")).unwrap();
    let command =
        Command::Open(OpenCommand::CreateRole { name, mode: CreateMode::Fail, immutable: false, copy_of: None });
    Entry { request: RequestId([number; 16]), actor, issued_at: Timestamp(1), command, origin: None }
}
