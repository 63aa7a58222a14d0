//! Who finds room at a listener, and how often the log hears of those who did not.
//!
//! A stranger costs a descriptor and some memory before it has proved anything, so a listener holds a bounded number of
//! connections, of which one address gets a part only; the last places are for callers who showed a certificate. Handshakes
//! that drag on give way to newer ones, so that silence holds nobody up. Counting only: no socket, no clock.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aliasd_service::identity::network_of;
use tokio::task::AbortHandle;

/// How long a kind of refusal is only counted after it was said.
pub(crate) const REFUSALS_SAID_EVERY: Duration = Duration::from_secs(10);
/// Kinds of refusals that are told apart. What comes on top is one kind: the text of an error may be the caller's choice.
const KINDS_MAX: usize = 32;
const OTHER_KINDS: &str = "something else";

/// How many connections a listener holds at once. Those whose handshake runs count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Of all callers.
    pub connections_max: usize,
    /// Of one address; in IPv6, of one network of 64 bits, which is what one customer of a provider gets.
    pub connections_per_address_max: usize,
    /// Of `connections_max`, those that only callers with a certificate get.
    pub certified_only: usize,
    /// Handshakes that run at once. The oldest gives way.
    pub handshakes_max: usize,
    /// Handshakes of one address that run at once. Its oldest gives way.
    pub handshakes_per_address_max: usize,
}

/// Why there is no room for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoomError {
    /// The listener holds as many as it may.
    #[error("there are too many connections")]
    Full,
    /// Its address holds as many as it may.
    #[error("there are too many connections from its address")]
    AddressFull,
    /// What is left is for callers with a certificate.
    #[error("what room is left is for callers with a certificate")]
    CertifiedOnly,
    /// Its handshake took longer than others were willing to wait.
    #[error("its handshake gave way to newer ones")]
    GaveWay,
    /// Its handshake took too long by any measure.
    #[error("its handshake took too long")]
    HandshakeTooSlow,
    /// No call on it proved in time who makes it.
    #[error("nobody proved in time who they are")]
    NobodyKnown,
}

/// The places of one listener.
#[derive(Debug)]
pub struct Admission {
    limits: ConnectionLimits,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_origin: HashMap<IpAddr, usize>,
}

/// A place that a connection has. Dropping it makes room.
#[derive(Debug)]
pub struct Place {
    admission: Arc<Admission>,
    origin: IpAddr,
    certified_only: bool,
}

impl Admission {
    /// No connections yet.
    pub fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Self { limits, open: Mutex::default() })
    }

    /// A place for a connection from there.
    ///
    /// # Errors
    /// There is none, or none for that address.
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Place, NoRoomError> {
        let ConnectionLimits { connections_max, connections_per_address_max, certified_only, .. } = self.limits;
        let origin = network_of(address);
        let mut open = self.open();
        if open.total >= connections_max {
            return Err(NoRoomError::Full);
        }
        let Open { total, by_origin } = &mut *open;
        let of_origin = by_origin.entry(origin).or_default();
        if *of_origin >= connections_per_address_max {
            return Err(NoRoomError::AddressFull);
        }
        let certified_only = *total >= connections_max.saturating_sub(certified_only);
        *of_origin += 1;
        *total += 1;
        Ok(Place { admission: Arc::clone(self), origin, certified_only })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Whether the connection may stay, now that it is known whether it showed a certificate.
    ///
    /// # Errors
    /// The place is one of those that are kept for callers with one.
    pub fn confirm(&self, certified: bool) -> Result<(), NoRoomError> {
        if self.certified_only && !certified { Err(NoRoomError::CertifiedOnly) } else { Ok(()) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.admission.open();
        open.total -= 1;
        if let Some(of_origin) = open.by_origin.get_mut(&self.origin) {
            *of_origin -= 1;
            if *of_origin == 0 {
                open.by_origin.remove(&self.origin);
            }
        }
    }
}

/// The handshakes of one listener that run, oldest first.
#[derive(Debug)]
pub(crate) struct Handshakes {
    limits: ConnectionLimits,
    by_age: Vec<(IpAddr, AbortHandle)>,
}

impl Handshakes {
    pub(crate) fn new(limits: ConnectionLimits) -> Self {
        Self { limits, by_age: Vec::new() }
    }

    /// One more. Ends the one that it is too many with, and says so.
    pub(crate) fn begin(&mut self, address: IpAddr, handshake: AbortHandle) -> Option<NoRoomError> {
        let origin = network_of(address);
        self.by_age.retain(|(_, handshake)| !handshake.is_finished());
        self.by_age.push((origin, handshake));
        let of_origin = self.by_age.iter().filter(|(other, _)| *other == origin).count();
        let oldest = if of_origin > self.limits.handshakes_per_address_max {
            self.by_age.iter().position(|(other, _)| *other == origin)
        } else {
            (self.by_age.len() > self.limits.handshakes_max).then_some(0)
        };
        let (_, given_up) = self.by_age.remove(oldest?);
        given_up.abort();
        Some(NoRoomError::GaveWay)
    }
}

/// What the log has said of refusals lately: of each kind one line at a time, and a count of what was not said.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<String, Refused>>);

#[derive(Debug)]
struct Refused {
    said_at: Instant,
    unsaid: u64,
}

impl Refusals {
    /// Whether this one is to be said; it is counted if not.
    pub(crate) fn say(&self, kind: &str, now: Instant) -> bool {
        let mut kinds = self.kinds();
        let kind = if kinds.len() >= KINDS_MAX && !kinds.contains_key(kind) { OTHER_KINDS } else { kind };
        if let Some(refused) = kinds.get_mut(kind) {
            refused.unsaid += 1;
            return false;
        }
        kinds.insert(kind.to_owned(), Refused { said_at: now, unsaid: 0 });
        true
    }

    /// What was counted and is due: kinds, and how many of each were not said. Those that are over are forgotten.
    pub(crate) fn due(&self, now: Instant) -> Vec<(String, u64)> {
        let mut due = Vec::new();
        self.kinds().retain(|kind, refused| {
            if now.duration_since(refused.said_at) < REFUSALS_SAID_EVERY {
                return true;
            }
            let unsaid = std::mem::take(&mut refused.unsaid);
            refused.said_at = now;
            if unsaid > 0 {
                due.push((kind.clone(), unsaid));
            }
            unsaid > 0
        });
        due
    }

    fn kinds(&self) -> MutexGuard<'_, BTreeMap<String, Refused>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ConnectionLimits = ConnectionLimits {
        connections_max: 8,
        connections_per_address_max: 3,
        certified_only: 2,
        handshakes_max: 4,
        handshakes_per_address_max: 2,
    };

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_never_takes_all_places() {
        let admission = Admission::new(LIMITS);
        let admit = |text| admission.admit(address(text));
        let mut places: Vec<Place> = (0..3).map(|_| admit("192.0.2.1").unwrap()).collect();
        assert_eq!(admit("192.0.2.1").unwrap_err(), NoRoomError::AddressFull);
        assert_eq!(
            admit("::ffff:192.0.2.1").unwrap_err(),
            NoRoomError::AddressFull,
            "the same address in another form"
        );
        for host in ["2001:db8::1", "2001:db8::2:3", "2001:db8::ffff:0:0:9"] {
            places.push(admit(host).unwrap());
        }
        assert_eq!(admit("2001:db8::4").unwrap_err(), NoRoomError::AddressFull, "one network counts as one address");
        assert!(places.iter().all(|place| place.confirm(false).is_ok()));

        // What is left is for those who show a certificate.
        let last = [admit("192.0.2.2").unwrap(), admit("192.0.2.3").unwrap()];
        assert_eq!(last[0].confirm(false), Err(NoRoomError::CertifiedOnly));
        assert_eq!(last[1].confirm(true), Ok(()));
        assert_eq!(admit("192.0.2.4").unwrap_err(), NoRoomError::Full);
        drop((places, last));
        let open = admission.open();
        assert_eq!((open.total, open.by_origin.len()), (0, 0), "something is kept of connections that are gone");
    }

    #[tokio::test]
    async fn the_oldest_handshake_gives_way_and_first_that_of_the_same_address() {
        let mut handshakes = Handshakes::new(LIMITS);
        let mut begin = |text: &str| {
            let task = tokio::spawn(std::future::pending::<()>());
            let gave_way = handshakes.begin(address(text), task.abort_handle());
            (task, gave_way)
        };
        let (other, _) = begin("192.0.2.9");
        let (first, _) = begin("192.0.2.1");
        let (second, _) = begin("192.0.2.1");
        let (third, gave_way) = begin("192.0.2.1");
        assert_eq!(gave_way, Some(NoRoomError::GaveWay));
        assert!(first.await.unwrap_err().is_cancelled());
        assert!(!other.is_finished(), "a flood from one address ends another's handshake");
        let (fourth, gave_way) = begin("192.0.2.2");
        assert_eq!(gave_way, None);
        let (fifth, gave_way) = begin("192.0.2.3");
        assert_eq!(gave_way, Some(NoRoomError::GaveWay));
        assert!(other.await.unwrap_err().is_cancelled());
        assert!([&second, &third, &fourth, &fifth].iter().all(|task| !task.is_finished()));
    }

    #[test]
    fn of_each_kind_one_line_is_said_and_the_rest_is_counted() {
        let (refusals, start) = (Refusals::default(), Instant::now());
        assert!(refusals.say("full", start));
        assert!(refusals.say("too slow", start));
        for _ in 0..1000 {
            assert!(!refusals.say("full", start));
        }
        assert_eq!(refusals.due(start), []);
        let later = start + REFUSALS_SAID_EVERY;
        assert_eq!(refusals.due(later), [("full".to_owned(), 1000)]);
        assert!(!refusals.say("full", later), "it goes on, so that it is counted on");
        assert!(refusals.say("too slow", later));
        assert_eq!(refusals.due(later + REFUSALS_SAID_EVERY), [("full".to_owned(), 1)]);
        assert_eq!(refusals.due(later + REFUSALS_SAID_EVERY * 2), []);
        assert_eq!(refusals.kinds().len(), 0);
        let said = (0..100).filter(|number| refusals.say(&number.to_string(), later)).count();
        assert_eq!(said, KINDS_MAX + 1);
    }
}
