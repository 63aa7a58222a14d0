//! Parts that several messages have.

use super::field::{Entries, Read, put};
use crate::limits::Limits;
use crate::packstream::{Map, MapReader, PackStreamError, Value, decode, encode};
use crate::version::{Dialect, Version};

/// A map as it came, or as it will be sent: looked through, but not decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedMap(Vec<u8>);

/// Which notifications a client wants. Since 5.2; absent means: as the server is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotificationFilter {
    /// `INFORMATION`, `WARNING` or `OFF`.
    pub severity_min: Option<String>,
    /// Categories up to 5.4, classifications since.
    pub disabled: Option<Vec<String>>,
}

impl EncodedMap {
    /// Without entries.
    pub fn empty() -> Self {
        Self(vec![0xA0])
    }

    /// Encodes a map.
    ///
    /// # Errors
    /// If the dialect does not have its values.
    pub fn new(map: Map, dialect: Dialect) -> Result<Self, PackStreamError> {
        encode(&Value::Map(map), dialect).map(Self)
    }

    /// Takes bytes that are one map in this dialect.
    ///
    /// # Errors
    /// If they are not.
    pub fn of_bytes(bytes: Vec<u8>, dialect: Dialect, limits: Limits) -> Result<Self, PackStreamError> {
        MapReader::new(&bytes, dialect, limits)?;
        Ok(Self(bytes))
    }

    /// As it is sent.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The values.
    ///
    /// # Errors
    /// If a text is not UTF-8, or the limits are narrower than those that it was read with.
    pub fn decode(&self, dialect: Dialect, limits: Limits) -> Result<Map, PackStreamError> {
        match decode(&self.0, dialect, limits)? {
            Value::Map(map) => Ok(map),
            _ => Ok(Map::new()),
        }
    }

    /// From bytes that were looked through.
    pub(super) fn of_checked(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

const SEVERITY: &str = "notifications_minimum_severity";
const CATEGORIES: &str = "notifications_disabled_categories";
const CLASSIFICATIONS: &str = "notifications_disabled_classifications";

impl NotificationFilter {
    pub(super) fn read(entries: &mut Entries, version: Version) -> Read<Self> {
        if !version.has_notification_filters() {
            return Ok(Self::default());
        }
        let severity_min = entries.string(SEVERITY)?;
        let disabled = entries.strings(if version.has_classifications() { CLASSIFICATIONS } else { CATEGORIES })?;
        Ok(Self { severity_min, disabled })
    }

    /// Nothing, where the version has no filters.
    pub(super) fn write(&self, map: &mut Map, version: Version) {
        if version.has_notification_filters() {
            put(map, SEVERITY, self.severity_min.clone());
            let name = if version.has_classifications() { CLASSIFICATIONS } else { CATEGORIES };
            put(map, name, self.disabled.clone());
        }
    }
}
