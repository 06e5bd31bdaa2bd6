//! Arguments of a host, each with a name that stands in the message when it is refused.
//!
//! A name is that of the parameter (`out_version`), or of the struct and the field (`orch_pane.title`).

use std::os::fd::{BorrowedFd, OwnedFd};

use nix::errno::Errno;

use super::sized;
use super::status::{ORCH_OK, orch_status};
use super::types::orch_bytes;
use crate::error::{Error, Result};

/// An array; NULL is an empty one.
///
/// # Safety
/// `data` is NULL or points to `len` readable elements that stay as they are during the call.
pub(super) unsafe fn array<'a, T>(name: &str, data: *const T, len: usize) -> Result<&'a [T]> {
    if len == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(Error::invalid(format!("{name} is NULL, but its length is {len}")));
    }
    if len.checked_mul(size_of::<T>()).is_none_or(|bytes| bytes > isize::MAX as usize) {
        return Err(Error::invalid(format!("{name}: an array is longer than memory")));
    }
    if !data.is_aligned() {
        return Err(Error::invalid(format!("{name}: an array is not aligned")));
    }
    // SAFETY: the caller vouches for the elements; alignment and length were checked.
    Ok(unsafe { std::slice::from_raw_parts(data, len) })
}

/// Bytes; NULL is none.
///
/// # Safety
/// As [`array`].
pub(super) unsafe fn bytes<'a>(name: &str, bytes: orch_bytes) -> Result<&'a [u8]> {
    // SAFETY: passed on from the caller.
    unsafe { array(name, bytes.data.cast(), bytes.len) }
}

/// Text, which has to be UTF-8.
///
/// # Safety
/// As [`array`].
pub(super) unsafe fn text<'a>(name: &str, text: orch_bytes) -> Result<&'a str> {
    // SAFETY: passed on from the caller.
    let bytes = unsafe { bytes(name, text) }?;
    str::from_utf8(bytes).map_err(|_| Error::invalid(format!("{name}: not UTF-8")))
}

/// Refuses an output that is NULL.
pub(super) fn output<T>(name: &str, out: *mut T) -> Result<()> {
    if out.is_null() { Err(Error::invalid(format!("{name} is NULL"))) } else { Ok(()) }
}

/// Writes a list as far as the host has room for it, and how long it is. Both outputs come with their names.
///
/// # Safety
/// `capacity` elements at `out` are writable, and `out_count` is; each may be NULL.
pub(super) unsafe fn put_list<T: Copy>(
    list: &[T],
    (name, out): (&str, *mut T),
    capacity: usize,
    (count_name, out_count): (&str, *mut usize),
) -> Result<orch_status> {
    output(count_name, out_count)?;
    if capacity > 0 {
        output(name, out)?;
    }
    for (index, element) in list.iter().take(capacity).enumerate() {
        // SAFETY: the pointer was checked; the caller vouches for `capacity` elements.
        unsafe { sized::put(out.wrapping_add(index), *element) };
    }
    // SAFETY: the pointer was checked; the caller vouches that it is writable.
    unsafe { sized::put(out_count, list.len()) };
    Ok(ORCH_OK)
}

/// Refuses an array with a stride when it is NULL, or when its elements are smaller than their first version.
pub(super) fn strided<T>(
    name: &str,
    data: *const T,
    count: usize,
    stride: usize,
    first_size: usize,
) -> Result<()> {
    if count == 0 {
        return Ok(());
    }
    output(name, data.cast_mut())?;
    sized::check_stride(count, stride, first_size).map_err(|error| in_name(name, &error))
}

/// Refuses a reserved field that is not 0.
pub(super) fn reserved(name: &str, value: u32) -> Result<()> {
    if value == 0 { Ok(()) } else { Err(Error::invalid(format!("{name}: must be 0"))) }
}

/// The same error with a name in front.
pub(super) fn in_name(name: &str, error: &Error) -> Error {
    Error::new(error.kind(), format!("{name}: {}", error.message()))
}

/// 0 or 1.
pub(super) fn flag_from(what: &str, value: u32) -> Result<bool> {
    match value {
        0 | 1 => Ok(value == 1),
        other => Err(Error::invalid(format!("{what} is {other}: neither 0 nor 1"))),
    }
}

/// A copy of a descriptor, close-on-exec.
pub(super) fn copied_fd(name: &str, fd: i32) -> Result<OwnedFd> {
    if fd < 0 {
        return Err(Error::invalid(format!("{name}: the descriptor is negative")));
    }
    // SAFETY: the descriptor is only copied; a closed one makes the system call fail.
    let host_fd = unsafe { BorrowedFd::borrow_raw(fd) };
    host_fd.try_clone_to_owned().map_err(|e| match e.raw_os_error() {
        Some(libc::EBADF) | None => Error::invalid(format!("{name}: the descriptor is not open")),
        Some(errno) => Error::system("copy the descriptor", Errno::from_raw(errno)),
    })
}

/// A number that is none of the constants it should be.
pub(super) fn unknown(what: &str, value: u32) -> Error {
    Error::invalid(format!("{what} is {value}: not a known value"))
}
