//! Opens an address in the user's browser.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::host::unblock_signals;
use crate::report;

/// What desktops have for it.
const OPENER: &str = "xdg-open";

/// Starts the browser and does not wait for it. It has a process group of its own, so Ctrl-C is not for it.
pub(crate) fn open(address: &str) {
    let mut command = Command::new(OPENER);
    command.arg(address).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    unblock_signals(&mut command);
    match command.spawn() {
        Ok(mut child) => {
            // Its end has to be taken note of, or it stays in the list of processes.
            std::thread::spawn(move || match child.wait() {
                Ok(status) if !status.success() => {
                    report(&format!("--open: {OPENER} has failed; open the address yourself"));
                }
                _ => {}
            });
        }
        Err(error) => {
            let reason = match error.kind() {
                io::ErrorKind::NotFound => "it is not installed".to_owned(),
                _ => error.to_string(),
            };
            report(&format!("--open: {OPENER}: {reason}; open the address yourself"));
        }
    }
}
