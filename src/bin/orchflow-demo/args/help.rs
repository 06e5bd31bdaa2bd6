//! What `--help` says on `serve`, `attach` and `state`.

pub(crate) const SERVE: &str = r#"serve: an engine with a shell in a terminal and the files of a directory, for
clients. Prints its address and serves until it is interrupted. A shell that
ended is followed by a new one.

  --listen IP:PORT      where to listen, on loopback; also localhost:PORT or PORT;
                        port 0 takes a free one (default: 127.0.0.1:0, unless
                        --unix is given)
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

The address has the token in it, unless the token is yours: from --token-file or
ORCHFLOW_TOKEN. Programs that are served find the variable ORCHFLOW, by which
attach knows that it would attach to itself, and not ORCHFLOW_TOKEN.
"#;

pub(crate) const ATTACH: &str = r#"attach ADDRESS [TERMINAL]: shows a terminal of a serving engine in this one, until
its program ends or Ctrl-] is typed. TERMINAL is its number, its name or its id;
without one, the only terminal that runs, or a list if there are several.

attach ADDRESS list             lists the terminals
attach ADDRESS new [PROFILE]    starts a program in a new terminal, by a profile
                                that the server grants, and attaches to it
attach ADDRESS kill TERMINAL    ends a terminal and its program

ADDRESS is what serve printed: ws://HOST:PORT/ or unix:PATH, with #token=TOKEN
unless the token comes from --token-file or from the variable ORCHFLOW_TOKEN,
which keep it out of the list of processes.

  -r, --read-only       only watch: type nothing and leave the size alone. So it
                        is too with a token that allows no more than observing
  --detach-key KEYS     what detaches in place of Ctrl-]: keys with blanks
                        between them. A key is a character; ctrl-X or ^X for
                        Ctrl with a letter or one of @ [ \ ] ^ _; escape, tab,
                        enter, space or backspace. So "ctrl-a d". Keys that begin
                        it wait for the next key. "none": nothing detaches
  --name NAME           for new: what the terminal is called
  --send-eof            when stdin ends, end the program's input (Ctrl-D) and stay
                        until the program ends. Without it the end of stdin
                        detaches, once what was typed has arrived and what the
                        terminal has shown by then is written
  --token-file PATH     a file with the token, which only you can read
  --nested              attach also from within a terminal of the same server
                        (as does unsetting ORCHFLOW)

A connection that breaks is made again, and goes on where it was. When the server
was started anew, with the same token, attach goes on with the terminal that has
the same name; if there is none, it says so and ends with status 1.

Exit status:
  N    that of the program, when it ended while attached; 128 + N after signal N
  0    detached, listed or killed
  1    refused, not found, or the terminal is gone: a message says why
  2    bad use
  128 + N, when attach itself got signal N
"#;

pub(crate) const STATE: &str = r#"state ADDRESS: prints the sessions, panes, terminals and files of a serving
engine. ADDRESS is as for attach.

  --follow              then what changes, until interrupted
  --json                one JSON object per line, first all there is, then what
                        changed: {"version":[epoch,n],"full":true|false,
                        "removed":[{"session"|"pane"|"terminal":ID}|
                        {"file":{"watch":N,"id":"N"}}],"sessions":[...],
                        "panes":[...],"terminals":[...],"files":[...]}; with
                        "full" forget what was there before
  --token-file PATH     a file with the token, which only you can read
"#;
