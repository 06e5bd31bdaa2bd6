//! Finds the next match of a pattern in a text, in steps of bounded cost.
//!
//! The search functions of a library run to their end, and on a long line with an unfortunate expression
//! that takes seconds. So the library reads the expression, and the loop over the text is here: all ways to
//! match go through the text side by side, in the order in which the expression prefers them, and each
//! character costs at most a visit of each state. The loop can stop at every character.

use super::pattern::{Kind, Pattern};
use super::program::{Program, State, StateId, holds};

/// Costs, estimated for a release build: a search that begins, a byte that is skipped, a character that is
/// looked at, a state that is visited.
const BEGIN_COST: u64 = 30;
const SKIP_COST: u64 = 1;
const CHAR_COST: u64 = 6;
const VISIT_COST: u64 = 5;

/// Bytes of plain text that are compared at the cost of one.
const BYTES_AT_ONCE: u64 = 4;

/// What a step has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It has to go on.
    More,
    /// There is no match any more.
    None,
    /// A match, from and to which byte; perhaps an empty one.
    Match(usize, usize),
}

/// One way to match: what it waits for, and where it began.
#[derive(Clone, Copy, Debug)]
struct Thread {
    state: StateId,
    start: u32,
}

/// The ways to match at one place, the preferred one first.
#[derive(Default)]
struct Threads {
    list: Vec<Thread>,
    /// Of each state the last round in which it was visited.
    seen: Vec<u32>,
    round: u32,
}

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Finder {
    current: Threads,
    next: Threads,
    stack: Vec<StateId>,
    from: usize,
    at: usize,
    best: Option<(usize, usize)>,
}

/// The text, and up to where it is searched; what is around that only decides boundaries.
#[derive(Clone, Copy)]
pub(super) struct Haystack<'a> {
    pub(super) text: &'a str,
    pub(super) end: usize,
}

impl Finder {
    /// Begins to look for the first match from this byte on.
    pub(super) fn begin(&mut self, pattern: &Pattern, from: usize) {
        let states = match &pattern.kind {
            Kind::Text(_) => 0,
            Kind::Expression(program) => program.len(),
        };
        self.current.reset(states);
        self.next.reset(states);
        (self.from, self.at, self.best) = (from, from, None);
    }

    /// Where a match may begin that was not found so far.
    pub(super) fn from(&self) -> usize {
        self.from
    }

    /// Goes on until there is a match or none, or `cost_max` is reached. Gives the cost as well.
    pub(super) fn step(
        &mut self,
        pattern: &Pattern,
        haystack: Haystack<'_>,
        cost_max: u64,
    ) -> (Step, u64) {
        match &pattern.kind {
            Kind::Text(finder) => {
                let text = &haystack.text.as_bytes()[self.from..haystack.end];
                let found = finder.find(text);
                let looked_at = found.unwrap_or(text.len());
                let step = found.map_or(Step::None, |at| {
                    let start = self.from + at;
                    Step::Match(start, start + finder.needle().len())
                });
                (step, BEGIN_COST + looked_at as u64 / BYTES_AT_ONCE)
            }
            Kind::Expression(program) => self.run(program, haystack, cost_max),
        }
    }

    fn run(&mut self, program: &Program, haystack: Haystack<'_>, cost_max: u64) -> (Step, u64) {
        let mut cost = BEGIN_COST;
        let mut before = haystack.text[..self.at].chars().next_back();
        loop {
            if self.best.is_none() && self.current.list.is_empty() {
                if let Some(first) = &program.first {
                    let skipped = self.skip(first, haystack, cost_max.saturating_sub(cost));
                    cost += skipped as u64 * SKIP_COST;
                    if self.at == haystack.end {
                        return (Step::None, cost);
                    }
                    if skipped > 0 {
                        // What was visited on the way here was so at another place.
                        self.current.clear();
                        if cost >= cost_max {
                            return (Step::More, cost);
                        }
                        before = haystack.text[..self.at].chars().next_back();
                    }
                }
                self.from = self.at;
            }
            let after = haystack.text[self.at..].chars().next();
            let spot = Spot { before, after };
            if self.best.is_none() {
                let thread = Thread { state: program.start, start: self.at as u32 };
                cost += self.current.add(thread, program, spot, &mut self.stack);
            }
            let taken = after.filter(|_| self.at < haystack.end);
            let at_next = self.at + taken.map_or(0, char::len_utf8);
            let next = Spot { before: taken, after: haystack.text[at_next..].chars().next() };
            cost += CHAR_COST + self.advance(taken, program, next);
            if taken.is_none() || (self.best.is_some() && self.current.list.is_empty()) {
                break;
            }
            (self.at, before) = (at_next, taken);
            if cost >= cost_max {
                return (Step::More, cost);
            }
        }
        let step = self.best.map_or(Step::None, |(start, end)| Step::Match(start, end));
        (step, cost)
    }

    /// Goes on to where a match can begin, or to the end, or as far as `cost_max` goes, at least a byte.
    /// Gives how many bytes that is.
    fn skip(&mut self, first: &[bool; 256], haystack: Haystack<'_>, cost_max: u64) -> usize {
        let most = usize::try_from(cost_max / SKIP_COST).unwrap_or(usize::MAX).max(1);
        let stop = haystack.end.min(self.at.saturating_add(most));
        let bytes = &haystack.text.as_bytes()[self.at..stop];
        let mut skipped = bytes.iter().take_while(|byte| !first[usize::from(**byte)]).count();
        while !haystack.text.is_char_boundary(self.at + skipped) {
            skipped += 1;
        }
        self.at += skipped;
        skipped
    }

    /// Lets every way to match take a character, or none at the end; `spot` is behind it. Gives the cost.
    fn advance(&mut self, taken: Option<char>, program: &Program, spot: Spot) -> u64 {
        let Finder { current, next, stack, best, at, .. } = self;
        let mut cost = 0;
        for thread in &current.list {
            cost += VISIT_COST;
            let to = match (program.state(thread.state), taken) {
                (State::Match, _) => {
                    *best = Some((thread.start as usize, *at));
                    break;
                }
                (State::Char(wanted, to), Some(c)) if wanted == c => to,
                (State::Class(index, to), Some(c)) if program.class(index).has(c) => to,
                _ => continue,
            };
            cost += next.add(Thread { state: to, start: thread.start }, program, spot, stack);
        }
        std::mem::swap(current, next);
        next.clear();
        cost
    }
}

/// A place in the text: the characters around it.
#[derive(Clone, Copy)]
struct Spot {
    before: Option<char>,
    after: Option<char>,
}

impl Threads {
    fn reset(&mut self, states: usize) {
        if self.seen.len() < states {
            self.seen.resize(states, 0);
        }
        self.clear();
    }

    fn clear(&mut self) {
        self.list.clear();
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            // Once in four billion rounds.
            self.seen.fill(0);
            self.round = 1;
        }
    }

    /// Adds a way to match, and all that it leads to without taking a character. Gives the cost.
    fn add(
        &mut self,
        thread: Thread,
        program: &Program,
        spot: Spot,
        stack: &mut Vec<StateId>,
    ) -> u64 {
        let mut visits = 0;
        stack.clear();
        stack.push(thread.state);
        while let Some(id) = stack.pop() {
            visits += 1;
            let seen = &mut self.seen[id as usize];
            if std::mem::replace(seen, self.round) == self.round {
                continue;
            }
            match program.state(id) {
                State::Look(look, to) if holds(look, spot.before, spot.after) => stack.push(to),
                State::Look(..) => {}
                State::Split(one, other) => stack.extend([other, one]),
                State::Char(..) | State::Class(..) | State::Match => {
                    self.list.push(Thread { state: id, ..thread });
                }
            }
        }
        visits * VISIT_COST
    }
}
