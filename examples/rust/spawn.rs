//! Spawn: a program in a terminal, its output with offsets, its exit status.
//!
//! `cargo run --example spawn -- seq 3`

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::ops::ControlFlow;

use orchflow::{Config, Engine, Event, Result, SpawnOptions, TerminalEvent};

fn main() -> Result<()> {
    let mut args = std::env::args_os().skip(1);
    let options = match args.next() {
        Some(program) => SpawnOptions::program(program).args(args),
        None => SpawnOptions::program("seq").arg("3"),
    };
    let mut engine = Engine::new(Config::default())?;
    engine.spawn(&options)?;
    let status = engine.run(|engine| {
        while let Some(event) = engine.next_event()? {
            let Event::Terminal { event, .. } = event else { continue };
            match event {
                TerminalEvent::Output { offset, bytes, .. } => {
                    println!("{offset:>8}  {:?}", String::from_utf8_lossy(bytes));
                }
                TerminalEvent::Exited { status, .. } => return Ok(ControlFlow::Break(status)),
                _ => {}
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    println!("{status:?}");
    Ok(())
}
