//! The child's environment and the default shell. Alone in its binary with one test, because it
//! changes the environment of the process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::collections::BTreeMap;

use orchflow::SpawnOptions;
use support::files::TempDir;
use support::host::Host;

/// Sets or unsets a variable of this process.
fn set(name: &str, value: Option<&str>) {
    match value {
        // SAFETY: the only other thread of this process waits for this one.
        Some(value) => unsafe { std::env::set_var(name, value) },
        // SAFETY: as above.
        None => unsafe { std::env::remove_var(name) },
    }
}

fn environment(host: &mut Host, options: &SpawnOptions) -> BTreeMap<String, String> {
    let text = host.output_of(options);
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn the_host_terminal_is_not_described(host: &mut Host) {
    // One or more of each kind; the whole list is held beside the code.
    let dropped = "TMUX TMUX_PANE STY WINDOW WINDOWID TERMCAP COLUMNS LINES VTE_VERSION TERM_PROGRAM \
        TERM_PROGRAM_VERSION TERM_SESSION_ID VSCODE_IPC_HOOK_CLI VSCODE_INJECTION KITTY_WINDOW_ID KITTY_PID \
        WEZTERM_PANE ZELLIJ ZELLIJ_PANE_ID NVIM NVIM_LISTEN_ADDRESS INSIDE_EMACS TERMINFO ALACRITTY_LOG \
        ALACRITTY_WINDOW_ID GHOSTTY_RESOURCES_DIR KONSOLE_DBUS_SESSION KONSOLE_VERSION ITERM_SESSION_ID \
        XTERM_VERSION XTERM_LOCALE XTERM_SHELL WT_SESSION WT_PROFILE_ID TERMINAL_EMULATOR VIM VIMRUNTIME \
        VIM_TERMINAL VIM_SERVERNAME LC_TERMINAL COLORFGBG GNOME_TERMINAL_SCREEN ConEmuANSI ORCHFLOW_TOKEN";
    let dropped = || dropped.split_whitespace();
    for name in dropped().chain(["KEPT", "TERM", "COLORTERM", "TMUX_TMPDIR"]) {
        set(name, Some("of the host"));
    }
    let env = environment(host, &SpawnOptions::program("env"));
    for name in dropped() {
        assert_eq!(env.get(name), None, "{name}");
    }
    assert_eq!((env["KEPT"].as_str(), env["TMUX_TMPDIR"].as_str()), ("of the host", "of the host"));
    assert_eq!((env["TERM"].as_str(), env["COLORTERM"].as_str()), ("xterm-256color", "truecolor"));
    assert_eq!(env["PATH"], std::env::var("PATH").unwrap());
}

fn options_come_last(host: &mut Host) {
    let options = SpawnOptions::program("env")
        .env("TERM", "vt100")
        .env_remove("COLORTERM")
        .env_remove("KEPT")
        .env("TMUX", "asked for")
        .env("VSCODE_INJECTION", "asked for")
        .env("ORCHFLOW_TOKEN", "asked for")
        .env("EMPTY", "");
    let env = environment(host, &options);
    assert_eq!((env["TERM"].as_str(), env["TMUX"].as_str()), ("vt100", "asked for"));
    assert_eq!(env["VSCODE_INJECTION"], "asked for");
    assert_eq!(env["ORCHFLOW_TOKEN"], "asked for");
    assert_eq!(env["EMPTY"], "");
    assert!(!env.contains_key("COLORTERM") && !env.contains_key("KEPT"));

    let env = environment(host, &SpawnOptions::program("/usr/bin/env").env_clear().env("A", "1"));
    let names: Vec<&str> = env.keys().map(String::as_str).collect();
    assert_eq!(names, ["A", "COLORTERM", "TERM"]);
}

/// The program is looked for in the child's `PATH`, not in the host's.
fn the_childs_path_counts(host: &mut Host) {
    let dir = TempDir::new();
    dir.script("only-here", "#!/bin/sh\necho found\n");
    let program = SpawnOptions::program("only-here");
    assert!(host.engine.spawn(&program).unwrap_err().is_program_not_found());
    let path = format!("/no/such/directory:{}:/bin:/usr/bin", dir.path().display());
    assert_eq!(host.output_of(&program.env("PATH", path)), "found\n");
}

fn the_default_is_the_users_shell(host: &mut Host) {
    let dir = TempDir::new();
    let own = dir.script("my-shell", "#!/bin/sh\necho my shell, $# arguments\n");
    set("SHELL", Some(&own));
    assert_eq!(host.output_of(&SpawnOptions::shell()), "my shell, 0 arguments\n");

    let user = nix::unistd::User::from_uid(nix::unistd::getuid()).unwrap();
    let shell = user.map(|user| user.shell).filter(|shell| shell.is_file());
    let Some(shell) = shell.and_then(|shell| shell.canonicalize().ok()) else {
        return; // A user without a shell of its own cannot be asked for it.
    };
    for unusable in [None, Some("my-shell"), Some("/no/such/shell"), Some("/etc/passwd")] {
        set("SHELL", unusable);
        let id = host.spawn(&SpawnOptions::shell());
        host.engine.pause(id).unwrap();
        let pid = host.engine.terminal_state(id).unwrap().pid.unwrap();
        // A shell that only says that there is no login is gone by now.
        if let Ok(program) = std::fs::read_link(format!("/proc/{pid}/exe")) {
            assert_eq!(program, shell, "SHELL={unusable:?}");
        }
        host.close(id);
    }
}

#[test]
fn the_environment_is_the_one_asked_for() {
    let mut host = Host::new();
    the_host_terminal_is_not_described(&mut host);
    options_come_last(&mut host);
    the_childs_path_counts(&mut host);
    the_default_is_the_users_shell(&mut host);
}
