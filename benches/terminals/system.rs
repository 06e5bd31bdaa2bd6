//! What is asked of the kernel: limits, memory, a watchdog, left-over children.

use std::fs;

/// Has the kernel end this process after so many seconds. Its PTYs are closed with it, which hangs
/// up everything that runs in them.
pub(crate) fn kill_after(seconds: u32) {
    // SAFETY: alarm takes an integer; SIGALRM has its default disposition here.
    unsafe { libc::alarm(seconds) };
}

/// Raises the soft limit of descriptors as far as it may go; gives what it is then.
pub(crate) fn allow_descriptors(wanted: u64) -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit fills the struct that the pointer is valid for.
    let answer = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    assert_eq!(answer, 0, "getrlimit");
    if limit.rlim_cur < wanted {
        limit.rlim_cur = wanted.min(limit.rlim_max);
        // SAFETY: setrlimit reads the struct that the pointer is valid for.
        unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    }
    limit.rlim_cur
}

/// Whether this process has a child that nobody has reaped.
pub(crate) fn has_children() -> bool {
    // SAFETY: siginfo_t is plain data for which all zeroes is valid.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: waitid writes one siginfo_t through a pointer that is valid for it.
    let answer = unsafe { libc::waitid(libc::P_ALL, 0, &raw mut info, options) };
    answer == 0
}

/// Bytes of this process in memory, counted exactly (`statm` is not).
pub(crate) fn resident_bytes() -> u64 {
    field_bytes("/proc/self/smaps_rollup", "Rss:")
}

/// Gives freed memory back to the kernel, so that what is allocated next makes the process grow.
pub(crate) fn trim_memory() {
    // SAFETY: malloc_trim takes an integer and works on memory that is free.
    unsafe { libc::malloc_trim(0) };
}

/// Seconds that this thread has run.
pub(crate) fn cpu_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime fills the struct that the pointer is valid for.
    let answer = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(answer, 0, "clock_gettime");
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Bytes that programs can get without swapping.
pub(crate) fn available_bytes() -> u64 {
    field_bytes("/proc/meminfo", "MemAvailable:")
}

fn field_bytes(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap();
    let rest = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    let kib: u64 = rest.trim().trim_end_matches(" kB").parse().unwrap();
    kib << 10
}

/// Resident memory that only weighs. Huge pages are off: they would make `fork` cheap.
pub(crate) struct Ballast {
    address: *mut libc::c_void,
    bytes: usize,
}

impl Ballast {
    pub(crate) fn new(bytes: usize) -> Self {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing that exists.
        let address = unsafe { libc::mmap(std::ptr::null_mut(), bytes, access, flags, -1, 0) };
        assert_ne!(address, libc::MAP_FAILED, "mmap");
        // SAFETY: the range is the mapping made above.
        unsafe { libc::madvise(address, bytes, libc::MADV_NOHUGEPAGE) };
        // SAFETY: the mapping is ours, writable, and as long as this; every byte is initialized.
        let memory = unsafe { std::slice::from_raw_parts_mut(address.cast::<u8>(), bytes) };
        memory.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
        Ballast { address, bytes }
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, as long as this, and nothing borrows from it any more.
        unsafe { libc::munmap(self.address, self.bytes) };
    }
}
