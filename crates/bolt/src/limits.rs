//! How much of a message is taken, however much there is of it.

/// Handed to everything that reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    message_bytes_max: usize,
    depth_max: usize,
}

impl Limits {
    /// No value is read that is nested more deeply, whatever the limit says: values are dropped recursively.
    pub const DEPTH_CEILING: usize = 1_000;

    /// The greatest length of a message in bytes, without its chunk headers; and how many lists, maps and structures a value
    /// may be inside of, itself included, at most [`Self::DEPTH_CEILING`].
    ///
    /// A decoded value can take some forty times the bytes that it was received as, so the first limit bounds memory too.
    pub fn new(message_bytes_max: usize, depth_max: usize) -> Self {
        Self { message_bytes_max, depth_max: depth_max.min(Self::DEPTH_CEILING) }
    }

    /// In bytes.
    pub fn message_bytes_max(self) -> usize {
        self.message_bytes_max
    }

    /// In lists, maps and structures.
    pub fn depth_max(self) -> usize {
        self.depth_max
    }
}
