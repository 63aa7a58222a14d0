//! A catalog that statements are said to, and answers in a form that a person reads.

use aliasd_catalog::{
    Bootstrap, Catalog, ClusterId, Command, Entry, KeyId, PasswordHash, PlainSecret, Policy, Principal, Rejection,
    RequestId, Revision, Sealed, SealedSecret, Timestamp, UserName, Value,
};
use aliasd_cypher::{Lowered, Parameters, Refusal, SpannedRefusal, compile};
use aliasd_listing::{Listing, Server, Table, answer_no_op, run_listing};

const KEY: KeyId = KeyId([7; 16]);

/// A formed catalog, and the position of its log. The administrator is `admin`.
pub(crate) struct Session {
    pub(crate) catalog: Catalog,
    revision: u64,
    /// The members that `SHOW SERVERS` lists.
    pub(crate) servers: Vec<Server>,
}

impl Session {
    pub(crate) fn new() -> Self {
        let mut session = Self { catalog: Catalog::default(), revision: 0, servers: Vec::new() };
        let bootstrap = Bootstrap {
            cluster_id: ClusterId([1; 16]),
            active_key: KEY,
            policy: Policy::default(),
            admin: UserName::new("admin").expect("a valid name"),
            password: PasswordHash::new("a hash"),
        };
        session.apply(Principal::System, Command::Bootstrap(bootstrap)).expect("the catalog can be formed");
        session
    }

    /// The administrator says statements that must all be done.
    pub(crate) fn setup(&mut self, statements: &[&str]) {
        for statement in statements {
            let answer = self.say("admin", statement);
            assert!(!answer.starts_with("refused"), "{statement}\n{answer}");
        }
    }

    /// What is answered: a line of column names and a line per row, "done", or the refusal.
    pub(crate) fn say(&mut self, who: &str, statement: &str) -> String {
        self.try_say(who, statement).unwrap_or_else(|refusal| format!("refused {}: {refusal}", refusal.code()))
    }

    /// Code, chain of statuses and message of what must be a refusal.
    pub(crate) fn refused(&mut self, who: &str, statement: &str) -> (String, String, String) {
        match self.try_say(who, statement) {
            Ok(answer) => panic!("{statement}\n{answer}"),
            Err(refusal) => (refusal.code().to_owned(), refusal.gql_status().join(" "), refusal.to_string()),
        }
    }

    fn try_say(&mut self, who: &str, statement: &str) -> Result<String, Refusal> {
        let name = who;
        let who = Principal::User(UserName::new(name).expect("a valid name"));
        match compile(statement, &Parameters::default())? {
            Lowered::Command(command) => {
                let about = match &command {
                    command if matches!(**command, Command::ChangeOwnPassword { .. }) => Some(name.to_owned()),
                    command => match &**command {
                        Command::AlterUser(alter) => Some(alter.name.to_string()),
                        _ => None,
                    },
                };
                let about = about.and_then(|name| self.catalog.user(&name).cloned());
                let sealed = command.seal(
                    |_, _| {
                        let ciphertext = Vec::new().into();
                        Ok::<_, Rejection>(SealedSecret { key_id: KEY, nonce: [0; 12], ciphertext, alias_id: None })
                    },
                    |password| Ok(hash(password)),
                    |password| match &about {
                        Some(user) if user.password == Some(hash(password)) => Ok(user.credential_revision),
                        _ => Err(Rejection::CredentialsChanged { user: name.into() }),
                    },
                );
                self.apply(who, sealed?)?;
                Ok("done".to_owned())
            }
            Lowered::NoOp(no_op) => Ok(answer_no_op(&self.catalog, &who, &no_op).map(|_| "done".to_owned())?),
            Lowered::Listing(request) => {
                let listing = Listing::bind(&request).map_err(|refusal| refusal.in_source(statement))?;
                let servers = if listing.is_about_servers() { self.servers.clone() } else { Vec::new() };
                let listing = listing.with_servers(servers);
                run_listing(&self.catalog, &who, &listing).and_then(render).map_err(SpannedRefusal::without_place)
            }
        }
    }

    fn apply(&mut self, actor: Principal, command: Command<Sealed>) -> Result<(), Rejection> {
        self.revision += 1;
        let mut request = [0; 16];
        request[..8].copy_from_slice(&self.revision.to_be_bytes());
        let entry =
            Entry { request: RequestId(request), actor, issued_at: Timestamp(self.revision), command, origin: None };
        self.catalog.apply(Revision(self.revision), &entry).outcome.map(|_| ())
    }
}

/// As good as a hash where nobody looks: equal for equal passwords.
fn hash(password: &PlainSecret) -> PasswordHash {
    PasswordHash::new(password.expose())
}

fn render(table: Table<'_>) -> Result<String, SpannedRefusal> {
    let mut lines = vec![table.columns.join(" | ")];
    for row in table {
        lines.push(row?.iter().map(literal).collect::<Vec<_>>().join(" | "));
    }
    Ok(lines.join("\n"))
}

/// A value as the language writes it, strings without quotes.
pub(crate) fn literal(value: &Value) -> String {
    let list = |values: Vec<String>| values.join(", ");
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(float) => format!("{:?}", float.0),
        Value::String(text) => text.clone(),
        Value::Duration(duration) => duration.to_string(),
        Value::List(values) => format!("[{}]", list(values.iter().map(literal).collect())),
        Value::Map(entries) => {
            format!("{{{}}}", list(entries.iter().map(|(key, value)| format!("{key}: {}", literal(value))).collect()))
        }
    }
}

#[test]
fn a_password_in_a_url_is_covered_when_it_is_printed() {
    let statement = "ALTER ALIAS a SET DATABASE TARGET b AT 'neo4j+s://bob:hunter2@host:7687'";
    let printed = aliasd_cypher::parse(statement).unwrap().to_string();
    assert!(!printed.contains("hunter2") && printed.contains("neo4j+s://******@host:7687"), "{printed}");
}
