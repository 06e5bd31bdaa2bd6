//! `watch`: reports what happens to files until it is interrupted.
//!
//! Events are pulled from the engine only when what was printed before has been written, so a slow stdout
//! makes batches larger and nothing piles up. An interrupt asks for a fence: everything that happened
//! before is reported, then we end. A second one ends at once, and so does a stdout that takes nothing.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use nix::sys::signal::Signal;
use orchflow::{
    Config, Engine, Event, FileChanges, FileCursor, FileVersion, SaveProblem, WatchEvent, WatchId,
    WatchProblem,
};

use crate::args::{Color, WatchOptions};
use crate::complain;
use crate::exec::Exec;
use crate::failure::Failure;
use crate::host::{Signals, wall_clock_ms};
use crate::output::Output;
use crate::paths::Names;
use crate::saved;
use crate::say::put;
use crate::show::{self, TextForm};

/// Entries of the snapshot that are taken at once.
const SNAPSHOT_PIECE: usize = 4096;

/// How long a flush waits for git at most, where nothing else is said.
const GIT_WAIT: Duration = Duration::from_secs(3);

/// Watches and tells until interrupted.
pub(crate) fn main(options: &WatchOptions) -> ExitCode {
    let outcome = Teller::start(options).and_then(|mut teller| teller.run());
    match outcome {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

/// What remains to be done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Telling,
    /// An interrupt has come: the fence tells when to end.
    Ending,
    /// What is printed has to be written.
    Ended,
}

struct Teller {
    engine: Engine,
    watch: WatchId,
    signals: Signals,
    output: Output,
    json: bool,
    snapshot: bool,
    time: bool,
    text: TextForm,
    /// Batches up to here are in the snapshot.
    told: FileVersion,
    stage: Stage,
    counter: Counter,
    names: Names,
    /// Runs for changes.
    exec: Option<Exec>,
    /// Where the tree is saved at the end.
    save: Option<PathBuf>,
    once: bool,
}

impl Teller {
    fn start(options: &WatchOptions) -> Result<Self, Failure> {
        // The end of a command is a signal too.
        let signals =
            Signals::catch_also(&[Signal::SIGCHLD]).map_err(|e| Failure::Host("signalfd", e))?;
        let mut engine = Engine::new(Config::default())?;
        let mut chosen = watch_options(options);
        if let Some(bytes) = saved::read(options)? {
            chosen = chosen.since(bytes);
        }
        let watch = engine.watch(&chosen)?;
        let json = options.json;
        let roots = engine.watch_state(watch)?.roots;
        let names = Names::new(options.style, &options.paths, &roots);
        let exec = options
            .exec
            .clone()
            .map(|exec| Exec::new(exec, Names::for_command(&options.paths, &roots)));
        let exec = exec.transpose().map_err(|e| Failure::Host("timerfd", e))?;
        let is_live = !json && exec.is_none() && io::stderr().is_terminal();
        Ok(Teller {
            engine,
            watch,
            signals,
            output: Output::new(),
            json,
            snapshot: options.snapshot,
            time: options.time,
            text: TextForm { colours: has_colours(options.color), last_lines: 0 },
            told: FileVersion::default(),
            stage: Stage::Telling,
            counter: Counter { live: is_live, events: 0 },
            names,
            exec,
            save: saved::target(options),
            once: options.once,
        })
    }

    fn run(&mut self) -> Result<ExitCode, Failure> {
        loop {
            let ends = self.stage != Stage::Telling;
            let timer = self.exec.as_ref().map(|exec| exec.timer.as_fd());
            if !self.output.wait_also(&self.engine, &self.signals, timer, ends)? {
                // Nobody takes what there is to print.
                return Ok(ExitCode::from(128 + libc::SIGINT as u8));
            }
            while let Some(signal) =
                self.signals.next().map_err(|e| Failure::Host("signalfd", e))?
            {
                if let Some(code) = self.on_signal(signal)? {
                    return Ok(code);
                }
            }
            self.exec.as_mut().map_or(Ok(()), Exec::on_timer)?;
            self.engine.turn(Some(Duration::ZERO))?;
            self.output.flush()?;
            while self.output.pending.is_empty() && self.stage != Stage::Ended {
                if !self.read_event()? {
                    break;
                }
            }
            let runs = self.exec.as_ref().is_some_and(Exec::is_running);
            if self.stage == Stage::Ended && self.output.pending.is_empty() && !runs {
                self.counter.end();
                return Ok(ExitCode::SUCCESS);
            }
        }
    }

    /// The status to end with at once, if that is wanted.
    fn on_signal(&mut self, signal: i32) -> Result<Option<ExitCode>, Failure> {
        match signal {
            libc::SIGWINCH => {}
            libc::SIGCHLD => {
                // Who interrupts the command in the terminal means us as well.
                if self.exec.as_mut().map_or(Ok(false), Exec::on_child)? {
                    return self.on_signal(libc::SIGINT);
                }
            }
            _ if self.stage != Stage::Telling => {
                return Ok(Some(ExitCode::from(128 + signal as u8)));
            }
            _ => {
                self.exec.as_mut().map_or(Ok(()), Exec::end)?;
                self.begin_to_end()?;
            }
        }
        Ok(None)
    }

    /// What has happened until now is reported, then we end.
    fn begin_to_end(&mut self) -> Result<(), Failure> {
        self.stage = Stage::Ending;
        Ok(self.engine.sync_watch(self.watch, 0)?)
    }

    /// Everything is reported.
    fn on_synced(&mut self) -> Result<(), Failure> {
        self.stage = Stage::Ended;
        match &self.save {
            Some(path) => saved::write(&mut self.engine, self.watch, path),
            None => Ok(()),
        }
    }

    /// Prints the next event, if there is one.
    fn read_event(&mut self) -> Result<bool, Failure> {
        let Some(event) = self.engine.next_event()? else { return Ok(false) };
        match event {
            Event::Watch { event: WatchEvent::Ready { .. }, .. } => self.on_ready()?,
            Event::Watch { event: WatchEvent::Batch { batch }, .. } => {
                if batch.version().n <= self.told.n && batch.original_events() > 0 {
                    return Ok(true);
                }
                self.counter.events += batch.original_events();
                if let Some(exec) = &mut self.exec {
                    exec.on_batch(batch)?;
                }
                let time = self.time.then(wall_clock_ms);
                let text = if self.json {
                    let mut line = show::json_batch(batch, &self.names, time).into_bytes();
                    line.push(b'\n');
                    line
                } else if self.exec.is_none() {
                    self.text.batch(batch, &self.names, time)
                } else {
                    Vec::new()
                };
                self.counter.clear();
                self.output.write(&text)?;
                self.count();
            }
            Event::Watch { event: WatchEvent::Synced { .. }, .. } => self.on_synced()?,
            Event::Watch { event: WatchEvent::Warning { problem, path }, .. } => {
                let path = path.display().to_string();
                let text = match problem {
                    WatchProblem::SaveUnusable => {
                        describe_save(self.engine.watch_state(self.watch)?.save_problem)
                    }
                    problem => describe(problem),
                };
                self.counter.clear();
                complain(&format!("{path}: {text}"));
            }
            Event::Log { text, .. } => complain(text),
            _ => {}
        }
        Ok(true)
    }

    /// The tree has been read: prints it, if that is wanted.
    fn on_ready(&mut self) -> Result<(), Failure> {
        let state = self.engine.watch_state(self.watch)?;
        complain(&format!(
            "watching {} entries in {} directories",
            state.entries, state.directories
        ));
        if self.snapshot {
            self.print_snapshot()?;
        }
        if let Some(exec) = &mut self.exec {
            exec.on_ready();
        }
        if self.once && self.stage == Stage::Telling {
            self.begin_to_end()?;
        }
        self.count();
        Ok(())
    }

    fn print_snapshot(&mut self) -> Result<(), Failure> {
        let mut cursor = FileCursor::default();
        let mut changes = FileChanges::default();
        let mut separator: &[u8] = b"";
        if self.json {
            self.output.write(b"{\"snapshot\":[")?;
        }
        loop {
            self.engine.file_changes(self.watch, &mut cursor, SNAPSHOT_PIECE, &mut changes)?;
            let mut text = Vec::new();
            for entry in changes.entries() {
                let path = self.names.show(entry.path);
                if self.json {
                    text.extend_from_slice(separator);
                    let json = show::json_entry(path, entry.kind, entry.ignored);
                    text.extend_from_slice(json.as_bytes());
                    separator = b",";
                } else {
                    text.extend(show::text_entry(&path, entry.kind));
                    self.text.last_lines += 1;
                }
            }
            self.output.write(&text)?;
            if !changes.more {
                break;
            }
        }
        self.told = changes.version;
        if self.json {
            self.output.write(b"]}\n")?;
        }
        Ok(())
    }

    fn count(&mut self) {
        if self.counter.live
            && let Ok(state) = self.engine.watch_state(self.watch)
        {
            self.counter.show(state.entries);
        }
    }
}

/// A line at the bottom of a terminal that says how much happened.
struct Counter {
    live: bool,
    events: usize,
}

impl Counter {
    fn show(&self, entries: usize) {
        put(&format!("\r\x1b[K{} events, {entries} entries", self.events));
    }

    fn clear(&self) {
        if self.live {
            put("\r\x1b[K");
        }
    }

    fn end(&self) {
        if self.live {
            put("\n");
        }
    }
}

fn watch_options(options: &WatchOptions) -> orchflow::WatchOptions {
    let mut paths = options.paths.iter();
    let first = paths.next().cloned().unwrap_or_else(|| ".".into());
    let first = orchflow::WatchOptions::new(first);
    let mut out = paths.fold(first, |out, path| out.root(path));
    if let Some(ms) = options.window_ms {
        let window = Duration::from_millis(ms);
        // A long window alone must not be cut short by the default of the other.
        out = out.window(window).max_wait(window.max(Duration::from_millis(500)));
    }
    if let Some(ms) = options.max_wait_ms {
        out = out.max_wait(Duration::from_millis(ms));
    }
    out = out.git_wait(options.git_wait_ms.map_or(GIT_WAIT, Duration::from_millis));
    if let Some(events) = options.summary {
        out = out.summary_threshold(events);
    }
    let here = [".".into()];
    let roots = if options.paths.is_empty() { &here } else { options.paths.as_slice() };
    let ours = saved::ignored(options, roots);
    let globs = options.ignore.iter().chain(&ours);
    globs.fold(out.gitignore(!options.no_gitignore), |out, glob| out.ignore(glob))
}

/// Colours for stdout. `NO_COLOR` counts unless it is empty (no-color.org).
fn has_colours(color: Color) -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb(),
    }
}

fn describe_save(problem: Option<SaveProblem>) -> &'static str {
    match problem {
        Some(SaveProblem::OtherVersion) => {
            "the file of --since was saved in another version of the form; starting afresh"
        }
        Some(SaveProblem::OtherRoots) => "the file of --since is of other paths; starting afresh",
        Some(SaveProblem::TooManyEntries) => {
            "the file of --since has more entries than can be watched; starting afresh"
        }
        _ => "the file of --since is damaged; starting afresh",
    }
}

pub(crate) fn describe(problem: WatchProblem) -> &'static str {
    match problem {
        WatchProblem::Unreadable => "cannot be read",
        WatchProblem::OutOfWatches => {
            "no inotify watch left, polling from here on; raise fs.inotify.max_user_watches"
        }
        WatchProblem::TooManyEntries => "too many entries, some are left out",
        WatchProblem::EventsLost => "the kernel dropped events, listing everything again",
        WatchProblem::TooManyRules => "has more ignore rules than count; the rest has no effect",
        WatchProblem::RootsOverlap => "is in another root as well, where its content is reported",
        WatchProblem::RootGone => "is gone; waiting for it to come back",
        WatchProblem::Refused => "the system refused to open it; trying again",
        _ => "has a problem",
    }
}
