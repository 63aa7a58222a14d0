//! Record keys as ordered bytes.
//!
//! A key is a byte for the kind of record, then its parts. Text is its bytes, with `00` written as `00 ff`,
//! and `00 01` at the end; so it sorts like the text, and no text is the beginning of another. A choice is
//! the number of its protobuf enumeration, two bytes, big-endian. A set is `01` before each element and `00`
//! at the end. No checksum: a key that was changed leads to no record, or to one of another kind.
//!
//! Each table below says both directions. Numbers stand in the order in which the catalog declares the variants,
//! since byte order is the catalog's order.

use std::collections::BTreeSet;

use aliasd_catalog::{
    AliasName, CatalogName, DatabaseName, DatabaseScope, Glob, Grant, LoadScope, Privilege, RecordKey, RequestId,
    Resource, RoleName, Segment, UserName, UserScope,
};

use super::FieldError;
use super::choice::Choice;
use super::parts::{alias_name, array, catalog_name, database_name, glob, role_name, user_name};

pub(super) fn encode(key: &RecordKey) -> Vec<u8> {
    let mut bytes = Vec::new();
    key.write(&mut bytes);
    bytes
}

pub(super) fn decode(bytes: &[u8]) -> Result<RecordKey, FieldError> {
    if bytes.first() == Some(&0) {
        return Err(FieldError::damaged("its kind is 0"));
    }
    let mut rest = Rest(bytes);
    let key = RecordKey::read(&mut rest)?;
    if rest.0.is_empty() { Ok(key) } else { Err(FieldError::damaged("bytes follow its end")) }
}

/// What can stand in a key.
trait Part: Sized {
    fn write(&self, key: &mut Vec<u8>);

    fn read(rest: &mut Rest<'_>) -> Result<Self, FieldError>;
}

/// An enumeration: a byte for the variant, then the variant's parts in the order of the table.
macro_rules! variants {
    ($type:ident, $what:literal {
        $($tag:literal $variant:ident $(($($part:ident),+))? $({$($field:ident),+})?,)+
    }) => {
        impl Part for $type {
            fn write(&self, key: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $(($($part),+))? $({$($field),+})? => {
                        key.push($tag);
                        $($($part.write(key);)+)?
                        $($($field.write(key);)+)?
                    })+
                }
            }

            fn read(rest: &mut Rest<'_>) -> Result<Self, FieldError> {
                Ok(match rest.byte()? {
                    $($tag => {
                        $($(let $part = Part::read(rest)?;)+)?
                        $($(let $field = Part::read(rest)?;)+)?
                        Self::$variant $(($($part),+))? $({$($field),+})?
                    })+
                    other => return Err(FieldError::newer(format!("{} {other}", $what))),
                })
            }
        }
    };
}

variants!(RecordKey, "record kind" {
    1 Meta,
    2 Database(name),
    3 Alias(name),
    4 User(name),
    5 Role(name),
    6 RoleAssignment(user, role),
    7 Grant(grant),
    8 Request(id),
    9 Members,
});

variants!(Privilege, "kind of privilege" {
    1 Dbms(action),
    2 Impersonate(users),
    3 Database(action, scope),
    4 Transaction(action, scope, users),
    5 Qualified(action, glob),
    6 Load(scope),
    7 Graph { action, resource, scope, segment },
    8 ResolveAlias(alias),
});

variants!(DatabaseScope, "database scope" {
    1 Home,
    2 All,
    3 Named(name),
});

// Without a 1, as it was first written.
variants!(UserScope, "user scope" {
    2 All,
    3 Named(user),
});

variants!(LoadScope, "load scope" {
    1 All,
    2 Cidr(range),
    3 Url(pattern),
});

variants!(Resource, "resource" {
    0 None,
    1 All,
    2 Named(names),
});

variants!(Segment, "segment" {
    0 None,
    1 Elements(names),
    2 Nodes(names),
    3 Relationships(names),
    4 Pattern(pattern),
});

/// Names and patterns: text that has to read back exactly as it was written.
macro_rules! texts {
    ($($type:ident: $read:ident),+ $(,)?) => {
        $(
            impl Part for $type {
                fn write(&self, key: &mut Vec<u8>) {
                    write_text(self.as_str(), key);
                }

                fn read(rest: &mut Rest<'_>) -> Result<Self, FieldError> {
                    $read(&rest.text()?)
                }
            }
        )+
    };
}

texts! {
    AliasName: alias_name,
    CatalogName: catalog_name,
    DatabaseName: database_name,
    Glob: glob,
    RoleName: role_name,
    UserName: user_name,
}

impl Part for String {
    fn write(&self, key: &mut Vec<u8>) {
        write_text(self, key);
    }

    fn read(rest: &mut Rest<'_>) -> Result<Self, FieldError> {
        rest.text()
    }
}

impl<C: Choice> Part for C {
    fn write(&self, key: &mut Vec<u8>) {
        let number = u16::try_from(self.number()).expect("the numbers of our enumerations are small");
        key.extend_from_slice(&number.to_be_bytes());
    }

    fn read(rest: &mut Rest<'_>) -> Result<Self, FieldError> {
        let number = u16::from_be_bytes([rest.byte()?, rest.byte()?]);
        C::required(i32::from(number), "a choice")
    }
}

impl Part for BTreeSet<String> {
    fn write(&self, key: &mut Vec<u8>) {
        for name in self {
            key.push(1);
            name.write(key);
        }
        key.push(0);
    }

    fn read(rest: &mut Rest<'_>) -> Result<Self, FieldError> {
        let mut names = Self::new();
        loop {
            match rest.byte()? {
                0 => return Ok(names),
                1 => {
                    let name = rest.text()?;
                    if names.last().is_some_and(|last| *last >= name) {
                        return Err(FieldError::damaged("a set is out of order"));
                    }
                    names.insert(name);
                }
                other => return Err(FieldError::newer(format!("set mark {other}"))),
            }
        }
    }
}

impl Part for Box<Grant> {
    fn write(&self, key: &mut Vec<u8>) {
        let Grant { role, effect, privilege, immutable } = &**self;
        role.write(key);
        effect.write(key);
        privilege.write(key);
        key.push(u8::from(*immutable));
    }

    fn read(rest: &mut Rest<'_>) -> Result<Self, FieldError> {
        // Fields are read in the order in which they stand here.
        Ok(Self::new(Grant {
            role: Part::read(rest)?,
            effect: Part::read(rest)?,
            privilege: Part::read(rest)?,
            immutable: match rest.byte()? {
                0 => false,
                1 => true,
                other => return Err(FieldError::newer(format!("immutability {other}"))),
            },
        }))
    }
}

/// Always last, so that its length needs no mark.
impl Part for RequestId {
    fn write(&self, key: &mut Vec<u8>) {
        key.extend_from_slice(&self.0);
    }

    fn read(rest: &mut Rest<'_>) -> Result<Self, FieldError> {
        Ok(Self(array(std::mem::take(&mut rest.0), "request id")?))
    }
}

fn write_text(text: &str, key: &mut Vec<u8>) {
    for byte in text.bytes() {
        key.push(byte);
        if byte == 0 {
            key.push(0xff);
        }
    }
    key.extend_from_slice(&[0, 1]);
}

/// What is not read yet.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn byte(&mut self) -> Result<u8, FieldError> {
        let (byte, rest) = self.0.split_first().ok_or_else(|| FieldError::damaged("it ends too early"))?;
        self.0 = rest;
        Ok(*byte)
    }

    fn text(&mut self) -> Result<String, FieldError> {
        let mut bytes = Vec::new();
        loop {
            match self.byte()? {
                0 => match self.byte()? {
                    1 => break,
                    0xff => bytes.push(0),
                    other => return Err(FieldError::damaged(format!("00 {other:02x} in a text"))),
                },
                byte => bytes.push(byte),
            }
        }
        String::from_utf8(bytes).map_err(|_| FieldError::damaged("a text is not UTF-8"))
    }
}
