//! Tests of paths, on real directories.

use super::*;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// A directory of its own with a granted `root` in it; removed at the end.
struct Place {
    top: PathBuf,
    roots: Directories,
}

impl Place {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("orchflow-paths-{}-{n}", std::process::id());
        // The system's temporary directory may itself be a symbolic link.
        let top = fs::canonicalize(std::env::temp_dir()).unwrap().join(name);
        let root = top.join("root");
        fs::create_dir_all(root.join("sub/deep")).unwrap();
        fs::write(root.join("file"), "x").unwrap();
        fs::write(root.join("sub/inner"), "x").unwrap();
        fs::write(top.join("secret"), "x").unwrap();
        fs::create_dir(top.join("root2")).unwrap();
        fs::write(top.join("root2/file"), "x").unwrap();
        let mut roots = Directories::default();
        roots.grant(&root).unwrap();
        Place { top, roots }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.top.join(below)
    }

    fn ask(&self, path: impl AsRef<Path>) -> std::result::Result<PathBuf, ErrorKind> {
        let path = path.as_ref().as_os_str().as_bytes();
        self.roots.resolve(path).map(|found| found.path).map_err(|error| error.kind())
    }

    #[track_caller]
    fn leads(&self, from: &str, to: &str) {
        assert_eq!(self.ask(self.path(from)), Ok(self.path(to)), "{from}");
    }

    #[track_caller]
    fn refuses(&self, below: &str, kind: ErrorKind) {
        assert_eq!(self.ask(self.path(below)), Err(kind), "{below}");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.top);
    }
}

#[test]
fn paths_inside() {
    let place = Place::new();
    place.leads("root", "root");
    place.leads("root/", "root");
    place.leads("root/.", "root");
    place.leads("root/file", "root/file");
    place.leads("root//sub/./deep/", "root/sub/deep");
    place.refuses("root/missing", ErrorKind::NotFound);
    place.refuses("root/sub/missing/deeper", ErrorKind::NotFound);
    place.refuses("root/file/below", ErrorKind::NotADirectory);
    place.refuses(&format!("root/{}", "a".repeat(256)), ErrorKind::InvalidArgument);
    let _socket = UnixListener::bind(place.path("root/socket")).unwrap();
    place.leads("root/socket", "root/socket");
}

/// What is removed between its opening and the question for its name has no name, whatever the kernel says.
#[test]
fn removed_directories_have_no_name() {
    let place = Place::new();
    let name = place.path("root/d (deleted)");
    fs::create_dir(&name).unwrap();
    let fd = open(&name, OFlag::O_PATH, Mode::empty()).unwrap();
    assert_eq!(real_path(fd.as_fd()).unwrap(), name);
    fs::create_dir(place.path("root/d (deleted) (deleted)")).unwrap();
    fs::remove_dir(&name).unwrap();
    assert_eq!(real_path(fd.as_fd()).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn paths_that_are_none() {
    let place = Place::new();
    let root = place.path("root").into_os_string().into_encoded_bytes();
    let with = |tail: &[u8]| [&root[..], tail].concat();
    let long = with(&b"/a".repeat(PATH_BYTES_MAX));
    for path in [
        &b""[..],
        b"root",
        b"./file",
        b"..",
        b"~/file",
        b"file:///etc/passwd",
        b"\0",
        &with(b"/file\0"),
        &with(b"\0/file"),
        &with(b"/.."),
        &with(b"/../root/file"),
        &with(b"/sub/../file"),
        &with(b"/sub/deep/../../file"),
        &long,
    ] {
        let kind = place.roots.resolve(path).map(drop).map_err(|error| error.kind());
        assert_eq!(kind, Err(ErrorKind::InvalidArgument), "{:?}", OsStr::from_bytes(path));
    }
    let dots = place.path("root/...");
    fs::write(&dots, "x").unwrap();
    assert_eq!(place.ask(&dots), Ok(dots.clone()), "a name like any other");
}

#[test]
fn paths_outside() {
    let place = Place::new();
    for path in ["root2", "root2/file", "roo", "secret", "missing", "root3", "ROOT/file"] {
        place.refuses(path, ErrorKind::PermissionDenied);
    }
    for path in ["/", "/etc/passwd", "/proc/self/environ", "/nowhere"] {
        assert_eq!(place.ask(path), Err(ErrorKind::PermissionDenied), "{path}");
    }
    let none = Directories::default();
    let error = none.resolve(b"/").map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(error.message(), "outside of the granted directories");
}

#[test]
fn symbolic_links() {
    let place = Place::new();
    let link = |target: &str, name: &str| symlink(target, place.path(name)).unwrap();
    link("sub/inner", "root/inside");
    link("../file", "root/sub/up");
    link("sub", "root/dir");
    link("inside", "root/twice");
    link("../secret", "root/out");
    link("..", "root/sub/deep/out");
    link("../../..", "root/sub/deep/far");
    link("../root/file", "root/out-and-in");
    link(place.path("secret").to_str().unwrap(), "root/absolute");
    link(place.path("root/file").to_str().unwrap(), "root/absolute-inside");
    link("loop", "root/loop");
    link("missing", "root/dangling");
    link("/proc/self/root", "root/magic");
    place.leads("root/inside", "root/sub/inner");
    place.leads("root/twice", "root/sub/inner");
    place.leads("root/sub/up", "root/file");
    place.leads("root/dir/inner", "root/sub/inner");
    place.leads("root/sub/deep/out", "root/sub");
    place.refuses("root/dangling", ErrorKind::NotFound);
    for path in [
        "root/out",
        "root/sub/deep/far",
        "root/sub/deep/far/secret",
        "root/out-and-in",
        "root/absolute",
        "root/absolute-inside",
        "root/loop",
        "root/magic",
        "root/magic/etc/passwd",
    ] {
        place.refuses(path, ErrorKind::PermissionDenied);
        let error =
            place.roots.resolve(place.path(path).as_os_str().as_bytes()).map(drop).unwrap_err();
        assert_eq!(error.message(), "outside of the granted directories", "{path}");
    }
}

/// The links in `/proc/PID/fd` and beside them do not lead where their text says.
#[test]
fn magic_links() {
    let mut place = Place::new();
    place.roots.grant(Path::new("/proc")).unwrap();
    let open = fs::File::open(place.path("secret")).unwrap();
    for path in [
        format!("/proc/{}/fd/{}", std::process::id(), open.as_raw_fd()),
        format!("/proc/{}/cwd", std::process::id()),
        format!("/proc/{}/root/etc/passwd", std::process::id()),
        format!("/proc/{}/exe", std::process::id()),
        "/proc/self/root".into(),
    ] {
        assert_eq!(place.ask(&path), Err(ErrorKind::PermissionDenied), "{path}");
    }
    let path = place.ask("/proc/self/status").unwrap();
    assert!(path.starts_with("/proc") && path.ends_with("status"), "{path:?}");
}

#[test]
fn bytes_that_are_not_utf8_survive() {
    let place = Place::new();
    let path = place.path("root").join(OsStr::from_bytes(b"caf\xe9\xff \n\x1b"));
    fs::write(&path, "x").unwrap();
    assert_eq!(place.ask(&path), Ok(path.clone()));
}

#[test]
fn a_root_that_is_a_link_goes_by_both_names() {
    let mut place = Place::new();
    symlink("root2", place.path("alias")).unwrap();
    place.refuses("alias/file", ErrorKind::PermissionDenied);
    place.roots.grant(&place.path("alias/")).unwrap();
    place.leads("alias/file", "root2/file");
    place.leads("root2/file", "root2/file");
    // What was granted is where the link led then, wherever it leads later.
    fs::remove_file(place.path("alias")).unwrap();
    symlink("/", place.path("alias")).unwrap();
    place.leads("alias/file", "root2/file");
}

#[test]
fn the_longest_root_counts() {
    let mut place = Place::new();
    symlink("../../file", place.path("root/sub/deep/up")).unwrap();
    place.leads("root/sub/deep/up", "root/file");
    place.roots.grant(&place.path("root/sub")).unwrap();
    place.refuses("root/sub/deep/up", ErrorKind::PermissionDenied);
    place.leads("root/sub/inner", "root/sub/inner");
    assert!(place.roots.revoke(&place.path("root/sub")));
    assert!(!place.roots.revoke(&place.path("root/sub")));
    place.leads("root/sub/deep/up", "root/file");
    assert!(place.roots.revoke(&place.path("root")));
    place.refuses("root/file", ErrorKind::PermissionDenied);
}

#[test]
fn a_root_that_moves() {
    let place = Place::new();
    let (root, moved) = (place.path("root"), place.path("moved"));
    fs::rename(&root, &moved).unwrap();
    place.leads("root/file", "moved/file");
    // Another directory in its place is granted; a link or a file there is not.
    fs::create_dir(&root).unwrap();
    fs::write(place.path("root/other"), "x").unwrap();
    place.leads("root", "root");
    place.leads("root/other", "root/other");
    place.refuses("root/file", ErrorKind::NotFound);
    fs::remove_dir_all(&root).unwrap();
    place.leads("root/file", "moved/file");
    symlink("root2", &root).unwrap();
    place.leads("root/file", "moved/file");
    fs::remove_file(&root).unwrap();
    fs::write(&root, "x").unwrap();
    place.leads("root/file", "moved/file");
    fs::remove_file(&root).unwrap();
    fs::rename(&moved, &root).unwrap();
    place.leads("root/file", "root/file");
}

#[test]
fn a_root_that_goes_and_comes_back() {
    let place = Place::new();
    let root = place.path("root");
    fs::remove_dir_all(&root).unwrap();
    place.refuses("root", ErrorKind::NotFound);
    place.refuses("root/file", ErrorKind::NotFound);
    symlink("root2", &root).unwrap();
    place.refuses("root", ErrorKind::NotFound);
    place.refuses("root/file", ErrorKind::NotFound);
    fs::remove_file(&root).unwrap();
    fs::create_dir(&root).unwrap();
    fs::write(place.path("root/again"), "x").unwrap();
    place.leads("root", "root");
    place.leads("root/again", "root/again");
    // Another one is renamed over it, and links in that one lead nobody out.
    fs::remove_file(place.path("root/again")).unwrap();
    symlink("../secret", place.path("root2/out")).unwrap();
    fs::rename(place.path("root2"), &root).unwrap();
    place.leads("root/file", "root/file");
    place.refuses("root/out", ErrorKind::PermissionDenied);
}

#[test]
fn a_directory_above_a_root_that_goes_and_comes_back() {
    let mut place = Place::new();
    place.roots.grant(&place.top.join("root/sub/deep")).unwrap();
    assert!(place.roots.revoke(&place.top.join("root")));
    fs::write(place.path("root/sub/deep/file"), "x").unwrap();
    place.leads("root/sub/deep/file", "root/sub/deep/file");
    fs::remove_dir_all(place.path("root")).unwrap();
    place.refuses("root/sub/deep/file", ErrorKind::NotFound);
    // A link above it grants nothing, wherever it leads.
    fs::create_dir_all(place.path("root2/sub/deep")).unwrap();
    fs::write(place.path("root2/sub/deep/file"), "x").unwrap();
    symlink("root2", place.path("root")).unwrap();
    place.refuses("root/sub/deep/file", ErrorKind::NotFound);
    fs::remove_file(place.path("root")).unwrap();
    fs::create_dir_all(place.path("root/sub/deep")).unwrap();
    fs::write(place.path("root/sub/deep/again"), "x").unwrap();
    place.leads("root/sub/deep/again", "root/sub/deep/again");
    place.refuses("root/sub", ErrorKind::PermissionDenied);
}

#[test]
fn what_can_be_granted() {
    let mut place = Place::new();
    let mut grant = |path: &str| place.roots.grant(Path::new(path)).map_err(|e| e.kind());
    assert_eq!(grant(""), Err(ErrorKind::InvalidArgument));
    assert_eq!(grant("relative"), Err(ErrorKind::InvalidArgument));
    assert_eq!(grant("/tmp/.."), Err(ErrorKind::InvalidArgument));
    assert_eq!(grant("/dev/null"), Err(ErrorKind::NotADirectory));
    assert_eq!(grant("/no/such/directory"), Err(ErrorKind::NotFound));
    let message = place.roots.grant(Path::new("/dev/null")).unwrap_err().message().to_owned();
    assert_eq!(message, "/dev/null: not a directory");
    let message = place.roots.grant(Path::new("a\nb")).unwrap_err().message().to_owned();
    assert_eq!(message, "a b: path: must be absolute");
    let root = place.path("root");
    for _ in 0..2 * GRANTS_MAX {
        place.roots.grant(&root).unwrap(); // The same one again.
    }
    for n in 1..GRANTS_MAX {
        fs::create_dir(root.join(n.to_string())).unwrap();
        place.roots.grant(&root.join(n.to_string())).unwrap();
    }
    assert!(place.roots.grant(&place.path("root2")).unwrap_err().is_limit_reached());
    place.leads("root/file", "root/file");
}

/// While a directory and a link that leads out trade places, what is found is inside or nothing.
#[test]
fn a_race_does_not_lead_out() {
    let place = Place::new();
    fs::create_dir(place.path("root/door")).unwrap();
    fs::write(place.path("root/door/file"), "x").unwrap();
    symlink("../root2", place.path("root/trap")).unwrap();
    let (door, trap) = (place.path("root/door"), place.path("root/trap"));
    let done = AtomicBool::new(false);
    let found: Vec<_> = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let exchange = RenameFlags::RENAME_EXCHANGE;
                renameat2(AT_FDCWD, &door, AT_FDCWD, &trap, exchange).unwrap();
            }
        });
        let found = (0..2000).filter_map(|_| place.ask(door.join("file")).ok()).collect();
        done.store(true, Ordering::Relaxed);
        found
    });
    for path in found {
        assert!(path.starts_with(place.path("root")), "{path:?}");
    }
}
