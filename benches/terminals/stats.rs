//! Medians, percentiles, and the table.

/// The middle of the values, the upper one of two.
pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(values, 50)
}

/// The smallest value that so many percent of all values do not exceed.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted[rank.max(1) - 1]
}

/// The median of the ratios of pairs that were measured one after the other.
pub(crate) fn median_ratio(ours: &[f64], peers: &[f64]) -> f64 {
    let ratios: Vec<f64> = ours.iter().zip(peers).map(|(ours, peer)| ours / peer).collect();
    median(&ratios)
}

/// What a figure is held against.
pub(crate) enum Target {
    /// Only for information.
    None,
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    /// Its words, if there is a target at all.
    fn words<'a>(&self, words: &'a str) -> &'a str {
        if matches!(self, Target::None) { "" } else { words }
    }

    fn is_met(&self, value: f64) -> Option<bool> {
        match self {
            Target::None => None,
            Target::AtLeast(bound) => Some(value >= *bound),
            Target::AtMost(bound) => Some(value <= *bound),
        }
    }
}

/// One line of the table.
pub(crate) struct Line<'a> {
    pub(crate) what: &'a str,
    pub(crate) ours: String,
    pub(crate) peer: String,
    pub(crate) ratio: Option<f64>,
    /// The target in words; empty for none.
    pub(crate) target: &'a str,
    /// Whether it is met; `None` without a target.
    pub(crate) met: Option<bool>,
}

impl<'a> Line<'a> {
    /// A figure with its peer's, the target for their ratio.
    pub(crate) fn ratio(
        what: &'a str,
        ours: String,
        peer: String,
        ratio: f64,
        target: (&'a str, Target),
    ) -> Self {
        let (words, target) = target;
        let met = target.is_met(ratio);
        Line { what, ours, peer, ratio: Some(ratio), target: target.words(words), met }
    }

    /// A figure with a target of its own.
    pub(crate) fn figure(
        what: &'a str,
        ours: String,
        value: f64,
        target: (&'a str, Target),
    ) -> Self {
        let (words, target) = target;
        let met = target.is_met(value);
        Line { what, ours, peer: String::new(), ratio: None, target: target.words(words), met }
    }

    /// Adds what another one measured.
    pub(crate) fn beside(mut self, peer: String, ratio: f64) -> Self {
        self.peer = peer;
        self.ratio = Some(ratio);
        self
    }
}

/// Prints lines as they come.
pub(crate) struct Table {
    short: usize,
}

impl Table {
    pub(crate) fn begin() -> Self {
        Table::beside("the C loop")
    }

    /// A table whose peer has this name, unless a section names another.
    pub(crate) fn beside(peer: &str) -> Self {
        println!("{:<44} {:>14} {:>14} {:>7}  target", "what", "ours", peer, "ratio");
        Table { short: 0 }
    }

    /// A heading; `peer` names what stands in the peer's column when it is not the C loop.
    pub(crate) fn section(&self, title: &str, peer: &str) {
        let text = format!("{:<44} {:>14} {:>14}", format!("-- {title}"), "", peer);
        println!("{}", text.trim_end());
    }

    pub(crate) fn line(&mut self, line: Line<'_>) {
        let ratio = match line.ratio {
            None => String::new(),
            Some(ratio) if ratio < 0.1 => format!("{ratio:.4}"),
            Some(ratio) => format!("{ratio:.2}"),
        };
        let verdict = match line.met {
            None => "",
            Some(true) => "ok",
            Some(false) => "SHORT",
        };
        self.short += usize::from(line.met == Some(false));
        let text = format!(
            "{:<44} {:>14} {:>14} {:>7}  {:<22} {verdict}",
            line.what, line.ours, line.peer, ratio, line.target
        );
        println!("{}", text.trim_end());
    }

    pub(crate) fn skip(&self, what: &str, why: &str) {
        println!("{what:<44} skipped: {why}");
    }

    pub(crate) fn end(self) {
        match self.short {
            0 => println!("every target is met"),
            n => println!("{n} short of the target"),
        }
    }
}

pub(crate) fn us(value: f64) -> String {
    format!("{value:.1} us")
}

pub(crate) fn ms(value_us: f64) -> String {
    format!("{:.3} ms", value_us / 1e3)
}

pub(crate) fn mb_per_s(bytes_per_s: f64) -> String {
    format!("{:.1} MB/s", bytes_per_s / 1e6)
}
