//! What a path must begin and end with for a rule to match it.
//!
//! Most rules have a literal part at one of their ends (`/target/`, `*.o`, `node_modules`). Comparing it costs
//! a nanosecond; running a compiled glob over a path for the first time costs tens of microseconds. So a
//! matcher runs only over paths that one of its rules may match.
//!
//! Pure.

use std::ops::Range;

/// The literal ends of some rules.
#[derive(Default)]
pub(super) struct Literals {
    text: Vec<u8>,
    rules: Vec<Ends>,
}

/// Of one rule; in [`Literals::text`].
struct Ends {
    prefix: Range<u32>,
    suffix: Range<u32>,
    /// The rule is about the whole path, not only its last part.
    is_of_path: bool,
}

impl Literals {
    /// Adds a rule as it stands in a file, without its line break.
    pub(super) fn add(&mut self, line: &str) {
        let (prefix, suffix, is_of_path) = ends(line);
        let prefix = self.keep(prefix);
        let suffix = self.keep(suffix);
        self.rules.push(Ends { prefix, suffix, is_of_path });
    }

    fn keep(&mut self, literal: &str) -> Range<u32> {
        // Rules have at most 4 KiB, and a matcher has few of them.
        let position = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let start = position(self.text.len());
        self.text.extend_from_slice(literal.as_bytes());
        start..position(self.text.len())
    }

    pub(super) fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether one of the rules may match a path, relative to the directory of the rules.
    pub(super) fn admit(&self, path: &[u8]) -> bool {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
        self.rules.iter().any(|rule| {
            let subject = if rule.is_of_path { path } else { name };
            subject.starts_with(self.literal(&rule.prefix))
                && subject.ends_with(self.literal(&rule.suffix))
        })
    }

    fn literal(&self, range: &Range<u32>) -> &[u8] {
        self.text.get(range.start as usize..range.end as usize).unwrap_or_default()
    }
}

/// The literal beginning and end of a rule, and whether it is about the whole path.
fn ends(line: &str) -> (&str, &str, bool) {
    let line = line.trim_end();
    let line = line.strip_prefix('!').unwrap_or(line);
    let rule = line.strip_suffix('/').unwrap_or(line);
    let is_of_path = rule.contains('/');
    let rule = rule.strip_prefix('/').unwrap_or(rule);
    if rule.contains('\\') {
        // What is escaped is left to the matcher.
        return ("", "", is_of_path);
    }
    let is_special = |c: char| "*?[]{}".contains(c);
    let prefix = &rule[..rule.find(is_special).unwrap_or(rule.len())];
    let suffix = rule.rfind(is_special).map_or(rule, |at| &rule[at + 1..]);
    // Two stars and a slash may stand for nothing at all.
    let suffix = match suffix.strip_prefix('/') {
        Some(rest) if rule.len() > suffix.len() => rest,
        _ => suffix,
    };
    (prefix, suffix, is_of_path)
}

#[cfg(test)]
mod tests {
    use ignore::gitignore::GitignoreBuilder;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn literal_ends() {
        let table = [
            ("target", ("target", "target", false)),
            ("/target/", ("target", "target", true)),
            ("*.o", ("", ".o", false)),
            ("!a*z ", ("a", "z", false)),
            ("a/b*/c", ("a/b", "c", true)),
            ("**/x", ("", "x", true)),
            ("a/**/b", ("a/", "b", true)),
            ("[Bb]in/", ("", "in", false)),
            ("x.{a,b}", ("x.", "", false)),
            ("\\!a", ("", "", false)),
            ("a/**", ("a/", "", true)),
        ];
        for (line, expected) in table {
            assert_eq!(ends(line), expected, "{line}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

        /// No path that a rule matches is left out.
        #[test]
        fn whatever_matches_is_admitted(
            rule in "!?/?([abc.]|[abc.]|\\*|\\*\\*|/|\\?|\\[ab\\]|\\{a,bc?\\}|\\\\a| ){1,8}/? ?",
            path in "[abc.]{1,3}(/[abc.]{1,3}){0,4}",
            is_dir in any::<bool>(),
        ) {
            let mut builder = GitignoreBuilder::new("");
            if builder.add_line(None, &rule).is_err() {
                return Ok(());
            }
            let Ok(matcher) = builder.build() else { return Ok(()) };
            let mut literals = Literals::default();
            literals.add(&rule);
            if !matcher.matched(&path, is_dir).is_none() {
                prop_assert!(literals.admit(path.as_bytes()), "{rule:?} matches {path:?}");
            }
        }
    }
}
