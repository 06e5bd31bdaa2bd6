//! Helpers for hosts: bytes of a string, elements of a lent array, structs to fill.

use std::ffi::{CStr, c_char, c_void};

use super::argument;
use super::guard::without_engine;
use super::sized;
use super::status::orch_status;
use super::types::{NO_BYTES, orch_bytes};

/// The bytes of a terminated string, without the terminator. NULL gives no bytes.
///
/// Any thread. The bytes are borrowed from `text`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_str(text: *const c_char) -> orch_bytes {
    if text.is_null() {
        return NO_BYTES;
    }
    // SAFETY: the caller vouches for a terminated string.
    let text = unsafe { CStr::from_ptr(text) };
    sized::lend(text.to_bytes())
}

/// The element `index` of an array that the library lends; `stride` is the field beside it that says how many bytes
/// lie between elements. A library that is newer than the header may have larger elements, so `elements[index]` is
/// wrong.
///
/// Any thread. `index` counts from 0 and is below the count; nothing is checked.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_element_at(
    elements: *const c_void,
    stride: usize,
    index: usize,
) -> *const c_void {
    elements.wrapping_byte_add(stride.wrapping_mul(index))
}

/// Initializes a struct that begins with its size: sets all bytes to 0, which is the default of every field, and
/// `size` as its first field. In C and C++ the ORCH_*_INIT macros do the same.
///
/// Any thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_struct_init(out: *mut c_void, size: usize) -> orch_status {
    without_engine(|| {
        argument::output("out", out)?;
        // SAFETY: the pointer was checked; the caller vouches for `size` bytes.
        unsafe { sized::init(out, size) }
    })
}
