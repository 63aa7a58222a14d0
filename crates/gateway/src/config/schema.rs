//! From a file to one text per setting, by the list of settings in the commented default file that is compiled in. That file is
//! the only place where a setting's name, purpose and default are written down.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, SettingError};

/// The commented default file: what `aliasd-gateway config default` prints.
pub(crate) const DEFAULT_FILE: &str = include_str!("default.toml");

/// A configuration file is a few kilobytes.
const FILE_SIZE_MAX: u64 = 1 << 20;

/// The text of one setting and the line that it stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) text: String,
    pub(super) line: Option<usize>,
}

/// The text of every setting that has one, by name.
pub(super) type Texts = BTreeMap<String, Given>;

/// The default values, and for settings without one the example.
pub(super) fn examples() -> Texts {
    let (mut section, mut texts) = ("", Texts::new());
    for line in DEFAULT_FILE.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        } else if let Some((name, value)) = line.split_once(" = ")
            && !line.starts_with("# ")
        {
            let value = DeValue::parse(value).ok().and_then(|value| scalar(value.get_ref()));
            let name = format!("{section}.{}", name.trim_start_matches('#'));
            texts.insert(name, Given { text: value.unwrap_or_default(), line: None });
        }
    }
    texts
}

/// Reads a file. Defaults are not filled in. Also tells what is wrong with single settings, which have no text among the others
/// then: the rest can be judged in the same go.
pub(super) fn read(path: &Path) -> Result<(Texts, Vec<SettingError>), ConfigError> {
    use std::io::Read as _;

    let unreadable = |error: std::io::Error| {
        let message = format!("the file cannot be read: {error}");
        SettingError::general(message, "`aliasd-gateway config default` prints a file to start from")
    };
    let mut contents = String::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(FILE_SIZE_MAX + 1).read_to_string(&mut contents).map_err(unreadable)?;
    if contents.len() as u64 > FILE_SIZE_MAX {
        let message = format!("the file is larger than {FILE_SIZE_MAX} bytes");
        return Err(SettingError::general(message, "is it the right file?").into());
    }
    parse(&contents)
}

/// Reads the contents of a file.
pub(super) fn parse(contents: &str) -> Result<(Texts, Vec<SettingError>), ConfigError> {
    let known: Vec<String> = examples().into_keys().collect();
    let line = |offset: usize| Some(contents.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1);
    let document = DeTable::parse(contents).map_err(|error| {
        let wrong = format!("not TOML: {}", error.message());
        let wrong = SettingError::general(wrong, "write `key = value` under a [section]");
        wrong.at(error.span().and_then(|span| line(span.start)))
    })?;
    let (mut texts, mut errors) = (Texts::new(), Vec::new());
    for (section, value) in document.get_ref() {
        let at = line(section.span().start);
        let Some(table) = value.get_ref().as_table() else {
            errors.push(unknown(section.get_ref(), &known).at(at));
            continue;
        };
        for (key, value) in table {
            let at = line(key.span().start);
            let name = format!("{}.{}", section.get_ref(), key.get_ref());
            if !known.contains(&name) {
                errors.push(unknown(&name, &known).at(at));
            } else if let Some(text) = scalar(value.get_ref()) {
                texts.insert(name, Given { text, line: at });
            } else {
                let message = format!("takes one value, not {}", value.get_ref().type_str());
                let hint = "see `aliasd-gateway config default` for its form";
                errors.push(SettingError::of(&name, message, hint).at(at));
            }
        }
    }
    Ok((texts, errors))
}

fn unknown(name: &str, known: &[String]) -> SettingError {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    // The right key in the wrong section is the likeliest slip of all.
    let same_key = known.iter().find(|candidate| last(candidate) == last(name)).map(String::as_str);
    let nearest = same_key.or_else(|| aliasd_cypher::nearest(name, known.iter().map(String::as_str)));
    let hint = match nearest {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => "`aliasd-gateway config default` lists every setting".to_owned(),
    };
    SettingError::of(name, "there is no such setting", hint)
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}
