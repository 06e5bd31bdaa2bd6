//! Viewer: what a terminal shows, as rows with styles, at the viewer's own pace.
//!
//! `cargo run --example viewer`

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::ops::ControlFlow;

use orchflow::{
    Attributes, Config, Delivery, Engine, Event, Result, ScreenOptions, SpawnOptions, TerminalEvent,
};

fn main() -> Result<()> {
    let mut engine = Engine::new(Config::default())?;
    // No bytes: the one reader of this terminal gets the rows that changed.
    let options = SpawnOptions::program("printf")
        .arg(r"\033]0;a title\007\033[1mbold\033[0m and plain")
        .screen(ScreenOptions::default())
        .reader(Some(Delivery::Screen));
    let terminal = engine.spawn(&options)?;
    engine.run(|engine| {
        while let Some(event) = engine.next_event()? {
            match event {
                Event::Terminal { event: TerminalEvent::Screen { update, .. }, .. } => {
                    for row in update.rows.iter() {
                        for run in row.runs() {
                            let bold = run.style.attributes.contains(Attributes::BOLD);
                            println!("{}: {:?}", if bold { "bold" } else { "plain" }, run.text);
                        }
                    }
                }
                Event::Terminal { event: TerminalEvent::Exited { .. }, .. } => {
                    return Ok(ControlFlow::Break(()));
                }
                _ => {}
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    // The screen stays after the program has ended, until the terminal is closed.
    println!("{:?}", engine.screen_text(terminal, 0)?.lines().next());
    Ok(())
}
