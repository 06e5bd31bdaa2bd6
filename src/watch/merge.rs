//! What is published of a name: decided by comparing what was published last with the disk now.
//!
//! Events are evidence only. Merging them by their kinds is unsound: what was written, renamed over and
//! deleted within one window has left any sequence of them.
//!
//! Two cases need the evidence. A file whose size and time are as before may have other content all the same: the
//! time was set back (`cp -p`, `touch -d`, an archive that is unpacked), or another file got the number of the freed
//! inode. If it was written since the last look, or another file came to the name, it is a modification; what
//! may be new content is never reported as less. And a file that looks as before in everything was
//! written within the resolution of its time stamps, or was opened for writing and closed, which is a touch.
//!
//! An event may be older than the last look, and then everything is published already. The looks are numbered by
//! how often the kernel's queue had been emptied before: an event that was read in the second emptying after
//! a look or later happened after it. One from the first emptying may be older; it counts if anything is
//! different, or if a time stamp that was fresh at the look can hide a write.

use super::tree::Stat;

/// What is known of a name's events since the last batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// Sum of [`evidence`] flags.
    pub(crate) kinds: u16,
    /// In which emptying of the kernel's queue the last event was read that may mean other content; 0 for none.
    pub(crate) written_in: u32,
    /// In which emptying the first event was read by which the file that had the name left it; 0 for none.
    pub(crate) left_in: u32,
}

/// Kinds of evidence.
pub(crate) mod evidence {
    pub(crate) const CREATED: u16 = 1;
    pub(crate) const DELETED: u16 = 2;
    /// Written, or closed by somebody who may have.
    pub(crate) const WRITTEN: u16 = 4;
    /// Closed by a writer, or moved here: complete.
    pub(crate) const FINISHED: u16 = 8;
    pub(crate) const ATTRIBUTES: u16 = 16;
    pub(crate) const MOVED: u16 = 32;
    /// Written for certain.
    pub(crate) const CONTENT: u16 = 64;
    /// Another file came to the name.
    pub(crate) const REPLACED: u16 = 128;

    /// Written for certain, before the file that had the name left it.
    pub(crate) const OWN_CONTENT: u16 = 256;

    /// By which a file leaves its name.
    pub(crate) const LEFT: u16 = CREATED | DELETED | MOVED | REPLACED;

    /// What may mean other content.
    pub(crate) const NEW_CONTENT: u16 = WRITTEN | CONTENT | REPLACED;
}

impl Evidence {
    pub(crate) fn has(self, kinds: u16) -> bool {
        self.kinds & kinds != 0
    }

    /// Counts in what was seen of the name after this.
    pub(crate) fn add(&mut self, later: Evidence) {
        let is_own = self.left_in == 0 && later.left_in == 0 && later.has(evidence::CONTENT);
        self.kinds |= later.kinds | if is_own { evidence::OWN_CONTENT } else { 0 };
        if later.written_in != 0 {
            self.written_in = later.written_in;
        }
        if self.left_in == 0 {
            self.left_in = later.left_in;
        }
    }

    /// Whether a file may have been written under a name where it was at the last look, and where another one is now.
    /// What is written under the name after it has left is not its content.
    pub(crate) fn may_be_of_the_former(self, looked: Looked) -> bool {
        let left_after = self.left_in.wrapping_sub(looked.emptied);
        // What left within the first emptying after the look may be the file before it.
        let left = self.left_in != 0 && left_after.cast_signed() >= 2;
        self.has(if left { evidence::OWN_CONTENT } else { evidence::CONTENT })
    }

    /// What it says about the content.
    pub(crate) fn of_content(self) -> Evidence {
        Evidence { kinds: self.kinds & evidence::NEW_CONTENT, ..self }
    }

    /// How many emptyings after a look the last event was read that may mean other content; 0 if it was
    /// before, or there was none.
    fn emptyings_since(self, looked: Looked) -> u32 {
        let since = self.written_in.wrapping_sub(looked.emptied);
        if self.written_in == 0 || since.cast_signed() < 0 { 0 } else { since }
    }
}

/// When an entry was looked at last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Looked {
    /// How often the kernel's queue had been emptied before.
    pub(crate) emptied: u32,
    /// Its time stamps were as young as a time stamp can be.
    pub(crate) fresh: bool,
}

/// What is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Nothing,
    Create,
    Delete,
    /// Of the same kind; `replaced`: another inode.
    Modify {
        replaced: bool,
    },
    Metadata,
    Touch,
    /// Of another kind: deleted, then created.
    Replace,
}

/// Compares what was published with what is there now.
pub(crate) fn decide(
    base: Option<(&Stat, Looked)>,
    now: Option<&Stat>,
    evidence: Evidence,
) -> Decision {
    let ((base, looked), now) = match (base, now) {
        (None, None) => return Decision::Nothing,
        (None, Some(_)) => return Decision::Create,
        (Some(_), None) => return Decision::Delete,
        (Some(base), Some(now)) => (base, now),
    };
    if base.kind != now.kind {
        return Decision::Replace;
    }
    if !base.is_same_inode(now) {
        return Decision::Modify { replaced: true };
    }
    // The size of a directory stands for its owner.
    let content = !base.is_dir() && (base.size, base.mtime) != (now.size, now.mtime);
    if content {
        return Decision::Modify { replaced: false };
    }
    let differs = (base.size, base.ctime, base.mode) != (now.size, now.ctime, now.mode);
    if base.is_dir() {
        let is_created = evidence.has(evidence::CREATED);
        let changed = differs || (evidence.has(evidence::ATTRIBUTES) && !is_created);
        return if changed { Decision::Metadata } else { Decision::Nothing };
    }
    let counts = match evidence.emptyings_since(looked) {
        0 => false,
        1 => differs || looked.fresh,
        _ => true,
    };
    match counts {
        true if evidence.has(evidence::CONTENT) => Decision::Modify { replaced: false },
        true if differs && evidence.has(evidence::REPLACED) => Decision::Modify { replaced: false },
        true if !differs && evidence.has(evidence::WRITTEN) => Decision::Touch,
        _ if differs => Decision::Metadata,
        _ => Decision::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::tree::FileType;

    fn file() -> Stat {
        Stat {
            ino: 7,
            size: 3,
            mtime: 100,
            ctime: 100,
            dev: 1,
            mode: 0o644,
            kind: FileType::File,
            linked: false,
        }
    }

    fn dir() -> Stat {
        Stat { kind: FileType::Directory, size: 0, mtime: 0, ctime: 0, ..file() }
    }

    fn check(base: Option<Stat>, now: Option<Stat>, expected: Decision) {
        let looked = Looked { emptied: 5, fresh: false };
        let base = base.as_ref().map(|stat| (stat, looked));
        assert_eq!(decide(base, now.as_ref(), Evidence::default()), expected);
    }

    #[test]
    fn the_table() {
        let modify = |replaced| Decision::Modify { replaced };
        check(None, None, Decision::Nothing);
        check(None, Some(file()), Decision::Create);
        check(Some(file()), None, Decision::Delete);
        check(Some(file()), Some(file()), Decision::Nothing);
        check(Some(file()), Some(Stat { ino: 8, ..file() }), modify(true));
        check(Some(file()), Some(Stat { dev: 8, ..file() }), modify(true));
        check(Some(file()), Some(Stat { size: 4, ..file() }), modify(false));
        check(Some(file()), Some(Stat { mtime: 101, ctime: 101, ..file() }), modify(false));
        check(Some(file()), Some(Stat { ctime: 101, ..file() }), Decision::Metadata);
        check(Some(file()), Some(Stat { mode: 0o600, ..file() }), Decision::Metadata);
        check(Some(file()), Some(dir()), Decision::Replace);
        check(Some(dir()), Some(Stat { kind: FileType::Symlink, ..file() }), Decision::Replace);
        check(Some(dir()), Some(dir()), Decision::Nothing);
        check(Some(dir()), Some(Stat { ino: 8, ..dir() }), modify(true));
        check(Some(dir()), Some(Stat { mode: 0o700, ..dir() }), Decision::Metadata);
        // The owner of a directory.
        check(Some(dir()), Some(Stat { size: 1, ..dir() }), Decision::Metadata);
    }

    #[test]
    fn what_may_be_new_content_is_a_modification() {
        use evidence::{ATTRIBUTES, CONTENT, CREATED, DELETED, MOVED, REPLACED, WRITTEN};
        let later = Stat { ctime: 101, ..file() };
        let check = |kinds, written_in, fresh, now: Stat, expected| {
            let base = (&file(), Looked { emptied: 5, fresh });
            let got = decide(Some(base), Some(&now), Evidence { kinds, written_in, left_in: 0 });
            assert_eq!(got, expected, "{kinds:#b} in {written_in}, fresh: {fresh}, {now:?}");
        };
        let modified = Decision::Modify { replaced: false };
        // Written, and the time was set back.
        check(WRITTEN | CONTENT | ATTRIBUTES, 7, false, later, modified);
        check(WRITTEN | CONTENT | ATTRIBUTES, 6, false, later, modified);
        // In the same tick of the clock.
        check(WRITTEN | CONTENT | ATTRIBUTES, 6, true, file(), modified);
        // Another file with the number of the freed inode: made anew, or moved here.
        check(DELETED | CREATED | REPLACED | WRITTEN | CONTENT, 7, false, later, modified);
        check(DELETED | CREATED | REPLACED, 7, false, later, modified);
        check(MOVED | REPLACED, 7, false, later, modified);
        // Written before the last look, which saw it.
        check(WRITTEN | CONTENT | ATTRIBUTES, 5, true, later, Decision::Metadata);
        check(WRITTEN | CONTENT | ATTRIBUTES, 3, true, later, Decision::Metadata);
        check(WRITTEN | CONTENT, 3, true, file(), Decision::Nothing);
        check(CREATED | REPLACED, 7, true, file(), Decision::Nothing);
        // Nobody wrote: chmod, `touch -d` to the time that it had, a rename there and back.
        check(ATTRIBUTES, 0, false, later, Decision::Metadata);
        check(WRITTEN | ATTRIBUTES, 7, false, later, Decision::Metadata);
        check(MOVED, 0, false, later, Decision::Metadata);
    }

    #[test]
    fn written_and_yet_the_same() {
        let touched = |written_in, fresh| {
            let base = (&file(), Looked { emptied: 5, fresh });
            let evidence = Evidence { kinds: evidence::WRITTEN, written_in, left_in: 0 };
            decide(Some(base), Some(&file()), evidence) == Decision::Touch
        };
        assert!(!touched(0, true), "nobody wrote");
        assert!(!touched(6, false), "the look came after the write");
        assert!(touched(6, true), "the time stamp may hide a write");
        assert!(touched(7, false), "written after the look");
    }

    /// What was read in the emptyings 6 and 7, of a file that was looked at after the fifth.
    #[test]
    fn whose_content_it_is() {
        use evidence::{CONTENT, CREATED, DELETED, MOVED, REPLACED, WRITTEN};
        let looked = Looked { emptied: 5, fresh: false };
        let check = |events: &[(u16, u32)], expected: bool| {
            let mut all = Evidence::default();
            for (kinds, emptying) in events {
                let left_in = if kinds & evidence::LEFT == 0 { 0 } else { *emptying };
                all.add(Evidence { kinds: *kinds, written_in: *emptying, left_in });
            }
            assert_eq!(all.may_be_of_the_former(looked), expected, "{events:?}");
        };
        let (written, made) = (WRITTEN | CONTENT, CREATED | REPLACED);
        check(&[], false);
        check(&[(MOVED, 7), (made, 7)], false);
        check(&[(MOVED, 7), (made, 7), (written, 7)], false);
        check(&[(DELETED, 7), (made, 7), (written, 7), (written, 8)], false);
        // Another file was written before it came.
        check(&[(MOVED | REPLACED | CONTENT, 7)], false);
        check(&[(written, 6), (MOVED, 7), (made, 7)], true);
        check(&[(written, 7), (DELETED, 7), (made, 7), (written, 7)], true);
        check(&[(written, 7)], true);
        // The file that was looked at may have come with these.
        check(&[(MOVED, 6), (made, 6), (written, 6)], true);
        check(&[(MOVED, 6), (made, 6), (written, 7), (DELETED, 7)], true);
    }

    #[test]
    fn attributes_of_a_directory_that_do_not_show() {
        let decide = |kinds| {
            let base = (&dir(), Looked { emptied: 5, fresh: false });
            decide(Some(base), Some(&dir()), Evidence { kinds, ..Evidence::default() })
        };
        assert_eq!(decide(evidence::ATTRIBUTES), Decision::Metadata);
        assert_eq!(decide(evidence::ATTRIBUTES | evidence::CREATED), Decision::Nothing);
        assert_eq!(decide(evidence::CREATED), Decision::Nothing);
    }
}
