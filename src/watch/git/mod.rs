//! How git decides what is ignored. Git is the judge; nothing here has an opinion of its own.
//!
//! `wildmatch` compares a path with one pattern, `rules` holds the patterns of one file
//! and finds those that a path has to be compared with by literal `parts`.
//!
//! Pure.

mod parts;
mod rules;
mod wildmatch;

pub(super) use rules::{Compiling, FILE_BYTES_MAX, Found, Rules};
