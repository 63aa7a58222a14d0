//! What FAILURE says: a code and a message up to 5.6; since 5.7 also a GQL status, and what caused it, likewise.

use super::field::{Entries, Read, put};
use crate::packstream::Map;
use crate::version::Version;

/// A failure, with all that the newest versions say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Neo4j's, such as `Neo.ClientError.Statement.SyntaxError`. Drivers decide by it what to do.
    pub code: String,
    /// For people.
    pub message: String,
    /// The same for the GQL standard.
    pub status: GqlStatus,
    /// What led to it, the nearest first.
    pub causes: Vec<Cause>,
}

/// What the GQL standard says of a failure.
#[derive(Clone, Debug, PartialEq)]
pub struct GqlStatus {
    /// Five characters.
    pub code: String,
    /// What the code means.
    pub description: String,
    /// May say more; absent entries have the values of the documentation.
    pub diagnostic_record: Map,
}

/// A failure that led to another one. It has no code of Neo4j.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// For people.
    pub message: String,
    /// For the GQL standard.
    pub status: GqlStatus,
}

impl GqlStatus {
    /// Without a diagnostic record.
    pub fn new(code: &str, description: &str) -> Self {
        Self { code: code.to_owned(), description: description.to_owned(), diagnostic_record: Map::new() }
    }

    /// What a server of a version without statuses would have said: 50N42.
    pub fn unknown() -> Self {
        const DESCRIPTION: &str = "error: general processing exception - unexpected error. Unexpected error has occurred. See debug log for details.";
        Self::new("50N42", DESCRIPTION)
    }

    fn read(entries: &mut Entries) -> Read<Self> {
        let (code, description) = (entries.string("gql_status")?, entries.string("description")?);
        let unknown = Self::unknown();
        Ok(Self {
            code: code.unwrap_or(unknown.code),
            description: description.unwrap_or(unknown.description),
            diagnostic_record: entries.map("diagnostic_record")?.unwrap_or_default(),
        })
    }

    fn write(&self, map: &mut Map) {
        map.insert("gql_status", self.code.as_str());
        map.insert("description", self.description.as_str());
        put(map, "diagnostic_record", Some(&self.diagnostic_record).filter(|it| !it.is_empty()).cloned());
    }
}

impl Failure {
    /// With no more than the oldest version says.
    pub fn new(code: &str, message: &str) -> Self {
        Self { code: code.to_owned(), message: message.to_owned(), status: GqlStatus::unknown(), causes: Vec::new() }
    }

    /// Reads either shape, whichever the version has: not every server keeps to it.
    pub(super) fn read(mut entries: Entries) -> Read<Self> {
        let code = match entries.string("neo4j_code")? {
            Some(code) => code,
            None => entries.required_string("code")?,
        };
        let message = entries.string("message")?.unwrap_or_default();
        let status = GqlStatus::read(&mut entries)?;
        let mut causes = Vec::new();
        let mut next = entries.map("cause")?;
        while let Some(map) = next {
            let mut entries = Entries::new("FAILURE", map);
            let message = entries.string("message")?.unwrap_or_default();
            causes.push(Cause { message, status: GqlStatus::read(&mut entries)? });
            next = entries.map("cause")?;
        }
        Ok(Self { code, message, status, causes })
    }

    /// In the shape of the version. Causes go no deeper than a reader with few levels can follow.
    pub(super) fn write(&self, version: Version) -> Map {
        const CAUSES_MAX: usize = 16;
        if !version.has_gql_failures() {
            return Map::new().with("code", self.code.as_str()).with("message", self.message.as_str());
        }
        let mut map = Map::new().with("neo4j_code", self.code.as_str()).with("message", self.message.as_str());
        self.status.write(&mut map);
        let inner = self.causes.iter().take(CAUSES_MAX).rev().fold(None, |inner: Option<Map>, cause| {
            let mut map = Map::new().with("message", cause.message.as_str());
            cause.status.write(&mut map);
            put(&mut map, "cause", inner);
            Some(map)
        });
        put(&mut map, "cause", inner);
        map
    }
}
