//! Git's configuration, as far as it decides what is ignored: which list the user excludes by, whether case counts,
//! and what else is to be read.
//!
//! Pure: files are named here, and read by whoever asks.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::wildmatch::{Mode, wildmatch};

/// Steps of comparing a directory with the condition of an include.
const STEPS_MAX: u32 = 100_000;

/// Where the process looks for configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub(crate) home: Option<PathBuf>,
    /// `$XDG_CONFIG_HOME` or `~/.config`.
    pub(crate) config: Option<PathBuf>,
}

/// What the configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `core.excludesFile`; `None` if it is not set.
    pub(crate) excludes_file: Option<PathBuf>,
    /// `core.ignoreCase`.
    pub(crate) fold: bool,
    /// `extensions.worktreeConfig`.
    pub(crate) worktree_config: bool,
    /// Names of objects have 32 bytes instead of 20.
    pub(crate) is_sha256: bool,
}

/// One line of configuration that matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Set(Vec<u8>, Option<Vec<u8>>),
    Include(PathBuf, Condition),
}

/// When an included file counts; patterns as git has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Always,
    /// On these branches.
    OnBranch(Vec<u8>),
    /// Where some remote has such a URL, wherever it is configured.
    HasUrl(Vec<u8>),
}

impl Condition {
    pub(crate) fn is_of_branch(pattern: &[u8], branch: &[u8]) -> bool {
        let below: &[u8] = if pattern.ends_with(b"/") { b"**" } else { b"" };
        compare(&[pattern, below].concat(), branch)
    }

    pub(crate) fn is_of_url(pattern: &[u8], url: &[u8]) -> bool {
        compare(pattern, url)
    }
}

fn compare(pattern: &[u8], text: &[u8]) -> bool {
    wildmatch(pattern, text, Mode { is_path: true, fold: false }, &mut STEPS_MAX.clone())
}

/// Whether a variable is the URL of a remote.
pub(crate) fn is_remote_url(name: &[u8]) -> bool {
    let rest = name.strip_prefix(b"remote.").and_then(|rest| rest.strip_suffix(b".url"));
    rest.is_some_and(|remote| !remote.is_empty())
}

impl Settings {
    /// Takes in a variable: its name in small letters, and its value; without one it is true.
    pub(crate) fn set(&mut self, name: &[u8], value: Option<&[u8]>, places: &Places) {
        match name {
            b"core.excludesfile" => {
                self.excludes_file = value.map(|value| expand(value, places));
            }
            b"core.ignorecase" => self.fold = is_true(value),
            b"extensions.worktreeconfig" => self.worktree_config = is_true(value),
            b"extensions.objectformat" => self.is_sha256 = value == Some(b"sha256"),
            _ => {}
        }
    }
}

fn is_true(value: Option<&[u8]>) -> bool {
    let Some(value) = value else { return true };
    let is_number = value.first().is_some_and(u8::is_ascii_digit);
    ["true", "yes", "on"].iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
        || (is_number && value.iter().any(|byte| (b'1'..=b'9').contains(byte)))
}

/// A path whose `~/` is the home directory.
fn expand(path: &[u8], places: &Places) -> PathBuf {
    match (path.strip_prefix(b"~/"), &places.home) {
        (Some(rest), Some(home)) => home.join(OsStr::from_bytes(rest)),
        _ => PathBuf::from(OsStr::from_bytes(path)),
    }
}

/// The lines of a configuration file that matter. `file`: its path; `git_dir`: that of the repository.
pub(crate) fn lines(text: &[u8], file: &Path, git_dir: &Path, places: &Places) -> Vec<Line> {
    let mut lines = Vec::new();
    let dir = file.parent().unwrap_or(Path::new("/"));
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut reader = Reader { text, at: 0 };
    let mut section = Vec::new();
    // What git does not understand ends what it reads of a file.
    while let Some(item) = reader.next() {
        match item {
            Item::Section(name) => section = name,
            Item::Variable(name, value) => {
                let name = [&section[..], b".", &name].concat();
                let is_setting = name.starts_with(b"core.") || name.starts_with(b"extensions.");
                if let Some(condition) = included(&name, git_dir, dir, places) {
                    let path = value.as_deref().map(|value| dir.join(expand(value, places)));
                    lines.extend(path.map(|path| Line::Include(path, condition)));
                } else if is_setting || is_remote_url(&name) {
                    lines.push(Line::Set(name, value));
                }
            }
        }
    }
    lines
}

/// When the file counts for this repository that a variable names; `None`: it names none, or one that does not.
fn included(name: &[u8], git_dir: &Path, dir: &Path, places: &Places) -> Option<Condition> {
    if name == b"include.path" {
        return Some(Condition::Always);
    }
    let condition = name.strip_prefix(b"includeif.")?.strip_suffix(b".path")?;
    if let Some(pattern) = condition.strip_prefix(b"onbranch:") {
        return Some(Condition::OnBranch(pattern.to_vec()));
    }
    if let Some(pattern) = condition.strip_prefix(b"hasconfig:remote.*.url:") {
        return Some(Condition::HasUrl(pattern.to_vec()));
    }
    let is_here = match (condition.strip_prefix(b"gitdir:"), condition.strip_prefix(b"gitdir/i:")) {
        (Some(pattern), _) => is_at(pattern, false, git_dir, dir, places),
        (_, Some(pattern)) => is_at(pattern, true, git_dir, dir, places),
        _ => false,
    };
    is_here.then_some(Condition::Always)
}

/// Whether the directory of a repository is one of these; `dir`: where that is said.
fn is_at(pattern: &[u8], fold: bool, git_dir: &Path, dir: &Path, places: &Places) -> bool {
    let mut whole = match pattern.strip_prefix(b"./") {
        Some(rest) => dir.join(OsStr::from_bytes(rest)),
        None => expand(pattern, places),
    }
    .into_os_string()
    .into_vec();
    if !whole.starts_with(b"/") {
        whole.splice(0..0, *b"**/");
    }
    if whole.ends_with(b"/") {
        whole.extend_from_slice(b"**");
    }
    let mode = Mode { is_path: true, fold };
    wildmatch(&whole, git_dir.as_os_str().as_bytes(), mode, &mut STEPS_MAX.clone())
}

enum Item {
    /// With its subsection, as `name.subsection`.
    Section(Vec<u8>),
    Variable(Vec<u8>, Option<Vec<u8>>),
}

/// Reads the form of a configuration file.
struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    /// The next byte; a line ends at CR LF, too.
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.text.get(self.at)?;
        self.at += 1;
        if byte == b'\r' && self.text.get(self.at) == Some(&b'\n') {
            self.at += 1;
            return Some(b'\n');
        }
        Some(byte)
    }

    fn next(&mut self) -> Option<Item> {
        loop {
            match self.byte()? {
                b'#' | b';' => self.skip_line(),
                b'[' => return self.section().map(Item::Section),
                byte if byte.is_ascii_whitespace() => {}
                byte if byte.is_ascii_alphabetic() => return self.variable(byte),
                _ => return None,
            }
        }
    }

    fn skip_line(&mut self) {
        while self.byte().is_some_and(|byte| byte != b'\n') {}
    }

    fn section(&mut self) -> Option<Vec<u8>> {
        let mut name = Vec::new();
        loop {
            match self.byte()? {
                b']' => return Some(name),
                b' ' | b'\t' => break,
                byte if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.') => {
                    name.push(byte.to_ascii_lowercase());
                }
                _ => return None,
            }
        }
        let mut quote = b' ';
        while matches!(quote, b' ' | b'\t') {
            quote = self.byte()?;
        }
        if quote != b'"' {
            return None;
        }
        name.push(b'.');
        loop {
            match self.byte()? {
                b'"' => return Some(name).filter(|_| self.byte() == Some(b']')),
                b'\n' => return None,
                b'\\' => name.push(self.byte()?),
                byte => name.push(byte),
            }
        }
    }

    fn variable(&mut self, first: u8) -> Option<Item> {
        let mut name = vec![first.to_ascii_lowercase()];
        loop {
            match self.byte() {
                Some(byte) if byte.is_ascii_alphanumeric() || byte == b'-' => {
                    name.push(byte.to_ascii_lowercase());
                }
                Some(b' ' | b'\t') => {}
                Some(b'\n') | None => return Some(Item::Variable(name, None)),
                Some(b'=') => break,
                // A comment behind a name without a value.
                Some(b'#' | b';') => {
                    self.skip_line();
                    return Some(Item::Variable(name, None));
                }
                _ => return None,
            }
        }
        self.value().map(|value| Item::Variable(name, Some(value)))
    }

    fn value(&mut self) -> Option<Vec<u8>> {
        let mut value = Vec::new();
        // Its length without the blanks that end it.
        let mut end = 0;
        let mut is_quoted = false;
        loop {
            let byte = match self.byte() {
                None | Some(b'\n') if is_quoted => return None,
                None | Some(b'\n') => break,
                Some(byte) => byte,
            };
            match byte {
                b'#' | b';' if !is_quoted => {
                    self.skip_line();
                    break;
                }
                b' ' | b'\t' if !is_quoted => {
                    if !value.is_empty() {
                        value.push(byte);
                    }
                    continue;
                }
                b'"' => is_quoted = !is_quoted,
                b'\\' => match self.byte()? {
                    b'\n' => continue,
                    b't' => value.push(b'\t'),
                    b'n' => value.push(b'\n'),
                    b'b' => value.push(8),
                    escaped @ (b'\\' | b'"') => value.push(escaped),
                    _ => return None,
                },
                byte => value.push(byte),
            }
            end = value.len();
        }
        value.truncate(end);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        let places = Places { home: Some("/home/me".into()), config: None };
        let mut settings = Settings::default();
        for line in lines(text.as_bytes(), Path::new("/c/config"), Path::new("/r/.git"), &places) {
            match line {
                Line::Set(name, value) => settings.set(&name, value.as_deref(), &places),
                Line::Include(path, _) => settings.excludes_file = Some(path),
            }
        }
        settings
    }

    #[test]
    fn values() {
        let table = [
            ("[core]\nexcludesFile = ~/x", "/home/me/x"),
            ("[core]\nexcludesFile = \"/a b\" # no", "/a b"),
            ("[CORE]\n\tExcludesFile=/a  ; no", "/a"),
            ("[core] excludesfile = /a\\\n/b", "/a/b"),
            ("\u{feff}[core]\r\nexcludesfile = /a\\\\b\r\n[x]\r\n", "/a\\b"),
            ("[core]\nexcludesfile = /a\n[core]\nexcludesfile = /b", "/b"),
            ("[include]\npath = other", "/c/other"),
            ("[includeIf \"gitdir:/r/\"]\npath = ~/o", "/home/me/o"),
            ("[includeIf \"gitdir:r/\"]\npath = /o", "/o"),
            ("[core \"sub\"]\nexcludesfile = /no\n[core]\nexcludesfile = /a", "/a"),
            ("[core]\nexcludesfile = /a\nbad_name = 1\nexcludesfile = /b", "/a"),
        ];
        for (text, expected) in table {
            let found = settings(text).excludes_file;
            assert_eq!(found, Some(PathBuf::from(expected)), "{text}");
        }
        assert_eq!(settings("[includeIf \"gitdir:/q/\"]\npath = /o").excludes_file, None);
        assert!(settings("[core]\nignorecase").fold && settings("[core]\nignoreCase = Yes").fold);
        assert!(!settings("[core]\nignorecase = 0").fold);
        assert!(settings("[extensions]\nworktreeConfig = true").worktree_config);
        assert!(settings("[extensions]\nobjectformat = sha256").is_sha256);
    }
}
