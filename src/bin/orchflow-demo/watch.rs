//! `watch`: reports changes of files until it is interrupted.
//!
//! Events are read from the engine only when the previous output has been written, so a slow stdout
//! makes batches larger and uses no more memory. An interrupt requests a sync point: everything that
//! happened before is reported, then `watch` ends. A second interrupt ends it at once, and so does
//! a stdout that accepts nothing.

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
use crate::exec::Exec;
use crate::failure::Failure;
use crate::host::{Signals, wall_clock_ms};
use crate::messages::put;
use crate::output::Output;
use crate::paths::Names;
use crate::report;
use crate::saved;
use crate::show::{self, TextForm};

/// The number of snapshot entries that are read at once.
const SNAPSHOT_PIECE: usize = 4096;

/// The default of `--git-wait`.
const GIT_WAIT: Duration = Duration::from_secs(3);

/// Watches and reports until interrupted.
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
    Reporting,
    /// Interrupted: ends when the sync point is reported.
    Ending,
    /// Ends when the pending output is written.
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
    /// The snapshot contains batches up to this version.
    reported: FileVersion,
    stage: Stage,
    counter: Counter,
    names: Names,
    /// Runs the command after changes.
    exec: Option<Exec>,
    /// Where the tree is saved at the end.
    save: Option<PathBuf>,
    once: bool,
}

impl Teller {
    fn start(options: &WatchOptions) -> Result<Self, Failure> {
        // The end of a command arrives as a signal, too.
        let signals =
            Signals::catch_also(&[Signal::SIGCHLD]).map_err(|e| Failure::Host("signalfd", e))?;
        let mut engine = Engine::new(Config::default())?;
        let mut chosen = watch_options(options);
        if let Some(bytes) = saved::read(options)? {
            chosen = chosen.since(bytes);
        }
        let watch = engine.add_watch(&chosen)?;
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
            reported: FileVersion::default(),
            stage: Stage::Reporting,
            counter: Counter { live: is_live, events: 0 },
            names,
            exec,
            save: saved::target(options),
            once: options.once,
        })
    }

    fn run(&mut self) -> Result<ExitCode, Failure> {
        loop {
            let ends = self.stage != Stage::Reporting;
            let timer = self.exec.as_ref().map(|exec| exec.timer.as_fd());
            if !self.output.wait_also(&self.engine, &self.signals, timer, ends)? {
                // Stdout accepts nothing.
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

    /// The status to end with at once, if a signal requests that.
    fn on_signal(&mut self, signal: i32) -> Result<Option<ExitCode>, Failure> {
        match signal {
            libc::SIGWINCH => {}
            libc::SIGCHLD => {
                // An interrupt of the command in the terminal is meant for `watch` as well.
                if self.exec.as_mut().map_or(Ok(false), Exec::on_child)? {
                    return self.on_signal(libc::SIGINT);
                }
            }
            _ if self.stage != Stage::Reporting => {
                return Ok(Some(ExitCode::from(128 + signal as u8)));
            }
            _ => {
                self.exec.as_mut().map_or(Ok(()), Exec::end)?;
                self.begin_to_end()?;
            }
        }
        Ok(None)
    }

    /// Reports what has happened until now, then ends.
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

    /// Prints the next event; returns whether there was one.
    fn read_event(&mut self) -> Result<bool, Failure> {
        let Some(event) = self.engine.next_event()? else { return Ok(false) };
        match event {
            Event::Watch { event: WatchEvent::Ready { .. }, .. } => self.on_ready()?,
            Event::Watch { event: WatchEvent::Batch { batch }, .. } => {
                if batch.version().n <= self.reported.n && batch.original_events() > 0 {
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
                report(&format!("{path}: {text}"));
            }
            Event::Log { text, .. } => report(text),
            _ => {}
        }
        Ok(true)
    }

    /// The tree has been read: prints it with `--snapshot`.
    fn on_ready(&mut self) -> Result<(), Failure> {
        let state = self.engine.watch_state(self.watch)?;
        report(&format!("watching {} entries in {} directories", state.entries, state.directories));
        if self.snapshot {
            self.print_snapshot()?;
        }
        if let Some(exec) = &mut self.exec {
            exec.on_ready();
        }
        if self.once && self.stage == Stage::Reporting {
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
            self.engine.watch_changes(self.watch, &mut cursor, SNAPSHOT_PIECE, &mut changes)?;
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
        self.reported = changes.version;
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

/// A line at the bottom of the terminal with the number of events.
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
        // A long window must not be limited by the default of --max-wait.
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

/// Whether stdout gets colors. `NO_COLOR` counts unless it is empty (no-color.org).
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
            "the file of --since has another format version; starting from scratch"
        }
        Some(SaveProblem::OtherRoots) => {
            "the file of --since was saved for other paths; starting from scratch"
        }
        Some(SaveProblem::TooManyEntries) => {
            "the file of --since has more entries than can be watched; starting from scratch"
        }
        _ => "the file of --since is damaged; starting from scratch",
    }
}

pub(crate) fn describe(problem: WatchProblem) -> &'static str {
    match problem {
        WatchProblem::Unreadable => "cannot be read",
        WatchProblem::OutOfWatches => {
            "out of inotify watches, polling instead; raise fs.inotify.max_user_watches"
        }
        WatchProblem::TooManyEntries => "too many entries; some are not watched",
        WatchProblem::OutOfMemory => "no memory left for more entries; some are not watched",
        WatchProblem::EventsLost => "the kernel dropped events; rescanning",
        WatchProblem::TooManyRules => "too many ignore rules; the rest is not applied",
        WatchProblem::RootsOverlap => "also in another root, which reports its content",
        WatchProblem::RootGone => "is gone; waiting for it to return",
        WatchProblem::Refused => "cannot be opened; retrying",
        _ => "unknown problem",
    }
}
