//! The text for Prometheus, version 0.0.4 of its format, made of the table of metrics.
//!
//! All samples of a metric stand together in the text, but an object is looked at once: so each metric has a text of its
//! own until [`MetricsText::write_next`]. Objects may be added over several turns.

use std::fmt::Write;

use super::distribution::Distribution;
use super::metrics::{ClientMetrics, Metrics, TerminalMetrics, WatchMetrics};
use super::table::{FAMILIES, Family, Kind, Read, Unit, Value};

/// What the text is, for whoever gets it over HTTP.
pub(crate) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The name of a quantile, and how it is read.
type Quantile = (&'static str, fn(&Distribution) -> u64);

/// The quantiles of the engine as a whole.
const QUANTILES: [Quantile; 4] =
    [("0.5", |d| d.p50), ("0.95", |d| d.p95), ("0.99", |d| d.p99), LARGEST[0]];
/// Of one object of many the largest value is enough: its percentiles are coarse, and there are many of them.
const LARGEST: [Quantile; 1] = [("1", |d| d.max)];

/// A text under way.
pub(crate) struct MetricsText {
    /// The samples of each metric of the table.
    samples: Vec<String>,
    /// How many of them are in the whole text.
    written: usize,
    /// What the samples take.
    memory: usize,
}

impl MetricsText {
    pub(crate) fn new() -> Self {
        MetricsText { samples: vec![String::new(); FAMILIES.len()], written: 0, memory: 0 }
    }

    /// Adds the figures of the engine as a whole.
    pub(crate) fn add_engine(&mut self, metrics: &Metrics) {
        for (family, out) in FAMILIES.iter().zip(&mut self.samples) {
            let before = out.capacity();
            let mut add = |label: &str, value: Value| add(out, family, label, &value, &QUANTILES);
            match &family.read {
                Read::Engine(read) => add("", read(metrics)),
                Read::Version => add(env!("CARGO_PKG_VERSION"), Value::One(1)),
                Read::Stage(read) => {
                    metrics.stages.iter().for_each(|s| add(s.stage.name(), read(s)))
                }
                Read::Kinds(_, read) => {
                    read(metrics).iter().for_each(|kind| add(kind.kind, Value::One(kind.count)));
                }
                Read::Ways(read) => {
                    read(metrics).into_iter().for_each(|(way, count)| add(way, Value::One(count)));
                }
                Read::Terminal(_) | Read::Client(_) | Read::Watch(_) => {}
            }
            self.memory += out.capacity() - before;
        }
    }

    /// Adds the figures of a terminal. Gives the bytes of text that they take; so do the next two.
    pub(crate) fn add_terminal(&mut self, metrics: &TerminalMetrics) -> usize {
        self.add_object(metrics.id.to_u64(), |read| match read {
            Read::Terminal(read) => Some(read(metrics)),
            _ => None,
        })
    }

    /// Adds the figures of a client.
    pub(crate) fn add_client(&mut self, metrics: &ClientMetrics) -> usize {
        self.add_object(metrics.id.to_u64(), |read| match read {
            Read::Client(read) => Some(read(metrics)),
            _ => None,
        })
    }

    /// Adds the figures of a watch.
    pub(crate) fn add_watch(&mut self, metrics: &WatchMetrics) -> usize {
        self.add_object(metrics.id.to_u64(), |read| match read {
            Read::Watch(read) => Some(read(metrics)),
            _ => None,
        })
    }

    fn add_object(&mut self, id: u64, value: impl Fn(&Read) -> Option<Value>) -> usize {
        let label = id.to_string();
        let mut bytes = 0;
        for (family, out) in FAMILIES.iter().zip(&mut self.samples) {
            if let Some(value) = value(&family.read) {
                let before = (out.len(), out.capacity());
                add(out, family, &label, &value, &LARGEST);
                bytes += out.len() - before.0;
                self.memory += out.capacity() - before.1;
            }
        }
        bytes
    }

    /// Bytes of the whole text, about.
    pub(crate) fn len(&self) -> usize {
        let head = |family: &Family| 40 + 2 * family.name.len() + family.help.len();
        FAMILIES.iter().map(head).sum::<usize>()
            + self.samples.iter().map(String::len).sum::<usize>()
    }

    /// Bytes of memory that the samples take which are not in the whole text yet.
    pub(crate) fn memory(&self) -> usize {
        self.memory
    }

    /// Appends the next metric to the whole text; gives its bytes. `None`: there are no more. Metrics without samples
    /// are left out.
    pub(crate) fn write_next(&mut self, out: &mut String) -> Option<usize> {
        let (family, samples) = FAMILIES.iter().zip(&mut self.samples).nth(self.written)?;
        self.written += 1;
        let samples = std::mem::take(samples);
        self.memory -= samples.capacity();
        let before = out.len();
        if !samples.is_empty() {
            let Family { name, help, kind, .. } = family;
            let kind = kind.name();
            let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{samples}");
        }
        Some(out.len() - before)
    }
}

/// Adds a sample, with these quantiles if it is a distribution; `label` is the value of the metric's label, if it has
/// one.
fn add(out: &mut String, family: &Family, label: &str, value: &Value, quantiles: &[Quantile]) {
    match value {
        Value::One(value) => line(out, family, "", label, None, *value),
        Value::Many(distribution) => {
            debug_assert!(family.kind == Kind::Summary);
            for (name, read) in quantiles {
                line(out, family, "", label, Some(name), read(distribution));
            }
            line(out, family, "_sum", label, None, distribution.sum);
            let _ = write_name(out, family, "_count", label, None);
            let _ = writeln!(out, " {}", distribution.count);
        }
    }
}

fn line(
    out: &mut String,
    family: &Family,
    suffix: &str,
    label: &str,
    quantile: Option<&str>,
    value: u64,
) {
    let _ = write_name(out, family, suffix, label, quantile);
    out.push(' ');
    match family.unit {
        Unit::Seconds => write_seconds(out, value),
        Unit::Count | Unit::Bytes => {
            let _ = write!(out, "{value}");
        }
    }
    out.push('\n');
}

fn write_name(
    out: &mut String,
    family: &Family,
    suffix: &str,
    label: &str,
    quantile: Option<&str>,
) -> std::fmt::Result {
    write!(out, "{}{suffix}", family.name)?;
    // Values of labels are names and numbers of ours: nothing in them has to be escaped.
    match (family.read.label(), quantile) {
        (None, None) => Ok(()),
        (Some(name), None) => write!(out, "{{{name}=\"{label}\"}}"),
        (None, Some(quantile)) => write!(out, "{{quantile=\"{quantile}\"}}"),
        (Some(name), Some(quantile)) => {
            write!(out, "{{{name}=\"{label}\",quantile=\"{quantile}\"}}")
        }
    }
}

/// Nanoseconds as seconds, exactly, without zeros at the end.
fn write_seconds(out: &mut String, nanoseconds: u64) {
    let (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    let _ = write!(out, "{seconds}");
    if rest > 0 {
        let _ = write!(out, ".{rest:09}");
        out.truncate(out.trim_end_matches('0').len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a text takes is counted as it grows, and nothing is left once all of it is in the whole.
    #[test]
    fn its_memory_is_counted() {
        let mut text = MetricsText::new();
        text.add_engine(&Metrics::default());
        let taken = |text: &MetricsText| text.samples.iter().map(String::capacity).sum::<usize>();
        assert!(text.memory() > 1000);
        assert_eq!(text.memory(), taken(&text));
        let mut whole = String::new();
        while text.write_next(&mut whole).is_some() {
            assert_eq!(text.memory(), taken(&text));
        }
        assert_eq!(text.memory(), 0);
    }

    #[test]
    fn seconds_are_exact() {
        for (nanoseconds, expected) in [
            (0, "0"),
            (1, "0.000000001"),
            (1_500_000_000, "1.5"),
            (10_000_000_000, "10"),
            (u64::MAX, "18446744073.709551615"),
        ] {
            let mut text = String::new();
            write_seconds(&mut text, nanoseconds);
            assert_eq!(text, expected);
        }
    }
}
