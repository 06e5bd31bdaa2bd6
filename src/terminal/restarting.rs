//! Starting a program again that has ended, in a new terminal; `policy/restart.rs` decides when.
//!
//! ```text
//!   running ── its exit is reported ──▶ waiting ── the time has come ──▶ a new terminal, running
//!                                        │   ▲                 │
//!                 attempts are used up ──┘   └── not started ──┘
//! ```
//!
//! A series belongs to one terminal at a time: the one with the program, then the one that has ended, until the next
//! one is there. Closing that one ends the series; closing an earlier one is only that. A series goes on when the exit
//! is *reported*, so a host that does not read has no more than one ended terminal of it. It has one timer: for the
//! next start, or, after failures, for the moment when the run counts as stable.
//!
//! Reports of a series come before all other events, so the new terminal is named before it has events of its own.
//! Of what is unreported of a terminal the newest counts.

use std::time::{Duration, Instant};

use super::child::ExitStatus;
use super::event::PendingEvent;
use super::restart_report::{Report, Reported};
use super::series::Series;
use super::table::Terminals;
use crate::error::{Error, Result};
use crate::id::TerminalId;
use crate::limits::MEMORY_USED_UP;
use crate::policy::{BreakerState, NextStart};
use crate::reactor::Reactor;

impl Terminals {
    /// The exit of a program was reported.
    pub(super) fn on_exit_reported(
        &mut self,
        id: TerminalId,
        status: ExitStatus,
        reactor: &mut Reactor,
    ) {
        let Ok(terminal) = self.table.get_mut(id) else { return };
        let Some(mut series) = terminal.series.take() else { return };
        series.cancel(reactor);
        let now = reactor.now();
        let run = (terminal.started, terminal.ending.ended.unwrap_or(now));
        let next = series.restarts.on_ended(run, status.success(), now, reactor.random());
        self.wait_for_start(id, series, next, reactor);
    }

    /// It is time for a start, or a run is stable.
    pub(super) fn on_restart_alarm(&mut self, id: TerminalId, reactor: &mut Reactor) {
        let Ok(terminal) = self.table.get_mut(id) else { return };
        let Some(mut series) = terminal.series.take() else { return };
        series.timer = None;
        if series.until.take().is_none() {
            // What has ended by now is judged by how long it ran.
            if terminal.ending.ended.is_none() {
                series.restarts.on_stable(reactor.now());
            }
            terminal.series = Some(series);
            self.note_changes(id);
            return self.touch(id);
        }
        series.restarts.on_start(reactor.now());
        series.options.size = terminal.resizer.target();
        let size_policy = terminal.size_policy;
        match self.admit_start().and_then(|()| self.start(&series.options, reactor)) {
            Ok(new) => {
                if let Ok(terminal) = self.table.get_mut(new) {
                    terminal.size_policy = size_policy;
                }
                self.hand_over(id, new, series, reactor);
            }
            Err(error) => {
                let next = series.restarts.on_not_started(reactor.now(), reactor.random());
                series.last_error = Some(error);
                self.wait_for_start(id, series, next, reactor);
            }
        }
    }

    /// A start is refused as a new terminal of the host is, while the engine has no memory for one.
    fn admit_start(&self) -> Result<()> {
        if self.is_out_of_memory() {
            return Err(Error::limit(MEMORY_USED_UP));
        }
        Ok(())
    }

    /// The ended terminal keeps the series until the next start, if there is one.
    fn wait_for_start(
        &mut self,
        id: TerminalId,
        mut series: Box<Series>,
        next: NextStart,
        reactor: &mut Reactor,
    ) {
        match next {
            NextStart::At(at) => {
                series.until = Some(at);
                series.is_broken = series.restarts.breaker(reactor.now()) == BreakerState::Open;
                series.set_timer(at, id, reactor);
            }
            NextStart::GivenUp => series.given_up = true,
            NextStart::Never => return self.note_changes(id),
        }
        if let Ok(terminal) = self.table.get_mut(id) {
            terminal.series = Some(series);
        }
        self.note_changes(id);
        self.report_restart(id, Report::Series);
    }

    /// The new terminal has the series from now on.
    fn hand_over(
        &mut self,
        old: TerminalId,
        new: TerminalId,
        mut series: Box<Series>,
        reactor: &mut Reactor,
    ) {
        let attempts = series.restarts.attempts();
        series.last_error = None;
        series.ended.retain(|id| self.table.get(*id).is_ok());
        series.ended.push_back(old);
        let excess = series.ended.len().saturating_sub(series.restarts.policy().kept());
        let closing: Vec<_> = series.ended.drain(..excess).collect();
        if let Ok(terminal) = self.table.get_mut(new) {
            if let Some(at) = series.restarts.stable_at(terminal.started) {
                series.set_timer(at, new, reactor);
            }
            terminal.series = Some(series);
        }
        self.note_changes(old);
        self.note_changes(new);
        self.report_restart(old, Report::Started(new, attempts));
        self.restarted.push((old, new));
        for id in closing {
            // Its program has ended.
            let _ = self.close(id, Duration::ZERO, reactor);
        }
    }

    /// A terminal is being closed: its program is not started again.
    pub(super) fn end_series(&mut self, id: TerminalId, reactor: &mut Reactor) {
        let Ok(terminal) = self.table.get_mut(id) else { return };
        if let Some(mut series) = terminal.series.take() {
            series.cancel(reactor);
            self.note_changes(id);
        }
        let Ok(terminal) = self.table.get_mut(id) else { return };
        if matches!(terminal.restart_report, Some(Report::Series)) {
            terminal.restart_report = None;
            self.restart_reports.retain(|reporting| *reporting != id);
        }
    }

    fn report_restart(&mut self, id: TerminalId, report: Report) {
        if let Ok(terminal) = self.table.get_mut(id)
            && terminal.restart_report.replace(report).is_none()
        {
            self.restart_reports.push_back(id);
        }
    }

    /// Takes what is unreported of a restart.
    pub(super) fn take_restart_report(
        &mut self,
        now: Instant,
    ) -> Option<(TerminalId, u64, PendingEvent)> {
        while let Some(id) = self.restart_reports.pop_front() {
            let Ok(terminal) = self.table.get_mut(id) else { continue };
            let reported = match terminal.restart_report.take() {
                Some(Report::Started(terminal, attempts)) => {
                    Some(Reported::Started { terminal, attempts })
                }
                Some(Report::Series) => {
                    terminal.series.as_ref().and_then(|series| series.report(now))
                }
                None => None,
            };
            if let Some(reported) = reported {
                self.last_event.restart = Some(reported);
                return Some((id, terminal.tag, PendingEvent::Restart));
            }
        }
        None
    }

    /// Moves the terminals out that were started in place of others since the last call: old and new.
    pub(crate) fn take_restarted(&mut self) -> Vec<(TerminalId, TerminalId)> {
        std::mem::take(&mut self.restarted)
    }
}
