//! The files with the final screen of `run`.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal, Write};

use orchflow::{Engine, ScreenOptions, TerminalId};

use crate::args::RunOptions;
use crate::report;

/// The files, opened before the program starts, so that an unwritable path is reported at once.
#[derive(Default)]
pub(crate) struct Snapshots {
    text: Option<Target>,
    ansi: Option<Target>,
}

struct Target {
    path: OsString,
    file: File,
}

impl Snapshots {
    pub(crate) fn open(options: &RunOptions) -> io::Result<Self> {
        let open = |path: &Option<OsString>| match path {
            None => Ok(None),
            Some(path) => match File::create(path) {
                Ok(file) => Ok(Some(Target { path: path.clone(), file })),
                Err(error) => {
                    let path = path.to_string_lossy();
                    Err(io::Error::new(error.kind(), format!("{path}: {error}")))
                }
            },
        };
        Ok(Snapshots { text: open(&options.snapshot_text)?, ansi: open(&options.snapshot_ansi)? })
    }

    /// The screen options, if a snapshot was requested. The program's queries are answered by the
    /// outer terminal, if there is one.
    pub(crate) fn screen(&self) -> Option<ScreenOptions> {
        let in_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
        let is_wanted = self.text.is_some() || self.ansi.is_some();
        is_wanted.then(|| ScreenOptions { replies: !in_terminal, ..ScreenOptions::default() })
    }

    /// Writes the files. A failure is reported and does not change the exit status.
    pub(crate) fn write(&mut self, engine: &mut Engine, terminal: TerminalId) {
        let text = |engine: &mut Engine| engine.screen_text(terminal, 0).map(String::into_bytes);
        let ansi = |engine: &mut Engine| engine.snapshot(terminal, 0).map(|shot| shot.bytes);
        save(&mut self.text, engine, text);
        save(&mut self.ansi, engine, ansi);
    }
}

fn save(
    target: &mut Option<Target>,
    engine: &mut Engine,
    content: impl Fn(&mut Engine) -> orchflow::Result<Vec<u8>>,
) {
    let Some(Target { path, file }) = target else { return };
    let written = content(engine)
        .map_err(|error| error.to_string())
        .and_then(|bytes| file.write_all(&bytes).map_err(|error| error.to_string()));
    if let Err(error) = written {
        report(&format!("{}: {error}", path.to_string_lossy()));
    }
}
