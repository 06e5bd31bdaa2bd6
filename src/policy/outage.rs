//! An outage: something fails for want of something, and is tried again until it works.
//!
//! The tries come by backoff with full jitter, and from the owner whenever it has reason to hope. A try before
//! its time changes no delay, so that whoever causes such tries does not stretch the outage.

use std::time::Instant;

use super::retry::{Retry, RetryPolicy};

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Outage {
    retry: Retry,
    /// Since when it lasts, and when the next try is due.
    lasting: Option<(Instant, Instant)>,
}

impl Outage {
    /// None yet.
    pub(crate) fn new(policy: RetryPolicy) -> Outage {
        Outage { retry: policy.start(), lasting: None }
    }

    /// A try failed. Whether an outage begins with it: the time for the one line of the log.
    pub(crate) fn on_failure(&mut self, now: Instant, random: u64) -> bool {
        let begins = self.lasting.is_none();
        let (since, due) = self.lasting.unwrap_or((now, now));
        if due <= now {
            let delay = self.retry.next_delay(random).unwrap_or_default();
            self.lasting = Some((since, now + delay));
        }
        begins
    }

    /// Something worked, though not everything yet: the next failure is followed by a short delay.
    pub(crate) fn on_progress(&mut self, now: Instant) {
        self.retry.reset();
        if let Some((_, due)) = &mut self.lasting {
            *due = now;
        }
    }

    /// It works again. Whether an outage ends with it.
    pub(crate) fn on_success(&mut self) -> bool {
        self.retry.reset();
        self.lasting.take().is_some()
    }

    /// Whether it lasts.
    pub(crate) fn is_lasting(&self) -> bool {
        self.lasting.is_some()
    }

    /// When the next try is due, while it lasts.
    pub(crate) fn retry_at(&self) -> Option<Instant> {
        self.lasting.map(|(_, due)| due)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[derive(Clone, Copy)]
    enum Step {
        /// Fails; whether an outage begins, and when the next try is due.
        Fails(bool, u64),
        Progress,
        /// Works; whether an outage ends.
        Works(bool),
        Pass(u64),
    }

    /// Delays have ceilings of 100, 200, 400, 400 ms; each is drawn as its ceiling.
    #[test]
    fn cases() {
        use Step::{Fails, Pass, Progress, Works};
        let cases: &[(&str, &[Step])] = &[
            ("one failure", &[Fails(true, 100), Works(true), Works(false)]),
            (
                "delays grow up to their bound",
                &[Fails(true, 100), Pass(100), Fails(false, 300), Pass(200), Fails(false, 700)],
            ),
            (
                "a try before its time changes nothing",
                &[Fails(true, 100), Pass(40), Fails(false, 100), Fails(false, 100), Pass(60)],
            ),
            ("a late try", &[Fails(true, 100), Pass(1000), Fails(false, 1200)]),
            (
                "a success starts over",
                &[Fails(true, 100), Pass(100), Fails(false, 300), Works(true), Fails(true, 200)],
            ),
            (
                "progress starts over within the outage",
                &[Fails(true, 100), Pass(100), Fails(false, 300), Progress, Fails(false, 200)],
            ),
        ];
        let ms = Duration::from_millis;
        for (name, steps) in cases {
            let start = Instant::now();
            let mut now = start;
            let mut outage = Outage::new(RetryPolicy::new(ms(100), ms(400)).unwrap());
            for step in *steps {
                match step {
                    Fails(begins, due) => {
                        assert_eq!(outage.on_failure(now, u64::MAX), *begins, "{name}");
                        assert_eq!(outage.retry_at(), Some(start + ms(*due)), "{name}");
                    }
                    Progress => outage.on_progress(now),
                    Works(ends) => {
                        assert_eq!(outage.on_success(), *ends, "{name}");
                        assert_eq!(outage.retry_at(), None, "{name}");
                    }
                    Pass(by) => now += ms(*by),
                }
            }
        }
    }
}
