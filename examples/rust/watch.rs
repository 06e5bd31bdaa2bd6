//! Watch: a copy of a directory tree that follows the disk.
//!
//! The first read of a cursor gives the whole tree, each later one what changed since; a batch says that there
//! is something to read.
//!
//! `cargo run --example watch`

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

use orchflow::{
    Config, Engine, Event, FileChanges, FileCursor, FileId, Result, WatchEvent, WatchId,
    WatchOptions,
};

/// The host's own copy of the tree.
#[derive(Default)]
struct Tree {
    cursor: FileCursor,
    paths: BTreeMap<FileId, PathBuf>,
}

impl Tree {
    fn update(&mut self, engine: &mut Engine, watch: WatchId) -> Result<()> {
        let mut changes = FileChanges::default();
        loop {
            engine.watch_changes(watch, &mut self.cursor, 1000, &mut changes)?;
            if changes.full {
                self.paths.clear();
            }
            for id in &changes.removed {
                self.paths.remove(id);
            }
            for entry in changes.entries() {
                self.paths.insert(entry.id, entry.path.to_path_buf());
            }
            if !changes.more {
                return Ok(());
            }
        }
    }
}

fn main() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("orchflow-example-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("src")).unwrap();
    std::fs::write(folder.join("src/old"), "").unwrap();

    let mut engine = Engine::new(Config::default())?;
    let watch = engine.add_watch(&WatchOptions::new(&folder))?;
    let mut tree = Tree::default();
    engine.run(|engine| {
        let (mut is_ready, mut is_changed) = (false, false);
        while let Some(event) = engine.next_event()? {
            let Event::Watch { event, .. } = event else { continue };
            match event {
                WatchEvent::Ready { .. } => is_ready = true,
                WatchEvent::Batch { .. } => is_changed = true,
                _ => {}
            }
        }
        if is_ready {
            tree.update(engine, watch)?;
            std::fs::rename(folder.join("src/old"), folder.join("src/new")).unwrap();
        }
        if is_changed {
            tree.update(engine, watch)?;
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let mut names: Vec<_> =
        tree.paths.values().flat_map(|path| path.strip_prefix(&folder)).collect();
    names.sort();
    println!("{names:?}");
    std::fs::remove_dir_all(&folder).unwrap();
    Ok(())
}
