//! Rows of a screen and its scrollback as a reply carries them, and how long that is.

use super::convert::{line_position, style_run};
use super::protocol::{PlacedLine, RowsReply};
use crate::terminal::{Color, Kept, Row, Rows, Run};

/// Bytes of a row in JSON without its numbers and runs, and of a run without its numbers, text and link.
const ROW_BYTES: usize = r#"{"row":,"place":{"line":,"col":},"wrapped":false,"runs":[]},"#.len();
const RUN_BYTES: usize = concat!(
    r#"{"text":"","cols":,"wide":false,"fg":"default","bg":"default","attributes":,"#,
    r#""underline":0,"underline_color":"default","link":null},"#
)
.len();
/// Bytes that a colour takes more than `"default"`, at most.
const COLOR_BYTES: usize = r#"{"rgb":[255,255,255]}"#.len() - r#""default""#.len();

/// The reply to a request for rows.
pub(crate) fn rows_reply(rows: &Rows, kept: &Kept) -> RowsReply {
    let line = |row: Row<'_>| PlacedLine {
        row: row.index(),
        place: row.line().map(line_position),
        wrapped: row.is_wrapped(),
        runs: row.runs().map(|run| style_run(&run)).collect(),
    };
    RowsReply {
        lines: rows.iter().map(line).collect(),
        kept_from: Some(line_position(kept.from)),
        kept_to: Some(line_position(kept.to)),
        history: kept.history as u32,
        cols: kept.cols,
    }
}

/// How many bytes a row takes in a reply in JSON, at most; in bincode they are fewer.
pub(crate) fn row_bytes(row: Row<'_>) -> usize {
    let place = row.line().map_or(0, |place| digits(place.line) + digits(place.col));
    let number = digits(row.index().unsigned_abs().into()) + 1;
    ROW_BYTES + number + place + row.runs().map(|run| run_bytes(&run)).sum::<usize>()
}

fn run_bytes(run: &Run<'_>) -> usize {
    let style = &run.style;
    let colors = [style.foreground, style.background, style.underline_color];
    let colored = colors.into_iter().filter(|color| *color != Color::Default).count();
    let numbers = digits(run.cols.into()) + digits(style.attributes.bits().into());
    let link = run.link.map_or(0, |link| quoted(&link.uri));
    RUN_BYTES + numbers + quoted(run.text) + colored * COLOR_BYTES + link
}

/// Bytes of a text in JSON without the quotation marks. Cells and links have no control characters.
fn quoted(text: &str) -> usize {
    text.len() + memchr::memchr2_iter(b'"', b'\\', text.as_bytes()).count()
}

fn digits(number: u64) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::{Attributes, Rgb, Style, Underline};

    /// What is said of a row's length is what its JSON takes, or little more.
    #[test]
    fn rows_are_as_long_as_their_json() {
        let white = Color::Rgb(Rgb { r: 255, g: 255, b: 255 });
        let bright = Style {
            foreground: white,
            background: Color::Indexed(255),
            attributes: Attributes::BLINK,
            underline: Underline::Curly,
            underline_color: white,
        };
        let mut rows = Rows::default();
        rows.begin(-100_000, None, false);
        rows.begin(3, None, true);
        rows.push_run("plain", 5, false, Style::default(), None);
        rows.push_run(r#"a"b\c"#, 5, false, bright, Some("https://example.org/\"x\""));
        rows.push_run("漢字", 4, true, bright, Some("file:///tmp"));
        let kept = Kept {
            from: Default::default(),
            to: Default::default(),
            history: 0,
            cols: 80,
            cost: 0,
        };
        let reply = rows_reply(&rows, &kept);
        for (row, line) in rows.iter().zip(&reply.lines) {
            let json = serde_json::to_string(line).unwrap().len();
            let said = row_bytes(row);
            assert!((json..=json + 64).contains(&said), "{json} {said}");
        }
    }
}
