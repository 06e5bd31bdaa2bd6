//! What an `attach` makes, and what an interrupt drops.

use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::id::TerminalId;
use crate::limits::Limits;
use crate::sync::protocol::{Attach, Mode};
use crate::sync::server::attachment::Attachment;
use crate::sync::server::client::Client;
use crate::terminal::{OutputState, Terminals};

/// The window of an attachment that asks for none.
pub(crate) const WINDOW: u64 = 256 << 10;
/// The smallest window: less would be stop and go.
pub(crate) const WINDOW_MIN: u64 = 4 << 10;
/// After an interrupt what the program had written before is still coming for about so long; a snapshot
/// of the screen waits for it.
const INTERRUPT_TAIL: Duration = Duration::from_millis(50);

/// Whether a client may have one attachment more, of this kind.
pub(super) fn check(
    client: &Client,
    attach: &Attach,
    state: &OutputState,
    limits: &Limits,
) -> Result<()> {
    if attach.mode == Mode::Screen && !state.has_screen {
        let text = format!("terminal {} was made without a screen", attach.terminal);
        return Err(Error::new(ErrorKind::NoScreen, text));
    }
    let max = limits.client_attachments;
    let is_known = client.attachment_of(TerminalId::from_u64(attach.terminal)).is_some();
    if client.attachments.len() >= max && !is_known {
        let text = format!("terminal {}: {max} are attached already", attach.terminal);
        return Err(Error::limit(text));
    }
    Ok(())
}

/// The attachment that was asked for.
pub(super) fn attachment(
    attach: &Attach,
    state: &OutputState,
    limits: &Limits,
    now: Instant,
) -> Attachment {
    let window_max = limits.client_window_bytes as u64;
    let window = if attach.window == 0 { WINDOW } else { attach.window };
    let window = window.clamp(WINDOW_MIN, window_max.max(WINDOW_MIN));
    let terminal = TerminalId::from_u64(attach.terminal);
    Attachment::new(terminal, attach.mode, attach.start, window, state, now)
}

/// A client interrupts a program: what it was not sent yet is dropped, from the queue, and from the log by
/// a resync. Nothing is dropped where nothing waits, so an interrupt at a prompt shows as always.
pub(super) fn drop_unsent(
    client: &mut Client,
    id: TerminalId,
    terminals: &Terminals,
    now: Instant,
) {
    let Ok(state) = terminals.output_state(id) else { return };
    let taken_back = client.transport.take_back_output(id);
    let Some(attachment) = client.attachment(id).filter(|a| !a.consumer.is_viewer()) else {
        return;
    };
    if let Some(offset) = taken_back {
        attachment.consumer.take_back(offset);
    }
    if attachment.consumer.cursor() >= state.end {
        return;
    }
    if !state.has_screen {
        // At once: a later gap would swallow the prompt, which no snapshot shows again.
        let (from, to) = attachment.skip_to_end(state.end);
        client.send_gap(id, (from, to));
    } else if !attachment.consumer.is_resyncing() {
        // One that waits already is not put off by a key that is held down.
        attachment.consumer.resync(0);
        attachment.resync_at = Some(now + INTERRUPT_TAIL);
    }
}
