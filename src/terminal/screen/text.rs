//! Bounded texts: what programs send is cut to a bound.

/// Shortens a string to this many bytes, between characters.
pub(super) fn truncate(text: &mut String, bytes_max: usize) {
    if text.len() > bytes_max {
        let boundary = (0..=bytes_max).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(boundary.unwrap_or(0));
    }
}
