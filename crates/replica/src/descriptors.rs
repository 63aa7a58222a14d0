//! How many file descriptors the databases of a replica take, so that whoever hands out the rest can leave them alone.

/// Files that one database holds open, its log of writes excepted: what it needs beyond them it opens anew.
pub(crate) const DATABASE_FILES_MAX: i32 = 256;

/// File descriptors that a replica on disk takes at most: for its log, its catalog, a second catalog while a snapshot comes in,
/// and for what else each of them has open. A replica that gets fewer stops.
pub const STORAGE_DESCRIPTORS_MAX: usize = 3 * (DATABASE_FILES_MAX.unsigned_abs() as usize + 32);
