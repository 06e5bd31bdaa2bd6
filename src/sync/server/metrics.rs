//! What the server has counted and measured, as plain numbers.

use super::clients::Clients;
use crate::error::{Error, ErrorKind, Result};
use crate::id::ClientId;
use crate::observe::{ClientMetrics, Metrics};

impl Clients {
    /// The server's part of the figures of the engine.
    pub(super) fn fill_metrics(&self, metrics: &mut Metrics) {
        let totals = &self.totals;
        metrics.connections = self.table.len() as u64;
        metrics.clients = self.admission.authenticated_count() as u64;
        metrics.connections_accepted = totals.accepted;
        metrics.requests_refused = totals.refused.sorted();
        metrics.clients_closed = totals.closed.sorted();
        metrics.client_errors = totals.errors.sorted();
        metrics.client_traffic = totals.traffic;
        metrics.client_partial_bytes = self.unfinished.bytes() as u64;
        metrics.client_gaps = totals.gaps;
        metrics.client_round_trip = totals.round_trip.distribution();
        metrics.diff_age = totals.diff_age.distribution();
        metrics.diff_bytes = totals.diff_bytes.distribution();
        for client in self.table.values() {
            metrics.client_queued_bytes += client.transport.queued_bytes() as u64;
            metrics.client_gaps.add(client.figures.gaps);
        }
    }

    /// The figures of a client that has authenticated.
    pub(super) fn metrics(&self, id: ClientId) -> Result<ClientMetrics> {
        let client = self.get(id)?;
        if !client.is_open() {
            return Err(Error::new(
                ErrorKind::StaleId,
                "the client is being closed, or is none yet",
            ));
        }
        let figures = &client.figures;
        let [round_trip, diff_age, diff_bytes] = figures.diffs();
        Ok(ClientMetrics {
            id,
            traffic: client.transport.traffic(figures.received_messages),
            queued_bytes: client.transport.queued_bytes() as u64,
            queued_messages: client.transport.queued_frames() as u64,
            attachments: client.attachments.len() as u64,
            gaps: figures.gaps,
            round_trip,
            diff_bytes,
            diff_age,
        })
    }
}
