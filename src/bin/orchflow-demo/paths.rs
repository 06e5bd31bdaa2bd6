//! How `watch` prints paths: by default as grep and ripgrep do.
//!
//! A path begins with the root as it was given: `watch src` prints `src/a`, `watch .` prints `./a`,
//! and an absolute root gives absolute paths. Without a root, which is then the current directory,
//! the path is `a`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::args::PathStyle;

/// How paths are printed.
pub(crate) struct Names {
    /// Directories, or roots that are files, with the prefix that replaces them.
    bases: HashMap<PathBuf, PathBuf>,
}

impl Names {
    /// `roots` are the absolute paths of `given`, in the same order. If their numbers differ, paths
    /// are printed as absolute.
    pub(crate) fn new(style: PathStyle, given: &[OsString], roots: &[PathBuf]) -> Self {
        match (style, roots) {
            (PathStyle::Absolute, _) => Names { bases: HashMap::new() },
            (PathStyle::AsGiven, _) if given.is_empty() => Names::as_given(&["".into()], roots),
            (PathStyle::AsGiven, _) => Names::as_given(given, roots),
            // A file has no paths below it.
            (PathStyle::Relative, [root]) if root.is_dir() => Names::as_given(&["".into()], roots),
            (PathStyle::Relative, _) => {
                let here = std::env::current_dir().ok();
                Names { bases: here.map(|here| (here, PathBuf::new())).into_iter().collect() }
            }
        }
    }

    /// Paths for a command in the current directory; none of them looks like an option.
    pub(crate) fn for_command(given: &[OsString], roots: &[PathBuf]) -> Self {
        match given {
            [] => Names::as_given(&[".".into()], roots),
            given => Names::as_given(given, roots),
        }
    }

    fn as_given(given: &[OsString], roots: &[PathBuf]) -> Self {
        if given.len() != roots.len() {
            return Names { bases: HashMap::new() };
        }
        // Components contain no doubled and trailing slashes.
        let given = given.iter().map(|path| Path::new(path).components().collect());
        Names { bases: roots.iter().cloned().zip(given).collect() }
    }

    /// The printed form of an absolute path.
    pub(crate) fn show<'a>(&self, path: &'a Path) -> Cow<'a, Path> {
        let base = path.ancestors().find_map(|above| Some((above, self.bases.get(above)?)));
        let Some((above, shown)) = base else { return path.into() };
        let rest = path.strip_prefix(above).unwrap_or(path);
        match (shown.as_os_str().is_empty(), rest.as_os_str().is_empty()) {
            (true, true) => Path::new(".").into(),
            (true, false) => rest.into(),
            (false, true) => shown.clone().into(),
            (false, false) => shown.join(rest).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(style: PathStyle, given: &[&str], roots: &[&Path], table: &[(&Path, &str)]) {
        let given: Vec<OsString> = given.iter().map(OsString::from).collect();
        let roots: Vec<PathBuf> = roots.iter().map(PathBuf::from).collect();
        let names = Names::new(style, &given, &roots);
        for (path, expected) in table {
            assert_eq!(names.show(path), Path::new(expected), "{style:?} {given:?}");
        }
    }

    #[test]
    fn paths_begin_as_their_root_was_given() {
        let here = std::env::current_dir().unwrap();
        let (src, tmp) = (here.join("src"), Path::new("/tmp/x"));
        let check = |given: &[&str], roots: &[&Path], table: &[(&Path, &str)]| {
            check(PathStyle::AsGiven, given, roots, table);
        };
        check(&[], &[&here], &[(&here, "."), (&here.join("a/b"), "a/b")]);
        check(&["."], &[&here], &[(&here, "."), (&here.join("a/b"), "./a/b")]);
        check(&["./src//"], &[&src], &[(&src, "./src"), (&src.join("a"), "./src/a")]);
        let both: [(&Path, &str); 3] =
            [(&src.join("a"), "src/a"), (&tmp.join("b"), "/tmp/x/b"), (tmp, "/tmp/x")];
        check(&["src", "/tmp/x"], &[&src, tmp], &both);
        check(&["../x"], &[tmp], &[(&tmp.join("b"), "../x/b")]);
        check(&["/"], &[Path::new("/")], &[(Path::new("/a/b"), "/a/b")]);
        let file = here.join("Cargo.toml");
        check(&["Cargo.toml"], &[&file], &[(&file, "Cargo.toml")]);
    }

    #[test]
    fn relative_paths_and_absolute_ones() {
        let here = std::env::current_dir().unwrap();
        let tests = here.join("tests");
        let relative = PathStyle::Relative;
        check(relative, &["x"], &[&tests], &[(&tests.join("a/b"), "a/b"), (&tests, ".")]);
        let usr = Path::new("/usr");
        let both: [(&Path, &str); 2] = [(&tests.join("a"), "tests/a"), (&usr.join("a"), "/usr/a")];
        check(relative, &["x", "y"], &[&tests, usr], &both);
        let file = here.join("Cargo.toml");
        check(relative, &["x"], &[&file], &[(&file, "Cargo.toml")]);
        check(PathStyle::Absolute, &["x"], &[usr], &[(&usr.join("a"), "/usr/a")]);
    }

    #[test]
    fn a_path_for_a_command_is_no_option() {
        let names = Names::for_command(&[], &["/r".into()]);
        assert_eq!(names.show(Path::new("/r/-rf")), Path::new("./-rf"));
    }
}
