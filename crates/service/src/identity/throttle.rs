//! How many wrong passwords an address and a user get before both have to wait. Pure: time is handed in, nothing is read.
//!
//! A wrong password costs one of a number of tries, which come back evenly over a minute; a right one costs none. Every
//! address has its tries and so has every user, so that neither one address guessing at many users nor many addresses guessing
//! at one user get far. Where a user has logged in before, and for a known caller who asks about it, it has tries of its own:
//! strangers who guess at it lock nobody out there. Names are kept as traces, since they may be passwords in the wrong place.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use aliasd_runtime::Moment;

use super::verified::Trace;

/// In this time all tries come back.
const REFILL: Duration = Duration::from_secs(60);
/// Addresses, users and familiar places that are kept, each. The one that has waited longest goes first.
const KEPT_MAX: usize = 4096;

/// How many wrong passwords are taken in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginLimits {
    /// From one address.
    pub per_address: u32,
    /// For one user.
    pub per_user: u32,
}

/// Who tries, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Attempt {
    /// What stands for the name that was given.
    pub(super) user: Trace,
    /// [`network_of`] the address; none where a caller that is known already asks about somebody else.
    pub(super) from: Option<IpAddr>,
}

#[derive(Debug)]
pub(super) struct Throttle {
    limits: LoginLimits,
    addresses: Tries<IpAddr>,
    users: Tries<Trace>,
    /// Where a user has logged in, or is asked about: the tries that it has there.
    familiar: Tries<Attempt>,
    /// Whoever has been let in as a user, and says its present password in order to change it.
    changing: Tries<Trace>,
}

/// What counts as one address: in IPv6 a network of 64 bits, which is what one customer of a provider gets.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

impl Throttle {
    pub(super) fn new(limits: LoginLimits) -> Self {
        Self {
            limits,
            addresses: Tries::default(),
            users: Tries::default(),
            familiar: Tries::default(),
            changing: Tries::default(),
        }
    }

    /// Takes a try of a user at its own password, as a token that was stolen could. They are apart from all others, so that these
    /// lock nobody out. Gives how long to wait if there is none.
    pub(super) fn admit_change(&mut self, user: Trace, now: Moment) -> Result<(), Duration> {
        self.changing.take(user, self.limits.per_user, now)
    }

    /// It was not wrong: the try is given back.
    pub(super) fn give_back_change(&mut self, user: &Trace) {
        self.changing.give_back(user, self.limits.per_user);
    }

    /// Whether the user has logged in from there before.
    pub(super) fn is_familiar(&self, attempt: &Attempt) -> bool {
        self.familiar.spent_at.contains_key(attempt)
    }

    fn has_own_tries(&self, attempt: &Attempt) -> bool {
        attempt.from.is_none() || self.is_familiar(attempt)
    }

    /// Takes a try. Gives how long to wait if there is none.
    pub(super) fn admit(&mut self, attempt: Attempt, now: Moment) -> Result<(), Duration> {
        let LoginLimits { per_address, per_user } = self.limits;
        if self.has_own_tries(&attempt) {
            return self.familiar.take(attempt, per_user, now);
        }
        if let Some(address) = attempt.from {
            self.addresses.take(address, per_address, now)?;
        }
        let taken = self.users.take(attempt.user, per_user, now);
        if let (Err(_), Some(address)) = (taken, attempt.from) {
            // Nothing was tried.
            self.addresses.give_back(&address, per_address);
        }
        taken
    }

    /// The password was right: the try is given back, and the place is familiar.
    pub(super) fn succeeded(&mut self, attempt: Attempt, now: Moment) {
        let LoginLimits { per_address, per_user } = self.limits;
        if self.has_own_tries(&attempt) {
            return self.familiar.give_back(&attempt, per_user);
        }
        self.give_back_of(&attempt, per_address, per_user);
        self.familiar.keep(attempt, now, now);
    }

    /// No password was verified after all: the try is given back.
    pub(super) fn not_tried(&mut self, attempt: &Attempt) {
        let LoginLimits { per_address, per_user } = self.limits;
        if self.has_own_tries(attempt) {
            return self.familiar.give_back(attempt, per_user);
        }
        self.give_back_of(attempt, per_address, per_user);
    }

    fn give_back_of(&mut self, attempt: &Attempt, per_address: u32, per_user: u32) {
        if let Some(address) = &attempt.from {
            self.addresses.give_back(address, per_address);
        }
        self.users.give_back(&attempt.user, per_user);
    }
}

/// Tries by whose they are. What is kept of each is the moment up to which they are spent: each try moves it on by what one
/// takes to come back, never further than all of them from now.
#[derive(Debug)]
struct Tries<K> {
    spent_at: BTreeMap<K, Moment>,
}

impl<K> Default for Tries<K> {
    fn default() -> Self {
        Self { spent_at: BTreeMap::new() }
    }
}

impl<K: Copy + Ord> Tries<K> {
    fn take(&mut self, key: K, limit: u32, now: Moment) -> Result<(), Duration> {
        let each = each(limit);
        let spent = self.spent_at.get(&key).map_or(now, |spent| (*spent).max(now)) + each;
        let wait = spent.saturating_since(now + REFILL);
        if wait > Duration::ZERO {
            return Err(wait);
        }
        self.keep(key, spent, now);
        Ok(())
    }

    fn give_back(&mut self, key: &K, limit: u32) {
        if let Some(spent) = self.spent_at.get_mut(key) {
            *spent = *spent - each(limit);
        }
    }

    fn keep(&mut self, key: K, spent: Moment, now: Moment) {
        if self.spent_at.len() >= KEPT_MAX && !self.spent_at.contains_key(&key) {
            self.forget(now);
        }
        self.spent_at.insert(key, spent);
    }

    /// Makes room: the one that has most tries back.
    fn forget(&mut self, now: Moment) {
        let most_back = self.spent_at.iter().min_by_key(|(_, spent)| **spent).map(|(key, spent)| (*key, *spent));
        let Some((key, spent)) = most_back else { return };
        self.spent_at.remove(&key);
        if spent < now && self.spent_at.len() >= KEPT_MAX {
            self.spent_at.retain(|_, spent| *spent >= now);
        }
    }
}

/// How long one try takes to come back.
fn each(limit: u32) -> Duration {
    REFILL / limit.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: LoginLimits = LoginLimits { per_address: 6, per_user: 3 };

    fn start_of_the_clock() -> Moment {
        Moment::after_start(Duration::ZERO)
    }

    fn attempt(user: u8, from: &str) -> Attempt {
        Attempt { user: [user; 32], from: Some(network_of(from.parse().unwrap())) }
    }

    #[test]
    fn who_guesses_at_its_own_password_has_tries_apart_from_all_others() {
        let (mut throttle, start) = (Throttle::new(LIMITS), start_of_the_clock());
        for _ in 0..2 {
            assert_eq!(throttle.admit_change([1; 32], start), Ok(()));
        }
        assert_eq!(throttle.admit_change([1; 32], start), Ok(()));
        throttle.give_back_change(&[1; 32]);
        assert_eq!(throttle.admit_change([1; 32], start), Ok(()), "the one before was right");
        assert_eq!(throttle.admit_change([1; 32], start), Err(Duration::from_secs(20)));
        assert_eq!(throttle.admit_change([2; 32], start), Ok(()), "another user");
        assert_eq!(throttle.admit(attempt(1, "192.0.2.1"), start), Ok(()), "and nobody is locked out by it");
    }

    #[test]
    fn a_user_and_an_address_have_tries_that_come_back() {
        let (mut throttle, start) = (Throttle::new(LIMITS), start_of_the_clock());
        for _ in 0..3 {
            assert_eq!(throttle.admit(attempt(1, "192.0.2.1"), start), Ok(()));
        }
        assert_eq!(throttle.admit(attempt(1, "192.0.2.1"), start), Err(Duration::from_secs(20)));
        assert_eq!(throttle.admit(attempt(1, "192.0.2.2"), start), Err(Duration::from_secs(20)), "many guess at one");
        for user in 2..5 {
            assert_eq!(throttle.admit(attempt(user, "192.0.2.1"), start), Ok(()));
        }
        assert_eq!(throttle.admit(attempt(5, "192.0.2.1"), start), Err(Duration::from_secs(10)), "one guesses at many");
        let later = start + Duration::from_secs(20);
        assert_eq!(throttle.admit(attempt(1, "192.0.2.2"), later), Ok(()));
        assert!(throttle.admit(attempt(1, "192.0.2.2"), later).is_err());
    }

    #[test]
    fn where_a_user_has_logged_in_strangers_lock_nobody_out() {
        let (mut throttle, start) = (Throttle::new(LIMITS), start_of_the_clock());
        let home = attempt(1, "192.0.2.1");
        for _ in 0..10 {
            throttle.admit(home, start).unwrap();
            throttle.succeeded(home, start);
        }
        for guess in 0..100 {
            let _ = throttle.admit(attempt(1, &format!("198.51.100.{guess}")), start);
        }
        assert!(throttle.admit(attempt(1, "198.51.100.1"), start).is_err());
        for _ in 0..3 {
            assert_eq!(throttle.admit(home, start), Ok(()));
        }
        assert!(throttle.admit(home, start).is_err(), "even there guessing has an end");
    }

    #[test]
    fn what_was_not_tried_costs_nothing() {
        let (mut throttle, now) = (Throttle::new(LIMITS), start_of_the_clock());
        for _ in 0..100 {
            throttle.admit(attempt(1, "192.0.2.1"), now).unwrap();
            throttle.not_tried(&attempt(1, "192.0.2.1"));
        }
        while throttle.admit(attempt(1, "198.51.100.1"), now).is_ok() {}
        let asked_for = Attempt { user: [1; 32], from: None };
        for _ in 0..3 {
            throttle.admit(asked_for, now).unwrap();
        }
        assert!(throttle.admit(asked_for, now).is_err());
        for user in 2..8 {
            assert_eq!(throttle.admit(attempt(user, "192.0.2.1"), now), Ok(()), "the address has all of its tries");
        }
    }

    #[test]
    fn what_is_kept_is_bounded_and_those_who_wait_are_not_forgotten() {
        let (mut throttle, now) = (Throttle::new(LIMITS), start_of_the_clock());
        for _ in 0..3 {
            throttle.admit(attempt(1, "192.0.2.1"), now).unwrap();
        }
        for number in 0..10_000_u32 {
            let [a, b, c, d] = number.to_be_bytes();
            let mut other = attempt(2, "192.0.2.1");
            other.user[..4].copy_from_slice(&[a, b, c, d]);
            other.from = Some(IpAddr::from([10, b, c, d]));
            throttle.admit(other, now).unwrap();
        }
        assert!(throttle.users.spent_at.len() <= KEPT_MAX && throttle.addresses.spent_at.len() <= KEPT_MAX);
        assert!(throttle.admit(attempt(1, "192.0.2.1"), now).is_err());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let of = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:0:0:9"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    }
}
