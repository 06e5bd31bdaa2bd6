//! What programs report beside the screen, in OSC strings that the parser ignores: the working
//! directory (7, 633), notifications (9, 777), the beginning and end of commands (133, 633).

use std::collections::VecDeque;
use std::time::Duration;

use super::text::truncate;

/// Notifications and command marks that wait to be reported. The oldest is dropped for one more.
const WAITING_MAX: usize = 32;

/// Bytes of a notification's or command line's text that are kept.
const TEXT_BYTES_MAX: usize = 4096;

/// An event for the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MetadataEvent {
    Cwd,
    Notification { title: String, body: String },
    CommandStarted { command: String },
    CommandFinished { exit_code: Option<i32>, duration: Duration },
}

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Metadata {
    /// The directory that the program named last; raw bytes.
    cwd: Option<Vec<u8>>,
    cwd_changed: bool,
    /// The command line that was announced for the next command.
    announced: String,
    /// When the running command began; the host's clock.
    started: Option<Duration>,
    /// Exit code of the last command that reported one.
    last_exit: Option<i32>,
    waiting: VecDeque<MetadataEvent>,
    /// Events that were dropped because nobody read them.
    dropped: u64,
    now: Duration,
}

impl Metadata {
    /// Sets the time that durations are measured with.
    pub(crate) fn set_now(&mut self, now: Duration) {
        self.now = now;
    }

    /// The time that was set.
    pub(super) fn now(&self) -> Duration {
        self.now
    }

    pub(crate) fn cwd(&self) -> Option<&[u8]> {
        self.cwd.as_deref()
    }

    /// A command runs, by its marks, since then.
    pub(crate) fn command_since(&self) -> Option<Duration> {
        self.started
    }

    pub(crate) fn last_exit(&self) -> Option<i32> {
        self.last_exit
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && !self.cwd_changed
    }

    /// Bytes that it takes beside itself.
    pub(crate) fn bytes(&self) -> usize {
        let texts = self.waiting.iter().map(|event| match event {
            MetadataEvent::Notification { title, body } => title.capacity() + body.capacity(),
            MetadataEvent::CommandStarted { command } => command.capacity(),
            MetadataEvent::Cwd | MetadataEvent::CommandFinished { .. } => 0,
        });
        self.cwd.as_ref().map_or(0, Vec::capacity)
            + self.announced.capacity()
            + self.waiting.capacity() * size_of::<MetadataEvent>()
            + texts.sum::<usize>()
    }

    /// Takes the next event.
    pub(crate) fn take(&mut self) -> Option<MetadataEvent> {
        if std::mem::take(&mut self.cwd_changed) {
            return Some(MetadataEvent::Cwd);
        }
        let event = self.waiting.pop_front();
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
        event
    }

    /// Reads one OSC string; most of them are none of ours. Gives the event that it made.
    pub(super) fn read_osc(&mut self, string: &[u8]) -> Option<&MetadataEvent> {
        let (number, rest) = split(string, b';');
        match number {
            b"7" => self.set_cwd(file_path(rest)),
            b"9" => self.read_notification(rest),
            b"777" => {
                let (command, rest) = split(rest, b';');
                let (title, body) = split(rest, b';');
                let event = MetadataEvent::Notification { title: text(title), body: text(body) };
                if command == b"notify" { self.push(event) } else { None }
            }
            b"133" => self.read_mark(rest),
            b"633" => match split(rest, b';') {
                (b"E", line) => {
                    self.announced = unescape(split(line, b';').0);
                    None
                }
                (b"P", property) => {
                    let path = property.strip_prefix(b"Cwd=")?;
                    self.set_cwd(Some(unescape(path).into_bytes()))
                }
                _ => self.read_mark(rest),
            },
            _ => None,
        }
    }

    /// OSC 9 is a notification, or one of the subcommands of ConEmu: `4` progress, `9` directory.
    fn read_notification(&mut self, rest: &[u8]) -> Option<&MetadataEvent> {
        let (first, more) = split(rest, b';');
        match first {
            b"9" => {
                let path = more.strip_prefix(b"\"").unwrap_or(more);
                self.set_cwd(Some(path.strip_suffix(b"\"").unwrap_or(path).to_vec()))
            }
            [b'1'..=b'9'] | [b'1', b'0'..=b'2'] if rest.len() > first.len() => None,
            _ => self.push(MetadataEvent::Notification { title: String::new(), body: text(rest) }),
        }
    }

    /// The marks that 133 and 633 share: `C` before a command's output, `D` after it.
    fn read_mark(&mut self, rest: &[u8]) -> Option<&MetadataEvent> {
        let (mark, rest) = split(rest, b';');
        match mark {
            b"C" => {
                self.started = Some(self.now);
                let mut command = std::mem::take(&mut self.announced);
                for option in rest.split(|byte| *byte == b';') {
                    if let Some(line) = option.strip_prefix(b"cmdline_url=") {
                        command = text(&percent_decode(line));
                    } else if let Some(line) = option.strip_prefix(b"cmdline=") {
                        command = text(line);
                    }
                }
                self.push(MetadataEvent::CommandStarted { command })
            }
            b"D" => {
                let started = self.started.take()?;
                let code = split(rest, b';').0;
                let exit_code = std::str::from_utf8(code).ok().and_then(|code| code.parse().ok());
                self.last_exit = exit_code;
                let duration = self.now.saturating_sub(started);
                self.push(MetadataEvent::CommandFinished { exit_code, duration })
            }
            _ => None,
        }
    }

    fn set_cwd(&mut self, path: Option<Vec<u8>>) -> Option<&MetadataEvent> {
        let path = path.filter(|path| path.starts_with(b"/") && !path.contains(&0))?;
        if path.len() >= TEXT_BYTES_MAX || self.cwd.as_deref() == Some(&path) {
            return None;
        }
        self.cwd = Some(path);
        self.cwd_changed = true;
        Some(&MetadataEvent::Cwd)
    }

    fn push(&mut self, event: MetadataEvent) -> Option<&MetadataEvent> {
        if self.waiting.len() == WAITING_MAX {
            self.waiting.pop_front();
            self.dropped += 1;
        }
        self.waiting.push_back(event);
        self.waiting.back()
    }
}

/// The parts before and after the first separator.
fn split(bytes: &[u8], separator: u8) -> (&[u8], &[u8]) {
    match memchr::memchr(separator, bytes) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}

/// Text for people: replacement characters for what is not UTF-8, no control characters, bounded.
fn text(bytes: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    text.retain(|c| !c.is_control() || c == '\n' || c == '\t');
    truncate(&mut text, TEXT_BYTES_MAX);
    text
}

/// The path of a `file://host/path` address, or of a bare absolute path. The host is not looked at:
/// who is behind a terminal may see another machine's files, which the host of the engine knows best.
fn file_path(address: &[u8]) -> Option<Vec<u8>> {
    let path = match address.strip_prefix(b"file://") {
        Some(rest) => &rest[memchr::memchr(b'/', rest)?..],
        None => address,
    };
    Some(percent_decode(path))
}

fn percent_decode(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        match (byte, hex(after)) {
            (b'%', Some(value)) => {
                decoded.push(value);
                rest = &after[2..];
            }
            _ => {
                decoded.push(*byte);
                rest = after;
            }
        }
    }
    decoded
}

/// The value of two hexadecimal digits at the beginning.
fn hex(bytes: &[u8]) -> Option<u8> {
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    Some((digit(0)? * 16 + digit(1)?) as u8)
}

/// VS Code's escapes in OSC 633: `\\` and `\xAB`.
fn unescape(bytes: &[u8]) -> String {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        let value = after.strip_prefix(b"x").and_then(hex);
        rest = match (byte, value, after.first()) {
            (b'\\', Some(value), _) => {
                plain.push(value);
                &after[3..]
            }
            (b'\\', None, Some(b'\\')) => {
                plain.push(b'\\');
                &after[1..]
            }
            _ => {
                plain.push(*byte);
                after
            }
        };
    }
    text(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events_of(strings: &[&str]) -> Vec<MetadataEvent> {
        let mut metadata = Metadata::default();
        for (second, string) in strings.iter().enumerate() {
            metadata.set_now(Duration::from_secs(second as u64));
            metadata.read_osc(string.as_bytes());
        }
        std::iter::from_fn(|| metadata.take()).collect()
    }

    #[test]
    fn directories() {
        let table = [
            ("7;file://host/home/me", Some("/home/me")),
            ("7;file:///a%20b/%C3%A4", Some("/a b/ä")),
            ("7;/plain", Some("/plain")),
            ("7;file://host", None),
            ("7;relative", None),
            ("7;/nul%00byte", None),
            ("7;/cut%2", Some("/cut%2")),
            ("9;9;/con/emu", Some("/con/emu")),
            ("633;P;Cwd=/vs\\x20code", Some("/vs code")),
            ("633;P;IsWindows=False", None),
        ];
        for (string, path) in table {
            let mut metadata = Metadata::default();
            metadata.read_osc(string.as_bytes());
            assert_eq!(metadata.cwd(), path.map(str::as_bytes), "{string}");
            assert_eq!(metadata.take(), path.map(|_| MetadataEvent::Cwd), "{string}");
            metadata.read_osc(string.as_bytes());
            assert!(metadata.is_empty(), "the same directory again: {string}");
        }
    }

    #[test]
    fn notifications() {
        let notification = |title: &str, body: &str| MetadataEvent::Notification {
            title: title.to_owned(),
            body: body.to_owned(),
        };
        assert_eq!(events_of(&["9;all; done"]), [notification("", "all; done")]);
        assert_eq!(events_of(&["9;4;1;50", "9;4"]), [notification("", "4")]);
        assert_eq!(events_of(&["777;notify;Title;a;b"]), [notification("Title", "a;b")]);
        assert_eq!(events_of(&["777;precmd", "10;?", "", ";", "9x;y"]), []);
        assert_eq!(events_of(&["9;a\u{9b}b\u{7}c"]), [notification("", "abc")]);
    }

    #[test]
    fn commands_have_an_exit_code_and_a_duration() {
        let started = |command: &str| MetadataEvent::CommandStarted { command: command.to_owned() };
        let finished = |exit_code, seconds| MetadataEvent::CommandFinished {
            exit_code,
            duration: Duration::from_secs(seconds),
        };
        let table = [
            (&["133;A", "133;B", "133;C", "133;D;0"][..], vec![started(""), finished(Some(0), 1)]),
            (&["133;C;cmdline_url=ls%20-l", "133;D"], vec![started("ls -l"), finished(None, 1)]),
            (
                &["633;E;echo \\x3b \\\\;nonce", "633;C", "633;P;x", "633;D;130"],
                vec![started("echo ; \\"), finished(Some(130), 2)],
            ),
            (&["133;D;1"], vec![]),
            (&["133;C", "133;D;x;aid=1"], vec![started(""), finished(None, 1)]),
        ];
        for (strings, metadata) in table {
            assert_eq!(events_of(strings), metadata, "{strings:?}");
        }
    }

    #[test]
    fn what_nobody_reads_is_bounded() {
        let mut metadata = Metadata::default();
        for n in 0..1000 {
            metadata.read_osc(format!("9;{n} times").as_bytes());
        }
        let reported: Vec<_> = std::iter::from_fn(|| metadata.take()).collect();
        assert_eq!((reported.len(), metadata.dropped), (WAITING_MAX, 1000 - WAITING_MAX as u64));
    }
}
