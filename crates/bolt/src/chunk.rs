//! Messages in chunks: a length of 16 bits, so many bytes, and so on, until a length of zero. A length of zero before any bytes
//! is no message but a sign of life (NOOP).
//!
//! [`Scanner`] finds messages where they lie, so that whoever only passes them on never copies them together. [`Dechunker`]
//! keeps what has come of the next one.

use std::borrow::Cow;
use std::fmt;

use zeroize::Zeroize as _;

use crate::limits::Limits;

/// The length of a chunk has 16 bits.
const CHUNK_BYTES_MAX: usize = 0xFFFF;

/// An empty buffer keeps no more room than this, in bytes: many connections are idle.
const ROOM_KEPT: usize = 8 * 1024;

/// A message that is longer than the limit: known from a chunk's length, before its bytes are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkError {
    /// How long the message is at least, in bytes.
    pub message_bytes: usize,
    /// The limit.
    pub message_bytes_max: usize,
}

impl fmt::Display for ChunkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message_bytes, message_bytes_max } = self;
        write!(f, "a message of at least {message_bytes} bytes, and at most {message_bytes_max} are taken")
    }
}

impl std::error::Error for ChunkError {}

/// A message as it lies in a buffer, chunk headers and end included; or a NOOP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    raw: &'a [u8],
    message_bytes: usize,
}

/// Finds where messages end. It remembers how far it has looked, so that each byte is looked at once.
#[derive(Clone, Copy, Debug)]
pub struct Scanner {
    limits: Limits,
    /// Where the next chunk header is, from the beginning of the message.
    at: usize,
    message_bytes: usize,
}

/// Received bytes, until they are messages.
#[derive(Clone, Debug)]
pub struct Dechunker {
    scanner: Scanner,
    buffer: Vec<u8>,
    /// How much of the buffer was returned already.
    taken: usize,
    wipes: bool,
}

/// Appends a message in chunks, with its end.
pub fn put_chunks(message: &[u8], out: &mut Vec<u8>) {
    for chunk in message.chunks(CHUNK_BYTES_MAX) {
        // Never more than the maximum, which has 16 bits.
        out.extend(u16::try_from(chunk.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(chunk);
    }
    out.extend(NOOP);
}

/// The end of a message, and alone a sign of life.
pub const NOOP: [u8; 2] = [0, 0];

// === impl Frame ===

impl<'a> Frame<'a> {
    /// All of it, to be sent on as it is.
    pub fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// Whether it is no message.
    pub fn is_noop(self) -> bool {
        self.message_bytes == 0
    }

    /// The length of the message, in bytes.
    pub fn message_bytes(self) -> usize {
        self.message_bytes
    }

    /// The message: where it lies if it is in one chunk, and otherwise copied together.
    pub fn message(self) -> Cow<'a, [u8]> {
        let mut chunks = self.chunks();
        let first = chunks.next().unwrap_or_default();
        if first.len() == self.message_bytes {
            return Cow::Borrowed(first);
        }
        let mut message = Vec::with_capacity(self.message_bytes);
        message.extend_from_slice(first);
        chunks.for_each(|chunk| message.extend_from_slice(chunk));
        Cow::Owned(message)
    }

    /// What kind of message it is: the second byte, if there are two and the first says that it is a structure.
    pub fn tag(self) -> Option<u8> {
        let mut bytes = self.chunks().flatten();
        let first = bytes.next()?;
        let tag = bytes.next()?;
        (first & 0xF0 == 0xB0).then_some(*tag)
    }

    fn chunks(self) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.raw;
        std::iter::from_fn(move || {
            let (header, behind) = rest.split_first_chunk::<2>()?;
            let length = usize::from(u16::from_be_bytes(*header));
            let (chunk, behind) = behind.split_at_checked(length).filter(|(chunk, _)| !chunk.is_empty())?;
            rest = behind;
            Some(chunk)
        })
    }
}

// === impl Scanner ===

impl Scanner {
    /// At the beginning of a message.
    pub fn new(limits: Limits) -> Self {
        Self { limits, at: 0, message_bytes: 0 }
    }

    /// From the next message on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// The message that the buffer begins with, if all of it is there. The buffer has to begin where the last one ended, and
    /// as long as there was none, with the same bytes as before.
    ///
    /// # Errors
    /// If the message is too long. Nothing can be read after that.
    pub fn scan<'a>(&mut self, buffer: &'a [u8]) -> Result<Option<Frame<'a>>, ChunkError> {
        loop {
            let Some(header) = buffer.get(self.at..).and_then(|rest| rest.first_chunk::<2>()) else { return Ok(None) };
            let length = usize::from(u16::from_be_bytes(*header));
            if length == 0 {
                let frame = Frame { raw: &buffer[..self.at + NOOP.len()], message_bytes: self.message_bytes };
                (self.at, self.message_bytes) = (0, 0);
                return Ok(Some(frame));
            }
            let message_bytes = self.message_bytes + length;
            let message_bytes_max = self.limits.message_bytes_max();
            if message_bytes > message_bytes_max {
                return Err(ChunkError { message_bytes, message_bytes_max });
            }
            let end = self.at + NOOP.len() + length;
            if buffer.len() < end {
                return Ok(None);
            }
            (self.at, self.message_bytes) = (end, message_bytes);
        }
    }
}

// === impl Dechunker ===

impl Dechunker {
    /// Without bytes.
    pub fn new(limits: Limits) -> Self {
        Self { scanner: Scanner::new(limits), buffer: Vec::new(), taken: 0, wipes: false }
    }

    /// One that overwrites what was taken out of it, for messages that may hold passwords.
    pub fn wiping(limits: Limits) -> Self {
        let mut new = Self::new(limits);
        new.wipes = true;
        new
    }

    /// From the next message on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.scanner.set_limits(limits);
    }

    /// Takes what was received.
    pub fn push(&mut self, received: &[u8]) {
        self.give_up_taken();
        self.buffer.extend_from_slice(received);
    }

    /// The next message or NOOP, if all of it is there.
    ///
    /// # Errors
    /// If it is too long. Nothing can be read after that.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, ChunkError> {
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        let frame = self.scanner.scan(rest)?;
        if let Some(frame) = &frame {
            self.taken += frame.raw.len();
        }
        Ok(frame)
    }

    /// How many bytes wait to become a message.
    pub fn waiting(&self) -> usize {
        self.buffer.len() - self.taken
    }

    /// How many bytes, and how many messages with one tag, lie in front, signs of life between them included. All of them
    /// have to be taken with [`Self::take_run`] next.
    pub(crate) fn measure_run(&mut self, tag: u8) -> Result<(usize, usize), ChunkError> {
        let (mut bytes, mut messages) = (0, 0);
        while let Some(frame) = self.scanner.scan(self.buffer.get(self.taken + bytes..).unwrap_or_default())? {
            if !frame.is_noop() {
                if frame.tag() != Some(tag) {
                    break;
                }
                messages += 1;
            }
            bytes += frame.raw.len();
        }
        Ok((bytes, messages))
    }

    /// Takes so many bytes, which were measured to be whole frames.
    pub(crate) fn take_run(&mut self, bytes: usize) -> &[u8] {
        let start = self.taken;
        self.taken += bytes;
        self.buffer.get(start..self.taken).unwrap_or_default()
    }

    fn give_up_taken(&mut self) {
        if self.wipes {
            self.buffer[..self.taken].zeroize();
        }
        self.buffer.drain(..self.taken);
        self.taken = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > ROOM_KEPT {
            self.buffer = Vec::new();
        }
    }
}

impl Drop for Dechunker {
    fn drop(&mut self) {
        if self.wipes {
            self.buffer.zeroize();
        }
    }
}
