//! Structures with their meaning, the same in every dialect, and how each dialect writes them.

use std::fmt;

use super::fields::{Fields, Taken, fault};
use super::structure::StructureKind;
use super::value::{Map, Structure, Value};
use crate::version::Dialect;

/// A structure, understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Typed {
    /// See [`Node`].
    Node(Node),
    /// See [`Relationship`].
    Relationship(Relationship),
    /// See [`Path`].
    Path(Path),
    /// In days since 1970-01-01.
    Date(i64),
    /// A time of day.
    Time {
        /// Since midnight there.
        nanoseconds: i64,
        /// East of Greenwich, in seconds; none if the time has no zone.
        offset_seconds: Option<i64>,
    },
    /// A date with a time of day.
    DateTime {
        /// Since 1970-01-01T00:00 on the clock that `zone` says.
        seconds: i64,
        /// Since the second.
        nanoseconds: i64,
        /// On which clock that is, and where the date is meant.
        zone: Zone,
    },
    /// An amount of time, each part of which counts for itself.
    Duration {
        /// Of a calendar.
        months: i64,
        /// Of a calendar.
        days: i64,
        /// Of a clock.
        seconds: i64,
        /// Of a clock.
        nanoseconds: i64,
    },
    /// A place.
    Point {
        /// The number of the reference system.
        srid: i64,
        /// Two or three.
        coordinates: Vec<f64>,
    },
    /// See [`Vector`].
    Vector(Vector),
    /// See [`UnsupportedType`].
    Unsupported(UnsupportedType),
    /// A tag that no version has, as it came.
    Unknown(Structure),
}

/// On which clock the seconds of a date count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Zone {
    /// Any: the date has no zone.
    Local,
    /// UTC, and the zone is so many seconds east of Greenwich.
    Offset(i64),
    /// UTC, and the zone has this name.
    Named(String),
    /// The one of the zone with this name. Only dialects that are not UTC's have it, and whoever turns it into
    /// [`Zone::Named`] has to know the zone.
    OwnClock(String),
}

/// A node as it was when it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Unique, but used again when the node is gone.
    pub id: i64,
    /// In the server's order.
    pub labels: Vec<String>,
    /// By name.
    pub properties: Map,
    /// Since 5.0; from an older connection, the number as a text, as drivers have it.
    pub element_id: String,
}

/// A relationship as it was when it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Relationship {
    /// Unique, but used again when the relationship is gone.
    pub id: i64,
    /// The type, in the sense of the query language.
    pub name: String,
    /// By name.
    pub properties: Map,
    /// As with [`Node`].
    pub element_id: String,
    /// Where it leads from and to; none within a path, which tells that itself.
    pub ends: Option<Ends>,
}

/// The nodes at the ends of a relationship, each as its number and its element id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Where it leads from.
    pub start: (i64, String),
    /// Where it leads to.
    pub end: (i64, String),
}

/// Nodes and relationships in turns.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Each once; the path begins with the first.
    pub nodes: Vec<Node>,
    /// Each once, and without ends.
    pub relationships: Vec<Relationship>,
    /// By turns: a relationship, counted from 1 and negative if it is gone against its direction, and a node, counted from 0.
    pub indices: Vec<i64>,
}

/// Numbers of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector {
    /// What each is.
    pub element: VectorElement,
    /// The numbers, the most significant byte of each first.
    pub data: Vec<u8>,
}

/// What the numbers of a vector are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VectorElement {
    /// 8 bits with a sign.
    Int8,
    /// 16 bits with a sign.
    Int16,
    /// 32 bits with a sign.
    Int32,
    /// 64 bits with a sign.
    Int64,
    /// 32 bits, as IEEE 754 has them.
    Float32,
    /// 64 bits, as IEEE 754 has them.
    Float64,
}

/// Stands where a value is of a type that the version of the connection cannot say.
#[derive(Clone, Debug, PartialEq)]
pub struct UnsupportedType {
    /// Of the type.
    pub name: String,
    /// The first version that has it, as two numbers: it may be one that is not known here.
    pub since: (i64, i64),
    /// May hold a `message`.
    pub extra: Map,
}

/// A structure that is not what its tag says, or that cannot be said in a dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructureError {
    /// As the documentation calls it.
    pub structure: &'static str,
    /// What is wrong with it, to be read behind its name.
    pub fault: String,
}

impl fmt::Display for StructureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.structure, self.fault)
    }
}

impl std::error::Error for StructureError {}

// === impl Typed ===

impl Typed {
    /// Understands a structure of a dialect.
    ///
    /// # Errors
    /// If its tag is known, and its fields are not what they have to be, or the dialect does not have it.
    pub fn read(structure: Structure, dialect: Dialect) -> Result<Self, StructureError> {
        let Some(kind) = StructureKind::of_tag(structure.tag) else { return Ok(Self::Unknown(structure)) };
        let mut fields = Fields::new(kind, structure, dialect)?;
        Ok(match kind {
            StructureKind::Node => Self::Node(fields.node()?),
            StructureKind::Relationship => Self::Relationship(fields.relationship(true)?),
            StructureKind::UnboundRelationship => Self::Relationship(fields.relationship(false)?),
            StructureKind::Path => Self::Path(fields.path()?),
            StructureKind::Date => Self::Date(fields.integer()?),
            StructureKind::Time => {
                Self::Time { nanoseconds: fields.integer()?, offset_seconds: Some(fields.integer()?) }
            }
            StructureKind::LocalTime => Self::Time { nanoseconds: fields.integer()?, offset_seconds: None },
            StructureKind::DateTime | StructureKind::LegacyDateTime => {
                let (mut seconds, nanoseconds, offset) = (fields.integer()?, fields.integer()?, fields.integer()?);
                if kind == StructureKind::LegacyDateTime {
                    seconds = shifted(kind, seconds, offset.checked_neg())?;
                }
                Self::DateTime { seconds, nanoseconds, zone: Zone::Offset(offset) }
            }
            StructureKind::DateTimeZoneId | StructureKind::LegacyDateTimeZoneId => {
                let (seconds, nanoseconds, zone) = (fields.integer()?, fields.integer()?, fields.string()?);
                let is_utc = kind == StructureKind::DateTimeZoneId;
                let zone = if is_utc { Zone::Named(zone) } else { Zone::OwnClock(zone) };
                Self::DateTime { seconds, nanoseconds, zone }
            }
            StructureKind::LocalDateTime => {
                Self::DateTime { seconds: fields.integer()?, nanoseconds: fields.integer()?, zone: Zone::Local }
            }
            StructureKind::Duration => Self::Duration {
                months: fields.integer()?,
                days: fields.integer()?,
                seconds: fields.integer()?,
                nanoseconds: fields.integer()?,
            },
            StructureKind::Point2D => {
                Self::Point { srid: fields.integer()?, coordinates: vec![fields.float()?, fields.float()?] }
            }
            StructureKind::Point3D => {
                let srid = fields.integer()?;
                Self::Point { srid, coordinates: vec![fields.float()?, fields.float()?, fields.float()?] }
            }
            StructureKind::Vector => Self::Vector(fields.vector()?),
            StructureKind::UnsupportedType => {
                let name = fields.string()?;
                let since = (fields.integer()?, fields.integer()?);
                Self::Unsupported(UnsupportedType { name, since, extra: fields.map()? })
            }
        })
    }

    /// The structure that a dialect has for it.
    ///
    /// # Errors
    /// If it has none.
    pub fn write(self, dialect: Dialect) -> Result<Structure, StructureError> {
        let kind = match &self {
            Self::Unknown(structure) => return Ok(structure.clone()),
            other => other.kind(dialect)?,
        };
        if !kind.is_in(dialect) {
            return fault(kind, format!("does not exist in {dialect}"));
        }
        let fields = match self {
            Self::Node(node) => node.fields(dialect),
            Self::Relationship(relationship) => relationship.fields(dialect),
            Self::Path(path) => path.fields(dialect)?,
            Self::Date(days) => vec![days.into()],
            Self::Time { nanoseconds, offset_seconds: None } => vec![nanoseconds.into()],
            Self::Time { nanoseconds, offset_seconds: Some(offset) } => vec![nanoseconds.into(), offset.into()],
            Self::DateTime { seconds, nanoseconds, zone } => match zone {
                Zone::Local => vec![seconds.into(), nanoseconds.into()],
                Zone::Named(zone) | Zone::OwnClock(zone) => vec![seconds.into(), nanoseconds.into(), zone.into()],
                Zone::Offset(offset) => {
                    let legacy = kind == StructureKind::LegacyDateTime;
                    let seconds = if legacy { shifted(kind, seconds, Some(offset))? } else { seconds };
                    vec![seconds.into(), nanoseconds.into(), offset.into()]
                }
            },
            Self::Duration { months, days, seconds, nanoseconds } => {
                [months, days, seconds, nanoseconds].map(Value::from).to_vec()
            }
            Self::Point { srid, coordinates } => {
                std::iter::once(srid.into()).chain(coordinates.into_iter().map(Value::from)).collect()
            }
            Self::Vector(vector) => vec![Value::Bytes(vec![vector.element.marker()]), Value::Bytes(vector.data)],
            Self::Unsupported(it) => vec![it.name.into(), it.since.0.into(), it.since.1.into(), it.extra.into()],
            Self::Unknown(structure) => structure.fields,
        };
        if fields.len() != kind.fields(dialect) {
            return fault(kind, format!("cannot be written with {} fields", fields.len()));
        }
        Ok(Structure { tag: kind.tag(), fields })
    }

    /// The kind of structure that a dialect has for it.
    fn kind(&self, dialect: Dialect) -> Taken<StructureKind> {
        Ok(match self {
            Self::Node(_) => StructureKind::Node,
            Self::Relationship(Relationship { ends: Some(_), .. }) => StructureKind::Relationship,
            Self::Relationship(_) => StructureKind::UnboundRelationship,
            Self::Path(_) => StructureKind::Path,
            Self::Date(_) => StructureKind::Date,
            Self::Time { offset_seconds: Some(_), .. } => StructureKind::Time,
            Self::Time { offset_seconds: None, .. } => StructureKind::LocalTime,
            Self::DateTime { zone, .. } => match zone {
                Zone::Local => StructureKind::LocalDateTime,
                Zone::Offset(_) if dialect.is_utc() => StructureKind::DateTime,
                Zone::Offset(_) => StructureKind::LegacyDateTime,
                Zone::Named(_) => StructureKind::DateTimeZoneId,
                Zone::OwnClock(_) => StructureKind::LegacyDateTimeZoneId,
            },
            Self::Duration { .. } => StructureKind::Duration,
            Self::Point { coordinates, .. } if coordinates.len() == 2 => StructureKind::Point2D,
            Self::Point { .. } => StructureKind::Point3D,
            Self::Vector(_) => StructureKind::Vector,
            Self::Unsupported(_) => StructureKind::UnsupportedType,
            Self::Unknown(structure) => {
                return fault(StructureKind::UnsupportedType, format!("has no kind for tag {:02X}", structure.tag));
            }
        })
    }
}

/// Seconds on another clock.
fn shifted(kind: StructureKind, seconds: i64, offset: Option<i64>) -> Taken<i64> {
    match offset.and_then(|offset| seconds.checked_add(offset)) {
        Some(seconds) => Ok(seconds),
        None => fault(kind, format!("is out of range: {seconds} seconds")),
    }
}

// === impl Node, Relationship, Path ===

impl Node {
    fn fields(self, dialect: Dialect) -> Vec<Value> {
        let mut fields = vec![self.id.into(), self.labels.into(), self.properties.into()];
        if dialect.version().has_element_ids() {
            fields.push(self.element_id.into());
        }
        fields
    }
}

impl Relationship {
    fn fields(self, dialect: Dialect) -> Vec<Value> {
        let mut fields: Vec<Value> = vec![self.id.into()];
        let mut element_ids = vec![self.element_id];
        if let Some(Ends { start, end }) = self.ends {
            fields.extend([start.0.into(), end.0.into()]);
            element_ids.extend([start.1, end.1]);
        }
        fields.extend([self.name.into(), self.properties.into()]);
        if dialect.version().has_element_ids() {
            fields.extend(element_ids.into_iter().map(Value::from));
        }
        fields
    }
}

impl Path {
    fn fields(self, dialect: Dialect) -> Taken<Vec<Value>> {
        let nodes = self.nodes.into_iter().map(|node| Typed::Node(node).write(dialect)).collect::<Taken<Vec<_>>>()?;
        let unbound = |relationship| Typed::Relationship(Relationship { ends: None, ..relationship }).write(dialect);
        let relationships = self.relationships.into_iter().map(unbound).collect::<Taken<Vec<_>>>()?;
        Ok(vec![nodes.into(), relationships.into(), self.indices.into()])
    }

    /// Whether it begins somewhere, and all that its indices name is there.
    pub(super) fn is_sound(&self) -> bool {
        let within = |number: u64, length: usize| usize::try_from(number).is_ok_and(|number| number < length);
        let steps = self.indices.chunks(2).all(|step| match *step {
            [relationship, node] => {
                relationship != 0
                    && within(relationship.unsigned_abs() - 1, self.relationships.len())
                    && u64::try_from(node).is_ok_and(|node| within(node, self.nodes.len()))
            }
            _ => false,
        });
        steps && !self.nodes.is_empty()
    }
}

// === impl VectorElement ===

impl VectorElement {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Int8, Self::Int16, Self::Int32, Self::Int64, Self::Float32, Self::Float64];

    /// The byte that stands for it: where PackStream has a marker for such a number, that one.
    pub fn marker(self) -> u8 {
        match self {
            Self::Int8 => 0xC8,
            Self::Int16 => 0xC9,
            Self::Int32 => 0xCA,
            Self::Int64 => 0xCB,
            Self::Float32 => 0xC6,
            Self::Float64 => 0xC1,
        }
    }

    /// In bytes.
    pub fn size(self) -> usize {
        match self {
            Self::Int8 => 1,
            Self::Int16 => 2,
            Self::Int32 | Self::Float32 => 4,
            Self::Int64 | Self::Float64 => 8,
        }
    }
}
