//! What is written: aliases that come, change and go, and who may use them.

use super::run::{Run, alias, remote};
use crate::history::{Command, CreateMode, Destination, GrantKind, Privilege};

impl Run {
    /// Any statement of an administrator.
    pub(super) fn any_command(&mut self) -> Command {
        let name = alias(self.dice.below(self.shape.names));
        match self.dice.below(20) {
            0..4 => {
                let mode = *self.dice.one(&[CreateMode::Fail, CreateMode::IfNotExists, CreateMode::OrReplace]);
                let local = self.dice.percent(20);
                let destination =
                    if local { Destination::Local { database: "garden".to_owned() } } else { remote(self.tag("c")) };
                Command::CreateAlias { name, destination, mode }
            }
            4..9 => {
                let credential = Some(self.tag("c")).filter(|_| self.dice.percent(80));
                let user = Some(self.dice.one(&["bob", "rob"]).to_string()).filter(|_| self.dice.percent(30));
                let moved = self.dice.percent(30);
                let url = moved.then(|| self.dice.one(&["neo4j+s://b:7687", "neo4j+s://c:7687"]).to_string());
                let database = moved.then(|| self.dice.one(&["movies", "films"]).to_string());
                let credential = credential.or_else(|| (!moved && user.is_none()).then(|| self.tag("c")));
                Command::AlterAlias { name, database, url, user, credential }
            }
            9..11 => Command::DropAlias { name },
            number => self.any_change_of_access(number, name),
        }
    }

    fn any_change_of_access(&mut self, number: u64, name: String) -> Command {
        let user = self.dice.one(&["carol", "dora"]).to_string();
        let reader = || "reader".to_owned();
        match number {
            11 => Command::AlterUser { name: user, suspended: Some(self.dice.percent(30)), password: None },
            12 => Command::GrantRole { role: reader(), user },
            13 => Command::RevokeRole { role: reader(), user },
            14 | 15 => {
                let kind = if self.dice.percent(75) { GrantKind::Granted } else { GrantKind::Denied };
                Command::Assign { kind, privilege: Privilege::Access { on: name }, role: reader() }
            }
            16 => {
                let kind = *self.dice.one(&[None, Some(GrantKind::Granted), Some(GrantKind::Denied)]);
                Command::Revoke { kind, privilege: Privilege::Access { on: name }, role: reader() }
            }
            17 => {
                let privilege = Privilege::ResolveAlias { alias: "*".to_owned() };
                let role = "server".to_owned();
                if self.dice.percent(30) {
                    Command::Revoke { kind: None, privilege, role }
                } else {
                    Command::Assign { kind: GrantKind::Granted, privilege, role }
                }
            }
            18 => {
                let names = ["dora", "dorian"];
                let from = usize::from(self.dice.percent(50));
                Command::RenameUser { from: names[from].to_owned(), to: names[1 - from].to_owned() }
            }
            _ => {
                let token = self.tokens.keys().next_back().cloned();
                match token.filter(|_| self.dice.percent(50)) {
                    Some(token) => Command::EndToken { token },
                    None if self.dice.percent(50) => {
                        let password = Some(self.tag("p"));
                        let name = self.dice.one(&["carol", "service"]).to_string();
                        Command::AlterUser { name, suspended: None, password }
                    }
                    None => Command::Other { what: "ALTER CLUSTER SET POLICY".to_owned() },
                }
            }
        }
    }
}
