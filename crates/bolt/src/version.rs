//! The versions of the protocol that are spoken here, and what each of them has. The only place that compares versions.

use std::fmt;

/// A version of the Bolt protocol. Older ones are not spoken: 4.4 is the oldest that a supported driver needs.
///
/// No server was ever published with 5.5, so none should be offered; drivers have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// Authentication inside HELLO, dates and times in the zone's own clock unless patched, FAILURE with a code.
    V4_4,
    /// Element ids, dates and times in UTC.
    V5_0,
    /// LOGON and LOGOFF.
    V5_1,
    /// Filters of notifications.
    V5_2,
    /// `bolt_agent` in HELLO.
    V5_3,
    /// TELEMETRY.
    V5_4,
    /// Statuses instead of notifications.
    V5_5,
    /// Classifications instead of categories.
    V5_6,
    /// FAILURE with a GQL status and causes, handshake by manifest.
    V5_7,
    /// The resolved home database in answers, `advertised_address`.
    V5_8,
    /// Vectors, and values of types that the other end does not know.
    V6_0,
    /// UUIDs.
    V6_1,
}

impl Version {
    /// All of them, oldest first.
    pub const ALL: [Self; 12] = [
        Self::V4_4,
        Self::V5_0,
        Self::V5_1,
        Self::V5_2,
        Self::V5_3,
        Self::V5_4,
        Self::V5_5,
        Self::V5_6,
        Self::V5_7,
        Self::V5_8,
        Self::V6_0,
        Self::V6_1,
    ];

    /// The version with these numbers, if it is spoken here.
    pub fn from_numbers(major: u8, minor: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|version| (version.major(), version.minor()) == (major, minor))
    }

    /// The number before the dot.
    pub fn major(self) -> u8 {
        self.numbers().0
    }

    /// The number behind the dot.
    pub fn minor(self) -> u8 {
        self.numbers().1
    }

    fn numbers(self) -> (u8, u8) {
        match self {
            Self::V4_4 => (4, 4),
            Self::V5_0 => (5, 0),
            Self::V5_1 => (5, 1),
            Self::V5_2 => (5, 2),
            Self::V5_3 => (5, 3),
            Self::V5_4 => (5, 4),
            Self::V5_5 => (5, 5),
            Self::V5_6 => (5, 6),
            Self::V5_7 => (5, 7),
            Self::V5_8 => (5, 8),
            Self::V6_0 => (6, 0),
            Self::V6_1 => (6, 1),
        }
    }

    /// Whether nodes and relationships have element ids beside their numbers.
    pub fn has_element_ids(self) -> bool {
        self >= Self::V5_0
    }

    /// Whether LOGON authenticates, and not HELLO.
    pub fn has_logon(self) -> bool {
        self >= Self::V5_1
    }

    /// Whether HELLO, BEGIN and RUN may say which notifications are wanted.
    pub fn has_notification_filters(self) -> bool {
        self >= Self::V5_2
    }

    /// Whether HELLO must describe the driver in `bolt_agent`.
    pub fn has_bolt_agent(self) -> bool {
        self >= Self::V5_3
    }

    /// Whether there is a message TELEMETRY.
    pub fn has_telemetry(self) -> bool {
        self >= Self::V5_4
    }

    /// Whether unwanted notifications are named by classification, and not by category, and summaries have `statuses` for
    /// `notifications`.
    pub fn has_classifications(self) -> bool {
        self >= Self::V5_5
    }

    /// Whether FAILURE has a GQL status, a diagnostic record and causes.
    pub fn has_gql_failures(self) -> bool {
        self >= Self::V5_7
    }

    /// Whether answers to BEGIN, and to RUN outside of a transaction, name the database that was found.
    pub fn has_resolved_database(self) -> bool {
        self >= Self::V5_8
    }

    /// Whether values may be vectors, or of a type that is only named.
    pub fn has_vectors(self) -> bool {
        self >= Self::V6_0
    }

    /// Whether values may be UUIDs: PackStream 1.1.
    pub fn has_uuids(self) -> bool {
        self >= Self::V6_1
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major(), self.minor())
    }
}

/// How values are written on one connection: by the version, and in 4.4 also by whether both ends agreed on the patch `utc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    version: Version,
    is_patched: bool,
}

impl Dialect {
    /// Without a patch.
    pub fn new(version: Version) -> Self {
        Self { version, is_patched: false }
    }

    /// After HELLO asked for the patch `utc` and SUCCESS granted it. Changes nothing in versions other than 4.4.
    #[must_use]
    pub fn patched(self) -> Self {
        Self { is_patched: self.version == Version::V4_4, ..self }
    }

    /// Of the connection.
    pub fn version(self) -> Version {
        self.version
    }

    /// Whether dates with times and zones count seconds in UTC, rather than on the clock of the zone.
    pub fn is_utc(self) -> bool {
        self.is_patched || self.version >= Version::V5_0
    }

    /// Whether everything that can be said in another dialect can be said in this one, as it is written there: results of a
    /// connection with that one can go to a connection with this one unread.
    pub fn includes(self, other: Self) -> bool {
        self.is_utc() == other.is_utc()
            && self.version.has_element_ids() == other.version.has_element_ids()
            && self.version >= other.version
    }
}

impl From<Version> for Dialect {
    fn from(version: Version) -> Self {
        Self::new(version)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bolt {}{}", self.version, if self.is_patched { " with the patch utc" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_their_numbers_are() {
        assert!(Version::ALL.is_sorted());
        assert!(Version::ALL.map(|version| (version.major(), version.minor())).is_sorted());
        for version in Version::ALL {
            assert_eq!(Version::from_numbers(version.major(), version.minor()), Some(version));
        }
        assert_eq!(Version::from_numbers(4, 3), None);
        assert_eq!(Version::V5_8.to_string(), "5.8");
    }

    #[test]
    fn the_patch_is_for_the_oldest_version_only() {
        assert!(!Dialect::new(Version::V4_4).is_utc());
        assert!(Dialect::new(Version::V4_4).patched().is_utc());
        assert_eq!(Dialect::new(Version::V5_4).patched(), Version::V5_4.into());
        assert_eq!(Dialect::new(Version::V4_4).patched().to_string(), "Bolt 4.4 with the patch utc");
    }

    #[test]
    fn results_go_unread_to_newer_dialects_of_one_kind_only() {
        let [old, patched] = [Dialect::new(Version::V4_4), Dialect::new(Version::V4_4).patched()];
        let [five, six] = [Dialect::new(Version::V5_0), Dialect::new(Version::V6_1)];
        assert!(six.includes(five) && five.includes(five) && old.includes(old) && patched.includes(patched));
        assert!(!five.includes(six) && !five.includes(old) && !five.includes(patched) && !old.includes(patched));
    }
}
