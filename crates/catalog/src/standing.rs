//! What each role is granted and denied, arranged for deciding: one look-up per role and privilege, and
//! nothing copied. An index over the grants; it never holds anything that they do not say.

use rpds::RedBlackTreeMapSync as Map;

use crate::{Grant, GrantEffect, Privilege, RoleName};

/// The privileges of every role that has any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standings(Map<RoleName, RoleStanding>);

/// The privileges of one role.
pub(crate) type RoleStanding = Map<Privilege, GrantCount>;

/// How often one privilege is granted and denied to one role: twice where an immutable one stands beside an
/// ordinary one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct GrantCount {
    granted: u8,
    denied: u8,
}

impl GrantCount {
    pub(crate) fn is_granted(self) -> bool {
        self.granted > 0
    }

    pub(crate) fn is_denied(self) -> bool {
        self.denied > 0
    }

    fn count(&mut self, effect: GrantEffect) -> &mut u8 {
        match effect {
            GrantEffect::Granted => &mut self.granted,
            GrantEffect::Denied => &mut self.denied,
        }
    }
}

impl Standings {
    /// What the role is granted and denied; none if that is nothing.
    pub(crate) fn of(&self, role: &str) -> Option<&RoleStanding> {
        self.0.get(role)
    }

    pub(crate) fn add(&mut self, grant: &Grant) {
        let mut of_role = self.0.get(&grant.role).cloned().unwrap_or_default();
        let mut standing = of_role.get(&grant.privilege).copied().unwrap_or_default();
        *standing.count(grant.effect) += 1;
        of_role.insert_mut(grant.privilege.clone(), standing);
        self.0.insert_mut(grant.role.clone(), of_role);
    }

    /// Takes back an [`Self::add`] of the same grant.
    pub(crate) fn remove(&mut self, grant: &Grant) {
        let Some(mut of_role) = self.0.get(&grant.role).cloned() else { return };
        let mut standing = of_role.get(&grant.privilege).copied().unwrap_or_default();
        let count = standing.count(grant.effect);
        *count = count.saturating_sub(1);
        if standing == GrantCount::default() {
            of_role.remove_mut(&grant.privilege);
        } else {
            of_role.insert_mut(grant.privilege.clone(), standing);
        }
        if of_role.is_empty() {
            self.0.remove_mut(&grant.role);
        } else {
            self.0.insert_mut(grant.role.clone(), of_role);
        }
    }
}

#[cfg(test)]
mod tests;
