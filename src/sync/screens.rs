//! Screens for clients that draw cells themselves: what changed.

use bytes::Bytes;

use super::attachment::Attachment;
use super::client::{Client, frame_of};
use super::codec::Codec;
use super::convert::line_position;
use super::outflow::Outflow;
use super::protocol::{Color, Cursor, Line, Run, Screen, Scroll, ServerMessage};
use crate::reactor::TerminalId;
use crate::terminal::{self, OutputState, ScreenUpdate};

/// Frames that were made in this round: of which terminal, from which generation, how encoded; and to which
/// generation.
pub(super) type Made = Vec<((TerminalId, u64, Codec, bool), u64, Bytes)>;

/// Sends what changed on the screen.
pub(super) fn send(
    client: &mut Client,
    attachment: &mut Attachment,
    state: &OutputState,
    outflow: &mut Outflow<'_>,
) {
    let now = outflow.reactor.now();
    let id = attachment.terminal;
    attachment.consumer.shows(state.end);
    let Some(view) = attachment.consumer.view() else { return };
    let known = view.knows();
    let (codec, compress) = (client.codec, client.compress);
    let key = (id, known, codec, compress);
    if let Some((_, generation, frame)) = outflow.screens.iter().find(|(of, ..)| *of == key) {
        view.shown(*generation, now);
        client.push(frame.clone());
        return;
    }
    let mut update = ScreenUpdate::default();
    if outflow.terminals.screen_changes(id, known, &mut update).is_err() {
        return;
    }
    view.shown(update.generation, now);
    let message = ServerMessage::Screen(Box::new(screen(id.to_u64(), &update)));
    let frame = frame_of(&codec.encode_server(&message, compress));
    outflow.screens.push((key, update.generation, frame.clone()));
    client.push(frame);
}

fn screen(terminal: u64, update: &ScreenUpdate) -> Screen {
    let scroll = |scroll: &terminal::Scroll| Scroll {
        top: scroll.top,
        bottom: scroll.bottom,
        rows: scroll.rows,
    };
    let line = |row: terminal::Row<'_>| Line {
        row: row.index(),
        wrapped: row.is_wrapped(),
        runs: row.runs().map(|run| self::run(&run)).collect(),
    };
    Screen {
        terminal,
        offset: update.offset,
        full: update.full,
        cols: update.cols,
        rows: update.height,
        history: update.history,
        line: update.line.map(line_position),
        cursor: Cursor {
            row: update.cursor.row,
            col: update.cursor.col,
            shape: update.cursor.shape as u8,
            blinking: update.cursor.blinking,
            visible: update.cursor.visible,
        },
        modes: update.modes.bits(),
        title: update.title.clone(),
        scrolls: update.scrolls.iter().map(scroll).collect(),
        lines: update.rows.iter().map(line).collect(),
    }
}

fn run(run: &terminal::Run<'_>) -> Run {
    Run {
        text: run.text.into(),
        cols: run.cols,
        wide: run.wide,
        fg: color(run.style.foreground),
        bg: color(run.style.background),
        attributes: run.style.attributes.bits(),
        underline: run.style.underline as u8,
        underline_color: color(run.style.underline_color),
        link: run.link.map(|link| link.uri.clone()),
    }
}

fn color(color: terminal::Color) -> Color {
    match color {
        terminal::Color::Default => Color::Default,
        terminal::Color::Indexed(index) => Color::Indexed(index),
        terminal::Color::Rgb(rgb) => Color::Rgb(rgb.r, rgb.g, rgb.b),
    }
}
