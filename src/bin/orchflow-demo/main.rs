//! The demo: the engine's abilities as commands, through its public interface only.
//!
//! A file for each command and what they share.

mod address;
mod args;
mod attach;
mod failure;
mod host;
mod input;
mod leftovers;
mod link;
mod output;
mod run;
mod say;
mod serve;
mod show;
mod snapshots;
mod state;
mod state_changes;
mod state_text;
mod stream;
mod track;
mod typing;
mod watch;
mod window;

use std::io::Write;
use std::process::ExitCode;

use args::Request;
use say::complain;

/// Bad use of the command line, as is tradition.
const USAGE_STATUS: u8 = 2;

fn main() -> ExitCode {
    match args::parse(std::env::args_os()) {
        Ok(Request::Run(options)) => run::main(&options),
        Ok(Request::Watch(options)) => watch::main(&options),
        Ok(Request::Serve(options)) => serve::main(&options),
        Ok(Request::Attach(options)) => attach::main(&options),
        Ok(Request::State(options)) => state::main(&options),
        Ok(Request::Help) => {
            // A reader that has gone away is not our concern here.
            let _ = write!(std::io::stdout(), "{}", args::USAGE);
            ExitCode::SUCCESS
        }
        Ok(Request::Version) => {
            let _ = writeln!(std::io::stdout(), "orchflow-demo {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&error.to_string());
            let (synopsis, _) = args::USAGE.split_once("\n\n").unwrap_or((args::USAGE, ""));
            say::complain_plainly(&format!("{synopsis}\n\n--help tells more."));
            ExitCode::from(USAGE_STATUS)
        }
    }
}
