//! `aliasctl login`, `aliasctl logout` and `aliasctl whoami`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use aliasd_client::messages::{AuthenticationMethod, WhoAmIResponse};
use serde_json::json;

use super::{print, tell, yes_or_no};
use crate::arguments::{Format, Login, Logout, Whoami};
use crate::command_error::CommandError;
use crate::output::fields;

pub(crate) async fn login(command: Box<Login>) -> Result<(), CommandError> {
    let (user, password) = command.connection.user_and_password()?;
    let login = command.connection.nobody()?.login(user, &password).await?;
    match &command.save {
        None => print(&format!("{}\n", login.token.expose()))?,
        Some(path) => save(path, login.token.expose()).map_err(|error| {
            CommandError::undelivered(format!("the token file {} cannot be written", path.display()), error)
        })?,
    }
    if let Ok(left) = login.expires_at.duration_since(SystemTime::now()) {
        tell(&format!("The token is good for {}.", in_words(left)));
    }
    if login.password_change_required {
        tell("The password has to be changed before anything else: ALTER CURRENT USER SET PASSWORD FROM … TO ….");
    }
    Ok(())
}

pub(crate) async fn logout(command: Box<Logout>) -> Result<(), CommandError> {
    let Some(path) = command.connection.token_file() else {
        return Err(CommandError::local("no token is given", "Give --token-file or ALIASD_TOKEN_FILE."));
    };
    command.connection.client()?.logout().await?;
    fs::remove_file(path).map_err(|error| {
        CommandError::undelivered(format!("the token has ended; its file {} cannot be removed", path.display()), error)
    })
}

/// A time in the largest unit that leaves at least two of it, rounded, so that nothing is good for 0 minutes.
fn in_words(time: Duration) -> String {
    let seconds = time.as_secs_f64().round();
    let units = [("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0)];
    match units.into_iter().find(|(_, length)| seconds >= 2.0 * length) {
        Some((unit, length)) => format!("{:.0} {unit}", seconds / length),
        None => format!("{seconds:.0} seconds"),
    }
}

/// Writes a file that only its owner can read, in one step, over whatever was there.
pub(super) fn save(path: &Path, token: &str) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".new-{}", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary).and_then(|mut file| {
        file.write_all(token.as_bytes())?;
        fs::rename(&temporary, path)
    });
    if written.is_err() {
        // The first error is the one to report; the leftover may not exist.
        let _ = fs::remove_file(&temporary);
    }
    written
}

pub(crate) async fn whoami(command: Box<Whoami>) -> Result<(), CommandError> {
    let answer = command.connection.client()?.who_am_i().await?;
    let expires_at = answer.expires_at.as_ref().map(ToString::to_string);
    let text = match command.format {
        Format::Json => {
            let json = json!({
                "user": answer.user,
                "method": method(&answer),
                "roles": answer.roles,
                "home_database": answer.home_database,
                "password_change_required": answer.password_change_required,
                "expires_at": expires_at,
                "revision": answer.served_at_revision,
            });
            format!("{json}\n")
        }
        Format::Table => {
            let mut out = vec![
                ("user", answer.user.clone()),
                ("known by", method(&answer).to_lowercase()),
                ("roles", answer.roles.join(", ")),
            ];
            out.extend(answer.home_database.clone().map(|home| ("home", home)));
            out.extend(expires_at.map(|at| ("until", at)));
            out.push(("has to change the password", yes_or_no(answer.password_change_required)));
            fields(&out)
        }
    };
    print(&text)
}

fn method(answer: &WhoAmIResponse) -> &'static str {
    match answer.method() {
        AuthenticationMethod::Basic => "PASSWORD",
        AuthenticationMethod::Token => "TOKEN",
        AuthenticationMethod::Certificate => "CERTIFICATE",
        AuthenticationMethod::Unspecified => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_good_for_no_time_at_all() {
        let words = |seconds| in_words(Duration::from_secs(seconds));
        assert_eq!([59, 60, 119].map(words), ["59 seconds", "60 seconds", "119 seconds"]);
        assert_eq!([120, 900, 7_199, 7_200].map(words), ["2 minutes", "15 minutes", "120 minutes", "2 hours"]);
        assert_eq!(words(365 * 86_400), "365 days");
        assert_eq!(in_words(Duration::from_millis(59_900)), "60 seconds");
    }
}
