//! Senders: other threads post commands to the engine; each comes back as an event with its tag.
//!
//! `cargo run --example senders`

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::ops::ControlFlow;
use std::thread;

use orchflow::{Command, Completion, Config, Engine, Event, Result, SpawnOptions};

fn main() -> Result<()> {
    let mut engine = Engine::new(Config::default())?;
    let threads: Vec<_> = (1..=3)
        .map(|tag| {
            let sender = engine.sender();
            thread::spawn(move || {
                let options = SpawnOptions::program("true");
                sender.post(tag, Command::Spawn(Box::new(options)))
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap()?;
    }
    let mut done = Vec::new();
    engine.run(|engine| {
        while let Some(event) = engine.next_event()? {
            if let Event::Completed { tag, result: Ok(Completion::Spawned(_)) } = event {
                done.push(tag);
            }
        }
        Ok(if done.len() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    done.sort_unstable();
    println!("{done:?}");
    Ok(())
}
