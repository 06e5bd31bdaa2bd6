//! The list of terminals that `attach` prints.

use std::collections::BTreeMap;

use orchflow::RemoteTerminal;

use crate::escape::push_escaped;
use crate::names::Named;
use crate::state_text::how;

const HEAD: [&str; 8] = ["NO", "NAME", "PROGRAM", "SIZE", "STATE", "TITLE", "DIRECTORY", "ID"];

/// What was asked about terminals, by their ids.
pub(crate) type Details = BTreeMap<u64, RemoteTerminal>;

/// The terminals, for somebody who has to choose one. What is not known is a dash.
pub(crate) fn table(terminals: &[Named<'_>], details: &Details) -> Vec<u8> {
    let mut rows = vec![HEAD.map(|word| word.as_bytes().to_vec())];
    rows.extend(terminals.iter().map(|each| {
        let facts = each.facts;
        let name = each.name().unwrap_or_default();
        let details = details.get(&each.id);
        let program = details.map_or(&[][..], |details| &details.foreground_name);
        // Few programs report their directory themselves.
        let cwd = facts.cwd.as_deref().or_else(|| details?.cwd.as_deref());
        let number = each.number.map(|number| number.to_string()).unwrap_or_default();
        [
            cell(number.as_bytes()),
            cell(name.as_bytes()),
            cell(program),
            cell(format!("{}x{}", facts.cols, facts.rows).as_bytes()),
            cell(how(facts).as_bytes()),
            cell(facts.title.as_bytes()),
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

/// Characters, near enough to columns.
fn shown_len(cell: &[u8]) -> usize {
    String::from_utf8_lossy(cell).chars().count()
}
