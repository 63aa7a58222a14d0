//! File descriptors: what the system grants, and who gets how many.
//!
//! Storage that runs out of them stops the node, so connections never take what it needs. The limit of the process is raised
//! as far as the system lets it; what clients get is what is left.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Connections of members: more than a cluster of seven ever has.
pub(crate) const PEER_CONNECTIONS_MAX: usize = 256;
/// Connections to the HTTP port.
pub(crate) const HTTP_CONNECTIONS_MAX: usize = 64;
/// Listeners, log files, connections to other members, what the runtime and libraries hold.
const OTHERS_MAX: usize = 128;
/// With fewer connections for clients than this a node does not start.
const CLIENTS_MIN: usize = 16;

/// The system grants too few.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this process may have {granted} files and connections open, and the node needs {needed} at least")]
pub struct TooFewDescriptorsError {
    /// What the system grants.
    pub granted: usize,
    /// What leaves a few for clients.
    pub needed: usize,
}

impl TooFewDescriptorsError {
    /// The way out.
    pub(crate) fn hint(&self) -> String {
        format!("raise LimitNOFILE in the systemd unit, or `ulimit -n`, to {} or more", self.needed)
    }
}

/// Raises the limit of this process as far as the system lets it, and gives what it is then.
pub(crate) fn granted() -> usize {
    // A system that does not say has none.
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return usize::MAX };
    let granted = if setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() { hard } else { soft };
    usize::try_from(granted).unwrap_or(usize::MAX)
}

/// How many connections of clients fit into what is granted: as many as are wanted, or fewer.
///
/// # Errors
/// Hardly any fit.
pub(crate) fn for_clients(granted: usize, storage: usize, wanted: usize) -> Result<usize, TooFewDescriptorsError> {
    let others = storage + PEER_CONNECTIONS_MAX + HTTP_CONNECTIONS_MAX + OTHERS_MAX;
    let left = granted.saturating_sub(others);
    if left < CLIENTS_MIN.min(wanted) {
        return Err(TooFewDescriptorsError { granted, needed: others + CLIENTS_MIN });
    }
    Ok(left.min(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_get_what_storage_and_members_leave() {
        assert_eq!(for_clients(65_536, 900, 1000), Ok(1000));
        assert_eq!(for_clients(1448, 900, 1000), Ok(100));
        let error = for_clients(1024, 900, 1000).unwrap_err();
        assert_eq!(error, TooFewDescriptorsError { granted: 1024, needed: 1364 });
        assert_eq!(for_clients(error.needed, 900, 1000), Ok(CLIENTS_MIN), "what it asks for is enough");
        assert!(granted() > 0);
    }
}
