//! Carries out the request of the command line: finds, lists, starts and closes terminals. Also
//! handles a restarted server and the end of stdin.

use std::collections::BTreeMap;
use std::time::Duration;

use orchflow::{
    Change, ChangeOp, ChangeSet, ExitStatus, Pane, PaneContent, RemoteOp, RemoteOutcome,
    RemoteRequest, Scopes, Session as PaneSession,
};

use super::{End, Session, remark};
use crate::args::Target;
use crate::failure::Failure;
use crate::host::{Timer, window_size};
use crate::listing::{self, Details};
use crate::names::{self, Named};
use crate::nesting;
use crate::typing::can_wait;

/// The grace period of the program of a closed terminal.
const GRACE: Duration = Duration::from_secs(2);

/// How long the end of stdin waits for output that was left out on purpose.
const QUIET: Duration = Duration::from_millis(300);

/// The maximum time between the end of a program and the close of the connection by a server that
/// shuts down.
const SHUTDOWN: Duration = Duration::from_secs(3);

/// The session of a new terminal's pane, if there is none yet.
const SESSION: &str = "main";

/// The attached terminal.
pub(super) struct Found {
    pub(super) terminal: u64,
    /// The server, identified by the epoch of its state.
    epoch: u64,
    /// The name to find it by after a restart of the server.
    name: Option<String>,
    /// The pane that shows it.
    pane: Option<String>,
    /// It is missing after a reconnect, for an unknown reason.
    is_gone: bool,
    /// Its program has ended.
    ended: Option<Ended>,
    stdin_end: Option<StdinEnd>,
}

/// A program that has ended, perhaps because its server shuts down and will return.
struct Ended {
    status: ExitStatus,
    /// Fires when a server that shuts down would be gone.
    timer: Timer,
}

impl Ended {
    /// Whether the program was ended by the hangup of its terminal.
    fn is_by_hangup(&self) -> bool {
        match self.status {
            ExitStatus::Signal { signal, .. } => signal == libc::SIGHUP,
            ExitStatus::Code(code) => code == 128 + libc::SIGHUP,
            ExitStatus::Unknown => false,
        }
    }
}

/// Stdin has ended.
enum StdinEnd {
    /// The end of the output was queried.
    Asked(u64),
    /// Output up to this offset remains to be shown, unless none arrives for a while.
    Until(u64, Timer),
}

/// What is in progress.
pub(super) enum Stage {
    /// Waits for the state.
    Waiting,
    /// Waits for details of the terminals: open requests, and the answers so far.
    Listing(BTreeMap<u64, u64>, Details),
    Starting(u64),
    Closing(u64),
    Attached,
}

impl Session<'_> {
    /// The state has arrived or changed.
    pub(super) fn on_state(&mut self) -> Result<(), Failure> {
        self.awaits_state = false;
        if matches!(self.stage, Stage::Waiting) {
            return self.begin_target();
        }
        let epoch = self.epoch()?;
        let replica = self.engine.peer_replica(self.peer)?;
        let Some(found) = &self.found else { return Ok(()) };
        if found.epoch != epoch {
            return self.find_again();
        }
        if let Some(Ended { status, .. }) = found.ended {
            // Only a server that continues removes the pane or shows another terminal in it.
            let pane = found.pane.as_deref().and_then(|id| replica.pane(id));
            let is_over = match pane.map(|(pane, _)| &pane.content) {
                Some(PaneContent::Terminal(shown)) => *shown != found.terminal,
                Some(_) => false,
                None => found.pane.is_some(),
            };
            if is_over || found.is_gone {
                self.end = Some(End::Status(status));
            }
        } else if found.is_gone {
            return Err(closed());
        }
        Ok(())
    }

    fn epoch(&self) -> Result<u64, Failure> {
        let version = self.engine.peer_replica(self.peer)?.version();
        Ok(version.unwrap_or_default().epoch)
    }

    fn begin_target(&mut self) -> Result<(), Failure> {
        match &self.options.target {
            Target::List => self.list(),
            Target::Only => {
                let terminals = names::all(self.engine.peer_replica(self.peer)?);
                let running: Vec<_> =
                    terminals.iter().filter(|each| each.metadata.running).collect();
                let found = match (&running[..], &terminals[..]) {
                    ([only], _) => Some((only.id, only.name())),
                    ([], [only]) => Some((only.id, only.name())),
                    ([], []) => {
                        let text = "no terminals; `attach ADDRESS new` starts one";
                        return Err(Failure::Remote(text.into()));
                    }
                    _ => None,
                };
                match found {
                    Some((terminal, name)) => self.attach_to(terminal, name),
                    None => self.list(),
                }
            }
            Target::Terminal(text) => {
                let found = self.find(text)?;
                self.attach_to(found.id, found.name())
            }
            Target::New { profile, .. } => self.start_program(profile.as_deref()),
            Target::Kill(text) => {
                self.require_manage()?;
                let terminal = self.find(text)?.id;
                let close = RemoteOp::Close { grace: GRACE };
                let number = self.ask(&RemoteRequest::Batch(vec![(terminal, close)]))?;
                self.stage = Stage::Closing(number);
                Ok(())
            }
        }
    }

    fn find(&self, text: &str) -> Result<Named<'_>, Failure> {
        let replica = self.engine.peer_replica(self.peer)?;
        names::find(replica, text).map_err(Failure::Remote)
    }

    fn attach_to(&mut self, terminal: u64, name: Option<String>) -> Result<(), Failure> {
        self.refuse_nesting()?;
        let epoch = self.epoch()?;
        let replica = self.engine.peer_replica(self.peer)?;
        let shown = PaneContent::Terminal(terminal);
        let pane = replica.panes().find(|(_, pane, _)| pane.content == shown);
        let pane = pane.map(|(id, ..)| id.to_owned());
        let (ended, stdin_end) = (None, None);
        self.attach(Found { terminal, epoch, name, pane, is_gone: false, ended, stdin_end })
    }

    fn refuse_nesting(&self) -> Result<(), Failure> {
        if !nesting::is_inside(self.epoch()?) || self.options.nested {
            return Ok(());
        }
        let text = "this terminal belongs to the same server and would show itself; detach first, or \
                    use --nested";
        Err(Failure::Remote(text.into()))
    }

    fn ask(&mut self, request: &RemoteRequest) -> Result<u64, Failure> {
        let number = can_wait(self.engine.peer_request(self.peer, request))?;
        number.ok_or_else(|| Failure::Remote("the connection was lost".into()))
    }

    fn require_manage(&self) -> Result<(), Failure> {
        if self.scopes.contains(Scopes::MANAGE) {
            return Ok(());
        }
        Err(Failure::Remote("the token does not allow starting and closing terminals".into()))
    }

    // Listing.

    fn list(&mut self) -> Result<(), Failure> {
        let terminals = names::all(self.engine.peer_replica(self.peer)?);
        let running = terminals.iter().filter(|each| each.metadata.running);
        let ids: Vec<u64> = running.map(|each| each.id).collect();
        let mut asked = BTreeMap::new();
        for terminal in ids {
            let request = RemoteRequest::Query { terminal };
            // Without room for the query, its cell stays empty.
            if let Some(number) = can_wait(self.engine.peer_request(self.peer, &request))? {
                asked.insert(number, terminal);
            }
        }
        self.stage = Stage::Listing(asked, Details::new());
        self.print_list()
    }

    /// Prints the list once all answers have arrived.
    fn print_list(&mut self) -> Result<(), Failure> {
        let Stage::Listing(asked, details) = &self.stage else { return Ok(()) };
        if asked.is_empty() {
            let replica = self.engine.peer_replica(self.peer)?;
            let table = listing::table(&names::all(replica), details);
            self.end = Some(End::Done);
            self.window.output.write(&table)?;
        }
        Ok(())
    }

    // New terminals.

    fn start_program(&mut self, profile: Option<&str>) -> Result<(), Failure> {
        self.require_manage()?;
        self.refuse_nesting()?;
        if let Target::New { name: Some(name), .. } = &self.options.target
            && self.find(name).is_ok()
        {
            return Err(Failure::Remote(format!("--name {name}: already in use")));
        }
        let granted = self.engine.peer_state(self.peer)?.profiles;
        let is_granted = |name: &str| granted.iter().any(|profile| profile == name);
        let profile = match (profile, &granted[..]) {
            (Some(profile), _) if is_granted(profile) => profile.to_owned(),
            (None, [only]) => only.clone(),
            (None, _) if is_granted("shell") => "shell".into(),
            (None, []) => {
                return Err(Failure::Remote("the server grants no profile".into()));
            }
            (Some(profile), _) => {
                let text =
                    format!("{profile}: profile not granted; expected {}", granted.join(", "));
                return Err(Failure::Remote(text));
            }
            (None, several) => {
                let text = format!("new: expected a profile: {}", several.join(", "));
                return Err(Failure::Remote(text));
            }
        };
        let number = self.ask(&RemoteRequest::Spawn { profile, cwd: None, size: window_size() })?;
        self.stage = Stage::Starting(number);
        Ok(())
    }

    /// Names the pane of a new terminal; creates it if the server did not.
    fn put_name(&mut self, terminal: u64, name: &str) -> Result<(), Failure> {
        let replica = self.engine.peer_replica(self.peer)?;
        let content = PaneContent::Terminal(terminal);
        let known = replica.panes().find(|(_, pane, _)| pane.content == content);
        let (id, mut pane) = match known {
            Some((id, pane, _)) => (id.to_owned(), pane.clone()),
            None => (names::pane_id(terminal), Pane { content, ..Pane::default() }),
        };
        pane.title = name.into();
        let mut changes = ChangeSet::default();
        let mut put = |change| changes.ops.push(ChangeOp { change, base: None });
        if pane.session.is_empty() {
            let session = replica.sessions().map(|(id, ..)| id).min();
            if session.is_none() {
                put(Change::PutSession { id: SESSION.into(), session: PaneSession::default() });
            }
            pane.session = session.unwrap_or(SESSION).into();
        }
        put(Change::PutPane { id, pane });
        can_wait(self.engine.peer_change(self.peer, &changes)).map(drop)
    }

    // Answers.

    pub(super) fn on_answer(
        &mut self,
        number: u64,
        outcome: &RemoteOutcome,
    ) -> Result<(), Failure> {
        match &mut self.stage {
            Stage::Starting(asked) if *asked == number => return self.on_started(outcome),
            Stage::Closing(asked) if *asked == number => return self.on_closing(outcome),
            Stage::Listing(asked, details) => {
                if let Some(terminal) = asked.remove(&number)
                    && let RemoteOutcome::Terminal(found) = outcome
                {
                    details.insert(terminal, (**found).clone());
                }
                return self.print_list();
            }
            _ => {}
        }
        if let Some(found) = &mut self.found
            && matches!(found.stdin_end, Some(StdinEnd::Asked(asked)) if asked == number)
        {
            return self.on_output_end(outcome);
        }
        if let Some(typing) = &mut self.typing
            && let Some(text) = typing.on_answer(number, outcome)?
        {
            remark(&mut self.remarks, &text);
        }
        Ok(())
    }

    fn on_started(&mut self, outcome: &RemoteOutcome) -> Result<(), Failure> {
        let terminal = match outcome {
            RemoteOutcome::Spawned { terminal } => *terminal,
            RemoteOutcome::Failed(failure) => return Err(Failure::Remote(failure.message.clone())),
            _ => return Err(Failure::Remote("the server returned no terminal".into())),
        };
        let name = match &self.options.target {
            Target::New { name, .. } => name.clone(),
            _ => None,
        };
        if let Some(name) = &name {
            self.put_name(terminal, name)?;
        }
        self.attach_to(terminal, name)
    }

    fn on_closing(&mut self, outcome: &RemoteOutcome) -> Result<(), Failure> {
        let failure = match outcome {
            RemoteOutcome::Statuses(statuses) => statuses.first().and_then(Option::as_ref),
            RemoteOutcome::Failed(failure) => Some(failure),
            _ => None,
        };
        if let Some(failure) = failure {
            return Err(Failure::Remote(failure.message.clone()));
        }
        self.end = Some(End::Done);
        Ok(())
    }

    // The end of a terminal, of its server, and of stdin.

    /// The terminal is gone: closed, or with its server.
    pub(super) fn on_detached(&mut self) -> Result<(), Failure> {
        match &mut self.found {
            Some(found) if self.awaits_state => {
                found.is_gone = true;
                Ok(())
            }
            Some(Found { ended: Some(_), .. }) => Ok(()),
            _ => Err(closed()),
        }
    }

    /// The program has ended. A person's session waits until it is clear whether the server shuts
    /// down as well, so that it can resume after a restart.
    pub(super) fn on_ended(&mut self, status: ExitStatus) -> Result<(), Failure> {
        match &mut self.found {
            Some(found) if self.raw_mode.is_some() => {
                let timer = Timer::new().map_err(|e| Failure::Host("timerfd", e))?;
                found.ended = Some(Ended { status, timer });
            }
            _ => self.end = Some(End::Status(status)),
        }
        self.wait_for_shutdown()
    }

    /// Restarts the time that a server has to shut down, if the program has ended.
    pub(super) fn wait_for_shutdown(&self) -> Result<(), Failure> {
        let ended = self.found.as_ref().and_then(|found| found.ended.as_ref());
        let Some(Ended { timer, .. }) = ended else { return Ok(()) };
        timer.set(SHUTDOWN).map_err(|e| Failure::Host("timerfd", e))
    }

    /// The exit status of the program, if it has ended.
    pub(super) fn ended(&self) -> Option<ExitStatus> {
        Some(self.found.as_ref()?.ended.as_ref()?.status)
    }

    /// Ends once it is clear that the server did not end the program, or that the server is still
    /// there.
    pub(super) fn check_ended(&mut self) -> Result<(), Failure> {
        let Some(found) = &self.found else { return Ok(()) };
        let Some(ended) = &found.ended else { return Ok(()) };
        let is_time = ended.timer.has_fired().map_err(|e| Failure::Host("timerfd", e))?;
        if !self.link.is_up {
            // Without a connection, the time starts again with the next one.
            return Ok(());
        }
        if self.awaits_state {
            return if is_time { self.wait_for_shutdown() } else { Ok(()) };
        }
        let replica = self.engine.peer_replica(self.peer)?;
        // A program can handle the hangup and exit with any status. The state reports that, perhaps
        // after the output.
        let ended_alone = !ended.is_by_hangup()
            && replica
                .terminal(found.terminal)
                .is_some_and(|(metadata, _)| !metadata.running && !metadata.closing);
        if ended_alone || is_time {
            self.end = self.end.or(Some(End::Status(ended.status)));
        }
        Ok(())
    }

    /// The server was restarted.
    fn find_again(&mut self) -> Result<(), Failure> {
        let Some(found) = self.found.take() else { return Ok(()) };
        let name = found.name.ok_or_else(|| {
            Failure::Remote("the server was restarted and the terminal is gone".into())
        })?;
        let found = self.find(&name).map(|found| found.id);
        let terminal = found.map_err(|_| {
            let text = format!("the server was restarted and has no terminal named {name}");
            Failure::Remote(text)
        })?;
        self.attach_to(terminal, Some(name))
    }

    /// Stdin has ended and all input has arrived: shows the output up to now, then detaches.
    /// Returns whether that is done.
    pub(super) fn on_stdin_end(&mut self) -> Result<bool, Failure> {
        let replica = self.engine.peer_replica(self.peer)?;
        let Some(found) = &self.found else { return Ok(false) };
        let metadata = replica.terminal(found.terminal);
        if self.awaits_state || metadata.is_some_and(|(metadata, _)| !metadata.running) {
            // The end of a program is reported after its output.
            return Ok(false);
        }
        let terminal = found.terminal;
        match &found.stdin_end {
            None => {
                let request = RemoteRequest::Query { terminal };
                let number = can_wait(self.engine.peer_request(self.peer, &request))?;
                if let Some(found) = &mut self.found {
                    found.stdin_end = number.map(StdinEnd::Asked);
                }
                Ok(false)
            }
            Some(StdinEnd::Asked(_)) => Ok(false),
            Some(StdinEnd::Until(offset, timer)) => {
                let is_quiet = timer.has_fired().map_err(|e| Failure::Host("timerfd", e))?;
                Ok(is_quiet || self.shown >= *offset)
            }
        }
    }

    fn on_output_end(&mut self, outcome: &RemoteOutcome) -> Result<(), Failure> {
        let Some(found) = &mut self.found else { return Ok(()) };
        found.stdin_end = match outcome {
            RemoteOutcome::Terminal(found) => {
                let timer = Timer::new().map_err(|e| Failure::Host("timerfd", e))?;
                Some(StdinEnd::Until(found.log_end, timer))
            }
            // The connection was lost: queried again on the next one.
            _ => None,
        };
        self.note_output()
    }

    /// Output arrived: restarts the time without output.
    pub(super) fn note_output(&mut self) -> Result<(), Failure> {
        if let Some(found) = &self.found
            && let Some(StdinEnd::Until(_, timer)) = &found.stdin_end
        {
            timer.set(QUIET).map_err(|e| Failure::Host("timerfd", e))?;
        }
        Ok(())
    }

    /// The timer to wait for, if any.
    pub(super) fn timer(&self) -> Option<&Timer> {
        let found = self.found.as_ref()?;
        match (&found.ended, &found.stdin_end) {
            (Some(Ended { timer, .. }), _) | (_, Some(StdinEnd::Until(_, timer))) => Some(timer),
            _ => None,
        }
    }
}

fn closed() -> Failure {
    Failure::Remote("the terminal was closed".into())
}
