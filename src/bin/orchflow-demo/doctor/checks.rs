//! What a system means for an engine with these limits. Pure.

use orchflow::Limits;

use super::system::{System, Tasks};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Ok,
    /// There is less of it than the engine's limits allow.
    Low,
    Missing,
}

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Low => "low",
            State::Missing => "missing",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    /// What it is called on this system.
    pub(crate) name: &'static str,
    pub(crate) state: State,
    pub(crate) found: String,
    pub(crate) wanted: String,
    /// What happens to the engine for want of it.
    pub(crate) meaning: String,
    /// What to do about it: a command where there is one.
    pub(crate) fix: String,
}

/// Watches with which a tree of some hundred thousand files is watched by the kernel.
const INOTIFY_WATCHES_MIN: u64 = 1 << 16;
/// What other programs of the user need beside the engine.
const INOTIFY_INSTANCES_OTHERS: u64 = 64;
/// The default of the kernel.
const INOTIFY_EVENTS_MIN: u64 = 1 << 14;
/// Descriptors of the engine itself and of its host.
const DESCRIPTORS_OTHERS: u64 = 64;

/// All checks, in the order in which they are printed.
pub(crate) fn check(system: &System, limits: &Limits) -> Vec<Check> {
    let mut checks = calls(system).to_vec();
    checks.extend(inotify(system, limits));
    checks.push(descriptors(system, limits));
    checks.push(processes(system, limits));
    checks.extend(terminals(system, limits));
    checks.extend(system.tasks.as_ref().map(|tasks| control_group(tasks, limits)));
    checks
}

fn calls(system: &System) -> [Check; 4] {
    let calls = system.calls;
    let call = |name, is_there, since: &str, meaning: &str| Check {
        name,
        state: if is_there { State::Ok } else { State::Missing },
        found: if is_there { "there" } else { "refused" }.into(),
        wanted: format!("Linux {since} or newer"),
        meaning: meaning.into(),
        fix: format!(
            "run Linux {since} or newer; in a container or sandbox, allow the system call {name}"
        ),
    };
    [
        call(
            "pidfd_open",
            calls.pidfd_open,
            "5.3",
            "The ends of programs are looked for from time to time, so exits are reported later.",
        ),
        call(
            "openat2",
            calls.openat2,
            "5.6",
            "Clients cannot start programs in granted directories, watch them or read their files.",
        ),
        call(
            "close_range",
            calls.close_range,
            "5.9",
            "Descriptors of the host are closed one by one in each new program: it starts later.",
        ),
        call("memfd_create", calls.memfd_create, "3.17", "sync_watch fails."),
    ]
}

/// A number of the kernel that has to be at least this large, and what to set it to.
fn sysctl(
    name: &'static str,
    found: Option<u64>,
    min: u64,
    raise_to: u64,
    meaning: String,
) -> Check {
    Check {
        name,
        state: state_of(found, min),
        found: found.map_or("not readable".into(), grouped),
        wanted: grouped(min),
        meaning,
        fix: format!(
            "echo '{name} = {raise_to}' | sudo tee -a /etc/sysctl.d/90-orchflow.conf && \
             sudo sysctl --system"
        ),
    }
}

fn state_of(found: Option<u64>, min: u64) -> State {
    match found {
        None => State::Missing,
        Some(found) if found < min => State::Low,
        Some(_) => State::Ok,
    }
}

fn inotify(system: &System, limits: &Limits) -> [Check; 3] {
    let instances = limits.watches as u64 + INOTIFY_INSTANCES_OTHERS;
    [
        sysctl(
            "fs.inotify.max_user_watches",
            system.inotify_watches,
            INOTIFY_WATCHES_MIN,
            1 << 19,
            "Each watched directory takes one. Beyond it directories are polled: changes are seen \
             later, and looking for them takes processor time."
                .into(),
        ),
        sysctl(
            "fs.inotify.max_user_instances",
            system.inotify_instances,
            instances,
            1024,
            format!(
                "Each watch takes one, and the engine allows {}. Beyond it a watch is refused.",
                limits.watches
            ),
        ),
        sysctl(
            "fs.inotify.max_queued_events",
            system.inotify_events,
            INOTIFY_EVENTS_MIN,
            1 << 16,
            "Beyond it the kernel drops events, and the engine reads the whole tree again.".into(),
        ),
    ]
}

fn descriptors(system: &System, limits: &Limits) -> Check {
    // A terminal has its master and its program's pidfd; a watch its inotify, a sync point and a granted directory.
    let wanted = 2 * limits.terminals
        + limits.clients
        + limits.clients_pending
        + 3 * limits.watches
        + limits.listeners
        + limits.peers;
    let wanted = wanted as u64 + DESCRIPTORS_OTHERS;
    let raise_to = wanted.next_power_of_two();
    let hard = system.descriptors.map_or(0, |(_, hard)| hard);
    let fix = if hard >= raise_to {
        format!(
            "ulimit -n {raise_to} before the start; in a unit of systemd LimitNOFILE={raise_to}"
        )
    } else {
        persistent_limit("nofile", raise_to, "LimitNOFILE")
    };
    Check {
        name: "RLIMIT_NOFILE",
        state: state_of(system.descriptors.map(|(soft, _)| soft), wanted),
        found: shown_limit(system.descriptors),
        wanted: grouped(wanted),
        meaning: format!(
            "{} terminals and {} clients take as many. Beyond it a terminal is refused, and \
             connections wait.",
            limits.terminals, limits.clients
        ),
        fix,
    }
}

fn processes(system: &System, limits: &Limits) -> Check {
    // Each program of a terminal starts at least one more.
    let wanted = 2 * limits.terminals as u64;
    let raise_to = 4 * wanted;
    Check {
        name: "RLIMIT_NPROC",
        state: state_of(system.processes.map(|(soft, _)| soft), wanted),
        found: shown_limit(system.processes),
        wanted: grouped(wanted),
        meaning: format!(
            "Each of {} terminals runs a program. Beyond it none starts.",
            limits.terminals
        ),
        fix: persistent_limit("nproc", raise_to, "LimitNPROC"),
    }
}

/// How a limit of all processes of the user is raised for good.
fn persistent_limit(item: &str, raise_to: u64, directive: &str) -> String {
    format!(
        "echo '* - {item} {raise_to}' | sudo tee -a /etc/security/limits.d/90-orchflow.conf, and log \
         in again; in a unit of systemd {directive}={raise_to}"
    )
}

fn terminals(system: &System, limits: &Limits) -> [Check; 3] {
    let wanted = limits.terminals as u64;
    let used = system.ptys.map_or(0, |(_, used)| used);
    let pty = |name, is_there, meaning: &str, fix: &str| Check {
        name,
        state: if is_there { State::Ok } else { State::Missing },
        found: if is_there { "there" } else { "not there" }.into(),
        wanted: "there".into(),
        meaning: meaning.into(),
        fix: fix.into(),
    };
    let mut max = sysctl(
        "kernel.pty.max",
        system.ptys.map(|(max, _)| max),
        used + wanted,
        (used + wanted).next_power_of_two().max(4096),
        format!("Each of {wanted} terminals takes one. Beyond it none starts."),
    );
    if system.ptys.is_some() {
        max.found += &format!(" ({} in use)", grouped(used));
    }
    [
        max,
        pty(
            "/dev/ptmx",
            system.has_ptmx,
            "No terminal can be made.",
            "sudo ln -s pts/ptmx /dev/ptmx; or let this user open it: sudo chmod 666 /dev/ptmx",
        ),
        pty(
            "devpts",
            system.has_devpts,
            "No terminal can be made.",
            "sudo mkdir -p /dev/pts && \
             sudo mount -t devpts devpts /dev/pts -o gid=5,mode=620,ptmxmode=666",
        ),
    ]
}

fn control_group(tasks: &Tasks, limits: &Limits) -> Check {
    let Tasks { group, max, current } = tasks;
    let wanted = limits.terminals as u64;
    let raise_to = (current + 2 * wanted).next_power_of_two();
    // The last part of the path that is a unit of systemd.
    let unit = group
        .rsplit('/')
        .find(|part| [".service", ".scope", ".slice"].iter().any(|kind| part.ends_with(kind)));
    Check {
        name: "pids.max",
        state: state_of(Some(max.saturating_sub(*current)), wanted),
        found: format!("{} in {group} ({} in use)", grouped(*max), grouped(*current)),
        wanted: grouped(current + wanted),
        meaning: format!(
            "The control group bounds the processes and threads of all {wanted} terminals. Beyond \
             it none starts."
        ),
        fix: match unit {
            Some(unit) => format!("sudo systemctl set-property '{unit}' TasksMax={raise_to}"),
            None => {
                format!("start the container with room for {raise_to} processes (--pids-limit)")
            }
        },
    }
}

fn shown_limit(limit: Option<(u64, u64)>) -> String {
    let shown = |n| if n == u64::MAX { "unlimited".to_owned() } else { grouped(n) };
    limit.map_or("not readable".into(), |(soft, hard)| {
        format!("{} (may be raised to {})", shown(soft), shown(hard))
    })
}

/// A number with commas.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::KernelCalls;

    /// A system on which all is well.
    fn well() -> System {
        let calls =
            KernelCalls { pidfd_open: true, openat2: true, close_range: true, memfd_create: true };
        System {
            kernel: "6.1".into(),
            glibc: "2.36".into(),
            calls,
            inotify_watches: Some(65_536),
            inotify_instances: Some(128),
            inotify_events: Some(16_384),
            descriptors: Some((3368, 524_288)),
            processes: Some((2048, u64::MAX)),
            ptys: Some((4096, 3072)),
            has_ptmx: true,
            has_devpts: true,
            tasks: Some(Tasks { group: "/user.slice/a.scope".into(), max: 2000, current: 976 }),
        }
    }

    /// What is wrong, with the beginning of what to do.
    fn wrong(system: &System) -> Vec<(&'static str, State, String)> {
        let checks = check(system, &Limits::default());
        let wrong = checks.into_iter().filter(|check| check.state != State::Ok);
        wrong.map(|check| (check.name, check.state, check.fix)).collect()
    }

    #[test]
    fn what_is_enough() {
        assert_eq!(wrong(&well()), []);
        // No bound of a control group is no fault.
        assert_eq!(wrong(&System { tasks: None, ..well() }), []);
    }

    fn set(name: &str, n: u64) -> String {
        format!(
            "echo '{name} = {n}' | sudo tee -a /etc/sysctl.d/90-orchflow.conf && \
             sudo sysctl --system"
        )
    }

    /// Each limit one short of enough, and not there at all.
    #[test]
    fn what_is_too_little() {
        let tasks = |group: &str| Some(Tasks { group: group.into(), max: 2000, current: 977 });
        let watches = "fs.inotify.max_user_watches";
        let (low, missing) = (State::Low, State::Missing);
        let table: Vec<(System, &str, State, String)> = vec![
            (
                System { inotify_watches: Some(65_535), ..well() },
                watches,
                low,
                set(watches, 524_288),
            ),
            (System { inotify_watches: None, ..well() }, watches, missing, set(watches, 524_288)),
            (
                System { inotify_instances: Some(127), ..well() },
                "fs.inotify.max_user_instances",
                low,
                set("fs.inotify.max_user_instances", 1024),
            ),
            (
                System { inotify_events: Some(16_383), ..well() },
                "fs.inotify.max_queued_events",
                low,
                set("fs.inotify.max_queued_events", 65_536),
            ),
            (
                System { descriptors: Some((3367, 4096)), ..well() },
                "RLIMIT_NOFILE",
                low,
                "ulimit -n 4096 before the start; in a unit of systemd LimitNOFILE=4096".into(),
            ),
            (
                System { descriptors: Some((1024, 4095)), ..well() },
                "RLIMIT_NOFILE",
                low,
                persistent_limit("nofile", 4096, "LimitNOFILE"),
            ),
            (
                System { processes: Some((2047, 2047)), ..well() },
                "RLIMIT_NPROC",
                low,
                persistent_limit("nproc", 8192, "LimitNPROC"),
            ),
            (
                System { ptys: Some((4096, 3073)), ..well() },
                "kernel.pty.max",
                low,
                set("kernel.pty.max", 8192),
            ),
            (
                System { tasks: tasks("/user.slice/a.scope/b"), ..well() },
                "pids.max",
                low,
                "sudo systemctl set-property 'a.scope' TasksMax=4096".into(),
            ),
            (
                System { tasks: tasks("/"), ..well() },
                "pids.max",
                low,
                "start the container with room for 4096 processes (--pids-limit)".into(),
            ),
        ];
        for (system, name, state, fix) in table {
            assert_eq!(wrong(&system), [(name, state, fix)]);
        }
    }

    #[test]
    fn what_is_missing() {
        let system = System { kernel: "4.4".into(), ..System::default() };
        let names: Vec<_> =
            wrong(&system).into_iter().map(|(name, state, _)| (name, state)).collect();
        let all = [
            "pidfd_open",
            "openat2",
            "close_range",
            "memfd_create",
            "fs.inotify.max_user_watches",
            "fs.inotify.max_user_instances",
            "fs.inotify.max_queued_events",
            "RLIMIT_NOFILE",
            "RLIMIT_NPROC",
            "kernel.pty.max",
            "/dev/ptmx",
            "devpts",
        ];
        assert_eq!(names, all.map(|name| (name, State::Missing)));
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_048_576, "1,048,576")] {
            assert_eq!(grouped(number), text);
        }
    }
}
