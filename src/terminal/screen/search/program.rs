//! An expression as a program: states that take one character each, and what connects them.
//!
//! It is built from the end to the beginning, so that each state knows what follows it. Classes of
//! characters are kept beside the states and shared by their copies, so a repetition of a large class costs
//! a state for each time and no more.

use std::collections::HashMap;
use std::ptr;

use regex_syntax::hir::{Class as HirClass, Hir, HirKind, Look, Repetition};
use regex_syntax::is_word_character;

use crate::error::{Error, Result};

/// States of a program, and about as many parts of the expression that need none.
const STATES_MAX: usize = 4096;

/// Costs, estimated for a release build: a part of the expression that is compiled, a range of characters
/// of a class.
const PART_COST: u64 = 20;
const RANGE_COST: u64 = 3;

/// The number of a state.
pub(super) type StateId = u32;

/// One state.
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// Takes this character.
    Char(char, StateId),
    /// Takes a character of this class.
    Class(u32, StateId),
    /// Goes on where this holds, without a character.
    Look(Look, StateId),
    /// Goes on in two ways; the first one is preferred.
    Split(StateId, StateId),
    /// The end of the expression.
    Match,
}

/// A class of characters.
pub(super) struct Class {
    ascii: u128,
    /// The ranges, first and last character, in order.
    ranges: Vec<(char, char)>,
}

/// See the module's documentation.
pub(super) struct Program {
    states: Vec<State>,
    classes: Vec<Class>,
    pub(super) start: StateId,
    /// The bytes that a match can begin with, unless it can be empty.
    pub(super) first: Option<Box<[bool; 256]>>,
}

impl Program {
    /// Builds the program; adds to `cost` what that costs.
    pub(super) fn new(hir: &Hir, cost: &mut u64) -> Result<Program> {
        let states = vec![State::Match];
        let mut builder = Builder { states, classes: Vec::new(), known: HashMap::new(), cost: 0 };
        let start = builder.part(hir, 0);
        *cost += builder.cost;
        let Builder { states, classes, .. } = builder;
        let mut program = Program { states, classes, start: start?, first: None };
        *cost += program.states.len() as u64 * PART_COST;
        program.first = program.first_bytes();
        Ok(program)
    }

    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    pub(super) fn state(&self, id: StateId) -> State {
        self.states[id as usize]
    }

    pub(super) fn class(&self, index: u32) -> &Class {
        &self.classes[index as usize]
    }

    /// The bytes that a match can begin with; `None` when it can be empty.
    fn first_bytes(&self) -> Option<Box<[bool; 256]>> {
        let mut first = Box::new([false; 256]);
        let mut seen = vec![false; self.states.len()];
        let mut next = vec![self.start];
        while let Some(id) = next.pop() {
            if std::mem::replace(&mut seen[id as usize], true) {
                continue;
            }
            match self.state(id) {
                State::Char(c, _) => {
                    let mut bytes = [0; 4];
                    first[usize::from(c.encode_utf8(&mut bytes).as_bytes()[0])] = true;
                }
                State::Class(index, _) => {
                    let class = self.class(index);
                    (0..128)
                        .filter(|byte| class.ascii >> byte & 1 == 1)
                        .for_each(|b| first[b] = true);
                    if class.ranges.last().is_some_and(|range| !range.1.is_ascii()) {
                        first[128..].fill(true);
                    }
                }
                State::Look(_, to) => next.push(to),
                State::Split(one, other) => next.extend([one, other]),
                State::Match => return None,
            }
        }
        Some(first)
    }
}

impl Class {
    fn new(ranges: Vec<(char, char)>) -> Class {
        let ascii = (0..128u8).filter(|byte| is_within(&ranges, char::from(*byte)));
        let ascii = ascii.fold(0, |bits, byte| bits | 1 << byte);
        Class { ascii, ranges }
    }

    pub(super) fn has(&self, c: char) -> bool {
        if c.is_ascii() { self.ascii >> u32::from(c) & 1 == 1 } else { is_within(&self.ranges, c) }
    }
}

fn is_within(ranges: &[(char, char)], c: char) -> bool {
    let index = ranges.partition_point(|(_, last)| *last < c);
    ranges.get(index).is_some_and(|(first, _)| *first <= c)
}

struct Builder {
    states: Vec<State>,
    classes: Vec<Class>,
    /// Classes of the expression that were met before, by where they are.
    known: HashMap<*const HirClass, u32>,
    cost: u64,
}

impl Builder {
    fn push(&mut self, state: State) -> StateId {
        self.cost += PART_COST;
        self.states.push(state);
        (self.states.len() - 1) as StateId
    }

    /// Adds a part of the expression that goes on with `next`; gives where it begins.
    fn part(&mut self, hir: &Hir, next: StateId) -> Result<StateId> {
        self.cost += PART_COST;
        let is_full = self.states.len() >= STATES_MAX;
        if is_full || self.cost > 3 * STATES_MAX as u64 * PART_COST {
            return Err(too_large());
        }
        Ok(match hir.kind() {
            HirKind::Empty => next,
            HirKind::Literal(literal) => {
                // Expressions match whole characters only, so their literals consist of such.
                let text = str::from_utf8(&literal.0).map_err(|_| too_large())?;
                text.chars().rev().fold(next, |next, c| self.push(State::Char(c, next)))
            }
            HirKind::Class(class) => {
                let index = self.class(class);
                self.push(State::Class(index, next))
            }
            HirKind::Look(look) => self.push(State::Look(*look, next)),
            HirKind::Repetition(repetition) => self.repetition(repetition, next)?,
            HirKind::Capture(capture) => self.part(&capture.sub, next)?,
            HirKind::Concat(parts) => {
                parts.iter().rev().try_fold(next, |next, part| self.part(part, next))?
            }
            HirKind::Alternation(parts) => {
                let mut start = None;
                for part in parts.iter().rev() {
                    let one = self.part(part, next)?;
                    start = Some(match start {
                        Some(other) => self.push(State::Split(one, other)),
                        None => one,
                    });
                }
                start.unwrap_or(next)
            }
        })
    }

    fn repetition(&mut self, repetition: &Repetition, next: StateId) -> Result<StateId> {
        let Repetition { min, max, greedy, sub } = repetition;
        let split = |again, next| {
            if *greedy { State::Split(again, next) } else { State::Split(next, again) }
        };
        let (mut start, mut copies) = (next, *min);
        if let Some(max) = max {
            for _ in *min..*max {
                let again = self.part(sub, start)?;
                start = self.push(split(again, next));
            }
        } else {
            let back = self.push(State::Match);
            let again = self.part(sub, back)?;
            self.states[back as usize] = split(again, next);
            let can_be_empty = sub.properties().minimum_len() == Some(0);
            start = match *min {
                0 if can_be_empty => self.push(split(again, next)),
                0 => back,
                _ => again,
            };
            copies = copies.saturating_sub(1);
        }
        (0..copies).try_fold(start, |start, _| self.part(sub, start))
    }

    fn class(&mut self, class: &HirClass) -> u32 {
        if let Some(index) = self.known.get(&ptr::from_ref(class)) {
            return *index;
        }
        let ranges: Vec<_> = match class {
            HirClass::Unicode(class) => class.iter().map(|r| (r.start(), r.end())).collect(),
            HirClass::Bytes(class) => {
                class.iter().map(|r| (char::from(r.start()), char::from(r.end()))).collect()
            }
        };
        self.cost += ranges.len() as u64 * RANGE_COST;
        self.classes.push(Class::new(ranges));
        let index = (self.classes.len() - 1) as u32;
        self.known.insert(ptr::from_ref(class), index);
        index
    }
}

/// Whether something holds between two characters of the text, or at one of its ends.
pub(super) fn holds(look: Look, before: Option<char>, after: Option<char>) -> bool {
    let word = |c: Option<char>| c.is_some_and(is_word_character);
    let ascii = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    let (starts, ends) = (before.is_none(), after.is_none());
    match look {
        Look::Start => starts,
        Look::End => ends,
        Look::StartLF => starts || before == Some('\n'),
        Look::EndLF => ends || after == Some('\n'),
        Look::StartCRLF => {
            starts || before == Some('\n') || (before == Some('\r') && after != Some('\n'))
        }
        Look::EndCRLF => {
            ends || after == Some('\r') || (after == Some('\n') && before != Some('\r'))
        }
        Look::WordAscii => ascii(before) != ascii(after),
        Look::WordAsciiNegate => ascii(before) == ascii(after),
        Look::WordUnicode => word(before) != word(after),
        Look::WordUnicodeNegate => word(before) == word(after),
        Look::WordStartAscii => !ascii(before) && ascii(after),
        Look::WordEndAscii => ascii(before) && !ascii(after),
        Look::WordStartUnicode => !word(before) && word(after),
        Look::WordEndUnicode => word(before) && !word(after),
        Look::WordStartHalfAscii => !ascii(before),
        Look::WordEndHalfAscii => !ascii(after),
        Look::WordStartHalfUnicode => !word(before),
        Look::WordEndHalfUnicode => !word(after),
    }
}

pub(super) fn too_large() -> Error {
    Error::invalid(
        "search pattern: it is too large when compiled; write fewer or shorter repetitions and classes",
    )
}
