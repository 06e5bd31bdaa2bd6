//! What the collections hold, as plain data, and views of it that copy nothing.

use std::collections::BTreeMap;

/// A part of the state that can be asked for alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Collection {
    /// Sessions, by an id that their maker chose.
    Sessions = 1,
    /// Panes, by an id that their maker chose.
    Panes = 2,
    /// What is known of terminals, by their id.
    Terminals = 3,
    /// What is known of watched files, by watch and file id.
    Files = 4,
}

impl Collection {
    /// Every collection, in the order in which changes are reported.
    pub const EACH: [Collection; 4] =
        [Collection::Sessions, Collection::Panes, Collection::Terminals, Collection::Files];
}

/// A set of collections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Collections(u8);

impl Collections {
    /// No collection.
    pub const NONE: Collections = Collections(0);
    /// All of them.
    pub const ALL: Collections = Collections(0b1111);
    /// Sessions and panes.
    pub const LAYOUT: Collections = Collections(0b0011);
    /// Terminals and files.
    pub const FACTS: Collections = Collections(0b1100);

    const fn bit(collection: Collection) -> u8 {
        1 << (collection as u8 - 1)
    }

    /// Whether it is one of them.
    pub const fn contains(self, collection: Collection) -> bool {
        self.0 & Self::bit(collection) != 0
    }

    /// These and one more.
    #[must_use]
    pub const fn with(self, collection: Collection) -> Self {
        Collections(self.0 | Self::bit(collection))
    }

    /// These but for one.
    #[must_use]
    pub const fn without(self, collection: Collection) -> Self {
        Collections(self.0 & !Self::bit(collection))
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Bit 0 for sessions, 1 for panes, 2 for terminals, 3 for files.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The set with these [`bits`](Self::bits); `None` if there are others among them.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits & !Self::ALL.0 == 0 { Some(Collections(bits)) } else { None }
    }
}

/// The host's own words about an entry: at most 32 pairs, a key of 1 to 64 bytes, a value of at most
/// 4 KiB, 16 KiB together.
pub type Metadata = BTreeMap<String, String>;

/// An ordered group of panes. Its id is 1 to 64 bytes of `A-Z a-z 0-9 _ . : -`, chosen by its maker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// What to call it; at most 1 KiB.
    pub name: String,
    /// The ids of its panes in order: exactly those whose [`Pane::session`] is this one.
    pub panes: Vec<String>,
    /// The host's own.
    pub metadata: Metadata,
}

/// A place that shows something. Its id is made as a session's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pane {
    /// The id of its session, which exists.
    pub session: String,
    /// What to call it; at most 1 KiB.
    pub title: String,
    /// What it shows.
    pub content: PaneContent,
    /// The host's own.
    pub metadata: Metadata,
}

/// What a pane shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum PaneContent {
    /// Nothing; also when the terminal that it showed is gone.
    #[default]
    Empty,
    /// A terminal, by its id; it exists.
    Terminal(u64),
    /// A file, by its absolute path: at most 4,096 bytes without NUL. It need not exist.
    File(Vec<u8>),
    /// Something of the host's: at most 256 bytes.
    Custom(String),
}

/// What is known of a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateTerminal {
    /// The title that its program has set.
    pub title: String,
    /// The working directory: as the program reports it (OSC 7), else as /proc shows it for the program in the
    /// foreground once the terminal has been quiet for 50 ms after output or input, at most twice a second. Known only once
    /// the engine listens for clients, or where the program reports it.
    pub cwd: Option<Vec<u8>>,
    /// Width in cells.
    pub cols: u16,
    /// Height in cells.
    pub rows: u16,
    /// The process of its program, where known.
    pub pid: Option<i32>,
    /// The program has not ended.
    pub running: bool,
    /// How the program ended.
    pub exit: Option<TerminalExit>,
    /// It is being closed.
    pub closing: bool,
    /// It has a screen model.
    pub screen: bool,
    /// Name of the program in the foreground, looked up as `cwd` is; empty if unknown, or once the program has ended.
    pub program: Vec<u8>,
    /// Exit code of the last command, by the marks of the shell.
    pub last_exit: Option<i32>,
    /// What is typed is not shown, line by line: a password is asked for. Looked up as `cwd` is.
    pub hidden_input: bool,
    /// Who decides the size.
    pub size_policy: StateSizePolicy,
}

/// Who decides the size of a terminal, see [`SizePolicy`](crate::SizePolicy).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum StateSizePolicy {
    /// The viewer that typed last.
    #[default]
    Latest = 0,
    /// The smallest viewer.
    Smallest = 1,
    /// The host.
    Fixed = 2,
}

/// How a terminal's program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TerminalExit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Nobody knows.
    Unknown,
}

/// What is known of a file or directory in a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateFile {
    /// The id of the directory that it is in, in the same watch; 0 for a root.
    pub parent: u64,
    /// Its name in that directory; a root's absolute path.
    pub name: Box<[u8]>,
    /// What it is.
    pub kind: FileKind,
    /// Bytes.
    pub size: u64,
    /// Last change of the content in microseconds since 1970.
    pub modified_us: i64,
    /// Type and permission bits as in `st_mode`.
    pub mode: u16,
    /// A directory that is one entry: what is in it is not watched.
    pub ignored: bool,
}

/// What a name in a watch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FileKind {
    /// A regular file.
    File = 1,
    /// A directory.
    Directory = 2,
    /// A symbolic link.
    Symlink = 3,
    /// Anything else.
    Other = 4,
}

/// Names a file in the state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileKey {
    /// The id of its watch.
    pub watch: u64,
    /// Its id in the watch.
    pub id: u64,
}

/// Names an entry of any collection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A session's id.
    Session(String),
    /// A pane's id.
    Pane(String),
    /// A terminal's id.
    Terminal(u64),
    /// A file's watch and id.
    File(FileKey),
}

impl Key {
    /// The key without its text copied.
    pub fn as_ref(&self) -> KeyRef<'_> {
        match self {
            Key::Session(id) => KeyRef::Session(id),
            Key::Pane(id) => KeyRef::Pane(id),
            Key::Terminal(id) => KeyRef::Terminal(*id),
            Key::File(key) => KeyRef::File(*key),
        }
    }
}

/// A [`Key`] that borrows its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyRef<'a> {
    /// A session's id.
    Session(&'a str),
    /// A pane's id.
    Pane(&'a str),
    /// A terminal's id.
    Terminal(u64),
    /// A file's watch and id.
    File(FileKey),
}

impl KeyRef<'_> {
    /// The key with a copy of its text.
    pub fn to_key(self) -> Key {
        match self {
            KeyRef::Session(id) => Key::Session(id.into()),
            KeyRef::Pane(id) => Key::Pane(id.into()),
            KeyRef::Terminal(id) => Key::Terminal(id),
            KeyRef::File(key) => Key::File(key),
        }
    }

    /// Where the entry is.
    pub fn collection(self) -> Collection {
        match self {
            KeyRef::Session(_) => Collection::Sessions,
            KeyRef::Pane(_) => Collection::Panes,
            KeyRef::Terminal(_) => Collection::Terminals,
            KeyRef::File(_) => Collection::Files,
        }
    }

    /// Bytes that a key takes, about.
    pub(super) fn bytes(self) -> usize {
        size_of::<u64>()
            + match self {
                KeyRef::Session(id) | KeyRef::Pane(id) => size_of::<String>() + id.len(),
                KeyRef::Terminal(_) => size_of::<u64>(),
                KeyRef::File(_) => size_of::<FileKey>(),
            }
    }
}

/// An entry of any collection, where it lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Entry<'a> {
    /// A session.
    Session(&'a str, &'a Session, u64),
    /// A pane.
    Pane(&'a str, &'a Pane, u64),
    /// A terminal.
    Terminal(u64, &'a StateTerminal, u64),
    /// A file.
    File(FileKey, &'a StateFile, u64),
}

impl<'a> Entry<'a> {
    /// What names it.
    pub fn key(self) -> KeyRef<'a> {
        match self {
            Entry::Session(id, ..) => KeyRef::Session(id),
            Entry::Pane(id, ..) => KeyRef::Pane(id),
            Entry::Terminal(id, ..) => KeyRef::Terminal(id),
            Entry::File(key, ..) => KeyRef::File(key),
        }
    }

    /// The `n` at which it last changed.
    pub fn version(self) -> u64 {
        match self {
            Entry::Session(.., n) | Entry::Pane(.., n) => n,
            Entry::Terminal(.., n) | Entry::File(.., n) => n,
        }
    }

    /// A copy.
    pub fn to_owned(self) -> OwnedEntry {
        match self {
            Entry::Session(id, value, n) => OwnedEntry::Session(id.into(), value.clone(), n),
            Entry::Pane(id, value, n) => OwnedEntry::Pane(id.into(), value.clone(), n),
            Entry::Terminal(id, value, n) => OwnedEntry::Terminal(id, value.clone(), n),
            Entry::File(key, value, n) => OwnedEntry::File(key, value.clone(), n),
        }
    }

    /// Bytes that it takes in the store, about: its slot, its place in the index, what it owns.
    pub fn bytes(self) -> usize {
        // Version, links and the index, beside key and value.
        const SLOT: usize = size_of::<u64>() + 2 * size_of::<u32>() + size_of::<u64>();
        let text = |text: &String| size_of::<String>() + text.len();
        let metadata = |metadata: &Metadata| -> usize {
            metadata.iter().map(|(key, value)| text(key) + text(value)).sum()
        };
        SLOT + match self {
            Entry::Session(id, session, _) => {
                let panes: usize = session.panes.iter().map(text).sum();
                let own = size_of::<String>() + id.len() + size_of::<Session>();
                own + session.name.len() + panes + metadata(&session.metadata)
            }
            Entry::Pane(id, pane, _) => {
                let content = match &pane.content {
                    PaneContent::Empty | PaneContent::Terminal(_) => 0,
                    PaneContent::File(path) => path.len(),
                    PaneContent::Custom(name) => name.len(),
                };
                let own = size_of::<String>() + id.len() + size_of::<Pane>();
                own + pane.session.len() + pane.title.len() + content + metadata(&pane.metadata)
            }
            Entry::Terminal(_, metadata, _) => {
                let cwd = metadata.cwd.as_ref().map_or(0, Vec::len);
                size_of::<u64>()
                    + size_of::<StateTerminal>()
                    + metadata.title.len()
                    + cwd
                    + metadata.program.len()
            }
            Entry::File(_, metadata, _) => {
                // An allocation of the name costs 16 bytes beside it, about.
                size_of::<FileKey>() + size_of::<StateFile>() + metadata.name.len() + 16
            }
        }
    }
}

/// An entry of any collection with its key, its value, and the `n` at which it last changed.
#[derive(Clone, Debug, PartialEq)]
pub enum OwnedEntry {
    /// A session.
    Session(String, Session, u64),
    /// A pane.
    Pane(String, Pane, u64),
    /// A terminal.
    Terminal(u64, StateTerminal, u64),
    /// A file.
    File(FileKey, StateFile, u64),
}

impl OwnedEntry {
    /// The entry where it lies.
    pub fn as_entry(&self) -> Entry<'_> {
        match self {
            OwnedEntry::Session(id, value, n) => Entry::Session(id, value, *n),
            OwnedEntry::Pane(id, value, n) => Entry::Pane(id, value, *n),
            OwnedEntry::Terminal(id, value, n) => Entry::Terminal(*id, value, *n),
            OwnedEntry::File(key, value, n) => Entry::File(*key, value, *n),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_collections() {
        assert_eq!(Collections::LAYOUT.with(Collection::Terminals).bits(), 0b0111);
        assert_eq!(Collections::ALL.without(Collection::Sessions).bits(), 0b1110);
        assert!(Collections::FACTS.contains(Collection::Files));
        assert!(!Collections::FACTS.contains(Collection::Panes));
        assert!(Collections::default().is_empty());
        assert_eq!(Collections::from_bits(0b1111), Some(Collections::ALL));
        assert_eq!(Collections::from_bits(0b1_0000), None);
        assert_eq!(Collection::EACH.map(|each| each as u8), [1, 2, 3, 4]);
    }

    #[test]
    fn a_file_is_small() {
        assert!(size_of::<StateFile>() <= 48);
        let metadata = StateFile {
            parent: 1,
            name: b"a_name_of_usual_size.rs".as_slice().into(),
            kind: FileKind::File,
            size: 1,
            modified_us: 1,
            mode: 0o644,
            ignored: false,
        };
        assert!(Entry::File(FileKey { watch: 1, id: 1 }, &metadata, 1).bytes() <= 160);
    }
}
