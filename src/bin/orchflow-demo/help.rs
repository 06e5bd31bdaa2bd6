//! The help texts, one for each command.

use std::ffi::{OsStr, OsString};

pub(crate) const OVERVIEW: &str = "\
The OrchFlow engine as a command: terminals, file watching, a server.

Usage: orchflow-demo [COMMAND] [OPTIONS]

  run      runs a program in a terminal of the engine; without one, your shell
  replay   plays what `run --record` has recorded
  watch    reports what happens to files
  serve    serves a shell and the files of a directory to clients
  attach   shows a terminal of a serving engine in this terminal
  state    prints the state of a serving engine
  help     prints the help of a command, as COMMAND --help does

Without a command it is `run`: your shell, until `exit` or Ctrl-D.

  -h, --help            show this
  -V, --version         show the version
";

pub(crate) const RUN: &str = "\
Usage: orchflow-demo run [OPTIONS] [-- PROGRAM [ARGS...]]

Runs PROGRAM in a terminal of the OrchFlow engine; without one, your shell.
Its output goes to stdout byte for byte, stdin is its input, and its exit
status is the status of this command (128 + N when signal N killed it).

  --cols N              columns, 1 to 65535 (default: those of this terminal;
                        without one $COLUMNS, or 80)
  --rows N              rows, 1 to 65535 (default: those of this terminal;
                        without one $LINES, or 24)
  --snapshot-text FILE  at the end, write the screen as text: a line per row,
                        trailing blanks cut
  --snapshot-ansi FILE  at the end, write the screen as control sequences that
                        show it in a terminal of the same size
  --record FILE         record the output and its times, as asciinema does
                        (version 2); `replay` plays it
  --record-input        record what is typed as well, passwords included
  -h, --help            show this
";

pub(crate) const REPLAY: &str = "\
Usage: orchflow-demo replay [OPTIONS] FILE

Plays a recording of `run --record`, or of asciinema (version 2), into this
terminal at the recorded times, until its end or Ctrl-C. The terminal keeps its
size.

  --speed N             N times as fast, like 2 or 0.5 (default: 1)
  --idle-max SECONDS    shorten longer pauses to this, before --speed
  -h, --help            show this
";

pub(crate) const WATCH: &str = r#"Usage: orchflow-demo watch [OPTIONS] [PATH...]

Reports what happens to the files below each PATH, or to the file, until it is
interrupted. Without a PATH it is the current directory.

Paths are printed as grep prints them: beginning with PATH as it was given, so
"watch ." prints ./a, and without a PATH it is just a. A batch of several events
is a group between blank lines. Control characters are printed as \x1b.

  --json                one JSON object per line: for each flush
                        {"version":[epoch,n],"complete":true|false,
                        "events":[{"kind":"create|modify|metadata|touch|delete|
                        rename","path":P,"from":P,"type":T,"replaced":true}],
                        "summaries":[...]}; bytes that are not UTF-8 come as
                        {"bytes":"base64"}
  --snapshot            first report what is there; with --json as
                        {"snapshot":[{"path":P,"type":
                        "file|dir|symlink|other"}]}
  --window MS           how long a file has to be quiet (default: 50)
  --max-wait MS         when a busy file is reported all the same (default: 500)
  --ignore GLOB         ignore what this matches, as in .gitignore; repeatable
  --no-gitignore        .gitignore files do not count
  --summary N           count instead of list where a flush has more than N
                        events (default: 100; 0: never)
  --git-wait MS         how long a flush waits at most while git holds
                        index.lock, so that a checkout is reported as a whole
                        (default: 3000; 0: not at all)
  --relative            print paths relative to PATH; with several PATHs to the
                        current directory
  --absolute            print absolute paths
  --time                print when each line is printed: the local time of day
                        with milliseconds; with --json as "time_ms", the
                        milliseconds since 1970
  --color WHEN          auto (on a terminal, unless NO_COLOR is set), always or
                        never (default: auto)
  --since FILE          first report what has changed since FILE was saved, if
                        it is there; at the end save it for the next time
  --save FILE           at the end save in FILE, and not in that of --since
  --once                end when that is reported
  -h, --help            show this

Running a command:
  --exec [--] CMD [ARGS...]
                        instead of printing (with --json as well), run CMD after
                        each flush; it takes the rest of the line. CMD alone,
                        with blanks and without --, is run by /bin/sh. An
                        argument {} becomes the changed paths; the variable
                        ORCHFLOW_CHANGED has them too, a line each. At most 1000
                        paths or 64 KiB; ORCHFLOW_CHANGED_MORE is the number of
                        those left out. Files that CMD writes below PATH count:
                        --ignore them, or it runs for ever. If it fails, its
                        status is printed
  --on-busy WHAT        what changes do while CMD runs: queue (it runs once more
                        for all of them), restart (it is ended and runs anew),
                        signal (it gets the --signal), ignore (default: queue)
  --restart             the same as --on-busy restart
  --signal SIG          the signal that ends CMD, or that signal sends: a name
                        or a number (default: TERM)
  --grace MS            how long CMD may go on then until SIGKILL (default:
                        2000)
  --debounce MS         run CMD when nothing has changed for this long, at the
                        latest after ten times that (default: 0)
  --run-first           run CMD at the beginning too

With queue and ignore, CMD has the terminal if stdin is one: it may read keys,
and Ctrl-C interrupts CMD and ends the watch. Otherwise its stdin is empty. The
first Ctrl-C ends CMD in its grace and reports what has happened until then; a
second one ends everything at once.

Exit status:
  0    interrupted, whatever became of CMD
  1    PATH cannot be watched: a message says why
  2    bad use
  128 + N, when signal N came a second time, or nobody reads the output
"#;

pub(crate) const SERVE: &str = r#"Usage: orchflow-demo serve [OPTIONS]

An engine with a shell in a terminal and the files of a directory, for clients.
 Prints its address and serves until it is interrupted. A shell that
ended is followed by a new one.

  --listen IP:PORT      where to listen, on loopback; also localhost:PORT or
                        PORT; port 0 takes a free one (default: 127.0.0.1:0,
                        unless --unix is given)
  --unix PATH           listen on a Unix socket, in a directory that is yours
                        alone; it is made if it is missing
  --token-file PATH     the token that clients need, in a file that only you can
                        read; it is made with a fresh token if it is missing.
                        Without it the token is that of ORCHFLOW_TOKEN, else a
                        fresh one at each start
  --host NAME[:PORT]    a further name by which requests may call this host, as
                        through a forwarded port; repeatable
  --origin ORIGIN       pages of this origin (https://name:port) may connect;
                        repeatable
  --root DIR            the directory whose files are watched, in which the
                        shell starts and clients may start programs and watch
                        files (default: the current one)
  --shell CMD           what runs in the terminal, by /bin/sh -c "exec CMD"
                        (default: your shell)
  --name NAME           what this terminal is called (default: shell)
  -h, --help            show this

The address has the token in it, unless the token is yours: from --token-file or
ORCHFLOW_TOKEN. Programs that are served find the variable ORCHFLOW, by which
attach knows that it would attach to itself, and not ORCHFLOW_TOKEN.
"#;

pub(crate) const ATTACH: &str = r#"Usage: orchflow-demo attach [OPTIONS] ADDRESS [TERMINAL]
       orchflow-demo attach [OPTIONS] ADDRESS list
       orchflow-demo attach [OPTIONS] ADDRESS new [PROFILE]
       orchflow-demo attach [OPTIONS] ADDRESS kill TERMINAL

Shows a terminal of a serving engine in this one, until its program ends or
Ctrl-] is typed. TERMINAL is its number, its name or its id; without one, the
only terminal that runs, or a list if there are several.

  list                  lists the terminals
  new [PROFILE]         starts a program in a new terminal, by a profile that
                        the server grants, and attaches to it
  kill TERMINAL         ends a terminal and its program

ADDRESS is what serve printed: ws://HOST:PORT/ or unix:PATH, with #token=TOKEN
unless the token comes from --token-file or from the variable ORCHFLOW_TOKEN,
which keep it out of the list of processes.

  -r, --read-only       only watch: type nothing and leave the size alone. So it
                        is too with a token that allows no more than observing
  --detach-key KEYS     what detaches in place of Ctrl-]: keys with blanks
                        between them. A key is a character; ctrl-X or ^X for
                        Ctrl with a letter or one of @ [ \ ] ^ _; escape, tab,
                        enter, space or backspace. So "ctrl-a d". Keys that
                        begin it wait for the next key. "none": nothing detaches
  --name NAME           for new: what the terminal is called
  --send-eof            when stdin ends, end the program's input (Ctrl-D) and
                        stay until the program ends. Without it the end of stdin
                        detaches, once what was typed has arrived and what the
                        terminal has shown by then is written
  --token-file PATH     a file with the token, which only you can read
  --nested              attach also from within a terminal of the same server
                        (as does unsetting ORCHFLOW)
  -h, --help            show this

A connection that breaks is made again, and goes on where it was. When the
server was started anew, with the same token, attach goes on with the terminal
that has the same name; if there is none, it says so and ends with status 1.

Exit status:
  N    that of the program, when it ended while attached; 128 + N after signal N
  0    detached, listed or killed
  1    refused, not found, or the terminal is gone: a message says why
  2    bad use
  128 + N, when attach itself got signal N
"#;

pub(crate) const STATE: &str = r#"Usage: orchflow-demo state [OPTIONS] ADDRESS

Prints the sessions, panes, terminals and files of a serving engine. ADDRESS is
as for attach.

  --follow              then what changes, until interrupted
  --json                one JSON object per line, first all there is, then what
                        changed: {"version":[epoch,n],"full":true|false,
                        "removed":[{"session"|"pane"|"terminal":ID}|
                        {"file":{"watch":N,"id":"N"}}],"sessions":[...],
                        "panes":[...],"terminals":[...],"files":[...]}; with
                        "full" forget what was there before
  --token-file PATH     a file with the token, which only you can read
  -h, --help            show this
"#;

/// Each command with its text.
const TEXTS: [(&str, &str); 6] = [
    ("run", RUN),
    ("replay", REPLAY),
    ("watch", WATCH),
    ("serve", SERVE),
    ("attach", ATTACH),
    ("state", STATE),
];

/// The text of a command.
pub(crate) fn of(command: &OsStr) -> Option<&'static str> {
    TEXTS.iter().find(|(name, _)| command == *name).map(|(_, text)| *text)
}

/// The command line that shows the help to read after a mistake; `first` is the first argument.
pub(crate) fn pointer(first: Option<OsString>) -> String {
    let command = first.and_then(|word| TEXTS.iter().find(|(name, _)| word == *name));
    match command {
        Some((name, _)) => format!("orchflow-demo {name} --help"),
        None => "orchflow-demo --help".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each command is in the overview, and each text is about its command and fits a terminal.
    #[test]
    fn every_command_has_its_text() {
        for (name, text) in TEXTS {
            assert!(OVERVIEW.contains(&format!("\n  {name} ")), "{name}");
            assert!(text.starts_with(&format!("Usage: orchflow-demo {name} ")), "{name}");
            assert!(text.ends_with('\n') && text.lines().all(|line| line.len() <= 80), "{name}");
        }
    }
}
