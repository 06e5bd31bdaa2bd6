//! The rules of one file, and which of them a path has to be compared with.
//!
//! The text is kept as it is; a rule is where its pattern lies in it. Most rules have a literal part: the last name,
//! its beginning or its end, or the directory that they begin with. Each rule hangs in one chain of a hash
//! table by such a part, the one that fewest rules have so far, so a path is compared with few of tens of thousands.
//! Rules without one are compared with every path. The last rule that matches decides.
//!
//! A file is taken in in slices, a chunk of lines each. What is beyond the bounds is left out, and that is
//! noted.
//!
//! Pure.

use super::parts::{PART_MAX, Part, Parts, bits, hash, is_special, parts};
use super::wildmatch::{Mode, wildmatch};

/// Bytes of a file of rules that are read.
pub(crate) const FILE_BYTES_MAX: usize = 1 << 20;
/// Rules of a file, and bytes of one: a path on the disk has no more.
const RULES_MAX: usize = 1 << 16;
const RULE_BYTES_MAX: usize = 4096;

/// What one slice of the text costs about, a line, each of its bytes and the table.
const SLICE_COST: u64 = 80_000;
const LINE_COST: u64 = 150;
const BYTES_PER_NS: u64 = 2;

/// Steps of one comparison with all rules of a file; a step costs about a nanosecond or two.
const STEPS_MAX: u32 = 200_000;
/// Steps that looking up a part takes, and a rule that is compared.
const LOOKUP_STEPS: u32 = 20;
const RULE_STEPS: u32 = 8;

/// No rule.
const NONE: u32 = u32::MAX;

/// What rules say of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No rule matches.
    Nothing,
    /// The last one that does ignores it.
    Ignore,
    /// The last one that does begins with `!`.
    Keep,
}

/// What comparing a path has found, and cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) found: Found,
    /// Nanoseconds, about.
    pub(crate) cost: u64,
    /// There were more rules than may be compared with one path.
    pub(crate) is_cut: bool,
}

/// One rule, in the text.
#[derive(Clone, Copy)]
struct Rule {
    start: u32,
    /// Bytes of the pattern, and of its beginning without a special character.
    len: u16,
    literal: u16,
    flags: u8,
    /// The rule before in the same chain.
    next: u32,
}

const NEGATED: u8 = 1;
const DIR_ONLY: u8 = 2;
/// About the last name, wherever it is.
const NAME_ONLY: u8 = 4;
/// A star, and nothing special behind it.
const ENDS_WITH: u8 = 8;

#[derive(Clone, Copy)]
struct Chain {
    head: u32,
    len: u32,
}

/// The rules of a file.
#[derive(Default)]
pub(crate) struct Rules {
    text: Vec<u8>,
    rules: Vec<Rule>,
    /// A power of two, or none when there are no rules.
    chains: Vec<Chain>,
    parts: Parts,
    /// The last of the rules that are compared with every path.
    anywhere: u32,
    by_path: bool,
    left_out: bool,
}

impl Rules {
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    pub(crate) fn count(&self) -> usize {
        self.rules.len()
    }

    /// Memory that they take.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len()
            + self.rules.len() * size_of::<Rule>()
            + self.chains.len() * size_of::<Chain>()
    }

    /// Whether one of them has more than the name of an entry.
    pub(crate) fn names_directory(&self) -> bool {
        self.by_path
    }

    /// Whether some are left out.
    pub(crate) fn has_left_out(&self) -> bool {
        self.left_out
    }

    /// What the last rule says that matches a path, relative to the directory of the rules. `fold`: letters
    /// of either case are the same.
    pub(crate) fn matched(&self, path: &[u8], is_dir: bool, fold: bool) -> Outcome {
        let name_at = memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1);
        let name = path.get(name_at..).unwrap_or_default();
        let mut search =
            Search { rules: self, path, name, is_dir, fold, best: NONE, steps: STEPS_MAX };
        if !self.rules.is_empty() {
            search.run();
        }
        let found = match self.rules.get(search.best as usize) {
            None => Found::Nothing,
            Some(rule) if rule.flags & NEGATED != 0 => Found::Keep,
            Some(_) => Found::Ignore,
        };
        let cost = u64::from(STEPS_MAX - search.steps);
        Outcome { found, cost, is_cut: search.steps == 0 }
    }

    fn pattern(&self, rule: &Rule) -> &[u8] {
        let start = rule.start as usize;
        self.text.get(start..start + usize::from(rule.len)).unwrap_or_default()
    }

    fn chain(&self, kind: u64, part: &[u8]) -> Option<usize> {
        let mask = self.chains.len().checked_sub(1)?;
        Some(hash(kind, part) as usize & mask)
    }

    /// Hangs a rule in a chain.
    fn add(&mut self, mut rule: Rule) {
        let Ok(number) = u32::try_from(self.rules.len()) else { return };
        let pattern = self.pattern(&rule);
        let best = parts(pattern, usize::from(rule.literal), rule.flags & NAME_ONLY != 0)
            .into_iter()
            .flatten()
            .filter_map(|(part, bytes)| {
                let chain = self.chain(part.kind(), bytes)?;
                Some((self.chains.get(chain)?.len, chain, part))
            })
            .min_by_key(|(len, ..)| *len);
        let head = match best {
            Some((_, chain, part)) => {
                self.parts.note(part);
                let Some(chain) = self.chains.get_mut(chain) else { return };
                chain.len += 1;
                &mut chain.head
            }
            None => &mut self.anywhere,
        };
        rule.next = std::mem::replace(head, number);
        self.rules.push(rule);
    }
}

/// One comparison of a path with rules.
struct Search<'a> {
    rules: &'a Rules,
    path: &'a [u8],
    name: &'a [u8],
    is_dir: bool,
    fold: bool,
    /// The last rule that was found to match.
    best: u32,
    steps: u32,
}

impl Search<'_> {
    fn run(&mut self) {
        let parts = &self.rules.parts;
        if parts.name {
            self.look_up(Part::Name, self.name);
        }
        for length in bits(parts.beginnings) {
            self.look_up_some(Part::Beginning(length), self.name.get(..length));
        }
        for length in bits(parts.ends) {
            let start = self.name.len().checked_sub(length);
            self.look_up_some(Part::End(length), start.and_then(|start| self.name.get(start..)));
        }
        if parts.directories != 0 {
            let slashes = memchr::memchr_iter(b'/', self.path).take(PART_MAX);
            for (depth, slash) in (1..).zip(slashes) {
                if parts.directories & (1 << depth) != 0 {
                    self.look_up_some(Part::Directory(depth), self.path.get(..slash));
                }
            }
        }
        self.follow(self.rules.anywhere);
    }

    fn look_up_some(&mut self, part: Part, bytes: Option<&[u8]>) {
        if let Some(bytes) = bytes {
            self.look_up(part, bytes);
        }
    }

    fn look_up(&mut self, part: Part, bytes: &[u8]) {
        self.steps = self.steps.saturating_sub(LOOKUP_STEPS);
        let chain = self.rules.chain(part.kind(), bytes);
        if let Some(chain) = chain.and_then(|chain| self.rules.chains.get(chain)) {
            self.follow(chain.head);
        }
    }

    /// Compares with the rules of a chain, from the last one on, until one matches or an earlier one could
    /// not decide any more.
    fn follow(&mut self, mut number: u32) {
        while let Some(rule) = self.rules.rules.get(number as usize) {
            if (self.best != NONE && number < self.best) || self.steps == 0 {
                return;
            }
            self.steps = self.steps.saturating_sub(RULE_STEPS);
            if self.matches(rule) {
                self.best = number;
                return;
            }
            number = rule.next;
        }
    }

    fn matches(&mut self, rule: &Rule) -> bool {
        if rule.flags & DIR_ONLY != 0 && !self.is_dir {
            return false;
        }
        let pattern = self.rules.pattern(rule);
        let literal = usize::from(rule.literal);
        if rule.flags & NAME_ONLY == 0 {
            return self.matches_path(pattern, literal);
        }
        if literal == pattern.len() {
            return same(pattern, self.name, self.fold);
        }
        if rule.flags & ENDS_WITH != 0 {
            let end = pattern.get(1..).unwrap_or_default();
            let start = self.name.len().checked_sub(end.len());
            let name = start.and_then(|start| self.name.get(start..));
            return name.is_some_and(|name| same(end, name, self.fold));
        }
        wildmatch(pattern, self.name, Mode { is_path: false, fold: self.fold }, &mut self.steps)
    }

    /// The literal beginning is compared first, and the rest as a pattern of its own: so `a**/b` is `a`, and
    /// `**/b` behind it.
    fn matches_path(&mut self, pattern: &[u8], literal: usize) -> bool {
        let (pattern, literal) = match pattern.strip_prefix(b"/") {
            Some(rest) => (rest, literal.saturating_sub(1)),
            None => (pattern, literal),
        };
        let beginning = pattern.get(..literal).unwrap_or_default();
        let Some(path) = self.path.get(..literal) else { return false };
        if !same(beginning, path, self.fold) {
            return false;
        }
        let (pattern, path) = (pattern.get(literal..), self.path.get(literal..));
        let mode = Mode { is_path: true, fold: self.fold };
        wildmatch(pattern.unwrap_or_default(), path.unwrap_or_default(), mode, &mut self.steps)
    }
}

fn same(a: &[u8], b: &[u8], fold: bool) -> bool {
    if fold { a.eq_ignore_ascii_case(b) } else { a == b }
}

/// A text whose rules are taken in.
pub(crate) struct Compiling {
    at: usize,
    rules: Rules,
    max: usize,
}

impl Compiling {
    /// `room`: how many rules there may be, if fewer than a file may have. `cut`: the text is not all there
    /// is.
    pub(crate) fn new(mut text: Vec<u8>, room: usize, cut: bool) -> Self {
        text.truncate(FILE_BYTES_MAX);
        let max = room.min(RULES_MAX);
        // A byte order mark is no part of the first rule.
        let at = if text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let lines = 1 + memchr::memchr_iter(b'\n', &text).count();
        let rules = Rules {
            chains: vec![Chain { head: NONE, len: 0 }; lines.min(max.max(1)).next_power_of_two()],
            anywhere: NONE,
            left_out: cut,
            text,
            ..Rules::default()
        };
        Compiling { at, rules, max }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.at >= self.rules.text.len()
    }

    /// Takes in some lines; what that has cost.
    pub(crate) fn step(&mut self) -> u64 {
        let mut cost = 0;
        while cost < SLICE_COST && !self.is_done() {
            let rest = self.rules.text.get(self.at..).unwrap_or_default();
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let start = self.at;
            self.at += length + 1;
            cost += LINE_COST + length as u64 / BYTES_PER_NS;
            self.take_in(start, length);
        }
        cost
    }

    fn take_in(&mut self, start: usize, length: usize) {
        let line = self.rules.text.get(start..start + length).unwrap_or_default();
        let Some((offset, rule)) = parse(line) else { return };
        let too_long = rule.len() > RULE_BYTES_MAX;
        if too_long || self.rules.rules.len() == self.max {
            self.rules.left_out = true;
            if !too_long {
                self.at = self.rules.text.len();
            }
            return;
        }
        let (flags, literal) = classify(line, offset, rule);
        self.rules.by_path |= flags & NAME_ONLY == 0;
        // In bounds: 1 MiB of text, and 4 KiB of a rule.
        let (start, len) = ((start + offset) as u32, rule.len() as u16);
        self.rules.add(Rule { start, len, literal: literal as u16, flags, next: NONE });
    }

    /// The rules, when all are taken in.
    pub(crate) fn finish(mut self) -> Rules {
        self.rules.rules.shrink_to_fit();
        match self.rules.rules.is_empty() {
            true => Rules { left_out: self.rules.left_out, anywhere: NONE, ..Rules::default() },
            false => self.rules,
        }
    }
}

/// The pattern in a line and where it begins; `None` if there is none that could match.
fn parse(line: &[u8]) -> Option<(usize, &[u8])> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.first().is_none_or(|first| *first == b'#') {
        return None;
    }
    // For git a line ends at a zero byte, too.
    let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
    let line = line.get(..trimmed(line)).unwrap_or_default();
    let offset = usize::from(line.first() == Some(&b'!'));
    let pattern = line.get(offset..).unwrap_or_default();
    let pattern = pattern.strip_suffix(b"/").unwrap_or(pattern);
    (!pattern.is_empty()).then_some((offset, pattern))
}

/// The length of a line without the spaces at its end, if they are not escaped.
fn trimmed(line: &[u8]) -> usize {
    let mut end = 0;
    let mut at = 0;
    while let Some(byte) = line.get(at) {
        at += if *byte == b'\\' { 2 } else { 1 };
        if *byte != b' ' {
            end = at;
        }
    }
    end.min(line.len())
}

/// The flags of a rule, and how many bytes of it are literal at its beginning.
fn classify(line: &[u8], offset: usize, pattern: &[u8]) -> (u8, usize) {
    let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
    let special = pattern.iter().position(|byte| is_special(*byte));
    let literal = special.unwrap_or(pattern.len());
    let is_of_name = !pattern.contains(&b'/');
    let ends_with = is_of_name
        && pattern.first() == Some(&b'*')
        && !pattern.get(1..).unwrap_or_default().iter().any(|byte| is_special(*byte));
    let is_for_directories = line.get(offset + pattern.len()) == Some(&b'/');
    let flags = flag(offset > 0, NEGATED)
        | flag(is_for_directories, DIR_ONLY)
        | flag(is_of_name, NAME_ONLY)
        | flag(ends_with, ENDS_WITH);
    (flags, literal)
}

#[cfg(test)]
#[path = "beside_git.rs"]
mod beside_git;
