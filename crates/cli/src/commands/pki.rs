//! `aliasctl pki`: the certificates of a cluster.

use std::path::PathBuf;
use std::time::Duration;

use aliasd_keyring::pki::{Authority, CertificateSubject};

use super::print;
use crate::arguments::{Issue, IssueCommon, Pki};
use crate::command_error::CommandError;
use crate::output::fields;

const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn run(command: Pki) -> Result<(), CommandError> {
    match command {
        Pki::Init { dir, name } => {
            let authority = Authority::create(&name)?;
            show(authority.save(&dir)?)
        }
        Pki::Issue(Issue::Node { id, hosts, common }) => {
            issue(&CertificateSubject::Node { id, hosts }, &format!("node-{id}"), &common)
        }
        Pki::Issue(Issue::Client { identity, common }) => {
            let stem = file_name(&identity);
            issue(&CertificateSubject::Client { identity }, &stem, &common)
        }
    }
}

fn issue(subject: &CertificateSubject, stem: &str, common: &IssueCommon) -> Result<(), CommandError> {
    let authority = Authority::load(&common.dir)?;
    let issued = authority.issue(subject, DAY * common.days)?;
    let directory = common.out.as_ref().unwrap_or(&common.dir);
    show(if common.replace { issued.save_over(directory, stem)? } else { issued.save(directory, stem)? })
}

fn show((certificate, key): (PathBuf, PathBuf)) -> Result<(), CommandError> {
    let text = fields(&[("certificate", certificate.display().to_string()), ("key", key.display().to_string())]);
    print(&text)
}

/// The identity as a file name: whatever could lead elsewhere becomes `_`.
fn file_name(identity: &str) -> String {
    let name = identity.replace(|letter: char| !letter.is_alphanumeric() && !"._-@+ ".contains(letter), "_");
    if name.starts_with('.') { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn an_identity_cannot_lead_out_of_the_directory() {
        assert_eq!(file_name("dbms-a"), "dbms-a");
        assert_eq!(file_name("../../etc/x"), "_.._.._etc_x");
        assert_eq!(file_name(".hidden"), "_.hidden");
    }
}
