//! How long the line of input is that the kernel is collecting.
//!
//! In canonical mode the kernel collects a line in a buffer of 4,096 bytes and silently drops what does
//! not fit before the line's end. Counting along makes the loss known. The rules come from the terminal
//! at the time of each write: programs change them as they like.

/// Bytes of one line that the kernel keeps in canonical mode (`N_TTY_BUF_SIZE` less the end).
const LINE_MAX: usize = 4095;

/// What characters do to a line in canonical mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineRules {
    /// Characters that end the line; 0 where one is switched off.
    pub(crate) ends: [u8; 5],
    /// Characters that drop what is collected: line kill, and the ones that send a signal.
    pub(crate) drops: [u8; 4],
    /// The character that takes back the one before it.
    pub(crate) erase: u8,
}

impl LineRules {
    fn ends(&self, byte: u8) -> bool {
        byte != 0 && self.ends.contains(&byte)
    }

    fn drops(&self, byte: u8) -> bool {
        byte != 0 && self.drops.contains(&byte)
    }

    /// Whether the line is empty after this byte.
    fn leaves_line_empty(&self, byte: u8) -> bool {
        self.ends(byte) || self.drops(byte)
    }
}

/// The line as far as it was written to the PTY.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    bytes: usize,
}

impl Line {
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Counts bytes that were written. `rules` is `None` when the terminal collects no lines. Whether a
    /// line has grown past what is kept; true once for each such line.
    pub(crate) fn count(&mut self, written: &[u8], rules: Option<&LineRules>) -> bool {
        let Some(rules) = rules else {
            // What a program gets byte by byte belongs to no line.
            self.bytes = 0;
            return false;
        };
        let mut too_long = false;
        for byte in written {
            if rules.leaves_line_empty(*byte) {
                self.bytes = 0;
            } else if *byte == rules.erase && rules.erase != 0 {
                // What was dropped already cannot be taken back, so a cut line stays cut.
                self.bytes = self.bytes.min(LINE_MAX).saturating_sub(1);
            } else {
                self.bytes += 1;
                too_long |= self.bytes == LINE_MAX + 1;
            }
        }
        too_long
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: LineRules =
        LineRules { ends: [b'\n', b'\r', 4, 0, 0], drops: [21, 3, 28, 26], erase: 127 };

    /// What is written, in pieces; how often a cut is reported.
    #[test]
    fn lines_are_counted_by_the_rules() {
        let x = |n: usize| vec![b'x'; n];
        let table: Vec<(Vec<Vec<u8>>, usize)> = vec![
            (vec![x(4095), b"\n".to_vec(), x(4095)], 0),
            (vec![x(4096)], 1),
            (vec![x(4000), x(96), x(5000)], 1),
            (vec![x(5000), b"\n".to_vec(), x(5000)], 2),
            (vec![x(4000), b"\x15".to_vec(), x(4000)], 0),
            (vec![x(4000), b"\x03".to_vec(), x(4000)], 0),
            (vec![x(4000), b"\x04".to_vec(), x(4000)], 0),
            (vec![x(4095), b"\x7f".to_vec(), x(1)], 0),
            (vec![x(4095), b"\0".to_vec()], 1),
        ];
        for (pieces, expected) in table {
            let mut line = Line::default();
            let cuts = pieces.iter().filter(|piece| line.count(piece, Some(&RULES))).count();
            assert_eq!(cuts, expected, "{:?}", pieces.iter().map(Vec::len).collect::<Vec<_>>());
        }
    }

    #[test]
    fn bytes_outside_of_canonical_mode_belong_to_no_line() {
        let mut line = Line::default();
        assert!(!line.count(&[b'x'; 9000], None));
        assert!(!line.count(&[b'x'; 4095], Some(&RULES)));
        assert!(line.count(b"x", Some(&RULES)));
    }
}
