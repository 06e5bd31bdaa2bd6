//! Screens for clients that draw cells themselves: what changed, at their own pace.

use std::time::Duration;

use bytes::Bytes;

use super::attachment::Attachment;
use super::client::{Client, frame_of};
use super::codec::Codec;
use super::outflow::Outflow;
use super::protocol::{Color, Cursor, Line, Run, Screen, Scroll, ServerMessage};
use crate::reactor::TerminalId;
use crate::terminal::{self, FeedState, ScreenUpdate};

/// The shortest time between two updates of one client: a frame of a display.
const INTERVAL: Duration = Duration::from_millis(16);

/// Frames that were made in this round: of which terminal, from which generation, to which, how encoded.
pub(super) type Made = Vec<(TerminalId, u64, u64, Codec, bool, Bytes)>;

/// Sends what changed on the screen, when it is time.
pub(super) fn advance(
    client: &mut Client,
    attachment: &mut Attachment,
    state: &FeedState,
    outflow: &mut Outflow<'_>,
) {
    let now = outflow.reactor.now();
    if attachment.next_screen_at.is_some_and(|at| at > now) {
        return;
    }
    attachment.is_shown = false;
    if !client.has_room() {
        // It is woken when there is room.
        attachment.next_screen_at = None;
        return;
    }
    let held_until = state.held_until.filter(|until| *until > now && state.exit.is_none());
    if held_until.is_some() {
        attachment.next_screen_at = held_until;
        return;
    }
    let known = attachment.generation;
    let id = attachment.terminal;
    let made = outflow.screens.iter().find(|(of, from, _, codec, compress, _)| {
        (*of, *from, *codec, *compress) == (id, known, client.codec, client.compress)
    });
    if let Some((_, _, generation, _, _, frame)) = made {
        attachment.generation = *generation;
        client.push(frame.clone());
    } else {
        let mut update = ScreenUpdate::default();
        if outflow.terminals.screen_changes(id, known, &mut update, outflow.reactor).is_err()
            || update.generation == known
        {
            (attachment.next_screen_at, attachment.is_shown) = (None, true);
            return;
        }
        let message = ServerMessage::Screen(Box::new(screen(id.to_u64(), &update)));
        let frame = frame_of(&client.codec.encode_server(&message, client.compress));
        let (codec, compress) = (client.codec, client.compress);
        outflow.screens.push((id, known, update.generation, codec, compress, frame.clone()));
        attachment.generation = update.generation;
        client.push(frame);
    }
    attachment.cursor = state.end;
    // That there is nothing new is found then.
    attachment.next_screen_at = now.checked_add(INTERVAL);
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
