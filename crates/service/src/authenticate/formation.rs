//! What proves an operator before there are users to be: a token that only those can read who may read the node's data.
//!
//! To call from the node's own machine proves nothing: everybody with an account there, and every program, could make
//! themselves the first administrator. Kept as a digest, so that nothing in this process can show it.

use aliasd_catalog::PlainSecret;
use aliasd_runtime::Runtime;
use sha2::{Digest, Sha256};

use crate::identity::header::{self, AuthorizationHeader};

/// The token of one node, good for forming a cluster once.
#[derive(Clone, Copy, Debug)]
pub struct FormationToken {
    digest: [u8; 32],
}

impl FormationToken {
    /// Draws one, and gives its text for the file that the operator reads.
    pub fn draw(runtime: &dyn Runtime) -> (Self, PlainSecret) {
        let text = runtime.random_text::<32>();
        (Self { digest: Sha256::digest(&text).into() }, PlainSecret::new(text))
    }

    /// Whether a call brings this token, as `Bearer` (RFC 6750).
    pub(super) fn is_brought_by(&self, authorization: Option<&[u8]>) -> bool {
        let Some(Ok(AuthorizationHeader::Bearer(text))) = authorization.map(header::parse) else {
            return false;
        };
        // What is compared are digests: how far they agree tells nothing about the token.
        let digest: [u8; 32] = Sha256::digest(text).into();
        digest == self.digest
    }
}

#[cfg(test)]
mod tests {
    use aliasd_runtime::TokioRuntime;

    use super::*;

    #[tokio::test]
    async fn only_the_token_itself_proves_an_operator() {
        let runtime = TokioRuntime::current();
        let (token, text) = FormationToken::draw(&runtime);
        let (other, _) = FormationToken::draw(&runtime);
        let brought = format!("Bearer {}", text.expose());
        assert!(token.is_brought_by(Some(brought.as_bytes())));
        assert!(token.is_brought_by(Some(brought.replace("Bearer", "bearer").as_bytes())));
        assert!(!other.is_brought_by(Some(brought.as_bytes())));
        for wrong in [None, Some(""), Some("Bearer "), Some(text.expose()), Some(&brought[..brought.len() - 1])] {
            assert!(!token.is_brought_by(wrong.map(str::as_bytes)), "{wrong:?}");
        }
        assert!(!format!("{token:?}").contains(text.expose()));
    }
}
