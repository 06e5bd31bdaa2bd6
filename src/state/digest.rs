//! The digest of an entry: what two copies of the state compare to find out whether they are the same.
//!
//! 64-bit FNV-1a over the entry's fields in a fixed order; each field is its length as a 32-bit
//! little-endian number, then its bytes; numbers are decimal text, flags `0` or `1`. The hash of a
//! collection is the wrapping sum over its entries, so it is kept up to date entry by entry and the order
//! does not matter. Clients in other languages compute the same, so none of this may change within a
//! version of the protocol. It finds mistakes; it does not withstand somebody who makes up collisions.

use super::entry::{Entry, FileKind, Metadata, PaneContent, StateSizePolicy, TerminalExit};

/// A digest in the making.
struct Digest(u64);

impl Digest {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(Self::PRIME);
        }
    }

    fn field(&mut self, bytes: &[u8]) -> &mut Self {
        // No field is as long as 4 GiB: each is bounded far below.
        self.bytes(&(bytes.len() as u32).to_le_bytes());
        self.bytes(bytes);
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.field(text.as_bytes())
    }

    fn flag(&mut self, flag: bool) -> &mut Self {
        self.text(if flag { "1" } else { "0" })
    }

    fn number(&mut self, number: u64) -> &mut Self {
        self.decimal(number, "")
    }

    fn signed(&mut self, number: i64) -> &mut Self {
        self.decimal(number.unsigned_abs(), if number < 0 { "-" } else { "" })
    }

    /// A number behind a prefix as one field.
    fn decimal(&mut self, mut number: u64, prefix: &str) -> &mut Self {
        // 20 digits hold every 64-bit number.
        let mut digits = [0; 20];
        let mut length = 0;
        for place in digits.iter_mut().rev() {
            *place = b'0' + (number % 10) as u8;
            number /= 10;
            length += 1;
            if number == 0 {
                break;
            }
        }
        let digits = &digits[digits.len() - length..];
        self.bytes(&((prefix.len() + length) as u32).to_le_bytes());
        self.bytes(prefix.as_bytes());
        self.bytes(digits);
        self
    }

    fn metadata(&mut self, metadata: &Metadata) -> &mut Self {
        self.number(metadata.len() as u64);
        for (key, value) in metadata {
            self.text(key).text(value);
        }
        self
    }

    fn content(&mut self, content: &PaneContent) -> &mut Self {
        match content {
            PaneContent::Empty => self.text("empty").text(""),
            PaneContent::Terminal(id) => self.text("terminal").number(*id),
            PaneContent::File(path) => self.text("file").field(path),
            PaneContent::Custom(name) => self.text("custom").text(name),
        }
    }

    fn exit(&mut self, exit: Option<TerminalExit>) -> &mut Self {
        let (number, words, negative) = match exit {
            None => return self.text(""),
            Some(TerminalExit::Unknown) => return self.text("unknown"),
            Some(TerminalExit::Code(code)) => (code, "code:", "code:-"),
            Some(TerminalExit::Signal(signal)) => (signal, "signal:", "signal:-"),
        };
        let prefix = if number < 0 { negative } else { words };
        self.decimal(u64::from(number.unsigned_abs()), prefix)
    }
}

/// The word for what a name is.
fn kind(kind: FileKind) -> &'static str {
    match kind {
        FileKind::File => "file",
        FileKind::Directory => "directory",
        FileKind::Symlink => "symlink",
        FileKind::Other => "other",
    }
}

/// The word for who decides the size of a terminal.
fn size_policy(policy: StateSizePolicy) -> &'static str {
    match policy {
        StateSizePolicy::Latest => "latest",
        StateSizePolicy::Smallest => "smallest",
        StateSizePolicy::Fixed => "fixed",
    }
}

impl Entry<'_> {
    /// The entry's part of the hash of its collection.
    pub fn digest(self) -> u64 {
        let mut digest = Digest(Digest::OFFSET);
        match self {
            Entry::Session(id, session, version) => {
                digest.text("session").text(id).number(version).text(&session.name);
                digest.number(session.panes.len() as u64);
                for pane in &session.panes {
                    digest.text(pane);
                }
                digest.metadata(&session.metadata);
            }
            Entry::Pane(id, pane, version) => {
                digest.text("pane").text(id).number(version);
                digest.text(&pane.session).text(&pane.title);
                digest.content(&pane.content).metadata(&pane.metadata);
            }
            Entry::Terminal(id, metadata, version) => {
                digest.text("terminal").number(id).number(version).text(&metadata.title);
                digest.field(metadata.cwd.as_deref().unwrap_or_default());
                digest.number(metadata.cols.into()).number(metadata.rows.into());
                match metadata.pid {
                    Some(pid) => digest.signed(pid.into()),
                    None => digest.text(""),
                };
                digest.flag(metadata.running).exit(metadata.exit);
                digest.flag(metadata.closing).flag(metadata.screen).field(&metadata.program);
                match metadata.last_exit {
                    Some(code) => digest.signed(code.into()),
                    None => digest.text(""),
                };
                digest.flag(metadata.hidden_input).text(size_policy(metadata.size_policy));
            }
            Entry::File(key, metadata, version) => {
                digest.text("file").number(key.watch).number(key.id).number(version);
                digest.number(metadata.parent).field(&metadata.name).text(kind(metadata.kind));
                digest.number(metadata.size).signed(metadata.modified_us);
                digest.number(metadata.mode.into()).flag(metadata.ignored);
            }
        }
        digest.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{FileKey, Pane, Session, StateFile, StateTerminal};

    /// Computed by a program of its own in another language.
    #[test]
    fn sessions_and_panes_have_the_digests_of_the_protocol() {
        let metadata = Metadata::from([("color".into(), "red".into()), ("a".into(), "".into())]);
        let panes = vec!["p1".into(), "p2".into()];
        let session = Session { name: "W\u{f6}rk".into(), panes, metadata };
        assert_eq!(Entry::Session("main", &session, 7).digest(), 0xf0ba_36ba_39f5_a1ea);
        assert_eq!(Entry::Session("s", &Session::default(), 1).digest(), 0xf006_0314_190e_d12a);

        let pane = |title: &str, content, pair: Option<(&str, &str)>| Pane {
            session: "main".into(),
            title: title.into(),
            content,
            metadata: pair.into_iter().map(|(key, value)| (key.into(), value.into())).collect(),
        };
        let terminal = PaneContent::Terminal((1 << 53) + 1);
        let cases = [
            (pane("", PaneContent::Empty, None), 0x9dd4_abd4_41d7_6b7d),
            (pane("shell", terminal, Some(("k", "v"))), 0xe05e_8f94_954e_9f5c),
            (pane("", PaneContent::File(b"/tmp/\xff".to_vec()), None), 0x8ea0_9102_8862_182b),
            (pane("", PaneContent::Custom("git".into()), None), 0xf142_db45_1eca_b0f5),
        ];
        for (pane, digest) in cases {
            assert_eq!(Entry::Pane("p1", &pane, 8).digest(), digest, "{pane:?}");
        }
    }

    #[test]
    fn terminals_have_the_digests_of_the_protocol() {
        let shell = StateTerminal {
            title: "zsh".into(),
            cwd: Some(b"/home".to_vec()),
            cols: 80,
            rows: 24,
            pid: Some(4711),
            running: true,
            screen: true,
            program: b"vim".to_vec(),
            last_exit: Some(-1),
            hidden_input: true,
            size_policy: StateSizePolicy::Fixed,
            ..StateTerminal::default()
        };
        let ended = |pid, exit| StateTerminal {
            pid,
            exit: Some(exit),
            closing: true,
            ..StateTerminal::default()
        };
        let cases = [
            (1 << 24, shell, 9, 0x7173_024c_5bcf_b26d),
            (1, ended(None, TerminalExit::Code(-1)), (1 << 53) - 1, 0x7f9e_fa2b_2d1f_9e27),
            (1, ended(Some(-5), TerminalExit::Signal(9)), 10, 0x8618_4f9b_83f1_8cdf),
            (1, ended(Some(0), TerminalExit::Unknown), 10, 0x3814_eb39_7c12_c87e),
        ];
        for (id, metadata, version, digest) in cases {
            assert_eq!(Entry::Terminal(id, &metadata, version).digest(), digest, "{metadata:?}");
        }
    }

    #[test]
    fn files_have_the_digests_of_the_protocol() {
        let file = |parent, name: &[u8], kind, size, modified_us, mode, ignored| StateFile {
            parent,
            name: name.into(),
            kind,
            size,
            modified_us,
            mode,
            ignored,
        };
        let (max, min) = (u64::MAX, i64::MIN);
        let cases = [
            (file(6, b"\xe9.rs", FileKind::File, max, min, 0o100644, false), 0xf698_73c0_193d_369d),
            (file(0, b"/", FileKind::Directory, 0, 0, 0o40755, true), 0x2e31_a1f7_f9f7_c899),
            (file(0, b"l", FileKind::Symlink, 0, 1, 0, false), 0x0f68_9bad_e320_0e29),
            (file(0, b"o", FileKind::Other, 0, -1, 65535, false), 0x1d9b_4c1d_2c92_fe2f),
        ];
        for (metadata, digest) in cases {
            let key = FileKey { watch: 3, id: 4 };
            assert_eq!(Entry::File(key, &metadata, 5).digest(), digest, "{metadata:?}");
        }
    }
}
