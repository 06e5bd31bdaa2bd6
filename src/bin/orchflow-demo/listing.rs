//! The list of terminals that `attach` prints.

use std::collections::BTreeMap;

use orchflow::RemoteTerminal;

use crate::escape::push_escaped;
use crate::names::Named;
use crate::state_text::status;

const HEAD: [&str; 8] = ["NO", "NAME", "PROGRAM", "SIZE", "STATE", "TITLE", "DIRECTORY", "ID"];

/// The answers to queries of terminals, by their ids.
pub(crate) type Details = BTreeMap<u64, RemoteTerminal>;

/// A table of terminals to choose from. Unknown values are a dash.
pub(crate) fn table(terminals: &[Named<'_>], details: &Details) -> Vec<u8> {
    let mut rows = vec![HEAD.map(|word| word.as_bytes().to_vec())];
    rows.extend(terminals.iter().map(|each| {
        let metadata = each.metadata;
        let name = each.name().unwrap_or_default();
        let details = details.get(&each.id);
        let program = details.map_or(&[][..], |details| &details.foreground_name);
        // Few programs report their directory.
        let cwd = metadata.cwd.as_deref().or_else(|| details?.cwd.as_deref());
        let number = each.number.map(|number| number.to_string()).unwrap_or_default();
        [
            cell(number.as_bytes()),
            cell(name.as_bytes()),
            cell(program),
            cell(format!("{}x{}", metadata.cols, metadata.rows).as_bytes()),
            cell(status(metadata).as_bytes()),
            cell(metadata.title.as_bytes()),
            cell(cwd.unwrap_or_default()),
            cell(each.id.to_string().as_bytes()),
        ]
    }));
    let mut out = Vec::new();
    for row in &rows {
        for (column, cell) in row.iter().enumerate() {
            out.extend_from_slice(cell);
            if column + 1 < row.len() {
                let width = rows.iter().map(|row| shown_len(&row[column])).max().unwrap_or(0);
                out.extend(std::iter::repeat_n(b' ', width - shown_len(cell) + 2));
            }
        }
        out.push(b'\n');
    }
    out
}

fn cell(bytes: &[u8]) -> Vec<u8> {
    let mut cell = Vec::new();
    push_escaped(&mut cell, bytes);
    if cell.is_empty() {
        cell.push(b'-');
    }
    cell
}

/// The number of characters, which is close to the number of columns.
fn shown_len(cell: &[u8]) -> usize {
    String::from_utf8_lossy(cell).chars().count()
}
