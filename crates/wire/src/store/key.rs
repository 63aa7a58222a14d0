//! Record keys as ordered bytes.
//!
//! A key is a byte for the kind of record, then its parts. Text is its bytes, with `00` written as `00 ff`,
//! and `00 01` at the end; so it sorts like the text, and no text is the beginning of another. A choice is
//! the number of its protobuf enumeration, two bytes, big-endian. A set is `01` before each element and `00`
//! at the end. No checksum: a key that was changed leads to no record, or to one of another kind.

use std::collections::BTreeSet;

use aliasd_catalog::{
    DatabaseScope, Grant, GrantEffect, LoadScope, Privilege, RecordKey, RequestId, Resource, Segment, UserScope,
};

use super::FieldError;
use super::choice::Choice;
use super::parts::{alias_name, array, catalog_name, database_name, glob, role_name, user_name};

const META: u8 = 1;
const DATABASE: u8 = 2;
const ALIAS: u8 = 3;
const USER: u8 = 4;
const ROLE: u8 = 5;
const MEMBERSHIP: u8 = 6;
const GRANT: u8 = 7;
const REQUEST: u8 = 8;

pub(super) fn encode(key: &RecordKey) -> Vec<u8> {
    let mut writer = Writer(Vec::new());
    match key {
        RecordKey::Meta => writer.tag(META),
        RecordKey::Database(name) => writer.tagged_text(DATABASE, name.as_str()),
        RecordKey::Alias(name) => writer.tagged_text(ALIAS, name.as_str()),
        RecordKey::User(name) => writer.tagged_text(USER, name.as_str()),
        RecordKey::Role(name) => writer.tagged_text(ROLE, name.as_str()),
        RecordKey::Membership(user, role) => {
            writer.tagged_text(MEMBERSHIP, user.as_str());
            writer.text(role.as_str());
        }
        RecordKey::Grant(grant) => writer.grant(grant),
        RecordKey::Request(id) => {
            writer.tag(REQUEST);
            writer.0.extend_from_slice(&id.0);
        }
    }
    writer.0
}

pub(super) fn decode(bytes: &[u8]) -> Result<RecordKey, FieldError> {
    let mut reader = Reader(bytes);
    let key = match reader.tag()? {
        META => RecordKey::Meta,
        DATABASE => RecordKey::Database(database_name(&reader.text()?)?),
        ALIAS => RecordKey::Alias(alias_name(&reader.text()?)?),
        USER => RecordKey::User(user_name(&reader.text()?)?),
        ROLE => RecordKey::Role(role_name(&reader.text()?)?),
        MEMBERSHIP => RecordKey::Membership(user_name(&reader.text()?)?, role_name(&reader.text()?)?),
        GRANT => RecordKey::Grant(Box::new(reader.grant()?)),
        REQUEST => RecordKey::Request(RequestId(array(reader.rest(), "request id")?)),
        0 => return Err(FieldError::damaged("its kind is 0")),
        kind => return Err(FieldError::newer(format!("record kind {kind}"))),
    };
    if reader.0.is_empty() { Ok(key) } else { Err(FieldError::damaged("bytes follow its end")) }
}

/// Order: as the variants of [`DatabaseScope`] and [`UserScope`] are declared.
const HOME: u8 = 1;
const ALL: u8 = 2;
const NAMED: u8 = 3;

/// Order: as the variants of [`Privilege`] are declared.
const DBMS: u8 = 1;
const IMPERSONATE: u8 = 2;
const ON_DATABASE: u8 = 3;
const ON_TRANSACTIONS: u8 = 4;
const QUALIFIED: u8 = 5;
const LOAD: u8 = 6;
const ON_GRAPH: u8 = 7;

/// Order: as the variants of [`Resource`] and [`Segment`] are declared.
const NONE: u8 = 0;
const ALL_RESOURCES: u8 = 1;
const NAMED_RESOURCES: u8 = 2;
const ELEMENTS: u8 = 1;
const NODES: u8 = 2;
const RELATIONSHIPS: u8 = 3;
const PATTERN: u8 = 4;

/// Order: as the variants of [`LoadScope`] are declared.
const ALL_DATA: u8 = 1;
const CIDR: u8 = 2;
const URL: u8 = 3;

struct Writer(Vec<u8>);

impl Writer {
    fn tag(&mut self, tag: u8) {
        self.0.push(tag);
    }

    fn text(&mut self, text: &str) {
        for byte in text.bytes() {
            self.0.push(byte);
            if byte == 0 {
                self.0.push(0xff);
            }
        }
        self.0.extend_from_slice(&[0, 1]);
    }

    fn tagged_text(&mut self, tag: u8, text: &str) {
        self.tag(tag);
        self.text(text);
    }

    fn choice(&mut self, choice: impl Choice) {
        let number = u16::try_from(choice.number()).expect("the numbers of our enumerations are small");
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    fn set(&mut self, names: &BTreeSet<String>) {
        for name in names {
            self.tagged_text(1, name);
        }
        self.tag(0);
    }

    fn grant(&mut self, grant: &Grant) {
        let Grant { role, effect, privilege, immutable } = grant;
        self.tagged_text(GRANT, role.as_str());
        self.choice(*effect);
        match privilege {
            Privilege::Dbms(action) => {
                self.tag(DBMS);
                self.choice(*action);
            }
            Privilege::Impersonate(users) => {
                self.tag(IMPERSONATE);
                self.users(users);
            }
            Privilege::Database(action, scope) => {
                self.tag(ON_DATABASE);
                self.choice(*action);
                self.scope(scope);
            }
            Privilege::Transaction(action, scope, users) => {
                self.tag(ON_TRANSACTIONS);
                self.choice(*action);
                self.scope(scope);
                self.users(users);
            }
            Privilege::Qualified(action, glob) => {
                self.tag(QUALIFIED);
                self.choice(*action);
                self.text(glob.as_str());
            }
            Privilege::Load(scope) => {
                self.tag(LOAD);
                match scope {
                    LoadScope::All => self.tag(ALL_DATA),
                    LoadScope::Cidr(range) => self.tagged_text(CIDR, range),
                    LoadScope::Url(pattern) => self.tagged_text(URL, pattern),
                }
            }
            Privilege::Graph { action, resource, scope, segment } => {
                self.tag(ON_GRAPH);
                self.choice(*action);
                self.resource(resource);
                self.scope(scope);
                self.segment(segment);
            }
        }
        self.tag(u8::from(*immutable));
    }

    fn users(&mut self, users: &UserScope) {
        match users {
            UserScope::All => self.tag(ALL),
            UserScope::Named(user) => self.tagged_text(NAMED, user.as_str()),
        }
    }

    fn scope(&mut self, scope: &DatabaseScope) {
        match scope {
            DatabaseScope::Home => self.tag(HOME),
            DatabaseScope::All => self.tag(ALL),
            DatabaseScope::Named(name) => self.tagged_text(NAMED, name.as_str()),
        }
    }

    fn resource(&mut self, resource: &Resource) {
        match resource {
            Resource::None => self.tag(NONE),
            Resource::All => self.tag(ALL_RESOURCES),
            Resource::Named(names) => {
                self.tag(NAMED_RESOURCES);
                self.set(names);
            }
        }
    }

    fn segment(&mut self, segment: &Segment) {
        let (kind, names) = match segment {
            Segment::None => return self.tag(NONE),
            Segment::Elements(names) => (ELEMENTS, names),
            Segment::Nodes(names) => (NODES, names),
            Segment::Relationships(names) => (RELATIONSHIPS, names),
            Segment::Pattern(pattern) => return self.tagged_text(PATTERN, pattern),
        };
        self.tag(kind);
        self.set(names);
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn tag(&mut self) -> Result<u8, FieldError> {
        let (tag, rest) = self.0.split_first().ok_or_else(|| FieldError::damaged("it ends too early"))?;
        self.0 = rest;
        Ok(*tag)
    }

    fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    fn text(&mut self) -> Result<String, FieldError> {
        let mut bytes = Vec::new();
        loop {
            match self.tag()? {
                0 => match self.tag()? {
                    1 => break,
                    0xff => bytes.push(0),
                    other => return Err(FieldError::damaged(format!("00 {other:02x} in a text"))),
                },
                byte => bytes.push(byte),
            }
        }
        String::from_utf8(bytes).map_err(|_| FieldError::damaged("a text is not UTF-8"))
    }

    fn choice<C: Choice>(&mut self, field: &str) -> Result<C, FieldError> {
        let number = u16::from_be_bytes([self.tag()?, self.tag()?]);
        C::required(i32::from(number), field)
    }

    fn set(&mut self) -> Result<BTreeSet<String>, FieldError> {
        let mut names = BTreeSet::new();
        loop {
            match self.tag()? {
                0 => return Ok(names),
                1 => {
                    let name = self.text()?;
                    if names.last().is_some_and(|last| *last >= name) {
                        return Err(FieldError::damaged("a set is out of order"));
                    }
                    names.insert(name);
                }
                other => return Err(unknown("set mark", other)),
            }
        }
    }

    fn grant(&mut self) -> Result<Grant, FieldError> {
        let role = role_name(&self.text()?)?;
        let effect: GrantEffect = self.choice("effect")?;
        let privilege = match self.tag()? {
            DBMS => Privilege::Dbms(self.choice("DBMS action")?),
            IMPERSONATE => Privilege::Impersonate(self.users()?),
            ON_DATABASE => Privilege::Database(self.choice("database action")?, self.scope()?),
            ON_TRANSACTIONS => Privilege::Transaction(self.choice("transaction action")?, self.scope()?, self.users()?),
            QUALIFIED => Privilege::Qualified(self.choice("qualified action")?, glob(&self.text()?)?),
            LOAD => Privilege::Load(match self.tag()? {
                ALL_DATA => LoadScope::All,
                CIDR => LoadScope::Cidr(self.text()?),
                URL => LoadScope::Url(self.text()?),
                other => return Err(unknown("load scope", other)),
            }),
            ON_GRAPH => Privilege::Graph {
                action: self.choice("graph action")?,
                resource: self.resource()?,
                scope: self.scope()?,
                segment: self.segment()?,
            },
            other => return Err(unknown("kind of privilege", other)),
        };
        let immutable = match self.tag()? {
            0 => false,
            1 => true,
            other => return Err(unknown("immutability", other)),
        };
        Ok(Grant { role, effect, privilege, immutable })
    }

    fn users(&mut self) -> Result<UserScope, FieldError> {
        Ok(match self.tag()? {
            ALL => UserScope::All,
            NAMED => UserScope::Named(user_name(&self.text()?)?),
            other => return Err(unknown("user scope", other)),
        })
    }

    fn scope(&mut self) -> Result<DatabaseScope, FieldError> {
        Ok(match self.tag()? {
            HOME => DatabaseScope::Home,
            ALL => DatabaseScope::All,
            NAMED => DatabaseScope::Named(catalog_name(&self.text()?)?),
            other => return Err(unknown("database scope", other)),
        })
    }

    fn resource(&mut self) -> Result<Resource, FieldError> {
        Ok(match self.tag()? {
            NONE => Resource::None,
            ALL_RESOURCES => Resource::All,
            NAMED_RESOURCES => Resource::Named(self.set()?),
            other => return Err(unknown("resource", other)),
        })
    }

    fn segment(&mut self) -> Result<Segment, FieldError> {
        Ok(match self.tag()? {
            NONE => Segment::None,
            ELEMENTS => Segment::Elements(self.set()?),
            NODES => Segment::Nodes(self.set()?),
            RELATIONSHIPS => Segment::Relationships(self.set()?),
            PATTERN => Segment::Pattern(self.text()?),
            other => return Err(unknown("segment", other)),
        })
    }
}

fn unknown(what: &str, tag: u8) -> FieldError {
    FieldError::newer(format!("{what} {tag}"))
}
