//! A TCP proxy that breaks connections at random places.
//!
//! After so many broken ones, as a seed decides where, it passes everything on.

#![allow(clippy::print_stdout)] // The seed, for a failure to be had again.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Numbers without a pattern, the same for the same seed (splitmix64).
#[derive(Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// With the seed of `ORCHFLOW_SEED`, else a new one, which is printed.
    pub(crate) fn seeded() -> Self {
        let given = std::env::var("ORCHFLOW_SEED").ok();
        let given = given.map(|seed| seed.parse().expect("ORCHFLOW_SEED is a number"));
        let seed = given.unwrap_or_else(|| {
            let time = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
            time.as_nanos() as u64
        });
        #[allow(clippy::print_stdout)] // Shown when a test fails.
        {
            println!("ORCHFLOW_SEED={seed}");
        }
        Random(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// See the module's documentation.
pub(crate) struct Flaky {
    pub(crate) address: SocketAddr,
    broken: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Flaky {
    /// Breaks `times` connections to `target`.
    pub(crate) fn start(target: SocketAddr, times: usize, mut random: Random) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (broken, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, over) = (Arc::clone(&broken), Arc::clone(&is_over));
        let thread = std::thread::spawn(move || {
            while let Ok((near, _)) = listener.accept() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(far) = TcpStream::connect(target) else { continue };
                // In the handshake, soon after it, or later.
                let place = match random.below(4) {
                    0 => random.below(400),
                    1 => random.below(2_000),
                    _ => random.below(60_000),
                };
                let is_last = count.load(Ordering::SeqCst) >= times;
                pass(&near, &far, if is_last { u64::MAX } else { place });
                if !is_last {
                    if random.below(2) == 0 {
                        reset(&near);
                        reset(&far);
                    }
                    count.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        Flaky { address, broken, is_over, thread: Some(thread) }
    }

    /// Connections that were broken so far.
    pub(crate) fn broken(&self) -> usize {
        self.broken.load(Ordering::SeqCst)
    }
}

impl Drop for Flaky {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        // One that still passes ends with its connection, which the engines hold.
        drop(self.thread.take());
    }
}

/// Passes so many bytes on, both ways together, or until one end is closed.
fn pass(near: &TcpStream, far: &TcpStream, mut left: u64) {
    let mut buffer = [0; 16 << 10];
    while left > 0 {
        let mut fds = [near, far].map(|end| PollFd::new(end.as_fd(), PollFlags::POLLIN));
        if poll(&mut fds, PollTimeout::NONE).is_err() {
            return;
        }
        let ready = fds.map(|fd| fd.any().unwrap_or(false));
        for (is_ready, (from, to)) in ready.into_iter().zip([(near, far), (far, near)]) {
            if !is_ready {
                continue;
            }
            let max = left.min(buffer.len() as u64) as usize;
            match (&*from).read(&mut buffer[..max]) {
                Ok(0) => return,
                Ok(n) if (&*to).write_all(&buffer[..n]).is_ok() => left -= n as u64,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                _ => return,
            }
        }
    }
}

/// Has the kernel reset the connection when it is closed, instead of ending it in order.
fn reset(stream: &TcpStream) {
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    nix::sys::socket::setsockopt(stream, nix::sys::socket::sockopt::Linger, &linger).unwrap();
}
