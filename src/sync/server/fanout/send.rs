//! Sending one client what it may have of one terminal: bytes, snapshots, gaps, changes of the screen, and the
//! end.

use std::time::{Duration, Instant};

use super::round::{Round, find_shared};
use crate::id::TerminalId;
use crate::policy::WaitClock;
use crate::sync::codec::output_header;
use crate::sync::convert;
use crate::sync::protocol::{DetachReason, Mode, ServerMessage, TerminalSnapshot};
use crate::sync::server::attachment::{Attachment, Parts};
use crate::sync::server::client::{Client, frame_of};
use crate::sync::websocket::transport;
use crate::terminal::{Due, Next, OutputState, ScreenUpdate};

/// The largest piece of output in one frame.
const PIECE_BYTES: usize = 64 << 10;
/// A part of a snapshot.
const PART_BYTES: usize = 16 << 10;

/// What a byte of a snapshot costs that is printed, and one of a part or of an update that is encoded and compressed.
const PRINT_BYTE_COST: u64 = 2;
const ENCODE_BYTE_COST: u64 = 3;

/// Sends a client what it may have of a terminal, up to `released`.
pub(super) fn advance(
    client: &mut Client,
    id: TerminalId,
    state: &OutputState,
    released: u64,
    round: &mut Round<'_>,
) {
    // Taken out while one of them is worked on, so that the client's queue can be used beside it.
    let mut attachments = std::mem::take(&mut client.attachments);
    if let Some(attachment) = attachments.iter_mut().find(|a| a.terminal == id) {
        go_on(client, attachment, state, released, round);
    }
    client.attachments = attachments;
}

/// Whether what a client gets next of a terminal is made for it alone: a part of the scrollback, or a snapshot. What it
/// costs does not count as one of many.
pub(super) fn is_served_alone(client: &mut Client, id: TerminalId, round: &mut Round<'_>) -> bool {
    let now = round.reactor.now();
    let Some(attachment) = client.attachment(id) else { return false };
    if attachment.viewport.is_at_screen() {
        let is_resyncing = attachment.consumer.is_resyncing() && !attachment.is_put_off(now);
        return is_resyncing || attachment.parts.is_some();
    }
    let due = attachment.consumer.view().map(|view| round.terminals.observe_view(id, view, now));
    matches!(due, Some(Ok(Due::Now)))
}

/// Sends what there may be for one attachment.
pub(super) fn go_on(
    client: &mut Client,
    attachment: &mut Attachment,
    state: &OutputState,
    released: u64,
    round: &mut Round<'_>,
) {
    let now = round.reactor.now();
    if let Some(view) = attachment.consumer.view() {
        let _ = round.terminals.observe_view(attachment.terminal, view, now);
    }
    while client.has_room() && step(client, attachment, state, released, round) {}
    send_end(client, attachment, state, false);
}

/// Sends one thing. Whether there may be another.
fn step(
    client: &mut Client,
    attachment: &mut Attachment,
    state: &OutputState,
    released: u64,
    round: &mut Round<'_>,
) -> bool {
    let id = attachment.terminal;
    let cursor = attachment.consumer.cursor();
    if let Some(parts) = &mut attachment.parts {
        let (is_last, cost) = send_part(client, id, cursor, parts);
        charge_alone(client, cost, round);
        if is_last {
            attachment.parts = None;
        }
        return true;
    }
    if attachment.is_put_off(round.reactor.now()) {
        return false;
    }
    let until = released.min(cursor + attachment.credit());
    let Ok(output) = round.terminals.output(id) else {
        return broken!("its state is known", false);
    };
    match attachment.consumer.take(&output, until, PIECE_BYTES) {
        Some(Next::Bytes { offset, len }) => {
            let frame = find_shared(&round.frames, (id, offset, len)).unwrap_or_else(|| {
                let header = output_header(id.to_u64(), offset);
                let bytes = output.log.slice(offset, len);
                let frame = transport::frame(transport::Opcode::Binary, &[&header, bytes]);
                round.frames.push(((id, offset, len), frame.clone()));
                frame
            });
            client.push_output(frame, id, offset);
        }
        Some(Next::Skip { from, to }) => attachment.credit_left_out(to - from),
        Some(Next::Gap { from, to }) => {
            attachment.credit_up_to(to);
            client.send_gap(id, (from, to));
        }
        Some(Next::Snapshot { history }) => match round.terminals.snapshot_in_turn(id, history) {
            Ok(snapshot) => {
                charge_alone(client, snapshot.bytes.len() as u64 * PRINT_BYTE_COST, round);
                attachment.resume_with(snapshot);
            }
            Err(_) => attachment.consumer.go_without_snapshot(state.end),
        },
        Some(Next::Update) => send_screen(client, attachment, state, round),
        Some(Next::Cleared { .. }) => broken!("clients get a snapshot where a screen was cleared"),
        None => return false,
    }
    true
}

/// Sends what changed on the screen.
fn send_screen(
    client: &mut Client,
    attachment: &mut Attachment,
    state: &OutputState,
    round: &mut Round<'_>,
) {
    let now = round.reactor.now();
    let id = attachment.terminal;
    attachment.consumer.shows(state.end);
    let Some(view) = attachment.consumer.view() else { return };
    let known = view.knows();
    let (codec, compress) = (client.codec, client.compress);
    let key = (id, known, codec, compress);
    // Those who look at the scrollback share nothing.
    let is_shared = attachment.viewport.is_at_screen();
    let mut shared = round.screens.iter().filter(|_| is_shared);
    if let Some((_, generation, frame)) = shared.find(|(of, ..)| *of == key) {
        view.shown(*generation, now);
        client.push(frame.clone());
        return;
    }
    let mut update = ScreenUpdate::default();
    let viewport = &mut attachment.viewport;
    let Ok(look) = round.terminals.look_through(id, viewport, known, &mut update) else { return };
    view.shown(update.generation, now);
    let encode_cost = update.bytes() as u64 * ENCODE_BYTE_COST;
    let cost = look.cost + if look.is_new { encode_cost } else { 0 };
    if is_shared {
        round.cost += cost;
    } else {
        charge_alone(client, cost, round);
    }
    if !look.is_new {
        return;
    }
    let message = ServerMessage::Screen(Box::new(convert::screen_update(id.to_u64(), &update)));
    let frame = frame_of(&codec.encode_server(&message, compress));
    if is_shared {
        round.screens.push((key, update.generation, frame.clone()));
    }
    client.push(frame);
}

/// Something was made for this client alone, which pays for it.
fn charge_alone(client: &mut Client, cost: u64, round: &mut Round<'_>) {
    round.cost += cost;
    client.cost.charge(cost, round.reactor.now());
}

/// Sends the next part of a snapshot. Whether it was the last, and what it cost.
fn send_part(client: &mut Client, id: TerminalId, offset: u64, parts: &mut Parts) -> (bool, u64) {
    let part = parts.bytes.split_to(parts.bytes.len().min(PART_BYTES));
    let more = !parts.bytes.is_empty();
    client.send_of(
        id,
        &ServerMessage::TerminalSnapshot(TerminalSnapshot {
            terminal: id.to_u64(),
            offset,
            cols: parts.cols,
            rows: parts.rows,
            line: convert::line_position(parts.line),
            data: convert::octets(&part),
            more,
        }),
    );
    (!more, part.len() as u64 * ENCODE_BYTE_COST)
}

/// Reports the end of the program when everything before it was sent, or if nothing is sent after this.
fn send_end(client: &mut Client, attachment: &mut Attachment, state: &OutputState, is_last: bool) {
    let Some((status, final_offset)) = state.exit else { return };
    let has_all = match attachment.consumer.view() {
        Some(view) => view.due() == Due::Nothing,
        None => attachment.has_everything(final_offset),
    };
    if (has_all || is_last) && !std::mem::replace(&mut attachment.ended, true) {
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
pub(super) fn finish(client: &mut Client, id: TerminalId, state: &OutputState) {
    let Some(at) = client.attachments.iter().position(|a| a.terminal == id) else {
        return broken!("who follows a terminal is attached");
    };
    let mut attachment = client.attachments.swap_remove(at);
    let terminal = id.to_u64();
    if !attachment.consumer.is_viewer() && !attachment.has_everything(state.end) {
        let (from, to) = attachment.skip_to_end(state.end);
        client.send_gap(id, (from, to));
    }
    send_end(client, &mut attachment, state, true);
    client.send_of(id, &ServerMessage::Detached { terminal, reason: DetachReason::Closed });
}

/// Tells a client that it holds a program back, and for how long it still may.
pub(super) fn warn(client: &mut Client, id: TerminalId, left: Duration) {
    // Rounded up: nothing changes before it.
    let remaining_ms = u32::try_from(left.as_micros().div_ceil(1000)).unwrap_or(u32::MAX);
    client.send_of(id, &ServerMessage::LagWarning { terminal: id.to_u64(), remaining_ms });
}

/// A client has held a program back for as long as it may: it goes on with the screen, else behind a gap.
pub(super) fn end_hold(client: &mut Client, id: TerminalId, state: &OutputState, now: Instant) {
    let Some(attachment) = client.attachment(id) else { return broken!("who holds is attached") };
    let terminal = id.to_u64();
    attachment.warned = None;
    attachment.hold = WaitClock::default();
    attachment.viewer.stall();
    let message = if state.has_screen {
        attachment.become_viewer(state.end, now);
        ServerMessage::Attached { terminal, mode: Mode::Screen, offset: state.end }
    } else {
        let gap = attachment.lapse(state.end);
        return client.send_gap(id, gap);
    };
    client.send_of(id, &message);
}
