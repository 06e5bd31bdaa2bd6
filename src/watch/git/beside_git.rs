//! Rules compared with `git check-ignore`, on random files of rules, drawn from printed seeds.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::*;

pub(super) fn compile(text: &[u8], max: usize) -> (Rules, u32) {
    let mut compiling = Compiling::new(text.to_vec(), max, false);
    let mut units = 0;
    while !compiling.is_done() {
        let cost = compiling.step();
        assert!(cost < 1_000_000, "{cost}");
        units += 1;
    }
    (compiling.finish(), units)
}

/// What rules say of a path and the directories that it is in, as git asks.
fn is_ignored(rules: &Rules, path: &[u8], fold: bool) -> bool {
    let ends = memchr::memchr_iter(b'/', path).map(|end| (end, true));
    let mut last = Found::Nothing;
    for (end, is_dir) in ends.chain([(path.len(), false)]) {
        last = rules.matched(&path[..end], is_dir, fold).found;
        if last == Found::Ignore {
            return true;
        }
    }
    last == Found::Ignore
}

/// Draws numbers (splitmix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    fn one<'a>(&mut self, of: &[&'a [u8]]) -> &'a [u8] {
        of[self.below(of.len())]
    }

    fn some(&mut self, of: &[&[u8]], max: usize) -> Vec<u8> {
        (0..1 + self.below(max)).flat_map(|_| self.one(of).to_vec()).collect()
    }

    fn line(&mut self) -> Vec<u8> {
        const PIECES: &[&[u8]] = &[
            b"a",
            b"b",
            b"c",
            b"A",
            b"ab",
            b".",
            b"*",
            b"**",
            b"***",
            b"/",
            b"/",
            b"/**/",
            b"**/",
            b"/**",
            b"?",
            b"[ab]",
            b"[!a]",
            b"[^b]",
            b"[a-c]",
            b"[]a]",
            b"[a-]",
            b"[\\]a]",
            b"[b-\\c]",
            b"[[:upper:]]",
            b"[[:alpha:]b]",
            b"[[:bad:]]",
            b"[[:a]",
            b"[A-C]",
            b"[/]",
            b"[!/]",
            b"[",
            b"]",
            b"\\",
            b"\\a",
            b"\\*",
            b"\\/",
            b"{a,b}",
            b" ",
            b"\\ ",
            b"!",
            b"#",
            b"\xe9",
            b"\xc3\xa9",
            b"\t",
            b"\r",
        ];
        let mut line = Vec::new();
        line.extend_from_slice(self.one(&[b"", b"", b"", b"!", b"/", b"\\!", b"#", b"\\#"]));
        line.extend(self.some(PIECES, 5));
        line.extend_from_slice(
            self.one(&[b"", b"", b"", b"/", b" ", b"  ", b"\\ ", b"\r", b"/ ", b"/\r"]),
        );
        line
    }

    fn path(&mut self) -> Vec<u8> {
        const PIECES: &[&[u8]] = &[
            b"a",
            b"b",
            b"c",
            b"A",
            b"ab",
            b".a",
            b"]",
            b"*",
            b"!",
            b"#",
            b"\xe9",
            b"\xc3\xa9",
            b"{a,b}",
            b" ",
            b"-",
            b"\\",
            b"\r",
        ];
        let names: Vec<_> = (0..1 + self.below(4)).map(|_| self.some(PIECES, 2)).collect();
        names.join(&b'/')
    }
}

struct Repository(PathBuf);

impl Repository {
    fn new() -> Option<Self> {
        let path = std::env::temp_dir().join(format!("orchflow-rules-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        let repository = Repository(path);
        let made = repository.git(&["init", "-q"]).status();
        match made {
            Ok(status) if status.success() => Some(repository),
            _ => {
                let mut out = std::io::stderr().lock();
                writeln!(out, "left out: git is not installed").unwrap();
                None
            }
        }
    }

    fn git(&self, args: &[&str]) -> Command {
        let mut git = Command::new("git");
        git.args(args).current_dir(&self.0).env("HOME", &self.0).env_remove("XDG_CONFIG_HOME");
        git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CEILING_DIRECTORIES", Path::new("/"));
        git
    }

    /// Which of these paths git ignores.
    fn ignored(&self, paths: &[Vec<u8>], fold: bool) -> Vec<bool> {
        let fold = format!("core.ignorecase={fold}");
        let args = ["-c", &fold, "check-ignore", "--no-index", "--stdin", "-z", "-v", "-n"];
        let mut git = self.git(&args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = git.stdin.take().unwrap();
        let sent = paths.join(&0);
        let writing = std::thread::spawn(move || input.write_all(&sent).unwrap());
        let out = git.wait_with_output().unwrap().stdout;
        writing.join().unwrap();
        let fields: Vec<_> = out.split(|byte| *byte == 0).collect();
        let rules = fields.chunks_exact(4).map(|line| line[2]);
        rules.map(|rule| !rule.is_empty() && rule[0] != b'!').collect()
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn git_agrees() {
    let Some(repository) = Repository::new() else { return };
    let rounds =
        if std::env::var_os("ORCHFLOW_SOAK").is_some_and(|on| on == "1") { 5000 } else { 250 };
    for seed in 0..rounds {
        let mut draw = Draw(seed);
        let fold = seed % 4 == 0;
        let lines: Vec<_> = (0..1 + draw.below(6)).map(|_| draw.line()).collect();
        let bom: &[u8] = if seed % 5 == 0 { b"\xEF\xBB\xBF" } else { b"" };
        let text = [bom, &lines.join(&b'\n')].concat();
        std::fs::write(repository.0.join(".gitignore"), &text).unwrap();
        let paths: Vec<_> = (0..300).map(|_| draw.path()).collect();
        let paths: Vec<_> = paths.into_iter().filter(|path| path != b"..").collect();
        let judged = repository.ignored(&paths, fold);
        assert_eq!(judged.len(), paths.len(), "seed {seed}");
        let (rules, _) = compile(&text, usize::MAX);
        for (path, judged) in paths.iter().zip(judged) {
            let ours = is_ignored(&rules, path, fold);
            let (path, text) = (path.escape_ascii(), text.escape_ascii());
            assert_eq!(ours, judged, "seed {seed}, fold {fold}: {path} with {text}");
        }
    }
}

#[test]
fn many_rules_are_taken_in_in_many_units() {
    let mut text: String = (0..14_000).map(|n| format!("a{n}*b\n")).collect();
    text.insert_str(0, "*.log\nfirst*z\n");
    text.push_str("!keep.log\n");
    let (rules, units) = compile(text.as_bytes(), usize::MAX);
    assert!(units > 10, "{units}");
    assert_eq!((rules.count(), rules.has_left_out()), (14_003, false));
    let ignored = |path: &str| is_ignored(&rules, path.as_bytes(), false);
    assert!(ignored("a13999xb") && ignored("a0b") && ignored("first-z") && ignored("x.log"));
    assert!(!ignored("keep.log") && !ignored("b"));
}

#[test]
fn what_is_beyond_the_bounds_is_left_out() {
    let (rules, _) = compile(b"a\nb\n# c\n\nc\nd", 3);
    assert_eq!((rules.count(), rules.has_left_out()), (3, true));
    assert!(is_ignored(&rules, b"c", false) && !is_ignored(&rules, b"d", false));
    let (rules, _) = compile(b"a\nb\nc\n", 3);
    assert!(!rules.has_left_out());
    let many: String = (0..RULES_MAX + 1).map(|n| format!("n{n}\n")).collect();
    let (rules, _) = compile(many.as_bytes(), usize::MAX);
    assert_eq!((rules.count(), rules.has_left_out()), (RULES_MAX, true));
    let (rules, _) = compile(format!("{}\nx", "p".repeat(RULE_BYTES_MAX + 1)).as_bytes(), 9);
    assert_eq!((rules.count(), rules.has_left_out()), (1, true));
    // What costs nothing is not left out: comments and empty lines.
    let (rules, units) = compile("#\n\n".repeat(FILE_BYTES_MAX / 3).as_bytes(), 9);
    assert!(rules.is_empty() && !rules.has_left_out() && units > 10);
}

/// However many rules there are, a path is compared with few of them.
#[test]
fn few_rules_are_compared() {
    let forms: [&dyn Fn(usize) -> String; 8] = [
        &|n| format!("/some/**/file{n}*.[oa]"),
        &|n| format!("*.x{n}"),
        &|n| format!("name{n}"),
        &|n| format!("[ab]c{n}"),
        &|n| format!("dir{n}/*.o"),
        &|n| format!("a{n}*b"),
        &|n| format!("dir/*/*.o{n}/"),
        &|n| format!("dir{n}/*.x{n}"),
    ];
    for (number, form) in forms.iter().enumerate() {
        let text: String = (0..30_000).map(|n| form(n) + "\n").collect();
        let (rules, _) = compile(text.as_bytes(), usize::MAX);
        assert!(rules.bytes() < 3 << 20, "{}", rules.bytes());
        for path in [
            "some/a/file7z.o",
            "dir77/y.x77",
            "dir/a/z.o29999",
            "name3999",
            "ac17",
            "a29999b",
            "x/y/z",
        ] {
            let outcome = rules.matched(path.as_bytes(), true, false);
            assert!(outcome.cost < 2_000 && !outcome.is_cut, "{number}: {path}: {outcome:?}");
        }
    }
}

/// A comparison is bounded whatever the rules look like, and says so.
#[test]
fn rules_that_are_like_each_other() {
    let text: String = (0..30_000).map(|_| "[ab]*[cd]\n").collect();
    let (rules, _) = compile(text.as_bytes(), usize::MAX);
    let outcome = rules.matched(&b"a".repeat(200), false, false);
    assert!(outcome.is_cut && outcome.cost <= u64::from(STEPS_MAX), "{outcome:?}");
}
