//! What may be done with one name, and what is then seen: the model that both judges go by, this one and porcupine
//! (`tests/porcupine`, which says the same in Go).
//!
//! A name stands for nothing, for a database or for an alias. Revisions are no part of it.

use std::fmt;

use crate::history::{Command, CreateMode, Destination, Freshness, GuardStep, Outcome, Resolve, Route};
use crate::writes::{Fate, Request};

/// What has the name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Absent,
    Database,
    Alias(Destination),
}

/// Something that was done to the name, or seen of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It becomes this; without an outcome, if it can.
    Create { to: State, mode: CreateMode, updates: Option<u64> },
    /// Parts of where it leads are replaced: database, address, user, credential.
    Alter { parts: [Option<String>; 4], done: bool },
    /// The alias goes.
    DropAlias { done: bool },
    /// The database goes.
    DropDatabase { done: bool },
    /// It was seen to be, or not to be, something of a kind.
    Is(Shape),
    /// It was seen to lead there; a credential that was not given may be any.
    LeadsTo(Destination),
}

/// A kind of thing that a name may stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Nothing,
    Something,
    NoAlias,
    NoDatabase,
}

/// The name and step of a request, if it did or may have done anything to a name, or tells something of it.
pub(crate) fn of_request<'a>(request: &Request<'a>) -> Option<(&'a str, Step)> {
    let updates = match request.fate {
        Fate::Refused { code, .. } => return refused(request.command, code),
        Fate::Done { written, .. } => Some(written.updates),
        Fate::Unknown => None,
    };
    Some(match request.command {
        Command::CreateAlias { name, destination, mode } => {
            (name, Step::Create { to: State::Alias(destination.clone()), mode: *mode, updates })
        }
        Command::CreateDatabase { name, mode } => (name, Step::Create { to: State::Database, mode: *mode, updates }),
        Command::AlterAlias { name, .. } | Command::DropAlias { name } if updates == Some(0) => {
            (name, Step::Is(Shape::NoAlias))
        }
        Command::DropDatabase { name } if updates == Some(0) => (name, Step::Is(Shape::NoDatabase)),
        Command::AlterAlias { name, database, url, user, credential } => {
            let parts = [database.clone(), url.clone(), user.clone(), credential.clone()];
            (name, Step::Alter { parts, done: updates.is_some() })
        }
        Command::DropAlias { name } => (name, Step::DropAlias { done: updates.is_some() }),
        Command::DropDatabase { name } => (name, Step::DropDatabase { done: updates.is_some() }),
        _ => return None,
    })
}

/// What a refusal tells of a name.
fn refused<'a>(command: &'a Command, code: &str) -> Option<(&'a str, Step)> {
    match (command, code) {
        (
            Command::CreateAlias { name, .. } | Command::CreateDatabase { name, .. },
            "ALIAS_EXISTS" | "DATABASE_EXISTS",
        ) => Some((name, Step::Is(Shape::Something))),
        (Command::AlterAlias { name, .. } | Command::DropAlias { name }, "ALIAS_NOT_FOUND") => {
            Some((name, Step::Is(Shape::NoAlias)))
        }
        (Command::DropDatabase { name }, "NO_SUCH_DATABASE") => Some((name, Step::Is(Shape::NoDatabase))),
        _ => None,
    }
}

/// What a LINEARIZABLE resolve tells of the name that it asked for.
pub(crate) fn of_resolve(resolve: &Resolve) -> Option<Step> {
    if resolve.freshness != Freshness::Linearizable {
        return None;
    }
    match &resolve.outcome {
        Outcome::Ok(route) => Some(leads_to(route)),
        Outcome::Rejected { code, .. } if resolve.unrestricted && code == "DATABASE_NOT_FOUND" => {
            Some(Step::Is(Shape::Nothing))
        }
        _ => None,
    }
}

/// What a step of a guard tells of the name that it pinned; both kinds ask LINEARIZABLE.
pub(crate) fn of_guard(step: &GuardStep, pinned: Option<&Route>) -> Option<Step> {
    match step {
        GuardStep::Begin { outcome: Outcome::Ok(route), .. } => Some(leads_to(route)),
        GuardStep::Validate { outcome: Outcome::Ok(()) } => pinned.map(leads_to),
        _ => None,
    }
}

fn leads_to(route: &Route) -> Step {
    Step::LeadsTo(route.destination.clone())
}

impl Step {
    /// Whether it changes nothing, whatever the state.
    pub(crate) fn is_observation(&self) -> bool {
        match self {
            Self::Is(_) | Self::LeadsTo(_) | Self::Create { updates: Some(0), .. } => true,
            Self::Create { .. } | Self::Alter { .. } | Self::DropAlias { .. } | Self::DropDatabase { .. } => false,
        }
    }

    /// The state afterwards; none if what was answered cannot be so in this state. What nobody was told the outcome of
    /// leaves a state as it is in which it is refused.
    pub(crate) fn apply(&self, name: &str, state: &State) -> Option<State> {
        let is_alias = matches!(state, State::Alias(_));
        let keep = |done: bool| (!done).then(|| state.clone());
        match self {
            Self::Create { updates: Some(0), .. } | Self::Is(Shape::Something) => {
                (*state != State::Absent).then(|| state.clone())
            }
            Self::Create { to, mode, updates } => {
                let replaces = is_alias && *mode == CreateMode::OrReplace && matches!(to, State::Alias(_));
                let fits = match updates {
                    Some(2) => replaces,
                    Some(_) => *state == State::Absent,
                    None => replaces || *state == State::Absent,
                };
                if fits { Some(to.clone()) } else { keep(updates.is_some()) }
            }
            Self::Alter { parts, done } => match state {
                State::Alias(destination) => altered(destination, parts).map(State::Alias).or_else(|| keep(*done)),
                State::Absent | State::Database => keep(*done),
            },
            Self::DropAlias { done } => {
                if is_alias {
                    Some(State::Absent)
                } else {
                    keep(*done)
                }
            }
            Self::DropDatabase { done } => {
                if *state == State::Database {
                    Some(State::Absent)
                } else {
                    keep(*done)
                }
            }
            Self::Is(Shape::Nothing) => (*state == State::Absent).then(|| state.clone()),
            Self::Is(Shape::NoAlias) => (!is_alias).then(|| state.clone()),
            Self::Is(Shape::NoDatabase) => (*state != State::Database).then(|| state.clone()),
            Self::LeadsTo(seen) => leads(name, state, seen).then(|| state.clone()),
        }
    }
}

/// Where an alias leads once parts of it are replaced; none if it has no such parts.
fn altered(destination: &Destination, parts: &[Option<String>; 4]) -> Option<Destination> {
    let [new_database, new_url, new_user, new_credential] = parts;
    let replaced = |new: &Option<String>, old: &String| new.as_ref().unwrap_or(old).clone();
    match destination {
        Destination::Local { database } => {
            let fits = new_url.is_none() && new_user.is_none() && new_credential.is_none();
            fits.then(|| Destination::Local { database: replaced(new_database, database) })
        }
        // TARGET alone would make a local alias of it.
        Destination::Remote { .. } if new_database.is_some() != new_url.is_some() => None,
        Destination::Remote { credential: None, .. } if new_credential.is_some() || new_user.is_some() => None,
        Destination::Remote { database, url, user, credential } => Some(Destination::Remote {
            database: replaced(new_database, database),
            url: replaced(new_url, url),
            user: replaced(new_user, user),
            credential: new_credential.clone().or_else(|| credential.clone()),
        }),
    }
}

fn leads(name: &str, state: &State, seen: &Destination) -> bool {
    match (state, seen) {
        (State::Absent, _) => false,
        (State::Database, Destination::Local { database }) => database == name,
        (State::Database, Destination::Remote { .. }) => false,
        (
            State::Alias(Destination::Remote { database, url, user, credential }),
            Destination::Remote { database: to, url: at, user: by, credential: given },
        ) => (database, url, user) == (to, at, by) && (given.is_none() || given == credential),
        (State::Alias(destination), seen) => destination == seen,
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("nothing"),
            Self::Database => f.write_str("a database"),
            Self::Alias(Destination::Local { database }) => write!(f, "an alias for '{database}'"),
            Self::Alias(Destination::Remote { database, url, user, credential }) => {
                write!(f, "an alias for '{database}' at {url} as '{user}'")?;
                credential.as_ref().map_or(Ok(()), |tag| write!(f, " with credential {tag}"))
            }
        }
    }
}
