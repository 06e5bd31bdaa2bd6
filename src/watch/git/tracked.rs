//! What a repository tracks: names in its index (`.git/index`, versions 2 to 4), which no rule hides.
//!
//! Kept are hashes of 64 bits, since all that is asked is whether a name is tracked, or is a directory above one. The
//! index is taken in as it is read, piece by piece. What differs from the names before is noted, so that few
//! names are checked again.
//!
//! Pure.

use hashbrown::HashTable;

/// Tables that the hashes are spread over, so that none grows by a large step. They have room from the beginning, since
/// all of them would grow at the same time.
const SHARDS: usize = 256;
/// Bytes that the shortest entries have on average: fewer in version 4, where the tables grow if need be.
const ENTRY_MIN: u64 = 64;
/// Entries of an index that count.
const ENTRIES_MAX: u32 = 1 << 20;
/// Bytes of a name.
const NAME_MAX: usize = 1 << 16;
/// New names that are noted.
const ADDED_MAX: usize = 4096;

/// Times, device and inode, mode, owner, size: bytes of an entry before the name of its object, and where the mode is.
const STAT_BYTES: usize = 40;
const MODE_AT: usize = 24;
const EXTENDED: u16 = 0x4000;
const SUBMODULE: u32 = 0o160_000;
const DIRECTORY: u32 = 0o040_000;
const KIND: u32 = 0o170_000;

/// What a unit costs for each entry, and each byte.
const ENTRY_COST: u64 = 300;

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Tracked {
    shards: Vec<HashTable<u64>>,
    /// Names without directories.
    names: usize,
    has_submodules: bool,
    fold: bool,
    left_out: bool,
}

/// Kinds of what is hashed.
const NAME: u64 = 0x51_7cc1_b727_2202;
const ABOVE: u64 = 0x9e37_79b9_7f4a_7c15;
const LINK: u64 = 0xd6e8_feb8_6659_fd93;

impl Tracked {
    /// Bytes that it takes, about.
    pub(crate) fn bytes(&self) -> usize {
        self.names * 2 * (size_of::<u64>() + 1)
    }

    /// Whether a file is tracked.
    pub(crate) fn has_name(&self, path: &[u8]) -> bool {
        self.has(finish(extend(0, path, self.fold), NAME))
    }

    /// Whether something in a directory is tracked.
    pub(crate) fn has_below(&self, path: &[u8]) -> bool {
        self.has(finish(extend(0, path, self.fold), ABOVE))
    }

    /// Whether a directory is that of a submodule.
    pub(crate) fn has_submodule(&self, path: &[u8]) -> bool {
        self.has_submodules && self.has(finish(extend(0, path, self.fold), LINK))
    }

    pub(crate) fn has_left_out(&self) -> bool {
        self.left_out
    }

    fn has(&self, hash: u64) -> bool {
        let shard = self.shards.get(hash as usize % SHARDS);
        shard.is_some_and(|shard| shard.find(hash >> 8, |other| *other == hash).is_some())
    }

    /// Makes room for names, and a quarter as many directories.
    fn reserve(&mut self, names: usize) {
        let each = names.div_ceil(SHARDS) * 3 / 2;
        self.shards.resize_with(SHARDS, || HashTable::with_capacity(each));
    }

    /// Whether it was not there.
    fn insert(&mut self, hash: u64) -> bool {
        let Some(shard) = self.shards.get_mut(hash as usize % SHARDS) else { return false };
        if shard.find(hash >> 8, |other| *other == hash).is_some() {
            return false;
        }
        shard.insert_unique(hash >> 8, hash, |hash| *hash >> 8);
        true
    }

    /// Adds a name, which shares a beginning with the one before.
    fn add(&mut self, name: &[u8], shared: usize, kind: u32) -> Option<u64> {
        let mut state = 0;
        let mut from = 0;
        let ends = memchr::memchr_iter(b'/', name).filter(|end| end + 1 < name.len());
        for end in ends {
            state = extend(state, name.get(from..end).unwrap_or_default(), self.fold);
            if end >= shared {
                self.insert(finish(state, ABOVE));
            }
            from = end;
        }
        let name = name.strip_suffix(b"/").unwrap_or(name);
        state = extend(state, name.get(from..).unwrap_or_default(), self.fold);
        if kind == DIRECTORY {
            // All in it is tracked, and none of it is on the disk.
            self.insert(finish(state, ABOVE));
        }
        if kind == SUBMODULE {
            self.has_submodules = true;
            self.insert(finish(state, LINK));
        }
        let hash = finish(state, NAME);
        let is_new = self.insert(hash);
        self.names += usize::from(is_new);
        is_new.then_some(hash)
    }
}

/// FNV-1a, continued.
fn extend(state: u64, bytes: &[u8], fold: bool) -> u64 {
    bytes.iter().fold(state, |state, byte| {
        let byte = if fold { byte.to_ascii_lowercase() } else { *byte };
        (state ^ u64::from(byte) ^ 0x5500).wrapping_mul(0x100_0000_01b3)
    })
}

fn finish(state: u64, kind: u64) -> u64 {
    let mixed = (state ^ kind).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 32)
}

/// What has changed between two indexes.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Names that are new; `None` if they are too many.
    pub(crate) added: Option<Vec<Box<[u8]>>>,
    /// Some names are gone.
    pub(crate) has_lost: bool,
}

/// An index that is taken in.
pub(crate) struct IndexReading {
    tracked: Tracked,
    version: u32,
    left: u32,
    /// Bytes of the file.
    size: u64,
    object_bytes: usize,
    /// What was read and not yet understood.
    rest: Vec<u8>,
    name: Vec<u8>,
    /// New names, if there were names before.
    added: Option<Vec<Box<[u8]>>>,
    added_count: usize,
    is_begun: bool,
    /// Names the index that this one adds to.
    base: Option<String>,
}

impl IndexReading {
    /// `size`: bytes of the file.
    pub(crate) fn new(fold: bool, is_sha256: bool, size: u64) -> Self {
        IndexReading {
            tracked: Tracked { fold, ..Tracked::default() },
            version: 0,
            left: 0,
            size,
            object_bytes: if is_sha256 { 32 } else { 20 },
            rest: Vec::new(),
            name: Vec::new(),
            added: Some(Vec::new()),
            added_count: 0,
            is_begun: false,
            base: None,
        }
    }

    /// The file that has the rest of the names, if this is the smaller part of a split index; its content is to be fed next.
    /// Names that were taken out of it meanwhile still count as tracked.
    pub(crate) fn next_part(&mut self) -> Option<String> {
        let base = self.base.take()?;
        self.is_begun = false;
        self.rest.clear();
        self.name.clear();
        Some(format!("sharedindex.{base}"))
    }

    /// Takes in the next bytes; what that cost, `None` when no more are needed.
    pub(crate) fn feed(&mut self, bytes: &[u8], before: Option<&Tracked>) -> Option<u64> {
        let mut rest = std::mem::take(&mut self.rest);
        rest.extend_from_slice(bytes);
        let mut at = 0;
        if !self.is_begun {
            let head = rest.get(..12)?;
            self.version = number(head, 4)?;
            self.left = number(head, 8)?;
            if !head.starts_with(b"DIRC") || !(2..=4).contains(&self.version) {
                return None;
            }
            self.tracked.left_out = self.left > ENTRIES_MAX;
            self.left = self.left.min(ENTRIES_MAX);
            self.is_begun = true;
            let possible = self.size / ENTRY_MIN;
            self.tracked.reserve(u64::from(self.left).min(possible) as usize);
            at = 12;
        }
        let had = self.left;
        while self.left > 0 {
            let Some(length) = self.entry(rest.get(at..).unwrap_or_default(), before) else {
                break;
            };
            at += length;
            self.left -= 1;
        }
        rest.drain(..at.min(rest.len()));
        let is_broken = rest.len() > NAME_MAX + bytes.len();
        self.rest = rest;
        let is_done = self.left == 0 && self.read_link();
        (!is_done && !is_broken).then_some(u64::from(had - self.left) * ENTRY_COST)
    }

    /// Reads which index this one adds to, which stands behind the entries. Whether it was all there.
    fn read_link(&mut self) -> bool {
        let Some(head) = self.rest.get(..8) else { return false };
        if !head.starts_with(b"link") {
            return true;
        }
        let Some(base) = self.rest.get(8..8 + self.object_bytes) else { return false };
        let is_set = base.iter().any(|byte| *byte != 0);
        let hex = || base.iter().map(|byte| format!("{byte:02x}")).collect();
        self.base = is_set.then(hex);
        true
    }

    /// Takes in one entry: its length; `None` if it is not all there.
    fn entry(&mut self, bytes: &[u8], before: Option<&Tracked>) -> Option<usize> {
        let flags_at = STAT_BYTES + self.object_bytes;
        let flags = u16::from_be_bytes([*bytes.get(flags_at)?, *bytes.get(flags_at + 1)?]);
        let is_extended = self.version >= 3 && flags & EXTENDED != 0;
        let mut start = flags_at + if is_extended { 4 } else { 2 };
        let kind = number(bytes, MODE_AT)? & KIND;
        let mut kept = 0;
        if self.version == 4 {
            let (dropped, length) = varint(bytes.get(start..)?)?;
            kept = self.name.len().saturating_sub(dropped);
            start += length;
        }
        let rest = bytes.get(start..)?;
        let name_len = memchr::memchr(0, rest)?;
        let end = start + name_len;
        let length = if self.version == 4 { end + 1 } else { (end + 8) & !7 };
        if length > bytes.len() {
            return None;
        }
        let name = rest.get(..name_len)?;
        let shared = match self.version {
            4 => kept,
            _ => name.iter().zip(&self.name).take_while(|(a, b)| a == b).count(),
        };
        self.name.truncate(kept);
        self.name.extend_from_slice(name);
        if let Some(hash) = self.tracked.add(&self.name, shared, kind)
            && before.is_some_and(|before| !before.has(hash))
        {
            self.note_added();
        }
        Some(length)
    }

    fn note_added(&mut self) {
        self.added_count += 1;
        match &mut self.added {
            Some(added) if added.len() < ADDED_MAX => added.push(self.name.as_slice().into()),
            _ => self.added = None,
        }
    }

    /// What is tracked, and how that differs from before.
    pub(crate) fn finish(self, before: Option<&Tracked>) -> (Tracked, Changes) {
        let same = self.tracked.names - self.added_count.min(self.tracked.names);
        let has_lost = before.is_some_and(|before| before.names > same);
        (self.tracked, Changes { added: self.added, has_lost })
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

/// Git's number of variable length, and how many bytes it has.
fn varint(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0_usize;
    for (at, byte) in bytes.iter().enumerate().take(6) {
        value = (value << 7) + usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
        value += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(version: u32, names: &[&str]) -> Vec<u8> {
        let mut out = b"DIRC".to_vec();
        out.extend(version.to_be_bytes());
        out.extend((names.len() as u32).to_be_bytes());
        let mut last = "";
        for name in names {
            let start = out.len();
            out.extend([0; MODE_AT]);
            out.extend(0o100_644_u32.to_be_bytes());
            out.extend([7; STAT_BYTES - MODE_AT - 4 + 20 + 2]);
            let flags = out.len() - 2;
            out[flags..].copy_from_slice(&[0, 1]);
            let mut shared = 0;
            if version == 4 {
                shared = name.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
                out.push((last.len() - shared) as u8);
            }
            out.extend(name[shared..].bytes());
            let used = out.len() - start;
            let padding = if version == 4 { 1 } else { 8 - used % 8 };
            out.extend(vec![0; padding]);
            last = name;
        }
        out.extend([9; 20]);
        out
    }

    fn read(bytes: &[u8], piece: usize, before: Option<&Tracked>) -> (Tracked, Changes) {
        let mut reading = IndexReading::new(false, false, bytes.len() as u64);
        for piece in bytes.chunks(piece) {
            if reading.feed(piece, before).is_none() && reading.is_begun {
                break;
            }
        }
        reading.finish(before)
    }

    #[test]
    fn names_and_what_is_above_them() {
        let names = ["a", "b/c/d", "b/c/e", "b/f", "bb/x"];
        for (version, piece) in [(2, 1000), (4, 1000), (2, 100), (4, 61)] {
            let (tracked, _) = read(&index(version, &names), piece, None);
            assert!(names.iter().all(|name| tracked.has_name(name.as_bytes())), "{version}");
            assert!(["b", "b/c", "bb"].iter().all(|dir| tracked.has_below(dir.as_bytes())));
            assert!(!tracked.has_name(b"b") && !tracked.has_below(b"a") && !tracked.has_name(b"c"));
            assert_eq!(tracked.names, 5);
        }
    }

    #[test]
    fn what_has_changed() {
        let (before, _) = read(&index(2, &["a", "b", "c"]), 1000, None);
        let (_, changes) = read(&index(2, &["a", "b", "c"]), 1000, Some(&before));
        assert!(changes.added.unwrap().is_empty() && !changes.has_lost);
        let (_, changes) = read(&index(2, &["a", "c", "d"]), 1000, Some(&before));
        assert_eq!(changes.added.unwrap(), [b"d".as_slice().into()]);
        assert!(changes.has_lost);
    }

    /// Whatever is in the file, reading it ends.
    #[test]
    fn no_index() {
        for bytes in
            [&b"DIRC"[..], b"DIRX\0\0\0\x02\0\0\0\x01", b"DIRC\0\0\0\x02\xff\xff\xff\xff", b""]
        {
            assert_eq!(read(bytes, 5, None).0.names, 0);
        }
        let bytes = [&b"DIRC\0\0\0\x02\xff\xff\xff\xff"[..], &[1; 1 << 18]].concat();
        assert_eq!(read(&bytes, 4096, None).0.names, 0);
    }
}
