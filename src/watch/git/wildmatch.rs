//! One pattern against one path, byte by byte, as git's `wildmatch` has it.
//!
//! `*` and `?` do not match a slash. `**` does, at the beginning or behind a slash, if a slash or the end follows;
//! anywhere else it is a `*`. Sets know ranges, negation, escapes and POSIX classes. Braces are literal.
//!
//! Git tries every length of every star, which takes exponential time at worst. Here only the last star and the last `**` are
//! tried again: the shortest match of what precedes them leaves the most for what follows. The steps are
//! counted, and may run out.

use std::ops::ControlFlow;

/// How a pattern is compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mode {
    /// The pattern is about a path: a star stops at a slash. Else about a name.
    pub(super) is_path: bool,
    /// ASCII letters of either case are the same.
    pub(super) fold: bool,
}

/// Positions in a pattern and in a text, from where the rest is tried again.
#[derive(Clone, Copy)]
struct Retry {
    pattern: usize,
    text: usize,
}

/// Whether a pattern matches a text. Takes the steps that it needs; when they run out, the answer is no.
pub(super) fn wildmatch(pattern: &[u8], text: &[u8], mode: Mode, steps: &mut u32) -> bool {
    let mut matching = Matching {
        pattern,
        text,
        mode,
        at: Retry { pattern: 0, text: 0 },
        star: None,
        globstar: None,
    };
    loop {
        let Some(left) = steps.checked_sub(1) else { return false };
        *steps = left;
        if let ControlFlow::Break(matches) = matching.step() {
            return matches;
        }
    }
}

struct Matching<'a> {
    pattern: &'a [u8],
    text: &'a [u8],
    mode: Mode,
    at: Retry,
    /// Behind the last star, and what it may take next.
    star: Option<Retry>,
    /// The same of the last `**`: behind the slash that follows it.
    globstar: Option<Retry>,
}

impl Matching<'_> {
    fn step(&mut self) -> ControlFlow<bool> {
        let first = self.pattern.get(self.at.pattern).copied();
        if first == Some(b'*') {
            return self.on_star();
        }
        let Some(byte) = self.text.get(self.at.text).copied() else {
            // What is left of the pattern needs a byte. A star that takes more leaves less.
            return ControlFlow::Break(first.is_none());
        };
        let rest = self.pattern.get(self.at.pattern..).unwrap_or_default();
        match one(rest, byte, self.mode) {
            Some(length) => {
                self.at.pattern += length;
                self.at.text += 1;
                ControlFlow::Continue(())
            }
            None => self.retry(),
        }
    }

    fn on_star(&mut self) -> ControlFlow<bool> {
        let start = self.at.pattern;
        let rest = self.pattern.get(start..).unwrap_or_default();
        let stars = rest.iter().take_while(|byte| **byte == b'*').count();
        let behind = rest.get(stars..).unwrap_or_default();
        let is_bounded = start == 0 || self.pattern.get(start - 1) == Some(&b'/');
        let slash = match behind {
            [b'/', ..] => 1,
            [b'\\', b'/', ..] => 2,
            _ => 0,
        };
        let crosses =
            !self.mode.is_path || (stars > 1 && is_bounded && (slash > 0 || behind.is_empty()));
        if behind.is_empty() {
            let rest = self.text.get(self.at.text..).unwrap_or_default();
            return match crosses || !rest.contains(&b'/') {
                true => ControlFlow::Break(true),
                false => self.retry(),
            };
        }
        self.at.pattern += stars;
        if crosses && self.mode.is_path {
            self.star = None;
            self.globstar = Some(Retry { pattern: self.at.pattern + slash, text: self.at.text });
            if slash == 2 {
                return self.retry();
            }
            // `**/` may be nothing at all.
            self.at.pattern += slash;
        } else {
            self.star = Some(self.at);
        }
        ControlFlow::Continue(())
    }

    /// Lets the last star take one byte more, or the last `**` all up to the next slash.
    fn retry(&mut self) -> ControlFlow<bool> {
        if let Some(star) = &mut self.star {
            let taken = self.text.get(star.text);
            if taken.is_some_and(|byte| *byte != b'/' || !self.mode.is_path) {
                star.text += 1;
                self.at = *star;
                return ControlFlow::Continue(());
            }
            self.star = None;
        }
        let Some(globstar) = &mut self.globstar else { return ControlFlow::Break(false) };
        let rest = self.text.get(globstar.text..).unwrap_or_default();
        let Some(slash) = memchr::memchr(b'/', rest) else { return ControlFlow::Break(false) };
        globstar.text += slash + 1;
        self.at = *globstar;
        ControlFlow::Continue(())
    }
}

/// Compares a byte with the first element of a pattern that is no star: how long that is if it matches.
fn one(pattern: &[u8], byte: u8, mode: Mode) -> Option<usize> {
    let byte = if mode.fold { byte.to_ascii_lowercase() } else { byte };
    match pattern {
        [b'?', ..] => Some(1).filter(|_| byte != b'/' || !mode.is_path),
        [b'[', rest @ ..] => {
            let (length, matches) = set(rest, byte, mode.fold)?;
            Some(1 + length).filter(|_| matches && (byte != b'/' || !mode.is_path))
        }
        // An escaped capital letter is not folded, which git does not do either.
        [b'\\', escaped, ..] => Some(2).filter(|_| byte == *escaped),
        [first, ..] if *first != b'\\' => {
            let first = if mode.fold { first.to_ascii_lowercase() } else { *first };
            Some(1).filter(|_| byte == first)
        }
        _ => None,
    }
}

/// Compares a byte with a set, which begins behind its bracket. How long the set is with the bracket that closes it,
/// and whether it matches; `None` if it is not well formed, and matches nothing then.
fn set(set: &[u8], byte: u8, fold: bool) -> Option<(usize, bool)> {
    let is_negated = matches!(set.first(), Some(b'!' | b'^'));
    let mut at = usize::from(is_negated);
    let mut matches = false;
    // The beginning of a range, if the next element can end one.
    let mut low = None;
    let mut is_first = true;
    loop {
        let element = *set.get(at)?;
        if element == b']' && !is_first {
            return Some((at + 1, matches != is_negated));
        }
        is_first = false;
        let rest = set.get(at + 1..).unwrap_or_default();
        match (element, rest) {
            (b'\\', _) => {
                let escaped = *rest.first()?;
                matches |= byte == escaped;
                low = Some(escaped);
                at += 2;
            }
            (b'-', [next, ..]) if low.is_some() && *next != b']' => {
                let (high, length) = match rest {
                    [b'\\', escaped, ..] => (*escaped, 3),
                    [b'\\'] => return None,
                    _ => (*next, 2),
                };
                let range = low.take().unwrap_or(0)..=high;
                let other = if fold { byte.to_ascii_uppercase() } else { byte };
                matches |= range.contains(&byte) || range.contains(&other);
                at += length;
            }
            (b'[', [b':', rest @ ..]) => {
                // Up to the next bracket, without which no set ends.
                let end = rest.iter().position(|byte| *byte == b']')?;
                let name = rest.get(..end).unwrap_or_default();
                if let Some(name) = name.strip_suffix(b":") {
                    matches |= is_of_class(name, byte, fold)?;
                    low = None;
                    at += 2 + end + 1;
                } else {
                    matches |= byte == b'[';
                    low = Some(b'[');
                    at += 1;
                }
            }
            _ => {
                matches |= byte == element;
                low = Some(element);
                at += 1;
            }
        }
    }
}

/// Whether a byte is of a POSIX class, as git's own tables have it; `None` if there is none of this name.
fn is_of_class(name: &[u8], byte: u8, fold: bool) -> Option<bool> {
    Some(match name {
        b"alnum" => byte.is_ascii_alphanumeric(),
        b"alpha" => byte.is_ascii_alphabetic(),
        b"blank" => matches!(byte, b' ' | b'\t'),
        b"cntrl" => byte.is_ascii_control(),
        b"digit" => byte.is_ascii_digit(),
        b"graph" => byte.is_ascii_graphic(),
        b"lower" => byte.is_ascii_lowercase(),
        b"print" => byte.is_ascii_graphic() || byte == b' ',
        b"punct" => byte.is_ascii_punctuation(),
        b"space" => matches!(byte, b' ' | b'\t' | b'\n' | b'\r'),
        b"upper" => byte.is_ascii_uppercase() || (fold && byte.is_ascii_lowercase()),
        b"xdigit" => byte.is_ascii_hexdigit(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str, is_path: bool, fold: bool) -> bool {
        wildmatch(pattern.as_bytes(), text.as_bytes(), Mode { is_path, fold }, &mut 1_000_000)
    }

    /// Outcomes of git's own tests (`t3070-wildmatch.sh` describes the same function) were looked up with
    /// `git check-ignore`; `tests/watch_git.rs` compares random ones.
    #[test]
    fn paths() {
        let table = [
            ("foo", "foo", true),
            ("*f", "foo", false),
            ("**/foo", "foo", true),
            ("**/foo", "a/b/foo", true),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("a/**", "a/b/c", true),
            ("a/**", "a", false),
            ("a**/b", "ax/y/b", false),
            ("a**/b", "ax/b", true),
            ("**\\/b", "b", false),
            ("**\\/b", "a/b", true),
            ("*/*/c", "a/b/c", true),
            ("*/c", "a/b/c", false),
            ("**/a*b/c", "x/ab/ab/axb/c", true),
            ("?", "/", false),
            ("a[/]b", "a/b", false),
            ("x[\\]]y", "x]y", true),
            ("x[]]y", "x]y", true),
            ("[!]a-]", "-", false),
            ("[!]a-]", "b", true),
            ("[a-c]x", "bx", true),
            ("[\\a-\\c]", "b", true),
            ("[[:digit:]-z]", "-", true),
            ("[[:nonsense:]a]", "a", false),
            ("[[:x]", ":", true),
            ("[a", "a", false),
            ("a\\", "a\\", false),
            ("\\*", "*", true),
            ("*.{a,b}", "x.a", false),
            ("*.{a,b}", "x.{a,b}", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(matches(pattern, text, true, false), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn letters_of_either_case() {
        let table = [
            ("aBc", "AbC", true),
            ("[A-C]x", "bX", true),
            ("[A]", "a", false),
            ("\\A", "a", false),
            ("[[:upper:]]", "a", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(matches(pattern, text, true, true), expected, "{pattern} {text}");
        }
    }

    /// What would take a backtracking matcher for ever.
    #[test]
    fn many_stars_take_few_steps() {
        let pattern = format!("{}b", "a*".repeat(100));
        let text = "a".repeat(200);
        let mut steps = 100_000;
        assert!(!wildmatch(
            pattern.as_bytes(),
            text.as_bytes(),
            Mode { is_path: true, fold: false },
            &mut steps
        ));
        assert!(steps > 50_000, "{steps}");
        let (pattern, text) = ("**/a/".repeat(30) + "b", "a/".repeat(60) + "c");
        let mut steps = 100_000;
        assert!(!wildmatch(
            pattern.as_bytes(),
            text.as_bytes(),
            Mode { is_path: true, fold: false },
            &mut steps
        ));
        assert!(steps > 50_000, "{steps}");
        assert!(!wildmatch(b"a*b", b"axxxxb", Mode { is_path: true, fold: false }, &mut 3));
    }
}
