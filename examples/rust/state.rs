//! State: sessions and panes with versions; a change that is built on an old version is rejected.
//!
//! `cargo run --example state`

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use orchflow::{
    Change, ChangeOp, ChangeSet, Collections, Config, Engine, ErrorKind, Result, Session,
    StateBudget, StateChanges, StateCursor,
};

fn rename(name: &str, base: Option<u64>) -> ChangeSet {
    let session = Session { name: name.into(), ..Session::default() };
    let change = Change::PutSession { id: "main".into(), session };
    ChangeSet { ops: vec![ChangeOp { change, base }] }
}

fn main() -> Result<()> {
    let mut engine = Engine::new(Config::default())?;
    let first = engine.change_state(&rename("first", None))?;
    engine.change_state(&rename("second", Some(first.n)))?;

    // Somebody else has renamed it in between.
    let error = engine.change_state(&rename("third", Some(first.n))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    println!("{error}");

    // At most so much in one call.
    let budget = StateBudget { entries: 1000, bytes: 1 << 20 };
    let (mut cursor, mut changes) = (StateCursor::default(), StateChanges::default());
    engine.state_changes(&mut cursor, Collections::ALL, budget, &mut changes)?;
    println!("{} entry at version {}", changes.entries.len(), changes.version.n);
    // Nothing has changed since, so there is nothing to read.
    engine.state_changes(&mut cursor, Collections::ALL, budget, &mut changes)?;
    assert!(changes.is_empty());
    Ok(())
}
