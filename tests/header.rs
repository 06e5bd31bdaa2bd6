//! The C header is generated from `src/capi` and committed; here the two are compared.
//!
//! `ORCHFLOW_WRITE_HEADER=1 cargo test --test header` (or `make header`) writes it anew.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

use std::path::Path;

#[test]
fn header_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    let bindings =
        cbindgen::Builder::new().with_crate(root).with_config(config).generate().unwrap();
    let mut generated = Vec::new();
    bindings.write(&mut generated);
    let mut generated = String::from_utf8(generated).unwrap();
    // Constants of Rust types are left out, but not the lines around them.
    while generated.contains("\n\n\n\n") {
        generated = generated.replace("\n\n\n\n", "\n\n\n");
    }
    let path = root.join("include/orchflow.h");
    if std::env::var_os("ORCHFLOW_WRITE_HEADER").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == generated, "include/orchflow.h is out of date: run `make header`");
}
