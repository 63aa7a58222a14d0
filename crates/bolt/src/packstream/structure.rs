//! What the tags of structures stand for, and in which dialects: "Structure semantics" of the Bolt documentation.

use crate::version::Dialect;

/// What a structure is. Messages are structures too, with tags of their own ([`crate::Request`], [`crate::Response`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StructureKind {
    /// `N`: id, labels, properties, and since 5.0 the element id.
    Node,
    /// `R`: ids of itself, start and end, type, properties, and since 5.0 the three element ids.
    Relationship,
    /// `r`, within a path: id, type, properties, and since 5.0 the element id.
    UnboundRelationship,
    /// `P`: nodes, unbound relationships, and how they follow each other.
    Path,
    /// `D`: days since 1970-01-01.
    Date,
    /// `T`: nanoseconds of the day, and the zone's offset in seconds.
    Time,
    /// `t`: nanoseconds of the day.
    LocalTime,
    /// `I`: seconds since 1970 in UTC, nanoseconds, and the zone's offset in seconds.
    DateTime,
    /// `i`: seconds since 1970 in UTC, nanoseconds, and the zone's name.
    DateTimeZoneId,
    /// `d`: seconds since 1970 on a clock without a zone, and nanoseconds.
    LocalDateTime,
    /// `F`, in 4.4 without the patch: as `I`, but in seconds of the zone's own clock.
    LegacyDateTime,
    /// `f`, in 4.4 without the patch: as `i`, but in seconds of the zone's own clock.
    LegacyDateTimeZoneId,
    /// `E`: months, days, seconds and nanoseconds.
    Duration,
    /// `X`: reference system, and two coordinates.
    Point2D,
    /// `Y`: reference system, and three coordinates.
    Point3D,
    /// `V`, since 6.0: what the elements are, and their bytes.
    Vector,
    /// `?`, since 6.0: the name of a type that the receiver does not know.
    UnsupportedType,
}

impl StructureKind {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Node,
        Self::Relationship,
        Self::UnboundRelationship,
        Self::Path,
        Self::Date,
        Self::Time,
        Self::LocalTime,
        Self::DateTime,
        Self::DateTimeZoneId,
        Self::LocalDateTime,
        Self::LegacyDateTime,
        Self::LegacyDateTimeZoneId,
        Self::Duration,
        Self::Point2D,
        Self::Point3D,
        Self::Vector,
        Self::UnsupportedType,
    ];

    /// The kind with a tag, in whichever dialect.
    pub fn of_tag(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.tag() == tag)
    }

    /// The byte behind the marker.
    pub fn tag(self) -> u8 {
        match self {
            Self::Node => b'N',
            Self::Relationship => b'R',
            Self::UnboundRelationship => b'r',
            Self::Path => b'P',
            Self::Date => b'D',
            Self::Time => b'T',
            Self::LocalTime => b't',
            Self::DateTime => b'I',
            Self::DateTimeZoneId => b'i',
            Self::LocalDateTime => b'd',
            Self::LegacyDateTime => b'F',
            Self::LegacyDateTimeZoneId => b'f',
            Self::Duration => b'E',
            Self::Point2D => b'X',
            Self::Point3D => b'Y',
            Self::Vector => b'V',
            Self::UnsupportedType => b'?',
        }
    }

    /// As the documentation calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Node => "Node",
            Self::Relationship => "Relationship",
            Self::UnboundRelationship => "UnboundRelationship",
            Self::Path => "Path",
            Self::Date => "Date",
            Self::Time => "Time",
            Self::LocalTime => "LocalTime",
            Self::DateTime => "DateTime",
            Self::DateTimeZoneId => "DateTimeZoneId",
            Self::LocalDateTime => "LocalDateTime",
            Self::LegacyDateTime => "LegacyDateTime",
            Self::LegacyDateTimeZoneId => "LegacyDateTimeZoneId",
            Self::Duration => "Duration",
            Self::Point2D => "Point2D",
            Self::Point3D => "Point3D",
            Self::Vector => "Vector",
            Self::UnsupportedType => "UnsupportedType",
        }
    }

    /// Whether the dialect has it.
    pub fn is_in(self, dialect: Dialect) -> bool {
        match self {
            Self::DateTime | Self::DateTimeZoneId => dialect.is_utc(),
            Self::LegacyDateTime | Self::LegacyDateTimeZoneId => !dialect.is_utc(),
            Self::Vector | Self::UnsupportedType => dialect.version().has_vectors(),
            _ => true,
        }
    }

    /// How many fields it has in a dialect.
    pub fn fields(self, dialect: Dialect) -> usize {
        let since_5 = |before, since| if dialect.version().has_element_ids() { since } else { before };
        match self {
            Self::Date | Self::LocalTime => 1,
            Self::Time | Self::LocalDateTime | Self::Vector => 2,
            Self::Path
            | Self::DateTime
            | Self::DateTimeZoneId
            | Self::LegacyDateTime
            | Self::LegacyDateTimeZoneId
            | Self::Point2D => 3,
            Self::Duration | Self::Point3D | Self::UnsupportedType => 4,
            Self::Node | Self::UnboundRelationship => since_5(3, 4),
            Self::Relationship => since_5(5, 8),
        }
    }
}
