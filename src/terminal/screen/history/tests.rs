//! The history against a plain list of lines.
