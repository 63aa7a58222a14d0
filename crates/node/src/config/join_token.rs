//! The token that lets this node into a cluster, from the file that the configuration names.

use std::fmt::Display;
use std::fs;
use std::io;
use std::path::Path;

use aliasd_keyring::text::text;
use aliasd_replica::JoinToken;
use zeroize::Zeroizing;

use super::private::exposed;
use super::{Config, SettingError};

pub(super) const JOIN_TOKEN: &str = "node.join_token_file";

impl Config {
    /// The join token, if a file is named and is there: once the node belongs to a cluster, it may be removed.
    ///
    /// # Errors
    /// The file cannot be read, others can read it too, or it holds no token for this node. Nothing is said of what it holds.
    pub fn join_token(&self) -> Result<Option<JoinToken>, SettingError> {
        let Some(file) = &self.node.join_token_file else { return Ok(None) };
        let bytes = match fs::read(file) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(file, &error, "name the file that 'aliasctl cluster add --save' wrote")),
        };
        if let Some(exposed) = exposed(JOIN_TOKEN, file) {
            return Err(exposed);
        }
        let text = text(bytes).map_err(|error| unusable(file, &error, error.hint()))?;
        let token = JoinToken::parse(&text);
        let token =
            token.map_err(|error| unusable(file, &error, "save what 'aliasctl cluster add' prints as it is"))?;
        if token.node != self.node.id.get() {
            let message = format!("{} is for node {}, and this is node {}", file.display(), token.node, self.node.id);
            return Err(SettingError::of(JOIN_TOKEN, message, "make one for this node with 'aliasctl cluster add'"));
        }
        Ok(Some(token))
    }

    /// That the file with the join token is missing, for a node that belongs to no cluster.
    pub(crate) fn join_token_missing(&self) -> Option<SettingError> {
        let file = self.node.join_token_file.as_ref()?;
        let message = format!("{} is not there, and the node belongs to no cluster yet", file.display());
        Some(SettingError::of(JOIN_TOKEN, message, "name the file that 'aliasctl cluster add --save' wrote, or none"))
    }
}

fn unusable(file: &Path, reason: &dyn Display, hint: &str) -> SettingError {
    SettingError::of(JOIN_TOKEN, format!("{} cannot be used: {reason}", file.display()), hint)
}
