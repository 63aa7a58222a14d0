//! The arguments of every command, as `--help` shows them.

use std::path::PathBuf;

use aliasd_client::Freshness;
use aliasd_keyring::pki::Host;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::command_error::EXIT_CODES;
use crate::connection::Connection;
use crate::member_arguments::{Add, Promote, Remove, Replace};
use crate::parameter::Parameter;

/// The version, and the commit that this is built from.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("ALIASD_COMMIT"), ")");

/// How long a certificate may be valid: ten years.
const DAYS_MAX: u32 = 3650;

/// The command line of aliasd, the catalog of database aliases.
///
/// Data goes to standard output, everything else to standard error. Nothing is begun while standard output is closed.
#[derive(Debug, Parser)]
#[command(name = "aliasctl", version = VERSION, about, after_long_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Exec(Box<Exec>),
    Shell(Box<ShellSession>),
    Resolve(Box<Resolve>),
    ExplainAccess(Box<ExplainAccess>),
    Watch(Box<Watch>),
    /// Form a cluster, look at it, or change its members.
    #[command(subcommand)]
    Cluster(Cluster),
    Login(Box<Login>),
    Logout(Box<Logout>),
    Whoami(Box<Whoami>),
    /// Make and list keystores, which hold the keys that seal credentials.
    #[command(subcommand)]
    Keystore(Keystore),
    /// Make the certificates of a cluster.
    #[command(subcommand)]
    Pki(Pki),
    /// Print the completion script of a shell.
    Completion {
        /// The shell that will read the script.
        shell: Shell,
    },
    /// Write the manual pages, one for each command, for `man`.
    Man {
        /// The directory that they are written to, made if it does not exist.
        #[arg(value_name = "DIRECTORY")]
        directory: PathBuf,
    },
}

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// For people: a table that fits the terminal.
    Table,
    /// For programs: one JSON object per statement, on one line.
    Json,
    /// For spreadsheets: a line of column names, then one line per row (RFC 4180).
    Csv,
}

/// How a single answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// For programs: JSON.
    Json,
}

/// Run statements of the administration language.
///
/// A statement is given as an argument, or statements as a file, separated by semicolons (the last one needs none); a semicolon
/// inside quotes, backticks or comments separates nothing, and one of these that is never closed is a failure. The first
/// failure ends the run.
///
/// A line of a file that begins with a colon is a command: `:param NAME => VALUE`, `:param clear`, `:use system` and `:exit`
/// are those that a file may hold. There are no transactions of several statements, so `:begin` is refused.
///
/// With `--format json` each statement prints one line:
/// {"columns":[…],"rows":[{column:value,…},…],"summary":{"system_updates":N,"revision":N,"notifications":[…]}}.
/// A notification has code, gqlstatus, severity, message and hint. A duration is its ISO 8601 text.
///
/// With `--format csv` null is an empty field and an empty text is ""; lists and maps are JSON. An empty line
/// stands between two results with rows.
#[derive(Args, Debug)]
#[command(override_usage = "aliasctl exec [OPTIONS] <STATEMENT>\n       aliasctl exec [OPTIONS] --file <FILE>")]
pub(crate) struct Exec {
    /// The statement. Other users of this machine may see it; give secrets as parameters from a file.
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    pub(crate) statement: Option<String>,
    /// Run the statements in this file; `-` is standard input.
    #[arg(short, long)]
    pub(crate) file: Option<PathBuf>,
    /// Give a parameter: NAME=TEXT, NAME=@FILE (the text in a file, `@-` is standard input), NAME:=JSON.
    ///
    /// A text that begins with `@` is written `@@…`. One line break at the end of a file is dropped.
    #[arg(short, long = "param", value_name = "NAME=VALUE")]
    pub(crate) parameters: Vec<Parameter>,
    /// How rows are printed.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: RowFormat,
    /// How fresh a listing has to be: `local`, `linearizable` or `at-least=REVISION`.
    #[arg(long, value_name = "LEVEL", default_value = "linearizable", value_parser = freshness)]
    pub(crate) freshness: Freshness,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// Run statements in an interactive session.
///
/// A statement ends with a semicolon and may have several lines. A line that begins with a colon is a command of the
/// shell; `:help` lists them. Tab completes keywords and names, Ctrl-C cancels a statement, Ctrl-D leaves.
///
/// When standard input is no terminal, it is run as a script: without prompts, up to the first failure, whose
/// exit code is that of the shell.
///
/// Statements are kept in $XDG_STATE_HOME/aliasctl/history (~/.local/state/aliasctl/history), without the passwords in
/// them. With NO_COLOR there are no colours.
#[derive(Args, Debug)]
pub(crate) struct ShellSession {
    /// Give a parameter: NAME=TEXT, NAME=@FILE, NAME:=JSON, as for `exec`.
    #[arg(short, long = "param", value_name = "NAME=VALUE")]
    pub(crate) parameters: Vec<Parameter>,
    /// How rows are printed.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: RowFormat,
    /// How fresh a listing has to be: `local`, `linearizable` or `at-least=REVISION`.
    #[arg(long, value_name = "LEVEL", default_value = "linearizable", value_parser = freshness)]
    pub(crate) freshness: Freshness,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// Show where a name leads.
///
/// With `--format json` it is one object, with null for what a local database does not have: {"name":…,
/// "location":"remote" or "local","url":…,"database":…,"user":…,"password":…,"default_language":…,
/// "driver":{…},"properties":{…},"version":N,"revision":N}.
#[derive(Args, Debug)]
#[command(override_usage = "aliasctl resolve [OPTIONS] <NAME>\n       aliasctl resolve [OPTIONS] --home")]
pub(crate) struct Resolve {
    /// Name of a database or alias; a constituent is written `composite.alias`.
    #[arg(required_unless_present = "home", conflicts_with = "home")]
    pub(crate) name: Option<String>,
    /// Resolve the home database instead of a name.
    #[arg(long)]
    pub(crate) home: bool,
    /// Resolve for another user, which needs IMPERSONATE.
    #[arg(long = "as", value_name = "USER")]
    pub(crate) user_impersonated: Option<String>,
    /// The database that the session is on, as `USE NAME` is understood there; constituents are found from their
    /// composite database only.
    #[arg(long = "from", value_name = "DATABASE")]
    pub(crate) connected_to: Option<String>,
    /// Show the password of a remote alias too, which needs RESOLVE ALIAS on it.
    #[arg(long)]
    pub(crate) show_credentials: bool,
    /// How fresh the answer has to be: `local`, `linearizable` or `at-least=REVISION`.
    #[arg(long, value_name = "LEVEL", default_value = "linearizable", value_parser = freshness)]
    pub(crate) freshness: Freshness,
    /// How the route is printed.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// Say why a user can or cannot use a name, rule by rule.
///
/// The exit code is 0 if the user can use the name and 1 if not. About others it needs SHOW USER, SHOW PRIVILEGE and SHOW
/// ALIAS. About oneself everybody may ask; a name that one may not use is then explained as one that does not exist.
///
/// With `--format json` it is one object: {"user":…,"name":…,"allowed":true or false,"destination":{…} or null,
/// "refusal":{"code":…,"message":…,"hint":…,"gqlstatus":[…],"neo4j_code":…} or null,"rules":[{"rule":…,…},…],
/// "revision":N}. The rules are user, name, roles, home, system and access.
#[derive(Args, Debug)]
pub(crate) struct ExplainAccess {
    /// Name of the user.
    #[arg(value_name = "USER")]
    pub(crate) user_explained: String,
    /// Name of a database or alias; a constituent is written `composite.alias`.
    pub(crate) name: String,
    /// How fresh the answer has to be: `local`, `linearizable` or `at-least=REVISION`.
    #[arg(long, value_name = "LEVEL", default_value = "linearizable", value_parser = freshness)]
    pub(crate) freshness: Freshness,
    /// How the explanation is printed.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// Follow what changes, until it is interrupted.
///
/// `--timeout` bounds how long it may take to begin; after that, members that fail are replaced for as long as it takes.
///
/// With `--format json` each event prints one line: {"event":"changes","revision":N,"changes":[{"subject":…,
/// "name":…,"kind":…}]}, {"event":"progress","revision":N}, or {"event":"resync","revision":N} where changes
/// were missed.
#[derive(Args, Debug)]
pub(crate) struct Watch {
    /// Begin after this revision instead of at the present.
    #[arg(long, value_name = "REVISION", value_parser = whole_number, allow_negative_numbers = true)]
    pub(crate) after: Option<u64>,
    /// Report this alias or database only, and changes of access. May be repeated.
    #[arg(long = "name", value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// End after this many revisions with changes.
    #[arg(long, value_name = "N", value_parser = number_from_1, allow_negative_numbers = true)]
    pub(crate) count: Option<u64>,
    /// How events are printed.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Cluster {
    /// Make nodes that have no state yet one cluster, and create its first administrator.
    ///
    /// Sent to the first endpoint, which has to be one of the members. It takes the call with its formation token, which
    /// `--token-file` names (a node without a cluster writes it to the file formation-token of its data directory), or with a
    /// client certificate. The administrator's password is taken from `--password-file` or ALIASD_PASSWORD; without either
    /// one is generated and printed, once, before anything is done: where it cannot be printed, no cluster is formed.
    Init(Box<ClusterInit>),
    /// Show what a node says of itself and of the cluster.
    Status(Box<ClusterStatus>),
    /// Make another voter the leader, for example before the leader's machine is worked on.
    ///
    /// Needs SERVER MANAGEMENT.
    Transfer(Box<ClusterTransfer>),
    Add(Box<Add>),
    Promote(Box<Promote>),
    Remove(Box<Remove>),
    Replace(Box<Replace>),
}

#[derive(Args, Debug)]
pub(crate) struct ClusterTransfer {
    /// Node id of the voter, which must be up. Otherwise it is one that was heard of just now.
    #[arg(long, value_name = "NODE_ID", value_parser = number_from_1, allow_negative_numbers = true)]
    pub(crate) to: Option<u64>,
    /// How the new leader is printed. JSON is {"leader":{"node_id":N,"client_address":…},"term":N,"led_already":true or
    /// false}.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct ClusterInit {
    /// A member: its node id, where the other members reach it, and where clients reach it. Given once per
    /// member.
    #[arg(long = "member", value_name = "ID=PEER_HOST:PORT,CLIENT_HOST:PORT", required = true)]
    pub(crate) members: Vec<Member>,
    /// Name of the first administrator.
    #[arg(long, value_name = "USER", default_value = "admin")]
    pub(crate) admin: String,
    /// How the result is printed. JSON is {"cluster_id":…,"administrator":…,"generated_password":…}; where a password is generated
    /// and no cluster is formed, "cluster_id" is null.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct ClusterStatus {
    /// Ask every member, instead of the nearest one alone. The exit code is 0 only if each answers and belongs to the cluster; 3
    /// if one does not answer, unless another code says more.
    #[arg(long)]
    pub(crate) all: bool,
    /// How the status is printed. JSON has the fields of `StatusResponse`; with `--all` it is a list of
    /// {"address":…,"status":…,"error":…}.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// Exchange a password for a short-lived token, for `--token-file` or ALIASD_TOKEN_FILE.
#[derive(Args, Debug)]
pub(crate) struct Login {
    /// Write the token to this file, readable by its owner only, instead of printing it.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// End the token of `--token-file` or ALIASD_TOKEN_FILE on every member, and remove the file.
#[derive(Args, Debug)]
pub(crate) struct Logout {
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// Show who the cluster takes you for.
///
/// With `--format json` it is one object: {"user":…,"method":…,"roles":[…],"home_database":…,
/// "password_change_required":…,"expires_at":…,"revision":N}.
#[derive(Args, Debug)]
pub(crate) struct Whoami {
    /// How it is printed.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keystore {
    /// Make a keystore with one new AES-256 key. The same file goes to every node.
    Create {
        #[command(flatten)]
        file: KeystoreFile,
        /// Name of the key; the setting `keystore.key_name` of the nodes.
        #[arg(long, value_name = "NAME", default_value = "aesKey")]
        key_name: String,
    },
    /// List the keys of a keystore, and the entries that no node can use.
    List {
        #[command(flatten)]
        file: KeystoreFile,
        /// How the keys are printed.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
}

#[derive(Args, Debug)]
pub(crate) struct KeystoreFile {
    /// The PKCS#12 file.
    pub(crate) path: PathBuf,
    /// Read the keystore's password from this file; `-` is standard input. Otherwise it is taken from
    /// ALIASD_KEYSTORE_PASSWORD, or asked for.
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Pki {
    /// Make a certificate authority: `ca.pem` and `ca-key.pem`.
    Init {
        /// The directory, made if it does not exist.
        #[arg(long, value_name = "DIRECTORY")]
        dir: PathBuf,
        /// Common name of the authority.
        #[arg(long, value_name = "TEXT", default_value = "aliasd")]
        name: String,
    },
    /// Issue a certificate.
    #[command(subcommand)]
    Issue(Issue),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Issue {
    /// For a member of the cluster: `node-ID.pem` and `node-ID-key.pem`.
    Node {
        /// Its node id, from 1 on.
        #[arg(long, value_parser = number_from_1, allow_negative_numbers = true)]
        id: u64,
        /// A DNS name or address that clients or other members reach it at. May be repeated.
        #[arg(long = "host", value_name = "HOST", required = true)]
        hosts: Vec<Host>,
        #[command(flatten)]
        common: IssueCommon,
    },
    /// For a program or person that calls the cluster: `IDENTITY.pem` and `IDENTITY-key.pem`.
    Client {
        /// What `SET AUTH 'mtls' {SET ID '…'}` refers to.
        #[arg(long)]
        identity: String,
        #[command(flatten)]
        common: IssueCommon,
    },
}

#[derive(Args, Debug)]
pub(crate) struct IssueCommon {
    /// The directory of the authority.
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) dir: PathBuf,
    /// The directory that the files are written to, if it is another.
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) out: Option<PathBuf>,
    /// Write over the files of an earlier certificate of that name; they keep their mode and owner.
    #[arg(long)]
    pub(crate) replace: bool,
    /// How many days the certificate is valid.
    #[arg(long, default_value_t = 825, value_parser = days, allow_negative_numbers = true)]
    pub(crate) days: u32,
}

/// A member of a cluster to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) node_id: u64,
    pub(crate) peer_address: String,
    pub(crate) client_address: String,
}

impl std::str::FromStr for Member {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('=').and_then(|(id, addresses)| {
            let (peer, client) = addresses.split_once(',')?;
            let node_id = id.trim().parse().ok().filter(|id| *id > 0)?;
            let (peer, client) = (peer.trim(), client.trim());
            let is_address = |address: &str| {
                address.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
            };
            (is_address(peer) && is_address(client)).then(|| Self {
                node_id,
                peer_address: peer.to_owned(),
                client_address: client.to_owned(),
            })
        });
        parsed.ok_or_else(|| "a member has the form 1=a.example:7681,a.example:7680".to_owned())
    }
}

fn whole_number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("it is a whole number from 0 to {}", u64::MAX))
}

pub(crate) fn number_from_1(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "it is a whole number from 1 on".to_owned())
}

fn days(text: &str) -> Result<u32, String> {
    let days = text.parse().ok().filter(|days| (1..=DAYS_MAX).contains(days));
    days.ok_or_else(|| format!("it is a number of days from 1 to {DAYS_MAX}"))
}

/// Reads a level of freshness.
fn freshness(text: &str) -> Result<Freshness, String> {
    match text {
        "local" => Ok(Freshness::Local),
        "linearizable" => Ok(Freshness::Linearizable),
        _ => {
            let revision = text.strip_prefix("at-least=").and_then(|revision| revision.parse().ok());
            revision.map(Freshness::AtLeast).ok_or_else(|| "it is local, linearizable or at-least=REVISION".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_hold_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn members_are_read() {
        let member: Member = "2=b:7681,b.example:7680".parse().unwrap();
        assert_eq!((member.node_id, member.peer_address.as_str()), (2, "b:7681"));
        for text in ["", "b:1,b:2", "0=b:1,b:2", "1=b,b:2", "1=b:1", "1=b:1,b:port", "1=:1,b:2"] {
            assert!(text.parse::<Member>().is_err(), "{text}");
        }
    }

    #[test]
    fn freshness_is_read() {
        assert_eq!(freshness("at-least=7"), Ok(Freshness::AtLeast(7)));
        assert_eq!(freshness("local"), Ok(Freshness::Local));
        assert!(freshness("at-least=").is_err() && freshness("LOCAL").is_err());
    }
}
