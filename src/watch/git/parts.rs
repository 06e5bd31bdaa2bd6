//! What a rule can be found by: literal parts that every path has which it matches.
//!
//! Pure.

/// The lengths of beginnings and ends, and depths of directories, that rules are found by.
pub(super) const PART_MAX: usize = 16;

/// What a rule is found by.
#[derive(Clone, Copy)]
pub(super) enum Part {
    /// The last name, its beginning, its end: with its length. The directory: with its depth.
    Name,
    Beginning(usize),
    End(usize),
    Directory(usize),
}

/// Which parts there are rules for, a bit for each length or depth.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) name: bool,
    pub(super) beginnings: u32,
    pub(super) ends: u32,
    pub(super) directories: u32,
}

impl Part {
    pub(super) fn kind(self) -> u64 {
        match self {
            Part::Name => 0,
            Part::Beginning(length) => 0x100 + length as u64,
            Part::End(length) => 0x200 + length as u64,
            Part::Directory(depth) => 0x300 + depth as u64,
        }
    }
}

impl Parts {
    pub(super) fn note(&mut self, part: Part) {
        match part {
            Part::Name => self.name = true,
            Part::Beginning(length) => self.beginnings |= 1 << length,
            Part::End(length) => self.ends |= 1 << length,
            Part::Directory(depth) => self.directories |= 1 << depth,
        }
    }
}

/// The bits of a set, from the lowest on.
pub(super) fn bits(set: u32) -> impl Iterator<Item = usize> {
    (0..=PART_MAX).filter(move |bit| set & (1 << bit) != 0)
}

/// FNV-1a; letters of either case give the same.
pub(super) fn hash(kind: u64, bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x100_0000_01b3;
    let start = (0xcbf2_9ce4_8422_2325 ^ kind).wrapping_mul(PRIME);
    let hash = bytes.iter().fold(start, |hash, byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(PRIME)
    });
    hash ^ (hash >> 32)
}

pub(super) fn is_special(byte: u8) -> bool {
    matches!(byte, b'*' | b'?' | b'[' | b'\\')
}

/// What a rule can be found by: parts that every path has which it matches.
pub(super) fn parts(
    pattern: &[u8],
    literal: usize,
    is_of_name: bool,
) -> [Option<(Part, &[u8])>; 3] {
    let start = usize::from(!is_of_name && pattern.first() == Some(&b'/'));
    let beginning = pattern.get(start..literal.max(start)).unwrap_or_default();
    let rest = pattern.get(literal..).unwrap_or_default();
    // `a**/b` matches `ab`, too; see `matches_path`. Elsewhere a slash of the pattern is one of the path.
    let is_apart = beginning.is_empty() || beginning.ends_with(b"/") || !rest.starts_with(b"**");
    let name_at = memchr::memrchr(b'/', pattern).map_or(0, |slash| slash + 1);
    let name = pattern.get(name_at..).unwrap_or_default();
    // A set may hold that slash: then its bracket is closed behind it.
    let is_end = |byte: &u8| is_special(*byte) || *byte == b']';
    let end_at = name.iter().rposition(is_end).map_or(0, |at| at + 1);
    let end = name.get(end_at.max(name.len().saturating_sub(PART_MAX))..).unwrap_or_default();
    if end_at == 0 && is_apart {
        return [Some((Part::Name, name)), directory(beginning), None];
    }
    let before = pattern.get(..name_at).unwrap_or_default();
    let is_plain = !before.iter().any(|byte| matches!(byte, b'[' | b'\\'));
    let head = if is_plain && is_apart { name } else { b"" };
    let head_len = head.iter().position(|byte| is_special(*byte)).unwrap_or(head.len());
    let head = head.get(..head_len.min(PART_MAX)).unwrap_or_default();
    [
        (!end.is_empty()).then_some((Part::End(end.len()), end)),
        (!head.is_empty()).then_some((Part::Beginning(head.len()), head)),
        directory(beginning),
    ]
}

/// The directory that a literal beginning names.
fn directory(beginning: &[u8]) -> Option<(Part, &[u8])> {
    let directory = beginning.get(..memchr::memrchr(b'/', beginning)?)?;
    let depth = 1 + memchr::memchr_iter(b'/', directory).count();
    (depth <= PART_MAX).then_some((Part::Directory(depth), directory))
}
