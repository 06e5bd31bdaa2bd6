//! A change set tried out beside the store: operations and their cascades are carried out on copies of
//! the entries that they touch, checked as a whole, and become a plan that cannot fail.

use std::collections::{BTreeMap, HashSet};

use super::change_set::{Change, ChangeOp, ChangeSet, Refusal};
use super::entry::{Collection, Entry, KeyRef, Pane, PaneContent, Session};
use super::rules;
use super::store::{ApplicationState, Plan};
use crate::limits::MEMORY_USED_UP;

/// An entry that was touched.
struct Touched<T> {
    value: Option<T>,
    /// The operation that put it last; `None`: it was touched by cascades alone.
    put: Option<usize>,
}

pub(super) struct Draft<'a> {
    state: &'a ApplicationState,
    sessions: BTreeMap<String, Touched<Session>>,
    panes: BTreeMap<String, Touched<Pane>>,
    /// By session, the panes that came to it, in the order of the operations: they are appended at the end
    /// if they are still there and not listed.
    joined: BTreeMap<String, Vec<String>>,
}

impl<'a> Draft<'a> {
    /// What the change set comes to, or why it is refused.
    pub(super) fn plan(state: &'a ApplicationState, set: &ChangeSet) -> Result<Plan, Refusal> {
        if set.ops.len() > state.limits.state_change_ops {
            return Err(Refusal::Limit { message: "state_change_ops: too many operations" });
        }
        let (sessions, panes) = (BTreeMap::new(), BTreeMap::new());
        let mut draft = Draft { state, sessions, panes, joined: BTreeMap::new() };
        for (index, op) in set.ops.iter().enumerate() {
            draft.check_base(index, op)?;
            draft.carry_out(index, &op.change)?;
        }
        draft.append_joined();
        draft.check_references()?;
        let plan = Plan {
            sessions: draft.sessions.into_iter().map(|(id, of)| (id, of.value)).collect(),
            panes: draft.panes.into_iter().map(|(id, of)| (id, of.value)).collect(),
        };
        plan.check_limits(state)?;
        Ok(plan)
    }

    fn session(&self, id: &str) -> Option<&Session> {
        match self.sessions.get(id) {
            Some(touched) => touched.value.as_ref(),
            None => self.state.session(id).map(|(session, _)| session),
        }
    }

    fn pane(&self, id: &str) -> Option<&Pane> {
        match self.panes.get(id) {
            Some(touched) => touched.value.as_ref(),
            None => self.state.pane(id).map(|(pane, _)| pane),
        }
    }

    /// A copy of a session to change its list, if it is there.
    fn touch(&mut self, id: &str) -> Option<&mut Session> {
        if !self.sessions.contains_key(id) {
            let value = Some(self.state.session(id)?.0.clone());
            self.sessions.insert(id.into(), Touched { value, put: None });
        }
        self.sessions.get_mut(id)?.value.as_mut()
    }

    fn check_base(&self, index: usize, op: &ChangeOp) -> Result<(), Refusal> {
        let key = op.change.key();
        let version = match key {
            KeyRef::Session(id) => self.state.session(id).map(|(_, version)| version),
            KeyRef::Pane(id) => self.state.pane(id).map(|(_, version)| version),
            KeyRef::Terminal(_) | KeyRef::File(_) => None,
        };
        let version = version.unwrap_or(0);
        match op.base {
            Some(base) if base != version => {
                Err(Refusal::Conflict { index, key: key.to_key(), version })
            }
            _ => Ok(()),
        }
    }

    fn carry_out(&mut self, index: usize, change: &Change) -> Result<(), Refusal> {
        let checked = match change {
            Change::PutSession { id, session } => {
                rules::check_id(id).and_then(|()| rules::check_session(session))
            }
            Change::PutPane { id, pane } => {
                rules::check_id(id).and_then(|()| rules::check_pane(pane))
            }
            // An id that no entry can have names none.
            Change::RemoveSession { .. } | Change::RemovePane { .. } => Ok(()),
        };
        checked.map_err(|message| Refusal::invalid(index, message))?;
        match change {
            Change::PutSession { id, session } => self.put_session(index, id, session)?,
            Change::RemoveSession { id } => self.remove_session(id),
            Change::PutPane { id, pane } => self.put_pane(index, id, pane),
            Change::RemovePane { id } => {
                if let Some(pane) = self.pane(id) {
                    let session = pane.session.clone();
                    self.leave(&session, id);
                    self.panes.insert(id.clone(), Touched { value: None, put: None });
                }
            }
        }
        Ok(())
    }

    fn put_session(&mut self, index: usize, id: &str, session: &Session) -> Result<(), Refusal> {
        // Bounds what a list costs before it is looked through.
        if session.panes.len() > self.state.limits.state_session_panes {
            return Err(Refusal::Limit { message: SESSION_PANES });
        }
        let mut session = session.clone();
        if let Some(old) = self.session(id) {
            let listed: HashSet<&str> = session.panes.iter().map(String::as_str).collect();
            let left_out = |pane: &&String| !listed.contains(pane.as_str());
            let kept: Vec<String> = old.panes.iter().filter(left_out).cloned().collect();
            session.panes.extend(kept);
        }
        self.sessions.insert(id.into(), Touched { value: Some(session), put: Some(index) });
        Ok(())
    }

    fn remove_session(&mut self, id: &str) {
        let Some(session) = self.session(id) else { return };
        let mut panes = session.panes.clone();
        panes.extend(self.joined.remove(id).into_iter().flatten());
        for pane in panes {
            if self.pane(&pane).is_some_and(|pane| pane.session == id) {
                self.panes.insert(pane, Touched { value: None, put: None });
            }
        }
        self.sessions.insert(id.into(), Touched { value: None, put: None });
    }

    fn put_pane(&mut self, index: usize, id: &str, pane: &Pane) {
        let old = self.pane(id).map(|old| old.session.clone());
        if old.as_ref() != Some(&pane.session) {
            if let Some(old) = old {
                self.leave(&old, id);
            }
            self.joined.entry(pane.session.clone()).or_default().push(id.into());
        }
        let touched = Touched { value: Some(pane.clone()), put: Some(index) };
        self.panes.insert(id.into(), touched);
    }

    /// Takes a pane out of a session's list.
    fn leave(&mut self, session: &str, pane: &str) {
        if let Some(session) = self.touch(session)
            && let Some(at) = session.panes.iter().position(|listed| listed == pane)
        {
            session.panes.remove(at);
        }
    }

    /// Appends to each list the panes that came to the session, in the order in which they came last.
    fn append_joined(&mut self) {
        for (id, joined) in std::mem::take(&mut self.joined) {
            let Some(session) = self.session(&id) else { continue };
            let mut listed: HashSet<&str> = session.panes.iter().map(String::as_str).collect();
            let mut last_first = Vec::new();
            for pane in joined.iter().rev() {
                let here = self.pane(pane).is_some_and(|pane| pane.session == id);
                if here && listed.insert(pane) {
                    last_first.push(pane.clone());
                }
            }
            if !last_first.is_empty()
                && let Some(session) = self.touch(&id)
            {
                session.panes.extend(last_first.into_iter().rev());
            }
        }
    }

    fn check_references(&self) -> Result<(), Refusal> {
        for (id, touched) in &self.panes {
            let (Some(pane), Some(index)) = (&touched.value, touched.put) else { continue };
            if self.session(&pane.session).is_none() {
                let message = format!("the pane {id:?} names no session: {:?}", pane.session);
                return Err(Refusal::invalid(index, message));
            }
            if let PaneContent::Terminal(terminal) = pane.content
                && self.state.terminal(terminal).is_none()
            {
                let message = format!("the pane {id:?} shows no terminal: {terminal}");
                return Err(Refusal::invalid(index, message));
            }
        }
        for (id, touched) in &self.sessions {
            let (Some(session), Some(index)) = (&touched.value, touched.put) else { continue };
            let foreign = |pane: &&String| self.pane(pane).is_none_or(|pane| pane.session != *id);
            if let Some(pane) = session.panes.iter().find(foreign) {
                let message = format!("the session {id:?} lists a pane that is not its: {pane:?}");
                return Err(Refusal::invalid(index, message));
            }
        }
        Ok(())
    }
}

const SESSION_PANES: &str = "state_session_panes: too many panes in a session";

impl Plan {
    /// Refuses growth past the bounds; what is past them already may shrink.
    fn check_limits(&self, state: &ApplicationState) -> Result<(), Refusal> {
        let limits = &state.limits;
        let (mut made, mut unmade, mut old, mut new) = ([0; 2], [0; 2], 0, 0);
        for (id, session) in &self.sessions {
            let before = state.session(id);
            made[0] += usize::from(session.is_some());
            unmade[0] += usize::from(before.is_some());
            old += before.map_or(0, |(value, n)| Entry::Session(id, value, n).bytes());
            let Some(session) = session else { continue };
            new += Entry::Session(id, session, 0).bytes();
            let grows = before.is_none_or(|(old, _)| old.panes.len() < session.panes.len());
            if grows && session.panes.len() > limits.state_session_panes {
                return Err(Refusal::Limit { message: SESSION_PANES });
            }
        }
        for (id, pane) in &self.panes {
            let before = state.pane(id);
            made[1] += usize::from(pane.is_some());
            unmade[1] += usize::from(before.is_some());
            old += before.map_or(0, |(value, n)| Entry::Pane(id, value, n).bytes());
            new += pane.as_ref().map_or(0, |value| Entry::Pane(id, value, 0).bytes());
        }
        let is_short = state.bytes_max < limits.state_bytes;
        let too_large =
            if is_short { MEMORY_USED_UP } else { "state_bytes: the state is too large" };
        let [sessions, panes] = [Collection::Sessions, Collection::Panes].map(|of| state.count(of));
        let checks = [
            (sessions, unmade[0], made[0], limits.state_sessions, "state_sessions: too many"),
            (panes, unmade[1], made[1], limits.state_panes, "state_panes: too many"),
            (state.bytes(), old, new, state.bytes_max, too_large),
        ];
        for (now, old, new, max, message) in checks {
            if new > old && now - old + new > max {
                return Err(Refusal::Limit { message });
            }
        }
        Ok(())
    }
}
