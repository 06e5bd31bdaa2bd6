//! The environment of a program: the host's, without what describes another terminal.
//!
//! A host may itself run in a terminal, a multiplexer or an editor, whose variables say what that one can
//! do, which window it is and how to talk to it. A program that believes them draws for the wrong
//! terminal, loads the wrong shell integration, or sends commands to the wrong window.
//!
//! [`FOREIGN`] is the one list of these. `docs/ENVIRONMENT.md` shows it to users, and a test holds the two
//! together. What a user sets to configure a terminal or an editor is no description of one and stays
//! ([`SETTINGS`]), as do variables of the session (`SSH_TTY`, `DISPLAY`, `XDG_*`), which stay true.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::options::SpawnOptions;
use crate::error::{Error, Result};

/// What programs set to describe the terminal that they are. A name that ends with `*` is the beginning of
/// names.
const FOREIGN: &[(&str, &[&str])] = &[
    // What several terminals set.
    ("several terminals", &["COLORFGBG", "TERM_FEATURES", "TERM_PROGRAM", "TERM_PROGRAM_VERSION"]),
    ("several terminals", &["TERMCAP", "TERMINFO", "TERM_SESSION_ID", "WINDOWID"]),
    ("a shell, for its own window", &["COLUMNS", "LINES"]),
    ("a shell, for GnuPG in its own terminal", &["GPG_TTY"]),
    // Multiplexers.
    ("byobu", &["BYOBU_TERM", "BYOBU_TTY"]),
    ("dvtm, abduco", &["ABDUCO_SESSION", "DVTM", "DVTM_WINDOW_ID"]),
    ("GNU screen", &["STY", "WINDOW"]),
    ("tmux", &["TMUX*"]),
    ("Zellij", &["ZELLIJ*"]),
    // Terminals.
    ("Alacritty", &["ALACRITTY_*"]),
    ("ConEmu", &["ANSICON*", "ConEmu*"]),
    ("Contour", &["TERMINAL_NAME", "TERMINAL_VERSION_STRING", "TERMINAL_VERSION_TRIPLE"]),
    ("fbterm", &["FBTERM"]),
    ("Ghostty", &["GHOSTTY_*"]),
    ("GNOME Terminal", &["GNOME_TERMINAL_*"]),
    ("Guake", &["GUAKE_TAB_UUID"]),
    ("iTerm2", &["ITERM_*", "LC_TERMINAL", "LC_TERMINAL_VERSION"]),
    ("kitty", &["KITTY_*"]),
    ("Konsole, Yakuake", &["KONSOLE_*", "PROFILEHOME", "SHELL_SESSION_ID"]),
    ("mintty", &["MINTTY_*"]),
    ("mlterm", &["MLTERM"]),
    ("Ptyxis", &["PTYXIS_*"]),
    ("ROXTerm", &["ROXTERM_*"]),
    ("Terminal of macOS", &["SHELL_SESSION_DIR", "SHELL_SESSION_FILE", "SHELL_SESSION_HISTFILE"]),
    ("Terminator", &["TERMINATOR_*"]),
    ("Terminology", &["TERMINOLOGY"]),
    ("Tilix", &["TILIX_ID"]),
    ("VTE", &["VTE_VERSION"]),
    ("Warp", &["WARP_HONOR_PS1", "WARP_IS_LOCAL_SHELL_SESSION", "WARP_USE_SSH_WRAPPER"]),
    ("Wave", &["WAVETERM*"]),
    ("WezTerm", &["WEZTERM_*"]),
    ("Windows Terminal", &["WT_PROFILE_ID", "WT_SESSION"]),
    ("xterm", &["XTERM_FILTER", "XTERM_LOCALE", "XTERM_SHELL", "XTERM_VERSION"]),
    // Editors with terminals in them.
    ("Emacs", &["EAT_SHELL_INTEGRATION_DIR", "EMACS_VTERM_PATH", "INSIDE_EMACS"]),
    ("IDEs of JetBrains", &["INTELLIJ_TERMINAL_*", "JEDITERM_*", "TERMINAL_EMULATOR"]),
    ("IDEs of JetBrains", &["_INTELLIJ_*", "__INTELLIJ_*"]),
    ("Neovim", &["NVIM", "NVIM_LISTEN_ADDRESS", "NVIM_LOG_FILE"]),
    ("Vim", &["MYVIMRC", "VIM", "VIMRUNTIME", "VIM_SERVERNAME", "VIM_TERMINAL"]),
    ("VS Code", &["VSCODE_*"]),
    ("Zed", &["ZED_TERM"]),
    // The desktop, for the one window that it was about to open.
    ("the desktop, for the host's first window", &["DESKTOP_STARTUP_ID", "XDG_ACTIVATION_TOKEN"]),
    // Secrets of a host that serves: whoever has the token may use all that it permits.
    ("orchflow-demo", &["ORCHFLOW_TOKEN"]),
];

/// What a user sets to configure one of these programs, although it looks like what the program sets.
const SETTINGS: &[&str] = &[
    "KITTY_CACHE_DIRECTORY",
    "KITTY_CONFIG_DIRECTORY",
    "TMUX_TMPDIR",
    "ZELLIJ_CONFIG_DIR",
    "ZELLIJ_CONFIG_FILE",
];

/// The child's environment; sorted, so that it does not depend on a hash.
pub(super) fn environment(options: &SpawnOptions) -> Result<BTreeMap<OsString, OsString>> {
    let mut env = BTreeMap::new();
    if !options.env_clear {
        env.extend(std::env::vars_os().filter(|(name, _)| !is_foreign(name)));
    }
    env.insert("TERM".into(), "xterm-256color".into());
    env.insert("COLORTERM".into(), "truecolor".into());
    for (name, value) in &options.env {
        if name.is_empty() || name.as_bytes().contains(&b'=') {
            return Err(Error::invalid("a variable's name is empty or contains '='"));
        }
        match value {
            Some(value) => env.insert(name.clone(), value.clone()),
            None => env.remove(name),
        };
    }
    Ok(env)
}

/// Whether a variable of the host describes another terminal, or is a secret of the host's.
fn is_foreign(name: &OsStr) -> bool {
    let name = name.as_bytes();
    let is_meant = |pattern: &&str| match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning.as_bytes()),
        None => name == pattern.as_bytes(),
    };
    FOREIGN.iter().any(|(_, names)| names.iter().any(&is_meant))
        && !SETTINGS.iter().any(|setting| name == setting.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_variables() {
        let foreign = [
            "TMUX",
            "TMUX_PANE",
            "STY",
            "WINDOWID",
            "TERMCAP",
            "COLUMNS",
            "LINES",
            "VTE_VERSION",
            "VSCODE_IPC_HOOK_CLI",
            "KITTY_WINDOW_ID",
            "WEZTERM_PANE",
            "ZELLIJ",
            "ZELLIJ_SESSION_NAME",
            "ConEmuANSI",
            "__INTELLIJ_COMMAND_HISTFILE__",
            "ORCHFLOW_TOKEN",
        ];
        for name in foreign {
            assert!(is_foreign(OsStr::new(name)), "{name}");
        }
        let own = ["PATH", "TERMINAL", "TERM", "VIMINIT", "NVIM_APPNAME", "EMACS", "TERMINFO_DIRS"];
        let own =
            own.iter().chain(&["SSH_TTY", "DISPLAY", "LC_ALL", "WINDOW_X", "vte_version", ""]);
        for name in own.chain(SETTINGS) {
            assert!(!is_foreign(OsStr::new(name)), "{name}");
        }
    }

    /// The page for users lists what the code has, in the same order.
    #[test]
    fn the_manual_lists_every_variable() {
        let manual = include_str!("../../docs/ENVIRONMENT.md");
        let mut rows: Vec<(&str, Vec<&str>)> = Vec::new();
        for (program, names) in FOREIGN {
            match rows.last_mut().filter(|(last, _)| last == program) {
                Some((_, all)) => all.extend(*names),
                None => rows.push((program, names.to_vec())),
            }
        }
        let row = |(program, names): (&str, Vec<&str>)| {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("| {program} | {} |", names.join(", "))
        };
        let expected: Vec<String> = rows.into_iter().map(row).collect();
        let found: Vec<&str> =
            manual.lines().filter(|line| line.starts_with("| ") && line.contains('`')).collect();
        assert_eq!(found, expected);
        for name in SETTINGS {
            assert!(manual.contains(&format!("`{name}`")), "{name}");
        }
    }

    #[test]
    fn later_settings_win_and_term_can_be_unset() {
        let options = SpawnOptions::program("x")
            .env_clear()
            .env("A", "1")
            .env("A", "2")
            .env("B", "1")
            .env_remove("B")
            .env_remove("COLORTERM");
        let env = environment(&options).unwrap();
        let expected = [("A", "2"), ("TERM", "xterm-256color")];
        assert!(env.iter().map(|(k, v)| (k.to_str().unwrap(), v.to_str().unwrap())).eq(expected));
    }
}
