//! The rules of one file, compiled in pieces.
//!
//! Compiling a glob costs about a microsecond for each of its bytes, so a file of thousands of them is cut
//! into chunks, each a matcher of its own that is compiled in one unit of work. A name is compared with the
//! last chunk first: the last rule that matches decides, as git has it. A file of usual length is one or
//! two chunks. A chunk is asked only about paths that have the literal ends of one of its rules: a matcher
//! that meets a path of a new kind builds itself on for tens of microseconds.
//!
//! What is beyond the bounds below is left out, and that is noted.
//!
//! Pure.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::literals::Literals;

/// Bytes of a file of rules that are read.
pub(crate) const RULES_BYTES_MAX: usize = 1 << 20;
/// Rules of a file.
const RULES_MAX: usize = 1 << 14;
/// Bytes of a rule with wildcards, and of one without: what is longer would cost more than a unit may.
const WILD_BYTES_MAX: usize = 512;
const PLAIN_BYTES_MAX: usize = 4096;

/// What is compiled in one unit costs about so much, and one rule more at most.
const CHUNK_COST: u64 = 300_000;
/// What a line costs, a rule, and each byte of a rule with and without wildcards. Measured with globset
/// 0.4 on a machine of 2024.
const LINE_COST: u64 = 30;
const RULE_COST: u64 = 2_000;
const WILD_BYTE_COST: u64 = 1_000;
const PLAIN_BYTE_COST: u64 = 50;

/// Chunks that are asked about one path. Only a file with hundreds of rules that begin and end alike has more.
const ASKED_MAX: usize = 16;

/// Some rules, one after the other.
struct Chunk {
    literals: Literals,
    matcher: Gitignore,
}

/// What rules say of a path.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) found: Match<()>,
    /// How many chunks were asked.
    pub(crate) asked: usize,
    /// There were more that would have had to be.
    pub(crate) is_cut: bool,
}

/// The rules of a file.
#[derive(Default)]
pub(crate) struct Rules {
    /// Empty only if there is no rule.
    chunks: Vec<Chunk>,
    count: usize,
    /// One of them has more than the name of an entry.
    by_path: bool,
    left_out: bool,
}

impl Rules {
    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// How many rules.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn names_directory(&self) -> bool {
        self.by_path
    }

    /// Whether some are left out.
    pub(crate) fn has_left_out(&self) -> bool {
        self.left_out
    }

    /// What the last rule says that matches a path.
    pub(crate) fn matched(&self, path: &Path, is_dir: bool) -> Outcome {
        let bytes = path.as_os_str().as_bytes();
        let mut asked = 0;
        for chunk in self.chunks.iter().rev().filter(|chunk| chunk.literals.admit(bytes)) {
            if asked == ASKED_MAX {
                return Outcome { found: Match::None, asked, is_cut: true };
            }
            asked += 1;
            let found = chunk.matcher.matched(path, is_dir).map(|_| ());
            if !found.is_none() {
                return Outcome { found, asked, is_cut: false };
            }
        }
        Outcome { found: Match::None, asked, is_cut: false }
    }

    /// Its matchers, to be freed one by one.
    pub(crate) fn into_matchers(self) -> impl Iterator<Item = Gitignore> {
        self.chunks.into_iter().map(|chunk| chunk.matcher)
    }
}

/// A text whose rules are being compiled.
pub(crate) struct Compiling {
    text: Vec<u8>,
    at: usize,
    rules: Rules,
    max: usize,
}

impl Compiling {
    /// `room`: how many rules there may be, if fewer than a file may have. `cut`: the text is not all there
    /// is.
    pub(crate) fn new(text: Vec<u8>, room: usize, cut: bool) -> Self {
        let rules = Rules { left_out: cut, ..Rules::default() };
        Compiling { text, at: 0, rules, max: room.min(RULES_MAX) }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Compiles one chunk; what it has cost.
    pub(crate) fn step(&mut self) -> u64 {
        let mut builder = GitignoreBuilder::new("");
        let mut literals = Literals::default();
        let mut cost = 0;
        while cost < CHUNK_COST && !self.is_done() {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            let line = rest.get(..length).unwrap_or_default();
            self.at += length + 1;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            cost += LINE_COST + length as u64 / 10;
            if line.first().is_none_or(|first| *first == b'#') {
                continue;
            }
            let (rule_cost, bytes_max) = cost_of(line);
            if line.len() > bytes_max {
                self.rules.left_out = true;
                continue;
            }
            if self.rules.count == self.max {
                self.rules.left_out = true;
                self.at = self.text.len();
                break;
            }
            cost += rule_cost;
            let line = String::from_utf8_lossy(line);
            // A line that makes no sense is no rule, as for git.
            if builder.add_line(None, &line).is_ok() {
                literals.add(&line);
                self.rules.count += 1;
                self.rules.by_path |= names_directory(&line);
            }
        }
        if literals.len() > 0 {
            match builder.build() {
                Ok(matcher) => self.rules.chunks.push(Chunk { literals, matcher }),
                Err(_) => self.rules.left_out = true,
            }
        }
        cost
    }

    /// The rules, when all are compiled.
    pub(crate) fn finish(self) -> Rules {
        self.rules
    }
}

/// What a rule costs to compile, and how long it may be.
fn cost_of(rule: &[u8]) -> (u64, usize) {
    let wild = rule.iter().any(|byte| b"*?[{\\".contains(byte));
    // `*.x` is looked up, not searched for.
    let extension =
        rule.strip_prefix(b"*.").is_some_and(|rest| !rest.iter().any(|b| b"*?[{\\/".contains(b)));
    match wild && !extension {
        true => (RULE_COST + rule.len() as u64 * WILD_BYTE_COST, WILD_BYTES_MAX),
        false => (RULE_COST + rule.len() as u64 * PLAIN_BYTE_COST, PLAIN_BYTES_MAX),
    }
}

/// Whether a rule has more than the name of an entry.
pub(crate) fn names_directory(rule: &str) -> bool {
    !rule.starts_with('#') && rule.trim_end_matches('/').contains('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::UNIT_COST_MAX;

    fn compile(text: &str, room: usize) -> (Rules, usize) {
        let mut compiling = Compiling::new(text.into(), room, false);
        let mut units = 0;
        while !compiling.is_done() {
            let cost = compiling.step();
            assert!(cost <= UNIT_COST_MAX, "{cost}");
            units += 1;
        }
        (compiling.finish(), units)
    }

    fn is_ignored(rules: &Rules, path: &str) -> bool {
        rules.matched(Path::new(path), false).found.is_ignore()
    }

    #[test]
    fn many_rules_are_compiled_in_many_units() {
        let mut text: String = (0..14_000).map(|n| format!("a{n}*b\n")).collect();
        text.insert_str(0, "*.log\nfirst*z\n");
        text.push_str("!keep.log\n");
        let (rules, units) = compile(&text, usize::MAX);
        assert!(units > 100, "{units}");
        assert_eq!((rules.count(), rules.has_left_out()), (14_003, false));
        assert!(is_ignored(&rules, "a13999xb") && is_ignored(&rules, "a0b"));
        assert!(is_ignored(&rules, "first-z") && is_ignored(&rules, "x.log"));
        assert!(!is_ignored(&rules, "keep.log") && !is_ignored(&rules, "b"));
    }

    /// Across chunks, too, the last rule that matches decides.
    #[test]
    fn the_last_rule_decides() {
        let filler: String = (0..500).map(|n| format!("q{n}*{n}z\n")).collect();
        let (rules, units) =
            compile(&format!("*.a\n{filler}!x.a\n{filler}x.a\n{filler}!y.a"), 1 << 14);
        assert!(units > 10);
        assert!(
            is_ignored(&rules, "x.a") && is_ignored(&rules, "z.a") && !is_ignored(&rules, "y.a")
        );
    }

    #[test]
    fn what_is_beyond_the_bounds_is_left_out() {
        let (rules, _) = compile("a\nb\n# c\n\nc\nd", 3);
        assert_eq!((rules.count(), rules.has_left_out()), (3, true));
        assert!(is_ignored(&rules, "c") && !is_ignored(&rules, "d"));
        let (rules, _) = compile("a\nb\nc\n", 3);
        assert!(!rules.has_left_out());
        let many: String = (0..RULES_MAX + 1).map(|n| format!("n{n}\n")).collect();
        let (rules, _) = compile(&many, usize::MAX);
        assert_eq!((rules.count(), rules.has_left_out()), (RULES_MAX, true));
        let wild = "*a".repeat(WILD_BYTES_MAX / 2 + 1);
        let (rules, _) = compile(&format!("{wild}\n{}\nx", "p".repeat(PLAIN_BYTES_MAX + 1)), 9);
        assert_eq!((rules.count(), rules.has_left_out()), (1, true));
        // What costs nothing is not left out: comments and empty lines.
        let (rules, units) = compile(&"#\n\n".repeat(RULES_BYTES_MAX / 3), 9);
        assert!(rules.is_empty() && !rules.has_left_out() && units > 10);
    }

    /// However many rules there are, a path is compared with those alone that may match it, and with few
    /// chunks of those.
    #[test]
    fn few_chunks_are_asked() {
        let many = |rule: &dyn Fn(usize) -> String| -> String {
            (0..14_000).map(|n| format!("{}\n", rule(n))).collect()
        };
        let (rules, units) = compile(&many(&|n| format!("/some/**/file{n}*.[oa]")), usize::MAX);
        assert!(units > 300, "{units}");
        for (path, asked) in [("some", 0), ("other/file1x.o", 0), ("some/where/x.o", ASKED_MAX)] {
            let outcome = rules.matched(Path::new(path), false);
            assert_eq!((outcome.asked, outcome.is_cut), (asked, asked > 0), "{path}");
        }
        let (rules, _) = compile(&many(&|n| format!("*.x{n}\nname{n}\n[ab]c{n}")), usize::MAX);
        for path in ["d/y.x77", "name3999", "ac17"] {
            let outcome = rules.matched(Path::new(path), false);
            assert!(outcome.found.is_ignore() && !outcome.is_cut, "{path}: {outcome:?}");
            assert!(outcome.asked <= 3, "{path}: {outcome:?}");
        }
    }

    /// A unit is bounded whatever the rules look like.
    #[test]
    fn expensive_rules() {
        for rule in ["?", "[!a]", "{a,b}", "*a", "**/", "a/*/", "[a-z]*"] {
            let line = rule.repeat(WILD_BYTES_MAX / rule.len());
            let (rules, units) = compile(&format!("{line}\n").repeat(20), 99);
            assert!(units >= 20 && !rules.has_left_out(), "{rule}: {units}");
        }
        let nested = format!("{}a{}", "{a,".repeat(60), "}".repeat(60));
        compile(&format!("{nested}\n").repeat(20), 99);
    }
}
