//! What a listener reports of the engine over HTTP, beside its pages.
//!
//! The server decides who may have a report, and keeps the request until the engine has made it: see
//! [`Server::poll_report`](super::Server::poll_report) and [`Server::answer_report`](super::Server::answer_report).

use std::collections::VecDeque;

use crate::id::ClientId;
use crate::sync::access::Action;

/// Requests for long reports under way, until their responses are sent: each keeps a text.
pub(super) const REPORTS_MAX: usize = 8;

/// Something that is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// `/metrics`: the figures of the engine.
    Metrics,
    /// `/healthz`: the health of the engine, with details for whoever has a token.
    Health,
}

/// What a listener reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reports {
    pub(crate) metrics: bool,
    pub(crate) health: bool,
    /// No client may connect.
    pub(crate) only: bool,
}

impl Reports {
    pub(super) fn is_empty(self) -> bool {
        !self.metrics && !self.health
    }

    /// The report at a path.
    pub(super) fn at(self, path: &str) -> Option<Report> {
        match path {
            "/metrics" if self.metrics => Some(Report::Metrics),
            "/healthz" if self.health => Some(Report::Health),
            _ => None,
        }
    }
}

impl Report {
    /// What the token of a request has to allow, if there is one.
    pub(super) fn action(self) -> Action<'static> {
        match self {
            Report::Metrics => Action::ReadMetrics,
            Report::Health => Action::ReadHealth,
        }
    }

    /// Whether it is long, so that few may be under way. The health is short, and a supervisor would take a refusal for
    /// a failure.
    pub(super) fn needs_place(self) -> bool {
        match self {
            Report::Metrics => true,
            Report::Health => false,
        }
    }

    /// Whether a request without a token gets nothing.
    pub(super) fn needs_token(self) -> bool {
        match self {
            Report::Metrics => true,
            Report::Health => false,
        }
    }
}

/// A request for a report, which waits for [`ReportReply`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReportRequest {
    pub(crate) client: ClientId,
    pub(crate) report: Report,
    /// Only the head of the response is wanted.
    pub(crate) is_head: bool,
    /// It showed a token that allows it.
    pub(crate) has_token: bool,
}

/// Requests that the engine has not taken, and the places of long reports.
#[derive(Debug, Default)]
pub(super) struct ReportQueue {
    /// Those that need no place. They go first.
    short: VecDeque<ReportRequest>,
    long: VecDeque<ReportRequest>,
    /// Connections that have a place, until their response is sent or they are gone.
    taken: usize,
}

impl ReportQueue {
    /// A request waits; `false` if it needs a place and there is none.
    pub(super) fn push(&mut self, request: ReportRequest) -> bool {
        if !request.report.needs_place() {
            self.short.push_back(request);
            return true;
        }
        let has_place = self.taken < REPORTS_MAX;
        if has_place {
            self.taken += 1;
            self.long.push_back(request);
        }
        has_place
    }

    /// A connection that had a place is gone, or has got its report.
    pub(super) fn leave(&mut self) {
        self.taken -= 1;
    }

    /// The next request; `only_short`: if it is for a short report.
    pub(super) fn pop(&mut self, only_short: bool) -> Option<ReportRequest> {
        let short = self.short.pop_front();
        short.or_else(|| if only_short { None } else { self.long.pop_front() })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.short.is_empty() && self.long.is_empty()
    }
}

/// The response to a request for a report.
#[derive(Debug)]
pub(crate) struct ReportReply {
    pub(crate) status: u16,
    pub(crate) media_type: &'static str,
    /// `None` if only the head was wanted and the text was not made for it.
    pub(crate) text: Option<Vec<u8>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The health is answered before figures that wait, however many there are, and is never refused.
    #[test]
    fn the_health_goes_first_and_takes_no_place() {
        let request = |number: usize, report| ReportRequest {
            client: ClientId::from_u64(number as u64),
            report,
            is_head: false,
            has_token: true,
        };
        let mut queue = ReportQueue::default();
        for number in 0..20 {
            assert_eq!(queue.push(request(number, Report::Metrics)), number < REPORTS_MAX);
            assert!(queue.push(request(100 + number, Report::Health)));
        }
        let mut pop = |only_short| queue.pop(only_short).map(|found| found.client.to_u64());
        for number in 0..20 {
            assert_eq!(pop(number % 2 == 0), Some(100 + number));
        }
        assert_eq!((pop(true), pop(false)), (None, Some(0)));
        // A place is free once the response is sent.
        assert!(!queue.push(request(30, Report::Metrics)));
        queue.leave();
        assert!(queue.push(request(30, Report::Metrics)));
        while queue.pop(false).is_some() {}
        assert!(queue.is_empty());
    }
}
