//! The list of settings, read from the commented default file that is compiled in. That file is the only place
//! where a setting's name, purpose and default are written down.

/// The commented default file: what `aliasd config default` prints.
pub const DEFAULT_FILE: &str = include_str!("default.toml");

/// A group of settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) name: String,
    pub(super) purpose: String,
    pub(super) keys: Vec<Key>,
}

/// A setting as docs/config.md describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// With its section: `node.client_listen`.
    pub(super) name: String,
    pub(super) purpose: String,
    /// A value in TOML: the default, or else an example.
    pub(super) value: String,
    pub(super) has_default: bool,
}

impl Key {
    /// The environment variable that overrides the setting.
    pub(super) fn variable(&self) -> String {
        format!("ALIASD_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }
}

/// Reads the default file. Its form is fixed and tested, so a line of another form is passed over.
pub(super) fn sections() -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    for line in DEFAULT_FILE.lines() {
        if let Some(text) = line.strip_prefix("# ") {
            comment.push(text);
        } else if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let purpose = comment.join(" ");
            sections.push(Section { name: name.to_owned(), purpose, keys: Vec::new() });
        } else if let (Some((name, value)), Some(section)) = (line.split_once(" = "), sections.last_mut()) {
            section.keys.push(Key {
                name: format!("{}.{}", section.name, name.trim_start_matches('#')),
                purpose: comment.join(" "),
                value: value.to_owned(),
                has_default: !name.starts_with('#'),
            });
        }
        if !line.starts_with("# ") {
            comment.clear();
        }
    }
    sections
}

/// The setting that was probably meant, if one is near enough.
pub(super) fn nearest(name: &str, known: &[String]) -> Option<String> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    // The right key in the wrong section is the likeliest slip of all.
    if let Some(found) = known.iter().find(|candidate| last(candidate) == last(name)) {
        return Some(found.clone());
    }
    aliasd_cypher::nearest(name, known.iter().map(String::as_str)).map(str::to_owned)
}
