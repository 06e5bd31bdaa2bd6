//! Patterns: text or an expression, compiled under limits and kept for the next search.
//!
//! What a compilation costs is bounded before it happens: the length of the pattern bounds the parser, an
//! estimate over the syntax tree bounds its translation into classes of characters, and a number of states
//! bounds the program. What is beyond is refused. Text in the case that it is written in needs none of
//! that.

use std::collections::VecDeque;
use std::rc::Rc;

use memchr::memmem;
use regex_syntax::ast::{self, Ast, ClassPerl, ClassPerlKind, ClassSetItem, Flag, GroupKind};
use regex_syntax::hir::translate::TranslatorBuilder;

use super::Search;
use super::program::{Program, too_large};
use crate::error::{Error, Result};

/// Bytes of a pattern that is text in the case that it is written in.
const TEXT_BYTES_MAX: usize = 16 << 10;

/// Bytes of an expression, or of text in any case.
const EXPRESSION_BYTES_MAX: usize = 2 << 10;

/// Parentheses and brackets inside each other.
const NEST_MAX: u32 = 100;

/// The most that translating a syntax tree may cost.
const TRANSLATION_COST_MAX: u64 = 600_000;

/// Costs, estimated for a release build: a byte of a pattern that is parsed, a node of the tree, a range
/// of characters that is added to a class, a range that is in that class already and sorted again, a
/// character of a range that is looked up for other cases.
const PARSE_COST: u64 = 50;
const NODE_COST: u64 = 200;
const RANGES_COST: u64 = 50;
const SORT_COST: u64 = 4;
const FOLD_COST: u64 = 5;

/// Patterns that are kept.
const KEPT: usize = 8;

/// See the module's documentation.
pub(crate) struct Pattern {
    text: String,
    regex: bool,
    ignore_case: bool,
    pub(super) kind: Kind,
}

/// What a pattern was compiled to.
pub(super) enum Kind {
    Text(Box<memmem::Finder<'static>>),
    Expression(Program),
}

impl Pattern {
    fn is_of(&self, search: &Search) -> bool {
        self.regex == search.regex
            && self.ignore_case == search.ignore_case
            && self.text == search.pattern
    }

    /// Compiles a pattern; adds to `cost` what that costs.
    fn compile(search: &Search, cost: &mut u64) -> Result<Pattern> {
        check_length(search)?;
        let text = &search.pattern;
        let kind = if search.regex {
            Kind::Expression(compile(text, search.ignore_case, cost)?)
        } else if search.ignore_case {
            Kind::Expression(compile(&regex_syntax::escape(text), true, cost)?)
        } else {
            *cost += text.len() as u64;
            Kind::Text(Box::new(memmem::Finder::new(text).into_owned()))
        };
        let (regex, ignore_case) = (search.regex, search.ignore_case);
        Ok(Pattern { text: text.clone(), regex, ignore_case, kind })
    }
}

/// Refuses a pattern by its length alone.
pub(crate) fn check_length(search: &Search) -> Result<()> {
    let is_text = !search.regex && !search.ignore_case;
    let (max, why) = if is_text {
        (TEXT_BYTES_MAX, "a search pattern has 1 to 16,384 bytes")
    } else {
        (
            EXPRESSION_BYTES_MAX,
            "a search pattern that is no text in its own case has 1 to 2,048 bytes",
        )
    };
    if search.pattern.is_empty() || search.pattern.len() > max {
        return Err(Error::invalid(why));
    }
    Ok(())
}

/// Compiles an expression; adds to `cost` what that costs.
fn compile(pattern: &str, ignore_case: bool, cost: &mut u64) -> Result<Program> {
    let malformed =
        |error: &dyn std::fmt::Display| Error::invalid(format!("search pattern: {error}"));
    *cost += pattern.len() as u64 * PARSE_COST;
    let tree = ast::parse::ParserBuilder::new().nest_limit(NEST_MAX).build().parse(pattern);
    let tree = tree.map_err(|error| malformed(&error))?;
    let mut estimate = Estimate { cost: 0, ranges: 0, folds: ignore_case };
    let fits = ast::visit(&tree, &mut estimate);
    *cost += estimate.cost.min(TRANSLATION_COST_MAX);
    fits?;
    let hir = TranslatorBuilder::new()
        .case_insensitive(ignore_case)
        .build()
        .translate(pattern, &tree)
        .map_err(|error| malformed(&error))?;
    Program::new(&hir, cost)
}

/// Adds up what the translation of a syntax tree costs, and stops where it is too much.
struct Estimate {
    cost: u64,
    /// Ranges of characters in the class that is being read.
    ranges: u64,
    /// Upper and lower case are the same, at least in a part.
    folds: bool,
}

impl Estimate {
    fn add(&mut self, cost: u64) -> Result<()> {
        self.cost += cost;
        if self.cost > TRANSLATION_COST_MAX { Err(too_large()) } else { Ok(()) }
    }

    /// Ranges with so many characters are added to a class.
    fn add_ranges(&mut self, ranges: u64, chars: u64) -> Result<()> {
        self.ranges += ranges;
        let folding = if self.folds { chars * FOLD_COST } else { 0 };
        self.add(RANGES_COST + self.ranges * SORT_COST + folding)
    }

    fn note_flags(&mut self, flags: &ast::Flags) {
        self.folds |= flags.flag_state(Flag::CaseInsensitive) == Some(true);
    }
}

/// How many ranges a class like `\w` has, and how many characters have to be looked up for other cases:
/// those of ranges that hold a letter.
fn size_of_class(class: &ClassPerl) -> (u64, u64) {
    match (&class.kind, class.negated) {
        (ClassPerlKind::Digit, false) => (70, 0),
        (ClassPerlKind::Space, false) => (10, 0),
        (ClassPerlKind::Word, false) => (770, 30_000),
        (ClassPerlKind::Word, true) => (770, 5_000),
        (ClassPerlKind::Digit | ClassPerlKind::Space, true) => (70, 1_100_000),
    }
}

impl ast::Visitor for &mut Estimate {
    type Output = ();
    type Err = Error;

    fn finish(self) -> Result<()> {
        Ok(())
    }

    fn visit_pre(&mut self, node: &Ast) -> Result<()> {
        match node {
            Ast::Flags(set) => self.note_flags(&set.flags),
            Ast::Group(group) => {
                if let GroupKind::NonCapturing(flags) = &group.kind {
                    self.note_flags(flags);
                }
            }
            Ast::ClassBracketed(_) => self.ranges = 0,
            Ast::ClassPerl(class) => self.add(size_of_class(class).0 * SORT_COST)?,
            _ => {}
        }
        self.add(NODE_COST)
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<()> {
        match item {
            ClassSetItem::Literal(_) => self.add_ranges(1, 1),
            ClassSetItem::Range(range) => {
                let (start, end) = (u32::from(range.start.c), u32::from(range.end.c));
                self.add_ranges(1, u64::from(end.saturating_sub(start)) + 1)
            }
            ClassSetItem::Perl(class) => {
                let (ranges, chars) = size_of_class(class);
                self.add_ranges(ranges, chars)
            }
            ClassSetItem::Ascii(_) => self.add_ranges(4, 128),
            ClassSetItem::Unicode(_) => self.add_ranges(1_000, 1_100_000),
            // Is united with what is around it.
            ClassSetItem::Bracketed(_) => self.add_ranges(0, 0),
            ClassSetItem::Empty(_) | ClassSetItem::Union(_) => self.add(RANGES_COST),
        }
    }

    fn visit_class_set_binary_op_pre(&mut self, _: &ast::ClassSetBinaryOp) -> Result<()> {
        self.add_ranges(1_000, 0)
    }
}

/// The patterns that were searched last, so that a search that goes on does not compile again.
#[derive(Default)]
pub(crate) struct Patterns {
    /// The last one used is the first.
    kept: VecDeque<Rc<Pattern>>,
}

impl Patterns {
    /// The compiled pattern of a search; adds to `cost` what it costs.
    ///
    /// # Errors
    /// `InvalidArgument` for a pattern that is empty, too long, malformed, or too large when compiled.
    pub(crate) fn get(&mut self, search: &Search, cost: &mut u64) -> Result<Rc<Pattern>> {
        let known = self.kept.iter().position(|pattern| pattern.is_of(search));
        let pattern = match known.and_then(|index| self.kept.remove(index)) {
            Some(pattern) => pattern,
            None => Rc::new(Pattern::compile(search, cost)?),
        };
        self.kept.push_front(Rc::clone(&pattern));
        self.kept.truncate(KEPT);
        Ok(pattern)
    }
}
