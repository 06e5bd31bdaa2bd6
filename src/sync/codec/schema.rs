//! Keeps `protocol/schema.txt` equal to the declarations of the messages, without their comments.
//!
//! `ORCHFLOW_WRITE_VECTORS=1 cargo test --lib sync::codec` writes it anew.

use std::path::Path;

use super::super::codec;

/// Files with declarations that travel, in the order of the text.
pub(super) const FILES: [&str; 7] = [
    "protocol/values.rs",
    "protocol/entry.rs",
    "protocol/screen.rs",
    "protocol/file.rs",
    "protocol/figures.rs",
    "protocol/client.rs",
    "protocol/server.rs",
];

/// Stands before a field that may be left out, and before the variant that is meant then.
pub(super) const DEFAULT: &str = "@default ";

/// Every `struct` and `enum` in a source, one a line, without comments, attributes and visibility. With
/// `defaults` [`DEFAULT`] is in place of the attributes that say so.
pub(super) fn declarations(source: &str, defaults: bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut item = String::new();
    for line in source.lines() {
        let code = line.split("//").next().unwrap_or_default();
        let opens = code.starts_with("pub(crate) struct ") || code.starts_with("pub(crate) enum ");
        let attribute = code.trim_start();
        if attribute.starts_with("#[") || (item.is_empty() && !opens) {
            let says = ["#[serde(default", "#[default]"];
            if defaults && !item.is_empty() && says.iter().any(|says| attribute.starts_with(says)) {
                item.push(' ');
                item.push_str(DEFAULT.trim());
            }
            continue;
        }
        let code = code.replace("pub(crate) ", "");
        for word in code.split_whitespace() {
            item.push_str(if item.is_empty() { "" } else { " " });
            item.push_str(word);
        }
        if line == "}" || (opens && line.ends_with([';', '}'])) {
            found.push(std::mem::take(&mut item).replace(", }", " }"));
        }
    }
    found
}

#[test]
fn schema_text_is_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sync");
    let mut text = String::new();
    for file in FILES {
        for item in declarations(&std::fs::read_to_string(folder.join(file)).unwrap(), false) {
            text.push_str(&item);
            text.push('\n');
        }
    }
    let path = folder.join("protocol/schema.txt");
    if std::env::var_os("ORCHFLOW_WRITE_VECTORS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(
        committed == text,
        "the messages have changed: ORCHFLOW_WRITE_VECTORS=1 writes their schema"
    );
    assert_eq!(codec::fnv1a_32(b"foobar"), 0xbf9c_f968, "as in the test suite of its authors");
}

#[test]
fn declarations_are_found_and_comments_are_not() {
    let source = "use x;\n/// A.\n#[derive(A)]\npub(crate) struct A(pub(crate) u64);\n\n\
                  pub(crate) enum B {\n    /// C.\n    #[default]\n    C { a: u8 }, // so\n    D,\n}\nfn f() {}\n";
    assert_eq!(declarations(source, false), ["struct A(u64);", "enum B { C { a: u8 }, D }"]);
    assert_eq!(declarations(source, true)[1], "enum B { @default C { a: u8 }, D }");
}
