//! Until when an answer is of use: callers say how long they wait (`grpc-timeout`), and a reason that comes later is heard by
//! nobody.

use std::time::Duration;

use aliasd_runtime::Moment;
use http::HeaderMap;

/// What a caller gives a call, from when it was sent.
const TIMEOUT: &str = "grpc-timeout";
/// The largest part of that time that is left to the way there and back, and how long that is at most: more than a round trip
/// in the widest area that members work over.
const WAY_SHARE: u32 = 5;
const WAY_MAX: Duration = Duration::from_millis(500);

/// When the answer to a call has to be on its way. A call, among whose extensions it stands, that does not say how long it is
/// waited for has `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AnswerBy(pub(crate) Option<Moment>);

impl AnswerBy {
    /// Of a call that arrived with these headers.
    pub(crate) fn of(headers: &HeaderMap, arrived: Moment) -> Self {
        let given = headers.get(TIMEOUT).and_then(|value| timeout(value.to_str().ok()?));
        Self(given.map(|given| arrived + (given - (given / WAY_SHARE).min(WAY_MAX))))
    }
}

/// At most eight digits and a unit, as gRPC over HTTP/2 defines it. What is not of that form is nobody's deadline.
fn timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u64 =
        digits.parse().ok().filter(|_| digits.len() <= 8 && digits.bytes().all(|it| it.is_ascii_digit()))?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3_600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(timeout: &str) -> Option<Duration> {
        let arrived = Moment::after_start(Duration::from_secs(7));
        let headers = [(TIMEOUT.parse().unwrap(), timeout.parse().unwrap())].into_iter().collect();
        AnswerBy::of(&headers, arrived).0.map(|moment| moment.saturating_since(arrived))
    }

    #[test]
    fn an_answer_sets_out_before_its_caller_gives_up() {
        assert_eq!(left("3S"), Some(Duration::from_millis(2_500)));
        assert_eq!(left("3000000u"), left("3S"));
        assert_eq!(left("100m"), Some(Duration::from_millis(80)));
        assert_eq!(left("1H"), Some(Duration::from_millis(3_599_500)));
        assert_eq!(left("2M"), Some(Duration::from_millis(119_500)));
        assert_eq!(left("5n"), Some(Duration::from_nanos(4)));
        assert_eq!(left("0S"), Some(Duration::ZERO));
    }

    #[test]
    fn what_names_no_time_is_no_deadline() {
        for text in ["", "S", "3", "3s", "+3S", "-3S", "3 S", "123456789S", "3.5S"] {
            assert_eq!(left(text), None, "{text}");
        }
        assert_eq!(AnswerBy::of(&HeaderMap::new(), Moment::after_start(Duration::ZERO)), AnswerBy(None));
    }
}
