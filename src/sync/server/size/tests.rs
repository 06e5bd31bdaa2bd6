//! The choice of a size: by tables, and against a model that keeps an ordered list.

use proptest::prelude::*;

use super::*;

const POLICIES: [SizePolicy; 3] = [SizePolicy::Fixed, SizePolicy::Smallest, SizePolicy::Latest];

fn grid(cols: u16, rows: u16) -> Grid {
    Grid { cols, rows }
}

/// A viewer with this grid (none if it has no columns), reported then and typed in then.
fn viewer((cols, rows, reported_at, typed_at): (u16, u16, u64, u64)) -> Viewer {
    let grid = (cols > 0).then_some(Grid { cols, rows });
    Viewer { grid, reported_at, typed_at, is_stalled: false }
}

#[test]
fn sizes_by_policy() {
    const NONE: Option<(u16, u16)> = None;
    // (columns, rows, reported at, typed at) of each viewer; what `Smallest` and `Latest` make of 80 x 24.
    type Row = (&'static [(u16, u16, u64, u64)], Option<(u16, u16)>, Option<(u16, u16)>);
    let table: [Row; 13] = [
        (&[], NONE, NONE),
        (&[(0, 0, 0, 9)], NONE, NONE),
        (&[(100, 40, 1, 0)], Some((100, 40)), Some((100, 40))),
        (&[(80, 24, 1, 0)], NONE, NONE),
        (&[(100, 40, 1, 0), (60, 50, 2, 0)], Some((60, 40)), Some((100, 40))),
        (&[(60, 50, 2, 0), (100, 40, 1, 0)], Some((60, 40)), Some((100, 40))),
        (&[(100, 40, 1, 0), (60, 50, 2, 3)], Some((60, 40)), Some((60, 50))),
        (&[(100, 40, 1, 4), (60, 50, 2, 3)], Some((60, 40)), Some((100, 40))),
        // One without a window may type as much as it likes.
        (&[(100, 40, 1, 2), (0, 0, 0, 3)], Some((100, 40)), Some((100, 40))),
        // Alone as small as a screen can be, together as small as can be used.
        (&[(1, 1, 1, 2)], Some((2, 1)), Some((2, 1))),
        (&[(1, 1, 1, 2), (100, 40, 2, 0)], Some((20, 5)), Some((20, 5))),
        (&[(19, 60, 1, 2), (100, 4, 2, 0)], Some((20, 5)), Some((20, 60))),
        (&[(80, 24, 1, 0), (1, 1, 2, 0)], Some((20, 5)), NONE),
    ];
    for (viewers, smallest, latest) in table {
        for (policy, expected) in POLICIES.into_iter().zip([NONE, smallest, latest]) {
            let all = viewers.iter().copied().map(viewer);
            let chosen = choose(policy, Size::default(), all).map(|size| (size.cols, size.rows));
            assert_eq!(chosen, expected, "{policy:?} {viewers:?}");
        }
    }
}

#[test]
fn pixels_are_no_reason_to_resize() {
    let size = Size { pixel_width: 800, pixel_height: 480, ..Size::default() };
    let same = viewer((80, 24, 1, 1));
    assert_eq!(choose(SizePolicy::Latest, size, [same].into_iter()), None);
}

#[test]
fn who_has_stalled_counts_when_it_is_heard_of() {
    let (quick, mut slow) = (viewer((100, 40, 1, 2)), viewer((60, 20, 2, 3)));
    let size = |slow: Viewer| {
        let chosen = choose(SizePolicy::Smallest, Size::default(), [quick, slow].into_iter());
        chosen.map(|size| (size.cols, size.rows))
    };
    let heard: [fn(&mut Viewer); 4] = [
        |viewer| assert!(viewer.wake() && !viewer.wake()),
        |viewer| viewer.note_typing(9),
        |viewer| viewer.report(grid(60, 20), 9),
        |viewer| viewer.attach_anew(Some(grid(60, 20)), 9),
    ];
    for heard in heard {
        assert_eq!(size(slow), Some((60, 20)));
        slow.stall();
        assert_eq!(size(slow), Some((100, 40)));
        heard(&mut slow);
    }
}

/// What may happen to viewers; the first number says to which one.
#[derive(Clone, Debug)]
enum Step {
    Attach(usize, Option<Grid>),
    Report(usize, Grid),
    Type(usize),
    Stall(usize),
    Wake(usize),
    Leave(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let grid = || (1..30u16, 1..9u16).prop_map(|(cols, rows)| Grid { cols, rows });
    prop_oneof![
        (0..4usize, prop::option::weighted(0.8, grid())).prop_map(|(at, g)| Step::Attach(at, g)),
        (0..4usize, grid()).prop_map(|(at, grid)| Step::Report(at, grid)),
        (0..4usize).prop_map(Step::Type),
        (0..4usize).prop_map(Step::Stall),
        (0..4usize).prop_map(Step::Wake),
        (0..4usize).prop_map(Step::Leave),
    ]
}

/// Names of viewers in the order in which they decide, and what they have reported.
#[derive(Default)]
struct Model {
    /// Those that have typed, the latest first.
    typed: Vec<usize>,
    /// Those that have reported a grid, the first one first.
    reported: Vec<usize>,
    grids: [Option<Grid>; 4],
    stalled: [bool; 4],
    there: [bool; 4],
}

impl Model {
    fn apply(&mut self, step: &Step) {
        match *step {
            Step::Attach(at, grid) => {
                self.there[at] = true;
                match grid {
                    Some(grid) => self.report(at, grid),
                    None => self.drop_grid(at),
                }
            }
            Step::Report(at, grid) if self.there[at] => self.report(at, grid),
            Step::Type(at) if self.there[at] => {
                self.typed.retain(|known| *known != at);
                self.typed.insert(0, at);
                self.stalled[at] = false;
            }
            Step::Stall(at) if self.there[at] => self.stalled[at] = true,
            Step::Wake(at) => self.stalled[at] = false,
            Step::Leave(at) => {
                self.drop_grid(at);
                self.typed.retain(|known| *known != at);
                (self.there[at], self.stalled[at]) = (false, false);
            }
            _ => {}
        }
    }

    fn report(&mut self, at: usize, grid: Grid) {
        if !self.reported.contains(&at) {
            self.reported.push(at);
        }
        (self.grids[at], self.stalled[at]) = (Some(grid), false);
    }

    fn drop_grid(&mut self, at: usize) {
        self.grids[at] = None;
        self.reported.retain(|known| *known != at);
    }

    /// The size without regard to what the terminal has.
    fn size(&self, policy: SizePolicy) -> Option<(u16, u16)> {
        let counts = |at: &&usize| self.grids[**at].is_some() && !self.stalled[**at];
        let counting: Vec<Grid> =
            self.reported.iter().filter(counts).map(|at| self.grids[*at].unwrap()).collect();
        let (cols, rows) = match policy {
            SizePolicy::Fixed => return None,
            SizePolicy::Smallest => (
                counting.iter().map(|grid| grid.cols).min()?,
                counting.iter().map(|grid| grid.rows).min()?,
            ),
            SizePolicy::Latest => {
                let mut order = self.typed.iter().chain(&self.reported);
                let grid = self.grids[*order.find(counts)?].unwrap();
                (grid.cols, grid.rows)
            }
        };
        let (min_cols, min_rows) = if counting.len() > 1 { (20, 5) } else { (2, 1) };
        Some((cols.max(min_cols), rows.max(min_rows)))
    }
}

proptest! {
    /// Whatever viewers do, in whatever order they are looked at, the size is that of the model; asking again
    /// changes nothing.
    #[test]
    fn the_size_is_that_of_the_model(
        steps in prop::collection::vec(step(), 1..60),
        is_reversed in any::<bool>(),
    ) {
        let mut model = Model::default();
        let mut viewers: [Option<Viewer>; 4] = [None; 4];
        let mut sizes = [Size::default(); 3];
        for (time, step) in (1..).zip(&steps) {
            model.apply(step);
            let mut must_stay = false;
            match *step {
                Step::Attach(at, grid) => {
                    viewers[at].get_or_insert_default().attach_anew(grid, time);
                }
                Step::Report(at, grid) => {
                    if let Some(viewer) = &mut viewers[at] { viewer.report(grid, time) }
                }
                Step::Type(at) => {
                    if let Some(viewer) = &mut viewers[at] {
                        let is_news = viewer.wake();
                        viewer.note_typing(time);
                        must_stay = !is_news && !viewer.may_resize(sizes[2]);
                    }
                }
                Step::Stall(at) => {
                    if let Some(viewer) = &mut viewers[at] { viewer.stall() }
                }
                Step::Wake(at) => {
                    if let Some(viewer) = &mut viewers[at] { viewer.wake(); }
                }
                Step::Leave(at) => viewers[at] = None,
            }
            for (policy, size) in POLICIES.into_iter().zip(&mut sizes) {
                let mut there: Vec<Viewer> = viewers.iter().flatten().copied().collect();
                if is_reversed {
                    there.reverse();
                }
                let chosen = choose(policy, *size, there.iter().copied());
                let stays = must_stay && policy == SizePolicy::Latest;
                prop_assert!(!stays || chosen.is_none(), "{:?} made it {:?}", step, chosen);
                *size = chosen.unwrap_or(*size);
                let expected = model.size(policy).unwrap_or((size.cols, size.rows));
                prop_assert_eq!((size.cols, size.rows), expected, "{:?} after {:?}", policy, step);
                prop_assert_eq!(choose(policy, *size, there.into_iter()), None);
            }
        }
    }
}
