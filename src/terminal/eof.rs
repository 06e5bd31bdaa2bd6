//! The end of input: when the EOF character is typed, and whether it arrived. Pure.
//!
//! A terminal has no end of file, only a character that stands for it, and the kernel gives that character
//! its meaning at two moments. When it comes in and the line discipline is canonical, it becomes a mark; in
//! any other mode it is a byte. When the mode changes before it is read, a mark becomes a NUL byte, and a
//! byte becomes text. Either way the end is lost: a shell that starts while its input has ended already
//! switches to raw mode, reads a NUL and waits for ever.
//!
//! So the character is typed as late as possible, and is looked after until it was read:
//!
//! - Not before everything else was read.
//! - At once when a program is blocked in a read, since that read takes it, in the mode of this moment.
//! - Else on trial, once the terminal is quiet: a program that polls wakes up and reads it. One that does
//!   not read it within a moment is not waiting for input: the character is taken back, by a read of ours,
//!   which shows exactly whether the program was faster.
//! - After [`LOOKS`] looks it stays where it is, since a program may sleep for an hour and then read. From
//!   then on it is taken back when the mode has changed.
//!
//! An end that was read is never typed again, with one exception: it was typed on trial as a mark, and the same
//! process group has left canonical mode since. It may have read the NUL, so it gets a second one. The
//! reverse is not done: a shell whose raw mode got the end would pass a second one to whatever it starts. So
//! a program that enters canonical mode and reads within a trial reads the byte 4, and its end is lost.
//!
//! Looks become rarer: each gap is twice the one before it (1 ms to 250 ms, without a bound after 9 s), and output
//! of the program makes the next one come sooner. There is no tick.
//!
//! A read of zero bytes from the slave shows whether a program is blocked in a read, since the line discipline admits
//! one reader at a time. Packet mode would report changes of the mode, but only together with EXTPROC, which
//! switches line editing off.

use std::time::Duration;

/// The first gap between two looks.
const GAP_MIN: Duration = Duration::from_millis(1);
/// The longest gap while the character is not left in place.
const GAP_MAX: Duration = Duration::from_millis(250);
/// How long a terminal has to be quiet for a trial.
const QUIET: Duration = Duration::from_millis(8);
/// How long the character may wait for a program that polls: a quarter of the gap before it, within these.
const TRIAL_MIN: Duration = Duration::from_millis(2);
const TRIAL_MAX: Duration = Duration::from_millis(20);
/// Looks until it is left in place: about 9 s.
const LOOKS: u32 = 40;
/// Looks in a row with output in between, after which a terminal counts as quiet all the same.
const NOISE_MAX: u32 = 16;
/// How often the character is typed again that may have been read as something else.
const RETRIES: u32 = 3;
/// Gaps do not grow further.
const GAP_END: Duration = Duration::from_secs(24 * 60 * 60);

/// What a look at the terminal found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Input that no program has read, an end included.
    pub(crate) is_unread: bool,
    /// A program is blocked in a read.
    pub(crate) is_awaited: bool,
    pub(crate) is_canonical: bool,
    /// A line in canonical mode is unfinished: the first EOF character hands it over.
    pub(crate) is_mid_line: bool,
    /// The foreground program computes or waits for a disk, so it does not wait for input.
    pub(crate) is_busy: bool,
    /// The foreground process group.
    pub(crate) group: Option<i32>,
    /// Bytes that the program has written, ever.
    pub(crate) output: u64,
}

/// What is to be done after a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing, until the next look.
    Wait,
    /// Type the EOF character so many times.
    Type(usize),
    /// Take it back, and report with [`Eof::on_taken_back`].
    TakeBack,
    /// The end was read: nothing is left to do.
    Done,
}

/// One end of input in flight.
pub(crate) struct Eof {
    typed: Option<Typed>,
    gap: Duration,
    looks_left: u32,
    noise: u32,
    retries_left: u32,
    /// At the look before.
    output: Option<u64>,
}

/// How the character was typed.
#[derive(Clone, Copy)]
struct Typed {
    is_canonical: bool,
    /// A program was blocked in a read.
    is_certain: bool,
    /// It is left in place.
    is_parked: bool,
    group: Option<i32>,
    /// Since so long, and for how long at most.
    waited: Duration,
    patience: Duration,
}

impl Eof {
    pub(crate) fn new() -> Self {
        Eof {
            typed: None,
            gap: GAP_MIN,
            looks_left: LOOKS,
            noise: 0,
            retries_left: RETRIES,
            output: None,
        }
    }

    /// Whether the character is with the kernel now.
    pub(crate) fn is_typed(&self) -> bool {
        self.typed.is_some()
    }

    /// Time until the next look.
    pub(crate) fn gap(&self) -> Duration {
        match self.typed {
            Some(typed) if !typed.is_parked => typed
                .waited
                .clamp(GAP_MIN, typed.patience.saturating_sub(typed.waited).max(GAP_MIN)),
            _ => self.gap,
        }
    }

    /// Decides after a look. `since` is the time since the look before.
    pub(crate) fn decide(&mut self, seen: &Seen, since: Duration) -> Step {
        let is_quiet = self.note(seen, since);
        match self.typed {
            None => self.decide_untyped(seen, is_quiet),
            Some(typed) => self.decide_typed(seen, typed, since),
        }
    }

    /// No look was possible: as if the program did not read.
    pub(crate) fn skip(&mut self) {
        self.back_off();
    }

    /// Counts a look; whether the terminal was quiet since the one before.
    fn note(&mut self, seen: &Seen, since: Duration) -> bool {
        let has_output =
            self.output.replace(seen.output).is_some_and(|before| before != seen.output);
        if has_output && self.noise < NOISE_MAX {
            self.noise += 1;
            self.gap = self.gap.min(QUIET);
            return false;
        }
        self.noise = 0;
        // The looks of a trial come on top of those that it is one of.
        if self.typed.is_none_or(|typed| typed.is_parked || typed.waited + since >= typed.patience)
        {
            self.back_off();
        }
        since >= QUIET && !seen.is_busy
    }

    fn back_off(&mut self) {
        self.looks_left = self.looks_left.saturating_sub(1);
        let longest = if self.looks_left > 0 { GAP_MAX } else { GAP_END };
        self.gap = (self.gap * 2).min(longest);
    }

    fn decide_untyped(&mut self, seen: &Seen, is_quiet: bool) -> Step {
        let is_last = self.looks_left == 0;
        let is_taken = seen.is_awaited && !seen.is_unread;
        if seen.is_mid_line && is_taken {
            // The line is handed over; the end itself follows when the program reads again.
            self.gap = GAP_MIN;
            return Step::Type(1);
        }
        // An unfinished line cannot be taken back with its end, so there is no trial.
        let may_try = is_quiet && !seen.is_unread && !seen.is_mid_line;
        if !is_taken && !may_try && !is_last {
            return Step::Wait;
        }
        self.typed = Some(Typed {
            is_canonical: seen.is_canonical,
            is_certain: is_taken,
            is_parked: is_last && !is_taken,
            group: seen.group,
            waited: Duration::ZERO,
            patience: (self.gap / 4).clamp(TRIAL_MIN, TRIAL_MAX),
        });
        Step::Type(if seen.is_mid_line { 2 } else { 1 })
    }

    fn decide_typed(&mut self, seen: &Seen, typed: Typed, since: Duration) -> Step {
        if !seen.is_unread {
            let may_be_lost = !typed.is_certain && typed.is_canonical && !seen.is_canonical;
            if may_be_lost && seen.group == typed.group && self.retries_left > 0 {
                self.retries_left -= 1;
                self.start_over();
                return Step::Wait;
            }
            return Step::Done;
        }
        let has_changed = typed.is_canonical != seen.is_canonical;
        let is_parked = typed.is_parked || self.looks_left == 0;
        let waited = typed.waited + since;
        self.typed = Some(Typed { is_parked, waited, ..typed });
        if has_changed || (!is_parked && waited >= typed.patience) {
            Step::TakeBack
        } else {
            Step::Wait
        }
    }

    /// The character was to be taken back: whether it was still there.
    pub(crate) fn on_taken_back(&mut self, was_there: bool, seen: &Seen) {
        match self.typed {
            Some(typed) if was_there && typed.is_canonical != seen.is_canonical => {
                self.start_over()
            }
            Some(_) if was_there => self.typed = None,
            // It was read at this moment, which the next look finds.
            _ => {}
        }
    }

    fn start_over(&mut self) {
        (self.typed, self.gap, self.looks_left) = (None, GAP_MIN, LOOKS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);

    /// How a program waits for input.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Wait {
        Not,
        Reads,
        Polls,
    }

    /// A terminal and its program, as the kernel does it.
    #[derive(Debug)]
    struct Model {
        is_canonical: bool,
        /// What lies in the kernel: whether it was typed in canonical mode. For whoever reads it in the other
        /// mode it is no end.
        queued: Option<bool>,
        wait: Wait,
        is_busy: bool,
        output: u64,
        group: i32,
        ends: u32,
        /// It entered canonical mode and read at once, with a byte on trial in between.
        has_lost: bool,
    }

    impl Model {
        fn new() -> Self {
            let wait = Wait::Not;
            let (is_canonical, queued, is_busy) = (true, None, false);
            Model {
                is_canonical,
                queued,
                wait,
                is_busy,
                output: 0,
                group: 1,
                ends: 0,
                has_lost: false,
            }
        }

        fn seen(&self) -> Seen {
            Seen {
                is_unread: self.queued.is_some(),
                is_awaited: self.wait == Wait::Reads,
                is_canonical: self.is_canonical,
                is_mid_line: false,
                is_busy: self.is_busy,
                group: Some(self.group),
                output: self.output,
            }
        }

        /// The program gets the processor: what it waits for, it reads.
        fn run(&mut self) {
            if self.wait == Wait::Not {
                return;
            }
            match self.queued.take() {
                None => {}
                Some(as_mark) if as_mark == self.is_canonical => self.ends += 1,
                Some(_) => self.has_lost |= self.is_canonical,
            }
        }

        fn look(&mut self, eof: &mut Eof, since: Duration) -> Step {
            let seen = self.seen();
            let step = eof.decide(&seen, since);
            match step {
                Step::Type(count) => {
                    assert_eq!((count, self.queued), (1, None), "{self:?}");
                    self.queued = Some(self.is_canonical);
                }
                Step::TakeBack => eof.on_taken_back(self.queued.take().is_some(), &seen),
                Step::Wait | Step::Done => {}
            }
            step
        }
    }

    /// What a program does at some time.
    #[derive(Clone, Copy, Debug)]
    enum Action {
        Canonical(bool),
        Print,
        Compute(bool),
    }

    fn action() -> impl Strategy<Value = (u64, Action)> {
        let action = prop_oneof![
            2 => any::<bool>().prop_map(Action::Canonical),
            1 => Just(Action::Print),
            1 => any::<bool>().prop_map(Action::Compute),
        ];
        (prop_oneof![0..3u64, 0..60u64, 0..2_000u64, 0..40_000u64], action)
    }

    proptest! {
        /// Whatever a program does before it reads, in whichever mode and way it then does: it gets the end
        /// once, and whoever reads after it gets none. The one exception is documented.
        #[test]
        fn the_end_arrives_once(
            actions in prop::collection::vec(action(), 0..6),
            is_canonical in any::<bool>(),
            reads in any::<bool>(),
            delay in 0..50u64,
        ) {
            let (mut model, mut eof) = (Model::new(), Eof::new());
            let mut actions = actions.into_iter().peekable();
            let mut acts_at = actions.peek().map_or(delay, |(after, _)| *after);
            let (mut looked, mut look_at) = (0u64, 0u64);
            let mut looks = 0;
            loop {
                let is_reading = model.wait != Wait::Not;
                if acts_at <= look_at && !is_reading {
                    let now = acts_at;
                    match actions.next() {
                        Some((_, Action::Canonical(on))) => model.is_canonical = on,
                        Some((_, Action::Print)) => model.output += 1,
                        Some((_, Action::Compute(on))) => model.is_busy = on,
                        None => {
                            model.is_canonical = is_canonical;
                            model.wait = if reads { Wait::Reads } else { Wait::Polls };
                            model.is_busy = false;
                        }
                    }
                    acts_at = now + actions.peek().map_or(delay, |(after, _)| *after);
                } else {
                    let now = look_at;
                    let since = MS * u32::try_from(now - looked).unwrap();
                    if model.look(&mut eof, since) == Step::Done {
                        break;
                    }
                    looked = now;
                    look_at = now + u64::try_from(eof.gap().as_millis()).unwrap();
                    looks += 1;
                }
                model.run();
                prop_assert!(looks < 600, "{model:?}");
            }
            prop_assert_eq!(model.ends, u32::from(!model.has_lost), "{:?}", model);
            prop_assert_eq!(model.queued, None);
        }
    }

    /// A program that never reads costs a few looks only, in whatever mode.
    #[test]
    fn looks_become_rare() {
        for is_canonical in [true, false] {
            let (mut model, mut eof) = (Model::new(), Eof::new());
            model.is_canonical = is_canonical;
            let (mut elapsed, mut since, mut looks) = (Duration::ZERO, Duration::ZERO, 0);
            while elapsed < Duration::from_secs(24 * 3600) {
                model.look(&mut eof, since);
                since = eof.gap();
                elapsed += since;
                looks += 1;
            }
            assert!(looks < 250, "{looks}");
            assert!(eof.is_typed(), "it waits for the program");
        }
    }

    /// A program that was waiting got the end; what reads after it, in another mode, gets none.
    #[test]
    fn a_certain_end_is_not_typed_again() {
        let (mut model, mut eof) = (Model::new(), Eof::new());
        model.wait = Wait::Reads;
        assert_eq!(model.look(&mut eof, Duration::ZERO), Step::Type(1));
        model.run();
        model.is_canonical = false;
        assert_eq!(model.look(&mut eof, MS), Step::Done);
        assert_eq!(model.ends, 1);
    }

    /// A line is handed over first, and the end typed when the program reads again.
    #[test]
    fn an_unfinished_line_is_handed_over_first() {
        let mut eof = Eof::new();
        let line = Seen { is_canonical: true, is_mid_line: true, ..Seen::default() };
        assert_eq!(eof.decide(&line, Duration::ZERO), Step::Wait);
        let awaited = Seen { is_awaited: true, ..line };
        assert_eq!(eof.decide(&awaited, MS), Step::Type(1));
        assert!(!eof.is_typed());
        let unread = Seen { is_mid_line: false, is_unread: true, ..awaited };
        assert_eq!(eof.decide(&unread, MS), Step::Wait);
        let again = Seen { is_unread: false, ..unread };
        assert_eq!(eof.decide(&again, MS), Step::Type(1));
        assert!(eof.is_typed());
    }
}
