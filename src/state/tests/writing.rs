//! Change sets and metadata as tables: rules, cascades, conflicts, all or none, bounds.

use super::*;
use crate::state::{Metadata, Refusal, StateVersion};

fn state() -> ApplicationState {
    let mut state = ApplicationState::new(1, &Limits::default());
    state.put_terminal(7, terminal("shell"));
    let shows = Change::PutPane { id: "a2".into(), pane: pane("a", PaneContent::Terminal(7)) };
    let changes = [
        put_session("a", &[]),
        put_session("b", &["b1"]),
        put_pane("a1", "a"),
        shows,
        put_pane("a3", "a"),
        put_pane("b1", "b"),
    ];
    state.commit(&set(changes)).unwrap();
    state
}

fn lists(state: &ApplicationState) -> String {
    let mut all: Vec<String> = state
        .sessions()
        .map(|(id, session, _)| format!("{id}[{}]", session.panes.join(" ")))
        .collect();
    all.sort();
    all.join(" ")
}

#[test]
fn facts_are_a_version_before_the_set() {
    let state = state();
    assert_eq!(state.version(), StateVersion { epoch: 1, n: 2 });
    assert_eq!(state.terminal(7).unwrap().1, 1);
    assert_eq!(state.session("a").unwrap().1, 2);
    check(&state);
}

#[test]
fn lists_follow_the_panes() {
    let cases: [(&str, Vec<Change>, &str); 17] = [
        ("nothing", vec![], "a[a1 a2 a3] b[b1]"),
        ("put at the end", vec![put_pane("x", "b")], "a[a1 a2 a3] b[b1 x]"),
        ("put again", vec![put_pane("a1", "a")], "a[a1 a2 a3] b[b1]"),
        ("move", vec![put_pane("a1", "b")], "a[a2 a3] b[b1 a1]"),
        ("there and back", vec![put_pane("a1", "b"), put_pane("a1", "a")], "a[a2 a3 a1] b[b1]"),
        ("remove", vec![remove_pane("a2")], "a[a1 a3] b[b1]"),
        ("remove and put", vec![remove_pane("a1"), put_pane("a1", "a")], "a[a2 a3 a1] b[b1]"),
        ("order", vec![put_session("a", &["a3", "a2", "a1"])], "a[a3 a2 a1] b[b1]"),
        ("left out", vec![put_session("a", &["a3"])], "a[a3 a1 a2] b[b1]"),
        ("a session goes", vec![remove_session("a")], "b[b1]"),
        ("a session begins anew", vec![remove_session("a"), put_session("a", &[])], "a[] b[b1]"),
        (
            "rescued",
            vec![put_pane("a1", "b"), remove_session("a"), put_session("c", &[])],
            "b[b1 a1] c[]",
        ),
        ("pane first", vec![put_pane("c1", "c"), put_session("c", &[])], "a[a1 a2 a3] b[b1] c[c1]"),
        (
            "listed before it is put",
            vec![put_session("b", &["x", "b1", "y"]), put_pane("y", "b"), put_pane("x", "b")],
            "a[a1 a2 a3] b[x b1 y]",
        ),
        (
            "listed, then it leaves",
            vec![put_session("b", &["b1"]), put_pane("b1", "a")],
            "a[a1 a2 a3 b1] b[]",
        ),
        (
            "what joined goes with its session",
            vec![put_pane("x", "b"), remove_session("b"), put_session("b", &[])],
            "a[a1 a2 a3] b[]",
        ),
        ("nothing to remove", vec![remove_pane("zz"), remove_session("\0")], "a[a1 a2 a3] b[b1]"),
    ];
    for (what, changes, expected) in cases {
        let mut state = state();
        let before = state.version().n;
        let has_effect = lists(&state) != expected;
        assert_eq!(state.validate(&set(changes.clone())), Ok(()), "{what}");
        assert_eq!(state.version().n, before, "{what}: validating is no change");
        let version = state.commit(&set(changes)).unwrap();
        assert_eq!(lists(&state), expected, "{what}");
        assert!(version == state.version() && version.n <= before + 1, "{what}");
        assert!(!has_effect || version.n == before + 1, "{what}");
        let listed: usize = state.sessions().map(|(_, session, _)| session.panes.len()).sum();
        assert_eq!(listed, state.panes().count(), "{what}");
        check(&state);
    }
}

#[test]
fn what_breaks_a_rule_has_no_effect() {
    let with = |content| Change::PutPane { id: "x".into(), pane: pane("a", content) };
    let named = |name: String| Change::PutSession { id: "s".into(), session: session(&name, &[]) };
    let cases: [(Vec<Change>, usize); 13] = [
        (vec![put_pane("ok", "a"), put_session("", &[])], 1),
        (vec![put_pane("no spaces", "a")], 0),
        (vec![put_pane("x", "none")], 0),
        (vec![put_pane("ok", "a"), with(PaneContent::Terminal(8))], 1),
        (vec![with(PaneContent::File(b"relative".to_vec()))], 0),
        (vec![with(PaneContent::Custom("x".repeat(257)))], 0),
        (vec![named("x".repeat(1025))], 0),
        (vec![put_session("a", &["a1", "a1"])], 0),
        (vec![put_session("a", &["unknown"])], 0),
        (vec![put_pane("ok", "b"), put_session("a", &["b1"])], 1),
        (vec![put_session("c", &["c1"]), put_pane("c1", "b")], 0),
        (vec![remove_session("a"), put_session("a", &["a1"])], 1),
        (vec![put_pane("b1", "a"), put_pane("c1", "c"), remove_session("b")], 1),
    ];
    for (changes, at) in cases {
        let mut state = state();
        let (before, version) = (contents(&state, Collections::ALL), state.version());
        let refused = state.validate(&set(changes.clone())).unwrap_err();
        assert!(
            matches!(&refused, Refusal::Invalid { index, .. } if *index == at),
            "{changes:?}: {refused}"
        );
        assert_eq!(state.commit(&set(changes)), Err(refused));
        assert_eq!((contents(&state, Collections::ALL), state.version()), (before, version));
        check(&state);
    }
}

#[test]
fn a_conflict_names_the_entry_and_its_version() {
    let mut state = state();
    state.commit(&set([put_pane("b2", "b")])).unwrap();
    let cases = [
        (put_session("a", &[]), 2, None),
        (put_session("b", &[]), 3, None),
        (put_session("b", &[]), 2, Some((Key::Session("b".into()), 3))),
        (put_session("b", &[]), 0, Some((Key::Session("b".into()), 3))),
        (put_session("new", &[]), 0, None),
        (put_session("new", &[]), 2, Some((Key::Session("new".into()), 0))),
        (put_pane("a1", "b"), 2, None),
        (put_pane("a1", "b"), 1, Some((Key::Pane("a1".into()), 2))),
        (remove_pane("a1"), 9, Some((Key::Pane("a1".into()), 2))),
        (remove_pane("gone"), 9, Some((Key::Pane("gone".into()), 0))),
        (remove_session("gone"), 0, None),
    ];
    for (change, base, conflict) in cases {
        // What the same set does before has no part in it.
        let first = ChangeOp { change: put_pane("a1", "a"), base: None };
        let second = ChangeOp { change: change.clone(), base: Some(base) };
        let expected = match conflict {
            None => Ok(()),
            Some((key, version)) => Err(Refusal::Conflict { index: 1, key, version }),
        };
        assert_eq!(state.validate(&ChangeSet { ops: vec![first, second] }), expected, "{change:?}");
    }
}

#[test]
fn bounds_are_kept() {
    let limits = Limits {
        state_sessions: 3,
        state_panes: 6,
        state_session_panes: 4,
        state_change_ops: 5,
        state_bytes: 1 << 16,
        ..Limits::default()
    };
    let panes = |ids: &[&str], of: &str| ids.iter().map(|id| put_pane(id, of)).collect();
    let large = |id: &str| {
        let key = |n: usize| n.to_string();
        let metadata: Metadata = (0..4).map(|n| (key(n), "x".repeat(4000))).collect();
        Change::PutSession { id: id.into(), session: Session { metadata, ..Session::default() } }
    };
    let cases: [(Vec<Change>, Option<&str>); 8] = [
        (vec![put_session("b", &[]), put_session("c", &[])], None),
        ((0..3).map(|n| put_session(&n.to_string(), &[])).collect(), Some("state_sessions")),
        (vec![remove_session("a"), large("b"), large("c"), large("d")], None),
        (panes(&["1", "2", "3", "4"], "a"), None),
        (panes(&["1", "2", "3", "4", "5"], "a"), Some("state_session_panes")),
        (vec![put_session("a", &["1", "2", "3", "4", "5"])], Some("state_session_panes")),
        (vec![put_pane("1", "a"); 6], Some("state_change_ops")),
        (vec![large("a"), large("b"), large("c")], Some("state_bytes")),
    ];
    for (changes, bound) in cases {
        let mut state = ApplicationState::new(1, &limits);
        state.put_terminal(
            1,
            terminal(&"x".repeat(if bound == Some("state_bytes") { 20_000 } else { 0 })),
        );
        state.commit(&set([put_session("a", &[])])).unwrap();
        match (state.commit(&set(changes.clone())), bound) {
            (Ok(_), None) => {}
            (Err(Refusal::Limit { message }), Some(bound)) => assert!(message.starts_with(bound)),
            (result, bound) => panic!("{result:?} with {bound:?}: {changes:?}"),
        }
        check(&state);
    }
    let mut state = ApplicationState::new(1, &limits);
    state.commit(&set([put_session("a", &[]), put_session("b", &[])])).unwrap();
    state.commit(&set(panes(&["1", "2", "3", "4"], "a"))).unwrap();
    state.commit(&set(panes(&["5", "6"], "b"))).unwrap();
    let too_many = state.commit(&set([put_pane("7", "b")]));
    assert!(
        matches!(too_many, Err(Refusal::Limit { message }) if message.starts_with("state_panes"))
    );
}

#[test]
fn the_same_again_is_no_version() {
    let mut state = state();
    let version = state.version();
    let again = state.commit(&set([put_session("a", &["a1"]), put_pane("b1", "b")]));
    assert_eq!(again, Ok(version));
    state.put_terminal(7, terminal("shell"));
    state.remove_terminal(8);
    state.remove_file(file_key(1, 1));
    assert_eq!(state.commit_metadata(), None);
    assert_eq!(state.commit(&ChangeSet::default()), Ok(version));
}

#[test]
fn panes_let_go_of_a_terminal_that_is_gone() {
    let mut state = state();
    let other =
        |id: &str| Change::PutPane { id: id.into(), pane: pane("b", PaneContent::Terminal(9)) };
    state.put_terminal(9, terminal("other"));
    state.commit(&set([other("o1"), other("o2"), other("o3")])).unwrap();
    state.commit(&set([remove_pane("o3"), put_pane("o2", "b")])).unwrap();
    let version = state.version().n;
    state.remove_terminal(9);
    assert_eq!(state.commit_metadata().unwrap().n, version + 1);
    let content = |id| (state.pane(id).unwrap().0.content.clone(), state.pane(id).unwrap().1);
    assert_eq!(content("o1"), (PaneContent::Empty, version + 1));
    assert_eq!(content("o2").1, version);
    assert_eq!(content("a2"), (PaneContent::Terminal(7), 2));
    check(&state);
}

#[test]
fn files_leave_room_for_the_layout() {
    let limits = Limits { state_bytes: 1 << 16, ..Limits::default() };
    let mut state = ApplicationState::new(1, &limits);
    let taken =
        (0..1000).take_while(|id| state.put_file(file_key(1, *id), file("name", 0))).count();
    assert!((400..600).contains(&taken), "{taken}");
    assert!(state.bytes() <= (1 << 16) - (1 << 13));
    assert!(!state.put_file(file_key(2, 1), file("name", 0)));
    assert!(state.put_file(file_key(1, 0), file("name", 1)), "in place of one as large");
    assert!(!state.put_file(file_key(1, 0), file(&"x".repeat(500), 1)), "a longer one");
    assert_eq!(state.file(file_key(1, 0)).unwrap().0.size, 1);
    state.put_terminal(1, terminal("always taken"));
    state.commit(&set([put_session("a", &[])])).unwrap();
    (5..10).for_each(|id| state.remove_file(file_key(1, id)));
    assert!(state.put_file(file_key(2, 1), file("n", 0)));
    check(&state);
}

#[test]
fn the_files_of_a_watch_go_in_slices() {
    let mut state = ApplicationState::new(1, &Limits::default());
    state.visits_max = 5;
    for id in 0..100 {
        assert!(state.put_file(file_key(1 + id % 3, id), file("name", id)));
    }
    let mut calls = 0;
    while state.remove_watch_files(2, 4) {
        calls += 1;
        assert!(calls < 100);
        state.commit_metadata();
        if calls == 10 {
            // In a slot that the removal has passed.
            assert!(state.put_file(file_key(2, 1000), file("late", 0)));
        }
    }
    assert!(calls >= 8);
    assert_eq!(state.files().count(), 67);
    assert!(state.files().all(|(key, ..)| key.watch != 2));
    assert!(!state.remove_watch_files(2, 4));
    assert!(state.remove_watch_files(1, 0));
    check(&state);
}
