//! Bytes and sizes, which everything else is made of.

use std::ffi::c_void;
use std::ptr;

use crate::Size;

/// Bytes: a pointer and a length, no terminator. NULL with length 0 is no bytes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_bytes {
    /// The first byte.
    pub data: *const c_void,
    /// How many.
    pub len: usize,
}

/// The size of a terminal.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_size {
    /// Columns, 1 to 65,535.
    pub cols: u16,
    /// Rows, 1 to 65,535.
    pub rows: u16,
    /// Width of the whole terminal in pixels, 0 if unknown.
    pub pixel_width: u16,
    /// Height of the whole terminal in pixels, 0 if unknown.
    pub pixel_height: u16,
}

pub(super) const NO_BYTES: orch_bytes = orch_bytes { data: ptr::null(), len: 0 };

pub(super) const NO_SIZE: orch_size =
    orch_size { cols: 0, rows: 0, pixel_width: 0, pixel_height: 0 };

impl From<orch_size> for Size {
    fn from(size: orch_size) -> Self {
        let orch_size { cols, rows, pixel_width, pixel_height } = size;
        Size { cols, rows, pixel_width, pixel_height }
    }
}

impl From<Size> for orch_size {
    fn from(size: Size) -> Self {
        let Size { cols, rows, pixel_width, pixel_height } = size;
        orch_size { cols, rows, pixel_width, pixel_height }
    }
}
