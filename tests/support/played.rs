//! A terminal whose program is the test.

use std::fs::File;
use std::io::{Read, Write};

use orchflow::{AdoptOptions, ScreenOptions, Size, TerminalId};

use super::host::Host;
use super::raw_pty;

/// A terminal whose program is the test: what it writes comes out, what is typed it reads.
pub(crate) struct Played {
    pub(crate) id: TerminalId,
    pub(crate) slave: File,
}

impl Played {
    pub(crate) fn new(host: &mut Host, options: AdoptOptions) -> Self {
        let pty = raw_pty();
        let size = Size::cells(20, 5);
        let id = host.engine.adopt(pty.master, &options.size(size)).unwrap();
        Played { id, slave: pty.slave.into() }
    }

    /// Writes output; returns when the engine has read it.
    pub(crate) fn play(&mut self, host: &mut Host, output: &[u8]) {
        let end = host.engine.terminal_state(self.id).unwrap().log_end + output.len() as u64;
        let mut rest = output;
        let id = self.id;
        while !rest.is_empty() {
            let piece = rest.len().min(1024);
            self.slave.write_all(&rest[..piece]).unwrap();
            rest = &rest[piece..];
            let here = end - rest.len() as u64;
            host.wait("the output to be read", |host| {
                host.engine.terminal_state(id).unwrap().log_end >= here
            });
        }
    }

    /// Writes much output; returns when the engine has read it.
    pub(crate) fn play_all(&mut self, host: &mut Host, output: &[u8]) {
        for piece in output.chunks(4096) {
            let end = host.engine.terminal_state(self.id).unwrap().log_end + piece.len() as u64;
            self.slave.write_all(piece).unwrap();
            let id = self.id;
            host.turn_until("the output to be read", |engine| {
                engine.terminal_state(id).unwrap().log_end >= end
            });
            host.read_events();
        }
    }

    /// What was typed, when it is as long as `expected`.
    pub(crate) fn typed(&mut self, host: &mut Host, expected: &str) {
        let mut bytes = vec![0; expected.len()];
        host.read_events();
        self.slave.read_exact(&mut bytes).unwrap();
        assert_eq!(String::from_utf8_lossy(&bytes), expected);
    }
}

/// Options with a screen that may set the clipboard.
pub(crate) fn with_screen() -> AdoptOptions {
    AdoptOptions::new().screen(ScreenOptions { clipboard: true, ..ScreenOptions::default() })
}
