//! The inbox: how other threads reach the engine's thread.
//!
//! A bounded crossbeam channel carries the messages, mio's waker makes the engine's descriptor
//! readable. Wakes coalesce: only the post that finds `signalled` unset wakes. The engine clears
//! `signalled` *before* it empties the channel; so a message is either seen by that emptying or its
//! post wakes again, and a post before the poll is never lost. (A message may be taken before its post
//! comes to wake: that turn is for nothing.)
//!
//! Messages are bounded twice, by number (the channel) and by bytes (a counter that a post reserves
//! from and the engine gives back to).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

/// The engine's end.
pub(crate) struct Inbox<T> {
    messages: Receiver<(T, usize)>,
    post: InboxSender<T>,
}

/// The other threads' end. Outlives the inbox safely.
pub(crate) struct InboxSender<T> {
    messages: Sender<(T, usize)>,
    shared: Arc<Shared>,
}

struct Shared {
    waker: Arc<mio::Waker>,
    signalled: AtomicBool,
    open: AtomicBool,
    bytes: AtomicUsize,
    bytes_max: usize,
}

/// Why a post was refused; nothing was posted then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PostError {
    /// As many messages wait as are allowed.
    TooMany,
    /// As many bytes wait as are allowed.
    TooLarge,
    /// The engine is gone.
    Closed,
}

impl<T> Clone for InboxSender<T> {
    fn clone(&self) -> Self {
        InboxSender { messages: self.messages.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<T> Inbox<T> {
    pub(crate) fn new(waker: Arc<mio::Waker>, messages_max: usize, bytes_max: usize) -> Self {
        let (sender, receiver) = bounded(messages_max);
        let shared = Shared {
            waker,
            signalled: AtomicBool::new(false),
            open: AtomicBool::new(true),
            bytes: AtomicUsize::new(0),
            bytes_max,
        };
        let post = InboxSender { messages: sender, shared: Arc::new(shared) };
        Inbox { messages: receiver, post }
    }

    pub(crate) fn sender(&self) -> InboxSender<T> {
        self.post.clone()
    }

    /// Call before [`take`](Self::take) whenever the waker was reported.
    pub(crate) fn acknowledge(&self) {
        self.post.shared.signalled.swap(false, Ordering::AcqRel);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Bytes in the messages that wait, and those of the room for messages.
    pub(crate) fn memory(&self) -> usize {
        let room = self.messages.capacity().unwrap_or(0) * size_of::<(T, usize)>();
        room + self.post.shared.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn take(&self) -> Option<T> {
        let (message, bytes) = self.messages.try_recv().ok()?;
        self.post.shared.bytes.fetch_sub(bytes, Ordering::AcqRel);
        Some(message)
    }
}

impl<T> Drop for Inbox<T> {
    fn drop(&mut self) {
        self.post.shared.open.store(false, Ordering::Release);
        while self.take().is_some() {}
    }
}

impl<T> InboxSender<T> {
    /// Posts a message that stands for `bytes` bytes, and wakes the engine.
    pub(crate) fn post(&self, message: T, bytes: usize) -> Result<(), PostError> {
        let shared = &*self.shared;
        if !shared.open.load(Ordering::Acquire) {
            return Err(PostError::Closed);
        }
        let waiting = shared.bytes.fetch_add(bytes, Ordering::AcqRel);
        let outcome = if waiting.saturating_add(bytes) > shared.bytes_max {
            Err(PostError::TooLarge)
        } else {
            self.messages.try_send((message, bytes)).map_err(|refusal| match refusal {
                TrySendError::Full(_) => PostError::TooMany,
                TrySendError::Disconnected(_) => PostError::Closed,
            })
        };
        if outcome.is_err() {
            shared.bytes.fetch_sub(bytes, Ordering::AcqRel);
            return outcome;
        }
        if !shared.signalled.swap(true, Ordering::AcqRel) {
            // Writing to an eventfd that is open fails only when its counter is full, and mio empties
            // it then.
            let woken = shared.waker.wake();
            invariant!(woken.is_ok(), "a waker can wake");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn poll_and_inbox(messages: usize, bytes: usize) -> (mio::Poll, Inbox<u32>) {
        let poll = mio::Poll::new().unwrap();
        let waker = Arc::new(mio::Waker::new(poll.registry(), mio::Token(0)).unwrap());
        (poll, Inbox::new(waker, messages, bytes))
    }

    #[test]
    fn bounds_hold_and_are_given_back() {
        let (_poll, inbox) = poll_and_inbox(2, 100);
        let post = inbox.sender();
        assert_eq!(post.post(1, 101), Err(PostError::TooLarge));
        assert_eq!(post.post(1, 60), Ok(()));
        assert_eq!(post.post(2, 60), Err(PostError::TooLarge));
        assert_eq!(post.post(2, 40), Ok(()));
        assert_eq!(post.post(3, 0), Err(PostError::TooMany));
        assert_eq!((inbox.take(), inbox.take(), inbox.take()), (Some(1), Some(2), None));
        assert_eq!(post.post(4, 100), Ok(()));
    }

    #[test]
    fn a_sender_outlives_the_inbox() {
        let (_poll, inbox) = poll_and_inbox(2, 100);
        let post = inbox.sender();
        post.post(1, 1).unwrap();
        drop(inbox);
        assert_eq!(post.post(2, 1), Err(PostError::Closed));
    }

    /// Every message posted by four threads is seen by a receiver that blocks without a timeout of
    /// its own: a lost wake would end in the watchdog's timeout.
    #[test]
    fn no_wake_is_lost() {
        const POSTS: u32 = 5_000;
        let (mut poll, inbox) = poll_and_inbox(64, 1 << 20);
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let post = inbox.sender();
                std::thread::spawn(move || {
                    for n in 0..POSTS {
                        while post.post(n, 1).is_err() {
                            std::thread::yield_now();
                        }
                    }
                })
            })
            .collect();
        let mut events = mio::Events::with_capacity(4);
        let mut seen = 0;
        while seen < 4 * POSTS {
            poll.poll(&mut events, Some(Duration::from_secs(30))).unwrap();
            assert!(!events.is_empty(), "stalled after {seen} messages");
            inbox.acknowledge();
            while inbox.take().is_some() {
                seen += 1;
            }
        }
        for thread in threads {
            thread.join().unwrap();
        }
    }
}
