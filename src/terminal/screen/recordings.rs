//! The promises of the screen, on recordings of real programs (`tests/recordings`).

use std::fs;
use std::path::Path;

use super::tests::{Client, all_rows, feed, seen};
use super::*;

/// A recording: output of a program, and the changes of size on the way.
struct Recording {
    name: String,
    output: Vec<u8>,
    size: Size,
    /// Offsets in the output and what the size is from there on.
    resizes: Vec<(usize, Size)>,
}

fn recordings() -> Vec<Recording> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rec") {
            continue;
        }
        let notes = fs::read_to_string(path.with_extension("txt")).unwrap();
        let mut lines = notes.lines();
        let size = read_size(lines.next().unwrap());
        let resizes = lines.map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            assert_eq!(words[0], "resize");
            (words[1].parse().unwrap(), read_size(words[2]))
        });
        let resizes = resizes.collect();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        all.push(Recording { name, output: fs::read(&path).unwrap(), size, resizes });
    }
    assert!(all.len() >= 50, "the recordings are there");
    all
}

fn read_size(text: &str) -> Size {
    let (cols, rows) = text.split_once('x').unwrap();
    Size::cells(cols.parse().unwrap(), rows.parse().unwrap())
}

impl Recording {
    /// Plays it in pieces of this many bytes, and calls `look` after each.
    fn play(&self, piece: usize, mut look: impl FnMut(&mut Screen)) -> Screen {
        let options = ScreenOptions { scrollback: 200, ..ScreenOptions::default() };
        let mut screen = Screen::new(self.size, &options, 0);
        let mut at = 0;
        let ends = self.resizes.iter().map(|(offset, _)| *offset).chain([self.output.len()]);
        for (part, end) in ends.enumerate() {
            for bytes in self.output[at..end].chunks(piece) {
                feed(&mut screen, bytes);
                look(&mut screen);
            }
            at = end;
            if let Some((_, size)) = self.resizes.get(part) {
                screen.resize(*size);
            }
        }
        screen
    }
}

#[test]
fn split_at_every_byte_they_give_the_same_screen() {
    for recording in recordings() {
        let mut whole = recording.play(usize::MAX, |_| {});
        for piece in [1, 7, 4095] {
            let mut split = recording.play(piece, |_| {});
            assert_eq!(seen(&mut split), seen(&mut whole), "{} by {piece}", recording.name);
            assert_eq!(split.ground_offset(), whole.ground_offset());
        }
    }
}

#[test]
fn snapshots_on_the_way_go_on_in_the_same_way() {
    for recording in recordings() {
        let mut count = 0;
        let mut copy: Option<Screen> = None;
        let mut at = 0;
        recording.play(997, |screen| {
            let end = screen.offset();
            if let Some(copy) =
                copy.as_mut().filter(|copy| copy.emulator.size() == screen.emulator.size())
            {
                feed(copy, &recording.output[at as usize..end as usize]);
                assert_eq!(seen(copy), seen(screen), "{} at {end}", recording.name);
            } else {
                copy = None;
            }
            at = end;
            count += 1;
            if count % 4 == 0 || copy.is_none() {
                let snapshot = screen.snapshot(usize::MAX, 0).unwrap();
                let options = ScreenOptions { scrollback: 200, ..ScreenOptions::default() };
                let mut fresh = Screen::new(screen.emulator.size(), &options, 0);
                feed(&mut fresh, &snapshot.bytes);
                feed(&mut fresh, &recording.output[snapshot.offset as usize..end as usize]);
                assert_eq!(seen(&mut fresh), seen(screen), "{} at {end}", recording.name);
                copy = Some(fresh);
            }
        });
    }
}

#[test]
fn viewers_see_them() {
    for recording in recordings() {
        let mut clients = [(1, Client::default()), (5, Client::default()), (50, Client::default())];
        let mut count = 0;
        recording.play(301, |screen| {
            count += 1;
            for (every, client) in &mut clients {
                if count % *every == 0 {
                    client.catch_up(screen);
                    assert_eq!(client.rows, all_rows(screen), "{}", recording.name);
                }
            }
        });
    }
}
