//! What a client says.

use std::fmt;

use super::auth::{AuthToken, wipe};
use super::error::{MessageError, MessageErrorKind};
use super::extra::{EncodedMap, NotificationFilter};
use super::field::{Entries, FieldReader, Read, put, strings};
use super::kind::RequestKind;
use super::transaction::TransactionExtra;
use crate::limits::Limits;
use crate::packstream::{Map, PackStreamError, Value, Writer};
use crate::version::{Dialect, Version};

/// A message of a client.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// See [`RequestKind::Hello`].
    Hello(Hello),
    /// See [`RequestKind::Logon`].
    Logon(AuthToken),
    /// See [`RequestKind::Logoff`].
    Logoff,
    /// See [`RequestKind::Goodbye`].
    Goodbye,
    /// See [`RequestKind::Reset`].
    Reset,
    /// See [`RequestKind::Run`].
    Run(Run),
    /// See [`RequestKind::Begin`].
    Begin(TransactionExtra),
    /// See [`RequestKind::Commit`].
    Commit,
    /// See [`RequestKind::Rollback`].
    Rollback,
    /// See [`RequestKind::Discard`].
    Discard(Fetch),
    /// See [`RequestKind::Pull`].
    Pull(Fetch),
    /// See [`RequestKind::Telemetry`]. The number of a part of the driver, of which newer drivers may have more.
    Telemetry(i64),
    /// See [`RequestKind::Route`].
    Route(Route),
}

/// What HELLO says.
#[derive(Clone, Default, PartialEq)]
pub struct Hello {
    /// The client and its version, as in HTTP.
    pub user_agent: String,
    /// `product`, and more of that. Since 5.3.
    pub bolt_agent: Option<Map>,
    /// If the server is to route: the address that the client came to, and the query part of its URL.
    pub routing: Option<Map>,
    /// Up to 5.0.
    pub auth: Option<AuthToken>,
    /// Changes of the protocol that the client asks for, in 4.4.
    pub patches: Vec<String>,
    /// Since 5.2.
    pub notifications: NotificationFilter,
    /// Entries that the version does not have, as they came.
    pub other: Map,
}

/// What RUN says.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// In the server's language.
    pub query: String,
    /// Encoded: they may be large, and whoever passes them on need not know them.
    pub parameters: EncodedMap,
    /// Empty within a transaction.
    pub extra: TransactionExtra,
}

/// What PULL and DISCARD say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// How many rows, 1 or more; none for all that are left.
    pub rows: Option<i64>,
    /// Which result of the transaction; none for the latest.
    pub result: Option<i64>,
}

/// What ROUTE says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    /// As in [`Hello::routing`].
    pub routing: Map,
    /// What the routers have to know.
    pub bookmarks: Vec<String>,
    /// Absent means: the user's own.
    pub database: Option<String>,
    /// Whose home that is, if it is not the one who asks.
    pub impersonated_user: Option<String>,
    /// Entries that no version has, as they came.
    pub other: Map,
}

// === impl Request ===

impl Request {
    /// Reads a message, its chunks put together.
    ///
    /// # Errors
    /// If it is none that the version has, or not as it has to be.
    pub fn read(message: &[u8], dialect: Dialect, limits: Limits) -> Result<Self, MessageError> {
        let version = dialect.version();
        let (kind, fields) = Self::kind_of(message, version)?;
        let mut reader = FieldReader::new(kind.name(), fields, dialect, limits);
        let request = match kind {
            RequestKind::Hello => Self::Hello(Hello::read(reader.map("extra")?, version)?),
            RequestKind::Logon => {
                let mut entries = reader.map("auth")?;
                let mut token = AuthToken::read(&mut entries)?;
                token.other = entries.rest();
                Self::Logon(token)
            }
            RequestKind::Logoff => Self::Logoff,
            RequestKind::Goodbye => Self::Goodbye,
            RequestKind::Reset => Self::Reset,
            RequestKind::Commit => Self::Commit,
            RequestKind::Rollback => Self::Rollback,
            RequestKind::Run => {
                let query = reader.string()?.to_owned();
                let (parameters, _) = reader.encoded_map()?;
                let extra = TransactionExtra::read(reader.map("extra")?, version)?;
                Self::Run(Run { query, parameters: EncodedMap::of_checked(parameters), extra })
            }
            RequestKind::Begin => Self::Begin(TransactionExtra::read(reader.map("extra")?, version)?),
            RequestKind::Discard => Self::Discard(Fetch::read(reader.map("extra")?)?),
            RequestKind::Pull => Self::Pull(Fetch::read(reader.map("extra")?)?),
            RequestKind::Telemetry => match reader.value()? {
                Value::Integer(api) => Self::Telemetry(api),
                _ => return Err(reader.fault(MessageErrorKind::Field { name: "api", expected: "an integer" })),
            },
            RequestKind::Route => Self::Route(Route::read(&mut reader)?),
        };
        reader.finish()?;
        Ok(request)
    }

    /// Which message it is, as far as its first two bytes tell, and its fields.
    fn kind_of(message: &[u8], version: Version) -> Read<(RequestKind, &[u8])> {
        let fault = |message, kind| Err(MessageError { message, kind });
        let [marker @ 0xB0..=0xBF, tag, fields @ ..] = message else {
            return fault("a message", MessageErrorKind::NoStructure);
        };
        let Some(kind) = RequestKind::of_tag(*tag) else {
            return fault("a message", MessageErrorKind::UnknownTag(*tag));
        };
        if !kind.is_in(version) {
            return fault(kind.name(), MessageErrorKind::NotInVersion(version));
        }
        let (there, needed) = (usize::from(marker & 0x0F), kind.fields());
        if there != needed {
            return fault(kind.name(), MessageErrorKind::Fields { there, needed });
        }
        Ok((kind, fields))
    }

    /// Writes the message; its chunks are still to be made. What the version does not have is left out.
    ///
    /// # Errors
    /// If the dialect does not have a value in it. The message itself is written in any version.
    pub fn write(&self, dialect: Dialect) -> Result<Vec<u8>, PackStreamError> {
        let version = dialect.version();
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, dialect);
        writer.structure_header(self.kind().tag(), self.kind().fields())?;
        match self {
            Self::Hello(hello) => {
                let map = Value::Map(hello.write(version));
                writer.value(&map)?;
                wiped(map);
            }
            Self::Logon(token) => {
                let mut map = Map::new();
                token.write(&mut map);
                let map = Value::Map(map);
                writer.value(&map)?;
                wiped(map);
            }
            Self::Run(run) => {
                writer.string(&run.query)?;
                writer.encoded(run.parameters.bytes());
                writer.value(&Value::Map(run.extra.write(version)))?;
            }
            Self::Begin(extra) => writer.value(&Value::Map(extra.write(version)))?,
            Self::Discard(fetch) | Self::Pull(fetch) => writer.value(&Value::Map(fetch.write()))?,
            Self::Telemetry(api) => writer.integer(*api),
            Self::Route(route) => {
                writer.value(&Value::Map(route.routing.clone()))?;
                writer.value(&route.bookmarks.clone().into())?;
                writer.value(&Value::Map(route.write()))?;
            }
            Self::Logoff | Self::Goodbye | Self::Reset | Self::Commit | Self::Rollback => {}
        }
        Ok(out)
    }

    /// Of which kind it is.
    pub fn kind(&self) -> RequestKind {
        match self {
            Self::Hello(_) => RequestKind::Hello,
            Self::Logon(_) => RequestKind::Logon,
            Self::Logoff => RequestKind::Logoff,
            Self::Goodbye => RequestKind::Goodbye,
            Self::Reset => RequestKind::Reset,
            Self::Run(_) => RequestKind::Run,
            Self::Begin(_) => RequestKind::Begin,
            Self::Commit => RequestKind::Commit,
            Self::Rollback => RequestKind::Rollback,
            Self::Discard(_) => RequestKind::Discard,
            Self::Pull(_) => RequestKind::Pull,
            Self::Telemetry(_) => RequestKind::Telemetry,
            Self::Route(_) => RequestKind::Route,
        }
    }
}

fn wiped(value: Value) {
    if let Value::Map(map) = value {
        wipe(map);
    }
}

// === impl Hello ===

impl Hello {
    fn read(mut entries: Entries, version: Version) -> Read<Self> {
        let user_agent = entries.required_string("user_agent")?;
        let bolt_agent = if version.has_bolt_agent() {
            match entries.map("bolt_agent")? {
                Some(agent) => Some(agent),
                None => return entries.fault("bolt_agent", "a map"),
            }
        } else {
            None
        };
        Ok(Self {
            user_agent,
            bolt_agent,
            routing: entries.map("routing")?,
            auth: if version.has_logon() { None } else { Some(AuthToken::read(&mut entries)?) },
            patches: if version == Version::V4_4 {
                entries.strings("patch_bolt")?.unwrap_or_default()
            } else {
                Vec::new()
            },
            notifications: NotificationFilter::read(&mut entries, version)?,
            other: entries.rest(),
        })
    }

    fn write(&self, version: Version) -> Map {
        let mut map = Map::new().with("user_agent", self.user_agent.as_str());
        if version.has_bolt_agent() {
            map.insert("bolt_agent", self.bolt_agent.clone().unwrap_or_default());
        }
        put(&mut map, "routing", self.routing.clone());
        if version == Version::V4_4 {
            put(&mut map, "patch_bolt", Some(&self.patches).filter(|all| !all.is_empty()).cloned());
        }
        self.notifications.write(&mut map, version);
        if let Some(token) = self.auth.as_ref().filter(|_| !version.has_logon()) {
            token.write(&mut map);
        }
        for (name, value) in self.other.iter() {
            map.insert(name, value.clone());
        }
        map
    }
}

impl fmt::Debug for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A client that is newer or older than its version may have put its password where it does not belong.
        let names: Vec<&str> = self.other.iter().map(|(name, _)| name).collect();
        f.debug_struct("Hello")
            .field("user_agent", &self.user_agent)
            .field("bolt_agent", &self.bolt_agent)
            .field("routing", &self.routing)
            .field("auth", &self.auth)
            .field("patches", &self.patches)
            .field("notifications", &self.notifications)
            .field("other", &names)
            .finish()
    }
}

// === impl Fetch ===

impl Fetch {
    /// All rows of the latest result.
    pub const ALL: Self = Self { rows: None, result: None };

    fn read(mut entries: Entries) -> Read<Self> {
        let rows = match entries.integer("n")? {
            Some(-1) => None,
            Some(rows @ 1..) => Some(rows),
            _ => return entries.fault("n", "a number of rows, 1 or more, or -1"),
        };
        Ok(Self { rows, result: entries.integer("qid")?.filter(|result| *result != -1) })
    }

    fn write(self) -> Map {
        let mut map = Map::new().with("n", self.rows.unwrap_or(-1));
        put(&mut map, "qid", self.result);
        map
    }
}

// === impl Route ===

impl Route {
    fn read(reader: &mut FieldReader<'_>) -> Read<Self> {
        let routing = reader.map("routing")?.rest();
        let bookmarks = match reader.value()? {
            Value::Null => Some(Vec::new()),
            Value::List(items) => strings(items),
            _ => None,
        };
        let expected = "a list of strings";
        let Some(bookmarks) = bookmarks else {
            return Err(reader.fault(MessageErrorKind::Field { name: "bookmarks", expected }));
        };
        let extra = reader.encoded()?;
        let mut entries = match reader.decoded(extra)? {
            Value::Null => Entries::new(reader.message, Map::new()),
            Value::Map(map) => Entries::new(reader.message, map),
            _ => return Err(reader.fault(MessageErrorKind::Field { name: "extra", expected: "a map" })),
        };
        let database = entries.string("db")?.filter(|name| !name.is_empty());
        let impersonated_user = entries.string("imp_user")?;
        Ok(Self { routing, bookmarks, database, impersonated_user, other: entries.rest() })
    }

    fn write(&self) -> Map {
        let mut map = Map::new();
        put(&mut map, "db", self.database.clone());
        put(&mut map, "imp_user", self.impersonated_user.clone());
        for (name, value) in self.other.iter() {
            map.insert(name, value.clone());
        }
        map
    }
}
