//! The panes of `serve`: every terminal has one, with a short number.
//!
//! Clients start terminals, too, so the state is checked after every change. A number belongs to its
//! terminal and is never reused; the shell's pane keeps its number when a new shell replaces the old
//! one. A pane that a client removes is not created again.

use std::collections::BTreeMap;

use orchflow::{
    Change, ChangeOp, ChangeSet, Engine, Metadata, Pane, PaneContent, Session, StateVersion,
    StateView, TerminalId,
};

use crate::failure::Failure;
use crate::log::Log;
use crate::names::{NUMBER, number, pane_id};

const SESSION: &str = "main";
/// The pane of the shell that `serve` starts, and its number.
const SHELL: &str = "shell";
const SHELL_NUMBER: u32 = 1;

pub(crate) struct Panes {
    /// The title of the shell's pane.
    name: String,
    /// The terminal that it showed last.
    shown: Option<TerminalId>,
    /// The number of each terminal.
    numbers: BTreeMap<u64, u32>,
    last: u32,
    /// The state that was looked through.
    seen: Option<StateVersion>,
    log: Log,
}

impl Panes {
    /// `name`: what the shell's terminal is called.
    pub(crate) fn new(name: Option<&str>, log: Log) -> Self {
        Panes {
            name: name.unwrap_or(SHELL).into(),
            shown: None,
            numbers: BTreeMap::new(),
            last: SHELL_NUMBER,
            seen: None,
            log,
        }
    }

    /// Has the shell's pane show a new shell, unless a client had it show something else.
    pub(crate) fn show_shell(
        &mut self,
        engine: &mut Engine,
        shell: TerminalId,
    ) -> Result<(), Failure> {
        let state = engine.application_state()?;
        let mut pane = state.pane(SHELL).map(|(pane, _)| pane.clone()).unwrap_or_else(|| Pane {
            session: SESSION.into(),
            title: self.name.clone(),
            ..Pane::default()
        });
        let last = self.shown.map(|id| PaneContent::Terminal(id.to_u64()));
        if pane.content != PaneContent::Empty && Some(&pane.content) != last.as_ref() {
            return Ok(());
        }
        let mut changes = ChangeSet::default();
        require_session(state, &pane.session, &mut changes);
        pane.content = PaneContent::Terminal(shell.to_u64());
        set_number(&mut pane.metadata, SHELL_NUMBER);
        push(&mut changes, Change::PutPane { id: SHELL.into(), pane });
        self.numbers.insert(shell.to_u64(), SHELL_NUMBER);
        self.shown = Some(shell);
        engine.change_state(&changes)?;
        Ok(())
    }

    /// The shell was started again: the engine has its panes show the new terminal, which has the same number.
    pub(crate) fn follow(&mut self, old: TerminalId, new: TerminalId) {
        if let Some(number) = self.numbers.get(&old.to_u64()) {
            self.numbers.insert(new.to_u64(), *number);
        }
        self.shown = Some(new);
    }

    /// Gives each terminal a pane and a number, and takes away the panes of those that are gone.
    pub(crate) fn update(&mut self, engine: &mut Engine) -> Result<(), Failure> {
        let state = engine.application_state()?;
        if self.seen == Some(state.version()) {
            return Ok(());
        }
        self.seen = Some(state.version());
        let mut changes = ChangeSet::default();
        for (id, pane, _) in state.panes() {
            let is_ours = id.starts_with("terminal-") && number(pane).is_some();
            if is_ours && pane.content == PaneContent::Empty {
                push(&mut changes, Change::RemovePane { id: id.into() });
            }
        }
        self.numbers.retain(|id, _| state.terminal(*id).is_some());
        let mut terminals: Vec<u64> = state.terminals().map(|(id, ..)| id).collect();
        terminals.sort_unstable();
        for terminal in terminals {
            self.number_one(state, terminal, &mut changes);
        }
        if changes.ops.is_empty() {
            return Ok(());
        }
        if let Err(error) = engine.change_state(&changes) {
            self.log.warn(&format!("cannot number a terminal: {error}"));
        }
        Ok(())
    }

    fn number_one(&mut self, state: &StateView, terminal: u64, changes: &mut ChangeSet) {
        let content = PaneContent::Terminal(terminal);
        let panes = || state.panes().filter(|(_, pane, _)| pane.content == content);
        if panes().any(|(_, pane, _)| number(pane).is_some()) {
            return;
        }
        let is_new = !self.numbers.contains_key(&terminal);
        let number = *self.numbers.entry(terminal).or_insert_with(|| {
            self.last += 1;
            self.last
        });
        let found = panes().min_by_key(|(id, ..)| *id);
        let (id, mut pane) = match found {
            Some((id, pane, _)) => (id.to_owned(), pane.clone()),
            None if !is_new => return,
            None => {
                let pane = Pane { session: SESSION.into(), content, ..Pane::default() };
                (pane_id(terminal), pane)
            }
        };
        require_session(state, &pane.session, changes);
        set_number(&mut pane.metadata, number);
        push(changes, Change::PutPane { id, pane });
    }
}

fn push(changes: &mut ChangeSet, change: Change) {
    changes.ops.push(ChangeOp { change, base: None });
}

fn set_number(metadata: &mut Metadata, number: u32) {
    metadata.insert(NUMBER.into(), number.to_string());
}

/// A pane needs its session.
fn require_session(state: &StateView, id: &str, changes: &mut ChangeSet) {
    let is_put =
        |op: &ChangeOp| matches!(&op.change, Change::PutSession { id: put, .. } if put == id);
    if state.session(id).is_none() && !changes.ops.iter().any(is_put) {
        let session = Session { name: "Demo".into(), ..Session::default() };
        push(changes, Change::PutSession { id: id.into(), session });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use orchflow::{Config, SpawnOptions, TerminalFilter};

    use super::*;
    use crate::log::Level;
    use crate::names::{all, find};

    fn log() -> Log {
        Log::new(Level::Info, None)
    }

    fn spawn(engine: &mut Engine) -> TerminalId {
        engine.spawn(&SpawnOptions::program("cat")).unwrap()
    }

    fn numbers(engine: &mut Engine) -> Vec<(u64, Option<u32>)> {
        let state = engine.application_state().unwrap();
        all(state).iter().map(|each| (each.id, each.number)).collect()
    }

    fn close(engine: &mut Engine, id: TerminalId) {
        engine.close(id, Duration::ZERO).unwrap();
        while engine.terminals(TerminalFilter::All).contains(&id) {
            engine.turn(Some(Duration::from_secs(60))).unwrap();
            while engine.next_event().unwrap().is_some() {}
        }
    }

    #[test]
    fn numbers_stay_and_are_not_given_twice() {
        let mut engine = Engine::new(Config::default()).unwrap();
        let mut panes = Panes::new(Some("main one"), log());
        let shell = spawn(&mut engine);
        panes.show_shell(&mut engine, shell).unwrap();
        let second = spawn(&mut engine);
        let third = spawn(&mut engine);
        panes.update(&mut engine).unwrap();
        let [one, two, three] = [shell, second, third].map(TerminalId::to_u64);
        assert_eq!(numbers(&mut engine), [(one, Some(1)), (two, Some(2)), (three, Some(3))]);
        let state = engine.application_state().unwrap();
        assert_eq!(find(state, "main one").unwrap().id, one);
        close(&mut engine, second);
        let fourth = spawn(&mut engine);
        panes.update(&mut engine).unwrap();
        let four = fourth.to_u64();
        assert_eq!(numbers(&mut engine), [(one, Some(1)), (three, Some(3)), (four, Some(4))]);
        assert!(engine.application_state().unwrap().pane(&pane_id(two)).is_none());
        // The next shell has the number of the one before.
        close(&mut engine, shell);
        let next = spawn(&mut engine);
        panes.show_shell(&mut engine, next).unwrap();
        panes.update(&mut engine).unwrap();
        let state = engine.application_state().unwrap();
        assert_eq!(find(state, "1").unwrap().id, next.to_u64());
    }

    #[test]
    fn a_name_from_a_client_keeps_the_number() {
        let mut engine = Engine::new(Config::default()).unwrap();
        let mut panes = Panes::new(None, log());
        let shell = spawn(&mut engine);
        panes.show_shell(&mut engine, shell).unwrap();
        let second = spawn(&mut engine).to_u64();
        panes.update(&mut engine).unwrap();
        let content = PaneContent::Terminal(second);
        let pane = Pane { session: SESSION.into(), title: "b".into(), content, ..Pane::default() };
        let mut changes = ChangeSet::default();
        push(&mut changes, Change::PutPane { id: pane_id(second), pane });
        engine.change_state(&changes).unwrap();
        panes.update(&mut engine).unwrap();
        let state = engine.application_state().unwrap();
        let found = find(state, "b").unwrap();
        assert_eq!((found.id, found.number), (second, Some(2)));
        // One that is taken away stays away.
        let mut changes = ChangeSet::default();
        push(&mut changes, Change::RemovePane { id: pane_id(second) });
        engine.change_state(&changes).unwrap();
        panes.update(&mut engine).unwrap();
        assert!(engine.application_state().unwrap().pane(&pane_id(second)).is_none());
    }
}
