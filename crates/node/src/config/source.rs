//! From a file and the environment to one text per setting. What the texts mean is not judged here.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use super::error::{ConfigError, Origin, SettingError};
use super::{Commands, expand, private, schema};

/// A configuration file is a few kilobytes.
const FILE_SIZE_MAX: u64 = 1 << 20;

/// The text of one setting and where it came from.
pub(super) struct Given {
    pub(super) text: Zeroizing<String>,
    pub(super) origin: Origin,
}

/// The text of every setting that has one, by name.
pub(super) type Texts = BTreeMap<String, Given>;

/// The default values, and for settings without one the example: both are known to be well-formed.
pub(super) fn examples() -> Texts {
    schema::sections()
        .into_iter()
        .flat_map(|section| section.keys)
        .map(|key| {
            let text =
                toml::de::DeValue::parse(&key.value).ok().and_then(|value| scalar(value.get_ref())).unwrap_or_default();
            (key.name, Given { text: Zeroizing::new(text), origin: Origin::Default })
        })
        .collect()
}

/// Reads the file and lays the environment over it. Defaults are not filled in. Also tells what is wrong with single settings,
/// which has no text among the others then, or one that is well-formed: the rest can be judged in the same go.
pub(super) fn gather(
    path: &Path,
    commands: Commands,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(Texts, Vec<SettingError>), ConfigError> {
    let known: Vec<String> =
        schema::sections().into_iter().flat_map(|section| section.keys).map(|key| key.name).collect();
    let (file, contents) = open(path)?;
    let mut errors = Vec::new();
    let mut texts = parse(path, &contents, &known, &mut errors)?;
    overlay(&mut texts, environment, &known, &mut errors);
    // A file for another machine is judged there.
    if commands != Commands::Assume {
        errors.extend(exposed_password(&texts, path, &file));
    }
    expand_all(&mut texts, path, &file, commands, &mut errors);
    Ok((texts, errors))
}

fn open(path: &Path) -> Result<(File, Zeroizing<String>), SettingError> {
    let unreadable = |error: std::io::Error| {
        if error.kind() == std::io::ErrorKind::InvalidData {
            let message = format!("the configuration file {} is not UTF-8 text", path.display());
            return SettingError::general(message, "save it as UTF-8 without a byte order mark");
        }
        let message = format!("the configuration file {} cannot be read: {error}", path.display());
        SettingError::general(message, "`aliasd config default` prints a file to start from")
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut contents = Zeroizing::new(String::new());
    (&mut file).take(FILE_SIZE_MAX + 1).read_to_string(&mut contents).map_err(unreadable)?;
    if contents.len() as u64 > FILE_SIZE_MAX {
        let message = format!("the configuration file {} is larger than {FILE_SIZE_MAX} bytes", path.display());
        return Err(SettingError::general(message, "is it the right file?"));
    }
    Ok((file, contents))
}

fn parse(path: &Path, contents: &str, known: &[String], errors: &mut Vec<SettingError>) -> Result<Texts, SettingError> {
    let origin = |offset: usize| Origin::File { path: path.to_owned(), line: line_of(contents, offset) };
    let document = DeTable::parse(contents).map_err(|error| {
        // Only the parser's sentence: its full report quotes the line, which may hold a password.
        let wrong =
            SettingError::general(format!("not TOML: {}", error.message()), "write `key = value` under a [section]");
        match error.span() {
            Some(span) => wrong.at(origin(span.start)),
            None => wrong,
        }
    })?;
    let mut texts = Texts::new();
    for (section, value) in document.get_ref() {
        let at = origin(section.span().start);
        let Some(table) = value.get_ref().as_table() else {
            errors.push(unknown(section.get_ref(), known).at(at));
            continue;
        };
        if !known.iter().any(|name| name.split('.').next() == Some(section.get_ref().as_ref())) {
            let sections: Vec<String> = schema::sections().into_iter().map(|section| section.name).collect();
            errors.push(unknown(section.get_ref(), &sections).at(at));
            continue;
        }
        for (key, value) in table {
            let at = origin(key.span().start);
            let name = format!("{}.{}", section.get_ref(), key.get_ref());
            if !known.contains(&name) {
                errors.push(unknown(&name, known).at(at));
            } else if let Some(text) = scalar(value.get_ref()) {
                texts.insert(name, Given { text: Zeroizing::new(text), origin: at });
            } else {
                let message = format!("takes one value, not {}", value.get_ref().type_str());
                errors.push(SettingError::of(&name, message, "see `aliasd config default` for its form").at(at));
            }
        }
    }
    Ok(texts)
}

fn overlay(
    texts: &mut Texts,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    known: &[String],
    errors: &mut Vec<SettingError>,
) {
    let sections = schema::sections();
    let variables: BTreeMap<String, String> =
        sections.iter().flat_map(|section| &section.keys).map(|key| (key.variable(), key.name.clone())).collect();
    for (variable, value) in environment {
        // A name that is no text is none of ours.
        let Ok(variable) = variable.into_string() else { continue };
        let Some(rest) = variable.strip_prefix("ALIASD_") else { continue };
        let origin = Origin::Environment { variable: variable.clone() };
        if let Some(name) = variables.get(&variable) {
            let Ok(value) = value.into_string() else {
                let (message, hint) = ("the value is not UTF-8 text", "set the variable to UTF-8 text, or unset it");
                errors.push(SettingError::of(name, message, hint).at(origin));
                continue;
            };
            if expand::command_of(&value).is_some() {
                let message = "a command is expanded only in the configuration file";
                let hint = "set the variable to the value itself";
                errors.push(SettingError::of(name, message, hint).at(origin));
                continue;
            }
            texts.insert(name.clone(), Given { text: Zeroizing::new(value), origin });
        } else if let Some((section, key)) = rest.split_once('_') {
            // Other variables of that prefix belong to `aliasctl`; one with the name of a section is a slip.
            let section = section.to_ascii_lowercase();
            if sections.iter().any(|known| known.name == section) {
                let name = format!("{section}.{}", key.to_ascii_lowercase());
                errors.push(unknown(&name, known).at(origin));
            }
        }
    }
}

/// A password that stands in the file, if others may read it there.
fn exposed_password(texts: &Texts, path: &Path, file: &File) -> Option<SettingError> {
    let name = "keystore.password";
    let given = texts.get(name).filter(|given| matches!(given.origin, Origin::File { .. }))?;
    if expand::command_of(&given.text).is_some() {
        return None;
    }
    let (message, hint) = private::exposure(&file.metadata().ok()?)?;
    let message = format!("the password stands in {}, which {message}", path.display());
    Some(SettingError::of(name, message, hint).at(given.origin.clone()))
}

fn expand_all(texts: &mut Texts, path: &Path, file: &File, commands: Commands, errors: &mut Vec<SettingError>) {
    if !texts.values().any(|given| expand::command_of(&given.text).is_some()) {
        return;
    }
    let mut commands = commands;
    if commands == Commands::Run {
        let refusal = expand::refusal(file).unwrap_or_else(|error| {
            let message = format!("the file's mode and owner cannot be read: {error}");
            Some((message, "check the file system".to_owned()))
        });
        if let Some((message, hint)) = refusal {
            errors.push(SettingError::general(format!("{}: {message}", path.display()), hint));
            commands = Commands::Assume;
        }
    }
    let mut examples = examples();
    for (name, given) in texts.iter_mut() {
        let Some(command) = expand::command_of(&given.text) else { continue };
        let example = examples.remove(name).map(|example| example.text).unwrap_or_default();
        let expanded = match commands {
            Commands::Run => expand::run(command, expand::TIMEOUT)
                .map_err(|message| (message, "run it by hand as the user of aliasd to see why")),
            // Any well-formed text will do where the value itself is not looked at.
            Commands::Assume => Ok(example.clone()),
            Commands::Refuse => Err((
                "is a command, and commands run only on request".to_owned(),
                "start aliasd with --expand-commands",
            )),
        };
        given.text = expanded.unwrap_or_else(|(message, hint)| {
            errors.push(SettingError::of(name, message, hint).at(given.origin.clone()));
            example
        });
    }
}

fn unknown(name: &str, known: &[String]) -> SettingError {
    let hint = match schema::nearest(name, known) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => "`aliasd config default` lists every setting".to_owned(),
    };
    SettingError::of(name, "there is no such setting", hint)
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

fn line_of(contents: &str, offset: usize) -> usize {
    contents.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
