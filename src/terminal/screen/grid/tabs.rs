//! Tab stops. In the beginning every eighth column has one, and nothing is stored.

/// Columns between the stops that are there in the beginning.
const EVERY: usize = 8;

/// See the module's documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tabs {
    stops: Option<Vec<bool>>,
}

impl Tabs {
    pub(super) fn is_stop(&self, col: usize) -> bool {
        self.stops
            .as_ref()
            .and_then(|stops| stops.get(col).copied())
            .unwrap_or(col.is_multiple_of(EVERY))
    }

    /// The stop after a column, or this limit if there is none before it.
    pub(super) fn next(&self, col: usize, limit: usize) -> usize {
        match &self.stops {
            None => ((col / EVERY + 1) * EVERY).min(limit),
            Some(stops) => {
                let mut cols = col + 1..limit.min(stops.len());
                cols.find(|col| stops[*col]).unwrap_or(limit)
            }
        }
    }

    pub(super) fn previous(&self, col: usize) -> Option<usize> {
        (0..col).rev().find(|col| self.is_stop(*col))
    }

    fn list(&mut self, cols: usize) -> &mut Vec<bool> {
        let stops = self.stops.get_or_insert_with(Vec::new);
        let known = stops.len();
        stops.extend((known..cols.max(known)).map(|col| col.is_multiple_of(EVERY)));
        stops
    }

    pub(super) fn set(&mut self, col: usize, on: bool, cols: usize) {
        if let Some(stop) = self.list(cols).get_mut(col) {
            *stop = on;
        }
    }

    /// A stop in every so many columns; none at all for 0.
    pub(super) fn every(&mut self, every: usize, cols: usize) {
        let stops = self.list(cols);
        for (col, stop) in stops.iter_mut().enumerate() {
            *stop = every > 0 && col.is_multiple_of(every);
        }
    }

    /// Another width: columns that come get a stop where they would have one in the beginning.
    pub(super) fn set_cols(&mut self, cols: usize) {
        if let Some(stops) = &mut self.stops {
            stops.truncate(cols);
            self.list(cols);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.stops.as_ref().map_or(0, Vec::capacity)
    }
}
