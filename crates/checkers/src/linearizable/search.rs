//! The search for an order in which the operations on one name can have taken effect.
//!
//! Goes from moment to moment, each the beginning or the answer of an operation, with every point at which the name can be
//! then. Most of what nobody knows of never took effect, or was seen soon after, so little effort finds an order if there is
//! one. Where it fails, the search goes back a little and tries harder, in the end from the beginning with everything: only
//! that says that there is none.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{State, Step};
use super::way::Way;

/// An operation on one name.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) line: usize,
    pub(crate) begin: u64,
    /// When its answer had come; none if nobody knows what became of it.
    pub(crate) end: Option<u64>,
    pub(crate) step: Step,
}

/// What the search came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Linearizable,
    /// There is no such order.
    Not {
        /// The place of the operation whose answer nothing fits.
        failed: usize,
        /// What the name could have stood for when the answer came.
        states: Vec<State>,
    },
    /// Too much to search.
    Undecided {
        /// The place of the operation whose answer nothing fitted that was tried.
        failed: usize,
    },
}

/// A state, and the places of the operations that have taken effect although their answer has not come yet.
type Point = (usize, BTreeSet<usize>);

/// Where the name can be. Of the ways to one point, none used all of what another used.
type Points = BTreeMap<Point, Vec<Way>>;

/// How hard is tried.
#[derive(Clone, Copy)]
struct Effort {
    /// Whether what nobody knows of takes effect only where nothing fits otherwise.
    lazy: bool,
    /// How many such operations may take effect between two answers.
    unknown_max: usize,
    /// How many points are kept from one answer to the next: those first that fit what is seen next, and used up least.
    points_max: usize,
    /// How many moments to go back, to try this.
    back: usize,
}

const EFFORTS: [Effort; 5] = [
    Effort { lazy: true, unknown_max: 2, points_max: 8, back: 0 },
    Effort { lazy: false, unknown_max: 1, points_max: 32, back: 10 },
    Effort { lazy: false, unknown_max: 1, points_max: 256, back: 40 },
    Effort { lazy: false, unknown_max: 2, points_max: 1024, back: 40 },
    Effort { lazy: false, unknown_max: usize::MAX, points_max: usize::MAX, back: usize::MAX },
];

/// How many of the observations to come decide which points are kept.
const AHEAD: usize = 4;

struct Search<'a> {
    name: &'a str,
    operations: &'a [Operation],
    /// Beginnings and answers, in their order: the time, whether it is an answer, and the place.
    moments: Vec<(u64, bool, usize)>,
    /// The operations without a known outcome, by their numbers.
    lost: Vec<usize>,
    /// For each of them, the number of the first one that is like it.
    alike: Vec<usize>,
    /// Every state that was met, by its number, and where operations led from it.
    states: Vec<State>,
    numbers: BTreeMap<State, usize>,
    led: BTreeMap<(usize, usize), Option<usize>>,
    /// What has begun and is not answered yet.
    open: BTreeSet<usize>,
    /// How many of the operations without a known outcome have begun.
    begun: usize,
    steps_left: usize,
}

/// Goes through the operations in the order of time. What ends at the moment at which another begins overlaps it.
pub(crate) fn search(name: &str, initial: &State, operations: &[Operation], steps_max: usize) -> Verdict {
    let mut moments: Vec<(u64, bool, usize)> = Vec::new();
    for (place, operation) in operations.iter().enumerate() {
        moments.push((operation.begin, false, place));
        moments.extend(operation.end.map(|end| (end, true, place)));
    }
    moments.sort_unstable();
    let is_lost = |(_, is_answer, place): &&(u64, bool, usize)| !is_answer && operations[*place].end.is_none();
    let lost: Vec<usize> = moments.iter().filter(is_lost).map(|(.., place)| *place).collect();
    let same = |one: &usize, other: &usize| operations[*one].step == operations[*other].step;
    let first = |place: &usize| lost.iter().position(|other| same(other, place)).unwrap_or_default();
    let alike = lost.iter().map(first).collect();
    let mut search = Search {
        name,
        operations,
        moments,
        lost,
        alike,
        states: Vec::new(),
        numbers: BTreeMap::new(),
        led: BTreeMap::new(),
        open: BTreeSet::new(),
        begun: 0,
        steps_left: steps_max,
    };
    search.run(initial)
}

// === impl Search ===

impl Search<'_> {
    fn run(&mut self, initial: &State) -> Verdict {
        let start = self.number(initial.clone());
        // Where the name can be before each moment.
        let mut history: Vec<Points> = vec![BTreeMap::from([((start, BTreeSet::new()), vec![Way::default()])])];
        let (mut effort, mut hard_until, mut failed) = (0, 0, 0);
        while history.len() <= self.moments.len() {
            let moment = history.len() - 1;
            if moment > hard_until {
                effort = 0;
            }
            let (_, is_answer, place) = self.moments[moment];
            let points = &history[moment];
            let after =
                if is_answer { self.answer(moment, points, EFFORTS[effort]) } else { Some(self.begin(place, points)) };
            let Some(after) = after else {
                return Verdict::Undecided { failed: if effort > 0 { failed } else { place } };
            };
            if !after.is_empty() {
                history.push(after);
                continue;
            }
            failed = place;
            if effort + 1 == EFFORTS.len() {
                let states: BTreeSet<usize> = points.keys().map(|(state, _)| *state).collect();
                let states = states.into_iter().map(|state| self.states[state].clone()).collect();
                return Verdict::Not { failed, states };
            }
            effort += 1;
            hard_until = hard_until.max(moment);
            self.go_back(&mut history, moment.saturating_sub(EFFORTS[effort].back));
        }
        Verdict::Linearizable
    }

    /// Forgets everything after a moment.
    fn go_back(&mut self, history: &mut Vec<Points>, moment: usize) {
        history.truncate(moment + 1);
        self.open.clear();
        self.begun = 0;
        for (_, is_answer, place) in &self.moments[..moment] {
            if *is_answer {
                self.open.remove(place);
            } else if self.operations[*place].end.is_some() {
                self.open.insert(*place);
            } else {
                self.begun += 1;
            }
        }
    }

    fn number(&mut self, state: State) -> usize {
        if let Some(number) = self.numbers.get(&state) {
            return *number;
        }
        self.states.push(state.clone());
        self.numbers.insert(state, self.states.len() - 1);
        self.states.len() - 1
    }

    /// The state after an operation, if it can take effect.
    fn step(&mut self, place: usize, state: usize) -> Option<usize> {
        if let Some(led) = self.led.get(&(place, state)) {
            return *led;
        }
        let after = self.operations[place].step.apply(self.name, &self.states[state]);
        let led = after.map(|after| self.number(after));
        self.led.insert((place, state), led);
        led
    }

    fn sees(&mut self, place: usize, state: usize) -> bool {
        self.operations[place].step.is_observation() && self.step(place, state).is_some()
    }

    fn begin(&mut self, place: usize, points: &Points) -> Points {
        if self.operations[place].end.is_none() {
            self.begun += 1;
            return points.clone();
        }
        self.open.insert(place);
        let mut after = Points::new();
        for ((state, done), ways) in points {
            let mut done = done.clone();
            if self.sees(place, *state) {
                done.insert(place);
            }
            for way in ways {
                add(&mut after, (*state, done.clone()), way.clone());
            }
        }
        after
    }

    /// Every point at which this operation has taken effect, as far as the effort goes. None if there is too much to search.
    fn answer(&mut self, moment: usize, points: &Points, effort: Effort) -> Option<Points> {
        let (.., place) = self.moments[moment];
        let first = if effort.lazy { 0 } else { effort.unknown_max };
        let mut after = self.reach(place, points, first)?;
        if after.is_empty() && first < effort.unknown_max {
            after = self.reach(place, points, effort.unknown_max)?;
        }
        if !after.is_empty() {
            self.open.remove(&place);
        }
        Some(self.best(moment, after, effort.points_max))
    }

    fn reach(&mut self, place: usize, points: &Points, unknown_max: usize) -> Option<Points> {
        let mut after = Points::new();
        let mut met = Points::new();
        // Those that used up least come first, so that most others are met by better ones already.
        let mut ahead = Ahead::default();
        for (point, ways) in points {
            ways.iter().for_each(|way| ahead.push(way.used(), (point.clone(), way.clone(), unknown_max)));
        }
        while let Some(((state, mut done), way, unknown_left)) = ahead.pop() {
            self.steps_left = self.steps_left.checked_sub(1)?;
            if done.remove(&place) {
                add(&mut after, (state, done), way);
                continue;
            }
            if !add(&mut met, (state, done.clone()), way.clone()) {
                continue;
            }
            let open: Vec<usize> = self.open.difference(&done).copied().collect();
            for next in open {
                if self.operations[next].step.is_observation() {
                    continue;
                }
                if let Some(to) = self.step(next, state) {
                    let done = self.seen(to, done.iter().copied().chain([next]).collect());
                    ahead.push(way.used(), ((to, done), way.clone(), unknown_left));
                }
            }
            let Some(unknown_left) = unknown_left.checked_sub(1) else { continue };
            for next in self.unused(&way) {
                if let Some(to) = self.step(self.lost[next], state).filter(|to| *to != state) {
                    let done = self.seen(to, done.clone());
                    ahead.push(way.used() + 1, ((to, done), way.and(next), unknown_left));
                }
            }
        }
        Some(after)
    }

    /// Of the operations without a known outcome that have begun and that a way has not used, one of each kind: of two that
    /// are alike, either will do.
    fn unused(&self, way: &Way) -> Vec<usize> {
        let mut kinds = BTreeSet::new();
        (0..self.begun).filter(|number| !way.has(*number) && kinds.insert(self.alike[*number])).collect()
    }

    /// Adds what can be seen in a state to what has taken effect.
    fn seen(&mut self, state: usize, mut done: BTreeSet<usize>) -> BTreeSet<usize> {
        let waiting: Vec<usize> = self.open.difference(&done).copied().collect();
        for place in waiting {
            if self.sees(place, state) {
                done.insert(place);
            }
        }
        done
    }

    /// So many points: those first that fit most of what is seen next, and of those the ones that used up least.
    fn best(&mut self, moment: usize, points: Points, points_max: usize) -> Points {
        if points.values().map(Vec::len).sum::<usize>() <= points_max {
            return points;
        }
        let is_seen =
            |(_, is_answer, place): &&(u64, bool, usize)| *is_answer && self.operations[*place].step.is_observation();
        let to_come: Vec<usize> =
            self.moments[moment + 1..].iter().filter(is_seen).take(AHEAD).map(|(.., place)| *place).collect();
        let mut all = Ahead::default();
        for (point, ways) in points {
            let (state, done) = &point;
            let misses = to_come.iter().filter(|place| !done.contains(place) && !self.sees(**place, *state)).count();
            for way in ways {
                all.push(misses * (self.lost.len() + 1) + way.used(), (point.clone(), way, 0));
            }
        }
        let mut best = Points::new();
        for _ in 0..points_max {
            let Some((point, way, _)) = all.pop() else { break };
            best.entry(point).or_default().push(way);
        }
        best
    }
}

/// Points that are still to be looked at, each with its way and how many operations may still be used; by what they cost.
#[derive(Default)]
struct Ahead {
    by_cost: BTreeMap<usize, Vec<(Point, Way, usize)>>,
}

impl Ahead {
    fn push(&mut self, cost: usize, next: (Point, Way, usize)) {
        self.by_cost.entry(cost).or_default().push(next);
    }

    /// One of those that cost least.
    fn pop(&mut self) -> Option<(Point, Way, usize)> {
        let mut cheapest = self.by_cost.first_entry()?;
        let popped = cheapest.get_mut().pop();
        if cheapest.get().is_empty() {
            cheapest.remove();
        }
        popped
    }
}

/// Adds a way to a point, unless one is there that used no more. False if it was not added.
fn add(points: &mut Points, point: Point, way: Way) -> bool {
    let ways = points.entry(point).or_default();
    if ways.iter().any(|other| other.is_within(&way)) {
        return false;
    }
    ways.retain(|other| !way.is_within(other));
    ways.push(way);
    true
}
