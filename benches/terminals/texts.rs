//! What programs write: text of several kinds, the same in every run.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

pub(crate) const FILE_BYTES: u64 = 100 * 1000 * 1000;

/// Rows and columns that moves of the cursor stay within.
const ROWS: u64 = 24;
const COLS: u64 = 80;

const WIDE: [&str; 16] = [
    "終端",
    "机",
    "の画",
    "面に",
    "表示",
    "한국",
    "어",
    "글자",
    "中文",
    "字符",
    "🚀",
    "🎉",
    "😀",
    "🦀",
    "日本語",
    "測試",
];
const ACCENTED: [&str; 8] = ["größe ", "naïve ", "żółć ", "Ελλάς ", "мир ", "→ ", "…", "plain "];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// Lines of 0 to 199 printable ASCII characters.
    Plain,
    /// Words of which every other has a colour, as a compiler or `ls` gives them.
    Coloured,
    /// Chinese, Japanese, Korean, emoji and accented letters.
    Unicode,
    /// A full-screen program that redraws fields all over the screen.
    Moving,
}

/// A generator of numbers that look random.
struct Random(u64);

impl Random {
    fn new() -> Self {
        Random(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }
}

impl Text {
    /// Writes 100 MB of it; gives how many bytes a terminal makes of them, with a carriage return for
    /// each line.
    pub(crate) fn write(self, path: &Path) -> u64 {
        let mut file = BufWriter::new(File::create(path).unwrap());
        let mut random = Random::new();
        let mut piece = Vec::new();
        let (mut bytes, mut lines) = (0, 0);
        while bytes < FILE_BYTES {
            piece.clear();
            self.piece(&mut random, &mut piece);
            file.write_all(&piece).unwrap();
            bytes += piece.len() as u64;
            lines += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
        }
        file.flush().unwrap();
        bytes + lines
    }

    fn piece(self, random: &mut Random, out: &mut Vec<u8>) {
        match self {
            Text::Plain => {
                printable(0, random.below(200), out);
                out.push(b'\n');
            }
            Text::Coloured => {
                for _ in 0..random.below(12) {
                    let style = random.below(8);
                    write!(out, "\x1b[{};3{}m", style % 2, style).unwrap();
                    printable(random.below(95), 3 + random.below(12), out);
                    out.extend_from_slice(b"\x1b[0m ");
                    printable(random.below(95), random.below(10), out);
                }
                out.push(b'\n');
            }
            Text::Unicode => {
                for _ in 0..random.below(24) {
                    let words: &[&str] = if random.below(3) == 0 { &ACCENTED } else { &WIDE };
                    out.extend_from_slice(random.of(words).as_bytes());
                }
                out.push(b'\n');
            }
            Text::Moving => {
                let (row, col) = (1 + random.below(ROWS), 1 + random.below(COLS - 20));
                write!(out, "\x1b[{row};{col}H").unwrap();
                match random.below(4) {
                    0 => write!(out, "\x1b[38;5;{}m", random.below(256)).unwrap(),
                    1 => write!(out, "\x1b[3{};4{}m", random.below(8), random.below(8)).unwrap(),
                    _ => {}
                }
                printable(random.below(95), 2 + random.below(18), out);
                match random.below(4) {
                    0 => out.extend_from_slice(b"\x1b[K"),
                    1 => out.extend_from_slice(b"\x1b[m\x1b[3C"),
                    _ => {}
                }
            }
        }
    }
}

/// Printable ASCII characters, beginning with one of the 95.
pub(crate) fn printable(first: u64, len: u64, out: &mut Vec<u8>) {
    out.extend((0..len).map(|i| b' ' + ((first + i * 7) % 95) as u8));
}
