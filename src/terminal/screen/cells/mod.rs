//! Cells, and what their numbers stand for: styles, links and graphemes in tables. The grid and the history are
//! made of them.

mod cell;
mod table;
mod tables;
mod width;

pub(super) use cell::Cell;
pub(super) use tables::{Tables, Text, key_of};
pub(super) use width::{joins, width, width_of_text};
