//! Runs of text with one look, as bytes. What is not covered by a run is in the default look.
//!
//! ```text
//!  len << 3 | cluster << 2 | link << 1 | protected     a number in groups of seven bits, the lowest first
//!  style                                               the same
//!  link                                                the same, when there is one
//!  columns                                             a byte, for a cluster: a cell of several characters
//! ```

/// How text looks, in the numbers of its block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// 0 for the default style.
    pub(super) style: u32,
    /// 0 for none.
    pub(super) link: u32,
    pub(crate) protected: bool,
}

/// A run: bytes of text, their look, and for a cell of several characters its columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) len: usize,
    pub(super) look: Look,
    pub(super) cluster_cols: usize,
}

impl Run {
    pub(super) fn write(self, out: &mut Vec<u8>) {
        let Look { style, link, protected } = self.look;
        let is_cluster = self.cluster_cols > 0;
        let flags = u64::from(is_cluster) << 2 | u64::from(link > 0) << 1 | u64::from(protected);
        let head = (self.len as u64) << 3 | flags;
        // Most runs are short, in one of few styles, and no links.
        if flags < 2 && style < 0x80 && head < 0x4000 {
            let style = style as u8;
            return match head < 0x80 {
                true => out.extend_from_slice(&[head as u8, style]),
                false => out.extend_from_slice(&[head as u8 | 0x80, (head >> 7) as u8, style]),
            };
        }
        write_number(head, out);
        write_number(style.into(), out);
        if link > 0 {
            write_number(link.into(), out);
        }
        if is_cluster {
            out.push(self.cluster_cols as u8);
        }
    }

    fn read(from: &mut &[u8]) -> Option<Run> {
        let head = read_number(from)?;
        let style = read_number(from)? as u32;
        let link = if head & 2 != 0 { read_number(from)? as u32 } else { 0 };
        let cluster_cols = if head & 4 != 0 { usize::from(read_byte(from)?) } else { 0 };
        let look = Look { style, link, protected: head & 1 != 0 };
        Some(Run { len: (head >> 3) as usize, look, cluster_cols })
    }
}

fn write_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read_byte(from: &mut &[u8]) -> Option<u8> {
    let (first, rest) = from.split_first()?;
    *from = rest;
    Some(*first)
}

fn read_number(from: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let byte = read_byte(from)?;
        number |= u64::from(byte & 0x7F) << shift;
        shift += 7;
        if byte < 0x80 || shift >= 63 {
            return Some(number);
        }
    }
}

/// Goes through the runs of a line.
#[derive(Clone, Copy)]
pub(super) struct Runs<'a> {
    rest: &'a [u8],
    run: Option<Run>,
    /// Bytes of the current run's text that are left.
    left: usize,
}

impl<'a> Runs<'a> {
    pub(super) fn new(runs: &'a [u8]) -> Self {
        let mut runs = Runs { rest: runs, run: None, left: 0 };
        runs.load();
        runs
    }

    fn load(&mut self) {
        self.run = Run::read(&mut self.rest);
        self.left = self.run.map_or(usize::MAX, |run| run.len);
    }

    /// Goes on by so many bytes of text.
    pub(super) fn skip(&mut self, mut bytes: usize) {
        while bytes >= self.left && self.run.is_some() {
            bytes -= self.left;
            self.load();
        }
        self.left -= bytes;
    }

    /// Bytes of text that have the look that is here.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// The look here, and bytes and columns if this is a cell of several characters.
    pub(super) fn current(&self) -> (Look, Option<(usize, usize)>) {
        let run = self.run.unwrap_or_default();
        let cluster = (run.cluster_cols > 0).then_some((self.left, run.cluster_cols));
        (run.look, cluster)
    }

    /// The runs, each with where it ends in the list of runs.
    pub(super) fn list(runs: &'a [u8]) -> impl Iterator<Item = (Run, usize)> + 'a {
        let mut rest = runs;
        std::iter::from_fn(move || {
            let run = Run::read(&mut rest)?;
            Some((run, runs.len() - rest.len()))
        })
    }
}
