//! Mounts: which file systems came and went since the last look. inotify reports no event for them.
//!
//! The kernel wakes whoever polls `/proc/self/mountinfo` after each change of the mounts of this process. The file
//! is registered for being readable, which it always is: so each wakeup is one edge, and none is lost when the
//! host polls the epoll descriptor itself, which uses up the kernel's own mark of a change. Then it is read in
//! pieces and compared with what it was; what came and went is looked at on the paths and in the trees. There is no
//! tick.
//!
//! A mount that is replaced between two looks by one of the same number is not seen here. If its file system is
//! another one, inotify reports that the old one is gone.

use std::collections::BTreeSet;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::sys::uio::pread;

/// Bytes that are read in one unit, what that costs, and each line of them.
const PIECE: usize = 8 << 10;
const READ_COST: u64 = 30_000;
const LINE_COST: u64 = 1_000;

/// A mount: its place, and what else its line says before the options.
type Mount = (Vec<u8>, Vec<u8>);

/// See the module's documentation.
pub(super) struct Mounts {
    file: OwnedFd,
    /// Those of the last look; while the file is read, those that were not met yet.
    known: BTreeSet<Mount>,
    reading: Option<Reading>,
    /// It has changed since it was read, or while it is.
    is_stale: bool,
    /// It was read once.
    has_baseline: bool,
}

#[derive(Default)]
struct Reading {
    offset: i64,
    /// The beginning of a line.
    rest: Vec<u8>,
    met: BTreeSet<Mount>,
    is_at_end: bool,
}

impl Mounts {
    /// `None` where the system has no such file, or no descriptor for it.
    pub(super) fn new() -> Option<Self> {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        let file = open("/proc/self/mountinfo", flags, Mode::empty()).ok()?;
        let known = BTreeSet::new();
        Some(Mounts { file, known, reading: None, is_stale: true, has_baseline: false })
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    pub(super) fn on_changed(&mut self) {
        self.is_stale = true;
    }

    pub(super) fn is_pending(&self) -> bool {
        self.is_stale || self.reading.is_some()
    }

    /// Goes on reading, and gives the places of mounts that came or went; what that cost.
    pub(super) fn step(&mut self, changed: &mut Vec<Vec<u8>>) -> u64 {
        let mut reading = self.reading.take().unwrap_or_else(|| {
            self.is_stale = false;
            Reading::default()
        });
        if !reading.is_at_end {
            let cost = self.read(&mut reading, changed);
            self.reading = Some(reading);
            return cost;
        }
        // Those that were not met are gone.
        for _ in 0..PIECE / 128 {
            let Some((place, _)) = self.known.pop_first() else {
                self.known = reading.met;
                self.has_baseline = true;
                return LINE_COST;
            };
            changed.push(place);
        }
        self.reading = Some(reading);
        PIECE as u64 / 128 * LINE_COST
    }

    fn read(&mut self, reading: &mut Reading, changed: &mut Vec<Vec<u8>>) -> u64 {
        let mut piece = [0; PIECE];
        // Where it cannot be read, nothing is known to be gone.
        let Ok(count) = pread(&self.file, &mut piece, reading.offset) else {
            reading.met.append(&mut self.known);
            reading.is_at_end = true;
            return READ_COST;
        };
        reading.offset += count as i64;
        reading.is_at_end = count == 0;
        let mut cost = READ_COST;
        for byte in piece.iter().take(count) {
            if *byte != b'\n' {
                reading.rest.push(*byte);
                continue;
            }
            cost += LINE_COST;
            let mount = parse(&reading.rest);
            reading.rest.clear();
            let Some(mount) = mount else { continue };
            if !self.known.remove(&mount) && self.has_baseline {
                changed.push(mount.0.clone());
            }
            reading.met.insert(mount);
        }
        cost
    }
}

/// A line: number, number of the mount above, device, what of the file system is mounted, where, options.
fn parse(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let what: Vec<&[u8]> = fields.by_ref().take(4).collect();
    Some((unescape(fields.next()?), what.join(&b' ')))
}

/// Space, tab, newline and backslash are written as three octal digits.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut at = field;
    while let Some((byte, rest)) = at.split_first() {
        let digits = rest.get(..3).filter(|_| *byte == b'\\');
        let value = digits.and_then(|digits| {
            digits.iter().try_fold(0u8, |value, digit| {
                let digit = digit.checked_sub(b'0').filter(|digit| *digit < 8)?;
                value.checked_mul(8)?.checked_add(digit)
            })
        });
        out.push(value.unwrap_or(*byte));
        at = if value.is_some() { rest.get(3..).unwrap_or_default() } else { rest };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_parsed() {
        let line = br"36 35 98:0 /mnt1 /a\040b\134c rw,noatime master:1 - ext3 /dev/root rw";
        assert_eq!(parse(line), Some((br"/a b\c".to_vec(), b"36 35 98:0 /mnt1".to_vec())));
        assert_eq!(parse(b"36 35 98:0 /mnt1"), None);
        assert_eq!(parse(b""), None);
        assert_eq!(unescape(br"/\9\777\04"), br"/\9\777\04");
    }

    #[test]
    fn nothing_has_changed_at_first_nor_without_a_change() {
        let mut mounts = Mounts::new().unwrap();
        let mut changed = Vec::new();
        for _ in 0..2 {
            while mounts.is_pending() {
                assert!(mounts.step(&mut changed) <= crate::policy::UNIT_COST_MAX);
            }
            assert!(changed.is_empty() && mounts.known.iter().any(|(place, _)| place == b"/"));
            mounts.on_changed();
        }
        let known = mounts.known.pop_first().unwrap();
        mounts.known.insert((b"/gone".to_vec(), Vec::new()));
        while mounts.is_pending() {
            mounts.step(&mut changed);
        }
        assert_eq!(changed, [known.0, b"/gone".to_vec()]);
    }
}
