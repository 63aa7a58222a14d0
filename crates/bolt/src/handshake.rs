//! Which version is spoken: what both ends say before the first message.
//!
//! The client names itself and makes four offers, each a version or a range of them. The server takes the first that it can,
//! or says zero. Or it takes the offer of a manifest, if there is one: then it lists what it speaks, and the client chooses.
//! Between 5.7 and today clients offer 6.0 and later by manifest only.

mod client;
mod range;
mod server;

use std::fmt;

pub use client::{ClientHandshake, ClientHandshakeStep};
pub use range::VersionRange;
pub use server::{ServerHandshake, ServerHandshakeStep};

/// What every client begins with.
pub const PREAMBLE: [u8; 4] = [0x60, 0x60, 0xB0, 0x17];

/// The offer of a manifest in its first form, and the answer that takes it.
const MANIFEST: [u8; 4] = [0x00, 0x00, 0x01, 0xFF];

/// A server that lists more ranges than this is none.
const RANGES_MAX: u64 = 256;

/// Why there is no version to speak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandshakeError {
    /// A client that does not begin as one of Bolt: with `GET `, it is a browser.
    NotBolt {
        /// Its first four bytes.
        first: [u8; 4],
    },
    /// No version is spoken by both ends. A server has told the client, with a zero.
    NothingInCommon,
    /// An answer that is neither a version nor a manifest: with `HTTP`, the server is one of HTTP.
    UnknownAnswer {
        /// Its four bytes.
        answer: [u8; 4],
    },
    /// One end chose what the other did not offer.
    NotOffered {
        /// As it was chosen.
        chosen: [u8; 4],
    },
    /// The client chose capabilities that were not offered.
    CapabilitiesNotOffered {
        /// One bit each.
        capabilities: u64,
    },
    /// A number that has no end, or a longer list than any server has.
    TooLong,
}

impl HandshakeError {
    /// Whether the other end speaks HTTP.
    pub fn is_http(&self) -> bool {
        matches!(self, Self::NotBolt { first } if first == b"GET ")
            || matches!(self, Self::UnknownAnswer { answer } if answer == b"HTTP")
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            _ if self.is_http() => f.write_str("the other end speaks HTTP, not Bolt"),
            Self::NotBolt { first } => write!(f, "a connection that begins with {first:02X?} is not Bolt"),
            Self::NothingInCommon => f.write_str("no version of Bolt is spoken by both ends"),
            Self::UnknownAnswer { answer } => write!(f, "{answer:02X?} is no answer to an offer of versions of Bolt"),
            Self::NotOffered { chosen } => write!(f, "{chosen:02X?} was chosen, which was not offered"),
            Self::CapabilitiesNotOffered { capabilities } => {
                write!(f, "the capabilities {capabilities:#b} were chosen, which were not offered")
            }
            Self::TooLong => f.write_str("a handshake longer than any"),
        }
    }
}

impl std::error::Error for HandshakeError {}

/// Appends a number in groups of seven bits, the lowest first, each but the last with the eighth bit set.
fn put_number(mut number: u64, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return out.push(low & 0x7F);
        }
        out.push(low | 0x80);
    }
}

/// The number at the beginning of the bytes and its length, if all of it is there.
fn number(bytes: &[u8]) -> Result<Option<(u64, usize)>, HandshakeError> {
    let mut number = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let bits = u64::from(byte & 0x7F);
        let shifted = u32::try_from(at * 7).ok().and_then(|shift| bits.checked_shl(shift));
        match shifted.filter(|shifted| shifted >> (at * 7) == bits) {
            Some(shifted) => number |= shifted,
            None => return Err(HandshakeError::TooLong),
        }
        if byte & 0x80 == 0 {
            return Ok(Some((number, at + 1)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_groups_of_seven_bits() {
        for (value, written) in [(0, &[0x00][..]), (1, &[0x01]), (127, &[0x7F]), (0x1C_417F, &[0xFF, 0x82, 0x71])] {
            let mut out = Vec::new();
            put_number(value, &mut out);
            assert_eq!(out, written);
            assert_eq!(number(written), Ok(Some((value, written.len()))));
            assert_eq!(number(&written[..written.len() - 1]), Ok(None));
        }
        let mut largest = Vec::new();
        put_number(u64::MAX, &mut largest);
        assert_eq!(number(&largest), Ok(Some((u64::MAX, 10))));
        assert_eq!(number(&[0xFF; 10]), Err(HandshakeError::TooLong));
        assert_eq!(number(&[0x80; 11]), Err(HandshakeError::TooLong));
    }
}
