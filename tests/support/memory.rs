//! How much memory this process has.

#![allow(dead_code)] // Every test binary uses another part of it.

/// Bytes that are resident: `VmRSS` in /proc.
pub(crate) fn resident_bytes() -> usize {
    field("VmRSS:")
}

/// The most bytes that were resident since the last [`reset_peak`].
pub(crate) fn peak_bytes() -> usize {
    field("VmHWM:")
}

/// Begins to measure the peak anew.
pub(crate) fn reset_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

fn field(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    let kib: usize = line.trim().trim_end_matches(" kB").parse().unwrap();
    kib << 10
}
