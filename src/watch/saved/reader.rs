//! Reading a saved tree, in steps: the checksum, then the records, then the tree from its roots down.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::event::SaveProblem;
use super::super::options::DEPTH_MAX;
use super::super::tree::{FileId, FileType, Stat, Tree, flag};
use super::{Checksum, END_BYTES, MAGIC, VERSION, bit, tag};

/// Bytes of the checksum, records, and entries that are done in one step.
const BYTES: usize = 64 << 10;
const RECORDS: usize = 256;
const ENTRIES: usize = 64;
/// What a byte, a record and an entry cost.
const BYTE_COST: u64 = 1;
const RECORD_COST: u64 = 200;
const ENTRY_COST: u64 = 1_000;
/// No record of an entry is shorter.
const ENTRY_BYTES_MIN: usize = 17;

/// Where an inode was.
pub(in super::super) type Known = HashMap<(u64, u32), FileId>;

/// A tree as it was saved, and where each file with one name and each directory was.
pub(in super::super) struct Loaded {
    pub(in super::super) tree: Tree,
    pub(in super::super) known: Known,
}

/// What became of a step, and what it cost.
pub(in super::super) enum Step {
    More(u64),
    Done(Box<Loaded>),
    /// The bytes are of no use. The tree as far as it came.
    Unusable(Box<Tree>, SaveProblem),
}

/// A record of an entry.
struct Record<'a> {
    slot: u32,
    parent: u32,
    name: &'a [u8],
    stat: Stat,
    is_opaque: bool,
}

/// Where the last record of a slot is, and the entry once it is in the tree.
struct Place {
    at: usize,
    entry: Option<FileId>,
}

enum Phase {
    Checksum(Checksum),
    Records,
    Entries,
}

/// See the module's documentation.
pub(in super::super) struct Reader {
    bytes: Arc<[u8]>,
    roots: Vec<Vec<u8>>,
    phase: Phase,
    at: usize,
    /// Where the records end.
    end: usize,
    count: usize,
    places: HashMap<u32, Place>,
    /// The slots in the order of their first records.
    order: Vec<u32>,
    next: usize,
    /// An entry, with those above it on top that come before.
    stack: Vec<u32>,
    /// What is wrong with them if they are not damaged.
    problem: Option<SaveProblem>,
    /// Devices that have other numbers now.
    devices: HashMap<u32, u32>,
    loaded: Loaded,
}

/// What the head and the end of the bytes say.
struct Ends<'a> {
    /// The roots that they are of.
    of: Vec<&'a [u8]>,
    /// Entries, and where the end begins.
    count: usize,
    end: usize,
}

impl<'a> Ends<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let end = bytes.len().checked_sub(END_BYTES)?;
        let mut cursor = Cursor { bytes: bytes.get(..end)?, at: MAGIC.len() + 1 };
        let mut of = Vec::new();
        for _ in 0..cursor.number()? {
            of.push(cursor.bytes()?);
        }
        let mut tail = Cursor { bytes, at: end };
        let is_whole = tail.byte()? == tag::END;
        let count = usize::try_from(tail.fixed()?).ok()?;
        let may_be = count <= (end - cursor.at) / ENTRY_BYTES_MIN;
        (is_whole && may_be).then_some(Ends { of, count, end })
    }
}

impl Reader {
    /// For a watch of these roots.
    pub(in super::super) fn new(
        bytes: Arc<[u8]>,
        roots: Vec<Vec<u8>>,
        entries_max: usize,
        tree: Tree,
    ) -> Result<Self, SaveProblem> {
        let head = [&MAGIC[..], &[VERSION]].concat();
        if bytes.get(..MAGIC.len()) == Some(MAGIC) && !bytes.starts_with(&head) {
            return Err(SaveProblem::OtherVersion);
        }
        let ends = bytes.starts_with(&head).then(|| Ends::of(&bytes)).flatten();
        let Ends { mut of, count, end } = ends.ok_or(SaveProblem::Damaged)?;
        let mut wanted: Vec<&[u8]> = roots.iter().map(Vec::as_slice).collect();
        of.sort_unstable();
        wanted.sort_unstable();
        // It is damaged, too, if the checksum says so.
        let problem = match of == wanted {
            false => Some(SaveProblem::OtherRoots),
            true => (count > entries_max).then_some(SaveProblem::TooManyEntries),
        };
        let room = if problem.is_none() { count } else { 0 };
        Ok(Reader {
            roots,
            phase: Phase::Checksum(Checksum::new()),
            at: 0,
            end,
            count,
            // As large as it gets: growing moves everything at once.
            places: HashMap::with_capacity(room),
            order: Vec::with_capacity(room),
            next: 0,
            stack: Vec::new(),
            problem,
            devices: HashMap::new(),
            loaded: Loaded { tree, known: HashMap::with_capacity(room) },
            bytes,
        })
    }

    /// Goes on. `look` says what a root is now.
    pub(in super::super) fn step(
        mut self,
        mut look: impl FnMut(&[u8]) -> Option<Stat>,
    ) -> (Option<Self>, Step) {
        let outcome = match &self.phase {
            Phase::Checksum(checksum) => self.check(*checksum),
            Phase::Records => self.read_records(),
            Phase::Entries => self.insert_entries(&mut look),
        };
        match outcome {
            None => {
                let problem = self.problem.unwrap_or(SaveProblem::Damaged);
                (None, Step::Unusable(Box::new(self.loaded.tree), problem))
            }
            Some(0) => (None, Step::Done(Box::new(self.loaded))),
            Some(cost) => (Some(self), Step::More(cost)),
        }
    }

    /// The next piece of the checksum. `None`: it is another one.
    fn check(&mut self, mut checksum: Checksum) -> Option<u64> {
        let last = self.bytes.len().checked_sub(8)?;
        let to = (self.at + BYTES).min(last);
        checksum.add(self.bytes.get(self.at..to)?);
        self.at = to;
        self.phase = Phase::Checksum(checksum);
        if to == last {
            let expected = Cursor { bytes: &self.bytes, at: last }.fixed()?;
            if checksum.0 != expected {
                self.problem = None;
            }
            if checksum.0 != expected || self.problem.is_some() {
                return None;
            }
            self.at = self.first_record()?;
            self.phase = Phase::Records;
        }
        Some(BYTES as u64 * BYTE_COST)
    }

    /// Behind the head, which was read before.
    fn first_record(&self) -> Option<usize> {
        let mut cursor = Cursor { bytes: &self.bytes, at: MAGIC.len() + 1 };
        for _ in 0..cursor.number()? {
            cursor.bytes()?;
        }
        Some(cursor.at)
    }

    /// Notes where the records are.
    fn read_records(&mut self) -> Option<u64> {
        let bytes = self.bytes.clone();
        let mut cursor = Cursor { bytes: bytes.get(..self.end)?, at: self.at };
        for _ in 0..RECORDS {
            if cursor.at == self.end {
                self.phase = Phase::Entries;
                (self.places.len() == self.count).then_some(())?;
                break;
            }
            let at = cursor.at;
            match cursor.byte()? {
                tag::ENTRY => {
                    let slot = cursor.record()?.slot;
                    if self.places.insert(slot, Place { at, entry: None }).is_none() {
                        self.order.push(slot);
                    }
                }
                tag::REMOVED => drop(self.places.remove(&u32::try_from(cursor.number()?).ok()?)),
                tag::RESET => {
                    self.places.clear();
                    self.order.clear();
                }
                _ => return None,
            }
        }
        self.at = cursor.at;
        Some(RECORDS as u64 * RECORD_COST)
    }

    /// Puts entries into the tree, those above them first. 0: all are there.
    fn insert_entries(&mut self, look: &mut impl FnMut(&[u8]) -> Option<Stat>) -> Option<u64> {
        let bytes = self.bytes.clone();
        for _ in 0..ENTRIES {
            let Some(slot) = self.stack.last().copied() else {
                let Some(slot) = self.order.get(self.next).copied() else { return Some(0) };
                self.next += 1;
                // One that was removed, or came twice, or is there already.
                if self.places.get(&slot).is_some_and(|place| place.entry.is_none()) {
                    self.stack.push(slot);
                }
                continue;
            };
            let at = self.places.get(&slot)?.at;
            let record = Cursor { bytes: &bytes, at: at + 1 }.record()?;
            let parent = match record.parent {
                0 => FileId::ROOT_PARENT,
                parent => match self.places.get(&parent)?.entry {
                    Some(parent) => parent,
                    // Also the end of circles.
                    None if self.stack.len() > DEPTH_MAX => return None,
                    None => {
                        self.stack.push(parent);
                        continue;
                    }
                },
            };
            let entry = self.insert(parent, &record, look)?;
            self.places.get_mut(&slot)?.entry = Some(entry);
            self.stack.pop();
        }
        Some(ENTRIES as u64 * ENTRY_COST)
    }

    fn insert(
        &mut self,
        parent: FileId,
        record: &Record<'_>,
        look: &mut impl FnMut(&[u8]) -> Option<Stat>,
    ) -> Option<FileId> {
        let tree = &mut self.loaded.tree;
        let name = record.name;
        let mut stat = record.stat;
        if parent == FileId::ROOT_PARENT {
            self.roots.iter().any(|root| root == name).then_some(())?;
            // The numbers of devices change when a system starts.
            if let Some(now) = look(name).filter(|now| (now.ino, now.kind) == (stat.ino, stat.kind))
            {
                self.devices.insert(stat.dev, now.dev);
            }
        } else {
            let above = tree.get(parent)?;
            let is_name = !name.is_empty() && name != b"." && name != b"..";
            let is_free = is_name && !name.iter().any(|byte| matches!(byte, 0 | b'/'));
            (is_free && above.stat.is_dir() && !above.has(flag::OPAQUE)).then_some(())?;
            (tree.depth(parent) < DEPTH_MAX).then_some(())?;
        }
        tree.child(parent, name).is_none().then_some(())?;
        stat.dev = self.devices.get(&stat.dev).copied().unwrap_or(stat.dev);
        let entry = tree.insert(parent, name, stat);
        if record.is_opaque {
            tree.set_flags(entry, flag::OPAQUE);
        }
        if !stat.linked {
            self.loaded.known.insert((stat.ino, stat.dev), entry);
        }
        Some(entry)
    }
}

/// Bytes that are read from; what is not there is `None`.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let to = self.at.checked_add(len)?;
        let bytes = self.bytes.get(self.at..to)?;
        self.at = to;
        Some(bytes)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn fixed(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            number |= bits << shift;
            if byte < 0x80 {
                // Of the tenth byte one bit counts.
                return (shift < 63 || bits <= 1).then_some(number);
            }
        }
        None
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        self.take(len)
    }

    /// An entry, behind its tag.
    fn record(&mut self) -> Option<Record<'a>> {
        let bits = self.byte()?;
        let kind = match bits & bit::TYPE {
            1 => FileType::File,
            2 => FileType::Directory,
            3 => FileType::Symlink,
            4 => FileType::Other,
            _ => return None,
        };
        let slot = u32::try_from(self.number()?).ok().filter(|slot| *slot != 0)?;
        let parent = u32::try_from(self.number()?).ok()?;
        let name = self.bytes()?;
        let ino = self.number()?;
        let dev = u32::try_from(self.number()?).ok()?;
        let mode = u16::try_from(self.number()?).ok()?;
        let size = self.number()?;
        let mtime = self.fixed()? as i64;
        let folded = self.number()?;
        let difference = (folded >> 1) as i64 ^ -((folded & 1) as i64);
        let ctime = mtime.wrapping_add(difference);
        let linked = bits & bit::LINKED != 0 && kind != FileType::Directory;
        let stat = Stat { ino, size, mtime, ctime, dev, mode, kind, linked };
        let is_opaque = bits & bit::OPAQUE != 0 && kind == FileType::Directory;
        Some(Record { slot, parent, name, stat, is_opaque })
    }
}
