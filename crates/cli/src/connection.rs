//! Which cluster, and as whom: the arguments and environment variables that every command on a cluster shares.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aliasd_client::{BuildError, Client, ClientBuilder, Failure, Secret};
use aliasd_console::printable;
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, FromArgMatches};
use zeroize::Zeroizing;

use crate::command_error::{CommandError, SAY_WHO};
use crate::commands::tell;
use crate::password;

/// The variable that holds the user's password.
pub(crate) const PASSWORD_VARIABLE: &str = "ALIASD_PASSWORD";

/// Which cluster, and as whom.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// First, since an argument that was taken does not tell any more where it came from.
    #[command(flatten)]
    typed: Typed,
    /// Members to ask, separated by commas.
    #[arg(
        long,
        env = "ALIASD_ENDPOINTS",
        value_parser = PlainText,
        value_name = "HOST:PORT,…",
        value_delimiter = ',',
        default_value = "https://localhost:7680",
        hide_env_values = true
    )]
    endpoints: Vec<String>,
    /// The certificate authority of the cluster, in PEM form.
    #[arg(long, env = "ALIASD_CA", value_parser = maybe_path(), value_name = "FILE", hide_env_values = true)]
    ca: Option<PathBuf>,
    /// The user. Its password is taken from `--password-file` or ALIASD_PASSWORD, or asked for. Whoever is named on the command
    /// line, by `--user`, `--token-file` or `--cert`, counts before whom the environment names; there, a token counts before a
    /// user, and a user before a certificate.
    #[arg(long, env = "ALIASD_USER", value_parser = PlainText, value_name = "NAME", hide_env_values = true)]
    user: Option<String>,
    /// Read the password of the user from this file; `-` is standard input. Then no token and no certificate of the environment
    /// says who calls.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Use the token in this file, made by `aliasctl login --save`, instead of a password.
    #[arg(long, env = "ALIASD_TOKEN_FILE", value_parser = maybe_path(), value_name = "FILE", hide_env_values = true)]
    token_file: Option<PathBuf>,
    /// A client certificate, in PEM form. Beside a user or a token, which say who calls then, it is shown as well.
    #[arg(long, env = "ALIASD_CERT", value_parser = maybe_path(), value_name = "FILE", requires = "key", hide_env_values = true)]
    cert: Option<PathBuf>,
    /// The private key of the client certificate, in PEM form.
    #[arg(long, env = "ALIASD_KEY", value_parser = maybe_path(), value_name = "FILE", requires = "cert", hide_env_values = true)]
    key: Option<PathBuf>,
    /// The longest time of a call with all its retries, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds, allow_negative_numbers = true)]
    timeout: Duration,
    /// Let http:// endpoints on this machine through. Passwords cross them in clear.
    #[arg(long)]
    allow_plaintext: bool,
}

/// Who calls, by the proof that there is.
#[derive(Debug, PartialEq, Eq)]
enum Caller<'a> {
    /// Whom the token in this file names.
    Token(&'a Path),
    /// A user, who has a password.
    User(&'a str),
    /// Whom the certificate names.
    Certificate,
    /// It is not said.
    Nobody,
}

fn no_user() -> CommandError {
    CommandError::local("no user is given", "Give --user or ALIASD_USER.")
}

/// What of this says on the command line who calls: it counts before what says so in the environment.
#[derive(Clone, Copy, Debug, Default)]
struct Typed {
    user: bool,
    token: bool,
    certificate: bool,
}

impl Args for Typed {
    fn augment_args(command: clap::Command) -> clap::Command {
        command
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        command
    }
}

impl FromArgMatches for Typed {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let is_typed = |name| matches.value_source(name) == Some(ValueSource::CommandLine);
        let typed = Self { user: is_typed("user"), token: is_typed("token_file"), certificate: is_typed("cert") };
        if typed.user && typed.token {
            let said = "--user and --token-file each say who calls: give one of them\n";
            return Err(clap::Error::raw(ErrorKind::ArgumentConflict, said));
        }
        Ok(typed)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Connection {
    /// A client as the user, token or certificate that is given.
    pub(crate) fn client(&self) -> Result<Client, CommandError> {
        self.identified()?.ok_or_else(|| CommandError::local("it is not said who calls", SAY_WHO))
    }

    /// The same, or a client that is nobody if nothing is given: some calls need no more.
    pub(crate) fn client_or_nobody(&self) -> Result<Client, CommandError> {
        match self.identified()? {
            Some(client) => Ok(client),
            None => self.nobody(),
        }
    }

    /// A client that proves nothing but its certificate, if one is given.
    pub(crate) fn nobody(&self) -> Result<Client, CommandError> {
        self.build(self.builder()?)
    }

    /// A client for a node that belongs to no cluster yet, where there are no users: it shows the node's formation token, if
    /// a token is given, and its certificate, if one is.
    pub(crate) fn operator(&self) -> Result<Client, CommandError> {
        let builder = self.builder()?;
        self.build(match self.token_file() {
            Some(file) => builder.token(secret(password::read_secret(TOKEN_FILE, file)?)),
            None => builder,
        })
    }

    /// A client for a session of many calls: a password is exchanged for a token. Who calls is asked for if it is not given
    /// and there is a terminal. Also tells the user, if a password proves it.
    pub(crate) fn session(&self) -> Result<(Client, Option<String>), CommandError> {
        let user = match self.caller()? {
            Caller::Token(_) | Caller::Certificate => None,
            Caller::User(user) => Some(user.to_owned()),
            Caller::Nobody => password::ask_user()?,
        };
        let Some(user) = user else {
            return Ok((self.client()?, None));
        };
        let client = self.with_password(&user, self.password_of(&user)?)?;
        Ok((client, Some(user)))
    }

    /// The file with the token to use, if one is given, and nobody else is named on the command line.
    pub(crate) fn token_file(&self) -> Option<&Path> {
        let is_outweighed = !self.typed.token && (self.typed.user || self.typed.certificate);
        given(&self.token_file).filter(|_| !is_outweighed)
    }

    /// A client for a session as this user.
    pub(crate) fn with_password(&self, user: &str, password: Secret) -> Result<Client, CommandError> {
        self.build(self.builder()?.password(user, password))
    }

    /// User and password, asked for if need be.
    pub(crate) fn user_and_password(&self) -> Result<(&str, Secret), CommandError> {
        let Some(user) = self.user() else {
            return Err(no_user());
        };
        Ok((user, self.password_of(user)?))
    }

    fn password_of(&self, user: &str) -> Result<Secret, CommandError> {
        let password = match self.given_password()? {
            Some(password) => Some(password),
            None => password::ask(&format!("Password of {user}"), false)?,
        };
        let Some(password) = password else {
            let hint = format!("Give --password-file or {PASSWORD_VARIABLE}.");
            return Err(CommandError::local(format!("no password is given for the user {user}"), hint));
        };
        Ok(secret(password))
    }

    /// The password in the file or in the environment.
    pub(crate) fn given_password(&self) -> Result<Option<Zeroizing<String>>, CommandError> {
        password::given(self.password_file.as_deref(), PASSWORD_VARIABLE)
    }

    fn user(&self) -> Option<&str> {
        let is_outweighed = !self.typed.user && self.typed.certificate;
        self.user.as_deref().filter(|user| !user.is_empty() && !is_outweighed)
    }

    /// By what it is proven who calls.
    fn caller(&self) -> Result<Caller<'_>, CommandError> {
        let token = match (self.token_file(), &self.password_file) {
            (Some(_), Some(_)) if self.typed.token => {
                let said = "--password-file is for a user, while --token-file says who calls";
                return Err(CommandError::local(said, "Give one of them."));
            }
            // A password is typed for the sake of its user.
            (token, password) => token.filter(|_| password.is_none()),
        };
        Ok(match (token, self.user(), given(&self.cert)) {
            (Some(token), ..) => Caller::Token(token),
            (None, Some(user), _) => Caller::User(user),
            (None, None, Some(_)) if self.password_file.is_none() => Caller::Certificate,
            (None, None, _) => Caller::Nobody,
        })
    }

    fn identified(&self) -> Result<Option<Client>, CommandError> {
        let builder = match self.caller()? {
            Caller::Token(path) => self.builder()?.token(token(path)?),
            // One command makes a call or two, which a login would only add to.
            Caller::User(user) => self.builder()?.basic(user, self.password_of(user)?),
            Caller::Certificate => self.builder()?,
            Caller::Nobody if self.password_file.is_some() => return Err(no_user()),
            Caller::Nobody => return Ok(None),
        };
        self.build(builder).map(Some)
    }

    fn build(&self, builder: ClientBuilder) -> Result<Client, CommandError> {
        builder.build().map_err(|error| self.explain(error))
    }

    /// What is wrong with a setting, with the file that it is in and the argument that names it.
    fn explain(&self, error: BuildError) -> CommandError {
        let (file, here) = match error {
            BuildError::NoAuthority => (None, "Give the file ca.pem of the cluster with --ca or ALIASD_CA."),
            BuildError::Authority(_) => (given(&self.ca), "See --ca, or ALIASD_CA."),
            BuildError::Certificate(_) | BuildError::CertificateRefused(_) => {
                (given(&self.cert), "See --cert, or ALIASD_CERT.")
            }
            BuildError::CertificateKey | BuildError::CertificateKeyEncrypted | BuildError::CertificateKeyForeign => {
                (given(&self.key), "See --cert and --key, or ALIASD_CERT and ALIASD_KEY.")
            }
            BuildError::Plaintext { .. } => {
                (None, "A node with a plaintext listener on this machine needs --allow-plaintext.")
            }
            _ => (None, "See --endpoints, or ALIASD_ENDPOINTS."),
        };
        let hint = error.hint().map_or_else(|| here.to_owned(), |hint| format!("{hint}. {here}"));
        match file {
            Some(file) => CommandError::about(format!("the file {} cannot be used", file.display()), error, hint),
            None => CommandError::local(error, hint),
        }
    }

    fn builder(&self) -> Result<ClientBuilder, CommandError> {
        let endpoints = self.endpoints.iter().map(|endpoint| endpoint.trim()).filter(|endpoint| !endpoint.is_empty());
        let mut builder = Client::builder().endpoints(endpoints).deadline(self.timeout);
        if io::stderr().is_terminal() {
            builder = builder.on_retry(retrying());
        }
        if let Some(path) = given(&self.ca) {
            builder = builder.ca_pem(read("CA certificate", path)?);
        }
        if let (Some(cert), Some(key)) = (given(&self.cert), given(&self.key)) {
            let key = secret(password::read_secret("private key", key)?);
            builder = builder.certificate(read("client certificate", cert)?, key);
        }
        if self.allow_plaintext {
            builder = builder.allow_plaintext();
        }
        Ok(builder)
    }
}

/// The longest time of a call that can be asked for: a day.
const TIMEOUT_MAX: Duration = Duration::from_secs(86_400);

/// How long a person may wonder before being told that a call is tried again.
const WONDERING: Duration = Duration::from_secs(1);

/// Tells a person, once per call, that it is tried again and why.
fn retrying() -> impl Fn(&Failure, Duration) + Send + Sync + 'static {
    // How long the call had been tried for when the last word of it came.
    let told_at = Mutex::new(None::<Duration>);
    move |failure, tried_for| {
        let mut told_at = told_at.lock().unwrap_or_else(PoisonError::into_inner);
        // A shorter time is that of another call.
        if tried_for < WONDERING || told_at.is_some_and(|told| told <= tried_for) {
            *told_at = told_at.filter(|told| *told <= tried_for);
            return;
        }
        *told_at = Some(tried_for);
        tell(&format!("retrying … {}", printable(&failure.message)));
    }
}

/// A path that may be empty, as a variable is that was meant to be unset.
fn maybe_path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// The path, unless it is empty.
fn given(path: &Option<PathBuf>) -> Option<&Path> {
    path.as_deref().filter(|path| !path.as_os_str().is_empty())
}

fn read(what: &str, path: &Path) -> Result<Vec<u8>, CommandError> {
    match fs::read(path) {
        Ok(bytes) if bytes.is_empty() => Err(CommandError::empty(what, path)),
        read => read.map_err(|error| CommandError::unreadable(what, path, error)),
    }
}

const TOKEN_FILE: &str = "token file";

/// The token in a file. What is none is not sent: it may be anything that was named by mistake.
fn token(path: &Path) -> Result<Secret, CommandError> {
    let text = password::read_secret(TOKEN_FILE, path)?;
    // As every token begins.
    let form = text.strip_prefix("at").and_then(|rest| rest.split_once('.'));
    if form.is_none_or(|(version, _)| version.parse::<u8>().is_err()) {
        let said = format!("the file {} holds no token of a cluster", path.display());
        return Err(CommandError::local(said, "Name the file that `aliasctl login --save FILE` wrote."));
    }
    Ok(secret(text))
}

/// Text of an argument or of a variable in the environment.
#[derive(Clone)]
struct PlainText;

impl TypedValueParser for PlainText {
    type Value = String;

    fn parse_ref(&self, command: &clap::Command, argument: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        let refuse = || {
            let option = argument.and_then(Arg::get_long).map(|name| format!("--{name}"));
            let variable = argument.and_then(Arg::get_env).map(|name| name.to_string_lossy().into_owned());
            let of = option.into_iter().chain(variable).collect::<Vec<_>>().join(" or the variable ");
            clap::Error::raw(ErrorKind::InvalidUtf8, format!("the value of {of} is not UTF-8 text\n")).with_cmd(command)
        };
        value.to_str().map(str::to_owned).ok_or_else(refuse)
    }
}

/// Moves a text on into another buffer that is wiped.
pub(crate) fn secret(mut text: Zeroizing<String>) -> Secret {
    Secret::new(std::mem::take(&mut *text))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let bounded = seconds.filter(|time| !time.is_zero() && *time <= TIMEOUT_MAX);
    let form =
        || format!("it is a number of seconds greater than 0 and up to {}, such as 10 or 2.5", TIMEOUT_MAX.as_secs());
    bounded.ok_or_else(form)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct It {
        #[command(flatten)]
        connection: Connection,
    }

    /// What is typed, beside a user and a token in the environment.
    fn typed(arguments: &[&str]) -> Connection {
        let it = It::try_parse_from([&["it"], arguments].concat()).unwrap_or_else(|error| panic!("{error}"));
        let Connection { user, token_file, .. } = it.connection.clone();
        Connection {
            user: user.or_else(|| Some("environment".to_owned())),
            token_file: token_file.or_else(|| Some("environment".into())),
            ..it.connection
        }
    }

    #[test]
    fn who_calls_is_whom_the_command_line_says() {
        let who = |connection: &Connection| {
            (connection.token_file().map(Path::to_owned), connection.user().map(str::to_owned))
        };
        let environment = || Some("environment".to_owned());
        assert_eq!(who(&typed(&[])), (Some("environment".into()), environment()), "a token counts before a user");
        assert_eq!(who(&typed(&["--user", "carol"])), (None, Some("carol".to_owned())));
        assert_eq!(who(&typed(&["--cert", "c", "--key", "k"])), (None, None));
        assert_eq!(who(&typed(&["--token-file", "t"])), (Some("t".into()), environment()));
        assert_eq!(who(&typed(&["--user", "carol", "--cert", "c", "--key", "k"])), (None, Some("carol".to_owned())));
        let both = It::try_parse_from(["it", "--user", "carol", "--token-file", "t"]).map(drop).unwrap_err();
        assert_eq!(both.kind(), ErrorKind::ArgumentConflict);
    }

    #[test]
    fn a_password_that_is_typed_is_not_passed_over() {
        let user = |connection: &Connection| match connection.caller() {
            Ok(Caller::User(user)) => Some(user.to_owned()),
            _ => None,
        };
        let with_password = typed(&["--password-file", "p"]);
        assert_eq!(user(&with_password).as_deref(), Some("environment"), "not the token of the environment");
        assert_eq!(user(&typed(&["--password-file", "p", "--user", "carol"])).as_deref(), Some("carol"));
        assert!(typed(&["--password-file", "p", "--token-file", "t"]).caller().is_err());
        // A certificate of the environment, and one that is typed: neither has a password.
        let of_environment = Connection {
            user: None,
            cert: Some("c".into()),
            key: Some("k".into()),
            ..typed(&["--password-file", "p"])
        };
        for connection in [of_environment, typed(&["--password-file", "p", "--cert", "c", "--key", "k"])] {
            assert!(matches!(connection.caller(), Ok(Caller::Nobody)));
            let said = connection.client_or_nobody().map(drop).expect_err("a certificate is not asked for a password");
            assert!(format!("{said:?}").contains("no user is given"), "{said:?}");
        }
        // As before where no password is typed.
        assert_eq!(typed(&[]).caller().ok(), Some(Caller::Token(Path::new("environment"))));
    }
}
