//! Plays the recordings of `recordings` through the public interface. With `ORCHFLOW_VERDICTS=FILE` it
//! writes there what the screens show, in the form of the judges, who are asked the same and compared
//! with it by `judges/run.sh`; see `judges/README.md`. `ORCHFLOW_RECORDINGS=FOLDER` has it play others, and
//! `ORCHFLOW_CASES=FILE` generated streams in their place.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, missing_docs)]

mod support;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use orchflow::{
    AdoptOptions, Attributes, Color, Limits, Modes, Row, Rows, ScreenOptions, Size, Style,
    TerminalId, Underline,
};
use support::host::Host;
use support::raw_pty;

/// Rows of scrollback that a screen keeps and that a verdict has; the judges do the same.
const SCROLLBACK: usize = 2000;
const SCROLLBACK_SHOWN: usize = 200;

/// Bytes that are written at once: what a PTY takes without waiting.
const PIECE_BYTES: usize = 1024;

/// The output of a program, and what the size of its terminal is from which offset on.
struct Recording {
    name: String,
    output: Vec<u8>,
    sizes: Vec<(usize, Size)>,
}

/// What is to be played.
fn all() -> Vec<Recording> {
    match std::env::var_os("ORCHFLOW_CASES") {
        Some(file) => fs::read_to_string(file).unwrap().lines().map(parse_case).collect(),
        None => recordings(),
    }
}

/// A case of `judges/streams.py`: its name, then sizes and output as hexadecimal digits.
fn parse_case(line: &str) -> Recording {
    let (name, parts) = line.split_once(' ').unwrap();
    let words: Vec<_> = parts.split(' ').collect();
    let (mut output, mut sizes) = (Vec::new(), Vec::new());
    for part in words.chunks(2) {
        sizes.push((output.len(), parse_size(part[0])));
        let digits = part[1].as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        output.extend(digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()));
    }
    Recording { name: name.to_owned(), output, sizes }
}

fn recordings() -> Vec<Recording> {
    let folder = std::env::var_os("ORCHFLOW_RECORDINGS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings"),
        PathBuf::from,
    );
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "rec")).collect();
    paths.sort();
    assert!(!paths.is_empty(), "the recordings are there");
    paths.iter().map(|path| load(path)).collect()
}

fn load(path: &Path) -> Recording {
    let notes = fs::read_to_string(path.with_extension("txt")).unwrap();
    let mut lines = notes.lines();
    let mut sizes = vec![(0, parse_size(lines.next().unwrap()))];
    for line in lines {
        let words: Vec<_> = line.split_whitespace().collect();
        let ["resize", offset, size] = words[..] else { panic!("{path:?}: what is {line:?}?") };
        sizes.push((offset.parse().unwrap(), parse_size(size)));
    }
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    Recording { name, output: fs::read(path).unwrap(), sizes }
}

fn parse_size(text: &str) -> Size {
    let (cols, rows) = text.split_once('x').unwrap();
    Size::cells(cols.parse().unwrap(), rows.parse().unwrap())
}

impl Recording {
    /// Plays it in a terminal of its own, which is left as it is at the end.
    fn play(&self, host: &mut Host) -> TerminalId {
        let pty = raw_pty();
        let mut slave = File::from(pty.slave);
        let screen =
            ScreenOptions { replies: false, scrollback: SCROLLBACK, ..ScreenOptions::default() };
        let options = AdoptOptions::new().size(self.sizes[0].1).screen(screen);
        let id = host.engine.adopt(pty.master, &options).unwrap();
        let ends = self.sizes.iter().skip(1).map(|(offset, _)| *offset);
        for ((start, size), end) in self.sizes.iter().zip(ends.chain([self.output.len()])) {
            host.engine.resize(id, *size).unwrap();
            assert_eq!(host.engine.terminal_state(id).unwrap().size, *size);
            let mut read = *start;
            for piece in self.output[*start..end].chunks(PIECE_BYTES) {
                slave.write_all(piece).unwrap();
                read += piece.len();
                host.wait("the output to be read", |host| {
                    host.engine.terminal_state(id).unwrap().log_end == read as u64
                });
            }
        }
        id
    }
}

/// One line of JSON, as the judges write it. The scrollback of the normal screen is not reported while the
/// alternate one is shown, nor is whether a wrap is pending.
fn verdict(host: &mut Host, id: TerminalId, name: &str) -> String {
    let state = host.engine.terminal_state(id).unwrap();
    let screen = state.screen.unwrap();
    let alternate = screen.modes.contains(Modes::ALTERNATE_SCREEN);
    let mut rows = Rows::default();
    host.engine.screen_rows(id, -(SCROLLBACK_SHOWN as i32), usize::MAX, &mut rows).unwrap();
    let texts = |rows: Vec<Row<'_>>| list(rows.iter().map(|row| quoted(&row.text())));
    let (above, shown): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.index() < 0);
    assert_eq!(shown.len(), usize::from(state.size.rows), "{name}");
    assert!(!alternate || above.is_empty(), "{name}");
    let cells = list(shown.iter().map(|row| cells(*row)));
    let fields = [
        ("name", quoted(name)),
        ("judge", quoted("ours")),
        ("cols", state.size.cols.to_string()),
        ("rows", state.size.rows.to_string()),
        ("cursor", format!("[{}, {}]", screen.cursor.row, screen.cursor.col)),
        ("pending_wrap", "null".to_owned()),
        ("alternate", alternate.to_string()),
        ("title", quoted(&screen.title)),
        ("lines", texts(shown)),
        ("scrollback", if alternate { "null".to_owned() } else { texts(above) }),
        ("cells", cells),
    ];
    let fields = fields.map(|(name, value)| format!("{}: {value}", quoted(name)));
    format!("{{{}}}", fields.join(", "))
}

/// A row as `[first column, text, attributes]`; plain blanks at the end are none.
fn cells(row: Row<'_>) -> String {
    let mut runs: Vec<(u16, String, String)> = Vec::new();
    let mut col = 0;
    for run in row.runs() {
        let look = look(run.style);
        match runs.last_mut().filter(|last| last.2 == look) {
            Some(last) => last.1.push_str(run.text),
            None => runs.push((col, run.text.to_owned(), look)),
        }
        col += run.cols;
    }
    if let Some(last) = runs.last_mut().filter(|last| last.2 == look(Style::default())) {
        last.1.truncate(last.1.trim_end_matches(' ').len());
        if last.1.is_empty() {
            runs.pop();
        }
    }
    list(runs.iter().map(|(col, text, look)| format!("[{col}, {}, {look}]", quoted(text))))
}

fn look(style: Style) -> String {
    let table = [
        ("bold", Attributes::BOLD),
        ("dim", Attributes::DIM),
        ("italic", Attributes::ITALIC),
        ("inverse", Attributes::INVERSE),
        ("strike", Attributes::STRIKEOUT),
        ("invisible", Attributes::HIDDEN),
        ("blink", Attributes::BLINK),
    ];
    let (fg, bg) = (color(style.foreground), color(style.background));
    let mut look = format!("{{\"fg\": \"{fg}\", \"bg\": \"{bg}\"");
    let set =
        table.iter().filter(|(_, one)| style.attributes.contains(*one)).map(|(name, _)| *name);
    let underlined = (style.underline != Underline::None).then_some("underline");
    for name in set.chain(underlined) {
        write!(look, ", \"{name}\": true").unwrap();
    }
    look + "}"
}

fn color(color: Color) -> String {
    match color {
        Color::Default => "default".to_owned(),
        Color::Indexed(index) => format!("p{index}"),
        Color::Rgb(rgb) => format!("#{:02x}{:02x}{:02x}", rgb.r, rgb.g, rgb.b),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// A string of JSON.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => write!(quoted, "\\u{:04x}", c as u32).unwrap(),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[test]
fn recordings_are_shown_without_a_failure() {
    let limits = Limits { resize_interval: Duration::ZERO, ..Limits::default() };
    let mut host = Host::with_limits(limits);
    let mut verdicts = String::new();
    for recording in all() {
        let id = recording.play(&mut host);
        verdicts += &verdict(&mut host, id, &recording.name);
        verdicts.push('\n');
        let screen = host.engine.terminal_state(id).unwrap().screen.unwrap();
        assert_eq!(screen.failures, 0, "{}", recording.name);
        host.close(id);
    }
    if let Some(file) = std::env::var_os("ORCHFLOW_VERDICTS") {
        fs::write(file, verdicts).unwrap();
    }
}
