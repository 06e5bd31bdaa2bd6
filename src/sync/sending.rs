//! Sending one client what it may have of one terminal: bytes, snapshots, gaps, and the end.

use std::time::Duration;

use super::attachment::{Attachment, Parts, Resync};
use super::client::Client;
use super::codec::output_header;
use super::holding::HoldClock;
use super::outflow::{Outflow, find_made};
use super::protocol::{DetachReason, Mode, ServerMessage, TerminalSnapshot};
use super::{convert, screens, wire};
use crate::reactor::TerminalId;
use crate::terminal::{FeedNext, FeedState};

/// The largest piece of output in one frame.
const PIECE_BYTES: usize = 64 << 10;
/// A part of a snapshot.
const PART_BYTES: usize = 16 << 10;

/// Sends a client what it may have of a terminal, up to `released`.
pub(super) fn advance(
    client: &mut Client,
    id: TerminalId,
    state: &FeedState,
    released: u64,
    outflow: &mut Outflow<'_>,
) {
    // Taken out while one of them is worked on, so that the client's queue can be used beside it.
    let mut attachments = std::mem::take(&mut client.attachments);
    if let Some(attachment) = attachments.iter_mut().find(|a| a.terminal == id) {
        go_on(client, attachment, state, released, outflow);
    }
    client.attachments = attachments;
}

/// Sends what there may be for one attachment.
pub(super) fn go_on(
    client: &mut Client,
    attachment: &mut Attachment,
    state: &FeedState,
    released: u64,
    outflow: &mut Outflow<'_>,
) {
    if attachment.mode == Mode::Screen {
        screens::advance(client, attachment, state, outflow);
    } else {
        while client.has_room() && step(client, attachment, state, released, outflow) {}
    }
    tell_end(client, attachment, state);
}

/// Sends one thing. Whether there may be another.
fn step(
    client: &mut Client,
    attachment: &mut Attachment,
    state: &FeedState,
    released: u64,
    outflow: &mut Outflow<'_>,
) -> bool {
    let id = attachment.terminal;
    if let Some(parts) = &mut attachment.parts {
        let is_last = send_part(client, id, attachment.cursor, parts);
        if is_last {
            attachment.parts = None;
        }
        return true;
    }
    if state.cleared_at != attachment.cleared_at {
        attachment.cleared_at = state.cleared_at;
        let is_behind = state.cleared_at.is_some_and(|at| at >= attachment.cursor);
        if state.has_screen && is_behind && attachment.resync.is_none() {
            attachment.resync = Some(Resync { history: 0, not_before: None });
        }
    }
    if let Some(resync) = attachment.resync {
        if resync.not_before.is_some_and(|at| at > outflow.reactor.now()) {
            return false;
        }
        bring_forward(client, attachment, resync, state, outflow);
        return true;
    }
    let until = released.min(attachment.cursor + attachment.credit());
    let max = until.saturating_sub(attachment.cursor).min(PIECE_BYTES as u64) as usize;
    if max == 0 {
        return false;
    }
    let offset = attachment.cursor;
    match outflow.terminals.feed_next(id, offset, max) {
        Ok(FeedNext::Bytes(bytes)) => {
            let length = bytes.len();
            let key = (id, offset, length);
            let frame = find_made(&outflow.frames, key).unwrap_or_else(|| {
                let header = output_header(id.to_u64(), offset);
                let frame = wire::frame(wire::Opcode::Binary, &[&header, bytes]);
                outflow.frames.push((key, frame.clone()));
                frame
            });
            client.push_output(frame, id, offset);
            attachment.cursor += length as u64;
            true
        }
        Ok(FeedNext::Skip(to)) => {
            attachment.skip_to(to);
            true
        }
        Ok(FeedNext::Gap(to)) if state.has_screen => {
            debug_assert!(to > offset);
            attachment.resync = Some(Resync { history: 0, not_before: None });
            true
        }
        Ok(FeedNext::Gap(to)) => {
            client.send_of(id, &ServerMessage::Gap { terminal: id.to_u64(), from: offset, to });
            attachment.jump_to(to);
            true
        }
        Ok(FeedNext::End) | Err(_) => false,
    }
}

/// Brings a client to where the output is: by a snapshot, else over a gap.
fn bring_forward(
    client: &mut Client,
    attachment: &mut Attachment,
    resync: Resync,
    state: &FeedState,
    outflow: &mut Outflow<'_>,
) {
    attachment.resync = None;
    let id = attachment.terminal;
    if state.has_screen
        && let Ok(snapshot) = outflow.terminals.snapshot(id, resync.history, outflow.reactor)
    {
        attachment.jump_to(snapshot.offset);
        attachment.parts =
            Some(Parts { bytes: snapshot.bytes.into(), cols: snapshot.cols, rows: snapshot.rows });
        return;
    }
    if attachment.cursor < state.end {
        let (from, to) = (attachment.cursor, state.end);
        client.send_of(id, &ServerMessage::Gap { terminal: id.to_u64(), from, to });
        attachment.jump_to(to);
    }
}

/// Sends the next part of a snapshot. Whether it was the last.
fn send_part(client: &mut Client, id: TerminalId, offset: u64, parts: &mut Parts) -> bool {
    let part = parts.bytes.split_to(parts.bytes.len().min(PART_BYTES));
    let more = !parts.bytes.is_empty();
    client.send_of(
        id,
        &ServerMessage::TerminalSnapshot(TerminalSnapshot {
            terminal: id.to_u64(),
            offset,
            cols: parts.cols,
            rows: parts.rows,
            data: convert::octets(&part),
            more,
        }),
    );
    !more
}

/// Tells the end of the program when everything before it was sent.
fn tell_end(client: &mut Client, attachment: &mut Attachment, state: &FeedState) {
    let Some((status, final_offset)) = state.exit else { return };
    let has_all = match attachment.mode {
        Mode::Screen => attachment.is_shown,
        Mode::Lossless | Mode::Lossy => attachment.has_everything(final_offset),
    };
    if has_all && !std::mem::replace(&mut attachment.ended, true) {
        client.send_of(
            attachment.terminal,
            &ServerMessage::Ended {
                terminal: attachment.terminal.to_u64(),
                final_offset,
                exit: convert::exit(status),
            },
        );
    }
}

/// The terminal goes away: what the client could not take in its time is a gap.
pub(super) fn finish(client: &mut Client, id: TerminalId, state: &FeedState) {
    let Some(at) = client.attachments.iter().position(|a| a.terminal == id) else { return };
    let mut attachment = client.attachments.swap_remove(at);
    let terminal = id.to_u64();
    if attachment.mode != Mode::Screen && !attachment.has_everything(state.end) {
        let (from, to) = (attachment.cursor, state.end);
        client.send_of(id, &ServerMessage::Gap { terminal, from, to });
        attachment.jump_to(to);
    }
    (attachment.resync, attachment.parts, attachment.is_shown) = (None, None, true);
    tell_end(client, &mut attachment, state);
    client.send_of(id, &ServerMessage::Detached { terminal, reason: DetachReason::Closed });
}

/// Tells a client that it holds a program back, and for how long it still may.
pub(super) fn warn(client: &mut Client, id: TerminalId, left: Duration) {
    // Rounded up: nothing changes before it.
    let remaining_ms = u32::try_from(left.as_micros().div_ceil(1000)).unwrap_or(u32::MAX);
    client.send_of(id, &ServerMessage::LagWarning { terminal: id.to_u64(), remaining_ms });
}

/// A client has held a program back for as long as it may: it goes on with the screen, else behind a gap.
pub(super) fn end_hold(client: &mut Client, id: TerminalId, state: &FeedState) {
    let Some(attachment) = client.attachment(id) else { return };
    let terminal = id.to_u64();
    let (from, to) = (attachment.cursor, state.end);
    attachment.warned = None;
    attachment.hold = HoldClock::default();
    let message = if state.has_screen {
        attachment.become_viewer(to);
        ServerMessage::Attached { terminal, mode: Mode::Screen, offset: to }
    } else {
        attachment.lapse_at(to);
        ServerMessage::Gap { terminal, from, to }
    };
    client.send_of(id, &message);
}
