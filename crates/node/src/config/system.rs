//! Whether the system gives a node what it would ask for at a start: addresses to listen at, and files.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::Path;

use aliasd_catalog::error_chain;
use aliasd_replica::STORAGE_DESCRIPTORS_MAX;

use super::Config;
use super::check::Diagnostics;
use crate::descriptors;

/// Listens at each address for a moment. One that is taken may be taken by the very node that is checked.
pub(super) fn check_system(config: &Config, found: &mut Diagnostics) {
    let node = &config.node;
    let mut taken = Vec::new();
    for (setting, address) in [
        ("node.client_listen", node.client_listen),
        ("node.peer_listen", node.peer_listen),
        ("node.http_listen", node.http_listen),
    ] {
        match TcpListener::bind(address) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => taken.push((setting, address.to_string())),
            Err(error) => {
                let message = format!("cannot listen at {address}: {error}");
                found.error(setting, &message, listen_hint(error.kind()));
            }
        }
    }
    if let Some((setting, _)) = taken.first() {
        let addresses = taken.iter().map(|(_, address)| address.as_str()).collect::<Vec<_>>().join(", ");
        let message =
            format!("whether a start could listen at {addresses} cannot be told: a process listens there already");
        found.note(setting, &message, "all is well if that is this node; another process has to make room");
    }
    let wanted = usize::try_from(node.client_connections_max.get()).unwrap_or(usize::MAX);
    if let Err(error) = descriptors::for_clients(descriptors::granted(), STORAGE_DESCRIPTORS_MAX, wanted) {
        found.error("node.client_connections_max", &error_chain(&error), &error.hint());
    }
}

/// What to do about an address at which the system lets nobody listen.
pub(crate) fn listen_hint(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::AddrInUse => "another process listens there; stop it or choose another port",
        io::ErrorKind::AddrNotAvailable => "choose an address of this machine, or 0.0.0.0 for all of them",
        io::ErrorKind::PermissionDenied => "ports below 1024 are for the superuser; choose another one",
        _ => "choose another address or port",
    }
}

/// Whether that can be a log file: there is none yet, or it is a plain file or a device. Opening a pipe would wait for a reader.
///
/// # Errors
/// It cannot, and why.
pub(crate) fn require_log_file(path: &Path) -> io::Result<()> {
    let found = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => return Ok(()),
        found => found?.file_type(),
    };
    // What a device stands for may be a pipe that this process has open, as standard error is.
    match found.is_file() || path.starts_with("/dev") {
        true => Ok(()),
        false => Err(io::Error::other("it is neither a plain file nor a device")),
    }
}
