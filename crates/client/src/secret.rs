//! A secret that is wiped when dropped and cannot be printed.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

/// A password or token. Wiped when the last clone is dropped; `Debug` prints `'******'`; there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Takes over a secret. The caller's buffer is moved, not copied.
    pub fn new(secret: String) -> Self {
        Self(Arc::new(Zeroizing::new(secret)))
    }

    /// The secret itself. Keep it out of anything that prints.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self::new(secret)
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self::new(secret.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("'******'")
    }
}
