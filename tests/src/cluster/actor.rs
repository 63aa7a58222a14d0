//! Whoever talks to a cluster through `aliasctl`: a person with a password, or a program with a
//! certificate.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use aliasd_client::Client;
use anyhow::{Result, bail};

use super::{Cluster, aliasctl};
use crate::process::{self, Finished};

/// A catalog user and how it logs in.
#[derive(Clone, Debug)]
pub struct Actor {
    /// What people call it.
    pub name: String,
    login: ActorLogin,
}

#[derive(Clone, Debug)]
enum ActorLogin {
    Password { user: String, password: String },
    Certificate { certificate: PathBuf, key: PathBuf },
}

// === impl Actor ===

impl Actor {
    /// A person who logs in as `user` with a password.
    pub fn with_password(name: &str, user: &str, password: &str) -> Self {
        let login = ActorLogin::Password { user: user.to_owned(), password: password.to_owned() };
        Self { name: name.to_owned(), login }
    }

    /// A program that proves itself with a client certificate.
    pub fn with_certificate(name: &str, certificate: PathBuf, key: PathBuf) -> Self {
        Self { name: name.to_owned(), login: ActorLogin::Certificate { certificate, key } }
    }

    /// Certificate and key of a program that proves itself with one.
    pub fn certificate(&self) -> Option<(&Path, &Path)> {
        match &self.login {
            ActorLogin::Password { .. } => None,
            ActorLogin::Certificate { certificate, key } => Some((certificate, key)),
        }
    }

    /// `aliasctl` as this actor, with the nodes at these addresses.
    pub fn aliasctl(&self, cluster: &Cluster, endpoints: &[String]) -> Command {
        let mut command = aliasctl();
        command.env("ALIASD_ENDPOINTS", endpoints.join(",")).env("ALIASD_CA", cluster.layout().ca());
        match &self.login {
            ActorLogin::Password { user, password } => {
                command.env("ALIASD_USER", user).env("ALIASD_PASSWORD", password)
            }
            ActorLogin::Certificate { certificate, key } => {
                command.env("ALIASD_CERT", certificate).env("ALIASD_KEY", key)
            }
        };
        command
    }

    /// An SDK client as this actor, with the nodes at these addresses. Needs a tokio runtime.
    pub fn sdk(&self, cluster: &Cluster, endpoints: &[String]) -> Result<Client> {
        let builder = Client::builder().endpoints(endpoints).ca_pem(fs::read(cluster.layout().ca())?);
        let builder = match &self.login {
            ActorLogin::Password { user, password } => builder.password(user, password.clone()),
            ActorLogin::Certificate { certificate, key } => {
                builder.certificate(fs::read(certificate)?, fs::read_to_string(key)?)
            }
        };
        Ok(builder.build()?)
    }

    /// Runs `aliasctl` as this actor to its end.
    pub fn run(&self, cluster: &Cluster, endpoints: &[String], arguments: &[&str]) -> Result<Finished> {
        process::run(self.aliasctl(cluster, endpoints).args(arguments), &cluster.layout().record())
    }

    /// Runs a statement; an error with what was said if it is refused.
    pub fn exec(&self, cluster: &Cluster, statement: &str) -> Result<String> {
        let finished = self.run(cluster, &cluster.endpoints(), &["exec", statement])?;
        if finished.code != Some(0) {
            bail!("{statement}: {}{}", finished.stdout, finished.stderr);
        }
        Ok(finished.stdout)
    }
}
