//! The index says what the grants say, no matter in which order they come and go.

use super::Standings;
use crate::{DbmsAction, Grant, GrantEffect, Privilege, RoleName};

fn grant(effect: GrantEffect, immutable: bool) -> Grant {
    let (role, privilege) = (RoleName::admin(), Privilege::Dbms(DbmsAction::CreateAlias));
    Grant { role, effect, privilege, immutable }
}

/// Whether the privilege is granted and denied; none if the role has nothing at all.
fn standing(standings: &Standings) -> Option<(bool, bool)> {
    let of_role = standings.of("admin")?;
    let standing = of_role.get(&Privilege::Dbms(DbmsAction::CreateAlias)).expect("no role is kept without privileges");
    Some((standing.is_granted(), standing.is_denied()))
}

#[test]
fn a_privilege_stands_until_the_last_grant_of_it_is_gone() {
    let mut standings = Standings::default();
    assert_eq!(standing(&standings), None);
    standings.add(&grant(GrantEffect::Granted, false));
    standings.add(&grant(GrantEffect::Granted, true));
    standings.add(&grant(GrantEffect::Denied, true));
    assert_eq!(standing(&standings), Some((true, true)));
    standings.remove(&grant(GrantEffect::Granted, false));
    assert_eq!(standing(&standings), Some((true, true)), "the immutable one is left");
    standings.remove(&grant(GrantEffect::Granted, true));
    assert_eq!(standing(&standings), Some((false, true)));
    standings.remove(&grant(GrantEffect::Denied, true));
    assert_eq!(standing(&standings), None);
}

#[test]
fn a_clone_is_not_touched() {
    let mut standings = Standings::default();
    standings.add(&grant(GrantEffect::Granted, false));
    let before = standings.clone();
    standings.add(&grant(GrantEffect::Denied, false));
    assert_eq!((standing(&before), standing(&standings)), (Some((true, false)), Some((true, true))));
}
