//! A sealed credential opens with the key that it names, and is what was set last.

use std::collections::BTreeMap;

use aliasd_catalog::{RequestId, Revision};

/// Which credential each request sets.
#[derive(Default)]
pub struct Credentials {
    set: BTreeMap<RequestId, String>,
}

impl Credentials {
    /// A request sets that credential, if it has an effect on an alias.
    pub fn sets(&mut self, request: RequestId, credential: &str) {
        self.set.insert(request, credential.to_owned());
    }

    /// At a revision a request changed an alias, whose credential opened as this, before and after.
    ///
    /// # Errors
    /// It does not open, or is not what was set.
    pub fn changed(
        &self,
        revision: Revision,
        request: Option<RequestId>,
        before: Option<Result<String, String>>,
        after: Result<String, String>,
    ) -> Result<(), String> {
        let opened = after.map_err(|error| format!("at revision {revision} a credential does not open: {error}"))?;
        let set = request.and_then(|request| self.set.get(&request).cloned());
        let expected = set.or_else(|| before.and_then(Result::ok));
        if expected.as_ref() == Some(&opened) {
            return Ok(());
        }
        Err(format!("at revision {revision} a credential opens as '{opened}', and {expected:?} was set"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_that_nobody_set_and_one_that_does_not_open_are_violations() {
        let text = |text: &str| Ok::<_, String>(text.to_owned());
        let (sets, alters) = (RequestId([1; 16]), RequestId([2; 16]));
        let mut credentials = Credentials::default();
        credentials.sets(sets, "one");
        let at = Revision(5);
        assert!(credentials.changed(at, Some(sets), None, text("one")).is_ok());
        assert!(credentials.changed(at, Some(sets), Some(text("one")), text("other")).is_err());
        assert!(credentials.changed(at, Some(alters), Some(text("one")), text("one")).is_ok());
        assert!(credentials.changed(at, Some(alters), Some(text("one")), text("two")).is_err());
        assert!(credentials.changed(at, Some(alters), None, text("one")).is_err());
        assert!(credentials.changed(at, Some(sets), None, Err("another key".to_owned())).is_err());
    }
}
