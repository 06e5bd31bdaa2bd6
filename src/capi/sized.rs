//! Structs that begin with their size, so that hosts and libraries of different ages fit together.
//!
//! In: an older, smaller struct is completed with defaults; a newer, larger one is refused if its
//! unknown tail is not zero. Out: as much is written as the caller has room for, zeroes behind it.

use std::ffi::c_void;
use std::mem::{offset_of, size_of};
use std::ptr;

use super::types::orch_bytes;
use crate::error::{Error, Result};

/// A C struct whose first field is its size.
///
/// # Safety
/// `repr(C)`, first field `size: usize`, every bit pattern valid in all fields.
pub(super) unsafe trait SizedStruct: Copy {
    /// The struct with every default, `size` set.
    fn defaults() -> Self;
    /// The size of the first published version.
    const FIRST_SIZE: usize;
}

/// Reads a struct from a host. `null_is_default`: NULL stands for all defaults.
///
/// # Safety
/// `from` is NULL or points to as many readable bytes as its first field says.
pub(super) unsafe fn read<T: SizedStruct>(from: *const T, null_is_default: bool) -> Result<T> {
    if from.is_null() {
        return if null_is_default { Ok(T::defaults()) } else { Err(null(name_of::<T>())) };
    }
    // SAFETY: every such struct begins with its size.
    let size = unsafe { from.cast::<usize>().read_unaligned() };
    // SAFETY: passed on from the caller.
    unsafe { read_parts(from.cast(), size, T::FIRST_SIZE, T::defaults()) }
}

/// Reads an element of an array with a stride, which stands for its size.
///
/// # Safety
/// `from` points to `stride` readable bytes. Every bit pattern is valid in `T`.
pub(super) unsafe fn read_element<T: Copy>(
    from: *const u8,
    stride: usize,
    first_size: usize,
    defaults: T,
) -> Result<T> {
    // SAFETY: passed on from the caller.
    unsafe { read_parts(from, stride, first_size, defaults) }
}

unsafe fn read_parts<T: Copy>(
    from: *const u8,
    size: usize,
    first_size: usize,
    mut value: T,
) -> Result<T> {
    check_size::<T>(size, first_size)?;
    let known = size.min(size_of::<T>());
    // SAFETY: the caller vouches for `size` bytes, and `value` has `known` of them.
    unsafe { ptr::copy_nonoverlapping(from, (&raw mut value).cast::<u8>(), known) };
    if size > known {
        // SAFETY: the caller vouches for `size` bytes.
        let tail = unsafe { std::slice::from_raw_parts(from.wrapping_add(known), size - known) };
        if tail.iter().any(|byte| *byte != 0) {
            return Err(Error::invalid(format!(
                "{} has fields that this version of the library does not know: they must be 0",
                name_of::<T>()
            )));
        }
    }
    Ok(value)
}

/// The size that a host gives for a struct to be filled, checked.
///
/// # Safety
/// `out` is NULL or points to a struct whose first field says how large it is.
pub(super) unsafe fn check_out<T: SizedStruct>(out: *const T) -> Result<()> {
    if out.is_null() {
        return Err(null(name_of::<T>()));
    }
    // SAFETY: every such struct begins with its size.
    let size = unsafe { out.cast::<usize>().read_unaligned() };
    check_size::<T>(size, T::FIRST_SIZE)
}

/// The name of a C struct, for messages.
fn name_of<T>() -> &'static str {
    let path = std::any::type_name::<T>();
    path.rsplit("::").next().unwrap_or(path)
}

/// Refuses a size that is smaller than the first published version of a struct.
fn check_size<T>(size: usize, first_size: usize) -> Result<()> {
    if size >= first_size {
        return Ok(());
    }
    let name = name_of::<T>();
    Err(Error::invalid(format!(
        "{name}.size is {size}; set it to sizeof({name}), which is at least {first_size}"
    )))
}

/// Fills a struct of a host, which keeps its own size.
///
/// # Safety
/// [`check_out`] has accepted `out`, and as many bytes as its size says are writable.
pub(super) unsafe fn write<T: SizedStruct>(out: *mut T, value: &T) {
    // SAFETY: every such struct begins with its size.
    let size = unsafe { out.cast::<usize>().read_unaligned() };
    let behind = size_of::<usize>();
    let known = size.min(size_of::<T>());
    let to = out.cast::<u8>();
    let from = (&raw const *value).cast::<u8>();
    let (from, to, tail) =
        (from.wrapping_add(behind), to.wrapping_add(behind), to.wrapping_add(known));
    // SAFETY: both have `known` bytes; the size field of the host is left alone.
    unsafe { ptr::copy_nonoverlapping(from, to, known - behind) };
    // SAFETY: the caller vouches for `size` bytes.
    unsafe { ptr::write_bytes(tail, 0, size - known) };
}

/// Refuses bits that are none of the `known` ones.
pub(super) fn check_flags(what: &str, flags: u32, known: u32) -> Result<()> {
    if flags & !known != 0 {
        return Err(Error::invalid(format!("{what}: {flags} has unknown flags")));
    }
    Ok(())
}

/// Writes a plain output.
///
/// # Safety
/// `out` points to a writable `T`.
pub(super) unsafe fn put<T>(out: *mut T, value: T) {
    // SAFETY: the caller vouches for the pointer, aligned or not.
    unsafe { out.write_unaligned(value) };
}

/// Borrowed bytes as C gets them.
pub(super) fn lend(bytes: &[u8]) -> orch_bytes {
    orch_bytes { data: bytes.as_ptr().cast(), len: bytes.len() }
}

fn null(what: &str) -> Error {
    Error::invalid(format!("{what} is NULL"))
}

/// Where a field ends: the size of a version of a struct that ended with it.
macro_rules! size_through {
    ($type:ty, $field:ident, $field_type:ty) => {
        ::std::mem::offset_of!($type, $field) + ::std::mem::size_of::<$field_type>()
    };
}
pub(super) use size_through;

const _: () = assert!(offset_of!(orch_bytes, data) == 0);

/// Zeroes a struct of the host and sets its size.
///
/// # Safety
/// `out` points to `size` writable bytes.
pub(super) unsafe fn init(out: *mut c_void, size: usize) -> Result<i32> {
    if size < size_of::<usize>() {
        return Err(Error::invalid(format!("size is {size}; set it to the size of the struct")));
    }
    // SAFETY: the caller vouches for `size` bytes.
    unsafe { ptr::write_bytes(out.cast::<u8>(), 0, size) };
    // SAFETY: as above; the size comes first.
    unsafe { out.cast::<usize>().write_unaligned(size) };
    Ok(super::status::ORCH_OK)
}

/// Checks an array whose elements lie `stride` bytes apart.
pub(super) fn check_stride(count: usize, stride: usize, first_size: usize) -> Result<()> {
    if stride < first_size {
        return Err(Error::invalid(format!(
            "stride is {stride}; set it to the size of an element, which is at least {first_size}"
        )));
    }
    if count.checked_mul(stride).is_none_or(|bytes| bytes > isize::MAX as usize) {
        return Err(Error::invalid("an array is longer than memory"));
    }
    Ok(())
}

/// Refuses an element of an array that says it is larger than the stride: it would reach into the next
/// one, and the last one past the array.
///
/// # Safety
/// `element` points to a struct whose first field says how large it is.
pub(super) unsafe fn check_element<T: SizedStruct>(element: *const T, stride: usize) -> Result<()> {
    // SAFETY: every such struct begins with its size.
    let size = unsafe { element.cast::<usize>().read_unaligned() };
    if size > stride {
        let name = name_of::<T>();
        return Err(Error::invalid(format!(
            "{name}.size is {size}, more than the stride {stride}"
        )));
    }
    Ok(())
}
