//! The digest of an entry: what two copies of the state compare to find out whether they are the same.
//!
//! 64-bit FNV-1a over the entry's fields in a fixed order; each field is its length as a 32-bit
//! little-endian number, then its bytes; numbers are decimal text, flags `0` or `1`. The hash of a
//! collection is the wrapping sum over its entries, so it is kept up to date entry by entry and the order
//! does not matter. Clients in other languages compute the same, so none of this may change within a
//! version of the protocol. It finds mistakes; it does not withstand somebody who makes up collisions.

use super::entry::{Entry, FileKind, Metadata, PaneContent, TerminalExit};

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
            Entry::Terminal(id, facts, version) => {
                digest.text("terminal").number(id).number(version).text(&facts.title);
                digest.field(facts.cwd.as_deref().unwrap_or_default());
                digest.number(facts.cols.into()).number(facts.rows.into());
                match facts.pid {
                    Some(pid) => digest.signed(pid.into()),
                    None => digest.text(""),
                };
                digest.flag(facts.running).exit(facts.exit);
                digest.flag(facts.closing).flag(facts.screen);
            }
            Entry::File(key, facts, version) => {
                digest.text("file").number(key.watch).number(key.id).number(version);
                digest.number(facts.parent).field(&facts.name).text(kind(facts.kind));
                digest.number(facts.size).signed(facts.modified_us);
                digest.number(facts.mode.into()).flag(facts.ignored);
            }
        }
        digest.0
    }
}
