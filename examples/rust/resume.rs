//! Resume: a reader that was away continues at the byte where it was, without a gap and without a repeat.
//!
//! `cargo run --example resume`

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::ops::ControlFlow;

use orchflow::{
    Config, Delivery, Engine, Event, ReaderId, ReaderOptions, Result, SpawnOptions, Start,
    TerminalEvent, TerminalId,
};

fn main() -> Result<()> {
    let mut engine = Engine::new(Config::default())?;
    let script = "echo one; read line; echo two";
    let terminal = engine.spawn(&SpawnOptions::program("sh").args(["-c", script]).reader(None))?;

    let first = engine.attach(terminal, Delivery::Lossless, Start::Oldest)?;
    let (text, offset) = read(&mut engine, first, "one\r\n")?;
    println!("before: {text:?}");
    engine.detach(first)?;

    // Nobody reads now. The log keeps the newest output.
    engine.write(terminal, b"\n")?;
    until_exit(&mut engine, terminal)?;

    let options = ReaderOptions::new(Delivery::Lossless).start(Start::Resume(offset));
    let second = engine.attach_with(terminal, &options)?;
    let (text, _) = read(&mut engine, second, "two\r\n")?;
    println!("after: {text:?}");
    Ok(())
}

/// What a reader gets until it ends with `end`, and the offset behind it.
fn read(engine: &mut Engine, wanted: ReaderId, end: &str) -> Result<(String, u64)> {
    let (mut text, mut next) = (String::new(), 0);
    engine.run(|engine| {
        while let Some(event) = engine.next_event()? {
            let Event::Terminal { event, .. } = event else { continue };
            let TerminalEvent::Output { reader, offset, bytes } = event else { continue };
            if reader == wanted {
                text.push_str(&String::from_utf8_lossy(bytes));
                next = offset + bytes.len() as u64;
            }
            if text.ends_with(end) {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((text, next))
}

fn until_exit(engine: &mut Engine, terminal: TerminalId) -> Result<()> {
    engine.run(|engine| {
        while let Some(event) = engine.next_event()? {
            let Event::Terminal { id, event, .. } = event else { continue };
            if id == terminal && matches!(event, TerminalEvent::Exited { .. }) {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    })
}
