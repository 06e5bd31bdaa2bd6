//! What `doctor` finds on the system. Nothing is judged here.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use crate::host::{self, KernelCalls};

/// A limit that was not read has no value: its file is missing, or its text is no number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct System {
    pub(crate) kernel: String,
    pub(crate) glibc: String,
    pub(crate) calls: KernelCalls,
    pub(crate) inotify_watches: Option<u64>,
    pub(crate) inotify_instances: Option<u64>,
    pub(crate) inotify_events: Option<u64>,
    /// Descriptors of this process: the soft limit, and how far it may be raised.
    pub(crate) descriptors: Option<(u64, u64)>,
    /// Processes and threads of this user.
    pub(crate) processes: Option<(u64, u64)>,
    /// Terminals of the system that may exist, and that exist.
    pub(crate) ptys: Option<(u64, u64)>,
    /// `/dev/ptmx` can be opened.
    pub(crate) has_ptmx: bool,
    /// A file system for terminals is mounted.
    pub(crate) has_devpts: bool,
    /// The tightest bound of the control groups that this process is in.
    pub(crate) tasks: Option<Tasks>,
}

/// A bound on the processes and threads of a control group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tasks {
    /// Its path, which begins with a slash.
    pub(crate) group: String,
    pub(crate) max: u64,
    pub(crate) current: u64,
}

impl System {
    /// Reads the files below this directory, which is `/` but for tests. System calls are tried on the
    /// running kernel.
    pub(crate) fn read(root: &Path) -> Self {
        let sysctl = |name: &str| number(&root.join("proc/sys").join(name));
        let limits = fs::read_to_string(root.join("proc/self/limits")).unwrap_or_default();
        let mounts = fs::read_to_string(root.join("proc/self/mountinfo")).unwrap_or_default();
        let ptmx = OpenOptions::new().read(true).write(true).open(root.join("dev/ptmx"));
        System {
            kernel: line(&root.join("proc/sys/kernel/osrelease")).unwrap_or_default(),
            glibc: host::glibc_version(),
            calls: KernelCalls::try_all(),
            inotify_watches: sysctl("fs/inotify/max_user_watches"),
            inotify_instances: sysctl("fs/inotify/max_user_instances"),
            inotify_events: sysctl("fs/inotify/max_queued_events"),
            descriptors: limit(&limits, "Max open files"),
            processes: limit(&limits, "Max processes"),
            ptys: sysctl("kernel/pty/max").zip(sysctl("kernel/pty/nr")),
            has_ptmx: ptmx.is_ok(),
            has_devpts: has_file_system(&mounts, "devpts"),
            tasks: tasks(root),
        }
    }
}

fn line(path: &Path) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim_end().to_owned())
}

fn number(path: &Path) -> Option<u64> {
    line(path)?.parse().ok()
}

/// The soft and the hard limit of this name, as `/proc/self/limits` has them.
fn limit(text: &str, name: &str) -> Option<(u64, u64)> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    let mut words = rest.split_whitespace().map(|word| match word {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    });
    Some((words.next()??, words.next()??))
}

/// Whether a file system of this kind is in a text as of `/proc/self/mountinfo`.
fn has_file_system(mounts: &str, kind: &str) -> bool {
    let kinds = mounts.lines().filter_map(|line| line.split_once(" - ")?.1.split(' ').next());
    kinds.into_iter().any(|found| found == kind)
}

/// Goes through the control groups of this process from its own up, since each of them bounds it.
fn tasks(root: &Path) -> Option<Tasks> {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let (tree, own) = groups.lines().find_map(controller)?;
    let tree = root.join(tree);
    let own = Path::new(own.trim_start_matches('/'));
    let bounds = own.ancestors().filter_map(|group| {
        let folder: PathBuf = tree.join(group);
        // "max" is no bound.
        let max = number(&folder.join("pids.max"))?;
        let current = number(&folder.join("pids.current"))?;
        Some(Tasks { group: format!("/{}", group.display()), max, current })
    });
    bounds.min_by_key(|tasks| tasks.max.saturating_sub(tasks.current))
}

/// Where the tree is that bounds processes, and the group in it, from a line of `/proc/self/cgroup`.
fn controller(line: &str) -> Option<(&'static str, &str)> {
    let mut parts = line.splitn(3, ':');
    let (_, names, group) = (parts.next()?, parts.next()?, parts.next()?);
    match names {
        "" => Some(("sys/fs/cgroup", group)),
        names if names.split(',').any(|name| name == "pids") => Some(("sys/fs/cgroup/pids", group)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
            Max processes             unlimited            31000                processes \n\
            Max open files            1024                 524288               files     \n";
        assert_eq!(limit(text, "Max open files"), Some((1024, 524_288)));
        assert_eq!(limit(text, "Max processes"), Some((u64::MAX, 31_000)));
        assert_eq!(limit(text, "Max file locks"), None);
        assert_eq!(limit("Max open files few", "Max open files"), None);
    }

    #[test]
    fn file_systems_are_found() {
        let text = "24 30 0:22 / /dev/pts rw,nosuid shared:3 - devpts devpts rw,gid=5,mode=620\n\
            25 30 0:23 / /proc rw - proc devpts rw\n";
        assert!(has_file_system(text, "devpts") && has_file_system(text, "proc"));
        assert!(!has_file_system(text, "tmpfs") && !has_file_system("", "devpts"));
    }

    #[test]
    fn control_groups_of_both_versions() {
        for (line, expected) in [
            ("0::/user.slice/a.scope", Some(("sys/fs/cgroup", "/user.slice/a.scope"))),
            ("7:pids:/docker/x", Some(("sys/fs/cgroup/pids", "/docker/x"))),
            ("7:cpu,pids:/a:b", Some(("sys/fs/cgroup/pids", "/a:b"))),
            ("3:cpu,cpuacct:/", None),
            ("1:name=systemd:/", None),
            ("", None),
        ] {
            assert_eq!(controller(line), expected, "{line}");
        }
    }
}
