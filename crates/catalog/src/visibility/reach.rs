//! Whom a principal may ask for: itself and those it may impersonate.

use std::collections::BTreeSet;

use super::rules::sufficient_to_impersonate;
use crate::{Catalog, GrantEffect, Principal, Privilege, UserName, UserScope};

/// Whom a principal may ask for, arranged so that nobody has to go through all users.
#[derive(Debug)]
pub(super) struct Reach {
    /// Everybody but those excepted.
    everybody: bool,
    /// Users that are denied by name.
    excepted: BTreeSet<UserName>,
    /// Oneself, active or not, and the users that are granted by name.
    named: BTreeSet<UserName>,
}

/// Whether a user may act for everybody but those that are excepted by name.
pub(super) fn acts_for_everybody(catalog: &Catalog, user: &UserName) -> bool {
    catalog.holds(user, &sufficient_to_impersonate(&UserScope::All))
}

impl Reach {
    pub(super) fn of(catalog: &Catalog, who: &Principal) -> Self {
        let (mut excepted, mut named) = (BTreeSet::new(), BTreeSet::new());
        let Principal::User(own) = who else { return Self { everybody: true, excepted, named } };
        named.insert(own.clone());
        if catalog.authorise_caller(who).is_err() {
            return Self { everybody: false, excepted, named };
        }
        let visibility = catalog.visible_to(who);
        let roles = catalog.effective_roles(own);
        for (grant, _) in roles.iter().flat_map(|role| catalog.grants_of(role)) {
            match &grant.privilege {
                Privilege::Impersonate(UserScope::Named(user)) if visibility.act_for(user).is_ok() => {
                    named.insert(user.clone());
                }
                Privilege::Impersonate(UserScope::Named(user)) if grant.effect == GrantEffect::Denied => {
                    excepted.insert(user.clone());
                }
                _ => {}
            }
        }
        Self { everybody: acts_for_everybody(catalog, own), excepted, named }
    }

    pub(super) fn includes(&self, user: &UserName) -> bool {
        self.named.contains(user) || (self.everybody && !self.excepted.contains(user))
    }

    /// Whether it includes a user of whom this holds. It does of some user, present or future, if nobody is excepted from
    /// everybody; otherwise the candidates are gone through, which should be all that it can hold of.
    pub(super) fn includes_any<'u>(
        &self,
        mut candidates: impl Iterator<Item = &'u UserName>,
        holds: impl Fn(&UserName) -> bool,
    ) -> bool {
        let among_everybody = self.everybody
            && (self.excepted.is_empty() || candidates.any(|user| !self.excepted.contains(user) && holds(user)));
        among_everybody || self.named.iter().any(holds)
    }
}
