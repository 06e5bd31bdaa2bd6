//! Generates bindings from the header for FFI parsers, and links the library in `ORCHFLOW_LIBRARY_DIR`.

use std::env;
use std::path::PathBuf;

fn main() {
    let header = "../../include/orchflow_ffi.h";
    println!("cargo:rerun-if-changed={header}");
    println!("cargo:rerun-if-env-changed=ORCHFLOW_LIBRARY_DIR");
    let directory = env::var("ORCHFLOW_LIBRARY_DIR").expect("ORCHFLOW_LIBRARY_DIR");
    println!("cargo:rustc-link-search=native={directory}");
    println!("cargo:rustc-link-lib=dylib=orchflow");
    let bindings = bindgen::Builder::default()
        .header_contents("types.h", "#include <stddef.h>\n#include <stdint.h>\n")
        .header(header)
        .allowlist_item("(orch|ORCH)_.*")
        .generate()
        .expect("bindings");
    let out = PathBuf::from(env::var("OUT_DIR").expect("OUT_DIR"));
    bindings.write_to_file(out.join("orchflow.rs")).expect("written");
}
