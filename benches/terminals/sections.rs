//! Which parts of a benchmark the command line asks for.

use std::process::ExitCode;

/// The sections that are named, in their order, all if none is; or how to end at once.
pub(crate) fn asked_for<S: Copy>(sections: &[(&str, S)]) -> Result<Vec<S>, ExitCode> {
    let (flags, wanted): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|arg| arg.starts_with("--"));
    if !flags.iter().any(|flag| flag == "--bench") {
        // `cargo test --all-targets` runs this too; only `cargo bench` adds `--bench`.
        println!("nothing is measured without --bench");
        return Err(ExitCode::SUCCESS);
    }
    let known = |name: &String| sections.iter().any(|(section, _)| section == name);
    if let Some(unknown) = wanted.iter().find(|name| !known(name)) {
        let names: Vec<&str> = sections.iter().map(|(name, _)| *name).collect();
        eprintln!("no section {unknown:?}; there are: {}", names.join(", "));
        return Err(ExitCode::from(2));
    }
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    Ok(sections.iter().filter(|(name, _)| is_wanted(name)).map(|(_, section)| *section).collect())
}
