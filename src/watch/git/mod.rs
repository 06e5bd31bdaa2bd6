//! How git decides what is ignored. Whatever git does is right; the tests compare with it.
//!
//! `wildmatch` compares a path with one pattern, `rules` holds the patterns of one file and finds those that
//! a path has to be compared with by literal `parts`; `config` reads what git is configured to do, `tracked`
//! which names no rule hides.
//!
//! Pure.

mod config;
mod parts;
mod rules;
mod tracked;
mod wildmatch;

pub(super) use config::{Condition, Line, Places, Settings, is_remote_url, lines};
pub(super) use rules::{Compiling, FILE_BYTES_MAX, Found, Rules};
pub(super) use tracked::{Changes, IndexReading, Tracked};
