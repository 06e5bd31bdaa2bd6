//! Opens an address in the user's browser.
//!
//! Whoever is on the machine sees the arguments of processes, and the address has the token in it. So the browser is
//! given a file that only this user can read, which leads on to the address.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::host::unblock_signals;
use crate::log::Log;
use crate::service;
use crate::token::TOKEN_VARIABLE;

/// What desktops have for it.
const OPENER: &str = "xdg-open";

/// The file that was given to the browser; dropping it removes the file.
pub(crate) struct Opened(PathBuf);

impl Drop for Opened {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Starts the browser and does not wait for it. It has a process group of its own, so Ctrl-C is not for it.
pub(crate) fn open(address: &str, log: Log) -> Option<Opened> {
    let outcome = write_page(address).and_then(|page| start(&page.0, log).map(|()| page));
    match outcome {
        Ok(page) => Some(page),
        Err(error) => {
            log.warn(&format!("--open: {error}; open the address yourself"));
            None
        }
    }
}

/// A page that leads on to an address.
fn write_page(address: &str) -> io::Result<Opened> {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").filter(|path| Path::new(path).is_absolute());
    let folder = folder.map_or_else(std::env::temp_dir, PathBuf::from);
    let number = getrandom::u64().map_err(io::Error::other)?;
    let path = folder.join(format!("orchflow-{number:016x}.html"));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    let page = Opened(path);
    writeln!(
        file,
        "<!doctype html><meta charset=\"utf-8\"><title>OrchFlow</title>\n\
         <meta http-equiv=\"refresh\" content=\"0; url={address}\">\n\
         <a href=\"{address}\">OrchFlow</a>"
    )?;
    Ok(page)
}

fn start(page: &Path, log: Log) -> io::Result<()> {
    let mut command = Command::new(OPENER);
    command.arg(page).env_remove(TOKEN_VARIABLE).process_group(0);
    for variable in service::VARIABLES {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    unblock_signals(&mut command);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => io::Error::other(format!("{OPENER} is not installed")),
        _ => io::Error::other(format!("{OPENER}: {error}")),
    })?;
    // Its end has to be taken note of, or it stays in the list of processes.
    std::thread::spawn(move || match child.wait() {
        Ok(status) if !status.success() => {
            log.warn(&format!("--open: {OPENER} has failed; open the address yourself"));
        }
        _ => {}
    });
    Ok(())
}
