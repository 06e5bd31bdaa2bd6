//! What clients ask for is carried out here, as far as their tokens allow.
//!
//! A request that has an id is answered by a result; the others are silent unless something is wrong.

use std::time::Duration;

use super::Engine;
use super::client_work::{ClientWatch, Review};
use super::files;
use super::state::error_of;
use crate::error::{Error, ErrorKind, Result, one_line};
use crate::id::{self, ClientId, TerminalId, WatchId};
use crate::policy::Slice;
use crate::state::{ChangeSet, Key, Refusal};
use crate::sync::protocol::{
    About, Applied, ClientMessage, Failure, Op as WireOp, Outcome, Rejected, ServerMessage, Spawn,
    TerminalDetail,
};
use crate::sync::{Action, Body, ErrorCode, FORBIDDEN, Request, collections_of, convert};
use crate::terminal::{Op, SignalTarget, Size, SizePolicy};
use crate::watch::WatchOptions;

/// What wanting other notices costs: all clients and terminals are looked at.
const NOTICES_COST: u64 = 50_000;
/// The longest grace that a client may give.
const GRACE_MAX: Duration = Duration::from_secs(60);

impl Engine {
    /// Carries out what clients ask for.
    pub(super) fn serve_clients(&mut self, slice: &mut Slice) {
        while let Some(request) = self.server.poll_request(slice, &self.state, &mut self.reactor) {
            let (client, cost) = (request.client, cost_of(&request.body));
            self.carry_out_request(request);
            slice.charge(cost);
            self.server.charge(client, cost, self.reactor.now());
        }
    }

    fn carry_out_request(&mut self, request: Request) {
        let client = request.client;
        match request.body {
            Body::Input(terminal, bytes) => self.type_for(client, terminal, &bytes),
            Body::Message(message) => self.handle_message(client, message),
            Body::Forbidden(message) => self.forbid(client, &message),
        }
    }

    fn handle_message(&mut self, client: ClientId, message: ClientMessage) {
        let now = self.reactor.now();
        match message {
            ClientMessage::Hello(hello) => {
                self.greet_notices_for(client, &hello.notices);
                for attach in &hello.attach {
                    self.attach_for(client, attach);
                }
            }
            ClientMessage::Ack { version } => self.server.acknowledge(client, version, now),
            ClientMessage::Attach(attach) => self.attach_for(client, &attach),
            ClientMessage::Detach { terminal } => {
                self.server.detach(client, TerminalId::from_u64(terminal));
            }
            ClientMessage::Credit { terminal, offset } => {
                self.server.credit(client, TerminalId::from_u64(terminal), offset);
            }
            ClientMessage::Input { terminal, data } => {
                self.type_for(client, TerminalId::from_u64(terminal), &data.0);
            }
            ClientMessage::Batch { id, ops } => self.begin_batch(client, id, ops),
            ClientMessage::Spawn(spawn) => {
                let outcome = self.spawn_for(&spawn);
                self.result(client, spawn.id, outcome);
            }
            ClientMessage::Change { mutation, ops } => {
                self.change_for(client, mutation, convert::change_set(ops));
            }
            ClientMessage::Subscribe { collections } => {
                self.server.subscribe(client, collections_of(&collections));
            }
            ClientMessage::Watch { id, path } => {
                let outcome = self.watch_for(client, &path.0);
                self.result(client, id, outcome);
            }
            ClientMessage::Unwatch { id, watch } => {
                let outcome = self.unwatch_of(client, WatchId::from_u64(watch));
                self.result(client, id, outcome);
            }
            ClientMessage::Search(search) => self.search_for(client, search),
            ClientMessage::Query { id, terminal } => {
                let outcome = self.query_for(TerminalId::from_u64(terminal));
                self.result(client, id, outcome);
            }
            ClientMessage::Snapshot => self.server.resend_state(client),
            ClientMessage::Ping { id } => self.server.send(client, &ServerMessage::Pong { id }),
            ClientMessage::Cancel { id } => self.cancel_search(client, id),
            ClientMessage::Rows(request) => self.begin_rows(client, request),
            ClientMessage::Read(read) => {
                let outcome = self.read_for(&read);
                self.result(client, read.id, outcome);
            }
            ClientMessage::Notices { kinds } => self.want_notices_for(client, &kinds),
            ClientMessage::Stats { id } => {
                let figures = self.figures_for(client);
                self.result(client, id, Ok(Outcome::Stats(figures)));
            }
            ClientMessage::Scroll { terminal, rows } => self.scroll_for(client, terminal, rows),
            ClientMessage::Observe { figures_ms, health } => {
                self.server.observe(client, figures_ms, health, now);
            }
        }
    }

    // Answers.

    pub(super) fn result(&mut self, client: ClientId, id: u64, outcome: Result<Outcome>) {
        let outcome = outcome.unwrap_or_else(|error| Outcome::Failed(failure(&error)));
        if let Outcome::Failed(failure) = &outcome {
            self.server.count_error(failure.code);
        }
        self.server.send(client, &ServerMessage::Result { id, outcome });
    }

    fn forbid(&mut self, client: ClientId, message: &ClientMessage) {
        let (code, about) = (ErrorCode::Forbidden, About::message(message));
        match (message, about.id) {
            (ClientMessage::Change { .. }, Some(id)) => self.reject(client, id, code, FORBIDDEN),
            // These have a number and no result.
            (ClientMessage::Ping { .. } | ClientMessage::Cancel { .. }, _) | (_, None) => {
                self.server.send_error_about(client, about, code, FORBIDDEN);
            }
            (_, Some(id)) => {
                let failure = Failure { code, message: FORBIDDEN.into() };
                self.result(client, id, Ok(Outcome::Failed(failure)));
            }
        }
    }

    pub(super) fn complain_about(&mut self, client: ClientId, about: About, outcome: Result<()>) {
        if let Err(error) = outcome {
            self.server.send_error_about(client, about, code_of(error.kind()), error.message());
        }
    }

    // Terminals.

    fn attach_for(&mut self, client: ClientId, attach: &crate::sync::protocol::Attach) {
        let (terminals, reactor) = (&mut self.terminals, &mut self.reactor);
        let allowed = self.server.authorize(client, Action::Attach);
        let outcome = allowed.and_then(|()| self.server.attach(client, attach, terminals, reactor));
        self.complain_about(client, About::terminal(attach.terminal), outcome);
    }

    fn scroll_for(&mut self, client: ClientId, terminal: u64, rows: u32) {
        let to = (TerminalId::from_u64(terminal), rows);
        let outcome = self.server.scroll(client, to, &mut self.terminals);
        self.complain_about(client, About::terminal(terminal), outcome);
    }

    fn type_for(&mut self, client: ClientId, terminal: TerminalId, bytes: &[u8]) {
        let about = About::terminal(terminal.to_u64());
        if let Err(error) = self.server.authorize(client, Action::Input) {
            return self.complain_about(client, about, Err(error));
        }
        self.note_typing(client, terminal);
        let outcome = if self.terminals.is_interrupt(terminal, bytes) {
            self.interrupt_for(client, terminal)
        } else {
            self.server.expect_echo(client, terminal, self.reactor.now());
            self.terminals.write_whole(terminal, bytes, &mut self.reactor)
        };
        self.complain_about(client, about, outcome);
    }

    /// Types the interrupt character, and drops what the client was not sent yet.
    fn interrupt_for(&mut self, client: ClientId, terminal: TerminalId) -> Result<()> {
        self.terminals.interrupt(terminal, &mut self.reactor)?;
        self.server.interrupt(client, terminal, &self.terminals, self.reactor.now());
        Ok(())
    }

    pub(super) fn operate_for(
        &mut self,
        client: ClientId,
        id: TerminalId,
        op: WireOp,
    ) -> Result<()> {
        let is_attached = self.server.is_attached(client, id);
        self.server.authorize(client, Action::Operate { op: &op, is_attached })?;
        // An observer that reports a grid gets nothing from it, so no echo is to come first.
        let reports_grid = is_attached && matches!(op, WireOp::Resize { .. });
        if !reports_grid || self.server.may(client, Action::ChooseSize) {
            self.server.expect_echo(client, id, self.reactor.now());
        }
        let types =
            matches!(op, WireOp::Input(_) | WireOp::Paste(_) | WireOp::Interrupt | WireOp::Eof);
        if types {
            self.note_typing(client, id);
        }
        let op = match op {
            WireOp::Interrupt => return self.interrupt_for(client, id),
            WireOp::Eof => return self.terminals.send_eof(id, &mut self.reactor),
            WireOp::Close { grace_ms } => {
                let grace = Duration::from_millis(grace_ms.into()).min(GRACE_MAX);
                return self.terminals.close(id, grace, &mut self.reactor);
            }
            WireOp::Input(bytes) => Op::Input(bytes.0.into()),
            WireOp::Paste(bytes) => Op::Paste(bytes.0.into()),
            WireOp::Resize { cols, rows } => return self.resize_for(client, id, cols, rows),
            WireOp::Signal(signal) => Op::Signal(signal, SignalTarget::Foreground),
            WireOp::Clear => Op::Clear,
        };
        self.terminals.apply(id, &op, &mut self.reactor)
    }

    /// A client types, which decides the size by the policy `Latest`.
    fn note_typing(&mut self, client: ClientId, id: TerminalId) {
        self.server.note_typing(client, id, &mut self.terminals, &mut self.reactor);
    }

    /// Who is attached reports the grid of its window. Anybody else changes the size, unless the host decides.
    fn resize_for(&mut self, client: ClientId, id: TerminalId, cols: u16, rows: u16) -> Result<()> {
        let (terminals, reactor) = (&mut self.terminals, &mut self.reactor);
        if self.server.is_attached(client, id) {
            return self.server.report_grid(client, id, (cols, rows), terminals, reactor);
        }
        if terminals.size_policy(id)? == SizePolicy::Fixed {
            return Err(Error::new(ErrorKind::Forbidden, "the host decides the size"));
        }
        terminals.resize(id, Size::cells(cols, rows), reactor)
    }

    fn spawn_for(&mut self, spawn: &Spawn) -> Result<Outcome> {
        self.check_not_shutting_down()?;
        let profile = self.server.access.profiles.get(&spawn.profile);
        let mut options = profile
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "no such profile is granted"))?
            .clone();
        if let Some(cwd) = &spawn.cwd {
            let found = self.server.access.directories.resolve(&cwd.0)?;
            options = options.inside(found.fd, found.path);
        }
        if spawn.cols > 0 || spawn.rows > 0 {
            let own = options.size;
            let or = |wanted, usual| if wanted == 0 { usual } else { wanted };
            let (cols, rows) = (or(spawn.cols, own.cols), or(spawn.rows, own.rows));
            options = options.size(Size::cells(cols, rows));
        }
        let id = self.spawn_terminal(&options)?;
        Ok(Outcome::Spawned { terminal: id.to_u64() })
    }

    fn query_for(&mut self, id: TerminalId) -> Result<Outcome> {
        let state = self.terminals.state(id, &self.reactor)?;
        let detail: TerminalDetail = convert::detail(&state);
        Ok(Outcome::Terminal(Box::new(detail)))
    }

    // The state.

    fn change_for(&mut self, client: ClientId, mutation: u64, changes: ChangeSet) {
        if !self.config.review_changes {
            return self.commit_for(client, mutation, &changes);
        }
        self.note_terminals();
        if let Err(refusal) = self.state.validate(&changes) {
            return self.refuse_change(client, mutation, &refusal);
        }
        if self.reviews.len() >= self.config.limits.reviews {
            return self.reject(client, mutation, ErrorCode::Limit, "too many changes wait");
        }
        let bytes = changes.bytes();
        if let Err(error) = self.admit(bytes) {
            return self.reject(client, mutation, ErrorCode::Limit, error.message());
        }
        self.review_bytes += bytes;
        self.last_review += 1;
        let number = id::compose(self.last_review, id::REVIEW_KIND, 0);
        self.reviews.push_back(Review { number, client, mutation, changes, is_reported: false });
    }

    pub(super) fn commit_for(&mut self, client: ClientId, mutation: u64, changes: &ChangeSet) {
        self.note_terminals();
        match self.state.commit(changes) {
            Ok(version) => {
                self.server.report_applied(client, Applied { mutation, version: version.n })
            }
            Err(refusal) => self.refuse_change(client, mutation, &refusal),
        }
    }

    fn refuse_change(&mut self, client: ClientId, mutation: u64, refusal: &Refusal) {
        self.note_refusal(refusal);
        let mut rejected = Rejected {
            mutation,
            code: code_of(error_of(refusal).kind()),
            message: one_line(refusal.to_string().into()).into_owned(),
            op: 0,
            session: None,
            pane: None,
        };
        // Who may not read the state learns that the base is wrong, not what would have been right.
        let may_read = self.server.may(client, Action::ReadState);
        match refusal {
            Refusal::Conflict { index, key, .. } => {
                rejected.op = *index as u32;
                if !may_read {
                    rejected.message = format!("operation {index}: the entry is not at this base");
                }
                match key {
                    _ if !may_read => {}
                    Key::Session(id) => {
                        let known = self.state.session(id);
                        rejected.session = known.map(|(value, n)| convert::session(id, value, n));
                    }
                    Key::Pane(id) => {
                        let known = self.state.pane(id);
                        rejected.pane = known.map(|(value, n)| convert::pane(id, value, n));
                    }
                    _ => {}
                }
            }
            Refusal::Invalid { index, .. } => rejected.op = *index as u32,
            Refusal::Limit { .. } => {}
        }
        self.server.send(client, &ServerMessage::Rejected(rejected));
    }

    pub(super) fn reject(
        &mut self,
        client: ClientId,
        mutation: u64,
        code: ErrorCode,
        message: &str,
    ) {
        let message = one_line(message.to_owned().into()).into_owned();
        let rejected = Rejected { mutation, code, message, op: 0, session: None, pane: None };
        self.server.send(client, &ServerMessage::Rejected(rejected));
    }

    // Files.

    fn watch_for(&mut self, client: ClientId, path: &[u8]) -> Result<Outcome> {
        self.check_not_shutting_down()?;
        let found = self.server.access.directories.resolve(path)?;
        let (path, granted) = (found.path, found.granted);
        let known = self.client_watches.iter().position(|known| known.path == path);
        let is_own =
            |own: &[WatchId]| known.is_some_and(|at| own.contains(&self.client_watches[at].watch));
        let max = self.config.limits.client_watches;
        let own = self.server.watches_of(client)?;
        if own.len() >= max && !is_own(own) {
            return Err(Error::limit(format!("a client has at most {max} watches")));
        }
        let at = match known {
            Some(at) => {
                // The host may have taken its files out of the state.
                let watch = self.client_watches[at].watch;
                self.publish(watch);
                self.watches.look_at_roots(watch, &mut self.reactor)?;
                at
            }
            None => {
                let options = WatchOptions::new(&path).muted().beneath(granted);
                let watch = self.watches.add(&options, &mut self.reactor)?;
                self.publish(watch);
                self.client_watches.push(ClientWatch { watch, path, clients: 0 });
                self.client_watches.len() - 1
            }
        };
        let shared = &mut self.client_watches[at];
        let watch = shared.watch;
        let own = self.server.watches_of(client)?;
        if !own.contains(&watch) {
            own.push(watch);
            shared.clients += 1;
        }
        Ok(Outcome::Watching { watch: watch.to_u64() })
    }

    fn unwatch_of(&mut self, client: ClientId, watch: WatchId) -> Result<Outcome> {
        let own = self.server.watches_of(client)?;
        let Some(at) = own.iter().position(|known| *known == watch) else {
            return Err(Error::new(ErrorKind::StaleId, "this client has no such watch"));
        };
        own.swap_remove(at);
        self.unwatch_for_client(watch);
        Ok(Outcome::Done)
    }

    /// One client less wants this watch.
    pub(super) fn unwatch_for_client(&mut self, watch: WatchId) {
        let Some(at) = self.client_watches.iter().position(|known| known.watch == watch) else {
            return;
        };
        self.client_watches[at].clients -= 1;
        if self.client_watches[at].clients == 0 {
            self.client_watches.swap_remove(at);
            self.unpublish(watch);
            let removed = self.watches.remove(watch, &mut self.reactor);
            self.log_failure("watch", removed);
        }
    }

    /// Nothing new is begun once the engine is shutting down.
    pub(super) fn check_not_shutting_down(&self) -> Result<()> {
        if self.shutdown == super::Shutdown::No {
            return Ok(());
        }
        Err(Error::new(ErrorKind::EngineGone, "the engine is shutting down"))
    }
}

/// What carrying out a request costs, in nanoseconds of estimated work; batches and searches are charged as
/// they go on.
fn cost_of(body: &Body) -> u64 {
    match body {
        Body::Forbidden(_) => 2_000,
        Body::Input(_, bytes) => 3_000 + bytes.len() as u64 / 8,
        Body::Message(message) => match message {
            ClientMessage::Spawn(_) => 400_000,
            ClientMessage::Watch { .. } | ClientMessage::Unwatch { .. } => 100_000,
            ClientMessage::Query { .. } => 50_000,
            ClientMessage::Notices { .. } => NOTICES_COST,
            ClientMessage::Stats { .. } | ClientMessage::Scroll { .. } => 20_000,
            ClientMessage::Read(read) => files::cost_of(read),
            ClientMessage::Change { ops, .. } => 2_000 + 900 * ops.len() as u64,
            ClientMessage::Hello(hello) => {
                let notices = if hello.notices.is_empty() { 0 } else { NOTICES_COST };
                5_000 + 5_000 * hello.attach.len() as u64 + notices
            }
            ClientMessage::Input { data, .. } => 3_000 + data.0.len() as u64 / 8,
            _ => 2_000,
        },
    }
}

pub(super) fn failure(error: &Error) -> Failure {
    Failure { code: code_of(error.kind()), message: error.message().into() }
}

/// What an error is for clients.
fn code_of(kind: ErrorKind) -> ErrorCode {
    match kind {
        ErrorKind::InvalidArgument | ErrorKind::NotADirectory => ErrorCode::Invalid,
        ErrorKind::StaleId
        | ErrorKind::NotFound
        | ErrorKind::ProgramNotFound
        | ErrorKind::WorkingDirectory => ErrorCode::NotFound,
        ErrorKind::LimitReached | ErrorKind::OutOfPtys | ErrorKind::OutOfDescriptors => {
            ErrorCode::Limit
        }
        ErrorKind::PermissionDenied | ErrorKind::Forbidden => ErrorCode::Forbidden,
        ErrorKind::Closing | ErrorKind::Ended | ErrorKind::EngineGone => ErrorCode::Ended,
        ErrorKind::NoScreen => ErrorCode::NoScreen,
        ErrorKind::Skipped => ErrorCode::Skipped,
        ErrorKind::Conflict => ErrorCode::Conflict,
        ErrorKind::NotExecutable
        | ErrorKind::Disconnected
        | ErrorKind::Forked
        | ErrorKind::System => ErrorCode::System,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::protocol::{Hello, NoticeKind};

    /// Whatever way a client asks for notices, it pays the same.
    #[test]
    fn a_hello_pays_for_its_notices() {
        let cost = |notices: Vec<NoticeKind>| {
            let hello: Hello = serde_json::from_str("{}").unwrap();
            let hello = Hello { notices, ..hello };
            cost_of(&Body::Message(ClientMessage::Hello(hello)))
        };
        let kinds = vec![NoticeKind::Bell];
        let message = ClientMessage::Notices { kinds: kinds.clone() };
        assert_eq!(cost(kinds) - cost(Vec::new()), cost_of(&Body::Message(message)));
    }
}
