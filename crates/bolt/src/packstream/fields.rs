//! Taking structures apart.

use super::structure::StructureKind;
use super::typed::{Ends, Node, Path, Relationship, StructureError, Vector, VectorElement};
use super::value::{Map, Structure, Value};
use crate::version::Dialect;

/// The fields of a structure, taken out one by one.
pub(super) struct Fields {
    kind: StructureKind,
    values: std::vec::IntoIter<Value>,
    taken: usize,
    dialect: Dialect,
}

pub(super) type Taken<T> = Result<T, StructureError>;

pub(super) fn fault<T>(kind: StructureKind, fault: String) -> Taken<T> {
    Err(StructureError { structure: kind.name(), fault })
}

// === impl Fields ===

impl Fields {
    pub(super) fn new(kind: StructureKind, structure: Structure, dialect: Dialect) -> Taken<Self> {
        let (there, needed) = (structure.fields.len(), kind.fields(dialect));
        if !kind.is_in(dialect) {
            return fault(kind, format!("does not exist in {dialect}"));
        }
        if there != needed {
            return fault(kind, format!("has {there} fields, and {dialect} has {needed}"));
        }
        Ok(Self { kind, values: structure.fields.into_iter(), taken: 0, dialect })
    }

    fn next(&mut self) -> Value {
        self.taken += 1;
        // They were counted.
        self.values.next().unwrap_or(Value::Null)
    }

    fn wrong<T>(&self, expected: &str, found: &Value) -> Taken<T> {
        fault(self.kind, format!("has {} as field {}, where {expected} belongs", found.type_name(), self.taken))
    }

    pub(super) fn integer(&mut self) -> Taken<i64> {
        match self.next() {
            Value::Integer(number) => Ok(number),
            other => self.wrong("an integer", &other),
        }
    }

    pub(super) fn float(&mut self) -> Taken<f64> {
        match self.next() {
            Value::Float(number) => Ok(number),
            other => self.wrong("a float", &other),
        }
    }

    pub(super) fn string(&mut self) -> Taken<String> {
        match self.next() {
            Value::String(text) => Ok(text),
            other => self.wrong("a string", &other),
        }
    }

    pub(super) fn map(&mut self) -> Taken<Map> {
        match self.next() {
            Value::Map(map) => Ok(map),
            other => self.wrong("a map", &other),
        }
    }

    fn bytes(&mut self) -> Taken<Vec<u8>> {
        match self.next() {
            Value::Bytes(bytes) => Ok(bytes),
            other => self.wrong("bytes", &other),
        }
    }

    fn list(&mut self) -> Taken<Vec<Value>> {
        match self.next() {
            Value::List(items) => Ok(items),
            other => self.wrong("a list", &other),
        }
    }

    /// Element ids stand behind everything else.
    fn element_id(&mut self, id: i64) -> Taken<String> {
        if self.dialect.version().has_element_ids() { self.string() } else { Ok(id.to_string()) }
    }

    pub(super) fn node(mut self) -> Taken<Node> {
        let id = self.integer()?;
        let mut labels = Vec::new();
        for label in self.list()? {
            match label {
                Value::String(label) => labels.push(label),
                other => return self.wrong("a list of strings", &other),
            }
        }
        let properties = self.map()?;
        Ok(Node { id, labels, properties, element_id: self.element_id(id)? })
    }

    pub(super) fn relationship(mut self, is_bound: bool) -> Taken<Relationship> {
        let id = self.integer()?;
        let ends = if is_bound { Some((self.integer()?, self.integer()?)) } else { None };
        let (name, properties) = (self.string()?, self.map()?);
        let element_id = self.element_id(id)?;
        let ends = match ends {
            Some((start, end)) => {
                Some(Ends { start: (start, self.element_id(start)?), end: (end, self.element_id(end)?) })
            }
            None => None,
        };
        Ok(Relationship { id, name, properties, element_id, ends })
    }

    pub(super) fn path(mut self) -> Taken<Path> {
        let mut path = Path { nodes: Vec::new(), relationships: Vec::new(), indices: Vec::new() };
        for node in self.list()? {
            match Self::of(StructureKind::Node, node, self.dialect)? {
                Ok(fields) => path.nodes.push(fields.node()?),
                Err(other) => return self.wrong("a list of nodes", &other),
            }
        }
        for relationship in self.list()? {
            match Self::of(StructureKind::UnboundRelationship, relationship, self.dialect)? {
                Ok(fields) => path.relationships.push(fields.relationship(false)?),
                Err(other) => return self.wrong("a list of unbound relationships", &other),
            }
        }
        for index in self.list()? {
            match index {
                Value::Integer(index) => path.indices.push(index),
                other => return self.wrong("a list of integers", &other),
            }
        }
        if path.is_sound() {
            Ok(path)
        } else {
            fault(self.kind, "names nodes or relationships that it lacks".to_owned())
        }
    }

    /// The fields of a structure within another one; or the value, if it is something else.
    fn of(kind: StructureKind, value: Value, dialect: Dialect) -> Taken<Result<Self, Value>> {
        match value {
            Value::Structure(structure) if structure.tag == kind.tag() => Self::new(kind, structure, dialect).map(Ok),
            other => Ok(Err(other)),
        }
    }

    pub(super) fn vector(mut self) -> Taken<Vector> {
        let marker = self.bytes()?;
        let element = VectorElement::ALL.into_iter().find(|element| marker == [element.marker()]);
        let Some(element) = element else { return fault(self.kind, format!("has elements of type {marker:02X?}")) };
        let data = self.bytes()?;
        if data.len() % element.size() != 0 {
            return fault(self.kind, format!("has {} bytes of elements of {} bytes", data.len(), element.size()));
        }
        Ok(Vector { element, data })
    }
}
