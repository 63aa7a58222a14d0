//! Values in memory.

use std::collections::BTreeMap;

/// Any value that PackStream can carry.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Boolean(bool),
    /// 64 bits with a sign.
    Integer(i64),
    /// 64 bits, as IEEE 754 has them.
    Float(f64),
    /// Any bytes.
    Bytes(Vec<u8>),
    /// Text.
    String(String),
    /// Any values, in order.
    List(Vec<Value>),
    /// Values by name.
    Map(Map),
    /// Fields under a tag, such as a node or a date. What a tag means, [`crate::StructureKind`] says.
    Structure(Structure),
    /// The 16 bytes of RFC 9562. Since 6.1.
    Uuid([u8; 16]),
}

/// A tag and at most 15 values.
#[derive(Clone, Debug, PartialEq)]
pub struct Structure {
    /// Says what the fields are; at most 127.
    pub tag: u8,
    /// In the order of the documentation.
    pub fields: Vec<Value>,
}

/// Values by name, in the order in which they came. A name stands in it once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map(Vec<(String, Value)>);

// === impl Value ===

impl Value {
    /// The type, as errors call it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Bytes(_) => "bytes",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Structure(_) => "a structure",
            Self::Uuid(_) => "a UUID",
        }
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is an integer.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

impl From<Map> for Value {
    fn from(value: Map) -> Self {
        Self::Map(value)
    }
}

impl From<Structure> for Value {
    fn from(value: Structure) -> Self {
        Self::Structure(value)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

// === impl Map ===

impl Map {
    /// Without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What stands under a name.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Puts a value under a name, in the place of what stood there or at the end; returns what stood there.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some((_, present)) => Some(std::mem::replace(present, value)),
            None => {
                self.0.push((key, value));
                None
            }
        }
    }

    /// The same map with one more entry, to write a map as an expression.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.insert(key, value);
        self
    }

    /// Takes an entry out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(at).1)
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// From entries as they were received: the last one under a name counts, in the place of the first.
    pub(crate) fn of_received(entries: Vec<(String, Value)>) -> Self {
        // Small maps are compared at less cost than an index has.
        const SMALL: usize = 8;
        if entries.len() <= SMALL {
            let mut map = Self(Vec::with_capacity(entries.len()));
            for (key, value) in entries {
                map.insert(key, value);
            }
            return map;
        }
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut out: Vec<(String, Value)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            match places.get(&key) {
                Some(place) => out[*place].1 = value,
                None => {
                    places.insert(key.clone(), out.len());
                    out.push((key, value));
                }
            }
        }
        Self(out)
    }

    pub(crate) fn entries(&self) -> &[(String, Value)] {
        &self.0
    }
}

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self::of_received(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl IntoIterator for Map {
    type Item = (String, Value);
    type IntoIter = std::vec::IntoIter<(String, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_under_a_name_counts_in_the_place_of_the_first() {
        for entries in [2_usize, 30] {
            let mut received: Vec<(String, Value)> =
                (0..entries).map(|at| (format!("key {at}"), Value::from(at as i64))).collect();
            received.push(("key 0".to_owned(), Value::from("last")));
            let map = Map::of_received(received);
            assert_eq!(map.len(), entries);
            assert_eq!(map.iter().next(), Some(("key 0", &Value::from("last"))));
        }
    }

    #[test]
    fn entries_are_replaced_and_taken_out() {
        let mut map = Map::new().with("a", 1_i64).with("b", 2_i64);
        assert_eq!(map.insert("a", 3_i64), Some(Value::from(1_i64)));
        assert_eq!(map.remove("b"), Some(Value::from(2_i64)));
        assert_eq!(map.remove("b"), None);
        assert_eq!(map, Map::new().with("a", 3_i64));
    }
}
