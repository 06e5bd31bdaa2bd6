//! What every export does first and last.
//!
//! First: is the pointer there, is this the owner's thread and process, is the engine sound? Last:
//! a panic becomes a status and poisons the engine, an error becomes a status and its message is
//! kept. In between runs the one line that the export is about.

use std::cell::{Cell, RefCell, UnsafeCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::client_state::ClientLoan;
use super::event_loan::EventLoan;
use super::health::HealthLoan;
use super::metrics::MetricsLoan;
use super::peer_state::PeerStateLoan;
use super::screen_loan::Shown;
use super::state_loan::StateLoan;
use super::stats::orch_stage_stats;
use super::status::*;
use super::terminal_state::TerminalStates;
use super::watch_tree::Files;
use crate::Engine;
use crate::error::{Error, Result};
use crate::reactor::ProcessIdentity;

/// An engine. Opaque; made by `orch_engine_create`.
pub struct orch_engine {
    /// The thread that may call; see [`thread_token`].
    owner: AtomicU64,
    /// A call is going on.
    busy: AtomicBool,
    /// The process that made it.
    process: ProcessIdentity,
    inner: UnsafeCell<Inner>,
}

impl Inner {
    pub(super) fn is_poisoned(&self) -> bool {
        self.poisoned
    }

    /// Invalidates what the last event has lent.
    pub(super) fn end_event(&mut self) {
        self.event.end();
    }
}

/// What only the owner's thread touches.
pub(super) struct Inner {
    pub(super) engine: Engine,
    pub(super) event: EventLoan,
    pub(super) stages: Vec<orch_stage_stats>,
    pub(super) lent_metrics: MetricsLoan,
    pub(super) states: TerminalStates,
    pub(super) shown: Shown,
    pub(super) files: Files,
    /// Entries of the application state.
    pub(super) lent_state: StateLoan,
    pub(super) lent_client: ClientLoan,
    pub(super) health: HealthLoan,
    /// Entries of the state of a peer.
    pub(super) lent_replica: StateLoan,
    pub(super) lent_peer_state: PeerStateLoan,
    poisoned: bool,
    /// The message of the panic that poisoned the engine, until it is reported as a log event.
    pub(super) panic_text: Option<String>,
    last_error: LastError,
}

/// The last failed call.
#[derive(Clone, Default)]
pub(super) struct LastError {
    pub(super) status: i32,
    pub(super) os_error: i32,
    pub(super) message: String,
}

impl LastError {
    fn new(status: i32, message: &str) -> Self {
        LastError { status, os_error: 0, message: message.into() }
    }

    fn of(error: &Error) -> Self {
        LastError {
            status: status_of(error),
            os_error: error.errno().unwrap_or(0),
            message: error.message().into(),
        }
    }
}

thread_local! {
    /// The last failed call of this thread that had no engine to keep it.
    static LAST_ERROR: RefCell<LastError> = RefCell::default();
    /// Inside an export: a panic is caught, and kept here instead of printed.
    static IN_EXPORT: Cell<bool> = const { Cell::new(false) };
    static PANIC_TEXT: RefCell<String> = const { RefCell::new(String::new()) };
    static THREAD_TOKEN: u64 = NEXT_THREAD.fetch_add(1, Ordering::Relaxed);
}

static NEXT_THREAD: AtomicU64 = AtomicU64::new(1);

/// A number for this thread that no other thread ever has.
fn thread_token() -> u64 {
    // A thread whose locals are gone already owns nothing.
    THREAD_TOKEN.try_with(|token| *token).unwrap_or(0)
}

impl orch_engine {
    pub(super) fn new(engine: Engine) -> Self {
        orch_engine {
            owner: AtomicU64::new(thread_token()),
            busy: AtomicBool::new(false),
            process: ProcessIdentity::current(),
            inner: UnsafeCell::new(Inner {
                engine,
                event: EventLoan::default(),
                stages: Vec::new(),
                lent_metrics: MetricsLoan::default(),
                states: TerminalStates::default(),
                shown: Shown::default(),
                files: Files::default(),
                lent_state: StateLoan::default(),
                lent_client: ClientLoan::default(),
                health: HealthLoan::default(),
                lent_replica: StateLoan::default(),
                lent_peer_state: PeerStateLoan::default(),
                poisoned: false,
                panic_text: None,
                last_error: LastError::default(),
            }),
        }
    }

    /// Whether the calling thread may call; `None` means yes.
    fn refusal(&self) -> Option<(i32, &'static str)> {
        if !self.process.is_current() {
            return Some((ORCH_E_FORKED, "the engine belongs to the parent process"));
        }
        if self.owner.load(Ordering::Acquire) != thread_token() {
            return Some((ORCH_E_WRONG_THREAD, "the engine belongs to another thread"));
        }
        None
    }

    /// Makes the calling thread the owner.
    pub(super) fn bind(&self) -> i32 {
        if !self.process.is_current() {
            return fail_here(ORCH_E_FORKED, "the engine belongs to the parent process");
        }
        if self.busy.swap(true, Ordering::AcqRel) {
            return fail_here(ORCH_E_BUSY, "another thread is inside a call on this engine");
        }
        self.owner.store(thread_token(), Ordering::Release);
        self.busy.store(false, Ordering::Release);
        ORCH_OK
    }
}

/// Whether an export may use an engine that a panic has poisoned.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Poisoned {
    Refuse,
    Allow,
}

/// Runs an export's work on an engine.
///
/// # Safety
/// `engine` is NULL or comes from `orch_engine_create` and was not destroyed.
pub(super) unsafe fn on_engine(
    engine: *const orch_engine,
    work: impl FnOnce(&mut Inner) -> Result<i32>,
) -> i32 {
    // SAFETY: passed on from the caller.
    unsafe { on_engine_if(engine, Poisoned::Refuse, work) }
}

/// As [`on_engine`], for the few exports that work on a poisoned engine.
///
/// # Safety
/// As [`on_engine`].
pub(super) unsafe fn on_engine_if(
    engine: *const orch_engine,
    poisoned: Poisoned,
    work: impl FnOnce(&mut Inner) -> Result<i32>,
) -> i32 {
    // SAFETY: the caller vouches for the pointer.
    let Some(handle) = (unsafe { engine.as_ref() }) else {
        return fail_here(ORCH_E_INVALID, "the engine is NULL");
    };
    if let Some((status, message)) = handle.refusal() {
        return fail_here(status, message);
    }
    if handle.busy.swap(true, Ordering::AcqRel) {
        return fail_here(ORCH_E_BUSY, "a call on this engine is going on");
    }
    // SAFETY: this is the owner's thread and `busy` was free, so nobody else is inside.
    let inner = unsafe { &mut *handle.inner.get() };
    let status = run(inner, poisoned, work);
    handle.busy.store(false, Ordering::Release);
    status
}

fn run(inner: &mut Inner, poisoned: Poisoned, work: impl FnOnce(&mut Inner) -> Result<i32>) -> i32 {
    if inner.poisoned && poisoned == Poisoned::Refuse {
        return ORCH_E_POISONED;
    }
    match catch(|| work(inner)) {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => {
            inner.last_error = LastError::of(&error);
            inner.last_error.status
        }
        Err(text) => {
            inner.poisoned = true;
            inner.last_error = LastError::new(ORCH_E_PANIC, &text);
            inner.panic_text = Some(text);
            ORCH_E_PANIC
        }
    }
}

/// Runs an export's work that has no engine, or is allowed on any thread.
pub(super) fn without_engine(work: impl FnOnce() -> Result<i32>) -> i32 {
    match catch(work) {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => keep_here(LastError::of(&error)),
        Err(text) => fail_here(ORCH_E_PANIC, &text),
    }
}

/// The last error of an engine, or of this thread for NULL.
///
/// # Safety
/// As [`on_engine`].
pub(super) unsafe fn last_error(engine: *const orch_engine, show: impl FnOnce(&LastError)) -> i32 {
    if engine.is_null() {
        return LAST_ERROR.try_with(|last| show(&last.borrow())).map_or(ORCH_DONE, |()| ORCH_OK);
    }
    let work = |inner: &mut Inner| {
        show(&inner.last_error);
        Ok(ORCH_OK)
    };
    // SAFETY: passed on from the caller.
    unsafe { on_engine_if(engine, Poisoned::Allow, work) }
}

/// Whether the calling thread may destroy the engine.
///
/// # Safety
/// `engine` is a live engine.
pub(super) unsafe fn check_destroy(engine: *const orch_engine) -> i32 {
    // SAFETY: passed on from the caller.
    unsafe { on_engine_if(engine, Poisoned::Allow, |_| Ok(ORCH_OK)) }
}

fn fail_here(status: i32, message: &str) -> i32 {
    keep_here(LastError::new(status, message))
}

fn keep_here(error: LastError) -> i32 {
    let status = error.status;
    // Without thread-locals (the thread is ending) the status alone has to do.
    let _ = LAST_ERROR.try_with(|last| *last.borrow_mut() = error);
    status
}

/// Runs `work`; a panic comes back as its message and nothing is printed.
fn catch<T>(work: impl FnOnce() -> T) -> std::result::Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if IN_EXPORT.try_with(Cell::get) == Ok(true) {
                let _ = PANIC_TEXT.try_with(|text| *text.borrow_mut() = info.to_string());
            } else {
                previous(info);
            }
        }));
    });
    let outer = IN_EXPORT.try_with(|inside| inside.replace(true)).unwrap_or(false);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    let _ = IN_EXPORT.try_with(|inside| inside.set(outer));
    outcome.map_err(|_| PANIC_TEXT.try_with(RefCell::take).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    #[test]
    fn a_panic_poisons_the_engine_and_is_reported() {
        let handle = orch_engine::new(Engine::new(Config::default()).unwrap());
        // SAFETY: the handle lives on this stack frame.
        let status = unsafe { on_engine(&raw const handle, |_| panic!("as arranged")) };
        assert_eq!(status, ORCH_E_PANIC);
        // SAFETY: as above.
        let status = unsafe { on_engine(&raw const handle, |_| Ok(ORCH_OK)) };
        assert_eq!(status, ORCH_E_POISONED);
        // SAFETY: as above.
        let status = unsafe {
            last_error(&raw const handle, |e| assert!(e.message.contains("as arranged")))
        };
        assert_eq!(status, ORCH_OK);
        // SAFETY: as above.
        assert_eq!(unsafe { check_destroy(&raw const handle) }, ORCH_OK);
    }

    #[test]
    fn threads_have_tokens_of_their_own() {
        let mine = thread_token();
        assert_eq!(mine, thread_token());
        assert_ne!(std::thread::spawn(thread_token).join().unwrap(), mine);
    }
}
