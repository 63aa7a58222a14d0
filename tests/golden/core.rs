//! The pure core as a conversation partner: compiles a statement, applies it or runs the listing.
//!
//! Plays the shell with the least that a shell must do: secrets become placeholders where the vault
//! would seal and hash, and the revision is a counter where the log would be.

use aliasd_catalog::{
    Applied, Bootstrap, Catalog, ClusterId, Command, Entry, KeyId, Outcome, PasswordHash, Plain, PlainSecret, Policy,
    Principal, Rejection, RequestId, Revision, SealedSecret, Timestamp, UserName,
};
use aliasd_cypher::ast::{Deprecation, PARAMETER_STATUS};
use aliasd_cypher::{Located, Lowered, Parameters, Refusal, lower, parse};
use aliasd_listing::{Listing, answer_no_op, run_listing};
use aliasd_tests::golden::{self, Reply, Step, Table};
use anyhow::{Result, bail};

const KEY: KeyId = KeyId([7; 16]);

/// A catalog and the position of its log.
pub(crate) struct Core {
    catalog: Catalog,
    revision: u64,
}

// === impl Core ===

impl Core {
    /// A catalog as `cluster init` leaves it.
    pub(crate) fn new() -> Result<Self> {
        let mut core = Self { catalog: Catalog::default(), revision: 0 };
        let bootstrap = Command::Bootstrap(Bootstrap {
            cluster_id: ClusterId([1; 16]),
            active_key: KEY,
            policy: Policy::default(),
            admin: UserName::new("admin")?,
            password: PlainSecret::new("the password of admin".to_owned()),
        });
        if let Reply::Refused(refusal) = core.apply(Principal::System, bootstrap)? {
            bail!("the catalog cannot be formed: {refusal}");
        }
        Ok(core)
    }

    /// Answers one step.
    pub(crate) fn say(&mut self, step: &Step) -> Result<Reply> {
        let who = Principal::User(UserName::new(&step.user)?);
        let statement = match parse(&step.statement) {
            Ok(statement) => statement,
            Err(error) => return Ok(refused(&error.into())),
        };
        let lowered = lower(&statement, &Parameters::new(step.parameters.clone()));
        let reply = match lowered.map_err(|refusal| refusal.in_source(&step.statement)) {
            Err(refusal) => refused(&refusal),
            Ok(Lowered::Command(command)) => self.apply(who, *command)?,
            Ok(Lowered::NoOp(no_op)) => answered(answer_no_op(&self.catalog, &who, &no_op)),
            Ok(Lowered::Listing(request)) => match Listing::bind(&request) {
                Err(refusal) => refused(&refusal.in_source(&step.statement)),
                Ok(listing) => self.list(&who, &listing),
            },
        };
        Ok(match reply {
            Reply::Done(mut table) => {
                let pair = |note: &Located<Deprecation>| (note.value.gqlstatus().to_owned(), note.value.message());
                table.notifications.splice(..0, statement.deprecations.iter().map(pair));
                Reply::Done(table)
            }
            Reply::Refused(mut refusal) => {
                let mut chain: Vec<&str> = refusal.gqlstatus.split(' ').collect();
                if let Some(place) = statement.parameter_status_place(chain.iter().copied()) {
                    chain.insert(place, PARAMETER_STATUS);
                }
                refusal.gqlstatus = chain.join(" ");
                Reply::Refused(refusal)
            }
        })
    }

    fn list(&self, who: &Principal, listing: &Listing) -> Reply {
        let answer = run_listing(&self.catalog, who, listing).and_then(|table| {
            let columns = table.columns.clone();
            let rows: Result<Vec<_>, _> = table.collect();
            Ok(Table { columns, rows: rows?, ..Table::default() })
        });
        answer.map_or_else(|refusal| refused(&refusal.without_place()), Reply::Done)
    }

    fn apply(&mut self, actor: Principal, command: Command<Plain>) -> Result<Reply> {
        // Whoever changes the own password knows it; a password for someone else is compared.
        let (about, own) = match (&command, &actor) {
            (Command::AlterUser(alter), _) => (Some(alter.name.clone()), false),
            (Command::ChangeOwnPassword { .. }, Principal::User(name)) => (Some(name.clone()), true),
            _ => (None, false),
        };
        let about = about.and_then(|name| self.catalog.user(name.as_str()).cloned());
        let verify = |password: &PlainSecret| match &about {
            Some(user) if own || user.password == Some(hash(password)) => Ok(user.credential_revision),
            _ => Err(Rejection::CredentialsChanged { user: actor.to_string().into() }),
        };
        let sealed = command.seal(
            |_, _| {
                let ciphertext = Vec::new().into();
                Ok::<_, Rejection>(SealedSecret { key_id: KEY, nonce: [0; 12], ciphertext, alias_id: None })
            },
            |password| Ok(hash(password)),
            verify,
        );
        let command = match sealed {
            Ok(command) => command,
            Err(rejection) => return Ok(refused(&Refusal::Rejected(rejection))),
        };
        self.revision += 1;
        let mut request = [0; 16];
        request[..8].copy_from_slice(&self.revision.to_be_bytes());
        let issued_at = Timestamp(1_700_000_000_000 + self.revision);
        let entry = Entry { request: RequestId(request), actor, issued_at, command, origin: None };
        let Applied { outcome, .. } = self.catalog.apply(Revision(self.revision), &entry);
        Ok(answered(outcome))
    }
}

fn answered(outcome: Outcome) -> Reply {
    match outcome {
        Err(rejection) => refused(&Refusal::Rejected(rejection)),
        Ok(effect) => {
            let pair = |note: &aliasd_catalog::Notification| (note.gqlstatus().to_owned(), note.message());
            Reply::Done(Table {
                notifications: effect.notifications.iter().map(pair).collect(),
                system_updates: Some(effect.system_updates),
                ..Table::default()
            })
        }
    }
}

/// As good as a hash where nobody looks: equal for equal passwords.
fn hash(password: &PlainSecret) -> PasswordHash {
    PasswordHash::new(password.expose())
}

fn refused(refusal: &Refusal) -> Reply {
    Reply::Refused(golden::RefusedReply {
        code: refusal.code().to_owned(),
        gqlstatus: refusal.gql_status().join(" "),
        message: refusal.to_string(),
        hint: refusal.hint().unwrap_or_default().to_owned(),
    })
}
