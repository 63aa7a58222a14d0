//! Frames: bytes with a format and a checksum in front, as the stores keep them and the members send them.
//!
//! Whatever is read back is checked; what does not check out is an error, never a default.

use aliasd_catalog::{Entry, Record, RecordKey};
use aliasd_wire::store;
use prost::Message;

/// Format of every frame this version writes.
const FRAME_FORMAT: u8 = 1;
/// Format and checksum.
const FRAME_HEADER_BYTES: usize = 5;

/// Bytes that are not what they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Too short for a frame.
    #[error("it ends after {0} bytes, inside its header")]
    Short(usize),
    /// Whole, and written by a later version: every format has its checksum at this place.
    #[error("it has format {0}, but this version reads formats up to {FRAME_FORMAT}")]
    Format(u8),
    /// The content changed after it was written.
    #[error("its checksum does not match its content")]
    Checksum,
    /// The content is not the expected message.
    #[error("it is not a valid {what}")]
    Content {
        /// The expected message.
        what: &'static str,
        /// Why it cannot be that.
        source: ContentError,
    },
}

/// What is wrong with the content of a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// It is no message.
    #[error(transparent)]
    Message(#[from] prost::DecodeError),
    /// It is no entry or record of the catalog.
    #[error(transparent)]
    Stored(#[from] store::DecodeError),
    /// A part is missing.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// Its parts do not fit together. Text: openraft says so of a membership, and none of its types leaves the replica.
    #[error("{0}")]
    Finding(String),
}

impl FrameError {
    pub(crate) fn content(what: &'static str, source: impl Into<ContentError>) -> Self {
        Self::Content { what, source: source.into() }
    }

    pub(crate) fn finding(what: &'static str, finding: impl Into<String>) -> Self {
        Self::content(what, ContentError::Finding(finding.into()))
    }

    pub(crate) fn missing(what: &'static str, part: &'static str) -> Self {
        Self::content(what, ContentError::Missing(part))
    }

    /// The way out, where the bytes are not at fault.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Format(_) => Some("run the version that wrote it, or a later one"),
            Self::Content { source: ContentError::Stored(error), .. } => error.hint(),
            Self::Content { .. } | Self::Short(_) | Self::Checksum => None,
        }
    }
}

/// Puts format and checksum in front of a message.
pub(crate) fn frame(message: &impl Message) -> Vec<u8> {
    let mut bytes = vec![0; FRAME_HEADER_BYTES];
    message.encode(&mut bytes).expect("a vector grows as needed");
    let checksum = crc32c::crc32c(&bytes[FRAME_HEADER_BYTES..]);
    bytes[0] = FRAME_FORMAT;
    bytes[1..FRAME_HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Checks a frame and decodes its message.
pub(crate) fn unframe<M: Message + Default>(what: &'static str, bytes: &[u8]) -> Result<M, FrameError> {
    let Some((header, body)) = bytes.split_first_chunk::<FRAME_HEADER_BYTES>() else {
        return Err(FrameError::Short(bytes.len()));
    };
    let [format, checksum @ ..] = *header;
    // First, since bytes that are anything else have a format, too.
    if u32::from_le_bytes(checksum) != crc32c::crc32c(body) {
        return Err(FrameError::Checksum);
    }
    if format != FRAME_FORMAT {
        return Err(FrameError::Format(format));
    }
    M::decode(body).map_err(|error| FrameError::content(what, error))
}

/// Encodes a catalog entry that is to be proposed, and makes sure that every member can read it.
pub(crate) fn encode_new_entry(entry: &Entry) -> Result<Vec<u8>, FrameError> {
    store::encode_new_entry(entry).map_err(|error| FrameError::content("catalog entry", error))
}

pub(crate) fn decode_entry(bytes: &[u8]) -> Result<Entry, FrameError> {
    store::decode_entry(bytes).map_err(|error| FrameError::content("catalog entry", error))
}

pub(crate) fn decode_record_key(key: &[u8]) -> Result<RecordKey, FrameError> {
    store::decode_record_key(key).map_err(|error| FrameError::content("catalog record", error))
}

pub(crate) fn decode_record(key: &[u8], value: &[u8]) -> Result<(RecordKey, Record), FrameError> {
    store::decode_record(key, value).map_err(|error| FrameError::content("catalog record", error))
}

#[cfg(test)]
mod tests {
    use aliasd_wire::store::log as wire;

    use super::*;

    #[test]
    fn a_frame_is_opened_unchanged_and_refused_after_any_flipped_bit() {
        let message = wire::LogId { term: 3, node_id: 1, index: 77 };
        let framed = frame(&message);
        assert_eq!(unframe::<wire::LogId>("log id", &framed), Ok(message));
        for position in 0..framed.len() * 8 {
            let mut damaged = framed.clone();
            damaged[position / 8] ^= 1 << (position % 8);
            assert!(unframe::<wire::LogId>("log id", &damaged).is_err(), "bit {position}");
        }
        assert_eq!(unframe::<wire::LogId>("log id", &framed[..4]), Err(FrameError::Short(4)));
        assert_eq!(unframe::<wire::LogId>("log id", b"junk, and no frame"), Err(FrameError::Checksum));
        let mut later = framed;
        later[0] = FRAME_FORMAT + 1;
        assert_eq!(unframe::<wire::LogId>("log id", &later), Err(FrameError::Format(FRAME_FORMAT + 1)));
    }
}
