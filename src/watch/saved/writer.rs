//! Saving a tree, part by part.

use super::super::tree::{Change, FileCursor, FileId, Node, Tree, flag};
use crate::error::{Error, Result};

use super::{Checksum, MAGIC, VERSION, bit, tag};

/// How far a watch has been saved; [`WatchSave::default`] has saved nothing. See
/// [`Engine::save_watch`](crate::Engine::save_watch).
#[derive(Clone, Debug, Default)]
pub struct WatchSave {
    cursor: FileCursor,
    checksum: Option<Checksum>,
    is_done: bool,
}

impl WatchSave {
    /// For those who keep it as numbers: the cursor, the checksum, and 0 before the first part, 1 after it, 2
    /// after the last one.
    pub(crate) fn to_raw(&self) -> [u64; 5] {
        let phase = u64::from(self.checksum.is_some()) + u64::from(self.is_done);
        let FileCursor { epoch, base, position } = self.cursor;
        [epoch, base, position, self.checksum.map_or(0, |checksum| checksum.0), phase]
    }

    /// The reverse of [`to_raw`](Self::to_raw).
    ///
    /// # Errors
    /// `InvalidArgument` for a phase that is none.
    pub(crate) fn from_raw(raw: [u64; 5]) -> Result<Self> {
        let [epoch, base, position, checksum, phase] = raw;
        if phase > 2 {
            return Err(Error::invalid("this is no cursor of a saved tree"));
        }
        Ok(WatchSave {
            cursor: FileCursor { epoch, base, position },
            checksum: (phase > 0).then_some(Checksum(checksum)),
            is_done: phase == 2,
        })
    }

    /// Whether it was begun with a watch of another epoch.
    pub(crate) fn is_of_another(&self, epoch: u64) -> bool {
        self.checksum.is_some() && self.cursor.epoch != epoch
    }

    /// Appends the next part: at most `max` changes. Whether there is more.
    pub(crate) fn write<'a>(
        &mut self,
        tree: &mut Tree,
        epoch: u64,
        roots: impl ExactSizeIterator<Item = &'a [u8]>,
        max: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        if self.is_done {
            return false;
        }
        let start = out.len();
        let is_first = self.checksum.is_none();
        if is_first {
            push_head(out, roots);
        }
        let mut records = Vec::new();
        let progress = tree.visit_changes(epoch, &mut self.cursor, max, |_, change| match change {
            Change::Entry(id, node) => push_entry(&mut records, id, &node),
            Change::Removed(id) => {
                records.push(tag::REMOVED);
                push_number(&mut records, u64::from(id.slot()));
            }
        });
        if progress.full && !is_first {
            out.push(tag::RESET);
        }
        out.append(&mut records);
        let mut checksum = self.checksum.unwrap_or_else(Checksum::new);
        if !progress.more {
            out.push(tag::END);
            out.extend_from_slice(&(tree.len() as u64).to_le_bytes());
        }
        checksum.add(out.get(start..).unwrap_or_default());
        if !progress.more {
            out.extend_from_slice(&checksum.0.to_le_bytes());
        }
        self.checksum = Some(checksum);
        self.is_done = !progress.more;
        progress.more
    }
}

fn push_head<'a>(out: &mut Vec<u8>, roots: impl ExactSizeIterator<Item = &'a [u8]>) {
    out.extend_from_slice(MAGIC);
    out.push(VERSION);
    push_number(out, roots.len() as u64);
    roots.for_each(|root| push_bytes(out, root));
}

fn push_entry(out: &mut Vec<u8>, id: FileId, node: &Node<'_>) {
    let stat = &node.stat;
    let mut bits = stat.kind as u8 & bit::TYPE;
    bits |= if node.has(flag::OPAQUE) { bit::OPAQUE } else { 0 };
    bits |= if stat.linked { bit::LINKED } else { 0 };
    out.extend_from_slice(&[tag::ENTRY, bits]);
    push_number(out, u64::from(id.slot()));
    push_number(out, u64::from(node.parent.slot()));
    push_bytes(out, node.name);
    push_number(out, stat.ino);
    push_number(out, u64::from(stat.dev));
    push_number(out, u64::from(stat.mode));
    push_number(out, stat.size);
    out.extend_from_slice(&stat.mtime.to_le_bytes());
    // Seldom far from the other: the difference is short. To and fro.
    let difference = stat.ctime.wrapping_sub(stat.mtime);
    push_number(out, ((difference << 1) ^ (difference >> 63)) as u64);
}

fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    push_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
pub(super) fn push_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
