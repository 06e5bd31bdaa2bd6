//! `doctor`: whether this system lets the engine reach its limits, and what to do where it does not.
//!
//! [`system`] reads the system, [`checks`] judges what was read. The exit status is 0 if all is well, 1 if there is
//! something to do.

mod checks;
mod system;

use std::path::Path;
use std::process::ExitCode;

use checks::{Check, State};
use nix::poll::PollTimeout;
use orchflow::{Limits, PROTOCOL, VERSION};
use serde_json::json;
use system::System;

use crate::args::DoctorOptions;
use crate::escape::escaped;
use crate::failure::Failure;
use crate::output::Output;

pub(crate) fn main(options: &DoctorOptions) -> ExitCode {
    let system = System::read(options.root.as_deref().unwrap_or(Path::new("/")));
    let checks = checks::check(&system, &Limits::default());
    let is_well = checks.iter().all(|check| check.state == State::Ok);
    let text = if options.json { json_of(&system, &checks) } else { text_of(&system, &checks) };
    let mut output = Output::new();
    let printed = output.write(text.as_bytes()).and_then(|()| output.finish(PollTimeout::NONE));
    match printed {
        Ok(()) if is_well => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        Err(Failure::StdoutClosed) => Failure::StdoutClosed.status(),
        Err(failure) => failure.report(),
    }
}

fn text_of(system: &System, checks: &[Check]) -> String {
    let System { kernel, glibc, .. } = system;
    let mut text =
        format!("OrchFlow {VERSION}, protocol {PROTOCOL}, Linux {kernel}, glibc {glibc}\n\n");
    for check in checks {
        let Check { name, state, found, wanted, .. } = check;
        let wanted = if *state == State::Ok { String::new() } else { format!(", wanted {wanted}") };
        text += &format!("{:<8} {name}: {found}{wanted}\n", state.name());
        if *state != State::Ok {
            text += &format!("         {}\n         to do: {}\n", check.meaning, check.fix);
        }
    }
    let wrong = checks.iter().filter(|check| check.state != State::Ok).count();
    text += &match wrong {
        0 => "\nall is well\n".to_owned(),
        1 => "\n1 thing to do\n".to_owned(),
        wrong => format!("\n{wrong} things to do\n"),
    };
    text.lines().map(|line| escaped(line) + "\n").collect()
}

fn json_of(system: &System, checks: &[Check]) -> String {
    let checks: Vec<_> = checks
        .iter()
        .map(|check| {
            let fix = (check.state != State::Ok).then_some(&check.fix);
            json!({
                "name": check.name,
                "state": check.state.name(),
                "found": check.found,
                "wanted": check.wanted,
                "meaning": check.meaning,
                "fix": fix,
            })
        })
        .collect();
    let report = json!({
        "engine": VERSION,
        "protocol": PROTOCOL,
        "kernel": system.kernel,
        "glibc": system.glibc,
        "checks": checks,
    });
    format!("{report}\n")
}
