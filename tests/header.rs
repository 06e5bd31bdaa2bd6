//! The C headers are generated from `src/capi` and committed; here the two are compared.
//!
//! cbindgen gives the items of the interface with their documentation. `src/capi/header.in` is the manual around
//! them: prose in the order in which a host learns, and where each item stands:
//!
//! - `@name` is an item: a struct, a union, a function, a type; with ` init`, the macro follows that initializes it.
//! - `@enum type PATTERN...` is a type with the constants that belong to it; a constant belongs to the longest
//!   pattern that matches it.
//! - `@constant NAME` is a constant alone.
//!
//! `include/orchflow_ffi.h` has the same items without comments, macros and lines for a preprocessor, for parsers
//! that have none. `ORCHFLOW_WRITE_HEADER=1 cargo test --test header` (or `make header`) writes both.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Something that cbindgen has emitted.
struct Item {
    /// Its comment, with the slashes.
    doc: Vec<String>,
    /// Its declaration; of a constant the value.
    text: String,
}

/// What there is, by name.
#[derive(Default)]
struct Items {
    constants: Vec<(String, Item)>,
    others: BTreeMap<String, Item>,
}

/// The name that a declaration gives.
fn name_of(declaration: &str) -> &str {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let end = match declaration.strip_prefix("typedef") {
        Some(_) => declaration.trim_end_matches(';').len(),
        None => declaration.find('(').unwrap(),
    };
    let head = &declaration[..end];
    &head[head.rfind(|c| !is_name(c)).unwrap() + 1..]
}

fn parse(generated: &str) -> Items {
    let mut items = Items::default();
    let mut doc = Vec::new();
    let mut lines = generated.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("//") {
            doc.push(line.to_string());
        } else if let Some(define) = line.strip_prefix("#define ") {
            let (name, value) = define.split_once(' ').unwrap();
            // Bits are read as hexadecimal digits.
            let value = match value.parse::<u32>() {
                Ok(bits) if bits >= 1 << 16 => format!("{bits:#010x}"),
                _ => value.to_string(),
            };
            let item = Item { doc: std::mem::take(&mut doc), text: value };
            items.constants.push((name.to_string(), item));
        } else if line.is_empty() {
            doc.clear();
        } else {
            let mut text = line.to_string();
            // A struct ends with `} name;`, everything else with its first semicolon.
            let is_struct = line.ends_with('{');
            while !(if is_struct {
                text.lines().last().unwrap().starts_with('}')
            } else {
                text.ends_with(';')
            }) {
                text.push('\n');
                text.push_str(lines.next().unwrap());
            }
            let name = name_of(&text).to_string();
            let item = Item { doc: std::mem::take(&mut doc), text };
            assert!(items.others.insert(name.clone(), item).is_none(), "{name} twice");
        }
    }
    items
}

/// The fields of a struct: type and name.
fn fields(text: &str) -> Vec<(&str, &str)> {
    let is_field = |line: &&str| line.ends_with(';') && !line.starts_with(['}', '/']);
    let lines = text.lines().map(str::trim).filter(is_field);
    lines
        .map(|line| {
            let line = line.trim_end_matches(';');
            let at = line.rfind([' ', '*']).unwrap() + 1;
            (line[..at].trim(), &line[at..])
        })
        .collect()
}

/// All fields of a struct at 0, for an initializer.
fn zeroes(items: &Items, text: &str) -> String {
    let values = fields(text).into_iter().map(|(kind, name)| {
        let inner = kind.trim_start_matches("struct ").trim_start_matches("union ");
        match items.others.get(inner).map(|item| &item.text) {
            _ if kind.ends_with('*') => "NULL".to_string(),
            Some(text) if text.starts_with("typedef union") => "{ NULL }".to_string(),
            Some(text) if text.contains('{') => format!("{{ {} }}", zeroes(items, text)),
            _ if name.ends_with(']') => "{ 0 }".to_string(),
            _ => "0".to_string(),
        }
    });
    values.collect::<Vec<_>>().join(", ")
}

/// The macro that initializes a struct.
fn init_macro(items: &Items, name: &str) -> String {
    let zeroes = zeroes(items, &items.others[name].text);
    // A struct that begins with its size has it set.
    let is_sized = fields(&items.others[name].text)[0] == ("size_t", "size");
    let first = if is_sized { format!("sizeof({name})") } else { "0".to_string() };
    let rest = zeroes.strip_prefix('0').unwrap();
    let upper = name.to_uppercase();
    let mut out = format!("#define {upper}_INIT \\\n    {{");
    let mut column = 5;
    for word in format!("{first}{rest}").split(' ') {
        if column + word.len() > 98 {
            out.push_str(" \\\n    ");
            column = 4;
        }
        write!(out, " {word}").unwrap();
        column += word.len() + 1;
    }
    out.push_str(" }\n");
    out
}

/// The pattern with the most letters among those that match a constant.
fn owner<'a>(patterns: &[&'a str], constant: &str) -> Option<&'a str> {
    let matches = patterns.iter().filter(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => constant.starts_with(prefix),
        None => **pattern == constant,
    });
    matches.max_by_key(|pattern| pattern.len()).copied()
}

/// The two headers.
fn arrange(items: &Items, template: &str) -> (String, String) {
    let directives = || template.lines().filter_map(|line| line.strip_prefix('@'));
    let mut patterns = Vec::new();
    for directive in directives() {
        let mut words = directive.split(' ');
        match words.next().unwrap() {
            "enum" => patterns.extend(words.skip(1)),
            "constant" => patterns.extend(words),
            _ => {}
        }
    }
    let mut unplaced: Vec<&str> = items.others.keys().map(String::as_str).collect();
    unplaced.extend(items.constants.iter().map(|(name, _)| name.as_str()));
    let mut place = |name: &str| {
        let at = unplaced.iter().position(|other| *other == name);
        unplaced.remove(at.unwrap_or_else(|| panic!("header.in: no {name}, or twice")));
    };
    let (mut full, mut ffi) =
        (String::new(), String::from("/* orchflow.h without comments and preprocessor. */\n"));
    for line in template.lines() {
        let Some(directive) = line.strip_prefix('@') else {
            writeln!(full, "{line}").unwrap();
            continue;
        };
        let words: Vec<&str> = directive.split(' ').collect();
        let is_enum = words[0] == "enum";
        if is_enum || words[0] == "constant" {
            if is_enum {
                place(words[1]);
                emit(&mut full, &mut ffi, &items.others[words[1]]);
            }
            full.push_str("enum {\n");
            ffi.push_str("enum {\n");
            let own = &words[if is_enum { 2 } else { 1 }..];
            for (name, item) in &items.constants {
                if !owner(&patterns, name).is_some_and(|pattern| own.contains(&pattern)) {
                    continue;
                }
                place(name);
                for line in &item.doc {
                    writeln!(full, "    {line}").unwrap();
                }
                writeln!(full, "    {name} = {},", item.text).unwrap();
                writeln!(ffi, "    {name} = {},", item.text).unwrap();
            }
            full.push_str("};\n");
            ffi.push_str("};\n");
        } else {
            place(words[0]);
            emit(&mut full, &mut ffi, &items.others[words[0]]);
            if words.get(1) == Some(&"init") {
                full.push_str(&init_macro(items, words[0]));
            }
        }
    }
    assert!(unplaced.is_empty(), "not in header.in: {unplaced:#?}");
    (full, ffi)
}

fn emit(full: &mut String, ffi: &mut String, item: &Item) {
    for line in &item.doc {
        writeln!(full, "{line}").unwrap();
    }
    writeln!(full, "{}", item.text).unwrap();
    for line in item.text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        writeln!(ffi, "{line}").unwrap();
    }
}

#[test]
fn headers_are_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    let bindings =
        cbindgen::Builder::new().with_crate(root).with_config(config).generate().unwrap();
    let mut generated = Vec::new();
    bindings.write(&mut generated);
    let items = parse(&String::from_utf8(generated).unwrap());
    let template = std::fs::read_to_string(root.join("src/capi/header.in")).unwrap();
    let (full, ffi) = arrange(&items, &template);
    for (file, generated) in [("orchflow.h", full), ("orchflow_ffi.h", ffi)] {
        let path = root.join("include").join(file);
        if std::env::var_os("ORCHFLOW_WRITE_HEADER").is_some() {
            std::fs::write(&path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == generated, "include/{file} is out of date: run `make header`");
    }
}
