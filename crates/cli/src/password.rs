//! Where passwords come from: a file, the environment, or a prompt that does not echo. Never an argument.

use std::env::VarError;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use aliasd_console::printable;
use aliasd_keyring::text::text;
use zeroize::Zeroizing;

use crate::command_error::CommandError;

/// Reads a text from a file, or from standard input if it is `-`, by the rule of [`aliasd_keyring::text`].
pub(crate) fn read_text(what: &str, path: &Path) -> Result<Zeroizing<String>, CommandError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = if path == Path::new("-") {
        io::stdin().read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.map_err(|error| CommandError::unreadable(what, path, error))?;
    text(bytes).map_err(|error| CommandError::no_text(what, path, error))
}

/// The same for what is never empty.
pub(crate) fn read_secret(what: &str, path: &Path) -> Result<Zeroizing<String>, CommandError> {
    let text = read_text(what, path)?;
    if text.is_empty() { Err(CommandError::empty(what, path)) } else { Ok(text) }
}

/// The password in a file or in an environment variable; `None` if there is neither.
pub(crate) fn given(file: Option<&Path>, variable: &str) -> Result<Option<Zeroizing<String>>, CommandError> {
    match file {
        Some(path) => read_secret("password file", path).map(Some),
        None => match std::env::var(variable) {
            Ok(password) => Ok(Some(password).filter(|password| !password.is_empty()).map(Zeroizing::new)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(CommandError::local(
                format!("the environment variable {variable} is not UTF-8 text"),
                "set it to UTF-8 text, or put the password into a file",
            )),
        },
    }
}

/// Asks for a password on the terminal, twice if it is a new one; `None` if nobody can be asked. Ctrl-C is a cancellation, and
/// a signal to the process as well.
pub(crate) fn ask(prompt: &str, is_new: bool) -> Result<Option<Zeroizing<String>>, CommandError> {
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    let ask = |prompt: &str| match rpassword::prompt_password(format!("{}: ", printable(prompt))) {
        Ok(password) => Ok(Zeroizing::new(password)),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(CommandError::Cancelled { is_write: false }),
        Err(error) => Err(CommandError::no_input(error)),
    };
    let password = ask(prompt)?;
    if is_new && ask("Once more")? != password {
        return Err(CommandError::local("the two passwords differ", ""));
    }
    Ok(Some(password))
}

/// Asks for the name of the user on the terminal; `None` if nobody can be asked or nothing is answered.
pub(crate) fn ask_user() -> Result<Option<String>, CommandError> {
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    // If standard error is gone the question is not seen; the answer is still read.
    let _ = io::stderr().write_all(b"User: ");
    let mut user = String::new();
    io::stdin().read_line(&mut user).map_err(CommandError::no_input)?;
    Ok(Some(user.trim().to_owned()).filter(|user| !user.is_empty()))
}
