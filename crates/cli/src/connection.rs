//! Which cluster, and as whom: the arguments and environment variables that every command on a cluster shares.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aliasd_client::{Client, ClientBuilder, Failure, Secret};
use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use zeroize::Zeroizing;

use crate::command_error::CommandError;
use crate::commands::tell;
use crate::output::printable;
use crate::password;

/// The variable that holds the user's password.
pub(crate) const PASSWORD_VARIABLE: &str = "ALIASD_PASSWORD";

/// Which cluster, and as whom.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Members to ask, separated by commas.
    #[arg(
        long,
        env = "ALIASD_ENDPOINTS",
        value_name = "HOST:PORT,…",
        value_delimiter = ',',
        default_value = "https://localhost:7680",
        hide_env_values = true
    )]
    endpoints: Vec<String>,
    /// The certificate authority of the cluster, in PEM form.
    #[arg(long, env = "ALIASD_CA", value_parser = maybe_path(), value_name = "FILE", hide_env_values = true)]
    ca: Option<PathBuf>,
    /// The user. Its password is taken from `--password-file` or ALIASD_PASSWORD, or asked for.
    #[arg(long, env = "ALIASD_USER", value_name = "NAME", hide_env_values = true)]
    user: Option<String>,
    /// Read the password from this file; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Use the token in this file, made by `aliasctl login --save`, instead of a password.
    #[arg(long, env = "ALIASD_TOKEN_FILE", value_parser = maybe_path(), value_name = "FILE", hide_env_values = true)]
    token_file: Option<PathBuf>,
    /// A client certificate, in PEM form.
    #[arg(long, env = "ALIASD_CERT", value_parser = maybe_path(), value_name = "FILE", requires = "key", hide_env_values = true)]
    cert: Option<PathBuf>,
    /// The private key of the client certificate, in PEM form.
    #[arg(long, env = "ALIASD_KEY", value_parser = maybe_path(), value_name = "FILE", requires = "cert", hide_env_values = true)]
    key: Option<PathBuf>,
    /// The longest time of a call with all its retries, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    timeout: Duration,
    /// Let http:// endpoints on this machine through. Passwords cross them in clear.
    #[arg(long)]
    allow_plaintext: bool,
}

impl Connection {
    /// A client as the user, token or certificate that is given.
    pub(crate) fn client(&self) -> Result<Client, CommandError> {
        self.identified()?.ok_or_else(|| {
            let hint = "Give --user and a password, --token-file, or --cert and --key; see --help for the environment.";
            CommandError::usage("it is not said who calls", hint)
        })
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
        Ok(self.builder()?.build()?)
    }

    /// A client for a node that belongs to no cluster yet, where there are no users: it shows the node's formation token, if
    /// a token is given, and its certificate, if one is.
    pub(crate) fn operator(&self) -> Result<Client, CommandError> {
        let builder = self.builder()?;
        Ok(match given(&self.token_file) {
            Some(file) => builder.token(secret(password::read_text("token file", file)?)).build()?,
            None => builder.build()?,
        })
    }

    /// A client for a session of many calls: a password is exchanged for a token. Who calls is asked for if it is not given
    /// and there is a terminal. Also tells the user, if a password proves it.
    pub(crate) fn session(&self) -> Result<(Client, Option<String>), CommandError> {
        if given(&self.token_file).is_some() || (self.user().is_none() && given(&self.cert).is_some()) {
            return Ok((self.client()?, None));
        }
        let asked = if self.user().is_none() { password::ask_user()? } else { None };
        let Some(user) = self.user().map(str::to_owned).or(asked) else {
            return Ok((self.client()?, None));
        };
        let client = self.with_password(&user, self.password_of(&user)?)?;
        Ok((client, Some(user)))
    }

    /// The file with the token to use, if one is given.
    pub(crate) fn token_file(&self) -> Option<&Path> {
        given(&self.token_file)
    }

    /// A client for a session as this user.
    pub(crate) fn with_password(&self, user: &str, password: Secret) -> Result<Client, CommandError> {
        Ok(self.builder()?.password(user, password).build()?)
    }

    /// User and password, asked for if need be.
    pub(crate) fn user_and_password(&self) -> Result<(&str, Secret), CommandError> {
        let Some(user) = self.user() else {
            return Err(CommandError::usage("no user is given", "Give --user or ALIASD_USER."));
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
            return Err(CommandError::usage(format!("no password is given for the user {user}"), hint));
        };
        Ok(secret(password))
    }

    /// The password in the file or in the environment.
    pub(crate) fn given_password(&self) -> Result<Option<Zeroizing<String>>, CommandError> {
        password::given(self.password_file.as_deref(), PASSWORD_VARIABLE)
    }

    fn user(&self) -> Option<&str> {
        self.user.as_deref().filter(|user| !user.is_empty())
    }

    fn identified(&self) -> Result<Option<Client>, CommandError> {
        let builder = self.builder()?;
        let builder = if let Some(path) = given(&self.token_file) {
            builder.token(secret(password::read_text("token file", path)?))
        } else if self.user().is_some() {
            let (user, password) = self.user_and_password()?;
            // One command makes a call or two, which a login would only add to.
            builder.basic(user, password)
        } else if given(&self.cert).is_some() {
            builder
        } else {
            return Ok(None);
        };
        Ok(Some(builder.build()?))
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
            let key = secret(password::read_text("private key", key)?);
            builder = builder.certificate(read("client certificate", cert)?, key);
        }
        if self.allow_plaintext {
            builder = builder.allow_plaintext();
        }
        Ok(builder)
    }
}

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
    fs::read(path).map_err(|error| CommandError::unreadable(what, path, error))
}

/// Moves a text on into another buffer that is wiped.
pub(crate) fn secret(mut text: Zeroizing<String>) -> Secret {
    Secret::new(std::mem::take(&mut *text))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let bounded = seconds.filter(|time| !time.is_zero() && *time <= Duration::from_secs(86_400));
    bounded.ok_or_else(|| "it is a number of seconds greater than 0, such as 10 or 2.5".to_owned())
}
