//! The engine's calls for the server: where it listens, whom it accepts, what clients may do.

use std::path::Path;

use super::{Engine, LogLevel};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{ClientId, ListenerId};
use crate::sync::{
    ClientState, Effect, ListenAddress, ListenerOptions, ListenerState, REASON_BYTES_MAX, TokenId,
    TokenOptions,
};
use crate::terminal::SpawnOptions;

/// The longest name of a profile, in bytes.
const PROFILE_NAME_MAX: usize = 64;
/// Profiles at once.
const PROFILES_MAX: usize = 256;

impl Engine {
    /// Listens for clients: WebSockets that mirror the state and use terminals, as far as their tokens
    /// allow. See `docs/PROTOCOL.md`.
    ///
    /// # Errors
    /// `InvalidArgument` (an address that is not loopback, a bad host or origin), `PermissionDenied` (a
    /// port below 1024, a directory that is not the user's alone), `LimitReached`, `OutOfDescriptors`,
    /// `System` (the address is in use), `EngineGone` after shutdown, `Forked`.
    pub fn add_listener(&mut self, options: &ListenerOptions) -> Result<ListenerId> {
        self.check_accepts_new()?;
        let bytes = options.resources.iter().map(|resource| resource.bytes.len()).sum();
        if bytes > 0 {
            self.admit(bytes)?;
        }
        let outcome = self.server.add_listener(options, &mut self.reactor);
        self.record_failure("add_listener", &outcome);
        if outcome.is_ok() {
            self.terminals.look_at_foregrounds(&mut self.reactor);
        }
        self.finish_call_or_log();
        outcome
    }

    /// Where a listener listens, with the port that the system chose.
    ///
    /// # Errors
    /// `StaleId`, `System`.
    pub fn listener_address(&self, id: ListenerId) -> Result<ListenAddress> {
        self.server.address(id)
    }

    /// Whether a listener accepts connections, since when, and why not.
    ///
    /// # Errors
    /// `StaleId`.
    pub fn listener_state(&self, id: ListenerId) -> Result<ListenerState> {
        self.server.listener_state(id)
    }

    /// The addresses that are listened on, in no particular order.
    pub fn listeners(&self) -> Vec<ListenerId> {
        self.server.listener_ids()
    }

    /// Listens on an address no longer. Clients that came in there stay.
    ///
    /// # Errors
    /// `StaleId`, `Forked`.
    pub fn remove_listener(&mut self, id: ListenerId) -> Result<()> {
        self.check_process()?;
        let outcome = self.server.remove_listener(id, &mut self.reactor);
        self.finish_call_or_log();
        outcome
    }

    /// Makes a token and returns its text: 43 characters that let whoever has them in. Hand it over by a
    /// way that nobody else can read.
    ///
    /// # Errors
    /// `InvalidArgument` (no scope, a secret of zeros, a label that is too long), `LimitReached` beyond
    /// 1,024 tokens, `Forked`.
    pub fn add_token(&mut self, options: TokenOptions) -> Result<(TokenId, String)> {
        self.check_process()?;
        let now = self.reactor.refresh_now();
        self.server.access.tokens.add(options, now)
    }

    /// Makes a token invalid and closes the clients that came in by it.
    ///
    /// # Errors
    /// `StaleId`, `Forked`.
    pub fn revoke_token(&mut self, id: TokenId) -> Result<()> {
        self.check_process()?;
        self.reactor.refresh_now();
        if !self.server.access.tokens.revoke(id) {
            return Err(Error::new(ErrorKind::StaleId, "no such token: it is gone or never was"));
        }
        self.server.close_revoked(&mut self.reactor);
        self.finish_call()
    }

    /// Lets clients watch files in this directory, and start programs in it. The grant is of the directory's real
    /// path, without symbolic links: whatever directory is there counts, also when it was removed and made anew,
    /// replaced or mounted over. A symbolic link there, or in the place of a directory above it, grants nothing.
    /// While there is no directory at the path, the one that was granted stays so if it was only moved. So whoever
    /// may rename what is in the directory above decides what clients see.
    ///
    /// # Errors
    /// `InvalidArgument` (a path that is not absolute), `NotFound`, `PermissionDenied`, `NotADirectory`,
    /// `LimitReached` beyond 256, `Forked`. The message names the directory.
    pub fn grant_directory(&mut self, path: &Path) -> Result<()> {
        self.check_process()?;
        self.server.access.directories.grant(path)
    }

    /// Takes a grant back. Watches and programs that are there go on.
    ///
    /// # Errors
    /// `StaleId` for a directory that is not granted, `Forked`.
    pub fn revoke_directory(&mut self, path: &Path) -> Result<()> {
        self.check_process()?;
        if !self.server.access.directories.revoke(path) {
            let message = format!("{} is not granted", path.display());
            return Err(Error::new(ErrorKind::StaleId, message));
        }
        Ok(())
    }

    /// Takes a profile back. Programs that were started by it go on.
    ///
    /// # Errors
    /// `StaleId` for a name that is not granted, `Forked`.
    pub fn revoke_profile(&mut self, name: &str) -> Result<()> {
        self.check_process()?;
        match self.server.access.profiles.remove(name) {
            Some(_) => Ok(()),
            None => Err(Error::new(ErrorKind::StaleId, format!("no profile {name:?} is granted"))),
        }
    }

    /// Lets clients start this program by a name of 1 to 64 bytes; the options of an earlier profile of
    /// the same name are replaced. Without any profile clients start nothing.
    ///
    /// # Errors
    /// `InvalidArgument`, `LimitReached` beyond 256, `Forked`.
    pub fn grant_profile(&mut self, name: &str, options: &SpawnOptions) -> Result<()> {
        self.check_process()?;
        if name.is_empty() || name.len() > PROFILE_NAME_MAX {
            return Err(Error::invalid("the name of a profile has 1 to 64 bytes"));
        }
        let profiles = &mut self.server.access.profiles;
        if profiles.len() >= PROFILES_MAX && !profiles.contains_key(name) {
            return Err(Error::limit("256 profiles exist already"));
        }
        profiles.insert(name.into(), options.clone());
        Ok(())
    }

    /// The clients that are authenticated at the moment.
    pub fn clients(&self) -> Vec<ClientState> {
        self.server.client_infos()
    }

    /// Closes a client's connection, with a reason that is sent to it.
    ///
    /// # Errors
    /// `StaleId`, `InvalidArgument` for a reason of more than 123 bytes, `Forked`.
    pub fn close_client(&mut self, id: ClientId, reason: &str) -> Result<()> {
        self.check_process()?;
        if reason.len() > REASON_BYTES_MAX {
            return Err(Error::invalid("the reason of a close is at most 123 bytes"));
        }
        self.reactor.refresh_now();
        let outcome = self.server.disconnect(id, reason, &mut self.reactor);
        self.finish_call_or_log();
        outcome
    }

    /// What the server reported in this turn.
    pub(super) fn apply_server_effects(&mut self) {
        while let Some(effect) = self.server.poll_effect() {
            match effect {
                Effect::Log(client, line) => self.log_about(LogLevel::Info, client, line),
                Effect::Warn(line) => self.log(LogLevel::Warn, line),
                Effect::Unwatch(watches) => {
                    for watch in watches {
                        self.unwatch_for_client(watch);
                    }
                }
            }
        }
    }
}
