//! Pages of vttest 2.7, as a real xterm 379 shows them. `tests/vttest` has the output from the choice in a menu on
//! (`11-3-6-8.rec`: menus 11, 3 and 6, choice 8), and beside it where in it a page ends, the cursor, and the rows.

use std::fs;
use std::path::Path;

use super::*;

/// A page: where in the output it ends, and what is shown then.
struct Page {
    end: usize,
    cursor: (usize, usize),
    rows: Vec<String>,
}

fn pages(text: &str) -> Vec<Page> {
    let mut pages: Vec<Page> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix('|') {
            Some(row) => pages.last_mut().unwrap().rows.push(row.to_owned()),
            None => {
                let words: Vec<usize> =
                    line.split(' ').filter_map(|word| word.parse().ok()).collect();
                let [end, row, col] = words[..] else { panic!("{line}") };
                pages.push(Page { end, cursor: (row, col), rows: Vec::new() });
            }
        }
    }
    pages
}

#[test]
fn pages_are_those_of_xterm() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vttest");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rec") {
            continue;
        }
        let (output, mut emulator, mut from) = (fs::read(&path).unwrap(), emulator(80, 24), 0);
        for page in pages(&fs::read_to_string(path.with_extension("txt")).unwrap()) {
            feed(&mut emulator, &output[from..page.end]);
            from = page.end;
            let what = format!("{} at {from}", path.display());
            let expected = page.rows.join("\n");
            assert_eq!(text(&emulator), expected.trim_end_matches('\n'), "{what}");
            assert_eq!(emulator.terminal.reported_position(), page.cursor, "{what}");
            count += 1;
        }
    }
    assert!(count >= 50, "{count} pages");
}
