//! The demo: the engine's abilities as commands, through its public interface only.
//!
//! A file for each command and what they share.

mod address;
mod args;
mod attach;
mod browser;
mod cast;
mod changes;
mod detach;
mod doctor;
mod escape;
mod exec;
mod failure;
mod foreground;
mod help;
mod host;
mod input;
mod leftovers;
mod link;
mod listing;
mod log;
mod messages;
mod names;
mod nesting;
mod output;
mod page;
mod panes;
mod paths;
mod record;
mod replay;
mod run;
mod saved;
mod serve;
mod service;
mod show;
mod snapshots;
mod state;
mod state_changes;
mod state_text;
mod stream;
mod token;
mod track;
mod typing;
mod viewport;
mod watch;
mod window;

use std::io::Write;
use std::process::ExitCode;

use args::Request;
use messages::{report, report_plain};

/// The exit status after an invalid command line, as is customary.
const USAGE_STATUS: u8 = 2;

fn main() -> ExitCode {
    match args::parse(std::env::args_os()) {
        Ok(Request::Run(options)) => run::main(&options),
        Ok(Request::Watch(options)) => watch::main(&options),
        Ok(Request::Serve(options)) => serve::main(&options),
        Ok(Request::Attach(options)) => attach::main(&options),
        Ok(Request::State(options)) => state::main(&options),
        Ok(Request::Replay(options)) => replay::main(&options),
        Ok(Request::Doctor(options)) => doctor::main(&options),
        Ok(Request::Help(text)) => {
            // A reader that has gone away is not our concern here.
            let _ = write!(std::io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Ok(Request::Version) => {
            let _ = writeln!(std::io::stdout(), "orchflow-demo {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            report(&error.to_string());
            report_plain(&error.hint());
            ExitCode::from(USAGE_STATUS)
        }
    }
}
