//! The end that offers.

use super::range::VersionRange;
use super::{HandshakeError, MANIFEST, PREAMBLE, RANGES_MAX, number, put_number};
use crate::version::Version;

/// The handshake of a client, fed with what it receives.
#[derive(Clone, Debug)]
pub struct ClientHandshake {
    spoken: Vec<Version>,
    received: Vec<u8>,
}

/// What a client does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientHandshakeStep {
    /// Receive more.
    Continue,
    /// Send this, if it is anything, and go on in this version. The first messages may follow at once.
    Agreed {
        /// That of the connection.
        version: Version,
        /// What was chosen from a manifest.
        reply: Vec<u8>,
        /// What was received behind the handshake.
        rest: Vec<u8>,
    },
}

impl ClientHandshake {
    /// For a client that speaks these versions.
    pub fn new(spoken: &[Version]) -> Self {
        let mut spoken = spoken.to_vec();
        spoken.sort_unstable();
        Self { spoken, received: Vec::new() }
    }

    /// What to send first: the preamble and four offers. The first is that of a manifest; the others are for servers that know
    /// none, and so no version from 6.0 on. If the versions make more than three ranges, the oldest are in the manifest only.
    pub fn opening(&self) -> [u8; 20] {
        let mut opening = [0; 20];
        opening[..4].copy_from_slice(&PREAMBLE);
        opening[4..8].copy_from_slice(&MANIFEST);
        let older: Vec<Version> = self.spoken.iter().copied().filter(|version| *version < Version::V6_0).collect();
        for (offer, range) in opening[8..].chunks_exact_mut(4).zip(VersionRange::of_versions(&older)) {
            offer.copy_from_slice(&range.bytes());
        }
        opening
    }

    /// Takes what was received.
    ///
    /// # Errors
    /// If there is no version in common, or the server does not speak Bolt. The connection is to be closed.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<ClientHandshakeStep, HandshakeError> {
        self.received.extend_from_slice(bytes);
        let Some((answer, behind)) = self.received.split_first_chunk::<4>() else {
            return Ok(ClientHandshakeStep::Continue);
        };
        let answer = *answer;
        if answer == [0; 4] {
            return Err(HandshakeError::NothingInCommon);
        }
        if answer == MANIFEST {
            return self.choose();
        }
        if answer[..2] != [0, 0] {
            return Err(HandshakeError::UnknownAnswer { answer });
        }
        let version = Version::from_numbers(answer[3], answer[2]).filter(|version| self.spoken.contains(version));
        let Some(version) = version else { return Err(HandshakeError::NotOffered { chosen: answer }) };
        let rest = behind.to_vec();
        self.received.clear();
        Ok(ClientHandshakeStep::Agreed { version, reply: Vec::new(), rest })
    }

    /// Chooses the newest version of the manifest, if all of it is there, and none of its capabilities.
    fn choose(&mut self) -> Result<ClientHandshakeStep, HandshakeError> {
        let manifest = &self.received[MANIFEST.len()..];
        let Some((count, length)) = number(manifest)? else { return Ok(ClientHandshakeStep::Continue) };
        if count > RANGES_MAX {
            return Err(HandshakeError::TooLong);
        }
        let (ranges, _) = manifest[length..].as_chunks::<4>();
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let Some(ranges) = ranges.get(..count) else { return Ok(ClientHandshakeStep::Continue) };
        let behind = &manifest[length + ranges.as_flattened().len()..];
        let Some((_, length)) = number(behind)? else { return Ok(ClientHandshakeStep::Continue) };
        let is_listed =
            |version: &Version| ranges.iter().any(|range| VersionRange::of_bytes(*range).contains(*version));
        let Some(version) = self.spoken.iter().rev().copied().find(is_listed) else {
            return Err(HandshakeError::NothingInCommon);
        };
        let mut reply = vec![0, 0, version.minor(), version.major()];
        put_number(0, &mut reply);
        let rest = behind[length..].to_vec();
        self.received.clear();
        Ok(ClientHandshakeStep::Agreed { version, reply, rest })
    }
}
