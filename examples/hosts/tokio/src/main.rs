//! Rust on tokio: the engine is in an `AsyncFd`, and whoever has it awaits that it is readable.
//!
//! The engine stays on its thread, so the runtime is a current-thread one; in a multi-threaded runtime it lives in a
//! `LocalSet` or a thread of its own, and other tasks reach it by a `Sender`.

mod trace;

use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use orchflow::{Config, Engine};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{Instant, sleep};

use trace::{Happened, IDLE, Step, Trace};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut config = Config::default();
    config.limits.input_bytes = 4096;
    let engine = Engine::new(config)?;
    // SAFETY: the descriptor of an engine is open as long as the engine lives, and never another one.
    let mut engine = unsafe { AsyncFd::register_with_interest(engine, Interest::READABLE) }
        .map_err(|error| error.into_parts().1)?;
    let mut trace = Trace::start(engine.get_mut())?;
    let mut idle_over = pin!(sleep(IDLE));
    while trace.step != Step::Over {
        tokio::select! {
            readable = engine.readable_mut() => {
                let mut guard = readable?;
                let engine = guard.get_inner_mut();
                trace.count_wake();
                engine.turn(Some(Duration::ZERO))?;
                while let Some(event) = engine.next_event()? {
                    let happened = Happened::from(event);
                    trace.on(engine, happened)?;
                }
                if trace.may_idle(engine) {
                    idle_over.as_mut().reset(Instant::now() + IDLE);
                }
                guard.clear_ready(); // all of it was read
            }
            () = &mut idle_over, if trace.step == Step::Idle => trace.idle_over(engine.get_mut())?,
        }
    }
    Ok(())
}
