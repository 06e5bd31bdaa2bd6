//! The paths of roots: what they lead through may move, vanish, come back, and lead elsewhere. The tree is
//! what the paths mean now, and each difference is reported.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use orchflow::{Config, Engine, ErrorKind, WatchOptions, WatchProblem};
use support::files::TempDir;
use support::mirror::{Mirror, walk_all};

fn options(root: &Path) -> WatchOptions {
    WatchOptions::new(root).summary_threshold(0).gitignore(false)
}

/// A watch of many files, each a root.
fn many_files(folder: &Path, count: usize) -> (WatchOptions, Vec<PathBuf>) {
    let files: Vec<PathBuf> = (0..count).map(|n| folder.join(format!("f{n}"))).collect();
    files.iter().for_each(|file| fs::write(file, b"x").unwrap());
    let first = options(&files[0]);
    let all = files.iter().skip(1).fold(first, |options, file| options.root(file));
    (all, files)
}

/// Ready means that every root has been read, however many there are.
#[test]
fn ready_comes_after_every_root() {
    for count in [1, 65, 300, 3000] {
        let folder = TempDir::new();
        let (options, files) = many_files(folder.path(), count);
        let mut mirror = Mirror::new(&options);
        assert_eq!(mirror.paths.len(), count);
        mirror.sync();
        assert!(mirror.take_log().is_empty(), "nothing was created after that");
        for n in [0, count / 2, count - 1] {
            fs::write(&files[n], b"more").unwrap();
            mirror.sync();
            assert_eq!(mirror.take_log(), [format!("modify {}", files[n].display())]);
        }
    }
}

/// A watch of a root whose paths are those of the tree.
struct Rooted {
    folder: TempDir,
    root: PathBuf,
    mirror: Mirror,
}

impl Rooted {
    /// Watches `root` in a folder that `script` has prepared.
    fn new(script: &str, root: &str) -> Self {
        let folder = TempDir::new();
        shell(folder.path(), script);
        let root = folder.path().join(root);
        let mirror = Mirror::new(&options(&root));
        Rooted { folder, root, mirror }
    }

    fn run(&self, script: &str) {
        shell(self.folder.path(), script);
    }

    /// Waits until the tree is what the path of the root means, without asking for it.
    fn agrees(&mut self) {
        let root = self.root.clone();
        self.mirror.wait("the tree of the disk", |mirror| paths(mirror) == on_disk(&root));
        self.mirror.wait("a complete tree", |mirror| {
            mirror.engine.watch_state(mirror.watch).unwrap().complete
        });
        assert_eq!(paths(&self.mirror), on_disk(&root));
    }

    /// The same; and its health is this.
    fn agrees_with(&mut self, problem: Option<WatchProblem>) {
        self.agrees();
        let state = self.mirror.engine.watch_state(self.mirror.watch).unwrap();
        assert_eq!((state.problem, state.healthy), (problem, problem.is_none()));
    }
}

fn shell(folder: &Path, script: &str) {
    let mut command = Command::new("sh");
    let status = command.args(["-ec", script]).current_dir(folder).status().unwrap();
    assert!(status.success(), "{script}");
}

fn paths(mirror: &Mirror) -> Vec<PathBuf> {
    mirror.paths.keys().cloned().collect()
}

/// What is at a path and below, which is followed if it is a symbolic link.
fn on_disk(root: &Path) -> Vec<PathBuf> {
    let Ok(real) = root.canonicalize() else { return Vec::new() };
    let below = |path: &PathBuf| match path.strip_prefix(&real).unwrap() {
        rest if rest.as_os_str().is_empty() => root.to_path_buf(),
        rest => root.join(rest),
    };
    walk_all(&real).keys().map(below).collect()
}

/// A path that means something else than before, in every way: what it means now is what is watched.
#[test]
fn a_path_that_leads_elsewhere() {
    // What there is, the root, and what is done one after the other.
    let cases: &[(&str, &str, &[&str])] = &[
        ("mkdir -p p/a/r; touch p/a/r/f", "p/a/r", &["mv p q; mkdir -p p/a/r; touch p/a/r/n"]),
        ("mkdir -p p/a/r q/a/r/x", "p/a/r", &["mv p o; mv q p", "mv p q; mv o p"]),
        ("mkdir -p rel/1/x rel/2/y; ln -s rel/1 cur", "cur", &["ln -s rel/2 n; mv -T n cur"]),
        ("mkdir -p rel/1/x rel/2/y; ln -s $PWD/rel/1 cur", "cur", &["ln -sfn $PWD/rel/2 cur"]),
        ("mkdir -p a/r/x b/r/y; ln -s a l", "l/r", &["ln -sfn b l; touch l/r/z", "ln -sfn a l"]),
        ("mkdir -p a/m/r/x; ln -s m a/l", "a/l/r", &["mkdir -p a/k/r/y; ln -sfn k a/l"]),
        // Links to links, up and down again.
        ("mkdir -p a/x b/y s; ln -s ../a s/1; ln -s s/1 l", "l", &["ln -sfn ../b s/1"]),
        ("mkdir -p a/x c/d; ln -s c/d/../../a l", "l", &["mv c/d c/e", "mkdir c/d"]),
        ("mkdir -p t/1/x; ln -s t/1 l", "l", &["mv t u; mkdir -p t/1/y", "rm -r t; mv u t"]),
        ("mkdir -p a/x; ln -s a l", "l", &["rm l", "mkdir l l/y", "rm -r l; ln -s a l"]),
        (
            "mkdir -p a/x; ln -s a l",
            "l",
            &["rm -r a", "mkdir -p a/z", "ln -sfn l l", "ln -sfn a l"],
        ),
        // A name on the way that is no directory.
        ("mkdir -p p/r/x", "p/r", &["mv p q; touch p", "rm p; ln -s q p"]),
        // Files.
        ("mkdir p; touch p/f", "p/f", &["mv p q; mkdir p; echo 1 >p/f", "rm -r p", "mv q p"]),
        ("mkdir a b; touch a/f; ln -s a l", "l/f", &["ln -sfn b l", "touch l/f", "ln -sfn a l"]),
        ("touch f g; ln -s f l", "l", &["rm f", "ln -sfn g l", "rm g; mkdir -p g/x"]),
        // The same inode under a new name of a directory above it, and exchanged with another one.
        ("mkdir -p p/r/x", "p/r", &["mv p q", "mv q p", "mv p q; ln -s q p"]),
    ];
    for (before, root, steps) in cases {
        let mut rooted = Rooted::new(before, root);
        for step in *steps {
            rooted.run(step);
            rooted.agrees();
            let led = rooted.root.exists();
            rooted.agrees_with((!led).then_some(WatchProblem::RootGone));
            // And from here on its changes are reported.
            rooted.run(&format!("if [ -d {root} ]; then touch {root}/new; fi"));
            rooted.agrees();
        }
        // It takes no watch more than before.
        let state = rooted.mirror.engine.watch_state(rooted.mirror.watch).unwrap();
        assert!(state.path_watches < 30, "{before}: {}", state.path_watches);
    }
}

/// A modification of a file root shows after its path was turned, and which file it is.
#[test]
fn a_file_behind_a_link_that_is_turned() {
    let mut rooted = Rooted::new("mkdir a b; echo 1 >a/f; echo 22 >b/f; ln -s a l", "l/f");
    rooted.run("ln -s b n; mv -T n l");
    let line = format!("modify replaced {}", rooted.root.display());
    rooted.mirror.wait("the other file", |mirror| mirror.take_log().contains(&line));
    rooted.run("echo 333 >>b/f");
    let line = format!("modify {}", rooted.root.display());
    rooted.mirror.wait("its change", |mirror| mirror.take_log().contains(&line));
}

/// However long a root and directories above it were gone, no timer is needed to see it come back.
#[test]
fn a_root_comes_back_without_a_timer() {
    let mut rooted = Rooted::new("mkdir -p a/b/c/r/x", "a/b/c/r");
    for round in 0..3 {
        rooted.run("rm -r a");
        rooted.agrees_with(Some(WatchProblem::RootGone));
        let readable = support::is_readable(&rooted.mirror.engine);
        assert!(!readable, "nothing is left to do in round {round}");
        for step in
            ["mkdir a", "mkdir a/b", "mkdir a/b/c", "rm -r a", "mkdir -p a/b/c", "mkdir a/b/c/r"]
        {
            rooted.run(step);
            rooted.agrees();
        }
        rooted.run("touch a/b/c/r/new");
        rooted.agrees_with(None);
    }
}

/// What happens beside the way to a root does not wake anybody.
#[test]
fn what_happens_beside_the_way_is_of_no_interest() {
    let mut rooted = Rooted::new("mkdir -p a/b/r t/s; ln -s ../t a/l; ln -s a/b l", "l/r");
    rooted.agrees();
    let events = |rooted: &Rooted| {
        rooted.mirror.engine.watch_state(rooted.mirror.watch).unwrap().kernel_events
    };
    let before = events(&rooted);
    rooted.run("touch x a/x a/b/x; rm x a/x; mkdir a/d; mv a/b/x a/d; chmod 700 a/d");
    rooted.mirror.sync();
    // The sync point alone.
    assert!(events(&rooted) <= before + 1, "{} after {before}", events(&rooted));
}

/// Roots that lead into each other are refused, also by symbolic links; names of one file are not.
#[test]
fn roots_that_overlap() {
    let folder = TempDir::new();
    let at = |name: &str| folder.path().join(name);
    shell(
        folder.path(),
        "mkdir -p a/s/d b; ln -s a/s l; ln -s a m; ln -s b n; echo x >a/f; ln -s a/f o",
    );
    let mut engine = Engine::new(Config::default()).unwrap();
    for (first, second) in [("a", "l"), ("l", "a"), ("a", "m"), ("l", "m"), ("a/s/d", "l")] {
        let error = engine.add_watch(&options(&at(first)).root(at(second))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains("into each other"), "{error}");
        assert!(error.message().contains(at(second).to_str().unwrap()), "{error}");
    }
    // A file has several names, and a change shows under each.
    let mut mirror = Mirror::new(&options(&at("a/f")).root(at("o")).root(at("b")));
    for text in ["yy", "zzz"] {
        fs::write(at("a/f"), text).unwrap();
        mirror.sync();
        let mut log = mirror.take_log();
        log.sort();
        let lines = ["a/f", "o"].map(|name| format!("modify {}", at(name).display()));
        assert_eq!(log, lines);
    }
    shell(folder.path(), "echo new >t; mv t a/f");
    mirror.sync();
    let mut log = mirror.take_log();
    log.sort();
    assert_eq!(log, ["a/f", "o"].map(|name| format!("modify replaced {}", at(name).display())));
    fs::write(at("a/f"), "and again").unwrap();
    mirror.sync();
    assert_eq!(mirror.take_log().len(), 2);
}

/// A root that is turned to lead into another one is one entry there, with a warning, until it is turned again.
#[test]
fn a_root_that_is_turned_into_another_one() {
    let folder = TempDir::new();
    let at = |name: &str| folder.path().join(name);
    shell(folder.path(), "mkdir -p a/s/d b/e; ln -s b n");
    let mut mirror = Mirror::new(&options(&at("a")).root(at("n")));
    let problem = |mirror: &Mirror| mirror.engine.watch_state(mirror.watch).unwrap().problem;
    for _ in 0..2 {
        mirror.warnings.clear();
        shell(folder.path(), "ln -s a/s t; mv -T t n");
        mirror.wait("a warning", |mirror| problem(mirror) == Some(WatchProblem::RootsOverlap));
        mirror.sync();
        assert_eq!(mirror.warnings, [(WatchProblem::RootsOverlap, at("n"))]);
        assert_eq!(paths(&mirror), [at("a"), at("a/s"), at("a/s/d"), at("n")]);
        shell(folder.path(), "touch a/s/f; rm a/s/f; ln -s b t; mv -T t n");
        mirror.wait("no problem", |mirror| problem(mirror).is_none());
        mirror.sync();
        assert_eq!(paths(&mirror), [at("a"), at("a/s"), at("a/s/d"), at("n"), at("n/e")]);
        shell(folder.path(), "touch b/e/f");
        mirror.wait("its changes", |mirror| mirror.paths.contains_key(&at("n/e/f")));
        shell(folder.path(), "rm b/e/f");
        mirror.wait("its changes", |mirror| !mirror.paths.contains_key(&at("n/e/f")));
    }
}
