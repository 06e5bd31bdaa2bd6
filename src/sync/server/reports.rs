//! What a listener reports of the engine over HTTP, beside its pages.
//!
//! The server decides who may have a report, and keeps the request until the engine has made it: see
//! [`Server::poll_report`](super::Server::poll_report) and [`Server::answer_report`](super::Server::answer_report).

use crate::id::ClientId;
use crate::sync::access::Action;

/// Requests for reports under way, until their responses are sent: each keeps a text.
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

/// The response to a request for a report.
#[derive(Debug)]
pub(crate) struct ReportReply {
    pub(crate) status: u16,
    pub(crate) media_type: &'static str,
    /// `None` if only the head was wanted and the text was not made for it.
    pub(crate) text: Option<Vec<u8>>,
}
