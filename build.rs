//! Gives the shared library its SONAME and keeps it mapped after `dlclose`.
//!
//! `nodelete`: thread-local destructors of the library may still be pending in other threads of the
//! host when it calls `dlclose`, so the code has to stay mapped.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,liborchflow.so.0");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
