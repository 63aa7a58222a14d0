//! The end that chooses, or lists.

use super::range::VersionRange;
use super::{HandshakeError, MANIFEST, PREAMBLE, number, put_number};
use crate::version::Version;

/// The handshake of a server, fed with what it receives.
#[derive(Clone, Debug)]
pub struct ServerHandshake {
    spoken: Vec<Version>,
    received: Vec<u8>,
    has_sent_manifest: bool,
}

/// What a server does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerHandshakeStep {
    /// Send this, if it is anything, in one piece, and receive more.
    Continue {
        /// A manifest. There are clients that expect all of it in the first bytes that they receive.
        reply: Vec<u8>,
    },
    /// Send this, if it is anything, and go on in this version.
    Agreed {
        /// That of the connection.
        version: Version,
        /// The version, unless the client chose it.
        reply: Vec<u8>,
        /// What was received behind the handshake.
        rest: Vec<u8>,
    },
    /// Send this and close the connection: there is no version that both ends speak.
    Refused {
        /// A zero.
        reply: [u8; 4],
    },
}

impl ServerHandshake {
    /// For a server that speaks these versions.
    pub fn new(spoken: &[Version]) -> Self {
        let mut spoken = spoken.to_vec();
        spoken.sort_unstable();
        Self { spoken, received: Vec::new(), has_sent_manifest: false }
    }

    /// Takes what was received.
    ///
    /// # Errors
    /// If the client does not speak Bolt, or chose what was not offered. The connection is to be closed without an answer.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<ServerHandshakeStep, HandshakeError> {
        self.received.extend_from_slice(bytes);
        if self.has_sent_manifest {
            return self.chosen();
        }
        if let Some(first) = self.received.first_chunk::<4>().filter(|first| **first != PREAMBLE) {
            return Err(HandshakeError::NotBolt { first: *first });
        }
        let Some(opening) = self.received.first_chunk::<20>().copied() else {
            return Ok(ServerHandshakeStep::Continue { reply: Vec::new() });
        };
        self.received.drain(..opening.len());
        let (offers, _) = opening[4..].as_chunks::<4>();
        for offer in offers {
            let range = VersionRange::of_bytes(*offer);
            if range.holds(MANIFEST[3], MANIFEST[2]) {
                return self.list();
            }
            let version = self.spoken.iter().rev().copied().find(|version| range.contains(*version));
            if let Some(version) = version {
                let reply = VersionRange::of_versions(&[version]).iter().flat_map(|range| range.bytes()).collect();
                return Ok(ServerHandshakeStep::Agreed { version, reply, rest: std::mem::take(&mut self.received) });
            }
        }
        Ok(ServerHandshakeStep::Refused { reply: [0; 4] })
    }

    fn list(&mut self) -> Result<ServerHandshakeStep, HandshakeError> {
        self.has_sent_manifest = true;
        let ranges = VersionRange::of_versions(&self.spoken);
        let mut reply = MANIFEST.to_vec();
        put_number(ranges.len() as u64, &mut reply);
        reply.extend(ranges.iter().flat_map(|range| range.bytes()));
        // No capabilities.
        put_number(0, &mut reply);
        Ok(ServerHandshakeStep::Continue { reply })
    }

    /// What the client chose from the manifest, if it is there.
    fn chosen(&mut self) -> Result<ServerHandshakeStep, HandshakeError> {
        let waiting = ServerHandshakeStep::Continue { reply: Vec::new() };
        let Some((chosen, behind)) = self.received.split_first_chunk::<4>() else { return Ok(waiting) };
        let chosen = *chosen;
        if chosen == [0; 4] {
            return Err(HandshakeError::NothingInCommon);
        }
        let Some((capabilities, length)) = number(behind)? else { return Ok(waiting) };
        let version = Version::from_numbers(chosen[3], chosen[2]).filter(|version| self.spoken.contains(version));
        match version {
            Some(version) if chosen[..2] == [0, 0] => {
                if capabilities != 0 {
                    return Err(HandshakeError::CapabilitiesNotOffered { capabilities });
                }
                let rest = behind[length..].to_vec();
                self.received.clear();
                Ok(ServerHandshakeStep::Agreed { version, reply: Vec::new(), rest })
            }
            _ => Err(HandshakeError::NotOffered { chosen }),
        }
    }
}
