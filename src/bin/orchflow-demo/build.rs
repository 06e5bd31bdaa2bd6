//! Lists the files of the page, so that the demo has them in itself: `page/` at `/`, and the client in
//! JavaScript that the page uses at `/client/`.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// What a browser loads. Tests and declarations of types are beside it.
const ENDS: [&str; 4] = ["html", "js", "css", "svg"];

fn main() -> Result<(), Box<dyn Error>> {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("CARGO_MANIFEST_DIR")?);
    let mut files = Vec::new();
    for (folder, prefix) in [("page", "/"), ("../../../clients/js/src", "/client/")] {
        let folder = package.join(folder);
        #[allow(clippy::print_stdout)] // How a build script speaks to cargo.
        {
            println!("cargo::rerun-if-changed={}", folder.display());
        }
        collect(&folder, prefix, &mut files)?;
    }
    files.sort();
    let mut list = String::from("&[\n");
    for (path, file) in files {
        writeln!(list, "    ({path:?}, include_bytes!({:?})),", file.canonicalize()?)?;
    }
    list.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR")?);
    Ok(fs::write(out.join("page_files.rs"), list)?)
}

/// Adds the files of a folder, and of those in it, with the paths under which they are served.
fn collect(
    folder: &Path,
    prefix: &str,
    files: &mut Vec<(String, PathBuf)>,
) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a name is not UTF-8")?;
        // What editors keep beside a file that they have open.
        if name.starts_with('.') {
            continue;
        }
        let end = name.rsplit('.').next().unwrap_or_default();
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), files)?;
        } else if ENDS.contains(&end) && !name.contains(".test.") {
            files.push((format!("{prefix}{name}"), path.clone()));
        }
    }
    Ok(())
}
